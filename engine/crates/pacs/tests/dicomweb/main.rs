//! The DICOMweb client against the fixture PACS: what is found, what is delivered, and one test for
//! each fault, which must be told in time and in words.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test program: a failed expectation ends the test"
)]

mod credentials;
mod head_start;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use dicom_core::Tag;
use fixtures::web::{Behaviour, Fault, WebPacs};
use fixtures::{Options, Summary, write_study};
use model::{SeriesInstanceUid, SopInstanceUid, StudyInstanceUid};
use pacs::dicomweb::{
    Credentials, Delivered, DicomWeb, DicomWebError, InstanceBody, Level, PartFault, Search,
    Secret, WebSettings, What,
};
use rstest::rstest;
use tempfile::TempDir;

const STUDY: Tag = Tag(0x0020, 0x000D);
const AVAILABILITY: Tag = Tag(0x0008, 0x0056);
const STUDY_INSTANCES: Tag = Tag(0x0020, 0x1208);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
/// Far longer than any fault may take.
const SOON: Duration = Duration::from_secs(10);

/// A study in a folder, and a server over it.
struct Site {
    folder: TempDir,
    server: WebPacs,
    summary: Summary,
}

fn site(fault: Fault) -> Site {
    site_with(Behaviour { fault, ..Behaviour::default() })
}

fn site_with(behaviour: Behaviour) -> Site {
    let folder = TempDir::new().unwrap();
    let options = Options { slices: Some(5), rows: Some(64), ..Options::default() };
    let summary = write_study("ct", &options, folder.path()).unwrap();
    let server = WebPacs::start(folder.path(), behaviour).unwrap();
    Site { folder, server, summary }
}

impl Site {
    fn study(&self) -> StudyInstanceUid {
        self.summary.study_uids()[0].parse().unwrap()
    }

    fn series(&self) -> SeriesInstanceUid {
        self.summary.series_uids()[0].parse().unwrap()
    }

    fn settings(&self) -> WebSettings {
        let mut settings = WebSettings::new(self.server.url().parse().unwrap());
        settings.time_outs.connect = Duration::from_secs(2);
        settings.time_outs.no_progress = Duration::from_millis(600);
        settings
    }

    fn client(&self) -> DicomWeb {
        DicomWeb::new(self.settings()).unwrap()
    }

    /// The files of the folder, sorted.
    fn files(&self) -> BTreeSet<Vec<u8>> {
        files_of(self.folder.path())
    }
}

fn files_of(folder: &Path) -> BTreeSet<Vec<u8>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_of(&path)) } else { files.extend(fs::read(path)) }
    }
    files
}

fn bytes_of(body: InstanceBody) -> Vec<u8> {
    match body {
        InstanceBody::Memory(bytes) => bytes,
        InstanceBody::File { mut file, .. } => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            bytes
        }
    }
}

/// All that comes, and what ended it.
fn fetch(
    client: &DicomWeb,
    what: What<'_>,
) -> (Vec<Vec<u8>>, Vec<PartFault>, Option<DicomWebError>) {
    let (mut whole, mut refused) = (Vec::new(), Vec::new());
    let mut retrieval = match client.retrieve(what) {
        Ok(retrieval) => retrieval,
        Err(error) => return (whole, refused, Some(error)),
    };
    loop {
        match retrieval.next_part() {
            Ok(Some(Delivered::Instance(body))) => whole.push(bytes_of(body)),
            Ok(Some(Delivered::Refused(fault))) => refused.push(fault),
            Ok(None) => return (whole, refused, None),
            Err(error) => return (whole, refused, Some(error)),
        }
    }
}

fn search_studies(client: &DicomWeb) -> Result<pacs::dicomweb::Found, DicomWebError> {
    let search =
        Search { level: Level::Studies, matching: &[], including: &[], limit: 100, expected: None };
    client.search(&search)
}

#[test]
fn a_study_is_found_with_what_is_included() {
    let site = site(Fault::None);
    let client = site.client();
    let found = search_studies(&client).unwrap();
    assert_eq!((found.data_sets.len(), found.is_cut, found.nameless), (1, false, 0));
    let set = &found.data_sets[0];
    assert_eq!(set.text(STUDY).as_deref(), Some(site.study().as_str()));
    assert_eq!(set.text(STUDY_INSTANCES).as_deref(), Some("5"));
    assert_eq!(set.text(AVAILABILITY).as_deref(), Some("ONLINE"));
    let patient = set.text(PATIENT_ID).unwrap();
    let count = |value: &str| {
        let matching = [(PATIENT_ID, value)];
        let level = Level::Studies;
        let search =
            Search { level, matching: &matching, including: &[], limit: 10, expected: None };
        client.search(&search).unwrap().data_sets.len()
    };
    assert_eq!((count(&patient), count("somebody else")), (1, 0));
}

#[rstest]
#[case::one_page(1000, Fault::None, 100, 5, false)]
#[case::pages_capped_by_the_server(2, Fault::None, 100, 5, false)]
#[case::a_server_without_paging(1000, Fault::NoPaging, 100, 5, false)]
#[case::just_the_limit(1000, Fault::None, 5, 5, false)]
#[case::more_than_the_limit(2, Fault::None, 4, 4, true)]
fn all_pages_are_asked_for(
    #[case] page_cap: usize,
    #[case] fault: Fault,
    #[case] limit: usize,
    #[case] expected: usize,
    #[case] is_cut: bool,
) {
    let site = site_with(Behaviour { fault, page_cap, ..Behaviour::default() });
    let (study, series) = (site.study(), site.series());
    for level in [Level::Instances(&study, &series), Level::InstancesOfStudy(&study)] {
        let search = Search { level, matching: &[], including: &[], limit, expected: None };
        let found = site.client().search(&search).unwrap();
        assert_eq!((found.data_sets.len(), found.is_cut), (expected, is_cut));
    }
}

#[test]
fn study_series_and_instance_come_byte_for_byte() {
    let site = site(Fault::None);
    let (study, series, client) = (site.study(), site.series(), site.client());
    for what in [What::Study(&study), What::Series(&study, &series)] {
        let (whole, refused, fault) = fetch(&client, what);
        assert!(refused.is_empty() && fault.is_none(), "{refused:?} {fault:?}");
        assert_eq!(whole.len(), 5);
        assert!(whole.into_iter().collect::<BTreeSet<_>>() == site.files());
    }
    for instance in &site.summary.instances {
        let uid: SopInstanceUid = instance.sop_instance_uid.parse().unwrap();
        let (whole, ..) = fetch(&client, What::Instance(&study, &series, &uid));
        assert!(whole == [fs::read(site.folder.path().join(&instance.path)).unwrap()]);
    }
}

#[rstest]
#[case::not_acceptable_as_stored(Fault::NoStoredSyntax)]
#[case::without_multipart(Fault::SinglePart)]
fn what_servers_do_otherwise(#[case] fault: Fault) {
    let site = site(fault);
    let uid: SopInstanceUid = site.summary.instances[0].sop_instance_uid.parse().unwrap();
    let (study, series) = (site.study(), site.series());
    let (whole, refused, fault) = fetch(&site.client(), What::Instance(&study, &series, &uid));
    assert!(refused.is_empty() && fault.is_none(), "{refused:?} {fault:?}");
    assert!(whole == [fs::read(site.folder.path().join(&site.summary.instances[0].path)).unwrap()]);
}

#[test]
fn large_instances_go_to_a_file_and_larger_ones_are_refused_alone() {
    let site = site(Fault::None);
    let mut settings = site.settings();
    settings.limits.in_memory_bytes = 1000;
    let (whole, _, fault) =
        fetch(&DicomWeb::new(settings.clone()).unwrap(), What::Study(&site.study()));
    assert!(fault.is_none() && whole.into_iter().collect::<BTreeSet<_>>() == site.files());
    settings.limits.instance_bytes = 1000;
    let (whole, refused, fault) =
        fetch(&DicomWeb::new(settings).unwrap(), What::Study(&site.study()));
    assert!(whole.is_empty() && fault.is_none());
    assert_eq!(refused, vec![PartFault::OverLimit { limit_bytes: 1000 }; 5]);
}

#[test]
fn a_foreign_part_is_told_and_the_others_come() {
    let site = site(Fault::ForeignPart);
    let (whole, refused, fault) = fetch(&site.client(), What::Study(&site.study()));
    assert_eq!((whole.len(), fault.is_none()), (5, true));
    assert_eq!(refused[0].to_string(), "a part is no DICOM file but image/jpeg");
}

/// One row a fault: how many instances come before it, and words of the message.
#[rstest]
#[case::no_rights(Fault::Status(403), 0, "(403): give the account the right")]
#[case::no_such_study(Fault::Status(404), 0, "(404): the study is not on this server")]
#[case::never_acceptable(Fault::Status(406), 0, "(406): enable original transfer syntaxes")]
#[case::server_error(Fault::Status(500), 0, "fails (status 500): look into the log")]
#[case::overloaded(Fault::Status(503), 0, "fails (status 503)")]
#[case::teapot(Fault::Status(418), 0, "answers with status 418")]
#[case::server_error_at_first(Fault::ServerErrorAfter(0), 0, "status 500")]
#[case::reset_in_a_body(Fault::CutAfter(20_000), 2, "the connection to 127.0.0.1")]
#[case::cut_multipart(Fault::NoClosingBoundary, 4, "cuts its answer short: the closing boundary")]
#[case::wrong_boundary(Fault::WrongBoundary, 0, "the boundary that its Content-Type names")]
#[case::one_byte_a_second(Fault::Drip, 0, "`time_outs.no_progress` sets the limit")]
#[case::silence(Fault::Silence, 0, "`time_outs.no_progress` sets the limit")]
#[case::page_for_people(Fault::Page, 0, "answers with text/html instead of DICOM files")]
#[case::unknown_study(Fault::AnotherStudy, 0, "(404)")]
fn a_fault_is_told(#[case] fault: Fault, #[case] before: usize, #[case] words: &str) {
    let site = site(fault);
    let start = Instant::now();
    let (whole, _, fault) = fetch(&site.client(), What::Study(&site.study()));
    let message = fault.unwrap().to_string();
    assert!(message.contains(words), "{message}");
    assert!(!message.contains(site.study().as_str()), "{message}");
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert_eq!(whole.len(), before, "{message}");
    assert!(whole.into_iter().collect::<BTreeSet<_>>().is_subset(&site.files()));
}

#[test]
fn an_endless_body_ends_at_the_limit() {
    let site = site(Fault::Endless);
    let mut settings = site.settings();
    settings.limits.study_bytes = 4 << 20;
    settings.limits.instance_bytes = 1 << 20;
    let (whole, _, fault) = fetch(&DicomWeb::new(settings).unwrap(), What::Study(&site.study()));
    let message = fault.unwrap().to_string();
    assert!(whole.is_empty() && message.contains("`limits.study_mib` sets the limit"), "{message}");
}

#[test]
fn a_total_time_ends_it_all() {
    let site = site(Fault::Endless);
    let mut settings = site.settings();
    settings.time_outs.total = Duration::from_millis(500);
    settings.limits.instance_bytes = 1 << 20;
    let (_, _, fault) = fetch(&DicomWeb::new(settings).unwrap(), What::Study(&site.study()));
    let message = fault.unwrap().to_string();
    assert!(message.contains("`time_outs.total` sets the limit"), "{message}");
}

#[test]
fn other_studies_come_as_they_are_sent() {
    let site = site(Fault::AnotherStudy);
    let other: StudyInstanceUid = "1.2.3".parse().unwrap();
    let (whole, ..) = fetch(&site.client(), What::Study(&other));
    assert_eq!(whole.len(), 5, "whoever takes them compares the study");
}

#[test]
fn a_redirect_is_told_and_no_credential_goes_there() {
    let elsewhere = site(Fault::None);
    let target = format!("{}/studies?who=somebody", elsewhere.server.url());
    let site = site(Fault::RedirectTo(target));
    let mut settings = site.settings();
    settings.credentials = Credentials::Bearer(Secret::new("swordfish"));
    let message = search_studies(&DicomWeb::new(settings).unwrap()).unwrap_err().to_string();
    let origin = elsewhere.server.url().replace("/dicom-web", "");
    assert!(message.contains(&format!("redirects to {origin}: configure")), "{message}");
    assert_eq!(elsewhere.server.asked(), []);
}

#[test]
fn a_closed_port_and_an_unknown_host() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let message = |url: &str| {
        let mut settings = WebSettings::new(url.parse().unwrap());
        settings.time_outs.connect = Duration::from_secs(2);
        search_studies(&DicomWeb::new(settings).unwrap()).unwrap_err().to_string()
    };
    let closed = message(&format!("http://{free}/dicom-web"));
    assert!(
        closed.contains("no connection to 127.0.0.1") && closed.contains("firewall"),
        "{closed}"
    );
    let unknown = message("http://no-such-host.invalid/dicom-web");
    assert!(
        unknown.contains("cannot be found")
            || unknown.contains("`time_outs.connect` sets the limit"),
        "{unknown}"
    );
}

#[test]
fn a_server_that_speaks_no_http_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/dicom-web", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.write_all(b"\x03\0\0\0\0\x04 A-ASSOCIATE-RJ, not HTTP\r\n\r\n"));
    });
    let settings = WebSettings::new(url.parse().unwrap());
    let message = search_studies(&DicomWeb::new(settings).unwrap()).unwrap_err().to_string();
    assert!(message.contains("breaks"), "{message}");
}

#[rstest]
#[case::html("text/html", "<html>", "text/html instead of DICOM JSON")]
#[case::no_json("application/json", "{\"cut\":", "no DICOM JSON: it ends early")]
fn answers_to_a_search_that_are_none(
    #[case] content_type: &str,
    #[case] body: &str,
    #[case] words: &str,
) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/dicom-web", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.read(&mut [0; 4096]));
        drop(stream.write_all(answer.as_bytes()));
    });
    let settings = WebSettings::new(url.parse().unwrap());
    let message = search_studies(&DicomWeb::new(settings).unwrap()).unwrap_err().to_string();
    assert!(message.contains(words), "{message}");
}

#[test]
fn what_is_not_taken_is_not_read() {
    let site = site(Fault::Endless);
    let mut settings = site.settings();
    settings.limits.instance_bytes = 1 << 20;
    settings.time_outs.no_progress = SOON;
    let client = DicomWeb::new(settings).unwrap();
    let study = site.study();
    let retrieval = client.retrieve(What::Study(&study)).unwrap();
    // The waiting of whoever reads is not the fault of the server, and costs no memory.
    std::thread::sleep(Duration::from_millis(300));
    drop(retrieval);
    assert!(resident_kib() < 400 << 10);
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
