//! Every sentence of the package, one constant per language; a missing one does not compile.
//!
//! The sentences address a patient: no acronym where a word will do, and each notice says what to
//! do. `{n}` and the like are filled in by [`Counted::of`] and [`fill`].

mod english;
mod italian;

use english::ENGLISH;
use italian::ITALIAN;

/// A language that the pages can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Italian.
    #[default]
    Italian,
    /// English.
    English,
}

impl Language {
    /// The language tag of RFC 5646.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Italian => "it",
            Self::English => "en",
        }
    }

    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::Italian => &ITALIAN,
            Self::English => &ENGLISH,
        }
    }
}

/// A sentence that depends on a count.
#[derive(Debug)]
pub(crate) struct Counted {
    one: &'static str,
    many: &'static str,
}

impl Counted {
    pub(crate) fn of(&self, count: u64) -> String {
        fill(if count == 1 { self.one } else { self.many }, &[("n", &count.to_string())])
    }
}

/// Puts values in the places that a sentence names in braces.
pub(crate) fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(sentence.len());
    let mut rest = sentence;
    // One pass, so that braces inside a value are never taken for a place.
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.extend(["{", name, "}"]),
        }
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

/// The texts of one language.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) page: PageTexts,
    pub(crate) notice: NoticeTexts,
    pub(crate) readme: ReadmeTexts,
    pub(crate) report: ReportTexts,
    /// The name of a modality for people, by its code (0008,0060).
    pub(crate) modality: fn(&str) -> Option<&'static str>,
}

/// Words of the index and of the series pages.
#[derive(Debug)]
pub(crate) struct PageTexts {
    pub(crate) title: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) institution_not_stated: &'static str,
    pub(crate) patient: &'static str,
    pub(crate) name_not_stated: &'static str,
    pub(crate) birth_date: &'static str,
    pub(crate) sex: &'static str,
    pub(crate) patient_id: &'static str,
    pub(crate) male: &'static str,
    pub(crate) female: &'static str,
    pub(crate) other_sex: &'static str,
    pub(crate) reports: &'static str,
    pub(crate) no_reports: &'static str,
    pub(crate) report: &'static str,
    pub(crate) report_page: &'static str,
    pub(crate) status: &'static str,
    pub(crate) preliminary: &'static str,
    pub(crate) final_status: &'static str,
    pub(crate) withdrawn: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) document_only: &'static str,
    pub(crate) studies: &'static str,
    pub(crate) no_studies: &'static str,
    pub(crate) study_without_description: &'static str,
    pub(crate) untitled_series: &'static str,
    pub(crate) date: &'static str,
    pub(crate) accession_number: &'static str,
    pub(crate) referring_physician: &'static str,
    pub(crate) study_institution: &'static str,
    pub(crate) series: &'static str,
    pub(crate) images: Counted,
    pub(crate) frames: Counted,
    pub(crate) objects: Counted,
    pub(crate) body_part: &'static str,
    pub(crate) no_images: &'static str,
    pub(crate) preview_alt: &'static str,
    pub(crate) image: &'static str,
    pub(crate) frame: &'static str,
    pub(crate) position: &'static str,
    pub(crate) no_preview: &'static str,
    pub(crate) capped: &'static str,
    pub(crate) other_objects: &'static str,
    pub(crate) dicom_file: &'static str,
    pub(crate) back: &'static str,
    pub(crate) pages: &'static str,
    pub(crate) previous_series: &'static str,
    pub(crate) next_series: &'static str,
    pub(crate) not_for_diagnosis: &'static str,
    pub(crate) not_for_diagnosis_why: &'static str,
    pub(crate) complete: Counted,
    pub(crate) incomplete: &'static str,
    pub(crate) check_notices: &'static str,
    pub(crate) counts: &'static str,
    pub(crate) notices: &'static str,
    pub(crate) concerned: &'static str,
    pub(crate) more_in_manifest: Counted,
    pub(crate) how_to_open: &'static str,
    pub(crate) unpack: &'static str,
    pub(crate) own_viewer: &'static str,
    pub(crate) own_or_bundled_viewer: &'static str,
    pub(crate) open_viewer: &'static str,
    pub(crate) viewer_warning: &'static str,
    pub(crate) importable: &'static str,
    pub(crate) importable_caption: &'static str,
    pub(crate) study: &'static str,
    pub(crate) series_count: &'static str,
    pub(crate) dicom_objects: &'static str,
    pub(crate) total: &'static str,
    pub(crate) other_files: &'static str,
    pub(crate) readme: &'static str,
    pub(crate) manifest: &'static str,
    pub(crate) made_by: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) claim: &'static str,
    pub(crate) claim_general: &'static str,
    pub(crate) claim_syntaxes: &'static str,
    pub(crate) privacy: &'static str,
    pub(crate) object: ObjectTexts,
}

/// What an instance without pixels is.
#[derive(Debug)]
pub(crate) struct ObjectTexts {
    pub(crate) pdf: &'static str,
    pub(crate) document: &'static str,
    pub(crate) structured_report: &'static str,
    pub(crate) key_objects: &'static str,
    pub(crate) presentation_state: &'static str,
    pub(crate) waveform: &'static str,
    pub(crate) radiotherapy: &'static str,
    pub(crate) raw_data: &'static str,
    pub(crate) other: &'static str,
}

/// A kind of notice: what happened, and what to do.
#[derive(Debug)]
pub(crate) struct NoticeText {
    pub(crate) what: Counted,
    pub(crate) advice: &'static str,
}

/// Notices in plain words.
#[derive(Debug)]
pub(crate) struct NoticeTexts {
    pub(crate) missing: NoticeText,
    pub(crate) unreadable: NoticeText,
    pub(crate) truncated: NoticeText,
    pub(crate) malformed: NoticeText,
    pub(crate) no_uid: NoticeText,
    pub(crate) foreign_study: NoticeText,
    pub(crate) foreign_patient: NoticeText,
    pub(crate) unknown_syntax: NoticeText,
    pub(crate) refused_over_limit: NoticeText,
    pub(crate) refused: NoticeText,
    pub(crate) left_out: NoticeText,
    pub(crate) duplicate: NoticeText,
    pub(crate) conflicting_duplicate: NoticeText,
    pub(crate) no_decoder: NoticeText,
    pub(crate) unsupported: NoticeText,
    pub(crate) damaged: NoticeText,
    pub(crate) missing_pixels: NoticeText,
    pub(crate) preview_over_limit: NoticeText,
    pub(crate) no_preview: NoticeText,
    pub(crate) capped: NoticeText,
    pub(crate) kept_compressed: NoticeText,
    pub(crate) other: NoticeText,
    /// The reasons on a placeholder box, in a few words.
    pub(crate) box_no_decoder: &'static str,
    pub(crate) box_unsupported: &'static str,
    pub(crate) box_damaged: &'static str,
    pub(crate) box_missing_pixels: &'static str,
    pub(crate) box_over_limit: &'static str,
    pub(crate) box_other: &'static str,
}

/// Words around a structured report.
#[derive(Debug)]
pub(crate) struct ReportTexts {
    pub(crate) completion: &'static str,
    pub(crate) complete: &'static str,
    pub(crate) partial: &'static str,
    pub(crate) verification: &'static str,
    pub(crate) verified: &'static str,
    pub(crate) unverified: &'static str,
    pub(crate) verified_by: &'static str,
    pub(crate) verified_by_on: &'static str,
    pub(crate) see_item: &'static str,
    pub(crate) image: &'static str,
    pub(crate) object: &'static str,
    pub(crate) region: &'static str,
    pub(crate) interval: &'static str,
    pub(crate) not_shown: &'static str,
    pub(crate) is_cut: &'static str,
    pub(crate) origin: &'static str,
}

/// Headings and paragraphs of the readme.
#[derive(Debug)]
pub(crate) struct ReadmeTexts {
    pub(crate) title: &'static str,
    pub(crate) institution: &'static str,
    pub(crate) address: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) not_stated: &'static str,
    pub(crate) made_by: &'static str,
    pub(crate) how_to_open: &'static str,
    pub(crate) unpack: &'static str,
    pub(crate) start: &'static str,
    pub(crate) contents: &'static str,
    pub(crate) index: &'static str,
    pub(crate) web_content: &'static str,
    pub(crate) dicomdir: &'static str,
    pub(crate) dicom_files: &'static str,
    pub(crate) viewer: &'static str,
    pub(crate) manifest: &'static str,
    pub(crate) requirements: &'static str,
    pub(crate) requirements_web: &'static str,
    pub(crate) requirements_viewer: &'static str,
    pub(crate) notices: &'static str,
    pub(crate) no_notices: &'static str,
    pub(crate) standards: &'static str,
    pub(crate) disclaimer: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::one(1, "1 immagine")]
    #[case::none(0, "0 immagini")]
    #[case::many(300, "300 immagini")]
    fn counted(#[case] count: u64, #[case] expected: &str) {
        assert_eq!(Language::Italian.texts().page.images.of(count), expected);
    }

    #[rstest]
    #[case::known("a {x} b {x}", "a {y} b {y}")]
    #[case::unknown_stays("{z}{x}", "{z}{y}")]
    #[case::unclosed("{x} {", "{y} {")]
    fn values_are_filled_in_one_pass(#[case] sentence: &str, #[case] expected: &str) {
        assert_eq!(fill(sentence, &[("x", "{y}"), ("y", "wrong")]), expected);
    }

    /// S-141 and S-147 of the guide that patients know.
    #[test]
    fn italian_keeps_the_exact_sentences_of_the_guide() {
        let page = &Language::Italian.texts().page;
        assert_eq!(
            page.unpack,
            "devi decomprimere il file (estrarre tutti i file presenti nel file ZIP) e lanciare \
             il file {index} per accedere all'interfaccia Web, per consultare il referto in \
             formato PDF e le immagini in formato JPG."
        );
        assert_eq!(
            page.own_or_bundled_viewer,
            "E' inoltre possibile visualizzare le immagini DICOM tramite un visualizzatore DICOM \
             in proprio possesso, oppure tramite il DICOM Viewer integrato nel file ZIP"
        );
    }
}
