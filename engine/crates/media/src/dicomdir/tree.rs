//! Patients, studies and series: who speaks for each, and their order.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use model::{FileId, SeriesInstanceUid};

use super::DicomdirError;
use super::body::{Number, Record};
use super::encode::TooLong;
use super::offsets::Node;

/// A study. It speaks for its patient: both records come from its file with the lowest File ID.
#[derive(Debug)]
pub(super) struct Study {
    /// The lowest File ID.
    pub(super) first: FileId,
    pub(super) series: HashMap<SeriesInstanceUid, Series>,
    patient: String,
    patient_record: Record,
    record: Record,
}

/// A series; its record comes from its file with the lowest File ID.
#[derive(Debug)]
pub(super) struct Series {
    /// The lowest File ID.
    pub(super) first: FileId,
    pub(super) files: Vec<(FileId, Record)>,
    record: Record,
}

impl Study {
    pub(super) fn new(
        first: &FileId,
        patient: &str,
        patient_record: Record,
        record: Record,
    ) -> Self {
        let patient = patient.to_owned();
        Self { first: first.clone(), series: HashMap::new(), patient, patient_record, record }
    }

    /// Takes the place of a study whose lowest File ID was higher, or opens a new one.
    pub(super) fn replace<K>(self, entry: Entry<'_, K, Self>) -> &mut Self {
        match entry {
            Entry::Vacant(place) => place.insert(self),
            Entry::Occupied(place) => {
                let study = place.into_mut();
                let series = std::mem::take(&mut study.series);
                *study = Self { series, ..self };
                study
            }
        }
    }
}

impl Series {
    pub(super) fn new(first: &FileId, record: Record) -> Self {
        Self { first: first.clone(), files: Vec::new(), record }
    }

    /// Takes the place of a series whose lowest File ID was higher, or opens a new one.
    pub(super) fn replace<K>(self, entry: Entry<'_, K, Self>) -> &mut Self {
        match entry {
            Entry::Vacant(place) => place.insert(self),
            Entry::Occupied(place) => {
                let series = place.into_mut();
                let files = std::mem::take(&mut series.files);
                *series = Self { files, ..self };
                series
            }
        }
    }
}

/// Orders everything by File ID and gives the PATIENT records with all below them.
///
/// # Errors
/// [`DicomdirError`]: a File ID stands twice, or a record is too long.
pub(super) fn grow(mut studies: Vec<Study>) -> Result<Vec<Node>, DicomdirError> {
    refuse_duplicates(&studies)?;
    studies.retain(|study| study.series.values().any(|series| !series.files.is_empty()));
    studies.sort_unstable_by(|a, b| a.first.cmp(&b.first));

    let mut patients: Vec<(Record, Vec<Node>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for study in studies {
        let Study { series, patient, patient_record, record, .. } = study;
        let children = grow_series(series.into_values().collect())?;
        let node = node(record, None, children)?;
        let place = *places.entry(patient).or_insert(patients.len());
        match patients.get_mut(place) {
            Some((_, studies)) => studies.push(node),
            None => patients.push((patient_record, vec![node])),
        }
    }
    patients.into_iter().map(|(record, studies)| node(record, None, studies)).collect()
}

fn grow_series(mut series: Vec<Series>) -> Result<Vec<Node>, DicomdirError> {
    series.retain(|series| !series.files.is_empty());
    series.sort_unstable_by(|a, b| a.first.cmp(&b.first));
    let mut free = FreeNumbers::beside(series.iter().map(|series| series.record.number));
    let mut nodes = Vec::with_capacity(series.len());
    for Series { mut files, record, .. } in series {
        files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut free_below = FreeNumbers::beside(files.iter().map(|(_, record)| record.number));
        let file = |(_, record): (FileId, Record)| {
            let number = free_below.for_record(record.number);
            node(record, number, Vec::new())
        };
        let children = files.into_iter().map(file).collect::<Result<_, _>>()?;
        let number = free.for_record(record.number);
        nodes.push(node(record, number, children)?);
    }
    Ok(nodes)
}

fn node(record: Record, number: Option<i32>, children: Vec<Node>) -> Result<Node, DicomdirError> {
    Node::new(record, number, children).map_err(|TooLong| DicomdirError::TooLarge)
}

fn refuse_duplicates(studies: &[Study]) -> Result<(), DicomdirError> {
    let series = studies.iter().flat_map(|study| study.series.values());
    let mut file_ids: Vec<&FileId> =
        series.flat_map(|series| series.files.iter().map(|(file_id, _)| file_id)).collect();
    file_ids.sort_unstable();
    match file_ids.array_windows().find(|[a, b]| a == b) {
        Some([duplicate, _]) => Err(DicomdirError::DuplicateFileId((*duplicate).clone())),
        None => Ok(()),
    }
}

/// Numbers that no sibling has, from 1 on (PS3.11 §D.3.3: the creator supplies what is missing).
struct FreeNumbers {
    taken: HashSet<i32>,
    next: i32,
}

impl FreeNumbers {
    fn beside(siblings: impl Iterator<Item = Number>) -> Self {
        let own = |number| if let Number::Settled(own) = number { own } else { None };
        Self { taken: siblings.filter_map(own).collect(), next: 1 }
    }

    /// The next free number if the record lacks one.
    fn for_record(&mut self, number: Number) -> Option<i32> {
        if let Number::Settled(_) = number {
            return None;
        }
        while self.taken.contains(&self.next) {
            self.next = self.next.saturating_add(1);
        }
        let free = self.next;
        self.next = self.next.saturating_add(1);
        Some(free)
    }
}
