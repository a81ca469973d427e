//! The images that a segmentation of the same package was drawn on.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use model::SopInstanceUid;
use part10::{Instance, Limits};
use render::{Bitmap, LutCache, Segmentation, SourceFrame};

use crate::body::{Body, examine, read_frame};
use crate::picture::Pictures;
use crate::plan::{Expected, Plan};
use crate::request::WHOLE_INSTANCE_BYTES;
use crate::stock::Stock;

/// Memory that the picture of a source may take beside the segmentation: its file, its frame.
pub(crate) const SOURCE_BYTES: u64 = 2 * WHOLE_INSTANCE_BYTES;

/// Whether instances of this SOP Class are segmentations with pixels.
pub(crate) fn is_segmentation(sop_class: &str) -> bool {
    matches!(sop_class, "1.2.840.10008.5.1.4.1.1.66.4" | "1.2.840.10008.5.1.4.1.1.66.7")
}

impl Expected {
    pub(crate) fn is_segmentation(&self) -> bool {
        self.sop_class.as_ref().is_some_and(|class| is_segmentation(class.as_str()))
    }
}

/// Where the instances of the package lie, as far as a segmentation may want them.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Where they lie in a folder. Empty in a package without segmentations.
    paths: HashMap<SopInstanceUid, Option<PathBuf>>,
    stock: Stock,
    limits: Limits,
    luts: LutCache,
}

impl Sources {
    pub(crate) fn of(plan: &Plan, stock: Stock, limits: &Limits, luts: &LutCache) -> Self {
        let instances = || plan.instances.iter().map(|planned| &planned.instance);
        let wanted = instances().any(|one| one.sop_class.is_none() || one.is_segmentation());
        let paths = instances()
            .filter(|_| wanted)
            .map(|instance| (instance.sop_instance.clone(), instance.path.clone()));
        Self { paths: paths.collect(), stock, limits: limits.clone(), luts: luts.clone() }
    }

    /// The picture of the first source of frame `index` that is in the package, can be read and lies
    /// in the same place. It is in `last` then, for other frames that lie on it.
    pub(crate) fn picture<'l>(
        &self,
        segmentation: &Segmentation,
        index: u32,
        last: &'l mut LastSource,
    ) -> Option<&'l Bitmap> {
        let mut sources = segmentation.sources(index).iter();
        sources.find(|source| self.draw(source, segmentation, index, last).is_some())?;
        last.0.as_ref()?.drawn.as_ref().map(|(_, bitmap)| bitmap)
    }

    /// Draws a source, where it lies in the place of frame `index`.
    fn draw(
        &self,
        source: &SourceFrame,
        segmentation: &Segmentation,
        index: u32,
        last: &mut LastSource,
    ) -> Option<()> {
        let path = self.paths.get(&source.sop_instance)?;
        if last.0.as_ref().is_none_or(|opened| opened.sop_instance != source.sop_instance) {
            // There is memory for one of them.
            last.0 = None;
            last.0 = Some(self.open(&source.sop_instance, path.as_deref())?);
        }
        last.0.as_mut()?.draw(source.frame, segmentation, index, &self.luts)
    }

    fn open(&self, sop_instance: &SopInstanceUid, path: Option<&Path>) -> Option<Opened> {
        let mut instance = self.stock.open(sop_instance, path, &self.limits)?;
        if instance.identity().sop_instance != *sop_instance {
            return None;
        }
        let body = examine(&mut instance, true).ok()?;
        let sop_instance = sop_instance.clone();
        Some(Opened { sop_instance, instance, body, pictures: None, drawn: None })
    }
}

/// The source that was opened last. Frames of several segments lie on the same, one after the other.
#[derive(Debug, Default)]
pub(crate) struct LastSource(Option<Opened>);

#[derive(Debug)]
struct Opened {
    sop_instance: SopInstanceUid,
    instance: Instance,
    body: Body,
    pictures: Option<Pictures>,
    /// The frame that was drawn last, and its picture.
    drawn: Option<(u32, Bitmap)>,
}

impl Opened {
    fn draw(
        &mut self,
        frame: u32,
        segmentation: &Segmentation,
        index: u32,
        luts: &LutCache,
    ) -> Option<()> {
        let (description, frames) = self.body.frames.as_ref().ok()?;
        let is_small = description.frame_bytes() <= WHOLE_INSTANCE_BYTES;
        if !is_small || !segmentation.lies_on(index, &self.instance.dataset(), description, frame) {
            return None;
        }
        if self.drawn.as_ref().is_some_and(|(drawn, _)| *drawn == frame) {
            return Some(());
        }
        self.drawn = None;
        let mut first = None;
        let pictures = match &mut self.pictures {
            Some(pictures) => pictures,
            none => {
                let pixels = &self.body.pixels;
                let (mut pictures, native) =
                    Pictures::open(&mut self.instance, pixels, description, frames, luts).ok()?;
                pictures.measure(&mut self.instance, frames).ok()?;
                first = Some(native);
                none.insert(pictures)
            }
        };
        let native = match first {
            Some(first) if frame == 0 => first.ok()?,
            _ => {
                let mut stored = Vec::new();
                read_frame(frames, &mut self.instance, frame, &mut stored).ok()?;
                pictures.to_native(stored).ok()?
            }
        };
        let drawn = pictures.bitmap(frame, &native, &[]).ok()?;
        self.drawn = Some((frame, drawn.bitmap));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fixtures::{Options, recipe};
    use part10::PixelDescription;
    use render::Rendering;

    use super::*;

    #[test]
    fn a_source_is_opened_once_for_the_frames_that_lie_on_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = recipe("quirk-segmentation", &Options::default()).unwrap();
        let (limits, luts) = (Limits::default(), LutCache::default());
        let mut paths = HashMap::new();
        for (number, file) in files.iter().take(3).enumerate() {
            let path = folder.path().join(number.to_string());
            fs::write(&path, file.bytes().unwrap()).unwrap();
            let image = Instance::open(&path, &limits).unwrap();
            paths.insert(image.identity().sop_instance.clone(), Some(path));
        }
        let drawn = Instance::from_bytes(files[3].bytes().unwrap(), &limits).unwrap();
        let dataset = drawn.dataset();
        let description = PixelDescription::read(&dataset).unwrap();
        let rendering =
            Rendering::prepare(&dataset, &description, &luts, &render::Limits::default()).unwrap();
        let segmentation = rendering.segmentation().unwrap();
        let sources = Sources { paths, stock: Stock::Folder, limits, luts };
        let mut last = LastSource::default();
        let first = sources.picture(segmentation, 0, &mut last).unwrap().data().to_vec();
        // Two segments on each image. Frame 2 lies on the second image, which is not open yet.
        folder.close().unwrap();
        let second = sources.picture(segmentation, 1, &mut last);
        assert_eq!(second.map(Bitmap::data), Some(first.as_slice()));
        assert!(sources.picture(segmentation, 2, &mut last).is_none());
    }
}
