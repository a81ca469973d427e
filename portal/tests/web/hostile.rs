//! Clients that send too much, too slowly, or what two programs read differently.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use portal::ConnectionLimits;
use rstest::rstest;
use store::EventQuery;

use crate::server::{GOOD, Options, Server};

/// What a server answers to these bytes until it closes, or for two seconds.
pub(crate) fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    // It may close before all is sent.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut part) {
        answer.extend_from_slice(&part[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn impatient() -> Server {
    let connections = ConnectionLimits {
        head_time: Duration::from_millis(400),
        request_time: Duration::from_millis(400),
        stall_time: Duration::from_millis(800),
        grace: Duration::from_millis(500),
        ..ConnectionLimits::default()
    };
    Server::start_with(Options { connections, ..Options::default() })
}

#[rstest]
#[case::length(format!("content-length: 16385\r\n\r\n{}", "x".repeat(16_385)))]
#[case::length_alone("content-length: 9223372036854775807\r\n\r\n".to_owned())]
#[case::chunked(format!("transfer-encoding: chunked\r\n\r\n5000\r\n{}\r\n0\r\n\r\n", "x".repeat(0x5000)))]
fn a_body_has_a_limit(#[case] rest: String) {
    let server = Server::start();
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: \
         application/x-www-form-urlencoded\r\n{rest}"
    );
    let answer = raw(server.address, request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// Whoever sends somewhat more than it should is told so on a page; beyond that there is an empty answer.
#[rstest]
#[case::bytes("/login", format!("cookie: a={}", "x".repeat(17 * 1024)), "431", true)]
#[case::lines("/login", "a: b\r\n".repeat(100), "431", true)]
#[case::address(&format!("/{}", "x".repeat(9_000)), "a: b".to_owned(), "414", true)]
#[case::far_beyond("/login", format!("a: {}", "x".repeat(1 << 20)), "431", false)]
#[case::far_longer(&format!("/{}", "x".repeat(70_000)), "a: b".to_owned(), "414", false)]
fn a_head_has_a_limit(
    #[case] path: &str,
    #[case] lines: String,
    #[case] status: &str,
    #[case] has_page: bool,
) {
    let server = Server::start();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{}\r\n\r\n", lines.trim_end());
    let answer = raw(server.address, request.as_bytes());
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("connection: close"), "{head}");
    assert_eq!(body.contains("<h1>Richiesta"), has_page, "{answer}");
    assert_eq!(body.contains("Cancella i cookie"), has_page && status == "431", "{answer}");
}

/// A form that comes from elsewhere is refused with a page too.
#[test]
fn what_is_refused_on_the_way_to_a_page_has_a_page() {
    let server = Server::start();
    let mut browser = server.browser();
    browser.get("/login");
    let elsewhere = [("sec-fetch-site", "cross-site".to_owned())];
    let refused = browser.send("POST", "/login", Some("user_name=a"), &elsewhere);
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("<h1>Richiesta non accettata</h1>"), "{}", refused.body);
}

/// Whoever drips bytes, or says nothing, is sent away in time.
#[rstest]
#[case::nothing("", "")]
#[case::head("GET /login HTTP/1.1\r\nho", "st: x\r\na: b\r\nc: d\r\ne: f\r\n")]
#[case::body(
    "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
     content-length: 1000\r\n\r\n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)]
#[case::next_request("GET /assets/portal.js HTTP/1.1\r\nhost: x\r\n\r\n", "")]
fn a_slow_client_is_not_waited_for(#[case] at_once: &str, #[case] dripping: &str) {
    let server = impatient();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    stream.write_all(at_once.as_bytes()).unwrap();
    let begun = Instant::now();
    let mut drops = dripping.bytes();
    let mut answer = Vec::new();
    loop {
        assert!(begun.elapsed() < Duration::from_secs(10), "it waits on");
        if let Some(byte) = drops.next() {
            drop(stream.write_all(&[byte]));
        }
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_reset) => break,
        }
    }
    assert!(begun.elapsed() >= Duration::from_millis(350), "it was too quick");
    let answer = String::from_utf8_lossy(&answer);
    if at_once.starts_with("POST") {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("<h1>Richiesta interrotta</h1>"), "{answer}");
    }
}

/// Whoever asks and asks, and takes nothing of the answers, is sent away too.
#[test]
fn a_client_that_does_not_read_is_not_waited_for() {
    let server = impatient();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    let requests = b"GET /assets/portal.css HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000);
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < Duration::from_secs(20), "it waits on");
        match stream.write(&requests) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_ended) => break,
        }
    }
}

#[test]
fn connections_have_a_limit_and_further_ones_wait_their_turn() {
    let connections = ConnectionLimits { connections: 2, ..ConnectionLimits::default() };
    let server = Server::start_with(Options { connections, ..Options::default() });
    let held: Vec<_> = (0..2).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(100));
    let mut third = TcpStream::connect(server.address).unwrap();
    third.write_all(b"GET /login HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut answer = [0; 12];
    assert!(third.read_exact(&mut answer).is_err(), "the third one is served too");
    drop(held);
    third.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    third.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

/// Where a proxy before us could see one request, we must not see two (RFC 9112 §6.3, §11.2).
#[rstest]
#[case::both_lengths("content-length: 6\r\ntransfer-encoding: chunked\r\n")]
#[case::two_lengths("content-length: 0\r\ncontent-length: 44\r\n")]
#[case::list_of_lengths("content-length: 0, 44\r\n")]
#[case::signed_length("content-length: +0\r\n")]
#[case::hexadecimal("content-length: 0x00\r\n")]
#[case::unknown_coding("transfer-encoding: xchunked\r\n")]
#[case::chunked_first("transfer-encoding: chunked, identity\r\n")]
#[case::blank_before_colon("content-length : 0\r\n")]
#[case::blank_before_name(" content-length: 0\r\n")]
#[case::folded("content-length:\r\n 0\r\n")]
#[case::vertical_tab("transfer-encoding: \x0bchunked\r\n")]
fn two_readers_see_the_same_requests(#[case] lines: &str) {
    let server = Server::start();
    let request = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n{lines}\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: \
         x\r\nconnection: close\r\n\r\n"
    );
    let answer = raw(server.address, request.as_bytes());
    // Either it is refused, or it was understood in the one way that the standard leaves and the connection
    // is closed: a second answer on it would be the smuggled request's.
    let answers = answer.matches("HTTP/1.1 ").count();
    assert!(answers <= 1, "{answers} answers: {answer}");
    assert!(!answer.contains("HTTP/1.1 404"), "{answer}");
}

#[test]
fn only_the_declared_proxy_says_where_a_client_is() {
    let spoofed = |server: &Server, lines: &[&str]| -> IpAddr {
        let mut browser = server.browser();
        browser.headers =
            lines.iter().map(|line| ("x-forwarded-for", (*line).to_owned())).collect();
        browser.log_in("maria", "x");
        let query = EventQuery { action: Some("login".to_owned()), ..EventQuery::default() };
        let events = server.wait(server.services.store.events(query, 999)).unwrap();
        events.last().unwrap().event.address.unwrap()
    };
    let server = Server::start();
    server.settled("maria");
    let here: IpAddr = "127.0.0.1".parse().unwrap();
    let client: IpAddr = "198.51.100.1".parse().unwrap();
    assert_eq!(spoofed(&server, &[]), here);
    assert_eq!(spoofed(&server, &["198.51.100.1"]), client);
    assert_eq!(spoofed(&server, &["203.0.113.66, 198.51.100.1"]), client);
    assert_eq!(spoofed(&server, &["203.0.113.66", "198.51.100.1"]), client);
    assert_eq!(spoofed(&server, &["203.0.113.66, \"evil\""]), here);
}

/// What a proxy and the portal say to each other is in clear: nobody else is let into it.
#[test]
fn in_clear_nobody_is_served_but_the_declared_proxy() {
    let server = Server::start();
    let address = format!("http://{}/login", server.address);
    let status = |from: &str| {
        let curl = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", from];
        let output = Command::new("curl").args(curl).arg(&address).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(status("127.0.0.1"), "200");
    assert_eq!(status("127.0.0.2"), "000");
}

/// Links and redirections do not follow what a client says that we are called.
#[test]
fn the_host_header_leads_nowhere() {
    let server = Server::start();
    let request = b"GET / HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: evil.example\r\n\
        x-forwarded-proto: http\r\nforwarded: host=evil.example\r\nconnection: close\r\n\r\n";
    let answer = raw(server.address, request);
    assert!(answer.contains("location: /login\r\n") && !answer.contains("evil"), "{answer}");
}

/// A request under way is answered when the portal ends, and then nothing more.
#[test]
fn the_end_waits_for_requests_under_way() {
    let mut server = Server::start();
    server.settled("maria");
    let mut browser = server.browser();
    browser.get("/login");
    let body = crate::browser::form(&[
        ("form_token", browser.token.as_str()),
        ("user_name", "maria"),
        ("password", GOOD),
    ]);
    let cookies: Vec<_> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncookie: {}\r\ncontent-type: \
         application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        cookies.join("; "),
        body.len()
    );
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let address = server.address;
    let ending = std::thread::spawn(move || server.end());
    std::thread::sleep(Duration::from_millis(200));
    assert!(TcpStream::connect(address).is_err(), "new connections are still taken");
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("esito-session="), "{answer}");
    ending.join().unwrap();
}

#[test]
fn the_end_does_not_wait_for_ever() {
    let mut server = impatient();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n").unwrap();
    let begun = Instant::now();
    server.end();
    assert!(begun.elapsed() < Duration::from_secs(5));
}
