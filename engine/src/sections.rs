//! What the pages tell, gathered instance by instance.

use std::collections::BTreeMap;

use dicom_core::Tag;
use media::contents::{
    Counts, DocumentLink, FrameEntry, ImageLine, Institution, ObjectLine, PackageContents, Patient,
    Preview, ReportLink, SegmentLabel, SeriesSection, StudySection, WindowLabel,
};
use media::numbering::{Ordinal, Place};
use model::{FileId, Notice, StudyInstanceUid};
use part10::Dataset;
use render::Window;

use crate::given_report::ReportAbout;
use crate::outcome::InstanceFacts;
use crate::request::Options;

const fn tag(group: u16, element: u16) -> Tag {
    Tag(group, element)
}
const STUDY_DATE: Tag = tag(0x0008, 0x0020);
const STUDY_TIME: Tag = tag(0x0008, 0x0030);
const ACCESSION_NUMBER: Tag = tag(0x0008, 0x0050);
const MODALITY: Tag = tag(0x0008, 0x0060);
const INSTITUTION_NAME: Tag = tag(0x0008, 0x0080);
const INSTITUTION_ADDRESS: Tag = tag(0x0008, 0x0081);
const REFERRING_PHYSICIAN: Tag = tag(0x0008, 0x0090);
const STUDY_DESCRIPTION: Tag = tag(0x0008, 0x1030);
const SERIES_DESCRIPTION: Tag = tag(0x0008, 0x103E);
const PATIENT_NAME: Tag = tag(0x0010, 0x0010);
const PATIENT_ID: Tag = tag(0x0010, 0x0020);
const PATIENT_BIRTH_DATE: Tag = tag(0x0010, 0x0030);
const PATIENT_SEX: Tag = tag(0x0010, 0x0040);
const BODY_PART: Tag = tag(0x0018, 0x0015);
const RECOMMENDED_FRAME_RATE: Tag = tag(0x0008, 0x2144);
const CINE_RATE: Tag = tag(0x0018, 0x0040);
const FRAME_TIME: Tag = tag(0x0018, 0x1063);
const SERIES_NUMBER: Tag = tag(0x0020, 0x0011);
const INSTANCE_NUMBER: Tag = tag(0x0020, 0x0013);
const SLICE_LOCATION: Tag = tag(0x0020, 0x1041);
const DOCUMENT_TITLE: Tag = tag(0x0042, 0x0010);
const CONTENT_LABEL: Tag = tag(0x0070, 0x0080);
const CONCEPT_NAME: Tag = tag(0x0040, 0xA043);
const CODE_MEANING: Tag = tag(0x0008, 0x0104);

/// Segments that a page names; atlases of the brain have some hundred.
const MAX_SEGMENTS: usize = 500;

/// Characters of a value that pages show: names, numbers and dates have room for fewer, and each frame of a series
/// repeats its title.
const MOST_CHARACTERS: usize = 256;
/// The same of Institution Address (ST).
const MOST_OF_ADDRESS: usize = 1024;

/// The patient of a package before its first instance.
const UNNAMED: Patient = Patient { name: None, id: None, birth_date: None, sex: None };

/// The sections of the package, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    patient: Option<Patient>,
    /// As the study names it.
    institution: Institution,
    studies: BTreeMap<Ordinal, (StudySection, BTreeMap<Ordinal, SeriesSection>)>,
    reports: Vec<ReportLink>,
    /// On what those reports are that were handed in; they come first.
    about: Vec<ReportAbout>,
    by_uid: BTreeMap<StudyInstanceUid, Ordinal>,
    documents: Vec<DocumentLink>,
}

impl Sections {
    /// Adds an instance that is in the package.
    pub(crate) fn add(&mut self, facts: &InstanceFacts, file_id: FileId, frames: Vec<FrameEntry>) {
        let dataset = facts.instance.dataset();
        self.meet(&dataset);
        let Place { study, series, .. } = facts.planned.place;
        if !self.studies.contains_key(&study) {
            self.by_uid.insert(facts.planned.instance.study.clone(), study);
        }
        let (_, of_study) = self
            .studies
            .entry(study)
            .or_insert_with(|| (study_section(study, &dataset), BTreeMap::new()));
        let section = of_study.entry(series).or_insert_with(|| series_section(series, &dataset));
        match facts.frame_count {
            Some(frame_count) => section.images.push(ImageLine {
                file_id,
                number: brief(&dataset, INSTANCE_NUMBER),
                slice_location: brief(&dataset, SLICE_LOCATION),
                frame_count,
                frame_rate: frame_rate(&dataset),
                frames,
                segments: segments(&dataset),
                windows: facts.windows.iter().map(window_label).collect(),
            }),
            None => section.objects.push(ObjectLine {
                file_id,
                sop_class: facts.instance.identity().sop_class.clone(),
                title: title_of(&dataset),
            }),
        }
    }

    /// The first instance names the patient; the first that names an institution, that.
    fn meet(&mut self, dataset: &Dataset<'_>) {
        self.patient.get_or_insert_with(|| Patient {
            name: brief(dataset, PATIENT_NAME),
            id: brief(dataset, PATIENT_ID),
            birth_date: brief(dataset, PATIENT_BIRTH_DATE),
            sex: brief(dataset, PATIENT_SEX),
        });
        if self.institution.name.is_none() {
            let name = brief(dataset, INSTITUTION_NAME);
            let address = dataset.brief(INSTITUTION_ADDRESS, MOST_OF_ADDRESS);
            self.institution = Institution { name, address, contact: None };
        }
    }

    /// The institution as the study names it.
    pub(crate) fn institution(&self) -> &Institution {
        &self.institution
    }

    /// Whose package it is.
    pub(crate) fn patient(&self) -> &Patient {
        self.patient.as_ref().unwrap_or(&UNNAMED)
    }

    /// An image that is in the package, and its series.
    pub(crate) fn image(
        &self,
        place: &Place,
        file_id: &FileId,
    ) -> Option<(&SeriesSection, &ImageLine)> {
        let (_, of_study) = self.studies.get(&place.study)?;
        let series = of_study.get(&place.series)?;
        let image = series.images.iter().find(|image| image.file_id == *file_id)?;
        Some((series, image))
    }

    /// Adds a file that was inside an object.
    pub(crate) fn add_document(&mut self, document: DocumentLink) {
        self.documents.push(document);
    }

    /// The number of the next such file.
    pub(crate) fn next_document(&self) -> Option<Ordinal> {
        Ordinal::new(u32::try_from(self.documents.len()).ok()?.checked_add(1)?)
    }

    /// Adds a report that can be read without a DICOM viewer.
    pub(crate) fn add_report(&mut self, report: ReportLink) {
        self.reports.push(report);
    }

    /// Adds a report that was handed in, before all others.
    pub(crate) fn add_given_report(&mut self, report: ReportLink, about: ReportAbout) {
        self.reports.push(report);
        self.about.push(about);
    }

    /// The study that a report is on; `None`: on all, or on none that is here.
    fn study_of(&self, about: &ReportAbout) -> Option<Ordinal> {
        match about {
            ReportAbout::Everything => None,
            ReportAbout::Study(study) => self.by_uid.get(study).copied(),
            ReportAbout::AccessionNumber(number) => {
                let has = |study: &StudySection| {
                    study.accession_number.as_deref().map(str::trim) == Some(number.trim())
                };
                let mut studies = self.studies.values().filter(|(study, _)| has(study));
                let first = studies.next().map(|(study, _)| study.ordinal);
                first.filter(|_| studies.next().is_none())
            }
        }
    }

    /// The number of the next report.
    pub(crate) fn next_report(&self) -> Option<Ordinal> {
        Ordinal::new(u32::try_from(self.reports.len()).ok()?.checked_add(1)?)
    }

    /// The small picture of a series.
    pub(crate) fn set_thumbnail(&mut self, place: &Place, thumbnail: Preview) {
        let series = self
            .studies
            .get_mut(&place.study)
            .and_then(|(_, of_study)| of_study.get_mut(&place.series));
        if let Some(series) = series {
            series.thumbnail = Some(thumbnail);
        }
    }

    /// Everything that the pages need. Entries of the wire format are sorted by File ID, since large
    /// instances may be finished later than small ones.
    pub(crate) fn contents(
        mut self,
        options: &Options,
        notices: Vec<Notice>,
        counts: Counts,
    ) -> PackageContents {
        let about: Vec<_> = self.about.iter().map(|about| self.study_of(about)).collect();
        for (report, study) in self.reports.iter_mut().zip(about) {
            report.study = study;
        }
        let studies = self.studies.into_values().map(|(mut study, series)| {
            study.series = series
                .into_values()
                .map(|mut section| {
                    section.images.sort_by(|one, other| one.file_id.cmp(&other.file_id));
                    section.objects.sort_by(|one, other| one.file_id.cmp(&other.file_id));
                    if section.thumbnail.is_none() {
                        section.thumbnail = first_preview(&section);
                    }
                    section
                })
                .collect();
            study
        });
        PackageContents {
            language: options.language,
            layout: options.layout,
            institution: self.institution,
            branding: options.branding.clone(),
            patient: self.patient.or_else(|| options.patient.clone()).unwrap_or_default(),
            studies: studies.collect(),
            reports: self.reports,
            documents: self.documents,
            notices,
            counts,
            ..PackageContents::default()
        }
    }
}

/// A value as pages show it.
pub(crate) fn brief(dataset: &Dataset<'_>, tag: Tag) -> Option<String> {
    dataset.brief(tag, MOST_CHARACTERS)
}

fn segments(dataset: &Dataset<'_>) -> Vec<SegmentLabel> {
    let segments = render::segments(dataset).into_iter().take(MAX_SEGMENTS);
    let label = |segment: render::Segment| SegmentLabel {
        label: segment.label.unwrap_or_else(|| segment.number.to_string()),
        colour: segment.colour,
    };
    segments.map(label).collect()
}

fn window_label(window: &Window) -> WindowLabel {
    let Window { explanation, center_and_width } = window.clone();
    WindowLabel { explanation, center_and_width }
}

fn first_preview(section: &SeriesSection) -> Option<Preview> {
    section.images.iter().flat_map(|image| &image.frames).find_map(|frame| match frame {
        FrameEntry::Preview(preview) => Some(preview.clone()),
        FrameEntry::Placeholder(_) => None,
    })
}

fn study_section(ordinal: Ordinal, dataset: &Dataset<'_>) -> StudySection {
    StudySection {
        ordinal,
        description: brief(dataset, STUDY_DESCRIPTION),
        date: brief(dataset, STUDY_DATE),
        time: brief(dataset, STUDY_TIME),
        accession_number: brief(dataset, ACCESSION_NUMBER),
        referring_physician: brief(dataset, REFERRING_PHYSICIAN),
        institution: brief(dataset, INSTITUTION_NAME),
        series: Vec::new(),
    }
}

fn series_section(ordinal: Ordinal, dataset: &Dataset<'_>) -> SeriesSection {
    SeriesSection {
        ordinal,
        modality: brief(dataset, MODALITY),
        number: brief(dataset, SERIES_NUMBER),
        description: brief(dataset, SERIES_DESCRIPTION),
        body_part: brief(dataset, BODY_PART),
        thumbnail: None,
        images: Vec::new(),
        objects: Vec::new(),
    }
}

/// Frames a second of a cine: as recommended for display, as acquired, or from the time of a frame
/// in milliseconds (PS3.3 §C.7.6.5).
fn frame_rate(dataset: &Dataset<'_>) -> Option<f64> {
    let number = |tag| brief(dataset, tag)?.trim().parse::<f64>().ok().filter(|n| *n > 0.0);
    number(RECOMMENDED_FRAME_RATE)
        .or_else(|| number(CINE_RATE))
        .or_else(|| number(FRAME_TIME).map(|milliseconds| 1000.0 / milliseconds))
        .filter(|rate| rate.is_finite())
}

/// The title of a document or presentation state, or the name of its concept.
pub(crate) fn title_of(dataset: &Dataset<'_>) -> Option<String> {
    let concept = || brief(&dataset.item(CONCEPT_NAME)?, CODE_MEANING);
    brief(dataset, DOCUMENT_TITLE).or_else(concept).or_else(|| brief(dataset, CONTENT_LABEL))
}
