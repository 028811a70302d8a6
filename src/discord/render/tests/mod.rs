use super::{edit, edited_response, message, reply, response};
use crate::discord::say::tests::sample::{card_view, outcome, result_view};
use crate::discord::say::{Button, Card, Embed, Line, Menu, Picture, Row, Tone, round};
use crate::domain::ids::RoleId;
use crate::domain::round::State;
use serde_json::{Value, json};
use serenity::all::CreateInteractionResponseMessage;

mod limits;

fn json_of(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

/// The reply to a command, as it goes over the wire.
fn json_of_reply(card: &Card, private: bool) -> Value {
    let empty = CreateInteractionResponseMessage::new();
    json_of(reply(card, private).to_slash_initial_response(empty))
}

fn nobody() -> Value {
    json!({"parse": [], "users": [], "roles": []})
}

#[test]
fn nothing_but_a_new_card_notifies_anybody_and_that_only_its_role() {
    let mut view = card_view(State::Open);
    view.role = Some(RoleId(7));
    let card = round::card(&view);
    assert_eq!(
        json_of(message(&card))["allowed_mentions"],
        json!({"parse": [], "users": [], "roles": ["7"]})
    );
    for sent in [
        json_of(edit(&card)),
        json_of(response(&card, false)),
        json_of(response(&card, true)),
        json_of(edited_response(&card)),
        json_of_reply(&card, false),
        json_of_reply(&card, true),
        json_of(message(&round::card(&card_view(State::Open)))),
        json_of(message(&round::result(&result_view(outcome(&[], &[], &[]))))),
    ] {
        assert_eq!(sent["allowed_mentions"], nobody(), "{sent}");
    }
}

#[test]
fn private_is_flag_64() {
    let card = Card::text("for you");
    assert_eq!(json_of(response(&card, true))["flags"], 64);
    assert_eq!(json_of_reply(&card, true)["flags"], 64);
    for public in [json_of(response(&card, false)), json_of_reply(&card, false)] {
        let flags = public["flags"].as_u64().unwrap_or(0);
        assert_eq!(flags & 64, 0, "{public}");
    }
}

#[test]
fn an_answer_without_a_box_takes_an_old_one_away() {
    let card = Card::text("Your vote is counted.");
    assert_eq!(json_of(response(&card, true))["embeds"], json!([]));
    assert_eq!(json_of(edited_response(&card))["embeds"], json!([]));
    assert_eq!(json_of(response(&card, true))["components"], json!([]));
}

#[test]
fn a_card_over_the_wire() {
    let sent = json_of(message(&round::card(&card_view(State::Open))));
    assert_eq!(sent["embeds"][0]["title"], "Brackets or parentheses?");
    assert_eq!(sent["embeds"][0]["color"], 0x0058_65F2);
    assert_eq!(sent["embeds"][0]["footer"]["text"], "python/generators/lazy-sum");
    assert_eq!(
        sent["components"],
        json!([{"type": 1, "components": [
            {"type": 2, "style": 1, "custom_id": "vote:KEY", "label": "Vote", "disabled": false},
            {"type": 2, "style": 2, "custom_id": "rules:KEY", "label": "How it works", "disabled": false},
        ]}])
    );
}

#[test]
fn a_menu_over_the_wire() {
    let line = |label: &str, chosen| Line {
        label: label.to_owned(),
        detail: "d".to_owned(),
        value: label.to_lowercase(),
        chosen,
    };
    let card = Card {
        rows: vec![Row::Menu(Menu {
            custom_id: "ballot:KEY:0".to_owned(),
            prompt: "Choose".to_owned(),
            lines: vec![line("Ana", false), line("Ben", true)],
        })],
        ..Card::default()
    };
    let sent = json_of(message(&card));
    let menu = &sent["components"][0]["components"][0];
    assert_eq!((&menu["type"], &menu["custom_id"]), (&json!(3), &json!("ballot:KEY:0")));
    assert_eq!(menu["placeholder"], "Choose");
    assert_eq!(menu["options"][1]["default"], true);
    assert_eq!(menu["options"][0]["value"], "ana");
}

#[test]
fn what_would_be_refused_as_empty_is_left_out() {
    let embed = Embed {
        title: " ".to_owned(),
        text: "text".to_owned(),
        fields: vec![
            (String::new(), "no name".to_owned()),
            ("no value".to_owned(), "\u{200b}".to_owned()),
            ("name".to_owned(), "value".to_owned()),
        ],
        ..Embed::default()
    };
    let sent = json_of(message(&Card::boxed(embed)));
    let embed = &sent["embeds"][0];
    assert_eq!((embed.get("title"), embed.get("footer")), (None, None), "{embed}");
    assert_eq!(embed["fields"], json!([{"name": "name", "value": "value", "inline": false}]));
}

#[test]
fn the_text_gives_way_where_the_sum_is_too_large() {
    let field = |n: usize| (format!("{n:0256}"), "v".repeat(2_000));
    let embed = Embed {
        title: "t".repeat(300),
        text: "x".repeat(5_000),
        fields: (0..3).map(field).collect(),
        footer: "f".repeat(100),
        tone: Tone::Calm,
    };
    let sent = json_of(message(&Card::boxed(embed)));
    let embed = &sent["embeds"][0];
    assert_eq!(embed["fields"].as_array().unwrap().len(), 3);
    let text = embed["description"].as_str().unwrap();
    // 6,000 without the title, the footer and three whole fields.
    assert_eq!(text.chars().count(), 6_000 - 256 - 100 - 3 * 1_280);
}

#[test]
fn fields_that_do_not_fit_at_all_are_left_out() {
    let embed = Embed {
        fields: (0..30).map(|n| (format!("{n}"), "v".repeat(1_000))).collect(),
        ..Embed::default()
    };
    let sent = json_of(message(&Card::boxed(embed)));
    assert_eq!(sent["embeds"][0]["fields"].as_array().unwrap().len(), 5);
}

#[test]
fn labels_are_cut() {
    let card = Card::default().with_buttons(vec![Button::new(&"l".repeat(90), "x:1".to_owned())]);
    let sent = json_of(message(&card));
    let label = sent["components"][0]["components"][0]["label"].as_str().unwrap();
    assert_eq!(label.chars().count(), 80);
}

#[test]
fn a_picture_goes_with_its_description() {
    let picture = Picture {
        file: "board.png".to_owned(),
        png: b"picture".to_vec(),
        description: "d".repeat(2_000),
    };
    let plain = Card { picture: Some(picture.clone()), ..Card::text("words") };
    let boxed = Card::boxed(Embed { text: "words".to_owned(), ..Embed::default() });
    let boxed = Card { picture: Some(picture), ..boxed };
    for card in [&plain, &boxed] {
        for sent in [
            json_of(message(card)),
            json_of(edit(card)),
            json_of(response(card, true)),
            json_of(edited_response(card)),
            json_of_reply(card, true),
        ] {
            let file = &sent["attachments"][0];
            assert_eq!((&file["id"], &file["filename"]), (&json!(0), &json!("board.png")));
            assert_eq!(file["description"].as_str().unwrap().chars().count(), 1_024);
            // In a box it is the box's picture, else it stands alone.
            let image = &sent["embeds"][0]["image"]["url"];
            match card.embed {
                Some(_) => assert_eq!(image, "attachment://board.png"),
                None => assert_eq!(*image, Value::Null),
            }
        }
    }
}

#[test]
fn a_message_brought_up_to_date_loses_the_picture_it_had() {
    let card = Card::text("words");
    for sent in
        [json_of(edit(&card)), json_of(response(&card, true)), json_of(edited_response(&card))]
    {
        assert_eq!(sent["attachments"], json!([]), "{sent}");
    }
}
