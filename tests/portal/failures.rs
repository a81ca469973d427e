//! What goes wrong behind a download, with a clear state for the patient and nothing lost: a PACS that is gone or
//! breaks off, a disk that is full or can be written no more.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fixtures::dimse::{Fault, Misdeed, StoreFault};
use serde_json::Value;

use crate::hospital::{Hospital, ct, held, start_pacs, within};
use crate::server::Portal;
use crate::support::{files_below, judges, run};

#[test]
fn a_pacs_that_is_gone_is_tried_again_and_the_page_waits() {
    let workplace = ct();
    let holding = held(&workplace);
    let mut site = Hospital::open(workplace, holding, "");
    let order = site.order();
    let port = site.pacs.address().port();
    site.lose_pacs();
    site.ask_for(&order);
    site.portal().wait_for("no package can be made");
    site.wait_for("In attesa");
    site.pacs = start_pacs(held(&site.workplace), port, &Fault::None);
    site.wait_for("Esito disponibile");
}

/// A hospital whose PACS hangs up in the midst of an instance of the study, however often it is asked.
fn breaking_off() -> Hospital {
    let workplace = ct();
    let files = files_below(&workplace.source());
    let middle = &files[files.len() / 2];
    let dumped = run::program("dcmdump").args(["+P", "0008,0018", "-s"]).arg(middle).finish();
    let text = String::from_utf8_lossy(&dumped.stdout).into_owned();
    let uid = text.split(['[', ']']).nth(1).expect("a UID").to_owned();
    let fault = Fault::Store(StoreFault::InPdu(Misdeed::HangUp), uid);
    let pacs = start_pacs(held(&workplace), 0, &fault);
    Hospital::open_with(workplace, pacs, "")
}

#[test]
fn a_pacs_that_breaks_off_and_comes_back_delivers_all() {
    let mut site = breaking_off();
    site.ask();
    site.portal().wait_for("no package can be made");
    site.wait_for("In attesa");
    assert!(site.spooled().is_empty(), "nothing that looks like a package: {:?}", site.spooled());
    let holding = held(&site.workplace);
    site.replace_pacs(holding, &Fault::None);
    let job = site.wait_for_job("waiting")["id"].as_str().expect("a job").to_owned();
    site.console(&["jobs", "retry", &job]);
    site.wait_for("Esito disponibile");
    assert_eq!(site.wait_for_job("ready")["missing"], 0);
    let zip = site.workplace.beside("back.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
    judges::judge(&zip, &site.workplace.source(), &[]);
}

/// After three tries, which take a minute and a quarter.
#[test]
fn of_a_pacs_that_breaks_off_for_good_what_came_is_given_and_what_is_missing_named() {
    if std::env::var_os("ESITO_SLOW").is_none() {
        println!("skipped: it takes a minute and a quarter, see make test-slow");
        return;
    }
    let mut site = breaking_off();
    site.ask();
    let page = site.wait_long_for("Esito disponibile", Duration::from_mins(4));
    assert!(page.contains("Nel file manca un"), "{page}");
    assert_eq!(site.wait_for_job("ready")["missing"], 1);
    let zip = site.workplace.beside("rest.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
    let listed = run::program("unzip").args(["-Z1"]).arg(&zip).finish().expect_code(&[0]);
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let instances = names.lines().filter(|name| name.contains("/STUDIES/")).count();
    assert_eq!(instances, 39, "{names}");
}

/// `esito` in a mount namespace of its own, in which this is run before; none where nobody may have one.
fn in_own_mounts(before: &str, folder: &Path) -> Option<Command> {
    let mut command = Command::new("unshare");
    let script = format!("{before} && exec \"$@\"");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh"]).env("FOLDER", folder);
    let mut tried = Command::new("unshare");
    tried.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
    if !tried.status().is_ok_and(|status| status.success()) {
        println!("skipped: this machine lets nobody mount a file system of his own");
        return None;
    }
    command.arg(env!("CARGO_BIN_EXE_esito"));
    Some(command)
}

/// Has the spool of a site lie in a folder.
fn spool_in(site: &Hospital, folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    let text = fs::read_to_string(&site.config).expect("the configuration");
    let spool = format!("[spool]\nfree_mib = 0\nfolder = '{}'\n[[pacs]]", folder.display());
    fs::write(&site.config, text.replace("[[pacs]]", &spool)).expect("written");
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let workplace = ct();
    let holding = held(&workplace);
    let mut site = Hospital::open(workplace, holding, "");
    let small = site.workplace.beside("small");
    let mount = "mount -t tmpfs -o size=1m tmpfs \"$FOLDER\"";
    let Some(mut command) = in_own_mounts(mount, &small) else { return };
    site.end();
    spool_in(&site, &small);
    site.portal = Some(Portal::start_by(&mut command, &site.config));
    site.ask();
    site.portal().wait_for("No space left on device");
    site.wait_for("In attesa");
}

#[test]
fn a_spool_that_can_be_written_no_more_keeps_its_packages_and_goes_on_when_it_can() {
    let workplace = ct();
    let holding = held(&workplace);
    let mut site = Hospital::open(workplace, holding, "");
    let folder = site.workplace.beside("packages");
    // From when `$FOLDER.ro` is there until it is gone the folder is read-only, as a file system after an error.
    let mount = "{ (until [ -e \"$FOLDER.ro\" ]; do sleep 0.05; done; \
                 mount --bind \"$FOLDER\" \"$FOLDER\" && mount -o remount,bind,ro \"$FOLDER\" && \
                 touch \"$FOLDER.is-ro\"; while [ -e \"$FOLDER.ro\" ]; do sleep 0.05; done; \
                 umount \"$FOLDER\") <&- >&- 2>&- & }";
    let Some(mut command) = in_own_mounts(mount, &folder) else { return };
    site.end();
    spool_in(&site, &folder);
    site.portal = Some(Portal::start_by(&mut command, &site.config));
    site.ask();
    site.wait_for("Esito disponibile");
    let beside = |kind: &str| folder.with_extension(kind);
    fs::write(beside("ro"), "").expect("written");
    within(|| beside("is-ro").exists().then_some(()));
    // In English it is another package.
    site.her.post("/language", &[("language", "en"), ("back", "/")]);
    site.ask();
    site.portal().wait_for("Read-only file system");
    site.wait_for("data-state=\"waiting\"");
    // What was there can be had.
    let whole = site.workplace.beside("whole.zip");
    let page = site.her.get("/downloads").body;
    let older = page.split("data-request=\"").nth(2).expect("two downloads");
    let older = format!("/downloads/{}/package", older.split('"').next().expect("its end"));
    let fetched = site.curl(&older, &["-o"]).arg(&whole).finish();
    assert_eq!(fetched.code, Some(0), "{}", fetched.stderr);
    judges::judge(&whole, &site.workplace.source(), &[]);
    fs::remove_file(beside("ro")).expect("removed");
    let waiting = site.wait_for_job("waiting");
    // The mount may still be going.
    std::thread::sleep(Duration::from_millis(300));
    site.console(&["jobs", "retry", waiting["id"].as_str().expect("a job")]);
    let all_ready = |site: &Hospital| site.jobs().iter().all(|job: &Value| job["state"] == "ready");
    within(|| all_ready(&site).then_some(()));
    assert_eq!(site.jobs().len(), 2);
}
