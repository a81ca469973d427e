//! A package from a PACS is that of the folder, byte for byte: whatever the way, the order in which the
//! instances come, and the number of associations.
//!
//! The PACS sends data sets as they are stored, which not every one does.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use fixtures::dimse::Script;
use fixtures::web::{Behaviour, WebPacs};
use fixtures::{Holding, Options, write_study};
use rstest::rstest;

use crate::scripted::start;
use crate::support::{Workplace, run};

/// What comes over DICOMweb, and what over DIMSE.
const WEB: &str = "web";

fn packaged(workplace: &Workplace, configuration: &Path, study: &str) -> Vec<u8> {
    run::esito(&["package", "--progress", "none", "--study", study, "--config"])
        .arg(configuration)
        .arg("--out")
        .arg(workplace.zip())
        .finish()
        .expect_code(&[0]);
    std::fs::read(workplace.zip()).expect("the package")
}

#[rstest]
fn the_package_is_that_of_the_folder(
    #[values(
        "mixed",
        "mr",
        "ko",
        "sr-measurements",
        "quirk-segmentation",
        "quirk-no-window",
        "us-ybr"
    )]
    study: &str,
    #[values(("get", 1), ("get", 4), ("move", 2), (WEB, 3))] way: (&str, u8),
) {
    let workplace = Workplace::empty();
    let options = Options { slices: Some(4), rows: Some(64), ..Options::default() };
    let options = if study.contains("-s") || study.starts_with("quirk") {
        Options::default()
    } else {
        options
    };
    let written = write_study(study, &options, &workplace.source()).expect("a study");
    let uid = written.study_uids()[0].to_owned();
    workplace.package(&[]).expect_code(&[0]);
    let by_folder = std::fs::read(workplace.zip()).expect("the package");
    let (way, associations) = way;
    let more = format!("limits = {{ associations = {associations} }}");
    let by_pacs = if way == WEB {
        let (loopback, behaviour) = (SocketAddr::from(([127, 0, 0, 1], 0)), Behaviour::default());
        let source = workplace.source();
        let server = WebPacs::start_on(loopback, &source, behaviour, None).expect("a port");
        let file = workplace.beside("web.toml");
        let url = format!("http://{}/dicom-web", server.address());
        let text =
            format!("[[pacs]]\nname = 'peer'\nprotocol = 'dicomweb'\nurl = '{url}'\n{more}\n");
        std::fs::write(&file, text).expect("the configuration");
        packaged(&workplace, &file, &uid)
    } else {
        let holding = Arc::new(Holding::read(&workplace.source()).expect("the files"));
        let more = format!("retrieve = \"{way}\"\n{more}");
        let (_pacs, file) = start(&workplace, holding, Script::default(), &more);
        packaged(&workplace, &file, &uid)
    };
    let differs = by_pacs.iter().zip(&by_folder).position(|(one, other)| one != other);
    assert!(by_pacs == by_folder, "{} and {} bytes, {differs:?}", by_pacs.len(), by_folder.len());
}
