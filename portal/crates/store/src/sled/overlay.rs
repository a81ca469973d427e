//! What is read of the tree together with what is written but not yet applied.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::error::StoreError;
use crate::sled::key::prefix_end;
use crate::sled::table::{Index, LARGEST_RECORD, Record, decode, encode};

/// Values by key; `None` is a removal.
pub(crate) type Changes = BTreeMap<Vec<u8>, Change>;

/// A new value, or a removal.
pub(crate) type Change = Option<Vec<u8>>;

/// Reads of one moment.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) tree: &'a sled::Tree,
    pub(crate) changes: &'a Changes,
}

/// A key and its value.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

impl View<'_> {
    pub(crate) fn raw(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        if let Some(change) = self.changes.get(key) {
            return Ok(change.clone());
        }
        Ok(self.tree.get(key)?.map(|value| value.to_vec()))
    }

    /// The record with this primary key.
    pub(crate) fn get<R: Record>(&self, key: &[u8]) -> Result<Option<R>, ReadError> {
        self.raw(&R::TABLE.key(key))?.map(|value| decode(&value)).transpose()
    }

    /// At most `limit` entries whose keys begin with `prefix` and lie behind `after`, in order.
    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, ReadError> {
        let start = after.map_or_else(
            || Bound::Included(prefix.to_vec()),
            |after| Bound::Excluded(after.to_vec()),
        );
        let range = (start, Bound::Excluded(prefix_end(prefix)));
        if after.is_some_and(|after| after >= prefix_end(prefix).as_slice()) {
            return Ok(Vec::new());
        }
        let mut changed = self.changes.range(range.clone()).peekable();
        let mut kept = self.tree.range(range).peekable();
        let mut entries = Vec::new();
        while entries.len() < limit {
            let kept_key = match kept.peek() {
                Some(Ok((key, _))) => Some(key.to_vec()),
                Some(Err(error)) => return Err(error.clone().into()),
                None => None,
            };
            match (changed.peek(), kept_key) {
                (None, None) => break,
                (Some((key, _)), kept_key)
                    if kept_key.as_ref().is_none_or(|kept_key| *key <= kept_key) =>
                {
                    if kept_key.as_ref() == Some(*key) {
                        kept.next();
                    }
                    if let Some((key, Some(value))) = changed.next() {
                        entries.push((key.clone(), value.clone()));
                    }
                }
                _ => {
                    if let Some(Ok((key, value))) = kept.next() {
                        entries.push((key.to_vec(), value.to_vec()));
                    }
                }
            }
        }
        Ok(entries)
    }

    /// At most `limit` records whose primary keys begin with `prefix`, behind the primary key `after`.
    pub(crate) fn records<R: Record>(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<R>, ReadError> {
        let after = after.map(|after| R::TABLE.key(after));
        self.scan(&R::TABLE.key(prefix), after.as_deref(), limit)?
            .iter()
            .map(|(_, value)| decode(value))
            .collect()
    }

    /// At most `limit` records that an index lists below `prefix`, in the order of the index.
    pub(crate) fn indexed<R: Record>(
        &self,
        index: Index,
        prefix: &[u8],
        limit: usize,
    ) -> Result<Vec<R>, ReadError> {
        self.indexed_after(index, prefix, None, limit)
    }

    /// The same, behind what follows `prefix` in the key of a record already seen.
    pub(crate) fn indexed_after<R: Record>(
        &self,
        index: Index,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<R>, ReadError> {
        let prefix = index.key(prefix);
        let after = after.map(|after| [&prefix, after].concat());
        self.follow(&self.scan(&prefix, after.as_deref(), limit)?)
    }

    /// At most `limit` records that an index lists before the key `end`, in the order of the index.
    pub(crate) fn indexed_before<R: Record>(
        &self,
        index: Index,
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<R>, ReadError> {
        let end = index.key(end);
        let mut entries = self.scan(&index.key(&[]), None, limit)?;
        entries.retain(|(key, _)| *key < end);
        self.follow(&entries)
    }

    fn follow<R: Record>(&self, entries: &[Entry]) -> Result<Vec<R>, ReadError> {
        entries.iter().map(|(_, primary)| self.get(primary)?.ok_or(ReadError::Dangling)).collect()
    }
}

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Tree(#[from] sled::Error),
    #[error("a record of table {table} and version {version} cannot be read")]
    Record { table: &'static str, version: u8 },
    #[error("an index entry without its record")]
    Dangling,
}

/// Reads and writes of one verb: all of it happens, or nothing.
#[derive(Debug)]
pub(crate) struct Transaction<'a> {
    tree: &'a sled::Tree,
    changes: &'a mut Changes,
    /// What `changes` held before, in the order of the writes.
    before: Vec<(Vec<u8>, Option<Change>)>,
    written_bytes: usize,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(tree: &'a sled::Tree, changes: &'a mut Changes) -> Self {
        Self { tree, changes, before: Vec::new(), written_bytes: 0 }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { tree: self.tree, changes: self.changes }
    }

    /// Bytes of keys and values that it wrote.
    pub(crate) fn written_bytes(&self) -> usize {
        self.written_bytes
    }

    fn set(&mut self, key: Vec<u8>, value: Change) {
        self.written_bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        let before = self.changes.insert(key.clone(), value);
        self.before.push((key, before));
    }

    /// Takes an index entry away if it leads to this record. In a backup during which a value changed hands, who has
    /// it now may stand before who had it.
    fn unset_index(&mut self, key: Vec<u8>, primary: &[u8]) -> Result<(), ReadError> {
        if self.view().raw(&key)?.as_deref() == Some(primary) {
            self.set(key, None);
        }
        Ok(())
    }

    /// Writes a record, new or in the place of the one with its key, and its index entries.
    ///
    /// # Errors
    /// When what was there cannot be read, and when a record is too large.
    pub(crate) fn put<R: Record>(&mut self, record: &R) -> Result<(), StoreFault> {
        let primary = record.primary_key();
        let wanted = record.index_keys();
        if let Some(old) = self.view().get::<R>(&primary)? {
            for key in old.index_keys() {
                if !wanted.contains(&key) {
                    self.unset_index(key, &primary)?;
                }
            }
        }
        let key = R::TABLE.key(&primary);
        let value = encode(record)?;
        let longest_index = wanted.iter().map(Vec::len).max().unwrap_or(0);
        let bytes = (longest_index + primary.len()).max(key.len() + value.len());
        if bytes > LARGEST_RECORD {
            return Err(StoreFault::TooLarge { table: R::TABLE.name(), bytes });
        }
        for key in wanted {
            self.set(key, Some(primary.clone()));
        }
        self.set(key, Some(value));
        Ok(())
    }

    /// Removes a record and its index entries; tells whether it was there.
    pub(crate) fn remove<R: Record>(&mut self, primary: &[u8]) -> Result<bool, StoreFault> {
        let Some(old) = self.view().get::<R>(primary)? else { return Ok(false) };
        for key in old.index_keys() {
            self.unset_index(key, primary)?;
        }
        self.set(R::TABLE.key(primary), None);
        Ok(true)
    }

    /// Takes back all that this verb wrote.
    pub(crate) fn undo(self) {
        for (key, before) in self.before.into_iter().rev() {
            match before {
                Some(value) => self.changes.insert(key, value),
                None => self.changes.remove(&key),
            };
        }
    }
}

/// What a verb answers, and whether its changes are kept.
#[derive(Debug)]
pub(crate) enum Outcome<T> {
    /// Its changes are kept.
    Keep(T),
    /// It refuses: all that it changed is taken back.
    Refuse(T),
}

/// Why a verb ended without an answer: a read that failed, or a value that cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreFault {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Bug(#[from] Unwritable),
    #[error("a record of table {table} is too large")]
    TooLarge { table: &'static str, bytes: usize },
}

/// A record that has no JSON form.
#[derive(Debug, thiserror::Error)]
#[error("a record cannot be written")]
pub(crate) struct Unwritable;

impl StoreFault {
    pub(crate) fn into_error(self, folder: &std::path::Path) -> StoreError {
        match self {
            Self::Read(error) => {
                StoreError::Damaged { folder: folder.to_owned(), what: error.to_string() }
            }
            Self::TooLarge { table, bytes } => {
                StoreError::TooLarge { table, bytes, most: LARGEST_RECORD }
            }
            Self::Bug(_) => StoreError::Bug { what: "a record cannot be written" },
        }
    }
}
