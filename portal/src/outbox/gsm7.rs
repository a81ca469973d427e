//! How many SMS a text takes: the alphabet of 3GPP TS 23.038 §6.2.1, or UCS-2 where it has not all letters.

/// Letters of the basic table.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Letters that take two places.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// In which letters an SMS is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Seven bits a letter: 160 of them, or 153 in each part.
    Gsm7,
    /// Sixteen bits: 70 of them, or 67 in each part.
    Ucs2,
}

/// What an SMS takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// Its letters.
    pub alphabet: Alphabet,
    /// For how many SMS it is billed.
    pub count: u32,
}

impl Segments {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let places = text.chars().try_fold(0_usize, |places, letter| {
            if BASIC.contains(letter) {
                Some(places + 1)
            } else {
                EXTENDED.contains(letter).then_some(places + 2)
            }
        });
        let (alphabet, places, alone, part) = match places {
            Some(places) => (Alphabet::Gsm7, places, 160, 153),
            None => (Alphabet::Ucs2, text.encode_utf16().count(), 70, 67),
        };
        let count = if places <= alone { 1 } else { places.div_ceil(part) };
        Self { alphabet, count: u32::try_from(count).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::short("Il codice è 12345678", Alphabet::Gsm7, 1)]
    #[case::all_italian("àèéìòù", Alphabet::Gsm7, 1)]
    #[case::quotes("«Esito»", Alphabet::Ucs2, 1)]
    #[case::full(&"a".repeat(160), Alphabet::Gsm7, 1)]
    #[case::one_more(&"a".repeat(161), Alphabet::Gsm7, 2)]
    #[case::two_places(&"€".repeat(80), Alphabet::Gsm7, 1)]
    #[case::two_places_each(&"€".repeat(81), Alphabet::Gsm7, 2)]
    #[case::three_parts(&"a".repeat(307), Alphabet::Gsm7, 3)]
    #[case::full_ucs2(&"ç".repeat(70), Alphabet::Ucs2, 1)]
    #[case::more_ucs2(&"ç".repeat(71), Alphabet::Ucs2, 2)]
    #[case::beyond_the_plane(&"😀".repeat(36), Alphabet::Ucs2, 2)]
    fn texts_are_counted(#[case] text: &str, #[case] alphabet: Alphabet, #[case] count: u32) {
        assert_eq!(Segments::of(text), Segments { alphabet, count });
    }

    /// With the usual name of a portal, and two parts with the longest that it may have.
    #[test]
    fn messages_are_short() {
        for language in texts::Language::ALL {
            let texts = language.texts();
            let password = "ABCD-efgh-2345!";
            for (portal, most) in [("La mia salute", 1), (&*"a".repeat(60), 2)] {
                for text in [
                    texts.message_first_password(password, portal),
                    texts.message_recovery_code("12345678", 10, portal),
                ] {
                    let Segments { alphabet, count } = Segments::of(&text);
                    assert_eq!(alphabet, Alphabet::Gsm7, "{text}");
                    assert!(count <= most, "{count}: {text}");
                }
            }
        }
    }

    #[test]
    fn the_table_has_all_its_letters() {
        // 128 places, of which one is the escape.
        assert_eq!(BASIC.chars().count(), 127);
    }
}
