//! The reports that the site handed in, on their way into a package.

use std::fmt;
use std::io;
use std::sync::Arc;

use engine::{GivenReport, ReportFile};
use store::{
    FailureReason, Preparation, Report, ReportAbout, ReportId, ReportStatus, SecretHash, Store,
};
use tokio::runtime::Handle;

use crate::downloads::Downloads;
use crate::downloads::packing::Broken;

/// A report in the store, read by a thread that may block.
struct InStore {
    store: Arc<dyn Store>,
    id: ReportId,
    runtime: Handle,
}

impl fmt::Debug for InStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InStore").field("id", &self.id).finish_non_exhaustive()
    }
}

impl ReportFile for InStore {
    fn read(&self) -> io::Result<Vec<u8>> {
        self.runtime.block_on(async {
            let mut pdf = Vec::new();
            for number in 0.. {
                let part = self.store.report_part(self.id, number).await;
                let Some(part) = part.map_err(io::Error::other)? else { break };
                pdf.extend_from_slice(&part);
            }
            Ok(pdf)
        })
    }
}

impl Downloads {
    /// The reports of a preparation, in its order.
    pub(super) async fn reports(
        &self,
        preparation: &Preparation,
    ) -> Result<Vec<GivenReport>, Broken> {
        let fault = |why: &str| Broken::Failed(FailureReason::Fault, why.to_owned());
        let mut reports = Vec::with_capacity(preparation.reports.len());
        for id in &preparation.reports {
            let found = self.0.store.report(*id).await;
            let found = found.map_err(|error| fault(&error.to_string()))?;
            let report = found.ok_or_else(|| fault("a report is not in the store any more"))?;
            let file =
                InStore { store: Arc::clone(&self.0.store), id: *id, runtime: Handle::current() };
            reports.push(given(report, file).ok_or_else(|| fault("a report has no SHA-256"))?);
        }
        Ok(reports)
    }
}

fn given(report: Report, file: InStore) -> Option<GivenReport> {
    Some(GivenReport {
        title: report.title.map(|title| title.0),
        status: Some(match report.status {
            ReportStatus::Preliminary => engine::ReportStatus::Preliminary,
            ReportStatus::Final => engine::ReportStatus::Final,
        }),
        date: report
            .dated
            .and_then(|date| engine::Date::from_da(&date.strftime("%Y%m%d").to_string())),
        about: match report.about {
            ReportAbout::AccessionNumber(number) => engine::ReportAbout::AccessionNumber(number.0),
            ReportAbout::OrderNumber(_) => engine::ReportAbout::Everything,
        },
        sha256: sha256_of(&report.sha256)?,
        pdf: Arc::new(file),
    })
}

/// From hexadecimal digits, as the store writes all of its hashes.
fn sha256_of(digits: &str) -> Option<[u8; 32]> {
    SecretHash::try_from(digits.to_owned()).ok().map(|hash| *hash.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_the_store_writes_them() {
        let digits = "00ff".repeat(16);
        let bytes = sha256_of(&digits).unwrap();
        assert_eq!((bytes[0], bytes[1], bytes[31]), (0, 255, 255));
        for odd in ["", "00", &"0".repeat(65), &"zz".repeat(32), &"é".repeat(32)] {
            assert_eq!(sha256_of(odd), None, "{odd}");
        }
    }
}
