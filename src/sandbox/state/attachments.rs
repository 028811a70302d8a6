//! Files of messages.

use super::State;
use super::messages::as_id;
use crate::sandbox::rest::Upload;
use crate::sandbox::wire;
use serde_json::{Value, json};

impl State {
    /// The attachments a message has now.
    pub fn attachments_of(&self, channel: u64, id: u64) -> Vec<Value> {
        self.world
            .private
            .get(&id)
            .or_else(|| self.world.message(channel, id))
            .map(|message| message.attachments.clone())
            .unwrap_or_default()
    }

    /// Stores uploads and lists a message's attachments: kept ones and new ones. `listed` is the
    /// body's `attachments`, which names kept ones by id and describes new ones by index. None when
    /// neither says anything.
    pub fn attach(
        &mut self,
        channel: u64,
        listed: Option<&[Value]>,
        uploads: Vec<Upload>,
        old: Option<Vec<Value>>,
    ) -> Option<Vec<Value>> {
        if listed.is_none() && uploads.is_empty() {
            return None;
        }
        let mut attachments = old.unwrap_or_default();
        if let Some(listed) = listed {
            attachments.retain(|one| listed.iter().any(|kept| kept["id"] == one["id"]));
        }
        for upload in uploads {
            let id = self.new_id();
            let described = listed
                .into_iter()
                .flatten()
                .find(|one| as_id(&one["id"]).is_some_and(|index| index == upload.index));
            let filename =
                described.and_then(|one| one["filename"].as_str()).unwrap_or(&upload.filename);
            let filename: String = filename
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
                .collect();
            let url = format!("{}/attachments/{channel}/{id}/{filename}", self.origin);
            let mut attachment = json!({
                "id": wire::id(id),
                "filename": filename,
                "size": upload.bytes.len(),
                "url": url,
                "proxy_url": url,
                "content_type": upload.content_type,
            });
            if let Some(text) = described.and_then(|one| one["description"].as_str()) {
                attachment["description"] = text.into();
            }
            attachments.push(attachment);
            self.world.files.insert(id, (upload.content_type, upload.bytes));
        }
        Some(attachments)
    }
}
