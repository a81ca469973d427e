//! The DICOMweb client against an Orthanc with its DICOMweb plugin: a real peer.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test program: a failed expectation ends the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fixtures::{Options, write_study};
use model::SopInstanceUid;
use pacs::dicomweb::{DicomWeb, WebSettings};
use pacs::{
    Extent, InstanceSource, Received, ReceivedBody, Receiver, StudyKeys, StudyQuery, Taken, Wanted,
};
use tempfile::TempDir;

#[path = "../../../../tests/support/optional.rs"]
mod optional;

/// An Orthanc that ends with the test.
struct Orthanc {
    process: Child,
    url: String,
}

impl Orthanc {
    /// Starts one that holds a folder; `None`, with a notice, where the tests may do without it.
    fn start(folder: &Path) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let mut process = Command::new(root.join(".cache/venv/bin/python"))
            .arg("-B")
            .arg(root.join("tests/judges/serve_orthanc.py"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the judges are installed by tests/judges/install");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(url) = line.split('"').find(|piece| piece.starts_with("http://")) else {
            drop(process.wait());
            optional::leave_out(line.trim());
            return None;
        };
        let url = url.to_owned();
        Some(Self { process, url })
    }
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        // Closing its input ends it.
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

#[derive(Default)]
struct Taker(BTreeMap<SopInstanceUid, Vec<u8>>);

impl Receiver for Taker {
    fn receive(&mut self, received: Received) -> Taken {
        let mut bytes = Vec::new();
        match received.body {
            ReceivedBody::Memory(memory) => bytes = memory,
            ReceivedBody::File(mut file) => drop(file.read_to_end(&mut bytes)),
        }
        self.0.insert(received.sop_instance, bytes);
        Taken::Accepted
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        !self.0.contains_key(sop_instance)
    }
}

#[test]
fn orthanc_lists_and_delivers_every_instance_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let options = Options { rows: Some(64), slices: Some(4), ..Options::default() };
    let ct = write_study("ct", &options, &folder.path().join("ct")).unwrap();
    let mixed = write_study("mixed", &Options::default(), &folder.path().join("mixed")).unwrap();
    let Some(orthanc) = Orthanc::start(folder.path()) else { return };
    let mut settings = WebSettings::new(orthanc.url.parse().unwrap());
    settings.limits.page = 7;
    settings.limits.in_memory_bytes = 1 << 20;
    let client = DicomWeb::new(settings).unwrap();
    let every = client.find_studies(&StudyKeys::default()).unwrap();
    assert_eq!((every.found.len(), every.is_cut), (2, false));
    for written in [ct, mixed] {
        let study = written.study_uids().first().unwrap().parse().unwrap();
        let found = client.find_studies(&StudyKeys::of_study(study)).unwrap().found;
        let [found] = found.as_slice() else { panic!("{} studies", found.len()) };
        assert_eq!(found.series, Some(written.series_uids().len() as u64));
        assert_eq!(found.instances, Some(written.instances.len() as u64));
        assert!(!found.patient_id.is_empty() && found.patient_name.contains("TEST"));
        let modalities: BTreeSet<&str> =
            written.instances.iter().map(|instance| instance.modality.as_str()).collect();
        assert_eq!(
            found.modalities.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            modalities
        );
        let wanted: Vec<Wanted> = client
            .list_study(found)
            .unwrap()
            .series
            .into_iter()
            .flat_map(|(series, instances)| {
                instances.into_iter().map(move |instance| Wanted {
                    sop_class: instance.sop_class,
                    sop_instance: instance.sop_instance,
                    series: series.series.clone(),
                    patient_id: None,
                    transfer_syntaxes: Vec::new(),
                })
            })
            .collect();
        let listed: BTreeSet<&str> = wanted.iter().map(|one| one.sop_instance.as_str()).collect();
        let expected: BTreeSet<&str> =
            written.instances.iter().map(|instance| instance.sop_instance_uid.as_str()).collect();
        assert_eq!(listed, expected);
        let mut taker = Taker::default();
        InstanceSource::retrieve(&client, &found.study, &wanted, Extent::Whole, &mut taker)
            .unwrap();
        assert_eq!(taker.0.len(), expected.len());
        let place = if found.modalities == ["CT"] { "ct" } else { "mixed" };
        for instance in &written.instances {
            let uid = instance.sop_instance_uid.parse().unwrap();
            let file = fs::read(folder.path().join(place).join(&instance.path)).unwrap();
            assert!(taker.0[&uid] == file, "{}", instance.path.display());
        }
    }
}
