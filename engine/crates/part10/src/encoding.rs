//! How a data set is written down: the four plain encodings and the transfer syntaxes that use them.

use std::borrow::Cow;

/// Implicit VR Little Endian, the default transfer syntax.
pub const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian: what an uncompressed package holds.
pub const EXPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";
/// Explicit VR Big Endian, retired and still met.
pub const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
/// Deflated Explicit VR Little Endian.
pub const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1.99";
/// Papyrus 3 and the like: Implicit VR Little Endian under a retired name.
const PAPYRUS_3_IMPLICIT: &str = "1.2.840.10008.1.20";

/// JPIP Referenced, JPIP HTJ2K Referenced, and both deflated: data sets whose pixels a server has.
const JPIP_REFERENCED: [&str; 4] = [
    "1.2.840.10008.1.2.4.94",
    "1.2.840.10008.1.2.4.95",
    "1.2.840.10008.1.2.4.204",
    "1.2.840.10008.1.2.4.205",
];

/// Whether a transfer syntax of DICOM holds compressed pixel data in fragments (PS3.5 A.4).
pub(crate) fn is_encapsulated(uid: &str) -> bool {
    uid.starts_with("1.2.840.10008.1.2.4.")
        || uid == "1.2.840.10008.1.2.5"
        || uid.starts_with("1.2.840.10008.1.2.8.")
}

/// The encoding of the elements of a data set.
///
/// Standard: DICOM PS3.5 §7.1, §7.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// Whether each element names its VR.
    pub explicit_vr: bool,
    /// Whether numbers are stored most significant byte first.
    pub big_endian: bool,
}

impl Encoding {
    /// Explicit VR Little Endian.
    pub const EXPLICIT_LE: Self = Self { explicit_vr: true, big_endian: false };
    /// Implicit VR Little Endian.
    pub const IMPLICIT_LE: Self = Self { explicit_vr: false, big_endian: false };
    /// Explicit VR Big Endian.
    pub const EXPLICIT_BE: Self = Self { explicit_vr: true, big_endian: true };

    /// Two bytes as a number.
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    /// Four bytes as a number.
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

/// What a transfer syntax means for reading a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferSyntax {
    uid: Cow<'static, str>,
    /// How the elements are written.
    pub encoding: Encoding,
    /// Whether the whole data set is deflated (PS3.5 A.5).
    pub deflated: bool,
}

impl TransferSyntax {
    /// Looks a UID up: the plain ones by name, all others of DICOM as encapsulated, which is
    /// Explicit VR Little Endian (PS3.5 A.4). `None` for private ones, whose encoding is
    /// unknown, and for those whose pixels lie on a server.
    pub fn from_uid(uid: &str) -> Option<Self> {
        let (encoding, deflated) = match uid {
            IMPLICIT_VR_LITTLE_ENDIAN => (Encoding::IMPLICIT_LE, false),
            PAPYRUS_3_IMPLICIT => return Some(Self::of_encoding(Encoding::IMPLICIT_LE)),
            EXPLICIT_VR_BIG_ENDIAN => (Encoding::EXPLICIT_BE, false),
            uid if JPIP_REFERENCED.contains(&uid) => return None,
            DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN => (Encoding::EXPLICIT_LE, true),
            uid if uid.starts_with(EXPLICIT_VR_LITTLE_ENDIAN) || is_encapsulated(uid) => {
                (Encoding::EXPLICIT_LE, false)
            }
            _ => return None,
        };
        Some(Self { uid: uid.to_owned().into(), encoding, deflated })
    }

    /// The transfer syntax that a bare data set of this encoding has.
    pub fn of_encoding(encoding: Encoding) -> Self {
        let uid = match (encoding.explicit_vr, encoding.big_endian) {
            (false, _) => IMPLICIT_VR_LITTLE_ENDIAN,
            (true, false) => EXPLICIT_VR_LITTLE_ENDIAN,
            (true, true) => EXPLICIT_VR_BIG_ENDIAN,
        };
        Self { uid: uid.into(), encoding, deflated: false }
    }

    /// The same pixel encoding with elements written otherwise than it demands.
    pub(crate) fn written_as(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// Its UID.
    pub fn uid(&self) -> &str {
        &self.uid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::implicit("1.2.840.10008.1.2", Some((Encoding::IMPLICIT_LE, false)))]
    #[case::explicit("1.2.840.10008.1.2.1", Some((Encoding::EXPLICIT_LE, false)))]
    #[case::deflated("1.2.840.10008.1.2.1.99", Some((Encoding::EXPLICIT_LE, true)))]
    #[case::big_endian("1.2.840.10008.1.2.2", Some((Encoding::EXPLICIT_BE, false)))]
    #[case::rle("1.2.840.10008.1.2.5", Some((Encoding::EXPLICIT_LE, false)))]
    #[case::jpeg_2000("1.2.840.10008.1.2.4.90", Some((Encoding::EXPLICIT_LE, false)))]
    #[case::jpip("1.2.840.10008.1.2.4.94", None)]
    #[case::jpip_htj2k("1.2.840.10008.1.2.4.204", None)]
    #[case::jpip_deflated("1.2.840.10008.1.2.4.95", None)]
    #[case::jpip_htj2k_deflated("1.2.840.10008.1.2.4.205", None)]
    #[case::private("1.2.840.113619.5.2", None)]
    fn transfer_syntaxes(#[case] uid: &str, #[case] expected: Option<(Encoding, bool)>) {
        let read = TransferSyntax::from_uid(uid).map(|syntax| (syntax.encoding, syntax.deflated));
        assert_eq!(read, expected);
    }
}
