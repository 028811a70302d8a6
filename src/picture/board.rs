//! A leaderboard as bars.

use super::Error;
use super::canvas::{Anchor, Canvas, Style, fit, width};
use super::colour::{BAR, EMPTY, GOLD, QUIET, TEXT};

/// Rows that are drawn.
pub const BOARD_ROWS: usize = 10;

/// One row of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardRow {
    /// From 1; equals share one.
    pub rank: u32,
    /// As shown in the guild; cleaned and cut here.
    pub name: String,
    /// May be negative.
    pub points: i64,
    /// How often the member was picked.
    pub picks: i64,
}

const SIDE: f32 = 44.0;
const HEAD: f32 = 104.0;
const ROW: f32 = 62.0;
/// Where the names begin, and how wide they may be.
const NAMES: f32 = 118.0;
const NAME_WIDTH: f32 = 270.0;
/// Where the bars begin and end.
const BARS: f32 = 410.0;
const BARS_END: f32 = 690.0;

/// The first ten rows as bars with names, points and picks. Bars are in proportion to the points,
/// from 0; a row without points has none.
///
/// # Errors
/// Only if drawing itself fails.
pub fn board(title: &str, rows: &[BoardRow]) -> Result<Vec<u8>, Error> {
    let rows = rows.get(..BOARD_ROWS).unwrap_or(rows);
    let mut canvas = Canvas::new(HEAD + ROW * rows.len() as f32 + 26.0);
    let heading = Style::new(36.0, TEXT).bold();
    canvas.fitted((SIDE, 68.0), Anchor::Start, heading, title, 1_000.0 - 2.0 * SIDE);
    let most = rows.iter().map(|row| row.points).max().unwrap_or(0).max(1);
    for (index, row) in rows.iter().enumerate() {
        let top = HEAD + ROW * index as f32;
        let line = top + 38.0;
        let first = row.rank == 1;
        let rank = Style::new(28.0, if first { GOLD } else { QUIET }).bold();
        canvas.text(NAMES - 18.0, line, Anchor::End, rank, &format!("{}.", row.rank));
        let name = Style::new(28.0, TEXT);
        canvas.fitted((NAMES, line), Anchor::Start, name, &row.name, NAME_WIDTH);
        canvas.bar(BARS, top + 14.0, BARS_END - BARS, 28.0, 6.0, EMPTY);
        let share = row.points.max(0) as f32 / most as f32;
        if share > 0.0 {
            let long = (share * (BARS_END - BARS)).max(6.0);
            canvas.bar(BARS, top + 14.0, long, 28.0, 6.0, if first { GOLD } else { BAR });
        }
        let bold = Style::new(26.0, TEXT).bold();
        let points = fit(&counted(row.points, "point"), bold, 1_000.0 - BARS_END - 40.0);
        canvas.text(BARS_END + 20.0, line, Anchor::Start, bold, &points);
        if row.picks > 0 {
            let after = BARS_END + 20.0 + width(&points, bold) + 14.0;
            let quiet = Style::new(22.0, QUIET);
            let picks = counted(row.picks, "pick");
            // The text beside the picture has them in any case.
            if after + width(&picks, quiet) <= 1_000.0 - 20.0 {
                canvas.text(after, line, Anchor::Start, quiet, &picks);
            }
        }
    }
    canvas.png()
}

fn counted(n: i64, one: &str) -> String {
    let sign = if n < 0 { "−" } else { "" };
    let plural = if n.unsigned_abs() == 1 { "" } else { "s" };
    format!("{sign}{} {one}{plural}", n.unsigned_abs())
}
