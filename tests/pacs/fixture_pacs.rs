//! `esito fixture-pacs`, judged by the clients of DCMTK: echoscu, findscu, getscu, movescu, storescu.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use rstest::rstest;

use crate::peer::{CALLED, CALLING, free_port};
use crate::support::{SMALL_CT, Workplace, files_below, run};

/// `esito fixture-pacs` over the source of a workplace.
struct FixturePacs {
    process: Child,
    port: String,
    /// The port of DICOMweb.
    http: u16,
    /// The port that C-MOVE sends to.
    store_port: u16,
    /// The section of a configuration that it prints.
    section: String,
}

impl Drop for FixturePacs {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl FixturePacs {
    fn start(workplace: &Workplace, more: &[&str]) -> Self {
        let store_port = free_port();
        let mut process = run::esito(&["fixture-pacs", "--port", "0", "--http-port", "0"])
            .args(["--ae-title", CALLED, "--folder"])
            .arg(workplace.source())
            .arg("--destination")
            .arg(format!("{CALLING}=127.0.0.1:{store_port}"))
            .args(more)
            .start();
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let (mut port, mut http, mut section) = (None, None, String::new());
        while !section.contains("url = ") {
            let line = lines.next().expect("a line").expect("UTF-8");
            if let Some(address) = line.strip_prefix("# DIMSE: ") {
                let address = address.split(',').next().expect("an address");
                port = address.rsplit_once(':').map(|(_, port)| port.to_owned());
            } else if let Some(url) = line.strip_prefix("# DICOMweb: http://127.0.0.1:") {
                http = url.split('/').next().and_then(|port| port.parse().ok());
            } else if !line.starts_with('#') {
                section.push_str(&line);
                section.push('\n');
            }
        }
        let (port, http) = (port.expect("a port"), http.expect("a port"));
        Self { process, port, http, store_port, section }
    }

    /// A client of DCMTK against it.
    fn ask(&self, program: &str, arguments: &[&str]) -> run::Finished {
        self.ask_in(Path::new("."), program, arguments)
    }

    /// A client of DCMTK in a folder: `movescu +B` knows no other place to write to.
    fn ask_in(&self, folder: &Path, program: &str, arguments: &[&str]) -> run::Finished {
        run::program("env")
            .arg("-C")
            .arg(folder)
            .args(["TCP_NODELAY=1", program])
            .args(["-aet", CALLING, "-aec", CALLED])
            .args(arguments)
            .args(["127.0.0.1", &self.port])
            .finish()
    }

    /// What findscu is answered: one text for each answer.
    fn find(&self, arguments: &[&str]) -> Vec<String> {
        let found = self.ask("findscu", &[&["-v"], arguments].concat()).expect_code(&[0]);
        let said = String::from_utf8_lossy(&found.stdout).into_owned() + &found.stderr;
        said.split("Find Response:").skip(1).map(str::to_owned).collect()
    }

    /// The key that names the only study.
    fn study_key(&self) -> String {
        let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"];
        format!("StudyInstanceUID={}", uid_in(&self.find(&keys)[0], "(0020,000d)"))
    }
}

/// The data sets below a folder by SOP Instance UID as it stands in the file meta information: what
/// follows that, byte for byte.
fn data_sets(folder: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let read = |path| {
        let bytes = std::fs::read(path).expect("a file");
        let length = u32::from_le_bytes(bytes[140..144].try_into().expect("four bytes"));
        let (meta, data_set) = bytes[144..].split_at(usize::try_from(length).expect("a length"));
        let at = meta.windows(6).position(|six| six == [2, 0, 3, 0, b'U', b'I']).expect("a UID");
        let length = usize::from(u16::from_le_bytes([meta[at + 6], meta[at + 7]]));
        (meta[at + 8..at + 8 + length].to_vec(), data_set.to_vec())
    };
    files_below(folder).iter().map(read).collect()
}

#[test]
fn echoscu_is_answered_and_a_wrong_ae_title_rejected() {
    let workplace = Workplace::with_study(SMALL_CT);
    let pacs = FixturePacs::start(&workplace, &[]);
    pacs.ask("echoscu", &[]).expect_code(&[0]);
    let wrong = run::program("echoscu").args(["-v", "-aec", "WRONG", "127.0.0.1", &pacs.port]);
    let wrong = wrong.finish();
    assert_ne!(wrong.code, Some(0));
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned() + &wrong.stderr;
    assert!(said.contains("Called AE Title Not Recognized"), "{said}");
}

#[rstest]
#[case::patients(&["-P", "-k", "QueryRetrieveLevel=PATIENT", "-k", "PatientID",
    "-k", "NumberOfPatientRelatedStudies"], 2, "[1 ]")]
#[case::studies(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"], 2, "[STUDY ]")]
#[case::counts(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID",
    "-k", "StudyDescription=TC*", "-k", "NumberOfStudyRelatedSeries",
    "-k", "NumberOfStudyRelatedInstances"], 1, "[4 ]")]
#[case::wildcard(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=ROS?I*"], 1, "ROSSI^MARIA TEST")]
#[case::no_match(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=NOBODY*"], 0, "")]
#[case::range(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyDate=20260101-20261231"], 2, "")]
#[case::before(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyDate=-20200101"], 0, "")]
#[case::modalities(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "ModalitiesInStudy=CT"], 2, "[CT]")]
#[case::availability(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "InstanceAvailability"], 2, "[ONLINE]")]
#[case::patient_root(&["-P", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientID=*"], 2, "")]
#[case::utf8(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=D*^*"], 1, "ISO_IR 192")]
fn findscu_finds(#[case] arguments: &[&str], #[case] answers: usize, #[case] text: &str) {
    let workplace = Workplace::empty();
    workplace.add_study(SMALL_CT, "ct");
    workplace.add_study(&["--study", "names-utf8"], "utf8");
    let pacs = FixturePacs::start(&workplace, &[]);
    let found = pacs.find(arguments);
    assert_eq!(found.len(), answers, "{found:?}");
    assert!(answers == 0 || found.iter().any(|answer| answer.contains(text)), "{found:?}");
}

/// A UID that stands in an answer of findscu.
fn uid_in(answer: &str, tag: &str) -> String {
    let line = answer.lines().find(|line| line.contains(tag)).expect("the element");
    let value = line.split(['[', ']']).nth(1).expect("a value");
    value.trim_end_matches(['\0', ' ']).to_owned()
}

#[test]
fn findscu_goes_from_study_to_series_to_instances() {
    let workplace = Workplace::with_study(&["--study", "ko", "--slices", "3", "--rows", "48"]);
    let pacs = FixturePacs::start(&workplace, &[]);
    let study = pacs.study_key();
    let series = ["-S", "-k", "QueryRetrieveLevel=SERIES", "-k", &study, "-k", "Modality"];
    let series = [series.as_slice(), &["-k", "SeriesInstanceUID"]].concat();
    let series = pacs.find(&[series, vec!["-k", "NumberOfSeriesRelatedInstances"]].concat());
    assert_eq!(series.len(), 2, "{series:?}");
    let ct = series.iter().find(|answer| answer.contains("[CT]")).expect("the CT");
    assert!(ct.contains("[3 ]"), "{ct}");
    let of_ct = format!("SeriesInstanceUID={}", uid_in(ct, "(0020,000e)"));
    let image = ["-S", "-k", "QueryRetrieveLevel=IMAGE", "-k", &study, "-k", &of_ct];
    let keys = ["-k", "SOPInstanceUID", "-k", "SOPClassUID", "-k", "Rows"];
    let images = pacs.find(&[image.as_slice(), &keys].concat());
    assert_eq!(images.len(), 3, "{images:?}");
    assert!(images[0].contains("=CTImageStorage") && images[0].contains("US 48"), "{images:?}");
    // A list of UIDs.
    let [one, other] = [&images[0], &images[2]].map(|answer| uid_in(answer, "(0008,0018)"));
    let list = format!("SOPInstanceUID={one}\\{other}");
    let listed = pacs.find(&[image.as_slice(), &["-k", &list]].concat());
    assert_eq!(listed.len(), 2, "{listed:?}");
    // Without the key of the level above it is no query.
    let said = pacs.ask("findscu", &["-v", "-S", "-k", "QueryRetrieveLevel=IMAGE"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned() + &said.stderr;
    assert!(said.contains("DataSetDoesNotMatchSOPClass"), "{said}");
}

#[test]
fn findscu_cancels_a_slow_query() {
    let workplace = Workplace::with_study(&["--study", "mr", "--slices", "2", "--rows", "48"]);
    let pacs = FixturePacs::start(&workplace, &["--pause", "100"]);
    let study = pacs.study_key();
    let series = ["--cancel", "2", "-S", "-k", "QueryRetrieveLevel=SERIES", "-k", &study];
    let found = pacs.ask("findscu", &[&["-v"], series.as_slice()].concat());
    let said = String::from_utf8_lossy(&found.stdout).into_owned() + &found.stderr;
    let answers = said.matches("Find Response:").count();
    assert!((2..8).contains(&answers), "{answers}: {said}");
    assert!(said.contains("Cancel"), "{said}");
}

#[test]
fn names_are_answered_in_the_character_set_of_their_files() {
    let workplace = Workplace::with_study(&["--study", "names"]);
    let pacs = FixturePacs::start(&workplace, &[]);
    let found = pacs.find(&["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName"]);
    for term in ["ISO_IR 100", "ISO_IR 144", "ISO_IR 192", "\\ISO 2022 IR 87"] {
        let term = format!("(0008,0005) CS [{term}");
        assert!(found.iter().any(|answer| answer.contains(&term)), "{term}: {found:?}");
    }
    let file = workplace.beside("esito.toml");
    std::fs::write(&file, &pacs.section).expect("the configuration");
    let asked = ["find", "--json", "--pacs", "fixture", "--study-date", "20260101-", "--config"];
    let answer = run::esito(&asked).arg(file).finish().expect_code(&[0]);
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    let studies = answer["studies"].as_array().expect("studies").iter();
    let names: BTreeSet<_> = studies.filter_map(|one| one["patient_name"].as_str()).collect();
    let people = [fixtures::D_ANGELO, fixtures::DEZELIC, fixtures::IVANOV, fixtures::YAMADA];
    assert_eq!(names, people.map(|person| person.name).into());
}

#[test]
fn movescu_cancels_a_slow_retrieval() {
    let workplace = Workplace::with_study(&["--study", "mr", "--slices", "1", "--rows", "48"]);
    let pacs = FixturePacs::start(&workplace, &["--pause", "100"]);
    let key = pacs.study_key();
    let keys = ["-v", "--cancel", "2", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key];
    let port = pacs.store_port.to_string();
    let folder = workplace.beside("came");
    std::fs::create_dir(&folder).expect("a folder");
    let to = ["-aem", CALLING, "--port", &port, "-od", folder.to_str().expect("UTF-8")];
    let ended = pacs.ask("movescu", &[keys.as_slice(), &to].concat());
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &ended.stderr;
    assert!(said.contains("Cancel"), "{said}");
    let came = files_below(&folder).len();
    assert!((2..8).contains(&came), "{came}: {said}");
}

/// What dicomweb-client searches and retrieves is what is stored.
#[rstest]
fn dicomweb_client_finds_and_gets_what_is_stored(#[values("mixed", "names")] study: &str) {
    let workplace = Workplace::with_study(&["--study", study]);
    let pacs = FixturePacs::start(&workplace, &[]);
    let judged = run::program(".cache/venv/bin/python")
        .args(["-B", "tests/judges/dicomweb.py"])
        .arg(format!("http://127.0.0.1:{}/dicom-web", pacs.http))
        .arg(workplace.source())
        .finish();
    let said = String::from_utf8_lossy(&judged.stdout).into_owned();
    assert_eq!(judged.code, Some(0), "{said}{}", judged.stderr);
}

/// What is sent takes as long as the line is narrow, over either protocol.
#[rstest]
fn a_narrow_line_takes_its_time(#[values("fixture", "fixture-web")] pacs: &str) {
    let workplace = Workplace::with_study(SMALL_CT);
    let files = files_below(&workplace.source());
    let bytes: u64 = files.iter().map(|file| file.metadata().expect("a file").len()).sum();
    let served = FixturePacs::start(&workplace, &["--bytes-per-second", &bytes.to_string()]);
    let study = served.study_key();
    let study = study.split_once('=').expect("a UID").1;
    let file = workplace.beside("esito.toml");
    std::fs::write(&file, &served.section).expect("the configuration");
    let begun = Instant::now();
    let packaged = run::esito(&["package", "--pacs", pacs, "--study", study, "--config"]);
    packaged.arg(file).arg("--out").arg(workplace.zip()).finish().expect_code(&[0]);
    // A second, less what comes at once after a pause and what of the files is no data set.
    assert!(begun.elapsed() > Duration::from_millis(800), "{:?}", begun.elapsed());
}

/// What getscu and movescu are given, data set by data set, is what lies in the folder.
#[rstest]
#[case::explicit("explicit", "+xe", "+xe")]
#[case::implicit("implicit", "+x=", "+xi")]
#[case::jpeg_lossless("jpeg-lossless", "+xs", "+xs")]
#[case::rle("rle", "+xr", "+xr")]
fn getscu_and_movescu_get_what_is_stored(
    #[case] syntax: &str,
    #[case] of_get: &str,
    #[case] of_move: &str,
) {
    let study = ["--study", "ko", "--slices", "3", "--rows", "48", "--syntax", syntax];
    let workplace = Workplace::with_study(&study);
    let expected = data_sets(&workplace.source());
    let pacs = FixturePacs::start(&workplace, &[]);
    let key = pacs.study_key();
    let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key];
    for (program, prefer) in [("getscu", of_get), ("movescu", of_move)] {
        let folder = workplace.beside(program);
        std::fs::create_dir(&folder).expect("a folder");
        let port = pacs.store_port.to_string();
        let more: &[&str] =
            if program == "movescu" { &["-aem", CALLING, "--port", &port] } else { &[] };
        let arguments = [keys.as_slice(), &["+B", prefer], more].concat();
        pacs.ask_in(&folder, program, &arguments).expect_code(&[0]);
        let came = data_sets(&folder);
        assert!(
            came == expected,
            "{program}: {} of {} came as they are",
            came.len(),
            expected.len()
        );
    }
}

/// Where the other side takes no Implicit VR, elements and pixels come in Explicit VR: dcmconv writes
/// both in one way.
#[test]
fn getscu_gets_explicit_vr_of_what_is_stored_in_implicit() {
    let study = |syntax| ["--study", "ko", "--slices", "3", "--rows", "48", "--syntax", syntax];
    let workplace = Workplace::with_study(&study("implicit"));
    let pacs = FixturePacs::start(&workplace, &[]);
    let key = pacs.study_key();
    let came = workplace.beside("came");
    std::fs::create_dir(&came).expect("a folder");
    let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key, "+B", "+xi"];
    pacs.ask_in(&came, "getscu", &keys).expect_code(&[0]);
    let explicit = Workplace::with_study(&study("explicit"));
    let converted = |from: &Path, name: &str| {
        let to = workplace.beside(name);
        std::fs::create_dir(&to).expect("a folder");
        for (number, file) in files_below(from).iter().enumerate() {
            let run = run::program("dcmconv").args(["+te", "-e"]).arg(file);
            run.arg(to.join(number.to_string())).finish().expect_code(&[0]);
        }
        data_sets(&to)
    };
    let (came, expected) = (converted(&came, "one"), converted(&explicit.source(), "other"));
    assert!(came == expected, "{} of {} came", came.len(), expected.len());
}

/// What lies in the folder no more fails by itself; a request that names nothing is refused.
#[test]
fn getscu_gets_the_others_where_a_file_is_gone() {
    let workplace = Workplace::with_study(SMALL_CT);
    let pacs = FixturePacs::start(&workplace, &[]);
    let key = pacs.study_key();
    std::fs::remove_file(&files_below(&workplace.source())[1]).expect("removed");
    let came = workplace.beside("came");
    std::fs::create_dir(&came).expect("a folder");
    let ended = pacs.ask_in(
        &came,
        "getscu",
        &["-v", "+B", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key],
    );
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &ended.stderr;
    assert!(said.contains("Number of Completed Suboperations : 3"), "{said}");
    assert!(said.contains("Number of Failed Suboperations    : 1"), "{said}");
    assert_eq!(data_sets(&came), data_sets(&workplace.source()));
    let ended = pacs.ask_in(&came, "getscu", &["-v", "-S", "-k", "QueryRetrieveLevel=STUDY"]);
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &ended.stderr;
    assert!(said.contains("DataSetDoesNotMatchSOPClass"), "{said}");
}

#[test]
fn movescu_is_told_that_a_destination_is_unknown() {
    let workplace = Workplace::with_study(SMALL_CT);
    let pacs = FixturePacs::start(&workplace, &[]);
    let key = pacs.study_key();
    let keys = ["-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key, "-aem", "NOWHERE"];
    let ended = pacs.ask("movescu", &keys);
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &ended.stderr;
    assert!(said.contains("MoveDestinationUnknown"), "{said}");
}

#[test]
fn what_storescu_sends_is_found_and_comes_back_as_it_was() {
    let workplace = Workplace::empty();
    let sent = workplace.beside("sent");
    let made = run::esito(&["fixtures"]).args(SMALL_CT).arg("--out").arg(&sent).finish();
    assert_eq!(made.code, Some(0));
    let pacs = FixturePacs::start(&workplace, &[]);
    let folder = sent.to_str().expect("UTF-8");
    let stored = run::program("storescu")
        .args(["-aec", CALLED, "+sd", "+r", "127.0.0.1", &pacs.port, folder])
        .finish();
    assert_eq!(stored.code, Some(0), "{}", stored.stderr);
    assert_eq!(data_sets(&workplace.source()), data_sets(&sent));
    let keys = ["-k", "StudyInstanceUID", "-k", "NumberOfStudyRelatedInstances"];
    let found = pacs.find(&[&["-S", "-k", "QueryRetrieveLevel=STUDY"], keys.as_slice()].concat());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("[4 ]"), "{found:?}");
    assert_eq!(searched(&pacs, "/instances").as_array().map(Vec::len), Some(4));
}

/// The answer of QIDO-RS.
fn searched(pacs: &FixturePacs, below: &str) -> serde_json::Value {
    let answer = requested(pacs, below);
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a body");
    serde_json::from_slice(&answer[at..]).expect("JSON")
}

/// The bytes of an answer over HTTP.
fn requested(pacs: &FixturePacs, below: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", pacs.http)).expect("a connection");
    let accept = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
    write!(stream, "GET /dicom-web{below} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n")
        .expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_nearline_study_is_refused_until_it_was_recalled() {
    let workplace = Workplace::with_study(SMALL_CT);
    let study = {
        let pacs = FixturePacs::start(&workplace, &[]);
        let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"];
        uid_in(&pacs.find(&keys)[0], "(0020,000d)")
    };
    let pacs = FixturePacs::start(&workplace, &["--nearline", &study, "--recall", "0"]);
    let availability = || {
        let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "InstanceAvailability"];
        uid_in(&pacs.find(&keys)[0], "(0008,0056)").trim_end().to_owned()
    };
    assert_eq!(availability(), "NEARLINE");
    let folder = workplace.beside("got");
    std::fs::create_dir(&folder).expect("a folder");
    let key = format!("StudyInstanceUID={study}");
    let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &key, "-od"];
    let get =
        || pacs.ask("getscu", &[&keys, [folder.to_str().expect("UTF-8")].as_slice()].concat());
    drop(get());
    assert_eq!(files_below(&folder).len(), 0);
    assert_eq!(availability(), "ONLINE");
    get().expect_code(&[0]);
    assert_eq!(files_below(&folder).len(), 4);
    // Over DICOMweb it is the same.
    let pacs = FixturePacs::start(&workplace, &["--nearline", &study, "--recall", "0"]);
    let below = format!("/studies/{study}");
    assert!(requested(&pacs, &below).starts_with(b"HTTP/1.1 503 "));
    assert!(requested(&pacs, &below).starts_with(b"HTTP/1.1 200 "));
}

/// The section that it prints is one that `esito` takes.
#[test]
fn the_section_that_it_prints_works() {
    let workplace = Workplace::with_study(SMALL_CT);
    let pacs = FixturePacs::start(&workplace, &[]);
    let file = workplace.beside("esito.toml");
    let listen = format!("[store_scp]\nlisten = \"127.0.0.1:{}\"\n", pacs.store_port);
    std::fs::write(&file, listen + &pacs.section).expect("the configuration");
    let checked = run::esito(&["check", "--config"]).arg(&file).finish();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    checked.expect_code(&[0]);
    for step in ["C-GET", "C-MOVE", "QIDO-RS", "WADO-RS"] {
        assert!(said.contains(step), "{step}: {said}");
    }
}

#[test]
fn it_ends_by_a_signal() {
    let workplace = Workplace::with_study(SMALL_CT);
    let mut pacs = FixturePacs::start(&workplace, &[]);
    let pid = pacs.process.id().to_string();
    run::program("kill").args(["-TERM", &pid]).finish().expect_code(&[0]);
    assert_eq!(pacs.process.wait().expect("its end").code(), Some(0));
}
