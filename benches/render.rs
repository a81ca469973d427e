//! What a preview of native pixels costs: the grey levels, the JPEG.
//!
//! Floor in the same run: copying the native frame. Decoding is in `codecs.rs`.
//! Run: `cargo bench --bench render`.
#![expect(clippy::unwrap_used, reason = "without its input a bench has nothing to measure")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use fixtures::Options;
use part10::{Frames, Instance, PixelDescription};
use render::{Bitmap, Limits, LutCache, Rendering, encode_jpeg};

fn main() {
    divan::main();
}

/// The first frame of an instance as stored, and what is needed to show it.
struct Stored {
    instance: Instance,
    description: PixelDescription,
    frame: Vec<u8>,
}

impl Stored {
    fn open(mut instance: Instance) -> Self {
        let description = PixelDescription::read(&instance.dataset()).unwrap();
        let frames = Frames::locate(&mut instance, &description).unwrap();
        let mut frame = Vec::new();
        frames.read(&mut instance, 0, &mut frame).unwrap();
        Self { instance, description, frame }
    }

    /// The first instance of a fixture study.
    fn fixture(study: &str) -> Self {
        let options = Options { slices: Some(1), ..Options::default() };
        let files = fixtures::recipe(study, &options).unwrap();
        let bytes = files.first().unwrap().bytes().unwrap();
        Self::open(Instance::from_bytes(bytes, &part10::Limits::default()).unwrap())
    }

    fn rendering(&self, cache: &LutCache) -> Rendering {
        let dataset = self.instance.dataset();
        Rendering::prepare(&dataset, &self.description, cache, &Limits::default()).unwrap()
    }

    fn bitmap(&self) -> Bitmap {
        self.rendering(&LutCache::default()).frame(0, &self.frame).unwrap()
    }

    fn native_bytes(&self) -> BytesCount {
        BytesCount::new(self.description.frame_bytes())
    }
}

/// Studies of 16-bit grey and of RGB.
const STUDIES: [&str; 3] = ["ct", "cr", "us"];

#[divan::bench(args = STUDIES)]
fn floor_copy(bencher: Bencher<'_, '_>, study: &str) {
    let stored = Stored::fixture(study);
    bencher.counter(stored.native_bytes()).bench_local(|| black_box(&stored.frame).clone());
}

/// Grey levels with the table of the series at hand.
#[divan::bench(args = STUDIES)]
fn levels(bencher: Bencher<'_, '_>, study: &str) {
    let stored = Stored::fixture(study);
    let cache = LutCache::default();
    let rendering = stored.rendering(&cache);
    bencher
        .counter(stored.native_bytes())
        .bench_local(|| rendering.frame(0, black_box(&stored.frame)).unwrap());
}

/// Grey levels where the window is another one for each slice.
#[divan::bench(args = STUDIES)]
fn levels_with_new_table(bencher: Bencher<'_, '_>, study: &str) {
    let stored = Stored::fixture(study);
    bencher.counter(stored.native_bytes()).bench_local(|| {
        let rendering = stored.rendering(&LutCache::default());
        rendering.frame(0, black_box(&stored.frame)).unwrap()
    });
}

#[divan::bench(args = STUDIES)]
fn jpeg(bencher: Bencher<'_, '_>, study: &str) {
    let stored = Stored::fixture(study);
    let bitmap = stored.bitmap();
    let mut jpeg = Vec::new();
    bencher
        .counter(stored.native_bytes())
        .bench_local(|| encode_jpeg(black_box(&bitmap), &mut jpeg).unwrap());
}

/// All that a preview of an uncompressed slice costs, its instance parsed.
#[divan::bench(args = STUDIES)]
fn preview(bencher: Bencher<'_, '_>, study: &str) {
    let stored = Stored::fixture(study);
    let cache = LutCache::default();
    let mut jpeg = Vec::new();
    bencher.counter(stored.native_bytes()).bench_local(|| {
        let bitmap = stored.rendering(&cache).frame(0, black_box(&stored.frame)).unwrap();
        encode_jpeg(&bitmap, &mut jpeg).unwrap();
    });
}

#[divan::bench(args = STUDIES)]
fn thumbnail(bencher: Bencher<'_, '_>, study: &str) {
    let stored = Stored::fixture(study);
    let bitmap = stored.bitmap();
    let longest = 160.try_into().unwrap();
    bencher
        .counter(stored.native_bytes())
        .bench_local(|| black_box(&bitmap).thumbnail(longest, 1.0));
}
