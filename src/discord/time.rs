//! Discord's clock, which the system's is compared with.

use super::{Outbound, doctor};
use crate::engine::clock_check::Reference;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

impl Reference for Outbound {
    fn now(&self) -> BoxFuture<'_, Option<DateTime<Utc>>> {
        Box::pin(async {
            let date = doctor::date(self.paced().await).await;
            date.inspect_err(|error| {
                let error = super::fault::failure(error).text();
                tracing::debug!(error, "Discord did not tell the time");
            })
            .ok()
            .flatten()
        })
    }
}
