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
    /// Of a study that was not asked for.
    pub other_studies: u64,
}

impl Files {
    /// All files that were accounted for.
    pub fn accounted(self) -> u64 {
        self.packaged
            + self.refused
            + self.left_out
            + self.duplicate
            + self.not_dicom
            + self.other_studies
    }
}

/// Reads the whole report.
pub fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a report");
    serde_json::from_str(&text).expect("a report in JSON")
}

/// Reads how the files were accounted for.
pub fn files(report: &Value) -> Files {
    let count = |pointer: &str| {
        let value = report.pointer(pointer).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("{pointer} in {report}"))
    };
    let notices = report["notices"].as_array().expect("a list of notices");
    let noticed = |kind: &str| {
        let same = notices.iter().filter(|notice| notice["kind"] == kind).inspect(|notice| {
            let reason = notice["reason"].as_str().unwrap_or_default();
            assert!(!reason.is_empty(), "a notice without a reason: {notice}");
        });
        u64::try_from(same.count()).expect("a count")
    };
    Files {
        found: count("/files/files"),
        packaged: count("/counts/received"),
        refused: noticed("refused"),
        left_out: noticed("left_out"),
        duplicate: noticed("duplicate"),
        not_dicom: count("/files/not_dicom") + count("/files/directories"),
        other_studies: count("/files/other_studies"),
    }
}
