//! Colours, and whether they can be told apart (WCAG 2.1, relative luminance and contrast ratio).

use std::fmt;
use std::str::FromStr;

/// A colour of sRGB, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// A text that is no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a colour: write it as #rrggbb, for example #0b4f8a")]
pub struct InvalidColour(String);

/// Two colours that stand on each other and are too much alike.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "{front_name} {front} on {back_name} {back} has a contrast of {ratio:.2}:1; at least \
     {least}:1 is needed to be read (WCAG 2.1, {criterion})"
)]
pub struct LowContrast {
    /// What the colour in front is for.
    pub front_name: &'static str,
    /// The colour in front.
    pub front: Colour,
    /// What the colour behind is for.
    pub back_name: &'static str,
    /// The colour behind.
    pub back: Colour,
    /// Their contrast ratio, 1 to 21.
    pub ratio: f64,
    /// The least ratio that is allowed.
    pub least: f64,
    /// The success criterion.
    pub criterion: &'static str,
}

/// The colours that a configuration may choose; they pass the test of contrast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    primary: Colour,
    on_primary: Colour,
    link: Colour,
}

/// The paper that texts stand on, as in the style sheet.
const PAPER: Colour = Colour([0xFF; 3]);
/// The page around the paper, as in the style sheet.
const PAGE: Colour = Colour([0xF4, 0xF7, 0xFA]);
const TEXT: (f64, &str) = (4.5, "1.4.3");
const SHAPE: (f64, &str) = (3.0, "1.4.11");

impl Default for Theme {
    /// Blue.
    fn default() -> Self {
        let blue = Colour([0x0B, 0x4F, 0x8A]);
        Self { primary: blue, on_primary: PAPER, link: blue }
    }
}

impl Theme {
    /// A theme of three colours: bands and buttons, texts on them, links.
    ///
    /// # Errors
    /// [`LowContrast`] names the first pair that cannot be read.
    pub fn new(primary: Colour, on_primary: Colour, link: Colour) -> Result<Self, LowContrast> {
        for (front, back, (least, criterion)) in [
            (("colour_on_primary", on_primary), ("colour_primary", primary), TEXT),
            (("colour_link", link), ("the paper", PAPER), TEXT),
            (("colour_link", link), ("the page", PAGE), TEXT),
            (("colour_primary", primary), ("the page", PAGE), SHAPE),
        ] {
            let ((front_name, front), (back_name, back)) = (front, back);
            let ratio = front.contrast(back);
            if ratio < least {
                #[rustfmt::skip]
                return Err(LowContrast { front_name, front, back_name, back, ratio, least, criterion });
            }
        }
        Ok(Self { primary, on_primary, link })
    }

    /// Bands and buttons.
    pub fn primary(&self) -> Colour {
        self.primary
    }

    /// Texts on bands and buttons.
    pub fn on_primary(&self) -> Colour {
        self.on_primary
    }

    /// Links.
    pub fn link(&self) -> Colour {
        self.link
    }
}

impl Colour {
    /// The contrast ratio to another colour, 1 (none) to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        let [red, green, blue] = linear;
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Colour {
    type Err = InvalidColour;

    fn from_str(text: &str) -> Result<Self, InvalidColour> {
        let invalid = || InvalidColour(text.chars().take(20).collect());
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = u32::from_str_radix(digits.ok_or_else(invalid)?, 16).ok();
        let [_, red, green, blue] = number.ok_or_else(invalid)?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    /// Black on white is 21:1 by definition; #767676 is the lightest gray that may carry text on white.
    #[rstest]
    #[case::black_on_white("#000000", "#ffffff", 21.0)]
    #[case::the_same("#0b4f8a", "#0b4f8a", 1.0)]
    #[case::gray_that_passes("#767676", "#ffffff", 4.54)]
    #[case::gray_that_fails("#777777", "#ffffff", 4.48)]
    #[case::red("#ff0000", "#ffffff", 4.0)]
    fn contrast(#[case] one: &str, #[case] other: &str, #[case] expected: f64) {
        let ratio = colour(one).contrast(colour(other));
        assert!((ratio - expected).abs() < 0.005, "{ratio}");
    }

    #[test]
    fn the_default_theme_passes_its_own_test() {
        let Theme { primary, on_primary, link } = Theme::default();
        assert_eq!(Theme::new(primary, on_primary, link), Ok(Theme::default()));
    }

    #[rstest]
    #[case::text_on_band("#777777", "#ffffff", "#0b4f8a", "colour_on_primary", "4.48:1")]
    #[case::link("#0b4f8a", "#ffffff", "#777777", "colour_link", "4.48:1")]
    #[case::link_on_the_page_only("#0b4f8a", "#ffffff", "#757575", "colour_link", "4.29:1")]
    #[case::pale_band("#dddddd", "#000000", "#0b4f8a", "colour_primary", "1.26:1")]
    fn a_pair_that_cannot_be_read_is_named_with_its_ratio(
        #[case] primary: &str,
        #[case] on_primary: &str,
        #[case] link: &str,
        #[case] name: &str,
        #[case] ratio: &str,
    ) {
        let error = Theme::new(colour(primary), colour(on_primary), colour(link)).unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.starts_with(name) && sentence.contains(ratio), "{sentence}");
    }

    #[rstest]
    #[case::name("blue")]
    #[case::short("#fff")]
    #[case::sign("#+12345")]
    #[case::css("#0b4f8a;}")]
    #[case::accent("#0b4f8é")]
    fn no_colour(#[case] text: &str) {
        assert!(text.parse::<Colour>().is_err());
    }
}
