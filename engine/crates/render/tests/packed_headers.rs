//! JPEG 2000 with packed packet headers, which no encoder at hand writes: streams of `OpenJPEG` whose
//! headers are taken out of the packets here. `OpenJPEG` reads them, and they decode as before.
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

const COLUMNS: u16 = 200;
const ROWS: u16 = 150;

const SOT: [u8; 2] = [0xFF, 0x90];
const SOD: [u8; 2] = [0xFF, 0x93];
const SOP: [u8; 4] = [0xFF, 0x91, 0x00, 0x04];
const EPH: [u8; 2] = [0xFF, 0x92];

/// Where packed headers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Main,
    /// Numbered through the parts of a tile, as `OpenJPEG` has it.
    Tile,
    /// Numbered anew in each part.
    TilePart,
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|bytes| bytes == what)
}

/// Marker segments of at most `length` bytes each, numbered.
fn segments(marker: u8, content: &[u8], length: usize, first: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, part) in (first..=255).zip(content.chunks(length)) {
        bytes.extend([0xFF, marker]);
        bytes.extend(u16::try_from(part.len() + 3).unwrap().to_be_bytes());
        bytes.push(number);
        bytes.extend(part);
    }
    bytes
}

/// A stream whose packets begin with SOP and whose headers end with EPH, its headers apart.
fn packed(stream: &[u8], place: Place, segment_bytes: usize) -> Vec<u8> {
    let first_part = find(stream, &SOT).unwrap();
    let mut main = stream[..first_part].to_vec();
    let (mut rest, mut parts, mut all_headers) = (&stream[first_part..], Vec::new(), Vec::new());
    while rest.starts_with(&SOT) {
        let length = u32::from_be_bytes(rest[6..10].try_into().unwrap());
        let (part, after) = rest.split_at(usize::try_from(length).unwrap());
        rest = after;
        let data = find(part, &SOD).unwrap() + SOD.len();
        let (mut header, mut packets) = (part[..data - SOD.len()].to_vec(), &part[data..]);
        let (mut headers, mut bodies) = (Vec::new(), Vec::new());
        while !packets.is_empty() {
            let (start, packet) = packets.split_at(SOP.len() + 2);
            let body = find(packet, &EPH).unwrap() + EPH.len();
            let end = find(packet, &SOP).unwrap_or(packet.len());
            headers.extend(&packet[..body]);
            bodies.extend(start);
            bodies.extend(&packet[body..end]);
            packets = &packet[end..];
        }
        // The parts of a tile are small enough for one segment each.
        let number = if place == Place::Tile { header[10] } else { 0 };
        if place == Place::Main {
            all_headers.extend(u32::try_from(headers.len()).unwrap().to_be_bytes());
            all_headers.extend(headers);
        } else {
            header.extend(segments(0x61, &headers, segment_bytes, number));
        }
        header.extend(SOD);
        let length = u32::try_from(header.len() + bodies.len()).unwrap();
        header[6..10].copy_from_slice(&length.to_be_bytes());
        parts.extend([header, bodies].concat());
    }
    main.extend(segments(0x60, &all_headers, segment_bytes, 0));
    [main.as_slice(), &parts, rest].concat()
}

fn decode(stream: &[u8]) -> Result<Vec<u8>, model::PreviewFault> {
    let description = grey(COLUMNS, ROWS);
    decode_frame("1.2.840.10008.1.2.4.90", &description, stream, &Limits::default())
        .map(|frame| frame.bytes)
}

#[rstest]
fn headers_are_found_apart_from_their_packets(
    #[values(Place::Main, Place::Tile, Place::TilePart)] place: Place,
    #[values("", "-t 77,61 -n 4", "-t 77,61 -n 4 -TP R -p RLCP -r 20,5,1")] options: &str,
    #[values(3000, 65_000)] segment_bytes: usize,
) {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u8> = (0..ROWS)
        .flat_map(|row| {
            (0..COLUMNS).map(move |column| (row * 3 + column * 5 + row * column % 7) / 8)
        })
        .map(|level| level.to_le_bytes()[0])
        .collect();
    let header = format!("P5\n{COLUMNS} {ROWS}\n255\n");
    std::fs::write(folder.path().join("in.pgm"), [header.as_bytes(), &samples].concat()).unwrap();
    let mut arguments = vec!["-i", "in.pgm", "-o", "out.j2k", "-SOP", "-EPH"];
    arguments.extend(options.split_whitespace());
    if !run("opj_compress", &arguments, folder.path()) {
        return;
    }
    let stream =
        packed(&std::fs::read(folder.path().join("out.j2k")).unwrap(), place, segment_bytes);
    assert!(decode(&stream) == Ok(samples.clone()), "other samples than went in");
    std::fs::write(folder.path().join("packed.j2k"), &stream).unwrap();
    if place != Place::TilePart
        && run("opj_decompress", &["-i", "packed.j2k", "-o", "back.pgm"], folder.path())
    {
        let back = std::fs::read(folder.path().join("back.pgm")).unwrap();
        assert!(back.ends_with(&samples), "no valid stream");
    }
    // Without its last header the stream is damaged.
    let marker = if place == Place::Main { [0xFF, 0x60] } else { [0xFF, 0x61] };
    let start = find(&stream, &marker).unwrap();
    let length = usize::from(u16::from_be_bytes([stream[start + 2], stream[start + 3]])) + 2;
    let without = [&stream[..start], &stream[start + length..]].concat();
    assert!(decode(&without) != Ok(samples), "the headers were not needed");
}
