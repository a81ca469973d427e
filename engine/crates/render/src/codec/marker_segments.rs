//! The marker segments that JPEG and JPEG-LS streams consist of, besides entropy-coded data.
//!
//! Standard: ITU-T T.81 B.1.1.

use model::PreviewFault;

/// A marker segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    /// The second byte of the marker.
    pub(super) marker: u8,
    /// Its parameters, without their length.
    pub(super) content: &'a [u8],
    /// What follows it.
    pub(super) rest: &'a [u8],
}

/// The marker segments of a stream, from SOI on. It is up to the caller to stop at SOS.
#[derive(Debug, Clone)]
pub(super) struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    pub(super) fn of(stream: &'a [u8]) -> Result<Self, PreviewFault> {
        let rest = stream.strip_prefix(&[0xFF, 0xD8]).ok_or(PreviewFault::Damaged)?;
        Ok(Self { rest })
    }

    /// The segments that follow the entropy-coded data of a scan.
    pub(super) fn after(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    fn segment(&mut self) -> Option<Segment<'a>> {
        let mut after = self.rest.strip_prefix(&[0xFF])?;
        // Any number of fill bytes may stand before a marker (T.81 B.1.1.2).
        while let Some(fewer) = after.strip_prefix(&[0xFF]) {
            after = fewer;
        }
        let (&marker, after) = after.split_first()?;
        // EOI and markers without parameters.
        if matches!(marker, 0x01 | 0xD0..=0xD9) {
            self.rest = after;
            return Some(Segment { marker, content: &[], rest: after });
        }
        let (length, _) = after.split_first_chunk()?;
        let (segment, rest) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
        self.rest = rest;
        Some(Segment { marker, content: segment.get(2..)?, rest })
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<Segment<'a>, PreviewFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let segment = self.segment();
        if segment.is_none() {
            self.rest = &[];
        }
        Some(segment.ok_or(PreviewFault::Damaged))
    }
}
