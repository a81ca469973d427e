//! What the first bytes of a file say: preamble, file meta information, or a bare data set.

use dicom_core::{Tag, VR};
use model::Refusal;

use crate::element::{ElementHeader, WalkError, end_of_value, read_header};
use crate::encoding::{Encoding, TransferSyntax};
use crate::front::Front;
use crate::{Limits, OpenError};

const MEDIA_STORAGE_SOP_CLASS_UID: Tag = Tag(0x0002, 0x0002);
const MEDIA_STORAGE_SOP_INSTANCE_UID: Tag = Tag(0x0002, 0x0003);
const TRANSFER_SYNTAX_UID: Tag = Tag(0x0002, 0x0010);
/// Media Storage Directory Storage: a DICOMDIR.
const DIRECTORY: &[u8] = b"1.2.840.10008.1.3.10";

/// What stands before the data set.
#[derive(Debug, Default)]
pub(crate) struct Start {
    /// Where the data set begins.
    pub(crate) dataset: usize,
    /// Whether the file says of itself that it is DICOM (prefix or file meta information).
    pub(crate) declared: bool,
    /// Whether the file says that it is a DICOMDIR.
    pub(crate) is_directory: bool,
    pub(crate) sop_class: Option<Vec<u8>>,
    pub(crate) sop_instance: Option<Vec<u8>>,
    pub(crate) transfer_syntax: Option<String>,
}

/// Reads what stands before the data set (PS3.10 §7.1), tolerating its absence.
///
/// # Errors
/// [`Refusal`] when the file cannot be read or its meta information is damaged.
pub(crate) fn read_start(front: &mut Front, limits: &Limits) -> Result<Start, Refusal> {
    front.grow(132, limits)?;
    let prefixed = front.bytes.get(128..132) == Some(b"DICM");
    let mut start = Start { declared: prefixed, ..Start::default() };
    let mut at = if prefixed {
        132
    } else if front.bytes.starts_with(b"DICM") {
        4
    } else {
        0
    };
    start.declared |= at == 4;
    while let Some(header) = meta_element(front, at, limits)? {
        start.declared = true;
        let end = loop {
            match end_of_value(&front.bytes, &header, Encoding::EXPLICIT_LE) {
                Ok(end) => break end,
                Err(WalkError::NeedMore { wanted_bytes }) => {
                    let missing_bytes = front.grow(wanted_bytes, limits)?;
                    if missing_bytes > 0 {
                        return Err(Refusal::Truncated { missing_bytes });
                    }
                }
                Err(WalkError::Malformed(reason)) => {
                    return Err(Refusal::Malformed(format!("file meta information: {reason}")));
                }
            }
        };
        let value = front.bytes.get(header.value..end).unwrap_or_default();
        let value = value.trim_ascii_end();
        let value = value.strip_suffix(b"\0").unwrap_or(value);
        match header.tag {
            MEDIA_STORAGE_SOP_CLASS_UID => {
                start.is_directory = value == DIRECTORY;
                start.sop_class = Some(value.to_vec());
            }
            MEDIA_STORAGE_SOP_INSTANCE_UID => start.sop_instance = Some(value.to_vec()),
            TRANSFER_SYNTAX_UID => {
                start.transfer_syntax = Some(String::from_utf8_lossy(value).into_owned());
            }
            _ => {}
        }
        at = end;
    }
    // The four letters may stand in a value of a data set that has no preamble.
    let nothing_follows = at == 132 && sniff_encoding(&front.bytes, at).is_none();
    if nothing_follows && sniff_encoding(&front.bytes, 0).is_some() {
        return Ok(Start::default());
    }
    start.dataset = at;
    Ok(start)
}

/// The element at `at`, if it belongs to group 0002.
fn meta_element(
    front: &mut Front,
    at: usize,
    limits: &Limits,
) -> Result<Option<ElementHeader>, Refusal> {
    if front.bytes.len() < at + 12 {
        front.grow((at + 12 - front.bytes.len()) as u64, limits)?;
    }
    let header = read_header(&front.bytes, at, Encoding::EXPLICIT_LE).ok();
    Ok(header
        .filter(|header| header.tag.0 == 0x0002 && front.bytes.get(at..at + 2) == Some(&[2, 0])))
}

/// The encoding of the data set at `at`, whatever the file meta information claims.
///
/// Files whose data set is not in the declared transfer syntax are common enough that every reader
/// looks at the first element. `None`: no data set begins here.
pub(crate) fn sniff_encoding(bytes: &[u8], at: usize) -> Option<Encoding> {
    let start: &[u8; 8] = bytes.get(at..)?.first_chunk()?;
    let [group_low, group_high, _, _, first, second, ..] = *start;
    let explicit = VR::from_binary([first, second]).is_some();
    let little = (1..=0x20).contains(&group_low) && group_high == 0;
    let big = group_low == 0 && (1..=0x20).contains(&group_high);
    match (little, big, explicit) {
        (true, _, true) => Some(Encoding::EXPLICIT_LE),
        (true, _, false) => {
            let length = read_header(bytes, at, Encoding::IMPLICIT_LE).ok()?.length;
            (length < 0x1_0000).then_some(Encoding::IMPLICIT_LE)
        }
        (_, true, true) => Some(Encoding::EXPLICIT_BE),
        _ => None,
    }
}

/// Decides how the data set is read: the declared transfer syntax, corrected by what is seen.
///
/// # Errors
/// [`OpenError::NotDicom`] for a file without prefix whose bytes are no data set either;
/// [`Refusal::UnknownTransferSyntax`] for a declared one that is not DICOM's.
pub(crate) fn transfer_syntax_of(
    start: &Start,
    front: &Front,
) -> Result<TransferSyntax, OpenError> {
    let seen = sniff_encoding(&front.bytes, start.dataset);
    let Some(uid) = start.transfer_syntax.as_deref().filter(|uid| !uid.is_empty()) else {
        let encoding = seen.ok_or_else(|| {
            if start.declared {
                OpenError::Refused(Refusal::UnknownTransferSyntax("(none)".into()))
            } else {
                OpenError::NotDicom
            }
        })?;
        return Ok(TransferSyntax::of_encoding(encoding));
    };
    if !is_written_as_uid(uid) {
        return Err(Refusal::UnknownTransferSyntax("(unreadable)".into()).into());
    }
    let declared = TransferSyntax::from_uid(uid)
        .ok_or_else(|| Refusal::UnknownTransferSyntax(uid.to_owned()))?;
    match seen {
        Some(seen) if !declared.deflated && seen != declared.encoding => {
            if is_plain(uid) {
                Ok(TransferSyntax::of_encoding(seen))
            } else {
                Ok(declared.written_as(seen))
            }
        }
        _ => Ok(declared),
    }
}

/// Whether it can be shown: any other text may be a name, or control a terminal (PS3.5 §9.1).
fn is_written_as_uid(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn is_plain(uid: &str) -> bool {
    matches!(
        uid,
        crate::IMPLICIT_VR_LITTLE_ENDIAN
            | crate::EXPLICIT_VR_LITTLE_ENDIAN
            | crate::EXPLICIT_VR_BIG_ENDIAN
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::unknown("1.2.3", "1.2.3")]
    #[case::a_name("BIANCHI^ANNA TEST", "(unreadable)")]
    #[case::controls_a_terminal("1.2\u{1b}[31m", "(unreadable)")]
    #[case::begins_like_jpeg("1.2.840.10008.1.2.4.BIANCHI^ANNA TEST", "(unreadable)")]
    fn a_refusal_shows_no_text_of_the_file(#[case] declared: &str, #[case] shown: &str) {
        let start = Start {
            declared: true,
            transfer_syntax: Some(declared.to_owned()),
            ..Start::default()
        };
        let refused = transfer_syntax_of(&start, &Front::of_memory(Vec::new()));
        let expected = Refusal::UnknownTransferSyntax(shown.into());
        assert_eq!(refused.map(|_| ()), Err(OpenError::Refused(expected)));
    }
}
