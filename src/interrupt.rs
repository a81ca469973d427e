//! Ctrl-C, SIGTERM and SIGHUP: the work is asked to stop, and ended if it cannot. What whoever started the program
//! had it ignore, as `nohup` does SIGHUP, stays ignored.

use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit;

/// How long the work may take to stop by itself. A write to a pipe that nobody reads never returns.
const GRACE: Duration = Duration::from_secs(2);
/// What asks to stop.
const KINDS: [SignalKind; 3] =
    [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];

/// Whether somebody asked to stop.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
    partial: Arc<Mutex<Option<PathBuf>>>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let us: then Ctrl-C ends the program at once.
    pub(crate) fn listen() -> (Self, io::Result<()>) {
        Self::listen_for(|| ())
    }

    /// Listens from now on; `asked` is called when somebody asks to stop.
    ///
    /// # Errors
    /// As [`Interrupt::listen`].
    pub(crate) fn listen_for(asked: impl Fn() + Send + 'static) -> (Self, io::Result<()>) {
        let interrupt = Self::default();
        let listener = interrupt.clone();
        let listening = hear(move || {
            listener.asked.store(true, Ordering::SeqCst);
            asked();
            std::thread::sleep(GRACE);
            listener.end();
        });
        (interrupt, listening)
    }

    /// Whether the work should stop.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Names the file to remove when the work has to be ended.
    pub(crate) fn set_partial(&self, path: Option<&Path>) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        *partial = path.map(Path::to_owned);
    }

    /// Ends the program: the main thread may hang in a write and cannot be woken.
    fn end(&self) {
        if let Some(path) = &*self.partial.lock().unwrap_or_else(PoisonError::into_inner) {
            // What cannot be removed cannot be told to anybody either.
            drop(std::fs::remove_file(path));
        }
        std::process::exit(i32::from(exit::CANCELLED));
    }
}

/// Calls `heard` in a thread of its own at the first signal.
///
/// # Errors
/// When the system gives no thread, or does not let us hear.
fn hear(heard: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _entered = runtime.enter();
        let heeded = KINDS.into_iter().filter(|kind| !is_ignored(&status, *kind));
        heeded.map(signal).collect::<io::Result<Vec<_>>>()?
    };
    let listen = move || {
        runtime.block_on(poll_fn(|context| {
            let is_heard = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if is_heard { Poll::Ready(()) } else { Poll::Pending }
        }));
        heard();
    };
    drop(std::thread::Builder::new().name("signals".to_owned()).spawn(listen)?);
    Ok(())
}

/// Whether the program was started with a signal ignored, by `/proc/self/status`.
fn is_ignored(status: &str, kind: SignalKind) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let place = u32::try_from(kind.as_raw_value() - 1).unwrap_or(u32::MAX);
    mask.checked_shr(place).unwrap_or(0) & 1 == 1
}
