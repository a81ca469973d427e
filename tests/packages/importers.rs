//! Systems that import whole packages.

use crate::support::{Workplace, judges, report};

/// Orthanc takes each package as it is; it must hold as many instances as we say there are.
#[test]
fn orthanc_imports_every_instance() {
    let studies: &[(&[&str], &[&str])] = &[
        (&["--study", "ct", "--slices", "6", "--rows", "64"], &[]),
        (&["--study", "mixed"], &[]),
        (&["--study", "mixed"], &["--layout", "pdi"]),
        (&["--study", "rt"], &[]),
        (&["--study", "quirk-missing-ids"], &[]),
        (
            &["--study", "us", "--syntax", "1.2.840.10008.1.2.4.50"],
            &["--transfer-syntax", "as-stored"],
        ),
    ];
    let packages: Vec<_> = studies
        .iter()
        .map(|(study, options)| {
            let place = Workplace::with_study(study);
            place.package(options).expect_code(&[0]);
            let counted = report::files(&report::read(&place.report()));
            (place, counted.packaged)
        })
        .collect();
    let list: Vec<_> = packages.iter().map(|(place, count)| (place.zip(), *count)).collect();
    judges::orthanc(&list);
}
