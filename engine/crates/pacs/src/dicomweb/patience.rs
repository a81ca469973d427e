//! Waits on the socket that end when nobody wants the answer any more.

use std::time::{Duration, Instant};

use ureq::Error;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, Transport, time,
};

use crate::dimse::wire::StopFlag;

/// How often a wait looks whether it should go on.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why a wait ended, inside an [`std::io::Error`]. `ErrorKind::Interrupted` would say it, but readers take
/// that for a reason to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nobody wants it any more")]
pub(super) struct Unwanted;

/// Lets a flag end the waits of the connection below.
#[derive(Debug)]
pub(super) struct PatienceConnector(pub(super) StopFlag);

impl<In: Transport> Connector<In> for PatienceConnector {
    type Out = Patient<In>;

    fn connect(
        &self,
        _details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| Patient { inner, stop: self.0.clone() }))
    }
}

/// A connection whose waits are short, and begin anew until their time is over.
#[derive(Debug)]
pub(super) struct Patient<T> {
    inner: T,
    stop: StopFlag,
}

impl<T: Transport> Transport for Patient<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = timeout.for_read();
        let begun = Instant::now();
        loop {
            if self.stop.is_stopped() {
                return Err(Error::Io(std::io::Error::other(Unwanted)));
            }
            let left = timeout.after.saturating_sub(begun.elapsed());
            let look = left.min(LOOK_EVERY);
            let mut short = timeout;
            short.after = time::Duration::Exact(look);
            match self.inner.await_input(short) {
                Err(Error::Timeout(_)) if left > look => {}
                other => return other,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
