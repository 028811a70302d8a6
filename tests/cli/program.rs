//! Starting the real program in a folder of its own, and reading what it says.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const GLANCE: Duration = Duration::from_millis(20);

/// A folder to run in, with the files of a test.
pub struct Place {
    folder: TempDir,
    /// What the program says goes here, beside the folder, so that the folder stays as it is.
    said: TempDir,
}

impl Place {
    /// With these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let place = Self { folder: TempDir::new().unwrap(), said: TempDir::new().unwrap() };
        for (name, text) in files {
            let path = place.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Every file with its bytes.
    pub fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(self.folder.path(), &mut found);
        found
    }

    /// Starts the program with these words and no token.
    pub fn start(&self, words: &[&str]) -> Running {
        self.start_with(words, &[])
    }

    /// Starts the program with these words and variables.
    pub fn start_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Running {
        self.start_into(words, variables, None)
    }

    /// The same with a standard error that isn't a file of the test's.
    pub fn start_into(
        &self,
        words: &[&str],
        variables: &[(&str, &str)],
        stderr: Option<Stdio>,
    ) -> Running {
        let number = fs::read_dir(self.said.path()).unwrap().count();
        let [out, err] =
            ["out", "err"].map(|kind| self.said.path().join(format!("{number}.{kind}")));
        let file = File::create(&err).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_studyhall"))
            .args(words)
            .current_dir(self.folder.path())
            .env_remove("DISCORD_TOKEN")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(File::create(&out).unwrap())
            .stderr(stderr.unwrap_or_else(|| file.into()))
            .spawn()
            .unwrap();
        let folder = self.folder.path().to_owned();
        Running { child, out, err, folder }
    }

    /// Runs the program to its end; exit code and everything it said, for a snapshot.
    pub fn says(&self, words: &[&str]) -> String {
        self.says_with(words, &[])
    }

    /// The same with variables.
    pub fn says_with(&self, words: &[&str], variables: &[(&str, &str)]) -> String {
        self.start_with(words, variables).into_words()
    }

    /// The same for words that must be refused: nothing may have changed in the folder, nothing
    /// may be on standard output, and there is one message.
    #[track_caller]
    pub fn refuses(&self, words: &[&str], variables: &[(&str, &str)]) -> String {
        let before = self.contents();
        let said = self.says_with(words, variables);
        assert!(self.contents() == before, "something changed in the folder: {said}");
        assert!(!said.starts_with("exit 0"), "{said}");
        assert!(!said.contains("panicked") && !said.contains("[out]"), "{said}");
        assert_eq!(said.matches("studyhall: ").count().max(1), 1, "one message: {said}");
        said
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
}

/// A process; killed when the test ends before it does.
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    folder: PathBuf,
}

impl Running {
    pub fn out(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    pub fn err(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    /// Waits for the process to end by itself; what it said.
    pub fn into_words(mut self) -> String {
        let status = self.wait();
        self.said(status)
    }

    fn said(&self, status: ExitStatus) -> String {
        let code = status.code().map_or("by a signal".to_owned(), |code| code.to_string());
        let mut said = format!("exit {code}");
        for (name, text) in [("out", self.out()), ("err", self.err())] {
            let text = text.replace(&format!("{}/", self.folder.display()), "");
            if !text.trim().is_empty() {
                said.push_str(&format!("\n[{name}]\n{}", text.trim_end()));
            }
        }
        said
    }

    fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it did not end: {}{}", self.out(), self.err());
            std::thread::sleep(GLANCE);
        }
    }

    /// Waits for the JSON line; what it holds.
    pub fn described(&mut self) -> Value {
        let began = Instant::now();
        loop {
            let out = self.out();
            if let Some((line, _)) = out.split_once('\n') {
                return serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            }
            let ended = self.child.try_wait().unwrap();
            let waiting = ended.is_none() && began.elapsed() < PATIENCE;
            assert!(waiting, "no line of JSON; ended: {ended:?}: {out}{}", self.err());
            std::thread::sleep(GLANCE);
        }
    }

    /// Waits until its log holds a word.
    pub fn logs(&mut self, word: &str) {
        let began = Instant::now();
        while !self.err().contains(word) {
            let waiting = self.runs() && began.elapsed() < PATIENCE;
            assert!(waiting, "no {word:?} in the log: {}{}", self.out(), self.err());
            std::thread::sleep(GLANCE);
        }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would (SIGKILL); what it had said.
    pub fn kill(&mut self) -> String {
        // Ended by itself, perhaps.
        let _gone = self.child.kill();
        self.child.wait().unwrap();
        self.err()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends SIGHUP, which asks to read the packs again.
    #[cfg(unix)]
    pub fn hang_up(&self) {
        self.signal("HUP");
    }

    /// Sends SIGTERM, as systemd does, and waits for the end; the exit code and what it said.
    #[cfg(unix)]
    pub fn terminate(mut self) -> String {
        self.signal("TERM");
        let status = self.wait();
        self.said(status)
    }

    /// Sends a signal. The system's own program does it: nothing in the standard library can.
    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.child.id())])
            .status()
            .unwrap();
        assert!(sent.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, in most cases.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
