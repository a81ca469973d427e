//! Whether two files with one SOP Instance UID hold the same data set, and which one is usable.

use std::path::Path;

use part10::{Frames, Instance, Limits, PixelDescription};

/// Bytes compared at a time.
const STEP_BYTES: u64 = 1 << 20;

/// Whether all of a file is there: its elements, and the frames that it promises.
pub(crate) fn is_usable(path: &Path) -> bool {
    let Ok(mut instance) = Instance::open(path, &nothing_in_memory()) else { return false };
    let description = PixelDescription::read(&instance.dataset());
    match description {
        Ok(description) if instance.pixels().is_some() => {
            Frames::locate(&mut instance, &description).is_ok()
        }
        _ => true,
    }
}

/// Compares transfer syntax, elements and everything behind them; the file meta information may
/// differ. A file that cannot be read again is not the same.
pub(crate) fn same_content(one: &Path, other: &Path) -> bool {
    let limits = nothing_in_memory();
    match (Instance::open(one, &limits), Instance::open(other, &limits)) {
        (Ok(mut one), Ok(mut other)) => same_instances(&mut one, &mut other),
        _ => false,
    }
}

fn nothing_in_memory() -> Limits {
    Limits { in_memory_bytes: 0, ..Limits::default() }
}

fn same_instances(one: &mut Instance, other: &mut Instance) -> bool {
    let syntax = one.transfer_syntax().uid().to_owned();
    if syntax != other.transfer_syntax().uid()
        || one.head(&syntax, &[], None) != other.head(&syntax, &[], None)
    {
        return false;
    }
    let (mut at, mut other_at) = match (one.pixels(), other.pixels()) {
        (None, None) => return true,
        (Some(pixels), Some(others)) => (pixels.value, others.value),
        _ => return false,
    };
    if one.length() - at != other.length() - other_at {
        return false;
    }
    let (mut bytes, mut other_bytes) = (Vec::new(), Vec::new());
    while at < one.length() {
        let step = STEP_BYTES.min(one.length() - at);
        let read = one.read_into(at..at + step, &mut bytes).is_ok()
            && other.read_into(other_at..other_at + step, &mut other_bytes).is_ok();
        if !read || bytes != other_bytes {
            return false;
        }
        at += step;
        other_at += step;
    }
    true
}
