//! Exit codes: what scripts rely on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use engine::{Fault, PackError, PackageReport};

use crate::messages::Messages;

/// Wrong arguments or configuration.
pub(crate) const USAGE: u8 = 2;
/// The package is made, and an expected instance is not in it.
pub(crate) const INCOMPLETE: u8 = 3;
/// What came in cannot be packaged.
pub(crate) const REFUSED: u8 = 4;
/// A PACS, or the network before it.
pub(crate) const PACS: u8 = 5;
/// The local disk, or whoever reads the output.
pub(crate) const STORAGE: u8 = 6;
/// Somebody asked to stop.
pub(crate) const CANCELLED: u8 = 130;
/// A fault of this program.
const BUG: u8 = 70;

/// Prints what the parser of the arguments has to say: help is success, the rest is not.
pub(crate) fn of_arguments(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    match (error.use_stderr(), printed) {
        (false, Ok(())) => ExitCode::SUCCESS,
        (false, Err(_)) => ExitCode::from(STORAGE),
        (true, _) => ExitCode::from(USAGE),
    }
}

/// The code of a command. A panic in it is a fault of this program, and was told by the hook.
pub(crate) fn of_work(work: impl FnOnce() -> ExitCode) -> ExitCode {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_told| ExitCode::from(BUG))
}

/// The code of a package that was made.
pub(crate) fn of_report(report: &PackageReport) -> ExitCode {
    if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) }
}

/// The code of a package that was not.
pub(crate) fn of_error(error: &PackError) -> ExitCode {
    ExitCode::from(match error.fault() {
        Fault::Request => USAGE,
        Fault::Data => REFUSED,
        Fault::Pacs => PACS,
        Fault::Storage => STORAGE,
        Fault::Cancelled => CANCELLED,
        _ => BUG,
    })
}

/// The code of `esito fixtures`.
pub(crate) fn of_fixtures(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            let is_storage = error.chain().any(<dyn std::error::Error>::is::<std::io::Error>);
            ExitCode::from(if is_storage { STORAGE } else { USAGE })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_command_is_a_fault_of_the_program() {
        // Exit codes can be compared by what they print only.
        let told = |code: ExitCode| format!("{code:?}");
        assert_eq!(told(of_work(|| panic!("ROSSI^MARIA TEST"))), told(ExitCode::from(70)));
        assert_eq!(told(of_work(|| ExitCode::from(USAGE))), told(ExitCode::from(USAGE)));
    }
}
