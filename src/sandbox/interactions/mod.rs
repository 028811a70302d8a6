//! Interactions: what a member does with the bot's commands, buttons and forms, and the answers.
//!
//! `begin` takes the member's request and tells the bot, `answer` takes what the bot says.

mod answer;
mod begin;
mod payload;

use super::state::{Audience, State};
use super::wire;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The bot has this long for its first answer (wire time).
pub const DEADLINE: Duration = Duration::from_secs(3);
/// So long an interaction's token lives (wire time).
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// Interactions and open forms that are remembered.
const KEPT: usize = 10_000;

/// Interaction types (Discord documentation, interactions, "Receiving and responding").
pub mod kind {
    pub const COMMAND: u64 = 2;
    pub const COMPONENT: u64 = 3;
    pub const AUTOCOMPLETE: u64 = 4;
    pub const MODAL: u64 = 5;
}

/// How far the bot got with an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    /// Three seconds passed without an answer.
    Expired,
    Answered,
}

struct Interaction {
    id: u64,
    token: String,
    kind: u64,
    /// The message type an answer gets.
    reply_kind: u8,
    user: u64,
    session: String,
    nonce: Value,
    channel: u64,
    guild: Option<u64>,
    /// The message whose component was used, also behind a form.
    message: Option<u64>,
    born: Instant,
    /// From telling the bot to its first answer.
    answered_after: Option<Duration>,
    progress: Progress,
    /// What `@original` means once answered.
    original: Option<u64>,
    followups: BTreeSet<u64>,
    metadata: Value,
}

/// A form a member has been shown.
struct Modal {
    user: u64,
    custom_id: String,
    components: Value,
    channel: u64,
    message: Option<u64>,
    metadata: Value,
}

/// All interactions.
#[derive(Default)]
pub struct Interactions {
    by_id: BTreeMap<u64, Interaction>,
    modals: BTreeMap<u64, Modal>,
}

impl Interactions {
    fn remember(&mut self, interaction: Interaction) {
        self.by_id.insert(interaction.id, interaction);
        while self.by_id.len() > KEPT {
            self.by_id.pop_first();
        }
        while self.modals.len() > KEPT {
            self.modals.pop_first();
        }
    }

    /// Whether there is an interaction with this token.
    pub fn knows(&self, token: &str) -> bool {
        self.by_id.values().any(|one| one.token == token)
    }

    /// How long the bot took for its first answer to each interaction that got one, oldest first.
    pub fn answered_after(&self) -> Vec<Duration> {
        self.by_id.values().filter_map(|one| one.answered_after).collect()
    }

    /// How many interactions still wait for their first answer.
    pub fn waiting(&self) -> usize {
        self.by_id.values().filter(|one| one.progress == Progress::Waiting).count()
    }
}

impl State {
    /// Called three seconds after an interaction began: without an answer it has failed.
    pub fn expire_interaction(&mut self, id: u64) {
        let Some(interaction) = self.interactions.by_id.get_mut(&id) else {
            return;
        };
        if interaction.progress != Progress::Waiting {
            return;
        }
        interaction.progress = Progress::Expired;
        let session = interaction.session.clone();
        let event = json!({"id": wire::id(id), "nonce": interaction.nonce, "reason_code": 2});
        self.tell("INTERACTION_FAILURE", &Audience::Session(&session), &event);
    }
}
