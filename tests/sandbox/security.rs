//! Who is kept out.

use crate::client::{Rest, read, sandbox};
use serde_json::json;

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused() {
    let sandbox = sandbox().await;
    let bot = Rest::bot(&sandbox);
    for path in ["/users/@me", "/gateway"] {
        let host = bot.request("GET", path).header("host", "evil.example").send().await.unwrap();
        assert_eq!(host.status(), 421);
        let origin =
            bot.request("GET", path).header("origin", "http://evil.example").send().await.unwrap();
        assert_eq!(origin.status(), 403);
    }
    let own = format!("http://{}", sandbox.addr());
    let same = bot.request("GET", "/users/@me").header("origin", own).send().await.unwrap();
    assert_eq!(same.status(), 200);
    let page = bot.http.get(sandbox.page()).header("host", "evil.example").send().await.unwrap();
    assert_eq!(page.status(), 421);
    let clock = format!("http://{}/clock", sandbox.addr());
    let moved = bot
        .http
        .post(&clock)
        .header("origin", "http://evil.example")
        .json(&json!({"jump_s": 60}))
        .send()
        .await
        .unwrap();
    assert_eq!(moved.status(), 403);
    // The gateway's upgrade passes the same gate.
    let mut request =
        tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(
            sandbox.gateway(),
        )
        .unwrap();
    request.headers_mut().insert("origin", "http://evil.example".parse().unwrap());
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
}

#[tokio::test]
async fn forms_change_nothing() {
    let sandbox = sandbox().await;
    let ana = Rest::member(&sandbox, "Ana");
    let path = format!("/channels/{}/messages", sandbox.study_channel_id());
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request =
            ana.request("POST", &path).header("content-type", kind).body(r#"{"content":"x"}"#);
        assert_eq!(read(request.send().await.unwrap()).await.status, 415);
        let clock = ana
            .http
            .post(format!("http://{}/clock", sandbox.addr()))
            .header("content-type", kind)
            .body(r#"{"jump_s":60}"#);
        assert_eq!(clock.send().await.unwrap().status(), 415);
    }
    assert!(sandbox.messages(sandbox.study_channel_id()).is_empty());
    let broken = ana.request("POST", &path).header("content-type", "application/json").body("{");
    assert_eq!(read(broken.send().await.unwrap()).await.code(), (400, 50109));
}

#[tokio::test]
async fn the_page_needs_its_key_and_tells_nothing_without() {
    let sandbox = sandbox().await;
    sandbox.add_member("</script><script>alert(1)</script>", false);
    let http = reqwest::Client::new();
    let page = http.get(sandbox.page()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = page.text().await.unwrap();
    for member in sandbox.members() {
        assert!(text.contains(&member.token));
    }
    assert!(!text.contains("alert(1)</script>"), "a name ends no element");
    assert!(text.contains("\\u003cscript\\u003ealert(1)"));
    let base = format!("http://{}/", sandbox.addr());
    for address in [
        base.clone(),
        format!("{base}?key="),
        format!("{base}?key=wrong"),
        sandbox.page().to_lowercase(),
    ] {
        let refused = http.get(&address).send().await.unwrap();
        assert_eq!(refused.status(), 403, "{address}");
        let text = refused.text().await.unwrap();
        assert!(sandbox.members().iter().all(|member| !text.contains(&member.token)));
        assert!(!text.contains(&sandbox.bot_token()));
    }
    // The modules hold no secret and need no key; what the bot asks is told to the page alone.
    let module = http.get(format!("{base}page/main.js")).send().await.unwrap();
    assert_eq!(module.headers()["content-type"], "text/javascript; charset=utf-8");
    for (path, status) in [("page/other.js", 404), ("page/..%2fpage.rs", 404), ("traffic", 403)] {
        let answer = http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    let key = sandbox.page().split_once('?').unwrap().1.to_owned();
    let told = http.get(format!("{base}traffic?{key}&after=0")).send().await.unwrap();
    assert_eq!(told.status(), 200);
}

#[tokio::test]
async fn the_description_is_what_the_command_line_promises() {
    let sandbox = sandbox().await;
    let told = sandbox.description();
    assert!(told["api"].as_str().unwrap().ends_with("/api/v10"));
    assert!(!told["gateway"].as_str().unwrap().contains('?'));
    assert_eq!(told["channels"]["python"], told["study_channel_id"]);
    assert_eq!(told["channels"].as_object().unwrap().len(), 3);
    let members = told["members"].as_array().unwrap();
    assert!(members.len() >= 4);
    assert_eq!(members.iter().filter(|member| member["admin"] == true).count(), 1);
    assert_eq!(told["bot"]["token"].as_str().unwrap().split('.').count(), 3);
}
