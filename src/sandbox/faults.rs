//! Trouble on purpose: what a test wants to go wrong with the bot's next requests.

use std::time::Duration;

/// One way for a request of the bot to go wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Answered with this status; nothing happened.
    Status(u16),
    /// Answered with this status although it happened.
    StatusAfter(u16),
    /// The connection breaks before anything happened.
    DropBefore,
    /// It happened, but the connection breaks before the answer.
    DropAfter,
    /// It happened at once, but the answer comes late.
    Slow(Duration),
    /// 429 without any limit being reached.
    RateLimit {
        /// Seconds to wait.
        retry_after_s: f64,
        /// Whether it claims to be the limit over all routes.
        global: bool,
    },
}

/// Faults waiting for their requests.
#[derive(Default)]
pub struct Faults {
    /// Method, part of the template, fault, how often still.
    waiting: Vec<(String, String, Fault, u32)>,
    /// While true every connection of the bot breaks.
    pub outage: bool,
    /// How many more interactions the bot is told of twice, as after a resumed session.
    pub twice: u32,
}

impl Faults {
    /// Lets the next `times` requests with this method (`*` for any) whose path template contains
    /// `template` go wrong.
    pub fn add(&mut self, method: &str, template: &str, fault: Fault, times: u32) {
        self.waiting.push((method.to_ascii_uppercase(), template.to_owned(), fault, times));
    }

    /// The fault for a request, if one waits for it; first come, first served.
    pub fn take(&mut self, method: &str, template: &str) -> Option<Fault> {
        let place = self.waiting.iter().position(|(wanted, part, _, times)| {
            *times > 0 && (wanted == "*" || wanted == method) && template.contains(part)
        })?;
        let (_, _, fault, times) = &mut self.waiting[place];
        *times -= 1;
        let fault = *fault;
        self.waiting.retain(|(_, _, _, times)| *times > 0);
        Some(fault)
    }

    /// Forgets all that has not happened yet; returns how many requests were still to go wrong.
    pub fn clear(&mut self) -> u32 {
        self.waiting.drain(..).map(|(_, _, _, times)| times).sum()
    }
}
