//! Reading what a request brings: JSON, or a form with files.

use super::Upload;
use crate::sandbox::refused::{Refused, invalid};
use crate::sandbox::security::{Content, content};
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Multipart, Request};
use futures::StreamExt as _;
use serde_json::Value;

/// Discord takes 25 MiB a request.
pub const BODY_LIMIT: usize = 25 * 1024 * 1024;
/// Bytes of JSON that are read at all: a hundred commands of 8,000 characters fit. Files come apart.
const TEXT_LIMIT: usize = 4 * 1024 * 1024;
/// The heaviest JSON of a message or anything else that is limited to a few thousand characters, in
/// bytes of memory. Checked before it is looked at, so that all that is made of it is small too.
pub const JSON_LIMIT: usize = 512 * 1024;
/// The heaviest list of commands.
pub const COMMANDS_LIMIT: usize = 8 * 1024 * 1024;
/// Files of one message.
const MOST_FILES: usize = 10;

/// 413, as Discord answers to a body that is too large.
pub fn too_large() -> Refused {
    Refused::new(413, 40005, "Request entity too large")
}

/// Reads a body to its end, or to what Discord takes, and keeps at most so many bytes; none of them if
/// there are more. It's read all the same, because a client that is still sending would not read the
/// answer.
async fn read_at_most(request: Request, most: usize) -> Option<Vec<u8>> {
    let (mut kept, mut read) = (Some(Vec::new()), 0);
    let mut chunks = request.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        // A body that breaks off is not acted on.
        let chunk = chunk.ok()?;
        read += chunk.len();
        if read > BODY_LIMIT {
            return None;
        }
        match &mut kept {
            Some(bytes) if read <= most => bytes.extend_from_slice(&chunk),
            _ => kept = None,
        }
    }
    kept
}

/// Reads a body without keeping any of it.
pub async fn discard_body(request: Request) {
    let _nothing = read_at_most(request, 0).await;
}

/// The JSON of a body and its files.
///
/// # Errors
/// 415 for another content type, 413 above the limit, 50109 for broken JSON.
pub async fn read_body(request: Request) -> Result<(Value, Vec<Upload>), Refused> {
    let method = request.method().clone();
    let headers = request.headers().clone();
    let multipart = content(&method, &headers, false) == Some(Content::Multipart);
    if multipart {
        return read_multipart(request).await;
    }
    let bytes = read_at_most(request, TEXT_LIMIT).await.ok_or_else(too_large)?;
    match content(&method, &headers, bytes.is_empty()) {
        Some(Content::Json) => serde_json::from_slice(&bytes)
            .map(|json| (json, Vec::new()))
            .map_err(|_| Refused::invalid_json()),
        Some(_) => Ok((Value::Null, Vec::new())),
        None => Err(Refused::new(
            415,
            50035,
            "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}.",
        )),
    }
}

async fn read_multipart(request: Request) -> Result<(Value, Vec<Upload>), Refused> {
    let malformed = || Refused::new(400, 50035, "Invalid Form Body");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| malformed())?;
    let mut body = Value::Null;
    let mut uploads = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| malformed())? {
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().unwrap_or("file").to_owned();
        let content_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
        let bytes = field.bytes().await.map_err(|_| malformed())?;
        if name == "payload_json" {
            if bytes.len() > TEXT_LIMIT {
                return Err(too_large());
            }
            body = serde_json::from_slice(&bytes).map_err(|_| Refused::invalid_json())?;
            continue;
        }
        if uploads.len() >= MOST_FILES {
            return Err(invalid("files", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length."));
        }
        let index =
            name.trim_start_matches("files[").trim_start_matches("file").trim_end_matches(']');
        uploads.push(Upload {
            index: index.parse().unwrap_or(uploads.len() as u64),
            filename,
            content_type,
            // A copy: the field may be a part of a larger buffer, which would be kept with it.
            bytes: Bytes::copy_from_slice(&bytes),
        });
    }
    Ok((body, uploads))
}

/// `%41` as `A`; what is no text afterwards stays as it was.
pub fn percent_decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}
