//! TLS of our own, as curl and OpenSSL see it.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use portal::ConnectionLimits;

use crate::server::{Options, Server};

fn server(folder: &std::path::Path) -> Server {
    let tls = Some(Server::certificate(folder));
    Server::start_with(Options { tls, ..Options::default() })
}

#[test]
fn curl_trusts_the_certificate_and_gets_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let address = format!("https://localhost:{}/login", server.address.port());
    let curl = |arguments: &[&str]| {
        let output =
            Command::new("curl").args(["-sS", "-i"]).args(arguments).arg(&address).output();
        let output = output.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout) + &text(&output.stderr))
    };
    let authority = folder.path().join("cert.pem");
    let authority = authority.to_str().unwrap();
    for version in [&["--tlsv1.3"][..], &["--tlsv1.2", "--tls-max", "1.2"]] {
        let (served, answer) = curl(&[&["--cacert", authority], version].concat());
        assert!(served && answer.contains("<h1>Accesso (Login)</h1>"), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age=63072000"), "{answer}");
        // What a proxy says counts only where one is declared.
        assert!(!answer.contains("http/2"), "{answer}");
    }
    let (served, answer) = curl(&[]);
    assert!(!served && answer.contains("certificate"), "{answer}");
    let (served, _) = curl(&["--cacert", authority, "--tls-max", "1.1"]);
    assert!(!served, "TLS 1.1 is taken");
}

#[test]
fn openssl_finds_no_weak_protocol_and_no_renegotiation() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let address = format!("127.0.0.1:{}", server.address.port());
    let openssl = |arguments: &[&str]| {
        let mut child = Command::new("openssl")
            .args(["s_client", "-connect", &address, "-servername", "localhost"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdin.take().unwrap().write_all(b"Q\n"));
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)
    };
    let answer = openssl(&["-tls1_2", "-alpn", "h2,http/1.1"]);
    assert!(answer.contains("Secure Renegotiation IS supported"), "{answer}");
    assert!(answer.contains("Compression: NONE"), "{answer}");
    assert!(answer.contains("ECDHE"), "{answer}");
    assert!(answer.contains("ALPN protocol: http/1.1"), "{answer}");
    let answer = openssl(&["-tls1_3"]);
    assert!(answer.contains("TLSv1.3, Cipher is TLS_"), "{answer}");
    for weak in
        [&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"][..], &["-tls1_2", "-cipher", "AES128-SHA"]]
    {
        let answer = openssl(weak);
        assert!(answer.contains("Cipher is (NONE)"), "{weak:?}: {answer}");
    }
}

/// Whoever speaks HTTP to a TLS port gets nothing, and harms nobody.
#[test]
fn plain_http_gets_no_answer_from_a_tls_port() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path());
    let answer = crate::hostile::raw(server.address, b"GET /login HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(!answer.contains("HTTP/"), "{answer}");
    let mut browser = server.browser();
    browser.headers.push(("connection", "close".to_owned()));
}

/// Whoever opens one connection after the other leaves room for those who come from elsewhere.
#[test]
fn a_network_leaves_a_quarter_of_the_connections_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Some(Server::certificate(folder.path()));
    let connections = ConnectionLimits { connections: 8, ..ConnectionLimits::default() };
    let server = Server::start_with(Options { tls, connections, ..Options::default() });
    let port = server.address.port();
    let status = |from: &str| {
        let output = Command::new("curl")
            .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", from])
            .args(["--resolve", &format!("localhost:{port}:127.0.0.1"), "--cacert"])
            .arg(folder.path().join("cert.pem"))
            .arg(format!("https://localhost:{port}/login"))
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let held: Vec<_> = (0..6).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(status("127.0.0.1"), "000");
    assert_eq!(status("127.0.0.2"), "200");
    drop(held);
    let is_served = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        status("127.0.0.1") == "200"
    });
    assert!(is_served, "who is gone counts on");
}
