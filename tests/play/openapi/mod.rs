//! Checks recorded REST traffic against Discord's own OpenAPI description of its interface, and
//! against the rules that the description leaves out.
//!
//! Active when the environment names the description: `DISCORD_OPENAPI=path/to/openapi.json`. The
//! file is Discord's and not part of this project.

mod description;
mod events;
mod everything;
mod keys;
mod rules;
mod tests;
mod walk;

use description::{Description, Part};
use serde_json::Value;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::{Mutex, Once, OnceLock, PoisonError};
use studyhall::sandbox::{Exchange, Who};

/// Names the description's file.
const VARIABLE: &str = "DISCORD_OPENAPI";

/// Where every check of a run of the tests says what it compared, one kind a line, for the report at
/// its end (`.ci/run`).
const COVERED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/openapi-covered.txt");

/// What members' clients do and Discord's documentation does not describe.
const UNDOCUMENTED: [(&str, &str); 1] = [("POST", "/interactions")];

/// What a check found.
#[derive(Debug, Default)]
pub struct Report {
    /// `METHOD template: pointer: sentence`, each once, with how often it was seen.
    pub violations: BTreeMap<String, usize>,
    /// `METHOD template STATUS` of every answer that was compared, and `EVENT schema` of every object
    /// of an event.
    pub covered: BTreeSet<String>,
    /// Whether there was a description to compare with.
    pub active: bool,
}

impl Report {
    /// Fails the test if anything was violated.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.violations.is_empty(), "against Discord's description:\n{self}");
    }

    fn add(&mut self, exchange: &Exchange, pointer: &str, sentence: &str) {
        let place = exchange.template.unwrap_or(&exchange.path);
        let violation = format!("{} {place}: {pointer}: {sentence}", exchange.method);
        *self.violations.entry(violation).or_default() += 1;
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (violation, times) in &self.violations {
            writeln!(f, "{violation} ({times}×)")?;
        }
        write!(f, "{} kinds of answers compared", self.covered.len())
    }
}

/// Compares every exchange: what the bot sent, and what the sandbox answered to anybody.
pub fn check<E: Borrow<Exchange>>(exchanges: &[E]) -> Report {
    let mut report = Report::default();
    let description = match description() {
        None => {
            static SAID: Once = Once::new();
            SAID.call_once(|| eprintln!("{VARIABLE} is not set: the traffic was not compared"));
            return report;
        }
        Some(Ok(description)) => description,
        Some(Err(error)) => {
            report.violations.insert(error.clone(), 1);
            return report;
        }
    };
    report.active = true;
    for exchange in exchanges {
        check_one(description, exchange.borrow(), &mut report);
    }
    note(&report.covered);
    report
}

/// Compares every event that the bot was told.
pub fn check_events(events: &[(String, Value)]) -> Report {
    let mut report = Report::default();
    // Without one, and where it cannot be read, the exchanges tell.
    let Some(Ok(description)) = description() else { return report };
    report.active = true;
    for (kind, data) in events {
        let (wrong, schemas) = events::check(description, kind, data);
        report.covered.extend(schemas.iter().map(|schema| format!("{kind} {schema}")));
        for (pointer, sentence) in wrong {
            let violation = format!("{kind}: {pointer}: {sentence}");
            *report.violations.entry(violation).or_default() += 1;
        }
    }
    note(&report.covered);
    report
}

/// Writes down what no check of this process has written down yet.
fn note(covered: &BTreeSet<String>) {
    static WRITTEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let new: String = covered.difference(&written).map(|kind| format!("{kind}\n")).collect();
    if new.is_empty() {
        return;
    }
    written.extend(covered.iter().cloned());
    let mut file = OpenOptions::new().create(true).append(true).open(COVERED).unwrap();
    file.write_all(new.as_bytes()).unwrap();
}

/// The description, read once; None where the environment names none.
fn description() -> Option<&'static Result<Description, String>> {
    static READ: OnceLock<Option<Result<Description, String>>> = OnceLock::new();
    READ.get_or_init(|| {
        let file = std::env::var_os(VARIABLE)?;
        Some(Description::read(file.as_ref()).map_err(|error| format!("{VARIABLE}: {error}")))
    })
    .as_ref()
}

fn check_one(description: &Description, exchange: &Exchange, report: &mut Report) {
    let method = exchange.method.as_str();
    let Some(template) = exchange.template else {
        report.add(exchange, "", "the sandbox has no such route");
        return;
    };
    if UNDOCUMENTED.contains(&(method, template)) {
        return;
    }
    if !description.has(method, template) {
        report.add(exchange, "", "Discord has no such operation");
        return;
    }
    if exchange.who == Who::Bot {
        check_request(description, exchange, template, report);
    }
    check_answer(description, exchange, template, report);
}

fn check_request(
    description: &Description,
    exchange: &Exchange,
    template: &'static str,
    report: &mut Report,
) {
    let method = exchange.method.as_str();
    for pair in exchange.query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or(pair);
        if !description.takes_query(method, template, name) {
            report.add(exchange, &format!("?{name}"), "Discord does not know this parameter");
        }
    }
    match (&exchange.request, description.schema(method, template, Part::Request)) {
        (None, None) => {}
        (None, Some(_)) if !description.needs_body(method, template) => {}
        // The sandbox does not keep a large body of a request that it lets fail.
        (None, Some(_)) if exchange.status >= 500 => {}
        (None, Some(_)) => report.add(exchange, "", "the body is missing"),
        (Some(_), None) => report.add(exchange, "", "a body where Discord expects none"),
        (Some(body), Some(schema)) => {
            let body = &with_written_ids(body);
            let mut wrong = description.violations(method, template, Part::Request, body);
            keys::unknown(description.root(), schema, body, &mut wrong);
            rules::broken(method, template, body, &mut wrong);
            for (pointer, sentence) in wrong {
                report.add(exchange, &pointer, &sentence);
            }
        }
    }
}

/// The body with the numbers of uploads as text. The description wants ids as text everywhere; for
/// these, which only count the files of a request, Discord's own examples have plain numbers
/// (documentation, reference, "Uploading files").
fn with_written_ids(body: &Value) -> Value {
    let mut body = body.clone();
    for place in ["/attachments", "/data/attachments"] {
        let files = body.pointer_mut(place).and_then(Value::as_array_mut);
        for file in files.into_iter().flatten() {
            if let Some(number) = file["id"].as_u64() {
                file["id"] = number.to_string().into();
            }
        }
    }
    body
}

fn check_answer(
    description: &Description,
    exchange: &Exchange,
    template: &'static str,
    report: &mut Report,
) {
    let (method, status) = (exchange.method.as_str(), exchange.status);
    // 0: the connection was broken on purpose. 5xx: the description has none.
    if status == 0 || status >= 500 {
        return;
    }
    let part = Part::Answer(status);
    if !description.has_answer(method, template, status) {
        report.add(exchange, "", &format!("Discord never answers with {status}"));
        return;
    }
    report.covered.insert(format!("{method} {template} {status}"));
    match (&exchange.response, description.schema(method, template, part)) {
        (None, None) => {}
        (None, Some(_)) => report.add(exchange, "", &format!("the answer {status} has no body")),
        (Some(_), None) => report.add(exchange, "", &format!("the answer {status} has a body")),
        (Some(body), Some(schema)) => {
            let mut wrong = description.violations(method, template, part, body);
            keys::unknown(description.root(), schema, body, &mut wrong);
            for (pointer, sentence) in wrong {
                let sentence = format!("in the answer {status}: {sentence}");
                report.add(exchange, &pointer, &sentence);
            }
        }
    }
}
