//! The drawing board: shapes and texts, put down as SVG, drawn as PNG.

use super::colour::{CARD, Colour};
use super::words::{clean, escaped};
use super::{Error, WIDTH};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Node, Options, Tree};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

/// The one family. Its licence is beside the files.
const FAMILY: &str = "DejaVu Sans";
const REGULAR: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("fonts/DejaVuSans-Bold.ttf");

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for face in [REGULAR, BOLD] {
        fonts.load_font_source(Source::Binary(Arc::new(face)));
    }
    Arc::new(fonts)
});

fn options() -> Options<'static> {
    Options { fontdb: Arc::clone(&FONTS), font_family: FAMILY.to_owned(), ..Options::default() }
}

/// Where a text stands, from its x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It begins there.
    Start,
    /// It ends there.
    End,
    /// It lies around it.
    Middle,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// In pixels.
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) colour: Colour,
}

impl Style {
    pub(super) fn new(size: f32, colour: Colour) -> Self {
        Self { size, bold: false, colour }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
}

/// A card with rounded corners, and what lies on it.
pub(super) struct Canvas {
    svg: String,
    height: f32,
}

impl Canvas {
    /// Empty, of that height in pixels.
    pub(super) fn new(height: f32) -> Self {
        let mut canvas = Self { svg: String::new(), height };
        canvas.bar(0.0, 0.0, WIDTH as f32, height, 18.0, CARD);
        canvas
    }

    /// A rectangle, its corners rounded by `round`.
    pub(super) fn bar(&mut self, x: f32, y: f32, width: f32, height: f32, round: f32, of: Colour) {
        // Writing into a string cannot fail.
        let _ = writeln!(
            self.svg,
            r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" rx="{round:.2}" fill="{of}"/>"#
        );
    }

    /// A text whose line stands on `y`.
    pub(super) fn text(&mut self, x: f32, y: f32, anchor: Anchor, style: Style, text: &str) {
        self.svg.push_str(&element(x, y, anchor, style, text));
    }

    /// The same, cut where it is wider than `width`.
    pub(super) fn fitted(
        &mut self,
        (x, y): (f32, f32),
        anchor: Anchor,
        style: Style,
        text: &str,
        width: f32,
    ) {
        let shown = fit(text, style, width);
        self.text(x, y, anchor, style, &shown);
    }

    /// The picture.
    pub(super) fn png(&self) -> Result<Vec<u8>, Error> {
        let tree = tree(&self.svg, self.height)?;
        // Heights are whole numbers and far below what a number of 32 bits holds.
        let mut pixels = Pixmap::new(WIDTH, self.height.ceil() as u32).ok_or(Error::Size)?;
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        written(&pixels)
    }
}

/// As PNG, small: the library's own way of writing gives twice as many bytes.
fn written(pixels: &Pixmap) -> Result<Vec<u8>, Error> {
    let plain: Vec<u8> = pixels
        .pixels()
        .iter()
        .flat_map(|pixel| {
            let pixel = pixel.demultiply();
            [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
        })
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixels.width(), pixels.height());
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&plain)?;
    writer.finish()?;
    Ok(file)
}

fn tree(inside: &str, height: f32) -> Result<Tree, Error> {
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="{FAMILY}">{inside}</svg>"#
    );
    Ok(Tree::from_str(&svg, &options())?)
}

fn element(x: f32, y: f32, anchor: Anchor, style: Style, text: &str) -> String {
    let Style { size, bold, colour } = style;
    let weight = if bold { "bold" } else { "normal" };
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::End => "end",
        Anchor::Middle => "middle",
    };
    format!(
        "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" font-weight=\"{weight}\" \
         text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>\n",
        escaped(&clean(text))
    )
}

/// How wide a text is, as it will be drawn; 0 for one that leaves nothing to see.
pub(super) fn width(text: &str, style: Style) -> f32 {
    let Ok(tree) = tree(&element(0.0, 50.0, Anchor::Start, style, text), 100.0) else {
        return 0.0;
    };
    tree.root()
        .children()
        .iter()
        .map(|node| match node {
            Node::Text(text) => text.bounding_box().right(),
            _ => 0.0,
        })
        .fold(0.0, f32::max)
}

/// The text, or as much of its beginning as is at most `most` pixels wide, with an ellipsis.
pub(super) fn fit(text: &str, style: Style, most: f32) -> String {
    let text = clean(text);
    if width(&text, style) <= most {
        return text;
    }
    let letters: Vec<char> = text.chars().collect();
    let cut = |kept: usize| {
        let start: String = letters.iter().take(kept).collect();
        // A mark or a joiner left without what it belongs to would be drawn on the ellipsis.
        format!("{}…", start.trim_end_matches(['\u{200d}', '\u{200c}', ' ']))
    };
    let (mut fits, mut too_long) = (0, letters.len());
    while too_long - fits > 1 {
        let middle = usize::midpoint(fits, too_long);
        if width(&cut(middle), style) <= most {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    cut(fits)
}
