//! The description itself: finding an operation's schemas and comparing bodies with them.

use super::keys;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Registry, ValidationError, Validator};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What the description is called among schemas; never fetched.
const BASE: &str = "https://openapi.invalid/discord.json";
/// A sentence longer than this does not repeat the wrong value: some values are whole messages.
const LONGEST: usize = 300;

/// Which side of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What was asked.
    Request,
    /// What was answered with this status.
    Answer(u16),
}

/// Pointer and sentence.
pub type Wrong = (String, String);

type Compiled = HashMap<(String, &'static str, Part), Option<Arc<Validator>>>;

/// Discord's description.
pub struct Description {
    root: Value,
    registry: Registry<'static>,
    /// Compiling takes long, and the same few operations come thousands of times.
    compiled: Mutex<Compiled>,
}

impl Description {
    /// Reads it from a file.
    ///
    /// # Errors
    /// When there is no such file or it is no OpenAPI description.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let mut root: Value = serde_json::from_str(&text)
            .map_err(|error| format!("{} is no JSON: {error}", file.display()))?;
        if !root["paths"].is_object() || !root["components"]["schemas"].is_object() {
            return Err(format!("{} is no OpenAPI description", file.display()));
        }
        correct(&mut root["components"]["schemas"]);
        let registry = Registry::new()
            .add(BASE, root.clone())
            .and_then(|registry| registry.prepare())
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { root, registry, compiled: Mutex::default() })
    }

    /// The whole document.
    pub fn root(&self) -> &Value {
        &self.root
    }

    fn operation(&self, method: &str, template: &str) -> &Value {
        &self.root["paths"][template][method.to_ascii_lowercase()]
    }

    /// Whether there is such an operation.
    pub fn has(&self, method: &str, template: &str) -> bool {
        self.operation(method, template).is_object()
    }

    /// Whether an operation takes a parameter in its query.
    pub fn takes_query(&self, method: &str, template: &str, name: &str) -> bool {
        let of_operation = &self.operation(method, template)["parameters"];
        [of_operation, &self.root["paths"][template]["parameters"]]
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .any(|one| one["in"] == "query" && one["name"] == name)
    }

    /// Whether an operation cannot do without a body.
    pub fn needs_body(&self, method: &str, template: &str) -> bool {
        self.operation(method, template)["requestBody"]["required"] == true
    }

    fn answer(&self, method: &str, template: &str, status: u16) -> Option<&Value> {
        let answers = &self.operation(method, template)["responses"];
        let range = format!("{}XX", status / 100);
        let found = answers.get(status.to_string()).or_else(|| answers.get(range))?;
        Some(follow(&self.root, found))
    }

    /// Whether an operation can be answered with a status.
    pub fn has_answer(&self, method: &str, template: &str, status: u16) -> bool {
        self.answer(method, template, status).is_some()
    }

    /// The schema of a body, if there is to be one.
    pub fn schema(&self, method: &str, template: &str, part: Part) -> Option<&Value> {
        let holder = match part {
            Part::Request => &self.operation(method, template)["requestBody"],
            Part::Answer(status) => self.answer(method, template, status)?,
        };
        holder.get("content")?.get("application/json")?.get("schema")
    }

    /// What is wrong with a body.
    pub fn violations(
        &self,
        method: &str,
        template: &'static str,
        part: Part,
        body: &Value,
    ) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        match self.validator(method, template, part) {
            Ok(validator) => {
                for error in validator.iter_errors(body) {
                    tell(&error, &mut wrong);
                }
            }
            Err(error) => wrong.push((String::new(), error)),
        }
        wrong
    }

    /// What is wrong with an object that one of the description's schemas is for.
    pub fn object_violations(&self, name: &'static str, object: &Value) -> Vec<Wrong> {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        let mut wrong = Vec::new();
        let key = ("object".to_owned(), name, Part::Answer(0));
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = match compiled.get(&key) {
            Some(slot) => Ok(slot.clone()),
            None => self.compile_schema(&schema).inspect(|built| {
                compiled.insert(key, built.clone());
            }),
        };
        drop(compiled);
        match slot {
            Ok(Some(validator)) => {
                for error in validator.iter_errors(object) {
                    tell(&error, &mut wrong);
                }
            }
            Ok(None) => wrong.push((String::new(), "there is no schema".to_owned())),
            Err(error) => wrong.push((String::new(), error)),
        }
        keys::unknown(&self.root, &schema, object, &mut wrong);
        wrong
    }

    fn validator(
        &self,
        method: &str,
        template: &'static str,
        part: Part,
    ) -> Result<Arc<Validator>, String> {
        let key = (method.to_owned(), template, part);
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = match compiled.get(&key) {
            Some(slot) => slot.clone(),
            None => {
                let built = self.compile(method, template, part)?;
                compiled.insert(key, built.clone());
                built
            }
        };
        slot.ok_or_else(|| "there is no schema".to_owned())
    }

    fn compile(
        &self,
        method: &str,
        template: &str,
        part: Part,
    ) -> Result<Option<Arc<Validator>>, String> {
        let Some(schema) = self.schema(method, template, part) else { return Ok(None) };
        self.compile_schema(schema)
    }

    fn compile_schema(&self, schema: &Value) -> Result<Option<Arc<Validator>>, String> {
        let mut schema = schema.clone();
        absolute(&mut schema);
        jsonschema::options()
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .with_format("snowflake", |text: &str| text.parse::<u64>().is_ok())
            .build(&schema)
            .map(|validator| Some(Arc::new(validator)))
            .map_err(|error| format!("its schema cannot be compiled: {error}"))
    }
}

/// Puts right what the description says otherwise than Discord's documentation and Discord itself.
fn correct(schemas: &mut Value) {
    // The codes of single fields are words, such as BASE_TYPE_REQUIRED (reference, Error Messages),
    // not numbers.
    schemas["InnerErrors"]["properties"]["_errors"]["items"] = json!({
        "type": "object",
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    });
    // The `code` of a 429 is optional (topics/rate-limits, Rate Limit Response Structure).
    schemas["RatelimitedResponse"] = json!({
        "type": "object",
        "properties": {
            "message": {"type": "string"},
            "retry_after": {"type": "number"},
            "global": {"type": "boolean"},
            "code": {"type": "integer"},
        },
        "required": ["message", "retry_after", "global"],
    });
    // Of commands (interactions/application-commands, Create Global Application Command), the
    // rights are a number in a string, as everywhere, and `nsfw` is left out.
    for command in ["CreateRequest", "UpdateRequest", "PatchRequestPartial"] {
        let properties = &mut schemas[format!("ApplicationCommand{command}")]["properties"];
        properties["default_member_permissions"] =
            json!({"type": ["string", "integer", "null"], "pattern": "^[0-9]+$", "minimum": 0});
        properties["nsfw"] = json!({"type": "boolean"});
    }
}

/// The object behind a `$ref` into the same document.
pub fn follow<'a>(root: &'a Value, mut value: &'a Value) -> &'a Value {
    while let Some(target) = value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| root.pointer(reference.strip_prefix('#')?))
    {
        value = target;
    }
    value
}

/// Lets the references of a schema taken out of the document point back into it.
fn absolute(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" && text.starts_with('#') => {
                        text.insert_str(0, BASE);
                    }
                    other => absolute(other),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(absolute),
        _ => {}
    }
}

/// Says what is wrong where. Of alternatives that all fail, the one that was meant is told about:
/// "none of eleven schemas fits" helps nobody.
fn tell(error: &ValidationError<'_>, wrong: &mut Vec<Wrong>) {
    if let ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } =
        error.kind()
    {
        let depth = error.instance_path().as_str().len();
        // `null` and other types are not meant where the type differs at this very place, nor is
        // an alternative whose constant (`type`, mostly) differs.
        let other = |inner: &ValidationError<'_>| {
            let here = inner.instance_path().as_str().len() == depth;
            match inner.kind() {
                ValidationErrorKind::Type { .. } => here,
                ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => true,
                _ => false,
            }
        };
        let meant = context
            .iter()
            .filter(|alternative| !alternative.iter().any(other))
            .min_by_key(|alternative| alternative.len());
        if let Some(meant) = meant {
            for inner in meant {
                tell(inner, wrong);
            }
            return;
        }
    }
    let mut sentence = error.to_string();
    if sentence.len() > LONGEST {
        sentence = error.masked().to_string();
    }
    wrong.push((error.instance_path().as_str().to_owned(), sentence));
}
