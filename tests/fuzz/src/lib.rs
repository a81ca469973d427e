//! What is done with arbitrary bytes: one function a target, which ends in a panic when a promise is
//! broken.
//!
//! Invariant: the engine's own code never panics. A decoder of somebody else may: it is caught, as the
//! engine catches it, and everything else ends the process ([`watch_panics`]).

#![forbid(unsafe_code)]

mod directory;
mod file;
mod frame;
pub mod input;
mod rendering;
mod report;

pub use directory::{directory, file_set};
pub use file::file;
pub use frame::{DEFLATED, JPEG, JPEG_2000, JPEG_LS, RLE, frame};
pub use rendering::rendering;
pub use report::{clinical_document, report};

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::sync::Once;

/// Frames of more are refused, so that what a frame costs can be told from the whole.
pub const FRAME_LIMITS: render::Limits = render::Limits { frame_bytes: 4 << 20 };
/// Little enough that what passes the limits is seen.
pub const FILE_LIMITS: part10::Limits = part10::Limits {
    in_memory_bytes: 1 << 20,
    header_bytes: 1 << 20,
    inflated_bytes: 4 << 20,
    scratch: None,
};

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets; each has a program of its name in `fuzz_targets`.
pub const TARGETS: &[Target] = &[
    ("file", file),
    ("frame_rle", |bytes| frame(RLE, bytes)),
    ("frame_jpeg", |bytes| frame(JPEG, bytes)),
    ("frame_jpeg_ls", |bytes| frame(JPEG_LS, bytes)),
    ("frame_jpeg_2000", |bytes| frame(JPEG_2000, bytes)),
    ("frame_deflated", |bytes| frame(DEFLATED, bytes)),
    ("rendering", rendering),
    ("directory", directory),
    ("file_set", file_set),
    ("report", report),
    ("clinical_document", clinical_document),
];

/// From now on a panic ends the process, unless it is one of a decoder from the registry.
pub fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_hook(Box::new(|panic| {
            if !is_foreign(panic) {
                eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
                std::process::abort();
            }
        }));
    });
}

fn is_foreign(panic: &PanicHookInfo<'_>) -> bool {
    panic.location().is_some_and(|place| place.file().contains("/registry/src/"))
}

/// Runs a decoder as the engine does: a panic is no result.
fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decode)).ok()
}
