//! A notice as it stands in the manifest: codes, UIDs and numbers, no free text.
//!
//! Free text of an error could quote a value of the file, so it stays with the operator's report.

use model::{FileId, Notice, PreviewFault, PreviewGap, Refusal, ReportFault, SopInstanceUid};
use serde::Serialize;

/// The disk format of a notice; absent fields do not apply.
#[derive(Debug, Default, Serialize)]
pub(super) struct NoticeRecord<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sop_instance_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    study_instance_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sop_class_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_syntax_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identical: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_attribute: Option<&'static str>,
}

impl<'a> From<&'a Notice> for NoticeRecord<'a> {
    fn from(notice: &'a Notice) -> Self {
        let subject = notice.subject();
        let record = NoticeRecord {
            file_id: subject.file_id.as_ref().map(FileId::as_path),
            sop_instance_uid: subject.sop_instance.as_ref().map(SopInstanceUid::as_str),
            ..NoticeRecord::default()
        };
        match notice {
            Notice::Missing(_) => NoticeRecord { kind: "missing", ..record },
            Notice::StudyMissing(_, study) => NoticeRecord {
                kind: "study_missing",
                study_instance_uid: Some(study.as_str()),
                ..record
            },
            Notice::Refused(_, refusal) => refused(record, refusal),
            Notice::LeftOut(_, class) => {
                NoticeRecord { kind: "left_out", sop_class_uid: Some(class.as_str()), ..record }
            }
            Notice::ReportsOnly { left_out, .. } => {
                NoticeRecord { kind: "reports_only", left_out: Some(*left_out), ..record }
            }
            Notice::Duplicate { identical, .. } => {
                NoticeRecord { kind: "duplicate", identical: Some(*identical), ..record }
            }
            Notice::NoPreview { frames, fault, .. } => {
                let record = NoticeRecord { kind: "no_preview", frames: Some(*frames), ..record };
                no_preview(record, fault)
            }
            Notice::PreviewIncomplete { frames, gap, .. } => NoticeRecord {
                kind: "preview_incomplete",
                reason: Some(match gap {
                    PreviewGap::Overlay => "overlay",
                    PreviewGap::SegmentedImage => "segmented_image",
                    _ => "other",
                }),
                frames: Some(*frames),
                ..record
            },
            Notice::PreviewsCapped { shown, frames, .. } => NoticeRecord {
                kind: "previews_capped",
                shown: Some(*shown),
                frames: Some(*frames),
                ..record
            },
            Notice::KeptCompressed(_, syntax) => NoticeRecord {
                kind: "kept_compressed",
                transfer_syntax_uid: Some(syntax.as_str()),
                ..record
            },
            Notice::NoReport(_) => NoticeRecord { kind: "no_report", ..record },
            Notice::ReportImpaired(_, fault) => NoticeRecord {
                kind: "report_impaired",
                reason: Some(match fault {
                    ReportFault::Empty => "empty",
                    ReportFault::NoPdf => "no_pdf",
                    ReportFault::Damaged => "damaged",
                    ReportFault::Locked => "locked",
                    ReportFault::CutPdf => "cut_pdf",
                    ReportFault::Cut => "cut",
                    _ => "other",
                }),
                ..record
            },
            // The enum may grow; an unknown notice is still counted and still names its subject.
            _ => NoticeRecord { kind: "other", ..record },
        }
    }
}

fn refused<'a>(mut record: NoticeRecord<'a>, refusal: &'a Refusal) -> NoticeRecord<'a> {
    record.kind = "refused";
    record.reason = Some(match refusal {
        Refusal::Unreadable(_) => "unreadable",
        Refusal::Truncated { missing_bytes } => {
            record.missing_bytes = Some(*missing_bytes);
            "truncated"
        }
        Refusal::Malformed(_) => "malformed",
        Refusal::NoUid(attribute) => {
            record.missing_attribute = Some(attribute);
            "no_uid"
        }
        Refusal::ForeignStudy => "foreign_study",
        Refusal::ForeignPatient => "foreign_patient",
        Refusal::UnknownTransferSyntax(_) => "unknown_transfer_syntax",
        Refusal::OverLimit(_) => "over_limit",
        _ => "other",
    });
    record
}

fn no_preview<'a>(mut record: NoticeRecord<'a>, fault: &'a PreviewFault) -> NoticeRecord<'a> {
    record.reason = Some(match fault {
        PreviewFault::NoDecoder(syntax) => {
            record.transfer_syntax_uid = Some(syntax.as_str());
            "no_decoder"
        }
        PreviewFault::Unsupported(_) => "unsupported",
        PreviewFault::Damaged => "damaged",
        PreviewFault::MissingPixels => "missing_pixels",
        PreviewFault::OverLimit => "over_limit",
        _ => "other",
    });
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Subject;
    use rstest::rstest;

    fn subject() -> Subject {
        Subject {
            origin: Some("ROSSI_MARIA/secret.dcm".into()),
            sop_instance: Some("1.2.3".parse().unwrap()),
            file_id: Some("STUDIES/IM1".parse().unwrap()),
        }
    }

    #[rstest]
    #[case::missing(Notice::Missing(subject()), r#"{"kind":"missing","#)]
    #[case::study_missing(
        Notice::StudyMissing(subject(), "1.2.9".parse().unwrap()),
        r#""study_instance_uid":"1.2.9""#
    )]
    #[case::unreadable(
        Notice::Refused(subject(), Refusal::Unreadable("secret".into())),
        r#"{"kind":"refused","reason":"unreadable","#
    )]
    #[case::no_uid(
        Notice::Refused(subject(), Refusal::NoUid("Study Instance UID")),
        r#""missing_attribute":"Study Instance UID""#
    )]
    #[case::left_out(
        Notice::LeftOut(subject(), "1.3.12".parse().unwrap()),
        r#""sop_class_uid":"1.3.12""#
    )]
    #[case::reports_only(
        Notice::ReportsOnly { subject: subject(), left_out: 7 },
        r#"{"kind":"reports_only","#
    )]
    #[case::duplicate(
        Notice::Duplicate { subject: subject(), identical: true },
        r#""identical":true"#
    )]
    #[case::no_preview(
        Notice::NoPreview {
            subject: subject(),
            frames: 3,
            fault: PreviewFault::Unsupported("secret".into()),
        },
        r#"{"kind":"no_preview","reason":"unsupported","#
    )]
    #[case::incomplete(
        Notice::PreviewIncomplete {
            subject: subject(),
            frames: 3,
            gap: PreviewGap::SegmentedImage,
        },
        r#"{"kind":"preview_incomplete","reason":"segmented_image","#
    )]
    #[case::capped(
        Notice::PreviewsCapped { subject: subject(), shown: 200, frames: 900 },
        r#""frames":900,"shown":200"#
    )]
    #[case::compressed(
        Notice::KeptCompressed(subject(), "1.2.840.10008.1.2.4.102".parse().unwrap()),
        r#""transfer_syntax_uid":"1.2.840.10008.1.2.4.102""#
    )]
    #[case::no_report(Notice::NoReport(subject()), r#"{"kind":"no_report","#)]
    #[case::report_impaired(
        Notice::ReportImpaired(subject(), ReportFault::Locked),
        r#"{"kind":"report_impaired","#
    )]
    fn holds_codes_and_uids_but_neither_origin_nor_free_text(
        #[case] notice: Notice,
        #[case] expected: &str,
    ) {
        let json = serde_json::to_string(&NoticeRecord::from(&notice)).unwrap();
        assert!(json.contains(expected), "{json}");
        assert!(json.contains(r#""file_id":"STUDIES/IM1","sop_instance_uid":"1.2.3""#), "{json}");
        assert!(!json.to_lowercase().contains("secret"), "{json}");
    }
}
