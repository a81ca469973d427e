//! How much one frame may cost, checked before anything is allocated for it.

use model::PreviewFault;
use part10::PixelDescription;

/// Frames of which it is read what each says of itself, which takes memory.
pub(crate) const MOST_GROUPED_FRAMES: u32 = 1 << 17;
/// Characters of a code string (CS) that a fault quotes; it has 16.
pub(crate) const MOST_OF_TERM: usize = 64;

/// What a frame may cost at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one native frame, and of the 8-bit picture made from it.
    pub frame_bytes: u64,
}

impl Default for Limits {
    /// 512 MiB: four times the largest frame of a mammography or digital radiography detector.
    fn default() -> Self {
        Self { frame_bytes: 512 << 20 }
    }
}

impl Limits {
    /// Bytes of one native frame of this description.
    ///
    /// # Errors
    /// [`PreviewFault::OverLimit`] when the native frame or its 8-bit picture passes the limit;
    /// [`PreviewFault::Unsupported`] when the frame has no pixels.
    pub(crate) fn native_bytes(
        self,
        description: &PixelDescription,
    ) -> Result<usize, PreviewFault> {
        let pixels = u64::from(description.rows) * u64::from(description.columns);
        if pixels == 0 {
            return Err(PreviewFault::Unsupported("Rows or Columns is zero".into()));
        }
        let native = description.frame_bytes();
        let picture = pixels.checked_mul(3).ok_or(PreviewFault::OverLimit)?;
        if native.max(picture) > self.frame_bytes {
            return Err(PreviewFault::OverLimit);
        }
        usize::try_from(native).map_err(|_too_large| PreviewFault::OverLimit)
    }
}
