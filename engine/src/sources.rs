//! The images that a segmentation of the same package was drawn on.

use std::collections::HashMap;
use std::path::PathBuf;

use model::SopInstanceUid;
use part10::Limits;
use render::{Bitmap, LutCache, Segmentation, SourceFrame};

use crate::body::{examine, read_frame};
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
    /// in the same place.
    pub(crate) fn picture(&self, segmentation: &Segmentation, index: u32) -> Option<Bitmap> {
        let mut sources = segmentation.sources(index).iter();
        sources.find_map(|source| self.open(source, segmentation, index))
    }

    fn open(
        &self,
        source: &SourceFrame,
        segmentation: &Segmentation,
        index: u32,
    ) -> Option<Bitmap> {
        let path = self.paths.get(&source.sop_instance)?;
        let mut instance = self.stock.open(&source.sop_instance, path.as_deref(), &self.limits)?;
        if instance.identity().sop_instance != source.sop_instance {
            return None;
        }
        let body = examine(&mut instance, true).ok()?;
        let (description, frames) = body.frames.ok()?;
        let is_small = description.frame_bytes() <= WHOLE_INSTANCE_BYTES;
        if !is_small
            || !segmentation.lies_on(index, &instance.dataset(), &description, source.frame)
        {
            return None;
        }
        let (mut pictures, first) =
            Pictures::open(&mut instance, &body.pixels, &description, &frames, &self.luts).ok()?;
        let native = if source.frame == 0 {
            first.ok()?
        } else {
            let mut frame = Vec::new();
            read_frame(&frames, &mut instance, source.frame, &mut frame).ok()?;
            pictures.to_native(frame).ok()?
        };
        pictures.measure(&mut instance, &frames).ok()?;
        pictures.bitmap(source.frame, &native, &[]).ok().map(|drawn| drawn.bitmap)
    }
}
