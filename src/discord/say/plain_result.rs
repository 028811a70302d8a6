//! The result of a round where Discord does not accept what members wrote.

use super::limit;
use super::result::{circumstances, sums};
use super::text::{count, fit, list, message_link, signed, whole};
use super::{Button, Card, Embed, Tone};
use crate::domain::ids::MemberId;
use crate::engine::views::rounds::ResultView;

/// Characters of the question's title after "Result: ".
const TITLE: usize = 200;
/// Members that each part names.
const SHOWN: usize = 10;

/// The result without anything that members wrote: answers are linked, and members mentioned, which
/// pings nobody.
pub fn plain_result(view: &ResultView) -> Card {
    let round = &view.round;
    let (Some(question), Some(outcome)) = (&round.question, &round.outcome) else {
        return Card::default();
    };
    let picks: Vec<String> =
        outcome.tally.picks.iter().take(SHOWN).map(|member| mention(*member)).collect();
    let pick = match picks.as_slice() {
        [] if outcome.tally.rows.is_empty() => "Nobody answered this time.".to_owned(),
        [] => "There is no members' pick this time.".to_owned(),
        [one] => format!("Members' pick: {one} 🏆"),
        several => format!("A tie! Members' picks: {} 🏆", list(several)),
    };
    let content = match round.voided_at {
        Some(_) => "**An admin voided this round.** Its points were taken back.".to_owned(),
        None => format!("**The round is over.** {pick}"),
    };
    let mut lines = circumstances(view);
    lines.push("Discord did not accept this result with the answers in it.".to_owned());
    if let Some(thread) = round.thread {
        lines.extend(view.picks.iter().take(SHOWN).map(|pick| {
            let link = message_link(round.guild, thread, pick.first_message);
            format!("{}: [go to the answer]({link})", mention(pick.member))
        }));
    }
    lines.push("The reference answer follows.".to_owned());
    let mut embed = Embed {
        title: format!("Result: {}", fit(&question.title, TITLE)),
        text: whole(&lines, "\n\n", limit::TEXT),
        tone: Tone::Gold,
        ..Embed::default()
    };
    let rows = outcome.tally.rows.iter().take(SHOWN);
    let votes: Vec<String> = rows
        .map(|row| format!("{}: {}", mention(row.author), count(row.votes.into(), "vote")))
        .collect();
    if !votes.is_empty() {
        embed.fields.push(("Votes".to_owned(), whole(&votes, "\n", limit::FIELD)));
    }
    if !outcome.awards.is_empty() && round.voided_at.is_none() {
        let points: Vec<String> = sums(outcome)
            .into_iter()
            .take(SHOWN)
            .map(|(member, points)| format!("{} {}", mention(member), signed(points)))
            .collect();
        embed.fields.push(("Points".to_owned(), whole(&points, ", ", limit::FIELD)));
    }
    let how = Button::new("How points were given", format!("points:{}", view.key));
    Card { content, embed: Some(embed), ..Card::default() }.with_buttons(vec![how])
}

fn mention(member: MemberId) -> String {
    format!("<@{member}>")
}
