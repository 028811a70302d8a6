//! Whatever members and packs write, Discord takes every message, and nobody breaks out of the
//! place where a name stands.

use super::{json_of, message};
use crate::discord::say::tests::sample::{
    ANA, CHANNEL, GUILD, THREAD, due, guild, instant, outcome, question, reason, round, schedule,
    study_channel,
};
use crate::discord::say::text::{clean, plain, units};
use crate::discord::say::{
    Card, Picture, Row, admin, ballot, boards, doctor, limit, no, notice, round as rounds, season,
    stats,
};
use crate::discord::say::{question as say_question, review as say_review};
use crate::domain::ballot::TallyRow;
use crate::domain::checkup::Finding;
use crate::domain::draw::Freshness;
use crate::domain::ids::{ChannelId, MemberId, MessageId, RoleId, RoundId};
use crate::domain::notice::{Notice, Trouble};
use crate::domain::points::{Award, Cause};
use crate::domain::question::{FollowUp, Question};
use crate::domain::ranking::which::Which;
use crate::domain::ranking::{Ranked, Standing, Window};
use crate::domain::rate::{Contradiction, Rate};
use crate::domain::refusal::Refusal;
use crate::domain::report;
use crate::domain::review::Grade;
use crate::domain::round::State;
use crate::domain::schedule::Holiday;
use crate::domain::season::{LONGEST_NAME, Season};
use crate::domain::streak::Streak;
use crate::engine::input::Reply;
use crate::engine::rates::Contradicted;
use crate::engine::views::admin::{ChannelStatus, Status};
use crate::engine::views::boards::{Board, BoardRow, BoardSettings, Points, PointsRow, SeasonRow};
use crate::engine::views::questions::{QuestionView, ReportView, ReportsView};
use crate::engine::views::review::{AnswerView, DueCard, ReminderView, ReviewView};
use crate::engine::views::rounds::{
    BallotLine, BallotView, CardView, OpenRound, ResultView, ShownAnswer, Today,
};
use crate::engine::views::stats::{Did, Stats};
use crate::engine::{BoardReply, Entry, Report, Source, Wishes};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq};
use proptest::{prop_oneof, proptest};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// What members and authors write, by its most troublesome pieces.
fn written(pieces: usize) -> impl Strategy<Value = String> {
    const PIECES: [&str; 33] = [
        "@everyone",
        "<@1>",
        "<@&7>",
        "<#1>",
        "<t:1:F>",
        "**",
        "__",
        "~~",
        "||",
        "`",
        "```",
        "```python\n",
        "\n```\n",
        "# ",
        "-# ",
        "> ",
        "- ",
        "1. ",
        "[x](https://example.org)",
        "https://example.org",
        "\u{202e}",
        "\u{200f}",
        "\u{2066}",
        "דנה",
        "👩‍🎓",
        "👍",
        "字",
        "\n",
        "\u{2028}",
        "\\",
        " ",
        "word",
        "\u{0}",
    ];
    let piece = prop_oneof![
        4 => (0..PIECES.len()).prop_map(|n| PIECES[n].to_owned()),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..pieces).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => written(8), 1 => written(60), 1 => Just(String::new())]
}

/// A text of an author, of at most so many characters; sometimes just that many.
fn of_format(most: usize) -> impl Strategy<Value = String> {
    let cut = move |text: String| text.chars().take(most).collect::<String>();
    prop_oneof![
        2 => written(most / 3).prop_map(cut),
        1 => Just("👍".repeat(most)),
        1 => Just("word ".repeat(most / 5)),
    ]
}

fn answer() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => written(40),
        1 => Just("👍".repeat(4_000)),
        1 => Just(format!("```python\n{}\n```", "x = 1\n".repeat(2_000))),
        1 => Just("a".repeat(10_000)),
    ]
}

fn asked() -> impl Strategy<Value = Question> {
    let follow_up =
        (of_format(900), of_format(900)).prop_map(|(prompt, answer)| FollowUp { prompt, answer });
    let texts = (of_format(90), of_format(1_500), of_format(1_000), of_format(3_500));
    (texts, vec(follow_up, 0..4), vec(of_format(300), 0..4), name()).prop_map(
        |((title, prompt, hint, answer), follow_ups, sources, topic)| Question {
            title,
            prompt,
            hint: Some(hint),
            answer,
            follow_ups,
            sources,
            topic,
            ..question()
        },
    )
}

/// What members can have made of a guild.
#[derive(Debug)]
struct World {
    names: Vec<String>,
    answers: Vec<String>,
    question: Question,
    typed: String,
    ties: usize,
    amount: usize,
}

fn world() -> impl Strategy<Value = World> {
    let members = prop_oneof![Just(0_usize), 1..30_usize, Just(200)];
    members.prop_flat_map(|members| {
        let few = vec(answer(), 8);
        (vec(name(), members), few, asked(), written(40), 0..=members, 0..30_usize).prop_map(
            |(names, answers, question, typed, ties, amount)| World {
                names,
                answers,
                question,
                typed,
                ties,
                amount,
            },
        )
    })
}

impl World {
    fn members(&self) -> Vec<(MemberId, &str)> {
        (1..).map(MemberId).zip(self.names.iter().map(String::as_str)).collect()
    }

    fn answer(&self, n: usize) -> String {
        self.answers[n % self.answers.len()].clone()
    }

    fn round(&self, state: State) -> crate::engine::Round {
        crate::engine::Round { question: Some(Arc::new(self.question.clone())), ..round(state) }
    }

    fn cards(&self) -> Vec<Card> {
        let mut cards = Vec::new();
        for state in State::ALL {
            cards.push(rounds::card(&CardView {
                round: self.round(state),
                key: "k".repeat(25),
                role: None,
                previous: Some(self.round(State::Closed)),
                picks: self.names.clone(),
                answers: self.names.len(),
                rate: Rate { answers: u32::MAX, right: u32::MAX },
                unannounced: false,
            }));
        }
        for voided in [false, true] {
            let mut view = self.result();
            view.round.voided_at = voided.then_some(due().at);
            cards.extend([
                rounds::result(&view),
                rounds::plain_result(&view),
                rounds::how_points(&view),
            ]);
        }
        cards.push(rounds::reference(&self.round(State::Closed), &"k".repeat(25)));
        cards.push(rounds::follow_ups(&self.question));
        cards.push(rounds::why(&self.question, &reason(Freshness::New, 7), u64::MAX));
        cards.extend(self.ballots());
        for own in [false, true] {
            let card = stats::stats(&self.stats(own));
            // As it is sent once it is drawn.
            let picture = card.drawing.clone().map(|drawing| Picture {
                file: drawing.file.to_owned(),
                png: vec![1, 2, 3],
                description: drawing.description,
            });
            cards.push(Card { picture, ..card });
        }
        cards.extend([false, true].map(|shared| boards::board(&self.board(), shared)));
        cards.extend(self.of_seasons());
        cards.push(boards::points(&self.points()));
        let open = OpenRound {
            round: self.round(State::Open),
            answered: true,
            voted: false,
            answers: self.names.len(),
        };
        cards.push(boards::today(&Today {
            open: vec![open; self.amount],
            next: (0..25).map(|n| (ChannelId(u64::MAX - n), Some(due()))).collect(),
            reviews: self.amount,
        }));
        cards.extend(self.for_admins());
        cards.extend(self.to_review());
        cards
    }

    /// Reviews, single questions and reports.
    fn to_review(&self) -> Vec<Card> {
        let question = Arc::new(self.question.clone());
        let key = "k".repeat(25);
        let first =
            DueCard { key: key.clone(), reviews: u32::MAX, question: Arc::clone(&question) };
        let refused = Wishes { refused_at: Some(due().at), ..Wishes::default() };
        let mut review = ReviewView {
            card: Some(first.clone()),
            due: self.amount,
            held_back: self.amount,
            next: Some(due().at),
            total: self.amount,
            wishes: refused,
        };
        let note = no::refusal(&Refusal::QuestionOpen).content;
        let mut cards = vec![say_review::review(&review, Some(&note))];
        review.card = None;
        cards.push(say_review::review(&review, Some(&note)));
        let grades = Grade::ALL.map(|grade| (grade, 36_500));
        cards.push(say_review::answer(&AnswerView { card: first, grades, due: self.amount }));
        let reminder = ReminderView { guild: self.typed.clone(), due: self.amount };
        cards.push(say_review::reminder(&reminder, &key));
        cards.push(say_question::question(&QuestionView {
            key: key.clone(),
            question,
            rate: Rate { answers: u32::MAX, right: 1 },
        }));
        cards.push(say_question::hint(&self.question));
        cards.push(say_question::answer(&self.question));
        cards.push(Card::text(say_question::reported(&self.question.title)));
        cards.push(say_question::report(&self.report(), &self.typed, &key));
        cards.push(say_question::decided(&self.report(), false));
        cards
    }

    fn report(&self) -> ReportView {
        ReportView {
            report: Report {
                id: 1,
                guild: GUILD,
                question: self.question.id.clone(),
                title: self.question.title.clone(),
                member: ANA,
                reason: self.typed.chars().cycle().take(500).collect(),
                at: due().at,
                standing: report::Standing::FixLater,
                decided: Some((ANA, due().at)),
            },
            reporter: self.typed.clone(),
            decider: Some(self.typed.clone()),
        }
    }

    fn result(&self) -> ResultView {
        let members = self.members();
        let mut done = outcome(&[], &[], &[]);
        done.tally.rows =
            members.iter().map(|&(author, _)| TallyRow { author, votes: 1 }).collect();
        done.tally.picks = members.iter().take(self.ties).map(|(member, _)| *member).collect();
        done.edited_late = done.tally.picks.clone();
        done.awards = members
            .iter()
            .flat_map(|&(member, _)| Cause::ALL.map(|cause| Award { member, cause, points: 100 }))
            .collect();
        let picks = members.iter().take(self.ties).enumerate().map(|(n, &(member, name))| {
            let first_message = MessageId(u64::MAX);
            ShownAnswer { member, name: name.to_owned(), quote: self.answer(n), first_message }
        });
        ResultView {
            picks: picks.collect(),
            names: members.iter().map(|&(id, name)| (id, name.to_owned())).collect(),
            round: crate::engine::Round { outcome: Some(done), ..self.round(State::Closed) },
            key: "k".repeat(25),
            in_channel: false,
        }
    }

    fn ballots(&self) -> Vec<Card> {
        let members = self.members();
        let pages = members.chunks(25).len().max(1);
        let mut cards = Vec::new();
        for page in 0..pages {
            let lines = members.iter().enumerate().skip(page * 25).take(25);
            let lines = lines.map(|(n, &(author, name))| BallotLine {
                author,
                name: name.to_owned(),
                text: self.answer(n),
                chosen: n == 3,
                edited_since: true,
            });
            let view = BallotView {
                card: "k".repeat(25),
                title: self.question.title.clone(),
                lines: lines.collect(),
                page,
                pages,
                choice: self.names.get(3).cloned(),
                choice_gone: false,
                closes_at: due().at,
            };
            cards.push(ballot::ballot(&view, Some("Your vote is counted.")));
        }
        cards.extend(self.names.iter().map(|name| ballot::voted_for(name)));
        cards
    }

    fn board(&self) -> Board {
        let rows: Vec<BoardRow> = self
            .members()
            .into_iter()
            .zip(1..)
            .map(|((member, name), rank)| {
                let (points, reached_at) = (i64::MAX, due().at);
                let (picks, answers, quiz) = (points, points, points);
                let standing = Standing { member, points, picks, answers, quiz, reached_at };
                let ranked = Ranked { rank, standing };
                BoardRow { ranked, name: Some(name.to_owned()), streak: u32::MAX }
            })
            .collect();
        let topic = Some(self.question.topic.clone());
        Board {
            which: Which { window: Window::Season, topic, newcomers: true },
            page: 1,
            pages: 3,
            own: rows.first().cloned(),
            off: None,
            members: u32::MAX,
            rows,
            stretch: (Some(due().at), Some(due().at)),
            season: Some(self.season()),
            newcomers_since: Some(due().at),
            stale: Vec::new(),
        }
    }

    fn season(&self) -> Season {
        let name = self.typed.chars().take(LONGEST_NAME).collect();
        Season { id: 1, name, started_at: due().at, ended_at: Some(due().at) }
    }

    fn of_seasons(&self) -> Vec<Card> {
        let mut in_week = self.board();
        in_week.which = Which::of(Window::Week);
        let row = SeasonRow {
            season: self.season(),
            best: Some((self.names.clone(), i64::MAX)),
            members: u32::MAX,
        };
        let (season, ended) = (self.season(), Some(self.season()));
        vec![
            boards::board(&in_week, false),
            boards::weekly(&in_week, &"k".repeat(25)),
            season::ended(&self.season(), &self.board()),
            season::list(&vec![row; self.amount]),
            season::reply(&BoardReply::SeasonStarted { season, ended }),
            season::settings(&BoardSettings {
                zone: chrono_tz::America::Argentina::ComodRivadavia,
                weekly: Some((CHANNEL, Some(due().at))),
                excluded: (0..25).map(|n| RoleId(u64::MAX - n)).collect(),
                season: Some(self.season()),
            }),
        ]
    }

    fn points(&self) -> Points {
        let entry = Entry {
            guild: GUILD,
            member: MemberId(1),
            source: Source::Round { round: RoundId(1), channel: CHANNEL },
            question: self.question.id.clone(),
            kind: Cause::Picked,
            cause: String::new(),
            points: i64::MIN,
            at: due().at,
        };
        let title = self.question.title.clone();
        let streak = Streak { length: u32::MAX, best: u32::MAX, graces: 2, toward_grace: 6 };
        Points {
            total: i64::MIN,
            quiz: i64::MAX,
            rank: Some(u32::MAX),
            rows: vec![PointsRow { entry, title, place: Some(THREAD) }; self.amount],
            streaks: (0..25).map(|n| (ChannelId(u64::MAX - n), streak)).collect(),
        }
    }

    fn stats(&self, own: bool) -> Stats {
        let streak = Streak { length: u32::MAX, best: u32::MAX, graces: 2, toward_grace: 0 };
        let did = Did { answers: 9_999, ballots: 9_999, quiz: 9_999 };
        let topics = (0..self.amount).map(|n| {
            let rate = Rate { answers: 9_999, right: 9_999 };
            (format!("{}-{n}", self.question.topic), rate)
        });
        Stats {
            name: self.names.first().cloned(),
            own,
            hidden: own,
            today: due().date,
            from: due().date,
            days: [(due().date, did)].into(),
            rounds: u32::MAX,
            picks: i64::MIN,
            streaks: vec![(ChannelId(u64::MAX), streak); 25],
            topics: topics.collect(),
        }
    }

    fn for_admins(&self) -> Vec<Card> {
        let free = Holiday {
            first: due().date,
            last: due().date + chrono::Days::new(5),
            label: self.typed.clone(),
        };
        let mut on_holidays = schedule();
        on_holidays.holidays = vec![free; self.amount * 4];
        let mut status = ChannelStatus {
            channel: study_channel(),
            dues: vec![(due(), true); 5],
            left: u32::MAX,
            open: Some(self.round(State::Open)),
            trouble: Some((Trouble::ChannelGone, due().at)),
            closed: u32::MAX,
        };
        let topics = (0..self.amount).map(|n| (format!("{}-{n}", self.question.topic), 1_000));
        status.channel.plan.topics = topics.collect();
        let trouble = Notice::InTrouble {
            channel: CHANNEL,
            trouble: Trouble::ChannelGone,
            doing: "bring the question card up to date".to_owned(),
        };
        let known: BTreeSet<String> = status.channel.plan.topics.keys().cloned().collect();
        let done = Card::text("x".repeat(500));
        let missing = admin::Missing {
            channel: CHANNEL,
            rights: vec!["Send Messages in Threads"; 9],
            purpose: "where the rounds happen",
        };
        let voided =
            Reply::Voided { channel: CHANNEL, title: self.question.title.clone(), rows: 1 };
        let mut cards = vec![
            admin::plan(CHANNEL, &status.channel.plan, 1, true, &known),
            admin::holidays(&vec![(CHANNEL, on_holidays); 25]),
            admin::set_up(&done, Some(&[missing.clone(), missing])),
            admin::reply(&voided).unwrap(),
            notice::notice(&trouble, &self.typed, &"k".repeat(25)),
        ];
        let contradicted = Contradicted {
            question: Arc::new(self.question.clone()),
            rate: Rate { answers: u32::MAX, right: 0 },
            contradiction: Contradiction::Harder,
        };
        let status = Status {
            guild: guild(),
            channels: vec![status; self.amount + 1],
            unsaid: vec![(trouble, instant("2026-11-23T08:00:00Z")); 5],
            given_up: vec![
                (
                    "bring the question card up to date",
                    CHANNEL,
                    instant("2026-11-23T08:00:00Z")
                );
                5
            ],
            reports: ReportsView { open: 5, later: u32::MAX, newest: vec![self.report(); 3] },
            contradicted: vec![contradicted; self.amount],
        };
        let of_channel = |n: u64| {
            let place = crate::discord::say::text::channel(ChannelId(u64::MAX - n));
            let lacking = vec![format!("in {place} it lacks {}", "Embed Links, ".repeat(9)); 2];
            let trouble = Trouble::Refused;
            [
                Finding::Rights { place: place.clone(), lacking },
                Finding::CloseWaits {
                    place: place.clone(),
                    title: self.typed.clone(),
                    since: due().at,
                },
                Finding::Trouble { place, trouble, since: due().at },
            ]
        };
        let server: Vec<Finding> = (0..25).flat_map(of_channel).collect();
        cards.push(admin::status(&status, &server));
        let why = self.typed.clone();
        cards.push(doctor::card(&server, &vec![Finding::Unchecked { what: "Clock", why }; 9]));
        let texts: [fn(String) -> Refusal; 5] = [
            Refusal::BadTime,
            Refusal::BadZone,
            Refusal::BadWeekdays,
            Refusal::BadDate,
            Refusal::BadPlan,
        ];
        cards.extend(texts.map(|typed| no::refusal(&typed(self.typed.clone()))));
        let many = (0..25).map(|n| ChannelId(u64::MAX - n)).collect();
        cards.push(no::refusal(&Refusal::WhichChannel(many)));
        cards
    }
}

/// What Discord would refuse of a message as sent.
fn refused(sent: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, text: &Value, least: usize, most: usize| {
        let length = text.as_str().map_or(0, |text| units(text.trim()));
        if !(least..=most).contains(&length) {
            wrong.push(format!("{what} has {length}, not {least} to {most}"));
        }
        length
    };
    check("content", &sent["content"], 0, limit::CONTENT);
    let mut all = 0;
    for embed in sent["embeds"].as_array().unwrap_or(&Vec::new()) {
        let mut sum = check("title", &embed["title"], 0, limit::TITLE);
        sum += check("text", &embed["description"], 0, limit::TEXT);
        sum += check("footer", &embed["footer"]["text"], 0, limit::FOOTER);
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        for field in &fields {
            sum += check("field name", &field["name"], 1, limit::FIELD_NAME);
            sum += check("field", &field["value"], 1, limit::FIELD);
        }
        if sum == 0 || sum > limit::EMBED || fields.len() > limit::FIELDS {
            check("embed", &Value::String("x".repeat(sum)), 1, limit::EMBED);
        }
        all += sum;
    }
    check("all embeds", &Value::String("x".repeat(all)), 0, limit::EMBED);
    check(
        "embeds",
        &Value::String("x".repeat(sent["embeds"].as_array().map_or(0, Vec::len))),
        0,
        10,
    );
    for file in sent["attachments"].as_array().unwrap_or(&Vec::new()) {
        check("description", &file["description"], 1, limit::DESCRIPTION);
    }
    let rows = sent["components"].as_array().cloned().unwrap_or_default();
    let mut ids = HashSet::new();
    for part in rows.iter().flat_map(|row| row["components"].as_array().unwrap()) {
        let custom_id = &part["custom_id"];
        check("custom id", custom_id, 1, limit::CUSTOM_ID);
        if !ids.insert(custom_id.to_string()) {
            check(&format!("{custom_id}, there twice,"), custom_id, 0, 0);
        }
        if part["type"] == 2 {
            check("label", &part["label"], 1, limit::BUTTON);
        }
        for option in part["options"].as_array().unwrap_or(&Vec::new()) {
            check("option", &option["label"], 1, limit::LINE);
            check("option's text", &option["description"], 1, limit::LINE);
            check("option's value", &option["value"], 1, limit::LINE);
        }
    }
    if sent["content"] == "" && sent["embeds"].as_array().is_none_or(Vec::is_empty) {
        wrong.push("it says nothing".to_owned());
    }
    wrong
}

fn too_many(card: &Card) -> bool {
    let full = |row: &Row| match row {
        Row::Buttons(buttons) => buttons.is_empty() || buttons.len() > limit::BUTTONS,
        Row::Menu(menu) => menu.lines.is_empty() || menu.lines.len() > limit::LINES,
    };
    card.rows.len() > limit::ROWS || card.rows.iter().any(full)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn discord_takes_every_card(world in world()) {
        for card in world.cards() {
            let sent = json_of(message(&card));
            let wrong = refused(&sent);
            prop_assert!(wrong.is_empty(), "{wrong:?}\n{sent:#}");
            prop_assert!(!too_many(&card), "{card:?}");
        }
    }
}

proptest! {
    #[test]
    fn nothing_in_a_name_has_a_meaning(name in name()) {
        let shown = plain(&name);
        // Letters from right to left are kept to themselves.
        let inner = shown.strip_prefix('\u{2068}').map_or(shown.as_str(), |rest| {
            rest.strip_suffix('\u{2069}').unwrap()
        });
        let mut bare = String::new();
        let mut letters = inner.chars().peekable();
        while let Some(c) = letters.next() {
            let c = if c == '\\' {
                let escaped = letters.next();
                prop_assert!(escaped.is_some_and(|c| c.is_ascii_punctuation()), "{shown:?}");
                escaped.unwrap_or(c)
            } else {
                prop_assert!(!"*_~`|<>[]()#".contains(c), "{shown:?}");
                prop_assert!(!(bare.is_empty() && "-+".contains(c)), "{shown:?}");
                let after: String = letters.clone().take(2).collect();
                prop_assert!(!(c == ':' && after == "//"), "{shown:?}");
                c
            };
            prop_assert!(!c.is_control() && (c == ' ' || !c.is_whitespace()), "{shown:?}");
            prop_assert!(!matches!(c, '\u{200f}' | '\u{202e}' | '\u{2066}'), "{shown:?}");
            bare.push(c);
            if c == '@' {
                prop_assert_eq!(letters.next_if_eq(&'\u{200b}'), Some('\u{200b}'));
            }
        }
        // Nothing else is lost.
        prop_assert_eq!(bare, clean(&name));
    }
}

#[test]
fn discord_takes_every_card_at_its_longest() {
    let follow_up = FollowUp { prompt: "👍".repeat(1_000), answer: "👍".repeat(3_000) };
    let world = World {
        names: vec!["*".repeat(32); 200],
        answers: vec!["👍".repeat(4_000), "x = 1 ".repeat(2_000)],
        question: Question {
            title: "👍".repeat(90),
            prompt: "👍".repeat(1_500),
            hint: Some("👍".repeat(1_000)),
            answer: "👍".repeat(3_500),
            follow_ups: vec![follow_up; 3],
            sources: vec!["👍".repeat(1_000)],
            ..question()
        },
        typed: "👍".repeat(3_000),
        ties: 200,
        amount: 30,
    };
    for card in world.cards() {
        let sent = json_of(message(&card));
        let wrong = refused(&sent);
        assert!(wrong.is_empty(), "{wrong:?}\n{sent:#}");
        assert!(!too_many(&card), "{card:?}");
    }
}

#[test]
fn every_name_is_shown_as_text() {
    let name = "*a*<@1>@everyone_b_\n# c";
    let world = World {
        names: vec![name.to_owned(); 30],
        answers: vec!["A plain answer.".to_owned()],
        question: question(),
        typed: name.to_owned(),
        ties: 2,
        amount: 3,
    };
    let mut shown = 0;
    for card in world.cards() {
        let embed = card.embed.unwrap_or_default();
        if embed.text.contains("did not accept this result") {
            // It mentions members and has none of their names.
            continue;
        }
        let fields = embed.fields.into_iter().map(|(_, value)| value);
        let quotes = card.quotes.into_iter().map(|quote| quote.text);
        for text in [card.content, embed.text].into_iter().chain(fields).chain(quotes) {
            for meaning in ["*a*<", "<@1", "@everyone", "\n# c"] {
                // What an admin typed may stand in a quotation of code, where nothing has a meaning.
                let outside: String = text.split('`').step_by(2).collect();
                let typed = text.starts_with("That plan does not work");
                assert!(typed || !outside.contains(meaning), "{meaning} in {text}");
            }
            shown += text.matches("\\*a\\*\\<@\u{200b}1\\>@\u{200b}everyone").count();
        }
    }
    assert!(shown > 100, "only {shown} names were seen");
}
