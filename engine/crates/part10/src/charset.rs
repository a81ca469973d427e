//! Specific Character Set (0008,0005): text of the wire into Unicode (PS3.3 C.12.1.1.2, PS3.5 §6.1).
//!
//! For reading by people only. What is written to the package keeps the bytes of the source.

use std::borrow::Cow;

use encoding_rs::{
    EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_15, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1252,
    WINDOWS_1254,
};

const ESCAPE: u8 = 0x1B;

/// The character sets of a data set, as its attribute names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CharacterSets<'a> {
    value: Option<&'a [u8]>,
}

/// What a byte stands for, in one half of the code table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// ISO 646 or its Japanese variant.
    Ascii,
    /// A set that [`encoding_rs`] decodes with the high bit set.
    Encoded(&'static Encoding),
    /// JIS X 0208, two bytes a character.
    Kanji,
    /// JIS X 0212, two bytes a character.
    SupplementaryKanji,
}

/// Escape sequence after ESC, whether it designates G0, and the set (PS3.3 Tables C.12-3, C.12-4).
const DESIGNATIONS: [(&[u8], bool, Set); 17] = [
    (b"(B", true, Set::Ascii),
    (b"(J", true, Set::Ascii),
    (b"$B", true, Set::Kanji),
    (b"$(D", true, Set::SupplementaryKanji),
    (b"-A", false, Set::Encoded(WINDOWS_1252)),
    (b"-B", false, Set::Encoded(ISO_8859_2)),
    (b"-C", false, Set::Encoded(ISO_8859_3)),
    (b"-D", false, Set::Encoded(ISO_8859_4)),
    (b"-L", false, Set::Encoded(ISO_8859_5)),
    (b"-G", false, Set::Encoded(ISO_8859_6)),
    (b"-F", false, Set::Encoded(ISO_8859_7)),
    (b"-H", false, Set::Encoded(ISO_8859_8)),
    (b"-M", false, Set::Encoded(WINDOWS_1254)),
    (b"-b", false, Set::Encoded(ISO_8859_15)),
    (b"-T", false, Set::Encoded(WINDOWS_874)),
    (b")I", false, Set::Encoded(SHIFT_JIS)),
    (b"$)C", false, Set::Encoded(EUC_KR)),
];
/// GB 2312, which shares its bytes with GBK.
const GB_2312: (&[u8], bool, Set) = (b"$)A", false, Set::Encoded(GBK));

/// The encoding that a defined term means for a text without escape sequences.
fn encoding_of(term: &[u8]) -> Option<&'static Encoding> {
    let term = term.trim_ascii();
    let number = term
        .strip_prefix(b"ISO 2022 IR ")
        .or_else(|| term.strip_prefix(b"ISO_IR "))
        .or_else(|| term.strip_prefix(b"ISO-IR "))
        .or_else(|| term.strip_prefix(b"ISO IR "));
    Some(match number.unwrap_or(term) {
        b"100" => WINDOWS_1252,
        b"101" => ISO_8859_2,
        b"109" => ISO_8859_3,
        b"110" => ISO_8859_4,
        b"144" => ISO_8859_5,
        b"127" => ISO_8859_6,
        b"126" => ISO_8859_7,
        b"138" => ISO_8859_8,
        b"148" => WINDOWS_1254,
        b"203" => ISO_8859_15,
        b"166" => WINDOWS_874,
        b"13" => SHIFT_JIS,
        b"192" | b"UTF-8" | b"UTF8" => UTF_8,
        b"GB18030" => GB18030,
        b"GBK" | b"58" => GBK,
        b"149" => EUC_KR,
        _ => return None,
    })
}

impl<'a> CharacterSets<'a> {
    pub(crate) fn new(value: &'a [u8]) -> Self {
        Self { value: Some(value) }
    }

    pub(crate) fn value(&self) -> Option<&'a [u8]> {
        self.value
    }

    /// Decodes a value; bytes that are not in the sets become U+FFFD.
    pub(crate) fn decode(&self, bytes: &[u8]) -> String {
        if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
            return String::from_utf8_lossy(bytes).into_owned();
        }
        let first = self.value.and_then(|value| value.split(|byte| *byte == b'\\').next());
        let initial = first.and_then(encoding_of);
        if bytes.contains(&ESCAPE) {
            return decode_extended(bytes, initial.unwrap_or(WINDOWS_1252));
        }
        match initial {
            Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            // The attribute is absent or unknown although the text is not ASCII: most such texts
            // are UTF-8 or Latin-1, and only one of them can be mistaken for the other.
            None => match std::str::from_utf8(bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
            },
        }
    }
}

/// Decodes a text with escape sequences: G0 below 80H, G1 above, both reset by delimiters.
fn decode_extended(bytes: &[u8], initial: &'static Encoding) -> String {
    let reset = (Set::Ascii, Set::Encoded(initial));
    let (mut low, mut high) = reset;
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == ESCAPE {
            let designation = DESIGNATIONS
                .iter()
                .chain([&GB_2312])
                .find(|(sequence, ..)| after.starts_with(sequence));
            let Some((sequence, is_low, set)) = designation else {
                rest = after;
                continue;
            };
            *(if *is_low { &mut low } else { &mut high }) = *set;
            rest = after.get(sequence.len()..).unwrap_or_default();
            continue;
        }
        let is_delimiter = |byte: u8| {
            low == Set::Ascii && matches!(byte, b'\\' | b'^' | b'=' | b'\r' | b'\n' | b'\t' | 0x0C)
        };
        if is_delimiter(byte) {
            (low, high) = reset;
            text.push(char::from(byte));
            rest = after;
            continue;
        }
        let in_low = byte < 0x80;
        let run = rest
            .iter()
            .position(|&other| other == ESCAPE || (other < 0x80) != in_low || is_delimiter(other))
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(run.max(1));
        text.push_str(&decode_run(part, if in_low { low } else { high }));
        rest = after;
    }
    text
}

fn decode_run(part: &[u8], set: Set) -> Cow<'_, str> {
    let with_high_bit = |prefix: &[u8]| -> Vec<u8> {
        let pair = |pair: &[u8]| {
            [prefix, &pair.iter().map(|byte| byte | 0x80).collect::<Vec<_>>()].concat()
        };
        part.chunks(2).flat_map(pair).collect()
    };
    let decode = |bytes: &[u8]| EUC_JP.decode_without_bom_handling(bytes).0.into_owned();
    match set {
        Set::Ascii => String::from_utf8_lossy(part),
        Set::Encoded(encoding) => encoding.decode_without_bom_handling(part).0,
        Set::Kanji => decode(&with_high_bit(&[])).into(),
        Set::SupplementaryKanji => decode(&with_high_bit(&[0x8F])).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    // The examples of PS3.5 Annexes H, I, J and K.
    #[rstest]
    #[case::latin_1(b"ISO_IR 100", b"Buc^J\xE9r\xF4me", "Buc^Jérôme")]
    #[case::utf_8(b"ISO_IR 192", "Niccolò".as_bytes(), "Niccolò")]
    #[case::cyrillic(b"ISO_IR 144", b"\xBB\xEEce\xDC\xD1yp\xD3", "Люceмбypг")]
    #[case::greek(b"ISO_IR 126", b"\xC4\xE9\xEF\xED\xF5\xF3\xE9\xEF\xF2", "Διονυσιος")]
    #[case::kanji(
        b"\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B",
        "Yamada^Tarou=山田^太郎=やまだ^たろう"
    )]
    #[case::katakana_first(
        b"ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J",
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"
    )]
    #[case::korean(
        b"\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF",
        "Hong^Gildong=洪^吉洞=홍^길동"
    )]
    #[case::chinese(
        b"GB18030",
        b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB",
        "Wang^XiaoDong=王^小东"
    )]
    #[case::simplified(
        b"\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB",
        "Zhang^XiaoDong=张^小东"
    )]
    #[case::mixed_european(
        b"ISO 2022 IR 100\\ISO 2022 IR 144",
        b"J\xE9r\xF4me \x1B-L\xBB\xEE",
        "Jérôme Лю"
    )]
    #[case::undeclared_utf_8(b"", "Niccolò".as_bytes(), "Niccolò")]
    #[case::undeclared_latin_1(b"", b"Niccol\xF2", "Niccolò")]
    fn decodes(#[case] value: &[u8], #[case] bytes: &[u8], #[case] expected: &str) {
        assert_eq!(CharacterSets::new(value).decode(bytes), expected);
    }

    #[test]
    fn any_bytes_decode() {
        for byte in 0..=u8::MAX {
            let text =
                CharacterSets::new(b"\\ISO 2022 IR 87").decode(&[ESCAPE, b'$', b'B', byte, byte]);
            assert!(text.len() <= 6);
        }
    }
}
