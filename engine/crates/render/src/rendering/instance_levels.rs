//! What a data set says about the grey levels of its frames.
//!
//! Standard: DICOM PS3.3 C.7.6.16 (functional groups), C.11.

use std::sync::Arc;

use dicom_dictionary_std::tags;
use model::PreviewFault;
use part10::{Dataset, Photometric, PixelDescription};

use super::modality::Modality;
use super::voi::Voi;
use super::window::Window;

/// What the values are that are looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs {
    pub(super) signed: bool,
    /// Lowest and highest.
    pub(super) range: (i64, i64),
}

/// The transformations of one frame. Clones share tables and texts: a file can have a million frames
/// that say nothing of their own.
#[derive(Debug, Clone)]
pub(super) struct FrameLevels {
    pub(super) modality: Modality,
    /// `None`: the pixels decide.
    pub(super) voi: Option<Voi>,
    /// What the file says of `voi`.
    window: Option<Arc<Window>>,
}

impl PartialEq for FrameLevels {
    fn eq(&self, other: &Self) -> bool {
        let is_same_window = match (&self.window, &other.window) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
            (one, other) => one.is_none() && other.is_none(),
        };
        is_same_window && (&self.modality, &self.voi) == (&other.modality, &other.voi)
    }
}

/// The transformations of all frames of an instance.
#[derive(Debug)]
pub(super) struct InstanceLevels {
    /// What holds for frames that have no entry in `frames`.
    shared: FrameLevels,
    /// Frames of the Per-Frame Functional Groups Sequence, in order.
    frames: Vec<FrameLevels>,
}

impl InstanceLevels {
    /// Reads the data set, its shared groups over it, over those the groups of its first `frames`
    /// frames.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] for tables that contradict themselves.
    pub(super) fn read(
        dataset: &Dataset<'_>,
        frames: u32,
        inputs: Inputs,
    ) -> Result<Self, PreviewFault> {
        let plain = FrameLevels { modality: Modality::IDENTITY, voi: None, window: None };
        let shared = levels(dataset, dataset, inputs, &plain)?;
        let shared = match dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE) {
            Some(group) => grouped_levels(&group, inputs, &shared)?,
            None => shared,
        };
        let frames: Vec<_> = dataset
            .items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
            .take(usize::try_from(frames).unwrap_or(usize::MAX))
            .map(|group| grouped_levels(&group, inputs, &shared))
            .collect::<Result<_, _>>()?;
        let frames =
            if frames.iter().all(|levels| *levels == shared) { Vec::new() } else { frames };
        Ok(Self { shared, frames })
    }

    /// Whether there is a frame for which no VOI LUT and no window is given.
    pub(super) fn lacks_voi(&self) -> bool {
        let mut frames = self.frames.iter();
        self.frames.is_empty() && self.shared.voi.is_none()
            || frames.any(|frame| frame.voi.is_none())
    }

    /// What the file says of the VOI LUTs and windows in use, in the order of the frames; what
    /// frames that follow each other share is told once.
    pub(super) fn windows(&self) -> impl Iterator<Item = &Window> {
        let shared = self.frames.is_empty().then_some(&self.shared);
        let mut last: Option<&Arc<Window>> = None;
        self.frames.iter().chain(shared).filter_map(move |levels| {
            let window = levels.window.as_ref()?;
            let is_told = last.replace(window).is_some_and(|last| Arc::ptr_eq(last, window));
            (!is_told).then_some(&**window)
        })
    }

    /// The transformations of a frame, counted from 0.
    pub(super) fn of_frame(&self, index: u32) -> &FrameLevels {
        let frame = usize::try_from(index).ok().and_then(|index| self.frames.get(index));
        frame.unwrap_or(&self.shared)
    }
}

/// Whether the lowest value is white.
///
/// Presentation LUT Shape says the same as MONOCHROME1 in other words (PS3.3 C.8.11.3.1.1): both
/// together do not turn the picture round twice.
pub(super) fn is_inverse(dataset: &Dataset<'_>, description: &PixelDescription) -> bool {
    description.photometric == Photometric::Monochrome1
        || dataset.text(tags::PRESENTATION_LUT_SHAPE).as_deref() == Some("INVERSE")
}

/// What one data set or functional group says, else what `outer` says.
fn levels(
    modality: &Dataset<'_>,
    voi: &Dataset<'_>,
    inputs: Inputs,
    outer: &FrameLevels,
) -> Result<FrameLevels, PreviewFault> {
    let modality =
        Modality::read(modality, inputs.signed)?.unwrap_or_else(|| outer.modality.clone());
    let negative_inputs = match &modality {
        Modality::Linear { .. } => {
            let (low, high) = inputs.range;
            modality.range(low, high).0 < 0.0
        }
        // Entries have no sign.
        Modality::Table(_) => false,
    };
    let (voi, window) = match Voi::read(voi, negative_inputs)? {
        Some((voi, window)) => (Some(voi), Some(Arc::new(window))),
        None => (outer.voi.clone(), outer.window.clone()),
    };
    Ok(FrameLevels { modality, voi, window })
}

/// The macros Pixel Value Transformation and Frame VOI LUT of one item of functional groups.
///
/// Standard: DICOM PS3.3 C.7.6.16.2.9, C.7.6.16.2.10.
fn grouped_levels(
    group: &Dataset<'_>,
    inputs: Inputs,
    outer: &FrameLevels,
) -> Result<FrameLevels, PreviewFault> {
    let modality = group.item(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
    let voi = group.item(tags::FRAME_VOILUT_SEQUENCE);
    if modality.is_none() && voi.is_none() {
        return Ok(outer.clone());
    }
    levels(modality.as_ref().unwrap_or(group), voi.as_ref().unwrap_or(group), inputs, outer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::dataset_bytes::{item, parse, sequence, text, words};
    use crate::rendering::lookup_table::LookupTable;

    const INPUTS: Inputs = Inputs { signed: false, range: (0, 65_535) };

    fn lut(tag: dicom_core::Tag) -> Vec<u8> {
        let lut = [words(tags::LUT_DESCRIPTOR, &[4, 0, 16]), words(tags::LUT_DATA, &[0, 1, 2, 3])];
        sequence(tag, &[item(&lut)])
    }

    fn tables(levels: &FrameLevels) -> (&LookupTable, &LookupTable) {
        match (&levels.modality, &levels.voi) {
            (Modality::Table(modality), Some(Voi::Table(voi))) => (modality, voi),
            other => panic!("{other:?}"),
        }
    }

    /// A group by frame costs as much as its own bytes, not a copy of the tables of the file.
    #[test]
    fn frames_that_say_nothing_share_the_tables_of_the_file() {
        let window =
            [text(tags::WINDOW_CENTER, *b"DS", "1"), text(tags::WINDOW_WIDTH, *b"DS", "2")]
                .concat();
        let own = item(&[sequence(tags::FRAME_VOILUT_SEQUENCE, &[item(&[window])])]);
        let empty = item(&[sequence(tags::FRAME_VOILUT_SEQUENCE, &[item(&[])])]);
        let groups = [item(&[]), empty, own];
        let bytes = [
            lut(tags::MODALITY_LUT_SEQUENCE),
            lut(tags::VOILUT_SEQUENCE),
            sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, &groups),
        ]
        .concat();
        let levels = InstanceLevels::read(&parse(&bytes), 3, INPUTS).unwrap();
        assert_eq!(levels.frames.len(), 3);
        let (modality, voi) = tables(&levels.shared);
        for frame in [0, 1] {
            let (own_modality, own_voi) = tables(levels.of_frame(frame));
            assert!(own_modality.shares_entries(modality) && own_voi.shares_entries(voi));
        }
        let told: Vec<_> = levels.windows().map(|window| window.center_and_width).collect();
        assert_eq!(told, [None, Some((1.0, 2.0))]);
    }

    #[test]
    fn no_more_groups_are_read_than_there_are_frames() {
        let voi = |width| {
            let window =
                [text(tags::WINDOW_CENTER, *b"DS", "1"), text(tags::WINDOW_WIDTH, *b"DS", width)];
            item(&[sequence(tags::FRAME_VOILUT_SEQUENCE, &[item(&window)])])
        };
        let groups = [voi("2"), voi("3"), voi("4")];
        let bytes = sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, &groups);
        let levels = InstanceLevels::read(&parse(&bytes), 2, INPUTS).unwrap();
        assert_eq!(levels.frames.len(), 2);
    }
}
