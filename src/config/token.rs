//! The bot's token: where it comes from, and that it goes nowhere else.

use super::problem::{ConfigError, ConfigProblem, reason};
use secrecy::SecretString;
use std::fs;
use std::io::Read;
use std::path::Path;

/// The environment variable that is asked first.
pub const TOKEN_VARIABLE: &str = "DISCORD_TOKEN";

/// Tokens have some 70 characters; a larger file is something else.
const MAX_TOKEN_BYTES: usize = 1024;
/// Enough to see that a file holds more than a token.
const MAX_READ: u64 = 2 * 1024;

/// A token ready for use. `Debug` shows `[REDACTED]` in its place.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token, without `Bot ` in front.
    pub secret: SecretString,
    /// What to tell the operator about where it was found.
    pub warning: Option<ConfigProblem>,
}

/// Takes the token from the environment's value, else from the file.
pub(super) fn find(variable: Option<&str>, file: Option<&Path>) -> Result<Token, ConfigError> {
    if let Some(value) = variable.map(str::trim).filter(|value| !value.is_empty()) {
        let Some(secret) = clean(value) else {
            let message = format!(
                "the environment variable {TOKEN_VARIABLE} does not hold a bot token; copy it \
                 again from the Discord developer portal"
            );
            return Err(ConfigProblem::whole(Path::new(""), message).into());
        };
        return Ok(Token { secret, warning: None });
    }
    let Some(path) = file else {
        let message = format!(
            "there is no bot token; set the environment variable {TOKEN_VARIABLE} or name a file \
             with `token_file` in [discord]"
        );
        return Err(ConfigProblem::whole(Path::new(""), message).into());
    };
    from_file(path)
}

/// Reads the token from a file that holds nothing else.
fn from_file(path: &Path) -> Result<Token, ConfigError> {
    let fail = |message: String| ConfigError::from(ConfigProblem::whole(path, message));
    let unreadable = |error: std::io::Error| {
        fail(format!(
            "the token file cannot be read ({}); correct `token_file` in [discord] or put the \
             bot's token into this file",
            reason(&error)
        ))
    };
    let data = fs::metadata(path).map_err(unreadable)?;
    if !data.is_file() {
        return Err(fail(
            "`token_file` in [discord] names something that is not a file".to_owned(),
        ));
    }
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_READ).read_to_string(&mut text))
        .map_err(unreadable)?;
    let secret = clean(&text).ok_or_else(|| {
        fail(
            "the token file must hold the bot's token and nothing else; copy it again from the \
             Discord developer portal"
                .to_owned(),
        )
    })?;
    Ok(Token { secret, warning: too_open(path, &data) })
}

/// A token is one word; people paste it with line breaks or with the `Bot ` of the API's header.
fn clean(text: &str) -> Option<SecretString> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let token = text.strip_prefix("Bot ").unwrap_or(text).trim();
    let fits = (1..=MAX_TOKEN_BYTES).contains(&token.len());
    let sound = fits && token.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then(|| SecretString::from(token))
}

/// Whether a text has the shape of a token: three long words of base64 with dots between them.
pub(super) fn looks_like_token(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split('.').collect();
    let coded = |part: &&str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    match parts.as_slice() {
        [id, time, key] => {
            id.len() >= 17 && time.len() >= 5 && key.len() >= 20 && parts.iter().all(coded)
        }
        _ => false,
    }
}

#[cfg(unix)]
fn too_open(path: &Path, data: &fs::Metadata) -> Option<ConfigProblem> {
    use std::os::unix::fs::PermissionsExt;
    (data.permissions().mode() & 0o077 != 0).then(|| {
        ConfigProblem::whole(
            path,
            "other users of this machine can open the token file; take their rights away with \
             `chmod 600`",
        )
    })
}

#[cfg(not(unix))]
fn too_open(_path: &Path, _data: &fs::Metadata) -> Option<ConfigProblem> {
    None
}
