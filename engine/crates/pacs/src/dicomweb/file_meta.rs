//! As much of the file meta information (PS3.10 §7.1) as says which instance a file holds and where
//! its data set begins.

use model::SopInstanceUid;

/// Preamble and `DICM`.
const PREFIX_BYTES: usize = 132;
/// Group 0002 is always Explicit VR Little Endian; these VRs have a length of four bytes.
const LONG_VRS: &[&[u8; 2]] = &[b"OB", b"OW", b"UN", b"UT", b"SQ", b"OF", b"UC", b"UR"];
/// Media Storage SOP Instance UID (0002,0003).
const SOP_INSTANCE: u16 = 0x0003;

/// The instance, and how many bytes come before its data set; `None` when the file does not say.
pub(super) fn instance_of(file: &[u8]) -> Option<(SopInstanceUid, usize)> {
    let mut uid = None;
    let mut at = PREFIX_BYTES;
    while let Some(head) = file.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let [2, 0, element_low, element_high, vr_0, vr_1, length_0, length_1] = *head else {
            break;
        };
        let (length, value_at) = if LONG_VRS.contains(&&[vr_0, vr_1]) {
            let long = file.get(at + 8..)?.first_chunk::<4>()?;
            (usize::try_from(u32::from_le_bytes(*long)).ok()?, at + 12)
        } else {
            (usize::from(u16::from_le_bytes([length_0, length_1])), at + 8)
        };
        let end = value_at.checked_add(length)?;
        let value = file.get(value_at..end)?;
        if u16::from_le_bytes([element_low, element_high]) == SOP_INSTANCE {
            uid = SopInstanceUid::from_wire(value).ok();
        }
        at = end;
    }
    uid.map(|uid| (uid, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = vec![0; 128];
        file.extend_from_slice(b"DICM");
        file.extend_from_slice(b"\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01");
        file.extend_from_slice(b"\x02\0\x03\0UI\x06\x001.2.3\0");
        file.extend_from_slice(b"\x08\0\x05\0CS\x0a\0ISO_IR 100");
        file
    }

    #[test]
    fn the_uid_and_the_begin_of_the_data_set() {
        let file = file();
        let (uid, at) = instance_of(&file).unwrap();
        assert_eq!(uid.as_str(), "1.2.3");
        assert!(file[at..].starts_with(b"\x08\0\x05\0CS"));
    }

    #[test]
    fn no_cut_and_no_change_panics() {
        let good = file();
        for at in 0..good.len() {
            drop(instance_of(&good[..at]));
            for value in [0, 2, 0xFF] {
                let mut file = good.clone();
                file[at] = value;
                drop(instance_of(&file));
            }
        }
    }
}
