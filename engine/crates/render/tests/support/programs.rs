//! Runs encoders and decoders of other people.

use std::path::Path;
use std::process::{Command, Stdio};

#[path = "../../../../../tests/support/optional.rs"]
mod optional;

/// Runs a program in a folder; `false` where it is not installed and need not be.
pub(crate) fn run(program: &str, arguments: &[&str], folder: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) => {
            assert!(status.success(), "{program} {arguments:?} failed");
            true
        }
        Err(fault) => {
            optional::leave_out(&format!("{program}: {fault}"));
            false
        }
    }
}
