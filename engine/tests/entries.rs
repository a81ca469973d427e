//! What is told of each entry leads to its bytes in the unfinished ZIP.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use engine::pacs::StopFlag;
use engine::{
    Method, Options, PackageRequest, Placement, Progress, Source, Step, WrittenEntry, identify,
    pack,
};
use fixtures::write_study;
use sha2::{Digest as _, Sha256};

/// Remembers the entries.
#[derive(Default)]
struct Index(Vec<(String, String, Placement, [u8; 32], bool)>);

impl Progress for Index {
    fn entry(&mut self, entry: WrittenEntry<'_>) {
        let WrittenEntry { path, in_zip, placement, sha256, sop_instance } = entry;
        let (path, in_zip) = (path.as_str().to_owned(), in_zip.as_str().to_owned());
        self.0.push((path, in_zip, placement, sha256, sop_instance.is_some()));
    }

    fn step(&mut self, _step: Step) -> bool {
        true
    }
}

fn request(folder: &Path) -> PackageRequest {
    let options = Options::default();
    PackageRequest {
        source: Source::Folder { folder: folder.to_owned(), studies: vec![] },
        options,
    }
}

#[test]
fn each_entry_is_told_of_where_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ct", "pdf", "us-ybr"] {
        let options = fixtures::Options { slices: Some(3), rows: Some(64), ..Default::default() };
        let options = if name == "ct" { options } else { fixtures::Options::default() };
        write_study(name, &options, &folder.path().join(name)).unwrap();
    }
    let request = request(folder.path());
    let (mut zip, mut index) = (Vec::new(), Index::default());
    let report = pack(&request, &mut zip, &mut index).unwrap();
    let mut read = zip::ZipArchive::new(std::io::Cursor::new(&zip)).unwrap();
    assert_eq!(
        (index.0.len(), read.len()),
        (usize::try_from(report.entries).unwrap(), index.0.len())
    );
    let mut kinds: BTreeMap<bool, u64> = BTreeMap::new();
    for (path, in_zip, placement, sha256, is_dicom) in index.0 {
        assert_eq!(in_zip, format!("{}/{path}", report.package));
        let mut entry = read.by_name(&in_zip).unwrap();
        assert_eq!(entry.data_start().unwrap(), placement.body_offset, "{path}");
        let method = match placement.facts.method {
            Method::Stored => zip::CompressionMethod::Stored,
            Method::Deflated => zip::CompressionMethod::Deflated,
        };
        let facts = (method, placement.facts.compressed_bytes, placement.facts.crc32);
        assert_eq!((entry.compression(), entry.compressed_size(), entry.crc32()), facts, "{path}");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, placement.facts.uncompressed_bytes);
        assert_eq!(<[u8; 32]>::from(Sha256::digest(&bytes)), sha256, "{path}");
        *kinds.entry(is_dicom).or_default() += 1;
    }
    assert_eq!(kinds[&true], report.counts.received);
}

#[test]
fn a_package_is_known_before_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let options = fixtures::Options { slices: Some(3), rows: Some(64), ..Default::default() };
    write_study("ct", &options, &folder.path().join("ct")).unwrap();
    let mut asked = request(folder.path());
    let before = identify(&asked, &StopFlag::default()).unwrap();
    let report = pack(&asked, std::io::sink(), &mut engine::Unwatched).unwrap();
    assert_eq!((before.package, before.instances as u64), (report.package, report.counts.expected));
    assert_eq!(identify(&asked, &StopFlag::default()).unwrap().digest, before.digest);
    asked.options.layout = engine::Layout::Pdi;
    assert_ne!(identify(&asked, &StopFlag::default()).unwrap().digest, before.digest);
    asked.options.layout = engine::Layout::Reference;
    write_study("mr", &options, &folder.path().join("mr")).unwrap();
    assert_ne!(identify(&asked, &StopFlag::default()).unwrap().digest, before.digest);
}
