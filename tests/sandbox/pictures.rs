//! Files with messages, as bots send them: with a description, inside an embed, taken back.

use crate::client::{Answer, Rest, connected, id, read};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

/// The header of a PNG 20 pixels wide and 10 high; nothing reads on.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x14\0\0\0\x0a\x08\x06\0\0\0";

/// A message with one file, described as `described` says.
fn form(body: &Value, described: &Value, file: &str) -> Form {
    let mut body = body.clone();
    let message = if body["data"].is_object() { &mut body["data"] } else { &mut body };
    message["attachments"] = json!([described]);
    Form::new()
        .part("payload_json", Part::text(body.to_string()).mime_str("application/json").unwrap())
        .part(
            "files[0]",
            Part::bytes(PNG).file_name(file.to_owned()).mime_str("image/png").unwrap(),
        )
}

async fn send(bot: &Rest, method: &str, path: &str, form: Form) -> Answer {
    read(bot.request(method, path).multipart(form).send().await.unwrap()).await
}

fn described(text: &str) -> Value {
    json!({"id": "0", "filename": "board.png", "description": text})
}

#[tokio::test]
async fn a_picture_is_served_with_its_description_and_size() {
    let (sandbox, bot, mut gateway) = connected().await;
    let path = format!("/channels/{}/messages", sandbox.study_channel_id());
    let form = form(&json!({"content": "the board"}), &described("Ana leads."), "board.png");
    let sent = send(&bot, "POST", &path, form).await.ok();
    let event = gateway.until("MESSAGE_CREATE").await;
    assert_eq!(event["attachments"], sent["attachments"]);
    let file = &sent["attachments"][0];
    assert_eq!(file["filename"], "board.png");
    assert_eq!(file["description"], "Ana leads.");
    assert_eq!(file["content_type"], "image/png");
    assert_eq!((&file["width"], &file["height"]), (&json!(20), &json!(10)));
    let served = bot.http.get(file["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "image/png");
    assert_eq!(served.headers()["x-content-type-options"], "nosniff");
    assert_eq!(served.bytes().await.unwrap().as_ref(), PNG);
}

#[tokio::test]
async fn only_a_picture_is_shown() {
    let (sandbox, _bot, mut gateway) = connected().await;
    let ana = sandbox.actor("Ana");
    let page = b"<script>alert(1)</script>";
    ana.upload(sandbox.study_channel_id(), "see", "picture.png", page).await.unwrap();
    let event = gateway.until("MESSAGE_CREATE").await;
    let url = event["attachments"][0]["url"].as_str().unwrap();
    let served = reqwest::get(url).await.unwrap();
    assert_eq!(served.headers()["content-disposition"], "attachment");
    assert_eq!(served.headers()["content-type"], "application/octet-stream");
}

#[tokio::test]
async fn an_embed_shows_the_file_it_names() {
    let (sandbox, bot, _gateway) = connected().await;
    let path = format!("/channels/{}/messages", sandbox.study_channel_id());
    let embed = |name: &str| json!({"embeds": [{"title": "Board", "image": {"url": format!("attachment://{name}")}}]});
    let sent =
        send(&bot, "POST", &path, form(&embed("board.png"), &described("x"), "f")).await.ok();
    let image = &sent["embeds"][0]["image"];
    assert_eq!(image["url"], sent["attachments"][0]["url"]);
    assert_eq!((&image["width"], &image["height"]), (&json!(20), &json!(10)));
    let none =
        send(&bot, "POST", &path, form(&embed("other.png"), &described("x"), "f")).await.ok();
    assert_eq!(none["embeds"][0]["image"]["url"], "attachment://other.png");
}

#[tokio::test]
async fn an_edit_replaces_and_takes_away() {
    let (sandbox, bot, _gateway) = connected().await;
    let path = format!("/channels/{}/messages", sandbox.study_channel_id());
    let first = send(&bot, "POST", &path, form(&json!({}), &described("one"), "f")).await.ok();
    let path = format!("{path}/{}", id(&first["id"]));
    // Said nothing about files: they stay.
    let kept = bot.send("PATCH", &path, json!({"content": "still"})).await.ok();
    assert_eq!(kept["attachments"], first["attachments"]);
    let second = send(&bot, "PATCH", &path, form(&json!({}), &described("two"), "f")).await.ok();
    let files = second["attachments"].as_array().unwrap();
    assert_eq!(files.len(), 1, "the one not listed is gone");
    assert_eq!(files[0]["description"], "two");
    let none = bot.send("PATCH", &path, json!({"attachments": []})).await.ok();
    assert_eq!(none["attachments"], json!([]));
}

#[tokio::test]
async fn a_description_has_a_limit() {
    let (sandbox, bot, _gateway) = connected().await;
    let path = format!("/channels/{}/messages", sandbox.study_channel_id());
    for (long, status) in [(1_024, 200), (1_025, 400)] {
        let described = described(&"x".repeat(long));
        let answer = send(&bot, "POST", &path, form(&json!({}), &described, "f")).await;
        assert_eq!(answer.status, status, "{long}");
    }
}

#[tokio::test]
async fn answers_to_interactions_carry_files_too() {
    let (sandbox, bot, mut gateway) = connected().await;
    let commands = format!("/applications/{}/commands", sandbox.bot_id());
    let ping = json!([{"name": "ping", "description": "Pong"}]);
    bot.send("PUT", &commands, ping).await.ok();
    let ana = sandbox.actor("Ana");
    ana.ready().await.unwrap();
    let body = json!({"type": 4, "data": {"content": "yours", "flags": 64}});
    let (response, webhook) = tokio::join!(
        async { ana.command(sandbox.study_channel_id(), "ping", json!([])).await.unwrap() },
        async {
            let asked = gateway.until("INTERACTION_CREATE").await;
            let (at, token) = (asked["id"].as_str().unwrap(), asked["token"].as_str().unwrap());
            let path = format!("/interactions/{at}/{token}/callback");
            let answer = send(&bot, "POST", &path, form(&body, &described("first"), "f")).await;
            assert_eq!(answer.status, 204);
            format!("/webhooks/{}/{token}", asked["application_id"].as_str().unwrap())
        }
    );
    let shown = response.message.unwrap();
    assert_eq!(shown["attachments"][0]["description"], "first");
    let original = format!("{webhook}/messages/@original");
    let edited = send(&bot, "PATCH", &original, form(&json!({}), &described("second"), "f"));
    let edited = edited.await.ok();
    assert_eq!(edited["attachments"].as_array().unwrap().len(), 1);
    assert_eq!(edited["attachments"][0]["description"], "second");
    let body = json!({"content": "more"});
    let more = send(&bot, "POST", &webhook, form(&body, &described("third"), "f")).await.ok();
    let served =
        bot.http.get(more["attachments"][0]["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(served.bytes().await.unwrap().as_ref(), PNG);
}
