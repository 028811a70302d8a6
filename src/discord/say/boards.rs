//! What members ask for: the board, their points, what is open today, the rules.

use super::{Button, Card, Embed, at, channel, count, from_now, plain, signed};
use crate::domain::answer::{SHORTEST_ANSWER, excerpt};
use crate::domain::points::Cause;
use crate::domain::ranking::{Ranked, Window};
use crate::engine::views::{Board, Help, Points, PointsRow, Today, name_in};

/// The board. `shared`: everybody sees it, so it has no buttons and nobody's own place.
pub fn board(board: &Board, shared: bool) -> Card {
    let row = |row: &Ranked| {
        let standing = &row.standing;
        let picks = if standing.picks > 0 {
            format!(", {}", count(standing.picks.unsigned_abs(), "pick"))
        } else {
            String::new()
        };
        let name = plain(&excerpt(&name_in(&board.names, standing.member), 40));
        let points = count_points(standing.points);
        format!("{}. **{name}**: {points}{picks}", row.rank)
    };
    let lines: Vec<String> = board.rows.iter().map(row).collect();
    let mut text = if lines.is_empty() {
        "Nobody has points here yet. The first round that closes changes that.".to_owned()
    } else {
        lines.join("\n")
    };
    if !shared {
        text.push_str(&match (&board.own, board.hidden) {
            (_, true) => {
                "\n\nYou are off the boards (`/privacy board:on` brings you back).".to_owned()
            }
            (Some(own), _) => format!("\n\nYou: {}", row(own)),
            (None, _) => "\n\nYou have no points here yet.".to_owned(),
        });
    }
    let mut footer = count(board.members as u64, "member");
    if board.pages > 1 {
        footer = format!("Page {} of {} · {footer}", board.page + 1, board.pages);
    }
    let since = board.from.map_or_else(String::new, |from| format!("Since {}\n\n", at(from)));
    let card = Card::boxed(Embed {
        title: format!("Leaderboard: {}", window_words(board.window)),
        text: format!("{since}{text}"),
        footer,
        ..Embed::default()
    });
    if shared {
        return card;
    }
    let id = |what: &str, page: usize| format!("{what}:{}:{page}", board.window.word());
    let mut buttons = Vec::new();
    if board.page > 0 {
        buttons.push(Button::act("Back", id("board", board.page - 1)));
    }
    if board.page + 1 < board.pages {
        buttons.push(Button::act("More", id("board", board.page + 1)));
    }
    if !board.rows.is_empty() {
        buttons.push(Button::act("Share", id("share", board.page)));
    }
    card.with_buttons(buttons)
}

fn window_words(window: Window) -> &'static str {
    match window {
        Window::Week => "this week",
        Window::Month => "this month",
        Window::Season => "this season",
        Window::AllTime => "all time",
    }
}

fn count_points(points: i64) -> String {
    if points == 1 { "1 point".to_owned() } else { format!("{points} points") }
}

/// `/points`: the asker's own, each with its cause.
pub fn points(points: &Points) -> Card {
    let rank = points.rank.map_or_else(String::new, |rank| format!(", rank {rank} of all time"));
    let mut embed = Embed {
        title: "Your points".to_owned(),
        text: format!("**{}**{rank}", count_points(points.total)),
        footer: "Only you can see this.".to_owned(),
        ..Embed::default()
    };
    if points.rows.is_empty() {
        embed.text.push_str("\nAnswer a question or vote for an answer to earn some.");
    } else {
        let lines: Vec<String> = points.rows.iter().map(points_row).collect();
        embed.text.push_str(&format!("\n\n{}", excerpt(&lines.join("\n"), 3_500)));
    }
    let streaks: Vec<String> = points
        .streaks
        .iter()
        .map(|(id, streak)| {
            format!(
                "{}: {} in a row, best {}, {} in hand",
                channel(*id),
                count(streak.length.into(), "round"),
                streak.best,
                count(streak.graces.into(), "grace")
            )
        })
        .collect();
    if !streaks.is_empty() {
        embed.fields.push(("Streaks".to_owned(), excerpt(&streaks.join("\n"), 1_024)));
    }
    Card::boxed(embed)
}

fn points_row(row: &PointsRow) -> String {
    let cause = match (row.entry.kind, row.entry.points < 0) {
        (Cause::Answered, false) => "answered",
        (Cause::Voted, false) => "voted",
        (Cause::Picked, false) => "members' pick",
        (_, true) => "taken back: the round was voided",
    };
    format!(
        "{} {cause} · “{}” {}",
        signed(row.entry.points),
        plain(&row.title),
        channel(row.place)
    )
}

/// `/today`.
pub fn today(today: &Today) -> Card {
    let mut parts = Vec::new();
    for open in &today.open {
        let round = &open.round;
        let title = round.question.as_ref().map_or("", |question| question.title.as_str());
        let place = round.thread.unwrap_or(round.channel);
        let yours = match (open.answered, open.voted) {
            (true, true) => "You have answered and voted.",
            (true, false) => "You have answered; your vote is still open.",
            (false, true) => "You have voted; your answer is still open.",
            (false, false) => "You have neither answered nor voted yet.",
        };
        parts.push(format!(
            "**{}**\n{} · {} so far · closes {}\n{yours}",
            plain(title),
            channel(place),
            count(open.answers as u64, "answer"),
            from_now(round.closes_at)
        ));
    }
    if parts.is_empty() {
        parts.push("No round is open right now.".to_owned());
    }
    let next: Vec<String> = today
        .next
        .iter()
        .map(|(id, due)| match due {
            Some(due) => format!("{}: {} ({})", channel(*id), at(due.at), from_now(due.at)),
            None => format!("{}: nothing due within sight", channel(*id)),
        })
        .collect();
    Card::boxed(Embed {
        title: "Today".to_owned(),
        text: excerpt(&parts.join("\n\n"), 4_000),
        fields: vec![("Next round".to_owned(), excerpt(&next.join("\n"), 1_024))],
        ..Embed::default()
    })
}

/// `/help`: the rules in force.
pub fn help(help: &Help) -> Card {
    let rules = &help.settings.rules;
    let lateness = help.settings.lateness.num_minutes();
    let fields = [
        (
            "A round",
            "On every study day I post one question with a thread. You answer in the thread, vote \
             for the best answer, and at the close the result and a reference answer appear."
                .to_owned(),
        ),
        (
            "What counts as an answer",
            format!(
                "Your messages in the thread with at least {SHORTEST_ANSWER} characters, a code \
                 block or a file; several make one answer. A reply to somebody else is discussion. \
                 A ✅ shows that you are in. *Not my answer* (Apps menu of a message) takes one of \
                 yours out or back in. Edits and deletions follow until the close."
            ),
        ),
        (
            "Voting",
            "*Vote* on the question, or *Vote for this answer* in a message's Apps menu. One vote \
             each, not for yourself, changeable until the close. Nobody sees your vote; the tally \
             is hidden until then. Ties share the pick and its full points; with fewer than two \
             votes there is no pick."
                .to_owned(),
        ),
        (
            "Points",
            format!(
                "Answered {}, voted {}, members' pick {}. `/points` tells the cause of each. Equal \
                 points and picks share a rank. `/privacy board:off` takes you off the boards.",
                rules.answered, rules.ballot, rules.pick
            ),
        ),
        (
            "Streaks",
            "Rounds in a row that you answered, per study channel. Every 7 answers earn a grace, \
             at most 2 in hand; a missed round uses one up. Skipped, withdrawn and extra rounds \
             break nothing."
                .to_owned(),
        ),
        (
            "On time",
            format!(
                "A round that could not be posted in time still comes if it is at most {lateness} \
                 minutes late, otherwise it is skipped. A local time that a clock change skips \
                 means the first minute after; one that happens twice means the first time."
            ),
        ),
        (
            "Commands",
            "`/today` what is open · `/leaderboard` · `/points` · `/privacy` · `/study …` for \
             admins"
                .to_owned(),
        ),
    ];
    let mut fields: Vec<(String, String)> =
        fields.into_iter().map(|(head, text)| (head.to_owned(), text)).collect();
    let channels: Vec<String> = help
        .channels
        .iter()
        .map(|(id, schedule, hours)| {
            let closes = hours.map_or_else(
                || "open until the next round, 7 days at most".to_owned(),
                |hours| format!("open for {}", count(hours.into(), "hour")),
            );
            format!(
                "{}: {} at {} ({}), {closes}",
                channel(*id),
                schedule.weekdays,
                schedule.time.format("%H:%M"),
                schedule.zone
            )
        })
        .collect();
    if !channels.is_empty() {
        fields.push(("Study channels".to_owned(), excerpt(&channels.join("\n"), 1_024)));
    }
    Card::boxed(Embed {
        title: "How Studyhall works".to_owned(),
        fields,
        footer: help.zone.map_or_else(String::new, |zone| {
            format!("Weeks of the boards begin on Monday, in {zone}.")
        }),
        ..Embed::default()
    })
}
