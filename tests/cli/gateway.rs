//! What the log and the exit code say of a gateway that can't be had.

use crate::member::World;
use crate::program::{Place, Running};
use serde_json::{Value, json};

/// A sandbox and a bot that finds it.
struct Two {
    world: World,
    place: Place,
    _sandbox: Running,
}

impl Two {
    fn open() -> Self {
        let place = Place::with(&[]);
        let mut sandbox = place.start(&["sandbox", "--json"]);
        let world = World::new(sandbox.described());
        Self { world, place, _sandbox: sandbox }
    }

    fn start_bot(&self) -> Running {
        let token = [("DISCORD_TOKEN", self.world.bot_token())];
        self.place.start_with(&["run", "--api", self.world.text("api")], &token)
    }

    async fn goes_wrong(&self, wish: Value) {
        let page = self.world.text("page");
        let (origin, key) = page.split_once("/?").unwrap();
        let request = reqwest::Client::new().post(format!("{origin}/faults?{key}")).json(&wish);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_logged_with_its_cause_its_beginning_and_its_end() {
    let two = Two::open();
    two.goes_wrong(json!({"outage": true})).await;
    let mut bot = two.start_bot();
    bot.logs(&format!(
        "no connection to {} since 20",
        two.world.text("api").replace("/api/v10", "")
    ));
    two.goes_wrong(json!({"outage": false})).await;
    bot.logs("is back after");
    bot.logs("connected");

    two.goes_wrong(json!({"outage": true})).await;
    bot.logs("no connection to Discord's gateway since 20");
    two.goes_wrong(json!({"outage": false})).await;
    bot.logs("Discord's gateway is back after");
    let said = bot.kill();
    for bad in ["ERROR", "panicked", two.world.bot_token()] {
        assert!(!said.contains(bad), "{bad}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_person_can_fix_ends_with_an_exit_code_of_its_own() {
    for (code, told) in [
        (4004, "Discord refuses the token"),
        (4011, "Discord asks for several gateway connections"),
        (4012, "Discord no longer accepts version 10"),
        (4013, "Discord refuses the intents"),
        (4014, "Discord refuses the intents"),
    ] {
        let two = Two::open();
        two.goes_wrong(json!({"connections": [{"fault": {"close": code}}]})).await;
        let said = two.start_bot().into_words();
        assert!(said.starts_with("exit 3") && said.contains(told), "{code}: {said}");
        assert!(!said.contains(two.world.bot_token()), "{said}");
    }
}
