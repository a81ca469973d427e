//! Writes the first inputs of each target, made of the fixtures: `seeds FOLDER` fills one folder a target.

use std::error::Error;
use std::fs;
use std::path::Path;

use dicom_core::Tag;
use fixtures::{FixtureFile, Options, Syntax, recipe, recipes};
use fuzz::input::describe;
use fuzz::{DEFLATED, FILE_LIMITS, JPEG, JPEG_2000, JPEG_LS, RLE, TARGETS};
use part10::{Dataset, Frames, Instance, PixelDescription};

const SMALL: Options = Options { slices: Some(2), rows: Some(48), syntax: None, seed: 0 };
/// Larger inputs slow every run and say nothing that small ones do not.
const MOST_BYTES: usize = 64 << 10;
const ENCAPSULATED_DOCUMENT: Tag = Tag(0x0042, 0x0011);
/// Streams of other people's encoders, which the fixtures cannot write.
const STREAMS: &str = include_str!("../../../engine/crates/render/tests/streams.txt");

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: seeds FOLDER")?;
    let mut seeds = Seeds { folder: folder.into(), count: 0 };
    for (target, _) in TARGETS {
        fs::create_dir_all(seeds.folder.join(target))?;
    }
    for recipe_of in recipes() {
        let syntaxes = [
            None,
            Some(Syntax::Implicit),
            Some(Syntax::BigEndian),
            Some(Syntax::Deflated),
            Some(Syntax::Rle),
            Some(Syntax::JpegBaseline),
            Some(Syntax::JpegLossless),
        ];
        for syntax in syntaxes {
            let Ok(files) = recipe(recipe_of.name, &Options { syntax, ..SMALL }) else { continue };
            seeds.of_study(&files)?;
        }
    }
    seeds.of_streams()?;
    println!("{} seeds", seeds.count);
    Ok(())
}

struct Seeds {
    folder: std::path::PathBuf,
    count: u32,
}

impl Seeds {
    fn add(&mut self, target: &str, bytes: &[u8]) -> std::io::Result<()> {
        if bytes.len() > MOST_BYTES {
            return Ok(());
        }
        self.count += 1;
        let name = format!("seed{:05}", self.count);
        fs::write(Path::new(&self.folder).join(target).join(name), bytes)
    }

    /// The files of a study, at most three of them, since more are alike.
    fn of_study(&mut self, files: &[FixtureFile]) -> Result<(), Box<dyn Error>> {
        let mut file_set = Vec::new();
        for file in files.iter().take(3) {
            let bytes = file.bytes()?;
            self.add("file", &bytes)?;
            self.add("directory", &bytes)?;
            let Ok(mut instance) = Instance::from_bytes(bytes, &FILE_LIMITS) else { continue };
            let elements = elements(&instance.dataset(), |_| true);
            self.add("report", &[&[4][..], &elements].concat())?;
            if let Some(document) = instance.dataset().element(ENCAPSULATED_DOCUMENT) {
                self.add("clinical_document", document.value)?;
            }
            if let Ok(length) = u16::try_from(elements.len()) {
                let flags = if instance.pixels().is_some() { 4 } else { 0 };
                file_set.push(flags);
                file_set.extend(length.to_le_bytes());
                file_set.extend(elements);
            }
            self.of_frame(&mut instance)?;
        }
        self.add("file_set", &file_set)?;
        Ok(())
    }

    fn of_frame(&mut self, instance: &mut Instance) -> Result<(), Box<dyn Error>> {
        let Ok(description) = PixelDescription::read(&instance.dataset()) else { return Ok(()) };
        let Ok(frames) = Frames::locate(instance, &description) else { return Ok(()) };
        let mut frame = Vec::new();
        frames.read(instance, 0, &mut frame)?;
        let described = describe(&description);
        if frames.fragments().is_some() {
            let syntax = instance.transfer_syntax().uid().to_owned();
            return Ok(self.of_stream(&syntax, &described, &frame)?);
        }
        let shown = elements(&instance.dataset(), |tag| {
            matches!(tag.0, 0x28 | 0x3004 | 0x5200 | 0x6000..0x7000)
        });
        let length = u16::try_from(shown.len()).unwrap_or(0);
        frame.truncate(4096);
        let shown = shown.get(..length.into()).unwrap_or_default();
        Ok(self
            .add("rendering", &[&described, &length.to_le_bytes()[..], shown, &frame].concat())?)
    }

    fn of_stream(&mut self, syntax: &str, described: &[u8], frame: &[u8]) -> std::io::Result<()> {
        let targets = [
            ("frame_rle", RLE),
            ("frame_jpeg", JPEG),
            ("frame_jpeg_ls", JPEG_LS),
            ("frame_jpeg_2000", JPEG_2000),
            ("frame_deflated", DEFLATED),
        ];
        for (target, syntaxes) in targets {
            if let Some(at) =
                (0..).zip(syntaxes).find_map(|(at, known)| (known == &syntax).then_some(at))
            {
                self.add(target, &[&[at], described, frame].concat())?;
            }
        }
        Ok(())
    }

    /// The streams that the tests of `render` hold, described as they are there.
    fn of_streams(&mut self) -> Result<(), Box<dyn Error>> {
        for line in STREAMS.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, digits)) = line.split_once(' ') else { continue };
            let stream: Vec<u8> = (0..digits.len() / 2)
                .filter_map(|at| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok())
                .collect();
            for syntax in [JPEG, JPEG_LS, JPEG_2000].concat() {
                for (rows, columns) in [(11, 13), (32, 33)] {
                    for (bits, samples, term) in [(12, 1, 0), (16, 1, 0), (8, 1, 2), (8, 3, 7)] {
                        let description = [
                            rows,
                            0,
                            columns,
                            0,
                            samples / 3,
                            u8::from(bits > 8),
                            bits - 1,
                            bits - 1,
                            term,
                            0,
                        ];
                        if name.starts_with("JPEG_2000") == JPEG_2000.contains(&syntax) {
                            self.of_stream(syntax, &description, &stream)?;
                        }
                    }
                }
            }
        }
        let deflated = [0x4B, 0x4C, 0x4A, 0x06, 0x00];
        self.of_stream(DEFLATED[0], &[1, 0, 3, 0, 0, 0, 7, 7, 0, 0], &deflated)?;
        Ok(())
    }
}

/// Some elements of a data set, in Explicit VR Little Endian.
fn elements(dataset: &Dataset<'_>, wanted: impl Fn(Tag) -> bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for element in dataset.elements().filter(|element| wanted(element.tag)) {
        if element.value.len() > 4096 {
            continue;
        }
        bytes.extend(element.tag.0.to_le_bytes());
        bytes.extend(element.tag.1.to_le_bytes());
        bytes.extend(element.vr.to_string().as_bytes());
        if part10::has_long_length(element.vr) {
            bytes.extend([0, 0]);
            bytes.extend((element.value.len() as u32).to_le_bytes());
        } else {
            bytes.extend((element.value.len() as u16).to_le_bytes());
        }
        bytes.extend(element.value);
    }
    bytes
}
