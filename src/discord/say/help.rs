//! `/help`: the rules in force.

use super::limit;
use super::text::{channel, count, plain, whole};
use super::{Card, Embed};
use crate::domain::answer::SHORTEST_ANSWER;
use crate::domain::ids::ChannelId;
use crate::domain::schedule::Schedule;
use crate::engine::views::admin::Help;
use chrono::TimeDelta;

/// `/help`: the rules in force.
pub fn help(help: &Help) -> Card {
    let rules = &help.settings.rules;
    let fields = [
        (
            "A round",
            "On every study day I post one question with a thread. Answer in the thread, then vote \
             for the best answer of the others. At the close the thread gets the result and a \
             reference answer."
                .to_owned(),
        ),
        (
            "What counts as an answer",
            format!(
                "Your messages in the thread that have at least {SHORTEST_ANSWER} characters, a \
                 code block or a file. Several of them make one answer, and its first one gets a \
                 ✅. A reply to somebody else is discussion and does not count. To take a message \
                 out, or to put it back in, choose *Not my answer* in its Apps menu. You can edit \
                 and delete until the close.\nA voice message counts as a file, and a forwarded \
                 message by the text and files it brings. What a bot or PluralKit posts for you \
                 doesn't count, because Discord doesn't say whose it is."
            ),
        ),
        (
            "Voting",
            "Press *Vote* on the question, or choose *Vote for this answer* in the Apps menu of a \
             message. You have one vote, not for yourself, and can change or withdraw it until the \
             close. Nobody is told who voted for whom, and how the votes stand is only told at the \
             close. If the answer you voted for is taken back, you keep your point and can vote \
             again. Those who tie share the members' pick; with fewer than two votes there is none."
                .to_owned(),
        ),
        (
            "Points",
            format!(
                "Answered {}, voted {}, members' pick {}; those who tie get all of it. `/points` \
                 lists what each of yours was for. On the leaderboard, equal points and picks \
                 share a rank; `/privacy board:off` takes you off it, and hides your stats from \
                 others.",
                rules.answered, rules.ballot, rules.pick
            ),
        ),
        (
            "Quizzes",
            format!(
                "`/quiz` asks you in private; `/quiz mode:group` posts a card that everybody can \
                 join. A right answer gives {} for an easy question, {} for a medium and {} for a \
                 hard one, on your first attempt at it in 30 days, and at most {} a day. Questions \
                 that are open in a round or a group's quiz are left out until they close.",
                rules.quiz_easy, rules.quiz_medium, rules.quiz_hard, rules.quiz_daily
            ),
        ),
        (
            "Streaks",
            "A streak counts the rounds in a row that you answered in one study channel. Every 7 \
             answers earn a grace, and you can hold 2. A missed round uses up a grace, or else \
             ends the streak. Rounds that are skipped, withdrawn or extra break nothing."
                .to_owned(),
        ),
        (
            "Being on time",
            format!(
                "A round that could not be posted on time is still posted if it is at most {} \
                 late; otherwise it is skipped. When the clocks change: a time that is left out \
                 means the first minute after it, and one that comes twice means the first.",
                duration(help.settings.lateness)
            ),
        ),
        (
            "Reviews",
            "What you got wrong in a quiz comes back in `/review`, after a day, a week, a month, \
             as well as you remember it. `/review rounds:on` brings the questions of closed rounds \
             too, and `/review remind:on` reminds you once a day. Nobody but you sees your reviews, \
             and they give no points."
                .to_owned(),
        ),
        (
            "Commands",
            "`/today` shows what is open, `/leaderboard` who has the most points (by week, month, \
             season, topic; there is one of newcomers too), `/season list` past seasons, `/points` \
             your own, `/stats` your last half year. `/question show` looks a question up, `/question report` tells the admins that one is \
             wrong. Admins set everything up with `/study`."
                .to_owned(),
        ),
    ];
    let mut fields: Vec<(String, String)> =
        fields.into_iter().map(|(head, text)| (head.to_owned(), text)).collect();
    let channels: Vec<String> = help.channels.iter().map(study_channel).collect();
    if !channels.is_empty() {
        fields.push(("Study channels".to_owned(), whole(&channels, "\n", limit::FIELD)));
    }
    Card::boxed(Embed {
        title: "How Studyhall works".to_owned(),
        fields,
        footer: help.zone.map_or_else(String::new, |zone| {
            format!("Weeks of the leaderboard begin on Monday, in {zone}.")
        }),
        ..Embed::default()
    })
}

fn study_channel((id, schedule, hours): &(ChannelId, Schedule, Option<u32>)) -> String {
    let closes = hours.map_or_else(
        || "open until the next round, for 7 days at most".to_owned(),
        |hours| format!("open for {}", count(hours.into(), "hour")),
    );
    format!(
        "{}: {} at {} ({}), {closes}",
        channel(*id),
        schedule.weekdays,
        schedule.time.format("%H:%M"),
        plain(schedule.zone.name())
    )
}

/// `90 minutes`, `2 hours`.
fn duration(lasts: TimeDelta) -> String {
    let minutes = lasts.num_minutes().unsigned_abs();
    if minutes >= 60 && minutes.is_multiple_of(60) {
        count(minutes / 60, "hour")
    } else {
        count(minutes, "minute")
    }
}
