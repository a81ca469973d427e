//! Files that are damaged, odd or made to harm: nothing of them is lost without a word.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use dicom_core::{Tag, VR};
use fixtures::{Options, Syntax, instance_bytes};
use model::Refusal;
use part10::{
    Dataset, EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, Encoding, FrameError, Frames,
    IMPLICIT_VR_LITTLE_ENDIAN, Instance, Limits, OpenError, PixelDescription,
    PixelDescriptionError, PixelValue,
};
use rstest::rstest;
use scratch::ScratchFolder;

const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
const RLE: &str = "1.2.840.10008.1.2.5";

/// Writes elements in one encoding.
#[derive(Clone, Copy)]
struct Writer {
    explicit: bool,
    big_endian: bool,
}

impl Writer {
    fn u16(self, value: u16) -> [u8; 2] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn element(self, tag: (u16, u16), vr: &str, value: &[u8]) -> Vec<u8> {
        let mut padded = value.to_vec();
        padded.resize(value.len().next_multiple_of(2), if vr == "UI" { 0 } else { b' ' });
        let length = u32::try_from(padded.len()).unwrap();
        self.header(tag, vr, length).into_iter().chain(padded).collect()
    }

    fn header(self, tag: (u16, u16), vr: &str, length: u32) -> Vec<u8> {
        let mut bytes = [self.u16(tag.0), self.u16(tag.1)].concat();
        if !self.explicit {
            bytes.extend(self.u32(length));
        } else if matches!(vr, "OB" | "OW" | "SQ" | "UN") {
            bytes.extend(vr.as_bytes());
            bytes.extend([0, 0]);
            bytes.extend(self.u32(length));
        } else {
            bytes.extend(vr.as_bytes());
            bytes.extend(self.u16(u16::try_from(length).unwrap()));
        }
        bytes
    }

    fn us(self, tag: (u16, u16), value: u16) -> Vec<u8> {
        self.element(tag, "US", &self.u16(value))
    }

    fn item(self, value: &[u8]) -> Vec<u8> {
        let length = u32::try_from(value.len()).unwrap();
        [&self.u16(0xFFFE)[..], &self.u16(0xE000), &self.u32(length), value].concat()
    }
}

const EXPLICIT: Writer = Writer { explicit: true, big_endian: false };
const IMPLICIT: Writer = Writer { explicit: false, big_endian: false };
const BIG_ENDIAN: Writer = Writer { explicit: true, big_endian: true };

/// A file of 8-bit frames: `middle` stands before the study, `end` from the pixel data on.
fn file(writer: Writer, syntax: &str, middle: &[u8], size: (u16, u16), end: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(EXPLICIT.element((0x0002, 0x0010), "UI", syntax.as_bytes()));
    for part in [
        writer.element((0x0008, 0x0016), "UI", SECONDARY_CAPTURE.as_bytes()),
        writer.element((0x0008, 0x0018), "UI", b"1.2.3"),
        middle.to_vec(),
        writer.element((0x0020, 0x000D), "UI", b"1.2"),
        writer.element((0x0020, 0x000E), "UI", b"1.2.1"),
        writer.us((0x0028, 0x0002), 1),
        writer.element((0x0028, 0x0004), "CS", b"MONOCHROME2"),
        writer.element((0x0028, 0x0008), "IS", size.1.to_string().as_bytes()),
        writer.us((0x0028, 0x0010), size.0),
        writer.us((0x0028, 0x0011), size.0),
        writer.us((0x0028, 0x0100), 8),
        writer.us((0x0028, 0x0101), 8),
        writer.us((0x0028, 0x0102), 7),
        writer.us((0x0028, 0x0103), 0),
        end.to_vec(),
    ] {
        bytes.extend(part);
    }
    bytes
}

fn open(bytes: Vec<u8>) -> Instance {
    Instance::from_bytes(bytes, &Limits::default()).unwrap()
}

fn head(instance: &Instance) -> Result<Vec<u8>, Refusal> {
    let value = PixelValue::Native(VR::OW, 4);
    instance.head(EXPLICIT_VR_LITTLE_ENDIAN, &[], Some(value))
}

#[test]
fn a_damaged_sequence_keeps_its_bytes() {
    let reference = |uid: &[u8]| IMPLICIT.element((0x0008, 0x1155), "UI", uid);
    let cut = [&reference(b"1.9.2")[..4], &[0xF4, 1, 0, 0], b"1.9.2 "].concat();
    let items = [
        IMPLICIT.item(&reference(b"1.9.1")),
        IMPLICIT.item(&cut),
        IMPLICIT.item(&reference(b"1.9.3")),
    ];
    let sequence = IMPLICIT.element((0x0008, 0x1140), "SQ", &items.concat());
    let pixels = IMPLICIT.element((0x7FE0, 0x0010), "OW", &[1; 4]);
    let bytes = file(IMPLICIT, IMPLICIT_VR_LITTLE_ENDIAN, &sequence, (2, 1), &pixels);
    let head = head(&open(bytes)).unwrap();
    let kept = EXPLICIT.element((0x0008, 0x1140), "UN", &items.concat());
    assert!(head.windows(kept.len()).any(|window| window == kept));
}

/// A group length that is too short makes the end of the file meta information look like data.
#[test]
fn file_meta_information_is_never_data() {
    let strayed = EXPLICIT.element((0x0002, 0x0013), "SH", b"OTHER_1.0");
    let pixels = EXPLICIT.element((0x7FE0, 0x0010), "OW", &[1; 4]);
    let bytes = file(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, &strayed, (2, 1), &pixels);
    let head = head(&open(bytes)).unwrap();
    let is_kept = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
    assert_eq!((is_kept(b"OTHER_1.0"), is_kept(b"1.2.1")), (false, true));
}

/// Rows of 65,600 are not the 64 that their lower half says.
#[rstest]
#[case::too_large(EXPLICIT, [0x40, 0, 1, 0], None)]
#[case::small(EXPLICIT, [0x40, 0, 0, 0], Some(64))]
#[case::small_in_big_endian(BIG_ENDIAN, [0, 0, 0, 0x40], Some(64))]
fn dimensions_of_32_bits_are_not_cut(
    #[case] writer: Writer,
    #[case] value: [u8; 4],
    #[case] expected: Option<u16>,
) {
    let rows = Tag(0x0028, 0x0010);
    let bytes = writer.element((rows.0, rows.1), "UL", &value);
    let encoding = Encoding { explicit_vr: writer.explicit, big_endian: writer.big_endian };
    assert_eq!(Dataset::parse(&bytes, encoding).unwrap().u16(rows), expected);
}

#[test]
fn sequences_without_end_are_refused() {
    let mut nested = Vec::new();
    for _ in 0..10_000 {
        nested = IMPLICIT.element((0x0008, 0x1140), "SQ", &IMPLICIT.item(&nested));
    }
    let pixels = IMPLICIT.element((0x7FE0, 0x0010), "OW", &[1; 4]);
    let bytes = file(IMPLICIT, IMPLICIT_VR_LITTLE_ENDIAN, &nested, (2, 1), &pixels);
    assert!(matches!(head(&open(bytes)), Err(Refusal::OverLimit(_))));
}

#[test]
fn more_elements_than_a_data_set_has_are_refused() {
    let many = EXPLICIT.element((0x0009, 0x0002), "LO", b"").repeat(300_000);
    let pixels = EXPLICIT.element((0x7FE0, 0x0010), "OW", &[1; 4]);
    let bytes = file(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, &many, (2, 1), &pixels);
    let refused = Instance::from_bytes(bytes, &Limits::default()).unwrap_err();
    assert!(matches!(refused, OpenError::Refused(Refusal::OverLimit(_))), "{refused}");
}

/// It may inflate to a thousand times its size.
#[test]
fn a_deflated_data_set_is_not_inflated_onto_a_disk_that_is_nearly_full() {
    let options =
        Options { slices: Some(1), rows: Some(64), seed: 0, syntax: Some(Syntax::Deflated) };
    let bytes = instance_bytes("ct", 0, &options).unwrap();
    let opened = |least_free_bytes| {
        let scratch = Some(ScratchFolder::new(std::env::temp_dir(), least_free_bytes));
        let limits = Limits { in_memory_bytes: 1000, scratch, ..Limits::default() };
        Instance::from_bytes(bytes.clone(), &limits)
    };
    assert!(opened(0).unwrap().is_spooled());
    assert!(matches!(opened(u64::MAX / 2), Err(OpenError::Temporary { .. })));
}

/// Frames of 9 bytes in words of 2: every second frame begins within a word.
#[test]
fn big_endian_frames_of_odd_size_are_swapped_in_step() {
    let frames: Vec<u8> = (0..36).collect();
    let swapped: Vec<u8> = frames.chunks(2).flat_map(|word| [word[1], word[0]]).collect();
    let pixels = BIG_ENDIAN.element((0x7FE0, 0x0010), "OW", &swapped);
    let mut instance = open(file(BIG_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, &[], (3, 4), &pixels));
    let description = PixelDescription::read(&instance.dataset()).unwrap();
    let located = Frames::locate(&mut instance, &description).unwrap();
    let mut frame = Vec::new();
    for (index, expected) in (0..).zip(frames.chunks(9)) {
        located.read(&mut instance, index, &mut frame).unwrap();
        assert_eq!(frame, expected, "frame {index}");
    }
}

/// Encapsulated pixel data of so many fragments, with or without their end.
fn fragments(count: usize, delimited: bool) -> Vec<u8> {
    let mut bytes = EXPLICIT.header((0x7FE0, 0x0010), "OB", u32::MAX);
    bytes.extend(EXPLICIT.item(&[]));
    bytes.extend(EXPLICIT.item(&[7; 66]).repeat(count));
    if delimited {
        bytes.extend(part10::END_OF_FRAGMENTS);
    }
    bytes
}

#[rstest]
#[case::one_each(3, 3, true, Ok(3))]
#[case::without_delimiter(3, 3, false, Ok(3))]
#[case::frames_that_nobody_counted(2, 1, true, Err(false))]
#[case::too_few(2, 3, true, Err(false))]
#[case::cut_off(2, 3, false, Err(true))]
fn rle_frames_are_fragments(
    #[case] count: usize,
    #[case] frames: u16,
    #[case] delimited: bool,
    #[case] expected: Result<u32, bool>,
) {
    let mut instance = open(file(EXPLICIT, RLE, &[], (2, frames), &fragments(count, delimited)));
    let description = PixelDescription::read(&instance.dataset()).unwrap();
    let found = Frames::locate(&mut instance, &description);
    let is_truncated =
        |error| matches!(error, FrameError::Unreadable(Refusal::Truncated { missing_bytes: 8 }));
    assert_eq!(found.map(|frames| frames.count()).map_err(is_truncated), expected);
}

#[rstest]
#[case::nothing(&[], Ok(0))]
#[case::fill_of_a_block(&[0; 500], Ok(0))]
#[case::a_line_end(b"\r\n", Ok(0))]
#[case::rubbish(&[0xAB; 40], Err(()))]
fn what_stands_behind_the_pixels(#[case] rest: &[u8], #[case] expected: Result<usize, ()>) {
    let tail = tail(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, rest);
    assert_eq!(tail.map(|tail| tail.len()).map_err(drop), expected);
}

/// The elements behind the pixels, which `rest` follows, as they are written.
fn tail(writer: Writer, syntax: &str, rest: &[u8]) -> Result<Vec<u8>, Refusal> {
    let pixels = writer.element((0x7FE0, 0x0010), "OW", &[1; 4]);
    let end = [&pixels[..], rest].concat();
    let mut instance = open(file(writer, syntax, &[], (2, 1), &end));
    let element = instance.pixels().unwrap().clone();
    instance.tail(element.value + element.length.unwrap())
}

/// A creator, and what an ultrasound device keeps under its name.
fn volume(writer: Writer, vr: &str, bytes: usize) -> [Vec<u8>; 2] {
    let value: Vec<u8> = (0..=u8::MAX).cycle().take(bytes).collect();
    let creator = writer.element((0x7FE1, 0x0010), "LO", b"KRETZ_US");
    [creator, writer.element((0x7FE1, 0x1001), vr, &value)]
}

#[test]
fn a_volume_behind_the_pixels_keeps_its_bytes() {
    let rest = volume(EXPLICIT, "OB", 20 << 20).concat();
    assert!(tail(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, &rest).unwrap() == rest);
}

#[rstest]
#[case::explicit(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT, "OB")]
#[case::without_vr(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT, "UN")]
#[case::implicit(IMPLICIT, IMPLICIT_VR_LITTLE_ENDIAN, IMPLICIT, "UN")]
#[case::big_endian(BIG_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, BIG_ENDIAN, "OB")]
fn elements_behind_the_pixels_become_explicit_and_ordered(
    #[case] writer: Writer,
    #[case] syntax: &str,
    #[case] behind: Writer,
    #[case] vr: &str,
    #[values(false, true)] turned: bool,
) {
    let mut rest = volume(behind, vr, 64);
    if turned {
        rest.reverse();
    }
    let tail = tail(writer, syntax, &rest.concat()).unwrap();
    assert_eq!(tail, volume(EXPLICIT, vr, 64).concat());
}

/// PS3.6: where the encoding names no VR, the dictionary does.
#[rstest]
#[case::float((0x7FE0, 0x0008), VR::OF)]
#[case::double_float((0x7FE0, 0x0009), VR::OD)]
#[case::words((0x7FE0, 0x0010), VR::OW)]
fn pixels_of_an_implicit_file_have_the_vr_of_the_dictionary(
    #[case] tag: (u16, u16),
    #[case] expected: VR,
) {
    let pixels = IMPLICIT.element(tag, "", &[1; 8]);
    let bytes = file(IMPLICIT, IMPLICIT_VR_LITTLE_ENDIAN, &[], (2, 1), &pixels);
    assert_eq!(open(bytes).pixels().unwrap().vr, expected);
}

/// Gone through anew behind each element that zeros seem to be, 16 MiB of them would take hours.
#[rstest]
#[case::before_the_pixels(false)]
#[case::behind_the_pixels(true)]
fn zeros_that_are_no_fill_are_gone_through_once(#[case] has_pixels: bool) {
    let zeros = [vec![0; (16 << 20) - 8], vec![1]].concat();
    if !has_pixels {
        let bytes = file(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, &[], (2, 1), &zeros);
        let opened = Instance::from_bytes(bytes, &Limits::default()).map(drop);
        assert!(matches!(opened, Err(OpenError::Refused(Refusal::OverLimit(_)))), "{opened:?}");
        return;
    }
    let tail = tail(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, &zeros);
    assert!(matches!(tail, Err(Refusal::Malformed(_))), "{:?}", tail.map(|tail| tail.len()));
}

/// By bytes, of which no more are decoded than four characters may take.
#[rstest]
#[case::short("abcd", "", Some("abcd"))]
#[case::long("abcde", "", Some("abc…"))]
#[case::two_bytes("", "à", Some("ààà…"))]
#[case::not_cut_within_a_character("a", "à", Some("aàà…"))]
#[case::four_bytes("", "🫀", Some("🫀🫀🫀…"))]
#[case::blank("", "\t", None)]
fn a_brief_text_is_short_however_long_the_value_is(
    #[case] start: &str,
    #[case] repeated: &str,
    #[case] expected: Option<&str>,
) {
    let value = format!("{start}{}", repeated.repeat(40));
    let bytes = EXPLICIT.element((0x0008, 0x103E), "LO", value.as_bytes());
    let dataset = Dataset::parse(&bytes, Encoding::EXPLICIT_LE).unwrap();
    assert_eq!(dataset.brief(Tag(0x0008, 0x103E), 4).as_deref(), expected);
}

/// It is kept of each instance, and cut it might be that of another person.
#[rstest]
#[case::patient_id((0x0010, 0x0020))]
#[case::issuer_of_patient_id((0x0010, 0x0021))]
fn a_patient_id_longer_than_any_is_refused(#[case] tag: (u16, u16)) {
    let pixels = EXPLICIT.element((0x7FE0, 0x0010), "OW", &[1; 4]);
    let opened = |length: usize| {
        let middle = EXPLICIT.element(tag, "LO", &vec![b'1'; length]);
        let bytes = file(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, &middle, (2, 1), &pixels);
        Instance::from_bytes(bytes, &Limits::default()).map(drop)
    };
    assert!(opened(1024).is_ok());
    assert!(matches!(opened(1026), Err(OpenError::Refused(Refusal::OverLimit(_)))));
}

/// It would be quoted by the fault of each frame.
#[test]
fn a_photometric_interpretation_longer_than_any_is_impossible() {
    let pixels = EXPLICIT.element((0x7FE0, 0x0010), "OW", &[1; 4]);
    let read = |length: usize| {
        // Of two the first counts.
        let middle = EXPLICIT.element((0x0028, 0x0004), "CS", &vec![b'A'; length]);
        let bytes = file(EXPLICIT, EXPLICIT_VR_LITTLE_ENDIAN, &middle, (2, 1), &pixels);
        PixelDescription::read(&open(bytes).dataset())
    };
    assert!(read(64).is_ok());
    assert!(matches!(read(66), Err(PixelDescriptionError::Impossible(_))));
}
