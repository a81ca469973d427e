//! Reports that are not as their readers expect them: what the package says of them.

use std::fs;
use std::path::PathBuf;

use crate::support::{Workplace, files_below, judges, report, run, samples};

/// Packages a study, has it judged and unpacks it; gives the place and the folder of the package.
fn unpacked(study: &str) -> (Workplace, PathBuf) {
    let place = Workplace::with_study(&["--study", study]);
    place.package(&[]).expect_code(&[0]);
    judges::judge(&place.zip(), &place.source(), &[]);
    let folder = place.beside("unpacked");
    let unzip = run::program("unzip").arg("-q").arg(place.zip()).arg("-d").arg(&folder).finish();
    assert_eq!(unzip.code, Some(0), "{}", unzip.stderr);
    let inner = fs::read_dir(&folder).expect("the folder").next().expect("an entry");
    (place, inner.expect("an entry").path())
}

/// The notices on reports of the program's own report: file, and what is wrong.
fn notices(place: &Workplace) -> Vec<(String, String)> {
    let report = report::read(&place.report());
    let notices = report["notices"].as_array().expect("a list");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    notices
        .iter()
        .filter(|notice| notice["kind"] == "report_impaired")
        .map(|notice| (text(&notice["file"]), text(&notice["reason"])))
        .collect()
}

#[test]
fn a_report_that_no_pdf_holds_goes_on_in_its_page() {
    let (place, package) = unpacked("quirk-sr-endless");
    let told = notices(&place);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].1.contains("its page goes on"), "{told:?}");
    let pdf = package.join("IHE_PDI/RP000001.PDF");
    let info = run::program("pdfinfo").arg(&pdf).finish();
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    assert!(info.contains("Pages:           500"), "{info}");
    for page in ["1", "500"] {
        let text =
            run::program("pdftotext").args(["-f", page, "-l", page]).arg(&pdf).arg("-").finish();
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        assert!(text.contains("il testo intero è nella pagina RP000001.HTM"), "{text}");
    }
    let page = fs::read_to_string(package.join("IHE_PDI/RP000001.HTM")).expect("the page");
    assert!(page.contains("Riga 3000 della parte 11"), "the page is cut too");
    let index = fs::read_to_string(package.join("index.htm")).expect("the index");
    assert!(index.contains("1 referto è troppo lungo per un PDF"), "{index}");
}

#[test]
fn documents_that_are_not_what_they_should_be_are_told() {
    let (place, package) = unpacked("quirk-documents");
    let told = notices(&place);
    let told: Vec<_> = told.iter().map(|(file, what)| (file.as_str(), what.as_str())).collect();
    let expected = [
        ("doc/000001.dcm", "the document inside it is empty"),
        (
            "doc/000002.dcm",
            "its document is said to be a PDF and is none: it is handed out as a file",
        ),
        ("doc/000003.dcm", "its PDF is damaged or cut short"),
        ("doc/000004.dcm", "its PDF is encrypted and may ask for a password"),
    ];
    assert_eq!(told, expected);
    let names = |folder: &str| {
        let entries = fs::read_dir(package.join(folder)).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let reports: Vec<_> =
        names("IHE_PDI").into_iter().filter(|name| name.starts_with("RP")).collect();
    assert_eq!(reports, ["RP000001.PDF", "RP000002.PDF", "RP000003.PDF"]);
    assert_eq!(
        names("other_content"),
        ["DC000001.BIN", "DC000002.OBJ", "DC000003.MTL", "manifest.json"]
    );
    let index = fs::read_to_string(package.join("index.htm")).expect("the index");
    for sentence in
        ["1 documento è vuoto", "può servire una password", "forse non si apre", "ma non lo è"]
    {
        assert!(index.contains(sentence), "{sentence}");
    }
}

/// The PDF in a clinical document is looked at as one in an object of its own.
#[test]
fn a_pdf_cut_short_inside_a_clinical_document_is_told() {
    let place = Workplace::with_study(&["--study", "cda-pdf"]);
    let file = files_below(&place.source()).remove(0);
    let mut bytes = fs::read(&file).expect("the document");
    let after = b"</text></nonXMLBody>";
    let end = bytes.windows(after.len()).position(|at| at == after).expect("the end of the PDF");
    // White space is no base64: the PDF lacks its last 300 bytes.
    bytes[end - 400..end].fill(b' ');
    fs::write(&file, bytes).expect("the document");
    place.package(&[]).expect_code(&[0]);
    let expected = ("doc/000001.dcm".to_owned(), "its PDF is damaged or cut short".to_owned());
    assert_eq!(notices(&place), [expected]);
}

/// Clinical documents of others, put into DICOM objects: all that they say is in PDF and pages.
#[test]
fn real_clinical_documents_are_shown_whole() {
    let Some(root) = samples() else { return };
    let documents = files_below(&root.join("reports/cda_it"));
    assert!(documents.len() >= 2, "no clinical documents among the samples");
    for document in documents {
        let place = Workplace::empty();
        let target = place.source().join("document.dcm");
        let wrapped = judges::script("wrap_cda.py").arg(&document).arg(&target).finish();
        assert_eq!(wrapped.code, Some(0), "{}", wrapped.stderr);
        place.package(&[]).expect_code(&[0]);
        judges::judge(&place.zip(), &place.source(), &["--instances", "1", "--real"]);
        let notices = report::read(&place.report());
        assert_eq!(notices["notices"].as_array().map(Vec::len), Some(0), "{notices}");
    }
}
