//! `/quiz`: alone in private, or together on a public card.

use super::{Context, Error, answer, asker};
use crate::discord::say;
use crate::domain::quiz;
use crate::domain::refusal::Refusal;
use crate::domain::{question, quiz::DEFAULT_COUNT};
use crate::engine::input::{Command, Input, Reply};
use crate::engine::quiz::Wish;
use serenity::all::{self as discord, CreateAutocompleteResponse};

/// Who takes part.
#[derive(Debug, Clone, Copy, poise::ChoiceParameter)]
enum Mode {
    /// In private.
    #[name = "solo"]
    Solo,
    /// In public.
    #[name = "group"]
    Group,
}

/// How hard.
#[derive(Debug, Clone, Copy, poise::ChoiceParameter)]
enum Difficulty {
    /// Easy.
    #[name = "easy"]
    Easy,
    /// Medium.
    #[name = "medium"]
    Medium,
    /// Hard.
    #[name = "hard"]
    Hard,
}

/// Questions with choices: alone, or together with whoever joins
#[poise::command(slash_command, guild_only)]
pub(super) async fn quiz(
    context: Context<'_>,
    #[description = "Only this topic; all topics if you do not say"]
    #[autocomplete = "topics"]
    topic: Option<String>,
    #[description = "Only this difficulty; all if you do not say"] difficulty: Option<Difficulty>,
    #[description = "How many questions, 1 to 20; 5 if you do not say"]
    #[min = 1]
    #[max = 20]
    questions: Option<u32>,
    #[description = "solo (the default) is private; group is a public card that all can join"]
    mode: Option<Mode>,
    #[description = "Seconds for each question; no limit alone, 30 in a group"]
    #[min = 5]
    #[max = 600]
    seconds: Option<u32>,
    #[description = "In a group: the faster of two equals wins; no if you do not say"] race: Option<
        bool,
    >,
) -> Result<(), Error> {
    answer(context, async {
        let asker = asker(context).ok_or(Refusal::GuildOnly)?;
        let wish = Wish {
            mode: match mode {
                Some(Mode::Group) => quiz::Mode::Group,
                Some(Mode::Solo) | None => quiz::Mode::Solo,
            },
            topic,
            difficulty: difficulty.map(|difficulty| match difficulty {
                Difficulty::Easy => question::Difficulty::Easy,
                Difficulty::Medium => question::Difficulty::Medium,
                Difficulty::Hard => question::Difficulty::Hard,
            }),
            count: questions.unwrap_or(DEFAULT_COUNT),
            seconds,
            race: race.unwrap_or(false),
        };
        if wish.mode == quiz::Mode::Group && !can_post(context) {
            return Err(Refusal::CannotPostQuiz.into());
        }
        let input = Input::Command(asker, Command::Quiz(wish));
        Ok(match context.data().engine.ask(input).await? {
            Reply::Quiz(said) => say::quiz::said(&said),
            _ => say::Card::default(),
        })
    })
    .await
}

/// Whether the bot can post a card here, keep it up to date and find it again. Discord tells its
/// rights with each command (documentation, receiving-and-responding, `app_permissions`).
fn can_post(context: Context<'_>) -> bool {
    let poise::Context::Application(app) = context else { return false };
    let Some(held) = app.interaction.app_permissions else { return true };
    let thread = app.interaction.channel.as_ref().is_some_and(|c| c.thread_metadata.is_some());
    let send = if thread {
        discord::Permissions::SEND_MESSAGES_IN_THREADS
    } else {
        discord::Permissions::SEND_MESSAGES
    };
    let needed = send
        | discord::Permissions::VIEW_CHANNEL
        | discord::Permissions::EMBED_LINKS
        | discord::Permissions::READ_MESSAGE_HISTORY;
    held.administrator() || held.contains(needed)
}

#[expect(clippy::unused_async, reason = "the framework wants an async function")]
async fn topics(context: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let typed = typed.to_lowercase().replace([' ', '_'], "-");
    let topics = context.data().engine.bank().topics();
    let mut found: Vec<String> =
        topics.into_iter().filter(|topic| topic.to_lowercase().contains(&typed)).collect();
    // Those that begin with it come first.
    found.sort_by_key(|topic| !topic.to_lowercase().starts_with(&typed));
    // Discord shows at most 25 (documentation, receiving-and-responding).
    let choices = found
        .into_iter()
        .take(25)
        .map(|topic| discord::AutocompleteChoice::new(topic.clone(), topic))
        .collect();
    CreateAutocompleteResponse::new().set_choices(choices)
}
