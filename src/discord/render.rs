//! Cards become the client library's types. Mechanical; the only decision here is that nothing is
//! ever longer than Discord takes.

use super::say::{Button, Card, Embed, Menu, Press, Row, Tone};
use crate::domain::answer::excerpt;
use poise::CreateReply;
use serenity::all::{
    ButtonStyle, Colour, CreateActionRow, CreateAllowedMentions, CreateButton, CreateEmbed,
    CreateEmbedFooter, CreateInteractionResponseMessage, CreateMessage, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, EditMessage,
};

// Discord documentation, resources/message and components/reference.
const CONTENT: usize = 2_000;
const EMBED_TITLE: usize = 256;
const EMBED_TEXT: usize = 4_096;
const EMBED_FOOTER: usize = 2_048;
const FIELD_NAME: usize = 256;
const FIELD_VALUE: usize = 1_024;
const FIELDS: usize = 25;
const BUTTON_LABEL: usize = 80;
const OPTION_TEXT: usize = 100;
const PLACEHOLDER: usize = 150;

/// A message of its own.
pub(super) fn message(card: &Card) -> CreateMessage {
    let mut message = CreateMessage::new()
        .allowed_mentions(mentions(card))
        .components(rows(card))
        .content(excerpt(&card.content, CONTENT));
    if let Some(box_) = &card.embed {
        message = message.embed(embed(box_));
    }
    message
}

/// A message brought up to date.
pub(super) fn edit(card: &Card) -> EditMessage {
    let edit = EditMessage::new()
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(excerpt(&card.content, CONTENT));
    match &card.embed {
        Some(box_) => edit.embed(embed(box_)),
        None => edit,
    }
}

/// The reply to a command.
pub(super) fn reply(card: &Card, private: bool) -> CreateReply {
    let reply = CreateReply::default()
        .ephemeral(private)
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(excerpt(&card.content, CONTENT));
    match &card.embed {
        Some(box_) => reply.embed(embed(box_)),
        None => reply,
    }
}

/// The reply to a click, or what the clicked message becomes.
pub(super) fn response(card: &Card, private: bool) -> CreateInteractionResponseMessage {
    let response = CreateInteractionResponseMessage::new()
        .ephemeral(private)
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(excerpt(&card.content, CONTENT));
    match &card.embed {
        Some(box_) => response.embed(embed(box_)),
        None => response.embeds(Vec::new()),
    }
}

/// What a deferred reply becomes.
pub(super) fn edited_response(card: &Card) -> EditInteractionResponse {
    let response = EditInteractionResponse::new()
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(excerpt(&card.content, CONTENT));
    match &card.embed {
        Some(box_) => response.embed(embed(box_)),
        None => response.embeds(Vec::new()),
    }
}

fn mentions(card: &Card) -> CreateAllowedMentions {
    let none = CreateAllowedMentions::new();
    match card.role {
        Some(role) => none.roles(vec![serenity::all::RoleId::new(role.0)]),
        None => none,
    }
}

fn embed(from: &Embed) -> CreateEmbed {
    let mut embed = CreateEmbed::new().colour(match from.tone {
        Tone::Calm => Colour::new(0x0058_65F2),
        Tone::Gold => Colour::new(0x00E0_A82E),
        Tone::Green => Colour::new(0x002D_A06B),
        Tone::Grey => Colour::new(0x0080_848E),
        Tone::Red => Colour::new(0x00D8_3C3E),
    });
    if !from.title.is_empty() {
        embed = embed.title(excerpt(&from.title, EMBED_TITLE));
    }
    if !from.text.is_empty() {
        embed = embed.description(excerpt(&from.text, EMBED_TEXT));
    }
    for (name, value) in from.fields.iter().take(FIELDS) {
        embed = embed.field(excerpt(name, FIELD_NAME), excerpt(value, FIELD_VALUE), false);
    }
    if !from.footer.is_empty() {
        embed = embed.footer(CreateEmbedFooter::new(excerpt(&from.footer, EMBED_FOOTER)));
    }
    embed
}

fn rows(card: &Card) -> Vec<CreateActionRow> {
    card.rows
        .iter()
        .map(|row| match row {
            Row::Buttons(buttons) => CreateActionRow::Buttons(buttons.iter().map(button).collect()),
            Row::Menu(from) => CreateActionRow::SelectMenu(menu(from)),
        })
        .collect()
}

fn button(from: &Button) -> CreateButton {
    let button = match &from.does {
        Press::Act(id) => CreateButton::new(id).style(if from.primary {
            ButtonStyle::Primary
        } else {
            ButtonStyle::Secondary
        }),
        Press::Open(address) => CreateButton::new_link(address),
    };
    button.label(excerpt(&from.label, BUTTON_LABEL))
}

fn menu(from: &Menu) -> CreateSelectMenu {
    let options = from
        .lines
        .iter()
        .map(|line| {
            CreateSelectMenuOption::new(excerpt(&line.label, OPTION_TEXT), &line.value)
                .description(excerpt(&line.detail, OPTION_TEXT))
                .default_selection(line.chosen)
        })
        .collect();
    CreateSelectMenu::new(&from.custom_id, CreateSelectMenuKind::String { options })
        .placeholder(excerpt(&from.prompt, PLACEHOLDER))
}
