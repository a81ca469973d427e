//! A store of an older format becomes one of ours when it is opened.
//!
//! Records are read in the version in which they lie, and written anew when they next change ([`Record`]); what
//! happens here is the rest: index entries that older programs did not write, or wrote otherwise.

use crate::error::StoreError;
use crate::message::Message;
use crate::order::Decision;
use crate::person::Person;
use crate::sled::disk::Disk;
use crate::sled::messages::due_index_keys;
use crate::sled::overlay::{Changes, ReadError, StoreFault, View};
use crate::sled::persons::tax_code_index_key;
use crate::sled::table::Record;
use crate::sled::writer::Shared;

/// The first format in which persons are found by their tax code.
const TAX_CODES: u32 = 3;
/// The first format in which messages wait by the way that they go, and decisions are found by their study.
const WAYS_AND_STUDIES: u32 = 6;
/// Records read at a time.
const PAGE: usize = 512;

/// Adds what the format lacks in which the store was found. All of it is one commit, which also writes the new format.
pub(crate) fn upgrade(shared: &Shared, disk: &mut Disk) -> Result<(), StoreError> {
    if disk.found_format >= WAYS_AND_STUDIES {
        return Ok(());
    }
    let entries = missing(shared, disk.found_format)
        .map_err(|error| StoreFault::from(error).into_error(&shared.folder))?;
    disk.commit(shared, entries).map_err(|error| error.for_caller(shared))
}

fn missing(shared: &Shared, found: u32) -> Result<Changes, ReadError> {
    let mut entries = Changes::new();
    if found < TAX_CODES {
        each(shared, |person: &Person| {
            entries.extend(tax_code_index_key(person).map(|key| (key, Some(person.primary_key()))));
        })?;
    }
    each(shared, |message: &Message| {
        if let Some([former, now]) = due_index_keys(message) {
            entries.extend([(former, None), (now, Some(message.primary_key()))]);
        }
    })?;
    each(shared, |decision: &Decision| {
        let keys = decision.index_keys().into_iter();
        entries.extend(keys.map(|key| (key, Some(decision.primary_key()))));
    })?;
    Ok(entries)
}

/// Calls for each record of a table.
fn each<R: Record>(shared: &Shared, mut call: impl FnMut(&R)) -> Result<(), ReadError> {
    let nothing = Changes::new();
    let view = View { tree: &shared.tree, changes: &nothing };
    let mut after = None;
    loop {
        let page: Vec<R> = view.records(&[], after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.primary_key());
        page.iter().for_each(&mut call);
    }
}
