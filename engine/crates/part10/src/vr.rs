//! The VR of an element whose encoding does not name it (PS3.5 §6.2.2, PS3.6).

use dicom_core::dictionary::{DataDictionary as _, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

/// The dictionary's VR for `tag`; private data elements are UN, their creators LO.
///
/// Where the dictionary leaves a choice, Pixel Representation of the data set, `is_signed`, decides
/// between US and SS, and 16-bit words stand for all others: implicit data sets hold OW (PS3.5 A.1).
pub(crate) fn vr_of(tag: Tag, is_signed: impl FnOnce() -> bool) -> VR {
    if tag.1 == 0 {
        return VR::UL;
    }
    if tag.0 % 2 == 1 {
        return if (0x0010..=0x00FF).contains(&tag.1) { VR::LO } else { VR::UN };
    }
    match StandardDataDictionary.by_tag(tag).map(DataDictionaryEntry::vr) {
        Some(VirtualVr::Exact(vr)) => vr,
        Some(VirtualVr::Xs) if is_signed() => VR::SS,
        Some(VirtualVr::Xs) => VR::US,
        Some(_) => VR::OW,
        None => VR::UN,
    }
}

/// Bytes of one number of a VR; 1 for text and bytes.
pub(crate) fn number_bytes(vr: VR) -> usize {
    match vr {
        VR::US | VR::SS | VR::OW | VR::AT => 2,
        VR::UL | VR::SL | VR::FL | VR::OF | VR::OL => 4,
        VR::FD | VR::OD | VR::OV | VR::SV | VR::UV => 8,
        _ => 1,
    }
}
