//! A member's half year: a calendar, a few figures, accuracy by topic.

use super::canvas::{Anchor, Canvas, Style, fit, width};
use super::colour::{BAR, DAYS, EMPTY, PANEL, QUIET, TEXT};
use super::{Error, WIDTH};
use chrono::{Datelike as _, Days, NaiveDate};
use std::collections::BTreeMap;

/// Weeks in the calendar, the present one among them.
pub const WEEKS: u32 = 26;
/// Topics that are drawn at most; of more, those with the most answers.
pub const TOPICS_SHOWN: usize = 24;

/// One figure: `12`, `rounds answered`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The figure.
    pub value: String,
    /// What it counts.
    pub label: String,
}

/// How a member did in one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// As shown.
    pub name: String,
    /// First attempts in quizzes.
    pub answers: u32,
    /// Those that were right; at most `answers`.
    pub right: u32,
}

/// What is drawn of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The member's name; cleaned and cut here.
    pub name: String,
    /// One line below it.
    pub line: String,
    /// The local date the calendar ends with.
    pub today: NaiveDate,
    /// How often the member did something, by local date; days outside the calendar are left out.
    pub days: BTreeMap<NaiveDate, u32>,
    /// What the calendar counts, for its legend.
    pub counted: String,
    /// At most five are drawn.
    pub facts: Vec<Fact>,
    /// `None`: not shown to whoever asked. Empty: no quiz answered yet.
    pub topics: Option<Vec<Topic>>,
}

/// The first day of the calendar that ends in the week of `today`: a Monday.
pub fn first_day(today: NaiveDate) -> NaiveDate {
    let back = u64::from(today.weekday().num_days_from_monday()) + 7 * (u64::from(WEEKS) - 1);
    today.checked_sub_days(Days::new(back)).unwrap_or(today)
}

const SIDE: f32 = 40.0;
/// Where the calendar begins, and how far its days are apart.
const LEFT: f32 = 98.0;
const STEP: f32 = 33.0;
const DAY: f32 = 28.0;
/// Heights from the top.
const CALENDAR: f32 = 152.0;
const FACTS: f32 = 446.0;
const TOPICS: f32 = 600.0;
const TOPIC_ROW: f32 = 42.0;

/// The picture of a member's stats.
///
/// # Errors
/// Only if drawing itself fails.
pub fn stats(sheet: &Sheet) -> Result<Vec<u8>, Error> {
    let height = match &sheet.topics {
        None => TOPICS - 24.0,
        Some(topics) if topics.is_empty() => TOPICS + 100.0,
        Some(topics) => {
            let rows = topics.len().min(TOPICS_SHOWN).div_ceil(2);
            TOPICS + 70.0 + rows as f32 * TOPIC_ROW
        }
    };
    let mut canvas = Canvas::new(height);
    let across = WIDTH as f32 - 2.0 * SIDE;
    let heading = Style::new(38.0, TEXT).bold();
    canvas.fitted((SIDE, 62.0), Anchor::Start, heading, &sheet.name, across);
    canvas.fitted((SIDE, 98.0), Anchor::Start, Style::new(22.0, QUIET), &sheet.line, across);
    calendar(&mut canvas, sheet);
    facts(&mut canvas, &sheet.facts);
    if let Some(topics) = &sheet.topics {
        accuracy(&mut canvas, topics);
    }
    canvas.png()
}

fn calendar(canvas: &mut Canvas, sheet: &Sheet) {
    let quiet = Style::new(19.0, QUIET);
    for (row, name) in [(0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun")] {
        let y = CALENDAR + STEP * row as f32 + 21.0;
        canvas.text(LEFT - 12.0, y, Anchor::End, quiet, name);
    }
    let first = first_day(sheet.today);
    let days = first.iter_days().take_while(|day| *day <= sheet.today);
    let mut labelled = f32::MIN;
    for (index, day) in days.enumerate() {
        let x = LEFT + STEP * (index / 7) as f32;
        let y = CALENDAR + STEP * (index % 7) as f32;
        // A month is named above the week it begins in, and the first week by the month it is in.
        let begins = index == 0 || day.day() == 1;
        if begins && x - labelled > 1.8 * STEP && x < LEFT + STEP * (WEEKS as f32 - 1.0) {
            canvas.text(x, CALENDAR - 14.0, Anchor::Start, quiet, &day.format("%b").to_string());
            labelled = x;
        }
        square(canvas, x, y, sheet.days.get(&day).copied().unwrap_or(0));
    }
    let y = CALENDAR + STEP * 7.0 + 14.0;
    canvas.fitted((LEFT, y + 20.0), Anchor::Start, quiet, &sheet.counted, 560.0);
    // The legend, from right to left.
    let right = LEFT + STEP * (WEEKS as f32 - 1.0) + DAY;
    canvas.text(right, y + 20.0, Anchor::End, quiet, "more");
    let start = right - width("more", quiet) - 10.0 - 5.0 * STEP;
    for (index, count) in [0, 1, 2, 4, 7].into_iter().enumerate() {
        square(canvas, start + STEP * index as f32, y, count);
    }
    canvas.text(start - 10.0, y + 20.0, Anchor::End, quiet, "less");
}

/// A day: the more happened, the larger and lighter.
fn square(canvas: &mut Canvas, x: f32, y: f32, count: u32) {
    canvas.bar(x, y, DAY, DAY, 5.0, PANEL);
    let (level, size) = match count {
        0 => return,
        1 => (0, 14.0),
        2..=3 => (1, 19.0),
        4..=6 => (2, 24.0),
        _ => (3, DAY),
    };
    let inset = (DAY - size) / 2.0;
    canvas.bar(x + inset, y + inset, size, size, 4.0, DAYS[level]);
}

fn facts(canvas: &mut Canvas, facts: &[Fact]) {
    let shown = facts.get(..5).unwrap_or(facts);
    let gap = 14.0;
    let across = WIDTH as f32 - 2.0 * SIDE;
    let wide = (across + gap) / shown.len().max(1) as f32 - gap;
    for (index, fact) in shown.iter().enumerate() {
        let x = SIDE + (wide + gap) * index as f32;
        canvas.bar(x, FACTS, wide, 104.0, 12.0, PANEL);
        let middle = x + wide / 2.0;
        let figure = Style::new(38.0, TEXT).bold();
        canvas.fitted((middle, FACTS + 50.0), Anchor::Middle, figure, &fact.value, wide - 16.0);
        let label = Style::new(19.0, QUIET);
        canvas.fitted((middle, FACTS + 84.0), Anchor::Middle, label, &fact.label, wide - 12.0);
    }
}

fn accuracy(canvas: &mut Canvas, topics: &[Topic]) {
    let heading = Style::new(26.0, TEXT).bold();
    let quiet = Style::new(20.0, QUIET);
    canvas.text(SIDE, TOPICS + 22.0, Anchor::Start, heading, "First tries right in quizzes");
    if topics.is_empty() {
        canvas.text(SIDE, TOPICS + 62.0, Anchor::Start, quiet, "No quiz answered yet.");
        return;
    }
    let shown = most_answered(topics);
    let rows = shown.len().div_ceil(2);
    let column = (WIDTH as f32 - 2.0 * SIDE + 36.0) / 2.0;
    for (index, topic) in shown.into_iter().enumerate() {
        let x = SIDE + column * (index / rows) as f32;
        let y = TOPICS + 46.0 + TOPIC_ROW * (index % rows) as f32;
        let line = y + 25.0;
        canvas.fitted((x, line), Anchor::Start, Style::new(20.0, TEXT), &topic.name, 216.0);
        let (bar, long) = (x + 226.0, 70.0);
        canvas.bar(bar, y + 8.0, long, 20.0, 5.0, EMPTY);
        let share = topic.right.min(topic.answers) as f32 / topic.answers.max(1) as f32;
        if share > 0.0 {
            canvas.bar(bar, y + 8.0, (share * long).max(5.0), 20.0, 5.0, BAR);
        }
        let bold = Style::new(20.0, TEXT).bold();
        let percent = format!("{:.0} %", share * 100.0);
        canvas.text(bar + long + 80.0, line, Anchor::End, bold, &percent);
        let of = fit(&format!("of {}", topic.answers), quiet, 80.0);
        canvas.text(bar + long + 88.0, line, Anchor::Start, quiet, &of);
    }
}

/// Those with the most answers, in the order they were given.
fn most_answered(topics: &[Topic]) -> Vec<&Topic> {
    let mut order: Vec<usize> = (0..topics.len()).collect();
    order.sort_by_key(|index| {
        (std::cmp::Reverse(topics.get(*index).map(|topic| topic.answers)), *index)
    });
    order.truncate(TOPICS_SHOWN);
    order.sort_unstable();
    order.into_iter().filter_map(|index| topics.get(index)).collect()
}
