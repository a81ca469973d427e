//! `readme.txt`: how the package is opened and what it is, in Italian and then in English.
//!
//! Plain ASCII, CRLF, 79 columns at most, no patient data: it opens anywhere and may be passed on
//! with a question to the help desk.
//!
//! Standard: IHE RAD PDI (RAD-47), README.TXT.

mod plain_text;

use plain_text::PlainText;

use crate::claims;
use crate::contents::{Counts, PackageContents};
use crate::manifest::{APPLICATION, APPLICATION_VERSION};
use crate::notice_summary::{NoticeGroup, summarise};
use texts::Language;

/// The readme, ready to be written: ASCII with CRLF.
pub fn readme(contents: &PackageContents) -> String {
    let mut paper = PlainText::default();
    write_language(&mut paper, contents, Language::Italian);
    paper.rule();
    write_language(&mut paper, contents, Language::English);
    paper.finish()
}

fn write_language(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let text = language.texts();
    paper.title(text.readme_title());
    let institution = contents.institution(language);
    paper.item(
        &format!("{}: ", text.readme_institution()),
        institution.name.as_deref().unwrap_or(text.readme_not_stated()),
    );
    if let Some(address) = &institution.address {
        paper.item(&format!("{}: ", text.readme_address()), address);
    }
    if let Some(contact) = &institution.contact {
        paper.item(&format!("{}: ", text.readme_contact()), contact);
    }
    paper.item(
        &format!("{}: ", text.readme_made_by()),
        &format!("{APPLICATION} {APPLICATION_VERSION}"),
    );
    write_opening(paper, contents, language);
    write_contents(paper, contents, language);

    paper.heading(text.readme_requirements());
    paper.paragraph(text.readme_requirements_web());
    if contents.viewer.is_some() {
        paper.paragraph(text.readme_requirements_viewer());
    }

    write_notices(paper, contents, language);

    paper.heading(text.readme_standards());
    paper.paragraph(claims::claim(contents, language));
    let syntaxes = claims::describe(&contents.transfer_syntaxes);
    if !syntaxes.is_empty() {
        paper.paragraph(&format!("{}: {}.", text.page_claim_syntaxes(), syntaxes.join(", ")));
    }

    paper.heading(text.readme_disclaimer());
    paper.paragraph(&format!(
        "{}. {}",
        text.page_not_for_diagnosis(),
        text.page_not_for_diagnosis_why()
    ));
    paper.paragraph(text.page_privacy());
    if let Some(disclaimer) = &contents.branding.disclaimer {
        paper.paragraph(disclaimer.of(language));
    }
}

fn write_opening(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let text = language.texts();
    let index = contents.layout.index();
    paper.heading(&text.open_title().to_uppercase());
    paper.paragraph(&format!("{} {}", text.readme_unpack(), text.page_unpack(index.as_str())));
    for (system, way) in [
        (text.open_on_windows(), text.open_windows(index.as_str())),
        (text.open_on_macos(), text.open_macos(index.as_str())),
        (text.open_on_phone(), text.open_phone(index.as_str())),
    ] {
        paper.item("- ", &format!("{system}: {way}"));
    }
    let viewer = match contents.viewer {
        Some(_) => text.page_own_or_bundled_viewer(),
        None => text.page_own_viewer(),
    };
    paper.paragraph(&format!("{viewer}."));
}

fn write_contents(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let text = language.texts();
    let layout = contents.layout;
    paper.heading(text.readme_contents());
    let mut line = |path: &str, what: &str| paper.item(&format!("{path:<14} "), what);
    line(layout.index().as_str(), text.readme_index());
    line("IHE_PDI", text.readme_web_content());
    if contents.has_file_set() {
        line(layout.dicomdir().as_str(), text.readme_dicomdir());
        line("STUDIES", text.readme_dicom_files());
    }
    if let Some(viewer) = &contents.viewer {
        line(layout.viewer_folder(), &text.readme_viewer(viewer.as_str()));
    }
    let manifest = layout.manifest();
    let folder = manifest.as_str().split('/').next().unwrap_or_default();
    line(folder, text.readme_manifest());
}

fn write_notices(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let text = language.texts();
    let counts = contents.counts;
    paper.heading(text.readme_notices());
    let Counts { expected, received, rendered } = counts;
    paper.paragraph(&text.page_counts(expected, received, rendered));
    if counts.received < counts.expected {
        paper.paragraph(&text.page_incomplete(expected, received));
    }
    let groups = summarise(&contents.notices, language);
    if groups.is_empty() && counts.received >= counts.expected {
        paper.paragraph(text.readme_no_notices());
    }
    for NoticeGroup { what, advice, .. } in groups {
        paper.item("- ", &format!("{what} {advice}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::{Institution, Patient};
    use crate::layout::Layout;
    use model::{Notice, Refusal, Subject};

    fn contents() -> PackageContents {
        let subject = Subject { origin: Some("ROSSI/1.dcm".into()), ..Subject::default() };
        PackageContents {
            institution: Institution {
                name: Some("Città della Salute — «Radiologia» di Forlì\r\nsede 山".into()),
                contact: Some("radiologia@example.org".into()),
                ..Institution::default()
            },
            patient: Patient { name: Some("ROSSI^MARIA TEST".into()), ..Patient::default() },
            notices: vec![Notice::Refused(subject, Refusal::Malformed("ROSSI".into()))],
            transfer_syntaxes: ["1.2.840.10008.1.2.1".parse().unwrap()].into(),
            ..PackageContents::default()
        }
    }

    #[test]
    fn is_ascii_with_crlf_and_79_columns_and_without_patient_data() {
        let text = readme(&contents());
        assert!(text.is_ascii());
        assert!(text.ends_with("\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert_eq!(text.matches('\r').count(), text.matches("\r\n").count());
        for line in text.split("\r\n") {
            assert!(line.len() <= 79, "{line}");
            assert_eq!(line.trim_end(), line);
        }
        assert!(!text.contains("ROSSI"));
    }

    #[test]
    fn both_languages_as_written() {
        let text = readme(&contents()).replace("\r\n", "\n");
        insta::assert_snapshot!(text.replace(APPLICATION_VERSION, "VERSION"));
    }

    /// S-141.
    #[test]
    fn the_guide_sentence_survives_wrapping() {
        let words = readme(&contents()).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(
            "devi decomprimere il file (estrarre tutti i file presenti nel file ZIP) e lanciare \
             il file index.htm per accedere all'interfaccia Web, per consultare il referto in \
             formato PDF e le immagini in formato JPG."
        ));
        assert!(words.contains("tramite un visualizzatore DICOM in proprio possesso."));
    }

    #[test]
    fn speaks_of_the_viewer_and_the_names_that_are_there() {
        let viewer = Some("CDVIEWER/START.EXE".parse().unwrap());
        let text = readme(&PackageContents { viewer, layout: Layout::Pdi, ..contents() });
        assert!(text.contains("DICOM Viewer integrato"));
        assert!(text.contains("CDVIEWER/START.EXE"));
        assert!(text.contains("INDEX.HTM") && !text.contains("index.htm"));
        assert!(!readme(&contents()).contains("cdviewer"));
    }
}
