//! The portal is killed at any moment of a preparation or a download: what was asked for is made all the same, whole,
//! and what was fetched in part goes on. `ESITO_SLOW` kills at ten points of each, twenty times.

use std::time::{Duration, Instant};

use crate::hospital::{Hospital, held, large_ct, package, slow, within};
use crate::support::{Workplace, run};

/// How many points, and how often each.
fn matrix() -> (u32, u32) {
    if std::env::var_os("ESITO_SLOW").is_some() { (10, 20) } else { (3, 1) }
}

/// Numbers that look random, the same in each run (Knuth, a linear congruential generator).
struct Numbers(u64);

impl Numbers {
    /// Milliseconds within one of `of` equal parts of `span`.
    fn within(&mut self, span: Duration, part: u32, of: u32) -> Duration {
        let Self(state) = self;
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = f64::from((*state >> 40) as u32) / f64::from(1_u32 << 24);
        span.mul_f64((f64::from(part) + share) / f64::from(of))
    }
}

/// SHA-256 of what lies in a file.
fn digest(path: &std::path::Path) -> String {
    let told = run::program("sha256sum").arg(path).finish().expect_code(&[0]);
    String::from_utf8_lossy(&told.stdout).split(' ').next().unwrap_or_default().to_owned()
}

/// What the answer for a package promises: its SHA-256.
fn promised(hospital: &Hospital, package: &str) -> String {
    within(|| {
        let told = hospital.curl(package, &["-I"]).finish();
        let head = String::from_utf8_lossy(&told.stdout).to_lowercase();
        let tag = head.split("etag: \"").nth(1)?;
        Some(tag.split('"').next()?.to_owned())
    })
}

#[test]
fn a_kill_at_any_point_of_a_preparation_loses_nothing() {
    // Its package takes a second or two, as the PACS sends so many bytes a second.
    let workplace = Workplace::with_study(&["--study", "ct", "--slices", "30", "--rows", "192"]);
    let holding = slow(&workplace, 2_000_000);
    let mut hospital = Hospital::open(workplace, holding, "");
    let order = hospital.order();
    let begun = Instant::now();
    hospital.ask_for(&order);
    let job = hospital.wait_for_job("ready")["id"].as_str().expect("a job").to_owned();
    let span = begun.elapsed();
    let package = package(&hospital.wait_for("Esito disponibile"));
    let expected = promised(&hospital, &package);
    let mut numbers = Numbers(20_261_130);
    let (points, times) = matrix();
    for (time, point) in (0..times).flat_map(|time| (0..points).map(move |point| (time, point))) {
        hospital.console(&["jobs", "cancel", &job]);
        hospital.wait_for_job("ended");
        hospital.console(&["jobs", "retry", &job]);
        let after = numbers.within(span, point, points);
        std::thread::sleep(after);
        hospital.kill();
        // Whatever was there of it is no package.
        let left = hospital.spooled();
        let whole = left.iter().filter(|name| name.rsplit('.').next() == Some("zip")).count();
        assert!(whole <= 1 && left.len() <= 2, "{left:?}");
        hospital.start();
        hospital.wait_for_job("ready");
        let what = format!("killed after {after:?}, run {time}");
        assert_eq!(promised(&hospital, &package), expected, "{what}");
        let fetched = hospital.workplace.beside("fetched.zip");
        let got = hospital.curl(&package, &["-o"]).arg(&fetched).finish();
        assert_eq!(got.code, Some(0), "{what}: {}", got.stderr);
        assert_eq!(digest(&fetched), expected, "{what}");
        run::program("unzip").arg("-tq").arg(&fetched).finish().expect_code(&[0]);
        assert_eq!(hospital.spooled(), [format!("{job}.zip")], "{what}");
    }
    hospital.end();
}

#[test]
fn a_download_goes_on_where_a_kill_broke_it_off() {
    let workplace = large_ct();
    let holding = held(&workplace);
    let mut hospital = Hospital::open(workplace, holding, "");
    hospital.ask();
    let bytes = hospital.wait_for_job("ready")["bytes"].as_u64().expect("a length");
    let package = package(&hospital.wait_for("Esito disponibile"));
    let expected = promised(&hospital, &package);
    // As slow as that the whole would take ten seconds; what buffers hold comes all the same.
    assert!(bytes > 12_000_000, "{bytes}");
    let rate = (bytes / 10).to_string();
    let span = Duration::from_secs(2);
    let mut numbers = Numbers(7);
    let (points, times) = matrix();
    for (time, point) in (0..times).flat_map(|time| (0..points).map(move |point| (time, point))) {
        let fetched = hospital.workplace.beside("fetched.zip");
        drop(std::fs::remove_file(&fetched));
        let after = numbers.within(span, point, points);
        let what = format!("killed after {after:?}, run {time}");
        let slowly = hospital.curl(&package, &["--limit-rate", &rate, "-o"]).arg(&fetched).start();
        std::thread::sleep(after);
        hospital.kill();
        let broken = run::finish(slowly, Duration::from_mins(1));
        assert_ne!(broken.code, Some(0), "{what}: it was through already");
        hospital.start();
        let begun = std::fs::metadata(&fetched).map_or(0, |file| file.len());
        let tag = format!("If-Range: \"{expected}\"");
        let more = ["-C", "-", "-H", &tag, "-w", "%{http_code}", "-o"];
        let rest = hospital.curl(&package, &more).arg(&fetched).finish();
        assert_eq!(rest.code, Some(0), "{what}: {}", rest.stderr);
        let status = if begun == 0 { "200" } else { "206" };
        assert_eq!(String::from_utf8_lossy(&rest.stdout), status, "{what}");
        assert_eq!(digest(&fetched), expected, "{what}");
    }
    hospital.end();
}
