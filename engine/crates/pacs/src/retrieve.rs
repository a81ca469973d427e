//! One PACS over DIMSE: what is tried, and in which order, until all is there.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use dicom_core::{Tag, VR};
use model::{SeriesInstanceUid, StudyInstanceUid};

use crate::dimse::c_echo::echo;
use crate::dimse::c_get::get;
use crate::dimse::c_move::{Asked, move_to_us};
use crate::dimse::identifier::{Identifier, Level};
use crate::dimse::port::Turn;
use crate::dimse::wire::StopFlag;
use crate::error::PacsError;
use crate::settings::{DimseSettings, QueryRoot};
use crate::source::{Extent, InstanceSource, Receiver, Wanted};
use crate::throttle::Throttle;

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);
const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
/// SOP Instance UIDs in one request: they share a value of at most 64 KiB.
const INSTANCES_A_REQUEST: usize = 100;
/// Associations in a row that break without an instance: then it is the PACS, not an instance.
const MOST_IN_VAIN: usize = 3;

/// A PACS that is spoken to over DIMSE.
#[derive(Debug, Clone)]
pub struct DimsePacs {
    pub(crate) settings: DimseSettings,
    pub(crate) stop: StopFlag,
    pub(crate) throttle: Throttle,
}

impl DimsePacs {
    /// Nothing is sent yet. The flag ends all waiting.
    pub fn new(settings: DimseSettings, stop: StopFlag) -> Self {
        let throttle = Throttle::new(settings.limits.bytes_per_second);
        Self { settings, stop, throttle }
    }

    /// What is known of it.
    pub fn settings(&self) -> &DimseSettings {
        &self.settings
    }

    /// Whether it answers (C-ECHO).
    ///
    /// # Errors
    /// [`PacsError`]: each with what to change.
    pub fn echo(&self) -> Result<(), PacsError> {
        echo(self)
    }

    /// Retrieves in one way only, in one pass; for those who want to know whether it works.
    ///
    /// # Errors
    /// [`PacsError`].
    pub fn retrieve_once(
        &self,
        by_move: bool,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let _turn = self.turn(by_move)?;
        let expected = wanted.len();
        let wanted: &[_] = &wanted.iter().collect::<Vec<_>>();
        let (scope, extent) = (Scope::Instances, Extent::Some);
        let asked = &Asked::default();
        self.pass(by_move, &Pass { study, scope, extent, wanted, expected, asked }, receiver)
    }

    /// Waits until no other C-MOVE has the port of the Store SCP.
    fn turn(&self, by_move: bool) -> Result<Option<Turn>, PacsError> {
        let scp = self.settings.store_scp.as_ref().filter(|_| by_move);
        scp.map(|scp| Turn::wait(scp.listen, &self.stop)).transpose()
    }

    fn pass(
        &self,
        by_move: bool,
        pass: &Pass<'_>,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let retrieve = if by_move { move_to_us } else { get };
        retrieve(self, pass, receiver)
    }

    /// The first pass asks for the series over several associations; what it leaves is asked for over
    /// one, so that it shows which request breaks it.
    pub(crate) fn share_out(&self, pass: &Pass<'_>) -> (Scope, NonZeroUsize) {
        let lanes = self.settings.limits.associations;
        let is_first = pass.scope == Scope::Study;
        if is_first && lanes > NonZeroUsize::MIN && has_many_series(pass.wanted) {
            (Scope::Series, lanes)
        } else {
            (pass.scope, NonZeroUsize::MIN)
        }
    }
}

/// One go at what is missing.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) study: &'a StudyInstanceUid,
    pub(crate) scope: Scope,
    /// How much of the study is wanted.
    pub(crate) extent: Extent,
    /// What is missing.
    pub(crate) wanted: &'a [&'a Wanted],
    /// All instances of the retrieval: requests may bring those that are in once more.
    pub(crate) expected: usize,
    /// The requests of the retrieval by C-MOVE.
    pub(crate) asked: &'a Asked,
}

/// What one request asks for, from much to little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    Study,
    Series,
    Instances,
    /// Each by itself, where asking for several broke the association.
    Single,
}

impl Scope {
    /// What a request asks for together with this instance.
    fn unit(self, wanted: &Wanted) -> &str {
        match self {
            Self::Study => "",
            Self::Series | Self::Instances => wanted.series.as_str(),
            Self::Single => wanted.sop_instance.as_str(),
        }
    }
}

/// The requests that ask for these instances.
pub(crate) fn identifiers(
    root: QueryRoot,
    study: &StudyInstanceUid,
    scope: Scope,
    wanted: &[&Wanted],
) -> Vec<Identifier> {
    // The unique keys of the levels above belong into each identifier (PS3.4 §C.4.2.1.4.1).
    let patient_id = match root {
        QueryRoot::Study => None,
        QueryRoot::Patient => wanted.first().and_then(|wanted| wanted.patient_id.as_deref()),
    };
    let of_study = |level| {
        let identifier = Identifier::new(level);
        let identifier = match patient_id {
            Some(id) => identifier.matching(PATIENT_ID, VR::LO, id),
            None => identifier,
        };
        identifier.matching(STUDY_INSTANCE_UID, VR::UI, study.as_str())
    };
    if scope == Scope::Study {
        return vec![of_study(Level::Study)];
    }
    let mut series: Vec<(&SeriesInstanceUid, Vec<&str>)> = Vec::new();
    for instance in wanted {
        let uid = instance.sop_instance.as_str();
        match series.iter_mut().find(|(series, _)| **series == instance.series) {
            Some((_, members)) => members.push(uid),
            None => series.push((&instance.series, vec![uid])),
        }
    }
    let mut all = Vec::new();
    for (series, members) in series {
        let of_series =
            |level| of_study(level).matching(SERIES_INSTANCE_UID, VR::UI, series.as_str());
        if scope == Scope::Series {
            all.push(of_series(Level::Series));
            continue;
        }
        let together = if scope == Scope::Single { 1 } else { INSTANCES_A_REQUEST };
        for members in members.chunks(together) {
            let list = members.join("\\");
            all.push(of_series(Level::Image).matching(SOP_INSTANCE_UID, VR::UI, &list));
        }
    }
    all
}

impl InstanceSource for DimsePacs {
    fn retrieve(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        extent: Extent,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let mut last = Ok(());
        for by_move in self.settings.ways() {
            let ended = self.retrieve_by(*by_move, study, wanted, extent, receiver);
            let is_all_in = still_missing(wanted, receiver).is_empty();
            match ended {
                // It asked for all of it, whatever another way could not do.
                Ok(()) if is_all_in => return Ok(()),
                Ok(()) => {}
                Err(error) if error.ends_all() => return Err(error),
                Err(error) => last = Err(error),
            }
            if is_all_in {
                return extent.ended(last);
            }
        }
        last
    }
}

impl DimsePacs {
    /// Asks in one way: for the study, and then for less and less of what is missing.
    ///
    /// What breaks an association is left out of the next one, so that one instance that the PACS
    /// cannot send does not cost the others.
    fn retrieve_by(
        &self,
        by_move: bool,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        extent: Extent,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        // Between the passes it would be another retrieval's.
        let _turn = self.turn(by_move)?;
        let all = still_missing(wanted, receiver).len();
        let asked = &Asked::default();
        let mut last = Ok(());
        let mut in_vain = 0;
        let scopes = [Scope::Study, Scope::Series, Scope::Instances, Scope::Single];
        let first = match extent {
            Extent::Whole | Extent::MoreThanListed => Scope::Study,
            Extent::Some => Scope::Instances,
        };
        for scope in scopes.into_iter().filter(|scope| *scope >= first) {
            let mut left_out: HashSet<&str> = HashSet::new();
            let is_alive = still_missing(wanted, receiver).len() < all;
            if is_alive {
                in_vain = 0;
            }
            loop {
                let mut missing = still_missing(wanted, receiver);
                missing.retain(|wanted| !left_out.contains(scope.unit(wanted)));
                if missing.is_empty() {
                    break;
                }
                let expected = wanted.len();
                let pass = Pass { study, scope, extent, wanted: &missing, expected, asked };
                let error = match self.pass(by_move, &pass, receiver) {
                    Ok(()) => break,
                    // It answers: the next pass asks for less, in another way.
                    Err(error @ PacsError::Failed { .. }) => {
                        last = Err(error);
                        break;
                    }
                    Err(error) => error,
                };
                let came_on =
                    missing.iter().any(|wanted| !receiver.is_missing(&wanted.sop_instance));
                in_vain = if came_on { 0 } else { in_vain + 1 };
                if in_vain >= MOST_IN_VAIN || error.ends_all() || error.is_refusal() {
                    return Err(error);
                }
                last = Err(error);
                if scope == Scope::Study {
                    break;
                }
                // Requests go one by one: where nothing came, it was the first that broke it.
                if !came_on {
                    left_out.extend(missing.first().map(|wanted| scope.unit(wanted)));
                }
            }
            // Of a C-MOVE the association that breaks is another one: the rest of its request fails.
            let broke = !left_out.is_empty() || (by_move && is_alive);
            if scope == Scope::Instances && !broke {
                break;
            }
        }
        last
    }
}

fn has_many_series(wanted: &[&Wanted]) -> bool {
    wanted.first().is_some_and(|first| wanted.iter().any(|other| other.series != first.series))
}

fn still_missing<'a>(wanted: &'a [Wanted], receiver: &dyn Receiver) -> Vec<&'a Wanted> {
    wanted.iter().filter(|wanted| receiver.is_missing(&wanted.sop_instance)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(series: &str, instance: u32) -> Wanted {
        Wanted {
            sop_class: None,
            sop_instance: format!("1.2.{instance}").parse().unwrap(),
            series: series.parse().unwrap(),
            patient_id: None,
            transfer_syntaxes: Vec::new(),
        }
    }

    #[test]
    fn requests_ask_for_the_study_for_series_or_for_some_instances() {
        let instances: Vec<_> =
            (0..250).map(|n| wanted(if n < 150 { "1.1" } else { "1.3" }, n)).collect();
        let instances: Vec<_> = instances.iter().collect();
        let study = "1.2.3".parse().unwrap();
        let requests = |scope| identifiers(QueryRoot::Study, &study, scope, &instances).len();
        assert_eq!(requests(Scope::Study), 1);
        assert_eq!(requests(Scope::Series), 2);
        assert_eq!(requests(Scope::Instances), 3);
        assert_eq!(requests(Scope::Single), 250);
    }
}
