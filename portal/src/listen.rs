//! Listeners: connections in, requests to a router, limits on both, an orderly end.

mod networks;
mod tls;
mod transport;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

pub use tls::{TlsFiles, UnusableTls};
pub use transport::{Transport, UnusableTransport};

use crate::accounts::Origin;
use crate::listen::networks::{Held, Networks};
use crate::task::Stop;

/// Who is at the other end of a connection, in the extensions of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub Option<SocketAddr>);

/// What a client may take.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections at a time; further ones wait. Of clients that connect themselves a network leaves a quarter of
    /// them to others: its further ones are closed.
    pub connections: usize,
    /// For the head of a request, TLS before it, and the pause between two requests.
    pub head_time: Duration,
    /// For a request as a whole, its body included.
    pub request_time: Duration,
    /// Without anything taken of what is sent.
    pub stall_time: Duration,
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// Lines of the head of a request.
    pub head_lines: usize,
    /// For requests under way when the listener ends.
    pub grace: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head_time: Duration::from_secs(15),
            request_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            head_lines: 64,
            grace: Duration::from_secs(10),
        }
    }
}

/// Open files of all but connections: the store, packages in work, what the portal listens on.
const OTHER_FILES: u64 = 512;

impl ConnectionLimits {
    /// The same with no more connections than so many open files are enough for: each has two, its socket and the
    /// package that is sent. Fewer are told of in the log.
    #[must_use]
    pub fn within(mut self, open_files: u64) -> Self {
        let most = open_files.saturating_sub(OTHER_FILES) / 2;
        let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
        if most < self.connections {
            let wished = self.connections;
            tracing::warn!(
                open_files,
                wished,
                connections = most,
                "fewer connections are served than portal.connections says: raise the hard limit of open files \
                 (LimitNOFILE of the unit, ulimit -Hn) to 512 and two for each"
            );
            self.connections = most;
        }
        self
    }

    /// The same for a router that refuses heads beyond the limits by itself, and says why: what is beyond these is
    /// refused with an empty answer, before any router sees it.
    pub(crate) fn with_room_for_heads(&self) -> Self {
        let (head_bytes, head_lines) = (self.head_bytes * 4, self.head_lines * 4);
        Self { head_bytes, head_lines, ..self.clone() }
    }
}

/// Where connections come from.
#[expect(missing_debug_implementations, reason = "the TLS acceptor has none")]
pub enum Listener {
    /// A TCP port, with what lies between clients and it; the acceptor is that of its TLS, if it is TLS.
    Tcp(TcpListener, Transport, Option<TlsAcceptor>),
    /// A socket in the file system.
    Unix(UnixListener),
}

/// Pause after the system refused a connection for want of something.
const REFUSED_PAUSE: Duration = Duration::from_millis(200);

/// How often it is said that connections are refused or closed: whoever connects on and on fills no log.
const SAID_AGAIN: Duration = Duration::from_mins(1);

/// When something was last said.
#[derive(Debug, Default)]
struct Said(Option<Instant>);

impl Said {
    /// Whether it is time to say it, which is done then.
    fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|said| said.elapsed() >= SAID_AGAIN);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

/// Serves until it is time to stop, then lets requests under way end.
pub async fn serve(listener: Listener, router: Router, limits: ConnectionLimits, stop: Stop) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections.max(1)));
    let networks = Networks::new(limits.connections);
    let (mut said_refused, mut said_closed) = (Said::default(), Said::default());
    loop {
        let place = tokio::select! {
            () = stop.asked() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else { break };
        let accepted = tokio::select! {
            () = stop.asked() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                if said_refused.is_due() {
                    tracing::warn!(%error, "connections cannot be accepted");
                }
                tokio::time::sleep(REFUSED_PAUSE).await;
                continue;
            }
        };
        let held = match listener.admit(&stream, &networks, places.available_permits()) {
            Ok(held) => held,
            Err(why) => {
                if said_closed.is_due() {
                    tracing::warn!(why, "connections are closed as they come");
                }
                continue;
            }
        };
        // Whoever takes nothing of an answer does not hold the connection for ever.
        if let Stream::Tcp(stream, ..) = &stream {
            let stall = u32::try_from(limits.stall_time.as_millis()).unwrap_or(u32::MAX);
            if let Err(error) = set_tcp_user_timeout(stream, stall) {
                tracing::warn!(%error, "a connection has no limit for stalling");
            }
        }
        let router = router.clone();
        let limits = limits.clone();
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let _place = (place, held);
            connection(stream, router, &limits, watcher).await;
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests under way were broken off");
    }
}

/// A connection before TLS.
enum Stream {
    Tcp(tokio::net::TcpStream, SocketAddr, Option<TlsAcceptor>),
    Unix(tokio::net::UnixStream),
}

impl Listener {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener, _, tls) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream, peer, tls.clone()))
            }
            Self::Unix(listener) => {
                let (stream, _unnamed) = listener.accept().await?;
                Ok(Stream::Unix(stream))
            }
        }
    }

    /// Counts a connection that may go on, where it counts for a network; why it may not. `free` is how many more
    /// there may be.
    fn admit(
        &self,
        stream: &Stream,
        networks: &Networks,
        free: usize,
    ) -> Result<Option<Held>, &'static str> {
        let (Self::Tcp(_, transport, _), Stream::Tcp(_, peer, _)) = (self, stream) else {
            return Ok(None);
        };
        if !transport.admits(peer.ip()) {
            return Err("they do not come from trusted_proxies");
        }
        if !transport.is_open() {
            return Ok(None);
        }
        let held = networks.hold(Origin(peer.ip()).network(), free);
        held.map(Some).ok_or("their network has as many as it may")
    }
}

async fn connection(stream: Stream, router: Router, limits: &ConnectionLimits, watcher: Watcher) {
    match stream {
        Stream::Tcp(stream, peer, None) => {
            requests(stream, Peer(Some(peer)), router, limits, watcher).await;
        }
        Stream::Tcp(stream, peer, Some(tls)) => {
            let shaken = tokio::time::timeout(limits.head_time, tls.accept(stream)).await;
            if let Ok(Ok(stream)) = shaken {
                requests(stream, Peer(Some(peer)), router, limits, watcher).await;
            }
        }
        Stream::Unix(stream) => requests(stream, Peer(None), router, limits, watcher).await,
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    limits: &ConnectionLimits,
    watcher: Watcher,
) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes)
        .max_headers(limits.head_lines);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    // Whatever ends a connection early is the client's affair.
    drop(watcher.watch(connection).await);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::enough(2560, 1024)]
    #[case::one_too_few(2559, 1023)]
    #[case::the_usual_soft_limit(1024, 256)]
    #[case::none_to_spare(512, 1)]
    #[case::nothing(0, 1)]
    #[case::without_end(u64::MAX, 1024)]
    fn each_connection_may_have_two_files(#[case] open_files: u64, #[case] expected: usize) {
        assert_eq!(ConnectionLimits::default().within(open_files).connections, expected);
    }

    #[test]
    fn what_happens_on_and_on_is_said_once_in_a_while() {
        let mut said = Said::default();
        assert!(said.is_due());
        assert!(!said.is_due() && !said.is_due());
        said.0 = Instant::now().checked_sub(SAID_AGAIN);
        assert!(said.is_due() && !said.is_due());
    }
}
