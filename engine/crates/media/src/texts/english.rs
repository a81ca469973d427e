//! English.

use super::{
    Counted, NoticeText, NoticeTexts, ObjectTexts, PageTexts, ReadmeTexts, ReportTexts, Texts,
};

const INCOMPLETE: &str = "The package is not complete: ask the institution that made the \
    examination to prepare it again.";
const NOTHING_TO_DO: &str = "No image is missing and there is nothing for you to do.";
const OPEN_WITH_VIEWER: &str = "They are in the package as DICOM files all the same: a DICOM \
    viewer is needed to see them.";
const ASK: &str = "The DICOM file is in the package as it was received: ask the institution \
    whether it has a sound copy.";

pub(super) const ENGLISH: Texts = Texts {
    page: PageTexts {
        title: "Radiology result",
        skip: "Skip to content",
        institution_not_stated: "Institution not stated",
        patient: "Patient",
        name_not_stated: "Name not stated",
        birth_date: "Date of birth",
        sex: "Sex",
        patient_id: "ID",
        male: "Male",
        female: "Female",
        other_sex: "Other",
        reports: "Reports",
        no_reports: "There is no report in this package. To get one, ask the institution that \
            made the examination.",
        report: "Report",
        report_page: "Web page",
        status: "Status",
        preliminary: "Preliminary",
        final_status: "Final",
        withdrawn: "Withdrawn",
        cancelled: "Cancelled",
        document_only: "As a document only: it is not among the DICOM data to import.",
        studies: "Examinations and images",
        no_studies: "There is no examination in this package.",
        study_without_description: "Examination without description",
        untitled_series: "Series without number",
        date: "Date",
        accession_number: "Accession number",
        referring_physician: "Referring physician",
        study_institution: "Performed at",
        series: "Series",
        images: Counted { one: "{n} image", many: "{n} images" },
        frames: Counted { one: "{n} frame", many: "{n} frames" },
        objects: Counted { one: "{n} other object", many: "{n} other objects" },
        body_part: "Body part",
        no_images: "No images",
        preview_alt: "{series}: image {image} of {images}",
        image: "Image",
        frame: "frame {frame} of {frames}",
        position: "position {mm} mm",
        no_preview: "No preview",
        capped: "The first {shown} of {frames} frames are shown: the others are in the DICOM file.",
        other_objects: "Other DICOM objects of the series",
        dicom_file: "DICOM file",
        back: "Back to all examinations",
        pages: "Pages",
        previous_series: "Previous series",
        next_series: "Next series",
        not_for_diagnosis: "Images not for diagnostic use",
        not_for_diagnosis_why: "The JPG images are for reference. For a diagnosis physicians use \
            the DICOM files, which are in this package too.",
        complete: Counted {
            one: "The package is complete: it holds the one DICOM object expected.",
            many: "The package is complete: it holds all {n} DICOM objects expected.",
        },
        incomplete: "The package is NOT complete: it holds {received} of {expected} DICOM objects \
            expected. Ask the institution that made the examination to prepare it again.",
        check_notices: "The package holds the DICOM objects expected, but there is an important \
            notice: please read it below.",
        counts: "DICOM objects expected: {expected}; present: {received}; JPG previews: \
            {rendered}.",
        notices: "Notices",
        concerned: "Which objects are concerned",
        more_in_manifest: Counted {
            one: "and {n} more: see the complete list of files",
            many: "and {n} more: see the complete list of files",
        },
        how_to_open: "If the images or the report do not open",
        unpack: "first extract all files of the ZIP file, then open the file {index} to reach the \
            Web pages with the report as PDF and the images as JPG.",
        own_viewer: "The DICOM images can also be seen with a DICOM viewer of your own",
        own_or_bundled_viewer: "The DICOM images can also be seen with a DICOM viewer of your own, \
            or with the DICOM viewer in the ZIP file",
        open_viewer: "Open the DICOM viewer",
        viewer_warning: "The viewer is a Windows program: the system may ask you to confirm before \
            it starts.",
        importable: "DICOM data to import",
        importable_caption: "For whoever imports the package: the directory is the file DICOMDIR.",
        study: "Examination",
        series_count: "Series",
        dicom_objects: "DICOM objects",
        total: "Total (one patient)",
        other_files: "Other files in the package",
        readme: "Instructions and information",
        manifest: "Complete list of files with SHA-256 digests",
        made_by: "Package created with {application} {version}.",
        contact: "For information",
        claim: "Content organised according to IHE PDI; File-set according to DICOM PS3.10 on ZIP \
            media (PS3.12 Annex V), content suitable for STD-GEN-CD.",
        claim_general: "Content organised according to IHE PDI; File-set according to DICOM PS3.10 \
            on ZIP media (PS3.12 Annex V).",
        claim_syntaxes: "Transfer syntaxes",
        privacy: "This package holds personal health data: keep it with care and give it only to \
            people you trust.",
        object: ObjectTexts {
            pdf: "PDF document",
            document: "Document",
            structured_report: "Structured report",
            key_objects: "Selection of images",
            presentation_state: "Display settings",
            waveform: "Waveform",
            radiotherapy: "Radiotherapy data",
            raw_data: "Raw data",
            other: "DICOM object",
        },
    },
    notice: NOTICES,
    readme: README,
    report: REPORT,
    modality,
};

const NOTICES: NoticeTexts = NoticeTexts {
    missing: NoticeText {
        what: Counted {
            one: "{n} DICOM object that was expected has not arrived.",
            many: "{n} DICOM objects that were expected have not arrived.",
        },
        advice: INCOMPLETE,
    },
    unreadable: NoticeText {
        what: Counted {
            one: "{n} file cannot be read and is not in the package.",
            many: "{n} files cannot be read and are not in the package.",
        },
        advice: INCOMPLETE,
    },
    truncated: NoticeText {
        what: Counted {
            one: "{n} file is cut short and is not in the package.",
            many: "{n} files are cut short and are not in the package.",
        },
        advice: INCOMPLETE,
    },
    malformed: NoticeText {
        what: Counted {
            one: "{n} file is damaged and is not in the package.",
            many: "{n} files are damaged and are not in the package.",
        },
        advice: INCOMPLETE,
    },
    no_uid: NoticeText {
        what: Counted {
            one: "{n} file lacks an identifier it cannot do without and is not in the package.",
            many: "{n} files lack an identifier they cannot do without and are not in the package.",
        },
        advice: INCOMPLETE,
    },
    foreign_study: NoticeText {
        what: Counted {
            one: "{n} object belongs to another examination and is not in the package.",
            many: "{n} objects belong to another examination and are not in the package.",
        },
        advice: "Please tell the institution that made the examination: its archive needs a check.",
    },
    foreign_patient: NoticeText {
        what: Counted {
            one: "{n} object is recorded for another patient and is not in the package.",
            many: "{n} objects are recorded for another patient and are not in the package.",
        },
        advice: "Please tell the institution that made the examination: its archive needs a check.",
    },
    unknown_syntax: NoticeText {
        what: Counted {
            one: "{n} file is written in an unknown format and is not in the package.",
            many: "{n} files are written in an unknown format and are not in the package.",
        },
        advice: INCOMPLETE,
    },
    refused_over_limit: NoticeText {
        what: Counted {
            one: "{n} file is over the size limit and is not in the package.",
            many: "{n} files are over the size limit and are not in the package.",
        },
        advice: INCOMPLETE,
    },
    refused: NoticeText {
        what: Counted {
            one: "{n} DICOM object that was expected is not in the package.",
            many: "{n} DICOM objects that were expected are not in the package.",
        },
        advice: INCOMPLETE,
    },
    left_out: NoticeText {
        what: Counted {
            one: "{n} technical object of the device is not in the package: other programs could \
                not read it.",
            many: "{n} technical objects of the device are not in the package: other programs \
                could not read them.",
        },
        advice: NOTHING_TO_DO,
    },
    duplicate: NoticeText {
        what: Counted {
            one: "{n} object arrived twice, in identical copies: the package holds it once.",
            many: "{n} objects arrived more than once, in identical copies: the package holds them \
                once.",
        },
        advice: NOTHING_TO_DO,
    },
    conflicting_duplicate: NoticeText {
        what: Counted {
            one: "{n} object has the identifier of another one but differs: the package holds only \
                the first.",
            many: "{n} objects have the identifiers of others but differ: the package holds only \
                the first ones.",
        },
        advice: "Please tell the institution that made the examination: its archive needs a check.",
    },
    no_decoder: NoticeText {
        what: Counted {
            one: "{n} image has no preview: its compression is not supported.",
            many: "{n} images have no preview: their compression is not supported.",
        },
        advice: OPEN_WITH_VIEWER,
    },
    unsupported: NoticeText {
        what: Counted {
            one: "{n} image has no preview: its format is not supported.",
            many: "{n} images have no preview: their format is not supported.",
        },
        advice: OPEN_WITH_VIEWER,
    },
    damaged: NoticeText {
        what: Counted {
            one: "{n} image has no preview: its data are damaged.",
            many: "{n} images have no preview: their data are damaged.",
        },
        advice: ASK,
    },
    missing_pixels: NoticeText {
        what: Counted {
            one: "{n} image has no preview: its data are incomplete.",
            many: "{n} images have no preview: their data are incomplete.",
        },
        advice: ASK,
    },
    preview_over_limit: NoticeText {
        what: Counted {
            one: "{n} image has no preview: it is too large.",
            many: "{n} images have no preview: they are too large.",
        },
        advice: OPEN_WITH_VIEWER,
    },
    no_preview: NoticeText {
        what: Counted { one: "{n} image has no preview.", many: "{n} images have no preview." },
        advice: OPEN_WITH_VIEWER,
    },
    capped: NoticeText {
        what: Counted {
            one: "Only the first frames of {n} long sequence are shown.",
            many: "Only the first frames of {n} long sequences are shown.",
        },
        advice: "The whole sequence is in the DICOM file: a DICOM viewer is needed to see it.",
    },
    kept_compressed: NoticeText {
        what: Counted {
            one: "{n} object stays compressed, as it was received.",
            many: "{n} objects stay compressed, as they were received.",
        },
        advice: "If a program does not open them, try another one: nothing has been lost.",
    },
    other: NoticeText {
        what: Counted {
            one: "There is {n} remark on the content.",
            many: "There are {n} remarks on the content.",
        },
        advice: "Details are in the complete list of files.",
    },
    box_no_decoder: "compression not supported",
    box_unsupported: "format not supported",
    box_damaged: "damaged data",
    box_missing_pixels: "incomplete data",
    box_over_limit: "image too large",
    box_other: "reason not known",
};

const README: ReadmeTexts = ReadmeTexts {
    title: "RADIOLOGY RESULT - INSTRUCTIONS",
    institution: "Institution",
    address: "Address",
    contact: "Contact",
    not_stated: "not stated",
    made_by: "Created with",
    how_to_open: "HOW TO OPEN IT",
    unpack: "After the download",
    start: "Windows: right-click the ZIP file, \"Extract all\", then double-click {index}. macOS: \
        double-click the ZIP file, then {index}. Phone or tablet: open the ZIP file with the Files \
        app, which extracts it, then tap {index}.",
    contents: "CONTENTS",
    index: "first page: reports, examinations, notices",
    web_content: "Web pages, JPG images, PDF reports",
    dicomdir: "directory of the DICOM files",
    dicom_files: "DICOM files (images and other objects)",
    viewer: "DICOM viewer; start it with {viewer}",
    manifest: "list of all files with SHA-256 digests",
    requirements: "REQUIREMENTS",
    requirements_web: "The pages open in any browser, without an Internet connection and without \
        installing anything.",
    requirements_viewer: "The viewer in the package runs on Windows; the system may ask you to \
        confirm before it starts.",
    notices: "NOTICES",
    no_notices: "None.",
    standards: "STANDARDS",
    disclaimer: "PLEASE NOTE",
};

const REPORT: ReportTexts = ReportTexts {
    completion: "Completeness",
    complete: "complete",
    partial: "partial",
    verification: "Verification",
    verified: "verified",
    unverified: "not verified",
    verified_by: "Verified by {name}.",
    verified_by_on: "Verified by {name}, {date}.",
    see_item: "see item {item}",
    image: "image with SOP Instance UID {uid}",
    object: "object with SOP Instance UID {uid}",
    region: "region marked on the image",
    interval: "interval of time marked",
    not_shown: "value of type {type}: a DICOM viewer is needed to read it",
    is_cut: "The document goes on: the whole text is in the DICOM file.",
    origin: "Page made from the DICOM structured document in this package: the original document \
        prevails.",
};

fn modality(code: &str) -> Option<&'static str> {
    Some(match code {
        "CR" | "DX" | "RG" => "Radiography",
        "CT" => "Computed tomography (CT)",
        "MR" => "Magnetic resonance",
        "US" | "IVUS" => "Ultrasound",
        "MG" => "Mammography",
        "PT" => "PET",
        "NM" => "Nuclear medicine",
        "XA" => "Angiography",
        "RF" => "Fluoroscopy",
        "IO" | "PX" => "Dental radiography",
        "BMD" => "Bone densitometry",
        "ES" => "Endoscopy",
        "ECG" => "Electrocardiogram",
        "OP" | "OPT" | "OAM" | "OPM" => "Ophthalmology",
        "SM" | "GM" => "Microscopy",
        "XC" => "Photography",
        "SC" | "OT" => "Other images",
        "DOC" => "Documents",
        "SR" => "Structured reports",
        "KO" => "Selection of images",
        "PR" => "Display settings",
        "SEG" => "Segmentation",
        "REG" => "Registration",
        "RTIMAGE" | "RTDOSE" | "RTSTRUCT" | "RTPLAN" | "RTRECORD" => "Radiotherapy",
        _ => return None,
    })
}
