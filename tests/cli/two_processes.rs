//! `sandbox` and `run` as two processes. The bot is asked to stop in the middle of everything and
//! started again on the same database: nothing is said twice, nothing is lost.

use crate::member::{Member, World};
use crate::program::{Place, Running};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A sandbox with a bot in another process.
struct Stage {
    place: Place,
    sandbox: Running,
    bot: Option<Running>,
    world: World,
}

impl Stage {
    fn open() -> Self {
        let place = Place::with(&[]);
        let words = ["sandbox", "--json", "--clock", "2026-11-23T07:50:00Z@manual"];
        let mut sandbox = place.start(&words);
        let world = World::new(sandbox.described());
        let mut stage = Self { place, sandbox, bot: None, world };
        stage.start_bot();
        stage
    }

    fn start_bot(&mut self) {
        let words = ["run", "--api", self.world.text("api"), "--clock", "follow", "--seed", "3"];
        let token = [("DISCORD_TOKEN", self.world.bot_token())];
        let mut bot = self.place.start_with(&words, &token);
        bot.logs("connected");
        self.bot = Some(bot);
    }

    /// SIGTERM, and the same again on the same database.
    fn restart_bot(&mut self) {
        self.stop_bot();
        self.start_bot();
    }

    fn stop_bot(&mut self) {
        let said = self.bot.take().unwrap().terminate();
        assert!(said.starts_with("exit 0"), "{said}");
        for bad in ["ERROR", "panicked", self.world.bot_token()] {
            assert!(!said.contains(bad), "{said}");
        }
    }

    async fn advance(&self, seconds: u64) {
        self.world.clock(json!({"advance_s": seconds})).await;
    }
}

async fn the_card(member: &Member, number: usize) -> Value {
    let has_thread = async |card: &Value| {
        let channel = card["id"].as_str().unwrap();
        card["thread"].is_object() && member.get(&format!("/channels/{channel}")).await.is_object()
    };
    member
        .until("a card with its thread", async || {
            let card = member.cards().await.into_iter().nth(number - 1)?;
            has_thread(&card).await.then_some(card)
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_survives_a_restart_at_every_step() {
    let mut stage = Stage::open();
    let world = stage.world.clone();
    let maya = world.member("Maya").await;
    let (ana, ben, chidi) =
        (world.member("Ana").await, world.member("Ben").await, world.member("Chidi").await);

    let options = json!([{"name": "setup", "type": 1, "options": [
        {"name": "channel", "type": 7, "value": world.study_channel()},
        {"name": "time", "type": 3, "value": "08:00"},
        {"name": "zone", "type": 3, "value": "UTC"},
        {"name": "weekdays", "type": 3, "value": "daily"},
    ]}]);
    maya.command("study", options).await;

    // Before the question is due.
    stage.restart_bot();
    stage.advance(600).await;
    let card = the_card(&maya, 1).await;
    let thread = card["id"].as_str().unwrap().to_owned();

    // Right after it was posted.
    stage.restart_bot();
    ana.answer(&thread, "My answer is the one that everybody votes for.").await;

    // Between answers; one is written, one edited while nobody listens.
    stage.stop_bot();
    ben.say(&thread, "My answer was written while the bot was away.").await;
    stage.start_bot();
    chidi.answer(&thread, "My answer is short, but not shorter than it may be.").await;

    for (voter, author) in [(&ben, &ana), (&chidi, &ana)] {
        let ballot = voter.press(&card, "Vote").await;
        voter.choose(&ballot, &author.id).await;
        // Between votes: the ballots are there afterwards.
        stage.restart_bot();
        voter.command("today", json!([])).await;
    }

    // The close comes while the bot is away: it is made up for.
    stage.stop_bot();
    stage.advance(86_400).await;
    stage.start_bot();
    let next = the_card(&maya, 2).await;
    assert_ne!(next["embeds"][0]["title"], card["embeds"][0]["title"]);
    maya.until("the result", async || {
        let posts = maya.posts_of_bot(&thread).await;
        posts.iter().any(|post| post.to_string().contains("Members' pick: **Ana**")).then_some(())
    })
    .await;

    // And once more when all is done: nothing is left to be said.
    stage.restart_bot();
    ben.command("today", json!([])).await;
    stage.advance(1).await;

    assert_eq!(maya.cards().await.len(), 2, "a card for each of the two days");
    let posts = maya.posts_of_bot(&thread).await;
    // But for the question itself, which heads its thread (type 21).
    let posts = posts.iter().filter(|post| post["type"] != 21);
    let texts: Vec<String> =
        posts.map(|post| format!("{} {}", post["content"], post["embeds"])).collect();
    let different: BTreeSet<&String> = texts.iter().collect();
    assert_eq!(different.len(), texts.len(), "nothing twice: {texts:?}");
    assert_eq!(texts.len(), 2, "the result and the reference answer: {texts:?}");
    let result = texts.iter().find(|text| text.contains("Members' pick: **Ana**")).unwrap();
    for line in ["Ana: 2 votes", "Ben: 0 votes", "Chidi: 0 votes"] {
        assert!(result.contains(line), "{line}: {result}");
    }
    let board = ben.command("leaderboard", json!([])).await.to_string();
    // 2 for the answer, 5 for the pick; 2 for the answer, 1 for the vote.
    for line in ["**Ana**: 7 points", "**Ben**: 3 points", "**Chidi**: 3 points"] {
        assert!(board.contains(line), "{line}: {board}");
    }

    stage.stop_bot();
    assert!(stage.sandbox.runs(), "the sandbox stayed up");
    let said = stage.sandbox.terminate();
    assert!(said.starts_with("exit 0"), "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn broken_packs_leave_the_running_bot_with_those_it_had() {
    const QUESTION: &str = include_str!("../data/packs/small/basics/default-arguments.md");
    let place = Place::with(&[
        ("config.toml", "[questions]\nembedded = false\nfolders = [\"packs\"]\n"),
        ("packs/small/pack.toml", include_str!("../data/packs/small/pack.toml")),
        ("packs/small/basics/one.md", QUESTION),
    ]);
    let mut sandbox = place.start(&["sandbox", "--json"]);
    let world = World::new(sandbox.described());
    let token = [("DISCORD_TOKEN", world.bot_token())];
    let mut bot = place.start_with(&["run", "--api", world.text("api")], &token);
    bot.logs("connected");

    let file = |name: &str| place.path(&format!("packs/small/basics/{name}"));
    let broken = QUESTION.replacen("+++", "---", 1);
    std::fs::write(file("two.md"), broken).unwrap();
    bot.hang_up();
    bot.logs("so the bot goes on with what it has (questions: 1)");
    bot.logs("packs/small/basics/two.md:1: the first line must be");
    assert!(!bot.err().contains("read again"), "{}", bot.err());

    let other = "+++\ndifficulty = \"hard\"\nkind = \"concept\"\n+++\n# Other\nQuite another \
                 thing to ask\n## Answer\nSo.\n## Choices\n- [x] a\n- [ ] b\n  > no\n- [ ] c\n  > \
                 no\n- [ ] d\n  > no\n## Sources\n- https://example.org\n";
    std::fs::write(file("two.md"), other).unwrap();
    bot.hang_up();
    bot.logs("the packs were read again before=1 now=2");
    assert!(bot.terminate().starts_with("exit 0"));
}
