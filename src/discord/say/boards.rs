//! What members ask for: the board, their points, what is open today. (`help` has a file of its
//! own.)

use super::limit;
use super::result::cause;
use super::round::place;
use super::text::{
    at, bare_name, channel, count, count_points, fit, from_now, is_blank, name, plain, signed,
    whole,
};
use super::{Button, Card, Drawing, Embed};
use crate::domain::ranking::Window;
use crate::engine::views::boards::{Board, BoardRow, Off, Points, PointsRow};
use crate::engine::views::rounds::{OpenRound, Today};
use crate::picture;

pub use super::help::help;

/// The board. `shared`: everybody sees it, so it has no buttons and nobody's own place.
pub fn board(board: &Board, shared: bool) -> Card {
    let mut parts = head(board);
    let lines: Vec<String> = board.rows.iter().map(line).collect();
    parts.push(if lines.is_empty() {
        nobody(board).to_owned()
    } else {
        whole(&lines, "\n", limit::TEXT - 700)
    });
    if !shared && (board.off.is_some() || !lines.is_empty()) {
        parts.push(own(board));
    }
    let mut footer = match board.members {
        0 => String::new(),
        members => count(members.into(), "member"),
    };
    if board.pages > 1 {
        footer = format!("Page {} of {}, {footer}", board.page + 1, board.pages);
    }
    if let Some(season) = &board.season
        && board.which.window != Window::Season
    {
        let between = if footer.is_empty() { "" } else { ". " };
        footer = format!("{footer}{between}Season: {}", bare_name(&season.name));
    }
    let card = Card::boxed(Embed {
        title: fit(&title(board), limit::TITLE),
        text: parts.join("\n\n"),
        footer,
        ..Embed::default()
    })
    .with_drawing(bars(board));
    if shared { card } else { card.with_buttons(buttons(board)) }
}

/// The first page as a picture.
fn bars(board: &Board) -> Option<Drawing> {
    if board.page > 0 {
        return None;
    }
    let row = |row: &BoardRow| picture::BoardRow {
        rank: row.ranked.rank,
        name: row.shown_name(),
        points: row.ranked.standing.points,
        picks: row.ranked.standing.picks,
    };
    // There is no Markdown in a picture, so nothing to escape.
    let title = title(board).replace('\\', "");
    super::bars::drawing(&title, board.rows.iter().map(row).collect(), board.members)
}

/// The weekly post: the board of the last week, with a button for one's own place.
pub fn weekly(board: &Board, key: &str) -> Card {
    let card = self::board(board, true);
    card.with_buttons(vec![Button::new("My place", format!("weekly:{key}"))])
}

fn title(board: &Board) -> String {
    let window = match board.which.window {
        Window::Week => "this week",
        Window::LastWeek => "last week",
        Window::Month => "this month",
        Window::AllTime => "all time",
        Window::Season => match &board.season {
            Some(season) => &format!("season {}", plain(&season.name)),
            None => "this season",
        },
    };
    let who = if board.which.newcomers { "Newcomers" } else { "Leaderboard" };
    let topic = board.which.topic.as_ref();
    let topic = topic
        .map_or_else(String::new, |topic| format!(", topic {}", plain(&topic.replace('-', " "))));
    format!("{who}: {window}{topic}")
}

/// Since when, and who.
fn head(board: &Board) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(match (board.stretch, is_over(board)) {
        ((Some(from), Some(until)), true) => {
            let over = if board.which.window == Window::Season {
                ". This season is over, and no other is running."
            } else {
                ""
            };
            Some(format!("From {} to {}{over}", at(from), at(until)))
        }
        ((Some(from), _), _) => Some(format!("Since {}", at(from))),
        _ => None,
    });
    if board.which.newcomers {
        parts.push(board.newcomers_since.map_or_else(
            || "Those who are new here.".to_owned(),
            |since| format!("Those who joined this server since {}, as I last saw it.", at(since)),
        ));
    }
    parts
}

fn is_over(board: &Board) -> bool {
    match board.which.window {
        Window::LastWeek => true,
        Window::Season => board.stretch.1.is_some(),
        Window::Week | Window::Month | Window::AllTime => false,
    }
}

fn nobody(board: &Board) -> &'static str {
    if is_over(board) {
        "Nobody got points here in that time."
    } else {
        "Nobody has points here yet. They come with right answers in a `/quiz`, and when a round closes."
    }
}

fn own(board: &Board) -> String {
    match (&board.own, board.off) {
        (_, Some(Off::OptedOut)) => {
            "You are off the leaderboards. `/privacy board:on` brings you back.".to_owned()
        }
        (_, Some(Off::Role)) => "One of your roles keeps you off the leaderboards of this server. \
                                 `/points` shows your points."
            .to_owned(),
        (Some(own), None) => format!("You: rank {}, {}", own.ranked.rank, score(own)),
        (None, None) if board.which.newcomers => {
            "You are not among the newcomers with points.".to_owned()
        }
        (None, None) if is_over(board) => "You got no points here.".to_owned(),
        (None, None) => "You have no points here yet.".to_owned(),
    }
}

/// One member in one line that reads well aloud.
fn line(row: &BoardRow) -> String {
    // Without the backslash Discord would make a list of it and number the ranks anew, which hides
    // that two share one.
    format!("{}\\. **{}**: {}", row.ranked.rank, name(&row.shown_name()), score(row))
}

/// `12 points (2 picks, 3 answers, 4 from quizzes), streak 5`; zeros are left out.
fn score(row: &BoardRow) -> String {
    let sums = &row.ranked.standing;
    let some = |n: i64| u64::try_from(n).ok().filter(|n| *n > 0);
    let parts = [
        some(sums.picks).map(|n| count(n, "pick")),
        some(sums.answers).map(|n| count(n, "answer")),
        some(sums.quiz).map(|n| format!("{n} from quizzes")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let mut text = count_points(sums.points);
    if !parts.is_empty() {
        text.push_str(&format!(" ({})", parts.join(", ")));
    }
    if row.streak > 0 {
        text.push_str(&format!(", streak {}", row.streak));
    }
    text
}

fn buttons(board: &Board) -> Vec<Button> {
    let id = |what: &str, page: u32| format!("{what}:{}:{page}", board.which.key());
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

/// `/points`: the asker's own, each with its cause.
pub fn points(points: &Points) -> Card {
    let rank = points.rank.map_or_else(String::new, |rank| format!(", rank {rank} of all time"));
    let quiz = if points.quiz > 0 {
        format!(", {} of them from quizzes", points.quiz)
    } else {
        String::new()
    };
    let total = format!("**{}**{rank}{quiz}", count_points(points.total));
    let mut embed = Embed {
        title: "Your points".to_owned(),
        text: if points.rows.is_empty() {
            format!(
                "{total}\n\nAnswer a question, vote for an answer or take a `/quiz` to earn some."
            )
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
