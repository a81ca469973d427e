//! Notices in plain words: one sentence for each kind, with what to do about it.
//!
//! Three thousand images without a preview are one notice to a reader, not three thousand.
//!
//! Invariant: neither the origin of an instance nor the free text of an error gets out of here.

use std::collections::BTreeMap;

use model::{Notice, PreviewFault, PreviewGap, Refusal, ReportFault, Subject};

use texts::{Language, Texts};

/// How many objects a notice names; the manifest names all.
const NAMED: usize = 10;

/// All notices of a kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoticeGroup {
    /// Whether an expected instance is not in the package.
    pub(crate) is_loss: bool,
    /// What happened, with its count.
    pub(crate) what: String,
    /// What the reader should do.
    pub(crate) advice: &'static str,
    /// File IDs or SOP Instance UIDs, ten at most.
    pub(crate) named: Vec<String>,
    /// How many more there are.
    pub(crate) unnamed: u64,
}

/// The kinds, in the order in which they are told: losses first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    StudyMissing,
    Missing,
    Unreadable,
    Truncated,
    Malformed,
    NoUid,
    UnknownSyntax,
    RefusedOverLimit,
    Refused,
    ForeignStudy,
    ForeignPatient,
    ConflictingDuplicate,
    NoReport,
    EmptyReport,
    NoPdf,
    DamagedPdf,
    LockedPdf,
    CutPdf,
    CutReport,
    Damaged,
    MissingPixels,
    NoDecoder,
    Unsupported,
    PreviewOverLimit,
    NoPreview,
    OverlayMissing,
    SegmentsAlone,
    Capped,
    KeptCompressed,
    LeftOut,
    Duplicate,
    ReportsOnly,
    Other,
}

impl Kind {
    fn of(notice: &Notice) -> Self {
        match notice {
            Notice::StudyMissing(..) => Self::StudyMissing,
            Notice::Missing(_) => Self::Missing,
            Notice::Refused(_, refusal) => match refusal {
                Refusal::Unreadable(_) => Self::Unreadable,
                Refusal::Truncated { .. } => Self::Truncated,
                Refusal::Malformed(_) => Self::Malformed,
                Refusal::NoUid(_) => Self::NoUid,
                Refusal::ForeignStudy => Self::ForeignStudy,
                Refusal::ForeignPatient => Self::ForeignPatient,
                Refusal::UnknownTransferSyntax(_) => Self::UnknownSyntax,
                Refusal::OverLimit(_) => Self::RefusedOverLimit,
                _ => Self::Refused,
            },
            Notice::LeftOut(..) => Self::LeftOut,
            Notice::ReportsOnly { .. } => Self::ReportsOnly,
            Notice::Duplicate { identical: true, .. } => Self::Duplicate,
            Notice::Duplicate { identical: false, .. } => Self::ConflictingDuplicate,
            Notice::NoPreview { fault, .. } => match fault {
                PreviewFault::NoDecoder(_) => Self::NoDecoder,
                PreviewFault::Unsupported(_) => Self::Unsupported,
                PreviewFault::Damaged => Self::Damaged,
                PreviewFault::MissingPixels => Self::MissingPixels,
                PreviewFault::OverLimit => Self::PreviewOverLimit,
                _ => Self::NoPreview,
            },
            Notice::PreviewIncomplete { gap: PreviewGap::Overlay, .. } => Self::OverlayMissing,
            Notice::PreviewIncomplete { gap: PreviewGap::SegmentedImage, .. } => {
                Self::SegmentsAlone
            }
            Notice::PreviewsCapped { .. } => Self::Capped,
            Notice::KeptCompressed(..) => Self::KeptCompressed,
            Notice::NoReport(_) => Self::NoReport,
            Notice::ReportImpaired(_, fault) => match fault {
                ReportFault::Empty => Self::EmptyReport,
                ReportFault::NoPdf => Self::NoPdf,
                ReportFault::Damaged => Self::DamagedPdf,
                ReportFault::Locked => Self::LockedPdf,
                ReportFault::CutPdf => Self::CutPdf,
                ReportFault::Cut => Self::CutReport,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }

    /// What happened, so many times.
    fn what(self, count: u64, text: Texts) -> String {
        match self {
            Self::StudyMissing => text.notice_study_missing(count),
            Self::Missing => text.notice_missing(count),
            Self::Unreadable => text.notice_unreadable(count),
            Self::Truncated => text.notice_truncated(count),
            Self::Malformed => text.notice_malformed(count),
            Self::NoUid => text.notice_no_uid(count),
            Self::UnknownSyntax => text.notice_unknown_syntax(count),
            Self::RefusedOverLimit => text.notice_refused_over_limit(count),
            Self::Refused => text.notice_refused(count),
            Self::ForeignStudy => text.notice_foreign_study(count),
            Self::ForeignPatient => text.notice_foreign_patient(count),
            Self::ConflictingDuplicate => text.notice_conflicting_duplicate(count),
            Self::NoReport => text.notice_no_report(count),
            Self::EmptyReport => text.notice_empty_report(count),
            Self::NoPdf => text.notice_no_pdf(count),
            Self::DamagedPdf => text.notice_damaged_pdf(count),
            Self::LockedPdf => text.notice_locked_pdf(count),
            Self::CutPdf => text.notice_cut_pdf(count),
            Self::CutReport => text.notice_cut_report(count),
            Self::Damaged => text.notice_damaged(count),
            Self::MissingPixels => text.notice_missing_pixels(count),
            Self::NoDecoder => text.notice_no_decoder(count),
            Self::Unsupported => text.notice_unsupported(count),
            Self::PreviewOverLimit => text.notice_preview_over_limit(count),
            Self::NoPreview => text.notice_no_preview(count),
            Self::OverlayMissing => text.notice_overlay_missing(count),
            Self::SegmentsAlone => text.notice_segments_alone(count),
            Self::Capped => text.notice_capped(count),
            Self::KeptCompressed => text.notice_kept_compressed(count),
            Self::LeftOut => text.notice_left_out(count),
            Self::ReportsOnly => text.notice_reports_only(count),
            Self::Duplicate => text.notice_duplicate(count),
            Self::Other => text.notice_other(count),
        }
    }

    /// What to do about it.
    fn advice(self, text: Texts) -> &'static str {
        match self {
            Self::StudyMissing => text.notice_study_missing_advice(),
            Self::Missing => text.notice_missing_advice(),
            Self::Unreadable => text.notice_unreadable_advice(),
            Self::Truncated => text.notice_truncated_advice(),
            Self::Malformed => text.notice_malformed_advice(),
            Self::NoUid => text.notice_no_uid_advice(),
            Self::UnknownSyntax => text.notice_unknown_syntax_advice(),
            Self::RefusedOverLimit => text.notice_refused_over_limit_advice(),
            Self::Refused => text.notice_refused_advice(),
            Self::ForeignStudy => text.notice_foreign_study_advice(),
            Self::ForeignPatient => text.notice_foreign_patient_advice(),
            Self::ConflictingDuplicate => text.notice_conflicting_duplicate_advice(),
            Self::NoReport => text.notice_no_report_advice(),
            Self::EmptyReport => text.notice_empty_report_advice(),
            Self::NoPdf => text.notice_no_pdf_advice(),
            Self::DamagedPdf => text.notice_damaged_pdf_advice(),
            Self::LockedPdf => text.notice_locked_pdf_advice(),
            Self::CutPdf => text.notice_cut_pdf_advice(),
            Self::CutReport => text.notice_cut_report_advice(),
            Self::Damaged => text.notice_damaged_advice(),
            Self::MissingPixels => text.notice_missing_pixels_advice(),
            Self::NoDecoder => text.notice_no_decoder_advice(),
            Self::Unsupported => text.notice_unsupported_advice(),
            Self::PreviewOverLimit => text.notice_preview_over_limit_advice(),
            Self::NoPreview => text.notice_no_preview_advice(),
            Self::OverlayMissing => text.notice_overlay_missing_advice(),
            Self::SegmentsAlone => text.notice_segments_alone_advice(),
            Self::Capped => text.notice_capped_advice(),
            Self::KeptCompressed => text.notice_kept_compressed_advice(),
            Self::LeftOut => text.notice_left_out_advice(),
            Self::ReportsOnly => text.notice_reports_only_advice(),
            Self::Duplicate => text.notice_duplicate_advice(),
            Self::Other => text.notice_other_advice(),
        }
    }
}

/// The notices grouped by kind, losses first.
pub(crate) fn summarise(notices: &[Notice], language: Language) -> Vec<NoticeGroup> {
    #[derive(Default)]
    struct Tally {
        is_loss: bool,
        concerned: u64,
        subjects: u64,
        named: Vec<String>,
    }
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    for notice in notices {
        let tally = tallies.entry(Kind::of(notice)).or_default();
        tally.is_loss |= notice.is_loss();
        // A reader counts images: every frame without a preview is one.
        let concerned = match notice {
            Notice::NoPreview { frames, .. } | Notice::PreviewIncomplete { frames, .. } => {
                u64::from(*frames)
            }
            Notice::ReportsOnly { left_out, .. } => *left_out,
            _ => 1,
        };
        tally.concerned = tally.concerned.saturating_add(concerned);
        tally.subjects = tally.subjects.saturating_add(1);
        if tally.named.len() < NAMED {
            tally.named.extend(name(notice.subject()));
        }
    }
    let group = |(kind, tally): (Kind, Tally)| {
        let text = language.texts();
        let named = u64::try_from(tally.named.len()).unwrap_or(u64::MAX);
        NoticeGroup {
            is_loss: tally.is_loss,
            what: kind.what(tally.concerned, text),
            advice: kind.advice(text),
            unnamed: if named == 0 { 0 } else { tally.subjects.saturating_sub(named) },
            named: tally.named,
        }
    };
    tallies.into_iter().map(group).collect()
}

fn name(subject: &Subject) -> Option<String> {
    let in_package = subject.file_id.as_ref().map(|file_id| file_id.as_path().to_owned());
    in_package.or_else(|| {
        subject.sop_instance.as_ref().map(|uid| format!("SOP Instance UID {}", uid.as_str()))
    })
}

/// Why a frame has no preview, in a few words.
pub(crate) fn placeholder_reason(fault: &PreviewFault, language: Language) -> &'static str {
    let texts = language.texts();
    match fault {
        PreviewFault::NoDecoder(_) => texts.notice_box_no_decoder(),
        PreviewFault::Unsupported(_) => texts.notice_box_unsupported(),
        PreviewFault::Damaged => texts.notice_box_damaged(),
        PreviewFault::MissingPixels => texts.notice_box_missing_pixels(),
        PreviewFault::OverLimit => texts.notice_box_over_limit(),
        _ => texts.notice_box_other(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: usize) -> Subject {
        Subject {
            origin: Some("ROSSI/1.dcm".into()),
            sop_instance: Some(format!("1.2.{number}").parse().unwrap()),
            file_id: None,
        }
    }

    #[test]
    fn many_of_a_kind_are_one_group_that_names_ten() {
        let notices: Vec<_> = (1..=13).map(|number| Notice::Missing(subject(number))).collect();
        let groups = summarise(&notices, Language::Italian);
        assert_eq!(groups.len(), 1);
        assert!(groups[0].is_loss);
        assert_eq!(groups[0].what, "13 oggetti DICOM previsti non sono arrivati dall'archivio.");
        assert_eq!(groups[0].named.len(), 10);
        assert_eq!(groups[0].named[0], "SOP Instance UID 1.2.1");
        assert_eq!(groups[0].unnamed, 3);
    }

    #[test]
    fn frames_are_counted_and_losses_come_first() {
        let fault = PreviewFault::Damaged;
        let notices = [
            Notice::Duplicate { subject: subject(1), identical: true },
            Notice::NoPreview { subject: subject(2), frames: 3, fault: fault.clone() },
            Notice::NoPreview { subject: subject(3), frames: 4, fault },
            Notice::Refused(subject(4), Refusal::Malformed("ROSSI".into())),
        ];
        let what: Vec<_> = summarise(&notices, Language::English)
            .into_iter()
            .map(|group| (group.is_loss, group.what))
            .collect();
        let expected = [
            (true, "1 file is damaged and is not in the package."),
            (false, "7 images have no preview: their data are damaged."),
            (false, "1 object arrived twice, in identical copies: the package holds it once."),
        ];
        assert_eq!(what, expected.map(|(is_loss, text)| (is_loss, text.to_owned())));
    }

    #[test]
    fn origin_and_free_text_stay_with_the_operator() {
        let notices = [
            Notice::Refused(subject(1), Refusal::Unreadable("ROSSI".into())),
            Notice::Missing(Subject { origin: Some("ROSSI".into()), ..Subject::default() }),
        ];
        assert!(!format!("{:?}", summarise(&notices, Language::Italian)).contains("ROSSI"));
    }
}
