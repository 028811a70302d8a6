//! Every message in every state, as its reader gets it. The snapshots are meant to be read.

mod admin;
mod ballot;
mod boards;
mod card;
mod doctor;
mod no;
mod notice;
mod question;
mod quiz;
mod rate;
mod result;
mod reveal;
mod review;
pub(in crate::discord) mod sample;
mod season;
mod stats;
mod status;

use super::{Card, Row};

/// A card as text that reads like chat. A menu's lines are marked with what they send.
pub(in crate::discord) fn show(card: &Card) -> String {
    let mut lines: Vec<String> = Vec::new();
    if !card.content.is_empty() {
        lines.push(card.content.clone());
    }
    if let Some(embed) = &card.embed {
        lines.push(format!("╭ {} ({:?})", embed.title, embed.tone));
        let mut inside = |text: &str| lines.extend(text.lines().map(|line| format!("│ {line}")));
        inside(&embed.text);
        for (name, value) in &embed.fields {
            inside(&format!("─ {name}\n{value}"));
        }
        lines.push(format!("╰ {}", embed.footer));
    }
    for quote in &card.quotes {
        lines.push(format!("╭ ({:?})", quote.tone));
        lines.extend(quote.text.lines().map(|line| format!("│ {line}")));
        lines.push("╰".to_owned());
    }
    for row in &card.rows {
        match row {
            Row::Buttons(buttons) => {
                let shown: Vec<String> = buttons
                    .iter()
                    .map(|button| {
                        let mark = if button.primary { "!" } else { "" };
                        format!("[{}{mark} → {}]", button.label, button.custom_id)
                    })
                    .collect();
                lines.push(shown.join(" "));
            }
            Row::Menu(menu) => {
                lines.push(format!("[▾ {} → {}]", menu.prompt, menu.custom_id));
                for line in &menu.lines {
                    let mark = if line.chosen { "●" } else { "○" };
                    lines.push(format!(
                        "  {mark} {} / {} = {}",
                        line.label, line.detail, line.value
                    ));
                }
            }
        }
    }
    if let Some(drawing) = &card.drawing {
        lines.push(format!("(picture {}: {})", drawing.file, drawing.description));
    }
    if let Some(role) = card.role {
        lines.push(format!("(may notify role {role})"));
    }
    let text = lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n");
    // What cannot be seen is named.
    text.replace('\u{200b}', "{zwsp}").replace('\u{2068}', "{fsi}").replace('\u{2069}', "{pdi}")
}
