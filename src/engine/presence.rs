//! Members who come back.

use super::Engine;
use super::input::Input;
use crate::domain::ids::{GuildId, MemberId};
use crate::domain::member::Facts;
use crate::store::{self, members};

impl Engine {
    /// Somebody acted in a guild: whoever had left is a member again, and back on the boards before
    /// anything is answered. Asked of the read connections, as nearly everybody never left.
    ///
    /// What fails here is only logged: whoever asks for points should get them.
    pub async fn welcome_back(&self, guild: GuildId, member: MemberId, name: &str, facts: &Facts) {
        match self.had_left(guild, member).await {
            Ok(false) => {}
            Ok(true) => {
                let (name, facts) = (Some(name.to_owned()), facts.clone());
                let input = Input::LookedUp { guild, member, name, facts };
                if let Err(no) = self.ask(input).await {
                    tracing::warn!(?no, "could not note that a member is back");
                }
            }
            Err(error) => tracing::warn!(%error, "cannot tell whether a member had left"),
        }
    }

    async fn had_left(&self, guild: GuildId, member: MemberId) -> store::Result<bool> {
        let mut db = self.shared.store.read().await?;
        members::is_absent(&mut db, guild, member).await
    }
}
