//! Frames in fragments: any split, any offset table, right, wrong or none.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use part10::{
    Dataset, Encoding, FrameError, Frames, Instance, Limits, PixelDescription, TransferSyntax,
    native_bytes,
};
use proptest::prelude::*;
use rstest::rstest;

const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const DEFLATED_IMAGE_FRAME: &str = "1.2.840.10008.1.2.8.1";

fn element(tag: (u16, u16), vr: &str, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    value.resize(value.len().next_multiple_of(2), if vr == "UI" { 0 } else { b' ' });
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    let tag = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
    if vr.starts_with('O') {
        return [&tag[..], vr.as_bytes(), &[0, 0], &length, &[0, 0], &value].concat();
    }
    [&tag[..], vr.as_bytes(), &length, &value].concat()
}

fn item(value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_le_bytes();
    [&[0xFE, 0xFF, 0x00, 0xE0][..], &length, value].concat()
}

/// An instance of 8-bit frames with these fragments.
fn instance(
    syntax: &str,
    frames: usize,
    basic: &[u32],
    extended: &[u64],
    fragments: &[Vec<u8>],
) -> Instance {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    let number = |value: u16| value.to_le_bytes();
    for part in [
        element((0x0002, 0x0010), "UI", syntax.as_bytes()),
        element((0x0008, 0x0016), "UI", b"1.2.840.10008.5.1.4.1.1.7"),
        element((0x0008, 0x0018), "UI", b"1.2.3"),
        element((0x0020, 0x000D), "UI", b"1.2"),
        element((0x0020, 0x000E), "UI", b"1.2.1"),
        element((0x0028, 0x0002), "US", &number(1)),
        element((0x0028, 0x0004), "CS", b"MONOCHROME2"),
        element((0x0028, 0x0008), "IS", frames.to_string().as_bytes()),
        element((0x0028, 0x0010), "US", &number(4)),
        element((0x0028, 0x0011), "US", &number(4)),
        element((0x0028, 0x0100), "US", &number(8)),
        element((0x0028, 0x0101), "US", &number(8)),
        element((0x0028, 0x0102), "US", &number(7)),
        element((0x0028, 0x0103), "US", &number(0)),
    ] {
        bytes.extend(part);
    }
    if !extended.is_empty() {
        let offsets: Vec<u8> = extended.iter().flat_map(|it| it.to_le_bytes()).collect();
        bytes.extend(element((0x7FE0, 0x0001), "OV", &offsets));
        // Lengths that are all wrong.
        bytes.extend(element((0x7FE0, 0x0002), "OV", &[0xFF; 8].repeat(extended.len())));
    }
    bytes.extend([0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    bytes.extend(item(&basic.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<u8>>()));
    bytes.extend(fragments.iter().flat_map(|fragment| item(fragment)));
    bytes.extend(part10::END_OF_FRAGMENTS);
    Instance::from_bytes(bytes, &Limits::default()).unwrap()
}

/// The frames that are found, each whole.
fn found(mut instance: Instance) -> Result<Vec<Vec<u8>>, FrameError> {
    let description = PixelDescription::read(&instance.dataset()).unwrap();
    let frames = Frames::locate(&mut instance, &description)?;
    let mut read = Vec::new();
    for index in 0..frames.count() {
        let mut frame = Vec::new();
        frames.read(&mut instance, index, &mut frame)?;
        read.push(frame);
    }
    Ok(read)
}

/// What is no stream of any codec but begins like one, or not.
fn stream(index: usize, begins: &[u8], bytes: usize) -> Vec<u8> {
    let content = u8::try_from(index + 1).unwrap();
    begins.iter().copied().chain(std::iter::repeat_n(content, bytes)).collect()
}

/// Where each frame begins, counted from the first fragment.
fn offsets(split: &[Vec<Vec<u8>>]) -> Vec<u32> {
    let mut at = 0;
    let sizes = split.iter().map(|parts| parts.iter().map(|part| part.len() + 8).sum::<usize>());
    sizes
        .map(|size| {
            let start = u32::try_from(at).unwrap();
            at += size;
            start
        })
        .collect()
}

/// Frames of codestreams, each cut into fragments of even length, some of them empty.
fn split_frames() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    let cuts = prop::collection::vec(0_usize..20, 0..5);
    prop::collection::vec(cuts, 1..6).prop_map(|frames| {
        let split = |(index, cuts): (usize, Vec<usize>)| {
            let whole = stream(index, &[0xFF, 0xD8, 0xFF, 0xE0], 40);
            let mut places: Vec<usize> = cuts.into_iter().map(|cut| 4 + 2 * cut).collect();
            places.extend([0, whole.len()]);
            places.sort_unstable();
            places.windows(2).map(|pair| whole[pair[0]..pair[1]].to_vec()).collect()
        };
        frames.into_iter().enumerate().map(split).collect()
    })
}

proptest! {
    #[test]
    fn codestreams_are_found_in_any_split(
        split in split_frames(),
        basic in prop_oneof![Just(None), Just(Some(0)), (1_u32..60).prop_map(Some)],
        extended: bool,
    ) {
        let whole: Vec<Vec<u8>> = split.iter().map(|parts| parts.concat()).collect();
        // No table, the right one, or one whose later offsets are wrong.
        let wrong = basic.unwrap_or(0);
        let right = offsets(&split);
        let table: Vec<u32> = if basic.is_some() && split.len() > 1 {
            right.iter().map(|offset| if *offset == 0 { 0 } else { offset + wrong }).collect()
        } else {
            Vec::new()
        };
        let extended: Vec<u64> =
            if extended { table.iter().map(|it| u64::from(*it)).collect() } else { Vec::new() };
        let fragments = split.concat();
        let read = found(instance(JPEG_BASELINE, split.len(), &table, &extended, &fragments));
        prop_assert_eq!(read, Ok(whole));
    }
}

/// Streams without a mark: only a table tells frames of several fragments apart.
#[rstest]
#[case::right_basic(&[0, 26], &[], true)]
#[case::right_extended(&[], &[0, 26], true)]
#[case::extended_before_basic(&[0, 18], &[0, 26], true)]
#[case::missing(&[], &[], false)]
#[case::between_fragments(&[0, 20], &[], false)]
#[case::beyond_the_end(&[0, 4000], &[], false)]
#[case::largest_offsets(&[], &[0, u64::MAX], false)]
#[case::backwards(&[26, 0], &[], false)]
#[case::too_few(&[0], &[], false)]
#[case::too_many(&[0, 18, 26], &[], false)]
fn unmarked_streams_need_a_table(
    #[case] basic: &[u32],
    #[case] extended: &[u64],
    #[case] is_found: bool,
) {
    let fragments = [stream(0, &[], 10), stream(0, &[], 0), stream(1, &[], 6), stream(1, &[], 4)];
    let read = found(instance(DEFLATED_IMAGE_FRAME, 2, basic, extended, &fragments));
    let whole = vec![stream(0, &[], 10), stream(1, &[], 10)];
    assert_eq!(read.ok(), is_found.then_some(whole));
}

#[rstest]
#[case::several_frames_in_a_fragment(3, 2)]
#[case::frames_that_nobody_counted(1, 2)]
#[case::frames_that_are_not_there(5, 2)]
fn other_counts_than_the_data_set_says(#[case] frames: usize, #[case] fragments: usize) {
    let mark = [0xFF, 0xD8, 0xFF, 0xE0];
    let fragments: Vec<Vec<u8>> = (0..fragments).map(|index| stream(index, &mark, 20)).collect();
    let read = found(instance(JPEG_BASELINE, frames, &[], &[], &fragments));
    let count = fragments.len();
    let promised = u32::try_from(frames).unwrap();
    assert_eq!(read, Err(FrameError::Indistinct { fragments: count, frames: promised }));
}

#[rstest]
#[case::halved_chrominances("YBR_FULL_422")]
#[case::whole("RGB")]
fn a_compressed_instance_is_as_large_as_decoding_makes_it(#[case] photometric: &str) {
    let number = |value: u16| value.to_le_bytes();
    let bytes = [
        element((0x0028, 0x0002), "US", &number(3)),
        element((0x0028, 0x0004), "CS", photometric.as_bytes()),
        element((0x0028, 0x0008), "IS", b"10"),
        element((0x0028, 0x0010), "US", &number(4)),
        element((0x0028, 0x0011), "US", &number(4)),
        element((0x0028, 0x0100), "US", &number(8)),
    ]
    .concat();
    let dataset = Dataset::parse(&bytes, Encoding::EXPLICIT_LE).unwrap();
    let syntax = TransferSyntax::from_uid(JPEG_BASELINE).unwrap();
    assert_eq!(native_bytes(&dataset, &syntax, 100), 480);
}

/// Two frames of 4 × 4 pixels take 64 bytes with halved chrominances, 96 with whole ones.
#[rstest]
#[case::halved("YBR_FULL_422", 64, true)]
#[case::halved_and_padded("YBR_FULL_422", 94, true)]
#[case::whole("YBR_FULL_422", 96, false)]
#[case::whole_and_padded("YBR_FULL_422", 98, false)]
#[case::partial_range("YBR_PARTIAL_422", 96, false)]
#[case::said_to_be_whole("YBR_FULL", 96, true)]
#[case::rgb("RGB", 96, true)]
fn c_7_6_3_1_2_chrominances_that_are_whole_are_not_taken_for_halved(
    #[case] photometric: &str,
    #[case] length: usize,
    #[case] is_clear: bool,
) {
    let number = |value: u16| value.to_le_bytes();
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    for part in [
        element((0x0002, 0x0010), "UI", b"1.2.840.10008.1.2.1"),
        element((0x0008, 0x0016), "UI", b"1.2.840.10008.5.1.4.1.1.7"),
        element((0x0008, 0x0018), "UI", b"1.2.3"),
        element((0x0020, 0x000D), "UI", b"1.2"),
        element((0x0020, 0x000E), "UI", b"1.2.1"),
        element((0x0028, 0x0002), "US", &number(3)),
        element((0x0028, 0x0004), "CS", photometric.as_bytes()),
        element((0x0028, 0x0008), "IS", b"2"),
        element((0x0028, 0x0010), "US", &number(4)),
        element((0x0028, 0x0011), "US", &number(4)),
        element((0x0028, 0x0100), "US", &number(8)),
        element((0x7FE0, 0x0010), "OB", &vec![7; length]),
    ] {
        bytes.extend(part);
    }
    let mut instance = Instance::from_bytes(bytes, &Limits::default()).unwrap();
    let description = PixelDescription::read(&instance.dataset()).unwrap();
    let located = Frames::locate(&mut instance, &description).map(|frames| frames.count());
    let expected =
        if is_clear { Ok(2) } else { Err(FrameError::WholeChrominances(photometric.into())) };
    assert_eq!(located, expected);
}
