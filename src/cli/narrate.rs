//! The demo on a terminal: members answer and vote by themselves, and every message is shown.

use super::cast::{Script, script};
use crate::domain::ids::QuestionId;
use crate::engine::Engine;
use crate::sandbox::{Actor, Response, Sandbox, Settler};
use anyhow::Context as _;
use chrono::DateTime;
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// How long the round stays open before time is moved to its close.
const OPEN_FOR: Duration = Duration::from_secs(120);
/// Between two things that happen.
const BEAT: Duration = Duration::from_secs(6);
/// Until the bot's check mark appears.
const MARKED: Duration = Duration::from_secs(10);

/// Says where the place is.
pub(super) fn place(sandbox: &Sandbox) {
    say(&format!(
        "Studyhall on its embedded sandbox Discord. Nothing leaves this computer.\n\nOpen this page \
         and join in (it says what to try):\n\n  {}\n\nFor programs:\n\n  api      {}\n  gateway  {}",
        sandbox.page(),
        sandbox.api(),
        sandbox.gateway()
    ));
}

/// One round from its question to its result.
pub(super) async fn round(
    sandbox: &Sandbox,
    engine: &Engine,
    settler: &Settler,
) -> anyhow::Result<()> {
    let stage = Stage { sandbox, study: sandbox.study_channel_id() };
    let began = Instant::now();
    let card = stage.card().context("there is no question card")?;
    let thread = id(&card["id"]);
    let question = card["embeds"][0]["footer"]["text"].as_str().unwrap_or_default();
    let question = engine.bank().get(&QuestionId(question.to_owned())).cloned();
    let lines = question.as_deref().map(script).context("the question is not in the bank")?;

    stage.scene("The study day begins: Studyhall posts a question and opens a thread under it.");
    stage.show(&card);

    let [ana, ben, chidi, dana] = stage.actors(["Ana", "Ben", "Chidi", "Dana"]).await?;
    stage.scene("Members answer in the thread. A ✅ shows what counts.");
    let Script { good, off: [off_one, off_two], remark } = lines;
    let best = stage.answers(&ana, thread, &good).await?;
    stage.answers(&ben, thread, &off_one).await?;
    stage.answers(&chidi, thread, &off_two).await?;
    beat().await;
    dana.reply(thread, id(&best["id"]), remark).await?;
    stage.line("Dana", "(a reply to Ana, so it is discussion)", remark);

    stage.scene("They vote. Ballots are private; nobody finds the own answer on it.");
    stage.votes(&ben, &card, ana.id(), true).await?;
    stage.votes(&chidi, &card, ana.id(), false).await?;
    beat().await;
    let menu = dana.message_menu("Vote for this answer", thread, id(&best["id"])).await?;
    stage.private(&dana, "Apps > Vote for this answer", &menu).await;
    stage.votes(&ana, &card, ben.id(), false).await?;
    beat().await;
    let today = ben.command(stage.study, "today", json!([])).await?;
    stage.private(&ben, "/today", &today).await;

    let left = OPEN_FOR.saturating_sub(began.elapsed());
    stage.scene(&format!("The round closes in {} seconds.", left.as_secs()));
    tokio::time::sleep(left).await;
    let until = engine
        .today(
            crate::domain::ids::GuildId(sandbox.guild_id()),
            crate::domain::ids::ChannelId(stage.study),
            crate::domain::ids::MemberId(ana.id()),
        )
        .await
        .ok()
        .and_then(|today| today.open.first().map(|open| open.round.closes_at))
        .context("no round is open")?;
    stage.scene("A day goes by: the clock moves to the close.");
    let settle = Settler::clone(settler);
    sandbox.clock().advance(until - sandbox.clock().now(), &*settle).await;
    for message in sandbox.messages(thread) {
        if stage.is_bot(&message) {
            stage.show(&message);
        }
    }
    stage.scene("Points are in, and the next question is out.");
    let board = ana.command(stage.study, "leaderboard", json!([])).await?;
    stage.private(&ana, "/leaderboard", &board).await;
    if let Some(next) = stage.card() {
        stage.say(&format!("#python · {}", next["embeds"][0]["title"].as_str().unwrap_or("")));
    }
    stage.scene(
        "That was a whole round. The place stays open (its addresses are above); Ctrl-C ends it.\n\
         To run for real: copy config.example.toml to config.toml and see the README.",
    );
    Ok(())
}

struct Stage<'a> {
    sandbox: &'a Sandbox,
    study: u64,
}

impl Stage<'_> {
    /// The newest question card.
    fn card(&self) -> Option<Value> {
        let cards = self.sandbox.messages(self.study);
        cards.into_iter().rfind(|m| self.is_bot(m) && m["embeds"][0].is_object())
    }

    fn is_bot(&self, message: &Value) -> bool {
        // Notices of pins and the copy of the card that begins a thread are Discord's own.
        id(&message["author"]["id"]) == self.sandbox.bot_id() && message["type"] == 0
    }

    async fn actors<const N: usize>(&self, names: [&str; N]) -> anyhow::Result<[Actor; N]> {
        let actors = names.map(|name| self.sandbox.actor(name));
        for actor in &actors {
            actor.ready().await?;
        }
        Ok(actors)
    }

    async fn answers(&self, who: &Actor, thread: u64, text: &str) -> anyhow::Result<Value> {
        beat().await;
        let message = who.say(thread, text).await?;
        let marked = message["id"].clone();
        who.wait_for("the check mark", MARKED, |kind, data| {
            kind == "MESSAGE_REACTION_ADD" && data["message_id"] == marked
        })
        .await?;
        self.line(who.name(), "✅", text);
        Ok(message)
    }

    async fn votes(
        &self,
        who: &Actor,
        card: &Value,
        author: u64,
        shown: bool,
    ) -> anyhow::Result<()> {
        beat().await;
        let button = component(card, "vote:").context("the card has no Vote button")?;
        let ballot = who.press(card, &button).await?;
        if shown {
            self.private(who, "Vote", &ballot).await;
        }
        let ballot = ballot.message.context("there is no ballot")?;
        let menu = component(&ballot, "ballot:").context("the ballot has no menu")?;
        who.choose(&ballot, &menu, &[&author.to_string()]).await?;
        self.say(&format!("{} votes (nobody sees for whom).", who.name()));
        Ok(())
    }

    async fn private(&self, who: &Actor, what: &str, reply: &Response) {
        self.say(&format!("{} uses {what}; only {} sees:", who.name(), who.name()));
        if let Ok(message) = reply.settled_message().await {
            self.show(&message);
        }
    }

    fn scene(&self, text: &str) {
        self.say(&format!("\n── {text}\n"));
    }

    fn line(&self, who: &str, mark: &str, text: &str) {
        self.say(&indented(&format!("{who} {mark}\n{text}")));
    }

    fn say(&self, text: &str) {
        say(text);
    }

    /// A message of the bot, as text.
    fn show(&self, message: &Value) {
        let mut parts = Vec::new();
        let mut add = |text: &str| {
            if !text.is_empty() {
                parts.push(self.readable(text));
            }
        };
        add(message["content"].as_str().unwrap_or_default());
        for embed in message["embeds"].as_array().into_iter().flatten() {
            add(embed["title"].as_str().unwrap_or_default());
            add(embed["description"].as_str().unwrap_or_default());
            for field in embed["fields"].as_array().into_iter().flatten() {
                let part = |key: &str| field[key].as_str().unwrap_or_default();
                add(&format!("{}: {}", part("name"), part("value")));
            }
        }
        for file in message["attachments"].as_array().into_iter().flatten() {
            add(&format!("A picture: {}", file["url"].as_str().unwrap_or_default()));
        }
        let buttons: Vec<String> = components(message)
            .filter_map(|part| part["label"].as_str().map(|label| format!("[{label}]")))
            .collect();
        add(&buttons.join(" "));
        say(&indented(&format!("Studyhall\n{}", parts.join("\n"))));
    }

    /// Discord's markup for channels and instants, as a reader would see it, and no backslashes.
    fn readable(&self, text: &str) -> String {
        let text = text.replace("\\.", ".");
        let text = text.as_str();
        let mut read = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            read.push_str(&rest[..start]);
            rest = &rest[start..];
            let shown = rest.find('>').and_then(|end| {
                let inside = &rest[1..end];
                let shown = if let Some(channel) = inside.strip_prefix('#') {
                    let channel = self.sandbox.channel(channel.parse().ok()?);
                    format!("#{}", channel["name"].as_str()?)
                } else {
                    let seconds = inside.strip_prefix("t:")?.split(':').next()?;
                    let at = DateTime::from_timestamp(seconds.parse().ok()?, 0)?;
                    at.format("%a %-d %b %H:%M UTC").to_string()
                };
                Some((shown, end + 1))
            });
            match shown {
                Some((shown, length)) => {
                    read.push_str(&shown);
                    rest = &rest[length..];
                }
                None => {
                    read.push('<');
                    rest = &rest[1..];
                }
            }
        }
        read.push_str(rest);
        read
    }
}

fn components(message: &Value) -> impl Iterator<Item = &Value> {
    let rows = message["components"].as_array().into_iter().flatten();
    rows.flat_map(|row| row["components"].as_array().into_iter().flatten())
}

fn component(message: &Value, prefix: &str) -> Option<String> {
    components(message)
        .filter_map(|part| part["custom_id"].as_str())
        .find(|custom_id| custom_id.starts_with(prefix))
        .map(str::to_owned)
}

fn id(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  │ {line}\n")).collect()
}

fn say(text: &str) {
    // A reader who has closed the pipe has seen enough; the demo goes on.
    let _closed = writeln!(std::io::stdout(), "{text}");
}

async fn beat() {
    tokio::time::sleep(BEAT).await;
}
