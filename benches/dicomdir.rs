//! What the directory costs: the record of each CT slice, and the file at the end.
//!
//! The floor is copying the bytes of the finished file. Run: `cargo bench --bench dicomdir`.
#![expect(clippy::unwrap_used, reason = "without its input a bench has nothing to measure")]

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use fixtures::Options;
use media::dicomdir::{Added, Dicomdir, Fallbacks, ReferencedFile};
use media::layout::Layout;
use media::numbering::Numbering;
use model::FileId;
use part10::{EXPLICIT_VR_LITTLE_ENDIAN, Instance, Limits};

const SLICES: [u32; 2] = [300, 6_000];

fn main() {
    divan::main();
}

/// A CT series, opened, with the places of its slices.
struct Study(Vec<(Instance, FileId)>);

impl Study {
    fn new(slices: u32) -> Self {
        let options = Options { slices: Some(slices), rows: Some(48), ..Options::default() };
        let mut numbering = Numbering::default();
        let files = fixtures::recipe("ct", &options).unwrap();
        let open = |file: &fixtures::FixtureFile| {
            let instance = Instance::from_bytes(file.bytes().unwrap(), &Limits::default()).unwrap();
            let identity = instance.identity();
            let place = numbering.place(&identity.study, &identity.series).unwrap();
            (instance, Layout::Reference.file_id(&place))
        };
        Self(files.iter().map(open).collect())
    }

    fn directory(&self) -> Dicomdir {
        let mut dicomdir = Dicomdir::new(Fallbacks::default());
        for (instance, file_id) in &self.0 {
            let added = add(&mut dicomdir, instance, file_id);
            assert!(added.changes.is_empty(), "the fixture needs no stand-ins");
        }
        dicomdir
    }
}

fn add(dicomdir: &mut Dicomdir, instance: &Instance, file_id: &FileId) -> Added {
    let file = ReferencedFile {
        identity: instance.identity(),
        dataset: &instance.dataset(),
        has_pixel_data: true,
        file_id,
        transfer_syntax: EXPLICIT_VR_LITTLE_ENDIAN,
    };
    dicomdir.add(&file).unwrap()
}

fn finish(dicomdir: Dicomdir) -> Vec<u8> {
    dicomdir.finish(&"2.25.1".parse().unwrap(), &"PDI".parse().unwrap()).unwrap()
}

#[divan::bench(args = SLICES)]
fn records(bencher: Bencher<'_, '_>, slices: u32) {
    let study = Study::new(slices);
    bencher.counter(ItemsCount::new(slices)).bench_local(|| black_box(&study).directory());
}

#[divan::bench(args = SLICES)]
fn file(bencher: Bencher<'_, '_>, slices: u32) {
    let study = Study::new(slices);
    let bytes = finish(study.directory()).len();
    bencher
        .counter(ItemsCount::new(slices))
        .counter(BytesCount::new(bytes))
        .with_inputs(|| study.directory())
        .bench_local_values(finish);
}

#[divan::bench(args = SLICES)]
fn floor_copying_the_file(bencher: Bencher<'_, '_>, slices: u32) {
    let file = finish(Study::new(slices).directory());
    bencher
        .counter(ItemsCount::new(slices))
        .counter(BytesCount::new(file.len()))
        .bench_local(|| black_box(&file).clone());
}
