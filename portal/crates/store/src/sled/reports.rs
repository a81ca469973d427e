//! [`Reports`] in sled: a record that says what a report is, and its PDF in parts.
//!
//! sled wants small values, and a large document in one commit would keep every other verb waiting. So the
//! parts are written in several commits, and the report counts from the last one on. What a loss of power
//! leaves of an import is removed when the store is opened.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::along::Along;
use crate::error::StoreError;
use crate::id::{PersonId, ReportId};
use crate::person::Person;
use crate::report::{EndOfReport, Ended, Imported, NewReport, Report, ReportEnd, Reports};
use crate::sled::SledStore;
use crate::sled::backup::hex;
use crate::sled::disk::{CommitError, Disk};
use crate::sled::key::Key;
use crate::sled::overlay::{Changes, Outcome, ReadError, StoreFault, Transaction, View};
use crate::sled::table::{Index, Record, Table};
use crate::sled::writer::Shared;

/// Bytes of a part. A leaf of sled holds up to 17 values and must stay below 128 KiB: beyond that sled
/// writes it to a file of its own.
const PART_BYTES: usize = 4 << 10;
/// Parts that are written in one commit.
const PARTS_AT_ONCE: usize = 64;

/// A report, and whether all of it is there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    report: Report,
    is_whole: bool,
}

impl Record for Kept {
    const TABLE: Table = Table::Reports;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.report.id.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let id = self.report.id.as_bytes();
        let by_person = Key::new().fixed(self.report.person.as_bytes()).fixed(id).build();
        let mut keys = vec![Index::ReportByPerson.key(&by_person)];
        if !self.is_whole {
            keys.push(Index::ReportUnfinished.key(id));
        }
        keys
    }
}

/// A part of a PDF.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    report: ReportId,
    number: u32,
    base64: String,
}

impl Record for Part {
    const TABLE: Table = Table::ReportParts;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        part_key(self.report, self.number)
    }
}

fn part_key(report: ReportId, number: u32) -> Vec<u8> {
    Key::new().fixed(report.as_bytes()).fixed(&number.to_be_bytes()).build()
}

/// All that are whole.
pub(crate) fn of_person(view: &View<'_>, person: PersonId) -> Result<Vec<Report>, ReadError> {
    let kept: Vec<Kept> = view.indexed(Index::ReportByPerson, person.as_bytes(), usize::MAX)?;
    Ok(kept.into_iter().filter(|kept| kept.is_whole).map(|kept| kept.report).collect())
}

/// Removes the reports of a person, half imported ones too.
pub(crate) fn erase(transaction: &mut Transaction<'_>, person: PersonId) -> Result<(), StoreFault> {
    let kept: Vec<Kept> =
        transaction.view().indexed(Index::ReportByPerson, person.as_bytes(), usize::MAX)?;
    kept.iter().try_for_each(|kept| remove(transaction, kept.report.id))
}

fn remove(transaction: &mut Transaction<'_>, id: ReportId) -> Result<(), StoreFault> {
    let mut number = 0;
    while transaction.remove::<Part>(&part_key(id, number))? {
        number += 1;
    }
    transaction.remove::<Kept>(id.as_bytes())?;
    Ok(())
}

/// Removes what is left of imports that never ended.
pub(crate) fn remove_unfinished(shared: &Shared, disk: &mut Disk) -> Result<(), StoreError> {
    loop {
        let mut changes = Changes::new();
        let mut transaction = Transaction::new(&shared.tree, &mut changes);
        let unfinished: Vec<Kept> = transaction
            .view()
            .indexed(Index::ReportUnfinished, &[], 1)
            .map_err(|error| StoreFault::from(error).into_error(&shared.folder))?;
        let Some(first) = unfinished.first() else { return Ok(()) };
        remove(&mut transaction, first.report.id)
            .map_err(|fault| fault.into_error(&shared.folder))?;
        disk.commit(shared, changes).map_err(|error: CommitError| error.for_caller(shared))?;
    }
}

/// The versions of one document.
fn versions(view: &View<'_>, new: &Report) -> Result<Vec<Report>, ReadError> {
    let mut versions = of_person(view, new.person)?;
    versions.retain(|report| report.about == new.about && report.document == new.document);
    Ok(versions)
}

/// What stands against a report, or else the version that it gets.
fn version_of(
    view: &View<'_>,
    new: &Report,
    wanted: Option<u32>,
) -> Result<Result<u32, Imported>, ReadError> {
    if view.get::<Person>(new.person.as_bytes())?.is_none() {
        return Ok(Err(Imported::NoSuchPerson));
    }
    let versions = versions(view, new)?;
    if let Some(same) =
        versions.iter().find(|report| report.ended.is_none() && says_the_same(report, new))
    {
        return Ok(Err(Imported::Unchanged(Box::new(same.clone()))));
    }
    let highest = versions.iter().map(|report| report.version).max().unwrap_or(0);
    Ok(match wanted {
        Some(wanted) if wanted <= highest => Err(Imported::NotNewer { version: highest }),
        Some(wanted) => Ok(wanted),
        None => Ok(highest.saturating_add(1)),
    })
}

fn says_the_same(report: &Report, new: &Report) -> bool {
    report.sha256 == new.sha256
        && report.status == new.status
        && report.title == new.title
        && report.dated == new.dated
}

#[async_trait]
impl Reports for SledStore {
    async fn import_report(&self, report: NewReport, along: Along) -> Result<Imported, StoreError> {
        let NewReport { id, person, about, document, version, title, status, dated, at, by, pdf } =
            report;
        let report = Report {
            id,
            person,
            about,
            document,
            version: 0,
            title,
            status,
            dated,
            bytes: pdf.len() as u64,
            sha256: hex(&Sha256::digest(&pdf)),
            imported: at,
            by,
            ended: None,
        };
        let begun = report.clone();
        let refused = self
            .write(move |transaction| {
                if let Err(refused) = version_of(&transaction.view(), &begun, version)? {
                    return Ok(Outcome::Refuse(Some(refused)));
                }
                transaction.put(&Kept { report: begun, is_whole: false })?;
                Ok(Outcome::Keep(None))
            })
            .await?;
        if let Some(refused) = refused {
            return Ok(refused);
        }
        let mut number = 0;
        for bytes in pdf.chunks(PART_BYTES * PARTS_AT_ONCE) {
            let mut parts = Vec::new();
            for part in bytes.chunks(PART_BYTES) {
                parts.push(Part { report: id, number, base64: STANDARD.encode(part) });
                number += 1;
            }
            self.write(move |transaction| {
                // Gone with the person, it gets no parts.
                if transaction.view().get::<Kept>(id.as_bytes())?.is_some() {
                    parts.iter().try_for_each(|part| transaction.put(part))?;
                }
                Ok(Outcome::Keep(()))
            })
            .await?;
        }
        self.write(move |transaction| {
            // Somebody else may have handed in a version meanwhile.
            let mut report = report;
            match version_of(&transaction.view(), &report, version)? {
                Ok(version) => report.version = version,
                Err(refused) => {
                    remove(transaction, id)?;
                    return Ok(Outcome::Keep(refused));
                }
            }
            for mut before in versions(&transaction.view(), &report)? {
                if before.ended.is_none() {
                    before.ended = Some(ReportEnd {
                        how: EndOfReport::Replaced,
                        at,
                        by: report.by.clone(),
                        reason: None,
                    });
                    transaction.put(&Kept { report: before, is_whole: true })?;
                }
            }
            transaction.put(&Kept { report: report.clone(), is_whole: true })?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Imported::Done(Box::new(report))))
        })
        .await
    }

    async fn report(&self, id: ReportId) -> Result<Option<Report>, StoreError> {
        self.read(move |view| {
            let kept = view.get::<Kept>(id.as_bytes())?;
            Ok(kept.filter(|kept| kept.is_whole).map(|kept| kept.report))
        })
        .await
    }

    async fn report_part(&self, id: ReportId, part: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |view| {
            let Some(part) = view.get::<Part>(&part_key(id, part))? else { return Ok(None) };
            STANDARD.decode(part.base64).map(Some).map_err(|_odd| ReadError::Record {
                table: Table::ReportParts.name(),
                version: Part::VERSION,
            })
        })
        .await
    }

    async fn end_report(
        &self,
        id: ReportId,
        end: ReportEnd,
        along: Along,
    ) -> Result<Ended, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Kept>(id.as_bytes())?;
            let Some(mut kept) = found.filter(|kept| kept.is_whole) else {
                return Ok(Outcome::Refuse(Ended::NoSuchReport));
            };
            if kept.report.ended.is_some() {
                return Ok(Outcome::Refuse(Ended::Already));
            }
            kept.report.ended = Some(end);
            transaction.put(&kept)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Ended::Done))
        })
        .await
    }
}
