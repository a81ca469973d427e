//! Differences of the lossless process, code and number found in one look-up.
//!
//! Standard: ITU-T T.81 H.1.2.2.

use model::PreviewFault;

use super::entropy::{Bits, HuffmanTable, LOOKUP_BITS, extend};

/// Codes up to this length, their numbers included, are found at once.
const DIFFERENCE_BITS: u32 = LOOKUP_BITS + 1;

/// A Huffman table of differences.
#[derive(Debug)]
pub(super) struct Differences<'t> {
    /// By the next bits: the difference modulo 2¹⁶, and how many bits it takes; 0 for more than
    /// these.
    lookup: Box<[(i16, u8); 1 << DIFFERENCE_BITS]>,
    table: &'t HuffmanTable,
}

impl<'t> Differences<'t> {
    pub(super) fn new(table: &'t HuffmanTable) -> Self {
        let mut lookup = Box::new([(0, 0); 1 << DIFFERENCE_BITS]);
        for (next, entry) in lookup.iter_mut().enumerate() {
            let (length, size) = table.short_code(next >> (DIFFERENCE_BITS - LOOKUP_BITS));
            // Category 16 has no further bits.
            let number_bits = if size == 16 { 0 } else { u32::from(size) };
            let bits = u32::from(length) + number_bits;
            if length == 0 || size > 16 || bits > DIFFERENCE_BITS {
                continue;
            }
            let difference = match size {
                0 => 0,
                16 => i16::MIN,
                _ => {
                    let raw = next >> (DIFFERENCE_BITS - bits) & ((1 << number_bits) - 1);
                    let number = extend(i32::try_from(raw).unwrap_or(0), number_bits);
                    i16::try_from(number).unwrap_or(0)
                }
            };
            *entry = (difference, u8::try_from(bits).unwrap_or(0));
        }
        Self { lookup, table }
    }

    /// The next difference, modulo 2¹⁶.
    #[inline]
    pub(super) fn next(&self, bits: &mut Bits<'_>) -> Result<i32, PreviewFault> {
        bits.refill();
        let entry = self.lookup.get(bits.next::<DIFFERENCE_BITS>());
        let (difference, length) = entry.copied().unwrap_or((0, 0));
        if length == 0 {
            return self.long(bits);
        }
        bits.consume(length.into());
        Ok(difference.into())
    }

    /// A difference that takes more bits than the look-up holds.
    #[cold]
    fn long(&self, bits: &mut Bits<'_>) -> Result<i32, PreviewFault> {
        match bits.value(self.table)? {
            size @ 0..=15 => Ok(bits.extended(size.into())),
            16 => Ok(1 << 15),
            _ => Err(PreviewFault::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entropy::HuffmanTables;
    use super::*;
    use proptest::prelude::*;

    /// Categories 0 to 16, each with a code one bit longer than the one before; the last two alike.
    fn tables() -> HuffmanTables {
        let mut content = vec![0];
        content.extend([1; 15]);
        content.push(2);
        content.extend(0..=16);
        let mut tables = HuffmanTables::default();
        tables.define(&content).unwrap();
        tables
    }

    proptest! {
        #[test]
        fn the_look_up_finds_what_the_codes_say(stream in prop::collection::vec(0..=0xFE_u8, 64)) {
            let tables = tables();
            let table = tables.dc[0].as_ref().unwrap();
            let differences = Differences::new(table);
            let (mut one, mut other) = (Bits::new(&stream), Bits::new(&stream));
            while !one.has_ended() {
                let (found, expected) = (differences.next(&mut one), differences.long(&mut other));
                prop_assert_eq!(found.is_ok(), expected.is_ok());
                let (Ok(found), Ok(expected)) = (found, expected) else { break };
                prop_assert_eq!(found.rem_euclid(1 << 16), expected.rem_euclid(1 << 16));
                prop_assert_eq!(one.has_ended(), other.has_ended());
            }
        }
    }
}
