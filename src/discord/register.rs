//! Commands are registered globally: compared first, written only where they differ. Commands
//! that are not ours are left alone.

use super::commands;
use super::fault::{Failure, failure};
use serde_json::{Map, Value};
use serenity::all::Http;
use std::time::Duration;

/// Tries of one request, when Discord is busy.
const TRIES: u32 = 5;

/// Commands as Discord knows them, and as they should be.
struct Compared {
    known: Vec<Value>,
    wanted: Vec<Value>,
}

impl Compared {
    async fn now(http: &Http) -> Result<Self, serenity::Error> {
        let known: Vec<Value> = http
            .get_global_commands()
            .await?
            .iter()
            .map(serde_json::to_value)
            .collect::<Result<_, _>>()?;
        let wanted: Vec<Value> = poise::builtins::create_application_commands(&commands::all())
            .iter()
            .map(serde_json::to_value)
            .collect::<Result<_, _>>()?;
        Ok(Self { known, wanted })
    }

    /// The same command as Discord knows it.
    fn known(&self, wanted: &Value) -> Option<&Value> {
        self.known.iter().find(|known| same(known, wanted))
    }

    fn absent(&self) -> impl Iterator<Item = &Value> {
        self.wanted.iter().filter(|wanted| self.known(wanted).is_none())
    }

    fn outdated(&self) -> impl Iterator<Item = &Value> {
        let differs = |wanted: &&Value| {
            self.known(wanted).is_some_and(|known| essence(known) != essence(wanted))
        };
        self.wanted.iter().filter(differs)
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a["name"] == b["name"] && kind(a) == kind(b)
}

/// The names of the commands that Discord does not know, and of those that it knows otherwise.
pub(super) async fn differences(
    http: &Http,
) -> Result<(Vec<String>, Vec<String>), serenity::Error> {
    let compared = Compared::now(http).await?;
    let name = |command: &Value| {
        let name = command["name"].as_str().unwrap_or_default();
        // Those of the Apps menu have no slash.
        if kind(command) == 1 { format!("/{name}") } else { name.to_owned() }
    };
    Ok((compared.absent().map(name).collect(), compared.outdated().map(name).collect()))
}

/// Registers what is new or differs.
pub(super) async fn register(http: &Http) -> Result<(), serenity::Error> {
    let compared = Compared::now(http).await?;
    let changed: Vec<&Value> = compared.absent().chain(compared.outdated()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    tracing::info!(commands = changed.len(), "registering commands");
    let ours = |known: &Value| compared.wanted.iter().any(|wanted| same(known, wanted));
    if compared.known.iter().all(ours) {
        // One request replaces the whole list, which holds nothing but ours.
        let wanted = &compared.wanted;
        return patiently(|| http.create_global_commands(wanted)).await.map(|_| ());
    }
    for command in changed {
        patiently(|| http.create_global_command(command)).await?;
    }
    Ok(())
}

/// Repeats a request that is harmless to repeat while Discord is busy.
async fn patiently<T, F>(request: impl Fn() -> F) -> Result<T, serenity::Error>
where
    F: Future<Output = Result<T, serenity::Error>>,
{
    let mut wait = Duration::from_secs(2);
    for _ in 1..TRIES {
        match request().await {
            Err(error) if matches!(failure(&error), Failure::Unclear { .. }) => {
                tracing::warn!(error = failure(&error).text(), "registering again in a moment");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            done => return done,
        }
    }
    request().await
}

/// A command's type: 1, a slash command, where it is not given.
fn kind(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}

/// What of a command matters for comparing: Discord adds ids, versions and defaults. Its type is
/// compared by [`kind`].
fn essence(command: &Value) -> Value {
    let mut kept = kept(command);
    if let Value::Object(kept) = &mut kept {
        kept.remove("type");
    }
    kept
}

/// A command, an option or a choice without what Discord adds.
fn kept(part: &Value) -> Value {
    const KEPT: [&str; 14] = [
        "type",
        "name",
        "description",
        "options",
        "choices",
        "required",
        "autocomplete",
        "channel_types",
        "min_value",
        "max_value",
        "min_length",
        "max_length",
        "default_member_permissions",
        "value",
    ];
    match part {
        Value::Object(object) => {
            let mut essential = Map::new();
            for (key, value) in object {
                let is_default = value.is_null()
                    || *value == Value::Bool(false)
                    || value.as_array().is_some_and(Vec::is_empty)
                    || value.as_str().is_some_and(str::is_empty);
                if !is_default && KEPT.contains(&key.as_str()) {
                    essential.insert(key.clone(), kept(value));
                }
            }
            Value::Object(essential)
        }
        Value::Array(list) => Value::Array(list.iter().map(kept).collect()),
        // Whole numbers and the same with a decimal point are one to Discord.
        Value::Number(n) => n.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{commands, essence, kind};
    use insta::assert_snapshot;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn ours() -> Vec<Value> {
        let commands = poise::builtins::create_application_commands(&commands::all());
        commands.iter().map(|command| serde_json::to_value(command).unwrap()).collect()
    }

    fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
        value[key].as_array().map_or(&[], Vec::as_slice)
    }

    fn text<'a>(value: &'a Value, key: &str) -> &'a str {
        value[key].as_str().unwrap_or("")
    }

    /// A command as Discord's picker shows it: a line each for itself, its parts and options.
    fn shown(command: &Value, above: &str, lines: &mut Vec<String>) {
        let name = format!("{above}{}", text(command, "name"));
        let below: Vec<&Value> = list(command, "options").iter().filter(|o| kind(o) <= 2).collect();
        if below.is_empty() {
            lines.push(format!("{name}: {}", text(command, "description")));
        }
        for part in below {
            shown(part, &format!("{name} "), lines);
        }
        for option in list(command, "options").iter().filter(|o| kind(o) > 2) {
            let choices: Vec<&str> =
                list(option, "choices").iter().map(|choice| text(choice, "name")).collect();
            let choices = if choices.is_empty() {
                String::new()
            } else {
                format!(" [{}]", choices.join(", "))
            };
            let needed = if option["required"] == true { " (needed)" } else { "" };
            let (name, about) = (text(option, "name"), text(option, "description"));
            lines.push(format!("    {name}{needed}: {about}{choices}"));
        }
    }

    #[test]
    fn as_members_find_them() {
        let mut lines = Vec::new();
        for command in ours() {
            match kind(&command) {
                1 => shown(&command, "/", &mut lines),
                _ => lines.push(format!("Apps: {}", text(&command, "name"))),
            }
        }
        assert_snapshot!(lines.join("\n"), @r#"
    /study setup: Makes a channel a study channel, or changes one: only what you give changes
        channel (needed): The text channel
        time: Local time of day, for example 08:30
        zone: Time zone: start typing a city
        weekdays: Days with a round, for example mon-fri (the default), or daily
        role: Role to mention with each question
        notices: Channel for notices to the admins; without one: a direct message to you
        pin: Whether to pin the question
        hours: Hours a round stays open; 0 (the default) for until the next one
    /study plan: What is drawn: topics and difficulties. Without options: shows the plan
        topics: Topics with weights, for example asyncio 2, oop; or all
        mix: Difficulties by weight, for example easy 2, medium 3, hard 1
        ladder: A difficulty for each weekday, for example mon easy, wed medium, fri hard
        aim: Share of members who should solve a question, for example 0.7; or off
        channel: Which study channel, if there are several
    /study holidays add: Adds a date, or a run of dates, without a round
        first (needed): First date, for example 2026-12-24
        last: Last date; the first if you do not say
        label: What it is
        channel: Which study channel, if there are several
    /study holidays remove: Removes the holidays that include a date
        date (needed): A date inside, for example 2026-12-24
        channel: Which study channel, if there are several
    /study holidays list: Lists the holidays
    /study status: Next rounds, questions left, health
        channel: Only this study channel
    /study doctor: Checks what the study channels and the bot need, and says what to do
    /study post: Posts an extra question now
        channel: Which study channel, if there are several
    /study pause: Stops new rounds for a while
        until: First date with rounds again, for example 2027-01-07; open-ended without
        channel: Which study channel, if there are several
    /study resume: Goes on after a pause
        channel: Which study channel, if there are several
    /study skip: Leaves out the next round
        channel: Which study channel, if there are several
    /study replace: Withdraws the open question and posts another
        channel: Which study channel, if there are several
    /study void: Takes back the points of the last closed round
        channel: Which study channel, if there are several
    /study remove: Ends a study channel; points and past rounds stay
        channel: Which study channel, if there are several
    /study board show: Shows how the leaderboards are set up
    /study board weekly: Posts the board of the last week every Monday at 09:00, or stops that
        post (needed): Whether to post it [on, off]
        channel: Where; in this channel if you do not say
    /study board exclude: Keeps the members of a role off the leaderboards; they keep their points
        role (needed): The role
    /study board include: Lets the members of an excluded role back on the leaderboards
        role (needed): The role
    /study board zone: Sets the time zone in which weeks and months of the leaderboards begin
        zone (needed): Time zone: start typing a city
    /study recount: Compares the leaderboards with every point ever booked, and puts right what differs
    /today: What is open today, and what is left for you to do
    /quiz: Questions with choices: alone, or together with whoever joins
        topic: Only this topic; all topics if you do not say
        difficulty: Only this difficulty; all if you do not say [easy, medium, hard]
        questions: How many questions, 1 to 20; 5 if you do not say
        mode: solo (the default) is private; group is a public card that all can join [solo, group]
        seconds: Seconds for each question; no limit alone, 30 in a group
        race: In a group: the faster of two equals wins; no if you do not say
    /leaderboard: Who has the most points
        window: What to count; this week if you do not say [this week, last week, this month, this season, all time]
        topic: Only points for one topic
        board: Everyone, or those who joined since the season (without one: the month) began [everyone, newcomers]
        page: Page, from 1
    /season start: Starts a season and ends the one that is running; for admins
        name (needed): What it is called, for example Autumn 2026
        date: Its first date, for example 2026-11-01; now if you do not say
    /season end: Ends the running season and shows its final board; for admins
    /season list: Lists the seasons and who was best
    /points: Your points, and what each was for
    /review: Come back to what you got wrong; only you see it
        remind: A direct message once a day when something is due [on, off]
        rounds: Whether the questions of closed rounds come into your reviews [on, off]
    /question show: Shows a question, with its answer behind a button; only you see it
        id (needed): Start typing a word of its title
    /question report: Tells the admins what is wrong with a question
        id (needed): Start typing a word of its title
        reason (needed): What is wrong with it
    /stats: What you did in the last half year; of others: rounds, picks and streaks
        member: Whose; your own if you do not say
    /privacy: What others see of you
        board (needed): Whether you stand on the leaderboard [on, off]
    /help: How rounds, answers, votes and points work here
    Apps: Vote for this answer
    Apps: Not my answer
    "#);
    }

    /// Discord documentation, interactions/application-commands: what it refuses.
    fn wrong(part: &Value, path: &str, wrong: &mut Vec<String>) {
        let (name, about) = (text(part, "name"), text(part, "description"));
        let path = format!("{path}/{name}");
        let mut check = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{path}: {what}"));
            }
        };
        check((1..=32).contains(&name.chars().count()), "the name's length");
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        check(plain, "the name's letters");
        check((1..=100).contains(&about.chars().count()), "the description's length");
        let options = list(part, "options");
        check(options.len() <= 25, "too many options");
        let optional_first =
            options.iter().skip_while(|o| o["required"] == true).any(|o| o["required"] == true);
        check(!optional_first, "a needed option after one that is not");
        let names: BTreeSet<&str> = options.iter().map(|option| text(option, "name")).collect();
        check(names.len() == options.len(), "two options of one name");
        let choices = list(part, "choices");
        check(choices.len() <= 25, "too many choices");
        check(choices.iter().all(|c| text(c, "name").chars().count() <= 100), "a choice's length");
        for option in options {
            self::wrong(option, &path, wrong);
        }
    }

    /// All the text of a command, as Discord counts its 8,000 characters.
    fn length(part: &Value) -> usize {
        let own = text(part, "name").chars().count() + text(part, "description").chars().count();
        let value = part["value"].as_str().map_or(0, |value| value.chars().count());
        let below = list(part, "options").iter().chain(list(part, "choices"));
        own + value + below.map(length).sum::<usize>()
    }

    #[test]
    fn discord_takes_every_command() {
        let ours = ours();
        let of_kind = |k: u64| ours.iter().filter(|command| kind(command) == k).count();
        assert!(of_kind(1) <= 100 && of_kind(2) <= 15 && of_kind(3) <= 15);
        for command in &ours {
            if kind(command) == 1 {
                let mut problems = Vec::new();
                wrong(command, "", &mut problems);
                assert!(problems.is_empty(), "{problems:#?}");
                assert!(length(command) <= 8_000, "{command}");
            } else {
                assert!((1..=32).contains(&text(command, "name").chars().count()), "{command}");
                assert_eq!(text(command, "description"), "", "{command}");
            }
        }
    }

    #[test]
    fn only_admins_are_offered_what_changes_the_study() {
        // Manage Server is bit 5.
        for command in ours() {
            let needed = &command["default_member_permissions"];
            if command["name"] == "study" {
                assert_eq!(needed, "32");
            } else {
                assert!(needed.is_null(), "{command}");
            }
        }
    }

    #[test]
    fn what_discord_adds_makes_no_difference() {
        let ours = json!({"name": "today", "description": "d", "options": [
            {"type": 4, "name": "n", "description": "x", "required": false, "max_value": 20.0}]});
        let theirs = json!({"id": "1", "version": "2", "type": 1, "name": "today",
            "description": "d", "nsfw": false, "default_member_permissions": null, "options": [
            {"type": 4, "name": "n", "description": "x", "max_value": 20, "choices": []}]});
        assert_eq!(essence(&ours), essence(&theirs));
        let menu = json!({"name": "Vote", "type": 3, "description": ""});
        let known = json!({"name": "Vote", "type": 3, "id": "1", "options": []});
        assert_eq!(essence(&menu), essence(&known));
        let other = json!({"name": "today", "description": "d", "options": [
            {"type": 3, "name": "n", "description": "x"}]});
        assert_ne!(essence(&ours), essence(&other));
    }

    #[test]
    fn every_change_that_a_member_would_see_is_written() {
        let before = json!({"name": "n", "description": "d", "default_member_permissions": "32",
            "options": [{"type": 3, "name": "o", "description": "x", "required": true,
                "max_length": 60, "choices": [{"name": "a", "value": "a"}]}]});
        for (pointer, value) in [
            ("/description", json!("e")),
            ("/default_member_permissions", json!("8")),
            ("/options/0/type", json!(4)),
            ("/options/0/description", json!("y")),
            ("/options/0/required", json!(false)),
            ("/options/0/max_length", json!(61)),
            ("/options/0/choices/0/name", json!("b")),
            ("/options/0/choices/0/value", json!("b")),
        ] {
            let mut after = before.clone();
            *after.pointer_mut(pointer).unwrap() = value;
            assert_ne!(essence(&before), essence(&after), "{pointer}");
        }
    }
}
