//! What the bot logs that no story may pass over: its own errors, and events that the client
//! library could not read, which it otherwise drops with a debug line.
//!
//! Each story runs on one thread (and its bot on one more of the same name), and the test runner
//! names that thread after the story, so a line is known by its thread.

use std::fmt::Write as _;
use std::sync::{Mutex, Once, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Where serenity says that it dropped an event.
const DISPATCH: &str = "serenity::client::dispatch";

/// Thread and text of every line kept.
static LINES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Begins to listen, once for all stories; gives a mark for [`since`].
pub fn listen() -> usize {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let wanted = FilterFn::new(|metadata| {
            let target = metadata.target();
            let dropped = target == DISPATCH && *metadata.level() <= Level::DEBUG;
            dropped || (target.starts_with("studyhall") && *metadata.level() <= Level::ERROR)
        });
        tracing_subscriber::registry().with(Keeper.with_filter(wanted)).init();
    });
    LINES.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// The lines of this thread's story after a mark.
pub fn since(mark: usize) -> Vec<String> {
    let thread = thread();
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let own = lines.iter().skip(mark).filter(|(of, _)| *of == thread);
    own.map(|(_, text)| text.clone()).collect()
}

/// The name of the present thread.
pub fn thread() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

struct Keeper;

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut text = Text(format!("{} {}:", metadata.level(), metadata.target()));
        event.record(&mut text);
        if metadata.target() == DISPATCH && !text.0.contains("unknown event") {
            return;
        }
        LINES.lock().unwrap_or_else(PoisonError::into_inner).push((thread(), text.0));
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
