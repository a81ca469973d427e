//! Makes a scan that ends early an error.
//!
//! Before a marker the decoder of 8 bits takes zeros for whatever is missing, without a word: half a
//! stream with its EOI becomes a picture whose lower half is made up. So something is laid behind
//! each scan that the decoder reads only when it looks for bits where there are none.

use crate::codec::marker_segments::{Segment, Segments};

/// Zeros, as many as the decoder reads ahead (8) and as many again; then fill bytes without a marker,
/// which are an error where bits are read, and are skipped where a marker is looked for.
const BEHIND_SCAN: [u8; 19] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0x00];

/// The stream with [`BEHIND_SCAN`] after the data of each scan; what cannot be followed is as it was.
pub(super) fn guarded(stream: &[u8]) -> Vec<u8> {
    let mut guarded = Vec::with_capacity(stream.len() + BEHIND_SCAN.len());
    let Ok(mut segments) = Segments::of(stream) else { return stream.to_vec() };
    let mut rest = stream;
    while let Some(Ok(Segment { marker, rest: data, .. })) = segments.next() {
        match marker {
            0xD9 => break,
            0xDA => {
                let Some(end) = end_of_scan(data) else { break };
                let (scan, after) = rest.split_at(rest.len() - data.len() + end);
                guarded.extend_from_slice(scan);
                guarded.extend(BEHIND_SCAN);
                rest = after;
                segments = Segments::after(after);
            }
            _ => {}
        }
    }
    guarded.extend_from_slice(rest);
    guarded
}

/// Where the marker that ends a scan begins, with the fill bytes before it; `None` without one.
fn end_of_scan(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let begin = at + data.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        let fill = data.get(begin..)?.iter().take_while(|byte| **byte == 0xFF).count();
        let code = begin + fill;
        match data.get(code)? {
            // A stuffed byte, or a restart.
            0x00 | 0xD0..=0xD7 => at = code + 1,
            _ => return Some(begin),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scan_is_guarded_before_its_fill_bytes() {
        let head = |marker: u8| [0xFF, marker, 0, 3, 7];
        let stream = [
            &[0xFF, 0xD8][..],
            &head(0xDA),
            &[1, 0xFF, 0x00, 2, 0xFF, 0xD3, 3],
            &head(0xC4),
            &head(0xDA),
            &[4, 5],
            &[0xFF, 0xFF, 0xD9, 0],
        ];
        let mut expected: Vec<&[u8]> = stream.to_vec();
        expected.insert(3, &BEHIND_SCAN);
        expected.insert(7, &BEHIND_SCAN);
        assert_eq!(guarded(&stream.concat()), expected.concat());
    }

    #[test]
    fn what_cannot_be_followed_stays() {
        for stream in [&[1, 2][..], &[0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 9, 9], &[0xFF, 0xD8, 0, 0xFF]] {
            assert_eq!(guarded(stream), stream);
        }
    }
}
