//! A store of an older format becomes one of ours when it is opened.
//!
//! Records are read in the version in which they lie, and written anew when they next change ([`Record`]); what
//! happens here is the rest: index entries that older programs did not write.

use crate::error::StoreError;
use crate::person::Person;
use crate::sled::disk::Disk;
use crate::sled::overlay::{Changes, ReadError, StoreFault, View};
use crate::sled::persons::tax_code_index_key;
use crate::sled::table::Record;
use crate::sled::writer::Shared;

/// The first format in which persons are found by their tax code.
const TAX_CODES: u32 = 3;
/// Records read at a time.
const PAGE: usize = 512;

/// Adds what the format lacks in which the store was found. All of it is one commit, which also writes the new format.
pub(crate) fn upgrade(shared: &Shared, disk: &mut Disk) -> Result<(), StoreError> {
    if disk.found_format >= TAX_CODES {
        return Ok(());
    }
    let entries =
        tax_codes(shared).map_err(|error| StoreFault::from(error).into_error(&shared.folder))?;
    disk.commit(shared, entries).map_err(|error| error.for_caller(shared))
}

fn tax_codes(shared: &Shared) -> Result<Changes, ReadError> {
    let (nothing, mut entries) = (Changes::new(), Changes::new());
    let view = View { tree: &shared.tree, changes: &nothing };
    let mut after = None;
    loop {
        let page: Vec<Person> = view.records(&[], after.as_deref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(entries) };
        after = Some(last.primary_key());
        for person in &page {
            entries.extend(tax_code_index_key(person).map(|key| (key, Some(person.primary_key()))));
        }
    }
}
