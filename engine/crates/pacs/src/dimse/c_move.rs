//! C-MOVE (PS3.4 §C.4.2): the PACS opens associations to our Store SCP and sends instances there.
//!
//! Threads: some ask and read the answers, one accepts, one serves each association; the caller's
//! watches. All end before [`move_to_us`] does.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver as Queue, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope as Threads};
use std::time::{Duration, Instant};

use super::association::request;
use super::c_get::ended;
use super::command::{
    Incoming, Operation, Request, StoreRequest, SubOperations, encode_echo_response,
};
use super::context::Proposal;
use super::identifier::Identifier;
use super::messages::Messages;
use super::port::{PATIENCE, listen};
use super::status::Category;
use super::store_scp::{accept, serve};
use super::stream::{Handshake, Stream};
use super::wire::{StopFlag, Wire};
use crate::error::PacsError;
use crate::lanes::{Requests, SharedReceiver, in_lanes};
use crate::retrieve::{DimsePacs, Pass, identifiers};
use crate::settings::{DimseSettings, QueryRoot, StoreScp, TimeOuts};
use crate::source::{Extent, Received, Receiver, Taken, Wanted};
use crate::throttle::Throttle;

/// Study Root and Patient Root Query/Retrieve Information Model – MOVE.
const STUDY_ROOT: &str = "1.2.840.10008.5.1.4.1.2.2.2";
const PATIENT_ROOT: &str = "1.2.840.10008.5.1.4.1.2.1.2";
const MAX_ANSWER_BYTES: usize = 16 << 20;
/// How often the waiting thread looks at what goes on.
const TICK: Duration = Duration::from_millis(50);
const SHORT_TICK: Duration = Duration::from_millis(5);
/// How long instances may still come in after the last answer.
const AFTERMATH: Duration = Duration::from_secs(2);
/// Connections that nobody has let in yet, or ever will: more are closed unread.
const MOST_STRANGERS: usize = 16;

/// What the threads share.
struct Shared<'a> {
    pacs: &'a DimsePacs,
    stop: StopFlag,
    /// How much of the study is wanted.
    extent: Extent,
    receiver: SharedReceiver<'a>,
    /// Connections to the Store SCP that are open.
    open: AtomicUsize,
    /// Those that are associations of the PACS.
    admitted: AtomicUsize,
    /// Connections to the Store SCP so far.
    accepted: AtomicUsize,
    /// Instances that are being taken, which is not the time of the peer.
    taking: AtomicUsize,
    /// Instances that were accepted.
    came: AtomicU64,
    /// Instances that the PACS says it sent.
    owed: AtomicU64,
    /// A request went well of which the PACS counts nothing: how many come for it, nobody knows.
    is_uncounted: AtomicBool,
    /// Grows with all that counts as progress.
    progress: AtomicU64,
    /// The requests of the retrieval, those of the passes before this one too.
    asked: &'a Asked,
    /// Why the PACS was not let in, or what failed on this machine.
    of_ours: Mutex<Option<PacsError>>,
}

/// Message IDs of the requests of one retrieval: an instance that names another originator is not ours.
///
/// They stay when they are answered: many PACS answer before they send, and one that is busy sends for the first
/// pass what comes in the second.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<HashSet<u16>>);

impl Asked {
    /// A number for one more request.
    fn begin(&self) -> u16 {
        let message_id = next_message_id();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(message_id);
        message_id
    }

    fn contains(&self, message_id: u16) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&message_id)
    }
}

/// The Message ID of the last request of this process: what still comes of a retrieval that was withdrawn does
/// not pass for that of the next one.
static LAST_MESSAGE_ID: AtomicU16 = AtomicU16::new(0);

/// A number for the next request, different from those of all retrievals and never 0.
fn next_message_id() -> u16 {
    loop {
        let message_id = LAST_MESSAGE_ID.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        if message_id != 0 {
            return message_id;
        }
    }
}

impl<'a> Shared<'a> {
    fn new(
        pacs: &'a DimsePacs,
        extent: Extent,
        asked: &'a Asked,
        receiver: SharedReceiver<'a>,
    ) -> Self {
        Self {
            pacs,
            stop: StopFlag::default(),
            extent,
            receiver,
            open: AtomicUsize::new(0),
            admitted: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            taking: AtomicUsize::new(0),
            came: AtomicU64::new(0),
            owed: AtomicU64::new(0),
            is_uncounted: AtomicBool::new(false),
            progress: AtomicU64::new(0),
            asked,
            of_ours: Mutex::default(),
        }
    }
}

impl Shared<'_> {
    /// Takes note of why an association came to nothing, if that is to be mended here. What fails on
    /// this machine would fail again.
    fn note(&self, error: PacsError) {
        if error.is_local() {
            self.receiver.stop();
        } else if !matches!(error, PacsError::NotExpected { .. } | PacsError::StoreTls(_)) {
            return;
        }
        *self.of_ours.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// What a PACS says that was not let in, or whose instances could not be kept, is of less use than
    /// why that is so.
    fn explained(&self, result: Result<(), PacsError>, is_whole: bool) -> Result<(), PacsError> {
        let mut of_ours = self.of_ours.lock().unwrap_or_else(PoisonError::into_inner);
        match (of_ours.take(), result) {
            (Some(error), Ok(())) if !is_whole => Err(error),
            (Some(error), Err(_)) if error.is_local() => Err(error),
            (Some(_), Err(PacsError::Stopped)) => Err(PacsError::Stopped),
            (Some(error), Err(_)) => Err(error),
            (_, result) => result,
        }
    }

    fn progress(&self) {
        self.progress.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes note of what a request that went well brings. Who answers before sending counts nothing yet.
    fn owe(&self, done: &SubOperations) {
        let sent = u64::from(done.completed) + u64::from(done.warning);
        self.owed.fetch_add(sent, Ordering::SeqCst);
        self.is_uncounted.fetch_or(sent == 0 && done.failed == 0, Ordering::SeqCst);
    }

    /// Whether the PACS says that it sent more than came by now.
    fn is_owed(&self) -> bool {
        self.came.load(Ordering::SeqCst) < self.owed.load(Ordering::SeqCst)
    }

    /// Whether the peer says that another retrieval asked for the instance.
    fn is_of_another(&self, store: &StoreRequest) -> bool {
        store.originator.as_ref().is_some_and(|(title, message_id)| {
            title == self.pacs.settings.calling_ae_title.as_str()
                && !self.asked.contains(*message_id)
        })
    }

    fn take(&self, store: &StoreRequest, received: Received) -> Taken {
        if self.is_of_another(store) {
            return Taken::Refused;
        }
        self.taking.fetch_add(1, Ordering::SeqCst);
        let taken = self.receiver.lane().receive(received);
        self.came.fetch_add(u64::from(taken == Taken::Accepted), Ordering::SeqCst);
        self.taking.fetch_sub(1, Ordering::SeqCst);
        self.progress();
        taken
    }
}

/// Has instances sent to us. The port is ours: see [`super::port`].
///
/// # Errors
/// [`PacsError`]; what came by then was delivered.
pub(crate) fn move_to_us(
    pacs: &DimsePacs,
    pass: &Pass<'_>,
    receiver: &mut dyn Receiver,
) -> Result<(), PacsError> {
    let scp = pacs.settings.store_scp.as_ref().ok_or(PacsError::NoStoreScp)?;
    let listener = listen(scp.listen, &pacs.stop, PATIENCE)?;
    let address = listener
        .local_addr()
        .map_err(|source| PacsError::Listen { address: scp.listen.to_string(), source })?;
    let (scope, lanes) = pacs.share_out(pass);
    let identifiers = identifiers(pacs.settings.root, pass.study, scope, pass.wanted);
    let receiver = SharedReceiver::new(receiver, pass.expected);
    let shared = Shared::new(pacs, pass.extent, pass.asked, receiver);
    let (ended, end) = sync_channel(1);
    thread::scope(|threads| {
        let shared = &shared;
        spawn(threads, "esito-accept", move || accept_all(threads, &listener, scp, shared))?;
        let asking = spawn(threads, "esito-move", move || {
            let asked = in_lanes(identifiers, lanes, |requests| ask(shared, requests));
            drop(ended.send(asked));
        });
        let result = asking.and_then(|()| watch(shared, &end, pass.wanted));
        shared.stop.stop();
        wake(address);
        let result = shared.receiver.ended(result);
        shared.explained(result, has_all(shared, pass.wanted))
    })
}

fn spawn<'scope>(
    threads: &'scope Threads<'scope, '_>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> Result<(), PacsError> {
    let spawned = thread::Builder::new().name(name.into()).spawn_scoped(threads, work);
    spawned.map(drop).map_err(PacsError::Spool)
}

/// The accepting thread waits in the system: a connection shows it that it is to end.
fn wake(address: SocketAddr) {
    let ip = match address {
        SocketAddr::V4(_) if address.ip().is_unspecified() => [127, 0, 0, 1].into(),
        SocketAddr::V6(_) if address.ip().is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        _ => address.ip(),
    };
    let address = SocketAddr::new(ip, address.port());
    drop(TcpStream::connect_timeout(&address, Duration::from_secs(1)));
}

/// Waits for the end of the requests and of what they bring.
fn watch(
    shared: &Shared<'_>,
    end: &Queue<Result<(), PacsError>>,
    wanted: &[&Wanted],
) -> Result<(), PacsError> {
    let limit = shared.pacs.settings.time_outs.no_progress;
    let mut seen = (shared.progress.load(Ordering::SeqCst), Instant::now());
    let mut ended: Option<(Result<(), PacsError>, Instant)> = None;
    loop {
        match end.recv_timeout(TICK) {
            Ok(result) => ended = Some((result, Instant::now())),
            Err(RecvTimeoutError::Timeout) => {}
            // It has said its end.
            Err(RecvTimeoutError::Disconnected) if ended.is_some() => thread::sleep(SHORT_TICK),
            Err(RecvTimeoutError::Disconnected) => return Err(PacsError::Stopped),
        }
        if shared.pacs.stop.is_stopped() || shared.receiver.is_stopped() {
            return Err(PacsError::Stopped);
        }
        let progress = shared.progress.load(Ordering::SeqCst);
        let is_taking = shared.taking.load(Ordering::SeqCst) > 0;
        if is_taking || progress != seen.0 {
            seen = (progress, Instant::now());
        }
        if let Some((result, at)) = ended.take() {
            let idle = seen.1.max(at).elapsed();
            let is_closed = shared.open.load(Ordering::SeqCst) == 0;
            let is_owed = shared.is_owed();
            // Who says that all went well may connect only then, and for each instance anew.
            let is_more = is_owed || shared.is_uncounted.load(Ordering::SeqCst);
            let is_over = is_closed && (result.is_err() || !is_more);
            // What is not listed comes with the rest, or after it.
            let is_all = !is_owed && shared.extent != Extent::MoreThanListed;
            let is_enough = is_all && has_all(shared, wanted);
            if !is_taking && (is_over || is_enough || idle > AFTERMATH) {
                return result;
            }
            ended = Some((result, at));
        } else if seen.1.elapsed() > limit {
            let what = match shared.accepted.load(Ordering::SeqCst) {
                0 => {
                    "its connection back to us (it must know our AE title with host and port of `[store_scp]`)"
                }
                _ => "the next instance by C-MOVE",
            };
            return Err(PacsError::TimedOut { what, limit, setting: "time_outs.no_progress" });
        }
    }
}

/// A peer may keep its association for a while after the last instance.
fn has_all(shared: &Shared<'_>, wanted: &[&Wanted]) -> bool {
    let lane = shared.receiver.lane();
    !wanted.iter().any(|wanted| lane.is_missing(&wanted.sop_instance))
}

/// Sends requests over one association, and reads their answers.
fn ask(shared: &Shared<'_>, requests: &Requests<Identifier>) -> Result<(), PacsError> {
    let settings = &shared.pacs.settings;
    let model = match settings.root {
        QueryRoot::Study => STUDY_ROOT,
        QueryRoot::Patient => PATIENT_ROOT,
    };
    // A peer need not answer before the end; that instances come is watched elsewhere.
    let time_outs = TimeOuts { no_progress: settings.time_outs.total, ..settings.time_outs };
    let patient = DimsePacs {
        settings: DimseSettings { time_outs, ..settings.clone() },
        stop: shared.stop.clone(),
        throttle: Throttle::default(),
    };
    let mut messages = request(&patient, &[Proposal::service(model)])?;
    shared.progress();
    let Some(context) = messages.context_of(model).cloned() else {
        messages.release();
        let calling = settings.calling_ae_title.to_string();
        return Err(PacsError::NoContext { what: "C-MOVE".into(), calling });
    };
    let mut last = Ok(());
    while let Some(identifier) = requests.next() {
        let message_id = shared.asked.begin();
        let (operation, sop_class) = (Operation::Move, model);
        let destination = Some(settings.calling_ae_title.as_str());
        let ask = Request { operation, message_id, sop_class, destination };
        messages.send_request(context.id, &ask, &identifier.encode(&context.transfer_syntax))?;
        if let Err(error) = await_end(shared, &mut messages, message_id)? {
            last = Err(error);
        }
    }
    messages.release();
    last
}

/// Reads the answers to a request: an error of the association, or how the request ended.
fn await_end(
    shared: &Shared<'_>,
    messages: &mut Messages,
    message_id: u16,
) -> Result<Result<(), PacsError>, PacsError> {
    let mut done = 0;
    loop {
        let Some(message) = messages.receive()? else {
            return Err(PacsError::HungUp("it is released before the last answer".into()));
        };
        let response = match message.incoming {
            Incoming::Response(response) if response.responding_to == message_id => response,
            Incoming::Echo { message_id } => {
                messages.send_command(message.context, &encode_echo_response(message_id))?;
                continue;
            }
            _ => return Err(PacsError::Protocol("an answer to another message".into())),
        };
        if message.has_data_set {
            drop(messages.receive_small(message.context, MAX_ANSWER_BYTES)?);
        }
        if response.sub_operations.done() > done {
            done = response.sub_operations.done();
            shared.progress();
        }
        if response.status.category() != Category::Pending {
            let ended = ended("C-MOVE", &response, shared.extent);
            if ended.is_ok() {
                shared.owe(&response.sub_operations);
            }
            return Ok(ended);
        }
    }
}

/// Accepts connections until it is stopped.
fn accept_all<'scope>(
    threads: &'scope Threads<'scope, '_>,
    listener: &TcpListener,
    scp: &'scope StoreScp,
    shared: &'scope Shared<'_>,
) {
    loop {
        let accepted = listener.accept();
        if shared.stop.is_stopped() {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // Too many files are open, say: that passes.
            thread::sleep(TICK);
            continue;
        };
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        let open = Counted::below(&shared.open, scp.associations.saturating_add(MOST_STRANGERS));
        let Some(open) = open else { continue };
        // Where there is no thread, the connection goes with what it would have done.
        drop(spawn(threads, "esito-store", move || {
            // A broken association shows in what is missing, and that is asked for again.
            if let Err(error) = serve_one(stream, scp, shared) {
                shared.note(error);
            }
            drop(open);
        }));
    }
}

/// One among so many at a time; dropped, it counts no more.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    /// `None` where there are so many.
    fn below(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let more = |count: usize| (count < most).then_some(count.saturating_add(1));
        let counted = count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        counted.is_ok().then(|| Self(count))
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn serve_one(socket: TcpStream, scp: &StoreScp, shared: &Shared<'_>) -> Result<(), PacsError> {
    let settings = &shared.pacs.settings;
    let stream = match &scp.tls {
        None => Stream::Plain(socket),
        Some(tls) => {
            let (limit, setting) = (settings.time_outs.association, "time_outs.association");
            Stream::server(socket, tls, &Handshake { limit, setting, stop: &shared.stop })?
        }
    };
    let (throttle, stop) = (shared.pacs.throttle.clone(), shared.stop.clone());
    let wire = Wire::new(stream, settings.time_outs, throttle, stop)?;
    // Only who is let in takes a place of the PACS.
    let mut place = None;
    let messages = accept(wire, settings, || {
        place = Counted::below(&shared.admitted, scp.associations);
        place.is_some()
    })?;
    shared.progress();
    let take = |store: &StoreRequest, received| shared.take(store, received);
    let served = serve(messages, settings, || shared.progress(), take);
    drop(place);
    served
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimse::context::VERIFICATION;
    use crate::settings::{PacsLimits, RetrieveMethod, StoreFrom};

    #[test]
    fn the_requests_of_all_retrievals_have_numbers_of_their_own() {
        let count = usize::from(u16::MAX);
        let mut numbers: Vec<_> = (0..count).map(|_| next_message_id()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // Other tests may take some meanwhile.
        assert!(numbers.len() > count - 100, "{}", numbers.len());
        assert!(!numbers.contains(&0));
    }

    /// A PACS at a port here that is called as we are, and we ourselves at the other end.
    fn pacs_at(address: SocketAddr, associations: usize) -> DimsePacs {
        let title: model::AeTitle = "ESITO".parse().unwrap();
        let settings = DimseSettings {
            host: address.ip().to_string(),
            port: address.port(),
            tls: None,
            called_ae_title: title.clone(),
            calling_ae_title: title,
            retrieve: RetrieveMethod::Move,
            root: QueryRoot::Study,
            more_keys: Vec::new(),
            limits: PacsLimits::default(),
            time_outs: TimeOuts::default(),
            store_scp: Some(StoreScp {
                listen: address,
                tls: None,
                associations,
                from: StoreFrom::default(),
            }),
            spool_folder: scratch::ScratchFolder::of_system(),
        };
        DimsePacs::new(settings, StopFlag::default())
    }

    struct Nobody;

    impl Receiver for Nobody {
        fn receive(&mut self, _received: Received) -> Taken {
            Taken::Refused
        }

        fn is_missing(&self, _sop_instance: &model::SopInstanceUid) -> bool {
            true
        }
    }

    #[test]
    fn who_says_nothing_takes_no_place_of_the_pacs() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let pacs = pacs_at(address, 2);
        let scp = pacs.settings.store_scp.clone().unwrap();
        let mut nobody = Nobody;
        let receiver = SharedReceiver::new(&mut nobody, 1);
        let asked = Asked::default();
        let shared = Shared::new(&pacs, Extent::Some, &asked, receiver);
        let associate = || request(&pacs, &[Proposal::service(VERIFICATION)]);
        let (listener, scp, shared) = (&listener, &scp, &shared);
        let (strangers, admitted, rejected) = thread::scope(|threads| {
            threads.spawn(move || accept_all(threads, listener, scp, shared));
            let strangers: Vec<_> = (0..5).map(|_| TcpStream::connect(address)).collect();
            let admitted = [associate(), associate()];
            let rejected = associate();
            shared.stop.stop();
            wake(address);
            (strangers, admitted, rejected)
        });
        assert!(strangers.iter().all(Result::is_ok));
        assert!(admitted.iter().all(Result::is_ok), "{admitted:?}");
        assert!(matches!(rejected, Err(PacsError::Rejected { .. })), "{rejected:?}");
    }
}
