//! Backup: every record as a line of JSON, taken while the store goes on, and back.
//!
//! The records are read page by page. What is written meanwhile is heard from the writer and comes behind
//! them, so the whole is the store at the moment when the last line was written. Indexes are not in it:
//! they are made again.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::PoisonError;
use std::thread;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::download::{DownloadGrant, Preparation, Request};
use crate::error::StoreError;
use crate::message::Message;
use crate::order::{Decision, Refresh};
use crate::person::Person;
use crate::seen::SeenOrder;
use crate::session::{OneTimeCode, Session};
use crate::share::{Share, ShareSession};
use crate::sled::disk::FORMAT;
use crate::sled::events::Line as EventLine;
use crate::sled::orders::Ordered;
use crate::sled::overlay::{Changes, Entry, StoreFault, Transaction, View};
use crate::sled::reports::{Kept, Part};
use crate::sled::sessions::Attempts;
use crate::sled::table::{Record, Table};
use crate::sled::writer::Shared;
use crate::sled::{beside, exchange, give_name, open_shared, remove_folder};

/// Records read at a time.
const PAGE: usize = 256;
/// Bytes that may be written while a page is.
const MOST_HEARD: usize = 64 << 20;

/// What a backup hears from the writer.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    heard: Changes,
    bytes: usize,
    overflowed: bool,
}

impl Feed {
    /// Only the last value of each key counts.
    pub(crate) fn hear(&mut self, changes: &Changes) {
        for (key, value) in changes.iter().filter(|(key, _)| Table::of(key).is_some()) {
            self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
            if self.bytes > MOST_HEARD {
                self.overflowed = true;
                self.heard.clear();
                return;
            }
            self.heard.insert(key.clone(), value.clone());
        }
    }
}

/// What went into a backup, or came out of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupReport {
    /// Lines of records, those changed meanwhile counted again.
    pub records: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    esito_backup: u32,
    format: u32,
    made: jiff::Timestamp,
}

/// A record, or the primary key of one that is gone.
#[derive(Debug, Serialize, Deserialize)]
struct Line<'a> {
    table: &'a str,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none", default, borrow)]
    record: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    removed: Option<Vec<u8>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tail {
    records: u64,
    sha256: String,
}

/// Counts and hashes what is written.
struct Lines<'a> {
    sink: &'a mut dyn Write,
    hash: Sha256,
    records: u64,
}

impl Lines<'_> {
    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.sink.write_all(&bytes)
    }

    /// A key of a table with its value, or none when it is gone.
    fn entry(&mut self, key: &[u8], value: Option<&[u8]>) -> io::Result<()> {
        let odd = || io::Error::new(io::ErrorKind::InvalidData, "a record without version");
        let Some(table) = Table::of(key) else { return Ok(()) };
        if table == Table::Format {
            return Ok(());
        }
        self.records += 1;
        match value {
            Some(value) => {
                let (version, json) = value.split_first().ok_or_else(odd)?;
                let record: &RawValue = serde_json::from_slice(json)?;
                self.write(&Line {
                    table: table.name(),
                    version: Some(*version),
                    record: Some(record),
                    removed: None,
                })
            }
            None => self.write(&Line {
                table: table.name(),
                version: None,
                record: None,
                removed: Some(key.get(1..).unwrap_or_default().to_vec()),
            }),
        }
    }
}

fn unwritten(source: io::Error) -> StoreError {
    StoreError::Storage { what: "cannot write the backup".to_owned(), source }
}

pub(crate) fn backup(
    shared: &Shared,
    sink: &mut dyn Write,
    made: jiff::Timestamp,
) -> Result<BackupReport, StoreError> {
    {
        let mut feed = shared.feed.lock().unwrap_or_else(PoisonError::into_inner);
        if feed.is_some() {
            return Err(unwritten(io::Error::other("another backup is under way")));
        }
        *feed = Some(Feed::default());
    }
    let mut lines = Lines { sink, hash: Sha256::new(), records: 0 };
    let written = lines
        .write(&Head { esito_backup: 1, format: FORMAT, made })
        .map_err(unwritten)
        .and_then(|()| write_records(shared, &mut lines));
    let feed = shared.feed.lock().unwrap_or_else(PoisonError::into_inner).take();
    written?;
    let feed = feed.unwrap_or_default();
    if feed.overflowed {
        return Err(unwritten(io::Error::other(
            "more was written to the store meanwhile than is kept in memory: use a faster disk",
        )));
    }
    for (key, value) in &feed.heard {
        lines.entry(key, value.as_deref()).map_err(unwritten)?;
    }
    let records = lines.records;
    let sha256 = hex(&lines.hash.clone().finalize());
    lines.write(&Tail { records, sha256 }).map_err(unwritten)?;
    lines.sink.flush().map_err(unwritten)?;
    Ok(BackupReport { records })
}

fn write_records(shared: &Shared, lines: &mut Lines<'_>) -> Result<(), StoreError> {
    for table in Table::ALL {
        let mut after = None;
        loop {
            let page = page(shared, &table.key(&[]), after.as_deref())?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, value) in &page {
                lines.entry(key, Some(value)).map_err(unwritten)?;
            }
        }
    }
    Ok(())
}

fn page(shared: &Shared, prefix: &[u8], after: Option<&[u8]>) -> Result<Vec<Entry>, StoreError> {
    let nothing = Changes::new();
    let _applying = shared.applying.read().unwrap_or_else(PoisonError::into_inner);
    View { tree: &shared.tree, changes: &nothing }
        .scan(prefix, after, PAGE)
        .map_err(|error| StoreFault::from(error).into_error(&shared.folder))
}

/// Makes the store in `folder` from a backup. Blocks.
///
/// The folder appears when the whole backup is in it; it must not be there before.
///
/// # Errors
/// [`StoreError::Storage`] when the backup is cut short, was changed, or cannot be read or written;
/// [`StoreError::NewerFormat`] when a newer program made it.
pub fn restore(source: &mut dyn BufRead, folder: &Path) -> Result<BackupReport, StoreError> {
    let storage = |source| StoreError::Storage {
        what: format!("cannot restore into {}", folder.display()),
        source,
    };
    if folder.exists() {
        return Err(storage(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "the folder is there already: move it away first",
        )));
    }
    let unfinished = beside(folder, ".restoring");
    remove_folder(&unfinished).map_err(storage)?;
    let report = match read_backup(source, &unfinished, &storage) {
        Ok(report) => report,
        Err(error) => {
            // What is left of a restore that failed is in the way of nobody.
            drop(remove_folder(&unfinished));
            return Err(error);
        }
    };
    give_name(&unfinished, folder).map_err(storage)?;
    Ok(report)
}

/// Writes the store in `folder` anew, which nobody may have open: the log of sled keeps what was erased
/// until that. Blocks.
///
/// The new store takes the place of the old one in one step, and the old one is removed then. What a file
/// system with snapshots, a disk that copies on write, or an earlier backup still holds stays there.
///
/// # Errors
/// As `SledStore::open`, and [`StoreError::Storage`].
pub fn compact(folder: &Path) -> Result<BackupReport, StoreError> {
    let storage = |source| StoreError::Storage {
        what: format!("cannot write the store in {} anew", folder.display()),
        source,
    };
    if !folder.join("db").is_file() {
        return Err(storage(io::Error::new(io::ErrorKind::NotFound, "there is no store")));
    }
    let new = beside(folder, ".compacted");
    remove_folder(&new).map_err(storage)?;
    let (shared, disk) = open_shared(folder)?;
    let (source, mut sink) = io::pipe().map_err(storage)?;
    let report = thread::scope(|scope| {
        let shared = &shared;
        let written = scope.spawn(move || {
            let written = backup(shared, &mut sink, jiff::Timestamp::now());
            // The end of the pipe is the end of the backup.
            drop(sink);
            written
        });
        let restored = restore(&mut BufReader::new(source), &new);
        let written =
            written.join().map_err(|_panic| StoreError::Bug { what: "a backup panicked" })?;
        // Whichever failed first is why the other one did.
        match (written, restored) {
            (Err(damaged @ StoreError::Damaged { .. }), _) => Err(damaged),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
            (Ok(_), Ok(report)) => Ok(report),
        }
    })?;
    drop(disk);
    drop(shared);
    exchange(&new, folder).map_err(storage)?;
    remove_folder(&new).map_err(storage)?;
    Ok(report)
}

fn read_backup(
    source: &mut dyn BufRead,
    folder: &Path,
    storage: &dyn Fn(io::Error) -> StoreError,
) -> Result<BackupReport, StoreError> {
    let invalid = |what: &str| storage(io::Error::new(io::ErrorKind::InvalidData, what.to_owned()));
    let mut hash = Sha256::new();
    let mut text = String::new();
    source.read_line(&mut text).map_err(storage)?;
    hash.update(&text);
    let head: Head = serde_json::from_str(&text).map_err(|_odd| invalid("this is no backup"))?;
    if head.format > FORMAT {
        return Err(StoreError::NewerFormat {
            folder: folder.to_owned(),
            found: head.format,
            known: FORMAT,
        });
    }
    let (shared, mut disk) = open_shared(folder)?;
    let mut changes = Changes::new();
    let mut records = 0;
    loop {
        text.clear();
        if source.read_line(&mut text).map_err(storage)? == 0 {
            return Err(invalid("the backup is cut short"));
        }
        if let Ok(tail) = serde_json::from_str::<Tail>(&text) {
            if tail.records != records || tail.sha256 != hex(&hash.finalize()) {
                return Err(invalid("the backup was changed after it was made"));
            }
            break;
        }
        hash.update(&text);
        records += 1;
        let line: Line<'_> = serde_json::from_str(&text).map_err(|_odd| invalid("an odd line"))?;
        let mut transaction = Transaction::new(&shared.tree, &mut changes);
        apply(&mut transaction, &line)
            .map_err(|fault| fault.into_error(folder))?
            .ok_or_else(|| invalid("a record of no known table or version"))?;
        if changes.len() >= 16 * PAGE {
            let group = std::mem::take(&mut changes);
            disk.commit(&shared, group).map_err(|error| error.for_caller(&shared))?;
        }
    }
    disk.commit(&shared, changes).map_err(|error| error.for_caller(&shared))?;
    Ok(BackupReport { records })
}

/// Writes or removes the record of a line; `None` when the line makes no sense.
fn apply(transaction: &mut Transaction<'_>, line: &Line<'_>) -> Result<Option<()>, StoreFault> {
    fn as_record<R: Record>(
        transaction: &mut Transaction<'_>,
        line: &Line<'_>,
    ) -> Result<Option<()>, StoreFault> {
        if let Some(primary) = &line.removed {
            transaction.remove::<R>(primary)?;
            return Ok(Some(()));
        }
        let (Some(version), Some(json)) = (line.version, line.record) else { return Ok(None) };
        let record = if version == R::VERSION {
            serde_json::from_str(json.get()).ok()
        } else {
            R::upgrade(version, json.get().as_bytes())
        };
        let Some(record) = record else { return Ok(None) };
        transaction.put::<R>(&record)?;
        Ok(Some(()))
    }
    let Some(table) = Table::ALL.into_iter().find(|table| table.name() == line.table) else {
        return Ok(None);
    };
    match table {
        Table::Format => Ok(None),
        Table::Accounts => as_record::<Account>(transaction, line),
        Table::Sessions => as_record::<Session>(transaction, line),
        Table::Codes => as_record::<OneTimeCode>(transaction, line),
        Table::Attempts => as_record::<Attempts>(transaction, line),
        Table::Persons => as_record::<Person>(transaction, line),
        Table::Messages => as_record::<Message>(transaction, line),
        Table::Events => as_record::<EventLine>(transaction, line),
        Table::Examinations => as_record::<Ordered>(transaction, line),
        Table::Refreshes => as_record::<Refresh>(transaction, line),
        Table::Decisions => as_record::<Decision>(transaction, line),
        Table::Reports => as_record::<Kept>(transaction, line),
        Table::ReportParts => as_record::<Part>(transaction, line),
        Table::SeenOrders => as_record::<SeenOrder>(transaction, line),
        Table::Preparations => as_record::<Preparation>(transaction, line),
        Table::Requests => as_record::<Request>(transaction, line),
        Table::Grants => as_record::<DownloadGrant>(transaction, line),
        Table::Shares => as_record::<Share>(transaction, line),
        Table::ShareSessions => as_record::<ShareSession>(transaction, line),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes all that is written to it.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
