//! `show` of a PACS: from which attributes comes what a portal shows.

use anyhow::{bail, ensure};
use engine::pacs::{Attribute, Mapping, attribute};
use schemars::JsonSchema;
use serde::Deserialize;

/// Each key holds attributes by keyword or as `gggg,eeee`; the first that has a value counts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    order_number: Option<Vec<String>>,
    accession_number: Option<Vec<String>>,
    description: Option<Vec<String>>,
    referring_physician: Option<Vec<String>>,
    site: Option<Vec<String>>,
    status: Option<Vec<String>>,
    modalities: Option<Vec<String>>,
    report: Option<Vec<String>>,
    report_terms: Option<Vec<String>>,
    date: Option<Vec<String>>,
    time: Option<Vec<String>>,
    utc_offset: Option<Vec<String>>,
}

impl Section {
    pub(super) fn check(&self) -> anyhow::Result<Mapping> {
        let usual = Mapping::default();
        Ok(Mapping {
            order_number: read("order_number", self.order_number.as_deref(), usual.order_number)?,
            accession_number: read(
                "accession_number",
                self.accession_number.as_deref(),
                usual.accession_number,
            )?,
            description: read("description", self.description.as_deref(), usual.description)?,
            referring_physician: read(
                "referring_physician",
                self.referring_physician.as_deref(),
                usual.referring_physician,
            )?,
            site: read("site", self.site.as_deref(), usual.site)?,
            status: read("status", self.status.as_deref(), usual.status)?,
            modalities: read("modalities", self.modalities.as_deref(), usual.modalities)?,
            report: read("report", self.report.as_deref(), usual.report)?,
            report_terms: match &self.report_terms {
                Some(terms) => {
                    ensure!(terms.len() <= 64, "report_terms are {}: 64 at most", terms.len());
                    terms.clone()
                }
                None => usual.report_terms,
            },
            date: read("date", self.date.as_deref(), usual.date)?,
            time: read("time", self.time.as_deref(), usual.time)?,
            utc_offset: read("utc_offset", self.utc_offset.as_deref(), usual.utc_offset)?,
        })
    }
}

fn read(
    key: &str,
    written: Option<&[String]>,
    usual: Vec<Attribute>,
) -> anyhow::Result<Vec<Attribute>> {
    let Some(written) = written else { return Ok(usual) };
    ensure!(written.len() <= 8, "{key} names {} attributes: 8 at most", written.len());
    let mut attributes = Vec::new();
    for text in written {
        match attribute(text) {
            Some(attribute) => attributes.push(attribute),
            None => bail!(
                "{key}: \"{text}\" is no attribute with a text: a keyword as AccessionNumber, or a \
                 tag as 0008,0050"
            ),
        }
    }
    Ok(attributes)
}
