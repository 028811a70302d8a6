//! Trouble on purpose with the bot's gateway connections: what goes wrong next, and how often.

use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Notify;

/// One way for the gateway to go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GatewayFault {
    /// A connection is taken and its WebSocket handshake is not answered until it is released. Which
    /// client connects isn't known at that point, so this happens to members' clients too.
    HangHandshake,
    /// IDENTIFY or RESUME is answered with op 9.
    Invalid {
        /// Whether the session may be resumed all the same.
        resumable: bool,
    },
    /// IDENTIFY or RESUME is answered with a close.
    Close(u16),
    /// A heartbeat is not acknowledged.
    LoseAcknowledgement,
    /// An event of this name takes its sequence number and never comes.
    Lose(String),
    /// An event of this name comes in a form that client libraries can't read.
    Spoil(String),
    /// The connection is closed right after an event of this name.
    HangUpAfter(String),
}

/// What becomes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lost,
    Spoiled,
    LastWord,
}

/// Gateway faults that wait for their occasion, and counts of what the bot asked for.
#[derive(Default)]
pub struct GatewayFaults {
    waiting: Vec<(GatewayFault, u32)>,
    /// Wakes the handshakes that hang.
    pub release: Arc<Notify>,
    /// How many handshakes were not answered at once.
    pub held: u64,
    /// Connections refused in an outage.
    pub refused: u64,
    /// IDENTIFYs of the bot.
    pub identifies: u64,
    /// RESUMEs of the bot.
    pub resumes: u64,
    /// What HELLO asks for, in milliseconds, if not the usual.
    pub heartbeat_ms: Option<u64>,
    /// What `GET /gateway/bot` says is left of today's session starts, if not the usual.
    pub starts_left: Option<u64>,
}

impl GatewayFaults {
    /// Lets the next `times` occasions go wrong.
    pub fn add(&mut self, fault: GatewayFault, times: u32) {
        self.waiting.push((fault, times));
    }

    /// Forgets what has not happened yet.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Whether a handshake hangs now.
    pub fn hangs(&mut self) -> bool {
        let hangs = self.take(|fault| *fault == GatewayFault::HangHandshake).is_some();
        self.held += u64::from(hangs);
        hangs
    }

    /// How IDENTIFY or RESUME goes wrong now: `Invalid` or `Close`.
    pub fn opening(&mut self) -> Option<GatewayFault> {
        self.take(|fault| matches!(fault, GatewayFault::Invalid { .. } | GatewayFault::Close(_)))
    }

    /// Whether a heartbeat stays without an answer.
    pub fn acknowledgement(&mut self) -> bool {
        self.take(|fault| *fault == GatewayFault::LoseAcknowledgement).is_some()
    }

    /// What becomes of an event of this name.
    pub fn event(&mut self, event: &str) -> Option<Fate> {
        let fault = self.take(|fault| {
            matches!(fault,
                GatewayFault::Lose(name) | GatewayFault::Spoil(name) | GatewayFault::HangUpAfter(name)
                    if name == event)
        })?;
        Some(match fault {
            GatewayFault::Lose(_) => Fate::Lost,
            GatewayFault::Spoil(_) => Fate::Spoiled,
            _ => Fate::LastWord,
        })
    }

    fn take(&mut self, wanted: impl Fn(&GatewayFault) -> bool) -> Option<GatewayFault> {
        let place = self.waiting.iter().position(|(fault, _)| wanted(fault))?;
        let (fault, times) = &mut self.waiting[place];
        *times -= 1;
        let fault = fault.clone();
        self.waiting.retain(|(_, times)| *times > 0);
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_waits_for_its_occasion() {
        let mut faults = GatewayFaults::default();
        faults.add(GatewayFault::Lose("READY".to_owned()), 1);
        faults.add(GatewayFault::HangHandshake, 2);
        faults.add(GatewayFault::Close(4000), 1);
        assert!(faults.hangs());
        assert_eq!(faults.event("RESUMED"), None);
        assert_eq!(faults.event("READY"), Some(Fate::Lost));
        assert_eq!(faults.event("READY"), None);
        assert_eq!(faults.opening(), Some(GatewayFault::Close(4000)));
        assert_eq!(faults.opening(), None);
        assert!(!faults.acknowledgement());
        assert!(faults.hangs());
        assert!(!faults.hangs());
        assert_eq!(faults.held, 2);
        faults.add(GatewayFault::HangHandshake, 2);
        faults.clear();
        assert!(!faults.hangs());
    }
}
