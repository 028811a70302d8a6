//! `/stats`: a member's half year, in words and as what the picture shows.

use super::rate::percent;
use super::text::{bare_name, channel, count, list, name, plain, whole};
use super::{Card, Drawing, Shape, limit};
use crate::domain::rate::Rate;
use crate::domain::streak::Streak;
use crate::engine::views::stats::{Did, Stats};
use crate::picture::{Fact, Sheet, TOPICS_SHOWN, Topic, WEEKS};
use chrono::NaiveDate;

/// Who never acted here has no name that is known.
const UNKNOWN: &str = "a member";

/// `/stats`: everything, in words, and to be drawn.
pub fn stats(stats: &Stats) -> Card {
    let whose = match (&stats.name, stats.own) {
        (_, true) => "Your stats".to_owned(),
        (Some(seen), false) => format!("Stats of {}", name(seen)),
        (None, false) => format!("Stats of {UNKNOWN}"),
    };
    let mut parts = vec![format!("**{whose}**\nIn the last {WEEKS} weeks: {}.", half_year(stats))];
    parts.push(format!("Since the beginning: {}.", ever(stats)));
    let streaks: Vec<String> = stats
        .streaks
        .iter()
        .map(|(id, streak)| format!("Streak in {}: {}", channel(*id), streak_words(*streak)))
        .collect();
    parts.push(if streaks.is_empty() {
        "No streak yet. It begins with the first answer in a round.".to_owned()
    } else {
        whole(&streaks, "\n", 500)
    });
    if stats.own {
        parts.push(match sum(stats) {
            None => "No quiz answered in this time.".to_owned(),
            Some(rate) => {
                let room = limit::CONTENT.saturating_sub(900);
                let topics = topic_words(stats, plain);
                format!(
                    "Quizzes: {}.\nBy topic: {}.",
                    share_words(rate),
                    whole(&topics, ", ", room)
                )
            }
        });
    }
    if stats.own && stats.hidden {
        parts.push("You are off the leaderboards, so nobody else can see your stats.".to_owned());
    }
    Card::text(parts.join("\n\n")).with_drawing(Some(Drawing {
        file: "stats.png",
        description: description(stats),
        shape: Shape::Stats(sheet(stats)),
    }))
}

/// What the picture shows, for those who do not see it.
fn description(stats: &Stats) -> String {
    let mut parts = vec![
        format!("Stats of {}, {}.", whose(stats), words(stats.today)),
        format!("Calendar of the last {WEEKS} weeks: {}.", half_year(stats)),
    ];
    if let Some((day, did)) = stats.days.iter().max_by_key(|(day, did)| (did.total(), **day)) {
        parts.push(format!("Busiest day: {}, with {}.", words(*day), did.total()));
    }
    let facts: Vec<String> =
        facts(stats).iter().map(|fact| format!("{} {}", fact.label, fact.value)).collect();
    parts.push(format!("Figures: {}.", facts.join(", ")));
    if stats.own {
        let topics = topic_words(stats, ToOwned::to_owned);
        if !topics.is_empty() {
            let used: usize = parts.iter().map(|part| part.chars().count() * 2 + 1).sum();
            let room = limit::DESCRIPTION.saturating_sub(used + 40);
            parts.push(format!(
                "First tries right in quizzes, by topic: {}.",
                whole(&topics, ", ", room)
            ));
        }
    }
    parts.join(" ")
}

/// What is drawn.
pub(super) fn sheet(stats: &Stats) -> Sheet {
    let topics = stats.own.then(|| {
        by_topic(stats)
            .into_iter()
            .map(|(topic, rate)| Topic { name: topic, answers: rate.answers, right: rate.right })
            .collect()
    });
    Sheet {
        name: whose(stats),
        line: format!("{} to {}", words(stats.from), words(stats.today)),
        today: stats.today,
        days: stats.days.iter().map(|(day, did)| (*day, did.total())).collect(),
        counted: if stats.own {
            "Rounds answered, votes and quiz answers".to_owned()
        } else {
            "Rounds answered".to_owned()
        },
        facts: facts(stats),
        topics,
    }
}

fn whose(stats: &Stats) -> String {
    stats.name.as_deref().map_or_else(|| UNKNOWN.to_owned(), bare_name)
}

/// `3 rounds answered and 2 votes, on 3 days`.
fn half_year(stats: &Stats) -> String {
    let Did { answers, ballots, quiz } = stats.sum();
    if stats.days.is_empty() {
        return "nothing yet".to_owned();
    }
    let mut did = Vec::new();
    if answers > 0 {
        did.push(format!("{} answered", count(answers.into(), "round")));
    }
    for (n, what) in [(ballots, "vote"), (quiz, "quiz answer")] {
        if n > 0 {
            did.push(count(n.into(), what));
        }
    }
    let days = count(stats.days.len() as u64, "day");
    format!("{}, on {days}", list(&did))
}

/// `47 rounds answered, 9 times the members' pick`.
fn ever(stats: &Stats) -> String {
    let rounds = count(stats.rounds.into(), "round");
    match stats.picks {
        ..=0 => format!("{rounds} answered"),
        picks => {
            format!("{rounds} answered, {} the members' pick", count(picks.unsigned_abs(), "time"))
        }
    }
}

fn streak_words(streak: Streak) -> String {
    if streak.length == 0 {
        return format!("none now, best {}", streak.best);
    }
    format!(
        "{} in a row, best {}, {} in hand",
        count(streak.length.into(), "round"),
        streak.best,
        count(streak.graces.into(), "grace")
    )
}

/// The figures of the picture. Of several streaks the one that is longest now.
fn facts(stats: &Stats) -> Vec<Fact> {
    let streak = stats
        .streaks
        .iter()
        .map(|(_, streak)| *streak)
        .max_by_key(|streak| (streak.length, streak.best))
        .unwrap_or_default();
    [
        (stats.rounds.to_string(), "rounds"),
        (stats.picks.to_string(), "picks"),
        (streak.length.to_string(), "in a row"),
        (streak.best.to_string(), "best row"),
        (streak.graces.to_string(), "graces"),
    ]
    .map(|(value, label)| Fact { value, label: label.to_owned() })
    .to_vec()
}

fn sum(stats: &Stats) -> Option<Rate> {
    let add = |sum: Rate, one: &Rate| Rate {
        answers: sum.answers + one.answers,
        right: sum.right + one.right,
    };
    let sum = stats.topics.values().fold(Rate::default(), add);
    (sum.answers > 0).then_some(sum)
}

/// `71 % of 120 first tries right`.
fn share_words(rate: Rate) -> String {
    let share = percent(rate.share().unwrap_or_default());
    let tries = if rate.answers == 1 { "try" } else { "tries" };
    format!("{share} of {} first {tries} right", rate.answers)
}

/// Topics as people write them, those with the most answers first.
fn by_topic(stats: &Stats) -> Vec<(String, Rate)> {
    let mut topics: Vec<(String, Rate)> =
        stats.topics.iter().map(|(topic, rate)| (topic.replace('-', " "), *rate)).collect();
    topics.sort_by_key(|(_, rate)| std::cmp::Reverse(rate.answers));
    topics
}

fn topic_words(stats: &Stats, shown: impl Fn(&str) -> String) -> Vec<String> {
    by_topic(stats)
        .into_iter()
        .take(TOPICS_SHOWN)
        .map(|(topic, rate)| {
            let share = percent(rate.share().unwrap_or_default());
            format!("{} {share} of {}", shown(&topic), rate.answers)
        })
        .collect()
}

/// `25 November 2026`: a date of the guild's zone, which is not an instant.
fn words(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}
