//! What the demo's members write: from the question's own choices, so that it fits.

use crate::domain::question::Question;

/// A good answer, two that are off, and a remark.
pub(super) struct Script {
    pub(super) good: String,
    pub(super) off: [String; 2],
    pub(super) remark: &'static str,
}

/// The lines for a question.
pub(super) fn script(question: &Question) -> Script {
    let right = question.choices.iter().find(|choice| choice.right);
    let mut wrong = question.choices.iter().filter(|choice| !choice.right);
    let mut off = |before: &str| {
        let text = wrong.next().map_or("I would have to look it up, honestly", |c| c.text.as_str());
        format!("{before} {}", plain_end(text))
    };
    Script {
        good: format!(
            "My answer: {} I ran into exactly this last month, so I had to learn it.",
            plain_end(right.map_or("see the documentation", |choice| choice.text.as_str()))
        ),
        off: [off("I would say:"), off("From memory:")],
        remark: "Good point, I would have missed that!",
    }
}

fn plain_end(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '`']) { text.to_owned() } else { format!("{text}.") }
}
