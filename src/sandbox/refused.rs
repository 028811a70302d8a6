//! Discord's way of saying no: a status, a numeric code and a sentence, sometimes with the places
//! of a form that are wrong (Discord documentation, topics, "Opcodes and status codes").

use serde_json::{Map, Value, json};

/// One refused request.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// Discord's own error code; 0 for a general one.
    pub code: u32,
    /// Discord's sentence.
    pub message: String,
    /// For an invalid form: what is wrong where, as (dotted path, code, sentence).
    pub errors: Vec<(String, &'static str, String)>,
}

impl Refused {
    /// A refusal without places.
    pub fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), errors: Vec::new() }
    }

    /// The JSON body, places nested the way Discord nests them.
    pub fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if !self.errors.is_empty() {
            let mut tree = Map::new();
            for (path, code, message) in &self.errors {
                let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
                plant(&mut tree, &parts, json!({"code": code, "message": message}));
            }
            body["errors"] = Value::Object(tree);
        }
        body
    }
}

/// Puts an entry at its place in the tree.
fn plant(tree: &mut Map<String, Value>, path: &[&str], entry: Value) {
    match path {
        [] => match tree.entry("_errors").or_insert_with(|| json!([])) {
            Value::Array(list) => list.push(entry),
            other => *other = json!([entry]),
        },
        [first, rest @ ..] => {
            if let Value::Object(next) = tree.entry(*first).or_insert_with(|| json!({})) {
                plant(next, rest, entry);
            }
        }
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident => $status:literal, $code:literal, $message:literal;)*) => {
        impl Refused {
            $($(#[$doc])* pub fn $name() -> Self { Self::new($status, $code, $message) })*
        }
    };
}

refusals! {
    unauthorized => 401, 0, "401: Unauthorized";
    not_found => 404, 0, "404: Not Found";
    method_not_allowed => 405, 0, "405: Method Not Allowed";
    invalid_json => 400, 50109, "The request body contains invalid JSON.";
    unknown_application => 404, 10002, "Unknown Application";
    unknown_channel => 404, 10003, "Unknown Channel";
    unknown_guild => 404, 10004, "Unknown Guild";
    unknown_member => 404, 10007, "Unknown Member";
    unknown_message => 404, 10008, "Unknown Message";
    unknown_user => 404, 10013, "Unknown User";
    unknown_emoji => 400, 10014, "Unknown Emoji";
    unknown_webhook => 404, 10015, "Unknown Webhook";
    unknown_interaction => 404, 10062, "Unknown interaction";
    unknown_command => 404, 10063, "Unknown application command";
    unknown_command_permissions => 404, 10066, "Unknown application command permissions";
    too_many_pins => 400, 30003, "Maximum number of pins reached (250)";
    too_many_reactions => 403, 30010, "Maximum number of reactions reached (20)";
    already_acknowledged => 400, 40060, "Interaction has already been acknowledged.";
    missing_access => 403, 50001, "Missing Access";
    not_the_author => 403, 50005, "Cannot edit a message authored by another user";
    empty_message => 400, 50006, "Cannot send an empty message";
    cannot_dm => 403, 50007, "Cannot send messages to this user";
    not_a_text_channel => 400, 50008, "Cannot send messages in a non-text channel";
    missing_permissions => 403, 50013, "Missing Permissions";
    system_message => 403, 50021, "Cannot execute action on a system message";
    wrong_channel_type => 400, 50024, "Cannot execute action on this channel type";
    invalid_webhook_token => 401, 50027, "Invalid Webhook Token";
    thread_archived => 400, 50083, "Thread is archived";
    reply_needs_history => 400, 160002, "Cannot reply without permission to read message history";
    thread_exists => 400, 160004, "A thread has already been created for this message";
}

/// Collects what is wrong with a form, so that one answer names all of it.
#[derive(Default)]
pub struct Form {
    errors: Vec<(String, &'static str, String)>,
}

impl Form {
    /// Notes a mistake at a dotted path.
    pub fn wrong(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push((path.to_owned(), code, message.into()));
    }

    /// Notes a text that has not `min` to `max` characters.
    pub fn length(&mut self, path: &str, text: &str, min: usize, max: usize) {
        let length = text.chars().count();
        if length < min && length == 0 {
            self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required");
        } else if length > max && min == 0 {
            self.wrong(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."));
        } else if length < min || length > max {
            self.wrong(
                path,
                "BASE_TYPE_BAD_LENGTH",
                format!("Must be between {min} and {max} in length."),
            );
        }
    }

    /// Notes a required text that is missing or has a wrong length; returns it if it is a text.
    pub fn text<'a>(
        &mut self,
        path: &str,
        value: Option<&'a Value>,
        min: usize,
        max: usize,
    ) -> &'a str {
        match value {
            Some(Value::String(text)) => {
                self.length(path, text, min, max);
                text
            }
            None | Some(Value::Null) => {
                if min > 0 {
                    self.wrong(path, "BASE_TYPE_REQUIRED", "This field is required");
                }
                ""
            }
            Some(_) => {
                self.wrong(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
                ""
            }
        }
    }

    /// Ok when nothing was noted.
    ///
    /// # Errors
    /// 50035 with every place noted.
    pub fn finish(self) -> Result<(), Refused> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(Refused { errors: self.errors, ..Refused::new(400, 50035, "Invalid Form Body") })
    }
}

/// An invalid form with one wrong place.
pub fn invalid(path: &str, code: &'static str, message: &str) -> Refused {
    Refused {
        errors: vec![(path.to_owned(), code, message.to_owned())],
        ..Refused::new(400, 50035, "Invalid Form Body")
    }
}
