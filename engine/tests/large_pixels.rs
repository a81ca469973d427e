//! Pixels that have a place in one element as they are stored, and none when they are decoded.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Cursor, Read as _};

use engine::{Options, PackageRequest, Source, TransferSyntaxPolicy, Unwatched, pack};
use part10::{END_OF_FRAGMENTS, Frames, Instance, Limits, PixelDescription};
use render::{Bitmap, Channels, encode_jpeg};

const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const SIDE: u16 = 2048;
/// With the two samples a pixel of `YBR_FULL_422` 2.9 GB, with the three of RGB 4.4 GB.
const FRAMES: u32 = 350;

fn element(tag: (u16, u16), vr: &str, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    value.resize(value.len().next_multiple_of(2), if vr == "UI" { 0 } else { b' ' });
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    [&tag.0.to_le_bytes()[..], &tag.1.to_le_bytes(), vr.as_bytes(), &length, &value].concat()
}

fn item(value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_le_bytes();
    [&[0xFE, 0xFF, 0x00, 0xE0][..], &length, value].concat()
}

/// The same frame again and again.
fn cine() -> Vec<u8> {
    let pixels = vec![90; usize::from(SIDE) * usize::from(SIDE) * 3];
    let bitmap = Bitmap::new(SIDE, SIDE, Channels::Rgb, pixels).unwrap();
    let mut frame = Vec::new();
    encode_jpeg(&bitmap, &mut frame).unwrap();
    frame.resize(frame.len().next_multiple_of(2), 0);
    let number = |value: u16| value.to_le_bytes();
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    for part in [
        element((0x0002, 0x0010), "UI", JPEG_BASELINE.as_bytes()),
        element((0x0008, 0x0016), "UI", b"1.2.840.10008.5.1.4.1.1.7.4"),
        element((0x0008, 0x0018), "UI", b"1.2.3"),
        element((0x0010, 0x0010), "PN", b"ROSSI^MARIA TEST"),
        element((0x0010, 0x0020), "LO", b"TEST1"),
        element((0x0020, 0x000D), "UI", b"1.2"),
        element((0x0020, 0x000E), "UI", b"1.2.1"),
        element((0x0028, 0x0002), "US", &number(3)),
        element((0x0028, 0x0004), "CS", b"YBR_FULL_422"),
        element((0x0028, 0x0006), "US", &number(0)),
        element((0x0028, 0x0008), "IS", FRAMES.to_string().as_bytes()),
        element((0x0028, 0x0010), "US", &number(SIDE)),
        element((0x0028, 0x0011), "US", &number(SIDE)),
        element((0x0028, 0x0100), "US", &number(8)),
        element((0x0028, 0x0101), "US", &number(8)),
        element((0x0028, 0x0102), "US", &number(7)),
        element((0x0028, 0x0103), "US", &number(0)),
    ] {
        bytes.extend(part);
    }
    bytes.extend([0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    bytes.extend(item(&[]));
    for _ in 0..FRAMES {
        bytes.extend(item(&frame));
    }
    bytes.extend(END_OF_FRAGMENTS);
    bytes
}

#[test]
fn pixels_over_4_gib_when_decoded_stay_compressed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cine"), cine()).unwrap();
    let options = Options {
        transfer_syntax: TransferSyntaxPolicy::Uncompressed,
        previews_per_instance: 1,
        viewer: false,
        ..Options::default()
    };
    let request = PackageRequest {
        source: Source::Folder { folder: folder.path().to_owned(), studies: Vec::new() },
        options,
    };
    let mut zip = Vec::new();
    let report = pack(&request, &mut zip, &mut Unwatched).unwrap();
    assert_eq!(report.counts.received, 1);
    let mut read = zip::ZipArchive::new(Cursor::new(&zip)).unwrap();
    let at = (0..read.len())
        .find(|at| read.by_index(*at).unwrap().name().unwrap().ends_with("/IM000001"))
        .unwrap();
    let mut bytes = Vec::new();
    read.by_index(at).unwrap().read_to_end(&mut bytes).unwrap();
    let mut instance = Instance::from_bytes(bytes, &Limits::default()).unwrap();
    assert_eq!(instance.transfer_syntax().uid(), JPEG_BASELINE);
    let description = PixelDescription::read(&instance.dataset()).unwrap();
    assert_eq!(Frames::locate(&mut instance, &description).unwrap().count(), FRAMES);
}
