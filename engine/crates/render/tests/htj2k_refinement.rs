//! HTJ2K code-blocks with refinement passes, which no encoder at hand writes: a cleanup pass of
//! `OpenJPH` is moved up by one bit plane, and passes of arbitrary bits are put behind it. Any bits are
//! a valid refinement; ours must read them as `OpenJPEG` and `OpenJPH` do.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/grey.rs"]
mod grey;
#[path = "support/programs.rs"]
mod programs;

use grey::grey;
use programs::run;
use render::{Limits, decode_frame};
use rstest::rstest;

struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0.to_be_bytes()[0]
    }
}

/// Grey with `share` of 256 samples away from the middle, and few of them far.
fn picture(size: usize, share: u8) -> Vec<u8> {
    let mut noise = Noise(7);
    let mut sample = || if noise.next() < share { 97 + noise.next() % 64 } else { 128 };
    (0..size).map(|_| sample()).collect()
}

/// Bits of a packet header (T.800 B.10.1), as zeros and ones.
fn unstuffed(bytes: &[u8]) -> Vec<u8> {
    let mut bits = Vec::new();
    let mut last = 0;
    for byte in bytes {
        let count = if last == 0xFF { 7 } else { 8 };
        bits.extend((0..count).rev().map(|place| byte >> place & 1));
        last = *byte;
    }
    bits
}

fn stuffed(bits: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut rest = bits;
    while !rest.is_empty() || bytes.last() == Some(&0xFF) {
        let count = if bytes.last() == Some(&0xFF) { 7 } else { 8 };
        let (these, after) = rest.split_at(rest.len().min(count));
        let byte = these.iter().fold(0, |byte, bit| byte << 1 | bit);
        bytes.push(byte << (count - these.len()));
        rest = after;
    }
    bytes
}

/// The codestream with one code-block in one packet, refined by `passes` passes of arbitrary bits.
fn refined(stream: &[u8], passes: usize, refinement: &[u8], is_causal: bool) -> Vec<u8> {
    let at = |marker: u8| stream.windows(2).position(|pair| pair == [0xFF, marker]).unwrap();
    let (cod, qcd, sot, sod) = (at(0x52), at(0x5C), at(0x90), at(0x93));
    let mut headers = stream[..sod + 2].to_vec();
    // A band with one bit plane more: the cleanup pass lies in the last but one.
    headers[qcd + 5] += 1 << 3;
    if is_causal {
        headers[cod + 12] |= 0x08;
    }
    let body = &stream[sod + 2..stream.len() - 2];
    let bits = unstuffed(body);
    // Not empty, included; zero bit planes; one pass; bits of the length; the length.
    assert_eq!(bits[..2], [1, 1]);
    let zero_planes = bits[2..].iter().position(|bit| *bit == 1).unwrap();
    let passes_at = 3 + zero_planes;
    assert_eq!(bits[passes_at], 0);
    let more = bits[passes_at + 1..].iter().position(|bit| *bit == 0).unwrap();
    let length_at = passes_at + 2 + more;
    let length = &bits[length_at..length_at + 3 + more];
    let cleanup_bytes = length.iter().fold(0, |value, bit| value << 1 | usize::from(*bit));
    let cleanup = &body[body.len() - cleanup_bytes..];

    let digits = |value: usize, count: usize| (0..count).rev().map(move |at| value >> at & 1);
    let bit = |value: usize| u8::try_from(value).unwrap();
    let mut header = bits[..passes_at].to_vec();
    header.extend(if passes == 2 { vec![1, 0] } else { vec![1, 1, 0, 0] });
    let length_bits = 14;
    header.extend([1; 11]);
    header.push(0);
    header.extend(digits(cleanup_bytes, length_bits).map(bit));
    header.extend(digits(refinement.len(), length_bits + passes - 2).map(bit));
    let packet = [&stuffed(&header), cleanup, refinement].concat();
    let length = u32::try_from(headers.len() - sot + packet.len()).unwrap();
    headers[sot + 6..sot + 10].copy_from_slice(&length.to_be_bytes());
    [headers, packet, vec![0xFF, 0xD9]].concat()
}

#[rstest]
fn refinement_passes_are_read_as_others_read_them(
    #[values([64, 64], [33, 17], [5, 3], [61, 9], [1, 9], [4, 30])] size: [u16; 2],
    #[values(4, 60, 250)] share: u8,
    #[values(2, 3)] passes: usize,
    #[values(false, true)] is_causal: bool,
) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [columns, rows] = size;
    let count = usize::from(columns) * usize::from(rows);
    let header = format!("P5\n{columns} {rows}\n255\n");
    let mut samples = picture(count, share);
    // A code-block without significance would not be coded.
    samples[0] = 140;
    std::fs::write(folder.join("in.pgm"), [header.as_bytes(), &samples].concat()).unwrap();
    let options = "-i in.pgm -o out.j2c -reversible true -num_decomps 0";
    if !run("ojph_compress", &options.split(' ').collect::<Vec<_>>(), folder) {
        return;
    }
    let mut noise = Noise(u32::from(share));
    let mut bytes: Vec<u8> = (0..count / 4 + 3).map(|_| noise.next()).collect();
    // After FF comes a stuffed zero, and a segment does not end in FF.
    bytes.dedup_by(|byte, last| {
        *last == 0xFF && {
            *byte &= 0x7F;
            false
        }
    });
    bytes.push(0x5A);
    let stream = std::fs::read(folder.join("out.j2c")).unwrap();
    let stream = refined(&stream, passes, &bytes, is_causal);
    std::fs::write(folder.join("refined.j2k"), &stream).unwrap();

    let description = grey(columns, rows);
    let syntax = "1.2.840.10008.1.2.4.203";
    let decoded = decode_frame(syntax, &description, &stream, &Limits::default()).unwrap().bytes;
    for judge in ["opj_decompress", "ojph_expand"] {
        if run(judge, &["-i", "refined.j2k", "-o", "back.pgm"], folder) {
            let file = std::fs::read(folder.join("back.pgm")).unwrap();
            assert!(decoded == file[file.len() - count..], "not as {judge} reads it");
        }
    }
}
