//! What of a study a package holds.

use model::SopClassUid;

/// Classes of structured reports (PS3.4 Table B.5-1) begin so.
const STRUCTURED: &str = "1.2.840.10008.5.1.4.1.1.88.";
/// Key Object Selection Document Storage: it reports nothing, and points to images.
const KEY_OBJECTS: &str = "1.2.840.10008.5.1.4.1.1.88.59";
/// Encapsulated PDF Storage, Encapsulated CDA Storage.
const DOCUMENTS: [&str; 2] = ["1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.104.2"];
/// Modalities of series that hold reports, where a PACS does not tell the class of an instance.
const MODALITIES: [&str; 2] = ["SR", "DOC"];

/// What a package is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Contents {
    /// All of the studies.
    #[default]
    Everything,
    /// Structured reports, documents (PDF and CDA) and reports that were handed in, as files, pages and
    /// DICOM objects; no images. From a PACS nothing else is retrieved.
    ReportsOnly,
}

impl Contents {
    /// Whether an instance is for the package, as far as its class, or else the modality of its series tells.
    pub(crate) fn wants(self, sop_class: Option<&SopClassUid>, modality: &str) -> bool {
        match (self, sop_class) {
            (Self::Everything, _) => true,
            (Self::ReportsOnly, None) => MODALITIES.contains(&modality.trim()),
            (Self::ReportsOnly, Some(class)) => {
                let class = class.as_str();
                class.starts_with(STRUCTURED) && class != KEY_OBJECTS || DOCUMENTS.contains(&class)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::basic_text("1.2.840.10008.5.1.4.1.1.88.11", "OT", true)]
    #[case::dose("1.2.840.10008.5.1.4.1.1.88.67", "SR", true)]
    #[case::pdf("1.2.840.10008.5.1.4.1.1.104.1", "DOC", true)]
    #[case::clinical_document("1.2.840.10008.5.1.4.1.1.104.2", "", true)]
    #[case::model_to_print("1.2.840.10008.5.1.4.1.1.104.3", "M3D", false)]
    #[case::key_objects("1.2.840.10008.5.1.4.1.1.88.59", "KO", false)]
    #[case::ct("1.2.840.10008.5.1.4.1.1.2", "CT", false)]
    // The class counts, whatever its series is called.
    #[case::ct_in_a_series_of_reports("1.2.840.10008.5.1.4.1.1.2", "SR", false)]
    #[case::class_not_told_sr("", "SR", true)]
    #[case::class_not_told_doc("", "DOC ", true)]
    #[case::class_not_told_ct("", "CT", false)]
    fn reports(#[case] class: &str, #[case] modality: &str, #[case] expected: bool) {
        let class = class.parse().ok();
        assert_eq!(Contents::ReportsOnly.wants(class.as_ref(), modality), expected);
        assert!(Contents::Everything.wants(class.as_ref(), modality));
    }
}
