//! Ctrl-C, and a reader that goes away.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::support::run::{self, TIME_LIMIT};
use crate::support::{Workplace, names_in};

/// Large enough that no machine packages it before the signal arrives.
const LONG_STUDY: &[&str] = &["--study", "ct", "--slices", "400", "--rows", "512"];

/// Ctrl-C in the middle of the work: exit 130, quickly, and nothing is left behind.
#[test]
fn ctrl_c_is_exit_130_and_leaves_no_file() {
    let place = Workplace::with_study(LONG_STUDY);
    for signal in ["-INT", "-TERM"] {
        // One thread: a signal that comes late must still find the program at work.
        let child = run::esito(&["package", "--jobs", "1", "--folder"])
            .arg(place.source())
            .arg("--out")
            .arg(place.zip())
            .start();
        let begun = Instant::now();
        while names_in(&place.target()).is_empty() {
            assert!(begun.elapsed() < TIME_LIMIT, "no output was begun");
            std::thread::sleep(Duration::from_millis(5));
        }
        let process = child.id().to_string();
        let killed = run::program("kill").args([signal, &process]).finish();
        assert_eq!(killed.code, Some(0), "{}", killed.stderr);
        let asked = Instant::now();
        run::finish(child, TIME_LIMIT).expect_code(&[130]);
        assert!(asked.elapsed() < Duration::from_secs(5), "ended after {:?}", asked.elapsed());
        assert_eq!(place.left_behind(), [""; 0]);
    }
}

/// The reader of a pipe goes away (a browser is closed): the program ends, without a panic.
#[test]
fn a_reader_that_goes_away_ends_the_program() {
    let place = Workplace::with_study(LONG_STUDY);
    let mut child = run::esito(&["package", "--out", "-", "--folder"]).arg(place.source()).start();
    let mut pipe = child.stdout.take().expect("a pipe");
    let mut first = [0; 4096];
    pipe.read_exact(&mut first).expect("the first bytes");
    assert!(first.starts_with(b"PK\x03\x04"));
    drop(pipe);
    let asked = Instant::now();
    run::finish(child, TIME_LIMIT).expect_code(&[130, 6]);
    assert!(asked.elapsed() < Duration::from_secs(5), "ended after {:?}", asked.elapsed());
}

/// Ctrl-C while nobody reads the pipe: the program does not wait for the reader.
#[test]
fn ctrl_c_ends_a_program_that_waits_for_its_reader() {
    let place = Workplace::with_study(LONG_STUDY);
    let mut child = run::esito(&["package", "--out", "-", "--folder"]).arg(place.source()).start();
    let mut pipe = child.stdout.take().expect("a pipe");
    let mut first = [0; 4096];
    pipe.read_exact(&mut first).expect("the first bytes");
    std::thread::sleep(Duration::from_secs(1));
    let killed = run::program("kill").args(["-INT", &child.id().to_string()]).finish();
    assert_eq!(killed.code, Some(0), "{}", killed.stderr);
    let asked = Instant::now();
    run::finish(child, Duration::from_secs(10)).expect_code(&[130]);
    assert!(asked.elapsed() < Duration::from_secs(5), "ended after {:?}", asked.elapsed());
    drop(pipe);
}
