//! serenity's own client against the sandbox: the events it must be able to read, a command it
//! registers and answers.

use serde_json::json;
use serenity::all::{
    CommandInteraction, Context, CreateActionRow, CreateButton, CreateCommand,
    CreateInteractionResponse, CreateInteractionResponseMessage, EventHandler, GatewayIntents,
    Guild, HttpBuilder, Interaction, Message, Ready,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use studyhall::sandbox::{Options, Sandbox, SimClock, start};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the client's handler heard.
#[derive(Debug)]
enum Heard {
    Ready(String),
    Guild(Box<Guild>),
    Message(Box<Message>),
}

struct Handler(UnboundedSender<Heard>);

#[serenity::async_trait]
impl EventHandler for Handler {
    async fn ready(&self, ctx: Context, ready: Ready) {
        let command = CreateCommand::new("ping").description("Say pong");
        let button = CreateCommand::new("button").description("Show a button");
        ctx.http
            .create_global_commands(&[command, button])
            .await
            .expect("the commands are registered");
        let _ = self.0.send(Heard::Ready(ready.user.name.clone()));
    }

    async fn guild_create(&self, _: Context, guild: Guild, _: Option<bool>) {
        let _ = self.0.send(Heard::Guild(Box::new(guild)));
    }

    async fn message(&self, _: Context, message: Message) {
        let _ = self.0.send(Heard::Message(Box::new(message)));
    }

    async fn interaction_create(&self, ctx: Context, interaction: Interaction) {
        let reply = |text: &str| CreateInteractionResponseMessage::new().content(text);
        match interaction {
            Interaction::Command(command) if command.data.name == "ping" => {
                answer(&ctx, &command, reply("pong").ephemeral(true)).await;
            }
            Interaction::Command(command) => {
                let row = CreateActionRow::Buttons(vec![CreateButton::new("go").label("Go")]);
                answer(&ctx, &command, reply("press").components(vec![row])).await;
            }
            Interaction::Component(component) => {
                let edited = reply("pressed").components(Vec::new());
                component
                    .create_response(&ctx.http, CreateInteractionResponse::UpdateMessage(edited))
                    .await
                    .expect("the message is updated");
            }
            _ => {}
        }
    }
}

async fn answer(
    ctx: &Context,
    command: &CommandInteraction,
    with: CreateInteractionResponseMessage,
) {
    command
        .create_response(&ctx.http, CreateInteractionResponse::Message(with))
        .await
        .expect("the command is answered");
}

async fn next(heard: &mut UnboundedReceiver<Heard>, what: &str) -> Heard {
    tokio::time::timeout(Duration::from_secs(10), heard.recv())
        .await
        .unwrap_or_else(|_| panic!("{what} did not come"))
        .expect("the handler lives")
}

/// Collects what serenity logs about events it could not read: they vanish otherwise.
#[derive(Clone, Default)]
struct Unread(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Unread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn sandbox() -> Sandbox {
    start(Options {
        listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        clock: SimClock::system(),
        seed: 1,
        limits: false,
        extra_hosts: Vec::new(),
        content_intent: true,
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serenity_connects_reads_everything_and_answers() {
    let unread = Unread::default();
    let log = unread.clone();
    tracing_subscriber::fmt()
        .with_env_filter("serenity::client::dispatch=debug,serenity::gateway=warn,serenity::http=warn,studyhall=warn")
        .with_writer(move || log.clone())
        .with_ansi(false)
        .init();
    let sandbox = sandbox().await;
    let token = format!("Bot {}", sandbox.bot_token());
    let http = HttpBuilder::new(&token)
        .proxy(format!("http://{}", sandbox.addr()))
        .ratelimiter_disabled(true)
        .build();
    let (to, mut heard) = unbounded_channel();
    let intents = GatewayIntents::GUILDS
        | GatewayIntents::GUILD_MESSAGES
        | GatewayIntents::MESSAGE_CONTENT
        | GatewayIntents::GUILD_MESSAGE_REACTIONS
        | GatewayIntents::GUILD_MEMBERS
        | GatewayIntents::GUILD_MESSAGE_TYPING
        | GatewayIntents::DIRECT_MESSAGES;
    let mut client = serenity::client::ClientBuilder::new_with_http(http, intents)
        .event_handler(Handler(to))
        .await
        .unwrap();
    let shards = client.shard_manager.clone();
    let running = tokio::spawn(async move { client.start().await });

    // serenity runs handlers side by side, so either may be heard first.
    let (mut name, mut guild) = (None, None);
    while name.is_none() || guild.is_none() {
        match next(&mut heard, "READY and GUILD_CREATE").await {
            Heard::Ready(heard) => name = Some(heard),
            Heard::Guild(heard) => guild = Some(heard),
            Heard::Message(message) => panic!("{message:?} before anybody spoke"),
        }
    }
    assert_eq!(name.unwrap(), "Studyhall");
    let guild = guild.unwrap();
    assert_eq!(guild.channels.len(), 5);
    assert_eq!(guild.members.len(), 6);

    let study = sandbox.study_channel_id();
    let ana = sandbox.actor("Ana");
    let said = ana.say(study, "Hello everybody").await.unwrap();
    let Heard::Message(message) = next(&mut heard, "the message").await else {
        panic!("a message")
    };
    assert_eq!(message.content, "Hello everybody");
    assert_eq!(message.author.id.get(), ana.id());
    assert!(message.member.is_some());

    let pong = ana.command(study, "ping", json!([])).await.unwrap();
    assert_eq!(pong.message.unwrap()["content"], "pong");
    let shown = ana.command(study, "button", json!([])).await.unwrap();
    let pressed = ana
        .press(shown.message.as_ref().unwrap(), "go")
        .await
        .unwrap();
    assert!(pressed.updated);
    assert_eq!(pressed.message.unwrap()["content"], "pressed");

    // One of every event the bot may meet.
    let message_id = said["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/channels/{study}/messages/{message_id}");
    ana.edit(study, message_id, "Hello all").await.unwrap();
    ana.request("PUT", &format!("{path}/reactions/%F0%9F%91%8D/@me"), None)
        .await
        .unwrap();
    ana.request(
        "DELETE",
        &format!("{path}/reactions/%F0%9F%91%8D/@me"),
        None,
    )
    .await
    .unwrap();
    let thread = ana
        .request(
            "POST",
            &format!("{path}/threads"),
            Some(json!({"name": "A thread"})),
        )
        .await
        .unwrap();
    let thread: u64 = thread["id"].as_str().unwrap().parse().unwrap();
    ana.say(thread, "inside").await.unwrap();
    ana.reply(study, message_id, "an answer").await.unwrap();
    ana.upload(study, "a file", "notes.txt", b"text")
        .await
        .unwrap();
    ana.request("POST", &format!("/channels/{study}/typing"), None)
        .await
        .unwrap();
    let maya = sandbox.actor("Maya");
    maya.request("PUT", &format!("/channels/{study}/pins/{message_id}"), None)
        .await
        .unwrap();
    maya.request(
        "PATCH",
        &format!("/channels/{thread}"),
        Some(json!({"archived": true})),
    )
    .await
    .unwrap();
    ana.delete(study, message_id).await.unwrap();
    sandbox.set_bot_permissions(Some(study), 0, 1 << 6);
    sandbox.set_bot_permissions(None, 0, 1 << 13);
    let extra = sandbox.add_channel("extra", 0);
    sandbox.add_guild("Second hall");
    let eve = sandbox.add_member("Eve", false);
    sandbox.remove_member(eve.id);
    sandbox.delete_channel(thread);
    sandbox.delete_channel(extra);
    sandbox.drop_gateways();
    let last = ana.say(study, "the last word").await.unwrap();
    loop {
        if let Heard::Message(message) = next(&mut heard, "the last message, after a resume").await
            && message.id.to_string() == last["id"].as_str().unwrap()
        {
            break;
        }
    }
    sandbox.kick_bot();
    sandbox.invite_bot();
    loop {
        if let Heard::Guild(guild) = next(&mut heard, "the guild again").await
            && guild.id.get() == sandbox.guild_id()
        {
            break;
        }
    }
    shards.shutdown_all().await;
    let _ = running.await;
    let log = String::from_utf8(unread.0.lock().unwrap().clone()).unwrap();
    assert!(!log.contains("unknown event"), "{log}");
    assert!(!log.contains("deserializ"), "{log}");
    assert_eq!(sandbox.traffic().unknown_routes, Vec::<String>::new());
    sandbox.stop().await;
}
