//! Pictures: what members look at beside the text that says the same.
//!
//! Pure functions from a few rows to a PNG: no clock, no network, no fonts of the machine. A picture
//! is described as SVG and drawn by resvg with the two faces of DejaVu Sans that are part of the
//! program (Latin, Greek, Cyrillic, Hebrew, Arabic and more; what they lack is a box). The same rows
//! give the same bytes.
//!
//! Drawing takes some milliseconds of one core: call it where blocking is allowed.

mod board;
mod canvas;
mod colour;
mod stats;
#[cfg(test)]
mod tests;
mod words;

pub use board::{BOARD_ROWS, BoardRow, board};
pub use stats::{Fact, Sheet, TOPICS_SHOWN, Topic, WEEKS, first_day, stats};

/// The width of every picture in pixels: twice what Discord gives an embed's picture, so that it is
/// sharp on dense screens.
pub const WIDTH: u32 = 1_000;

/// Why there is no picture. Nobody can do anything about it but report it; the text stands alone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The description is no SVG.
    #[error("the picture's description is not understood")]
    Description(#[from] resvg::usvg::Error),
    /// There is no room for it in memory.
    #[error("the picture is too large")]
    Size,
    /// It could not be written as PNG.
    #[error("the picture cannot be written")]
    Writing(#[from] png::EncodingError),
}
