//! Requests for a forgotten password or user name, worked on behind the answer: its time tells nothing.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use crate::accounts::{Accounts, AccountsError, Origin};
use crate::task::Stop;

/// Requests that may wait.
const WAITING: usize = 256;

/// What somebody asked for.
pub(crate) enum Asked {
    /// A code for a new password.
    Password {
        /// Whose, as typed.
        user_name: String,
        /// From where.
        from: Origin,
        /// What this browser is known by.
        device: Option<String>,
    },
    /// The user name.
    UserName {
        /// Whose, as typed.
        email: String,
        /// From where.
        from: Origin,
    },
}

/// Too many wait.
#[derive(Debug)]
pub(crate) struct Full;

/// Takes requests.
#[derive(Debug, Clone)]
pub(crate) struct Recovery {
    asked: mpsc::Sender<Asked>,
    work: Arc<Mutex<mpsc::Receiver<Asked>>>,
}

impl Recovery {
    /// With nothing to do.
    pub(crate) fn new() -> Self {
        let (asked, work) = mpsc::channel(WAITING);
        Self { asked, work: Arc::new(Mutex::new(work)) }
    }

    /// Has it worked on; at once, whatever it is.
    pub(crate) fn ask(&self, asked: Asked) -> Result<(), Full> {
        self.asked.try_send(asked).map_err(|_full| Full)
    }

    /// Works until it is time to stop.
    pub(crate) async fn work(self, accounts: Accounts, stop: Stop) {
        let mut work = self.work.lock().await;
        loop {
            let asked = tokio::select! {
                () = stop.asked() => return,
                asked = work.recv() => asked,
            };
            let Some(asked) = asked else { return };
            if let Err(error) = answer(&accounts, asked).await {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot help recover");
            }
        }
    }
}

async fn answer(accounts: &Accounts, asked: Asked) -> Result<(), AccountsError> {
    match asked {
        Asked::Password { user_name, from, device } => {
            accounts.send_code(&user_name, from, device.as_deref()).await?;
        }
        Asked::UserName { email, from } => {
            accounts.send_user_names(&email, from).await?;
        }
    }
    Ok(())
}
