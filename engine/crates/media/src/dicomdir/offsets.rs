//! The DICOMDIR file: records in depth-first order, byte offsets between them (PS3.3 §F.3.2.2).
//!
//! All lengths are explicit, so every offset is known before the first byte is written.

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};

use super::body::{Number, Record};
use super::encode::{
    ITEM_HEADER_BYTES, TooLong, push_element, push_item_header, push_sequence_header, push_u16,
    push_u32,
};

/// Next record, in-use flag and lower level, as they stand before the body of each record.
const LINKS_BYTES: u32 = 12 + 10 + 12;

/// A record with all that lie below it, in their order.
#[derive(Debug)]
pub(super) struct Node {
    record: Record,
    /// The number element that the record lacked.
    number: Vec<u8>,
    children: Vec<Node>,
}

impl Node {
    /// A record, with the number that it lacked.
    ///
    /// # Errors
    /// [`TooLong`] never happens: a number has at most 11 characters.
    pub(super) fn new(
        record: Record,
        number: Option<i32>,
        children: Vec<Self>,
    ) -> Result<Self, TooLong> {
        let mut element = Vec::new();
        if let (Number::Missing { tag, .. }, Some(number)) = (record.number, number) {
            push_element(&mut element, tag, VR::IS, number.to_string().as_bytes())?;
        }
        Ok(Self { record, number: element, children })
    }

    /// The length of the item without its header.
    fn bytes(&self) -> Result<u32, TooLong> {
        let body = self.record.bytes.len().checked_add(self.number.len()).ok_or(TooLong)?;
        u32::try_from(body).ok().and_then(|body| body.checked_add(LINKS_BYTES)).ok_or(TooLong)
    }
}

/// A record at its place.
struct Placed<'a> {
    node: &'a Node,
    length: u32,
    next: u32,
    lower: u32,
}

/// Places `siblings` and everything below from `at` on; gives where the last of them begins and
/// where the next byte after all goes.
fn place<'a>(
    siblings: &'a [Node],
    at: u32,
    placed: &mut Vec<Placed<'a>>,
) -> Result<(u32, u32), TooLong> {
    let mut at = at;
    let mut last = 0;
    for (index, node) in siblings.iter().enumerate() {
        let length = node.bytes()?;
        let end = at.checked_add(ITEM_HEADER_BYTES).and_then(|body| body.checked_add(length));
        let end = end.ok_or(TooLong)?;
        let lower = if node.children.is_empty() { 0 } else { end };
        let own = placed.len();
        placed.push(Placed { node, length, next: 0, lower });
        last = at;
        (_, at) = place(&node.children, end, placed)?;
        if index + 1 < siblings.len()
            && let Some(placed) = placed.get_mut(own)
        {
            placed.next = at;
        }
    }
    Ok((last, at))
}

/// The file from the preamble up to the first record.
fn head(
    file_set_uid: &str,
    file_set_id: &str,
    (first, last): (u32, u32),
    records_bytes: u32,
) -> Result<Vec<u8>, TooLong> {
    let mut meta = Vec::new();
    let mut push = |tag, vr, value: &[u8]| push_element(&mut meta, tag, vr, value);
    push(tags::FILE_META_INFORMATION_VERSION, VR::OB, &[0, 1])?;
    let directory = uids::MEDIA_STORAGE_DIRECTORY_STORAGE.as_bytes();
    push(tags::MEDIA_STORAGE_SOP_CLASS_UID, VR::UI, directory)?;
    push(tags::MEDIA_STORAGE_SOP_INSTANCE_UID, VR::UI, file_set_uid.as_bytes())?;
    push(tags::TRANSFER_SYNTAX_UID, VR::UI, uids::EXPLICIT_VR_LITTLE_ENDIAN.as_bytes())?;
    push(tags::IMPLEMENTATION_CLASS_UID, VR::UI, part10::IMPLEMENTATION_CLASS_UID.as_bytes())?;
    push(
        tags::IMPLEMENTATION_VERSION_NAME,
        VR::SH,
        part10::IMPLEMENTATION_VERSION_NAME.as_bytes(),
    )?;

    let mut out = vec![0; 128];
    out.extend_from_slice(b"DICM");
    let group_length = u32::try_from(meta.len())?;
    push_u32(&mut out, tags::FILE_META_INFORMATION_GROUP_LENGTH, group_length);
    out.extend_from_slice(&meta);
    push_element(&mut out, tags::FILE_SET_ID, VR::CS, file_set_id.as_bytes())?;
    push_u32(
        &mut out,
        tags::OFFSET_OF_THE_FIRST_DIRECTORY_RECORD_OF_THE_ROOT_DIRECTORY_ENTITY,
        first,
    );
    push_u32(
        &mut out,
        tags::OFFSET_OF_THE_LAST_DIRECTORY_RECORD_OF_THE_ROOT_DIRECTORY_ENTITY,
        last,
    );
    push_u16(&mut out, tags::FILE_SET_CONSISTENCY_FLAG, 0);
    push_sequence_header(&mut out, tags::DIRECTORY_RECORD_SEQUENCE, records_bytes);
    Ok(out)
}

/// The whole DICOMDIR file.
///
/// # Errors
/// [`TooLong`] when the file passes 4 GiB, which its offsets cannot express.
pub(super) fn write(
    file_set_uid: &str,
    file_set_id: &str,
    roots: &[Node],
) -> Result<Vec<u8>, TooLong> {
    let head_bytes = head(file_set_uid, file_set_id, (0, 0), 0)?.len();
    let first = u32::try_from(head_bytes)?;
    let mut placed = Vec::new();
    let (last, end) = place(roots, first, &mut placed)?;
    let mut out = head(file_set_uid, file_set_id, (first, last), end - first)?;
    out.reserve_exact(usize::try_from(end - first)?);
    for Placed { node, length, next, lower } in &placed {
        push_item_header(&mut out, *length);
        push_u32(&mut out, tags::OFFSET_OF_THE_NEXT_DIRECTORY_RECORD, *next);
        push_u16(&mut out, tags::RECORD_IN_USE_FLAG, 0xFFFF);
        push_u32(&mut out, tags::OFFSET_OF_REFERENCED_LOWER_LEVEL_DIRECTORY_ENTITY, *lower);
        let at = match node.record.number {
            Number::Missing { at, .. } => at,
            Number::Settled(_) => node.record.bytes.len(),
        };
        let (before, after) = node.record.bytes.split_at_checked(at).ok_or(TooLong)?;
        out.extend_from_slice(before);
        out.extend_from_slice(&node.number);
        out.extend_from_slice(after);
    }
    Ok(out)
}
