//! The one thread that writes: verbs that wait together are committed together, with one fsync.
//!
//! **Invariant:** a verb is answered after its changes are on the disk, and never before.
//! **Invariant:** after a failed write or fsync nothing more is written: what the disk holds is not known
//! then, and a second fsync may say that all is well when it is not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;

use tokio::sync::{Notify, mpsc, oneshot};

use crate::error::StoreError;
use crate::sled::backup::Feed;
use crate::sled::disk::{CommitError, Disk};
use crate::sled::overlay::{Changes, Outcome, StoreFault, Transaction};
use crate::sled::table::Index;

/// Verbs that may wait; a caller beyond that waits to be let in.
const QUEUE: usize = 1024;
/// Verbs in one commit.
const GROUP: usize = 256;
/// Changed bytes after which a commit takes no further verb.
const GROUP_BYTES: usize = 1 << 20;

/// What the writer and the readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) tree: sled::Tree,
    /// Held for reading during a read of several keys, for writing while a commit is applied.
    pub(crate) applying: RwLock<()>,
    /// A backup under way hears of each commit.
    pub(crate) feed: Mutex<Option<Feed>>,
    /// Told when a message is due at another time than before.
    pub(crate) due: Notify,
    /// Told when somebody is to turn to a preparation at another time than before.
    pub(crate) preparations: Notify,
    /// A commit failed: nothing more is written.
    pub(crate) halted: AtomicBool,
}

impl Shared {
    /// Applies changes, all at once for whoever reads.
    pub(crate) fn apply(&self, changes: &Changes) -> Result<(), sled::Error> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        let _applying = self.applying.write().unwrap_or_else(PoisonError::into_inner);
        self.tree.apply_batch(batch)?;
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feed.as_mut() {
            feed.hear(changes);
        }
        let gained =
            |index: Index| changes.iter().any(|(key, value)| value.is_some() && index.holds(key));
        if gained(Index::MailByDue) || gained(Index::SmsByDue) {
            self.due.notify_one();
        }
        if gained(Index::PreparationByNext) {
            self.preparations.notify_one();
        }
        Ok(())
    }
}

/// A verb on its way through the writer.
trait Work: Send {
    /// Runs it; `false` when it wants nothing of it kept.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool;
    /// Sends the answer. Nobody waiting for it is no fault.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>, shared: &Shared);
}

struct Verb<F, T> {
    run: Option<F>,
    answer: Option<Result<T, StoreFault>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Work for Verb<F, T>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<Outcome<T>, StoreFault> + Send,
    T: Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool {
        let Some(run) = self.run.take() else { return false };
        let (answer, keep) = match run(transaction) {
            Ok(Outcome::Keep(answer)) => (Ok(answer), true),
            Ok(Outcome::Refuse(answer)) => (Ok(answer), false),
            Err(fault) => (Err(fault), false),
        };
        self.answer = Some(answer);
        keep
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>, shared: &Shared) {
        let answer = match (committed, self.answer) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(answer)) => answer.map_err(|fault| fault.into_error(&shared.folder)),
            (Ok(()), None) => Err(StoreError::Bug { what: "a verb panicked" }),
        };
        drop(self.reply.send(answer));
    }
}

/// The way in.
#[derive(Debug)]
pub(crate) struct Writer {
    /// None while it ends.
    queue: Option<mpsc::Sender<Box<dyn Work>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl std::fmt::Debug for dyn Work {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Work")
    }
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(shared: Arc<Shared>, mut disk: Disk) -> Result<Self, std::io::Error> {
        let (queue, works) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_groups(works, &shared, &mut disk))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Runs a verb and answers once it is on the disk.
    ///
    /// A caller that stops waiting does not stop the verb.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        verb: impl FnOnce(&mut Transaction<'_>) -> Result<Outcome<T>, StoreFault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work = Box::new(Verb { run: Some(verb), answer: None, reply });
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(work).await.map_err(|_closed| StoreError::Closed)?;
        answer.await.map_err(|_closed| StoreError::Closed)?
    }

    /// Whether the thread is gone: a panic ended it.
    pub(crate) fn is_gone(&self) -> bool {
        self.queue.as_ref().is_none_or(mpsc::Sender::is_closed)
    }
}

/// Waits until all that came before is on the disk, so that the files are free then.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported where it happened.
            drop(thread.join());
        }
    }
}

fn write_groups(mut works: mpsc::Receiver<Box<dyn Work>>, shared: &Shared, disk: &mut Disk) {
    while let Some(first) = works.blocking_recv() {
        let mut changes = Changes::new();
        let mut ran = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        let halted = shared.halted.load(Ordering::Relaxed);
        while let Some(mut work) = next.take() {
            if !halted {
                bytes += run(work.as_mut(), shared, &mut changes);
            }
            ran.push(work);
            if ran.len() < GROUP && bytes < GROUP_BYTES {
                next = works.try_recv().ok();
            }
        }
        let committed = if halted {
            Err(CommitError::Halted)
        } else if changes.is_empty() {
            Ok(())
        } else {
            disk.commit(shared, changes)
        };
        if committed.is_err() {
            shared.halted.store(true, Ordering::Relaxed);
        }
        for work in ran {
            let outcome = match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(error.for_caller(shared)),
            };
            work.answer(outcome, shared);
        }
    }
}

/// Runs a verb and tells how many bytes it changed. One that panics changes nothing and ends nobody
/// else's.
fn run(work: &mut dyn Work, shared: &Shared, changes: &mut Changes) -> usize {
    let mut transaction = Transaction::new(&shared.tree, changes);
    if let Ok(true) = catch_unwind(AssertUnwindSafe(|| work.run(&mut transaction))) {
        transaction.written_bytes()
    } else {
        transaction.undo();
        0
    }
}
