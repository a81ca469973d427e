//! Packet headers that stand apart from their packets: PPM and PPT marker segments.
//!
//! Standard: ITU-T T.800 A.7.4 and A.7.5.
//! Invariant: no more is allocated than the segments hold.

use std::vec::IntoIter;

use model::PreviewFault;

use super::cursor::Cursor;

/// The segments of one header, each with its number.
#[derive(Debug, Default)]
pub(super) struct PackedSegments<'a>(Vec<(u8, &'a [u8])>);

impl<'a> PackedSegments<'a> {
    pub(super) fn add(&mut self, content: &mut Cursor<'a>) -> Result<(), PreviewFault> {
        let number = content.u8()?;
        self.0.push((number, content.until(usize::MAX)?));
        Ok(())
    }

    /// What the segments hold, in the order of their numbers, and the number that would follow; `None`
    /// without a segment. The numbers begin at 0 or at `next`.
    fn joined(mut self, next: usize) -> Result<Option<(Vec<u8>, usize)>, PreviewFault> {
        self.0.sort_by_key(|(number, _)| *number);
        let Some((first, _)) = self.0.first() else { return Ok(None) };
        let first = usize::from(*first);
        let mut numbers = (first..).zip(&self.0);
        if (first != 0 && first != next)
            || numbers.any(|(expected, (number, _))| expected != usize::from(*number))
        {
            return Err(PreviewFault::Damaged);
        }
        let next = first + self.0.len();
        Ok(Some((self.0.into_iter().flat_map(|(_, bytes)| bytes).copied().collect(), next)))
    }

    /// Those of a main header: a length before the headers of each tile-part, which may lie in several
    /// segments.
    pub(super) fn by_tile_part(self) -> Result<PackedHeaders, PreviewFault> {
        let Some((bytes, _)) = self.joined(0)? else { return Ok(PackedHeaders(None)) };
        let mut parts = Vec::new();
        let mut cursor = Cursor::new(&bytes);
        while !cursor.is_at_end() {
            let length = cursor.size()?;
            let start = cursor.position();
            let end = start.checked_add(length).filter(|end| *end <= bytes.len());
            parts.push(cursor.until(end.ok_or(PreviewFault::Damaged)?)?.to_vec());
        }
        Ok(PackedHeaders(Some(parts.into_iter())))
    }
}

/// The headers of a main header, for one tile-part after the other.
#[derive(Debug)]
pub(super) struct PackedHeaders(Option<IntoIter<Vec<u8>>>);

impl PackedHeaders {
    /// Adds those of the next tile-part, whose own header holds `own`, to those of its tile; nothing
    /// where they stand in the packets.
    pub(super) fn add_next_part(
        &mut self,
        own: PackedSegments<'_>,
        tile: &mut Option<TileHeaders>,
    ) -> Result<(), PreviewFault> {
        let next = tile.as_ref().map_or(0, |tile| tile.next);
        let (bytes, next) = match (&mut self.0, own.joined(next)?) {
            (None, None) => return Ok(()),
            (None, Some(own)) => own,
            (Some(parts), None) => (parts.next().ok_or(PreviewFault::Damaged)?, 0),
            (Some(_), Some(_)) => return Err(PreviewFault::Damaged),
        };
        let tile = tile.get_or_insert_default();
        tile.bytes.extend(bytes);
        tile.next = next;
        Ok(())
    }
}

/// Headers of the packets of a tile.
#[derive(Debug, Default)]
pub(super) struct TileHeaders {
    pub(super) bytes: Vec<u8>,
    /// The number of the next segment, where the parts of the tile count on.
    next: usize,
}
