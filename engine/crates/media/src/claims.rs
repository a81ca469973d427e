//! What the package claims to be, said once for readme, pages and the small text files.
//!
//! STD-GEN-CD allows Explicit VR Little Endian only: a single compressed file makes the claim false.
//!
//! Standard: DICOM PS3.11 Table D.3-1, PS3.12 Annex V.

use std::collections::BTreeSet;

use model::TransferSyntaxUid;

use crate::contents::PackageContents;
use texts::Language;

const EXPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";

/// Whether the files may be copied to a medium of the profile STD-GEN-CD.
pub(crate) fn suits_std_gen_cd(transfer_syntaxes: &BTreeSet<TransferSyntaxUid>) -> bool {
    !transfer_syntaxes.is_empty()
        && transfer_syntaxes.iter().all(|syntax| syntax.as_str() == EXPLICIT_VR_LITTLE_ENDIAN)
}

/// The sentence that claims no more than what is true.
pub(crate) fn claim(contents: &PackageContents, language: Language) -> &'static str {
    let text = language.texts();
    if !contents.has_file_set() {
        text.page_claim_documents()
    } else if suits_std_gen_cd(&contents.transfer_syntaxes) {
        text.page_claim()
    } else {
        text.page_claim_general()
    }
}

/// The transfer syntaxes by name and UID (PS3.6 Table A-1); an unknown one by UID alone.
pub(crate) fn describe(transfer_syntaxes: &BTreeSet<TransferSyntaxUid>) -> Vec<String> {
    let describe = |syntax: &TransferSyntaxUid| match name(syntax.as_str()) {
        Some(name) => format!("{name} ({syntax})"),
        None => syntax.as_str().to_owned(),
    };
    transfer_syntaxes.iter().map(describe).collect()
}

fn name(uid: &str) -> Option<&'static str> {
    Some(match uid {
        EXPLICIT_VR_LITTLE_ENDIAN => "Explicit VR Little Endian",
        "1.2.840.10008.1.2.4.50" => "JPEG Baseline",
        "1.2.840.10008.1.2.4.51" => "JPEG Extended",
        "1.2.840.10008.1.2.4.57" | "1.2.840.10008.1.2.4.70" => "JPEG Lossless",
        "1.2.840.10008.1.2.4.80" => "JPEG-LS Lossless",
        "1.2.840.10008.1.2.4.81" => "JPEG-LS Near-Lossless",
        "1.2.840.10008.1.2.4.90" => "JPEG 2000 Lossless",
        "1.2.840.10008.1.2.4.91" => "JPEG 2000",
        "1.2.840.10008.1.2.4.100" | "1.2.840.10008.1.2.4.101" => "MPEG-2",
        "1.2.840.10008.1.2.4.102"
        | "1.2.840.10008.1.2.4.103"
        | "1.2.840.10008.1.2.4.104"
        | "1.2.840.10008.1.2.4.105"
        | "1.2.840.10008.1.2.4.106" => "MPEG-4 AVC/H.264",
        "1.2.840.10008.1.2.4.107" | "1.2.840.10008.1.2.4.108" => "HEVC/H.265",
        "1.2.840.10008.1.2.4.201" | "1.2.840.10008.1.2.4.202" => "HTJ2K Lossless",
        "1.2.840.10008.1.2.4.203" => "HTJ2K",
        "1.2.840.10008.1.2.5" => "RLE Lossless",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::uncompressed(&["1.2.840.10008.1.2.1"], true)]
    #[case::one_compressed(&["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90"], false)]
    #[case::nothing(&[], false)]
    fn std_gen_cd_only_when_all_is_explicit_little_endian(
        #[case] uids: &[&str],
        #[case] expected: bool,
    ) {
        let syntaxes = uids.iter().map(|uid| uid.parse().unwrap()).collect();
        assert_eq!(suits_std_gen_cd(&syntaxes), expected);
        let contents =
            PackageContents { transfer_syntaxes: syntaxes, ..PackageContents::default() };
        assert_eq!(claim(&contents, Language::Italian).contains("STD-GEN-CD"), expected);
    }

    #[test]
    fn an_unknown_syntax_is_told_by_its_uid() {
        let syntaxes = ["1.2.3", "1.2.840.10008.1.2.5"].map(|uid| uid.parse().unwrap()).into();
        assert_eq!(describe(&syntaxes), ["1.2.3", "RLE Lossless (1.2.840.10008.1.2.5)"]);
    }
}
