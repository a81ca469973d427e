//! The package around the program, and which file of it a path of a request means.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Names that Windows takes for devices, whatever their extension.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// An unpacked package.
#[derive(Debug)]
pub struct Package {
    /// The folder with the DICOMDIR, without links.
    root: PathBuf,
    /// The page of the viewer, below the root, with slashes.
    page: String,
}

impl Package {
    /// The package in whose viewer's folder a program lies; `None` when it lies elsewhere.
    pub fn around(program: &Path) -> Option<Self> {
        let viewer = fs::canonicalize(program).ok()?.parent()?.to_owned();
        let root = viewer.parent()?.to_owned();
        named(&root, "DICOMDIR")?;
        let page = named(&viewer, "index.htm")?;
        let folder = viewer.file_name()?.to_str()?.to_owned();
        Some(Self { root, page: format!("{folder}/{page}") })
    }

    /// The page of the viewer, as a path below the root.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Whether a path names a page other than the viewer.
    pub fn is_silent_page(&self, path: &str) -> bool {
        path != self.page && path.to_ascii_lowercase().ends_with(".htm")
    }

    /// The file of a path below the root, percent-encoded as in a request; `None` for what is no file
    /// of the package.
    pub fn file(&self, path: &str) -> Option<PathBuf> {
        let mut file = self.root.clone();
        for part in path.split('/') {
            let name = decode(part)?;
            if !is_plain(&name) {
                return None;
            }
            file.push(name);
        }
        // Links and junctions lead out: what they point to must lie below the root too.
        let real = fs::canonicalize(&file).ok()?;
        (real.starts_with(&self.root) && real.is_file()).then(|| real)
    }
}

/// The entry of a folder with a name in any case, as it is written there.
fn named(folder: &Path, name: &str) -> Option<String> {
    let entries = fs::read_dir(folder).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|entry| entry.eq_ignore_ascii_case(name)).min()
}

/// A name that is one on every system, and no way to anywhere else.
fn is_plain(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let is_device = DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device))
        || (stem.chars().count() == 4
            && stem.get(..3).map_or(false, |port| {
                port.eq_ignore_ascii_case("COM") || port.eq_ignore_ascii_case("LPT")
            }));
    !name.is_empty()
        && !name.starts_with("..")
        && name != "."
        && !name.ends_with(['.', ' '])
        && !name.contains(|c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c))
        && !is_device
}

/// Percent-decoded UTF-8; `None` for what is not.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes().iter();
    while let Some(byte) = rest.next() {
        bytes.push(if *byte == b'%' {
            let digits = [*rest.next()?, *rest.next()?];
            u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
        } else {
            *byte
        });
    }
    String::from_utf8(bytes).ok()
}

/// The type of a file by its name: what pages, pictures and documents of a package are.
pub fn media_type(file: &Path) -> &'static str {
    let extension = file.extension().and_then(OsStr::to_str).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "htm" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" | "jsn" => "application/json",
        "jpg" => "image/jpeg",
        "png" => "image/png",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package in a folder with spaces and accents, a secret beside it, and a link to that.
    fn package(name: &str) -> (PathBuf, Package) {
        let top = std::env::temp_dir().join(format!("starter è {} {name}", std::process::id()));
        let viewer = top.join("ESITO/cdviewer");
        fs::create_dir_all(&viewer).unwrap();
        fs::create_dir_all(top.join("ESITO/STUDIES")).unwrap();
        for file in ["ESITO/DICOMDIR", "ESITO/cdviewer/index.htm", "ESITO/STUDIES/a è.b", "secret"]
        {
            fs::write(top.join(file), file).unwrap();
        }
        let program = viewer.join("_start.exe");
        fs::write(&program, "").unwrap();
        let package = Package::around(&program).unwrap();
        (top, package)
    }

    #[test]
    fn files_of_the_package_are_found_and_no_others() {
        let (top, package) = package("paths");
        assert_eq!(package.page(), "cdviewer/index.htm");
        for good in ["DICOMDIR", "cdviewer/index.htm", "STUDIES/a%20%C3%A8.b"] {
            assert!(package.file(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "..",
            "../secret",
            "STUDIES/../../secret",
            "%2e%2e/secret",
            "..%2fsecret",
            "STUDIES",
            "STUDIES/",
            "//etc/passwd",
            "C:/secret",
            "C%3A%5Csecret",
            "..\\secret",
            "CON",
            "nul.txt",
            "COM1",
            "LPT9.x",
            "DICOMDIR.",
            "DICOMDIR%20",
            "DICOMDIR%00",
            "%",
            "%zz",
            "%ff",
            "DICOMDIR:x",
            "DICOMDIR::$DATA",
            "missing",
        ] {
            assert!(package.file(bad).is_none(), "{bad}");
        }
        fs::remove_dir_all(top).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_package_is_refused() {
        let (top, package) = package("links");
        std::os::unix::fs::symlink(top.join("secret"), top.join("ESITO/STUDIES/out")).unwrap();
        std::os::unix::fs::symlink(&top, top.join("ESITO/up")).unwrap();
        assert!(package.file("STUDIES/out").is_none());
        assert!(package.file("up/secret").is_none());
        fs::remove_dir_all(top).unwrap();
    }

    #[test]
    fn a_program_outside_of_a_package_has_none() {
        let (top, _) = package("alone");
        let alone = top.join("_start.exe");
        fs::write(&alone, "").unwrap();
        assert!(Package::around(&alone).is_none());
        assert!(Package::around(&top.join("missing.exe")).is_none());
        fs::remove_dir_all(top).unwrap();
    }
}
