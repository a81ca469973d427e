//! Big-endian values out of a codestream.

use model::PreviewFault;

/// A place in a codestream or in one marker segment.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], PreviewFault> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let bytes = rest.first_chunk().ok_or(PreviewFault::Damaged)?;
        self.position += N;
        Ok(*bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8, PreviewFault> {
        self.bytes().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, PreviewFault> {
        self.bytes().map(u16::from_be_bytes)
    }

    /// 32 bits.
    pub(super) fn size(&mut self) -> Result<usize, PreviewFault> {
        usize::try_from(u32::from_be_bytes(self.bytes()?)).map_err(|_error| PreviewFault::Damaged)
    }

    /// Four times 32 bits.
    pub(super) fn sizes(&mut self) -> Result<[usize; 4], PreviewFault> {
        Ok([self.size()?, self.size()?, self.size()?, self.size()?])
    }

    /// The content of a marker segment, its length before it.
    pub(super) fn segment(&mut self) -> Result<Self, PreviewFault> {
        let length = usize::from(self.u16()?).checked_sub(2).ok_or(PreviewFault::Damaged)?;
        let start = self.position;
        let end = start + length;
        let bytes = self.bytes.get(start..end).ok_or(PreviewFault::Damaged)?;
        self.position = end;
        Ok(Self::new(bytes))
    }

    /// What lies before `end`, or before the end of the stream.
    pub(super) fn until(&mut self, end: usize) -> Result<&'a [u8], PreviewFault> {
        let end = end.min(self.bytes.len());
        let bytes = self.bytes.get(self.position..end).ok_or(PreviewFault::Damaged)?;
        self.position = end;
        Ok(bytes)
    }
}
