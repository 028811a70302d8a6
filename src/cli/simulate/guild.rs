//! A simulated guild: its members, what they do on a day, and what they were told about it.

use super::calendar::{Due, Timetable};
use crate::sandbox::{Actor, Sandbox};
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A round stays open for at most this long (the rule that members are told).
const LONGEST_ROUND: TimeDelta = TimeDelta::days(7);

/// What a voter was told about a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nothing: the bot was killed or cut off, so the vote may or may not have been taken.
    Nothing,
    /// That the vote counts.
    Counted,
    /// That it does not.
    Refused,
}

/// One attempt to vote.
#[derive(Debug, Clone, Copy)]
pub struct Vote {
    /// Whose answer.
    pub author: u64,
    /// What came of it.
    pub told: Told,
}

/// A question card as a member sees it.
#[derive(Debug, Clone)]
pub struct Card {
    /// The message, and the thread under it.
    pub id: u64,
    /// When it was posted, by its id.
    pub posted: DateTime<Utc>,
    /// The round it is for, by our own calendar; None for one that ought not to be there.
    pub due: Option<Due>,
    /// When its round ends, by our own calendar.
    pub closes_at: DateTime<Utc>,
}

/// A stretch of time in which something was out of order, and what.
#[derive(Debug, Clone)]
pub struct Span {
    /// Its first instant.
    pub from: DateTime<Utc>,
    /// Its end; None while it lasts.
    pub to: Option<DateTime<Utc>>,
}

/// A guild of the simulation.
pub struct Guild {
    /// What it is called.
    pub name: String,
    /// Its id.
    pub id: u64,
    /// Its study channel.
    pub channel: u64,
    /// When its rounds are due.
    pub timetable: Timetable,
    /// Who studies there; the first is the admin.
    pub members: Vec<Actor>,
    /// The names of all who ever were members, by id.
    pub names: BTreeMap<u64, String>,
    /// Every card seen so far, oldest first.
    pub cards: Vec<Card>,
    /// By card and voter: every vote, oldest first.
    pub votes: BTreeMap<(u64, u64), Vec<Vote>>,
    /// By card: authors who took back all of their answer, or began to.
    pub taken_back: BTreeMap<u64, Vec<u64>>,
    /// Messages that the bot can no longer read from the history.
    pub spoiled: BTreeSet<u64>,
    /// When this guild alone was disturbed: rights missing, the bot kicked.
    pub disturbed: Vec<Span>,
    /// Messages that members could not send or did not get answers to.
    pub unanswered: u64,
    /// The newest card as its reader has it.
    newest: Option<Value>,
    /// Own messages under the newest card: author and message.
    written: Vec<(u64, u64)>,
    /// The newest message looked at in the channel.
    seen: u64,
    /// Numbers the texts, so that no two are alike.
    texts: u64,
    dues: Vec<Due>,
}

impl Guild {
    /// A guild that exists in the sandbox already. `dues` are all rounds that ought to be.
    pub fn new(
        name: String,
        id: u64,
        channel: u64,
        timetable: Timetable,
        members: Vec<Actor>,
        dues: Vec<Due>,
    ) -> Self {
        let names = members.iter().map(|one| (one.id(), one.name().to_owned())).collect();
        Self {
            name,
            id,
            channel,
            timetable,
            members,
            names,
            cards: Vec::new(),
            votes: BTreeMap::new(),
            taken_back: BTreeMap::new(),
            spoiled: BTreeSet::new(),
            disturbed: Vec::new(),
            unanswered: 0,
            newest: None,
            written: Vec::new(),
            seen: 0,
            texts: 0,
            dues,
        }
    }

    /// Every round that ought to be.
    pub fn dues(&self) -> &[Due] {
        &self.dues
    }

    /// Whether something is out of order here now.
    pub fn is_disturbed(&self) -> bool {
        self.disturbed.iter().any(|span| span.to.is_none())
    }

    /// Looks what is new in the study channel.
    pub fn look(&mut self, sandbox: &Sandbox) {
        for message in sandbox.messages_after(self.channel, self.seen) {
            let id = id_of(&message["id"]);
            self.seen = self.seen.max(id);
            if id_of(&message["author"]["id"]) != sandbox.bot_id()
                || button(&message, "How it works").is_none()
            {
                continue;
            }
            let posted = crate::sandbox::created(id);
            let due = self.dues.iter().rev().find(|due| due.at <= posted).copied();
            let from = due.map_or(posted, |due| due.at);
            let next = self.dues.iter().find(|due| due.at > from).map(|due| due.at);
            let latest = from + LONGEST_ROUND;
            let closes_at = next.map_or(latest, |next| next.min(latest));
            self.cards.push(Card { id, posted, due, closes_at });
            self.newest = Some(message);
            self.written.clear();
        }
    }

    /// Some members do something: answer, add, edit, delete, talk, vote. Those who press something
    /// stop when nobody is `there` to answer. Can be dropped at any moment.
    pub async fn act(&mut self, sandbox: &Sandbox, there: bool, mut rng: ChaCha8Rng) {
        let Some(card) = self.cards.last().cloned() else { return };
        if sandbox.channel(card.id).is_null() {
            return;
        }
        let open = sandbox.clock().now() < card.closes_at;
        let mut there = there && open;
        for member in self.members.clone() {
            let roll: f64 = rng.random();
            let own: Vec<u64> = self
                .written
                .iter()
                .filter(|(who, _)| *who == member.id())
                .map(|one| one.1)
                .collect();
            if !open {
                // Too late, and so without effect.
                if roll < 0.02 {
                    self.say(&member, card.id, "Late, and only for the record").await;
                }
                continue;
            }
            let gone = self.taken_back.get(&card.id).is_some_and(|who| who.contains(&member.id()));
            if own.is_empty() && !gone && roll < 0.25 {
                self.say(&member, card.id, "My answer is that it depends, and here is on what")
                    .await;
            } else if !own.is_empty() && roll < 0.03 {
                self.say(&member, card.id, "One more thing that belongs to my answer").await;
            } else if !own.is_empty() && roll < 0.08 {
                self.edit(&member, card.id, own.choose(&mut rng).copied()).await;
            } else if !own.is_empty() && roll < 0.095 {
                self.delete(&member, card.id, &own).await;
            } else if roll < 0.12 {
                self.talk(&member, card.id, &mut rng).await;
            } else if there && roll < 0.34 {
                there = self.vote(&member, card.id, &mut rng).await;
            }
        }
    }

    async fn say(&mut self, member: &Actor, thread: u64, text: &str) {
        self.texts += 1;
        let text = format!("{text} ({}).", self.texts);
        match member.say(thread, &text).await {
            Ok(message) => self.written.push((member.id(), id_of(&message["id"]))),
            Err(_) => self.unanswered += 1,
        }
    }

    async fn edit(&mut self, member: &Actor, thread: u64, message: Option<u64>) {
        self.texts += 1;
        let text = format!("On reflection my answer is a different one ({}).", self.texts);
        // An edit that the bot misses can't be read from an unreadable message afterwards.
        let Some(message) = message.filter(|one| !self.spoiled.contains(one)) else { return };
        if member.edit(thread, message, &text).await.is_err() {
            self.unanswered += 1;
        }
    }

    /// Takes back everything this member has written. Whoever does that stays silent until the next
    /// round, also when cut off amid it: votes for an answer that was taken back do not count for
    /// another one, and the judge, who sees what stands in the end, could not tell the two apart.
    async fn delete(&mut self, member: &Actor, thread: u64, own: &[u64]) {
        self.taken_back.entry(thread).or_default().push(member.id());
        self.written.retain(|(who, _)| *who != member.id());
        for message in own {
            if member.delete(thread, *message).await.is_err() {
                self.unanswered += 1;
            }
        }
    }

    /// Replies to somebody else, which is no answer.
    async fn talk(&mut self, member: &Actor, thread: u64, rng: &mut ChaCha8Rng) {
        let others: Vec<u64> =
            self.written.iter().filter(|(who, _)| *who != member.id()).map(|one| one.1).collect();
        let Some(to) = others.choose(rng) else { return };
        // The message may just have been deleted.
        let _refused = member.reply(thread, *to, "That is a good point, I had not seen it").await;
    }

    /// Opens the ballot and chooses; `false` if nobody answered.
    async fn vote(&mut self, member: &Actor, card: u64, rng: &mut ChaCha8Rng) -> bool {
        let Some(message) = self.newest.clone() else { return true };
        let Some(id) = button(&message, "Vote") else { return true };
        let Ok(pressed) = member.press(&message, &id).await else { return true };
        if pressed.failed {
            self.unanswered += 1;
            return false;
        }
        let Ok(ballot) = pressed.settled_message().await else {
            self.unanswered += 1;
            return false;
        };
        let Some(menu) = menu(&ballot) else { return true };
        let authors: Vec<u64> = menu["options"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|option| id_of(&option["value"]))
            .collect();
        let (Some(author), Some(id)) = (authors.choose(rng).copied(), menu["custom_id"].as_str())
        else {
            return true;
        };
        let key = (card, member.id());
        // Noted before it is done: whoever is cut off has voted all the same.
        self.votes.entry(key).or_default().push(Vote { author, told: Told::Nothing });
        let told = match member.choose(&ballot, id, &[&author.to_string()]).await {
            // Discord itself refused: the bot never heard of it.
            Err(_) => Told::Refused,
            Ok(chosen) if chosen.failed => Told::Nothing,
            Ok(chosen) => match chosen.settled_message().await {
                Ok(ballot) if chosen_on(&ballot) == Some(author) => Told::Counted,
                Ok(_) => Told::Refused,
                Err(_) => Told::Nothing,
            },
        };
        if let Some(vote) = self.votes.get_mut(&key).and_then(|votes| votes.last_mut()) {
            vote.told = told;
        }
        if told == Told::Nothing {
            self.unanswered += 1;
        }
        told != Told::Nothing
    }
}

/// Discord's ids are strings of digits.
pub fn id_of(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The custom id of the button with this label.
pub fn button(message: &Value, label: &str) -> Option<String> {
    let found = components(message).find(|one| one["type"] == 2 && one["label"] == label)?;
    found["custom_id"].as_str().map(str::to_owned)
}

fn menu(message: &Value) -> Option<Value> {
    components(message).find(|one| one["type"] == json!(3)).cloned()
}

/// The author chosen on a ballot.
fn chosen_on(ballot: &Value) -> Option<u64> {
    let menu = menu(ballot)?;
    let options = menu["options"].as_array()?;
    options.iter().find(|one| one["default"] == true).map(|one| id_of(&one["value"]))
}

fn components(message: &Value) -> impl Iterator<Item = &Value> {
    let rows = message["components"].as_array().into_iter().flatten();
    rows.filter_map(|row| row["components"].as_array()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Card, Guild};
    use crate::cli::simulate::calendar::Timetable;
    use crate::sandbox::{Options, SimClock};
    use chrono::{DateTime, TimeDelta, Utc};
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    #[tokio::test]
    async fn whoever_is_cut_off_while_taking_back_an_answer_says_no_more_in_that_round() {
        let now: DateTime<Utc> = "2026-01-01T09:00:00Z".parse().unwrap();
        let options = Options {
            listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
            clock: SimClock::manual(now),
            seed: 1,
            limits: false,
            extra_hosts: Vec::new(),
            content_intent: true,
        };
        let sandbox = crate::sandbox::start(options).await.unwrap();
        let (id, channel, members) = sandbox.add_guild_of("One", &["Ana".to_owned()]);
        let ana = sandbox.act_as(members.into_iter().next().unwrap());
        ana.ready().await.unwrap();
        let timetable = Timetable {
            zone: "Etc/UTC".parse().unwrap(),
            time: "08:00".parse().unwrap(),
            workdays: false,
        };
        let mut guild =
            Guild::new("One".to_owned(), id, channel, timetable, vec![ana.clone()], Vec::new());
        // The study channel stands for the thread.
        let closes_at = now + TimeDelta::days(1);
        guild.cards.push(Card { id: channel, posted: now, due: None, closes_at });
        guild.say(&ana, channel, "An answer that is long enough to count").await;
        let own: Vec<u64> = guild.written.iter().map(|one| one.1).collect();
        assert_eq!(own.len(), 1);
        {
            let deletion = guild.delete(&ana, channel, &own);
            tokio::pin!(deletion);
            assert!(futures::poll!(&mut deletion).is_pending());
        }
        let said = || {
            let messages = sandbox.messages(channel).into_iter();
            messages.filter(|one| super::id_of(&one["id"]) != own[0]).count()
        };
        // Of all that chance may bring, what makes a member add to an answer.
        let adding = (0..1_000).map(ChaCha8Rng::seed_from_u64);
        for chance in adding.filter(|chance| chance.clone().random::<f64>() < 0.03) {
            guild.act(&sandbox, false, chance).await;
        }
        assert_eq!(said(), 0);
        sandbox.stop().await;
    }
}
