//! The checker finds what is wrong and nothing else.

use super::{Report, check};
use serde_json::{Value, json};
use studyhall::sandbox::{Exchange, Who};

const MESSAGES: &str = "/channels/{channel_id}/messages";
const COMMANDS: &str = "/applications/{application_id}/commands";
const CALLBACK: &str = "/interactions/{interaction_id}/{interaction_token}/callback";

fn exchange(method: &str, template: &'static str, request: Value, status: u16) -> Exchange {
    Exchange {
        seq: 1,
        method: method.to_owned(),
        template: Some(template),
        path: template.to_owned(),
        query: String::new(),
        who: Who::Bot,
        request: Some(request),
        status,
        response: None,
    }
}

/// A refused request: only the request is at stake.
fn asked(method: &str, template: &'static str, request: Value) -> Report {
    let mut one = exchange(method, template, request, 400);
    one.response = Some(json!({"message": "Invalid Form Body", "code": 50035}));
    check(&[one])
}

#[track_caller]
fn assert_tells(report: &Report, pointer: &str, words: &str) {
    if !report.active {
        return;
    }
    let told = |violation: &String| {
        violation.contains(&format!(": {pointer}: ")) && violation.contains(words)
    };
    assert!(report.violations.keys().any(told), "{pointer} {words:?} not in:\n{report}");
    assert_eq!(report.violations.len(), 1, "more than that:\n{report}");
}

#[test]
fn good_requests_pass() {
    let card = json!({
        "content": "x".repeat(2_000), "nonce": "card-1", "enforce_nonce": true, "tts": false,
        "embeds": [{"title": "t", "description": "d", "fields": [{"name": "n", "value": "v"}]}],
        "components": [{"type": 1, "components": [
            {"type": 2, "style": 1, "label": "Vote", "custom_id": "vote:1"}]}],
        "allowed_mentions": {"parse": [], "roles": ["1"]},
    });
    asked("POST", MESSAGES, card.clone()).assert_clean();
    asked("POST", CALLBACK, json!({"type": 4, "data": card_without_nonce(card)})).assert_clean();
    asked("POST", CALLBACK, json!({"type": 6})).assert_clean();
    let commands = json!([
        {"name": "study", "description": "d", "type": 1, "options": [
            {"type": 1, "name": "set-up", "description": "d", "options": [
                {"type": 3, "name": "zone", "description": "d", "required": true},
                {"type": 4, "name": "days", "description": "d"}]}]},
        {"name": "Vote for this answer", "type": 3},
    ]);
    asked("PUT", COMMANDS, commands).assert_clean();
}

fn card_without_nonce(mut card: Value) -> Value {
    card.as_object_mut().unwrap().retain(|key, _| !key.contains("nonce"));
    card
}

#[test]
fn what_the_schemas_forbid_is_told_where_it_is() {
    let long = "n".repeat(26);
    assert_tells(&asked("POST", MESSAGES, json!({"content": "x", "nonce": long})), "/nonce", "25");
    let title = json!({"embeds": [{"title": "x".repeat(257)}]});
    assert_tells(&asked("POST", MESSAGES, title), "/embeds/0/title", "256");
    // A value deep inside alternatives: of the seven component types, the row is meant.
    let button = json!({"components": [{"type": 1, "components": [
        {"type": 2, "style": 1, "label": "x".repeat(81), "custom_id": "a"}]}]});
    assert_tells(&asked("POST", MESSAGES, button), "/components/0/components/0/label", "80");
}

#[test]
fn what_the_schemas_leave_out_is_told_too() {
    let text = json!({"content": "ä".repeat(2_001)});
    assert_tells(&asked("POST", MESSAGES, text), "/content", "2001 characters");
    let embeds =
        json!({"embeds": [{"description": "x".repeat(3_001)}, {"description": "x".repeat(3_000)}]});
    assert_tells(&asked("POST", MESSAGES, embeds), "/embeds", "6001 characters");
    let row =
        json!({"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "a", "label": "a"}]});
    let rows: Vec<Value> = std::iter::repeat_n(row, 6).collect();
    let rows = json!({"components": rows});
    assert_tells(&asked("POST", MESSAGES, rows.clone()), "/components", "6 rows");
    let data = json!({"type": 7, "data": rows});
    assert_tells(&asked("POST", CALLBACK, data), "/data/components", "6 rows");
    assert_tells(
        &asked("POST", MESSAGES, json!({"tts": false, "embeds": []})),
        "",
        "empty message",
    );
    let command = json!({"name": "Study", "description": "d"});
    assert_tells(&asked("POST", COMMANDS, command), "/name", "typed");
    let option = json!([{"name": "study", "description": "d", "options": [
        {"type": 3, "name": "a", "description": "d"},
        {"type": 3, "name": "b", "description": "d", "required": true}]}]);
    assert_tells(&asked("PUT", COMMANDS, option), "/0/options/1", "required");
}

#[test]
fn unknown_keys_are_told_at_every_depth() {
    let top = json!({"content": "x", "contents": "x"});
    assert_tells(&asked("POST", MESSAGES, top), "/contents", "key");
    let deep = json!({"components": [{"type": 1, "components": [
        {"type": 2, "style": 1, "custom_id": "a", "label": "a", "placeholder": "only menus"}]}]});
    assert_tells(&asked("POST", MESSAGES, deep), "/components/0/components/0/placeholder", "key");
    let data = json!({"type": 4, "data": {"content": "x", "title": "only forms"}});
    assert_tells(&asked("POST", CALLBACK, data), "/data/title", "key");
}

#[test]
fn operations_parameters_and_answers_must_exist() {
    let unknown = exchange("POST", "/channels/{channel_id}/nothing", json!({}), 200);
    assert_tells(&check(&[unknown]), "", "no such operation");
    let mut nowhere = exchange("GET", MESSAGES, json!({}), 404);
    nowhere.template = None;
    assert_tells(&check(&[nowhere]), "", "no such route");
    let mut list = exchange("GET", MESSAGES, Value::Null, 200);
    (list.request, list.query) = (None, "limit=100&befor=5".to_owned());
    list.response = Some(json!([]));
    assert_tells(&check(&[list.clone()]), "?befor", "parameter");
    list.query = "limit=100&before=5".to_owned();
    check(&[list.clone()]).assert_clean();
    list.status = 202;
    assert_tells(&check(&[list.clone()]), "", "never answers with 202");
    (list.status, list.response) = (200, None);
    assert_tells(&check(&[list]), "", "no body");
}

#[test]
fn answers_are_compared_for_members_too() {
    let mut one = exchange("GET", "/users/{user_id}", Value::Null, 200);
    (one.request, one.who) = (None, Who::Member(5));
    one.response = Some(json!({"id": "5", "username": "ana", "discriminator": "0", "avatar": null,
        "flags": 0, "public_flags": 0, "primary_guild": null, "global_name": null}));
    check(&[one.clone()]).assert_clean();
    one.response.as_mut().unwrap()["id"] = json!(5);
    assert_tells(&check(&[one.clone()]), "/id", "in the answer 200");
    (one.status, one.response) = (404, Some(json!({"message": "Unknown User"})));
    assert_tells(&check(&[one.clone()]), "", "code");
    // What is undocumented is left alone, and so is a connection that broke.
    one.method = "POST".to_owned();
    one.template = Some("/interactions");
    check(&[one.clone()]).assert_clean();
    (one.method, one.template, one.status) = ("GET".to_owned(), Some(MESSAGES), 0);
    check(&[one]).assert_clean();
}
