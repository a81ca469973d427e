//! `other_content/manifest.json`: every entry with its SHA-256, for programs.
//!
//! The entries are written out as they come, one line each, so that a package of 10⁵ entries costs
//! the bytes of its manifest and nothing beside. Reports, counts and notices, known last, stand at the
//! end. The viewer finds the reports there: a DICOMDIR names no document that only we made.
//!
//! Invariant: the same calls give the same bytes; the origin of an instance (which may hold patient
//! data) never appears.

use model::{EntryPath, Notice, SopInstanceUid};
use serde::Serialize;

use crate::contents::{Counts, PackageContents};

mod notice_record;
mod report_record;

use notice_record::NoticeRecord;
use report_record::ReportRecord;

/// The program that makes packages, as it names itself in them.
pub const APPLICATION: &str = "Esito";
/// Its version.
pub const APPLICATION_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of this format: it grows when a reader of the old one could be misled.
const FORMAT_VERSION: u32 = 1;

/// The manifest cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
#[error("the manifest cannot be written")]
pub struct ManifestError(#[from] serde_json::Error);

/// An entry of the package.
#[derive(Debug, Clone, Copy)]
pub struct ManifestEntry<'a> {
    /// Its path in the package, without the wrapping folder.
    pub path: &'a EntryPath,
    /// Its length before compression, in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes before compression.
    pub sha256: [u8; 32],
    /// SOP Instance UID (0008,0018), for DICOM files but DICOMDIR.
    pub sop_instance: Option<&'a SopInstanceUid>,
}

/// The entry as it stands in the file.
#[derive(Serialize)]
struct EntryRecord<'a> {
    path: &'a str,
    bytes: u64,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sop_instance_uid: Option<&'a str>,
}

/// Grows while the package is written.
#[derive(Debug)]
pub struct ManifestBuilder {
    json: Vec<u8>,
    entries: u64,
    reports: Vec<ReportRecord>,
}

impl Default for ManifestBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ManifestBuilder {
    /// A manifest without entries.
    pub fn new() -> Self {
        let head = format!(
            "{{\n\"format\":\"esito-manifest\",\n\"format_version\":{FORMAT_VERSION},\n\
             \"application\":\"{APPLICATION}\",\n\
             \"application_version\":\"{APPLICATION_VERSION}\",\n\"entries\":["
        );
        Self { json: head.into_bytes(), entries: 0, reports: Vec::new() }
    }

    /// Adds an entry; call it in the order in which the entries stand in the ZIP.
    ///
    /// # Errors
    /// [`ManifestError`] when the entry cannot be written as JSON.
    pub fn push(&mut self, entry: ManifestEntry<'_>) -> Result<(), ManifestError> {
        self.json.extend_from_slice(if self.entries == 0 { b"\n" } else { b",\n" });
        let record = EntryRecord {
            path: entry.path.as_str(),
            bytes: entry.bytes,
            sha256: hex(&entry.sha256),
            sop_instance_uid: entry.sop_instance.map(SopInstanceUid::as_str),
        };
        serde_json::to_writer(&mut self.json, &record)?;
        self.entries = self.entries.saturating_add(1);
        Ok(())
    }

    /// Lists the reports of a package.
    pub fn list_reports(&mut self, contents: &PackageContents) {
        self.reports =
            contents.reports.iter().map(|one| ReportRecord::new(one, contents)).collect();
    }

    /// The whole file. The manifest cannot list itself.
    ///
    /// # Errors
    /// [`ManifestError`] when reports or notices cannot be written as JSON.
    pub fn finish(mut self, counts: Counts, notices: &[Notice]) -> Result<Vec<u8>, ManifestError> {
        self.json.extend_from_slice(b"\n],\n\"reports\":");
        serde_json::to_writer(&mut self.json, &self.reports)?;
        self.json.extend_from_slice(b",\n\"counts\":");
        serde_json::to_writer(&mut self.json, &counts)?;
        self.json.extend_from_slice(b",\n\"complete\":");
        serde_json::to_writer(&mut self.json, &!notices.iter().any(Notice::is_loss))?;
        self.json.extend_from_slice(b",\n\"notices\":[");
        for (index, notice) in notices.iter().enumerate() {
            self.json.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            serde_json::to_writer(&mut self.json, &NoticeRecord::from(notice))?;
        }
        self.json.extend_from_slice(b"\n]\n}\n");
        Ok(self.json)
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::{ReportLink, ReportStatus};
    use crate::numbering::Ordinal;
    use model::{Refusal, Subject};

    fn entry(path: &EntryPath, byte: u8) -> ManifestEntry<'_> {
        ManifestEntry { path, bytes: u64::MAX, sha256: [byte; 32], sop_instance: None }
    }

    #[test]
    fn is_json_in_the_order_of_the_calls() {
        let dicom: EntryPath = "STUDIES/ST000001/SE000001/IM000001".parse().unwrap();
        let page: EntryPath = "index.htm".parse().unwrap();
        let uid: SopInstanceUid = "1.2.3".parse().unwrap();
        let mut builder = ManifestBuilder::new();
        builder.push(ManifestEntry { sop_instance: Some(&uid), ..entry(&dicom, 0x0A) }).unwrap();
        builder.push(entry(&page, 0xFF)).unwrap();
        let counts = Counts { expected: 2, received: 1, rendered: 1 };
        let subject = Subject { origin: Some("ROSSI/1.dcm".into()), ..Subject::default() };
        let notices = [Notice::Refused(subject, Refusal::Truncated { missing_bytes: 7 })];
        let bytes = builder.finish(counts, &notices).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("ROSSI"));
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["entries"][0]["path"], dicom.as_str());
        assert_eq!(json["entries"][0]["sop_instance_uid"], "1.2.3");
        assert_eq!(json["entries"][0]["sha256"], "0a".repeat(32));
        assert_eq!(json["entries"][1]["bytes"], u64::MAX);
        assert_eq!(json["entries"][1].get("sop_instance_uid"), None);
        assert_eq!(json["reports"].as_array().map(Vec::len), Some(0));
        assert_eq!(json["counts"]["expected"], 2);
        assert_eq!(json["complete"], false);
        assert_eq!(json["notices"][0]["kind"], "refused");
        assert_eq!(json["notices"][0]["reason"], "truncated");
        assert_eq!(json["notices"][0]["missing_bytes"], 7);
    }

    #[test]
    fn names_the_reports_with_their_pages_and_their_study() {
        let report = ReportLink {
            title: Some("Referto TEST".to_owned()),
            date: Some("20260312".to_owned()),
            time: None,
            status: Some(ReportStatus::Final),
            path: "IHE_PDI/RP000001.PDF".parse().unwrap(),
            page: Some(Ordinal::FIRST),
            file_id: None,
            study: Some(Ordinal::FIRST),
        };
        let contents = PackageContents { reports: vec![report], ..PackageContents::default() };
        let mut builder = ManifestBuilder::new();
        builder.list_reports(&contents);
        let bytes = builder.finish(Counts::default(), &[]).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let expected = serde_json::json!([{
            "title": "Referto TEST", "date": "20260312", "status": "final",
            "path": "IHE_PDI/RP000001.PDF",
            "pages": { "it": "IHE_PDI/RP000001.HTM", "en": "IHE_PDI/EN/RP000001.HTM" },
            "study": "STUDIES/ST000001",
        }]);
        assert_eq!(json["reports"], expected);
    }

    #[test]
    fn an_empty_one_is_json_too() {
        let bytes = ManifestBuilder::new().finish(Counts::default(), &[]).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["complete"], true);
        assert_eq!(json["application_version"], APPLICATION_VERSION);
    }
}
