use super::sample::{ANA, BEN, CHANNEL, CHIDI, DANA, THREAD, due, instant, names, round, schedule};
use super::show;
use crate::discord::say::boards::{board, help, points, today, weekly};
use crate::discord::say::season::ended;
use crate::domain::ids::{ChannelId, MemberId, QuestionId, RoundId};
use crate::domain::points::{Cause, Rules};
use crate::domain::ranking::which::Which;
use crate::domain::ranking::{Ranked, Standing, Window};
use crate::domain::round::State;
use crate::domain::season::Season;
use crate::domain::streak::Streak;
use crate::engine::limits::Limits;
use crate::engine::views::admin::Help;
use crate::engine::views::boards::{Board, BoardRow, Off, Points, PointsRow};
use crate::engine::views::rounds::{OpenRound, Today};
use crate::engine::{Entry, Settings, Source};
use chrono::TimeDelta;
use insta::assert_snapshot;

fn ranked(rank: u32, member: MemberId, points: i64, picks: i64) -> BoardRow {
    let reached_at = instant("2026-11-24T08:00:00Z");
    let standing = Standing { member, points, picks, answers: 0, quiz: 0, reached_at };
    let name = names().get(&member).cloned();
    BoardRow { ranked: Ranked { rank, standing }, name, streak: 0 }
}

fn full() -> Board {
    let mut first = ranked(1, ANA, 12, 2);
    first.ranked.standing.answers = 3;
    first.ranked.standing.quiz = 4;
    first.streak = 5;
    let mut last = ranked(4, CHIDI, 1, 0);
    last.ranked.standing.quiz = 1;
    let mut dana = ranked(2, DANA, 3, 0);
    dana.ranked.standing.answers = 1;
    Board {
        which: Which::of(Window::Week),
        page: 0,
        pages: 1,
        rows: vec![first, ranked(2, BEN, 3, 0), dana.clone(), last],
        own: Some(dana),
        off: None,
        members: 4,
        stretch: (Some(instant("2026-11-23T04:00:00Z")), Some(instant("2026-11-30T04:00:00Z"))),
        season: None,
        newcomers_since: None,
        stale: Vec::new(),
    }
}

fn autumn(ended: Option<&str>) -> Season {
    Season {
        id: 1,
        name: "*Autumn*".to_owned(),
        started_at: instant("2026-09-01T00:00:00Z"),
        ended_at: ended.map(instant),
    }
}

#[test]
fn of_a_week() {
    assert_snapshot!(show(&board(&full(), false)), @r#"
    ╭ Leaderboard: this week (Calm)
    │ Since <t:1795406400:F>
    │
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │ 2\. **Ben**: 3 points
    │ 2\. **Dana\_\***: 3 points (1 answer)
    │ 4\. **Chidi**: 1 point (1 from quizzes)
    │
    │ You: rank 2, 3 points (1 answer)
    ╰ 4 members
    [Share → share:week:0]
    (picture leaderboard.png: Leaderboard: this week, as bars. 1. Ana: 12 points, 2 picks; 2. Ben: 3 points; 2. Dana_*: 3 points; 4. Chidi: 1 point)
    "#);
}

#[test]
fn shared() {
    let shared = show(&board(&full(), true));
    assert_snapshot!(shared, @r#"
    ╭ Leaderboard: this week (Calm)
    │ Since <t:1795406400:F>
    │
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │ 2\. **Ben**: 3 points
    │ 2\. **Dana\_\***: 3 points (1 answer)
    │ 4\. **Chidi**: 1 point (1 from quizzes)
    ╰ 4 members
    (picture leaderboard.png: Leaderboard: this week, as bars. 1. Ana: 12 points, 2 picks; 2. Ben: 3 points; 2. Dana_*: 3 points; 4. Chidi: 1 point)
    "#);
}

#[test]
fn own_place_on_another_page() {
    let mut full = full();
    full.own = Some(ranked(31, MemberId(9), 1, 1));
    full.season = Some(autumn(None));
    (full.page, full.pages, full.members) = (1, 5, 43);
    full.which = Which::of(Window::AllTime);
    full.stretch = (None, None);
    full.rows.truncate(1);
    assert_snapshot!(show(&board(&full, false)), @r#"
    ╭ Leaderboard: all time (Calm)
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │
    │ You: rank 31, 1 point (1 pick)
    ╰ Page 2 of 5, 43 members. Season: *Autumn*
    [Back → board:all_time:0] [More → board:all_time:2] [Share → share:all_time:1]
    "#);
}

#[test]
fn off_the_boards() {
    let mut full = full();
    full.own = None;
    full.off = Some(Off::OptedOut);
    full.which = Which::of(Window::Month);
    assert_snapshot!(show(&board(&full, false)), @r#"
    ╭ Leaderboard: this month (Calm)
    │ Since <t:1795406400:F>
    │
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │ 2\. **Ben**: 3 points
    │ 2\. **Dana\_\***: 3 points (1 answer)
    │ 4\. **Chidi**: 1 point (1 from quizzes)
    │
    │ You are off the leaderboards. `/privacy board:on` brings you back.
    ╰ 4 members
    [Share → share:month:0]
    (picture leaderboard.png: Leaderboard: this month, as bars. 1. Ana: 12 points, 2 picks; 2. Ben: 3 points; 2. Dana_*: 3 points; 4. Chidi: 1 point)
    "#);
}

#[test]
fn empty() {
    let mut empty = full();
    empty.rows.clear();
    empty.own = None;
    empty.members = 0;
    assert_snapshot!(show(&board(&empty, false)), @r#"
    ╭ Leaderboard: this week (Calm)
    │ Since <t:1795406400:F>
    │
    │ Nobody has points here yet. They come with right answers in a `/quiz`, and when a round closes.
    ╰
    "#);
}

#[test]
fn kept_off_by_a_role() {
    let mut full = full();
    (full.own, full.off) = (None, Some(Off::Role));
    let shown = show(&board(&full, false));
    assert!(shown.contains("One of your roles keeps you off the leaderboards"), "{shown}");
}

#[test]
fn newcomers_by_topic() {
    let mut full = full();
    full.which.newcomers = true;
    full.which.topic = Some("generator_expressions".to_owned());
    full.newcomers_since = Some(instant("2026-11-01T00:00:00Z"));
    full.own = None;
    full.rows.truncate(1);
    full.members = 1;
    assert_snapshot!(show(&board(&full, false)), @r#"
    ╭ Newcomers: this week, topic generator\_expressions (Calm)
    │ Since <t:1795406400:F>
    │
    │ Those who joined this server since <t:1793491200:F>, as I last saw it.
    │
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │
    │ You are not among the newcomers with points.
    ╰ 1 member
    [Share → share:week-n-25caa435ad858b48:0]
    "#);
}

#[test]
fn of_seasons() {
    let mut full = full();
    full.rows.truncate(1);
    full.which = Which::of(Window::Season);
    full.season = Some(autumn(None));
    full.stretch = (Some(instant("2026-09-01T00:00:00Z")), None);
    let running = show(&board(&full, false));
    let over = autumn(Some("2026-12-01T00:00:00Z"));
    full.stretch.1 = over.ended_at;
    full.season = Some(over.clone());
    let ended = show(&ended(&over, &full));
    full.rows.clear();
    full.own = None;
    full.members = 0;
    let empty = show(&board(&full, true));
    assert_snapshot!([running, ended, empty].join("\n"), @r#"
    ╭ Leaderboard: season \*Autumn\* (Calm)
    │ Since <t:1788220800:F>
    │
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │
    │ You: rank 2, 3 points (1 answer)
    ╰ 4 members
    [Share → share:season:0]
    (picture leaderboard.png: Leaderboard: season *Autumn*, as bars. 1. Ana: 12 points, 2 picks)
    Season “\*Autumn\*” is over. This is its final board.
    ╭ Leaderboard: season \*Autumn\* (Calm)
    │ From <t:1788220800:F> to <t:1796083200:F>. This season is over, and no other is running.
    │
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │
    │ You: rank 2, 3 points (1 answer)
    ╰ 4 members
    [Share → share:season:0]
    (picture leaderboard.png: Leaderboard: season *Autumn*, as bars. 1. Ana: 12 points, 2 picks)
    ╭ Leaderboard: season \*Autumn\* (Calm)
    │ From <t:1788220800:F> to <t:1796083200:F>. This season is over, and no other is running.
    │
    │ Nobody got points here in that time.
    ╰
    "#);
}

#[test]
fn the_weekly_post() {
    let mut full = full();
    full.which = Which::of(Window::LastWeek);
    (full.pages, full.members) = (2, 14);
    full.season = Some(autumn(None));
    assert_snapshot!(show(&weekly(&full, "KEY")), @r#"
    ╭ Leaderboard: last week (Calm)
    │ From <t:1795406400:F> to <t:1796011200:F>
    │
    │ 1\. **Ana**: 12 points (2 picks, 3 answers, 4 from quizzes), streak 5
    │ 2\. **Ben**: 3 points
    │ 2\. **Dana\_\***: 3 points (1 answer)
    │ 4\. **Chidi**: 1 point (1 from quizzes)
    ╰ Page 1 of 2, 14 members. Season: *Autumn*
    [My place → weekly:KEY]
    (picture leaderboard.png: Leaderboard: last week, as bars. 1. Ana: 12 points, 2 picks; 2. Ben: 3 points; 2. Dana_*: 3 points; 4. Chidi: 1 point)
    "#);
    // What *My place* on it answers.
    full.own = None;
    let shown = show(&board(&full, false));
    assert!(shown.contains("You got no points here."), "{shown}");
}

fn row(kind: Cause, points: i64, title: &str) -> PointsRow {
    PointsRow {
        entry: Entry {
            guild: super::sample::GUILD,
            member: ANA,
            source: Source::Round { round: RoundId(12), channel: CHANNEL },
            question: QuestionId("python/functions/args".to_owned()),
            kind,
            cause: "round:12:answered:1".to_owned(),
            points,
            at: instant("2026-11-24T08:00:00Z"),
        },
        title: title.to_owned(),
        place: Some(THREAD),
    }
}

#[test]
fn own_points() {
    let title = "What is *args?";
    let own = Points {
        total: 12,
        quiz: 4,
        rank: Some(3),
        rows: vec![
            row(Cause::Answered, -2, title),
            row(Cause::Picked, 5, title),
            row(Cause::Voted, 1, title),
            row(Cause::Answered, 2, ""),
        ],
        streaks: vec![
            (CHANNEL, Streak { length: 8, best: 11, graces: 1, toward_grace: 0 }),
            (ChannelId(201), Streak { length: 1, best: 1, graces: 0, toward_grace: 0 }),
        ],
    };
    assert_snapshot!(show(&points(&own)), @r#"
    ╭ Your points (Calm)
    │ **12 points**, rank 3 of all time, 4 of them from quizzes
    │
    │ The latest:
    │ −2 taken back, the round was voided, “What is \*args?” in <#300>
    │ +5 members' pick, “What is \*args?” in <#300>
    │ +1 voted, “What is \*args?” in <#300>
    │ +2 answered in <#300>
    │ ─ Streaks
    │ <#200>: 8 rounds in a row, best 11, 1 grace in hand
    │ <#201>: 1 round in a row, best 1, 0 graces in hand
    ╰ Only you can see this.
    "#);
}

#[test]
fn no_points_yet() {
    let none = Points { total: 0, quiz: 0, rank: None, rows: Vec::new(), streaks: Vec::new() };
    assert_snapshot!(show(&points(&none)), @r#"
    ╭ Your points (Calm)
    │ **0 points**
    │
    │ Answer a question, vote for an answer or take a `/quiz` to earn some.
    ╰ Only you can see this.
    "#);
}

fn open(answered: bool, voted: bool) -> OpenRound {
    OpenRound { round: round(State::Open), answered, voted, answers: 3 }
}

#[test]
fn today_with_open_rounds() {
    let busy = Today {
        open: vec![open(false, false), open(true, false), open(false, true), open(true, true)],
        next: vec![(CHANNEL, Some(due())), (ChannelId(201), None)],
        reviews: 0,
    };
    assert_snapshot!(show(&today(&busy)), @r#"
    ╭ Today (Calm)
    │ **Brackets or parentheses?**
    │ In <#300>, 3 answers so far, closes <t:1795507200:R>.
    │ You have neither answered nor voted yet.
    │
    │ **Brackets or parentheses?**
    │ In <#300>, 3 answers so far, closes <t:1795507200:R>.
    │ You have answered, but not voted yet.
    │
    │ **Brackets or parentheses?**
    │ In <#300>, 3 answers so far, closes <t:1795507200:R>.
    │ You have voted, but not answered yet.
    │
    │ **Brackets or parentheses?**
    │ In <#300>, 3 answers so far, closes <t:1795507200:R>.
    │ You have answered and voted.
    │ ─ Next round
    │ <#200>: <t:1795507200:F> (<t:1795507200:R>)
    │ <#201>: none coming up
    ╰
    "#);
}

#[test]
fn today_with_nothing_open() {
    let quiet = Today { open: Vec::new(), next: vec![(CHANNEL, Some(due()))], reviews: 1 };
    assert_snapshot!(show(&today(&quiet)), @r#"
    ╭ Today (Calm)
    │ No round is open right now.
    │ ─ Next round
    │ <#200>: <t:1795507200:F> (<t:1795507200:R>)
    │ ─ Your reviews
    │ 1 review is due for you. `/review` shows the first one.
    ╰
    "#);
}

fn settings(lateness: TimeDelta) -> Settings {
    Settings {
        lateness,
        stock_warning_days: 7,
        rules: Rules::default(),
        bot: MemberId(99),
        seed: 1,
        min_free_mib: 50,
        limits: Limits::default(),
    }
}

#[test]
fn the_rules() {
    let rules = Help {
        settings: settings(TimeDelta::hours(2)),
        channels: vec![(CHANNEL, schedule(), None), (ChannelId(201), schedule(), Some(8))],
        zone: Some(chrono_tz::Europe::Lisbon),
    };
    assert_snapshot!(show(&help(&rules)), @r#"
    ╭ How Studyhall works (Calm)
    │ ─ A round
    │ On every study day I post one question with a thread. Answer in the thread, then vote for the best answer of the others. At the close the thread gets the result and a reference answer.
    │ ─ What counts as an answer
    │ Your messages in the thread that have at least 20 characters, a code block or a file. Several of them make one answer, and its first one gets a ✅. A reply to somebody else is discussion and does not count. To take a message out, or to put it back in, choose *Not my answer* in its Apps menu. You can edit and delete until the close.
    │ A voice message counts as a file, and a forwarded message by the text and files it brings. What a bot or PluralKit posts for you doesn't count, because Discord doesn't say whose it is.
    │ ─ Voting
    │ Press *Vote* on the question, or choose *Vote for this answer* in the Apps menu of a message. You have one vote, not for yourself, and can change or withdraw it until the close. Nobody is told who voted for whom, and how the votes stand is only told at the close. If the answer you voted for is taken back, you keep your point and can vote again. Those who tie share the members' pick; with fewer than two votes there is none.
    │ ─ Points
    │ Answered 2, voted 1, members' pick 5; those who tie get all of it. `/points` lists what each of yours was for. On the leaderboard, equal points and picks share a rank; `/privacy board:off` takes you off it, and hides your stats from others.
    │ ─ Quizzes
    │ `/quiz` asks you in private; `/quiz mode:group` posts a card that everybody can join. A right answer gives 1 for an easy question, 2 for a medium and 3 for a hard one, on your first attempt at it in 30 days, and at most 15 a day. Questions that are open in a round or a group's quiz are left out until they close.
    │ ─ Streaks
    │ A streak counts the rounds in a row that you answered in one study channel. Every 7 answers earn a grace, and you can hold 2. A missed round uses up a grace, or else ends the streak. Rounds that are skipped, withdrawn or extra break nothing.
    │ ─ Being on time
    │ A round that could not be posted on time is still posted if it is at most 2 hours late; otherwise it is skipped. When the clocks change: a time that is left out means the first minute after it, and one that comes twice means the first.
    │ ─ Reviews
    │ What you got wrong in a quiz comes back in `/review`, after a day, a week, a month, as well as you remember it. `/review rounds:on` brings the questions of closed rounds too, and `/review remind:on` reminds you once a day. Nobody but you sees your reviews, and they give no points.
    │ ─ Commands
    │ `/today` shows what is open, `/leaderboard` who has the most points (by week, month, season, topic; there is one of newcomers too), `/season list` past seasons, `/points` your own, `/stats` your last half year. `/question show` looks a question up, `/question report` tells the admins that one is wrong. Admins set everything up with `/study`.
    │ ─ Study channels
    │ <#200>: Mon–Fri at 08:00 (America/Port\_of\_Spain), open until the next round, for 7 days at most
    │ <#201>: Mon–Fri at 08:00 (America/Port\_of\_Spain), open for 8 hours
    ╰ Weeks of the leaderboard begin on Monday, in Europe/Lisbon.
    "#);
}

#[test]
fn the_rules_before_any_setup() {
    let rules =
        Help { settings: settings(TimeDelta::minutes(90)), channels: Vec::new(), zone: None };
    let text = show(&help(&rules));
    assert!(text.contains("at most 90 minutes late"), "{text}");
    assert!(!text.contains("Study channels") && text.ends_with('╰'), "{text}");
}
