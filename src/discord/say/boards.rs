//! What members ask for: the board, their points, what is open today. (`help` has a file of its
//! own.)

use super::limit;
use super::result::cause;
use super::round::place;
use super::text::{
    at, channel, count, count_points, from_now, is_blank, name_of, plain, signed, whole,
};
use super::{Button, Card, Embed};
use crate::domain::ranking::{Ranked, Window};
use crate::engine::views::boards::{Board, Points, PointsRow};
use crate::engine::views::rounds::{OpenRound, Today};

pub use super::help::help;

/// The board. `shared`: everybody sees it, so it has no buttons and nobody's own place.
pub fn board(board: &Board, shared: bool) -> Card {
    let lines: Vec<String> = board
        .rows
        .iter()
        .map(|row| {
            let name = name_of(&board.names, row.standing.member);
            // Without the backslash Discord would make a list of it and number the ranks anew,
            // which hides that two share one.
            format!("{}\\. **{name}**: {}", row.rank, score(row))
        })
        .collect();
    let mut parts = Vec::new();
    if let Some(from) = board.from {
        parts.push(format!("Since {}", at(from)));
    }
    parts.push(if lines.is_empty() {
        "Nobody has points here yet. They come when a round closes.".to_owned()
    } else {
        whole(&lines, "\n", limit::TEXT - 500)
    });
    if !shared && (board.hidden || !lines.is_empty()) {
        parts.push(match (&board.own, board.hidden) {
            (_, true) => {
                "You are off the leaderboards. `/privacy board:on` brings you back.".to_owned()
            }
            (Some(own), false) => format!("You: rank {}, {}", own.rank, score(own)),
            (None, false) => "You have no points here yet.".to_owned(),
        });
    }
    let mut footer = match board.members {
        0 => String::new(),
        members => count(members as u64, "member"),
    };
    if board.pages > 1 {
        footer = format!("Page {} of {}, {footer}", board.page + 1, board.pages);
    }
    let card = Card::boxed(Embed {
        title: format!("Leaderboard: {}", window_words(board.window)),
        text: parts.join("\n\n"),
        footer,
        ..Embed::default()
    });
    if shared { card } else { card.with_buttons(buttons(board)) }
}

fn score(row: &Ranked) -> String {
    let standing = &row.standing;
    let points = count_points(standing.points);
    if standing.picks > 0 {
        format!("{points}, {}", count(standing.picks.unsigned_abs(), "pick"))
    } else {
        points
    }
}

fn buttons(board: &Board) -> Vec<Button> {
    let id = |what: &str, page: usize| format!("{what}:{}:{page}", board.window.word());
    let mut buttons = Vec::new();
    if board.page > 0 {
        buttons.push(Button::new("Back", id("board", board.page - 1)));
    }
    if board.page + 1 < board.pages {
        buttons.push(Button::new("More", id("board", board.page + 1)));
    }
    if !board.rows.is_empty() {
        buttons.push(Button::new("Share", id("share", board.page)));
    }
    buttons
}

fn window_words(window: Window) -> &'static str {
    match window {
        Window::Week => "this week",
        Window::Month => "this month",
        Window::Season => "this season",
        Window::AllTime => "all time",
    }
}

/// `/points`: the asker's own, each with its cause.
pub fn points(points: &Points) -> Card {
    let rank = points.rank.map_or_else(String::new, |rank| format!(", rank {rank} of all time"));
    let total = format!("**{}**{rank}", count_points(points.total));
    let mut embed = Embed {
        title: "Your points".to_owned(),
        text: if points.rows.is_empty() {
            format!("{total}\n\nAnswer a question or vote for an answer to earn some.")
        } else {
            let lines: Vec<String> = points.rows.iter().map(points_row).collect();
            format!("{total}\n\nThe latest:\n{}", whole(&lines, "\n", limit::TEXT - 200))
        },
        footer: "Only you can see this.".to_owned(),
        ..Embed::default()
    };
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
        embed.fields.push(("Streaks".to_owned(), whole(&streaks, "\n", limit::FIELD)));
    }
    Card::boxed(embed)
}

fn points_row(row: &PointsRow) -> String {
    let cause = if row.entry.points < 0 {
        "taken back, the round was voided"
    } else {
        cause(row.entry.kind)
    };
    let title =
        if is_blank(&row.title) { String::new() } else { format!(", “{}”", plain(&row.title)) };
    let place = row.place.map_or_else(String::new, |place| format!(" in {}", channel(place)));
    format!("{} {cause}{title}{place}", signed(row.entry.points))
}

/// `/today`.
pub fn today(today: &Today) -> Card {
    let mut open: Vec<String> = today.open.iter().map(open_round).collect();
    if open.is_empty() {
        open.push("No round is open right now.".to_owned());
    }
    let next: Vec<String> = today
        .next
        .iter()
        .map(|(id, due)| match due {
            Some(due) => format!("{}: {} ({})", channel(*id), at(due.at), from_now(due.at)),
            None => format!("{}: none coming up", channel(*id)),
        })
        .collect();
    let mut fields = vec![("Next round".to_owned(), whole(&next, "\n", limit::FIELD))];
    if today.reviews > 0 {
        let due = count(today.reviews as u64, "review");
        let verb = if today.reviews == 1 { "is" } else { "are" };
        let text = format!("{due} {verb} due for you. `/review` shows the first one.");
        fields.push(("Your reviews".to_owned(), text));
    }
    Card::boxed(Embed {
        title: "Today".to_owned(),
        text: whole(&open, "\n\n", limit::TEXT),
        fields,
        ..Embed::default()
    })
}

fn open_round(open: &OpenRound) -> String {
    let round = &open.round;
    let title = round.question.as_ref().map_or("", |question| question.title.as_str());
    let yours = match (open.answered, open.voted) {
        (true, true) => "You have answered and voted.",
        (true, false) => "You have answered, but not voted yet.",
        (false, true) => "You have voted, but not answered yet.",
        (false, false) => "You have neither answered nor voted yet.",
    };
    format!(
        "**{}**\nIn {}, {} so far, closes {}.\n{yours}",
        plain(title),
        place(round),
        count(open.answers as u64, "answer"),
        from_now(round.closes_at)
    )
}
