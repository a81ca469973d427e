//! Identifiers: the keys of a query or retrieval as a data set (PS3.4 §C.4).

use dicom_core::{Tag, VR};
use part10::{Dataset, Encoding, IMPLICIT_VR_LITTLE_ENDIAN};

use crate::error::PacsError;

/// Specific Character Set (0008,0005).
const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
/// Query/Retrieve Level (0008,0052).
const QUERY_RETRIEVE_LEVEL: Tag = Tag(0x0008, 0x0052);

/// Where in the information model a query or retrieval takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Patient,
    Study,
    Series,
    Image,
}

impl Level {
    fn term(self) -> &'static str {
        match self {
            Self::Patient => "PATIENT",
            Self::Study => "STUDY",
            Self::Series => "SERIES",
            Self::Image => "IMAGE",
        }
    }
}

/// The keys of a query or retrieval. An empty value asks for the attribute.
#[derive(Debug, Clone)]
pub(crate) struct Identifier {
    keys: Vec<(Tag, VR, String)>,
}

impl Identifier {
    pub(crate) fn new(level: Level) -> Self {
        Self { keys: vec![(QUERY_RETRIEVE_LEVEL, VR::CS, level.term().to_owned())] }
    }

    /// Asks for attributes.
    pub(crate) fn asking(mut self, attributes: &[(Tag, VR)]) -> Self {
        for (tag, vr) in attributes {
            if !self.keys.iter().any(|(known, ..)| known == tag) {
                self.keys.push((*tag, *vr, String::new()));
            }
        }
        self
    }

    /// Asks for what has this value.
    pub(crate) fn matching(mut self, tag: Tag, vr: VR, value: &str) -> Self {
        self.keys.retain(|(known, ..)| *known != tag);
        self.keys.push((tag, vr, value.to_owned()));
        self
    }

    /// The data set, in one of the two uncompressed little endian transfer syntaxes.
    pub(crate) fn encode(mut self, transfer_syntax: &str) -> Vec<u8> {
        if !self.keys.iter().all(|(.., value)| value.is_ascii()) {
            self.keys.push((SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192".to_owned()));
        }
        self.keys.sort_by_key(|(tag, ..)| *tag);
        let implicit = transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN;
        let mut bytes = Vec::new();
        for (tag, vr, value) in &self.keys {
            let mut value = value.as_bytes().to_vec();
            if value.len() % 2 == 1 {
                value.push(if *vr == VR::UI { 0 } else { b' ' });
            }
            bytes.extend_from_slice(&tag.0.to_le_bytes());
            bytes.extend_from_slice(&tag.1.to_le_bytes());
            if implicit {
                let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
                bytes.extend_from_slice(&length.to_le_bytes());
            } else {
                bytes.extend_from_slice(vr.to_string().as_bytes());
                let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
                bytes.extend_from_slice(&length.to_le_bytes());
            }
            bytes.extend_from_slice(&value);
        }
        bytes
    }
}

/// An answer as a data set.
pub(crate) fn parse<'a>(bytes: &'a [u8], transfer_syntax: &str) -> Result<Dataset<'a>, PacsError> {
    let encoding = if transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN {
        Encoding::IMPLICIT_LE
    } else {
        Encoding::EXPLICIT_LE
    };
    let damaged = |error| PacsError::Protocol(format!("an answer is no data set: {error}"));
    Dataset::parse(bytes, encoding).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use part10::EXPLICIT_VR_LITTLE_ENDIAN;
    use rstest::rstest;

    const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);

    #[rstest]
    #[case::implicit(IMPLICIT_VR_LITTLE_ENDIAN)]
    #[case::explicit(EXPLICIT_VR_LITTLE_ENDIAN)]
    fn keys_are_read_back_in_the_order_of_their_tags(#[case] syntax: &str) {
        let bytes = Identifier::new(Level::Study)
            .matching(Tag(0x0020, 0x000D), VR::UI, "1.2.3")
            .asking(&[(PATIENT_NAME, VR::PN), (Tag(0x0020, 0x000D), VR::UI)])
            .encode(syntax);
        let dataset = parse(&bytes, syntax).unwrap();
        assert_eq!(dataset.elements().count(), 3);
        assert_eq!(dataset.text(QUERY_RETRIEVE_LEVEL).as_deref(), Some("STUDY"));
        assert_eq!(dataset.bytes(Tag(0x0020, 0x000D)), Some(&b"1.2.3"[..]));
        assert!(dataset.has(PATIENT_NAME));
        let tags: Vec<_> = dataset.elements().map(|element| element.tag).collect();
        assert!(tags.is_sorted());
    }

    #[test]
    fn a_value_beyond_ascii_names_its_character_set() {
        let bytes = Identifier::new(Level::Study)
            .matching(PATIENT_NAME, VR::PN, "NICCOLÒ^TEST")
            .encode(EXPLICIT_VR_LITTLE_ENDIAN);
        let dataset = parse(&bytes, EXPLICIT_VR_LITTLE_ENDIAN).unwrap();
        assert_eq!(dataset.text(PATIENT_NAME).as_deref(), Some("NICCOLÒ^TEST"));
    }
}
