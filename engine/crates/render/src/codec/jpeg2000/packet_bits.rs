//! The bits of a packet header (ITU-T T.800 B.10.1).

use model::PreviewFault;

/// Bits, highest first. After a byte of FF comes one of seven bits.
#[derive(Debug)]
pub(super) struct PacketBits<'a> {
    bytes: &'a [u8],
    position: usize,
    byte: u8,
    left: u8,
}

impl<'a> PacketBits<'a> {
    pub(super) fn new(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position, byte: 0, left: 0 }
    }

    #[inline]
    pub(super) fn bit(&mut self) -> Result<u32, PreviewFault> {
        if self.left == 0 {
            self.left = if self.byte == 0xFF { 7 } else { 8 };
            self.byte = *self.bytes.get(self.position).ok_or(PreviewFault::Damaged)?;
            self.position += 1;
        }
        self.left -= 1;
        Ok(u32::from(self.byte >> self.left & 1))
    }

    /// Up to 32 bits.
    pub(super) fn bits(&mut self, count: u32) -> Result<u32, PreviewFault> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | self.bit()?;
        }
        Ok(value)
    }

    /// Number of coding passes (Table B.4): 1 to 164.
    pub(super) fn passes(&mut self) -> Result<u16, PreviewFault> {
        // One or two are told by as many ones before a zero.
        let mut ones = 0;
        while ones < 2 && self.bit()? == 1 {
            ones += 1;
        }
        let value = match ones {
            2 => match self.bits(2)? {
                3 => match self.bits(5)? {
                    31 => 37 + self.bits(7)?,
                    more => 6 + more,
                },
                more => 3 + more,
            },
            ones => 1 + ones,
        };
        Ok(u16::try_from(value).unwrap_or(u16::MAX))
    }

    /// Where the header ends: after the byte at hand, and a stuffed one behind FF.
    pub(super) fn end(self) -> usize {
        if self.byte == 0xFF { self.position + 1 } else { self.position }
    }
}
