//! A package in values: a CT, a radiography, an ultrasound cine and documents of a fictitious person.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::unnecessary_wraps,
    reason = "constant values of a test, written as the fields take them"
)]

use media::Language;
use media::contents::{
    Counts, FrameEntry, ImageLine, Institution, ObjectLine, PackageContents, Patient, Preview,
    ReportLink, ReportStatus, SeriesSection, StudySection, WindowLabel,
};
use media::layout::{Layout, ReportFormat};
use media::numbering::{Ordinal, Place};
use model::{Notice, PreviewFault, Refusal, Subject};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn ordinal(number: usize) -> Ordinal {
    u32::try_from(number).ok().and_then(Ordinal::new).unwrap()
}

/// What the images of a series have in common.
pub(crate) struct Shape {
    pub(crate) images: usize,
    pub(crate) frame_count: u32,
    /// Frames that have been tried, at most `frame_count`.
    pub(crate) tried: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A series of images that differ in their numbers alone.
pub(crate) fn series(
    layout: Layout,
    number: usize,
    (modality, description): (&str, Option<&str>),
    shape: &Shape,
) -> SeriesSection {
    let image = |image: usize| {
        let place =
            Place { study: Ordinal::FIRST, series: ordinal(number), instance: ordinal(image) };
        let frame = |frame: u32| {
            let path = match shape.frame_count {
                1 => layout.preview(&place),
                _ => layout.frame_preview(&place, Ordinal::new(frame).unwrap()),
            };
            FrameEntry::Preview(Preview { path, width: shape.width, height: shape.height })
        };
        ImageLine {
            file_id: layout.file_id(&place),
            number: Some(image.to_string()),
            slice_location: (modality == "CT").then(|| format!("{}.25", image * 5)),
            frame_count: shape.frame_count,
            frame_rate: (shape.frame_count > 1).then_some(25.0),
            frames: (1..=shape.tried).map(frame).collect(),
            segments: Vec::new(),
            windows: match modality {
                "CT" => vec![WindowLabel {
                    explanation: text("Addome & <b>fegato</b>"),
                    center_and_width: Some((40.0, 400.5)),
                }],
                _ => Vec::new(),
            },
        }
    };
    SeriesSection {
        ordinal: ordinal(number),
        modality: text(modality),
        number: Some(number.to_string()),
        description: description.map(str::to_owned),
        body_part: text("CHEST"),
        thumbnail: (shape.images > 0).then(|| Preview {
            path: layout.thumbnail(Ordinal::FIRST, ordinal(number)),
            width: 256,
            height: 256 * shape.height / shape.width.max(1),
        }),
        images: (1..=shape.images).map(image).collect(),
        objects: Vec::new(),
    }
}

fn documents(layout: Layout, number: usize) -> SeriesSection {
    let shape = Shape { images: 0, frame_count: 1, tried: 1, width: 1, height: 1 };
    let mut section = series(layout, number, ("DOC", Some("Documenti")), &shape);
    let place = Place { study: Ordinal::FIRST, series: section.ordinal, instance: Ordinal::FIRST };
    section.body_part = None;
    section.objects.push(ObjectLine {
        file_id: layout.file_id(&place),
        sop_class: "1.2.840.10008.5.1.4.1.1.104.1".parse().unwrap(),
        title: text("Referto radiologico"),
    });
    section
}

/// A package with every element that the pages know; `slices` is the length of its CT series.
pub(crate) fn contents(language: Language, layout: Layout, slices: usize) -> PackageContents {
    let ct = Shape { images: slices, frame_count: 1, tried: 1, width: 512, height: 512 };
    let cr = Shape { images: 2, frame_count: 1, tried: 1, width: 625, height: 750 };
    let us = Shape { images: 1, frame_count: 340, tried: 8, width: 640, height: 480 };
    let mut radiography = series(layout, 2, ("CR", None), &cr);
    radiography.images[1].frames = vec![FrameEntry::Placeholder(PreviewFault::Damaged)];
    let damaged = Subject {
        file_id: Some(radiography.images[1].file_id.clone()),
        origin: text("/ROSSI_MARIA/IM2.dcm"),
        sop_instance: None,
    };
    let missing = Subject { sop_instance: "1.2.826.0.1.7".parse().ok(), ..Subject::default() };
    let expected = u64::try_from(slices).unwrap() + 6;
    let report = |number: usize, date: &str, status, file_id| ReportLink {
        title: text("Referto TC torace con mezzo di contrasto"),
        date: text(date),
        time: text("1131"),
        status: Some(status),
        path: layout.report(ordinal(number), ReportFormat::Pdf),
        page: None,
        file_id,
        study: None,
    };
    let study = StudySection {
        ordinal: Ordinal::FIRST,
        description: text("TC TORACE CON E SENZA MDC"),
        date: text("20210423"),
        time: text("103000"),
        accession_number: text("MTF2021042314011880"),
        referring_physician: text("VERDI^LUCIA TEST^^Dott.ssa"),
        institution: text("Sede di prova"),
        series: vec![
            series(layout, 1, ("CT", Some("Torace 1.25 B60f polmone")), &ct),
            radiography,
            series(layout, 3, ("US", Some("Addome \"cine\" <fegato> & milza")), &us),
            documents(layout, 4),
        ],
    };
    PackageContents {
        language,
        layout,
        institution: Institution {
            name: text("Ospedale di Prova - Radiologia"),
            address: text("Via dell'Esempio 1, 00000 Città di Prova"),
            contact: text("Segreteria, tel. 000 000000"),
        },
        patient: Patient {
            name: text("ROSSI^MARIA TEST"),
            id: text("TEST000001"),
            birth_date: text("19600229"),
            sex: text("F"),
        },
        reports: vec![
            report(1, "20210423", ReportStatus::Preliminary, None),
            report(
                2,
                "20210424",
                ReportStatus::Final,
                Some(study.series[3].objects[0].file_id.clone()),
            ),
        ],
        documents: Vec::new(),
        studies: vec![study],
        notices: vec![
            Notice::NoPreview { subject: damaged, frames: 1, fault: PreviewFault::Damaged },
            Notice::PreviewsCapped { subject: Subject::default(), shown: 8, frames: 340 },
            Notice::Missing(missing),
            Notice::Refused(Subject::default(), Refusal::Malformed("ROSSI^MARIA TEST".to_owned())),
        ],
        counts: Counts { expected, received: expected - 2, rendered: expected - 6 + 1 + 8 },
        transfer_syntaxes: ["1.2.840.10008.1.2.1".parse().unwrap()].into(),
        viewer: layout.viewer_file("index.htm").ok(),
        ..PackageContents::default()
    }
}
