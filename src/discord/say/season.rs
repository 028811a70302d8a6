//! Seasons, and how the boards of a guild are set up.

use super::boards::board;
use super::limit;
use super::text::{at, channel, count, count_points, from_now, name, plain, some, whole};
use super::{Card, Embed, Tone};
use crate::domain::ids::RoleId;
use crate::domain::season::Season;
use crate::engine::views::boards::{Board, BoardSettings, SeasonRow};
use crate::engine::{BoardReply, Comparison};

/// The reply to a command that changed something about boards or seasons.
pub fn reply(reply: &BoardReply) -> Card {
    Card::text(match reply {
        BoardReply::SeasonStarted { season, ended } => {
            let before = ended.as_ref().map_or_else(String::new, |ended| {
                format!(" Season {} is over with that; nothing of it is lost.", quoted(&ended.name))
            });
            format!(
                "Season {} has begun, from {} on.{before} `/leaderboard window:this season` shows \
                 how it stands; `/season end` ends it.",
                quoted(&season.name),
                at(season.started_at)
            )
        }
        BoardReply::SeasonEnded { season } => format!("Season {} is over.", quoted(&season.name)),
        BoardReply::Weekly { channel: None, .. } => {
            "The weekly leaderboard is not posted any more.".to_owned()
        }
        BoardReply::Weekly { channel: Some(id), next } => {
            let next = next.map_or_else(String::new, |next| {
                format!(" The next time is {} ({}).", at(next), from_now(next))
            });
            format!(
                "Every Monday at 09:00 I will post the leaderboard of the last week in {}, if \
                 anybody got points.{next}",
                channel(*id)
            )
        }
        BoardReply::Excluded { role: id, members } => format!(
            "Members with {} stay off the leaderboards. They keep their points. Right now that \
             takes {} off. {AS_LAST_SEEN}",
            role(*id),
            count((*members).into(), "member")
        ),
        BoardReply::Included { role: id, members } => format!(
            "{} does not keep anybody off the leaderboards any more. Right now that brings {} \
             back. {AS_LAST_SEEN}",
            role(*id),
            count((*members).into(), "member")
        ),
        BoardReply::Zone { zone } => format!(
            "Weeks and months of the leaderboards begin at midnight in {} now. All boards are up \
             to date with that.",
            plain(zone.name())
        ),
        BoardReply::Rebuilt => "The leaderboards were counted anew.".to_owned(),
    })
}

const AS_LAST_SEEN: &str = "I go by the roles of each member as I last saw them: when the member \
                            last answered a round or used me, or was looked up to be shown on a \
                            board, which is at most once a day.";

/// The reply to `/season end`: the final board, with *Share*.
pub fn ended(season: &Season, final_board: &Board) -> Card {
    let content = format!("Season {} is over. This is its final board.", quoted(&season.name));
    Card { content, ..board(final_board, false) }
}

/// `/season list`.
pub fn list(seasons: &[SeasonRow]) -> Card {
    let lines: Vec<String> = seasons.iter().map(season_row).collect();
    Card::boxed(Embed {
        title: "Seasons".to_owned(),
        text: if lines.is_empty() {
            "There was no season yet. An admin can start one with `/season start`.".to_owned()
        } else {
            whole(&lines, "\n\n", limit::TEXT)
        },
        footer: match seasons.len() {
            0 => String::new(),
            seasons => count(seasons as u64, "season"),
        },
        ..Embed::default()
    })
}

fn season_row(row: &SeasonRow) -> String {
    let season = &row.season;
    let when = match season.ended_at {
        None => format!("since {}, running", at(season.started_at)),
        Some(end) => format!("from {} to {}", at(season.started_at), at(end)),
    };
    let best = match &row.best {
        None => "Nobody has points in it.".to_owned(),
        Some((names, points)) => {
            let names: Vec<String> = names.iter().map(|one| name(one)).collect();
            let leads = if season.ended_at.is_none() { "In the lead" } else { "First" };
            let each = if names.len() > 1 { " each" } else { "" };
            format!(
                "{leads}: {} with {}{each}, of {}.",
                some(&names),
                count_points(*points),
                count(row.members.into(), "member")
            )
        }
    };
    format!("**{}**: {when}\n{best}", plain(&season.name))
}

/// `/study board show`.
pub fn settings(settings: &BoardSettings) -> Card {
    let weekly = match &settings.weekly {
        None => {
            "Not posted. `/study board weekly post:on` posts it every Monday at 09:00.".to_owned()
        }
        Some((id, next)) => {
            let next = next.map_or_else(String::new, |next| format!(", next {}", at(next)));
            format!("Posted in {} every Monday at 09:00{next}.", channel(*id))
        }
    };
    let roles: Vec<String> = settings.excluded.iter().map(|id| role(*id)).collect();
    let excluded = if roles.is_empty() {
        "None. `/study board exclude` keeps the members of a role off.".to_owned()
    } else {
        format!("{}\n{AS_LAST_SEEN}", whole(&roles, ", ", limit::FIELD - 300))
    };
    let season = settings.season.as_ref().map_or_else(
        || "None is running. `/season start` begins one.".to_owned(),
        |season| format!("{}, since {}", plain(&season.name), at(season.started_at)),
    );
    Card::boxed(Embed {
        title: "The leaderboards of this server".to_owned(),
        text: format!("Weeks and months begin at midnight in {}.", plain(settings.zone.name())),
        fields: vec![
            ("The board of the last week".to_owned(), weekly),
            ("Roles kept off".to_owned(), excluded),
            ("Season".to_owned(), season),
        ],
        ..Embed::default()
    })
}

/// The reply to `/study recount`.
pub fn recounted(found: &Comparison) -> Card {
    let text = if found.different == 0 {
        format!(
            "I counted every point anew: the leaderboards agree with the ledger in all {}.",
            count(found.rows.into(), "sum")
        )
    } else {
        format!(
            "I counted every point anew: {} differed from the ledger. The leaderboards are \
             made anew and agree with it now; whoever runs this bot may want to know.",
            count(found.different.into(), "sum")
        )
    };
    Card::boxed(Embed {
        title: "Counted anew".to_owned(),
        text,
        tone: if found.different == 0 { Tone::Green } else { Tone::Red },
        ..Embed::default()
    })
}

/// A role by its name in the reader's client; the mention notifies nobody.
fn role(id: RoleId) -> String {
    format!("<@&{id}>")
}

fn quoted(name: &str) -> String {
    format!("“{}”", plain(name))
}
