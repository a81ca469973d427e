//! The `--report` file, as far as the tests rely on it.

use std::path::Path;

use serde_json::Value;

/// How the files of the source folder were accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Files {
    /// All files found.
    pub found: u64,
    /// In the package.
    pub packaged: u64,
    /// Not in the package although expected, with a reason.
    pub refused: u64,
    /// Left out by policy, with a notice.
    pub left_out: u64,
    /// Another file with the same SOP Instance UID is in the package.
    pub duplicate: u64,
    /// Not DICOM, or a DICOMDIR.
    pub not_dicom: u64,
}

impl Files {
    /// All files that were accounted for.
    pub fn accounted(self) -> u64 {
        self.packaged + self.refused + self.left_out + self.duplicate + self.not_dicom
    }
}

/// Reads the whole report.
pub fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a report");
    serde_json::from_str(&text).expect("a report in JSON")
}

/// Reads how the files were accounted for.
pub fn files(report: &Value) -> Files {
    let count = |name: &str| {
        report["files"][name].as_u64().unwrap_or_else(|| panic!("files.{name} in {report}"))
    };
    Files {
        found: count("found"),
        packaged: count("packaged"),
        refused: count("refused"),
        left_out: count("left_out"),
        duplicate: count("duplicate"),
        not_dicom: count("not_dicom"),
    }
}
