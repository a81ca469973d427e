//! The text of a record and its Specific Character Set (PS3.3 C.12.1.1.2).
//!
//! Text keeps the bytes of the source where the source says how to read them. A record whose text
//! is undeclared, declared in a way that no reader knows, or too long to be cut by bytes, is
//! written in UTF-8 as a whole.

use dicom_core::VR;
use part10::Dataset;

use super::values::{Multiplicity, Value, is_plain_text, legal_text};

/// Unicode in UTF-8.
pub(super) const UTF_8: &[u8] = b"ISO_IR 192";

const ESCAPE: u8 = 0x1B;

/// The text cannot keep its bytes: the record has to be written in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NeedsUtf8;

/// How the text of one record is written, and whether any of it needs a character set.
#[derive(Debug)]
pub(super) struct Text {
    utf_8: bool,
    /// Whether a declared character set can be copied for text that is not plain.
    declared: bool,
    extended: bool,
}

/// Whether the text reads the same in every character set.
fn is_default_repertoire(bytes: &[u8]) -> bool {
    bytes.is_ascii() && !bytes.contains(&ESCAPE)
}

/// Whether all values are Defined Terms, with or without code extension (PS3.3 Tables C.12-2 to 5).
fn is_known(value: &[u8]) -> bool {
    const SINGLE_BYTE: [&[u8]; 12] = [
        b"100", b"101", b"109", b"110", b"144", b"127", b"126", b"138", b"148", b"203", b"13",
        b"166",
    ];
    value.split(|byte| *byte == b'\\').map(<[u8]>::trim_ascii).all(|term| {
        if let Some(number) = term.strip_prefix(b"ISO_IR ") {
            return number == b"192" || SINGLE_BYTE.contains(&number);
        }
        if let Some(number) = term.strip_prefix(b"ISO 2022 IR ") {
            return matches!(number, b"6" | b"87" | b"159" | b"149" | b"58")
                || SINGLE_BYTE.contains(&number);
        }
        matches!(term, b"" | b"GB18030" | b"GBK")
    })
}

impl Text {
    /// Text with the bytes and the character set of its source.
    pub(super) fn as_stored(dataset: &Dataset<'_>) -> Self {
        let declared = dataset.character_set_value().is_some_and(is_known);
        Self { utf_8: false, declared, extended: false }
    }

    /// Text converted to UTF-8.
    pub(super) fn utf_8() -> Self {
        Self { utf_8: true, declared: true, extended: false }
    }

    /// Whether the text is converted, so that character sets of items do not apply.
    pub(super) fn is_utf_8(&self) -> bool {
        self.utf_8
    }

    /// What (0008,0005) has to say, if the text of the record needs it.
    pub(super) fn character_set<'a>(&self, dataset: &Dataset<'a>) -> Option<&'a [u8]> {
        match (self.extended, self.utf_8) {
            (false, _) => None,
            (true, true) => Some(UTF_8),
            (true, false) => dataset.character_set_value(),
        }
    }

    /// A value of LO, SH, ST or PN as the record may hold it.
    pub(super) fn value<'v>(
        &mut self,
        holder: &Dataset<'_>,
        vr: VR,
        multiplicity: Multiplicity,
        raw: &'v [u8],
    ) -> Result<Value<'v>, NeedsUtf8> {
        if is_plain_text(vr, raw) {
            return Ok(Value::Same(raw));
        }
        let decoded = holder.decode(raw);
        let legal = legal_text(vr, multiplicity, &decoded);
        if legal.is_empty() {
            return Ok(Value::Unusable);
        }
        let unchanged = legal == decoded.trim();
        if is_default_repertoire(raw) {
            return Ok(if unchanged { Value::Same(raw) } else { Value::Corrected(legal.into()) });
        }
        if self.utf_8 {
            self.extended |= !legal.is_ascii();
            let bytes = legal.into_bytes();
            return Ok(if unchanged { Value::Converted(bytes) } else { Value::Corrected(bytes) });
        }
        if unchanged && self.declared {
            self.extended = true;
            return Ok(Value::Same(raw));
        }
        Err(NeedsUtf8)
    }

    /// A value inside a sequence item: its bytes are kept or converted, never cut.
    pub(super) fn nested(
        &mut self,
        item: &Dataset<'_>,
        raw: &[u8],
    ) -> Result<Option<Vec<u8>>, NeedsUtf8> {
        if is_default_repertoire(raw) {
            return Ok(None);
        }
        self.extended = true;
        match (self.utf_8, item.character_set_value().is_some_and(is_known)) {
            (true, _) => Ok(Some(item.decode(raw).into())),
            (false, true) => Ok(None),
            (false, false) => Err(NeedsUtf8),
        }
    }

    /// A text of ours.
    pub(super) fn own(&mut self, text: &str) -> Result<Vec<u8>, NeedsUtf8> {
        if !text.is_ascii() {
            if !self.utf_8 {
                return Err(NeedsUtf8);
            }
            self.extended = true;
        }
        Ok(text.as_bytes().to_vec())
    }
}
