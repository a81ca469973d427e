//! A DICOMweb server as [`StudyQuery`] and [`InstanceSource`].

use std::collections::HashSet;
use std::io::{Read as _, Seek as _};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use dicom_core::Tag;
use model::StudyInstanceUid;

use super::client::DicomWeb;
use super::error::DicomWebError;
use super::file_meta::instance_of;
use super::instance_body::InstanceBody;
use super::json::JsonDataSet;
use super::query::{Level, Search};
use super::retrieve::{Delivered, What};
use crate::answers::{
    ACCESSION_NUMBER, Answer, OF_STUDY, PATIENT_ID, STUDY_DATE, STUDY_INSTANCE_UID, study,
};
use crate::error::PacsError;
use crate::lanes::{SharedReceiver, in_lanes};
use crate::query::{Listing, Matches, StudyKeys, StudySummary};
use crate::source::{
    Extent, InstanceSource, Received, ReceivedBody, Receiver, StudyQuery, Taken, Wanted,
};

/// The file meta information stands in the first bytes of a file.
const HEAD_BYTES: usize = 64 << 10;

impl Answer for JsonDataSet {
    fn text(&self, tag: Tag) -> Option<String> {
        JsonDataSet::text(self, tag)
    }

    fn number(&self, tag: Tag) -> Option<i64> {
        self.texts(tag).first()?.parse().ok()
    }
}

impl StudyQuery for DicomWeb {
    fn find_studies(&self, keys: &StudyKeys) -> Result<Matches<StudySummary>, PacsError> {
        let keys = [
            (STUDY_INSTANCE_UID, keys.study.as_ref().map(StudyInstanceUid::as_str)),
            (PATIENT_ID, keys.patient_id.as_deref()),
            (ACCESSION_NUMBER, keys.accession_number.as_deref()),
            (STUDY_DATE, keys.study_date.as_deref()),
        ];
        let matching: Vec<_> =
            keys.into_iter().filter_map(|(tag, value)| Some((tag, value?))).collect();
        let more = &self.settings().more_keys;
        let including: Vec<Tag> = OF_STUDY.iter().chain(more).map(|(tag, _)| *tag).collect();
        let limit = self.settings().limits.matches;
        let level = Level::Studies;
        let search =
            Search { level, matching: &matching, including: &including, limit, expected: None };
        let found = self.search_as(&search, |set| study(&set, more))?;
        Ok(Matches { found: found.data_sets, is_cut: found.is_cut })
    }

    fn list_study(&self, study: &StudySummary) -> Result<Listing, PacsError> {
        self.listing(study, |_series| ())
    }
}

/// Requests in a row without an answer in time: then it is the server, not an instance.
const MOST_IN_VAIN: u8 = 3;
/// A failure that takes longer than this part of the time without progress is slow: instance by instance a
/// study would take hours to fail.
const SLOW_PART: u32 = 4;

impl InstanceSource for DicomWeb {
    fn retrieve(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        extent: Extent,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let (mut scopes, in_lanes) = match extent {
            Extent::Whole | Extent::MoreThanListed => (
                [Scope::Study, Scope::Series, Scope::Instances].as_slice(),
                self.retrieve_in_lanes(study, wanted, receiver),
            ),
            Extent::Some => ([Scope::Instances].as_slice(), None),
        };
        let mut last = Ok(());
        // What several connections leave is asked for over one.
        if let Some(in_lanes) = in_lanes {
            match &in_lanes {
                Err(PacsError::Stopped) => return in_lanes,
                Err(PacsError::DicomWeb(error)) if !error.helps_to_ask_for_less() => {
                    return in_lanes;
                }
                // Who falls silent over an instance would do so once more.
                Err(PacsError::DicomWeb(DicomWebError::TimedOut { .. })) => {
                    scopes = &[Scope::Series, Scope::Instances];
                }
                _ => {}
            }
            last = in_lanes;
        }
        let mut in_vain = 0;
        for scope in scopes {
            let mut slow = 0;
            let missing = still_missing(wanted, receiver);
            for what in requests(study, *scope, &missing) {
                let before = missing_of(what, wanted, receiver);
                if before == 0 {
                    if *scope == Scope::Instances {
                        continue;
                    }
                    return extent.ended(last);
                }
                let begun = Instant::now();
                let shared = SharedReceiver::new(&mut *receiver, wanted.len());
                let result = shared.ended(self.deliver(what, &mut shared.lane()));
                let came_on = missing_of(what, wanted, receiver) < before;
                let is_silent =
                    matches!(result, Err(PacsError::DicomWeb(DicomWebError::TimedOut { .. })));
                in_vain = if came_on { 0 } else { in_vain + u8::from(is_silent) };
                let is_slow = self.is_slow(begun.elapsed(), &result);
                slow = if came_on { 0 } else { slow + u8::from(is_slow) };
                match result {
                    Ok(()) => {}
                    Err(PacsError::DicomWeb(error))
                        if in_vain == MOST_IN_VAIN || !error.helps_to_ask_for_less() =>
                    {
                        return Err(error.into());
                    }
                    Err(PacsError::Stopped) => return Err(PacsError::Stopped),
                    Err(error) => last = Err(error),
                }
                if slow == MOST_IN_VAIN {
                    // What would come is asked for in smaller pieces, as long as there are any.
                    break;
                }
            }
        }
        if still_missing(wanted, receiver).is_empty() { extent.ended(last) } else { last }
    }
}

impl DicomWeb {
    /// Whether a request that took so long failed as others may that are asked now.
    fn is_slow(&self, took: Duration, result: &Result<(), PacsError>) -> bool {
        took > self.settings().time_outs.no_progress / SLOW_PART
            && matches!(result, Err(PacsError::DicomWeb(error)) if error.may_pass())
    }

    /// Retrieves instance by instance, in one pass.
    pub(crate) fn retrieve_once(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let wanted: Vec<&Wanted> = wanted.iter().collect();
        let mut last = Ok(());
        for what in requests(study, Scope::Instances, &wanted) {
            match self.deliver(what, receiver) {
                Err(PacsError::Stopped) => return Err(PacsError::Stopped),
                Err(error) => last = Err(error),
                Ok(()) => {}
            }
        }
        last
    }

    /// Asks for the series over several connections; `None` where there is one, of either.
    fn retrieve_in_lanes(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        receiver: &mut dyn Receiver,
    ) -> Option<Result<(), PacsError>> {
        let lanes = self.settings().limits.associations;
        let missing = still_missing(wanted, receiver);
        let series = requests(study, Scope::Series, &missing);
        if lanes == NonZeroUsize::MIN || series.len() < 2 {
            return None;
        }
        let receiver = SharedReceiver::new(receiver, wanted.len());
        let ended = in_lanes(series, lanes, |requests| {
            while let Some(what) = requests.next() {
                self.deliver(what, &mut receiver.lane())?;
            }
            Ok(())
        });
        Some(receiver.ended(ended))
    }

    /// Hands on what one request brings. A part that is no instance does not keep back the others.
    pub(super) fn deliver(
        &self,
        what: What<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let mut retrieval = DicomWeb::retrieve(self, what)?;
        let mut told = Ok(());
        while let Some(delivered) = retrieval.next_part()? {
            let received = match delivered {
                Delivered::Instance(body) => received(body).map_err(PacsError::Spool)?,
                Delivered::Refused(fault) => {
                    told = Err(PacsError::Protocol(fault.to_string()));
                    continue;
                }
            };
            let Some(received) = received else {
                let nameless = "a part has no file meta information that names its instance";
                told = Err(PacsError::Protocol(nameless.to_owned()));
                continue;
            };
            if receiver.receive(received) == Taken::Stop {
                return Err(PacsError::Stopped);
            }
        }
        told
    }
}

/// What one request asks for, from much to little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Study,
    Series,
    Instances,
}

fn requests<'a>(study: &'a StudyInstanceUid, scope: Scope, wanted: &[&'a Wanted]) -> Vec<What<'a>> {
    match scope {
        Scope::Study if wanted.is_empty() => Vec::new(),
        Scope::Study => vec![What::Study(study)],
        Scope::Series => {
            let mut seen = HashSet::new();
            let series = wanted.iter().map(|one| &one.series).filter(|one| seen.insert(*one));
            series.map(|series| What::Series(study, series)).collect()
        }
        Scope::Instances => {
            wanted.iter().map(|one| What::Instance(study, &one.series, &one.sop_instance)).collect()
        }
    }
}

/// How many are missing of what a request may bring. All of a large study are not looked at for each instance.
fn missing_of(what: What<'_>, wanted: &[Wanted], receiver: &dyn Receiver) -> usize {
    match what {
        What::Instance(_, _, sop_instance) => usize::from(receiver.is_missing(sop_instance)),
        What::Study(_) | What::Series(..) => still_missing(wanted, receiver).len(),
    }
}

fn still_missing<'a>(wanted: &'a [Wanted], receiver: &dyn Receiver) -> Vec<&'a Wanted> {
    wanted.iter().filter(|wanted| receiver.is_missing(&wanted.sop_instance)).collect()
}

/// Names an instance and sums its data set; `None` when the file does not say which one it is.
fn received(body: InstanceBody) -> std::io::Result<Option<Received>> {
    let bytes = body.bytes();
    let mut hasher = crc32fast::Hasher::new();
    let (sop_instance, body) = match body {
        InstanceBody::Memory(file) => {
            let Some((uid, at)) = instance_of(&file) else { return Ok(None) };
            hasher.update(file.get(at..).unwrap_or_default());
            (uid, ReceivedBody::Memory(file))
        }
        InstanceBody::File { mut file, .. } => {
            let mut head = Vec::new();
            (&mut file).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
            let Some((uid, at)) = instance_of(&head) else { return Ok(None) };
            hasher.update(head.get(at..).unwrap_or_default());
            head.resize(HEAD_BYTES, 0);
            loop {
                let read = file.read(&mut head)?;
                match head.get(..read) {
                    None | Some([]) => break,
                    Some(more) => hasher.update(more),
                }
            }
            file.rewind()?;
            (uid, ReceivedBody::File(file))
        }
    };
    Ok(Some(Received { sop_instance, bytes, crc32: hasher.finalize(), body }))
}
