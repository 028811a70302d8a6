use super::sample::{CHANNEL, date};
use super::show;
use crate::discord::say::stats::{sheet, stats};
use crate::domain::ids::ChannelId;
use crate::domain::rate::Rate;
use crate::domain::streak::Streak;
use crate::engine::views::stats::{Did, Stats};
use crate::picture;
use insta::assert_snapshot;

fn nothing() -> Stats {
    let today = date("2026-11-25");
    Stats {
        name: Some("Ana_*".to_owned()),
        own: true,
        hidden: false,
        today,
        from: picture::first_day(today),
        days: [].into(),
        rounds: 0,
        picks: 0,
        streaks: Vec::new(),
        topics: [].into(),
    }
}

fn busy() -> Stats {
    let did = |answers, ballots, quiz| Did { answers, ballots, quiz };
    Stats {
        days: [
            (date("2026-11-23"), did(1, 1, 12)),
            (date("2026-11-24"), did(1, 0, 0)),
            (date("2026-06-01"), did(0, 0, 3)),
        ]
        .into(),
        rounds: 47,
        picks: 9,
        streaks: vec![
            (CHANNEL, Streak { length: 12, best: 20, graces: 1, toward_grace: 3 }),
            (ChannelId(201), Streak { length: 0, best: 31, graces: 0, toward_grace: 0 }),
        ],
        topics: [
            ("oop".to_owned(), Rate { answers: 4, right: 4 }),
            ("object-model".to_owned(), Rate { answers: 9, right: 5 }),
        ]
        .into(),
        ..nothing()
    }
}

fn other() -> Stats {
    let only = Did { answers: 1, ..Did::default() };
    let days = [(date("2026-11-23"), only), (date("2026-11-24"), only)].into();
    Stats { own: false, days, topics: [].into(), ..busy() }
}

/// The card with the picture's description.
fn shown(of: &Stats) -> String {
    show(&stats(of))
}

#[test]
fn of_one_who_never_did_anything() {
    assert_snapshot!(shown(&nothing()), @r#"
    **Your stats**
    In the last 26 weeks: nothing yet.

    Since the beginning: 0 rounds answered.

    No streak yet. It begins with the first answer in a round.

    No quiz answered in this time.
    (picture stats.png: Stats of Ana_*, 25 November 2026. Calendar of the last 26 weeks: nothing yet. Figures: rounds 0, picks 0, in a row 0, best row 0, graces 0.)
    "#);
}

#[test]
fn of_oneself() {
    assert_snapshot!(shown(&busy()), @r#"
    **Your stats**
    In the last 26 weeks: 2 rounds answered, 1 vote and 15 quiz answers, on 3 days.

    Since the beginning: 47 rounds answered, 9 times the members' pick.

    Streak in <#200>: 12 rounds in a row, best 20, 1 grace in hand
    Streak in <#201>: none now, best 31

    Quizzes: 69 % of 13 first tries right.
    By topic: object model 56 % of 9, oop 100 % of 4.
    (picture stats.png: Stats of Ana_*, 25 November 2026. Calendar of the last 26 weeks: 2 rounds answered, 1 vote and 15 quiz answers, on 3 days. Busiest day: 23 November 2026, with 14. Figures: rounds 47, picks 9, in a row 12, best row 20, graces 1. First tries right in quizzes, by topic: object model 56 % of 9, oop 100 % of 4.)
    "#);
}

#[test]
fn of_somebody_else() {
    assert_snapshot!(shown(&other()), @r#"
    **Stats of Ana\_\***
    In the last 26 weeks: 2 rounds answered, on 2 days.

    Since the beginning: 47 rounds answered, 9 times the members' pick.

    Streak in <#200>: 12 rounds in a row, best 20, 1 grace in hand
    Streak in <#201>: none now, best 31
    (picture stats.png: Stats of Ana_*, 25 November 2026. Calendar of the last 26 weeks: 2 rounds answered, on 2 days. Busiest day: 24 November 2026, with 1. Figures: rounds 47, picks 9, in a row 12, best row 20, graces 1.)
    "#);
    let nobody = Stats { name: None, own: false, ..nothing() };
    assert_snapshot!(shown(&nobody), @r#"
    **Stats of a member**
    In the last 26 weeks: nothing yet.

    Since the beginning: 0 rounds answered.

    No streak yet. It begins with the first answer in a round.
    (picture stats.png: Stats of a member, 25 November 2026. Calendar of the last 26 weeks: nothing yet. Figures: rounds 0, picks 0, in a row 0, best row 0, graces 0.)
    "#);
}

#[test]
fn of_oneself_off_the_boards() {
    let card = stats(&Stats { hidden: true, ..nothing() });
    assert!(card.content.ends_with("so nobody else can see your stats."), "{}", card.content);
}

#[test]
fn what_is_drawn_is_what_is_said() {
    let own = sheet(&busy());
    assert_eq!(own.name, "Ana_*");
    assert_eq!(own.line, "1 June 2026 to 25 November 2026");
    assert_eq!(own.days[&date("2026-11-23")], 14);
    let facts: Vec<String> =
        own.facts.iter().map(|fact| format!("{} {}", fact.value, fact.label)).collect();
    assert_eq!(facts, ["47 rounds", "9 picks", "12 in a row", "20 best row", "1 graces"]);
    let topics = own.topics.unwrap();
    assert_eq!((topics[0].name.as_str(), topics[0].right), ("object model", 5));
    // Of others nothing about quizzes is even handed to the drawing.
    assert_eq!(sheet(&other()).topics, None);
}
