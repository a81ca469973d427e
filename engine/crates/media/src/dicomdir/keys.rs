//! The keys of each directory record, as data (PS3.3 §F.5; PS3.11 Table H.3-2).
//!
//! Invariant: each table ascends by tag, so a record written in its order is a legal data set.
//! Specific Character Set (0008,0005) is in none of them: a record gets it when its text needs it.

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;

use super::record::RecordType;
use super::values::Multiplicity;

/// One key of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) tag: Tag,
    pub(super) vr: VR,
    pub(super) need: Need,
    pub(super) multiplicity: Multiplicity,
    /// Enumerated Values; empty when any value is allowed.
    pub(super) allowed: &'static [&'static str],
    pub(super) source: Source,
}

/// How much a record needs a key, and what it holds when the instance has no usable value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    /// Type 1: something stands in, in the record only (PS3.11 D.3.3 note).
    One(StandIn),
    /// Type 2: empty.
    Two,
    /// Type 1C or 3: left out.
    IfPresent,
}

/// What stands in for a type 1 value that the instance lacks.
#[derive(Debug, Clone, Copy)]
pub(super) enum StandIn {
    /// Always the same text.
    Text(&'static str),
    /// Always the same number in a binary VR.
    Word(u16),
    /// The next free number among the siblings, known when all are.
    Number,
    /// The first legal date among these attributes, then the order's, then 1900-01-01.
    Date(&'static [Tag]),
    /// The first legal time among these attributes, then midnight.
    Time(&'static [Tag]),
    /// The order's patient, then a name made from the study.
    PatientId,
    /// The accession number, then `1`.
    StudyId,
    /// A document title that says that there is none.
    Untitled,
}

/// Where the value of a key is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// At the top level of the data set.
    TopLevel,
    /// The UID that the file was opened with, odd or not: it must be what it is in the file.
    StudyUid,
    /// Likewise.
    SeriesUid,
    /// There, or in the first item of this sequence of the Shared Functional Groups.
    Shared(Tag),
    /// A sequence at the top level, or in the Shared Functional Groups themselves.
    Sequence(Items),
    /// The root children of an SR tree with relationship HAS CONCEPT MOD.
    ConceptModifiers,
    /// The latest verification in Verifying Observer Sequence (0040,A073).
    LatestVerification,
}

/// What is copied from the items of a sequence.
#[derive(Debug, Clone, Copy)]
pub(super) enum Items {
    /// All standard elements.
    Whole,
    /// These elements, all of them; an item that lacks one is left out.
    Only(&'static [(Tag, Items)]),
}

const fn key(tag: Tag, vr: VR, need: Need) -> Key {
    let multiplicity = Multiplicity::One;
    Key { tag, vr, need, multiplicity, allowed: &[], source: Source::TopLevel }
}

const fn one(tag: Tag, vr: VR, stand_in: StandIn) -> Key {
    key(tag, vr, Need::One(stand_in))
}

const fn two(tag: Tag, vr: VR) -> Key {
    key(tag, vr, Need::Two)
}

const fn if_present(tag: Tag, vr: VR) -> Key {
    key(tag, vr, Need::IfPresent)
}

impl Key {
    const fn many(mut self) -> Self {
        self.multiplicity = Multiplicity::Many;
        self
    }

    const fn values(mut self, number: usize) -> Self {
        self.multiplicity = Multiplicity::Exactly(number);
        self
    }

    const fn allowed(mut self, values: &'static [&'static str]) -> Self {
        self.allowed = values;
        self
    }

    const fn from(mut self, source: Source) -> Self {
        self.source = source;
        self
    }
}

const REFERENCED_SOP: Items = Items::Only(&[
    (tags::REFERENCED_SOP_CLASS_UID, Items::Whole),
    (tags::REFERENCED_SOP_INSTANCE_UID, Items::Whole),
]);
const REFERENCED_SERIES: Items = Items::Only(&[
    (tags::REFERENCED_IMAGE_SEQUENCE, REFERENCED_SOP),
    (tags::SERIES_INSTANCE_UID, Items::Whole),
]);
const BLENDED_STUDY: Items = Items::Only(&[
    (tags::REFERENCED_SERIES_SEQUENCE, REFERENCED_SERIES),
    (tags::STUDY_INSTANCE_UID, Items::Whole),
]);

const STUDY_DATES: &[Tag] =
    &[tags::SERIES_DATE, tags::ACQUISITION_DATE, tags::CONTENT_DATE, tags::INSTANCE_CREATION_DATE];
const STUDY_TIMES: &[Tag] =
    &[tags::SERIES_TIME, tags::ACQUISITION_TIME, tags::CONTENT_TIME, tags::INSTANCE_CREATION_TIME];
pub(super) const CONTENT_DATES: &[Tag] =
    &[tags::CONTENT_DATE, tags::INSTANCE_CREATION_DATE, tags::SERIES_DATE, tags::STUDY_DATE];
pub(super) const CONTENT_TIMES: &[Tag] =
    &[tags::CONTENT_TIME, tags::INSTANCE_CREATION_TIME, tags::SERIES_TIME, tags::STUDY_TIME];

const CONTENT_DATE: Key = one(tags::CONTENT_DATE, VR::DA, StandIn::Date(CONTENT_DATES));
const CONTENT_TIME: Key = one(tags::CONTENT_TIME, VR::TM, StandIn::Time(CONTENT_TIMES));
const INSTANCE_NUMBER: Key = one(tags::INSTANCE_NUMBER, VR::IS, StandIn::Number);
const CONTENT_LABEL: Key = one(tags::CONTENT_LABEL, VR::CS, StandIn::Text("UNLABELED"));
const CONTENT_DESCRIPTION: Key = two(tags::CONTENT_DESCRIPTION, VR::LO);
const CONTENT_CREATOR: Key = two(tags::CONTENT_CREATOR_NAME, VR::PN);
const DOCUMENT_TITLE: Key = one(tags::CONCEPT_NAME_CODE_SEQUENCE, VR::SQ, StandIn::Untitled)
    .from(Source::Sequence(Items::Whole));
const CONCEPT_MODIFIERS: Key =
    if_present(tags::CONTENT_SEQUENCE, VR::SQ).from(Source::ConceptModifiers);

// Required of images and spectra by the general purpose profiles beyond CD (PS3.11 Table H.3-2).
const IMAGE_TYPE: Key = if_present(tags::IMAGE_TYPE, VR::CS).many();
const ACQUISITION_DATE_TIME: Key = if_present(tags::ACQUISITION_DATE_TIME, VR::DT);
const REFERENCED_IMAGES: Key =
    if_present(tags::REFERENCED_IMAGE_SEQUENCE, VR::SQ).from(Source::Sequence(REFERENCED_SOP));
const TIME_SYNCHRONIZED: Key =
    if_present(tags::ACQUISITION_TIME_SYNCHRONIZED, VR::CS).allowed(&["Y", "N"]);
const IMAGE_POSITION: Key = if_present(tags::IMAGE_POSITION_PATIENT, VR::DS)
    .values(3)
    .from(Source::Shared(tags::PLANE_POSITION_SEQUENCE));
const IMAGE_ORIENTATION: Key = if_present(tags::IMAGE_ORIENTATION_PATIENT, VR::DS)
    .values(6)
    .from(Source::Shared(tags::PLANE_ORIENTATION_SEQUENCE));
const FRAME_OF_REFERENCE: Key = if_present(tags::FRAME_OF_REFERENCE_UID, VR::UI);
const SYNCHRONIZATION_FRAME: Key = if_present(tags::SYNCHRONIZATION_FRAME_OF_REFERENCE_UID, VR::UI);
const NUMBER_OF_FRAMES: Key = if_present(tags::NUMBER_OF_FRAMES, VR::IS);
const PIXEL_SPACING: Key = if_present(tags::PIXEL_SPACING, VR::DS)
    .values(2)
    .from(Source::Shared(tags::PIXEL_MEASURES_SEQUENCE));
const LOSSY_RATIO: Key = if_present(tags::LOSSY_IMAGE_COMPRESSION_RATIO, VR::DS).many();
const CALIBRATION_IMAGE: Key = if_present(tags::CALIBRATION_IMAGE, VR::CS).allowed(&["YES", "NO"]);

/// Keys of PATIENT (§F.5.1).
pub(super) const PATIENT: &[Key] = &[
    two(tags::PATIENT_NAME, VR::PN),
    one(tags::PATIENT_ID, VR::LO, StandIn::PatientId),
    if_present(tags::PATIENT_BIRTH_DATE, VR::DA),
    if_present(tags::PATIENT_SEX, VR::CS).allowed(&["M", "F", "O"]),
];

/// Keys of STUDY (§F.5.2).
pub(super) const STUDY: &[Key] = &[
    one(tags::STUDY_DATE, VR::DA, StandIn::Date(STUDY_DATES)),
    one(tags::STUDY_TIME, VR::TM, StandIn::Time(STUDY_TIMES)),
    two(tags::ACCESSION_NUMBER, VR::SH),
    two(tags::STUDY_DESCRIPTION, VR::LO),
    if_present(tags::STUDY_INSTANCE_UID, VR::UI).from(Source::StudyUid),
    one(tags::STUDY_ID, VR::SH, StandIn::StudyId),
];

/// Keys of SERIES (§F.5.3).
pub(super) const SERIES: &[Key] = &[
    one(tags::MODALITY, VR::CS, StandIn::Text("OT")),
    if_present(tags::INSTITUTION_NAME, VR::LO),
    if_present(tags::INSTITUTION_ADDRESS, VR::ST),
    if_present(tags::PERFORMING_PHYSICIAN_NAME, VR::PN).many(),
    if_present(tags::SERIES_INSTANCE_UID, VR::UI).from(Source::SeriesUid),
    one(tags::SERIES_NUMBER, VR::IS, StandIn::Number),
];

const IMAGE: &[Key] = &[
    IMAGE_TYPE,
    ACQUISITION_DATE_TIME,
    REFERENCED_IMAGES,
    TIME_SYNCHRONIZED,
    INSTANCE_NUMBER,
    IMAGE_POSITION,
    IMAGE_ORIENTATION,
    FRAME_OF_REFERENCE,
    SYNCHRONIZATION_FRAME,
    NUMBER_OF_FRAMES,
    if_present(tags::ROWS, VR::US),
    if_present(tags::COLUMNS, VR::US),
    PIXEL_SPACING,
    LOSSY_RATIO,
    CALIBRATION_IMAGE,
];

const SPECTROSCOPY: &[Key] = &[
    one(tags::IMAGE_TYPE, VR::CS, StandIn::Text("ORIGINAL\\PRIMARY\\SPECTROSCOPY\\NONE")).many(),
    CONTENT_DATE,
    ACQUISITION_DATE_TIME,
    CONTENT_TIME,
    REFERENCED_IMAGES,
    if_present(tags::REFERENCED_IMAGE_EVIDENCE_SEQUENCE, VR::SQ)
        .from(Source::Sequence(Items::Whole)),
    TIME_SYNCHRONIZED,
    INSTANCE_NUMBER,
    IMAGE_POSITION,
    IMAGE_ORIENTATION,
    FRAME_OF_REFERENCE,
    SYNCHRONIZATION_FRAME,
    one(tags::NUMBER_OF_FRAMES, VR::IS, StandIn::Text("1")),
    one(tags::ROWS, VR::US, StandIn::Word(1)),
    one(tags::COLUMNS, VR::US, StandIn::Word(1)),
    PIXEL_SPACING,
    LOSSY_RATIO,
    one(tags::DATA_POINT_ROWS, VR::UL, StandIn::Word(1)),
    one(tags::DATA_POINT_COLUMNS, VR::UL, StandIn::Word(1)),
    CALIBRATION_IMAGE,
];

const SR_DOCUMENT: &[Key] = &[
    CONTENT_DATE,
    CONTENT_TIME,
    INSTANCE_NUMBER,
    if_present(tags::VERIFICATION_DATE_TIME, VR::DT).from(Source::LatestVerification),
    DOCUMENT_TITLE,
    one(tags::COMPLETION_FLAG, VR::CS, StandIn::Text("PARTIAL")).allowed(&["PARTIAL", "COMPLETE"]),
    one(tags::VERIFICATION_FLAG, VR::CS, StandIn::Text("UNVERIFIED"))
        .allowed(&["UNVERIFIED", "VERIFIED"]),
    CONCEPT_MODIFIERS,
];

const KEY_OBJECT_DOC: &[Key] =
    &[CONTENT_DATE, CONTENT_TIME, INSTANCE_NUMBER, DOCUMENT_TITLE, CONCEPT_MODIFIERS];

const ENCAP_DOC: &[Key] = &[
    two(tags::CONTENT_DATE, VR::DA),
    two(tags::CONTENT_TIME, VR::TM),
    INSTANCE_NUMBER,
    two(tags::CONCEPT_NAME_CODE_SEQUENCE, VR::SQ).from(Source::Sequence(Items::Whole)),
    if_present(tags::HL7_INSTANCE_IDENTIFIER, VR::ST),
    two(tags::DOCUMENT_TITLE, VR::ST),
    one(
        tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT,
        VR::LO,
        StandIn::Text("application/octet-stream"),
    ),
];

const PRESENTATION: &[Key] = &[
    if_present(tags::REFERENCED_SERIES_SEQUENCE, VR::SQ).from(Source::Sequence(REFERENCED_SERIES)),
    INSTANCE_NUMBER,
    CONTENT_LABEL,
    CONTENT_DESCRIPTION,
    one(tags::PRESENTATION_CREATION_DATE, VR::DA, StandIn::Date(CONTENT_DATES)),
    one(tags::PRESENTATION_CREATION_TIME, VR::TM, StandIn::Time(CONTENT_TIMES)),
    CONTENT_CREATOR,
    if_present(tags::BLENDING_SEQUENCE, VR::SQ).from(Source::Sequence(BLENDED_STUDY)),
];

const WAVEFORM_PRESENTATION: &[Key] = &[
    if_present(tags::REFERENCED_SERIES_SEQUENCE, VR::SQ).from(Source::Sequence(Items::Whole)),
    INSTANCE_NUMBER,
    CONTENT_LABEL,
    CONTENT_DESCRIPTION,
    one(tags::PRESENTATION_CREATION_DATE, VR::DA, StandIn::Date(CONTENT_DATES)),
    one(tags::PRESENTATION_CREATION_TIME, VR::TM, StandIn::Time(CONTENT_TIMES)),
    CONTENT_CREATOR,
];

const WAVEFORM: &[Key] = &[CONTENT_DATE, CONTENT_TIME, INSTANCE_NUMBER];

const RAW_DATA: &[Key] = &[CONTENT_DATE, CONTENT_TIME, two(tags::INSTANCE_NUMBER, VR::IS)];

/// Registrations, fiducials, maps and the like: dates and the content identification macro.
const IDENTIFIED_CONTENT: &[Key] = &[
    CONTENT_DATE,
    CONTENT_TIME,
    INSTANCE_NUMBER,
    CONTENT_LABEL,
    CONTENT_DESCRIPTION,
    CONTENT_CREATOR,
];

const SURFACE_SCAN: &[Key] = &[CONTENT_DATE, CONTENT_TIME];

const RT_DOSE: &[Key] = &[
    INSTANCE_NUMBER,
    // Beyond the table: a viewer that reads the directory alone knows how many planes there are.
    NUMBER_OF_FRAMES,
    if_present(tags::DOSE_COMMENT, VR::LO),
    one(tags::DOSE_SUMMATION_TYPE, VR::CS, StandIn::Text("PLAN")),
];

const RT_STRUCTURE_SET: &[Key] = &[
    INSTANCE_NUMBER,
    one(tags::STRUCTURE_SET_LABEL, VR::SH, StandIn::Text("UNLABELED")),
    two(tags::STRUCTURE_SET_DATE, VR::DA),
    two(tags::STRUCTURE_SET_TIME, VR::TM),
];

const RT_PLAN: &[Key] = &[
    INSTANCE_NUMBER,
    one(tags::RT_PLAN_LABEL, VR::SH, StandIn::Text("UNLABELED")),
    two(tags::RT_PLAN_DATE, VR::DA),
    two(tags::RT_PLAN_TIME, VR::TM),
];

const RT_TREAT_RECORD: &[Key] =
    &[INSTANCE_NUMBER, two(tags::TREATMENT_DATE, VR::DA), two(tags::TREATMENT_TIME, VR::TM)];

const RADIOTHERAPY: &[Key] = &[
    INSTANCE_NUMBER,
    CONTENT_DESCRIPTION,
    CONTENT_CREATOR,
    if_present(tags::USER_CONTENT_LABEL, VR::SH),
    if_present(tags::USER_CONTENT_LONG_LABEL, VR::LO),
];

const ASSESSMENT: &[Key] = &[
    one(tags::INSTANCE_CREATION_DATE, VR::DA, StandIn::Date(CONTENT_DATES)),
    two(tags::INSTANCE_CREATION_TIME, VR::TM),
    INSTANCE_NUMBER,
];

/// The keys of a record that references a file.
pub(super) fn keys_of(record_type: RecordType) -> &'static [Key] {
    match record_type {
        RecordType::Image => IMAGE,
        RecordType::RtDose => RT_DOSE,
        RecordType::RtStructureSet => RT_STRUCTURE_SET,
        RecordType::RtPlan => RT_PLAN,
        RecordType::RtTreatRecord => RT_TREAT_RECORD,
        RecordType::Presentation => PRESENTATION,
        RecordType::Waveform => WAVEFORM,
        RecordType::SrDocument => SR_DOCUMENT,
        RecordType::KeyObjectDoc => KEY_OBJECT_DOC,
        RecordType::Spectroscopy => SPECTROSCOPY,
        RecordType::RawData => RAW_DATA,
        RecordType::EncapDoc => ENCAP_DOC,
        RecordType::Stereometric | RecordType::Plan => &[],
        RecordType::SurfaceScan => SURFACE_SCAN,
        RecordType::Assessment => ASSESSMENT,
        RecordType::Radiotherapy => RADIOTHERAPY,
        RecordType::WaveformPresentation => WAVEFORM_PRESENTATION,
        RecordType::Registration
        | RecordType::Fiducial
        | RecordType::ValueMap
        | RecordType::Measurement
        | RecordType::Surface
        | RecordType::Tract
        | RecordType::Annotation => IDENTIFIED_CONTENT,
    }
}
