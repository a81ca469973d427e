//! Whole packages, beside what no package of these files can do without: reading them, compressing
//! their bytes once, and coding one JPEG a slice.
//!
//! Run: `cargo bench --bench packaging`.
#![expect(clippy::expect_used, reason = "without its input a bench has nothing to measure")]

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::BytesCount;
use engine::{Options, PackageRequest, Source, Unwatched, pack};
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// A fixture study on disk, written once.
struct Study {
    folder: TempDir,
    bytes: u64,
}

impl Study {
    fn write(name: &str, slices: u32) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let options = fixtures::Options { slices: Some(slices), ..fixtures::Options::default() };
        let summary =
            fixtures::write_study(name, &options, folder.path()).expect("a fixture study");
        Self { folder, bytes: summary.bytes }
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut pending = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = pending.pop() {
            for entry in folder.read_dir().expect("a folder").flatten() {
                let path = entry.path();
                if path.is_dir() { pending.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

static CT: LazyLock<Study> = LazyLock::new(|| Study::write("ct", 40));
static US: LazyLock<Study> = LazyLock::new(|| Study::write("us", 30));
static MG: LazyLock<Study> = LazyLock::new(|| Study::write("mg", 4));

fn package(folder: &Path, jobs: usize) {
    let options =
        Options { jobs: NonZeroUsize::new(jobs).expect("a thread"), ..Options::default() };
    let request = PackageRequest {
        source: Source::Folder { folder: folder.to_owned(), studies: Vec::new() },
        options,
    };
    let report = pack(&request, io::sink(), &mut Unwatched).expect("a package");
    assert!(report.is_complete());
}

#[divan::bench(args = [1, 2], sample_count = 10)]
fn ct_40_slices(bencher: Bencher<'_, '_>, jobs: usize) {
    bencher.counter(BytesCount::new(CT.bytes)).bench(|| package(CT.folder.path(), jobs));
}

#[divan::bench(args = [1, 2], sample_count = 10)]
fn us_30_frames(bencher: Bencher<'_, '_>, jobs: usize) {
    bencher.counter(BytesCount::new(US.bytes)).bench(|| package(US.folder.path(), jobs));
}

#[divan::bench(args = [1, 2], sample_count = 5)]
fn mg_4_views(bencher: Bencher<'_, '_>, jobs: usize) {
    bencher.counter(BytesCount::new(MG.bytes)).bench(|| package(MG.folder.path(), jobs));
}

/// The floor of `ct_40_slices` on one thread: each file read and compressed, nothing else.
#[divan::bench(sample_count = 10)]
fn floor_ct_read_and_deflate(bencher: Bencher<'_, '_>) {
    let files = CT.files();
    bencher.counter(BytesCount::new(CT.bytes)).bench(|| {
        for file in &files {
            let bytes = std::fs::read(file).expect("a fixture");
            divan::black_box(zipstream::deflate(zipstream::Search::FourBytes, &[&bytes]));
        }
    });
}

/// The floor of reading alone.
#[divan::bench(sample_count = 10)]
fn floor_ct_read(bencher: Bencher<'_, '_>) {
    let files = CT.files();
    bencher.counter(BytesCount::new(CT.bytes)).bench(|| {
        for file in &files {
            divan::black_box(std::fs::read(file).expect("a fixture"));
        }
    });
}
