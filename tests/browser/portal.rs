//! The portal of `esito demo` in Chromium.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::node;
use crate::support::Workplace;

/// First password, forced change, results, an order, the profile, log-out, recovery: every page in every look
/// that people ask their systems for, by keyboard, enlarged, in both languages, with script and without.
#[test]
fn a_patient_can_use_the_portal() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_esito"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the demonstration starts");
    let output = BufReader::new(demo.stdout.take().expect("its output"));
    let mut lines = output.lines().map_while(Result::ok);
    let origin = lines.find_map(|line| {
        Some(line.strip_prefix("The portal:")?.trim().trim_end_matches('/').to_owned())
    });
    // It listens when it says so.
    lines.find(|line| line.starts_with("listening"));
    let used = origin.map(|origin| node("portal.js").arg(origin).finish());
    // Asked to, so that it takes its folder with it.
    let asked = Command::new("kill").arg(demo.id().to_string()).status();
    assert!(asked.is_ok_and(|status| status.success()));
    demo.wait().expect("the demonstration ends");
    let used = used.expect("the demonstration says where it is");
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}

/// What is shown while the PACS takes its time, hangs up, comes back and goes again.
#[test]
fn a_patient_is_told_that_the_pacs_does_not_answer() {
    let workplace = Workplace::empty();
    let used = node("portal_states.js")
        .arg(env!("CARGO_BIN_EXE_esito"))
        .arg(workplace.beside("portal"))
        .finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}

/// Downloads on every page, on two devices, by events, by asking, without script; a study that is not online and comes
/// back; the images of an order looked at without downloading it.
#[test]
fn a_patient_can_download() {
    let used = node("downloads.js").arg(env!("CARGO_BIN_EXE_esito")).finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}

/// One order, three browsers: a patient shares it with two people, who follow the links of their mails, enter the PIN,
/// download and read; she sees it, and takes it back. What the demonstration says to try is done here.
#[test]
fn a_patient_shares_with_recipients_and_takes_it_back() {
    let used = node("shares.js").arg(env!("CARGO_BIN_EXE_esito")).finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}

/// No page weighs more than 60 KB on the wire.
#[test]
fn pages_are_light() {
    let used = node("weight.js").arg(env!("CARGO_BIN_EXE_esito")).finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}
