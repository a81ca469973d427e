//! Which instances an object points to: those that its report or its picture may show.

use std::collections::HashSet;

use dicom_core::{Tag, VR};
use model::{SopClassUid, SopInstanceUid};
use part10::Dataset;

use crate::sources::is_segmentation;

const REFERENCED_SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x1155);
/// Lists of evidence: what was looked at, not what is shown.
const EVIDENCE: [Tag; 2] = [Tag(0x0040, 0xA375), Tag(0x0040, 0xA385)];
/// Structured reports and key object selections (PS3.4 Annex B.5).
const STRUCTURED: &str = "1.2.840.10008.5.1.4.1.1.88.";
const LEVELS: u32 = 32;
const MOST: usize = 100_000;

/// Whether instances of this class point to images that are shown with them; of an unknown class they
/// may.
pub(crate) fn may_point(sop_class: Option<&SopClassUid>) -> bool {
    sop_class.is_none_or(|class| {
        class.as_str().starts_with(STRUCTURED) || is_segmentation(class.as_str())
    })
}

/// The instances that a data set points to.
pub(crate) fn instances(dataset: &Dataset<'_>) -> HashSet<SopInstanceUid> {
    let mut found = HashSet::new();
    gather(dataset, LEVELS, &mut found);
    found
}

fn gather(dataset: &Dataset<'_>, levels: u32, found: &mut HashSet<SopInstanceUid>) {
    for element in dataset.elements() {
        if levels == 0 || found.len() >= MOST {
            return;
        }
        if element.tag == REFERENCED_SOP_INSTANCE_UID {
            found.extend(SopInstanceUid::from_wire(element.value).ok());
        } else if element.vr == VR::SQ && !EVIDENCE.contains(&element.tag) {
            for item in dataset.items(element.tag) {
                gather(&item, levels - 1, found);
            }
        }
    }
}
