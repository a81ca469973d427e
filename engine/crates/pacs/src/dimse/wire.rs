//! PDUs over a socket (PS3.8 §9.3): whole ones in, whole ones out, against a clock.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::ops::Range;
#[cfg(target_os = "linux")]
use std::os::linux::net::TcpStreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::stream::Stream;
use crate::error::PacsError;
use crate::settings::TimeOuts;
use crate::throttle::Throttle;
use crate::tls::TlsFault;

/// Maximum Length Received (PS3.8 §D.1) that we announce: the body of a P-DATA-TF PDU.
pub(crate) const MAX_PDU_BYTES: u32 = 128 << 10;
/// The longest PDU of the negotiation that we read: 128 contexts with all their names.
const MAX_NEGOTIATION_BYTES: u32 = 1 << 20;
/// PDU type, a reserved byte, PDU length.
const HEADER_BYTES: usize = 6;
/// How often a wait looks whether it should go on.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(crate) const ASSOCIATE_RQ: u8 = 0x01;
pub(crate) const ASSOCIATE_AC: u8 = 0x02;
pub(crate) const ASSOCIATE_RJ: u8 = 0x03;
pub(crate) const P_DATA_TF: u8 = 0x04;
pub(crate) const RELEASE_RQ: u8 = 0x05;
pub(crate) const RELEASE_RP: u8 = 0x06;
pub(crate) const ABORT: u8 = 0x07;

/// Tells a retrieval that nobody wants its instances any more.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// From now on every wait on the network ends, within a quarter of a second.
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether [`StopFlag::stop`] was called.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How long the next thing may take.
#[derive(Debug)]
struct Clock {
    what: &'static str,
    setting: &'static str,
    limit: Duration,
    since: Instant,
    total: Duration,
    begun: Instant,
}

impl Clock {
    fn left(&self) -> Result<Duration, PacsError> {
        let left = self.limit.saturating_sub(self.since.elapsed());
        let of_total = self.total.saturating_sub(self.begun.elapsed());
        if of_total.is_zero() {
            let (what, limit) = ("the whole association", self.total);
            return Err(PacsError::TimedOut { what, limit, setting: "time_outs.total" });
        }
        if left.is_zero() {
            let Self { what, limit, setting, .. } = *self;
            return Err(PacsError::TimedOut { what, limit, setting });
        }
        Ok(left.min(of_total))
    }
}

/// A PDU in the buffer of the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) body: Range<usize>,
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    buffer: Vec<u8>,
    /// What of the buffer was read and not yet given out.
    filled: Range<usize>,
    /// How long the socket waits for bytes.
    read_time_out: Duration,
    clock: Clock,
    time_outs: TimeOuts,
    stop: StopFlag,
    throttle: Throttle,
}

impl Wire {
    /// Takes a connected stream over.
    pub(crate) fn new(
        stream: Stream,
        time_outs: TimeOuts,
        throttle: Throttle,
        stop: StopFlag,
    ) -> Result<Self, PacsError> {
        stream.socket().set_nodelay(true).map_err(|error| hung_up(&error))?;
        let now = Instant::now();
        let clock = Clock {
            what: "the answer to the association request",
            setting: "time_outs.association",
            limit: time_outs.association,
            since: now,
            total: time_outs.total,
            begun: now,
        };
        let buffer = vec![0; 2 * HEADER_BYTES + MAX_PDU_BYTES as usize];
        let (filled, read_time_out) = (0..0, Duration::ZERO);
        Ok(Self { stream, buffer, filled, read_time_out, clock, time_outs, stop, throttle })
    }

    /// The address of the peer.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.stream.socket().peer_addr().ok().map(|address| address.ip())
    }

    /// The association is established: from now on the time without progress counts.
    pub(crate) fn established(&mut self) {
        self.clock.what = "the next step";
        self.clock.setting = "time_outs.no_progress";
        self.clock.limit = self.time_outs.no_progress;
        self.progress();
    }

    /// Something came on: the time without progress begins anew.
    pub(crate) fn progress(&mut self) {
        self.clock.since = Instant::now();
    }

    /// The release may take as long as the association request.
    pub(crate) fn releasing(&mut self) {
        self.clock.what = "the release of the association";
        self.clock.setting = "time_outs.association";
        self.clock.limit = self.time_outs.association;
        self.progress();
    }

    /// Reads a whole PDU.
    ///
    /// # Errors
    /// [`PacsError`] when it is longer than we announced, when the connection ends, when it is late.
    pub(crate) fn read_frame(&mut self) -> Result<Frame, PacsError> {
        self.fill(HEADER_BYTES)?;
        let header = self.buffer.get(self.filled.clone()).and_then(<[u8]>::first_chunk);
        let Some([kind, second, l0, l1, l2, l3]) = header.copied() else {
            return Err(PacsError::Protocol("a PDU without header".into()));
        };
        // The header of a TLS alert: what a peer answers to whom it expects in TLS (RFC 8446 §5.1).
        if [kind, second] == [0x15, 0x03] && self.stream.is_plain() {
            return Err(PacsError::WantsTls);
        }
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let limit = match kind {
            ASSOCIATE_RQ | ASSOCIATE_AC => MAX_NEGOTIATION_BYTES,
            P_DATA_TF => MAX_PDU_BYTES,
            ASSOCIATE_RJ | RELEASE_RQ | RELEASE_RP | ABORT => 64,
            _ => return Err(PacsError::Protocol(format!("a PDU of unknown type {kind:02X}H"))),
        };
        if length > limit {
            let sentence = format!("a PDU of {length} bytes, where {limit} are allowed");
            return Err(PacsError::Protocol(sentence));
        }
        let whole = HEADER_BYTES + length as usize;
        self.fill(whole)?;
        let start = self.filled.start;
        self.filled.start += whole;
        Ok(Frame { kind, body: start + HEADER_BYTES..start + whole })
    }

    /// Bytes of the last PDU read.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// The last PDU read, with its header.
    pub(crate) fn with_header(&self, frame: &Frame) -> &[u8] {
        self.bytes(frame.body.start.saturating_sub(HEADER_BYTES)..frame.body.end)
    }

    /// Reads until `wanted` bytes are in the buffer, and a little of the next header.
    fn fill(&mut self, wanted: usize) -> Result<(), PacsError> {
        if self.filled.len() >= wanted {
            return Ok(());
        }
        let room = wanted + HEADER_BYTES;
        if self.filled.start > 0 && self.filled.start + room > self.buffer.len() {
            self.buffer.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let until = self.filled.start + room;
        while self.filled.len() < wanted {
            let read = self.read_some(until)?;
            self.filled.end += read;
            self.wait(self.throttle.took(read as u64))?;
        }
        Ok(())
    }

    fn read_some(&mut self, until: usize) -> Result<usize, PacsError> {
        loop {
            let wait = self.clock.left()?.min(LOOK_EVERY);
            if self.stop.is_stopped() {
                return Err(PacsError::Stopped);
            }
            self.ready_to_wait(wait).map_err(|error| hung_up(&error))?;
            let room = self.buffer.get_mut(self.filled.end..until).unwrap_or_default();
            match self.stream.read(room) {
                Ok(0) => return Err(PacsError::HungUp("it was closed before the end".into())),
                Ok(read) => return Ok(read),
                Err(error) if is_time_out(error.kind()) => {}
                Err(error) => return Err(hung_up(&error)),
            }
        }
    }

    /// A peer that sends an answer in two writes, and leaves Nagle's algorithm on, holds the second one
    /// until the first is acknowledged: so that is done at once, and not after the 40 ms for which the
    /// system would wait for something to send along.
    fn ready_to_wait(&mut self, wait: Duration) -> std::io::Result<()> {
        let socket = self.stream.socket();
        #[cfg(target_os = "linux")]
        drop(socket.set_quickack(true));
        if self.read_time_out != wait {
            socket.set_read_timeout(Some(wait))?;
            self.read_time_out = wait;
        }
        Ok(())
    }

    /// Waits as the limit wants; the peer is not to blame for it.
    fn wait(&mut self, mut wait: Duration) -> Result<(), PacsError> {
        self.clock.since += wait;
        while !wait.is_zero() {
            if self.stop.is_stopped() {
                return Err(PacsError::Stopped);
            }
            let step = wait.min(LOOK_EVERY);
            std::thread::sleep(step);
            wait -= step;
        }
        Ok(())
    }

    /// Sends whole PDUs in one write.
    pub(crate) fn send(&mut self, pdus: &[u8]) -> Result<(), PacsError> {
        let wait = self.clock.left()?;
        self.stream.socket().set_write_timeout(Some(wait)).map_err(|error| hung_up(&error))?;
        self.stream.write_all(pdus).map_err(|error| {
            if is_time_out(error.kind()) {
                let what = "the sending of a message";
                PacsError::TimedOut { what, limit: wait, setting: self.clock.setting }
            } else {
                hung_up(&error)
            }
        })
    }
}

pub(super) fn is_time_out(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn hung_up(error: &std::io::Error) -> PacsError {
    match TlsFault::in_io(error) {
        Some(fault) => PacsError::Tls(fault),
        None if error.kind() == ErrorKind::UnexpectedEof => {
            PacsError::HungUp("it was closed before the end".into())
        }
        None => PacsError::HungUp(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    const RELEASE: [u8; 10] = [RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0];

    /// Answers each PDU with two, one write for each, with Nagle's algorithm.
    fn answer_in_two_writes(listener: &TcpListener) {
        let (mut peer, _) = listener.accept().unwrap();
        while peer.read_exact(&mut [0; RELEASE.len()]).is_ok() {
            peer.write_all(&RELEASE).unwrap();
            peer.write_all(&RELEASE).unwrap();
        }
    }

    #[test]
    fn a_peer_with_nagles_algorithm_does_not_wait_for_our_acknowledgement() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let peer = std::thread::spawn(move || answer_in_two_writes(&listener));
        let (throttle, stop) = (Throttle::default(), StopFlag::default());
        let mut wire =
            Wire::new(Stream::Plain(socket), TimeOuts::default(), throttle, stop).unwrap();
        let mut rounds: Vec<_> = (0..30)
            .map(|_| {
                let begun = Instant::now();
                wire.send(&RELEASE).unwrap();
                wire.read_frame().unwrap();
                wire.read_frame().unwrap();
                begun.elapsed()
            })
            .collect();
        drop(wire);
        peer.join().unwrap();
        // Each takes 40 ms otherwise, but for some of the first ones.
        rounds.sort_unstable();
        assert!(rounds[15] < Duration::from_millis(20), "{rounds:?}");
    }
}
