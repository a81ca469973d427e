//! C-MOVE (PS3.4 §C.4.2): the PACS opens associations to our Store SCP and sends instances there.
//!
//! Threads: one asks and reads the answers, one accepts, one serves each association; the caller's
//! takes the instances. All end before [`move_to_us`] does.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver as Queue, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Scope as Threads};
use std::time::{Duration, Instant};

use model::StudyInstanceUid;

use super::association::request;
use super::c_get::ended;
use super::command::{Incoming, Operation, Request, StoreRequest, encode_echo_response};
use super::context::Proposal;
use super::identifier::Identifier;
use super::status::Category;
use super::store_scp::{accept, serve};
use super::stream::{Handshake, Stream};
use super::wire::{StopFlag, Wire};
use crate::error::PacsError;
use crate::retrieve::{Scope, identifiers};
use crate::settings::{DimseSettings, QueryRoot, StoreScp, TimeOuts};
use crate::source::{Received, Receiver, Taken, Wanted};

/// Study Root and Patient Root Query/Retrieve Information Model – MOVE.
const STUDY_ROOT: &str = "1.2.840.10008.5.1.4.1.2.2.2";
const PATIENT_ROOT: &str = "1.2.840.10008.5.1.4.1.2.1.2";
const MAX_ANSWER_BYTES: usize = 16 << 20;
/// How often the waiting thread looks at what goes on.
const TICK: Duration = Duration::from_millis(50);
/// How long instances may still come in after the last answer.
const AFTERMATH: Duration = Duration::from_secs(2);

/// What the threads tell the one that takes the instances.
enum Event {
    Instance(Received, SyncSender<Taken>),
    Ended(Result<(), PacsError>),
}

/// What the threads share.
#[derive(Debug, Default)]
struct Shared {
    stop: StopFlag,
    /// Associations of the Store SCP that are open.
    open: AtomicUsize,
    /// Associations of the Store SCP so far.
    accepted: AtomicUsize,
    /// Grows with all that counts as progress.
    progress: AtomicU64,
    /// The message that asks, once it is known: what names another originator is not ours.
    message_id: AtomicUsize,
    /// Why the PACS was not let in.
    turned_away: Mutex<Option<PacsError>>,
}

impl Shared {
    /// Takes note of why an association came to nothing, if it is a matter of configuration.
    fn note(&self, error: PacsError) {
        if matches!(error, PacsError::NotExpected { .. } | PacsError::StoreTls(_)) {
            *self.turned_away.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }

    /// What a PACS that was not let in says of it is of less use than why it was not.
    fn explained(&self, result: Result<(), PacsError>, is_whole: bool) -> Result<(), PacsError> {
        let mut turned_away = self.turned_away.lock().unwrap_or_else(PoisonError::into_inner);
        match (turned_away.take(), result) {
            (Some(error), Ok(())) if !is_whole => Err(error),
            (Some(_), Err(PacsError::Stopped)) => Err(PacsError::Stopped),
            (Some(error), Err(_)) => Err(error),
            (_, result) => result,
        }
    }

    fn progress(&self) {
        self.progress.fetch_add(1, Ordering::SeqCst);
    }
}

/// Has instances sent to us.
///
/// # Errors
/// [`PacsError`]; what came by then was delivered.
pub(crate) fn move_to_us(
    settings: &DimseSettings,
    stop: &StopFlag,
    study: &StudyInstanceUid,
    scope: Scope,
    wanted: &[&Wanted],
    receiver: &mut dyn Receiver,
) -> Result<(), PacsError> {
    let scp = settings.store_scp.as_ref().ok_or(PacsError::NoStoreScp)?;
    let listening = TcpListener::bind(scp.listen)
        .and_then(|listener| listener.local_addr().map(|address| (listener, address)));
    let (listener, address) = listening
        .map_err(|source| PacsError::Listen { address: scp.listen.to_string(), source })?;
    let identifiers = identifiers(settings.root, study, scope, wanted);
    let shared = Shared::default();
    // Nothing is gathered here: whoever sends waits until it is taken.
    let (events, queue) = sync_channel(0);
    thread::scope(|threads| {
        let (shared, of_accept) = (&shared, events.clone());
        spawn(threads, "esito-accept", move || {
            accept_all(threads, &listener, settings, scp, shared, &of_accept);
        })?;
        let asking = spawn(threads, "esito-move", move || {
            let ended = ask_all(settings, shared, identifiers);
            drop(events.send(Event::Ended(ended)));
        });
        let result = asking.and_then(|()| take_all(settings, stop, shared, &queue, receiver));
        // Whoever waits there to be taken sees that nobody takes any more.
        drop(queue);
        shared.stop.stop();
        wake(address);
        let is_whole = !wanted.iter().any(|wanted| receiver.is_missing(&wanted.sop_instance));
        shared.explained(result, is_whole)
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

fn take_all(
    settings: &DimseSettings,
    stop: &StopFlag,
    shared: &Shared,
    queue: &Queue<Event>,
    receiver: &mut dyn Receiver,
) -> Result<(), PacsError> {
    let limit = settings.time_outs.no_progress;
    let mut seen = (shared.progress.load(Ordering::SeqCst), Instant::now());
    let mut ended: Option<(Result<(), PacsError>, Instant)> = None;
    loop {
        let mut came = false;
        match queue.recv_timeout(TICK) {
            Ok(Event::Instance(received, answer)) => {
                let taken = receiver.receive(received);
                came = true;
                // A connection that broke meanwhile takes no answer, and needs none.
                let answered = answer.send(taken).is_ok();
                if answered && taken == Taken::Stop {
                    return Err(PacsError::Stopped);
                }
            }
            Ok(Event::Ended(result)) => ended = Some((result, Instant::now())),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(PacsError::Stopped),
        }
        if stop.is_stopped() {
            return Err(PacsError::Stopped);
        }
        let progress = shared.progress.load(Ordering::SeqCst);
        if came || progress != seen.0 {
            seen = (progress, Instant::now());
        }
        if let Some((result, at)) = ended.take() {
            let idle = seen.1.max(at).elapsed();
            let is_over = shared.open.load(Ordering::SeqCst) == 0 || idle > AFTERMATH;
            if is_over && !came {
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

/// Sends the requests and reads their answers.
fn ask_all(
    settings: &DimseSettings,
    shared: &Shared,
    identifiers: Vec<Identifier>,
) -> Result<(), PacsError> {
    let model = match settings.root {
        QueryRoot::Study => STUDY_ROOT,
        QueryRoot::Patient => PATIENT_ROOT,
    };
    // A peer need not answer before the end; that instances come is watched elsewhere.
    let time_outs = TimeOuts { no_progress: settings.time_outs.total, ..settings.time_outs };
    let patient = DimseSettings { time_outs, ..settings.clone() };
    let mut messages = request(&patient, &[Proposal::service(model)], &shared.stop)?;
    shared.progress();
    let Some(context) = messages.context_of(model).cloned() else {
        messages.release();
        let calling = settings.calling_ae_title.to_string();
        return Err(PacsError::NoContext { what: "C-MOVE".into(), calling });
    };
    let mut last = Ok(());
    for identifier in identifiers {
        let message_id = messages.next_message_id();
        shared.message_id.store(message_id.into(), Ordering::SeqCst);
        let (operation, sop_class) = (Operation::Move, model);
        let destination = Some(settings.calling_ae_title.as_str());
        let ask = Request { operation, message_id, sop_class, destination };
        messages.send_request(context.id, &ask, &identifier.encode(&context.transfer_syntax))?;
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
                if let Err(error) = ended("C-MOVE", &response) {
                    last = Err(error);
                }
                break;
            }
        }
    }
    messages.release();
    last
}

/// Accepts connections until it is stopped.
fn accept_all<'scope>(
    threads: &'scope Threads<'scope, '_>,
    listener: &TcpListener,
    settings: &'scope DimseSettings,
    scp: &'scope StoreScp,
    shared: &'scope Shared,
    events: &SyncSender<Event>,
) {
    while let Ok((stream, _)) = listener.accept() {
        if shared.stop.is_stopped() {
            return;
        }
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        let already_open = shared.open.fetch_add(1, Ordering::SeqCst);
        let events = events.clone();
        let served = spawn(threads, "esito-store", move || {
            let is_full = already_open >= scp.associations;
            // A broken association shows in what is missing, and that is asked for again.
            if let Err(error) = serve_one(stream, settings, scp, is_full, shared, &events) {
                shared.note(error);
            }
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
        if served.is_err() {
            shared.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn serve_one(
    socket: TcpStream,
    settings: &DimseSettings,
    scp: &StoreScp,
    is_full: bool,
    shared: &Shared,
    events: &SyncSender<Event>,
) -> Result<(), PacsError> {
    let stream = match &scp.tls {
        None => Stream::Plain(socket),
        Some(tls) => {
            let (limit, setting) = (settings.time_outs.association, "time_outs.association");
            Stream::server(socket, tls, &Handshake { limit, setting, stop: &shared.stop })?
        }
    };
    let limit = settings.limits.bytes_per_second;
    let wire = Wire::new(stream, settings.time_outs, limit, shared.stop.clone())?;
    let messages = accept(wire, settings, is_full)?;
    shared.progress();
    serve(
        messages,
        settings,
        || shared.progress(),
        |store, received| {
            if is_of_another(store, settings, shared) {
                return Taken::Refused;
            }
            let (answer, taken) = sync_channel(1);
            if events.send(Event::Instance(received, answer)).is_err() {
                return Taken::Stop;
            }
            taken.recv().unwrap_or(Taken::Stop)
        },
    )
}

/// Whether the peer says that another retrieval asked for the instance.
fn is_of_another(store: &StoreRequest, settings: &DimseSettings, shared: &Shared) -> bool {
    store.originator.as_ref().is_some_and(|(title, message_id)| {
        title == settings.calling_ae_title.as_str()
            && usize::from(*message_id) != shared.message_id.load(Ordering::SeqCst)
    })
}
