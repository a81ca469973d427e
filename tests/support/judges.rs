//! Calls the judges in `tests/judges`: one Python process for a package.

use std::path::{Path, PathBuf};

use crate::support::optional::may_be_missing;
use crate::support::run::{self, Finished, Run};

/// A script of `tests/judges`, in the environment that `make test` installs. One that can go on without a program of
/// others is told so where it may be missing.
pub fn script(name: &str) -> Run {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".cache/venv/bin/python");
    assert!(python.exists(), "the judges are not installed: run tests/judges/install");
    let script = root.join("tests/judges").join(name);
    let text = std::fs::read_to_string(&script).expect("a script");
    let can_go_on = text.contains("\"--tools-optional\"");
    let run = run::program(python).arg("-B").arg(script);
    if can_go_on && may_be_missing() { run.arg("--tools-optional") } else { run }
}

/// Judges a package made from `source`; fails with the list of findings.
#[track_caller]
pub fn judge(package: &Path, source: &Path, more: &[&str]) -> Finished {
    let judged = script("judge.py").arg(package).arg("--source").arg(source).args(more).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    println!("{}", text.trim_end());
    judged
}

/// Imports packages into Orthanc; fails unless it holds as many instances as each one names.
#[track_caller]
pub fn orthanc(packages: &[(PathBuf, u64)]) {
    let mut run = script("orthanc.py");
    for (package, instances) in packages {
        run = run.arg(package).arg(instances.to_string());
    }
    let judged = run.finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    println!("{}", text.trim_end());
}
