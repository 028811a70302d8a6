//! The judgement: what stands on Discord and what members were told, against what the database
//! holds. From outside: nothing here calls the rules of the bot.

use super::calendar::Due;
use super::guild::{Card, Guild, Told, id_of};
use super::record::{LedgerRow, Record, RoundRow};
use super::report::Report;
use crate::config::PointsConfig;
use crate::sandbox::{Sandbox, created};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Shorter messages do not count as answers (the rule that members are told).
const SHORTEST_ANSWER: usize = 20;
/// Posted within this, a round was on time.
const ON_TIME: TimeDelta = TimeDelta::minutes(1);

/// What the judge goes by.
pub struct Law<'a> {
    /// How late a round may be posted.
    pub lateness: TimeDelta,
    /// What is worth how much.
    pub points: &'a PointsConfig,
    /// The end of the simulation: what closes later is not judged.
    pub end: DateTime<Utc>,
}

/// Judges one guild.
pub fn guild(
    report: &mut Report,
    law: &Law<'_>,
    sandbox: &Sandbox,
    guild: &Guild,
    record: &Record,
) {
    let rounds: Vec<&RoundRow> =
        record.rounds.iter().filter(|row| row.channel == guild.channel).collect();
    for due in guild.dues().iter().filter(|due| due.at <= law.end) {
        report.due += 1;
        let cards: Vec<&Card> = guild.cards.iter().filter(|card| card.due == Some(*due)).collect();
        let date = due.date.to_string();
        let row = rounds.iter().find(|row| row.date.as_deref() == Some(&date)).copied();
        match cards.as_slice() {
            [] => absent(report, law, guild, *due, row),
            [card] => {
                posted(report, law, guild, card, *due, row);
                if let Some(row) = row {
                    said(report, law, sandbox, guild, card, row, record);
                }
            }
            several => {
                report.doubled += 1;
                report.breaks(format!(
                    "{}: the round of {date} has {} cards",
                    guild.name,
                    several.len()
                ));
            }
        }
    }
    for card in guild.cards.iter().filter(|card| card.due.is_none()) {
        report.doubled += 1;
        report.breaks(format!("{}: a card at {} for no round", guild.name, card.posted));
    }
    report.unanswered += guild.unanswered;
}

/// A due instant without a card: was that said, and was there a cause?
fn absent(report: &mut Report, law: &Law<'_>, guild: &Guild, due: Due, row: Option<&RoundRow>) {
    let reason = row.filter(|row| row.state == "skipped").and_then(|row| row.skip_reason.clone());
    let Some(reason) = reason else {
        report.lost += 1;
        let state = row.map_or("nothing", |row| row.state.as_str());
        report.breaks(format!(
            "{}: no card for the round of {}, and the database says {state}",
            guild.name, due.date
        ));
        return;
    };
    let disturbed = guild
        .disturbed
        .iter()
        .any(|span| span.from <= due.at + law.lateness && span.to.is_none_or(|to| to >= due.at));
    if !disturbed {
        report.lost += 1;
        report.breaks(format!(
            "{}: the round of {} was skipped ({reason}) though nothing stood in its way",
            guild.name, due.date
        ));
    }
    *report.skipped.entry(reason).or_default() += 1;
}

/// A due instant with its card: was it in time, and does the database know it?
fn posted(
    report: &mut Report,
    law: &Law<'_>,
    guild: &Guild,
    card: &Card,
    due: Due,
    row: Option<&RoundRow>,
) {
    let late = card.posted - due.at;
    if late <= ON_TIME {
        report.on_time += 1;
    } else {
        report.late += 1;
        report.worst = report.worst.max(late);
    }
    if late > law.lateness + ON_TIME {
        report.breaks(format!("{}: the round of {} came {late} late", guild.name, due.date));
    }
    match row {
        Some(row) if row.message == Some(card.id) && row.state != "skipped" => {}
        Some(row) => {
            report.lost += 1;
            report.breaks(format!(
                "{}: the card of {} stands, but the database says {} with card {:?}",
                guild.name, due.date, row.state, row.message
            ));
        }
        None => {
            report.lost += 1;
            report.breaks(format!("{}: the database knows no round of {}", guild.name, due.date));
        }
    }
}

/// Thread, result, reference answer; answers, votes, points.
fn said(
    report: &mut Report,
    law: &Law<'_>,
    sandbox: &Sandbox,
    guild: &Guild,
    card: &Card,
    row: &RoundRow,
    record: &Record,
) {
    let here = format!("{}, {}", guild.name, row.date.as_deref().unwrap_or_default());
    if sandbox.channel(card.id).is_null() {
        report.lost += 1;
        report.breaks(format!("{here}: there is no thread"));
        return;
    }
    let messages = sandbox.messages(card.id);
    if card.closes_at > law.end {
        return;
    }
    report.closed += 1;
    let by_bot = |title: fn(&str) -> bool| {
        let of_bot = messages.iter().filter(|one| id_of(&one["author"]["id"]) == sandbox.bot_id());
        let titled =
            of_bot.filter(move |one| one["embeds"][0]["title"].as_str().is_some_and(title));
        titled.collect::<Vec<_>>()
    };
    let results = by_bot(|title| title.starts_with("Result: "));
    let references = by_bot(|title| title == "Reference answer");
    for (what, found) in [("result", results.len()), ("reference answer", references.len())] {
        if found != 1 {
            let count = if found == 0 { &mut report.lost } else { &mut report.doubled };
            *count += 1;
            report.breaks(format!("{here}: it has {found} times a {what}"));
        }
    }
    let answered = answers(report, &here, guild, card, row, record, &messages);
    marks(report, &here, guild, card, &answered, &messages);
    let ballots = votes(report, &here, guild, card, row, record);
    let earned = earned(law.points, row.round, &answered, &ballots);
    points(report, &here, guild, row, record, &earned);
    if let [result] = results.as_slice() {
        announced(report, &here, guild, result, &earned);
    }
}

/// Who answered and with which message first, by what stands in the thread; and whether the database
/// has it word for word.
fn answers(
    report: &mut Report,
    here: &str,
    guild: &Guild,
    card: &Card,
    row: &RoundRow,
    record: &Record,
    messages: &[Value],
) -> BTreeMap<u64, u64> {
    let stored: BTreeMap<u64, &str> = record
        .answers
        .iter()
        .filter(|answer| answer.round == row.round)
        .map(|answer| (answer.message, answer.content.as_str()))
        .collect();
    let authors: BTreeMap<u64, u64> =
        messages.iter().map(|one| (id_of(&one["id"]), id_of(&one["author"]["id"]))).collect();
    let mut answered = BTreeMap::new();
    let mut counted = BTreeSet::new();
    for message in messages {
        let (id, author) = (id_of(&message["id"]), id_of(&message["author"]["id"]));
        let text = message["content"].as_str().unwrap_or_default();
        let to = authors.get(&id_of(&message["message_reference"]["message_id"]));
        // A reply to a message that was deleted was one to somebody else: nobody here replies to
        // himself.
        let is_reply = message["type"] == 19;
        let to_another = is_reply && to.is_none_or(|to| *to != author);
        let counts = guild.names.contains_key(&author)
            && created(id) < card.closes_at
            && text.chars().count() >= SHORTEST_ANSWER
            && !to_another;
        if !counts {
            continue;
        }
        let first = answered.entry(author).or_insert(id);
        *first = id.min(*first);
        counted.insert(id);
        match stored.get(&id) {
            Some(found) if *found == text => report.answers[0] += 1,
            found => {
                report.answers[1] += 1;
                report.breaks(format!(
                    "{here}: {} wrote {text:?}, the database has {found:?}",
                    guild.names.get(&author).map_or("?", String::as_str)
                ));
            }
        }
    }
    for id in stored.keys().filter(|id| !counted.contains(id)) {
        report.answers[2] += 1;
        report.breaks(format!("{here}: the message {id} counts in the database alone"));
    }
    answered
}

/// Whether the check marks tell members what counts. They are a courtesy, which trouble that lasts
/// may prevent.
fn marks(
    report: &mut Report,
    here: &str,
    guild: &Guild,
    card: &Card,
    answered: &BTreeMap<u64, u64>,
    messages: &[Value],
) {
    let troubled = guild.disturbed.iter().any(|span| {
        span.to != Some(span.from)
            && span.from <= card.closes_at
            && span.to.is_none_or(|to| to >= card.posted)
    });
    if troubled {
        return;
    }
    let first: BTreeSet<u64> = answered.values().copied().collect();
    let marked: BTreeSet<u64> =
        messages.iter().filter(|one| is_marked(one)).map(|one| id_of(&one["id"])).collect();
    report.marks[0] += first.intersection(&marked).count() as u64;
    for message in first.difference(&marked) {
        report.marks[1] += 1;
        report.breaks(format!("{here}: the message {message} lacks the check mark"));
    }
    for message in marked.difference(&first) {
        report.marks[2] += 1;
        report.breaks(format!("{here}: the message {message} bears the check mark for nothing"));
    }
}

/// No member here reacts to anything, so that it is the bot's.
pub fn is_marked(message: &Value) -> bool {
    let mut reactions = message["reactions"].as_array().into_iter().flatten();
    reactions.any(|reaction| reaction["emoji"]["name"] == "✅")
}

/// Who voted for whom, by what the voters were told; where they were not, by the database.
fn votes(
    report: &mut Report,
    here: &str,
    guild: &Guild,
    card: &Card,
    row: &RoundRow,
    record: &Record,
) -> BTreeMap<u64, u64> {
    let mut ballots: BTreeMap<u64, u64> = BTreeMap::new();
    for ballot in record.ballots.iter().filter(|ballot| ballot.round == row.round) {
        if ballots.insert(ballot.voter, ballot.author).is_some() {
            report.votes[2] += 1;
            report.breaks(format!("{here}: the member {} has two ballots", ballot.voter));
        }
    }
    let cast = guild.votes.range((card.id, 0)..=(card.id, u64::MAX));
    for ((_, voter), votes) in cast {
        report.untold += votes.iter().filter(|vote| vote.told == Told::Nothing).count() as u64;
        let last = votes.iter().rposition(|vote| vote.told == Told::Counted);
        let since = last.unwrap_or(0);
        let possible: BTreeSet<u64> = votes
            .iter()
            .skip(since)
            .filter(|vote| vote.told != Told::Refused)
            .map(|vote| vote.author)
            .collect();
        let found = ballots.get(voter);
        match found {
            Some(author) if possible.contains(author) => report.votes[0] += 1,
            None if last.is_none() => {}
            found => {
                report.votes[1] += 1;
                report.breaks(format!(
                    "{here}: the member {voter} voted for {possible:?}, the database has {found:?}"
                ));
            }
        }
    }
    for voter in ballots.keys().filter(|voter| !guild.votes.contains_key(&(card.id, **voter))) {
        report.votes[2] += 1;
        report.breaks(format!("{here}: the member {voter} never voted, but has a ballot"));
    }
    ballots
}

/// The points that answers and ballots are worth.
fn earned(
    worth: &PointsConfig,
    round: i64,
    answered: &BTreeMap<u64, u64>,
    ballots: &BTreeMap<u64, u64>,
) -> Vec<LedgerRow> {
    let row = |member: u64, kind: &str, points: u32| LedgerRow {
        round,
        member,
        kind: kind.to_owned(),
        points: points.into(),
    };
    let mut tally: BTreeMap<u64, u32> = BTreeMap::new();
    for author in ballots.values().filter(|author| answered.contains_key(author)) {
        *tally.entry(*author).or_default() += 1;
    }
    let all: u32 = tally.values().sum();
    let most = tally.values().copied().max().unwrap_or(0);
    let picked = tally.iter().filter(|(_, votes)| all >= 2 && **votes == most);
    let mut earned: Vec<LedgerRow> = answered
        .keys()
        .map(|member| row(*member, "answered", worth.answered))
        .chain(ballots.keys().map(|voter| row(*voter, "voted", worth.ballot)))
        .chain(picked.map(|(author, _)| row(*author, "picked", worth.pick)))
        .filter(|row| row.points != 0)
        .collect();
    earned.sort();
    earned
}

fn points(
    report: &mut Report,
    here: &str,
    guild: &Guild,
    row: &RoundRow,
    record: &Record,
    earned: &[LedgerRow],
) {
    let mut booked: Vec<LedgerRow> =
        record.ledger.iter().filter(|entry| entry.round == row.round).cloned().collect();
    booked.sort();
    report.points[0] += booked.iter().map(|entry| entry.points).sum::<i64>();
    let name = |member: u64| guild.names.get(&member).map_or("?", String::as_str);
    let mut left = booked;
    for entry in earned {
        if let Some(place) = left.iter().position(|one| one == entry) {
            left.remove(place);
        } else {
            report.points[1] += entry.points;
            report.breaks(format!(
                "{here}: {} has not got {} points ({})",
                name(entry.member),
                entry.points,
                entry.kind
            ));
        }
    }
    for entry in left {
        report.points[2] += entry.points;
        report.breaks(format!(
            "{here}: {} has got {} points too many ({})",
            name(entry.member),
            entry.points,
            entry.kind
        ));
    }
}

/// Whether the result told the members the points that they got.
fn announced(report: &mut Report, here: &str, guild: &Guild, result: &Value, earned: &[LedgerRow]) {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in earned {
        let name = guild.names.get(&entry.member).map_or("?", String::as_str);
        *sums.entry(name).or_default() += entry.points;
    }
    let fields = result["embeds"][0]["fields"].as_array().into_iter().flatten();
    let told = fields.filter(|field| field["name"] == "Points");
    let told: BTreeMap<&str, i64> = told
        .filter_map(|field| field["value"].as_str())
        .flat_map(|line| line.split(", "))
        .filter_map(|part| {
            let (name, points) = part.rsplit_once(" +")?;
            Some((name, points.parse().ok()?))
        })
        .collect();
    if told != sums {
        report.breaks(format!("{here}: the result told {told:?}, earned were {sums:?}"));
    }
}
