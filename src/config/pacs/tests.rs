//! What `[[pacs]]` and `[store_scp]` say, and each way in which they can say it wrongly.

use std::path::Path;

use engine::pacs::dicomweb::Credentials;
use engine::pacs::{DimseSettings, RetrieveMethod, Service};
use rstest::rstest;

use crate::config::Config;

const DIMSE: &str = "[[pacs]]\nname = 'main'\nhost = 'pacs.test'\nport = 104\n\
    called_ae_title = 'PACS'\ncalling_ae_title = 'ESITO'\n";
const DICOMWEB: &str =
    "[[pacs]]\nname = 'web'\nprotocol = 'dicomweb'\nurl = 'https://pacs.test/dicom-web'\n";
const STORE_SCP: &str = "[store_scp]\nlisten = '0.0.0.0:11113'\n";

fn read_with(text: &str, overrides: &[(&str, &str)], folder: &Path) -> Result<Config, String> {
    let overrides: Vec<_> =
        overrides.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Config::read(text, &overrides, folder).map_err(|error| format!("{error:#}"))
}

fn read(text: &str) -> Result<Config, String> {
    read_with(text, &[], Path::new("/nowhere"))
}

fn dimse(config: &Config) -> &DimseSettings {
    match &config.pacs[0].service {
        Service::Dimse(dimse) => dimse,
        Service::DicomWeb(_) => panic!("DICOMweb"),
    }
}

fn credentials(config: &Config) -> &Credentials {
    match &config.pacs[0].service {
        Service::Dimse(_) => panic!("DIMSE"),
        Service::DicomWeb(web) => &web.credentials,
    }
}

#[test]
fn the_least_that_is_needed_has_the_usual_limits() {
    let config = read(DIMSE).unwrap();
    let dimse = dimse(&config);
    assert_eq!((dimse.host.as_str(), dimse.port), ("pacs.test", 104));
    assert_eq!(dimse.limits, engine::pacs::PacsLimits::default());
    assert_eq!(dimse.time_outs, engine::pacs::TimeOuts::default());
    assert!(dimse.tls.is_none() && dimse.store_scp.is_none());
    let config = read(DICOMWEB).unwrap();
    assert!(matches!(credentials(&config), Credentials::None));
}

#[test]
fn all_can_be_said() {
    let text = format!(
        "{DIMSE}site = 'Mantova'\nretrieve = 'move'\nroot = 'patient'\n\
         limits = {{ matches = 7, bytes_per_second = 1000, instance_mib = 2, instances = 3, study_mib = 4, page = 5, page_mib = 6 }}\n\
         time_outs = {{ connect = 1, association = 2.5, no_progress = 3, total = 4 }}\n{STORE_SCP}"
    );
    let config = read(&text).unwrap();
    assert_eq!(config.pacs[0].site.as_deref(), Some("Mantova"));
    let dimse = dimse(&config);
    assert_eq!(dimse.retrieve, RetrieveMethod::Move);
    assert_eq!(dimse.limits.study_bytes, 4 << 20);
    assert_eq!(dimse.time_outs.association.as_millis(), 2500);
    assert_eq!(dimse.store_scp.as_ref().unwrap().associations, 4);
}

/// Of one PACS the question does not arise.
#[rstest]
#[case::one("", None, None)]
#[case::none_says_it("", Some(""), Some("is written for main, web:"))]
#[case::one_says_it("issuer = 'TEST-A'\n", Some(""), Some("is written for web:"))]
#[case::each_says_it("issuer = 'TEST-A'\n", Some("issuer = 'TEST-B'\n"), None)]
fn of_several_pacs_each_says_whose_its_patient_ids_are(
    #[case] main: &str,
    #[case] web: Option<&str>,
    #[case] expected: Option<&str>,
) {
    let web = web.map(|issuer| format!("{DICOMWEB}{issuer}")).unwrap_or_default();
    let config = read(&format!("{DIMSE}{main}{web}")).unwrap();
    let issuer = config.pacs[0].issuer.as_deref();
    assert_eq!(issuer, (!main.is_empty()).then_some("TEST-A"));
    assert_eq!(config.warnings.len(), usize::from(expected.is_some()), "{:?}", config.warnings);
    let told = config.warnings.concat();
    assert!(told.contains(expected.unwrap_or_default()), "{told}");
}

#[test]
fn the_smallest_priority_comes_first_and_equals_keep_their_order() {
    let one = |name: &str, priority: i32| {
        format!("{}priority = {priority}\n", DIMSE.replace("main", name))
    };
    let text = [one("c", 1), one("a", -1), one("b", -1)].concat();
    let config = read(&text).unwrap();
    let names: Vec<_> = config.pacs.iter().map(|pacs| pacs.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[rstest]
#[case::key("hots = 'x'", "pacs.hots is not known: did you mean host?")]
#[case::limit("limits = { match = 1 }", "pacs.limits.match is not known: did you mean matches?")]
#[case::time_out("time_outs = { conect = 1 }", "did you mean connect?")]
#[case::tls("tls = { cafile = 'x' }", "pacs.tls.cafile is not known: did you mean ca_file?")]
#[case::protocol("protocol = 'http'", "unknown variant `http`, expected `dimse` or `dicomweb`")]
#[case::wrong_type("port = '104'", "expected u16")]
#[case::port_too_large("port = 70000", "expected u16")]
#[case::long_ae_title("called_ae_title = 'SEVENTEENLETTERSX'", "called_ae_title")]
#[case::url("url = 'https://x'", "url belongs to DICOMweb: write protocol = \"dicomweb\"")]
#[case::user("authentication = { user = 'x' }", "authentication belongs to DICOMweb")]
#[case::by_move("retrieve = 'move'", "retrieve = \"move\" needs [store_scp] listen")]
#[case::store_from("store_from = {}", "store_from needs [store_scp] listen")]
#[case::no_time("time_outs = { total = 0 }", "time_outs.total is a number of seconds from 0.01")]
#[case::not_a_number("time_outs = { total = nan }", "time_outs.total is a number of seconds")]
#[case::no_matches("limits = { matches = 0 }", "limits.matches is 0: nothing could come")]
#[case::no_bytes("limits = { bytes_per_second = 0 }", "nonzero")]
#[case::no_ca("tls = { ca_file = 'no.pem' }", "/nowhere/no.pem cannot be used: No such file")]
#[case::no_key("tls = { certificate_file = 'a' }", "certificate_file stands without key_file")]
#[case::site("site = ' '", "site is empty")]
#[case::issuer("issuer = ' '", "issuer is empty")]
#[case::shown("show = { order = [] }", "pacs.show.order is not known: did you mean order_number?")]
#[case::misspelt(
    "show = { site = ['Institution'] }",
    "show: site: \"Institution\" is no attribute"
)]
#[case::sequence("show = { site = ['0040,0275'] }", "is no attribute with a text")]
#[case::waits("recall = { first_wait = 9, longest_wait = 8 }", "longest_wait is shorter")]
#[case::no_wait("recall = { total = 0 }", "recall: total is a number of seconds from 0.1")]
#[case::no_hook("recall = { hook = {} }", "recall: hook: url is missing")]
#[case::hook_key(
    "recall = { hook = { uri = 'x' } }",
    "pacs.recall.hook.uri is not known: did you mean url?"
)]
#[case::placeholder(
    "recall = { hook = { url = 'https://a.test/{name}' } }",
    "{study} and {accession} are what can"
)]
#[case::method(
    "recall = { hook = { method = 'DELETE', url = 'https://a.test/{study}' } }",
    "unknown variant `DELETE`"
)]
#[case::status(
    "recall = { hook = { status = [20], url = 'https://a.test/{study}' } }",
    "20 is no status"
)]
fn a_faulty_dimse_pacs(#[case] line: &str, #[case] expected: &str) {
    let key = line.split(' ').next().unwrap();
    let kept = DIMSE.lines().filter(|kept| !kept.starts_with(&format!("{key} ")));
    let text: String = kept.chain([line]).flat_map(|line| [line, "\n"]).collect();
    let error = read(&text).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case::host("host", "the PACS main: host is missing: protocol = \"dimse\" needs it")]
#[case::port("port", "port is missing")]
#[case::called("called_ae_title", "called_ae_title is missing")]
#[case::name("name", "a [[pacs]] has no name")]
fn what_is_missing_is_named(#[case] key: &str, #[case] expected: &str) {
    let kept = DIMSE.lines().filter(|line| !line.starts_with(key));
    let text: String = kept.flat_map(|line| [line, "\n"]).collect();
    let error = read(&text).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case::no_url("[[pacs]]\nname = 'web'\nprotocol = 'dicomweb'", "url is missing")]
#[case::no_http("url = 'pacs.test'", "url: the address is no URL")]
#[case::with_user("url = 'https://me:secret@pacs.test'", "must not hold a user name or password")]
#[case::port("port = 104", "port belongs to DIMSE: write protocol = \"dimse\"")]
#[case::retrieve("retrieve = 'get'", "retrieve belongs to DIMSE")]
#[case::server_name("tls = { server_name = 'x' }", "the name in url counts")]
#[case::tls_and_http("tls = {}\nurl = 'http://pacs.test'", "url begins with http://")]
#[case::no_credentials("authentication = {}", "authentication: it is empty")]
#[case::no_password(
    "authentication = { user = 'x' }",
    "password is missing: give it, or password_file"
)]
#[case::no_user("authentication = { password = 'swordfish' }", "user is missing")]
#[case::two_ways("authentication = { user = 'x', bearer = 'swordfish' }", "one way is enough")]
#[case::twice(
    "authentication = { user = 'x', password = 'swordfish', password_file = 'y' }",
    "password and password_file: give one"
)]
#[case::empty("authentication = { bearer = '' }", "bearer is empty")]
#[case::no_file(
    "authentication = { user = 'x', password_file = 'y' }",
    "password_file /nowhere/y cannot be read"
)]
#[case::no_token_url(
    "authentication = { client_id = 'x', client_secret = 'swordfish' }",
    "token_url is missing"
)]
#[case::no_secret(
    "authentication = { token_url = 'https://id.test', client_id = 'x' }",
    "client_secret is missing"
)]
#[case::unknown("authentication = { pasword = 'swordfish' }", "did you mean password?")]
fn a_faulty_dicomweb_pacs(#[case] lines: &str, #[case] expected: &str) {
    let text = if lines.starts_with("[[") {
        lines.to_owned()
    } else if lines.contains("url = ") && !lines.contains("token_url") {
        format!("[[pacs]]\nname = 'web'\nprotocol = 'dicomweb'\n{lines}")
    } else {
        format!("{DICOMWEB}{lines}")
    };
    let error = read(&text).unwrap_err();
    assert!(error.contains(expected), "{error}");
    assert!(!error.contains("swordfish"), "a secret is told: {error}");
}

#[rstest]
#[case::twice("two PACS are called main", [DIMSE, DIMSE].concat())]
#[case::no_array("write its keys below a line [[pacs]]", "[pacs]\nname = 'x'".into())]
#[case::no_listen("store_scp.listen is missing", "[store_scp]\nassociations = 1".into())]
#[case::nobody("store_scp.associations is 0", format!("{STORE_SCP}associations = 0"))]
#[case::listen("invalid socket address syntax\nin `store_scp.listen`", "[store_scp]\nlisten = 'x'".into())]
#[case::odd_address("invalid IP address syntax", format!("{STORE_SCP}{DIMSE}store_from = {{ addresses = ['x'] }}"))]
#[case::odd_title("ae_titles", format!("{STORE_SCP}{DIMSE}store_from = {{ ae_titles = [''] }}"))]
#[case::bare_tls("certificate_file and key_file are missing", format!("{STORE_SCP}tls = {{}}"))]
#[case::tls_key("store_scp.tls.ca_file is not known", format!("{STORE_SCP}tls = {{ ca_file = 'x' }}"))]
fn other_faults(#[case] expected: &str, #[case] text: String) {
    let error = read(&text).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn secrets_come_from_the_file_a_file_of_their_own_or_the_environment_and_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "swordfish\n").unwrap();
    let basic = |text: &str, overrides: &[(&str, &str)]| {
        let text = format!("{DICOMWEB}authentication = {{ {text} }}");
        let config = read_with(&text, overrides, folder.path()).unwrap();
        assert!(!format!("{config:?}").contains("swordfish"));
        credentials(&config).clone()
    };
    let written = basic("user = 'x', password = 'swordfish'", &[]);
    assert_eq!(written, basic("user = 'x', password_file = 'secret'", &[]));
    let variable = [("PACS__WEB__AUTHENTICATION__PASSWORD", "swordfish")];
    assert_eq!(written, basic("user = 'x'", &variable));
    let client =
        "token_url = 'https://id.test/token', client_id = 'x', client_secret_file = 'secret'";
    assert!(matches!(basic(client, &[]), Credentials::ClientCredentials(_)));
    assert!(matches!(basic("bearer_file = 'secret'", &[]), Credentials::BearerFile(_)));
}

#[test]
fn the_environment_alone_can_name_a_pacs() {
    let variables = [
        ("PACS__0__CALLED_AE_TITLE", "PACS"),
        ("PACS__0__CALLING_AE_TITLE", "ESITO"),
        ("PACS__0__HOST", "pacs.test"),
        ("PACS__0__NAME", "main"),
        ("PACS__0__PORT", "104"),
        ("PACS__0__TIME_OUTS__CONNECT", "2"),
    ];
    let config = read_with("", &variables, Path::new("")).unwrap();
    assert_eq!(dimse(&config).port, 104);
    assert_eq!(dimse(&config).time_outs.connect.as_secs(), 2);
}
