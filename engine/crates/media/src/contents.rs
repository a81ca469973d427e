//! What is in a package, as the pages and the readme tell it.
//!
//! Texts are the decoded values of the file (padding trimmed, `None` when absent or empty), not yet
//! made readable and not escaped: the pages do both.
//!
//! Invariant: `Debug` shows counts, never the data of a person.

use std::collections::BTreeSet;
use std::fmt;

use model::{EntryPath, FileId, Notice, PreviewFault, SopClassUid, TransferSyntaxUid};

use crate::branding::Branding;
use crate::layout::{Edition, Layout};
use crate::numbering::Ordinal;
use texts::Language;

/// Everything that the pages, the readme and the small text files are made from.
#[derive(Debug, Clone, Default)]
pub struct PackageContents {
    /// The language that the package opens in; the other is a click away.
    pub language: Language,
    /// Where everything lies.
    pub layout: Layout,
    /// The institution as the study names it.
    pub institution: Institution,
    /// The institution as it presents itself.
    pub branding: Branding,
    /// Whose it is.
    pub patient: Patient,
    /// In the order of their numbers.
    pub studies: Vec<StudySection>,
    /// In any order: the page lists the newest first.
    pub reports: Vec<ReportLink>,
    /// Files that were inside DICOM objects, and are no reports.
    pub documents: Vec<DocumentLink>,
    /// Everything that was tolerated.
    pub notices: Vec<Notice>,
    /// Expected against received.
    pub counts: Counts,
    /// The transfer syntaxes of all DICOM files in the package, as written.
    pub transfer_syntaxes: BTreeSet<TransferSyntaxUid>,
    /// The page of the viewer, when the package holds one.
    pub viewer: Option<EntryPath>,
    /// The program for Windows that opens that page, when the package holds it.
    pub viewer_program: Option<EntryPath>,
}

/// An institution (RAD-47 demands that of the package in the index).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Institution {
    /// As it calls itself; when absent the pages say that it is not stated.
    pub name: Option<String>,
    /// Postal address, one line.
    pub address: Option<String>,
    /// Office, telephone or mail for questions, one line.
    pub contact: Option<String>,
}

/// The patient, as the first instance names them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Patient {
    /// Patient's Name (0010,0010), still in its PN form.
    pub name: Option<String>,
    /// Patient ID (0010,0020).
    pub id: Option<String>,
    /// Patient's Birth Date (0010,0030), DA.
    pub birth_date: Option<String>,
    /// Patient's Sex (0010,0040), CS.
    pub sex: Option<String>,
}

/// One study.
#[derive(Clone)]
pub struct StudySection {
    /// Its number in the package.
    pub ordinal: Ordinal,
    /// Study Description (0008,1030).
    pub description: Option<String>,
    /// Study Date (0008,0020), DA.
    pub date: Option<String>,
    /// Study Time (0008,0030), TM.
    pub time: Option<String>,
    /// Accession Number (0008,0050).
    pub accession_number: Option<String>,
    /// Referring Physician's Name (0008,0090), PN.
    pub referring_physician: Option<String>,
    /// Institution Name (0008,0080): where the study was made.
    pub institution: Option<String>,
    /// In the order of their numbers.
    pub series: Vec<SeriesSection>,
}

/// One series.
#[derive(Clone)]
pub struct SeriesSection {
    /// Its number in the study.
    pub ordinal: Ordinal,
    /// Modality (0008,0060).
    pub modality: Option<String>,
    /// Series Number (0020,0011).
    pub number: Option<String>,
    /// Series Description (0008,103E).
    pub description: Option<String>,
    /// Body Part Examined (0018,0015).
    pub body_part: Option<String>,
    /// The small picture in the index, when one could be made.
    pub thumbnail: Option<Preview>,
    /// Instances with pixels, in the order in which they are shown.
    pub images: Vec<ImageLine>,
    /// Instances without pixels.
    pub objects: Vec<ObjectLine>,
}

/// One instance with pixels.
#[derive(Clone, PartialEq)]
pub struct ImageLine {
    /// Where the DICOM file lies.
    pub file_id: FileId,
    /// Instance Number (0020,0013).
    pub number: Option<String>,
    /// Slice Location (0020,1041), DS, in millimetres.
    pub slice_location: Option<String>,
    /// Number of Frames (0028,0008), at least 1.
    pub frame_count: u32,
    /// Frames a second, for a cine that says it.
    pub frame_rate: Option<f64>,
    /// One for each frame that has been tried, from the first; shorter than `frame_count` when a
    /// long cine is capped.
    pub frames: Vec<FrameEntry>,
    /// What the colours of a segmentation stand for; empty for other images.
    pub segments: Vec<SegmentLabel>,
    /// The windows that its frames are shown by, each once; of more than [`MOST_WINDOWS`] the first.
    pub windows: Vec<WindowLabel>,
}

/// How many windows the page of a series tells of; series of many have one for each image.
pub const MOST_WINDOWS: usize = 3;

/// The name and the numbers of a window: which values are black and white.
#[derive(Clone, PartialEq)]
pub struct WindowLabel {
    /// Window Center & Width Explanation (0028,1055), or LUT Explanation (0028,3003).
    pub explanation: Option<String>,
    /// Window Center (0028,1050) and Window Width (0028,1051), finite; `None` for a VOI LUT.
    pub center_and_width: Option<(f64, f64)>,
}

/// The name and the colour of a segment.
#[derive(Clone, PartialEq, Eq)]
pub struct SegmentLabel {
    /// Segment Label (0062,0005), else its number.
    pub label: String,
    /// Red, green, blue (sRGB).
    pub colour: [u8; 3],
}

/// What stands on the page for a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameEntry {
    /// A preview.
    Preview(Preview),
    /// A box that says why there is none.
    Placeholder(PreviewFault),
}

/// A JPEG made from a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Where it lies.
    pub path: EntryPath,
    /// Columns of the JPEG, in pixels.
    pub width: u32,
    /// Rows of the JPEG, in pixels.
    pub height: u32,
}

/// One instance without pixels: a document, a presentation state, a waveform.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectLine {
    /// Where the DICOM file lies.
    pub file_id: FileId,
    /// SOP Class UID (0008,0016).
    pub sop_class: SopClassUid,
    /// Document Title (0042,0010), Content Label (0070,0080) or the like.
    pub title: Option<String>,
}

/// A report that can be read without a DICOM viewer.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportLink {
    /// Its title.
    pub title: Option<String>,
    /// Content Date (0008,0023), DA.
    pub date: Option<String>,
    /// Content Time (0008,0033), TM.
    pub time: Option<String>,
    /// How far it is valid, when that is known.
    pub status: Option<ReportStatus>,
    /// The document, a PDF.
    pub path: EntryPath,
    /// The number of the pages with the same content, for a telephone.
    pub page: Option<Ordinal>,
    /// Where the DICOM object it was made from lies; `None` when there is only the document.
    pub file_id: Option<FileId>,
    /// The study that it belongs to; `None` for all of the package, or where that is not known.
    pub study: Option<Ordinal>,
}

/// How far a report is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStatus {
    /// Not yet signed: it may change.
    Preliminary,
    /// Signed.
    Final,
    /// Taken back.
    Withdrawn,
    /// Annulled.
    Cancelled,
}

/// A file that was inside a DICOM object: a model to print, a document for programs.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentLink {
    /// Its title.
    pub title: Option<String>,
    /// MIME Type of Encapsulated Document (0042,0012).
    pub mime_type: Option<String>,
    /// The file.
    pub path: EntryPath,
}

/// How many instances there should be, and how many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Instances that the source announced.
    pub expected: u64,
    /// Instances that are in the package.
    pub received: u64,
    /// Previews that were made.
    pub rendered: u64,
}

impl PackageContents {
    /// Which set of pages is in a language.
    pub fn edition(&self, language: Language) -> Edition {
        if language == self.language { Edition::Main } else { Edition::Other(language) }
    }

    /// The institution that made the package, for the pages of a language.
    pub fn institution(&self, language: Language) -> Institution {
        self.branding.institution(language, &self.institution)
    }

    /// Whether there is any DICOM file, and so a DICOMDIR.
    pub fn has_file_set(&self) -> bool {
        !self.transfer_syntaxes.is_empty()
    }

    /// How many series there are.
    pub fn series_count(&self) -> usize {
        self.studies.iter().map(|study| study.series.len()).sum()
    }

    /// How many DICOM instances the sections list.
    pub fn instance_count(&self) -> usize {
        self.studies.iter().map(StudySection::instance_count).sum()
    }
}

impl StudySection {
    /// How many DICOM instances there are, images and others.
    pub fn instance_count(&self) -> usize {
        self.series.iter().map(SeriesSection::instance_count).sum()
    }
}

impl ImageLine {
    /// The fragment that leads to a frame on the page of its series: `IM000007` for the first frame,
    /// `IM000007-FR000012` for another; `frame` counts from 0.
    ///
    /// A series of several sheets lists its first 10 000 frames on that page, so the fragment is there
    /// with script and without.
    pub fn anchor(&self, frame: usize) -> String {
        let name = self.file_id.as_path().rsplit('/').next().unwrap_or_default().to_owned();
        let number =
            u32::try_from(frame).ok().and_then(|frame| Ordinal::new(frame.checked_add(1)?));
        match number {
            Some(number) if frame > 0 => format!("{name}-FR{number}"),
            _ => name,
        }
    }
}

impl SeriesSection {
    /// How many DICOM instances there are, images and others.
    pub fn instance_count(&self) -> usize {
        self.images.len().saturating_add(self.objects.len())
    }

    /// How many frames all images have together.
    pub fn frame_count(&self) -> u64 {
        self.images
            .iter()
            .fold(0, |frames, image| frames.saturating_add(u64::from(image.frame_count)))
    }
}

impl fmt::Debug for Patient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Patient([redacted])")
    }
}

impl fmt::Debug for StudySection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StudySection")
            .field("ordinal", &self.ordinal)
            .field("series", &self.series)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SeriesSection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SeriesSection")
            .field("ordinal", &self.ordinal)
            .field("images", &self.images.len())
            .field("objects", &self.objects.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ImageLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ImageLine")
            .field("file_id", &self.file_id)
            .field("frame_count", &self.frame_count)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SegmentLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SegmentLabel").field("colour", &self.colour).finish_non_exhaustive()
    }
}

impl fmt::Debug for WindowLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WindowLabel")
            .field("center_and_width", &self.center_and_width)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ObjectLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ObjectLine")
            .field("file_id", &self.file_id)
            .field("sop_class", &self.sop_class)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReportLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReportLink")
            .field("path", &self.path)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DocumentLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DocumentLink").field("path", &self.path).finish_non_exhaustive()
    }
}
