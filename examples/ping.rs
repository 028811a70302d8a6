//! A bot with serenity, for the sandbox: `ping` is answered with `pong`.

use serenity::all::{ClientBuilder, Context, EventHandler, GatewayIntents, HttpBuilder, Message};
use std::env::var;

struct Ping;

#[serenity::async_trait]
impl EventHandler for Ping {
    async fn message(&self, context: Context, message: Message) {
        if message.content == "ping"
            && let Err(error) = message.reply(&context.http, "pong").await
        {
            eprintln!("{error}");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Everything up to `/api` is the server; without the proxy it is Discord itself.
    let api = var("API")?;
    let server = api.split("/api").next().unwrap_or(&api);
    let http = HttpBuilder::new(var("DISCORD_TOKEN")?).proxy(server).ratelimiter_disabled(true);
    let intents = GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT;
    let mut client =
        ClientBuilder::new_with_http(http.build(), intents).event_handler(Ping).await?;
    Ok(client.start().await?)
}
