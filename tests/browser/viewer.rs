//! The viewer: its tools, its pictures, damaged files, and the three ways into it.
//!
//! A program that was built without `make viewer` puts none into packages. Then these tests say so; `make test`
//! builds with the feature `require-viewer`, which refuses that.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::optional::may_be_missing;
use crate::support::{Workplace, files_below, judges, run, samples, slow_tier};
use crate::{node, unpack, unpacked};

/// A folder as people have them.
const FOLDER: &str = "Esito di María è qui";
/// Syntaxes that the fixtures write, and the kinds of pixels that are tried in each.
const SYNTAXES: [&str; 6] =
    ["implicit", "big-endian", "deflated", "encapsulated", "rle", "jpeg-lossless"];
const STUDIES: [&str; 6] = ["ct", "ct-signed", "cr", "us", "quirk-palette", "quirk-luts"];
/// What nobody compresses: windows, tables, bits beside the stored ones, overlays, colours, frames.
const PLAIN: [&str; 16] = [
    "mr",
    "rt",
    "quirk-32bit",
    "pt",
    "us-ybr",
    "enhanced-mr",
    "quirk-12bit",
    "quirk-planar",
    "quirk-overlay",
    "quirk-no-window",
    "quirk-sigmoid",
    "quirk-windows",
    "quirk-float",
    "quirk-signed-8",
    "quirk-angiography",
    "quirk-ybr-whole",
];
/// How many of these pictures are right in the short run and in the long one; the others are refused.
const RIGHT: [usize; 2] = [33, 69];
/// What only encoders of others write, by the names that `foreign_encoders.py` begins with.
const FOREIGN: [&str; 5] = ["jpeg-baseline", "jpeg-extended", "jpeg-ls", "jpeg-2000", "htj2k"];
/// Of the real files every so many in the short run.
const SHORT_SHARE: usize = 20;

/// Whether this build has the viewer.
fn has_viewer() -> bool {
    let is_built = engine::has_viewer();
    if !is_built {
        println!("notice: built without `make viewer`: the viewer is not tested");
    }
    is_built
}

#[track_caller]
fn expect_success(used: &run::Finished) {
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    println!("{}", text.trim_end());
}

/// Has the pictures of the viewer judged; so many must be right.
#[track_caller]
fn judge_pictures(files: &[PathBuf], least: usize, more: &[&str]) {
    let limit = Duration::from_mins(9);
    let judge = judges::script("viewer_pixels.py").args(more).arg("--least").arg(least.to_string());
    expect_success(&judge.arg(env!("CARGO_BIN_EXE_esito")).args(files).time_limit(limit).finish());
}

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/venv/bin/python")
}

/// Each tool used, what it shows and measures compared with pydicom; reports and key images beside.
#[test]
fn the_viewer_of_a_package_shows_and_measures_what_pydicom_reads() {
    if !has_viewer() {
        return;
    }
    let workplace = Workplace::empty();
    let folder = workplace.beside(FOLDER);
    let ct = unpacked(&folder, "ct", &["--study", "ct", "--slices", "40"]);
    let mixed = unpacked(&folder, "mixed", &["--study", "mixed", "--slices", "8", "--rows", "256"]);
    let markup = unpacked(&folder, "markup", &["--study", "quirk-xss"]);
    let cda = unpacked(&folder, "cda", &["--study", "cda-rad"]);
    let run = node("viewer.js").arg("chromium").arg(python());
    expect_success(&run.arg(ct).arg(mixed).arg(markup).arg(cda).finish());
}

/// Firefox opens it from disk too; in the long run every tool is used there.
#[test]
fn the_viewer_of_a_package_opens_in_firefox() {
    if !has_viewer() {
        return;
    }
    let workplace = Workplace::empty();
    let study = ["--study", "ct", "--slices", "40"];
    let ct = unpacked(&workplace.beside(FOLDER), "ct", &study);
    let few = (!slow_tier()).then_some("few");
    expect_success(&node("viewer.js").arg("firefox").arg(python()).arg(ct).args(few).finish());
}

/// S-147: from disk, through `_start.exe` under wine, in the portal: the same slice, the same value under the probe.
#[test]
fn the_viewer_shows_the_same_slice_and_value_three_ways() {
    if !has_viewer() {
        return;
    }
    let workplace = Workplace::empty();
    let folder = workplace.beside(FOLDER);
    std::fs::create_dir(&folder).expect("a folder");
    let esito = env!("CARGO_BIN_EXE_esito");
    expect_success(&node("viewer_ways.js").arg(esito).arg(python()).arg(folder).finish());
}

/// S-146, S-148, S-149: `_start.exe` serves the package around it and nothing else, twice if it is started twice,
/// writes nothing, and ends.
#[test]
fn the_program_for_windows_serves_its_package_alone() {
    if !has_viewer() {
        return;
    }
    let workplace = Workplace::empty();
    let study = ["--study", "mixed", "--slices", "3", "--rows", "64"];
    let root = unpacked(&workplace.beside(FOLDER), "mixed", &study);
    if !root.join("cdviewer/_start.exe").exists() {
        println!("notice: `make viewer` built no _start.exe here: it is not tested");
        return;
    }
    let slow = if slow_tier() { "slow" } else { "" };
    let used = node("starter.js").arg(root).arg(workplace.target()).arg(slow).finish();
    if used.code == Some(3) && may_be_missing() {
        println!("{}", String::from_utf8_lossy(&used.stdout).trim_end());
        return;
    }
    expect_success(&used);
}

/// Pictures of fixtures in our syntaxes and of real files, pixel for pixel: right, or refused with the reason.
///
/// A sample of them in the short run; all of them with `ESITO_SLOW=1`.
#[test]
fn pictures_of_the_viewer_are_those_of_pydicom_or_refused() {
    if !has_viewer() {
        return;
    }
    let is_slow = slow_tier();
    let place = Workplace::empty();
    let add = |study: &str, syntax: &str| {
        let options = ["--study", study, "--slices", "1", "--rows", "96", "--syntax", syntax];
        place.add_study(&options, &format!("{study}-{syntax}"));
    };
    for (row, syntax) in SYNTAXES.into_iter().enumerate() {
        // Each syntax and each study once; all pairs in the long run.
        for (column, study) in STUDIES.into_iter().enumerate() {
            if is_slow || column == row {
                add(study, syntax);
            }
        }
    }
    for study in PLAIN {
        add(study, "explicit");
    }
    let [short, long] = RIGHT;
    judge_pictures(&files_below(&place.source()), if is_slow { long } else { short }, &[]);
    if let Some(samples) = samples() {
        let is_dicom = |file: &PathBuf| {
            !file.starts_with(samples.join("reports"))
                && !file.starts_with(samples.join("malformed"))
                && file.extension().is_none_or(|extension| extension == "dcm")
        };
        let all = files_below(&samples).into_iter().filter(is_dicom);
        let files: Vec<_> = all.step_by(if is_slow { 1 } else { SHORT_SHARE }).collect();
        // Many hold no pixels.
        judge_pictures(&files, files.len() / 3, &[]);
    }
}

/// Grey and colour in syntaxes that the fixtures cannot write: some in each are right, none is wrong.
#[test]
fn pictures_that_others_encode_are_those_of_pydicom_or_refused() {
    if !has_viewer() {
        return;
    }
    let place = Workplace::empty();
    for study in ["ct", "us"] {
        place.add_study(&["--study", study, "--slices", "1", "--rows", "96"], study);
    }
    let out = place.beside("foreign");
    std::fs::create_dir(&out).expect("a folder");
    let written = judges::script("foreign_encoders.py").arg(place.source()).arg(&out).finish();
    expect_success(&written);
    let mut files = files_below(&out);
    files.retain(|file| FOREIGN.iter().any(|name| file.to_string_lossy().contains(name)));
    // JPEG of 12 bits is refused. Without the programs that encode, libraries are left.
    let least = if may_be_missing() { 4 } else { 12 };
    judge_pictures(&files, least, &["--every-syntax"]);
}

/// A colour image that had to make room comes back as it was, and large files with frames stay within a bound.
#[test]
fn what_had_to_make_room_in_the_viewer_comes_back_as_it_was() {
    if !has_viewer() {
        return;
    }
    let workplace = Workplace::empty();
    let place = Workplace::empty();
    for seed in ["1", "2"] {
        let study = ["--study", "us", "--slices", "2", "--rows", "240", "--seed", seed];
        place.add_study(&study, seed);
    }
    place.package(&[]).expect_code(&[0]);
    let root = unpack(&place, &workplace.beside(FOLDER), "us");
    expect_success(&node("viewer_memory.js").arg(root).finish());
}

/// What stands beside a measure: Hounsfield units, millimetres, seconds and speeds, only where the file says them.
#[test]
fn measures_of_the_viewer_have_the_units_that_files_say() {
    if !has_viewer() {
        return;
    }
    let workplace = Workplace::empty();
    let folder = workplace.beside(FOLDER);
    let ct = unpacked(&folder, "ct", &["--study", "ct", "--slices", "2", "--rows", "64"]);
    let us = unpacked(&folder, "us", &["--study", "us", "--slices", "1", "--rows", "240"]);
    let cr = unpacked(&folder, "cr", &["--study", "cr", "--slices", "2", "--rows", "60"]);
    let windows = unpacked(&folder, "windows", &["--study", "quirk-sigmoid"]);
    expect_success(&node("viewer_units.js").arg(ct).arg(us).arg(cr).arg(windows).finish());
}

/// Images of one series of other sizes and with other greys than the one before them; series that go together.
#[test]
fn images_of_one_series_may_differ_in_size_and_in_what_is_black() {
    if !has_viewer() {
        return;
    }
    let place = Workplace::with_study(&["--study", "dx", "--rows", "120"]);
    let study = ["--study", "cr", "--slices", "2", "--rows", "60"];
    let root = unpacked(&place.beside(FOLDER), "cr", &study);
    let images = files_below(&root.join("STUDIES"));
    let larger = files_below(&place.source());
    assert_eq!((images.len(), larger.len()), (2, 1));
    std::fs::copy(&larger[0], &images[1]).expect("a copy");
    let brain = ["--study", "mr", "--slices", "6", "--rows", "64"];
    let mr = unpacked(&place.beside(FOLDER), "mr", &brain);
    expect_success(&node("viewer_series.js").arg(root).arg(mr).finish());
}

/// Files in the place of images that are damaged in all ways we know: the page goes on, and says what is wrong.
#[test]
fn damaged_images_neither_stop_the_viewer_nor_are_shown_as_others() {
    if !has_viewer() {
        return;
    }
    let place = Workplace::empty();
    for study in ["meta", "dimensions", "frames", "palette", "lut", "rle", "nesting"] {
        let study = format!("hostile-{study}");
        place.add_study(&["--study", &study], &study);
    }
    place.add_study(&["--study", "quirk-truncated"], "quirk-truncated");
    let mut damaged = files_below(&place.source());
    if let Some(samples) = samples() {
        damaged.extend(files_below(&samples.join("malformed")));
    }
    let slices = (damaged.len() + 2).to_string();
    let study = ["--study", "ct", "--slices", slices.as_str(), "--rows", "64"];
    let root = unpacked(&place.beside(FOLDER), "ct", &study);
    let images = files_below(&root.join("STUDIES"));
    assert_eq!(images.len(), damaged.len() + 2);
    // The first and the last stay whole.
    for (image, file) in images.iter().skip(1).zip(&damaged) {
        std::fs::copy(file, image).expect("a copy");
    }
    expect_success(&node("viewer_malformed.js").arg(root).finish());
}

/// The same sources give the same bytes, here and wherever else it is built.
#[test]
fn two_builds_of_the_viewer_are_identical() {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("viewer-bundle");
    if !has_viewer() || !bundle.join("web/node_modules").exists() {
        return;
    }
    let workplace = Workplace::empty();
    let again = run::program("node").arg(bundle.join("web/build.mjs")).arg(workplace.target());
    assert_eq!(again.finish().code, Some(0));
    let files = files_below(&workplace.target());
    assert_eq!(files.len(), 5, "{files:?}");
    for file in files {
        let name = file.file_name().expect("a name");
        let bytes = std::fs::read(&file).expect("a file");
        assert!(
            bytes == std::fs::read(bundle.join("dist/web").join(name)).expect("a file"),
            "{name:?}"
        );
    }
}

/// The strict layout opens too: names in capitals, no folder around the package.
#[test]
fn the_viewer_opens_from_the_strict_layout() {
    if !has_viewer() {
        return;
    }
    let workplace = Workplace::empty();
    let place = Workplace::with_study(&["--study", "ct", "--slices", "12"]);
    place.package(&["--layout", "pdi"]).expect_code(&[0]);
    let root = unpack(&place, &workplace.beside(FOLDER), "strict");
    assert!(root.join("CDVIEWER/INDEX.HTM").exists() && root.join("CDVIEWER/START.EXE").exists());
    expect_success(&node("viewer_strict.js").arg(root).finish());
}
