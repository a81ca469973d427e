//! Reports that a site hands in because its PACS does not hold them: PDF documents.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::along::Along;
use crate::error::StoreError;
use crate::id::{PersonId, ReportId};
use crate::private::Private;

/// A version of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Never changes.
    pub id: ReportId,
    /// Whose.
    pub person: PersonId,
    /// On what.
    pub about: ReportAbout,
    /// Tells reports on one order apart; empty where there is one only.
    pub document: String,
    /// Counted from 1 for each document.
    pub version: u32,
    /// Title.
    pub title: Option<Private<String>>,
    /// Stato.
    pub status: ReportStatus,
    /// The day it was signed.
    pub dated: Option<Date>,
    /// Length of the PDF.
    pub bytes: u64,
    /// SHA-256 of the PDF, in lower-case hexadecimal digits.
    pub sha256: String,
    /// When it was handed in.
    pub imported: Timestamp,
    /// By whom: the name of a token, or `console`.
    pub by: String,
    /// What took it out of use; it is kept all the same.
    pub ended: Option<ReportEnd>,
}

/// On what a report is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportAbout {
    /// The examinations with this accession number.
    AccessionNumber(Private<String>),
    /// All of the order with this number.
    OrderNumber(Private<String>),
}

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportStatus {
    /// Provvisorio.
    Preliminary,
    /// Finale.
    Final,
}

/// What took a version out of use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportEnd {
    /// How.
    pub how: EndOfReport,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: Option<Private<String>>,
}

/// How a version goes out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndOfReport {
    /// By the next version.
    Replaced,
    /// Ritirato.
    Withdrawn,
    /// Annullato.
    Cancelled,
}

/// A report that is handed in.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// Its name.
    pub id: ReportId,
    /// Whose.
    pub person: PersonId,
    /// On what.
    pub about: ReportAbout,
    /// Tells reports on one order apart.
    pub document: String,
    /// The version that the sender gives it; without one it is the next.
    pub version: Option<u32>,
    /// Title.
    pub title: Option<Private<String>>,
    /// Stato.
    pub status: ReportStatus,
    /// The day it was signed.
    pub dated: Option<Date>,
    /// When it is handed in.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The document itself.
    pub pdf: Vec<u8>,
}

/// Outcome of [`Reports::import_report`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// It is kept, and a version before it is replaced.
    Done(Box<Report>),
    /// The version in use has the same PDF and says the same: nothing changed.
    Unchanged(Box<Report>),
    /// There is a version with this number, or a higher one.
    NotNewer {
        /// The highest.
        version: u32,
    },
    /// There is no such person.
    NoSuchPerson,
}

/// Outcome of [`Reports::end_report`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is out of use.
    Done,
    /// It was before.
    Already,
    /// There is no such report.
    NoSuchReport,
}

/// The reports.
#[async_trait]
pub trait Reports {
    /// Keeps a report: all of it, or nothing.
    async fn import_report(&self, report: NewReport, along: Along) -> Result<Imported, StoreError>;

    /// One report.
    async fn report(&self, id: ReportId) -> Result<Option<Report>, StoreError>;

    /// A part of its PDF, counted from 0; `None` behind the last. A part is small enough to be held in
    /// memory whatever the size of the whole.
    async fn report_part(&self, id: ReportId, part: u32) -> Result<Option<Vec<u8>>, StoreError>;

    /// Takes a version out of use. It does not bring back the one before.
    async fn end_report(
        &self,
        id: ReportId,
        end: ReportEnd,
        along: Along,
    ) -> Result<Ended, StoreError>;
}
