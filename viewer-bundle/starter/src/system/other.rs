//! Systems that are not Windows: for tests, and for whoever starts it there all the same.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

/// Opens an address in the browser of the user; `BROWSER` names another program.
pub fn open(address: &str) -> bool {
    let program = std::env::var_os("BROWSER").unwrap_or_else(|| "xdg-open".into());
    Command::new(program).arg(address).stdin(Stdio::null()).spawn().is_ok()
}

/// Writes a message where the program was started.
pub fn tell(title: &str, text: &str) {
    eprintln!("{title}: {text}");
}

/// Fills a buffer with random bytes; `false` when the system has none.
pub fn random(buffer: &mut [u8; 16]) -> bool {
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(buffer)).is_ok()
}

/// Whether the user has Italian set.
pub fn is_italian() -> bool {
    std::env::var("LANG").map_or(false, |language| language.starts_with("it"))
}
