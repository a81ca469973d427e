//! `esito serve`: what it refuses, and that it ends in order.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use rstest::rstest;

use crate::support::{Workplace, run};

const STORE: &str = "[store]\nfolder = 'store'\nsecret_file = 'secret'\n";

fn configured(place: &Workplace, text: &str) -> String {
    let secret = place.beside("secret");
    fs::write(&secret, "0123456789abcdef0123456789abcdef").expect("the secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("the secret");
    let file = place.beside("esito.toml");
    fs::write(&file, text).expect("the configuration");
    file.to_str().expect("UTF-8").to_owned()
}

#[rstest]
#[case::everywhere("listen = '0.0.0.0:0'\naddress = 'http://localhost'", "must not pass in clear")]
#[case::everywhere_6("listen = '[::]:0'\naddress = 'https://x.test'", "must not pass in clear")]
#[case::no_tls("listen = '127.0.0.1:0'\naddress = 'https://x.test'", "nothing here speaks TLS")]
#[case::no_https(
    "listen = '127.0.0.1:0'\naddress = 'http://x.test'\ntrusted_proxies = ['127.0.0.1']",
    "it has to be https"
)]
#[case::no_certificate(
    "listen = '127.0.0.1:0'\naddress = 'https://x.test'\ntls = { certificate_file = 'absent.pem', key_file = 'absent.key' }",
    "absent.pem cannot be read as PEM"
)]
fn a_portal_that_others_could_listen_in_on_does_not_start(
    #[case] portal: &str,
    #[case] expected: &str,
) {
    let place = Workplace::empty();
    let file = configured(&place, &format!("{STORE}[portal]\n{portal}\n"));
    let ended = run::esito(&["serve", "--config", &file]).finish();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
}

#[test]
fn a_secret_that_everybody_can_read_is_refused() {
    let place = Workplace::empty();
    let portal = "[portal]\nlisten = '127.0.0.1:0'\naddress = 'http://localhost'\n";
    let file = configured(&place, &format!("{STORE}{portal}"));
    let secret = place.beside("secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).expect("the secret");
    let ended = run::esito(&["serve", "--config", &file]).finish();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("can be read by everybody"), "{}", ended.stderr);
    fs::remove_file(&secret).expect("the secret");
    let ended = run::esito(&["serve", "--config", &file]).finish();
    assert!(ended.stderr.contains("make one with"), "{}", ended.stderr);
}

#[test]
fn a_portal_serves_and_ends_in_order_when_it_is_asked_to() {
    let place = Workplace::empty();
    let portal = "[portal]\nlisten = '127.0.0.1:0'\naddress = 'http://localhost'\n";
    let file = configured(&place, &format!("{STORE}{portal}"));
    let mut server = Command::new(env!("CARGO_BIN_EXE_esito"))
        .args(["serve", "--config", &file])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the portal starts");
    let output = BufReader::new(server.stdout.take().expect("its output"));
    let mut lines = output.lines().map_while(Result::ok);
    let address = lines
        .find_map(|line| Some(line.strip_prefix("listening on ")?.split(',').next()?.to_owned()));
    let mut stream = TcpStream::connect(address.expect("it listens")).expect("a connection");
    stream
        .write_all(b"GET /login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("<h1>Accesso (Login)</h1>"), "{answer}");
    let asked = Command::new("kill").arg(server.id().to_string()).status().expect("kill");
    assert!(asked.success());
    assert_eq!(server.wait().expect("it ends").code(), Some(0));
    assert_eq!(lines.last().as_deref(), Some("ended"));
}
