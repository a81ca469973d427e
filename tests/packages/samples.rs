//! Real files, broken ones among them: each ends in a package or in a refusal, none is lost.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Workplace, files_below, judges, report, run, samples};

/// How many tests the samples are spread over, so that they run side by side.
const SHARDS: usize = 4;
/// The largest sample takes a second; ten times that on a busy machine is a hang.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// One package to be made: some sample files of one folder.
struct Group {
    name: String,
    files: Vec<PathBuf>,
}

/// Each file alone, then each folder of a series and of a File-set.
fn groups(root: &Path) -> Vec<Group> {
    let mut groups = Vec::new();
    for file in files_below(root) {
        let name = file.strip_prefix(root).expect("below").to_string_lossy().replace('/', "__");
        if !matches!(name.as_str(), "CATALOG.json" | "README.md") {
            groups.push(Group { name, files: vec![file] });
        }
    }
    for parent in ["series", "dicomdir"] {
        for entry in fs::read_dir(root.join(parent)).into_iter().flatten() {
            let folder = entry.expect("an entry").path();
            let name = format!("{parent}__{}", folder.file_name().expect("a name").display());
            groups.push(Group { name, files: files_below(&folder) });
        }
    }
    groups
}

/// Packages a group; the line for the judge when there is a package, the fault when there is one.
fn package(group: &Group, place: &Workplace) -> Result<Option<String>, String> {
    let source = place.beside(&format!("{}.source", group.name));
    fs::create_dir(&source).expect("the source folder");
    for (number, file) in group.files.iter().enumerate() {
        fs::copy(file, source.join(format!("f{number}"))).expect("a copy");
    }
    let zip = place.target().join(format!("{}.zip", group.name));
    let run = run::esito(&["package", "--folder"])
        .arg(&source)
        .arg("--out")
        .arg(&zip)
        .arg("--report")
        .arg(place.report())
        .time_limit(TIME_LIMIT)
        .finish();
    if run.hung || run.stderr.contains("panicked at") {
        return Err(format!("hung: {}, stderr: {}", run.hung, run.stderr));
    }
    match run.code {
        Some(0 | 3) => {
            accounted(&report::read(&place.report()), group.files.len())?;
            Ok(Some(json!([zip, "--source", source, "--real"]).to_string()))
        }
        Some(4) if zip.exists() => Err("exit 4, but there is a package".to_owned()),
        Some(4) if run.stderr.trim().is_empty() => Err("refused without a word".to_owned()),
        Some(4) => Ok(None),
        code => Err(format!("exit {code:?}, signal {:?}: {}", run.signal, run.stderr)),
    }
}

fn accounted(report: &Value, files: usize) -> Result<(), String> {
    let counted = report::files(report);
    let files = u64::try_from(files).map_err(|error| error.to_string())?;
    if counted.found == files && counted.accounted() == files && counted.packaged > 0 {
        Ok(())
    } else {
        Err(format!("{counted:?} does not account for {files} files"))
    }
}

#[rstest]
fn every_real_file_is_accounted_for(#[values(0, 1, 2, 3)] shard: usize) {
    let Some(root) = samples() else { return };
    let place = Workplace::empty();
    let (mut jobs, mut faults, mut refused) = (String::new(), String::new(), 0);
    let mine: Vec<_> = groups(&root).into_iter().skip(shard).step_by(SHARDS).collect();
    assert!(!mine.is_empty(), "no samples in {}", root.display());
    for group in &mine {
        match package(group, &place) {
            Ok(Some(job)) => writeln!(jobs, "{job}").expect("a string"),
            Ok(None) => refused += 1,
            Err(fault) => writeln!(faults, "{}: {fault}", group.name).expect("a string"),
        }
    }
    let packages = jobs.lines().count();
    let list = place.beside("jobs");
    fs::write(&list, &jobs).expect("the list of jobs");
    let judged = judges::script("judge.py").arg("--batch").arg(list).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    println!("{} groups: {packages} packages, {refused} refused\n{text}", mine.len());
    assert!(faults.is_empty(), "{faults}");
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    assert!(packages > refused, "{packages} packages, {refused} refused");
}

/// A file that other readers take without complaint, with all UIDs of a File-set, is never refused.
/// A UID with a space inside is none: DICOMDIR could not be searched by it.
#[test]
fn sound_files_are_packaged() {
    let Some(root) = samples() else { return };
    let catalogue = fs::read_to_string(root.join("CATALOG.json")).expect("the catalogue");
    let catalogue: Value = serde_json::from_str(&catalogue).expect("JSON");
    let (mut faults, mut tried) = (String::new(), 0);
    for entry in catalogue.as_array().expect("a list") {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let sound = entry["loads_in_pydicom"] == true
            && !["malformed", "dicomdir"].iter().any(|start| text("category").starts_with(start))
            && ["sop_instance_uid", "study_uid", "series_uid"]
                .iter()
                .all(|key| !text(key).is_empty() && !text(key).contains(' '));
        if !sound {
            continue;
        }
        tried += 1;
        let place = Workplace::empty();
        fs::copy(root.join(text("path")), place.source().join("f")).expect("a copy");
        let run = place.package(&[]);
        if run.code != Some(0) {
            writeln!(faults, "{}: exit {:?}: {}", text("path"), run.code, run.stderr.trim())
                .expect("a string");
        }
    }
    println!("{tried} sound samples");
    assert!(tried > 100, "the catalogue names only {tried} sound samples");
    assert!(faults.is_empty(), "{faults}");
}
