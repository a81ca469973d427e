//! Whether an instance that came belongs into the package, and what became of each so far.
//!
//! Invariant: what came is compared with what was asked for: an instance of another study or patient
//! never reaches the package.

use std::collections::HashMap;

use dicom_core::Tag;
use media::numbering::Numbering;
use model::{Notice, Refusal, SopClassUid, SopInstanceUid, StudyInstanceUid, Subject};
use part10::{Instance, OpenError, TransferSyntax, native_bytes};

use crate::error::PackError;
use crate::outcome::{Loss, Outcome};
use crate::plan::{Expected, Plan, Planned};

const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const ISSUER_OF_PATIENT_ID: Tag = Tag(0x0010, 0x0021);
/// Instances that nobody listed and that are not for this package: each is named, up to so many.
const MOST_UNLISTED: usize = 10_000;

/// What became of an instance so far.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Missing,
    /// It came and cannot be used; a better copy may still come.
    Refused(Refusal),
    /// It is in: length of its file, CRC-32 of its data set, and how it is written, to compare another one
    /// with.
    In(u64, u32, TransferSyntax),
}

/// What is known of an instance before it is opened.
#[derive(Debug)]
pub(crate) struct Announced {
    pub(crate) sop_instance: SopInstanceUid,
    /// Length of its file.
    pub(crate) bytes: u64,
    /// CRC-32 of its data set.
    pub(crate) crc32: u32,
}

/// What becomes of an instance.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is for the package.
    In(Box<Planned>),
    /// It is not, and that is told when all are in, unless a better copy comes.
    Refused,
    /// It is not, and nobody asked for it.
    RefusedBeside(Notice),
}

/// Whether an instance came before.
#[derive(Debug)]
pub(crate) enum Copy {
    First,
    Identical,
    /// Not byte for byte; see [`Admission::conflict`].
    Different,
}

/// What belongs into one package.
pub(crate) struct Admission<'a> {
    plan: &'a Plan,
    places: HashMap<SopInstanceUid, usize>,
    /// One of each study.
    of_study: HashMap<StudyInstanceUid, &'a Planned>,
    /// By the index in the plan, and behind it those that it does not have.
    states: Vec<State>,
    numbering: Numbering,
    /// The Patient ID that the instances must have, once it is known.
    patient_id: Option<String>,
}

impl<'a> Admission<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let places = plan.places();
        let states = vec![State::Missing; plan.instances.len()];
        let by_study = |planned: &'a Planned| (planned.instance.study.clone(), planned);
        let of_study = plan.instances.iter().map(by_study).collect();
        let numbering = plan.numbering.clone();
        Self { plan, places, of_study, states, numbering, patient_id: None }
    }

    /// What the plan says of an instance.
    pub(crate) fn listed(&self, sop_instance: &SopInstanceUid) -> Option<&'a Planned> {
        self.places.get(sop_instance).and_then(|index| self.plan.instances.get(*index))
    }

    /// Whether an instance is listed, or of a kind that the package is to hold.
    pub(crate) fn wants(&self, announced: &Announced, sop_class: &SopClassUid) -> bool {
        self.listed(&announced.sop_instance).is_some()
            || self.plan.contents.wants(Some(sop_class), "")
    }

    pub(crate) fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        let state = self.places.get(sop_instance).and_then(|index| self.states.get(*index));
        !matches!(state, Some(State::In(..)))
    }

    /// Whether an instance is in already.
    pub(crate) fn copy(&self, announced: &Announced) -> Copy {
        let index = self.places.get(&announced.sop_instance);
        match index.and_then(|index| self.states.get(*index)) {
            Some(State::In(bytes, crc32, _)) => {
                let is_same = (*bytes, *crc32) == (announced.bytes, announced.crc32);
                if is_same { Copy::Identical } else { Copy::Different }
            }
            _ => Copy::First,
        }
    }

    /// What is told of a copy that differs from what is in; `None` for one that could not be opened.
    ///
    /// Nothing where it comes in another transfer syntax: a repeated request may bring it over another
    /// presentation context, and the bytes say nothing then.
    pub(crate) fn conflict(
        &self,
        sop_instance: &SopInstanceUid,
        copy: Option<&Instance>,
    ) -> Option<Notice> {
        let State::In(_, _, syntax) = self.states.get(*self.places.get(sop_instance)?)? else {
            return None;
        };
        let is_comparable = copy.is_none_or(|copy| copy.transfer_syntax().uid() == syntax.uid());
        let subject = subject(sop_instance);
        is_comparable.then_some(Notice::Duplicate { subject, identical: false })
    }

    /// Decides about an instance that was opened, or not.
    ///
    /// # Errors
    /// [`PackError::Temporary`]: nothing is known against the instance.
    pub(crate) fn decide(
        &mut self,
        announced: Announced,
        opened: Result<&Instance, OpenError>,
    ) -> Result<Verdict, PackError> {
        let checked = match opened {
            Ok(instance) => {
                let planned = self.check(&announced, instance);
                planned.map(|planned| (planned, instance.transfer_syntax().clone()))
            }
            Err(OpenError::Temporary { folder, message }) => {
                let source = std::io::Error::other(message);
                return Err(PackError::Temporary { folder, source });
            }
            Err(OpenError::Refused(refusal)) => Err(refusal),
            Err(other) => Err(Refusal::Malformed(other.to_string())),
        };
        Ok(match checked {
            Ok((planned, syntax)) => {
                let state = State::In(announced.bytes, announced.crc32, syntax);
                self.set(announced.sop_instance, state);
                Verdict::In(Box::new(planned))
            }
            Err(refusal) => self.refuse(announced.sop_instance, refusal),
        })
    }

    /// The plan of an instance that belongs into the package.
    fn check(&mut self, announced: &Announced, instance: &Instance) -> Result<Planned, Refusal> {
        let found = instance.identity();
        if found.sop_instance != announced.sop_instance {
            return Err(Refusal::Malformed("its UIDs contradict each other".into()));
        }
        let listed = self.listed(&announced.sop_instance);
        let like = listed.or_else(|| self.of_study.get(&found.study).copied());
        let patient_id = instance.dataset().text(PATIENT_ID).unwrap_or_default();
        self.check_patient(instance, &patient_id, like)?;
        if like.is_none_or(|like| found.study != like.instance.study) {
            return Err(Refusal::ForeignStudy);
        }
        let bytes = announced.bytes;
        let native = native_bytes(&instance.dataset(), instance.transfer_syntax(), bytes);
        if let Some(listed) = listed {
            if !listed.instance.is(found) {
                return Err(Refusal::Malformed("its UIDs contradict each other".into()));
            }
            let mut planned = listed.clone();
            planned.instance.bytes = bytes;
            planned.instance.native_bytes = native;
            planned.instance.sop_class = Some(found.sop_class.clone());
            return Ok(planned);
        }
        let place = self
            .numbering
            .place(&found.study, &found.series)
            .map_err(|error| Refusal::OverLimit(error.to_string()))?;
        let instance = Expected {
            origin: None,
            path: None,
            bytes,
            native_bytes: native,
            patient_id: Some(patient_id),
            issuer: like.map(|like| like.instance.issuer.clone()).unwrap_or_default(),
            study: found.study.clone(),
            series: found.series.clone(),
            sop_instance: found.sop_instance.clone(),
            sop_class: Some(found.sop_class.clone()),
            transfer_syntaxes: Vec::new(),
        };
        Ok(Planned { instance, place, is_thumbnail: false, range: None, is_listed: false })
    }

    /// Whether the patient of an instance is that of the package: one of the Patient IDs that were named,
    /// or that which the source tells, or that of the first instance. The issuer that the source tells of
    /// the study is that of its instances which name none.
    fn check_patient(
        &mut self,
        instance: &Instance,
        patient_id: &str,
        like: Option<&Planned>,
    ) -> Result<(), Refusal> {
        if !self.plan.patient_ids.is_empty() {
            let named = instance.dataset().text(ISSUER_OF_PATIENT_ID).unwrap_or_default();
            let told = like.map_or("", |like| like.instance.issuer.as_str());
            let issuer = if named.trim().is_empty() { told } else { named.as_str() };
            let is_known = self.plan.patient_ids.iter().any(|one| one.is(patient_id, issuer));
            return if is_known { Ok(()) } else { Err(Refusal::ForeignPatient) };
        }
        let like = like.or(self.plan.instances.first());
        let told = like.and_then(|like| like.instance.patient_id.as_ref());
        match told.or(self.patient_id.as_ref()) {
            Some(expected) if patient_id != *expected => Err(Refusal::ForeignPatient),
            Some(_) => Ok(()),
            None => {
                self.patient_id = Some(patient_id.to_owned());
                Ok(())
            }
        }
    }

    fn set(&mut self, sop_instance: SopInstanceUid, state: State) {
        let index = *self.places.entry(sop_instance).or_insert(self.states.len());
        match self.states.get_mut(index) {
            Some(place) => *place = state,
            None => self.states.push(state),
        }
    }

    /// A listed instance may come again, better; what nobody listed is named at once.
    pub(crate) fn refuse(&mut self, announced: SopInstanceUid, refusal: Refusal) -> Verdict {
        let listed = self.plan.instances.len();
        let known = self.places.get(&announced).copied();
        let is_listed = known.is_some_and(|index| index < listed);
        let has_room = self.states.len() - listed < MOST_UNLISTED;
        let beside = (known.is_none() && has_room)
            .then(|| Notice::Refused(subject(&announced), refusal.clone()));
        if is_listed || has_room {
            self.set(announced, State::Refused(refusal));
        }
        beside.map_or(Verdict::Refused, Verdict::RefusedBeside)
    }

    /// What never came or could not be used.
    pub(crate) fn losses(self) -> Vec<Outcome> {
        let lost = |(planned, state): (&Planned, State)| {
            let loss = match state {
                State::Missing => Loss::Missing,
                State::Refused(refusal) => Loss::Refused(refusal),
                State::In(..) => return None,
            };
            Some(Outcome::Lost(planned.clone(), loss))
        };
        self.plan.instances.iter().zip(self.states).filter_map(lost).collect()
    }
}

fn subject(sop_instance: &SopInstanceUid) -> Subject {
    Subject { sop_instance: Some(sop_instance.clone()), ..Subject::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::Contents;
    use crate::plan::{FileCounts, number};
    use fixtures::Syntax;
    use part10::Limits;
    use rstest::rstest;

    fn instance(syntax: Syntax) -> Instance {
        let options = fixtures::Options {
            slices: Some(1),
            rows: Some(64),
            syntax: Some(syntax),
            ..fixtures::Options::default()
        };
        let bytes = fixtures::instance_bytes("ct", 0, &options).unwrap();
        Instance::from_bytes(bytes, &Limits::default()).unwrap()
    }

    /// A plan of this instance alone.
    fn plan_of(instance: &Instance) -> Plan {
        let identity = instance.identity();
        let expected = Expected {
            origin: None,
            path: None,
            bytes: 0,
            native_bytes: 0,
            patient_id: None,
            issuer: String::new(),
            study: identity.study.clone(),
            series: identity.series.clone(),
            sop_instance: identity.sop_instance.clone(),
            sop_class: Some(identity.sop_class.clone()),
            transfer_syntaxes: Vec::new(),
        };
        let (instances, numbering) = number(vec![expected]).unwrap();
        Plan {
            instances,
            notices: Vec::new(),
            files: FileCounts::default(),
            expected: 1,
            as_stored: false,
            digest: [0; 32],
            study_date: String::new(),
            study_time: String::new(),
            numbering,
            contents: Contents::Everything,
            patient_ids: Vec::new(),
        }
    }

    /// Who issued the Patient ID of the person, who that of the study, and whether an instance that names no
    /// issuer is theirs.
    #[rstest]
    #[case::the_same("TEST-A", "TEST-A", true)]
    #[case::another("TEST-A", "TEST-B", false)]
    #[case::not_told("TEST-A", "", true)]
    #[case::of_a_person_without("", "TEST-B", true)]
    fn an_instance_without_issuer_has_that_of_its_study(
        #[case] known: &str,
        #[case] told: &str,
        #[case] is_in: bool,
    ) {
        let first = instance(Syntax::Explicit);
        let mut plan = plan_of(&first);
        let id = first.dataset().text(PATIENT_ID).unwrap();
        plan.patient_ids = vec![pacs::PatientId { id, issuer: known.to_owned() }];
        plan.instances[0].instance.issuer = told.to_owned();
        let sop_instance = first.identity().sop_instance.clone();
        let announced = Announced { sop_instance, bytes: 10, crc32: 1 };
        let verdict = Admission::new(&plan).decide(announced, Ok(&first)).unwrap();
        assert_eq!(matches!(verdict, Verdict::In(_)), is_in);
    }

    /// How the copy of an instance is written that came in Explicit VR Little Endian; nothing for one that cannot
    /// be opened.
    #[rstest]
    #[case::alike(Some(Syntax::Explicit), true)]
    #[case::in_another_syntax(Some(Syntax::Implicit), false)]
    #[case::unreadable(None, true)]
    fn a_copy_conflicts_only_where_it_can_be_compared(
        #[case] copy: Option<Syntax>,
        #[case] conflicts: bool,
    ) {
        let first = instance(Syntax::Explicit);
        let plan = plan_of(&first);
        let announced = |crc32| Announced {
            sop_instance: first.identity().sop_instance.clone(),
            bytes: 10,
            crc32,
        };
        let mut admission = Admission::new(&plan);
        let verdict = admission.decide(announced(1), Ok(&first)).unwrap();
        assert!(matches!(verdict, Verdict::In(_)));
        assert!(matches!(admission.copy(&announced(1)), Copy::Identical));
        assert!(matches!(admission.copy(&announced(2)), Copy::Different));
        let copy = copy.map(instance);
        let told = admission.conflict(&first.identity().sop_instance, copy.as_ref());
        assert_eq!(told.is_some(), conflicts);
    }
}
