//! A document larger than a quarter of the budget is packaged, and nothing waits for itself.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use engine::{Options, PackageRequest, Source, Unwatched, pack};
use fixtures::instance_bytes;

/// Encapsulated Document (0042,0011) as OB, up to its length.
const DOCUMENT: &[u8] = b"\x42\x00\x11\x00OB\0\0";

/// The fixture with another document in it.
fn with_document(document: &[u8]) -> Vec<u8> {
    let bytes = instance_bytes("pdf", 0, &fixtures::Options::default()).unwrap();
    let at = bytes.windows(DOCUMENT.len()).position(|window| window == DOCUMENT).unwrap();
    let (before, rest) = bytes.split_at(at + DOCUMENT.len());
    let (length, rest) = rest.split_first_chunk().unwrap();
    let (_, after) = rest.split_at(usize::try_from(u32::from_le_bytes(*length)).unwrap());
    let length = u32::try_from(document.len()).unwrap().to_le_bytes();
    [before, &length, document, after].concat()
}

#[test]
fn twenty_mib_of_pdf_are_packaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut document = b"%PDF-1.4\n".to_vec();
    document.resize(20 << 20, b' ');
    std::fs::write(folder.path().join("pdf"), with_document(&document)).unwrap();
    let options = Options { budget_bytes: 32 << 20, ..Options::default() };
    let request = PackageRequest {
        source: Source::Folder { folder: folder.path().to_owned(), studies: Vec::new() },
        options,
    };
    let (done, waits) = sync_channel(1);
    std::thread::spawn(move || {
        let report = pack(&request, io::sink(), &mut Unwatched);
        done.send(report.map(|report| report.counts.received)).unwrap();
    });
    let received = waits.recv_timeout(Duration::from_mins(1)).expect("no end").unwrap();
    assert_eq!(received, 1);
}
