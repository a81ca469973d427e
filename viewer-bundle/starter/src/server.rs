//! The server: one thread a connection, on loopback only.
//!
//! Invariant: without the secret in the path, or under another name than 127.0.0.1 (a page elsewhere whose
//! name was made to point here), nothing is answered but 404.

use std::io::{self, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::answer::{send_file, send_status};
use crate::life::Life;
use crate::place::Package;
use crate::request::{Malformed, Request};

/// Browsers open six; somebody else's program may not take all memory.
const MOST_CONNECTIONS: usize = 64;
/// A connection on which nothing is asked for so long is closed.
const QUIET: Duration = Duration::from_secs(60);
/// How often it is looked whether the program is to end.
const LOOK: Duration = Duration::from_millis(50);

/// What all connections share.
#[derive(Debug)]
pub struct Server {
    package: Package,
    host: String,
    /// `/<secret>/`.
    prefix: String,
    life: Life,
    connections: AtomicUsize,
}

impl Server {
    /// A server of a package, not yet begun.
    pub fn new(package: Package, port: u16, secret: String) -> Arc<Self> {
        Arc::new(Self {
            package,
            host: format!("127.0.0.1:{port}"),
            prefix: format!("/{secret}/"),
            life: Life::new(Instant::now()),
            connections: AtomicUsize::new(0),
        })
    }

    /// Serves in a thread, which ends when nobody asks any more.
    pub fn serve_until_idle(self: Arc<Self>, listener: TcpListener) -> JoinHandle<()> {
        thread::spawn(move || {
            if listener.set_nonblocking(true).is_err() {
                return;
            }
            while !self.life.is_over(Instant::now()) {
                match listener.accept() {
                    Ok((stream, _)) => Arc::clone(&self).begin(stream),
                    // Nobody there, or somebody who went away again.
                    Err(_) => thread::sleep(LOOK),
                }
            }
        })
    }

    fn begin(self: Arc<Self>, stream: TcpStream) {
        if self.connections.fetch_add(1, Ordering::SeqCst) >= MOST_CONNECTIONS {
            self.connections.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        thread::spawn(move || {
            // A connection that breaks concerns the browser alone: it asks again.
            self.converse(&stream).unwrap_or(());
            self.connections.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn converse(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(QUIET))?;
        stream.set_write_timeout(Some(QUIET))?;
        let mut reader = BufReader::new(stream);
        loop {
            match Request::read(&mut reader) {
                Ok(request) => self.answer(&request, &mut stream)?,
                Err(Malformed::Ended) => return Ok(()),
                Err(Malformed::Head) => return send_status(&mut stream, "400 Bad Request"),
                Err(Malformed::Method) => {
                    return send_status(&mut stream, "405 Method Not Allowed")
                }
            }
        }
    }

    fn answer(&self, request: &Request, stream: &mut &TcpStream) -> io::Result<()> {
        let path = match request.path.strip_prefix(&self.prefix) {
            Some(path) if request.host == self.host => path,
            _ => return send_status(stream, "404 Not Found"),
        };
        let now = Instant::now();
        // Each tab has a name of its own.
        let (word, tab) = path.split_once('/').unwrap_or((path, ""));
        match word {
            "bye" | "moved" => {
                if word == "bye" {
                    self.life.left(tab, now);
                } else {
                    self.life.moved(tab);
                }
                send_status(stream, "204 No Content")?;
                // Its body was not read.
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            "alive" => {
                self.life.heard(tab, now);
                send_status(stream, "204 No Content")
            }
            _ => {
                if self.package.is_silent_page(path) {
                    self.life.opened(now);
                } else {
                    self.life.asked(now);
                }
                match self.package.file(path) {
                    Some(file) => send_file(stream, &file, request.is_head),
                    None => send_status(stream, "404 Not Found"),
                }
            }
        }
    }
}
