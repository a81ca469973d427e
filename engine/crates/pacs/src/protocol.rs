//! One PACS as it is configured, whichever protocol is spoken with it.

use std::num::NonZeroUsize;

use model::{SopInstanceUid, StudyInstanceUid};

use crate::dicomweb::DicomWeb;
use crate::dimse::wire::StopFlag;
use crate::error::PacsError;
use crate::query::{InstanceSummary, Matches, SeriesSummary, StudyKeys, StudySummary};
use crate::retrieve::DimsePacs;
use crate::settings::{PacsLimits, PacsSettings, Service};
use crate::source::{InstanceSource, Received, Receiver, StudyQuery, Taken, Wanted};

/// A PACS that can be asked.
#[derive(Debug)]
pub enum Pacs {
    /// Over DIMSE.
    Dimse(Box<DimsePacs>),
    /// Over DICOMweb.
    DicomWeb(Box<DicomWeb>),
}

impl PacsSettings {
    /// Prepares to ask; nothing is sent yet. The flag ends all waiting.
    ///
    /// # Errors
    /// [`PacsError`]: TLS cannot be set up from what is configured.
    pub fn open(&self, stop: &StopFlag) -> Result<Pacs, PacsError> {
        Ok(match &self.service {
            Service::Dimse(dimse) => {
                Pacs::Dimse(Box::new(DimsePacs::new((**dimse).clone(), stop.clone())))
            }
            Service::DicomWeb(web) => {
                let web = DicomWeb::stopped_by((**web).clone(), stop.clone())?;
                Pacs::DicomWeb(Box::new(web))
            }
        })
    }

    /// How much is taken from it.
    pub fn limits(&self) -> &PacsLimits {
        match &self.service {
            Service::Dimse(dimse) => &dimse.limits,
            Service::DicomWeb(web) => &web.limits,
        }
    }

    /// The same, asked for a study over one association or connection.
    #[must_use]
    pub fn over_one(&self) -> Self {
        let mut one = self.clone();
        let limits = match &mut one.service {
            Service::Dimse(dimse) => &mut dimse.limits,
            Service::DicomWeb(web) => &mut web.limits,
        };
        limits.associations = NonZeroUsize::MIN;
        one
    }

    /// Where it is, for messages: host and port, or the address of the service.
    pub fn address(&self) -> String {
        match &self.service {
            Service::Dimse(dimse) => dimse.address(),
            Service::DicomWeb(web) => web.url.as_str().to_owned(),
        }
    }
}

impl Pacs {
    fn query(&self) -> &dyn StudyQuery {
        match self {
            Self::Dimse(dimse) => &**dimse,
            Self::DicomWeb(web) => &**web,
        }
    }

    fn limits(&self) -> &PacsLimits {
        match self {
            Self::Dimse(dimse) => &dimse.settings().limits,
            Self::DicomWeb(web) => &web.settings().limits,
        }
    }
}

impl StudyQuery for Pacs {
    fn find_studies(&self, keys: &StudyKeys) -> Result<Matches<StudySummary>, PacsError> {
        self.query().find_studies(keys)
    }

    fn list_study(
        &self,
        study: &StudySummary,
    ) -> Result<Vec<(SeriesSummary, Vec<InstanceSummary>)>, PacsError> {
        self.query().list_study(study)
    }
}

impl InstanceSource for Pacs {
    fn retrieve(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let left = self.limits().study_bytes;
        let mut bounded = Bounded { receiver, left, is_over: false };
        let retrieved = match self {
            Self::Dimse(dimse) => dimse.retrieve(study, wanted, &mut bounded),
            Self::DicomWeb(web) => InstanceSource::retrieve(&**web, study, wanted, &mut bounded),
        };
        if bounded.is_over {
            let most = self.limits().study_bytes >> 20;
            return Err(PacsError::OverLimit(format!(
                "the PACS sends more than {most} MiB for one study: `limits.study_mib` sets the limit"
            )));
        }
        retrieved
    }
}

/// Takes no more than so many bytes.
struct Bounded<'a> {
    receiver: &'a mut dyn Receiver,
    left: u64,
    is_over: bool,
}

impl Receiver for Bounded<'_> {
    fn receive(&mut self, received: Received) -> Taken {
        let Some(left) = self.left.checked_sub(received.bytes) else {
            self.is_over = true;
            return Taken::Stop;
        };
        self.left = left;
        self.receiver.receive(received)
    }

    fn fail(&mut self, sop_instance: SopInstanceUid, reason: String) -> Taken {
        self.receiver.fail(sop_instance, reason)
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        self.receiver.is_missing(sop_instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ReceivedBody;

    struct Counts(usize);

    impl Receiver for Counts {
        fn receive(&mut self, _received: Received) -> Taken {
            self.0 += 1;
            Taken::Accepted
        }

        fn is_missing(&self, _sop_instance: &SopInstanceUid) -> bool {
            true
        }
    }

    #[test]
    fn a_study_without_end_is_cut_at_the_limit() {
        let mut counts = Counts(0);
        let receiver = &mut counts;
        let mut bounded = Bounded { receiver, left: 250, is_over: false };
        let send = || Received {
            sop_instance: "1.2.3".parse().unwrap(),
            bytes: 100,
            crc32: 0,
            body: ReceivedBody::Memory(Vec::new()),
        };
        let taken = [(); 3].map(|()| bounded.receive(send()));
        assert_eq!(taken, [Taken::Accepted, Taken::Accepted, Taken::Stop]);
        assert!(bounded.is_over);
        assert_eq!(counts.0, 2);
    }
}
