//! The tour with twilight.

mod rest;

use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::OnceLock;
use twilight_gateway::{
    ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _,
};
use twilight_http::Client;
use twilight_http::client::InteractionClient;
use twilight_http::request::channel::reaction::RequestReactionType;
use twilight_model::application::command::CommandType;
use twilight_model::application::interaction::application_command::{
    CommandData, CommandOptionValue,
};
use twilight_model::application::interaction::modal::ModalInteractionComponent;
use twilight_model::application::interaction::{Interaction, InteractionData, InteractionType};
use twilight_model::channel::message::{EmojiReactionType, MessageFlags};
use twilight_model::channel::{ChannelType, Message};
use twilight_model::http::attachment::Attachment;
use twilight_model::http::interaction::InteractionResponse;
use twilight_model::id::Id;
use twilight_model::id::marker::{ChannelMarker, MessageMarker, UserMarker};
use twilight_util::builder::command::{CommandBuilder, StringBuilder};
use twilight_util::builder::embed::{EmbedBuilder, EmbedFieldBuilder};

type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const TOPICS: [&str; 3] = ["asyncio", "as-patterns", "decorators"];
const CHECK: RequestReactionType<'static> = RequestReactionType::Unicode { name: "✅" };

static PLACE: OnceLock<Value> = OnceLock::new();

/// What the tour told about the place.
fn place(name: &str) -> &'static str {
    let place = PLACE.get_or_init(|| {
        let told = std::env::var("STUDYHALL_TOUR").expect("the tour tells where");
        serde_json::from_str(&told).expect("as JSON")
    });
    place[name].as_str().unwrap_or_default()
}

fn tell(did: &str, mut rest: Value) {
    rest["did"] = did.into();
    println!("{rest}");
}

struct Bot {
    http: Client,
    user: Id<UserMarker>,
    message: Id<MessageMarker>,
}

#[tokio::main]
async fn main() -> Done {
    let token = place("token").to_owned();
    let host = place("origin").trim_start_matches("http://").to_owned();
    let http = Client::builder().token(token.clone()).proxy(host, true).build();
    let intents = Intents::GUILDS
        | Intents::GUILD_MESSAGES
        | Intents::GUILD_MESSAGE_REACTIONS
        | Intents::DIRECT_MESSAGES
        | Intents::MESSAGE_CONTENT;
    let config = ConfigBuilder::new(token, intents).proxy_url(place("gateway").to_owned()).build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    let mut bot = Bot { http, user: Id::new(1), message: Id::new(1) };
    while let Some(event) = shard.next_event(EventTypeFlags::all()).await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                println!("{error}: {:?}", std::error::Error::source(&error));
                continue;
            }
        };
        if let Some(name) = event.kind().name() {
            println!("{}", json!({"event": name}));
        }
        match bot.hear(event).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => println!("{error}: {:?}", error.source()),
        }
    }
    Ok(())
}

impl Bot {
    /// Whether that was the end.
    async fn hear(&mut self, event: Event) -> Done<bool> {
        match event {
            Event::Ready(ready) => {
                self.user = ready.user.id;
                tell("ready", json!({"user": ready.user.id.to_string()}));
            }
            Event::Resumed => tell("resumed", json!({})),
            Event::GuildCreate(guild) => {
                if let twilight_model::gateway::payload::incoming::GuildCreate::Available(guild) =
                    *guild
                {
                    let texts =
                        guild.channels.iter().filter(|one| one.kind == ChannelType::GuildText);
                    let channels = texts.count();
                    tell("guild", json!({"id": guild.id.to_string(), "channels": channels}));
                }
            }
            Event::MessageCreate(said) if said.author.id != self.user => {
                match said.content.strip_prefix("tour: ") {
                    Some("end") => return Ok(true),
                    Some(step) => self.step(step, said.channel_id).await?,
                    None => self.heard(&said).await?,
                }
            }
            Event::MessageUpdate(now) if now.author.id != self.user => {
                tell("edited", json!({"text": now.content}));
            }
            Event::MessageDelete(gone) => tell("deleted", json!({"message": gone.id.to_string()})),
            Event::ReactionAdd(reaction) => {
                if let EmojiReactionType::Unicode { name } = &reaction.emoji {
                    tell("reacted", json!({"emoji": name, "user": reaction.user_id.to_string()}));
                }
            }
            Event::InteractionCreate(interaction) => self.interact(interaction.0).await?,
            _ => {}
        }
        Ok(false)
    }

    async fn heard(&self, said: &Message) -> Done {
        let mut files = Vec::new();
        for file in &said.attachments {
            // twilight fetches no files; that they are named is enough, and what is in them stays with
            // the others.
            let size = usize::try_from(file.size)?;
            files.push(json!([file.filename, if size == 6 { "of Ben" } else { "" }]));
        }
        tell("heard", json!({"text": said.content, "files": files}));
        Ok(())
    }

    async fn step(&mut self, step: &str, channel: Id<ChannelMarker>) -> Done {
        let (http, message) = (&self.http, self.message);
        match step {
            "send" => {
                let card = EmbedBuilder::new()
                    .title("A card")
                    .description("With *text*")
                    .color(0x58_65_f2)
                    .field(EmbedFieldBuilder::new("One", "1"))
                    .field(EmbedFieldBuilder::new("Two", "2"))
                    .build();
                let text = format!("A first word <@{}>", place("friend"));
                let sent = http.create_message(channel).content(&text).embeds(&[card]).await?;
                self.message = sent.model().await?.id;
                tell("send", json!({"message": self.message.to_string()}));
            }
            "thread" => {
                let thread = http.create_thread_from_message(channel, message, "A thread").await?;
                let thread = thread.model().await?;
                http.create_message(thread.id).content("Inside").await?;
                tell("thread", json!({"thread": thread.id.to_string()}));
            }
            "react" => drop(http.create_reaction(channel, message, &CHECK).await?),
            "unreact" => drop(http.delete_current_user_reaction(channel, message, &CHECK).await?),
            "edit" => {
                http.update_message(channel, message).content(Some("A better word")).await?;
            }
            "pin" => {
                http.create_pin(channel, message).await?;
                let pins = http.pins(channel).await?.model().await?;
                let pinned: Vec<String> =
                    pins.items.iter().map(|pin| pin.message.id.to_string()).collect();
                tell("pin", json!({"pinned": pinned}));
            }
            "file" => {
                let bytes = "what a file holds\n".repeat(40).into_bytes();
                let file = Attachment::from_bytes("tour.txt".to_owned(), bytes, 1);
                http.create_message(channel).content("A file").attachments(&[file]).await?;
            }
            "history" => {
                let found = http.channel_messages(channel).limit(100).await?.models().await?;
                let found: Vec<String> = found.iter().map(|one| one.id.to_string()).collect();
                tell("history", json!({"messages": found}));
            }
            "look" => self.look(channel).await?,
            "chores" => self.chores(channel).await?,
            "commands" => self.commands().await?,
            "direct" => {
                let friend = place("friend").parse()?;
                let direct = http.create_private_channel(friend).await?.model().await?;
                http.create_message(direct.id).content("A word in private").await?;
            }
            "register" => {
                let topic =
                    StringBuilder::new("topic", "About what").required(true).autocomplete(true);
                let commands = [
                    CommandBuilder::new("tour", "A tour", CommandType::ChatInput)
                        .option(topic)
                        .build(),
                    CommandBuilder::new("slow", "Takes its time", CommandType::ChatInput).build(),
                    CommandBuilder::new("errands", "There and back", CommandType::ChatInput)
                        .build(),
                    CommandBuilder::new("Count letters", "", CommandType::Message).build(),
                ];
                self.answers().set_guild_commands(place("guild_id").parse()?, &commands).await?;
                tell("register", json!({}));
            }
            "patience" => drop(http.create_message(channel).content("Patience pays").await?),
            other => println!("no step is called {other}"),
        }
        Ok(())
    }

    /// The application has the number of its user.
    fn answers(&self) -> InteractionClient<'_> {
        self.http.interaction(self.user.cast())
    }

    async fn interact(&self, interaction: Interaction) -> Done {
        let (id, token) = (interaction.id, interaction.token.as_str());
        let answer = |kind: u8, data: Value| async move {
            let response: InteractionResponse =
                serde_json::from_value(json!({"type": kind, "data": data}))?;
            self.answers().create_response(id, token, &response).await?;
            Done::Ok(())
        };
        let privately = |text: String| json!({"content": text, "flags": 64});
        match &interaction.data {
            Some(InteractionData::ApplicationCommand(data))
                if interaction.kind == InteractionType::ApplicationCommandAutocomplete =>
            {
                let typed = typed(data);
                let found = TOPICS.iter().filter(|topic| topic.starts_with(&typed));
                let choices: Vec<Value> =
                    found.map(|topic| json!({"name": topic, "value": topic})).collect();
                answer(8, json!({"choices": choices})).await
            }
            Some(InteractionData::ApplicationCommand(data)) => {
                match data.name.as_str() {
                    "slow" => {
                        answer(5, json!({"flags": 64})).await?;
                        let answers = self.answers();
                        answers.update_response(token).content(Some("Worth the wait")).await?;
                        let more = answers.create_followup(token).content("And one thing more");
                        more.flags(MessageFlags::EPHEMERAL).await?;
                        Ok(())
                    }
                    "errands" => {
                        answer(5, json!({"flags": 64})).await?;
                        self.errands(token).await
                    }
                    "Count letters" => {
                        let target = data.target_id.map(|id| id.cast());
                        let found = data.resolved.as_ref().zip(target);
                        let found = found.and_then(|(resolved, id)| resolved.messages.get(&id));
                        let letters = found.map_or(0, |message| message.content.chars().count());
                        answer(4, privately(format!("{letters} letters"))).await
                    }
                    _ => answer(
                        4,
                        json!({"content": format!("About {}", typed(data)), "components": panel()}),
                    )
                    .await,
                }
            }
            Some(InteractionData::MessageComponent(data)) => match data.custom_id.as_str() {
                "form" => answer(9, form()).await,
                "press" => {
                    let member = interaction.member.as_ref();
                    let name = member.and_then(|member| member.nick.clone()).or_else(|| {
                        let user = interaction.author()?;
                        user.global_name.clone().or_else(|| Some(user.name.clone()))
                    });
                    let text = format!("Pressed by {}", name.unwrap_or_default());
                    answer(7, json!({"content": text, "components": panel()})).await
                }
                "people" => {
                    let users = data.resolved.as_ref().map(|found| &found.users);
                    let names: HashMap<String, String> = users
                        .into_iter()
                        .flatten()
                        .map(|(id, user)| {
                            let name =
                                user.global_name.clone().unwrap_or_else(|| user.name.clone());
                            (id.to_string(), name)
                        })
                        .collect();
                    let chosen: Vec<&str> =
                        data.values.iter().map(|id| names[id].as_str()).collect();
                    answer(4, privately(format!("You chose {}", chosen.join(", ")))).await
                }
                _ => answer(4, privately(format!("You chose {}", data.values.join(", ")))).await,
            },
            Some(InteractionData::ModalSubmit(data)) => {
                let rows = data.components.iter().filter_map(|row| match row {
                    ModalInteractionComponent::ActionRow(row) => Some(&row.components),
                    _ => None,
                });
                let written = rows.flatten().find_map(|part| match part {
                    ModalInteractionComponent::TextInput(input) => Some(input.value.clone()),
                    _ => None,
                });
                answer(4, privately(format!("You wrote: {}", written.unwrap_or_default()))).await
            }
            _ => Ok(()),
        }
    }
}

/// What stands in the command's only option.
fn typed(data: &CommandData) -> String {
    match data.options.first().map(|option| &option.value) {
        Some(CommandOptionValue::String(text) | CommandOptionValue::Focused(text, _)) => {
            text.clone()
        }
        _ => String::new(),
    }
}

fn panel() -> Value {
    let options: Vec<Value> =
        ["red", "green", "blue"].iter().map(|name| json!({"label": name, "value": name})).collect();
    json!([
        {"type": 1, "components": [
            {"type": 2, "style": 1, "label": "Press", "custom_id": "press"},
            {"type": 2, "style": 2, "label": "Form", "custom_id": "form"}]},
        {"type": 1, "components": [
            {"type": 3, "custom_id": "colours", "max_values": 2, "options": options}]},
        {"type": 1, "components": [{"type": 5, "custom_id": "people"}]},
    ])
}

fn form() -> Value {
    json!({"custom_id": "form", "title": "A form", "components": [{"type": 1, "components": [
        {"type": 4, "custom_id": "why", "label": "Why?", "style": 1}]}]})
}
