//! The pieces of an answer on their way to a browser, each as soon as there is room for it.
//!
//! **Invariant:** what is not all of it never ends as if it were.

use std::io;

use axum::body::{Body, Bytes};
use http_body_util::channel::{Channel, Sender};
use tokio::time::timeout;

use crate::downloads::LONGEST;

/// Takes the pieces of one answer.
#[derive(Debug)]
pub(crate) struct Pieces(Sender<Bytes, io::Error>);

impl Pieces {
    /// These and the body that they come out of; one waits to be taken.
    pub(crate) fn new() -> (Self, Body) {
        let (sender, body) = Channel::new(1);
        (Self(sender), Body::new(body))
    }

    /// Sends a piece; `None` when the browser went away, or took nothing for [`LONGEST`], which breaks the answer off.
    pub(crate) async fn send(mut self, piece: Bytes) -> Option<Self> {
        if piece.is_empty() {
            return Some(self);
        }
        let sent = timeout(LONGEST, self.0.send_data(piece)).await;
        match sent {
            Ok(Ok(())) => Some(self),
            Ok(Err(_gone)) => None,
            Err(_elapsed) => {
                self.break_off(io::ErrorKind::TimedOut.into());
                None
            }
        }
    }

    /// Breaks the answer off.
    pub(crate) fn break_off(self, error: io::Error) {
        self.0.abort(error);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;
    use http_body_util::BodyExt as _;
    use tokio::time::{Instant, sleep};

    use super::*;

    fn piece() -> Bytes {
        Bytes::from_static(b"piece")
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_for_long_is_broken_off() {
        let (pieces, body) = Pieces::new();
        let pieces = pieces.send(piece()).await.unwrap();
        let begun = Instant::now();
        assert!(pieces.send(piece()).await.is_none());
        assert!(begun.elapsed() >= LONGEST);
        assert!(to_bytes(body, 99).await.is_err(), "it ends as if it were whole");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_gets_all_of_it() {
        let (mut pieces, mut body) = Pieces::new();
        let sent = tokio::spawn(async move {
            for _ in 0..3 {
                pieces = pieces.send(piece()).await?;
            }
            Some(())
        });
        let mut bytes = 0;
        loop {
            sleep(LONGEST.saturating_sub(Duration::from_secs(1))).await;
            let Some(frame) = body.frame().await else { break };
            bytes += frame.unwrap().into_data().unwrap().len();
        }
        assert_eq!((bytes, sent.await.unwrap()), (15, Some(())));
    }
}
