//! `/leaderboard`: shown to the asker alone, with *Share*; the asker's own place always.

use super::{Context, Error, answer, asker};
use crate::discord::say;
use crate::domain::draw::topic_named;
use crate::domain::ranking;
use crate::domain::ranking::which::Which;
use crate::domain::refusal::Refusal;
use crate::engine::views::View;
use serenity::all::{self as discord, CreateAutocompleteResponse};

/// Choices Discord shows at most, and how long one may be (Discord documentation,
/// receiving-and-responding and application-commands).
const MOST_CHOICES: usize = 25;
const LONGEST_CHOICE: usize = 100;

/// What a board counts.
#[derive(Debug, Clone, Copy, poise::ChoiceParameter)]
enum Window {
    /// From Monday on.
    #[name = "this week"]
    Week,
    /// The week before.
    #[name = "last week"]
    LastWeek,
    /// From the first on.
    #[name = "this month"]
    Month,
    /// The season that is running, or the last one.
    #[name = "this season"]
    Season,
    /// Everything.
    #[name = "all time"]
    AllTime,
}

/// Who stands on a board.
#[derive(Debug, Clone, Copy, poise::ChoiceParameter)]
enum Board {
    /// All members.
    #[name = "everyone"]
    Everyone,
    /// Those who joined since the season, or else the month, began.
    #[name = "newcomers"]
    Newcomers,
}

/// Who has the most points
#[poise::command(slash_command, guild_only)]
pub(super) async fn leaderboard(
    context: Context<'_>,
    #[description = "What to count; this week if you do not say"] window: Option<Window>,
    #[description = "Only points for one topic"]
    #[autocomplete = "topics"]
    topic: Option<String>,
    #[description = "Everyone, or those who joined since the season (without one: the month) began"]
    board: Option<Board>,
    #[description = "Page, from 1"]
    #[min = 1]
    page: Option<u32>,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let data = context.data();
        let which = Which {
            window: match window.unwrap_or(Window::Week) {
                Window::Week => ranking::Window::Week,
                Window::LastWeek => ranking::Window::LastWeek,
                Window::Month => ranking::Window::Month,
                Window::Season => ranking::Window::Season,
                Window::AllTime => ranking::Window::AllTime,
            },
            topic: match topic {
                Some(typed) => Some(known_topic(context, typed).await?),
                None => None,
            },
            newcomers: matches!(board, Some(Board::Newcomers)),
        };
        let page = page.unwrap_or(1).saturating_sub(1);
        let board = data.engine.board(asker.guild, &which, page, asker.member).await?;
        data.look_up(asker.guild, &board.stale);
        Ok(say::boards::board(&board, false))
    })
    .await
}

/// The topic that was typed, as it is written in the packs.
async fn known_topic(context: Context<'_>, typed: String) -> View<String> {
    let topics = context.data().engine.board_topics().await?;
    Ok(topic_named(&typed, &topics).map_err(|nearest| Refusal::NoSuchTopic { typed, nearest })?)
}

async fn topics(context: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let wanted = typed.trim().to_lowercase();
    let known = context.data().engine.board_topics().await.unwrap_or_default();
    let choices = known
        .into_iter()
        .filter(|topic| topic.to_lowercase().contains(&wanted))
        .filter(|topic| topic.chars().count() <= LONGEST_CHOICE)
        .take(MOST_CHOICES)
        .map(|topic| discord::AutocompleteChoice::new(topic.clone(), topic));
    CreateAutocompleteResponse::new().set_choices(choices.collect())
}
