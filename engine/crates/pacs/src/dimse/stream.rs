//! Both directions of a connection: TCP, or TLS over it, as client or as server.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustls::{
    ClientConnection, ConnectionCommon, ProtocolVersion, ServerConnection, SideData, StreamOwned,
};

use super::wire::{LOOK_EVERY, StopFlag, is_time_out};
use crate::error::PacsError;
use crate::tls::{ClientFault, TlsClient, TlsFault, TlsServer, not_after};

/// How long a refusal of our certificate may be on its way.
const SETTLE: Duration = Duration::from_millis(400);

/// A connected stream.
pub(crate) enum Stream {
    Plain(TcpStream),
    Client(Box<StreamOwned<ClientConnection, TcpStream>>),
    Server(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if matches!(self, Self::Plain(_)) { "TCP" } else { "TLS" })
    }
}

/// How long a handshake may take.
#[derive(Debug)]
pub(crate) struct Handshake<'a> {
    pub(crate) limit: Duration,
    pub(crate) setting: &'static str,
    pub(crate) stop: &'a StopFlag,
}

impl Stream {
    /// TLS as client with a host, which the certificate must name.
    pub(crate) fn client(
        mut socket: TcpStream,
        tls: &TlsClient,
        host: &str,
        within: &Handshake<'_>,
    ) -> Result<Self, PacsError> {
        let mut connection = tls.connection(host).map_err(PacsError::Tls)?;
        within.shake(&mut connection, &mut socket, |error| {
            PacsError::Tls(TlsFault::in_io(error).unwrap_or(TlsFault::HangsUp))
        })?;
        Ok(Self::Client(Box::new(StreamOwned::new(connection, socket))))
    }

    /// TLS as server.
    pub(crate) fn server(
        mut socket: TcpStream,
        tls: &TlsServer,
        within: &Handshake<'_>,
    ) -> Result<Self, PacsError> {
        let mut connection = tls.connection().map_err(PacsError::Tls)?;
        within.shake(&mut connection, &mut socket, |error| {
            PacsError::StoreTls(ClientFault::in_io(error))
        })?;
        Ok(Self::Server(Box::new(StreamOwned::new(connection, socket))))
    }

    /// The socket below, for its options.
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Client(tls) => &tls.sock,
            Self::Server(tls) => &tls.sock,
        }
    }

    /// Waits a moment for what a peer has against our certificate: in TLS 1.3 it says so only after the
    /// handshake.
    pub(crate) fn settle(&mut self) -> Result<(), PacsError> {
        if self.is_plain() {
            return Ok(());
        }
        let wait = self.socket().set_read_timeout(Some(SETTLE));
        wait.map_err(|error| PacsError::HungUp(error.to_string()))?;
        match self.read(&mut [0; 1]) {
            Err(error) if is_time_out(error.kind()) => Ok(()),
            Err(error) => Err(PacsError::Tls(TlsFault::in_io(&error).unwrap_or(TlsFault::HangsUp))),
            Ok(0) => Err(PacsError::Tls(TlsFault::HangsUp)),
            Ok(_) => Err(PacsError::Protocol("it speaks before it is asked".into())),
        }
    }

    /// What was agreed on, in words.
    pub(crate) fn session(&self) -> String {
        match self {
            Self::Plain(_) => "none".to_owned(),
            Self::Client(tls) => session(&tls.conn),
            Self::Server(tls) => session(&tls.conn),
        }
    }

    /// Whether there is no TLS.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(into),
            Self::Client(tls) => tls.read(into),
            Self::Server(tls) => tls.read(into),
        }
    }

    /// Writes all of it, and waits for nothing.
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = match self {
            Self::Plain(socket) => return socket.write_all(bytes),
            Self::Client(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
            Self::Server(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
        };
        // A peer that does not like our certificate says so after the handshake (TLS 1.3), and closes:
        // why it did stands in what it sent before.
        written.map_err(|error| match self.read(&mut [0; 1]) {
            Err(reason) if TlsFault::in_io(&reason).is_some() => reason,
            _ => error,
        })
    }
}

fn session<S: SideData>(connection: &ConnectionCommon<S>) -> String {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS",
    };
    let suite = connection.negotiated_cipher_suite();
    let suite = suite.and_then(|suite| suite.suite().as_str()).unwrap_or("an unnamed suite");
    let until =
        connection.peer_certificates().and_then(<[_]>::first).and_then(|one| not_after(one));
    let until =
        until.map_or_else(String::new, |until| format!(", its certificate runs out on {until}"));
    format!("{version} with {suite}{until}")
}

impl Drop for Stream {
    /// Says goodbye in TLS, so that the peer knows that nothing was cut off.
    fn drop(&mut self) {
        match self {
            Self::Plain(_) => {}
            Self::Client(tls) => {
                tls.conn.send_close_notify();
                drop(tls.flush());
            }
            Self::Server(tls) => {
                tls.conn.send_close_notify();
                drop(tls.flush());
            }
        }
    }
}

impl Handshake<'_> {
    fn shake<S: SideData>(
        &self,
        connection: &mut ConnectionCommon<S>,
        socket: &mut TcpStream,
        fault: impl Fn(&io::Error) -> PacsError,
    ) -> Result<(), PacsError> {
        let begun = Instant::now();
        let wait = Some(self.limit.min(LOOK_EVERY));
        socket
            .set_read_timeout(wait)
            .and_then(|()| socket.set_write_timeout(wait))
            .map_err(|error| PacsError::HungUp(error.to_string()))?;
        while connection.is_handshaking() {
            if self.stop.is_stopped() {
                return Err(PacsError::Stopped);
            }
            if begun.elapsed() > self.limit {
                let (what, limit, setting) = ("the TLS handshake", self.limit, self.setting);
                return Err(PacsError::TimedOut { what, limit, setting });
            }
            match connection.complete_io(socket) {
                Ok(_) => {}
                Err(error) if is_time_out(error.kind()) => {}
                Err(error) => {
                    // What we have against the peer is told to it.
                    drop(connection.write_tls(socket));
                    return Err(fault(&error));
                }
            }
        }
        Ok(())
    }
}
