//! Ctrl-C and SIGTERM: the work is asked to stop, and ended if it cannot.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::exit;

/// How long the work may take to stop by itself. A write to a pipe that nobody reads never returns.
const GRACE: Duration = Duration::from_secs(2);

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
    pub(crate) fn listen() -> (Self, Result<(), ctrlc::Error>) {
        Self::listen_for(|| ())
    }

    /// Listens from now on; `asked` is called when somebody asks to stop.
    ///
    /// # Errors
    /// As [`Interrupt::listen`].
    pub(crate) fn listen_for(
        asked: impl Fn() + Send + 'static,
    ) -> (Self, Result<(), ctrlc::Error>) {
        let interrupt = Self::default();
        let listener = interrupt.clone();
        let listening = ctrlc::set_handler(move || {
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
