//! Bytes to text, offsets to lines, and text to the length Discord gives it.

use super::problem::Report;

/// Larger files are refused unread. A question at all its limits stays under 40 KiB even if each
/// of its characters takes four bytes.
pub(super) const MAX_FILE_BYTES: usize = 256 * 1024;

/// How long Discord takes a text to be.
///
/// Discord's documentation says "characters" and leaves open whether a character outside the
/// basic plane counts once (as a code point) or twice (as UTF-16). Counting UTF-16 units is
/// never the shorter of the two, so what fits here fits either way.
pub(super) fn length(text: &str) -> usize {
    // A character has one byte that does not continue another; one of four bytes takes two units.
    text.bytes().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum()
}

/// The text of a file: UTF-8, a byte order mark taken off, lines ending in `\n` alone.
///
/// `None`, with a problem, when there is nothing to read on with.
pub(super) fn decode(bytes: &[u8], report: &mut Report) -> Option<String> {
    if bytes.len() > MAX_FILE_BYTES {
        report.whole(format!(
            "is larger than {} KiB, which no question needs; it was not read",
            MAX_FILE_BYTES / 1024
        ));
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let breaks = before.iter().filter(|byte| **byte == b'\n').count();
            report.error(line_number(breaks), "is not UTF-8 text here; save the file as UTF-8");
            return None;
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = if text.contains('\r') { text.replace("\r\n", "\n") } else { text.to_owned() };
    for (index, line) in text.split('\n').enumerate() {
        let control = line.chars().find(|c| c.is_control() && *c != '\t');
        if let Some(control) = control {
            report.error(
                line_number(index),
                format!("holds the control character U+{:04X}; remove it", u32::from(control)),
            );
        }
    }
    Some(text)
}

fn line_number(breaks_before: usize) -> u32 {
    u32::try_from(breaks_before).unwrap_or(u32::MAX).saturating_add(1)
}

/// Turns byte offsets of one text into line numbers.
#[derive(Debug)]
pub(super) struct Lines {
    breaks: Vec<usize>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        Self { breaks: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The line, counted from 1, on which the byte at `offset` lies.
    pub(super) fn at(&self, offset: usize) -> u32 {
        line_number(self.breaks.partition_point(|at| *at < offset))
    }
}

#[cfg(test)]
mod tests {
    use super::length;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_length_is_that_of_utf_16(text in any::<String>()) {
            prop_assert_eq!(length(&text), text.encode_utf16().count());
        }
    }
}
