//! A disk that forgets what was not synced.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::Pattern;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Compiles the library that logs.
pub(crate) fn build(folder: &Path) -> PathBuf {
    let library = folder.join("power.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/power.c");
    let built = Command::new("cc")
        .args(["-O1", "-Wall", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .args(["-ldl", "-lpthread"])
        .status()
        .expect("a C compiler");
    assert!(built.success(), "cc: {built}");
    library
}

#[derive(Debug)]
enum Operation {
    Create,
    Write { offset: usize, data: Vec<u8> },
    Truncate { length: usize },
    Sync,
    Unlink,
    Rename { to: String },
    MakeFolder,
}

/// What was done to the files of a folder, in order.
#[derive(Debug)]
pub(crate) struct Log(Vec<(String, Operation)>);

/// A file on the disk: what is certain, and what may or may not be there.
#[derive(Debug, Default, Clone)]
struct Disk {
    synced: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug, Clone)]
enum Pending {
    Write { offset: usize, data: Vec<u8> },
    Truncate { length: usize },
}

fn is_or_lies_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn write_at(file: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if file.len() < offset + data.len() {
        file.resize(offset + data.len(), 0);
    }
    file[offset..offset + data.len()].copy_from_slice(data);
}

impl Pending {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => write_at(file, *offset, data),
            Self::Truncate { length } => file.resize(*length, 0),
        }
    }

    /// Applies it as a disk may that loses its power: some of the sectors, or none.
    fn apply_in_part(&self, file: &mut Vec<u8>, random: &mut Pattern) {
        match (random.below(3), self) {
            (0, _) => {}
            (1, Self::Write { offset, data }) => {
                let mut at = 0;
                while at < data.len() {
                    let end = data.len().min(at + SECTOR - (offset + at) % SECTOR);
                    if random.below(2) == 0 {
                        write_at(file, offset + at, &data[at..end]);
                    }
                    at = end;
                }
            }
            (_, all) => all.apply(file),
        }
    }
}

impl Log {
    pub(crate) fn read(mut bytes: &[u8], root: &Path) -> Self {
        let mut take = |length: usize| {
            let (head, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            Some(head)
        };
        let number = |bytes: &[u8]| {
            bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
        };
        let short = |path: &[u8]| {
            let path = PathBuf::from(String::from_utf8(path.to_vec()).expect("UTF-8"));
            path.strip_prefix(root).expect("below the root").to_str().expect("UTF-8").to_owned()
        };
        let mut operations = Vec::new();
        while let Some(head) = take(21) {
            let (kind, offset) = (head[0], number(&head[13..]));
            let path = short(take(number(&head[1..5])).expect("a path"));
            let data = take(number(&head[5..13])).expect("data");
            let operation = match kind {
                b'c' => Operation::Create,
                b'w' => Operation::Write { offset, data: data.to_vec() },
                b't' => Operation::Truncate { length: offset },
                b's' => Operation::Sync,
                b'u' => Operation::Unlink,
                b'r' => Operation::Rename { to: short(data) },
                b'd' => Operation::MakeFolder,
                odd => panic!("operation {odd}"),
            };
            operations.push((path, operation));
        }
        Self(operations)
    }

    /// How many places there are at which the power can go, less one.
    pub(crate) fn places(&self) -> usize {
        self.0.len()
    }

    /// Fails when the log, played to its end, gives other files than there are: something escaped it.
    pub(crate) fn is_what_is_there(&self, root: &Path) {
        let (files, _) = self.play(self.places(), None);
        assert!(!files.is_empty());
        for (path, disk) in files {
            let mut content = disk.synced;
            disk.pending.iter().for_each(|pending| pending.apply(&mut content));
            assert!(fs::read(root.join(&path)).expect("a file") == content, "{path} differs");
        }
    }

    /// Writes into `folder` what a disk may hold when the power goes before operation `place`; gives the
    /// answers that the child had by then.
    pub(crate) fn lose_power(&self, place: usize, folder: &Path, random: &mut Pattern) -> Vec<u8> {
        let (files, folders) = self.play(place, Some(random));
        for name in folders {
            fs::create_dir_all(folder.join(name)).expect("a folder");
        }
        let mut acks = Vec::new();
        for (path, disk) in files {
            let mut content = disk.synced;
            if path == "acks" {
                // Not on that disk: it is what somebody else was told.
                disk.pending.iter().for_each(|pending| pending.apply(&mut acks));
                continue;
            }
            disk.pending.iter().for_each(|pending| pending.apply_in_part(&mut content, random));
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, content).expect("a file");
        }
        acks
    }

    /// Files and folders after `place` operations. With `lossy`, names that were made, changed or removed
    /// since the last sync of anything are so only up to a place in their order, as with a journal of
    /// metadata.
    fn play(
        &self,
        place: usize,
        lossy: Option<&mut Pattern>,
    ) -> (BTreeMap<String, Disk>, Vec<String>) {
        let last_sync = self.0[..place]
            .iter()
            .rposition(|(_, operation)| matches!(operation, Operation::Sync))
            .map_or(0, |last| last + 1);
        let names_until = lossy.map_or(place, |random| {
            last_sync + random.below((place - last_sync) as u64 + 1) as usize
        });
        let mut files: BTreeMap<String, Disk> = BTreeMap::new();
        let mut folders = Vec::new();
        for (index, (path, operation)) in self.0[..place].iter().enumerate() {
            let named = index < names_until;
            match operation {
                Operation::Create if named => drop(files.insert(path.clone(), Disk::default())),
                Operation::Unlink if named => drop(files.remove(path)),
                Operation::Rename { to } if named => {
                    // A folder takes with it what is in it.
                    let moved: Vec<_> = files
                        .keys()
                        .chain(&folders)
                        .filter(|old| is_or_lies_in(old, path))
                        .cloned()
                        .collect();
                    for old in moved {
                        let new = format!("{to}{}", &old[path.len()..]);
                        if let Some(file) = files.remove(&old) {
                            files.insert(new, file);
                        } else if let Some(folder) = folders.iter_mut().find(|name| **name == old) {
                            *folder = new;
                        }
                    }
                }
                Operation::MakeFolder if named => folders.push(path.clone()),
                Operation::Create
                | Operation::Unlink
                | Operation::Rename { .. }
                | Operation::MakeFolder => {}
                Operation::Write { offset, data } => {
                    if let Some(file) = files.get_mut(path) {
                        file.pending.push(Pending::Write { offset: *offset, data: data.clone() });
                    }
                }
                Operation::Truncate { length } => {
                    if let Some(file) = files.get_mut(path) {
                        file.pending.push(Pending::Truncate { length: *length });
                    }
                }
                Operation::Sync => {
                    if let Some(file) = files.get_mut(path) {
                        for pending in std::mem::take(&mut file.pending) {
                            pending.apply(&mut file.synced);
                        }
                    }
                }
            }
        }
        (files, folders)
    }
}
