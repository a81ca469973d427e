//! Which directory record stands for an instance (PS3.3 Table F.4-1, §F.5).
//!
//! Invariant: retired record types and PRIVATE are never written; an object without a record type
//! is left out of the File-set, because every DICOM file in it must have a record (§F.2.1).

mod sop_classes;

pub(super) use self::sop_classes::SOP_CLASSES;

/// The type of a directory record (0004,1430) that references a file, below SERIES.
///
/// Standard: DICOM PS3.3 §F.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RecordType {
    /// Images of all kinds, segmentations and parametric maps included (§F.5.4).
    Image,
    /// RT Dose (§F.5.19).
    RtDose,
    /// RT Structure Set (§F.5.20).
    RtStructureSet,
    /// RT Plan and RT Ion Plan (§F.5.21).
    RtPlan,
    /// RT treatment records (§F.5.22).
    RtTreatRecord,
    /// Presentation states and structured displays (§F.5.23).
    Presentation,
    /// Waveforms (§F.5.24).
    Waveform,
    /// Structured reports (§F.5.25).
    SrDocument,
    /// Key Object Selection (§F.5.26).
    KeyObjectDoc,
    /// MR Spectroscopy (§F.5.27).
    Spectroscopy,
    /// Raw Data (§F.5.28).
    RawData,
    /// Spatial registrations (§F.5.29).
    Registration,
    /// Spatial Fiducials (§F.5.30).
    Fiducial,
    /// Encapsulated documents: PDF, CDA, STL, OBJ, MTL (§F.5.32).
    EncapDoc,
    /// Real World Value Mapping (§F.5.34).
    ValueMap,
    /// Stereometric Relationship (§F.5.36).
    Stereometric,
    /// RT delivery instructions (§F.5.40).
    Plan,
    /// Ophthalmic measurements (§F.5.41).
    Measurement,
    /// Surface Segmentation (§F.5.42).
    Surface,
    /// Surface scans (§F.5.43).
    SurfaceScan,
    /// Tractography Results (§F.5.44).
    Tract,
    /// Content Assessment Results (§F.5.45).
    Assessment,
    /// RT second generation objects (§F.5.46).
    Radiotherapy,
    /// Microscopy Bulk Simple Annotations (§F.5.47).
    Annotation,
    /// Waveform presentation states (§F.5.49).
    WaveformPresentation,
}

impl RecordType {
    /// The record type for an object of `sop_class`, or `None` when a patient's File-set has none.
    ///
    /// The SOP Class decides. Where it is not one that DICOM names, the content does: an
    /// encapsulated document (0042,0011) or pixel data can be referenced, anything else cannot.
    /// Objects that describe no patient (hanging protocols, palettes, implants, inventories),
    /// protocols and retired objects without a living record type have none either.
    pub fn of(sop_class: &str, content: Content) -> Option<Self> {
        let named = SOP_CLASSES.iter().find(|(_, classes)| classes.contains(&sop_class));
        match (named, content) {
            (Some((record_type, _)), _) => Some(*record_type),
            (None, Content::PixelData) => Some(Self::Image),
            (None, Content::EncapsulatedDocument) => Some(Self::EncapDoc),
            (None, Content::Other) => None,
        }
    }

    /// The value of Directory Record Type (0004,1430).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "IMAGE",
            Self::RtDose => "RT DOSE",
            Self::RtStructureSet => "RT STRUCTURE SET",
            Self::RtPlan => "RT PLAN",
            Self::RtTreatRecord => "RT TREAT RECORD",
            Self::Presentation => "PRESENTATION",
            Self::Waveform => "WAVEFORM",
            Self::SrDocument => "SR DOCUMENT",
            Self::KeyObjectDoc => "KEY OBJECT DOC",
            Self::Spectroscopy => "SPECTROSCOPY",
            Self::RawData => "RAW DATA",
            Self::Registration => "REGISTRATION",
            Self::Fiducial => "FIDUCIAL",
            Self::EncapDoc => "ENCAP DOC",
            Self::ValueMap => "VALUE MAP",
            Self::Stereometric => "STEREOMETRIC",
            Self::Plan => "PLAN",
            Self::Measurement => "MEASUREMENT",
            Self::Surface => "SURFACE",
            Self::SurfaceScan => "SURFACE SCAN",
            Self::Tract => "TRACT",
            Self::Assessment => "ASSESSMENT",
            Self::Radiotherapy => "RADIOTHERAPY",
            Self::Annotation => "ANNOTATION",
            Self::WaveformPresentation => "WF PRESENTATION",
        }
    }
}

/// What an object holds, as far as the choice of its record needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Pixel Data (7FE0,0010), Float (7FE0,0008) or Double Float Pixel Data (7FE0,0009).
    PixelData,
    /// Encapsulated Document (0042,0011).
    EncapsulatedDocument,
    /// Neither.
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_core::dictionary::UidDictionary as _;
    use dicom_dictionary_std::StandardSopClassDictionary;
    use rstest::rstest;

    #[rstest]
    #[case::ct("1.2.840.10008.5.1.4.1.1.2", "IMAGE")]
    #[case::segmentation("1.2.840.10008.5.1.4.1.1.66.4", "IMAGE")]
    #[case::video("1.2.840.10008.5.1.4.1.1.77.1.1.1", "IMAGE")]
    #[case::rt_image("1.2.840.10008.5.1.4.1.1.481.1", "IMAGE")]
    #[case::dose_report("1.2.840.10008.5.1.4.1.1.88.67", "SR DOCUMENT")]
    #[case::spectacles("1.2.840.10008.5.1.4.1.1.78.6", "SR DOCUMENT")]
    #[case::key_object("1.2.840.10008.5.1.4.1.1.88.59", "KEY OBJECT DOC")]
    #[case::pdf("1.2.840.10008.5.1.4.1.1.104.1", "ENCAP DOC")]
    #[case::softcopy("1.2.840.10008.5.1.4.1.1.11.1", "PRESENTATION")]
    #[case::structured_display("1.2.840.10008.5.1.4.1.1.131", "PRESENTATION")]
    #[case::ecg("1.2.840.10008.5.1.4.1.1.9.1.1", "WAVEFORM")]
    #[case::ecg_presentation("1.2.840.10008.5.1.4.1.1.9.100.1", "WF PRESENTATION")]
    #[case::raw("1.2.840.10008.5.1.4.1.1.66", "RAW DATA")]
    #[case::spectroscopy("1.2.840.10008.5.1.4.1.1.4.2", "SPECTROSCOPY")]
    #[case::registration("1.2.840.10008.5.1.4.1.1.66.3", "REGISTRATION")]
    #[case::fiducial("1.2.840.10008.5.1.4.1.1.66.2", "FIDUCIAL")]
    #[case::value_map("1.2.840.10008.5.1.4.1.1.67", "VALUE MAP")]
    #[case::surface("1.2.840.10008.5.1.4.1.1.66.5", "SURFACE")]
    #[case::surface_scan("1.2.840.10008.5.1.4.1.1.68.2", "SURFACE SCAN")]
    #[case::tract("1.2.840.10008.5.1.4.1.1.66.6", "TRACT")]
    #[case::measurement("1.2.840.10008.5.1.4.1.1.78.8", "MEASUREMENT")]
    #[case::assessment("1.2.840.10008.5.1.4.1.1.90.1", "ASSESSMENT")]
    #[case::annotation("1.2.840.10008.5.1.4.1.1.91.1", "ANNOTATION")]
    #[case::stereometric("1.2.840.10008.5.1.4.1.1.77.1.5.3", "STEREOMETRIC")]
    #[case::rt_dose("1.2.840.10008.5.1.4.1.1.481.2", "RT DOSE")]
    #[case::rt_structures("1.2.840.10008.5.1.4.1.1.481.3", "RT STRUCTURE SET")]
    #[case::rt_plan("1.2.840.10008.5.1.4.1.1.481.8", "RT PLAN")]
    #[case::rt_record("1.2.840.10008.5.1.4.1.1.481.7", "RT TREAT RECORD")]
    #[case::rt_second("1.2.840.10008.5.1.4.1.1.481.12", "RADIOTHERAPY")]
    #[case::delivery("1.2.840.10008.5.1.4.34.7", "PLAN")]
    fn f_5_names_the_record_type(#[case] sop_class: &str, #[case] expected: &str) {
        // The class decides, whatever the file holds: header-only images keep their record.
        for content in [Content::Other, Content::PixelData, Content::EncapsulatedDocument] {
            let record_type = RecordType::of(sop_class, content).map(RecordType::as_str);
            assert_eq!(record_type, Some(expected));
        }
    }

    #[rstest]
    #[case::siemens_csa("1.3.12.2.1107.5.9.1", Content::Other, None)]
    #[case::private_image("1.2.840.113619.4.2", Content::PixelData, Some(RecordType::Image))]
    #[case::private_pdf("1.2.3.4", Content::EncapsulatedDocument, Some(RecordType::EncapDoc))]
    #[case::hanging_protocol("1.2.840.10008.5.1.4.38.1", Content::Other, None)]
    #[case::palette("1.2.840.10008.5.1.4.39.1", Content::Other, None)]
    #[case::implant("1.2.840.10008.5.1.4.43.1", Content::Other, None)]
    #[case::protocol("1.2.840.10008.5.1.4.1.1.200.2", Content::Other, None)]
    #[case::inventory("1.2.840.10008.5.1.4.1.1.201.1", Content::Other, None)]
    #[case::retired_overlay("1.2.840.10008.5.1.4.1.1.8", Content::Other, None)]
    #[case::retired_curve("1.2.840.10008.5.1.4.1.1.9", Content::Other, None)]
    #[case::dicomdir_itself("1.2.840.10008.1.3.10", Content::Other, None)]
    fn others_need_content_that_a_record_can_name(
        #[case] sop_class: &str,
        #[case] content: Content,
        #[case] expected: Option<RecordType>,
    ) {
        assert_eq!(RecordType::of(sop_class, content), expected);
    }

    /// Storage SOP Classes without a record type in a patient's File-set.
    const LEFT_OUT: [&str; 20] = [
        "1.2.840.10008.1.3.10",
        "1.2.840.10008.5.1.1.27",
        "1.2.840.10008.5.1.4.1.1.10",
        "1.2.840.10008.5.1.4.1.1.11",
        "1.2.840.10008.5.1.4.1.1.129",
        "1.2.840.10008.5.1.4.1.1.8",
        "1.2.840.10008.5.1.4.1.1.9",
        "1.2.840.10008.5.1.4.1.1.200.1",
        "1.2.840.10008.5.1.4.1.1.200.2",
        "1.2.840.10008.5.1.4.1.1.200.3",
        "1.2.840.10008.5.1.4.1.1.200.7",
        "1.2.840.10008.5.1.4.1.1.200.8",
        "1.2.840.10008.5.1.4.1.1.201.1",
        "1.2.840.10008.5.1.4.1.1.201.1.1",
        "1.2.840.10008.5.1.4.38.1",
        "1.2.840.10008.5.1.4.39.1",
        "1.2.840.10008.5.1.4.43.1",
        "1.2.840.10008.5.1.4.44.1",
        "1.2.840.10008.5.1.4.45.1",
        "1.2.840.10008.5.1.4.34.2",
    ];

    /// Looks up every UID below `root` with up to `depth` more components.
    fn named_below(root: &str, depth: u32, found: &mut Vec<(String, String)>) {
        let dictionary = StandardSopClassDictionary;
        let limit = if root.ends_with(".1.1") { 700 } else { 101 };
        for component in 1..limit {
            let uid = format!("{root}.{component}");
            if let Some(entry) = dictionary.by_uid(&uid) {
                found.push((uid.clone(), entry.name.to_owned()));
            }
            if depth > 1 && (component < 135 || limit == 101 || component == 481) {
                named_below(&uid, depth - 1, found);
            }
        }
    }

    #[test]
    fn every_storage_class_of_the_dictionary_has_a_decision() {
        let mut named = Vec::new();
        named_below("1.2.840.10008.5.1.4.1.1", 3, &mut named);
        named_below("1.2.840.10008.5.1.4", 2, &mut named);
        named.retain(|(_, name)| name.contains("Storage") && !name.contains("DICOS"));
        assert!(named.len() > 150, "{}", named.len());
        let decided =
            |uid: &str| RecordType::of(uid, Content::Other).is_some() || LEFT_OUT.contains(&uid);
        let open: Vec<_> = named.iter().filter(|(uid, _)| !decided(uid)).collect();
        assert!(open.is_empty(), "{open:#?}");
    }

    #[test]
    fn every_class_stands_once_and_every_type_is_a_legal_code_string() {
        let mut classes: Vec<_> =
            SOP_CLASSES.iter().flat_map(|(_, classes)| classes.iter()).collect();
        let count = classes.len();
        classes.sort_unstable();
        classes.dedup();
        assert_eq!(classes.len(), count);
        for (record_type, _) in SOP_CLASSES {
            let name = record_type.as_str();
            assert!(name.len() <= 16 && name.bytes().all(|b| b.is_ascii_uppercase() || b == b' '));
        }
    }
}
