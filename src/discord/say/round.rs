//! The question card, the result, the reference answer, and what their buttons tell.

use super::{
    Button, Card, Embed, Tone, at, channel, count, from_now, list, message_link, plain, signed,
};
use crate::domain::answer::excerpt;
use crate::domain::draw::{Freshness, Reason};
use crate::domain::ids::MemberId;
use crate::domain::outcome::Outcome;
use crate::domain::points::Cause;
use crate::domain::question::Question;
use crate::domain::round::State;
use crate::engine::views::{CardView, ResultView, name_in};
use crate::engine::Round;
use std::collections::HashMap;

/// Characters of a picked answer that the result shows (design, section 3).
const PICK_SHOWN: usize = 1_000;
/// Rows of the tally that the result shows (design, section 3).
const TALLY_SHOWN: usize = 10;
/// What an embed's text may hold (Discord documentation, resources/message).
const EMBED_TEXT: usize = 4_096;

/// The question card, in whatever state its round is.
pub fn card(view: &CardView) -> Card {
    let round = &view.round;
    let Some(question) = &round.question else { return Card::default() };
    let mut content = String::new();
    if let Some(role) = view.role {
        content = format!("<@&{role}> ");
    }
    content.push_str(&format!("**Question of the day** · {}", labels(question)));
    let mut text = question.prompt.clone();
    if let Some(hint) = &question.hint {
        text.push_str(&format!("\n\n**Hint:** ||{}||", hint.trim().replace("||", "|")));
    }
    let mut embed = Embed {
        title: question.title.clone(),
        text,
        tone: Tone::Calm,
        ..Embed::default()
    };
    let vote = Button::act("Vote", format!("vote:{}", view.key)).primary();
    let rules = Button::act("How it works", format!("rules:{}", view.key));
    let buttons = match round.state {
        State::Due | State::Open => {
            embed.fields.push((
                "Answer and vote".to_owned(),
                format!(
                    "Write your answer in the thread below. A ✅ shows that it counts. *Vote* for \
                     the best one until {} ({}).",
                    at(round.closes_at),
                    from_now(round.closes_at)
                ),
            ));
            vec![vote, rules]
        }
        State::Closing => {
            embed.fields.push(("Closed".to_owned(), "The result is on its way.".to_owned()));
            vec![rules]
        }
        State::Closed => {
            embed.tone = Tone::Grey;
            let (head, text) = closed(view);
            embed.fields.push((head.to_owned(), text));
            vec![rules]
        }
        State::Withdrawn | State::Skipped => {
            embed.tone = Tone::Grey;
            embed.fields.push((
                "Withdrawn".to_owned(),
                "An admin replaced this question. It gives no points and breaks no streak."
                    .to_owned(),
            ));
            vec![rules]
        }
    };
    if matches!(round.state, State::Due | State::Open)
        && let Some(line) = previous_line(view)
    {
        embed.fields.push(("Last round".to_owned(), line));
    }
    embed.footer = question.id.to_string();
    Card { content, embed: Some(embed), rows: Vec::new(), role: view.role }.with_buttons(buttons)
}

fn labels(question: &Question) -> String {
    format!("{} · {}", question.topic.replace('-', " "), question.difficulty)
}

fn closed(view: &CardView) -> (&'static str, String) {
    if view.round.voided_at.is_some() {
        return ("Closed", "An admin voided this round: its points were taken back.".to_owned());
    }
    let answers = count(view.answers as u64, "answer");
    let picks: Vec<String> = view.picks.iter().map(|name| plain(name)).collect();
    let pick = match picks.len() {
        0 => "no members' pick".to_owned(),
        1 => format!("members' pick: **{}**", picks[0]),
        _ => format!("members' picks: **{}**", list(&picks)),
    };
    let place = view.round.thread.unwrap_or(view.round.channel);
    ("Closed", format!("{answers}, {pick}. Result and reference answer: {}", channel(place)))
}

fn previous_line(view: &CardView) -> Option<String> {
    let previous = view.previous.as_ref()?;
    let title = &previous.question.as_ref()?.title;
    let place = previous.thread.unwrap_or(previous.channel);
    Some(format!("The result of “{}” is in {}", plain(title), channel(place)))
}

/// The result, posted in the thread.
pub fn result(view: &ResultView) -> Card {
    let round = &view.round;
    let (Some(question), Some(outcome)) = (&round.question, &round.outcome) else {
        return Card::default();
    };
    let names = |ids: &[MemberId]| -> Vec<String> {
        ids.iter().map(|id| plain(&name_in(&view.names, *id))).collect()
    };
    let picks = names(&outcome.tally.picks);
    let content = if round.voided_at.is_some() {
        "**This round was voided by an admin.** Its points were taken back.".to_owned()
    } else {
        match picks.len() {
            0 => "**The round is over.**".to_owned(),
            1 => format!("**The round is over.** Members' pick: **{}** 🏆", picks[0]),
            _ => format!("**The round is over.** A tie! Members' picks: **{}** 🏆", list(&picks)),
        }
    };
    let mut embed = Embed {
        title: format!("Result: {}", excerpt(&question.title, 200)),
        tone: Tone::Gold,
        ..Embed::default()
    };
    embed.text = picked_text(view, outcome);
    if !outcome.tally.rows.is_empty() {
        embed.fields.push(("Votes".to_owned(), tally(&view.names, outcome)));
    }
    if !outcome.awards.is_empty() {
        embed.fields.push(("Points".to_owned(), points_line(&view.names, outcome)));
    }
    if !outcome.edited_late.is_empty() {
        embed.footer = format!(
            "Edited after the close, no earlier text known: {}",
            list(&names(&outcome.edited_late))
        );
    }
    let how = Button::act("How points were given", format!("points:{}", view.key));
    Card { content, embed: Some(embed), ..Card::default() }.with_buttons(vec![how])
}

fn picked_text(view: &ResultView, outcome: &Outcome) -> String {
    if outcome.tally.rows.is_empty() {
        return "Nobody answered this time. The reference answer follows.".to_owned();
    }
    if view.picks.is_empty() {
        return "There is no members' pick: it takes at least two ballots.".to_owned();
    }
    let round = &view.round;
    let place = round.thread.unwrap_or(round.channel);
    // Several picks share the room of the embed.
    let room = PICK_SHOWN.min((EMBED_TEXT - 200) / view.picks.len() - 200);
    let shown: Vec<String> = view
        .picks
        .iter()
        .map(|answer| {
            let link = message_link(round.guild, place, answer.first_message);
            format!(
                "**{}** wrote ([whole answer]({link})):\n{}",
                plain(&answer.name),
                excerpt(&answer.text, room.max(80))
            )
        })
        .collect();
    excerpt(&shown.join("\n\n"), EMBED_TEXT)
}

fn tally(names: &HashMap<MemberId, String>, outcome: &Outcome) -> String {
    let rows = &outcome.tally.rows;
    let mut lines: Vec<String> = rows
        .iter()
        .take(TALLY_SHOWN)
        .map(|row| {
            let crown = if outcome.tally.picks.contains(&row.author) { " 🏆" } else { "" };
            let name = plain(&excerpt(&name_in(names, row.author), 40));
            format!("{name}: {}{crown}", count(row.votes.into(), "vote"))
        })
        .collect();
    if rows.len() > TALLY_SHOWN {
        lines.push(format!("… and {} more", rows.len() - TALLY_SHOWN));
    }
    excerpt(&lines.join("\n"), 1_024)
}

/// The sums of a round's points, most first.
fn sums(outcome: &Outcome) -> Vec<(MemberId, i64)> {
    let mut sums: HashMap<MemberId, i64> = HashMap::new();
    for award in &outcome.awards {
        *sums.entry(award.member).or_default() += award.points;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(member, points)| (-points, *member));
    sums
}

fn points_line(names: &HashMap<MemberId, String>, outcome: &Outcome) -> String {
    let sums = sums(outcome);
    let mut parts: Vec<String> = sums
        .iter()
        .take(TALLY_SHOWN)
        .map(|(member, points)| {
            format!("{} {}", plain(&excerpt(&name_in(names, *member), 40)), signed(*points))
        })
        .collect();
    if sums.len() > TALLY_SHOWN {
        parts.push(format!("{} more", sums.len() - TALLY_SHOWN));
    }
    excerpt(&parts.join(" · "), 1_024)
}

/// *How points were given*, for whoever asks.
pub fn how_points(view: &ResultView) -> Card {
    let Some(outcome) = &view.round.outcome else { return Card::default() };
    let mut text = String::new();
    for (member, sum) in sums(outcome) {
        let causes: Vec<String> = outcome
            .awards
            .iter()
            .filter(|award| award.member == member)
            .map(|award| {
                let cause = match award.cause {
                    Cause::Answered => "answered",
                    Cause::Voted => "voted",
                    Cause::Picked => "members' pick",
                };
                format!("{cause} {}", signed(award.points))
            })
            .collect();
        let name = plain(&name_in(&view.names, member));
        text.push_str(&format!("**{name}** {}: {}\n", signed(sum), causes.join(", ")));
    }
    if text.is_empty() {
        text.push_str("This round gave no points.\n");
    }
    text.push_str(&format!(
        "\n{} decided. Ties share the pick and its full points; with fewer than two ballots there \
         is none.",
        count(outcome.tally.ballots.into(), "ballot")
    ));
    if view.round.voided_at.is_some() {
        text.push_str(" **An admin has voided the round since: all of it was taken back.**");
    }
    Card::boxed(Embed {
        title: "How points were given".to_owned(),
        text: excerpt(&text, EMBED_TEXT),
        ..Embed::default()
    })
}

/// The reference answer, posted below the result.
pub fn reference(round: &Round, key: &str) -> Card {
    let Some(question) = &round.question else { return Card::default() };
    let mut embed = Embed {
        title: "Reference answer".to_owned(),
        text: excerpt(&question.answer, EMBED_TEXT),
        tone: Tone::Green,
        footer: question.id.to_string(),
        ..Embed::default()
    };
    let mut buttons = Vec::new();
    if let Some(follow_up) = question.follow_ups.first() {
        embed.fields.push(("To think on".to_owned(), excerpt(&follow_up.prompt, 1_024)));
        buttons.push(Button::act("Answer to that", format!("followup:{key}")).primary());
    }
    if !question.sources.is_empty() {
        embed.fields.push(("Sources".to_owned(), excerpt(&question.sources.join("\n"), 1_024)));
    }
    buttons.push(Button::act("Why this question?", format!("why:{key}")));
    Card::boxed(embed).with_buttons(buttons)
}

/// *Answer to that*: the follow-ups with their answers, for whoever asks.
pub fn follow_ups(question: &Question) -> Card {
    let text: Vec<String> = question
        .follow_ups
        .iter()
        .map(|follow_up| format!("**{}**\n{}", &follow_up.prompt, &follow_up.answer))
        .collect();
    Card::boxed(Embed {
        title: "Thought on".to_owned(),
        text: excerpt(&text.join("\n\n"), EMBED_TEXT),
        tone: Tone::Green,
        ..Embed::default()
    })
}

/// *Why this question?*, for whoever asks.
pub fn why(question: &Question, reason: &Reason, seed: u64) -> Card {
    let mut text = format!(
        "The study plan gave **{}** at **{}**.",
        reason.topic, reason.difficulty
    );
    if let Some(wanted) = reason.wanted {
        text.push_str(&format!(" It asked for {wanted}, but nothing new of that was left."));
    }
    text.push_str(&match reason.freshness {
        Freshness::New => format!(
            " {} fitted and had not been asked here; one was drawn by chance.",
            count(reason.pool.into(), "question")
        ),
        Freshness::LeastRecent(last) => format!(
            " Everything that fits was asked here before, so it was the one asked longest ago ({}).",
            from_now(last)
        ),
    });
    Card::boxed(Embed {
        title: "Why this question?".to_owned(),
        text,
        footer: format!("{} · seed {seed}", question.id),
        ..Embed::default()
    })
}
