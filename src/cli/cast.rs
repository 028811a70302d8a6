//! The demo's members: what they write, from the question's own choices so that it fits, and what
//! they do.

use crate::domain::ids::QuestionId;
use crate::domain::question::Question;
use crate::engine::Engine;
use crate::sandbox::{Actor, Response, Sandbox, Settler};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::time::Duration;

/// Until the bot's check mark appears.
const MARKED: Duration = Duration::from_secs(10);

/// The members who study.
pub(super) const NAMES: [&str; 4] = ["Ana", "Ben", "Chidi", "Dana"];

/// A good answer, two that are off, and a remark.
pub(super) struct Script {
    pub(super) good: String,
    pub(super) off: [String; 2],
    pub(super) remark: &'static str,
}

/// The lines for a question.
pub(super) fn script(question: &Question) -> Script {
    let right = question.choices.iter().find(|choice| choice.right);
    let mut wrong = question.choices.iter().filter(|choice| !choice.right);
    let mut off = |before: &str| {
        let text = wrong.next().map_or("I would have to look it up, honestly", |c| c.text.as_str());
        format!("{before} {}", plain_end(text))
    };
    Script {
        good: format!(
            "My answer: {} I ran into exactly this last month, so I had to learn it.",
            plain_end(right.map_or("see the documentation", |choice| choice.text.as_str()))
        ),
        off: [off("I would say:"), off("From memory:")],
        remark: "Good point, I would have missed that!",
    }
}

fn plain_end(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '`']) { text.to_owned() } else { format!("{text}.") }
}

/// The members, connected.
pub(super) async fn actors(sandbox: &Sandbox) -> anyhow::Result<[Actor; 4]> {
    let actors = NAMES.map(|name| sandbox.actor(name));
    for actor in &actors {
        actor.ready().await?;
    }
    Ok(actors)
}

/// The newest question card.
pub(super) fn newest_card(sandbox: &Sandbox) -> anyhow::Result<Value> {
    let cards = sandbox.messages(sandbox.study_channel_id());
    let card =
        cards.into_iter().rfind(|one| is_of_bot(sandbox, one) && one["embeds"][0].is_object());
    card.context("there is no question card")
}

/// Whether the bot wrote it. Notices of pins and the copy of the card that begins a thread are
/// Discord's own.
pub(super) fn is_of_bot(sandbox: &Sandbox, message: &Value) -> bool {
    id(&message["author"]["id"]) == sandbox.bot_id() && message["type"] == 0
}

/// What members write under a card.
pub(super) fn script_for(engine: &Engine, card: &Value) -> anyhow::Result<Script> {
    let question = card["embeds"][0]["footer"]["text"].as_str().unwrap_or_default();
    let question = engine.bank().get(&QuestionId(question.to_owned())).cloned();
    question.as_deref().map(script).context("the question is not in the bank")
}

/// Writes an answer, and waits for its check mark.
pub(super) async fn answer(who: &Actor, thread: u64, text: &str) -> anyhow::Result<Value> {
    let message = who.say(thread, text).await?;
    let marked = message["id"].clone();
    who.wait_for("the check mark", MARKED, |kind, data| {
        kind == "MESSAGE_REACTION_ADD" && data["message_id"] == marked
    })
    .await?;
    Ok(message)
}

/// Opens the ballot and votes; gives the ballot as it was before.
pub(super) async fn vote(who: &Actor, card: &Value, author: u64) -> anyhow::Result<Response> {
    let button = component(card, "vote:").context("the card has no Vote button")?;
    let ballot = who.press(card, &button).await?;
    let message = ballot.message.as_ref().context("there is no ballot")?;
    let menu = component(message, "ballot:").context("the ballot has no menu")?;
    who.choose(message, &menu, &[&author.to_string()]).await?;
    Ok(ballot)
}

/// The day before the demo's first minute, lived by the bot and its members: a whole round with its
/// result, and then today's question. The clock must be a day behind `now`; afterwards it is there.
pub(super) async fn live_since_yesterday(
    sandbox: &Sandbox,
    engine: &Engine,
    settler: &Settler,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let [ana, ben, chidi, dana] = actors(sandbox).await?;
    let card = newest_card(sandbox)?;
    let Script { good, off: [off_one, off_two], remark } = script_for(engine, &card)?;
    let thread = id(&card["id"]);
    answer(&ben, thread, &off_one).await?;
    let best = answer(&chidi, thread, &good).await?;
    dana.reply(thread, id(&best["id"]), remark).await?;
    answer(&ana, thread, &off_two).await?;
    for (voter, author) in [(&ana, &chidi), (&dana, &chidi), (&chidi, &ben)] {
        vote(voter, &card, author.id()).await?;
    }
    sandbox.clock().advance(now - sandbox.clock().now(), &**settler).await;
    Ok(())
}

/// The first two answers to the open question: Ana's, which is good, and Ben's, which is not.
pub(super) async fn two_answers(sandbox: &Sandbox, engine: &Engine) -> anyhow::Result<()> {
    let [ana, ben, ..] = actors(sandbox).await?;
    let card = newest_card(sandbox)?;
    let Script { good, off: [off, _], .. } = script_for(engine, &card)?;
    answer(&ana, id(&card["id"]), &good).await?;
    answer(&ben, id(&card["id"]), &off).await?;
    Ok(())
}

/// The parts of a message that can be used.
pub(super) fn components(message: &Value) -> impl Iterator<Item = &Value> {
    let rows = message["components"].as_array().into_iter().flatten();
    rows.flat_map(|row| row["components"].as_array().into_iter().flatten())
}

fn component(message: &Value, prefix: &str) -> Option<String> {
    components(message)
        .filter_map(|part| part["custom_id"].as_str())
        .find(|custom_id| custom_id.starts_with(prefix))
        .map(str::to_owned)
}

/// Discord's ids are strings of digits.
pub(super) fn id(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}
