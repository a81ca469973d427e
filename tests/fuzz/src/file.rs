//! Files of arbitrary bytes: opened, read, rewritten.

use std::hint::black_box;

use dicom_core::VR;
use part10::{
    Dataset, END_OF_FRAGMENTS, EXPLICIT_VR_LITTLE_ENDIAN, Fragments, Frames, Instance,
    PixelDescription, PixelElement, PixelValue,
};

use super::FILE_LIMITS;

/// What a rewritten file may be: explicit elements are longer than implicit ones.
const REWRITTEN_LIMITS: part10::Limits = part10::Limits {
    in_memory_bytes: 1 << 24,
    header_bytes: 1 << 24,
    inflated_bytes: 1 << 24,
    scratch: None,
};
/// Frames that are read; the others lie beside them.
const MOST_FRAMES: u32 = 8;
/// Levels of sequences that are read.
const MOST_LEVELS: u32 = 8;

/// Opens, reads every value and frame, writes the file down as the package holds it.
///
/// # Panics
/// When what was written cannot be opened, is another instance, or becomes other bytes when it is
/// written again.
pub fn file(bytes: &[u8]) {
    let Ok(mut instance) = Instance::from_bytes(bytes.to_vec(), &FILE_LIMITS) else { return };
    read(&instance.dataset(), 0);
    read_frames(&mut instance);
    let Some(once) = rewritten(&mut instance) else { return };
    let mut again = Instance::from_bytes(once.clone(), &REWRITTEN_LIMITS)
        .unwrap_or_else(|error| panic!("what was written cannot be opened: {error}"));
    assert_eq!(instance.identity(), again.identity());
    let twice = rewritten(&mut again).expect("what was written can be written");
    assert!(once == twice, "written twice, the file differs");
}

/// Reads every value as whatever it can be.
fn read(dataset: &Dataset<'_>, level: u32) {
    for element in dataset.elements() {
        let tag = element.tag;
        black_box((dataset.text(tag), dataset.bytes(tag), dataset.f64s(tag), dataset.i64(tag)));
        black_box((dataset.u16s(tag), dataset.u32(tag)));
        if matches!(element.vr, VR::SQ | VR::UN) && level < MOST_LEVELS {
            for item in dataset.items(tag) {
                read(&item, level + 1);
            }
        }
    }
}

fn read_frames(instance: &mut Instance) {
    let Ok(description) = PixelDescription::read(&instance.dataset()) else { return };
    let Ok(frames) = Frames::locate(instance, &description) else { return };
    let mut frame = Vec::new();
    for index in 0..frames.count().min(MOST_FRAMES) {
        if frames.read(instance, index, &mut frame).is_ok() && frames.fragments().is_none() {
            assert_eq!(frame.len() as u64, description.frame_bytes(), "frame {index}");
        }
    }
}

/// The file in Explicit VR Little Endian, compressed pixels as they are; `None` where it is refused.
fn rewritten(instance: &mut Instance) -> Option<Vec<u8>> {
    let mut pixels = Vec::new();
    match instance.pixels().cloned() {
        None => instance.head(EXPLICIT_VR_LITTLE_ENDIAN, &[], None).ok(),
        Some(PixelElement { value, length: None, .. }) => {
            let syntax = instance.transfer_syntax().uid().to_owned();
            if !render::pixel_coding(&syntax).is_none_or(|coding| coding.encapsulated) {
                return None;
            }
            let fragments = Fragments::walk(instance, value).ok()?;
            let head = instance.head(&syntax, &[], Some(PixelValue::Encapsulated)).ok()?;
            instance.read_into(value..fragments.items_end(), &mut pixels).ok()?;
            let tail = instance.tail(fragments.end()).ok()?;
            Some([head, pixels, END_OF_FRAGMENTS.to_vec(), tail].concat())
        }
        Some(PixelElement { vr, value, length: Some(length), .. }) => {
            let syntax = instance.transfer_syntax().uid().to_owned();
            let coding = render::pixel_coding(&syntax);
            let encapsulated = coding.is_none_or(|coding| coding.encapsulated);
            let syntax = if encapsulated { &syntax } else { EXPLICIT_VR_LITTLE_ENDIAN };
            let native = PixelValue::Native(vr, u32::try_from(length).ok()?);
            let head = instance.head(syntax, &[], Some(native)).ok()?;
            instance.read_pixels_into(value..value.checked_add(length)?, &mut pixels).ok()?;
            let tail = instance.tail(value + length).ok()?;
            Some([head, pixels, tail].concat())
        }
    }
}
