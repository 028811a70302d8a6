//! Cards become the client library's types. Mechanical; the only decision here is that nothing is
//! ever longer than Discord takes, and that nothing is sent which it would refuse as empty.

use super::say::text::{fit, fit_bare, is_blank, units};
use super::say::{Button, Card, Embed, Menu, Picture, Row, Tone, limit};
use poise::CreateReply;
use serenity::all::{
    ButtonStyle, Colour, CreateActionRow, CreateAllowedMentions, CreateAttachment, CreateButton,
    CreateEmbed, CreateEmbedFooter, CreateInteractionResponseMessage, CreateMessage,
    CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption, EditAttachments,
    EditInteractionResponse, EditMessage,
};

#[cfg(test)]
mod tests;

/// A message of its own.
pub(super) fn message(card: &Card) -> CreateMessage {
    let message = CreateMessage::new()
        .allowed_mentions(mentions(card))
        .components(rows(card))
        .content(fit(&card.content, limit::CONTENT))
        .embeds(embeds(card));
    message.add_files(card.picture.as_ref().map(attachment))
}

/// A message brought up to date.
pub(super) fn edit(card: &Card) -> EditMessage {
    let edit = EditMessage::new()
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(fit(&card.content, limit::CONTENT))
        .attachments(attachments(card));
    let embeds = embeds(card);
    if embeds.is_empty() { edit } else { edit.embeds(embeds) }
}

/// The reply to a command.
pub(super) fn reply(card: &Card, private: bool) -> CreateReply {
    let mut reply = CreateReply::default()
        .ephemeral(private)
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(fit(&card.content, limit::CONTENT));
    if let Some(picture) = &card.picture {
        reply = reply.attachment(attachment(picture));
    }
    embeds(card).into_iter().fold(reply, CreateReply::embed)
}

/// The reply to a click, or what the clicked message becomes.
pub(super) fn response(card: &Card, private: bool) -> CreateInteractionResponseMessage {
    let response = CreateInteractionResponseMessage::new()
        .ephemeral(private)
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(fit(&card.content, limit::CONTENT))
        // Also where there is none: a clicked message loses the picture it had.
        .files(card.picture.as_ref().map(attachment));
    response.embeds(embeds(card))
}

/// What a deferred reply becomes.
pub(super) fn edited_response(card: &Card) -> EditInteractionResponse {
    let response = EditInteractionResponse::new()
        .allowed_mentions(CreateAllowedMentions::new())
        .components(rows(card))
        .content(fit(&card.content, limit::CONTENT))
        .attachments(attachments(card));
    response.embeds(embeds(card))
}

/// What a message brought up to date has attached: its new picture and nothing else.
fn attachments(card: &Card) -> EditAttachments {
    card.picture
        .as_ref()
        .map(attachment)
        .into_iter()
        .fold(EditAttachments::new(), |all, one| all.add(one))
}

fn attachment(picture: &Picture) -> CreateAttachment {
    CreateAttachment::bytes(picture.png.clone(), picture.file.clone())
        .description(fit_bare(&picture.description, limit::DESCRIPTION))
}

fn mentions(card: &Card) -> CreateAllowedMentions {
    let none = CreateAllowedMentions::new();
    match card.role {
        Some(role) => none.roles(vec![serenity::all::RoleId::new(role.0)]),
        None => none,
    }
}

/// All boxes of a card. Together they are as short as Discord takes them; what the first one leaves
/// of the room is for the others, in their order.
fn embeds(card: &Card) -> Vec<CreateEmbed> {
    let mut room = limit::EMBED;
    let mut embeds = Vec::new();
    for (number, from) in
        card.embed.iter().chain(card.quotes.iter().take(limit::QUOTES)).enumerate()
    {
        let from = fitting(from, room);
        room = room.saturating_sub(from.units());
        if number > 0 && from.units() == 0 {
            continue;
        }
        embeds.push(embed(from, card.picture.as_ref().filter(|_| number == 0)));
    }
    embeds
}

fn embed(from: Embed, picture: Option<&Picture>) -> CreateEmbed {
    let mut embed = CreateEmbed::new().colour(match from.tone {
        Tone::Calm => Colour::new(0x0058_65F2),
        Tone::Gold => Colour::new(0x00E0_A82E),
        Tone::Green => Colour::new(0x002D_A06B),
        Tone::Grey => Colour::new(0x0080_848E),
        Tone::Red => Colour::new(0x00D8_3C3E),
    });
    if !is_blank(&from.title) {
        embed = embed.title(from.title);
    }
    if !is_blank(&from.text) {
        embed = embed.description(from.text);
    }
    for (name, value) in from.fields {
        embed = embed.field(name, value, false);
    }
    if !is_blank(&from.footer) {
        embed = embed.footer(CreateEmbedFooter::new(from.footer));
    }
    match picture {
        // By its name among the message's attachments.
        Some(picture) => embed.attachment(&picture.file),
        None => embed,
    }
}

/// The same box, with each of its texts and all of them together as short as Discord takes them.
/// Where the sum is larger than the room, the text gives way, and then the last fields.
fn fitting(from: &Embed, room: usize) -> Embed {
    let title = fit(&from.title, limit::TITLE.min(room));
    let footer = fit_bare(&from.footer, limit::FOOTER.min(room - units(&title)));
    let mut room = room - units(&title) - units(&footer);
    let mut fields = Vec::new();
    let present = from.fields.iter().filter(|(name, value)| !is_blank(name) && !is_blank(value));
    for (name, value) in present.take(limit::FIELDS) {
        let (name, value) = (fit(name, limit::FIELD_NAME), fit(value, limit::FIELD));
        let Some(left) = room.checked_sub(units(&name) + units(&value)) else { break };
        room = left;
        fields.push((name, value));
    }
    Embed { title, text: fit(&from.text, room.min(limit::TEXT)), fields, footer, tone: from.tone }
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
    CreateButton::new(&from.custom_id)
        .style(if from.primary { ButtonStyle::Primary } else { ButtonStyle::Secondary })
        .label(fit_bare(&from.label, limit::BUTTON))
}

fn menu(from: &Menu) -> CreateSelectMenu {
    let options = from
        .lines
        .iter()
        .map(|line| {
            CreateSelectMenuOption::new(fit_bare(&line.label, limit::LINE), &line.value)
                .description(fit_bare(&line.detail, limit::LINE))
                .default_selection(line.chosen)
        })
        .collect();
    CreateSelectMenu::new(&from.custom_id, CreateSelectMenuKind::String { options })
        .placeholder(fit_bare(&from.prompt, limit::PROMPT))
}
