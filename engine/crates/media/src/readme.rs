//! `readme.txt`: how the package is opened and what it is, in Italian and then in English.
//!
//! Plain ASCII, CRLF, 79 columns at most, no patient data: it opens anywhere and may be passed on
//! with a question to the help desk.
//!
//! Standard: IHE RAD PDI (RAD-47), README.TXT.

mod plain_text;

use plain_text::PlainText;

use crate::claims;
use crate::contents::PackageContents;
use crate::manifest::{APPLICATION, APPLICATION_VERSION};
use crate::notice_summary::{NoticeGroup, summarise};
use crate::texts::{Language, fill};

/// The readme, ready to be written: ASCII with CRLF.
pub fn readme(contents: &PackageContents) -> String {
    let mut paper = PlainText::default();
    write_language(&mut paper, contents, Language::Italian);
    paper.rule();
    write_language(&mut paper, contents, Language::English);
    paper.finish()
}

fn write_language(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let text = &language.texts().readme;
    paper.title(text.title);
    let institution = &contents.institution;
    paper.item(
        &format!("{}: ", text.institution),
        institution.name.as_deref().unwrap_or(text.not_stated),
    );
    if let Some(address) = &institution.address {
        paper.item(&format!("{}: ", text.address), address);
    }
    if let Some(contact) = &institution.contact {
        paper.item(&format!("{}: ", text.contact), contact);
    }
    paper.item(&format!("{}: ", text.made_by), &format!("{APPLICATION} {APPLICATION_VERSION}"));
    write_opening(paper, contents, language);
    write_contents(paper, contents, language);

    paper.heading(text.requirements);
    paper.paragraph(text.requirements_web);
    if contents.viewer.is_some() {
        paper.paragraph(text.requirements_viewer);
    }

    write_notices(paper, contents, language);

    let page = &language.texts().page;
    paper.heading(text.standards);
    paper.paragraph(claims::claim(&contents.transfer_syntaxes, language));
    let syntaxes = claims::describe(&contents.transfer_syntaxes);
    if !syntaxes.is_empty() {
        paper.paragraph(&format!("{}: {}.", page.claim_syntaxes, syntaxes.join(", ")));
    }

    paper.heading(text.disclaimer);
    paper.paragraph(&format!("{}. {}", page.not_for_diagnosis, page.not_for_diagnosis_why));
    paper.paragraph(page.privacy);
}

fn write_opening(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let (text, page) = (&language.texts().readme, &language.texts().page);
    let index = contents.layout.index();
    let values = [("index", index.as_str())];
    paper.heading(text.how_to_open);
    paper.paragraph(&format!("{} {}", text.unpack, fill(page.unpack, &values)));
    paper.paragraph(&fill(text.start, &values));
    let viewer = match contents.viewer {
        Some(_) => page.own_or_bundled_viewer,
        None => page.own_viewer,
    };
    paper.paragraph(&format!("{viewer}."));
}

fn write_contents(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let text = &language.texts().readme;
    let layout = contents.layout;
    paper.heading(text.contents);
    let mut line = |path: &str, what: &str| paper.item(&format!("{path:<14} "), what);
    line(layout.index().as_str(), text.index);
    line("IHE_PDI", text.web_content);
    line(layout.dicomdir().as_str(), text.dicomdir);
    line("STUDIES", text.dicom_files);
    if let Some(viewer) = &contents.viewer {
        line(layout.viewer_folder(), &fill(text.viewer, &[("viewer", viewer.as_str())]));
    }
    let manifest = layout.manifest();
    let folder = manifest.as_str().split('/').next().unwrap_or_default();
    line(folder, text.manifest);
}

fn write_notices(paper: &mut PlainText, contents: &PackageContents, language: Language) {
    let (text, page) = (&language.texts().readme, &language.texts().page);
    let counts = contents.counts;
    paper.heading(text.notices);
    let (received, expected) = (counts.received.to_string(), counts.expected.to_string());
    let values = [
        ("received", received.as_str()),
        ("expected", expected.as_str()),
        ("rendered", &counts.rendered.to_string()),
    ];
    paper.paragraph(&fill(page.counts, &values));
    if counts.received < counts.expected {
        paper.paragraph(&fill(page.incomplete, &values));
    }
    let groups = summarise(&contents.notices, language);
    if groups.is_empty() && counts.received >= counts.expected {
        paper.paragraph(text.no_notices);
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
