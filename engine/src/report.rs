//! What went into a package, what did not, and why.

use std::collections::BTreeMap;

use media::contents::Counts;
use model::{Notice, PreviewGap, StudyInstanceUid, Subject};
use serde::Serialize;
use serde::ser::Serializer;

use crate::plan::FileCounts;
use crate::study_failure::StudyFailure;
use crate::usage::Usage;

/// The account of one package, for whoever runs the program.
#[derive(Debug, Serialize)]
pub struct PackageReport {
    /// The name of the package, which its folder has too.
    pub package: String,
    /// Instances expected and received, previews made.
    pub counts: Counts,
    /// What the files of the folder were.
    pub files: FileCounts,
    /// Faults that did not stop the package.
    #[serde(serialize_with = "notices")]
    pub notices: Vec<Notice>,
    /// Keys of DICOMDIR records that differ from the files (tag, and how), and how often. The files
    /// themselves are as they were.
    pub directory_changes: BTreeMap<String, u64>,
    /// Entries of the ZIP.
    pub entries: u64,
    /// Bytes of the ZIP.
    pub zip_bytes: u64,
    /// Bytes of the DICOM entries in the ZIP, headers not counted.
    pub dicom_bytes: u64,
    /// How long each phase took.
    pub phases: Phases,
    /// CPU time and memory.
    pub usage: Usage,
    /// What went wrong with studies of a PACS of which there is nothing, or not all, by their place in the
    /// request.
    pub failures: Vec<StudyFailure>,
}

/// Wall time of the phases, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Phases {
    /// Listing the folder and planning.
    pub plan_ms: u128,
    /// Instances and previews.
    pub instances_ms: u128,
    /// Pages, DICOMDIR and the end of the ZIP.
    pub pages_ms: u128,
}

impl PackageReport {
    /// Whether every expected instance is in the package.
    pub fn is_complete(&self) -> bool {
        !self.notices.iter().any(Notice::is_loss)
    }
}

/// A notice as it stands in the report.
#[derive(Serialize)]
struct NoticeRecord<'a> {
    kind: &'static str,
    loss: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sop_instance_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    study_instance_uid: Option<&'a str>,
    reason: String,
}

fn notices<S: Serializer>(notices: &[Notice], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(notices.iter().map(|notice| {
        let Subject { origin, sop_instance, file_id } = notice.subject();
        let (kind, reason) = kind_and_reason(notice);
        NoticeRecord {
            kind,
            loss: notice.is_loss(),
            file: origin.as_deref(),
            sop_instance_uid: sop_instance.as_ref().map(model::SopInstanceUid::as_str),
            file_id: file_id.as_ref().map(model::FileId::as_path),
            study_instance_uid: study_of(notice).map(StudyInstanceUid::as_str),
            reason,
        }
    }))
}

fn study_of(notice: &Notice) -> Option<&StudyInstanceUid> {
    match notice {
        Notice::StudyMissing(_, study) => Some(study),
        _ => None,
    }
}

/// What a notice is called, and a sentence for the operator.
pub(crate) fn kind_and_reason(notice: &Notice) -> (&'static str, String) {
    match notice {
        Notice::Missing(_) => ("missing", "it is announced and not there".into()),
        Notice::StudyMissing(..) => {
            ("study_missing", "it was asked for, and nothing of it is there".into())
        }
        Notice::Refused(_, refusal) => ("refused", refusal.to_string()),
        Notice::ReportsOnly { left_out, .. } => (
            "reports_only",
            format!("{left_out} instances that are no reports are left out, as asked for"),
        ),
        Notice::LeftOut(_, sop_class) => {
            ("left_out", format!("no directory record can reference SOP Class {sop_class}"))
        }
        Notice::Duplicate { identical: true, .. } => {
            ("duplicate", "the same instance is in the package already".into())
        }
        Notice::Duplicate { identical: false, .. } => (
            "duplicate",
            "another instance with this SOP Instance UID and other content is in the package"
                .into(),
        ),
        Notice::NoPreview { frames, fault, .. } => {
            ("no_preview", format!("{frames} frames without preview: {fault}"))
        }
        Notice::PreviewIncomplete { frames, gap: PreviewGap::Overlay, .. } => (
            "preview_incomplete",
            format!("{frames} previews lack an overlay that contradicts itself"),
        ),
        Notice::PreviewIncomplete { frames, gap: PreviewGap::SegmentedImage, .. } => (
            "preview_incomplete",
            format!("{frames} previews show segments without the image they were drawn on"),
        ),
        Notice::PreviewsCapped { shown, frames, .. } => {
            ("previews_capped", format!("previews of the first {shown} of {frames} frames"))
        }
        Notice::NoReport(_) => ("no_report", "its document cannot be shown as a report".into()),
        Notice::ReportImpaired(_, fault) => ("report_impaired", fault.to_string()),
        Notice::KeptCompressed(_, syntax) => {
            ("kept_compressed", format!("the pixels stay compressed in {syntax}"))
        }
        _ => ("other", "see the package".into()),
    }
}

/// A line about a notice for a terminal: what it is about, and why.
pub fn describe(notice: &Notice) -> String {
    let Subject { origin, sop_instance, file_id } = notice.subject();
    let subject = origin
        .clone()
        .or_else(|| sop_instance.as_ref().map(ToString::to_string))
        .or_else(|| file_id.as_ref().map(ToString::to_string))
        .or_else(|| matches!(notice, Notice::ReportsOnly { .. }).then(|| "the package".into()))
        .or_else(|| study_of(notice).map(|study| format!("study {study}")))
        .unwrap_or_else(|| "an instance".into());
    let (kind, reason) = kind_and_reason(notice);
    format!("{subject}: {}: {reason}", kind.replace('_', " "))
}
