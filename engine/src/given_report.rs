//! Reports that a site hands in, since its PACS does not hold them: PDF documents beside the studies.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use media::Date;
use media::contents::{ReportLink, ReportStatus};
use media::layout::ReportFormat;
use model::{Notice, StudyInstanceUid, Subject};
use sha2::{Digest as _, Sha256};
use zipstream::store;

use crate::assembly::Assembly;
use crate::document::pdf_fault;
use crate::error::PackError;
use crate::reports::too_many;

/// The longest document; it is held in memory while it is written.
pub const MOST_REPORT_BYTES: u64 = 256 << 20;

/// A report that is handed in.
#[derive(Clone)]
pub struct GivenReport {
    /// Its title; the pages call it "report" without one.
    pub title: Option<String>,
    /// How far it is valid.
    pub status: Option<ReportStatus>,
    /// When it was signed.
    pub date: Option<Date>,
    /// On what.
    pub about: ReportAbout,
    /// SHA-256 of the document: of another one there is no package.
    pub sha256: [u8; 32],
    /// The document, a PDF.
    pub pdf: Arc<dyn ReportFile>,
}

/// On what a report is.
#[derive(Clone, PartialEq, Eq)]
pub enum ReportAbout {
    /// On all that is in the package.
    Everything,
    /// On the study with this Accession Number (0008,0050).
    AccessionNumber(String),
    /// On a study.
    Study(StudyInstanceUid),
}

/// Gives the document of a report when its turn comes.
pub trait ReportFile: fmt::Debug + Send + Sync {
    /// All of it.
    ///
    /// # Errors
    /// It cannot be read: there is no package.
    fn read(&self) -> io::Result<Vec<u8>>;
}

/// A document in memory.
struct InMemory(Vec<u8>);

impl ReportFile for InMemory {
    fn read(&self) -> io::Result<Vec<u8>> {
        Ok(self.0.clone())
    }
}

impl fmt::Debug for InMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("InMemory").field(&self.0.len()).finish()
    }
}

impl GivenReport {
    /// A document in memory, on all that is in the package.
    pub fn new(pdf: Vec<u8>) -> Self {
        Self {
            title: None,
            status: None,
            date: None,
            about: ReportAbout::Everything,
            sha256: Sha256::digest(&pdf).into(),
            pdf: Arc::new(InMemory(pdf)),
        }
    }

    /// What tells it from another one, for the digest of a package.
    pub(crate) fn put_identity(&self, hasher: &mut Sha256) {
        let Self { title, status, date, about, sha256, .. } = self;
        hasher.update(sha256);
        let about = match about {
            ReportAbout::Everything => "",
            ReportAbout::AccessionNumber(number) => number,
            ReportAbout::Study(study) => study.as_str(),
        };
        hasher.update(format!("{title:?}{status:?}{date:?}{about:?}"));
    }

    fn link(&self, path: model::EntryPath) -> ReportLink {
        ReportLink {
            title: self.title.clone(),
            date: self.date.map(Date::to_da),
            time: None,
            status: self.status,
            path,
            page: None,
            file_id: None,
            study: None,
        }
    }
}

impl fmt::Debug for GivenReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GivenReport")
            .field("status", &self.status)
            .field("pdf", &self.pdf)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReportAbout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Everything => "Everything",
            Self::AccessionNumber(_) => "AccessionNumber",
            Self::Study(_) => "Study",
        })
    }
}

/// What is wrong with a report that was handed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GivenReportFault {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// It is longer than [`MOST_REPORT_BYTES`].
    #[error("it has {bytes} bytes, and may have {MOST_REPORT_BYTES}")]
    TooLong {
        /// How long it is.
        bytes: u64,
    },
    /// Its SHA-256 is another one.
    #[error("its SHA-256 is not that of the document that was handed in: hand it in again")]
    Changed,
}

impl<W: Write> Assembly<'_, W> {
    /// Writes the reports that were handed in, before anything else: so they can be read first.
    pub(crate) fn put_given_reports(&mut self) -> Result<(), PackError> {
        for (index, report) in self.options.reports.iter().enumerate() {
            let failed = |fault| PackError::GivenReport { number: index + 1, fault };
            let pdf =
                report.pdf.read().map_err(|error| failed(GivenReportFault::Unreadable(error)))?;
            let bytes = pdf.len() as u64;
            if bytes > MOST_REPORT_BYTES {
                return Err(failed(GivenReportFault::TooLong { bytes }));
            }
            if <[u8; 32]>::from(Sha256::digest(&pdf)) != report.sha256 {
                return Err(failed(GivenReportFault::Changed));
            }
            if let Some(fault) = pdf_fault(&pdf) {
                self.notices.push(Notice::ReportImpaired(Subject::default(), fault));
            }
            let number = self.sections.next_report().ok_or_else(too_many)?;
            let path = self.options.layout.report(number, ReportFormat::Pdf);
            self.put(&path, &store(pdf), report.sha256, None)?;
            self.sections.add_given_report(report.link(path), report.about.clone());
        }
        Ok(())
    }
}
