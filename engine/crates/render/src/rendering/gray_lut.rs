//! Containers to grey levels in one look-up, shared between the instances of a series.
//!
//! Rebuilding a table of 65 536 entries for each slice costs as much as the look-ups themselves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::gray::Padding;
use super::modality::Modality;
use super::stored_format::StoredFormat;
use super::voi::{Voi, ramp};

/// Everything between a container and its grey level: what a table is made from, and its key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GrayTransform {
    pub(super) format: StoredFormat,
    pub(super) modality: Modality,
    pub(super) voi: Voi,
    /// The lowest value is white: MONOCHROME1 or Presentation LUT Shape INVERSE.
    pub(super) inverse: bool,
    /// Values that no grey level is for: they are black.
    pub(super) padding: Option<Padding>,
}

impl GrayTransform {
    /// The grey level of one pattern.
    pub(super) fn level(&self, pattern: u32) -> u8 {
        let stored = self.format.value(pattern);
        if self.padding.is_some_and(|padding| padding.contains(stored)) {
            return 0;
        }
        let level = self.voi.apply(self.modality.apply(stored));
        if self.inverse { u8::MAX - level } else { level }
    }

    /// The grey levels of all patterns, ascending by pattern. At most 16 bits are stored.
    fn levels(&self) -> Vec<u8> {
        let patterns = 0..u32::try_from(self.format.patterns().min(1 << 16)).unwrap_or(0);
        let mut levels: Vec<u8> = match (&self.modality, &self.voi) {
            // Nearly every CT and MR: kept apart so that the loop has no branch on the kind.
            (Modality::Linear { slope, intercept }, Voi::Ramp { low, high }) => {
                let steepness = 255.0 / (high - low);
                let inverse = if self.inverse { u8::MAX } else { 0 };
                let sign = if self.format.signed { self.format.patterns() / 2 } else { u64::MAX };
                let lowered = if self.format.signed { self.format.range().0 * 2 } else { 0 };
                patterns
                    .clone()
                    .map(|pattern| {
                        let unsigned = f64::from(pattern);
                        #[expect(clippy::cast_precision_loss, reason = "at most 17 bits")]
                        let below = if u64::from(pattern) >= sign { lowered as f64 } else { 0.0 };
                        let value = (unsigned + below) * slope + intercept;
                        ramp(value, *low, steepness) ^ inverse
                    })
                    .collect()
            }
            _ => return patterns.map(|pattern| self.level(pattern)).collect(),
        };
        if let Some(padding) = self.padding {
            for (level, pattern) in levels.iter_mut().zip(patterns) {
                if padding.contains(self.format.value(pattern)) {
                    *level = 0;
                }
            }
        }
        levels
    }
}

/// Grey levels by container.
#[derive(Debug)]
pub(super) enum GrayLut {
    /// 8 bits allocated.
    Bytes(Box<[u8; 1 << 8]>),
    /// 16 bits allocated.
    Words(Box<[u8; 1 << 16]>),
}

impl GrayLut {
    /// Tabulates the transform; `None` for containers of 32 bits.
    pub(super) fn new(transform: &GrayTransform) -> Option<Self> {
        if transform.format.bits_allocated > 16 {
            return None;
        }
        let levels = transform.levels();
        match transform.format.bits_allocated {
            1 | 8 => Some(Self::Bytes(spread(&levels, transform.format)?)),
            12 | 16 => Some(Self::Words(spread(&levels, transform.format)?)),
            _ => None,
        }
    }

    /// Grey levels of containers that hold one byte each, or two, little-endian.
    pub(super) fn map(&self, native: &[u8]) -> Vec<u8> {
        match self {
            Self::Bytes(levels) => native.iter().map(|byte| at(levels.as_slice(), *byte)).collect(),
            Self::Words(levels) => native
                .as_chunks()
                .0
                .iter()
                .map(|word| at(levels.as_slice(), u16::from_le_bytes(*word)))
                .collect(),
        }
    }
}

/// The entry of a table that has one for each value of the index.
fn at(levels: &[u8], index: impl Into<usize>) -> u8 {
    levels.get(index.into()).copied().unwrap_or(0)
}

/// Repeats levels by pattern so that every container value, unused bits included, finds its own.
fn spread<const N: usize>(levels: &[u8], format: StoredFormat) -> Option<Box<[u8; N]>> {
    let spread: Vec<u8> = if format.shift == 0 {
        levels.iter().copied().cycle().take(N).collect()
    } else {
        let containers = 0..u32::try_from(N).ok()?;
        let index = |container| usize::try_from(format.pattern(container)).unwrap_or(0);
        containers.map(|container| at(levels, index(container))).collect()
    };
    spread.into_boxed_slice().try_into().ok()
}

type Entry = (GrayTransform, Arc<GrayLut>);

/// Tables of the instances rendered last. Clones share them.
///
/// Holds at most 64 tables of 64 KiB.
#[derive(Debug, Clone, Default)]
pub struct LutCache {
    /// The last one made comes first.
    recent: Arc<Mutex<VecDeque<Entry>>>,
}

impl LutCache {
    const CAPACITY: usize = 64;

    /// The table of a transform, made now or before; `None` for containers of 32 bits.
    pub(super) fn get(&self, transform: &GrayTransform) -> Option<Arc<GrayLut>> {
        let found = {
            let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = recent.iter().find(|(key, _)| key == transform);
            entry.map(|(_, table)| Arc::clone(table))
        };
        if found.is_some() {
            return found;
        }
        // Made outside the lock: two threads may make the same table, neither waits for the other.
        let table = Arc::new(GrayLut::new(transform)?);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.truncate(Self::CAPACITY - 1);
        recent.push_front((transform.clone(), Arc::clone(&table)));
        Some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendering::stored_format::tests::description;
    use proptest::prelude::*;

    fn transform(format: (u16, u16, u16, bool), voi: Voi, inverse: bool) -> GrayTransform {
        let (allocated, stored, high, signed) = format;
        GrayTransform {
            format: StoredFormat::new(&description(allocated, stored, high, signed)).unwrap(),
            modality: Modality::Linear { slope: 2.0, intercept: -100.0 },
            voi,
            inverse,
            padding: Some(Padding { low: -7, high: 3 }),
        }
    }

    proptest! {
        #[test]
        fn a_table_gives_the_level_of_each_container(
            container in any::<u16>(),
            stored in 1_u16..=16,
            below in 0_u16..16,
            signed in any::<bool>(),
            inverse in any::<bool>(),
            low in -3000.0..3000.0,
            width in 0.0..5000.0,
        ) {
            let high_bit = (stored - 1 + below).min(15);
            let voi = Voi::Ramp { low, high: low + width };
            let transform = transform((16, stored, high_bit, signed), voi, inverse);
            let lut = GrayLut::new(&transform).unwrap();
            let expected = transform.level(transform.format.pattern(container.into()));
            prop_assert_eq!(lut.map(&container.to_le_bytes()), vec![expected]);
        }

        #[test]
        fn so_it_does_for_bytes(byte in any::<u8>(), stored in 1_u16..=8, signed in any::<bool>()) {
            let voi = Voi::Sigmoid { center: 10.0, width: 90.0 };
            let transform = transform((8, stored, stored - 1, signed), voi, false);
            let lut = GrayLut::new(&transform).unwrap();
            let expected = transform.level(transform.format.pattern(byte.into()));
            prop_assert_eq!(lut.map(&[byte]), vec![expected]);
        }
    }

    #[test]
    fn equal_transforms_share_one_table() {
        let cache = LutCache::default();
        let ramp = |high| transform((16, 12, 11, false), Voi::Ramp { low: 0.0, high }, false);
        let other_worker = cache.clone();
        let first = cache.get(&ramp(100.0)).unwrap();
        let other = cache.get(&ramp(200.0)).unwrap();
        assert!(Arc::ptr_eq(&first, &other_worker.get(&ramp(100.0)).unwrap()));
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn the_cache_is_bounded() {
        let cache = LutCache::default();
        for step in 0..200 {
            let voi = Voi::Ramp { low: 0.0, high: f64::from(step) };
            cache.get(&transform((8, 8, 7, false), voi, false)).unwrap();
        }
        assert_eq!(cache.recent.lock().unwrap().len(), LutCache::CAPACITY);
    }

    #[test]
    fn containers_of_32_bits_have_no_table() {
        let wide = transform((32, 32, 31, false), Voi::Ramp { low: 0.0, high: 1.0 }, false);
        assert!(LutCache::default().get(&wide).is_none());
    }
}
