//! Relative links between entries of the package.

use std::fmt::Write;

use model::EntryPath;

/// The reference that leads from one entry to another (RFC 3986 §4.2).
///
/// The case is kept as it is: people unpack on systems that tell it apart.
pub(crate) fn link(from: &EntryPath, to: &EntryPath) -> String {
    let (folder, _) = from.as_str().rsplit_once('/').unwrap_or_default();
    let mut folders: Vec<&str> = folder.split('/').filter(|folder| !folder.is_empty()).collect();
    let mut target = to.as_str();
    folders.reverse();
    while let (Some(folder), Some((first, rest))) = (folders.last(), target.split_once('/')) {
        if *folder != first {
            break;
        }
        folders.pop();
        target = rest;
    }
    let mut link = "../".repeat(folders.len());
    for byte in target.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            link.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            write!(link, "%{byte:02X}").unwrap_or_default();
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::down("index.htm", "IHE_PDI/STYLE.CSS", "IHE_PDI/STYLE.CSS")]
    #[case::up("IHE_PDI/ST000001/SE000001.HTM", "index.htm", "../../index.htm")]
    #[case::up_and_over("IHE_PDI/ST000001/SE000001.HTM", "IHE_PDI/STYLE.CSS", "../STYLE.CSS")]
    #[case::beside(
        "IHE_PDI/ST000001/SE000001.HTM",
        "IHE_PDI/ST000001/SE000002.HTM",
        "SE000002.HTM"
    )]
    #[case::below(
        "IHE_PDI/ST000001/SE000001.HTM",
        "IHE_PDI/ST000001/SE000001/IM000001.JPG",
        "SE000001/IM000001.JPG"
    )]
    #[case::common_name_at_another_depth("A/B/C.HTM", "B/C.HTM", "../../B/C.HTM")]
    #[case::escaped("index.htm", "cdviewer/a&b#'.js", "cdviewer/a%26b%23%27.js")]
    fn relative(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
        assert_eq!(link(&from.parse().unwrap(), &to.parse().unwrap()), expected);
    }
}
