//! What `esito check` looks at on this machine: clock, folders, free space, the port for C-MOVE.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use engine::pacs::Service;

use crate::commands::check::Line;
use crate::config::Config;

/// What the machine is called among the PACS.
pub(crate) const NAME: &str = "this machine";
/// Seconds from 1970 to 2026: no clock that is right shows less.
const EARLIEST: u64 = 1_767_225_600;
/// Below it a package of usual size may not find room.
const LEAST_FREE_BYTES: u64 = 1 << 30;

/// Looks at all of it. `target` is where packages are written, if they are.
pub(crate) fn check(config: &Config, target: Option<&Path>) -> Vec<Line> {
    let line = |step, result| Line { of: NAME.to_owned(), step, result };
    let spool = std::env::temp_dir();
    let mut lines = vec![
        line("clock", clock()),
        line("spool", folder(&spool, "TMPDIR").and_then(|text| rights(&spool).map(|()| text))),
    ];
    if let Some(target) = target {
        lines.push(line("target", folder(target, "--target")));
    }
    if let Some(downloads) = &config.downloads {
        lines.push(line("download spool", folder(made(&downloads.spool.folder), "[spool] folder")));
    }
    let listen = config.pacs.iter().find_map(|pacs| match &pacs.service {
        Service::Dimse(dimse) => dimse.store_scp.as_ref(),
        Service::DicomWeb(_) => None,
    });
    if let Some(scp) = listen {
        let result = match TcpListener::bind(scp.listen) {
            Ok(_) => Ok(format!("{} is free for C-MOVE", scp.listen)),
            Err(error) => Err(format!(
                "{} cannot be listened on: {error}. Choose another address or port in `[store_scp] \
                 listen`, or end the program that has it",
                scp.listen
            )),
        };
        lines.push(line("store SCP", result));
    }
    lines
}

/// Whether the clock can be right; beside a server it is compared with DICOMweb.
#[expect(clippy::disallowed_methods, reason = "it compares clocks, and goes into no package")]
fn clock() -> Result<String, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if now < EARLIEST {
        return Err("the clock shows a time before 2026: set it, certificates depend on it".into());
    }
    Ok("the clock shows a time that can be right".into())
}

/// The folder itself, or the one in which it will be made.
fn made(folder: &Path) -> &Path {
    folder.ancestors().find(|one| one.exists()).unwrap_or(Path::new("."))
}

/// Whether a file can be written in a folder, and how much room there is.
fn folder(folder: &Path, setting: &str) -> Result<String, String> {
    let place = folder.display();
    let tried = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(&[0; 4096]));
    tried.map_err(|error| {
        format!(
            "{place} cannot be written: {error}. Free space there, or name another by {setting}"
        )
    })?;
    let space = rustix::fs::statvfs(folder)
        .map_err(|error| format!("the free space of {place} cannot be known: {error}"))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let mib = free >> 20;
    if free < LEAST_FREE_BYTES {
        return Err(format!(
            "{place} has {mib} MiB free, and a large study takes more than 1 GiB: free space there, or \
             name another by {setting}"
        ));
    }
    Ok(format!("{place} can be written and has {mib} MiB free"))
}

/// Whether others could put their files in the place of ours.
fn rights(folder: &Path) -> Result<(), String> {
    const WRITABLE_BY_ALL: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    let place = folder.display();
    let mode = std::fs::metadata(folder)
        .map_err(|error| format!("{place} cannot be looked at: {error}"))?
        .mode();
    if mode & WRITABLE_BY_ALL != 0 && mode & STICKY == 0 {
        return Err(format!(
            "everybody may write in {place} and remove files of others: chmod 1777 or 0700, or name \
             another folder by TMPDIR"
        ));
    }
    Ok(())
}
