//! Writes the log on a thread of its own, from a bounded buffer.
//!
//! Whoever logs only copies a line into memory. If the buffer is full, because nobody reads or the disk
//! is full, the line is dropped and counted, and the number is logged once lines can be written again.
//! (`tracing-appender` has such a writer too, but it counts lines instead of bytes, loses lines without
//! a word when writing fails, and prints, which can panic, when its guard is dropped.)

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// The most bytes that wait to be written.
const ROOM: usize = 1 << 20;
/// How long to wait before writing again to what can't take anything at the moment.
const PAUSE: Duration = Duration::from_millis(100);

/// A handle to the log; clones share it.
#[derive(Clone)]
pub(super) struct LogWriter {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    /// The thread is writing what it took.
    writing: bool,
    /// Lines that weren't written, since the last report.
    dropped: u64,
}

impl LogWriter {
    /// Starts the thread that writes to `sink`.
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let thread = Arc::clone(&shared);
        // It ends with the process: it may hang in a write that nothing can interrupt.
        std::thread::Builder::new().name("log".to_owned()).spawn(move || thread.run(sink))?;
        Ok(Self { shared })
    }

    /// Waits until everything is written, but no longer than `limit`.
    pub(super) fn flush_within(&self, limit: Duration) {
        let until = Instant::now() + limit;
        let mut queue = self.shared.queue();
        while !queue.waiting.is_empty() || queue.writing {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.changed.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut sink: impl Write) {
        let mut healthy = true;
        loop {
            let taken = {
                let mut queue = self.queue();
                queue.writing = false;
                self.changed.notify_all();
                while queue.waiting.is_empty() {
                    queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
                queue.writing = true;
                std::mem::take(&mut queue.waiting)
            };
            if !healthy {
                // A line may have been cut in the middle.
                let _may_fail = sink.write_all(b"\n");
            }
            let rest = write(&mut sink, &taken);
            healthy = rest.is_empty();
            let dropped = {
                let mut queue = self.queue();
                queue.dropped += lines(rest);
                if healthy { std::mem::take(&mut queue.dropped) } else { 0 }
            };
            if dropped > 0 {
                // Not written here: it must look like every other line. There is room for it now.
                tracing::error!(
                    dropped,
                    "lines of the log were lost; standard error did not take them"
                );
            }
        }
    }
}

/// Writes as much as the sink takes; returns what it refused.
fn write<'a>(sink: &mut impl Write, mut bytes: &'a [u8]) -> &'a [u8] {
    while !bytes.is_empty() {
        match sink.write(bytes) {
            Ok(0) => return bytes,
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Whoever started us has made the pipe so.
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(_) => return bytes,
        }
    }
    bytes
}

fn lines(bytes: &[u8]) -> u64 {
    let ends = bytes.iter().filter(|byte| **byte == b'\n').count();
    u64::try_from(ends).unwrap_or(u64::MAX)
}

/// Takes whole lines, which is how `tracing-subscriber` writes.
impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut queue = self.shared.queue();
        if queue.waiting.len() + line.len() > ROOM {
            queue.dropped += lines(line).max(1);
        } else {
            queue.waiting.extend_from_slice(line);
            self.shared.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{LogWriter, ROOM, lines};
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    const PATIENCE: Duration = Duration::from_secs(10);

    type Written = Arc<Mutex<Vec<u8>>>;

    /// A sink whose writes wait for an answer from the test.
    struct Sink {
        answers: Receiver<io::Result<()>>,
        written: Written,
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the test is over, everything is taken.
            self.answers.recv().unwrap_or(Ok(()))?;
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn start() -> (LogWriter, Sender<io::Result<()>>, Written) {
        let (sender, answers) = channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Sink { answers, written: Arc::clone(&written) };
        (LogWriter::start(sink).unwrap(), sender, written)
    }

    fn text(written: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(written.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_sink_that_never_takes_anything_holds_up_nobody() {
        let (mut log, _answers, written) = start();
        let began = Instant::now();
        let line = [[b'x'; 1023].as_slice(), b"\n"].concat();
        for _ in 0..10_000 {
            log.write_all(&line).unwrap();
        }
        assert!(began.elapsed() < PATIENCE);
        let queue = log.shared.queue();
        assert!(queue.waiting.len() <= ROOM);
        assert!(queue.dropped >= 10_000 - 2 * 1024, "{} dropped", queue.dropped);
        drop(queue);
        log.flush_within(Duration::from_millis(1));
        assert_eq!(text(&written), "");
    }

    #[test]
    fn what_a_sink_refuses_is_counted_and_the_next_line_begins_on_a_line_of_its_own() {
        let (mut log, answers, written) = start();
        answers.send(Err(io::ErrorKind::StorageFull.into())).unwrap();
        log.write_all(b"one\ntwo\n").unwrap();
        log.flush_within(PATIENCE);
        assert_eq!(log.shared.queue().dropped, 2);
        drop(answers);
        log.write_all(b"three\n").unwrap();
        log.flush_within(PATIENCE);
        assert_eq!(text(&written), "\nthree\n");
        assert_eq!(log.shared.queue().dropped, 0, "reported");
    }

    #[test]
    fn lines_come_in_their_order_and_whole() {
        let (mut log, answers, written) = start();
        drop(answers);
        let all: Vec<String> = (0..5_000).map(|number| format!("line {number}\n")).collect();
        for line in &all {
            log.write_all(line.as_bytes()).unwrap();
        }
        log.flush_within(PATIENCE);
        assert_eq!(text(&written), all.concat());
        assert_eq!(lines(text(&written).as_bytes()), 5_000);
    }
}
