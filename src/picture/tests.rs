use super::canvas::{Style, fit, width};
use super::colour::TEXT;
use super::{BoardRow, Fact, Sheet, Topic, WIDTH, board, first_day, stats};
use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use std::collections::BTreeMap;

const PNG: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
/// What a picture may weigh in bytes. Discord takes megabytes; members on a phone should not have to.
const LIGHT: usize = 100_000;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn facts() -> Vec<Fact> {
    [("47", "rounds"), ("9", "picks"), ("12", "in a row"), ("20", "best row"), ("1", "grace")]
        .map(|(value, label)| Fact { value: value.to_owned(), label: label.to_owned() })
        .to_vec()
}

fn empty() -> Sheet {
    Sheet {
        name: "Ana".to_owned(),
        line: "2 June 2026 to 25 November 2026".to_owned(),
        today: date("2026-11-25"),
        days: BTreeMap::new(),
        counted: "Rounds answered, votes and quiz answers".to_owned(),
        facts: facts(),
        topics: Some(Vec::new()),
    }
}

fn busy(name: &str, topics: usize) -> Sheet {
    let today = date("2026-11-25");
    let days = first_day(today)
        .iter_days()
        .take(190)
        .enumerate()
        .map(|(index, day)| (day, (index as u32 * 7919 % 11).saturating_sub(3)))
        .collect();
    let topic = |index: u32| Topic {
        name: ["asyncio", "generator expressions", "memory management and the collector", "oop"]
            [index as usize % 4]
            .to_owned(),
        answers: 3 + index * 5,
        right: (3 + index * 5) * (index % 5) / 4,
    };
    let topics = Some((0..topics as u32).map(topic).collect());
    Sheet { name: name.to_owned(), days, topics, ..empty() }
}

fn rows(names: &[&str]) -> Vec<BoardRow> {
    let row = |(index, name): (usize, &&str)| BoardRow {
        rank: index as u32 + 1,
        name: (*name).to_owned(),
        points: 140 - 17 * index as i64,
        picks: (index as i64 * 5) % 4,
    };
    names.iter().enumerate().map(row).collect()
}

/// Width and height, from the header.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(png[..8], PNG);
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// Where the environment names a folder, the picture is kept there to be looked at.
fn keep(name: &str, png: &[u8]) {
    if let Some(folder) = std::env::var_os("STUDYHALL_PICTURES") {
        std::fs::write(std::path::Path::new(&folder).join(name), png).unwrap();
    }
}

const HOSTILE: &str =
    "\u{202e}</text><script>&amp;\u{0}Z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}";
const LONG: &str = "Bartholomew Maximilian Featherstonehaugh-Cholmondeley the Third";

#[test]
fn every_member_can_be_drawn() {
    for (name, sheet) in [
        ("empty.png", empty()),
        ("busy.png", busy("Zoë Ångström", 5)),
        ("topics.png", busy("Σωκράτης Жанна עמית أمل", 22)),
        ("long.png", busy(LONG, 60)),
        ("hostile.png", busy(HOSTILE, 1)),
        ("boxes.png", busy("小明 さくら 🦀 ไทย", 3)),
        ("nameless.png", Sheet { name: "\u{200b}".to_owned(), ..empty() }),
        ("other.png", Sheet { topics: None, facts: facts()[..3].to_vec(), ..busy("Ben", 0) }),
    ] {
        let png = stats(&sheet).unwrap();
        keep(name, &png);
        let (width, height) = size(&png);
        assert_eq!(width, WIDTH, "{name}");
        assert!((500..1_300).contains(&height), "{name}: {height}");
        assert!(png.len() < LIGHT, "{name}: {} bytes", png.len());
    }
}

#[test]
fn every_board_can_be_drawn() {
    let twelve =
        ["Ana", "Ben", LONG, HOSTILE, "小明", "Zoë", "Жанна", "Σωκράτης", "x", "y", "z", "w"];
    let mut last = rows(&["Ana", "Ben", "Chidi"]);
    last[2] = BoardRow { points: -3, picks: 0, ..last[2].clone() };
    let large = BoardRow { points: i64::MAX, picks: i64::MAX, ..last[0].clone() };
    for (name, rows, shown) in [
        ("board.png", rows(&twelve), 10),
        ("small-board.png", last, 3),
        ("nobody.png", Vec::new(), 0),
        ("large.png", vec![large], 1),
    ] {
        let png = board("Leaderboard: this week", &rows).unwrap();
        keep(name, &png);
        assert_eq!(size(&png), (WIDTH, 130 + 62 * shown), "{name}");
        assert!(png.len() < LIGHT, "{name}: {} bytes", png.len());
    }
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let sheet = busy(LONG, 22);
    assert!(stats(&sheet).unwrap() == stats(&sheet).unwrap());
    let rows = rows(&["Ana", "Ben", "Chidi"]);
    assert!(board("Board", &rows).unwrap() == board("Board", &rows).unwrap());
    assert!(board("Board", &rows).unwrap() != board("Board", &rows[..2]).unwrap());
}

#[test]
fn what_is_too_wide_is_cut() {
    let style = Style::new(28.0, TEXT);
    assert_eq!(fit("Ana", style, 200.0), "Ana");
    let cut = fit(LONG, style, 200.0);
    assert!(cut.ends_with('…') && cut.starts_with("Bartho"), "{cut}");
    assert!(width(&cut, style) <= 200.0);
    let one_more: String = LONG.chars().take(cut.chars().count()).chain(['…']).collect();
    assert!(width(&one_more, style) > 200.0, "{one_more} would have fitted");
    assert_eq!(fit("", style, 200.0), "");
    // Not even one letter fits: no loop, no panic.
    assert_eq!(fit("WWW", style, 1.0), "…");
}

#[test]
fn letters_of_many_scripts_are_there_and_the_rest_is_a_box() {
    let style = Style::new(28.0, TEXT);
    for text in ["Å", "Ж", "Ω", "ש", "ش"] {
        assert!(width(text, style) > 3.0, "{text}");
    }
    assert!(width("明", style) > 3.0, "something must show that there is a letter");
}

#[test]
fn the_calendar_begins_on_a_monday_and_ends_today() {
    for days in 0..40 {
        let today = date("2026-11-01") + Days::new(days);
        let first = first_day(today);
        assert_eq!(first.weekday(), Weekday::Mon, "{today}");
        let long = (today - first).num_days() + 1;
        assert!((25 * 7 + 1..=26 * 7).contains(&long), "{today}: {long}");
    }
}
