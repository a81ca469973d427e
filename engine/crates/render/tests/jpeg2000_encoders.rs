//! JPEG 2000 and HTJ2K streams that `OpenJPEG` and `OpenJPH` write while the tests run: lossless ones
//! come out as they went in, lossy ones as the encoder's own decoder shows them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "support/programs.rs"]
mod programs;

use std::path::Path;

use part10::{Photometric, PixelDescription};
use programs::run;
use render::{Limits, decode_frame};
use rstest::rstest;

const JPEG_2000: &str = "1.2.840.10008.1.2.4.91";
const HTJ2K: &str = "1.2.840.10008.1.2.4.203";

/// Pixels by a formula: smooth, with an edge and texture.
#[derive(Debug, Clone, Copy)]
struct Image {
    columns: u16,
    rows: u16,
    components: u16,
    bits: u16,
    signed: bool,
    noise: bool,
}

const GREY: Image =
    Image { columns: 67, rows: 45, components: 1, bits: 12, signed: false, noise: false };
const COLOUR: Image = Image { columns: 200, rows: 150, components: 3, bits: 8, ..GREY };

impl Image {
    /// Bytes of a sample in a container.
    fn bytes(self) -> usize {
        if self.bits <= 8 { 1 } else { 2 }
    }

    /// Samples without sign, component beside component.
    fn samples(self) -> Vec<u32> {
        let highest = (1_u32 << self.bits) - 1;
        let mut noise = 1_u32;
        let mut samples = Vec::new();
        for row in 0..u32::from(self.rows) {
            for column in 0..u32::from(self.columns) {
                for component in 0..u32::from(self.components) {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let random = noise >> 16;
                    let smooth = (column * 5 + row * 3) * (component + 1) * (highest / 900 + 1) / 2;
                    let edge = if column > row + 20 { highest / 3 } else { 0 };
                    let texture = random % (highest / 100 + 2);
                    let level = if self.noise { random } else { smooth + edge + texture };
                    samples.push(if self.noise { level & highest } else { level.min(highest) });
                }
            }
        }
        samples
    }

    /// As native pixel data hold them.
    fn native(self) -> Vec<u8> {
        let middle = if self.signed { 1_u32 << (self.bits - 1) } else { 0 };
        let sample = |sample: &u32| {
            let bytes = sample.wrapping_sub(middle).to_le_bytes();
            bytes.into_iter().take(self.bytes())
        };
        self.samples().iter().flat_map(sample).collect()
    }

    fn description(self) -> PixelDescription {
        let photometric =
            if self.components == 3 { Photometric::Rgb } else { Photometric::Monochrome2 };
        PixelDescription {
            rows: self.rows,
            columns: self.columns,
            samples_per_pixel: self.components,
            bits_allocated: if self.bits <= 8 { 8 } else { 16 },
            bits_stored: self.bits,
            high_bit: self.bits - 1,
            signed: self.signed,
            photometric,
            planar: false,
            frames: 1,
        }
    }

    fn decoded(self, syntax: &str, stream: &Path) -> Vec<u8> {
        let stream = std::fs::read(stream).unwrap();
        decode_frame(syntax, &self.description(), &stream, &Limits::default()).unwrap().bytes
    }

    /// Samples of little-endian containers, of which the lowest `bits` count.
    fn values(self, bytes: &[u8], bits: usize) -> Vec<i64> {
        let samples = bytes.chunks(self.bytes()).map(|sample| {
            let value = sample.iter().rev().fold(0, |value, byte| value << 8 | i64::from(*byte));
            let unused = 64 - bits;
            if self.signed { value << unused >> unused } else { value }
        });
        samples.collect()
    }

    /// The largest difference of a native frame from what it should be.
    fn distance(self, native: &[u8], expected: &[i64]) -> i64 {
        let values = self.values(native, 8 * self.bytes());
        assert_eq!(values.len(), expected.len());
        values.iter().zip(expected).map(|(one, other)| (one - other).abs()).max().unwrap()
    }
}

/// Where SIZ tells depth and sign of the first component; the others follow every three bytes.
const SIZES: usize = 42;

/// Codes with `OpenJPEG`, component after component.
fn openjpeg(image: Image, options: &str, folder: &Path) -> bool {
    let native = image.native();
    let pixel = image.bytes() * usize::from(image.components);
    let planes = (0..usize::from(image.components)).flat_map(|component| {
        let start = component * image.bytes();
        native.chunks(pixel).flat_map(move |pixel| &pixel[start..start + image.bytes()])
    });
    std::fs::write(folder.join("in.rawl"), planes.copied().collect::<Vec<u8>>()).unwrap();
    let Image { columns, rows, components, bits, signed, .. } = image;
    let sign = if signed { 's' } else { 'u' };
    let format = format!("{columns},{rows},{components},{bits},{sign}");
    let mut arguments = vec!["-i", "in.rawl", "-o", "out.j2k", "-F", &format];
    arguments.extend(options.split_whitespace());
    run("opj_compress", &arguments, folder)
}

/// Codes with `OpenJPH`. It reads no negative samples: where the image is signed, the stream is told
/// so afterwards, which takes half the range off each sample (T.800 G.1).
fn openjph(image: Image, options: &str, folder: &Path) -> (bool, &'static str) {
    let kind = if image.components == 1 {
        ("5", "in.pgm", "back.pgm")
    } else {
        ("6", "in.ppm", "back.ppm")
    };
    let highest = (1_u32 << image.bits) - 1;
    let mut file =
        format!("P{}\n{} {}\n{highest}\n", kind.0, image.columns, image.rows).into_bytes();
    let skip = 4 - image.bytes();
    file.extend(
        image.samples().iter().flat_map(|sample| sample.to_be_bytes().into_iter().skip(skip)),
    );
    std::fs::write(folder.join(kind.1), file).unwrap();
    let mut arguments = vec!["-i", kind.1, "-o", "out.j2c"];
    arguments.extend(options.split_whitespace());
    let is_coded = run("ojph_compress", &arguments, folder);
    (is_coded, kind.2)
}

#[rstest]
#[case::bits_8(Image { bits: 8, ..GREY }, "")]
#[case::bits_8_signed(Image { bits: 8, signed: true, ..GREY }, "")]
#[case::bits_10(Image { bits: 10, ..GREY }, "")]
#[case::bits_12_signed(Image { signed: true, ..GREY }, "")]
#[case::bits_16(Image { bits: 16, ..GREY }, "")]
#[case::bits_16_signed(Image { bits: 16, signed: true, ..GREY }, "")]
#[case::noise_of_16_bits(Image { bits: 16, noise: true, ..GREY }, "")]
#[case::noise_of_16_bits_in_colour(Image { bits: 16, noise: true, components: 3, ..GREY }, "-mct 1")]
#[case::colour(COLOUR, "-mct 1")]
#[case::colour_untransformed(COLOUR, "-mct 0")]
#[case::four_components(Image { components: 4, ..COLOUR }, "-mct 0")]
#[case::layers_first(COLOUR, "-p LRCP -r 20,5,1 -c [64,64],[32,32]")]
#[case::resolutions_then_layers(COLOUR, "-p RLCP -r 20,5,1 -c [64,64],[32,32]")]
#[case::resolutions_then_places(COLOUR, "-p RPCL -r 20,5,1 -c [64,64],[32,32]")]
#[case::places_first(COLOUR, "-p PCRL -r 20,5,1 -c [64,64],[32,32]")]
#[case::components_first(COLOUR, "-p CPRL -r 20,5,1 -c [64,64],[32,32]")]
#[case::order_changes(COLOUR, "-n 6 -POC T0=0,0,1,3,3,RLCP/T0=3,0,1,6,3,CPRL")]
#[case::tiles(COLOUR, "-t 77,61 -r 10,1 -TP R")]
#[case::tiles_by_place(COLOUR, "-t 77,61 -p PCRL")]
#[case::one_resolution(GREY, "-n 1")]
#[case::three_resolutions(GREY, "-n 3")]
#[case::smallest_blocks(GREY, "-b 4,4")]
#[case::tall_blocks(GREY, "-b 4,1024")]
#[case::wide_blocks(GREY, "-b 1024,4")]
#[case::bypass(GREY, "-M 1")]
#[case::bypass_terminated(GREY, "-M 5")]
#[case::reset(GREY, "-M 2")]
#[case::terminated(GREY, "-M 4")]
#[case::causal(GREY, "-M 8")]
#[case::predictable(GREY, "-M 16")]
#[case::segmentation_symbols(GREY, "-M 32")]
#[case::all_styles(GREY, "-M 63")]
#[case::packet_markers(GREY, "-SOP -EPH")]
#[case::lengths(GREY, "-PLT -TLM")]
#[case::region_of_interest(Image { bits: 8, ..GREY }, "-ROI c=0,U=7")]
#[case::image_offset(GREY, "-d 5,9")]
#[case::tile_offset(COLOUR, "-T 0,0 -d 5,9 -t 77,61")]
#[case::image_and_tile_offset(COLOUR, "-T 3,2 -d 5,9 -t 77,61")]
#[case::offsets_by_layer(COLOUR, "-T 2,7 -d 5,9 -t 77,61 -p LRCP -r 20,5,1")]
#[case::offsets_by_place(COLOUR, "-T 2,7 -d 5,9 -t 77,61 -p PCRL -c [64,64],[32,32]")]
#[case::offsets_and_small_tiles(GREY, "-T 3,2 -d 5,9 -t 20,17 -n 3 -p CPRL")]
#[case::one_pixel(Image { columns: 1, rows: 1, ..GREY }, "-n 1")]
#[case::one_column(Image { columns: 1, rows: 50, ..GREY }, "-n 1")]
#[case::odd_sizes(Image { columns: 257, rows: 129, ..GREY }, "")]
fn lossless_jpeg_2000(#[case] image: Image, #[case] options: &str) {
    let folder = tempfile::tempdir().unwrap();
    if openjpeg(image, options, folder.path()) {
        let decoded = image.decoded("1.2.840.10008.1.2.4.90", &folder.path().join("out.j2k"));
        let expected = image.values(&image.native(), 8 * image.bytes());
        assert_eq!(image.distance(&decoded, &expected), 0);
    }
}

/// A line of one sample in an odd place is doubled (T.800 F.4.8), and halved by whoever decodes it.
/// Below the first decomposition `OpenJPEG` 2.5 doubles none, so that its own decoder, like every
/// other, gives back half the contrast; `OpenJPH` does (`htj2k`, `single_odd_column`). It happens where
/// the offsets of image and tiles leave tiles of a few columns.
#[test]
fn openjpeg_loses_half_the_contrast_of_a_single_odd_column() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image { columns: 3, rows: 16, bits: 8, ..GREY };
    std::fs::write(folder.path().join("in.rawl"), [178; 48]).unwrap();
    let coded = "-i in.rawl -o out.j2k -F 3,16,1,8,u -d 225,0 -n 4".split(' ').collect::<Vec<_>>();
    let back = ["-i", "out.j2k", "-o", "back.rawl"];
    if run("opj_compress", &coded, folder.path()) && run("opj_decompress", &back, folder.path()) {
        let decoded = image.decoded("1.2.840.10008.1.2.4.90", &folder.path().join("out.j2k"));
        assert_eq!(std::fs::read(folder.path().join("back.rawl")).unwrap(), decoded);
        assert_eq!(decoded, [128 + (178 - 128) / 2; 48]);
    }
}

#[rstest]
#[case::grey(GREY, "-r 8")]
#[case::bits_8(Image { bits: 8, ..GREY }, "-r 8")]
#[case::bits_16(Image { bits: 16, ..GREY }, "-r 8")]
#[case::bits_16_signed(Image { bits: 16, signed: true, ..GREY }, "-r 8")]
#[case::colour(COLOUR, "-r 8 -mct 1")]
#[case::coarse(GREY, "-r 40")]
#[case::bits_12_signed(Image { signed: true, ..GREY }, "-r 8")]
#[case::bits_12_signed_coarse(Image { signed: true, ..GREY }, "-r 40")]
#[case::tiles(COLOUR, "-t 77,61 -r 10")]
#[case::layers(COLOUR, "-r 40,20,10 -p RPCL")]
#[case::styles(GREY, "-r 8 -M 63")]
#[case::few_resolutions(GREY, "-r 8 -n 2")]
fn lossy_jpeg_2000(#[case] image: Image, #[case] options: &str) {
    let folder = tempfile::tempdir().unwrap();
    let back = ["-i", "out.j2k", "-o", "back.rawl"];
    if openjpeg(image, &format!("-I {options}"), folder.path())
        && run("opj_decompress", &back, folder.path())
    {
        let decoded = image.decoded(JPEG_2000, &folder.path().join("out.j2k"));
        let planes = std::fs::read(folder.path().join("back.rawl")).unwrap();
        let plane = planes.len() / usize::from(image.components);
        let expected: Vec<u8> = (0..plane / image.bytes())
            .flat_map(|pixel| (0..usize::from(image.components)).map(move |it| (pixel, it)))
            .flat_map(|(pixel, component)| {
                let start = component * plane + pixel * image.bytes();
                planes[start..start + image.bytes()].to_vec()
            })
            .collect();
        // opj_decompress writes of two's complement only the bits of the sample.
        let expected = image.values(&expected, image.bits.into());
        let distance = image.distance(&decoded, &expected);
        assert!(distance <= 1, "differs by {distance}");
    }
}

#[rstest]
#[case::bits_8(Image { bits: 8, ..GREY }, "")]
#[case::bits_12(GREY, "")]
#[case::bits_16(Image { bits: 16, ..GREY }, "")]
#[case::noise_of_8_bits(Image { bits: 8, noise: true, ..GREY }, "")]
#[case::noise_of_16_bits(Image { bits: 16, noise: true, ..GREY }, "")]
#[case::noise_of_16_bits_in_colour(Image { bits: 16, noise: true, components: 3, ..GREY }, "")]
#[case::colour(COLOUR, "")]
#[case::colour_untransformed(COLOUR, "-colour_trans false")]
#[case::layers_first(COLOUR, "-prog_order LRCP -precincts {64,64},{32,32}")]
#[case::resolutions_then_layers(COLOUR, "-prog_order RLCP -precincts {64,64},{32,32}")]
#[case::resolutions_then_places(COLOUR, "-prog_order RPCL -precincts {64,64},{32,32}")]
#[case::places_first(COLOUR, "-prog_order PCRL -tile_size {77,61}")]
#[case::components_first(COLOUR, "-prog_order CPRL -tile_size {77,61}")]
#[case::no_decomposition(GREY, "-num_decomps 0")]
#[case::six_decompositions(COLOUR, "-num_decomps 6")]
#[case::smallest_blocks(GREY, "-block_size {4,4}")]
#[case::long_blocks(GREY, "-block_size {4,1024}")]
#[case::image_offset(GREY, "-image_offset {5,9}")]
#[case::one_pixel(Image { columns: 1, rows: 1, ..GREY }, "")]
#[case::one_row(Image { columns: 50, rows: 1, ..GREY }, "")]
#[case::single_odd_column(Image { columns: 3, rows: 17, ..GREY }, "-image_offset {225,1} -tile_offset {225,0} -tile_size {64,64}")]
#[case::tile_and_image_offset(
    COLOUR,
    "-image_offset {40,33} -tile_offset {3,2} -tile_size {77,61}"
)]
#[case::bits_8_signed(Image { bits: 8, signed: true, ..GREY }, "")]
#[case::bits_12_signed(Image { signed: true, ..GREY }, "")]
#[case::bits_16_signed(Image { bits: 16, signed: true, ..GREY }, "-prog_order RPCL")]
#[case::colour_signed(Image { signed: true, ..COLOUR }, "-prog_order RPCL -precincts {64,64},{32,32}")]
#[case::odd_sizes(Image { columns: 257, rows: 129, ..GREY }, "")]
fn htj2k(#[case] image: Image, #[case] options: &str, #[values(true, false)] lossless: bool) {
    let folder = tempfile::tempdir().unwrap();
    let (is_coded, back) =
        openjph(image, &format!("-reversible {lossless} {options}"), folder.path());
    if !is_coded {
        return;
    }
    let stream = folder.path().join("out.j2c");
    let is_judged = !lossless && run("ojph_expand", &["-i", "out.j2c", "-o", back], folder.path());
    if image.signed {
        let mut bytes = std::fs::read(&stream).unwrap();
        for depth in bytes[SIZES..].chunks_mut(3).take(image.components.into()) {
            depth[0] |= 0x80;
        }
        std::fs::write(&stream, bytes).unwrap();
    }
    if lossless {
        let decoded = image.decoded("1.2.840.10008.1.2.4.202", &stream);
        let expected = image.values(&image.native(), 8 * image.bytes());
        assert_eq!(image.distance(&decoded, &expected), 0);
    } else if is_judged {
        let file = std::fs::read(folder.path().join(back)).unwrap();
        let pixels = &file[file.len() - image.native().len()..];
        let middle = if image.signed { 1 << (image.bits - 1) } else { 0 };
        // PNM stores the high byte first.
        let big_endian = |sample: &[u8]| {
            sample.iter().fold(0, |value, byte| value << 8 | i64::from(*byte)) - middle
        };
        let expected: Vec<i64> = pixels.chunks(image.bytes()).map(big_endian).collect();
        let decoded = image.decoded(HTJ2K, &stream);
        let distance = image.distance(&decoded, &expected);
        assert!(distance <= 1, "differs by {distance}");
    }
}

/// What would take far more memory than the pixels is refused before it is allocated.
#[rstest]
#[case::tiles(vec![(0x51, 20, vec![0, 0, 0, 4, 0, 0, 0, 4])], "tiles of a few samples")]
#[case::precincts(vec![(0x52, 12, vec![0x11; 6])], "precincts of a few samples")]
#[case::blocks(vec![(0x52, 8, vec![0, 0]), (0x52, 12, vec![0x71; 6])], "code-blocks of a few samples")]
fn shapes_that_cost_memory_are_refused(
    #[case] changes: Vec<(u8, usize, Vec<u8>)>,
    #[case] reason: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let image = Image { columns: 512, rows: 512, bits: 8, ..GREY };
    // Precincts are named, so that their sizes can be changed.
    let options = "-c [256,256],[256,256],[256,256],[256,256],[256,256],[256,256]";
    if !openjpeg(image, options, folder.path()) {
        return;
    }
    let mut stream = std::fs::read(folder.path().join("out.j2k")).unwrap();
    for (marker, offset, bytes) in changes {
        let start = stream.windows(2).position(|pair| pair == [0xFF, marker]).unwrap();
        // Counted from the length of the segment.
        let place = start + 2 + offset;
        stream[place..place + bytes.len()].copy_from_slice(&bytes);
    }
    let decoded =
        decode_frame("1.2.840.10008.1.2.4.90", &image.description(), &stream, &Limits::default());
    assert!(decoded.unwrap_err().to_string().contains(reason));
}

/// Cut anywhere, a stream is damaged; with bytes changed at random, it ends in a frame of its size or in
/// a fault.
#[rstest]
#[case::tiles(JPEG_2000, COLOUR, "-t 77,61 -r 10,1 -TP R")]
#[case::order_changes(JPEG_2000, COLOUR, "-n 6 -POC T0=0,0,1,3,3,RLCP/T0=3,0,1,6,3,CPRL")]
#[case::precincts(JPEG_2000, COLOUR, "-p RPCL -r 20,5,1 -c [64,64],[32,32] -SOP -EPH")]
#[case::styles(JPEG_2000, GREY, "-M 63")]
#[case::htj2k(HTJ2K, COLOUR, "")]
#[case::htj2k_precincts(HTJ2K, COLOUR, "-precincts {64,64},{32,32} -tile_size {77,61}")]
fn damaged_jpeg_2000(#[case] syntax: &str, #[case] image: Image, #[case] options: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (is_coded, name) = if syntax == JPEG_2000 {
        (openjpeg(image, options, folder.path()), "out.j2k")
    } else {
        (openjph(image, options, folder.path()).0, "out.j2c")
    };
    if !is_coded {
        return;
    }
    let whole = std::fs::read(folder.path().join(name)).unwrap();
    let description = image.description();
    let decode = |stream: &[u8]| decode_frame(syntax, &description, stream, &Limits::default());
    let size = image.native().len();
    let mut noise = 1_u32;
    let mut random = |below: usize| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(noise >> 8).unwrap() % below
    };
    for _ in 0..60 {
        assert!(decode(&whole[..random(whole.len() - 2)]).is_err());
        let mut damaged = whole.clone();
        // Half of them in the headers.
        for span in [200, whole.len()] {
            for _ in 0..random(4) {
                damaged[random(span)] = random(256).to_le_bytes()[0];
            }
        }
        if let Ok(frame) = decode(&damaged) {
            assert_eq!(frame.bytes.len(), size);
        }
    }
}
