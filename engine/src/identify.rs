//! What a package would hold, known before anything is retrieved.

use media::Date;
use media::layout::PackageName;
use pacs::{Availability, StopFlag};
use part10::Limits;

use crate::error::PackError;
use crate::pipeline::prepare;
use crate::plan::Plan;
use crate::request::PackageRequest;
use crate::study_failure::StudyFailure;

/// A package that was not made.
#[derive(Debug)]
pub struct Identity {
    /// Its name.
    pub package: String,
    /// The same as long as version, options and the UIDs of studies and instances are.
    pub digest: [u8; 32],
    /// How many instances it would hold.
    pub instances: usize,
    /// The studies that a PACS lists, sorted as they are in the package; none of a folder.
    pub studies: Vec<ListedStudy>,
    /// Those that none lists.
    pub failures: Vec<StudyFailure>,
}

/// A study that a PACS lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedStudy {
    /// Its place in the request, from 0.
    pub study: usize,
    /// What the site calls the PACS.
    pub pacs: String,
    /// How many instances the PACS lists.
    pub instances: usize,
    /// Where it is, if the PACS says it.
    pub availability: Option<Availability>,
}

/// Asks what a package would hold now, and retrieves nothing. The flag ends all waiting.
///
/// # Errors
/// As [`crate::pack`] before its first byte.
pub fn identify(request: &PackageRequest, stop: &StopFlag) -> Result<Identity, PackError> {
    let prepared = prepare(request, &Limits::default(), false, stop)?;
    let listed = |one: &crate::retrieval::Retrieval| ListedStudy {
        study: one.index,
        pacs: one.name.clone(),
        instances: one.listed,
        availability: one.availability,
    };
    Ok(Identity {
        package: package_name(&prepared.plan).to_string(),
        digest: prepared.plan.digest,
        instances: prepared.plan.instances.len(),
        studies: prepared.retrievals.iter().map(listed).collect(),
        failures: prepared.failures,
    })
}

/// The name of a package.
pub(crate) fn package_name(plan: &Plan) -> PackageName {
    let digest = plan.digest.first_chunk().copied().unwrap_or_default();
    PackageName::new(Date::from_da(&plan.study_date), digest)
}
