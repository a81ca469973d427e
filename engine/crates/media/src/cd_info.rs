//! `CDINFO` and `.mediainfo`: two small text files that the portal before had (S-142).
//!
//! Nothing reads them by a standard. They say in a few lines what the package is, so that software
//! or a person that looks there finds the truth; no patient data.

use crate::claims;
use crate::contents::PackageContents;
use crate::manifest::{APPLICATION, APPLICATION_VERSION};
use texts::Language;

/// `CDINFO`: what the package is, in English sentences; ASCII with CRLF.
pub fn cd_info(contents: &PackageContents) -> String {
    let layout = contents.layout;
    let mut lines = vec![
        format!("{APPLICATION} {APPLICATION_VERSION}"),
        claims::claim(contents, Language::English).to_owned(),
        format!("Start: {}", layout.index()),
    ];
    if contents.has_file_set() {
        lines.push(format!("Directory of the DICOM files: {}", layout.dicomdir()));
    }
    lines.push(format!("List of all files: {}", layout.manifest()));
    lines.join("\r\n") + "\r\n"
}

/// `.mediainfo`: the same for programs, as `key=value` lines; ASCII with CRLF.
pub fn media_info(contents: &PackageContents) -> String {
    let mut lines = vec![
        format!("application={APPLICATION}"),
        format!("application_version={APPLICATION_VERSION}"),
        "media=ZIP".to_owned(),
        format!("std_gen_cd={}", claims::suits_std_gen_cd(&contents.transfer_syntaxes)),
        format!("studies={}", contents.studies.len()),
        format!("series={}", contents.series_count()),
        format!("instances={}", contents.instance_count()),
        format!("instances_expected={}", contents.counts.expected),
        format!("previews={}", contents.counts.rendered),
        format!("reports={}", contents.reports.len()),
    ];
    let syntaxes = contents.transfer_syntaxes.iter();
    lines.extend(syntaxes.map(|syntax| format!("transfer_syntax={syntax}")));
    lines.join("\r\n") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::{Counts, Patient};

    #[test]
    fn truthful_and_without_patient_data() {
        let contents = PackageContents {
            patient: Patient { name: Some("ROSSI^MARIA TEST".into()), ..Patient::default() },
            counts: Counts { expected: 3, received: 2, rendered: 1 },
            transfer_syntaxes: ["1.2.840.10008.1.2.4.90".parse().unwrap()].into(),
            ..PackageContents::default()
        };
        let text = cd_info(&contents) + &media_info(&contents);
        assert!(text.is_ascii() && !text.contains("ROSSI"));
        assert!(!text.contains("STD-GEN-CD"));
        assert!(text.contains("std_gen_cd=false\r\n"));
        assert!(text.contains("instances_expected=3\r\n"));
        assert!(text.contains("transfer_syntax=1.2.840.10008.1.2.4.90\r\n"));
    }
}
