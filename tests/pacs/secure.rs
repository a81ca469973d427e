//! Associations in TLS and DICOMweb, with Orthanc and DCMTK (both on OpenSSL) at the other end.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;

use engine::pacs::tls::{self, Authorities, TlsClient, TlsSettings};
use engine::pacs::{
    DimsePacs, DimseSettings, PacsError, PacsLimits, QueryRoot, RetrieveMethod, ScratchFolder,
    StopFlag, TimeOuts,
};
use rstest::rstest;
use serde_json::Value;

use crate::peer::{CALLED, CALLING, Peer, configuration, free_port};
use crate::peers::{package, study_of};
use crate::support::authority::{Authority, Identity, Kind};
use crate::support::{SMALL_CT, Workplace, judges, run};

/// `tls` in a `[[pacs]]`.
fn section(authority: &Authority, identity: Option<&Identity>) -> String {
    let identity = identity.map_or_else(String::new, |identity| {
        let (certificate, key) = (identity.certificate.display(), identity.key.display());
        format!(", certificate_file = '{certificate}', key_file = '{key}'")
    });
    format!("tls = {{ ca_file = '{}'{identity} }}", authority.file().display())
}

/// What `check` says, which must end with exit code 5, or 0.
fn check(configuration: &Path, code: i32) -> Vec<Value> {
    let checked = run::esito(&["check", "--json", "--config"]).arg(configuration).finish();
    let checked = checked.expect_code(&[code]);
    let answer: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    println!("{answer:#}");
    assert_eq!(answer["ok"], code == 0);
    let of_pacs = answer["checks"].as_array().expect("checks").iter();
    of_pacs.filter(|check| check["of"] == "peer").cloned().collect()
}

fn steps(checks: &[Value]) -> Vec<&str> {
    checks.iter().map(|check| check["step"].as_str().expect("a step")).collect()
}

fn fill_in_tls(peer: &Peer, workplace: &Workplace, authority: &Authority) {
    let Identity { certificate, key } = authority.identity(Kind::Good);
    let sent = run::program("storescu")
        .arg("+tls")
        .args([&key, &certificate])
        .arg("+cf")
        .arg(authority.file())
        .args(["-aet", "FILLER", "-aec", CALLED, "+sd", "+r", "127.0.0.1"])
        .arg(peer.port.to_string())
        .arg(workplace.source())
        .finish();
    assert_eq!(sent.code, Some(0), "storescu: {}", sent.stderr);
}

#[rstest]
fn a_study_comes_over_tls_with_certificates_of_both_sides(#[values("get", "move")] way: &str) {
    let workplace = Workplace::with_study(SMALL_CT);
    let authority = Authority::called("Fixture authority");
    let peer = Peer::orthanc_with_tls(&workplace, &authority);
    fill_in_tls(&peer, &workplace, &authority);
    let me = authority.identity(Kind::Good);
    let more = format!("retrieve = \"{way}\"\n{}", section(&authority, Some(&me)));
    let file = peer.configuration(&workplace, &more);
    let text = std::fs::read_to_string(&file).expect("the text");
    let scp = format!(
        "[store_scp]\ntls = {{ certificate_file = '{}', key_file = '{}', client_ca_file = '{}' }}",
        me.certificate.display(),
        me.key.display(),
        authority.file().display()
    );
    std::fs::write(&file, text.replacen("[store_scp]", &scp, 1)).expect("written");
    let checks = check(&file, 0);
    let step = if way == "get" { "C-GET" } else { "C-MOVE" };
    assert_eq!(steps(&checks)[2..], ["TLS", "association", "C-ECHO", "C-FIND", step]);
    assert!(checks[2]["message"].as_str().is_some_and(|text| text.contains("TLS13_AES")));
    let study = study_of(&file);
    package(&workplace, &file, study["study_instance_uid"].as_str().expect("a UID"))
        .expect_code(&[0]);
    judges::judge(&workplace.zip(), &workplace.source(), &[]);
}

/// How DCMTK's storescp is started.
#[derive(Debug, Clone, Copy)]
struct Server {
    certificate: Kind,
    options: &'static [&'static str],
}

const GOOD: Server = Server { certificate: Kind::Good, options: &["-ic"] };
const MUTUAL: Server = Server { certificate: Kind::Good, options: &["-rc"] };

#[rstest]
#[case::expired(Server { certificate: Kind::Expired, ..GOOD }, "has expired: renew it there")]
#[case::early(Server { certificate: Kind::Early, ..GOOD }, "is not valid yet")]
#[case::name(
    Server { certificate: Kind::ForAnotherName, ..GOOD },
    "is not for 127.0.0.1, but for other.test"
)]
#[case::wants_ours(MUTUAL, "asks for a client certificate")]
fn a_tls_fault_is_named_in_its_step(#[case] server: Server, #[case] sentence: &str) {
    let workplace = Workplace::empty();
    let authority = Authority::called("Fixture authority");
    let identity = authority.identity(server.certificate);
    let peer = Peer::storescp(&authority, &identity, server.options);
    let file = peer.configuration(&workplace, &section(&authority, None));
    tell(&workplace, &file, sentence);
}

#[test]
fn an_unknown_authority_is_named() {
    let workplace = Workplace::empty();
    let authority = Authority::called("Fixture authority");
    let peer = Peer::storescp(&authority, &authority.identity(Kind::Good), &["-ic"]);
    let other = Authority::called("Other authority");
    let file = peer.configuration(&workplace, &section(&other, None));
    tell(&workplace, &file, "signed by nobody whom this machine trusts");
}

#[test]
fn a_client_certificate_of_somebody_else_is_refused() {
    let workplace = Workplace::empty();
    let authority = Authority::called("Fixture authority");
    let peer = Peer::storescp(&authority, &authority.identity(Kind::Good), &["-rc"]);
    let other = Authority::called("Other authority");
    let file =
        peer.configuration(&workplace, &section(&authority, Some(&other.identity(Kind::Good))));
    tell(&workplace, &file, "refuses the client certificate");
}

#[test]
fn a_pacs_without_tls_is_told_from_one_with_it() {
    let workplace = Workplace::empty();
    let authority = Authority::called("Fixture authority");
    let plain = Peer::dcmqrscp(&workplace, &[]);
    let file = plain.configuration(&workplace, &section(&authority, None));
    tell(&workplace, &file, "TLS on this port");
}

#[test]
fn a_pacs_in_tls_is_told_where_none_is_configured() {
    let workplace = Workplace::empty();
    let authority = Authority::called("Fixture authority");
    let peer = Peer::storescp(&authority, &authority.identity(Kind::Good), &["-ic"]);
    let file = peer.configuration(&workplace, "");
    let checks = check(&file, 5);
    let last = checks.last().expect("a step");
    assert_eq!(last["step"], "association");
    let said = last["message"].as_str().expect("a sentence");
    assert!(said.contains("speaks TLS on this port: configure `tls`"), "{said}");
}

/// `check` names the fault in the step TLS; `package` says the same, with exit code 5.
fn tell(workplace: &Workplace, file: &Path, sentence: &str) {
    let checks = check(file, 5);
    let last = checks.last().expect("a step");
    assert_eq!(last["step"], "TLS");
    let said = last["message"].as_str().expect("a sentence");
    assert!(said.contains(sentence), "{said}");
    let packaged = package(workplace, file, "1.2.3").expect_code(&[5]);
    assert!(packaged.stderr.contains(sentence), "{}", packaged.stderr);
    assert!(workplace.left_behind().is_empty());
}

/// A configuration for the DICOMweb services of a peer.
fn web_configuration(workplace: &Workplace, port: u16, more: &str) -> std::path::PathBuf {
    let file = workplace.beside("web.toml");
    let text = format!(
        "[[pacs]]\nname = \"peer\"\nprotocol = \"dicomweb\"\n\
         url = \"http://127.0.0.1:{port}/dicom-web\"\n{more}\n"
    );
    std::fs::write(&file, text).expect("the configuration");
    file
}

#[test]
fn a_study_comes_over_dicomweb_as_it_does_from_the_folder() {
    let workplace = Workplace::with_study(&["--study", "mixed"]);
    let peer = Peer::orthanc_with_dicomweb(&workplace);
    peer.fill(&workplace.source());
    let secret = workplace.beside("secret");
    std::fs::write(&secret, "swordfish\n").expect("written");
    let more =
        format!("authentication = {{ user = \"esito\", password_file = '{}' }}", secret.display());
    let file = web_configuration(&workplace, peer.http_port, &more);
    let checks = check(&file, 0);
    assert_eq!(steps(&checks), ["DNS", "TCP", "TLS", "QIDO-RS", "clock", "WADO-RS"]);
    let study = study_of(&file);
    package(&workplace, &file, study["study_instance_uid"].as_str().expect("a UID"))
        .expect_code(&[0]);
    judges::judge(&workplace.zip(), &workplace.source(), &[]);
    let wrong = "authentication = { user = \"esito\", password = \"trout\" }";
    let checks = check(&web_configuration(&workplace, peer.http_port, wrong), 5);
    let said = checks.iter().find(|check| check["ok"] == false).expect("a fault");
    assert_eq!(said["step"], "QIDO-RS");
    let said = said["message"].as_str().expect("a sentence");
    assert!(said.contains("check user name and password") && !said.contains("trout"), "{said}");
}

/// Hands on what goes to and fro, and hangs up after so many bytes from the PACS.
fn cut_after(bytes: usize, port: u16) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let own = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.expect("a connection");
            let mut pacs = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the PACS");
            let (mut from, mut to) =
                (client.try_clone().expect("a socket"), pacs.try_clone().expect("a socket"));
            std::thread::spawn(move || {
                drop(std::io::copy(&mut from, &mut to));
                drop(to.shutdown(std::net::Shutdown::Both));
            });
            std::thread::spawn(move || {
                let mut left = bytes;
                let mut buffer = [0; 4096];
                while left > 0 {
                    let most = left.min(buffer.len());
                    match pacs.read(&mut buffer[..most]) {
                        Ok(read) if read > 0 => {
                            left -= read;
                            drop(client.write_all(&buffer[..read]));
                        }
                        _ => break,
                    }
                }
                drop(client.shutdown(std::net::Shutdown::Both));
                drop(pacs.shutdown(std::net::Shutdown::Both));
            });
        }
    });
    own
}

#[test]
fn a_pacs_that_hangs_up_half_way_is_named_in_the_step_where_it_does() {
    let workplace = Workplace::with_study(SMALL_CT);
    let peer = Peer::dcmqrscp(&workplace, &[]);
    peer.fill(&workplace.source());
    let uid = study_of(&peer.configuration(&workplace, ""))["study_instance_uid"].clone();
    // Enough for the answers to every query, and not for an instance.
    let port = cut_after(6000, peer.port);
    let file = configuration(&workplace, port, free_port(), "retrieve = \"get\"");
    let checks = check(&file, 5);
    let last = checks.last().expect("a step");
    assert_eq!(last["step"], "C-GET");
    let said = last["message"].as_str().expect("a sentence");
    assert!(said.contains("the connection to the PACS breaks"), "{said}");
    let ended = package(&workplace, &file, uid.as_str().expect("a UID")).expect_code(&[5]);
    assert!(ended.stderr.contains("the connection to the PACS breaks"), "{}", ended.stderr);
    assert!(workplace.left_behind().is_empty());
    assert!(!ended.stderr.contains(CALLING), "it is no matter of AE titles: {}", ended.stderr);
}

#[test]
fn a_fault_of_the_configuration_ends_with_code_2() {
    let workplace = Workplace::empty();
    let file = workplace.beside("esito.toml");
    for (text, sentence) in [
        ("[[pacs]]\nname = \"x\"\nhots = \"y\"\n", "pacs.hots is not known: did you mean host?"),
        ("[branding]\n", "the configuration has no [[pacs]]"),
    ] {
        std::fs::write(&file, text).expect("written");
        let ended = run::esito(&["check", "--config"]).arg(&file).finish().expect_code(&[2]);
        assert!(ended.stderr.contains(sentence), "{}", ended.stderr);
    }
}

#[rstest]
#[case::ae_title("store_from = { ae_titles = [\"ANOTHER\"] }")]
#[case::address("store_from = { ae_titles = [\"PEER\"], addresses = [\"192.0.2.7\"] }")]
fn a_sender_that_is_not_expected_is_rejected_and_named(#[case] from: &str) {
    let workplace = Workplace::with_study(SMALL_CT);
    let peer = Peer::dcmqrscp(&workplace, &[]);
    peer.fill(&workplace.source());
    let file = peer.configuration(&workplace, &format!("retrieve = \"move\"\n{from}"));
    let checks = check(&file, 5);
    let last = checks.last().expect("a step");
    assert_eq!(last["step"], "C-MOVE");
    let said = last["message"].as_str().expect("a sentence");
    let sentence =
        "the Store SCP rejects AE title \"PEER\" from 127.0.0.1: if that is the PACS, name";
    assert!(said.contains(sentence), "{said}");
}

#[test]
fn a_pacs_that_sends_without_tls_to_a_store_scp_in_tls_is_named() {
    let workplace = Workplace::with_study(SMALL_CT);
    let authority = Authority::called("Fixture authority");
    let peer = Peer::dcmqrscp(&workplace, &[]);
    peer.fill(&workplace.source());
    let me = authority.identity(Kind::Good);
    let file = peer.configuration(&workplace, "retrieve = \"move\"");
    let text = std::fs::read_to_string(&file).expect("the text");
    let scp = format!(
        "[store_scp]\ntls = {{ certificate_file = '{}', key_file = '{}' }}",
        me.certificate.display(),
        me.key.display()
    );
    std::fs::write(&file, text.replacen("[store_scp]", &scp, 1)).expect("written");
    let checks = check(&file, 5);
    let said = checks.last().expect("a step")["message"].as_str().expect("a sentence");
    assert!(said.contains("to the Store SCP: it sends without TLS: switch TLS on"), "{said}");
}

#[test]
fn a_pacs_that_fails_is_passed_over_for_the_next_one() {
    let workplace = Workplace::with_study(SMALL_CT);
    let peer = Peer::dcmqrscp(&workplace, &[]);
    peer.fill(&workplace.source());
    let file = peer.configuration(&workplace, "priority = 7");
    let uid = study_of(&file)["study_instance_uid"].as_str().expect("a UID").to_owned();
    let text = std::fs::read_to_string(&file).expect("the text");
    let other = format!(
        "{text}\n[[pacs]]\nname = \"gone\"\nhost = \"127.0.0.1\"\nport = {}\n\
         called_ae_title = \"GONE\"\ncalling_ae_title = \"ESITO\"\n",
        free_port()
    );
    std::fs::write(&file, other).expect("written");
    let packaged = run::esito(&["package", "--progress", "none", "--study", &uid, "--config"])
        .arg(&file)
        .arg("--out")
        .arg(workplace.zip())
        .finish();
    packaged.expect_code(&[0]);
    judges::judge(&workplace.zip(), &workplace.source(), &[]);
}

/// What a renewed certificate takes the place of was refused.
#[test]
fn a_certificate_that_is_renewed_in_its_file_serves_the_next_association() {
    let authority = Authority::called("Fixture authority");
    let peer = Peer::storescp(&authority, &authority.identity(Kind::Good), &["-rc"]);
    let other = Authority::called("Other authority");
    let mine = other.identity(Kind::Good);
    let settings = TlsSettings {
        authorities: Authorities::File(authority.file()),
        identity: Some(tls::Identity {
            certificates: mine.certificate.clone(),
            key: mine.key.clone(),
        }),
    };
    let settings = DimseSettings {
        host: "127.0.0.1".to_owned(),
        port: peer.port,
        tls: Some(TlsClient::new(&settings, None).expect("TLS")),
        called_ae_title: CALLED.parse().expect("a title"),
        calling_ae_title: CALLING.parse().expect("a title"),
        retrieve: RetrieveMethod::Get,
        root: QueryRoot::Study,
        more_keys: Vec::new(),
        limits: PacsLimits::default(),
        time_outs: TimeOuts::default(),
        store_scp: None,
        spool_folder: ScratchFolder::of_system(),
    };
    let pacs = DimsePacs::new(settings, StopFlag::default());
    assert!(matches!(pacs.echo(), Err(PacsError::Tls(_))));
    let renewed = authority.identity(Kind::Good);
    std::fs::rename(&renewed.certificate, &mine.certificate).expect("renewed");
    // Key and certificate differ now: what was read before is used on.
    assert!(matches!(pacs.echo(), Err(PacsError::Tls(_))));
    std::fs::rename(&renewed.key, &mine.key).expect("renewed");
    pacs.echo().expect("an answer");
}
