//! What we write is read by readers that are not ours: a ZIP only our own code reads proves little.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use zipstream::{
    DeflateSpool, DeflatedChunk, DosDateTime, PreparedEntry, Search, StoreSpool, ZipStream,
    deflate, deflate_chunk, store, store_parts,
};

#[path = "../../../../tests/support/optional.rs"]
mod optional;

/// Prints every name, its external mode and the CRC-32 that Python computes itself.
const PYTHON_LISTING: &str = r"
import sys, zipfile, zlib
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    for info in archive.infolist():
        assert info.flag_bits == 0 and info.external_attr >> 16 == 0o100644, info
        crc = 0
        with archive.open(info) as body:
            while piece := body.read(1 << 20):
                crc = zlib.crc32(piece, crc)
        print(info.filename, info.file_size, crc, *info.date_time)
";

/// Reads every entry front to back from a pipe, from the local headers alone.
const PYTHON_SEQUENTIAL: &str = r#"
import struct, sys, zlib
pipe, entries = sys.stdin.buffer, 0
while (signature := pipe.read(4)) == b"PK\3\4":
    needed, flags, method, _, _, crc, packed, size, name, extra = struct.unpack("<HHHHHLLLHH", pipe.read(26))
    assert flags == 0
    pipe.read(name + extra)
    body = pipe.read(packed)
    body = zlib.decompress(body, -15) if method == 8 else body
    assert len(body) == size and zlib.crc32(body) == crc
    entries += 1
assert signature == b"PK\1\2", signature
print(entries)
"#;

fn modified() -> DosDateTime {
    DosDateTime::new(2026, 11, 23, 16, 47, 34).unwrap()
}

/// Entries of every kind: path, bytes, prepared entry or spool.
fn sample(directory: &Path) -> (Vec<u8>, Vec<(&'static str, Vec<u8>)>) {
    let text = b"ROSSI^MARIA TEST\r\n".repeat(5_000);
    let noise: Vec<u8> = noise(70_000);
    let mut zip = ZipStream::new(Vec::new());

    zip.write_entry("pkg/text.txt", modified(), &deflate(Search::ThreeBytes, &[&text])).unwrap();
    zip.write_entry("pkg/a/stored.jpg", modified(), &store(noise.clone())).unwrap();
    let (head, tail) = noise.split_at(1_000);
    let parts = store_parts(vec![head.to_vec(), tail.to_vec()]);
    zip.write_entry("pkg/a/parts.dcm", modified(), &parts).unwrap();
    zip.write_entry("pkg/a/noise", modified(), &deflate(Search::FourBytes, &[&noise])).unwrap();
    zip.write_entry("pkg/empty", modified(), &store(Vec::new())).unwrap();
    let chunks = PreparedEntry::from_chunks(text.chunks(9_999).map(chunk));
    zip.write_entry("pkg/b/chunks", modified(), &chunks).unwrap();

    let mut spool = DeflateSpool::new_in(directory).unwrap();
    for piece in text.chunks(10_007) {
        spool.push(&chunk(piece)).unwrap();
    }
    zip.write_spooled("pkg/b/spooled", modified(), spool.finish().unwrap()).unwrap();
    let mut spool = StoreSpool::new_in(directory).unwrap();
    io::copy(&mut &noise[..], &mut spool).unwrap();
    zip.write_spooled("pkg/b/video.mpg", modified(), spool.finish()).unwrap();

    let bytes = zip.finish().unwrap();
    let expected = vec![
        ("pkg/text.txt", text.clone()),
        ("pkg/a/stored.jpg", noise.clone()),
        ("pkg/a/parts.dcm", noise.clone()),
        ("pkg/a/noise", noise.clone()),
        ("pkg/empty", Vec::new()),
        ("pkg/b/chunks", text.clone()),
        ("pkg/b/spooled", text),
        ("pkg/b/video.mpg", noise),
    ];
    (bytes, expected)
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(step).take(bytes).collect()
}

fn chunk(piece: &[u8]) -> DeflatedChunk {
    deflate_chunk(Search::FourBytes, piece)
}

/// Runs a reader; `None`, with a notice, when it is not installed.
fn run(program: &str, arguments: &[&str], input: &[u8]) -> Option<String> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            optional::leave_out(&format!("{program} is not installed"));
            return None;
        }
        Err(error) => panic!("{program}: {error}"),
    };
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        // A reader may close its input early; what it says then decides.
        scope.spawn(move || stdin.write_all(input).is_ok());
        child.wait_with_output().unwrap()
    });
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}{complaint}");
    Some(text)
}

#[test]
fn the_zip_crate_reads_every_kind_of_entry_back() {
    let directory = tempfile::tempdir().unwrap();
    let (bytes, expected) = sample(directory.path());
    let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
    assert_eq!(archive.len(), expected.len());
    for (at, (path, content)) in expected.iter().enumerate() {
        let mut entry = archive.by_index(at).unwrap();
        let mut read = Vec::new();
        entry.read_to_end(&mut read).unwrap();
        assert_eq!(entry.name().unwrap(), *path);
        assert_eq!(&read, content);
        assert_eq!(entry.unix_mode(), Some(0o100_644));
    }
}

#[test]
fn unzip_and_7z_and_bsdtar_find_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    let (bytes, expected) = sample(directory.path());
    let path = directory.path().join("sample.zip");
    std::fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    if let Some(said) = run("unzip", &["-t", path], b"") {
        assert!(said.contains("No errors detected"), "{said}");
    }
    if let Some(said) = run("unzip", &["-Z", path], b"") {
        assert_eq!(said.matches("-rw-r--r--").count(), expected.len(), "{said}");
        assert!(!said.contains("?rw"), "{said}");
    }
    if let Some(said) = run("7z", &["t", path], b"") {
        assert!(said.contains("Everything is Ok") && !said.contains("Warn"), "{said}");
    }
    if let Some(said) = run("bsdtar", &["-tf", path], b"") {
        assert_eq!(said.lines().count(), expected.len());
    }
}

#[test]
fn unzip_unpacks_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let (bytes, expected) = sample(directory.path());
    let path = directory.path().join("sample.zip");
    std::fs::write(&path, bytes).unwrap();
    let unpacked = directory.path().join("unpacked");
    let arguments = ["-q", path.to_str().unwrap(), "-d", unpacked.to_str().unwrap()];
    if run("unzip", &arguments, b"").is_some() {
        for (path, content) in expected {
            assert_eq!(std::fs::read(unpacked.join(path)).unwrap(), content, "{path}");
        }
    }
}

#[test]
fn python_lists_the_same_names_sizes_checksums_and_times() {
    let directory = tempfile::tempdir().unwrap();
    let (bytes, expected) = sample(directory.path());
    let path = directory.path().join("sample.zip");
    std::fs::write(&path, bytes).unwrap();
    let listing = run("python3", &["-c", PYTHON_LISTING, path.to_str().unwrap()], b"");
    if let Some(listing) = listing {
        let expected: Vec<String> = expected
            .iter()
            .map(|(path, content)| {
                let crc32 = crc32fast::hash(content);
                format!("{path} {} {crc32} 2026 11 23 16 47 34", content.len())
            })
            .collect();
        assert_eq!(listing.lines().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_reader_on_a_pipe_needs_no_central_directory() {
    let directory = tempfile::tempdir().unwrap();
    let (bytes, expected) = sample(directory.path());
    if let Some(entries) = run("python3", &["-c", PYTHON_SEQUENTIAL], &bytes) {
        assert_eq!(entries.trim(), expected.len().to_string());
    }
    // libarchive reads a pipe front to back too.
    if let Some(names) = run("bsdtar", &["-tf", "-"], &bytes) {
        assert_eq!(names.lines().count(), expected.len());
    }
}

#[test]
fn placements_say_where_each_body_lies() {
    let mut zip = ZipStream::new(Vec::new());
    let bodies = [&b"first"[..], b"second"];
    let places = ["a", "folder/b"].into_iter().zip(bodies).map(|(path, body)| {
        (zip.write_entry(path, modified(), &store(body.to_vec())).unwrap(), body)
    });
    let places: Vec<_> = places.collect();
    let end_of_entries = zip.bytes_written();
    let bytes = zip.finish().unwrap();
    for (place, body) in places {
        let header = usize::try_from(place.header_offset).unwrap();
        let start = usize::try_from(place.body_offset).unwrap();
        assert_eq!(&bytes[header..header + 4], b"PK\x03\x04");
        assert_eq!(&bytes[start..start + body.len()], body);
    }
    let central = usize::try_from(end_of_entries).unwrap();
    assert_eq!(&bytes[central..central + 4], b"PK\x01\x02");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_entry_set_reads_back_equal(
        entries in proptest::collection::btree_map(
            "[a-z0-9_]{1,8}(/[a-z0-9_]{1,8}){0,2}\\.[a-z]{3}",
            (proptest::collection::vec(0_u8..4, 0..3_000), 0_u8..4),
            0..12,
        )
    ) {
        let mut zip = ZipStream::new(Vec::new());
        for (path, (content, kind)) in &entries {
            let prepared = match kind {
                0 => store(content.clone()),
                1 => deflate(Search::FourBytes, &content.chunks(700).collect::<Vec<_>>()),
                2 => deflate(Search::ThreeBytes, &[content]),
                _ => PreparedEntry::from_chunks(content.chunks(700).map(chunk)),
            };
            zip.write_entry(path, modified(), &prepared).unwrap();
        }
        let bytes = zip.finish().unwrap();
        let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        prop_assert_eq!(archive.len(), entries.len());
        for (path, (content, _)) in &entries {
            let mut read = Vec::new();
            archive.by_name(path).unwrap().read_to_end(&mut read).unwrap();
            prop_assert_eq!(&read, content);
        }
    }
}
