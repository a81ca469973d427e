//! What a ZIP entry costs: deflate, CRC-32, the writer itself.
//!
//! Floors in the same run: copying the same bytes, and the `zip` crate's writer storing them.
//! Run: `cargo bench --bench zip`.
#![expect(clippy::unwrap_used, reason = "without its input a bench has nothing to measure")]
#![expect(clippy::print_stdout, reason = "the ratio is half of the result")]

use std::io::{self, Write};

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use fixtures::Options;
use zip::write::SimpleFileOptions;
use zipstream::{DosDateTime, PreparedEntry, Search, ZipStream, deflate, deflate_chunk, store};

/// Studies of the three sorts of pixels: 16-bit grey, 12-bit grey of many frames, RGB.
const STUDIES: [&str; 3] = ["ct", "tomo", "us"];
const CHUNK_BYTES: usize = 1 << 20;

fn main() {
    for study in STUDIES {
        print_ratios(study);
    }
    divan::main();
}

/// The files of a study, a few slices or frames of it.
fn files(study: &str) -> Vec<Vec<u8>> {
    let options = Options { slices: Some(12), ..Options::default() };
    let files = fixtures::recipe(study, &options).unwrap();
    files.iter().map(|file| file.bytes().unwrap()).collect()
}

fn total(files: &[Vec<u8>]) -> BytesCount {
    BytesCount::new(files.iter().map(Vec::len).sum::<usize>())
}

/// Compressed/original of each way to compress; the speed stands in the table of divan.
fn print_ratios(study: &str) {
    let files = files(study);
    let original: usize = files.iter().map(Vec::len).sum();
    for search in [Search::FourBytes, Search::ThreeBytes] {
        let whole: u64 =
            files.iter().map(|file| deflate(search, &[file]).facts().compressed_bytes).sum();
        let chunked: u64 =
            files.iter().map(|file| chunked(search, file).facts().compressed_bytes).sum();
        let thousandths = |bytes: u64| bytes * 1_000 / u64::try_from(original).unwrap();
        println!(
            "{study}, {search:?}: {} thousandths whole, {} in chunks",
            thousandths(whole),
            thousandths(chunked)
        );
    }
}

fn chunked(search: Search, file: &[u8]) -> PreparedEntry {
    PreparedEntry::from_chunks(file.chunks(CHUNK_BYTES).map(|piece| deflate_chunk(search, piece)))
}

#[divan::bench(args = STUDIES, sample_count = 10)]
fn deflate_four_bytes(bencher: Bencher<'_, '_>, study: &str) {
    bench_files(bencher, study, |file| deflate(Search::FourBytes, &[file]));
}

#[divan::bench(args = STUDIES, sample_count = 10)]
fn deflate_three_bytes(bencher: Bencher<'_, '_>, study: &str) {
    bench_files(bencher, study, |file| deflate(Search::ThreeBytes, &[file]));
}

#[divan::bench(args = STUDIES, sample_count = 10)]
fn deflate_in_chunks(bencher: Bencher<'_, '_>, study: &str) {
    bench_files(bencher, study, |file| chunked(Search::FourBytes, file));
}

#[divan::bench(args = STUDIES, sample_count = 10)]
fn crc32(bencher: Bencher<'_, '_>, study: &str) {
    bench_files(bencher, study, crc32fast::hash);
}

#[divan::bench(args = STUDIES, sample_count = 10)]
fn floor_copy(bencher: Bencher<'_, '_>, study: &str) {
    bench_files(bencher, study, <[u8]>::to_vec);
}

fn bench_files<T>(bencher: Bencher<'_, '_>, study: &str, work: impl Fn(&[u8]) -> T + Sync) {
    let files = files(study);
    bencher.counter(total(&files)).bench(|| {
        for file in &files {
            black_box(work(black_box(file)));
        }
    });
}

/// The writer alone: 1 000 prepared entries of 4 KiB to a sink that forgets them.
#[divan::bench(sample_count = 10)]
fn write_prepared_entries(bencher: Bencher<'_, '_>) {
    let entry = store(vec![7; 4_096]);
    bencher.counter(BytesCount::new(4_096_000_usize)).bench(|| {
        let mut zip = ZipStream::new(io::sink());
        for number in 0..1_000 {
            let path = format!("STUDIES/ST000001/IM{number:06}");
            zip.write_entry(&path, DosDateTime::EARLIEST, black_box(&entry)).unwrap();
        }
        zip.finish().unwrap();
    });
}

/// The floor of the writer: the same entries stored by the `zip` crate, which hashes them too.
#[divan::bench(sample_count = 10)]
fn floor_zip_crate(bencher: Bencher<'_, '_>) {
    let content = vec![7; 4_096];
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    bencher.counter(BytesCount::new(4_096_000_usize)).bench(|| {
        let mut zip = zip::ZipWriter::new_stream(io::sink());
        for number in 0..1_000 {
            zip.start_file(format!("STUDIES/ST000001/IM{number:06}"), options).unwrap();
            zip.write_all(black_box(&content)).unwrap();
        }
        zip.finish().unwrap();
    });
}
