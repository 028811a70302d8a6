//! Drawing pictures for messages, beside the runtime's threads.

use super::say::{self, Picture};
use crate::picture::{self, BoardRow};
use tokio::sync::Semaphore;

/// Drawing takes a core for some milliseconds. More at once would leave nothing for clicks that want
/// to be acknowledged.
const AT_ONCE: usize = 2;

static DRAWING: Semaphore = Semaphore::const_new(AT_ONCE);

/// A picture before it is drawn.
pub(super) struct Sketch {
    /// The name of the file, ending in `.png`.
    pub(super) file: &'static str,
    /// What it shows, for those who do not see it.
    pub(super) description: String,
    /// Draws it.
    pub(super) draw: Box<dyn FnOnce() -> Result<Vec<u8>, picture::Error> + Send>,
}

/// Members a board must have to be worth a picture.
const BOARD_MEMBERS: usize = 3;

impl Sketch {
    /// A board's first page as bars; `None` for so few members that there is nothing to compare.
    /// `title` as on the card, `rows` from the first rank on, `members` on all pages.
    pub(super) fn board(title: &str, rows: Vec<BoardRow>, members: usize) -> Option<Self> {
        if members < BOARD_MEMBERS || rows.is_empty() {
            return None;
        }
        let title = title.to_owned();
        Some(Self {
            file: "leaderboard.png",
            description: say::bars::description(&title, &rows),
            draw: Box::new(move || picture::board(&title, &rows)),
        })
    }

    /// The picture; `None` if it could not be drawn, which is logged and no reason to say nothing.
    pub(super) async fn drawn(self) -> Option<Picture> {
        let Self { file, description, draw } = self;
        // The semaphore is never closed.
        let _turn = DRAWING.acquire().await.ok()?;
        let png = match tokio::task::spawn_blocking(draw).await {
            Ok(Ok(png)) => png,
            Ok(Err(error)) => {
                tracing::warn!(%error, file, "a picture could not be drawn");
                return None;
            }
            Err(error) => {
                tracing::error!(%error, file, "drawing a picture broke");
                return None;
            }
        };
        Some(Picture { file: file.to_owned(), png, description })
    }
}
