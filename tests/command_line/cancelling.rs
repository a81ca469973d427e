//! Ctrl-C and its like, and a reader that goes away.

use std::io::Read;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::support::run::{self, Run, TIME_LIMIT};
use crate::support::{Workplace, names_in};

/// Large enough that no machine packages it before the signal arrives.
const LONG_STUDY: &[&str] = &["--study", "ct", "--slices", "400", "--rows", "512"];

/// `esito package` that hears every signal, whatever the tests were started with.
fn package() -> Run {
    run::program("env").args(["--default-signal", env!("CARGO_BIN_EXE_esito"), "package"])
}

fn wait_until_begun(place: &Workplace) {
    let begun = Instant::now();
    while names_in(&place.target()).is_empty() {
        assert!(begun.elapsed() < TIME_LIMIT, "no output was begun");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn kill(signal: &str, child: &Child) {
    let killed = run::program("kill").args([signal, &child.id().to_string()]).finish();
    assert_eq!(killed.code, Some(0), "{}", killed.stderr);
}

/// Ctrl-C in the middle of the work: exit 130, quickly, and nothing is left behind.
#[test]
fn ctrl_c_is_exit_130_and_leaves_no_file() {
    let place = Workplace::with_study(LONG_STUDY);
    for signal in ["-INT", "-TERM", "-HUP"] {
        // One thread: a signal that comes late must still find the program at work.
        let child = package()
            .args(["--jobs", "1", "--folder"])
            .arg(place.source())
            .arg("--out")
            .arg(place.zip())
            .start();
        wait_until_begun(&place);
        kill(signal, &child);
        let asked = Instant::now();
        run::finish(child, TIME_LIMIT).expect_code(&[130]);
        assert!(asked.elapsed() < Duration::from_secs(5), "ended after {:?}", asked.elapsed());
        assert_eq!(place.left_behind(), [""; 0]);
    }
}

/// Who starts it with `nohup` means it to go on when the terminal goes.
#[test]
fn a_hang_up_that_is_ignored_from_the_start_does_not_end_the_program() {
    let place = Workplace::with_study(&["--study", "ct", "--slices", "60", "--rows", "512"]);
    let child = run::program("sh")
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_esito"), "package"])
        .args(["--jobs", "1", "--folder"])
        .arg(place.source())
        .arg("--out")
        .arg(place.zip())
        .start();
    wait_until_begun(&place);
    kill("-HUP", &child);
    run::finish(child, TIME_LIMIT).expect_code(&[0]);
    assert_eq!(place.left_behind(), ["package.zip"]);
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
    run::finish(child, TIME_LIMIT).expect_code(&[6]);
    assert!(asked.elapsed() < Duration::from_secs(5), "ended after {:?}", asked.elapsed());
}

/// Ctrl-C while nobody reads the pipe: the program does not wait for the reader.
#[test]
fn ctrl_c_ends_a_program_that_waits_for_its_reader() {
    let place = Workplace::with_study(LONG_STUDY);
    let mut child = package().args(["--out", "-", "--folder"]).arg(place.source()).start();
    let mut pipe = child.stdout.take().expect("a pipe");
    let mut first = [0; 4096];
    pipe.read_exact(&mut first).expect("the first bytes");
    std::thread::sleep(Duration::from_secs(1));
    kill("-INT", &child);
    let asked = Instant::now();
    run::finish(child, Duration::from_secs(10)).expect_code(&[130]);
    assert!(asked.elapsed() < Duration::from_secs(5), "ended after {:?}", asked.elapsed());
    drop(pipe);
}
