//! Where each frame of the pixel data lies (PS3.5 §8.2, A.4).

use std::ops::Range;

use dicom_core::Tag;
use model::Refusal;

use crate::instance::Instance;
use crate::pixel_description::PixelDescription;

const EXTENDED_OFFSET_TABLE: Tag = Tag(0x7FE0, 0x0001);
/// A frame of RLE Lossless is one fragment (PS3.5 A.4.2).
const RLE_LOSSLESS: &str = "1.2.840.10008.1.2.5";
const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
const SEQUENCE_DELIMITER: [u8; 4] = [0xFE, 0xFF, 0xDD, 0xE0];

/// Why frames cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The pixel data are shorter than the attributes say.
    #[error("pixel data are missing: {expected_bytes} bytes expected, {found_bytes} found")]
    MissingPixels {
        /// What Rows, Columns and the other attributes ask for.
        expected_bytes: u64,
        /// What the value holds.
        found_bytes: u64,
    },
    /// Chrominances should be halved, and there are as many bytes as whole ones have: nobody can tell
    /// which they are.
    #[error("the pixel data have three samples a pixel where {0} stores fewer")]
    WholeChrominances(String),
    /// Neither offset tables nor the fragments themselves tell where frames begin.
    #[error("{fragments} fragments do not make {frames} frames")]
    Indistinct {
        /// How many fragments there are.
        fragments: usize,
        /// How many frames the data set promises.
        frames: u32,
    },
    /// A compressed frame is far larger than a native one.
    #[error("a compressed frame is more than four times as large as a native one")]
    Oversized,
    /// The pixel data cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Refusal),
}

/// Fragments of one instance; a whole slide has some hundred thousand.
const MAX_FRAGMENTS: usize = 1 << 22;
/// The largest offset table that is read: one of a million frames.
const MAX_OFFSET_TABLE_BYTES: u32 = 4 << 20;
/// How far item headers are read ahead.
const LOOK_AHEAD_BYTES: u64 = 4096;
/// A compressed frame is no larger than four native ones and this.
const FRAME_OVERHEAD_BYTES: u64 = 1 << 20;

/// Bytes read ahead, so that small fragments do not cost a read each.
#[derive(Debug, Default)]
struct LookAhead {
    start: u64,
    bytes: Vec<u8>,
}

impl LookAhead {
    /// Tag and length of the item header at `at`; `None` where the stream ends within it.
    fn item_header(
        &mut self,
        instance: &mut Instance,
        at: u64,
    ) -> Result<Option<([u8; 4], u32)>, Refusal> {
        let is_ahead = self.start <= at && at + 8 <= self.start + self.bytes.len() as u64;
        if !is_ahead {
            let end = instance.length().min(at.saturating_add(LOOK_AHEAD_BYTES));
            instance.read_into(at..end, &mut self.bytes)?;
            self.start = at;
        }
        let offset = usize::try_from(at - self.start).unwrap_or(usize::MAX);
        let header = self.bytes.get(offset..).and_then(<[u8]>::first_chunk::<8>);
        Ok(header.map(|&[a, b, c, d, length @ ..]| ([a, b, c, d], u32::from_le_bytes(length))))
    }
}

/// The fragments of encapsulated pixel data, in the plain stream of their instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fragments {
    /// The values of the items after the Basic Offset Table.
    values: Vec<Range<u64>>,
    basic_offsets: Vec<u64>,
    /// Where the last item ends; the delimiter of the sequence follows.
    items_end: u64,
    /// Where the value of the element ends.
    end: u64,
    /// Whether the delimiter of the sequence was there.
    delimited: bool,
}

impl Fragments {
    /// Walks the items of encapsulated pixel data that begin at `value`.
    ///
    /// A sequence that the file ends without its delimiter counts as ended.
    ///
    /// # Errors
    /// [`Refusal::Truncated`] when a fragment ends beyond the file, [`Refusal::Malformed`] when
    /// something else than an item stands there.
    pub fn walk(instance: &mut Instance, value: u64) -> Result<Self, Refusal> {
        let mut fragments = Self::default();
        let mut at = value;
        let mut ahead = LookAhead::default();
        let mut is_first = true;
        while at < instance.length() {
            let Some((tag, length)) = ahead.item_header(instance, at)? else { break };
            let start = at + 8;
            if tag == SEQUENCE_DELIMITER {
                fragments.delimited = true;
                fragments.items_end = at;
                fragments.end = start;
                return Ok(fragments);
            }
            if tag != ITEM {
                return Err(Refusal::Malformed("fragments of pixel data are damaged".into()));
            }
            let end = start.saturating_add(u64::from(length));
            let missing_bytes = end.saturating_sub(instance.length());
            if missing_bytes > 0 {
                return Err(Refusal::Truncated { missing_bytes });
            }
            if fragments.values.len() >= MAX_FRAGMENTS {
                let reason = format!("the pixel data have more than {MAX_FRAGMENTS} fragments");
                return Err(Refusal::OverLimit(reason));
            }
            if !is_first {
                // An empty fragment holds nothing of any frame.
                if length > 0 {
                    fragments.values.push(start..end);
                }
            } else if length <= MAX_OFFSET_TABLE_BYTES {
                let mut table = Vec::new();
                instance.read_into(start..end, &mut table)?;
                let (offsets, _) = table.as_chunks();
                fragments.basic_offsets =
                    offsets.iter().map(|offset| u64::from(u32::from_le_bytes(*offset))).collect();
            }
            is_first = false;
            at = end;
        }
        fragments.items_end = at;
        fragments.end = at;
        Ok(fragments)
    }

    /// Bytes of the fragments from one to before another.
    fn bytes(&self, fragments: Range<usize>) -> u64 {
        let ranges = self.values.get(fragments).unwrap_or_default();
        ranges.iter().map(|range| range.end - range.start).fold(0, u64::saturating_add)
    }

    /// Where the last item ends.
    pub fn items_end(&self) -> u64 {
        self.items_end
    }

    /// Where the element ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The index of the fragment whose item begins `offset` bytes after the first one's.
    fn at_offset(&self, offset: u64) -> Option<usize> {
        let base = self.values.first()?.start;
        self.values.binary_search_by_key(&(base.checked_add(offset)?), |range| range.start).ok()
    }

    /// The first fragment of each frame by an offset table, if the table fits the fragments.
    fn by_offsets(&self, offsets: &[u64], frames: u32) -> Option<Vec<usize>> {
        if u32::try_from(offsets.len()) != Ok(frames) || offsets.first() != Some(&0) {
            return None;
        }
        let firsts: Vec<usize> =
            offsets.iter().map(|offset| self.at_offset(*offset)).collect::<Option<_>>()?;
        firsts.is_sorted_by(|earlier, later| earlier < later).then_some(firsts)
    }
}

/// The frames of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frames {
    count: u32,
    places: Places,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Places {
    Native { value: u64, frame_bits: u64 },
    Encapsulated { fragments: Fragments, firsts: Vec<usize> },
}

impl Frames {
    /// Finds the frames: by arithmetic, by the codestreams' first bytes, or by the offset tables.
    ///
    /// Standard: DICOM PS3.5 §8.1 (native), A.4 (Basic and Extended Offset Table).
    ///
    /// # Errors
    /// [`FrameError`]. The pixel data may still be copied as they are.
    pub fn locate(
        instance: &mut Instance,
        description: &PixelDescription,
    ) -> Result<Self, FrameError> {
        let Some(pixels) = instance.pixels().cloned() else {
            return Err(FrameError::MissingPixels {
                expected_bytes: description.frame_bytes(),
                found_bytes: 0,
            });
        };
        let count = description.frames;
        if let Some(found_bytes) = pixels.length {
            let frame_bits = description.frame_bits();
            let expected_bytes = frame_bits.saturating_mul(u64::from(count)).div_ceil(8);
            if expected_bytes > found_bytes {
                return Err(FrameError::MissingPixels { expected_bytes, found_bytes });
            }
            let whole_bits = description.whole_frame_bits();
            let whole_bytes = whole_bits.saturating_mul(u64::from(count)).div_ceil(8);
            if whole_bits > frame_bits && found_bytes >= whole_bytes {
                let term = description.photometric.as_term().to_owned();
                return Err(FrameError::WholeChrominances(term));
            }
            return Ok(Self { count, places: Places::Native { value: pixels.value, frame_bits } });
        }
        let fragments = Fragments::walk(instance, pixels.value)?;
        let firsts = first_fragments(instance, &fragments, count)?;
        let most = description.frame_bytes().saturating_mul(4).saturating_add(FRAME_OVERHEAD_BYTES);
        let ends = firsts.iter().skip(1).copied().chain([fragments.values.len()]);
        if firsts.iter().zip(ends).any(|(first, end)| fragments.bytes(*first..end) > most) {
            return Err(FrameError::Oversized);
        }
        Ok(Self { count, places: Places::Encapsulated { fragments, firsts } })
    }

    /// How many frames there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The fragments, where the pixel data are encapsulated.
    pub fn fragments(&self) -> Option<&Fragments> {
        match &self.places {
            Places::Native { .. } => None,
            Places::Encapsulated { fragments, .. } => Some(fragments),
        }
    }

    /// Reads a frame into `buffer`: native in little endian, beginning at the lowest bit of the
    /// first byte; or the joined fragments of its compressed stream.
    ///
    /// # Errors
    /// [`FrameError`] when there is no such frame or it cannot be read.
    pub fn read(
        &self,
        instance: &mut Instance,
        index: u32,
        buffer: &mut Vec<u8>,
    ) -> Result<(), FrameError> {
        match &self.places {
            Places::Native { value, frame_bits } => {
                let first_bit = frame_bits.saturating_mul(u64::from(index));
                let start = value.saturating_add(first_bit / 8);
                let end = value.saturating_add(first_bit.saturating_add(*frame_bits).div_ceil(8));
                instance.read_pixels_into(start..end, buffer)?;
                shift_right(buffer, first_bit % 8);
                buffer.truncate(usize::try_from(frame_bits.div_ceil(8)).unwrap_or(usize::MAX));
            }
            Places::Encapsulated { fragments, firsts } => {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let first = firsts.get(index).copied().unwrap_or(usize::MAX);
                let end = firsts.get(index + 1).copied().unwrap_or(fragments.values.len());
                let ranges = fragments.values.get(first..end).unwrap_or_default();
                buffer.clear();
                let mut part = Vec::new();
                for range in ranges {
                    if ranges.len() == 1 {
                        instance.read_into(range.clone(), buffer)?;
                    } else {
                        instance.read_into(range.clone(), &mut part)?;
                        buffer.extend_from_slice(&part);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Moves a bit stream, lowest bit first, so that bit `bits` becomes the first one.
fn shift_right(bytes: &mut [u8], bits: u64) {
    if bits == 0 {
        return;
    }
    let mut above = 0;
    for byte in bytes.iter_mut().rev() {
        let current = *byte;
        *byte = (current >> bits) | (above << (8 - bits));
        above = current;
    }
}

/// The first fragment of each frame.
fn first_fragments(
    instance: &mut Instance,
    fragments: &Fragments,
    frames: u32,
) -> Result<Vec<usize>, FrameError> {
    let count = fragments.values.len();
    let indistinct = FrameError::Indistinct { fragments: count, frames };
    if !fragments.delimited && u32::try_from(count).is_ok_and(|count| count < frames) {
        // The file ends where the next fragment should be.
        return Err(Refusal::Truncated { missing_bytes: 8 }.into());
    }
    if count == 0 {
        return Err(indistinct);
    }
    if count == 1 && frames == 1 {
        return Ok(vec![0]);
    }
    let is_rle = instance.transfer_syntax().uid() == RLE_LOSSLESS;
    if frames == 1 {
        // Several fragments of one frame, or several frames that nobody counted.
        let several = is_rle
            || fragments.basic_offsets.len() > 1
            || codestreams(instance, fragments)?.len() > 1;
        return if several { Err(indistinct) } else { Ok(vec![0]) };
    }
    if u32::try_from(count) == Ok(frames) {
        return Ok((0..count).collect());
    }
    // Where codestreams begin is seen in the data themselves: it is believed before any table.
    let begins = codestreams(instance, fragments)?;
    let is_each_frame_seen = u32::try_from(begins.len()) == Ok(frames);
    if is_each_frame_seen && begins.first() == Some(&0) {
        return Ok(begins);
    }
    let extended: Vec<u64> = {
        let dataset = instance.dataset();
        let value = dataset.element(EXTENDED_OFFSET_TABLE).map(|element| element.value);
        let (offsets, _) = value.unwrap_or_default().as_chunks();
        offsets.iter().map(|offset| u64::from_le_bytes(*offset)).collect()
    };
    // A table that lets frames begin elsewhere than codestreams do is wrong.
    let fits = |firsts: &[usize]| {
        begins.is_empty() || firsts.iter().all(|first| begins.binary_search(first).is_ok())
    };
    [&extended, &fragments.basic_offsets]
        .into_iter()
        .find_map(|offsets| fragments.by_offsets(offsets, frames).filter(|firsts| fits(firsts)))
        .ok_or(indistinct)
}

/// The fragments that a codestream begins with.
fn codestreams(instance: &mut Instance, fragments: &Fragments) -> Result<Vec<usize>, Refusal> {
    let mut firsts = Vec::new();
    let mut head = Vec::new();
    for (index, range) in fragments.values.iter().enumerate() {
        let end = range.end.min(range.start + 4);
        instance.read_into(range.start..end, &mut head)?;
        if begins_codestream(&head) {
            firsts.push(index);
        }
    }
    Ok(firsts)
}

/// Whether a JPEG family or JPEG 2000 codestream begins here (SOI; SOC and SIZ).
fn begins_codestream(head: &[u8]) -> bool {
    head.starts_with(&[0xFF, 0xD8, 0xFF]) || head.starts_with(&[0xFF, 0x4F, 0xFF, 0x51])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_streams_shift_lowest_bit_first() {
        let mut bytes = [0b1010_0000, 0b0000_0011];
        shift_right(&mut bytes, 5);
        assert_eq!(bytes, [0b0001_1101, 0]);
    }
}
