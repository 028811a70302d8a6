//! What one member did: the last 26 weeks, rounds, picks, streaks, accuracy by topic.

use super::View;
use crate::domain::ids::{ChannelId, GuildId, MemberId, QuestionId};
use crate::domain::rate::Rate;
use crate::domain::refusal::Refusal;
use crate::domain::schedule;
use crate::domain::streak::Streak;
use crate::engine::Engine;
use crate::store::{activity, channels, guilds};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeMap;

/// What a member did, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Did {
    /// Rounds answered.
    pub answers: u32,
    /// Ballots cast.
    pub ballots: u32,
    /// Quiz questions answered.
    pub quiz: u32,
}

impl Did {
    /// All of it.
    pub fn total(self) -> u32 {
        self.answers + self.ballots + self.quiz
    }

    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.ballots += other.ballots;
        self.quiz += other.quiz;
    }
}

/// What `/stats` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// As last seen; `None` for one never seen here.
    pub name: Option<String>,
    /// Whether these are the asker's own. Of others only rounds, picks and streaks are here.
    pub own: bool,
    /// Whether the member has opted out of boards, so that nobody else sees this.
    pub hidden: bool,
    /// The local date in the guild's zone.
    pub today: NaiveDate,
    /// The first date counted below.
    pub from: NaiveDate,
    /// What was done since then, by local date.
    pub days: BTreeMap<NaiveDate, Did>,
    /// Closed rounds answered, ever.
    pub rounds: u32,
    /// Times picked, ever.
    pub picks: i64,
    /// By study channel, where there is one.
    pub streaks: Vec<(ChannelId, Streak)>,
    /// First attempts in quizzes since `from`, by topic; empty of others. Repeats are practice, and
    /// would only show how often somebody repeats.
    pub topics: BTreeMap<String, Rate>,
}

impl Stats {
    /// Everything since [`from`](Self::from).
    pub fn sum(&self) -> Did {
        let mut sum = Did::default();
        self.days.values().for_each(|did| sum.add(*did));
        sum
    }
}

impl Engine {
    /// A member's stats since the first day of a calendar, as `asker` may see them.
    ///
    /// # Errors
    /// When the guild was never set up, the member does not want to be looked up or has left, or
    /// the store broke.
    pub async fn stats(
        &self,
        guild: GuildId,
        member: MemberId,
        asker: MemberId,
        first_day: impl Fn(NaiveDate) -> NaiveDate,
    ) -> View<Stats> {
        let own = member == asker;
        let mut db = self.shared.store.read().await?;
        let zone = guilds::find(&mut db, guild).await?.ok_or(Refusal::NoStudyChannel)?.zone;
        let seen = activity::seen_as(&mut db, guild, member).await?;
        let hidden = seen.as_ref().is_some_and(|(_, shown)| !shown);
        if hidden && !own {
            return Err(Refusal::StatsHidden.into());
        }
        let today = schedule::local_date(zone, self.now());
        let from = first_day(today);
        // A day more than asked for: a round belongs to the day it was answered, not to that it
        // was due, and the day may begin at any hour of UTC.
        let early = from.checked_sub_days(Days::new(8)).unwrap_or(from);
        let since: DateTime<Utc> = early.and_time(NaiveTime::MIN).and_utc();

        let mut days: BTreeMap<NaiveDate, Did> = BTreeMap::new();
        let mut did = |at: DateTime<Utc>, what: Did| {
            let date = schedule::local_date(zone, at);
            if (from..=today).contains(&date) {
                days.entry(date).or_default().add(what);
            }
        };
        for message in activity::answers(&mut db, guild, member, since).await? {
            if let Some(at) = DateTime::from_timestamp_millis(message.created_ms()) {
                did(at, Did { answers: 1, ..Did::default() });
            }
        }
        let mut topics: BTreeMap<String, Rate> = BTreeMap::new();
        if own {
            for at in activity::ballots(&mut db, guild, member, since).await? {
                did(at, Did { ballots: 1, ..Did::default() });
            }
            for answer in activity::quiz(&mut db, guild, member, since).await? {
                did(answer.at, Did { quiz: 1, ..Did::default() });
                if answer.first && schedule::local_date(zone, answer.at) >= from {
                    let rate = topics.entry(topic(&answer.question).to_owned()).or_default();
                    *rate = rate.after(answer.right);
                }
            }
        }
        let mut streaks = Vec::new();
        for channel in channels::in_use(&mut db, Some(guild)).await? {
            if let Some(streak) = activity::streak(&mut db, channel.id, member).await? {
                streaks.push((channel.id, streak));
            }
        }
        Ok(Stats {
            name: seen.map(|(name, _)| name),
            own,
            hidden,
            today,
            from,
            days,
            rounds: activity::rounds_answered(&mut db, guild, member).await?,
            picks: activity::picks(&mut db, guild, member).await?,
            streaks,
            topics,
        })
    }
}

/// The topic in a question's name. The question itself may be in no pack any more.
fn topic(question: &QuestionId) -> &str {
    question.0.split('/').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::topic;
    use crate::domain::ids::QuestionId;

    #[test]
    fn a_topic_is_the_middle_of_a_name() {
        assert_eq!(topic(&QuestionId("python/oop/mro".to_owned())), "oop");
        assert_eq!(topic(&QuestionId("odd".to_owned())), "");
    }
}
