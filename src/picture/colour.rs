//! The colours. A picture has a dark card of its own, so it looks the same on dark and on light
//! Discord, and its contrast is known.

/// A colour without transparency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(u8, u8, u8);

/// The card.
pub(super) const CARD: Colour = Colour(0x1f, 0x22, 0x2a);
/// What lies on the card and bears text.
pub(super) const PANEL: Colour = Colour(0x2b, 0x2f, 0x39);
/// Where nothing is: a day without activity, the rest of a bar.
pub(super) const EMPTY: Colour = Colour(0x3a, 0x3f, 0x4b);
/// Names and figures.
pub(super) const TEXT: Colour = Colour(0xf4, 0xf5, 0xf7);
/// What explains them.
pub(super) const QUIET: Colour = Colour(0xb9, 0xbf, 0xca);
/// Bars.
pub(super) const BAR: Colour = Colour(0x6f, 0x9c, 0xff);
/// The first of a board.
pub(super) const GOLD: Colour = Colour(0xf2, 0xb8, 0x4b);
/// Days with little to much activity. They also differ in size: colour alone says nothing to many.
pub(super) const DAYS: [Colour; 4] = [
    Colour(0x2f, 0x9e, 0x6e),
    Colour(0x3d, 0xb8, 0x80),
    Colour(0x5a, 0xd4, 0x9a),
    Colour(0x8c, 0xf0, 0xbf),
];

impl std::fmt::Display for Colour {
    /// `#rrggbb`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::{BAR, CARD, Colour, DAYS, GOLD, PANEL, QUIET, TEXT};

    /// Relative luminance (W3C, WCAG 2.2, "relative luminance").
    fn luminance(Colour(red, green, blue): Colour) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Contrast ratio (WCAG 2.2, "contrast ratio").
    fn contrast(one: Colour, other: Colour) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn the_formula_is_the_known_one() {
        let (black, white) = (Colour(0, 0, 0), Colour(255, 255, 255));
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        assert!((contrast(Colour(0x77, 0x77, 0x77), white) - 4.48).abs() < 0.01);
    }

    #[test]
    fn text_can_be_read() {
        for text in [TEXT, QUIET] {
            for ground in [CARD, PANEL] {
                let contrast = contrast(text, ground);
                assert!(contrast >= 4.5, "{text} on {ground}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn shapes_can_be_seen() {
        // WCAG 2.2, 1.4.11: graphics need 3 to 1.
        for shape in [BAR, GOLD].into_iter().chain(DAYS) {
            for ground in [CARD, PANEL] {
                let contrast = contrast(shape, ground);
                assert!(contrast >= 3.0, "{shape} on {ground}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn more_activity_is_lighter() {
        let light: Vec<f64> = DAYS.into_iter().map(luminance).collect();
        assert!(light.windows(2).all(|pair| pair[0] * 1.2 < pair[1]), "{light:?}");
    }
}
