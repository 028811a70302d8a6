//! Drawing what cards want drawn, beside the runtime's threads.

use super::say::{Card, Drawing, Picture, Shape};
use crate::picture;
use tokio::sync::Semaphore;

/// Drawing takes a core for some milliseconds. More at once would leave nothing for clicks that want
/// to be acknowledged.
const AT_ONCE: usize = 2;

static DRAWING: Semaphore = Semaphore::const_new(AT_ONCE);

/// The card with its picture, if it wants one. One that cannot be drawn is logged, and no reason to
/// say nothing.
pub(super) async fn drawn(card: Card) -> Card {
    match card.drawing {
        Some(drawing) => Card { picture: draw(drawing).await, drawing: None, ..card },
        None => card,
    }
}

async fn draw(drawing: Drawing) -> Option<Picture> {
    let Drawing { file, description, shape } = drawing;
    // The semaphore is never closed.
    let _turn = DRAWING.acquire().await.ok()?;
    let png = tokio::task::spawn_blocking(move || match shape {
        Shape::Stats(sheet) => picture::stats(&sheet),
        Shape::Board { title, rows } => picture::board(&title, &rows),
    });
    match png.await {
        Ok(Ok(png)) => Some(Picture { file: file.to_owned(), png, description }),
        Ok(Err(error)) => {
            tracing::warn!(%error, file, "a picture could not be drawn");
            None
        }
        Err(error) => {
            tracing::error!(%error, file, "drawing a picture broke");
            None
        }
    }
}
