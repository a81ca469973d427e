//! The bytes of a package on their way out: from its file, or behind whoever writes it.
//!
//! Pieces are read one ahead of what is sent. They grow with the speed of the client, so that a slow one holds
//! little memory and a fast one costs few calls.
//!
//! **Invariant:** a package that is given up, or may not be had any more, breaks the answer off: it never ends as if
//! it were whole.

use std::fs::File;
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{Semaphore, watch};

use crate::downloads::delivery::Ticket;
use crate::downloads::spool::{OpenPackage, Written};

/// The smallest and the largest piece, in bytes.
const PIECES: (u64, u64) = (64 << 10, 1 << 20);
/// A client that takes a piece faster gets larger ones, one that takes it slower smaller ones.
const PACE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));
/// A client that takes longer for one piece is gone.
pub(crate) const LONGEST: Duration = Duration::from_mins(10);
/// Large pieces that are kept to be filled again.
const SPARE: usize = 16;
/// Reads of the disk at a time.
const READS: usize = 4;
/// What the pieces of all downloads and looks that are under way are to take at most, as long as none is the smallest:
/// each holds up to three, one that is sent, one that is to be sent next and one that was read.
const PIECES_OF_ALL: u64 = 32 << 20;

/// Reads pieces of files, a few at a time. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Reads {
    gate: Arc<Semaphore>,
    spare: Spare,
    /// Downloads and looks under way.
    bodies: Arc<AtomicU64>,
}

/// Large buffers to be filled again: to allocate one costs as much as to fill it.
type Spare = Arc<Mutex<Vec<Vec<u8>>>>;

impl Default for Reads {
    fn default() -> Self {
        let gate = Arc::new(Semaphore::new(READS));
        Self { gate, spare: Spare::default(), bodies: Arc::default() }
    }
}

impl Reads {
    /// The largest piece now: many at a time get smaller ones.
    pub(super) fn most(&self) -> u64 {
        let bodies = self.bodies.load(Ordering::Relaxed).max(1);
        (PIECES_OF_ALL / bodies / 3).clamp(PIECES.0, PIECES.1)
    }

    /// Counts one more that takes pieces, as long as this is there.
    pub(super) fn under_way(&self) -> UnderWay {
        self.bodies.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.bodies))
    }

    /// So many bytes from `at`, all of them.
    pub(super) async fn piece(&self, file: Arc<File>, at: u64, length: u64) -> io::Result<Bytes> {
        let closed = |_closed| io::Error::other("the program ends");
        let permit = Arc::clone(&self.gate).acquire_owned().await.map_err(closed)?;
        let spare = Arc::clone(&self.spare);
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read_at(&file, at, length, spare)
        });
        read.await.map_err(|_panic| io::Error::other("a fault while a package was read"))?
    }
}

/// One that takes pieces: the others get smaller ones.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<AtomicU64>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn read_at(file: &File, at: u64, length: u64, spare: Spare) -> io::Result<Bytes> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let kept = if length as u64 == PIECES.1 {
        spare.lock().unwrap_or_else(PoisonError::into_inner).pop()
    } else {
        None
    };
    let mut buffer = Buffer { bytes: kept.unwrap_or_else(|| vec![0; length]), spare };
    file.read_exact_at(&mut buffer.bytes, at)?;
    Ok(Bytes::from_owner(buffer))
}

/// Goes back to the spare ones when nobody holds it.
struct Buffer {
    bytes: Vec<u8>,
    spare: Spare,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.bytes.len() as u64 == PIECES.1 {
            let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            if spare.len() < SPARE {
                spare.push(std::mem::take(&mut self.bytes));
            }
        }
    }
}

/// Where the bytes come from.
#[derive(Debug)]
pub(crate) enum Bytewise {
    /// A file that is whole.
    Whole(OpenPackage),
    /// A file that is written.
    Growing(Arc<File>, watch::Receiver<Written>),
}

/// The next piece; `None` behind the last one.
type Next = Pin<Box<dyn Future<Output = io::Result<Option<Bytes>>> + Send>>;

/// A part of a package as the body of an answer.
pub(crate) struct PackageBody {
    source: Bytewise,
    reads: Reads,
    at: u64,
    /// Where it ends; none while nobody knows.
    end: Option<u64>,
    piece: u64,
    asked: Instant,
    next: Option<Next>,
    ticket: Ticket,
    _under_way: UnderWay,
}

impl std::fmt::Debug for PackageBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("PackageBody");
        shown.field("at", &self.at).field("end", &self.end).finish_non_exhaustive()
    }
}

impl PackageBody {
    /// The bytes from `at` up to `end`; without an end as many as come.
    pub(crate) fn new(
        source: Bytewise,
        at: u64,
        end: Option<u64>,
        reads: Reads,
        ticket: Ticket,
    ) -> Self {
        let (piece, asked) = (PIECES.0, Instant::now());
        let under_way = reads.under_way();
        Self { source, reads, at, end, piece, asked, next: None, ticket, _under_way: under_way }
    }

    /// Begins to read the next piece.
    fn begin(&mut self) -> Next {
        let (reads, at) = (self.reads.clone(), self.at);
        let piece = self.piece.min(reads.most());
        let check = self.ticket.check();
        match &self.source {
            Bytewise::Whole(package) => {
                let file = Arc::clone(package.file());
                let left = self.end.unwrap_or_else(|| package.bytes()).saturating_sub(at);
                Box::pin(async move {
                    if left == 0 {
                        return Ok(None);
                    }
                    check.await?;
                    reads.piece(file, at, piece.min(left)).await.map(Some)
                })
            }
            Bytewise::Growing(file, written) => {
                let (file, mut written) = (Arc::clone(file), written.clone());
                Box::pin(async move {
                    let there = loop {
                        let now = *written.borrow_and_update();
                        match now {
                            Written::Bytes(bytes) | Written::Whole(bytes) if bytes > at => {
                                break bytes;
                            }
                            Written::Whole(_) => return Ok(None),
                            Written::GivenUp => return Err(io::Error::other("it was given up")),
                            Written::Bytes(_) => {}
                        }
                        let gone = |_gone| io::Error::other("it was given up");
                        written.changed().await.map_err(gone)?;
                    };
                    check.await?;
                    reads.piece(file, at, piece.min(there - at)).await.map(Some)
                })
            }
        }
    }

    /// Larger pieces for who takes them fast, smaller ones for who does not; fails for who takes nothing.
    fn pace(&mut self) -> io::Result<()> {
        let took = self.asked.elapsed();
        self.asked = Instant::now();
        if took > LONGEST {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if took < PACE.0 {
            self.piece = (self.piece * 2).min(self.reads.most());
        } else if took > PACE.1 {
            self.piece = (self.piece / 2).max(PIECES.0);
        }
        Ok(())
    }
}

impl Body for PackageBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let mut next = match self.next.take() {
            Some(next) => next,
            None => self.begin(),
        };
        match next.as_mut().poll(context) {
            Poll::Pending => {
                self.next = Some(next);
                Poll::Pending
            }
            Poll::Ready(Ok(None)) => {
                self.ticket.is_whole();
                // Nothing comes behind it: the length has been reached.
                let end = self.at;
                self.end = Some(end);
                Poll::Ready(None)
            }
            Poll::Ready(Ok(Some(piece))) => {
                if let Err(error) = self.pace() {
                    return Poll::Ready(Some(Err(error)));
                }
                let bytes = piece.len() as u64;
                self.at += bytes;
                self.ticket.sends(bytes);
                if self.end == Some(self.at) {
                    self.ticket.is_whole();
                } else {
                    // Read while this one is sent. What it wakes is this body again.
                    let mut ahead = self.begin();
                    self.next = match ahead.as_mut().poll(context) {
                        Poll::Pending => Some(ahead),
                        Poll::Ready(read) => Some(Box::pin(std::future::ready(read))),
                    };
                }
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == Some(self.at)
    }

    fn size_hint(&self) -> SizeHint {
        self.end
            .map_or_else(SizeHint::default, |end| SizeHint::with_exact(end.saturating_sub(self.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_downloads_share_the_memory_of_a_few() {
        let reads = Reads::default();
        for (bodies, most) in [(0, 1 << 20), (10, 1 << 20), (64, 174_762), (100, 111_848)] {
            reads.bodies.store(bodies, Ordering::Relaxed);
            assert_eq!(reads.most(), most, "{bodies}");
        }
        reads.bodies.store(10_000, Ordering::Relaxed);
        assert_eq!(reads.most(), PIECES.0);
    }
}
