//! Local storage that fails: exit 6, a sentence that names the place, and nothing left behind.

use std::fs;
use std::path::Path;

use crate::support::optional::leave_out;
use crate::support::{SMALL_CT, Workplace, names_in, run};

#[test]
fn a_full_disk_behind_a_pipe_is_exit_6() {
    let place = Workplace::with_study(SMALL_CT);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let run = run::esito(&["package", "--out", "-", "--folder"])
        .arg(place.source())
        .stdout(full)
        .finish()
        .expect_code(&[6]);
    assert!(!run.stderr.trim().is_empty());
}

/// A device or pipe is written to; a file in its place would take it away from everybody.
#[test]
fn a_target_that_is_a_pipe_stays_one() {
    use std::os::unix::fs::FileTypeExt as _;
    let place = Workplace::with_study(SMALL_CT);
    let pipe = place.beside("pipe");
    run::program("mkfifo").arg(&pipe).finish().expect_code(&[0]);
    let reader = run::program("cat").arg(&pipe).start();
    let packaging =
        run::esito(&["package", "--folder"]).arg(place.source()).arg("--out").arg(&pipe).start();
    // More than pipes hold: it has to be read while it is written.
    let read = run::finish(reader, run::TIME_LIMIT).expect_code(&[0]);
    run::finish(packaging, run::TIME_LIMIT).expect_code(&[0]);
    assert!(read.stdout.starts_with(b"PK\x03\x04"));
    assert!(fs::metadata(&pipe).expect("the pipe").file_type().is_fifo());
}

/// A link too, as `/dev/stdout` is one: what it leads to gets the package, whether it is there already or not.
#[test]
fn a_target_that_is_a_link_stays_one() {
    use std::os::unix::fs::symlink;
    let place = Workplace::with_study(SMALL_CT);
    place.package(&[]).expect_code(&[0]);
    let expected = fs::read(place.zip()).expect("the package");
    let package = |link: &Path| {
        run::esito(&["package", "--folder"]).arg(place.source()).arg("--out").arg(link)
    };
    let (led_to, link) = (place.beside("led-to.zip"), place.beside("link.zip"));
    symlink("led-to.zip", &link).expect("a link");
    for there in ["nothing", "a file"] {
        package(&link).finish().expect_code(&[0]);
        assert!(link.is_symlink(), "{there}: the link was replaced");
        assert!(fs::read(&led_to).expect("the package") == expected, "{there}");
        fs::write(&led_to, "old").expect("a file");
    }
    let (redirected, stdout) = (place.beside("redirected.zip"), place.beside("stdout"));
    symlink("/proc/self/fd/1", &stdout).expect("a link");
    let file = fs::File::create(&redirected).expect("a file");
    package(&stdout).stdout(file).finish().expect_code(&[0]);
    assert!(stdout.is_symlink(), "the link to standard output was replaced");
    assert!(fs::read(&redirected).expect("the package") == expected);
}

#[test]
fn a_target_folder_that_is_not_there_is_exit_6() {
    unwritable(|place| place.target().join("nowhere/package.zip"));
}

#[test]
fn a_target_that_is_a_folder_is_exit_6() {
    unwritable(|place| {
        let folder = place.beside("folder.zip");
        fs::create_dir(&folder).expect("a folder");
        folder
    });
}

#[test]
fn a_target_below_a_file_is_exit_6() {
    unwritable(|place| {
        let file = place.beside("file");
        fs::write(&file, "x").expect("a file");
        file.join("package.zip")
    });
}

#[track_caller]
fn unwritable(target: impl Fn(&Workplace) -> std::path::PathBuf) {
    let place = Workplace::with_study(SMALL_CT);
    let target = target(&place);
    let run = run::esito(&["package", "--folder"])
        .arg(place.source())
        .arg("--out")
        .arg(&target)
        .finish()
        .expect_code(&[6]);
    let name = target.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(run.stderr.contains(&name), "{}", run.stderr);
    assert_eq!(place.left_behind(), [""; 0]);
}

/// A disk that fills up in the middle of the package (a small tmpfs; only root can mount one).
#[test]
fn a_disk_that_fills_up_is_exit_6_and_leaves_no_file() {
    let place = Workplace::with_study(&["--study", "ct", "--slices", "12", "--rows", "512"]);
    let Some(disk) = SmallDisk::mount(&place.beside("disk")) else { return };
    let run = run::esito(&["package", "--folder"])
        .arg(place.source())
        .arg("--out")
        .arg(disk.0.join("package.zip"))
        .finish();
    let left = names_in(&disk.0);
    drop(disk);
    run.expect_code(&[6]);
    assert_eq!(left, [""; 0]);
}

/// A file system may take every byte and say only in the end that there is no room for them (NFS, quotas).
#[test]
fn a_disk_that_refuses_at_the_end_is_exit_6_and_leaves_no_file() {
    let place = Workplace::with_study(SMALL_CT);
    let trace = place.beside("trace");
    let trace_of = |run: run::Run| {
        run.args(["-f", "-e", "trace=fsync", "-e", "inject=fsync:error=EDQUOT", "-o"]).arg(&trace)
    };
    if let Err(error) = std::process::Command::new("strace").arg("-V").output() {
        leave_out(&format!("strace: {error}"));
        return;
    }
    if trace_of(run::program("strace")).arg("true").finish().code != Some(0) {
        println!("skipped: this system lets nobody trace");
        return;
    }
    for (what, report) in [("package.zip", None), ("report.json", Some(place.report()))] {
        let mut traced = trace_of(run::program("strace"))
            .args([env!("CARGO_BIN_EXE_esito"), "package", "--progress", "none", "--folder"])
            .arg(place.source())
            .arg("--out")
            .arg(place.zip());
        if let Some(report) = report {
            traced = traced.arg("--report").arg(report);
        }
        let run = traced.finish().expect_code(&[6]);
        assert!(run.stderr.contains(what), "{}", run.stderr);
        assert_eq!(place.left_behind(), [""; 0]);
    }
}

/// A file system of one MiB.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).expect("a folder");
        let mounted = run::program("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "esito-test"])
            .arg(at)
            .finish();
        if mounted.code == Some(0) {
            Some(Self(at.to_owned()))
        } else {
            println!("skipped: no tmpfs can be mounted here: {}", mounted.stderr.trim());
            None
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run::program("umount").arg(&self.0).finish();
    }
}

/// A file that may not be read names itself. Root reads everything: there nobody packages.
#[test]
fn an_unreadable_file_is_named_and_counted() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Workplace::with_study(SMALL_CT);
    let victim = crate::support::files_below(&place.source()).remove(0);
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    allow(&victim, 0o000);
    let packaged = if fs::File::open(&victim).is_ok() {
        // The program too must lie where nobody may go.
        let esito = place.beside("esito");
        fs::copy(env!("CARGO_BIN_EXE_esito"), &esito).expect("a copy of the program");
        allow(&place.beside(""), 0o777);
        allow(&place.target(), 0o777);
        run::program("setpriv")
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(esito)
            .args(["package", "--folder"])
            .arg(place.source())
            .arg("--out")
            .arg(place.zip())
            .finish()
    } else {
        place.package(&[])
    };
    let run = packaged.expect_code(&[3]);
    let name = victim.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(run.stderr.contains(&name), "{}", run.stderr);
}

/// Where no temporary file can be made, that is said, and no instance is blamed for it.
#[rstest::rstest]
#[case::entry_larger_than_memory(&["--study", "us"])]
#[case::deflated_instance(&["--study", "us", "--syntax", "deflated"])]
fn a_missing_temporary_folder_is_exit_6(#[case] study: &[&str]) {
    let place = Workplace::with_study(study);
    let run = run::esito(&["package", "--progress", "none", "--folder"])
        .arg(place.source())
        .arg("--out")
        .arg(place.zip())
        .env("TMPDIR", "/nonexistent")
        .finish()
        .expect_code(&[6]);
    assert!(run.stderr.contains("TMPDIR"), "{}", run.stderr);
    assert_eq!(place.left_behind(), [""; 0]);
}
