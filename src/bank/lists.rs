//! The two lists of a question: its choices and its sources.

use super::problem::Report;

/// A piece of text and the line it begins on.
#[derive(Debug, Clone)]
pub(super) struct Located {
    pub(super) line: u32,
    pub(super) text: String,
}

/// One choice as written.
#[derive(Debug)]
pub(super) struct DraftChoice {
    pub(super) line: u32,
    pub(super) text: String,
    pub(super) right: bool,
    pub(super) why: Option<String>,
}

fn numbered(text: &Located) -> impl Iterator<Item = (u32, &str)> {
    (text.line..).zip(text.text.lines())
}

/// Reads `- [x] …`, `- [ ] …` and `  > why not`.
pub(super) fn choices(section: &Located, report: &mut Report) -> Vec<DraftChoice> {
    let mut choices: Vec<DraftChoice> = Vec::new();
    for (line, written) in numbered(section) {
        let indented = written.starts_with([' ', '\t']);
        let content = written.trim();
        if content.is_empty() {
            continue;
        }
        if content.starts_with("```") {
            report.error(line, "a choice cannot hold a code block; use `code` in its line");
        } else if let Some((right, text)) = marked(content).filter(|_| !indented) {
            choices.push(DraftChoice { line, text: text.trim().to_owned(), right, why: None });
        } else if let Some(why) = content.strip_prefix('>') {
            match choices.last_mut() {
                Some(choice) => append(choice.why.get_or_insert_default(), why.trim()),
                None => report.error(line, "a reason must stand below the choice it is for"),
            }
        } else if indented && let Some(choice) = choices.last_mut() {
            append(choice.why.as_mut().unwrap_or(&mut choice.text), content);
        } else {
            report.error(
                line,
                "choices are lines `- [x] right` and `- [ ] wrong`, and below each wrong one \
                 `  > why not`",
            );
        }
    }
    choices
}

fn marked(content: &str) -> Option<(bool, &str)> {
    let rest = content.strip_prefix("- [")?;
    let right = rest.starts_with(['x', 'X']);
    let rest = rest.strip_prefix(['x', 'X', ' '])?.strip_prefix(']')?;
    // `- [x](address)` is a link, not a choice.
    (rest.is_empty() || rest.starts_with(' ')).then_some((right, rest))
}

/// Joins wrapped lines with a space.
fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}

/// Reads `- [text](address)` and `- address`.
pub(super) fn sources(section: &Located, report: &mut Report) -> Vec<Located> {
    let mut sources = Vec::new();
    for (line, written) in numbered(section) {
        let content = written.trim();
        if content.is_empty() {
            continue;
        }
        match content.strip_prefix("- ").map(str::trim) {
            Some(link) if is_link(link) => sources.push(Located { line, text: link.to_owned() }),
            _ => report.error(line, "each source is a line `- [text](https://…)` or `- https://…`"),
        }
    }
    sources
}

fn is_link(source: &str) -> bool {
    let address = if source.starts_with('[') {
        let Some((text, address)) = source.rsplit_once("](") else {
            return false;
        };
        if crate::domain::text::is_blank(text.trim_start_matches('[')) {
            return false;
        }
        match address.strip_suffix(')') {
            Some(address) => address,
            None => return false,
        }
    } else {
        source
    };
    address
        .strip_prefix("https://")
        .and_then(|rest| rest.split('/').next())
        .is_some_and(|host| host.contains('.') && !host.starts_with('.'))
        && !address.contains(char::is_whitespace)
}
