//! The pages in other people's browsers, from `file://`: what a patient sees and does.
//!
//! The packages are unpacked into a folder with spaces and accents, as people have them.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

#[expect(dead_code, clippy::panic, reason = "shared by the areas, each of which uses a part")]
#[path = "../support/lib.rs"]
mod support;

mod branding;
mod portal;
mod viewer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rstest::rstest;
use support::Workplace;
use support::run;

/// A CT whose stack is as long as they get, an order of several kinds, a cine, markup for texts, and a
/// report that points to images.
const STUDIES: [(&str, &[&str]); 5] = [
    ("ct", &["--study", "ct", "--slices", "3000", "--rows", "48"]),
    ("mixed", &["--study", "mixed", "--slices", "8", "--rows", "256"]),
    ("us", &["--study", "us", "--slices", "24", "--rows", "240"]),
    ("xss", &["--study", "quirk-xss"]),
    ("measurements", &["--study", "sr-measurements"]),
];

/// Packages a study and unpacks it; gives the folder that the package wraps its content in.
fn unpacked(folder: &Path, name: &str, study: &[&str]) -> PathBuf {
    let place = Workplace::with_study(study);
    place.package(&[]).expect_code(&[0]);
    unpack(&place, folder, name)
}

/// Unpacks the package of a workplace; gives the folder that its content is wrapped in, if it is.
fn unpack(place: &Workplace, folder: &Path, name: &str) -> PathBuf {
    let target = folder.join(name);
    std::fs::create_dir_all(&target).expect("the folder of the package");
    let unzip = run::program("unzip").arg("-q").arg(place.zip()).arg("-d").arg(&target).finish();
    assert_eq!(unzip.code, Some(0), "{}", unzip.stderr);
    match support::names_in(&target).as_slice() {
        [wrapper] => target.join(wrapper),
        _ => target,
    }
}

/// Runs a script of this folder, which may take long.
fn node(script: &str) -> run::Run {
    run::node(script).time_limit(Duration::from_mins(8))
}

/// S-145: every link followed, every control used, nothing for axe to find, with script and without.
#[rstest]
fn people_can_use_the_pages(#[values("chromium", "firefox")] browser: &str) {
    let workplace = Workplace::empty();
    let folder = workplace.beside("Esito di María è qui");
    let mut run = node("pages.js").arg(browser);
    for (name, study) in STUDIES {
        run = run.arg(unpacked(&folder, name, study));
    }
    let used = run.finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}

/// Every look that people ask their systems for, on paper, by keyboard, and without the script.
#[test]
fn pages_hold_in_every_look_on_paper_and_by_keyboard() {
    let workplace = Workplace::empty();
    let folder = workplace.beside("Esito di María è qui");
    let mut run = node("looks.js");
    for (name, study) in [
        ("mixed", &["--study", "mixed", "--slices", "100", "--rows", "64"]),
        ("series", &["--study", "ct-series", "--slices", "70", "--rows", "64"]),
    ] {
        run = run.arg(unpacked(&folder, name, study));
    }
    let used = run.finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}

/// The strict layout has no folder around it and upper-case names: the same pages work there.
#[rstest]
fn people_can_use_the_pages_of_the_strict_layout(#[values("chromium", "firefox")] browser: &str) {
    let workplace = Workplace::empty();
    let place = Workplace::with_study(&["--study", "mixed", "--slices", "5", "--rows", "64"]);
    place.package(&["--layout", "pdi", "--lang", "en"]).expect_code(&[0]);
    let root = unpack(&place, &workplace.beside("Esito di María è qui"), "strict");
    let used = node("pages.js").arg(browser).arg(root).finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
}

/// The test itself: a page without an alternative text, a link in the wrong case, a lost script.
#[test]
fn a_spoiled_package_is_noticed() {
    let workplace = Workplace::empty();
    let folder = workplace.beside("guasto");
    let root = unpacked(&folder, "mixed", &["--study", "mixed", "--slices", "5", "--rows", "128"]);
    let index = root.join("index.htm");
    let page = std::fs::read_to_string(&index).expect("the index");
    let spoiled = page.replacen(" alt=\"\"", "", 1).replacen("ST000001.HTM", "st000001.htm", 1);
    std::fs::write(&index, spoiled).expect("the index");
    std::fs::write(root.join("IHE_PDI/STACK.JS"), "nonsense(").expect("the script");
    let used = node("pages.js").arg("chromium").arg(&root).finish();
    let text = String::from_utf8_lossy(&used.stdout) + used.stderr.as_str();
    for fault in ["axe: image-alt", "st000001.htm is not there", "a fault of the script"] {
        assert!(text.contains(fault), "{fault} was not noticed: {text}");
    }
}
