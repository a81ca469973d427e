//! The viewer that packages hold: built by `make viewer`, embedded compressed, copied as it is.
//!
//! Invariant: the bytes of a package depend on the viewer of this build, never on the machine.

use std::io::Write;

use media::contents::PackageContents;
use media::layout::Layout;
use zipstream::PreparedEntry;

use crate::assembly::Assembly;
use crate::error::PackError;

/// A file of the viewer.
#[derive(Debug)]
pub struct ViewerFile {
    /// Its name in the reference layout.
    pub reference: &'static str,
    /// Its name in the strict layout.
    pub strict: &'static str,
    /// Length before compression.
    pub bytes: u64,
    /// CRC-32 before compression.
    pub crc32: u32,
    /// SHA-256 before compression.
    pub sha256: [u8; 32],
    /// Deflate blocks (RFC 1951).
    pub deflated: &'static [u8],
}

/// Empty when this program was built without the viewer.
const FILES: &[ViewerFile] = include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// The page that shows images, for any system.
const PAGE: &str = "index.htm";
/// The program that opens the page on Windows.
const PROGRAM: &str = "_start.exe";

/// Whether packages of this build can hold the viewer.
pub fn has_viewer() -> bool {
    !FILES.is_empty()
}

/// The files of the viewer that packages of this build can hold; none when it was built without.
pub fn viewer_files() -> &'static [ViewerFile] {
    FILES
}

impl<W: Write> Assembly<'_, W> {
    /// Writes the viewer, and tells the pages where it begins.
    pub(crate) fn put_viewer(&mut self, contents: &mut PackageContents) -> Result<(), PackError> {
        let layout = contents.layout;
        for file in FILES {
            let name = match layout {
                Layout::Reference => file.reference,
                Layout::Pdi => file.strict,
            };
            let path =
                layout.viewer_file(name).map_err(|error| PackError::Bug(error.to_string()))?;
            let entry = PreparedEntry::deflated(file.crc32, file.bytes, file.deflated.to_vec());
            self.put(&path, &entry, file.sha256, None)?;
            match file.reference {
                PAGE => contents.viewer = Some(path),
                PROGRAM => contents.viewer_program = Some(path),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_or_none_are_embedded_and_named_as_both_layouts_demand() {
        for file in FILES {
            assert!(!file.deflated.is_empty() && file.bytes > 0, "{}", file.reference);
            assert!(Layout::Reference.viewer_file(file.reference).is_ok());
            assert!(file.strict.chars().all(|c| c.is_ascii_uppercase() || c == '.'));
        }
        assert_eq!(has_viewer(), FILES.iter().any(|file| file.reference == PAGE));
    }
}
