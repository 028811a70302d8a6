//! A board as bars: what is drawn, and what it shows for those who do not see it.

use super::text::{bare_name, count, count_points, whole};
use super::{Drawing, Shape, limit};
use crate::picture::{BOARD_ROWS, BoardRow};

/// Members a board must have to be worth a picture.
const MEMBERS: u32 = 3;

/// The picture of a board's first page; `None` for so few members that there is nothing to compare.
/// `title` is the card's, `rows` go from the first rank on, `members` is how many stand on the board.
pub fn drawing(title: &str, rows: Vec<BoardRow>, members: u32) -> Option<Drawing> {
    let drawing = |rows: Vec<BoardRow>| Drawing {
        file: "leaderboard.png",
        description: description(title, &rows),
        shape: Shape::Board { title: title.to_owned(), rows },
    };
    (members >= MEMBERS && !rows.is_empty()).then(|| drawing(rows))
}

/// The rows as a sentence each.
fn description(title: &str, rows: &[BoardRow]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .take(BOARD_ROWS)
        .map(|row| {
            let picks = match row.picks {
                ..=0 => String::new(),
                picks => format!(", {}", count(picks.unsigned_abs(), "pick")),
            };
            let points = count_points(row.points);
            format!("{}. {}: {points}{picks}", row.rank, bare_name(&row.name))
        })
        .collect();
    let head = format!("{title}, as bars. ");
    let room = limit::DESCRIPTION.saturating_sub(head.chars().count() * 2);
    head + &whole(&rows, "; ", room)
}

#[cfg(test)]
mod tests {
    use super::{description, drawing};
    use crate::discord::say::Shape;
    use crate::discord::say::text::units;
    use crate::picture::BoardRow;

    fn row(rank: u32, name: &str, points: i64, picks: i64) -> BoardRow {
        BoardRow { rank, name: name.to_owned(), points, picks }
    }

    #[test]
    fn each_row_is_told() {
        let rows = [row(1, "Ana", 12, 2), row(2, "Ben_*", 7, 0), row(2, "\u{202e}", 7, 1)];
        assert_eq!(
            description("Leaderboard: this week", &rows),
            "Leaderboard: this week, as bars. 1. Ana: 12 points, 2 picks; 2. Ben_*: 7 points; 2. (no \
             name): 7 points, 1 pick"
        );
    }

    #[test]
    fn a_picture_takes_three_members() {
        let rows = vec![row(1, "Ana", 12, 2), row(2, "Ben", 7, 0)];
        assert_eq!(drawing("Board", rows.clone(), 2), None);
        assert_eq!(drawing("Board", Vec::new(), 30), None);
        let drawn = drawing("Board", rows.clone(), 3).unwrap();
        assert_eq!(drawn.shape, Shape::Board { title: "Board".to_owned(), rows });
    }

    #[test]
    fn it_is_never_too_long() {
        let rows = vec![row(u32::MAX, &"👍".repeat(32), i64::MIN, i64::MAX); 30];
        assert!(units(&description(&"t".repeat(256), &rows)) <= 1_024);
    }
}
