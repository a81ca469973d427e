//! Login through somebody else's identity provider, in a browser.

use std::time::Duration;

use crate::support::Workplace;
use crate::support::run;

/// `esito check`, login at the provider, logout here and there, a stranger, a change of mind.
#[test]
fn a_patient_logs_in_through_oidc_provider() {
    let workplace = Workplace::empty();
    let walked = run::node("provider.js")
        .time_limit(Duration::from_mins(3))
        .arg(env!("CARGO_BIN_EXE_esito"))
        .arg(workplace.beside("provider"))
        .finish();
    let text = String::from_utf8_lossy(&walked.stdout);
    assert_eq!(walked.code, Some(0), "{text}{}", walked.stderr);
}
