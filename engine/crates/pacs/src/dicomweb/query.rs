//! QIDO-RS (PS3.18 §10.6): searching for studies, series and instances, page by page.

use std::collections::HashSet;
use std::io::Read as _;

use dicom_core::Tag;
use model::{MAX_UID_BYTES, SeriesInstanceUid, StudyInstanceUid};

use super::client::DicomWeb;
use super::error::DicomWebError;
use super::instance_body::shown;
use super::json::{self, JsonDataSet};
use super::multipart::MediaType;
use super::service_url::escaped;

/// Study Instance UID.
const STUDY: Tag = Tag(0x0020, 0x000D);
/// Series Instance UID.
const SERIES: Tag = Tag(0x0020, 0x000E);
/// SOP Instance UID.
const SOP_INSTANCE: Tag = Tag(0x0008, 0x0018);

/// What is searched, and below what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level<'a> {
    /// Studies.
    Studies,
    /// The series of a study.
    Series(&'a StudyInstanceUid),
    /// The instances of a series.
    Instances(&'a StudyInstanceUid, &'a SeriesInstanceUid),
    /// All instances of a study.
    InstancesOfStudy(&'a StudyInstanceUid),
}

impl Level<'_> {
    fn path(self) -> String {
        match self {
            Self::Studies => "/studies".to_owned(),
            Self::Series(study) => format!("/studies/{}/series", escaped(study.as_str())),
            Self::Instances(study, series) => format!(
                "/studies/{}/series/{}/instances",
                escaped(study.as_str()),
                escaped(series.as_str())
            ),
            Self::InstancesOfStudy(study) => {
                format!("/studies/{}/instances", escaped(study.as_str()))
            }
        }
    }

    /// The attribute that tells the answers apart.
    fn unique(self) -> Tag {
        match self {
            Self::Studies => STUDY,
            Self::Series(_) => SERIES,
            Self::Instances(..) | Self::InstancesOfStudy(_) => SOP_INSTANCE,
        }
    }
}

/// A search.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// What is searched.
    pub level: Level<'a>,
    /// Attributes with the value that they must have.
    pub matching: &'a [(Tag, &'a str)],
    /// Attributes that are wanted beside those that every answer holds.
    pub including: &'a [Tag],
    /// How many answers are taken.
    pub limit: usize,
    /// How many there are, as the server says elsewhere.
    pub expected: Option<usize>,
}

/// The answers to a search, each UID once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T = JsonDataSet> {
    /// The answers.
    pub data_sets: Vec<T>,
    /// Whether there are more than the limit.
    pub is_cut: bool,
    /// Answers without the UID that they are about, or with one that is too long: nothing can be done with them.
    pub nameless: usize,
}

impl DicomWeb {
    /// Searches, asking for page after page until one brings nothing new.
    ///
    /// A server may cap its pages below what is asked for, so that a short page is no end, unless it
    /// completes what is expected; one that does not know `offset` sends the same page again, which is.
    ///
    /// # Errors
    /// [`DicomWebError`]; more answers than the limit are none, see [`Found::is_cut`].
    pub fn search(&self, search: &Search<'_>) -> Result<Found, DicomWebError> {
        self.search_as(search, Some)
    }

    /// As [`DicomWeb::search`], keeping of each answer only what `read` makes of it, if anything.
    pub(super) fn search_as<T>(
        &self,
        search: &Search<'_>,
        mut read: impl FnMut(JsonDataSet) -> Option<T>,
    ) -> Result<Found<T>, DicomWebError> {
        let mut found = Found { data_sets: Vec::new(), is_cut: false, nameless: 0 };
        let mut known = HashSet::new();
        let mut offset = 0;
        loop {
            let wanted = search.limit.saturating_add(1).saturating_sub(known.len());
            let asked = wanted.min(self.settings().limits.page);
            let page = match self.page(search, offset, asked) {
                // Behind the last page: some servers know no empty one.
                Err(DicomWebError::NotFound { .. } | DicomWebError::Status { status: 400, .. })
                    if offset > 0 =>
                {
                    return Ok(found);
                }
                other => other?,
            };
            let before = (known.len(), found.nameless);
            let is_first = offset == 0;
            offset += page.len();
            let is_short = page.len() < asked;
            for set in page {
                let uid = set.text(search.level.unique());
                let Some(uid) = uid.filter(|uid| uid.len() <= MAX_UID_BYTES) else {
                    found.nameless += 1;
                    continue;
                };
                if known.insert(uid) {
                    if known.len() > search.limit {
                        found.is_cut = true;
                        return Ok(found);
                    }
                    found.data_sets.extend(read(set));
                }
            }
            let brings_nothing = known.len() == before.0;
            if brings_nothing && !is_first {
                // The same page again.
                found.nameless = before.1;
            }
            let is_complete = is_short && search.expected == Some(known.len());
            if is_complete || brings_nothing {
                return Ok(found);
            }
        }
    }

    fn page(
        &self,
        search: &Search<'_>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<JsonDataSet>, DicomWebError> {
        let limit_bytes = self.settings().limits.page_bytes;
        let path = path_of(search, offset, limit);
        let mut answer =
            self.get(&self.settings().url, &path, "application/dicom+json", limit_bytes)?;
        let host = || self.settings().url.host().to_owned();
        // 204: no match (PS3.18 §8.3.4).
        if answer.status == 204 {
            return Ok(Vec::new());
        }
        let essence = MediaType::parse(&answer.content_type).essence;
        if !matches!(essence.as_str(), "application/dicom+json" | "application/json" | "") {
            return Err(DicomWebError::WrongContent {
                host: host(),
                content_type: shown(&essence),
                expected: "DICOM JSON",
            });
        }
        let mut bytes = Vec::new();
        answer.body.read_to_end(&mut bytes).map_err(|error| {
            self.body_fault(
                &self.settings().url,
                error,
                limit_bytes,
                "in one page of answers",
                "limits.page_mib",
            )
        })?;
        json::data_sets(&bytes).map_err(|reason| DicomWebError::Json { host: host(), reason })
    }
}

fn path_of(search: &Search<'_>, offset: usize, limit: usize) -> String {
    let mut parameters = vec![format!("limit={limit}&offset={offset}&fuzzymatching=false")];
    for (tag, value) in search.matching {
        parameters.push(format!("{}={}", hexadecimal(*tag), escaped(value)));
    }
    let including: Vec<_> = search.including.iter().copied().map(hexadecimal).collect();
    if !including.is_empty() {
        parameters.push(format!("includefield={}", including.join(",")));
    }
    format!("{}?{}", search.level.path(), parameters.join("&"))
}

/// A tag as an attribute is named in a query (PS3.18 §8.3.4.1).
fn hexadecimal(tag: Tag) -> String {
    format!("{:04X}{:04X}", tag.0, tag.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_as_ps3_18_10_6_writes_it() {
        let study = StudyInstanceUid::from_wire(b"1.2/3").unwrap();
        let search = Search {
            level: Level::Series(&study),
            matching: &[(Tag(0x0010, 0x0020), "A&B =*")],
            including: &[Tag(0x0008, 0x1030), Tag(0x0020, 0x1209)],
            limit: 1,
            expected: None,
        };
        assert_eq!(
            path_of(&search, 20, 10),
            "/studies/1.2%2F3/series?limit=10&offset=20&fuzzymatching=false\
             &00100020=A%26B%20%3D%2A&includefield=00081030,00201209"
        );
    }
}
