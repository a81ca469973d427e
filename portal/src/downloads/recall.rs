//! Brings back what is not online: asks the PACS for it, looks now and then, and has whoever asked told (S-091 to
//! S-093).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use engine::StudyInstanceUid;
use engine::pacs::{
    Availability, PacsError, PacsSettings, PatientId, RecallAsk, RecallError, StopFlag,
    StudyReference, ask_for, availability,
};
use jiff::{SignedDuration, Timestamp};
use store::{Asker, EndOfTry, FailureReason, Holder, Message, Package, Preparation, Recall};

use crate::downloads::live::Live;
use crate::downloads::{Downloads, DownloadsError};
use crate::shares::{Letters, Told};

/// How often it is looked whether somebody still wants it.
const LOOK: Duration = Duration::from_millis(250);

/// An examination, and the PACS that may have it: that which told it first. Never empty.
struct Wanted {
    pacs: Vec<PacsSettings>,
    study: StudyReference,
}

/// What came of a look.
enum Looked {
    /// All of it is online.
    Online,
    /// Something is not, or the PACS does not say.
    NotYet,
    /// It will not come back.
    Never(FailureReason),
}

impl Downloads {
    /// Looks whether what was asked for is back; what ends the try when it is not.
    pub(super) async fn look_again(
        &self,
        preparation: &Preparation,
        recall: Recall,
        live: &Arc<Live>,
    ) -> Option<EndOfTry> {
        let wanted = self.wanted(preparation);
        let looked = while_wanted(live, move |stop| look(&wanted, &stop)).await;
        match looked {
            None => Some(self.not_done(preparation, live)),
            Some(Looked::Online) => None,
            Some(Looked::Never(reason)) => {
                tracing::warn!(?reason, "what was asked for does not come back");
                Some(EndOfTry::Failed { at: self.0.clock.now(), reason })
            }
            Some(Looked::NotYet) => {
                let looks = recall.looks.saturating_add(1);
                Some(self.wait_on(preparation, Recall { looks, ..recall }))
            }
        }
    }

    /// Of several examinations asks for those that are not online, before any is retrieved for nothing; what ends the
    /// try when one has to be waited for. Who does not answer now may do so when it is retrieved.
    pub(super) async fn ask_first(
        &self,
        preparation: &Preparation,
        live: &Arc<Live>,
    ) -> Option<EndOfTry> {
        if preparation.studies.len() < 2 {
            return None;
        }
        let wanted = self.wanted(preparation);
        let asked = while_wanted(live, move |stop| ask(&wanted, &stop)).await;
        match asked {
            None => Some(self.not_done(preparation, live)),
            Some(Ok(Asked::ToCome)) => Some(self.asked_for(preparation)),
            Some(_) => None,
        }
    }

    /// Asks for what is not online.
    pub(super) async fn ask_back(&self, preparation: &Preparation, live: &Arc<Live>) -> EndOfTry {
        let wanted = self.wanted(preparation);
        let asked = while_wanted(live, move |stop| ask(&wanted, &stop)).await;
        let now = self.0.clock.now();
        match asked {
            None => self.not_done(preparation, live),
            Some(Err(Looked::Never(reason))) => EndOfTry::Failed { at: now, reason },
            Some(Err(_)) => self.again_or(preparation, FailureReason::Pacs),
            Some(Ok(_)) => self.asked_for(preparation),
        }
    }

    fn asked_for(&self, preparation: &Preparation) -> EndOfTry {
        tracing::info!("an examination is not online, and was asked for");
        // One that comes and goes is waited for from when it was first asked for.
        let first = Recall { since: self.0.clock.now(), looks: 0 };
        self.wait_on(preparation, preparation.recall.unwrap_or(first))
    }

    /// Somebody broke it off, or it is a fault of the program.
    fn not_done(&self, preparation: &Preparation, live: &Live) -> EndOfTry {
        if live.is_broken_off() {
            EndOfTry::Released { due: self.0.clock.now() }
        } else {
            self.again_or(preparation, FailureReason::Fault)
        }
    }

    /// Looks again later, unless it took too long.
    fn wait_on(&self, preparation: &Preparation, recall: Recall) -> EndOfTry {
        let now = self.0.clock.now();
        let settings = self.wanted(preparation).into_iter();
        let settings = settings.filter_map(|one| Some(one.pacs.into_iter().next()?.recall));
        // Who is slowest is waited for.
        let (mut wait, mut total) = (Duration::ZERO, Duration::ZERO);
        for one in settings {
            wait = wait.max(one.wait_after(recall.looks));
            total = total.max(one.total);
        }
        let later = |from: Timestamp, by: Duration| {
            let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
            from.checked_add(by).unwrap_or(Timestamp::MAX)
        };
        if later(recall.since, total) <= now {
            tracing::warn!(looks = recall.looks, "what was asked for is not back in time");
            return EndOfTry::Failed { at: now, reason: FailureReason::NotOnline };
        }
        EndOfTry::Recalling { next: later(now, wait), recall }
    }

    fn wanted(&self, preparation: &Preparation) -> Vec<Wanted> {
        let wanted = preparation.studies.iter().filter_map(|study| {
            let pacs = self.pacs_for(study);
            let patient_ids = vec![PatientId::new(study.patient_id.0.clone())];
            let uid = StudyInstanceUid::from_wire(study.study.as_bytes()).ok()?;
            let study = StudyReference { study: uid, patient_ids };
            Some(Wanted { pacs, study })
        });
        wanted.collect()
    }

    /// Messages to whoever asked for what came back: by SMS to who agreed to be told, also of what they share, and
    /// by e-mail to a recipient who wants one.
    pub(super) async fn news_of(
        &self,
        preparation: &Preparation,
        package: &Package,
    ) -> Result<Vec<Message>, DownloadsError> {
        let inner = &self.0;
        let mut messages = Vec::new();
        let person = inner.store.person(preparation.person).await?;
        let Some(person) = person else { return Ok(messages) };
        let now = inner.clock.now();
        let mut told = HashSet::new();
        let mut requests = inner.store.requests_for(preparation.key).await?;
        // Who asked themselves is told that, and not that a recipient did.
        requests.sort_by_key(|request| matches!(request.asker, Asker::Recipient { .. }));
        for request in requests {
            let Some(holder) = inner.store.holder(request.asker, now).await? else { continue };
            // Who represents the person no more is told nothing.
            if inner.results.visible_to(&holder, request.order).await?.is_none() {
                continue;
            }
            let account = holder.account();
            if person.consent.messages && told.insert(account.id) {
                messages.extend(match &holder {
                    Holder::Account(_) => inner.site.download_back(account, package.until, now)?,
                    Holder::Recipient(_) => inner.site.shared_back(account, package.until, now)?,
                });
            }
            if let Holder::Recipient(open) = &holder
                && request.wants_message
                && let Some(recipient) = open.share.recipient(open.recipient)
            {
                let letters = Letters { site: inner.site.clone(), show_contacts: false };
                let told = Told { share: &open.share, person: &person, now };
                messages.push(letters.back(told, &recipient.email)?);
            }
        }
        Ok(messages)
    }
}

/// Runs what may block as long as somebody wants it; none when nobody does any more.
async fn while_wanted<T: Send + 'static>(
    live: &Arc<Live>,
    act: impl FnOnce(StopFlag) -> T + Send + 'static,
) -> Option<T> {
    let stop = StopFlag::default();
    let raised = stop.clone();
    let mut task = tokio::task::spawn_blocking(move || act(raised));
    loop {
        match tokio::time::timeout(LOOK, &mut task).await {
            Ok(done) if live.is_broken_off() => {
                drop(done);
                return None;
            }
            Ok(done) => return done.ok(),
            Err(_not_yet) if live.is_broken_off() => stop.stop(),
            Err(_not_yet) => {}
        }
    }
}

impl Wanted {
    /// Where it is: at a PACS that has it online if one does, else where it can come back from.
    fn find(&self, stop: &StopFlag) -> Result<(&PacsSettings, Availability), Looked> {
        let mut found: Option<(&PacsSettings, Availability)> = None;
        let mut fault = None;
        for pacs in &self.pacs {
            match availability(pacs, &self.study, stop) {
                Ok(Availability::Online) => return Ok((pacs, Availability::Online)),
                Ok(known) => {
                    let is_better =
                        found.is_none_or(|(_, before)| before == Availability::Unavailable);
                    if is_better {
                        found = Some((pacs, known));
                    }
                }
                Err(error) => {
                    let is_unknown = matches!(error, RecallError::NoSuchStudy);
                    if fault.is_none() || !is_unknown {
                        fault = Some((pacs, error));
                    }
                }
            }
        }
        found.ok_or_else(|| match fault {
            Some((pacs, error)) => failed(&pacs.name, &error),
            None => Looked::Never(FailureReason::NotAtPacs),
        })
    }
}

fn look(wanted: &[Wanted], stop: &StopFlag) -> Looked {
    for one in wanted {
        match one.find(stop) {
            Ok((_, Availability::Online)) => {}
            Ok((_, Availability::Unavailable)) => return Looked::Never(FailureReason::NotOnline),
            Ok((_, Availability::Nearline | Availability::Offline)) => return Looked::NotYet,
            // What does not answer may do so the next time.
            Err(looked) => return looked,
        }
    }
    Looked::Online
}

/// What came of asking.
enum Asked {
    /// All of it is online, or comes as it is asked for.
    AtHand,
    /// Something has to be waited for.
    ToCome,
}

fn ask(wanted: &[Wanted], stop: &StopFlag) -> Result<Asked, Looked> {
    let mut asked = Asked::AtHand;
    for one in wanted {
        let (pacs, known) = one.find(stop)?;
        match known {
            Availability::Online => continue,
            Availability::Unavailable => return Err(Looked::Never(FailureReason::NotOnline)),
            Availability::Nearline | Availability::Offline => {}
        }
        match ask_for(pacs, &one.study, stop) {
            // It delivers what it says is not online.
            Ok(None) if matches!(pacs.recall.ask, RecallAsk::Retrieve) => {}
            Ok(None) => asked = Asked::ToCome,
            Ok(Some(refusal)) => {
                let why = refusal.in_our_words();
                tracing::info!(pacs = pacs.name, why, "a PACS refuses a recall, and may do it");
                asked = Asked::ToCome;
            }
            Err(error) => return Err(failed(&pacs.name, &error)),
        }
    }
    Ok(asked)
}

fn failed(pacs: &str, error: &RecallError) -> Looked {
    let why = match error {
        RecallError::Pacs(error) | RecallError::Hook(error) => PacsError::in_our_words(error),
        other => other.to_string(),
    };
    tracing::warn!(pacs, why, "an examination cannot be asked for");
    match error {
        RecallError::NoSuchStudy => Looked::Never(FailureReason::NotAtPacs),
        _ => Looked::NotYet,
    }
}
