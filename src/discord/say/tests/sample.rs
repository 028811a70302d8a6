//! A small world to speak of: a guild with one study channel and four members.

use crate::domain::ballot::{Tally, TallyRow};
use crate::domain::draw::{Freshness, Plan, Reason};
use crate::domain::ids::{
    ChannelId, GuildId, InteractionId, MemberId, MessageId, QuestionId, RoundId,
};
use crate::domain::outcome::Outcome;
use crate::domain::points::{Award, Cause};
use crate::domain::question::{Choice, Difficulty, FollowUp, Kind, Question};
use crate::domain::rate::Rate;
use crate::domain::round::State;
use crate::domain::schedule::{Due, Schedule, Weekdays};
use crate::engine::views::rounds::{CardView, ResultView, ShownAnswer};
use crate::engine::{Guild, Origin, Round, StudyChannel};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::collections::HashMap;
use std::sync::Arc;

pub(in crate::discord) const GUILD: GuildId = GuildId(100);
pub(in crate::discord) const CHANNEL: ChannelId = ChannelId(200);
pub(in crate::discord) const THREAD: ChannelId = ChannelId(300);
pub(in crate::discord) const ANA: MemberId = MemberId(1);
pub(in crate::discord) const BEN: MemberId = MemberId(2);
pub(in crate::discord) const CHIDI: MemberId = MemberId(3);
pub(in crate::discord) const DANA: MemberId = MemberId(4);

pub(in crate::discord) fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(in crate::discord) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(in crate::discord) fn due() -> Due {
    Due { at: instant("2026-11-24T08:00:00Z"), date: date("2026-11-24") }
}

pub(in crate::discord) fn names() -> HashMap<MemberId, String> {
    [(ANA, "Ana"), (BEN, "Ben"), (CHIDI, "Chidi"), (DANA, "Dana_*")]
        .map(|(id, name)| (id, name.to_owned()))
        .into()
}

pub(in crate::discord) fn question() -> Question {
    Question {
        id: QuestionId("python/generators/lazy-sum".to_owned()),
        topic: "generator-expressions".to_owned(),
        difficulty: Difficulty::Medium,
        kind: Kind::Compare,
        tags: Vec::new(),
        title: "Brackets or parentheses?".to_owned(),
        prompt: "What does `sum([n for n in big])` keep in memory?".to_owned(),
        hint: None,
        answer: "The list holds every item at once.".to_owned(),
        choices: vec![Choice { text: "Everything".to_owned(), right: true, why: None }],
        follow_ups: Vec::new(),
        sources: vec!["[Expressions](https://docs.python.org/3/reference/expressions.html)".into()],
    }
}

pub(in crate::discord) fn follow_up(prompt: &str, answer: &str) -> FollowUp {
    FollowUp { prompt: prompt.to_owned(), answer: answer.to_owned() }
}

pub(in crate::discord) fn round(state: State) -> Round {
    Round {
        id: RoundId(12),
        guild: GUILD,
        channel: CHANNEL,
        origin: Origin::Date(date("2026-11-23")),
        due_at: instant("2026-11-23T08:00:00Z"),
        state,
        skip_reason: None,
        question: Some(Arc::new(question())),
        seed: 42,
        reason: Some(reason(Freshness::New, 17)),
        message: Some(MessageId(300)),
        thread: Some(THREAD),
        closes_at: due().at,
        opened_at: None,
        closed_at: None,
        outcome: None,
        voided_at: None,
    }
}

pub(in crate::discord) fn extra(mut round: Round) -> Round {
    round.origin = Origin::Interaction(InteractionId(900));
    round
}

pub(in crate::discord) fn reason(freshness: Freshness, pool: u32) -> Reason {
    Reason {
        topic: "generator-expressions".to_owned(),
        difficulty: Difficulty::Medium,
        wanted: None,
        freshness,
        pool,
        aimed: None,
    }
}

pub(in crate::discord) fn card_view(state: State) -> CardView {
    CardView {
        round: round(state),
        key: "KEY".to_owned(),
        role: None,
        previous: None,
        picks: Vec::new(),
        answers: 0,
        rate: Rate::default(),
        unannounced: false,
    }
}

/// An outcome with these votes and points: `(author, votes)`, `(member, cause, points)`.
pub(in crate::discord) fn outcome(
    votes: &[(MemberId, u32)],
    picks: &[MemberId],
    awards: &[(MemberId, Cause, i64)],
) -> Outcome {
    Outcome {
        tally: Tally {
            rows: votes.iter().map(|&(author, votes)| TallyRow { author, votes }).collect(),
            ballots: votes.iter().map(|(_, votes)| votes).sum(),
            picks: picks.to_vec(),
        },
        awards: awards
            .iter()
            .map(|&(member, cause, points)| Award { member, cause, points })
            .collect(),
        edited_late: Vec::new(),
        unread: false,
    }
}

pub(in crate::discord) fn result_view(outcome: Outcome) -> ResultView {
    let names = names();
    let picks = outcome
        .tally
        .picks
        .iter()
        .map(|member| ShownAnswer {
            member: *member,
            name: names[member].clone(),
            quote: format!("What {} wrote, with `code`.", names[member]),
            first_message: MessageId(400 + member.0),
        })
        .collect();
    ResultView {
        round: Round { outcome: Some(outcome), ..round(State::Closed) },
        key: "KEY".to_owned(),
        picks,
        names,
        in_channel: false,
    }
}

pub(in crate::discord) fn schedule() -> Schedule {
    Schedule {
        time: NaiveTime::from_hms_opt(8, 0, 0).unwrap(),
        zone: chrono_tz::America::Port_of_Spain,
        weekdays: Weekdays::WORKDAYS,
        holidays: Vec::new(),
        pause: None,
    }
}

pub(in crate::discord) fn study_channel() -> StudyChannel {
    StudyChannel {
        id: CHANNEL,
        guild: GUILD,
        schedule: schedule(),
        plan: Plan::default(),
        since: instant("2026-11-01T00:00:00Z"),
        role: None,
        pin: false,
        close_after_h: None,
        trouble: None,
        stock_warned: None,
        removed: false,
    }
}

pub(in crate::discord) fn guild() -> Guild {
    Guild {
        id: GUILD,
        name: "Study *team*".to_owned(),
        zone: chrono_tz::America::Port_of_Spain,
        notices: None,
        setup_by: ANA,
        owner: ANA,
    }
}
