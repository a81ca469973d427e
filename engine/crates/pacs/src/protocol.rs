//! One PACS as it is configured, whichever protocol is spoken with it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use model::{SopInstanceUid, StudyInstanceUid};
use scratch::ScratchFolder;

use crate::dicomweb::DicomWeb;
use crate::dicomweb::head_start::HeadStart;
use crate::dimse::wire::StopFlag;
use crate::error::PacsError;
use crate::lanes::SharedReceiver;
use crate::query::{Listing, Matches, StudyKeys, StudySummary};
use crate::retrieve::DimsePacs;
use crate::settings::{PacsLimits, PacsSettings, Service};
use crate::source::{Extent, InstanceSource, Received, Receiver, StudyQuery, Taken, Wanted};

/// A PACS that can be asked.
#[derive(Debug)]
pub struct Pacs {
    pub(crate) peer: Peer,
    /// Whose Patient IDs are those of answers that name no issuer; empty where the site does not say it.
    issuer: String,
}

/// A PACS by what is spoken with it.
#[derive(Debug)]
pub(crate) enum Peer {
    Dimse(Box<DimsePacs>),
    DicomWeb(Box<WebPacs>),
}

/// A PACS over DICOMweb, and what it delivers while it is asked what it has.
#[derive(Debug)]
pub(crate) struct WebPacs {
    web: Arc<DicomWeb>,
    begins_early: bool,
    head_start: Mutex<Option<HeadStart>>,
}

impl WebPacs {
    /// What it is asked by.
    pub(crate) fn client(&self) -> &DicomWeb {
        &self.web
    }

    fn list(&self, study: &StudySummary) -> Result<Listing, PacsError> {
        self.web.listing(study, |series| {
            // The other connection lists.
            if self.begins_early && self.web.settings().limits.associations > NonZeroUsize::MIN {
                *self.head_start.lock().unwrap_or_else(PoisonError::into_inner) =
                    HeadStart::begin(&self.web, &study.study, series);
            }
        })
    }

    fn retrieve(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        extent: Extent,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let begun = self.head_start.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(begun) = begun {
            let shared = SharedReceiver::new(&mut *receiver, wanted.len());
            let handed_on = begun.hand_on(study, &mut shared.lane());
            if let Err(PacsError::Stopped) = shared.ended(handed_on) {
                return Err(PacsError::Stopped);
            }
        }
        InstanceSource::retrieve(&*self.web, study, wanted, extent, receiver)
    }
}

impl PacsSettings {
    /// Prepares to ask; nothing is sent yet. The flag ends all waiting.
    ///
    /// # Errors
    /// [`PacsError`]: TLS cannot be set up from what is configured.
    pub fn open(&self, stop: &StopFlag) -> Result<Pacs, PacsError> {
        let peer = match &self.service {
            Service::Dimse(dimse) => {
                Peer::Dimse(Box::new(DimsePacs::new((**dimse).clone(), stop.clone())))
            }
            Service::DicomWeb(web) => {
                let web = Arc::new(DicomWeb::stopped_by((**web).clone(), stop.clone())?);
                let head_start = Mutex::default();
                Peer::DicomWeb(Box::new(WebPacs { web, begins_early: false, head_start }))
            }
        };
        Ok(Pacs { peer, issuer: self.issuer.clone().unwrap_or_default() })
    }

    /// As [`PacsSettings::open`], for whoever retrieves what was listed: where it can be, that begins while
    /// the study is still being listed.
    ///
    /// # Errors
    /// As [`PacsSettings::open`].
    pub fn open_to_retrieve(&self, stop: &StopFlag) -> Result<Pacs, PacsError> {
        let mut pacs = self.open(stop)?;
        if let Peer::DicomWeb(web) = &mut pacs.peer {
            web.begins_early = true;
        }
        Ok(pacs)
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

    /// The same, with another folder for instances that do not stay in memory.
    #[must_use]
    pub fn spooling_in(mut self, folder: ScratchFolder) -> Self {
        match &mut self.service {
            Service::Dimse(dimse) => dimse.spool_folder = folder,
            Service::DicomWeb(web) => web.spool_folder = folder,
        }
        self
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
    fn limits(&self) -> &PacsLimits {
        match &self.peer {
            Peer::Dimse(dimse) => &dimse.settings().limits,
            Peer::DicomWeb(web) => &web.web.settings().limits,
        }
    }
}

impl StudyQuery for Pacs {
    fn find_studies(&self, keys: &StudyKeys) -> Result<Matches<StudySummary>, PacsError> {
        let mut matches = match &self.peer {
            Peer::Dimse(dimse) => dimse.find_studies(keys),
            Peer::DicomWeb(web) => web.web.find_studies(keys),
        }?;
        for study in &mut matches.found {
            if study.issuer_of_patient_id.trim().is_empty() {
                study.issuer_of_patient_id.clone_from(&self.issuer);
            }
        }
        Ok(matches)
    }

    fn list_study(&self, study: &StudySummary) -> Result<Listing, PacsError> {
        match &self.peer {
            Peer::Dimse(dimse) => dimse.list_study(study),
            Peer::DicomWeb(web) => web.list(study),
        }
    }
}

impl InstanceSource for Pacs {
    fn retrieve(
        &self,
        study: &StudyInstanceUid,
        wanted: &[Wanted],
        extent: Extent,
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        let left = self.limits().study_bytes;
        let mut bounded = Bounded { receiver, left, is_over: false };
        let retrieved = match &self.peer {
            Peer::Dimse(dimse) => dimse.retrieve(study, wanted, extent, &mut bounded),
            Peer::DicomWeb(web) => web.retrieve(study, wanted, extent, &mut bounded),
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
