//! `check --run`: every program of the packs, run by a Python interpreter, against what it
//! promises.
//!
//! Each runs from a file of its own, in isolated mode, in an empty folder, with nothing of the
//! environment but the path, with a time limit, and is ended together with whatever it started.
//! That keeps mistakes apart from each other; it is no cage: run only packs you trust.

use crate::bank::{Problem, Program, Promise, Severity};
use anyhow::Context as _;
use futures::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

/// How long one program may take. An example that needs longer is none.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// What a program may print on each stream; an endless one is cut off, and so ends.
const MOST_PRINTED: u64 = 64 * 1024;

/// An interpreter that was found and answered.
#[derive(Debug, Clone)]
pub(super) struct Python {
    /// As it is called.
    command: String,
    /// Its version, as (major, minor).
    version: (u32, u32),
    /// Its version in full.
    full: String,
    /// How long one program may take.
    limit: Duration,
}

/// What running all programs came to.
#[derive(Debug)]
pub(super) struct Proof {
    /// One for each promise not kept, in the order of the programs.
    pub(super) problems: Vec<Problem>,
    /// One sentence: what ran, and what did not.
    pub(super) summary: String,
}

impl Python {
    /// The interpreter `named`, or the first of `python3` and `python` that is one.
    pub(super) async fn find(named: Option<&str>) -> anyhow::Result<Self> {
        let candidates = match named {
            Some(named) => vec![named],
            None => vec!["python3", "python"],
        };
        let mut last = None;
        for command in candidates {
            match Self::ask(command).await {
                Ok(python) => return Ok(python),
                Err(error) => last = Some(error),
            }
        }
        let error = last.unwrap_or_else(|| anyhow::anyhow!("none is on the path"));
        Err(error.context(
            "no Python interpreter to run the programs with; install Python 3.11 or newer, or \
             name one with --python",
        ))
    }

    async fn ask(named: &str) -> anyhow::Result<Self> {
        // Programs run in a folder of their own, where a relative path would lead elsewhere.
        let command = if named.contains(std::path::is_separator) {
            std::path::absolute(named)?.display().to_string()
        } else {
            named.to_owned()
        };
        let asked = Command::new(&command)
            .args(["-I", "-c", "import platform; print(platform.python_version())"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(TIME_LIMIT, asked)
            .await
            .with_context(|| format!("{command} does not answer"))?
            .with_context(|| format!("{command} cannot be started"))?;
        let full = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let mut numbers = full.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) if output.status.success() && major == 3 => {
                Ok(Self { command, version: (major, minor), full, limit: TIME_LIMIT })
            }
            _ => anyhow::bail!("{command} is no Python 3"),
        }
    }
}

/// Runs every program that this interpreter is new enough for, as many at once as there are
/// cores. `never` blocks say that they are not meant to run.
pub(super) async fn prove(
    python: &Python,
    programs: &[Program],
    never: usize,
) -> anyhow::Result<Proof> {
    let runnable: Vec<&Program> = programs
        .iter()
        .filter(|program| program.min.is_none_or(|min| min <= python.version))
        .collect();
    let newer = programs.len() - runnable.len();
    let at_once = std::thread::available_parallelism().map_or(2, usize::from);
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new(runnable.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} programs, {eta} left") {
        bar.set_style(style);
    }
    let ran: Vec<anyhow::Result<Option<Problem>>> = futures::stream::iter(&runnable)
        .map(|program| {
            let bar = &bar;
            async move {
                let problem = examine(python, program).await;
                bar.inc(1);
                problem
            }
        })
        .buffered(at_once)
        .collect()
        .await;
    bar.finish_and_clear();
    let problems: Vec<Problem> =
        ran.into_iter().collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect();
    let mut summary = format!(
        "Python {}: {} of {} programs kept their promise",
        python.full,
        runnable.len() - problems.len(),
        runnable.len(),
    );
    if newer > 0 {
        summary.push_str(&format!("; {newer} not run, they need a newer Python"));
    }
    if never > 0 {
        summary.push_str(&format!("; {never} not meant to run"));
    }
    Ok(Proof { problems, summary })
}

async fn examine(python: &Python, program: &Program) -> anyhow::Result<Option<Problem>> {
    let end = run(python, &program.source).await?;
    Ok(verdict(program, &end).map(|(line, message)| Problem {
        path: program.path.clone(),
        line: Some(line),
        message: format!("{message} (Python {})", python.full),
        severity: Severity::Error,
    }))
}

/// Whether a program came to its end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// With this exit code.
    Code(i32),
    /// By a signal.
    Signal,
    /// It was still running when its time was over.
    Running,
}

/// How a program ended.
#[derive(Debug, Clone)]
struct End {
    how: How,
    printed: String,
    /// What it wrote to standard error.
    errors: String,
}

async fn run(python: &Python, source: &str) -> anyhow::Result<End> {
    let (home, empty) = (TempDir::new()?, TempDir::new()?);
    let file = home.path().join("block.py");
    tokio::fs::write(&file, source).await.context("a program could not be written to a file")?;
    let mut command = Command::new(&python.command);
    command
        .args(["-I", "-B", "-X", "utf8"])
        .arg(&file)
        .current_dir(empty.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // Without a path, an interpreter behind a wrapper does not find itself.
    for name in ["PATH", "HOME", "SYSTEMROOT", "PYENV_ROOT", "PYENV_VERSION"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().context("Python cannot be started")?;
    #[cfg(unix)]
    let group = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (_, _, status) = tokio::join!(
                read_some(stdout, &mut out),
                read_some(stderr, &mut err),
                child.wait()
            );
            status
        };
        tokio::time::timeout(python.limit, work).await
    };
    // What it started must not outlive it.
    #[cfg(unix)]
    if let Some(group) = group {
        let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let how = match status {
        Ok(status) => {
            status.context("a program's end was not told")?.code().map_or(How::Signal, How::Code)
        }
        Err(_) => How::Running,
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let place = format!("{}", home.path().display());
    Ok(End { how, printed: text(&out), errors: text(&err).replace(&place, "") })
}

/// Reads up to the limit and closes the stream, so that an endless writer fails.
async fn read_some(from: Option<impl tokio::io::AsyncRead + Unpin>, into: &mut Vec<u8>) {
    if let Some(from) = from {
        // What was read before a stream broke is what it printed.
        let _broken = from.take(MOST_PRINTED).read_to_end(into).await;
    }
}

/// What is wrong, and on which line of the file; `None` if the promise was kept.
fn verdict(program: &Program, end: &End) -> Option<(u32, String)> {
    if end.how == How::Running {
        return Some((program.line, "is still running when its time is over".to_owned()));
    }
    let well = end.how == How::Code(0);
    let told = failure(program, end);
    match &program.promise {
        Promise::Caught if well => {
            Some((program.line, "the tests do not catch this `wrong` solution".to_owned()))
        }
        Promise::Caught => raised(&end.errors, "SyntaxError")
            .then(|| (program.line, "this `wrong` solution is no valid Python".to_owned())),
        Promise::Raises(name, _) if well => {
            Some((program.line, format!("ends well, but must raise {name}")))
        }
        Promise::Raises(name, printed) => {
            // `SystemExit` says nothing on standard error.
            let quiet = name == "SystemExit" && !end.errors.contains("Traceback");
            if quiet || raised(&end.errors, name) {
                differs(program, printed.as_deref(), &end.printed)
            } else {
                let (line, what) = told;
                Some((line, format!("must raise {name}, but {what}")))
            }
        }
        Promise::Prints(_) | Promise::Passes if !well => Some(told),
        _ if !end.errors.trim().is_empty() => {
            let first = end.errors.trim().lines().next().unwrap_or_default();
            Some((program.line, format!("writes to standard error: {}", brief(first))))
        }
        Promise::Passes => (!end.printed.is_empty())
            .then(|| (program.line, "solution and tests must print nothing".to_owned())),
        Promise::Prints(printed) => differs(program, printed.as_deref(), &end.printed),
    }
}

fn differs(program: &Program, promised: Option<&str>, printed: &str) -> Option<(u32, String)> {
    let promised = promised?;
    if promised == printed {
        return None;
    }
    let (mut want, mut got) = (promised.lines(), printed.lines());
    let mut number = 1;
    loop {
        let message = match (want.next(), got.next()) {
            (Some(want), Some(got)) if want == got => {
                number += 1;
                continue;
            }
            (Some(want), Some(got)) => {
                format!("prints `{}` as line {number}, not `{}`", brief(got), brief(want))
            }
            (Some(want), None) => {
                format!("does not print line {number} of its output, `{}`", brief(want))
            }
            (None, Some(got)) => {
                format!("prints `{}` beyond its output", brief(got))
            }
            (None, None) => "prints its output without the line break at its end".to_owned(),
        };
        return Some((program.line, message));
    }
}

/// How a program failed, and on which line of the file.
fn failure(program: &Program, end: &End) -> (u32, String) {
    let last = end.errors.trim().lines().last().unwrap_or_default();
    let what = match (last.is_empty(), end.how) {
        (false, _) => format!("ends with {}", brief(last)),
        (true, How::Code(code)) => format!("ends with exit code {code}"),
        (true, _) => "is ended by a signal".to_owned(),
    };
    // The innermost frame of the program itself.
    let frame = end.errors.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once("block.py\", line ")?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    });
    (frame.map_or(program.line, |line| program.line_in_file(line)), what)
}

/// Whether a traceback ends with this exception, also in a group.
fn raised(errors: &str, name: &str) -> bool {
    errors.lines().any(|line| {
        let line = line.trim_start_matches(['|', '+', ' ']);
        let word = line.split(|c: char| c == ':' || c.is_whitespace()).next().unwrap_or_default();
        word == name || word.strip_suffix(name).is_some_and(|module| module.ends_with('.'))
    })
}

fn brief(line: &str) -> String {
    const MOST: usize = 160;
    if line.chars().count() <= MOST {
        return line.to_owned();
    }
    line.chars().take(MOST).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::{End, How, Python, prove, run, verdict};
    use crate::bank::{Program, Promise};
    use std::time::Duration;

    fn program(promise: Promise) -> Program {
        let (path, source) = ("q.md".to_owned(), String::new());
        Program { path, line: 10, source, pieces: vec![(1, 11)], promise, min: None }
    }

    fn end(code: i32, printed: &str, errors: &str) -> End {
        End { how: How::Code(code), printed: printed.to_owned(), errors: errors.to_owned() }
    }

    fn told(promise: Promise, end: &End) -> String {
        match verdict(&program(promise), end) {
            Some((line, message)) => format!("{line}: {message}"),
            None => "kept".to_owned(),
        }
    }

    const TRACE: &str = "Traceback (most recent call last):\n  File \"/block.py\", line 3, in \
                         <module>\n    f()\n  File \"/usr/lib/json.py\", line 9, in f\nKeyError: 'a'\n";
    const GROUP: &str = "  + Exception Group Traceback (most recent call last):\n  |   File \
                         \"/block.py\", line 1, in <module>\n  | ExceptionGroup: two (1 \
                         sub-exception)\n  +-+---------------- 1 ----------------\n    | \
                         ValueError: 1\n    +------------------------------------\n";

    #[test]
    fn output_is_compared_to_the_last_line_break() {
        let prints = |text: &str| Promise::Prints(Some(text.to_owned()));
        assert_eq!(told(prints("1\n2\n"), &end(0, "1\n2\n", "")), "kept");
        assert_eq!(told(Promise::Prints(None), &end(0, "whatever", "")), "kept");
        insta::assert_snapshot!(told(prints("1\n2\n"), &end(0, "1\n3\n", "")), @"10: prints `3` as line 2, not `2`");
        insta::assert_snapshot!(told(prints("1\n2\n"), &end(0, "1\n", "")), @"10: does not print line 2 of its output, `2`");
        insta::assert_snapshot!(told(prints("1\n"), &end(0, "1\n2\n", "")), @"10: prints `2` beyond its output");
        insta::assert_snapshot!(told(prints("1\n"), &end(0, "1", "")), @"10: prints its output without the line break at its end");
        insta::assert_snapshot!(told(prints("1\n"), &end(0, "1\n", "x: SyntaxWarning\n")), @"10: writes to standard error: x: SyntaxWarning");
    }

    #[test]
    fn a_failure_is_shown_where_it_stands_in_the_file() {
        insta::assert_snapshot!(told(Promise::Prints(None), &end(1, "", TRACE)), @"13: ends with KeyError: 'a'");
        insta::assert_snapshot!(told(Promise::Passes, &end(3, "", "")), @"10: ends with exit code 3");
        let killed = End { how: How::Signal, ..end(0, "", "") };
        insta::assert_snapshot!(told(Promise::Passes, &killed), @"10: is ended by a signal");
        let endless = End { how: How::Running, ..end(0, "", "") };
        insta::assert_snapshot!(told(Promise::Caught, &endless), @"10: is still running when its time is over");
    }

    #[test]
    fn exceptions_are_found_by_name() {
        let raises = |name: &str| Promise::Raises(name.to_owned(), None);
        for (name, errors) in [
            ("KeyError", TRACE),
            ("ExceptionGroup", GROUP),
            ("Lost", "Traceback (most recent call last):\n__main__.Lost\n"),
            ("Lost", "Traceback (most recent call last):\nLost: with\na note\n"),
            ("SystemExit", ""),
        ] {
            assert_eq!(told(raises(name), &end(1, "", errors)), "kept", "{errors}");
        }
        insta::assert_snapshot!(told(raises("KeyError"), &end(0, "", "")), @"10: ends well, but must raise KeyError");
        insta::assert_snapshot!(told(raises("Error"), &end(1, "", TRACE)), @"13: must raise Error, but ends with KeyError: 'a'");
        let printed = Promise::Raises("KeyError".to_owned(), Some("1\n".to_owned()));
        insta::assert_snapshot!(told(printed, &end(1, "2\n", TRACE)), @"10: prints `2` as line 1, not `1`");
    }

    #[test]
    fn tests_pass_in_silence_and_catch_mistakes() {
        assert_eq!(told(Promise::Passes, &end(0, "", "")), "kept");
        assert_eq!(told(Promise::Caught, &end(1, "", "AssertionError\n")), "kept");
        insta::assert_snapshot!(told(Promise::Passes, &end(0, "1\n", "")), @"10: solution and tests must print nothing");
        insta::assert_snapshot!(told(Promise::Caught, &end(0, "", "")), @"10: the tests do not catch this `wrong` solution");
        insta::assert_snapshot!(told(Promise::Caught, &end(1, "", "SyntaxError: invalid\n")), @"10: this `wrong` solution is no valid Python");
    }

    /// A shell stands in for Python: the tests need no other program.
    #[cfg(unix)]
    fn shell(folder: &std::path::Path, limit: Duration) -> Python {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("python");
        std::fs::write(&path, "#!/bin/sh\nfor file; do :; done\n. \"$file\"\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let command = path.display().to_string();
        Python { command, version: (3, 11), full: "3.11.9".to_owned(), limit }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn programs_run_apart_from_each_other_and_end() {
        let folder = tempfile::TempDir::new().unwrap();
        let python = shell(folder.path(), Duration::from_secs(20));
        let alone = run(&python, "echo $PWD $LOST\nls\ntouch left\n").await.unwrap();
        assert_eq!((alone.how, alone.errors.as_str()), (How::Code(0), ""));
        assert_eq!(alone.printed.lines().count(), 1, "an empty folder: {alone:?}");
        let endless = run(&python, "while :; do echo y; done\n").await.unwrap();
        assert_ne!(endless.how, How::Running, "whoever prints without end is stopped");
        let hasty = Python { limit: Duration::from_millis(300), ..python };
        let slow = run(&hasty, "sleep 60 &\nsleep 60\n").await.unwrap();
        assert_eq!(slow.how, How::Running);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn all_that_can_run_is_counted() {
        let folder = tempfile::TempDir::new().unwrap();
        let python = shell(folder.path(), Duration::from_secs(20));
        let say = |text: &str, min| Program {
            source: text.to_owned(),
            min,
            ..program(Promise::Prints(Some("a\n".to_owned())))
        };
        let programs =
            [say("echo a\n", None), say("echo b\n", Some((3, 11))), say("", Some((3, 12)))];
        let proof = prove(&python, &programs, 4).await.unwrap();
        let problems: Vec<String> = proof.problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(problems.join("\n"), @"q.md:10: prints `b` as line 1, not `a` (Python 3.11.9)");
        insta::assert_snapshot!(proof.summary, @"Python 3.11.9: 1 of 2 programs kept their promise; 1 not run, they need a newer Python; 4 not meant to run");
    }
}
