//! What a data set says about the grey levels of its frames.
//!
//! Standard: DICOM PS3.3 C.7.6.16 (functional groups), C.11.

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

/// The transformations of one frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FrameLevels {
    pub(super) modality: Modality,
    /// `None`: the pixels decide.
    pub(super) voi: Option<Voi>,
    /// What the file says of `voi`.
    window: Option<Window>,
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
    /// Reads the data set, its shared groups over it, its groups by frame over those.
    ///
    /// # Errors
    /// [`PreviewFault::Unsupported`] for tables that contradict themselves.
    pub(super) fn read(dataset: &Dataset<'_>, inputs: Inputs) -> Result<Self, PreviewFault> {
        let plain = FrameLevels { modality: Modality::IDENTITY, voi: None, window: None };
        let shared = levels(dataset, dataset, inputs, &plain)?;
        let shared = match dataset.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE) {
            Some(group) => grouped_levels(&group, inputs, &shared)?,
            None => shared,
        };
        let groups = dataset.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
        let frames: Vec<_> = groups
            .iter()
            .map(|group| grouped_levels(group, inputs, &shared))
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

    /// What the file says of the VOI LUTs and windows in use, in the order of the frames.
    pub(super) fn windows(&self) -> impl Iterator<Item = &Window> {
        let shared = self.frames.is_empty().then_some(&self.shared);
        self.frames.iter().chain(shared).filter_map(|levels| levels.window.as_ref())
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
    let (low, high) = inputs.range;
    let negative_inputs = modality.range(low, high).0 < 0.0;
    let (voi, window) = match Voi::read(voi, negative_inputs)? {
        Some((voi, window)) => (Some(voi), Some(window)),
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
