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
            if let Some((width, height)) = png_size(&upload.bytes) {
                attachment["width"] = width.into();
                attachment["height"] = height.into();
            }
            if let Some(text) = described.and_then(|one| one["description"].as_str()) {
                attachment["description"] = text.into();
            }
            attachments.push(attachment);
            self.world.files.insert(id, upload.bytes);
        }
        Some(attachments)
    }
}

/// Width and height of a PNG, from its header (PNG specification, 5.2 and 11.2.2); None for anything
/// else.
pub fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?.get(4..)?.strip_prefix(b"IHDR")?;
    let number = |at: usize| {
        let bytes: [u8; 4] = header.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    Some((number(0)?, number(4)?))
}

/// Gives embeds the addresses of the files they name as `attachment://name` (Discord documentation,
/// reference, "Using attachments within embeds"). A name that is no file's stays as it is.
pub fn show_in_embeds(embeds: &mut [Value], attachments: &[Value]) {
    for embed in embeds {
        for place in ["image", "thumbnail"] {
            let Some(name) =
                embed[place]["url"].as_str().and_then(|url| url.strip_prefix("attachment://"))
            else {
                continue;
            };
            let Some(file) = attachments.iter().find(|one| one["filename"] == name) else {
                continue;
            };
            let shown = &mut embed[place];
            for (key, of) in [("url", "url"), ("proxy_url", "proxy_url")] {
                shown[key] = file[of].clone();
            }
            for side in ["width", "height"] {
                shown[side] = file.get(side).cloned().unwrap_or_else(|| 0.into());
            }
        }
    }
}
