//! `_start.exe`: serves the package that it lies in on loopback, and opens the viewer in the browser.
//!
//! Invariants: nothing is written, nothing listens but on 127.0.0.1, no file outside the package is read,
//! and who does not know the address (128 random bits in its path) gets nothing.

#![cfg_attr(windows, windows_subsystem = "windows")]
#![deny(unsafe_code)]

mod answer;
mod life;
mod place;
mod request;
mod server;
mod system;
mod words;

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;

use place::Package;
use server::Server;
use words::Words;

/// Why the viewer cannot be opened; each has its sentences in [`words`].
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The program lies alone: it was started inside the ZIP, or moved out of its folder.
    NotUnpacked,
    /// No port of loopback can be used.
    NoPort,
    /// The system gives no random numbers.
    NoSecret,
    /// No browser could be opened; whoever reads it can open the address.
    NoBrowser(String),
}

fn main() {
    let words = Words::of_system();
    if let Err(trouble) = run() {
        let keeps_serving = matches!(trouble, Trouble::NoBrowser(_));
        system::tell(&words.title(), &words.about(&trouble));
        std::process::exit(if keeps_serving { 0 } else { 1 });
    }
}

/// Serves until the page is closed or nobody asks any more.
fn run() -> Result<(), Trouble> {
    let program = std::env::current_exe().map_err(|_| Trouble::NotUnpacked)?;
    // For tests: another place than the one of the program.
    let program = std::env::args_os().nth(1).map_or(program, PathBuf::from);
    let package = Package::around(&program).ok_or(Trouble::NotUnpacked)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|_| Trouble::NoPort)?;
    let port = listener.local_addr().map_err(|_| Trouble::NoPort)?.port();
    let secret = secret().ok_or(Trouble::NoSecret)?;
    let address = format!("http://127.0.0.1:{port}/{secret}/{}?starter", package.page());
    let server = Server::new(package, port, secret);
    let serving = server.serve_until_idle(listener);
    if !system::open(&address) {
        let trouble = Trouble::NoBrowser(address);
        system::tell(&Words::of_system().title(), &Words::of_system().about(&trouble));
    }
    // A thread that panicked has ended the serving.
    serving.join().unwrap_or(());
    Ok(())
}

/// 128 random bits as 32 hexadecimal digits.
fn secret() -> Option<String> {
    let mut bytes = [0_u8; 16];
    system::random(&mut bytes).then(|| bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
