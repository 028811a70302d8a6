//! Who may name whom: the arrows of ARCHITECTURE.md, read out of the sources.
//!
//! The checker looks at words, not at meaning: it cannot be fooled by a re-export, and what it
//! cannot understand it reports.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// A module of the crate, and the others it may name.
const ARROWS: [(&str, &[&str]); 10] = [
    ("main", &["cli"]),
    ("cli", &["bank", "config", "discord", "domain", "engine", "sandbox", "store"]),
    ("discord", &["engine", "picture", "domain"]),
    ("engine", &["store", "bank", "domain"]),
    ("store", &["domain"]),
    ("bank", &["domain"]),
    ("config", &["domain"]),
    ("picture", &["domain"]),
    ("domain", &[]),
    ("sandbox", &[]),
];

/// A library that one folder keeps to itself.
const HOMES: [(&str, &str); 6] = [
    ("serenity", "discord"),
    ("poise", "discord"),
    ("sqlx", "store"),
    ("axum", "sandbox"),
    ("resvg", "picture"),
    ("usvg", "picture"),
];

/// The one file outside of its home that may name a library: the simulator judges the bot from
/// outside, and so asks the database with statements of its own.
const GUESTS: [(&str, &str); 1] = [("sqlx", "cli/simulate/record.rs")];

/// What would make a rule depend on something else than its arguments.
const IMPURE: [&str; 20] = [
    "async",
    "await",
    "tokio",
    "futures",
    "reqwest",
    "tracing",
    "println",
    "eprintln",
    "SystemTime",
    "Instant",
    "thread_local",
    // What is shared and changes. `Arc` alone changes nothing: it saves copies of large texts.
    "Mutex",
    "RwLock",
    "OnceLock",
    "LazyLock",
    "Condvar",
    "Barrier",
    "Weak",
    "atomic",
    "mpsc",
];

/// The same, of the standard library's modules.
const IMPURE_STD: [&str; 7] = ["env", "fs", "io", "net", "process", "thread", "time"];

// --- The checks ---

#[test]
fn the_sources_keep_to_the_arrows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 50, "only {} sources were found", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        wrong.extend(check(&name, &fs::read_to_string(&path).unwrap()));
    }
    assert!(wrong.is_empty(), "{}", told(&wrong));
}

#[test]
fn every_module_has_its_arrows() {
    let lib = include_str!("../src/lib.rs");
    let tokens = tokens(lib);
    let mut declared: Vec<&str> = tokens
        .windows(2)
        .filter(|pair| pair[0].text == "mod")
        .map(|pair| pair[1].text.as_str())
        .collect();
    declared.push("main");
    declared.sort_unstable();
    let mut known: Vec<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    known.sort_unstable();
    assert_eq!(declared, known, "a module without arrows, or arrows without a module");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

// --- The checker ---

/// One breach.
struct Wrong {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.what)
    }
}

fn told(wrong: &[Wrong]) -> String {
    wrong.iter().map(Wrong::to_string).collect::<Vec<_>>().join("\n")
}

/// Everything wrong in one source; `file` is its path below `src`.
fn check(file: &str, source: &str) -> Vec<Wrong> {
    let module = file.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    let allowed: &[&str] = match ARROWS.iter().find(|(name, _)| *name == module) {
        Some((_, allowed)) => allowed,
        // The list of modules names them all and nothing else.
        None if module == "lib" => &[],
        None => {
            let what = format!("nobody said what `{module}` may name");
            return vec![Wrong { file: file.to_owned(), line: 1, what }];
        }
    };
    let tokens = tokens(source);
    let mut wrong = Vec::new();
    let mut report = |line: usize, what: String| {
        wrong.push(Wrong { file: file.to_owned(), line, what });
    };
    for (line, target) in named(&tokens, depth(file)) {
        match target {
            Target::Module(target) if target != module && !allowed.contains(&target.as_str()) => {
                report(line, format!("`{module}` names `{target}`"));
            }
            Target::Module(_) => {}
            Target::Unknown => report(line, "a path that the checker cannot follow".to_owned()),
        }
    }
    for token in &tokens {
        for (library, home) in HOMES {
            let guest = GUESTS.contains(&(library, file));
            if token.text == library && module != home && !guest {
                report(token.line, format!("only `{home}` may name `{library}`"));
            }
        }
        if module == "domain" && IMPURE.contains(&token.text.as_str()) {
            report(token.line, format!("`domain` is pure, so not `{}`", token.text));
        }
    }
    if module == "domain" {
        for words in tokens.windows(3) {
            let is_clock = matches!(words[0].text.as_str(), "Utc" | "Local");
            if is_clock && words[1].text == "::" && words[2].text == "now" {
                report(words[0].line, "`domain` is pure, so no clock".to_owned());
            }
        }
        for at in 0..tokens.len() {
            if tokens[at].text == "std" && follows(&tokens, at, "::") {
                for first in heads(&tokens, at + 2) {
                    if IMPURE_STD.contains(&first.text.as_str()) {
                        let what = format!("`domain` is pure, so not `std::{}`", first.text);
                        report(first.line, what);
                    }
                }
            }
        }
    }
    wrong
}

/// How many modules a source is below the crate: 1 for `engine/mod.rs`, 2 for `engine/desk.rs`.
fn depth(file: &str) -> usize {
    let parts = file.split('/').count();
    let is_head = file.ends_with("/mod.rs") || matches!(file, "lib.rs" | "main.rs");
    if is_head { parts - 1 } else { parts }
}

enum Target {
    /// A module of the crate.
    Module(String),
    Unknown,
}

/// The crate's modules that a source names, with the line of each.
fn named(tokens: &[Token], file_depth: usize) -> Vec<(usize, Target)> {
    let mut found = Vec::new();
    // For every open brace, whether it is an inline module's.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        match token.text.as_str() {
            "{" => {
                let inline = at >= 2 && tokens[at - 2].text == "mod";
                braces.push(inline);
            }
            "}" => {
                braces.pop();
            }
            "crate" | "studyhall" | "$crate" if follows(tokens, at, "::") => {
                // `pub(in crate::x)` restricts, it names nobody else; the rule holds all the same.
                found.extend(heads(tokens, at + 2).into_iter().map(head));
            }
            "super" => {
                let mut supers = 1;
                let mut next = at + 1;
                while tokens.get(next).is_some_and(|t| t.text == "::")
                    && tokens.get(next + 1).is_some_and(|t| t.text == "super")
                {
                    supers += 1;
                    next += 2;
                }
                let here = file_depth + braces.iter().filter(|inline| **inline).count();
                if supers >= here && tokens.get(next).is_some_and(|t| t.text == "::") {
                    found.extend(heads(tokens, next + 1).into_iter().map(head));
                }
                at = next;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn follows(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at + 1).is_some_and(|token| token.text == text)
}

/// The first words of the rest of a path: one, or those of a group.
fn heads(tokens: &[Token], at: usize) -> Vec<&Token> {
    let Some(first) = tokens.get(at) else { return Vec::new() };
    if first.text != "{" {
        return vec![first];
    }
    let mut found = Vec::new();
    let mut open = 0;
    let mut expected = false;
    for token in &tokens[at..] {
        match token.text.as_str() {
            "{" => {
                open += 1;
                expected = open == 1;
            }
            "}" => {
                open -= 1;
                if open == 0 {
                    break;
                }
            }
            "," => expected = open == 1,
            _ if expected => {
                found.push(token);
                expected = false;
            }
            _ => {}
        }
    }
    found
}

fn head(token: &Token) -> (usize, Target) {
    let is_module = ARROWS.iter().any(|(module, _)| *module == token.text);
    // `crate::Name`: re-exports at the root would hide who names whom.
    let target = if is_module { Target::Module(token.text.clone()) } else { Target::Unknown };
    (token.line, target)
}

// --- Words ---

#[derive(Debug)]
struct Token {
    text: String,
    line: usize,
}

/// The words and signs of a source. Comments and literals are left out, but for strings that hold
/// a path (`#[serde(with = "crate::…")]`), which are read like code.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let (here, next) = (chars[at], chars.get(at + 1).copied().unwrap_or(' '));
        let began = at;
        if here == '/' && next == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if here == '/' && next == '*' {
            at = comment_end(&chars, at);
        } else if let Some((inside, end)) = string(&chars, at) {
            let text: String = chars[inside.clone()].iter().collect();
            if text.starts_with("crate::") {
                for mut token in tokens(&text) {
                    token.line = line;
                    found.push(token);
                }
            }
            at = end;
        } else if here == '\'' {
            at = quote_end(&chars, at);
        } else if here.is_alphabetic() || here == '_' {
            while chars.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                at += 1;
            }
            let text: String = chars[began..at].iter().collect();
            found.push(Token { text, line });
        } else if here.is_whitespace() {
            at += 1;
        } else {
            at += if here == ':' && next == ':' { 2 } else { 1 };
            found.push(Token { text: chars[began..at].iter().collect(), line });
        }
        line += chars[began..at].iter().filter(|c| **c == '\n').count();
    }
    found
}

/// Behind a block comment; they nest.
fn comment_end(chars: &[char], mut at: usize) -> usize {
    let mut open = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (open, at) = (open + 1, at + 2),
            ('*', Some('/')) => (open, at) = (open - 1, at + 2),
            _ => at += 1,
        }
        if open == 0 {
            break;
        }
    }
    at
}

/// If a string begins here: what is inside, and where it ends.
fn string(chars: &[char], at: usize) -> Option<(std::ops::Range<usize>, usize)> {
    let mut begin = at;
    if matches!(chars[at], 'b' | 'c') {
        begin += 1;
    }
    let raw = chars.get(begin) == Some(&'r');
    if raw {
        begin += 1;
    }
    let hashes = chars[begin.min(chars.len())..].iter().take_while(|c| **c == '#').count();
    if (hashes > 0 && !raw) || chars.get(begin + hashes) != Some(&'"') {
        return None;
    }
    let inside = begin + hashes + 1;
    let mut end = inside;
    while end < chars.len() {
        if chars[end] == '\\' && !raw {
            end += 2;
        } else if chars[end] == '"'
            && chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
        {
            return Some((inside..end, end + 1 + hashes));
        } else {
            end += 1;
        }
    }
    Some((inside..chars.len(), chars.len()))
}

/// Behind a character or a lifetime's sign.
fn quote_end(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            // Behind the escaped character, which may itself be a quote, up to the closing one.
            let rest = chars.get(at + 3..).unwrap_or_default();
            at + 3 + rest.iter().position(|c| *c == '\'').map_or(rest.len(), |end| end + 1)
        }
        (_, Some('\'')) => at + 3,
        _ => at + 1,
    }
}

// --- The checker, checked ---

/// What is wrong with a snippet, without the file's name.
fn breaches(file: &str, source: &str) -> Vec<String> {
    check(file, source).into_iter().map(|wrong| format!("{}: {}", wrong.line, wrong.what)).collect()
}

#[test]
fn a_breach_is_found_wherever_it_is_written() {
    for (file, source, breach) in [
        ("domain/a.rs", "use crate::store::Store;", "1: `domain` names `store`"),
        ("domain/a.rs", "\nuse crate::{domain::b, engine::c};", "2: `domain` names `engine`"),
        ("domain/a.rs", "use crate::{\n  domain::{b, c},\n  bank,\n};", "3: `domain` names `bank`"),
        ("domain/a.rs", "fn f() { crate::config::g() }", "1: `domain` names `config`"),
        ("domain/a.rs", "type T = crate :: cli :: X;", "1: `domain` names `cli`"),
        ("domain/a/b.rs", "use super::super::super::store::X;", "1: `domain` names `store`"),
        ("domain/mod.rs", "use super::store::X;", "1: `domain` names `store`"),
        (
            "domain/a.rs",
            "mod tests { use super::super::super::store::X; }",
            "1: `domain` names `store`",
        ),
        ("domain/a.rs", "use crate::Shortcut;", "1: a path that the checker cannot follow"),
        ("domain/a.rs", "use crate::*;", "1: a path that the checker cannot follow"),
        (
            "engine/a.rs",
            "#[serde(with = \"crate::discord::form\")] x: u8,",
            "1: `engine` names `discord`",
        ),
        ("sandbox/a/b.rs", "use crate::domain::ids;", "1: `sandbox` names `domain`"),
        ("store/a.rs", "use crate::bank::Bank;", "1: `store` names `bank`"),
        ("discord/a.rs", "use crate::store::rounds;", "1: `discord` names `store`"),
        ("main.rs", "use studyhall::engine::Engine;", "1: `main` names `engine`"),
        ("engine/a.rs", "use serenity::all::Message;", "1: only `discord` may name `serenity`"),
        ("cli/a.rs", "fn f(e: sqlx::Error) {}", "1: only `store` may name `sqlx`"),
        ("discord/a.rs", "let x = axum::Router::new();", "1: only `sandbox` may name `axum`"),
        ("bank/a.rs", "use ::poise as p;", "1: only `discord` may name `poise`"),
        ("domain/a.rs", "pub async fn f() {}", "1: `domain` is pure, so not `async`"),
        (
            "domain/a.rs",
            "let t = std::time::SystemTime::UNIX_EPOCH;",
            "1: `domain` is pure, so not `SystemTime`\n1: `domain` is pure, so not `std::time`",
        ),
        ("domain/a.rs", "use std::{fmt, fs::File};", "1: `domain` is pure, so not `std::fs`"),
        ("domain/a.rs", "std::env::var(\"X\");", "1: `domain` is pure, so not `std::env`"),
        ("domain/a.rs", "tracing::info!(\"x\");", "1: `domain` is pure, so not `tracing`"),
        ("domain/a.rs", "let t = Utc::now();", "1: `domain` is pure, so no clock"),
        ("extra/a.rs", "", "1: nobody said what `extra` may name"),
    ] {
        assert_eq!(breaches(file, source).join("\n"), breach, "{file}: {source}");
    }
}

#[test]
fn what_is_allowed_passes() {
    for (file, source) in [
        ("cli/bot.rs", "use crate::{discord, engine::Engine, store::Store, sandbox};"),
        ("engine/desk.rs", "use super::{Shared, input::Input}; use crate::store::{self, Error};"),
        ("engine/desk.rs", "mod tests { use super::super::Shared; use super::Desk; }"),
        ("discord/mod.rs", "use serenity::all::Message; use poise::Command;"),
        ("domain/a.rs", "// crate::store::Store, serenity and tokio\n/* /* axum */ sqlx */"),
        ("domain/a.rs", "const SAID: &str = \"sqlx::query and \\\" crate::store\";"),
        ("domain/a.rs", "const SAID: &str = r#\"crate \"axum\" tokio\"#; const C: char = '\"';"),
        ("domain/a.rs", "fn f<'a>(x: &'a str) -> char { '\\'' }"),
        (
            "domain/a.rs",
            "pub(in crate::domain) fn g() {} pub(super) fn h() {} pub(crate) fn i() {}",
        ),
        ("domain/a.rs", "fn f(now: DateTime<Utc>) -> DateTime<Utc> { now }"),
        ("lib.rs", "pub mod bank; pub mod cli;"),
        ("main.rs", "fn main() { studyhall::cli::Cli::parse() }"),
    ] {
        assert_eq!(breaches(file, source), [] as [&str; 0], "{file}: {source}");
    }
}

#[test]
fn code_behind_a_literal_is_still_read() {
    // A checker that loses its place in a literal would pass everything behind it.
    for literal in [
        "'\"'",
        "'\\''",
        "'\\u{7f}'",
        "b'\"'",
        "\"\\\\\"",
        "r\"\\\"",
        "r#\"a\"b\"#",
        "b\"x\"",
        "br#\"x\"#",
        "'a: loop {}",
        "/* \" */ 1",
        "\"//\"",
        "\"/*\"",
        "1.0",
    ] {
        let source = format!("fn f() {{ g({literal}); }}\nuse crate::store::X;");
        assert_eq!(breaches("domain/a.rs", &source), ["2: `domain` names `store`"], "{literal}");
    }
}
