//! What the end-to-end tests share: running `esito`, making fixture studies, calling the judges.
//!
//! Invariant: nothing here looks inside a package; the judges do, with readers that are not ours.

pub mod authority;
pub mod judges;
pub mod optional;
pub mod report;
pub mod run;

use std::path::{Path, PathBuf};

use run::Finished;
use tempfile::TempDir;

/// The study in which most rules of the command line are tried: small, with pixels.
pub const SMALL_CT: &[&str] = &["--study", "ct", "--slices", "4", "--rows", "64"];

/// A folder of its own for a test, with a fixture study in it.
#[derive(Debug)]
pub struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// An empty workplace.
    pub fn empty() -> Self {
        let folder = TempDir::with_prefix("esito-test-").expect("a temporary folder");
        let workplace = Self { folder };
        std::fs::create_dir(workplace.target()).expect("the target folder");
        std::fs::create_dir(workplace.source()).expect("the source folder");
        workplace
    }

    /// A workplace with the study that `esito fixtures` makes of these arguments.
    pub fn with_study(arguments: &[&str]) -> Self {
        let workplace = Self::empty();
        workplace.add_study(arguments, "");
        workplace
    }

    /// Adds one more fixture study, in a folder of its own below the source.
    pub fn add_study(&self, arguments: &[&str], below: &str) {
        let made = run::esito(&["fixtures"])
            .args(arguments)
            .arg("--out")
            .arg(self.source().join(below))
            .finish();
        assert_eq!(made.code, Some(0), "esito fixtures {arguments:?}: {}", made.stderr);
    }

    /// The folder to package.
    pub fn source(&self) -> PathBuf {
        self.folder.path().join("source")
    }

    /// The folder in which packages are made, and nothing else.
    pub fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }

    /// Where the package goes.
    pub fn zip(&self) -> PathBuf {
        self.target().join("package.zip")
    }

    /// Where the report goes: outside of the target folder, which must be empty after a failure.
    pub fn report(&self) -> PathBuf {
        self.folder.path().join("report.json")
    }

    /// Any other file outside of source and target.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Packages the source, with more arguments.
    pub fn package(&self, more: &[&str]) -> Finished {
        run::esito(&["package", "--folder"])
            .arg(self.source())
            .arg("--out")
            .arg(self.zip())
            .arg("--report")
            .arg(self.report())
            .args(more)
            .finish()
    }

    /// The names in the target folder.
    pub fn left_behind(&self) -> Vec<String> {
        names_in(&self.target())
    }
}

/// The names in a folder, sorted.
pub fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// All files below a folder, sorted.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("a type").is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// The folder with real DICOM files, when this machine has one; otherwise says that it was skipped.
pub fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("ESITO_SAMPLES").map(PathBuf::from).filter(|f| f.is_dir());
    if folder.is_none() {
        println!("skipped: ESITO_SAMPLES names no folder with real DICOM files");
    }
    folder
}

/// Whether the long tests run; otherwise says that they were skipped.
pub fn slow_tier() -> bool {
    let slow = std::env::var_os("ESITO_SLOW").is_some_and(|value| value == "1");
    if !slow {
        println!("skipped: ESITO_SLOW=1 runs this test");
    }
    slow
}
