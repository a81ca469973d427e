//! Every path of the package, in one place.
//!
//! Two layouts: `reference` carries the names that patients know from the portal they had before;
//! `pdi` keeps to upper-case 8.3 names and has no wrapping folder, for importers and checkers. Names
//! inside `IHE_PDI` are upper-case 8.3 in both.
//!
//! Standard: IHE RAD PDI (RAD-47), DICOM PS3.10 §8, PS3.12 Annex V.
//!
//! Invariant: a path is made of constants and [`Ordinal`]s, never of anything read from a file.

use std::fmt;

use model::{EntryPath, FileId, InvalidEntryPath};

use crate::dates::Date;
use crate::numbering::{Ordinal, Place};
use texts::Language;

/// How the package is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// One wrapping folder, `index.htm`, `readme.txt`, `cdviewer/`, `other_content/`.
    #[default]
    Reference,
    /// No wrapping folder, upper-case 8.3 names only.
    Pdi,
}

/// Which of the two sets of pages: they hold the same in two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// In the language of the package; it opens with [`Layout::index`].
    Main,
    /// In another language, in a folder of its own below `IHE_PDI`.
    Other(Language),
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    /// A PDF document.
    Pdf,
    /// A page of the web content.
    Page(Edition),
}

/// What a file inside a DICOM object is (PS3.3 Table C.24-2), as far as its name shows it.
///
/// No type gets an extension under which a system would run it: markup can carry scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A clinical document in XML.
    Cda,
    /// A model to print.
    Stl,
    /// A model with materials.
    Obj,
    /// The materials of models.
    Mtl,
    /// A picture.
    Jpeg,
    /// Plain text.
    Text,
    /// Anything else.
    Other,
}

impl DocumentKind {
    /// The kind of a MIME type.
    pub fn of(mime_type: &str) -> Self {
        match mime_type.trim().to_ascii_lowercase().as_str() {
            "text/xml" | "application/xml" | "application/hl7-v3+xml" => Self::Cda,
            "model/stl" | "application/sla" => Self::Stl,
            "model/obj" => Self::Obj,
            "model/mtl" => Self::Mtl,
            "image/jpeg" => Self::Jpeg,
            "text/plain" => Self::Text,
            _ => Self::Other,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Cda => "CDA",
            Self::Stl => "STL",
            Self::Obj => "OBJ",
            Self::Mtl => "MTL",
            Self::Jpeg => "JPG",
            Self::Text => "TXT",
            Self::Other => "BIN",
        }
    }
}

/// The name that the ZIP and its wrapping folder share: `ESITO_<yyyymmdd>_<32 hex>`.
///
/// It tells nothing of the patient, since it stays in download histories. Without a study date the
/// eight digits are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageName(String);

impl PackageName {
    /// The name for a study date and a digest of what identifies the package.
    pub fn new(study_date: Option<Date>, digest: [u8; 16]) -> Self {
        let (year, month, day) =
            study_date.map_or((0, 0, 0), |date| (date.year(), date.month(), date.day()));
        Self(format!("ESITO_{year:04}{month:02}{day:02}_{:032x}", u128::from_be_bytes(digest)))
    }

    /// The name without an extension.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The folder of the web content; no other name may begin with `IHE` (RAD-47).
const WEB_CONTENT: &str = "IHE_PDI";
/// The folder of the DICOM files; nothing else lies below it.
const DICOM_FILES: &str = "STUDIES";

/// Parses a path that is legal by construction.
#[expect(
    clippy::expect_used,
    reason = "built from constants and ordinals only; the property test below parses them all"
)]
fn own<T>(path: &str) -> T
where
    T: std::str::FromStr<Err: fmt::Debug>,
{
    path.parse().expect("paths of the layout are legal")
}

impl Layout {
    /// The page that opens the package.
    pub fn index(self) -> EntryPath {
        own(self.pick("index.htm", "INDEX.HTM"))
    }

    /// The plain text that explains the package.
    pub fn readme(self) -> EntryPath {
        own(self.pick("readme.txt", "README.TXT"))
    }

    /// The directory of the File-set, at its root (PS3.10 §8.6).
    pub fn dicomdir(self) -> EntryPath {
        own("DICOMDIR")
    }

    /// The list of everything in the package, for programs.
    pub fn manifest(self) -> EntryPath {
        own(self.pick("other_content/manifest.json", "OTHER/MANIFEST.JSN"))
    }

    /// A short text on the package; the strict layout has no place for it.
    pub fn cd_info(self) -> Option<EntryPath> {
        (self == Self::Reference).then(|| own("CDINFO"))
    }

    /// A short text on the medium; the strict layout has no place for it.
    pub fn media_info(self) -> Option<EntryPath> {
        (self == Self::Reference).then(|| own(".mediainfo"))
    }

    /// The folder of the viewer, without a slash.
    pub fn viewer_folder(self) -> &'static str {
        self.pick("cdviewer", "CDVIEWER")
    }

    /// A file of the viewer, by its path inside the viewer's own folder.
    ///
    /// # Errors
    /// [`InvalidEntryPath`] when the viewer's path is not portable.
    pub fn viewer_file(self, path: &str) -> Result<EntryPath, InvalidEntryPath> {
        format!("{}/{path}", self.viewer_folder()).parse()
    }

    /// Where an instance lies in the File-set.
    pub fn file_id(self, place: &Place) -> FileId {
        own(&dicom_path(place))
    }

    /// The entry of an instance: its File ID as a path.
    pub fn dicom_file(self, place: &Place) -> EntryPath {
        own(&dicom_path(place))
    }

    /// The folder of the DICOM files of a study, without a slash at its end.
    pub fn study_folder(self, study: Ordinal) -> String {
        format!("{DICOM_FILES}/ST{study}")
    }

    /// The page that opens an edition.
    pub fn first_page(self, edition: Edition) -> EntryPath {
        match edition {
            Edition::Main => self.index(),
            Edition::Other(_) => own(&format!("{}/INDEX.HTM", web_folder(edition))),
        }
    }

    /// The script of the pages; each works without it.
    pub fn script(self) -> EntryPath {
        own("IHE_PDI/STACK.JS")
    }

    /// The logo of the institution.
    pub fn logo(self, is_png: bool) -> EntryPath {
        own(if is_png { "IHE_PDI/LOGO.PNG" } else { "IHE_PDI/LOGO.JPG" })
    }

    /// The style sheet of all pages.
    pub fn stylesheet(self) -> EntryPath {
        own("IHE_PDI/STYLE.CSS")
    }

    /// The page of a series.
    pub fn series_page(self, edition: Edition, study: Ordinal, series: Ordinal) -> EntryPath {
        own(&format!("{}/ST{study}/SE{series}.HTM", web_folder(edition)))
    }

    /// A further sheet of the images of a series; the first is on the page of the series.
    pub fn sheet(
        self,
        edition: Edition,
        study: Ordinal,
        series: Ordinal,
        sheet: Ordinal,
    ) -> EntryPath {
        own(&format!("{}/ST{study}/SE{series}/SH{sheet}.HTM", web_folder(edition)))
    }

    /// A page that lists series of a study which the index has no room for.
    pub fn series_list(self, edition: Edition, study: Ordinal, page: Ordinal) -> EntryPath {
        own(&format!("{}/ST{study}/LS{page}.HTM", web_folder(edition)))
    }

    /// The overview of a study, to be printed.
    pub fn overview(self, edition: Edition, study: Ordinal) -> EntryPath {
        own(&format!("{}/ST{study}.HTM", web_folder(edition)))
    }

    /// The small picture that stands for a series in the index.
    pub fn thumbnail(self, study: Ordinal, series: Ordinal) -> EntryPath {
        own(&format!("{}/THUMB.JPG", series_folder(study, series)))
    }

    /// The preview of a single-frame instance.
    pub fn preview(self, place: &Place) -> EntryPath {
        own(&format!("{}/IM{}.JPG", series_folder(place.study, place.series), place.instance))
    }

    /// The preview of one frame of a multi-frame instance; the first frame is 1.
    pub fn frame_preview(self, place: &Place, frame: Ordinal) -> EntryPath {
        let folder = series_folder(place.study, place.series);
        own(&format!("{folder}/IM{}/FR{frame}.JPG", place.instance))
    }

    /// A report, numbered over the package.
    pub fn report(self, report: Ordinal, format: ReportFormat) -> EntryPath {
        match format {
            ReportFormat::Pdf => own(&format!("{WEB_CONTENT}/RP{report}.PDF")),
            ReportFormat::Page(edition) => own(&format!("{}/RP{report}.HTM", web_folder(edition))),
        }
    }

    /// A picture that was inside the document of a report, numbered over that report.
    pub fn report_picture(self, report: Ordinal, picture: Ordinal) -> EntryPath {
        own(&format!("{WEB_CONTENT}/RP{report}/PC{picture}.JPG"))
    }

    /// A file that was inside a DICOM object, numbered over the package.
    pub fn other_document(self, number: Ordinal, kind: DocumentKind) -> EntryPath {
        let folder = self.pick("other_content", "OTHER");
        own(&format!("{folder}/DC{number}.{}", kind.extension()))
    }

    /// The path in the ZIP of a path in the package: below the wrapping folder, if there is one.
    ///
    /// # Errors
    /// [`InvalidEntryPath`] when the wrapping folder makes the path too long.
    pub fn in_zip(
        self,
        package: &PackageName,
        path: &EntryPath,
    ) -> Result<EntryPath, InvalidEntryPath> {
        match self {
            Self::Reference => format!("{package}/{path}").parse(),
            Self::Pdi => Ok(path.clone()),
        }
    }

    fn pick(self, reference: &'static str, pdi: &'static str) -> &'static str {
        match self {
            Self::Reference => reference,
            Self::Pdi => pdi,
        }
    }
}

fn dicom_path(place: &Place) -> String {
    format!("{DICOM_FILES}/ST{}/SE{}/IM{}", place.study, place.series, place.instance)
}

fn web_folder(edition: Edition) -> &'static str {
    match edition {
        Edition::Main => WEB_CONTENT,
        Edition::Other(Language::Italian) => "IHE_PDI/IT",
        Edition::Other(Language::English) => "IHE_PDI/EN",
    }
}

fn series_folder(study: Ordinal, series: Ordinal) -> String {
    format!("{WEB_CONTENT}/ST{study}/SE{series}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn ordinal() -> impl Strategy<Value = Ordinal> {
        prop_oneof![1_u32..2_000, any::<u32>()].prop_filter_map("an ordinal", Ordinal::new)
    }

    fn place() -> impl Strategy<Value = Place> {
        (ordinal(), ordinal(), ordinal()).prop_map(|(study, series, instance)| Place {
            study,
            series,
            instance,
        })
    }

    fn is_8_3(component: &str) -> bool {
        let legal = |text: &str, most: usize| {
            (1..=most).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        };
        match component.split_once('.') {
            Some((base, extension)) => legal(base, 8) && legal(extension, 3),
            None => legal(component, 8),
        }
    }

    fn all_paths(layout: Layout, place: &Place, other: Ordinal) -> Vec<EntryPath> {
        let mut paths = vec![
            layout.index(),
            layout.readme(),
            layout.dicomdir(),
            layout.manifest(),
            layout.stylesheet(),
            layout.dicom_file(place),
            layout.series_page(Edition::Main, place.study, place.series),
            layout.sheet(Edition::Main, place.study, place.series, other),
            layout.overview(Edition::Main, place.study),
            layout.series_list(Edition::Main, place.study, other),
            layout.script(),
            layout.logo(true),
            layout.logo(false),
            layout.thumbnail(place.study, place.series),
            layout.preview(place),
            layout.frame_preview(place, other),
            layout.report(other, ReportFormat::Pdf),
            layout.report_picture(other, other),
            layout.report(other, ReportFormat::Page(Edition::Main)),
            layout.report(other, ReportFormat::Page(Edition::Other(Language::English))),
            layout.other_document(other, DocumentKind::Stl),
            layout.other_document(other, DocumentKind::of("text/html")),
            layout.viewer_file("START.EXE").unwrap(),
        ];
        for language in Language::ALL {
            let edition = Edition::Other(language);
            paths.push(layout.first_page(edition));
            paths.push(layout.series_page(edition, place.study, place.series));
            paths.push(layout.sheet(edition, place.study, place.series, other));
            paths.push(layout.overview(edition, place.study));
            paths.push(layout.series_list(edition, place.study, other));
        }
        paths.extend(layout.cd_info());
        paths.extend(layout.media_info());
        paths
    }

    proptest! {
        #[test]
        fn every_path_is_legal_and_distinct_whatever_the_case(
            place in place(),
            other in ordinal(),
            digest in any::<[u8; 16]>(),
        ) {
            let package = PackageName::new(Date::from_da("20260423"), digest);
            for layout in [Layout::Reference, Layout::Pdi] {
                let paths = all_paths(layout, &place, other);
                let mut folded: Vec<_> =
                    paths.iter().map(|path| path.as_str().to_ascii_lowercase()).collect();
                folded.sort();
                folded.dedup();
                prop_assert_eq!(folded.len(), paths.len());
                for path in &paths {
                    prop_assert!(layout.in_zip(&package, path).is_ok());
                }
            }
        }

        /// MESA checks of RAD-47: ISO 9660 level 1 names, seven folders at most above a file.
        #[test]
        fn strict_layout_has_upper_case_8_3_names(place in place(), other in ordinal()) {
            for path in all_paths(Layout::Pdi, &place, other) {
                prop_assert!(path.as_str().split('/').all(is_8_3), "{}", path);
                prop_assert!(path.as_str().split('/').count() <= 8);
            }
        }

        #[test]
        fn file_id_and_entry_are_one_path(place in place()) {
            let file_id = Layout::Reference.file_id(&place);
            let entry = Layout::Reference.dicom_file(&place);
            prop_assert_eq!(file_id.as_path(), entry.as_str());
        }
    }

    /// S-140, without the surname.
    #[rstest]
    #[case::reference(
        Layout::Reference,
        "ESITO_20260423_000102030405060708090a0b0c0d0e0f/index.htm"
    )]
    #[case::pdi(Layout::Pdi, "INDEX.HTM")]
    fn wrapper(#[case] layout: Layout, #[case] expected: &str) {
        let digest = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let name = PackageName::new(Date::from_da("20260423"), digest);
        assert_eq!(layout.in_zip(&name, &layout.index()).unwrap().as_str(), expected);
    }

    #[test]
    fn name_without_date() {
        let name = PackageName::new(None, [0xAB; 16]);
        assert_eq!(name.as_str(), format!("ESITO_00000000_{}", "ab".repeat(16)));
    }

    #[test]
    fn viewer_names_are_checked() {
        assert!(Layout::Reference.viewer_file("_start.exe").is_ok());
        assert!(Layout::Reference.viewer_file("../DICOMDIR").is_err());
    }
}
