//! serenity's own client against the sandbox: the events it must be able to read, a command it
//! registers and answers.

use crate::client::Rest;
use serde_json::json;
use serenity::all::{
    AutoArchiveDuration, ChannelId, ChannelType, CommandInteraction, CommandOptionType,
    CommandType, Context, CreateActionRow, CreateAttachment, CreateAutocompleteResponse,
    CreateButton, CreateCommand, CreateCommandOption, CreateEmbed, CreateInputText,
    CreateInteractionResponse, CreateInteractionResponseFollowup, CreateInteractionResponseMessage,
    CreateMessage, CreateModal, CreateThread, EditInteractionResponse, EditMessage, EditThread,
    EventHandler, GatewayIntents, GetMessages, Guild, GuildId, HttpBuilder, InputTextStyle,
    Interaction, Message, MessageId, Ready, UserId,
};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use studyhall::sandbox::{Options, Sandbox, SimClock, Who, start};
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
        let later = CreateCommand::new("later").description("Answer later");
        let form = CreateCommand::new("form").description("Open a form");
        let topic = CreateCommandOption::new(CommandOptionType::String, "topic", "Which topic")
            .set_autocomplete(true);
        let who = CreateCommandOption::new(CommandOptionType::User, "who", "Who");
        let find = CreateCommand::new("find").description("Find").add_option(topic).add_option(who);
        let menu = CreateCommand::new("Keep").kind(CommandType::Message);
        ctx.http
            .create_global_commands(&[command, button, later, form, find, menu])
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
            Interaction::Command(command) if command.data.name == "later" => {
                command.defer_ephemeral(&ctx.http).await.expect("deferred");
                let edit = EditInteractionResponse::new().content("finished");
                let edited = command.edit_response(&ctx.http, edit).await.expect("edited");
                assert_eq!(edited.content, "finished");
                let more = CreateInteractionResponseFollowup::new().content("more");
                command.create_followup(&ctx.http, more).await.expect("followed up");
            }
            Interaction::Command(command) if command.data.name == "form" => {
                let input = CreateInputText::new(InputTextStyle::Short, "Text", "text");
                let form = CreateModal::new("form", "A form")
                    .components(vec![CreateActionRow::InputText(input)]);
                command
                    .create_response(&ctx.http, CreateInteractionResponse::Modal(form))
                    .await
                    .expect("the form is shown");
            }
            Interaction::Command(command) if command.data.name == "find" => {
                let who = command.data.resolved.users.values().next().expect("resolved");
                answer(&ctx, &command, reply(&who.name)).await;
            }
            Interaction::Command(command) if command.data.name == "Keep" => {
                let kept = command.data.resolved.messages.values().next().expect("resolved");
                answer(&ctx, &command, reply(&kept.content)).await;
            }
            Interaction::Modal(form) => {
                form.create_response(&ctx.http, CreateInteractionResponse::Message(reply("taken")))
                    .await
                    .expect("the form is answered");
            }
            Interaction::Autocomplete(typing) => {
                let choices = CreateAutocompleteResponse::new().add_string_choice("The GIL", "gil");
                typing
                    .create_response(&ctx.http, CreateInteractionResponse::Autocomplete(choices))
                    .await
                    .expect("choices are offered");
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

/// For the table of what the sandbox has: the routes that serenity used, where somebody asks for them.
fn report(sandbox: &Sandbox, name: &str) {
    let Some(folder) = std::env::var_os("CLIENTS_REPORT") else { return };
    let exchanges = sandbox.traffic().exchanges;
    let routes: BTreeSet<String> = exchanges
        .iter()
        .filter(|one| one.who == Who::Bot && (200..300).contains(&one.status))
        .filter_map(|one| Some(format!("{} {}", one.method, one.template?)))
        .collect();
    let told = json!({"client": "serenity", "routes": routes, "events": []});
    std::fs::write(Path::new(&folder).join(format!("serenity_{name}.json")), told.to_string())
        .unwrap();
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
            other => panic!("{other:?} before anybody spoke"),
        }
    }
    assert_eq!(name.unwrap(), "Studyhall");
    let guild = guild.unwrap();
    assert_eq!(guild.channels.len(), 5);
    assert_eq!(guild.members.len(), 1);

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
    let pressed = ana.press(shown.message.as_ref().unwrap(), "go").await.unwrap();
    assert!(pressed.updated);
    assert_eq!(pressed.message.unwrap()["content"], "pressed");

    let later = ana.command(study, "later", json!([])).await.unwrap();
    assert_eq!(later.settled_message().await.unwrap()["content"], "finished");
    let form = ana.command(study, "form", json!([])).await.unwrap();
    let taken = ana.submit_modal(&form, &[("text", "hello")]).await.unwrap();
    assert_eq!(taken.message.unwrap()["content"], "taken");
    let typed = json!([{"name": "topic", "value": "g", "focused": true}]);
    let choices = ana.autocomplete(study, "find", typed).await.unwrap();
    assert_eq!(choices[0]["value"], "gil");
    let who = json!([{"name": "who", "value": ana.id().to_string()}]);
    let found = ana.command(study, "find", who).await.unwrap();
    assert_eq!(found.message.unwrap()["content"], "ana");
    let kept = ana
        .message_menu("Keep", study, said["id"].as_str().unwrap().parse().unwrap())
        .await
        .unwrap();
    assert_eq!(kept.message.unwrap()["content"], "Hello everybody");

    // One of every event the bot may meet.
    let message_id = said["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/channels/{study}/messages/{message_id}");
    ana.edit(study, message_id, "Hello all").await.unwrap();
    ana.request("PUT", &format!("{path}/reactions/%F0%9F%91%8D/@me"), None).await.unwrap();
    ana.request("DELETE", &format!("{path}/reactions/%F0%9F%91%8D/@me"), None).await.unwrap();
    let thread = ana
        .request("POST", &format!("{path}/threads"), Some(json!({"name": "A thread"})))
        .await
        .unwrap();
    let thread: u64 = thread["id"].as_str().unwrap().parse().unwrap();
    ana.say(thread, "inside").await.unwrap();
    ana.reply(study, message_id, "an answer").await.unwrap();
    ana.upload(study, "a file", "notes.txt", b"text").await.unwrap();
    ana.request("POST", &format!("/channels/{study}/typing"), None).await.unwrap();
    let maya = sandbox.actor("Maya");
    maya.request("PUT", &format!("/channels/{study}/pins/{message_id}"), None).await.unwrap();
    maya.request("PATCH", &format!("/channels/{thread}"), Some(json!({"archived": true})))
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
    report(&sandbox, "gateway");
    sandbox.stop().await;
}

#[tokio::test]
async fn serenity_reads_every_answer() {
    let sandbox = sandbox().await;
    let http = HttpBuilder::new(format!("Bot {}", sandbox.bot_token()))
        .proxy(format!("http://{}", sandbox.addr()))
        .ratelimiter_disabled(true)
        .build();
    let guild = GuildId::new(sandbox.guild_id());
    let study = ChannelId::new(sandbox.study_channel_id());
    assert_eq!(http.get_gateway().await.unwrap().url, sandbox.gateway());
    assert_eq!(http.get_bot_gateway().await.unwrap().shards, 1);
    let me = http.get_current_user().await.unwrap();
    assert_eq!(me.id.get(), sandbox.bot_id());
    let application = http.get_current_application_info().await.unwrap();
    assert_eq!(application.id.get(), sandbox.bot_id());
    assert_eq!(http.get_guilds(None, None).await.unwrap().len(), 1);
    assert_eq!(http.get_guild(guild).await.unwrap().name, "Study Hall");
    assert_eq!(http.get_channels(guild).await.unwrap().len(), 5);
    assert_eq!(http.get_guild_roles(guild).await.unwrap().len(), 4);
    let members = http.get_guild_members(guild, Some(100), None).await.unwrap();
    assert_eq!(members.len(), 6);
    let ana = UserId::new(sandbox.actor("Ana").id());
    assert_eq!(http.get_member(guild, ana).await.unwrap().display_name(), "Ana");
    http.get_user(ana).await.unwrap();

    let embed =
        CreateEmbed::new().title("Card").field("a", "b", true).image("https://example.com/a.png");
    let row = CreateActionRow::Buttons(vec![CreateButton::new("vote").label("Vote").emoji('👍')]);
    let new = CreateMessage::new().content("Question").embed(embed).components(vec![row]);
    let card = study.send_message(&http, new).await.unwrap();
    assert_eq!((card.embeds.len(), card.components.len()), (1, 1));
    let file = CreateAttachment::bytes(b"text".to_vec(), "notes.txt").description("Notes");
    let sent = study.send_message(&http, CreateMessage::new().add_file(file)).await.unwrap();
    assert_eq!(sent.attachments[0].description.as_deref(), Some("Notes"));
    let edit = EditMessage::new().content("Edited");
    let edited = study.edit_message(&http, card.id, edit).await.unwrap();
    assert!(edited.edited_timestamp.is_some());
    card.react(&http, '✅').await.unwrap();
    assert_eq!(card.reaction_users(&http, '✅', None, None).await.unwrap().len(), 1);
    study.pin(&http, card.id).await.unwrap();
    assert_eq!(study.pins(&http).await.unwrap().len(), 1);
    study.unpin(&http, card.id).await.unwrap();

    let thread = CreateThread::new("A thread").auto_archive_duration(AutoArchiveDuration::OneWeek);
    let thread = study.create_thread_from_message(&http, card.id, thread).await.unwrap();
    assert_eq!(thread.id.get(), card.id.get());
    thread.id.join_thread(&http).await.unwrap();
    let to_nothing =
        CreateMessage::new().content("inside").reference_message((thread.id, MessageId::new(1)));
    thread.id.send_message(&http, to_nothing).await.unwrap_err();
    let loose = CreateThread::new("Loose").kind(ChannelType::PublicThread);
    let loose = study.create_thread(&http, loose).await.unwrap();
    loose.id.edit_thread(&http, EditThread::new().archived(true)).await.unwrap();
    assert_eq!(guild.get_active_threads(&http).await.unwrap().threads.len(), 1);
    let archived = study.get_archived_public_threads(&http, None, None).await.unwrap();
    assert_eq!(archived.threads[0].name, "Loose");
    let history = study.messages(&http, GetMessages::new().limit(100)).await.unwrap();
    assert_eq!(history.last().unwrap().thread.as_ref().unwrap().id, thread.id);
    let inside = thread.id.messages(&http, GetMessages::new()).await.unwrap();
    assert!(inside[0].referenced_message.is_some());
    study.message(&http, card.id).await.unwrap();
    study.to_channel(&http).await.unwrap();
    study.broadcast_typing(&http).await.unwrap();
    let direct = ana.create_dm_channel(&http).await.unwrap();
    assert_eq!(direct.recipient.id, ana);
    direct.send_message(&http, CreateMessage::new().content("psst")).await.unwrap();

    http.set_application_id(sandbox.bot_id().into());
    let one = CreateCommand::new("one").description("One");
    let one = http.create_global_command(&one).await.unwrap();
    assert_eq!(http.get_global_commands().await.unwrap().len(), 1);
    http.delete_global_command(one.id).await.unwrap();
    let two = [CreateCommand::new("two").description("Two")];
    let local = http.create_guild_commands(guild, &two).await.unwrap();
    assert_eq!(http.get_guild_commands(guild).await.unwrap()[0].id, local[0].id);
    let maya = Rest::member(&sandbox, "Maya");
    let path = format!(
        "/applications/{}/guilds/{guild}/commands/{}/permissions",
        sandbox.bot_id(),
        local[0].id
    );
    let set = json!({"permissions": [{"id": ana.to_string(), "type": 2, "permission": true}]});
    maya.send("PUT", &path, set).await.ok();
    let all = http.get_guild_commands_permissions(guild).await.unwrap();
    assert_eq!((all.len(), all[0].id, all[0].permissions[0].permission), (1, local[0].id, true));
    let one = http.get_guild_command_permissions(guild, local[0].id).await.unwrap();
    assert_eq!(one.permissions[0].id.to_user_id(), ana);
    study.delete_message(&http, card.id).await.unwrap();
    let long = CreateMessage::new().content("x".repeat(2001));
    study.send_message(&http, long).await.unwrap_err();
    assert_eq!(sandbox.traffic().unknown_routes, Vec::<String>::new());
    report(&sandbox, "rest");
}
