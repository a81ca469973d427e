//! The demonstration, walked through in a browser.

use std::time::Duration;

use crate::support::Workplace;
use crate::support::run;

/// Outbox (S-130), login, new password; the server is killed and started, and she is still logged in.
#[test]
fn the_demonstration_can_be_walked_through_and_survives_a_kill() {
    let workplace = Workplace::empty();
    let walked = run::node("demo.js")
        .time_limit(Duration::from_mins(3))
        .arg(env!("CARGO_BIN_EXE_esito"))
        .arg(workplace.beside("demo"))
        .finish();
    let text = String::from_utf8_lossy(&walked.stdout);
    assert_eq!(walked.code, Some(0), "{text}{}", walked.stderr);
}

#[test]
fn the_demonstration_shows_passwords_to_this_machine_only() {
    let refused = run::esito(&["demo", "--listen", "0.0.0.0:0"]).finish().expect_code(&[2]);
    assert!(refused.stderr.contains("listens on this machine only"), "{}", refused.stderr);
}
