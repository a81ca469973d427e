//! Tables and indexes as ranges of keys, and records as versioned JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sled::overlay::{ReadError, Unwritable};

/// A range of primary keys. The numbers are on disk: never changed, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Table {
    Format = 1,
    Accounts = 2,
    Sessions = 3,
    Codes = 4,
    Attempts = 5,
    Persons = 6,
    Messages = 7,
    Events = 8,
    Examinations = 9,
    Refreshes = 10,
    Decisions = 11,
    Reports = 12,
    ReportParts = 13,
    SeenOrders = 14,
    Preparations = 15,
    Requests = 16,
    Grants = 17,
    Shares = 18,
    ShareSessions = 19,
}

impl Table {
    pub(crate) const ALL: [Self; 19] = [
        Self::Format,
        Self::Accounts,
        Self::Sessions,
        Self::Codes,
        Self::Attempts,
        Self::Persons,
        Self::Messages,
        Self::Events,
        Self::Examinations,
        Self::Refreshes,
        Self::Decisions,
        Self::Reports,
        Self::ReportParts,
        Self::SeenOrders,
        Self::Preparations,
        Self::Requests,
        Self::Grants,
        Self::Shares,
        Self::ShareSessions,
    ];

    /// Name in messages and in backups.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Accounts => "accounts",
            Self::Sessions => "sessions",
            Self::Codes => "codes",
            Self::Attempts => "attempts",
            Self::Persons => "persons",
            Self::Messages => "messages",
            Self::Events => "events",
            Self::Examinations => "examinations",
            Self::Refreshes => "refreshes",
            Self::Decisions => "decisions",
            Self::Reports => "reports",
            Self::ReportParts => "report-parts",
            Self::SeenOrders => "seen-orders",
            Self::Preparations => "preparations",
            Self::Requests => "requests",
            Self::Grants => "grants",
            Self::Shares => "shares",
            Self::ShareSessions => "share-sessions",
        }
    }

    pub(crate) fn key(self, primary: &[u8]) -> Vec<u8> {
        [&[self as u8], primary].concat()
    }

    /// The table of a whole key; none for a key of an index.
    pub(crate) fn of(key: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|table| key.first() == Some(&(*table as u8)))
    }
}

/// A range of keys that lead to primary keys. Numbers as with [`Table`]; they begin at 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Index {
    AccountByUserName = 128,
    AccountByEmail = 129,
    AccountBySubject = 130,
    AccountByPerson = 131,
    SessionByAccount = 132,
    SessionByEnd = 133,
    CodeByExpiry = 134,
    AttemptByForgetting = 135,
    PersonByPatientId = 136,
    PersonByName = 137,
    /// Until format 5, of all ways.
    MessageByDue = 138,
    MessageByEnd = 139,
    MessageByAge = 140,
    EventByPerson = 141,
    EventByAccount = 142,
    MessageByAccount = 143,
    ExaminationByOrder = 144,
    ExaminationByNumber = 145,
    RefreshByDue = 146,
    ReportByPerson = 147,
    ReportUnfinished = 148,
    PersonByTaxCode = 149,
    PreparationByTurn = 150,
    PreparationByNext = 151,
    PreparationByEnd = 152,
    PreparationByPerson = 153,
    RequestByAccount = 154,
    RequestByPreparation = 155,
    RequestByPerson = 156,
    GrantByAccount = 157,
    GrantByRequest = 158,
    GrantByEnd = 159,
    ShareByAccount = 160,
    ShareByPerson = 161,
    ShareByToken = 162,
    ShareByUntil = 163,
    ShareByEnd = 164,
    ShareSessionByShare = 165,
    ShareSessionByEnd = 166,
    RequestByShare = 167,
    GrantByShare = 168,
    MailByDue = 169,
    SmsByDue = 170,
    DecisionByStudy = 171,
}

impl Index {
    pub(crate) fn key(self, key: &[u8]) -> Vec<u8> {
        [&[self as u8], key].concat()
    }

    /// Whether a whole key is one of it.
    pub(crate) fn holds(self, key: &[u8]) -> bool {
        key.first() == Some(&(self as u8))
    }
}

/// What lies in a table: one byte of version, then JSON.
///
/// A record that changes in a way that older bytes do not fit gets the next version, and
/// [`Record::upgrade`] reads the older ones. They are written anew when they next change.
pub(crate) trait Record: Serialize + DeserializeOwned {
    const TABLE: Table;
    const VERSION: u8;

    fn primary_key(&self) -> Vec<u8>;

    /// Whole keys of its index entries.
    fn index_keys(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Reads an older version; `None` when there is none such.
    fn upgrade(_version: u8, _json: &[u8]) -> Option<Self> {
        None
    }
}

/// The most bytes of a record with its key, so that a leaf of sled stays inside the log (see `SEGMENT_BYTES`).
pub(crate) const LARGEST_RECORD: usize = 48 << 10;

pub(crate) fn encode<R: Record>(record: &R) -> Result<Vec<u8>, Unwritable> {
    let mut bytes = vec![R::VERSION];
    serde_json::to_writer(&mut bytes, record).map_err(|_error| Unwritable)?;
    Ok(bytes)
}

/// # Errors
/// Names table and version, never a value: it could be a patient's.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, ReadError> {
    let fault = |version| ReadError::Record { table: R::TABLE.name(), version };
    let (&version, json) = bytes.split_first().ok_or_else(|| fault(0))?;
    let record = if version == R::VERSION {
        serde_json::from_slice(json).ok()
    } else {
        R::upgrade(version, json)
    };
    record.ok_or_else(|| fault(version))
}
