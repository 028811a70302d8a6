//! The demo on a terminal: members answer and vote by themselves, and every message is shown.

use super::cast::{self, Script, components, id, is_of_bot, newest_card, script_for};
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

/// The rest of the round that is open, in which two have answered already, up to its result.
pub(super) async fn round(
    sandbox: &Sandbox,
    engine: &Engine,
    settler: &Settler,
) -> anyhow::Result<()> {
    let stage = Stage { sandbox, study: sandbox.study_channel_id() };
    let began = Instant::now();
    let card = newest_card(sandbox)?;
    let thread = id(&card["id"]);
    let Script { off: [_, off], remark, .. } = script_for(engine, &card)?;

    stage.scene(
        "Studyhall has closed yesterday's round, and posted today's question with its thread.",
    );
    stage.show(&card);

    let [ana, ben, chidi, dana] = cast::actors(sandbox).await?;
    stage.scene("Members answer in the thread. A ✅ shows what counts.");
    let answers = sandbox.messages(thread);
    let best =
        answers.iter().find(|one| id(&one["author"]["id"]) == ana.id()).context("an answer")?;
    for (who, author) in [("Ana", ana.id()), ("Ben", ben.id())] {
        let written = answers.iter().find(|one| id(&one["author"]["id"]) == author);
        stage.line(who, "✅", written.and_then(|one| one["content"].as_str()).unwrap_or_default());
    }
    stage.answers(&chidi, thread, &off).await?;
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
        if is_of_bot(sandbox, &message) {
            stage.show(&message);
        }
    }
    stage.scene("Points are in, and the next question is out.");
    let board = ana.command(stage.study, "leaderboard", json!([])).await?;
    stage.private(&ana, "/leaderboard", &board).await;
    let next = newest_card(sandbox)?;
    stage.say(&format!("#python · {}", next["embeds"][0]["title"].as_str().unwrap_or("")));
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
    async fn answers(&self, who: &Actor, thread: u64, text: &str) -> anyhow::Result<()> {
        beat().await;
        cast::answer(who, thread, text).await?;
        self.line(who.name(), "✅", text);
        Ok(())
    }

    async fn votes(
        &self,
        who: &Actor,
        card: &Value,
        author: u64,
        shown: bool,
    ) -> anyhow::Result<()> {
        beat().await;
        let ballot = cast::vote(who, card, author).await?;
        if shown {
            self.private(who, "Vote", &ballot).await;
        }
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
