//! Reads the whole store and sees that records and indexes agree.

use std::sync::PoisonError;

use crate::account::Account;
use crate::download::{DownloadGrant, Preparation, Request};
use crate::error::StoreError;
use crate::message::Message;
use crate::order::{Decision, Refresh};
use crate::person::Person;
use crate::seen::SeenOrder;
use crate::session::{OneTimeCode, Session};
use crate::share::{Share, ShareSession};
use crate::sled::events::Line;
use crate::sled::orders::Ordered;
use crate::sled::overlay::{Changes, ReadError, StoreFault, View};
use crate::sled::reports::{Kept, Part};
use crate::sled::sessions::Attempts;
use crate::sled::table::{Record, decode};
use crate::sled::writer::Shared;

/// Entries read at a time.
const PAGE: usize = 512;

/// Reads all; tells how many records there are.
pub(crate) fn verify(shared: &Shared) -> Result<u64, StoreError> {
    let nothing = Changes::new();
    // Nothing is applied meanwhile: indexes and records are of one moment.
    let _applying = shared.applying.read().unwrap_or_else(PoisonError::into_inner);
    let view = View { tree: &shared.tree, changes: &nothing };
    read_all(&view).map_err(|error| StoreFault::from(error).into_error(&shared.folder))
}

fn read_all(view: &View<'_>) -> Result<u64, ReadError> {
    let tables = [
        table::<Account>(view)?,
        table::<Session>(view)?,
        table::<OneTimeCode>(view)?,
        table::<Attempts>(view)?,
        table::<Person>(view)?,
        table::<Message>(view)?,
        table::<Line>(view)?,
        table::<Ordered>(view)?,
        table::<Refresh>(view)?,
        table::<Decision>(view)?,
        table::<Kept>(view)?,
        table::<Part>(view)?,
        table::<SeenOrder>(view)?,
        table::<Preparation>(view)?,
        table::<Request>(view)?,
        table::<DownloadGrant>(view)?,
        table::<Share>(view)?,
        table::<ShareSession>(view)?,
    ];
    // Each entry that a record wants is there: one more belongs to no record.
    if count_index_entries(view)? != tables.iter().map(|(_, entries)| entries).sum::<u64>() {
        return Err(ReadError::Dangling);
    }
    Ok(tables.iter().map(|(records, _)| records).sum())
}

/// Counts the records of a table and the index entries that they want, each of which must be there.
fn table<R: Record>(view: &View<'_>) -> Result<(u64, u64), ReadError> {
    let mut after: Option<Vec<u8>> = None;
    let (mut records, mut entries) = (0, 0);
    loop {
        let page = view.scan(&R::TABLE.key(&[]), after.as_deref(), PAGE)?;
        let Some((last, _)) = page.last() else { return Ok((records, entries)) };
        after = Some(last.clone());
        for (key, value) in &page {
            let record: R = decode(value)?;
            let primary = record.primary_key();
            if *key != R::TABLE.key(&primary) {
                return Err(ReadError::Dangling);
            }
            records += 1;
            for index_key in record.index_keys() {
                if view.raw(&index_key)?.as_ref() != Some(&primary) {
                    return Err(ReadError::Dangling);
                }
                entries += 1;
            }
        }
    }
}

fn count_index_entries(view: &View<'_>) -> Result<u64, ReadError> {
    let mut count = 0;
    for entry in view.tree.range([128_u8].as_slice()..) {
        entry?;
        count += 1;
    }
    Ok(count)
}
