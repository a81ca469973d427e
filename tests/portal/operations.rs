//! What who runs a portal relies on: monitors, signals, a log that tells of nobody.

use std::fs;
use std::process::Command;

use crate::server::{Portal, configure, free_port, get, private};
use crate::support::authority::{Authority, Kind};
use crate::support::{Workplace, judges, run};

const TOKEN: &str = "Authorization: Bearer 0123456789abcdef0123456789abcdef";

fn loopback() -> String {
    let port = free_port();
    format!("listen = '127.0.0.1:{port}'\naddress = 'http://127.0.0.1:{port}'")
}

#[test]
fn a_monitor_sees_that_it_lives_is_ready_and_what_it_counted() {
    let workplace = Workplace::empty();
    let config = configure(&workplace.target(), &loopback(), "");
    let mut portal = Portal::start(&config);
    let at = |path: &str| get(&format!("http://{}{path}", portal.monitor), &[]);
    assert_eq!(at("/live"), (200, "alive\n".to_owned()));
    assert_eq!(at("/ready"), (200, "ready\n".to_owned()));
    assert_eq!(get(&format!("http://{}/login", portal.listen), &[]).0, 200);
    assert_eq!(get(&format!("http://{}/nothing?x=MARKER", portal.listen), &[]).0, 404);
    let (status, text) = at("/metrics");
    assert_eq!(status, 200);
    for line in [
        "esito_requests_total{listener=\"patients\",method=\"GET\",route=\"/login\",status=\"200\"} 1",
        "esito_requests_total{listener=\"patients\",method=\"GET\",route=\"none\",status=\"404\"} 1",
        "esito_outbox_overdue_seconds 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    // Patients do not reach it.
    assert_eq!(get(&format!("http://{}/metrics", portal.listen), &[]).0, 404);
    portal.signal("TERM");
    assert_eq!(portal.end(), Some(0));
    assert!(!portal.log().contains("MARKER"), "{}", portal.log());
}

#[test]
fn a_portal_takes_the_open_files_that_it_may_and_serves_as_many_as_they_are_enough_for() {
    let workplace = Workplace::empty();
    let config = configure(&workplace.target(), &loopback(), "");
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -Sn 200 && ulimit -Hn 600 && exec \"$0\" \"$@\""]);
    limited.arg(env!("CARGO_BIN_EXE_esito"));
    let portal = Portal::start_by(&mut limited, &config);
    portal.wait_for("fewer connections are served than portal.connections says");
    let log = portal.log();
    assert!(log.contains("\"open_files\":600") && log.contains("\"connections\":44"), "{log}");
    assert_eq!(get(&format!("http://{}/login", portal.listen), &[]).0, 200);
}

#[test]
fn a_hang_up_reads_the_configuration_again_and_a_bad_one_changes_nothing() {
    let workplace = Workplace::empty();
    let folder = workplace.target();
    let listen = loopback();
    let smtp = |host: &str| {
        format!(
            "[smtp]\nsecurity = 'none'\nhost = '{host}'\nport = 9\nfrom = 'a@example.org'\n\
             user = 'me'\npassword_file = 'password'\n"
        )
    };
    private(&folder.join("password"), "s3cret\n");
    let config = configure(&folder, &listen, &smtp("localhost"));
    let portal = Portal::start(&config);
    configure(&folder, &listen, &smtp("mail.example.org"));
    portal.signal("HUP");
    portal.wait_for("the old one stays");
    portal.wait_for("security = \\\"none\\\" is for a mail server on this machine");
    configure(&folder, &listen, &smtp("127.0.0.1"));
    portal.signal("HUP");
    portal.wait_for("the configuration was read again\"");
    configure(&folder, &listen, &format!("{}[branding]\nname_it = 'Altro'\n", smtp("::1")));
    portal.signal("HUP");
    portal.wait_for("\"sections\":\"branding\"");
    assert_eq!(get(&format!("http://{}/login", portal.listen), &[]).0, 200);
    assert!(!portal.log().contains("s3cret"));
}

#[test]
fn a_configuration_is_printed_without_secrets_and_checked() {
    let workplace = Workplace::empty();
    let folder = workplace.target();
    private(&folder.join("password"), "hidden\n");
    fs::write(folder.join("open"), "hidden\n").expect("written");
    let smtp =
        "[smtp]\nhost = 'localhost'\nsecurity = 'none'\nfrom = 'a@example.org'\nuser = 'me'\n";
    let config = configure(&folder, &loopback(), &format!("{smtp}password = 's3cret'\n"));
    let config = config.to_str().expect("UTF-8");
    let printed = run::esito(&["config", "print", "--config", config])
        .env("ESITO__SMTP__PORT", "2525")
        .finish()
        .expect_code(&[0]);
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(text.contains("port = 2525") && text.contains("user = \"me\""), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    configure(&folder, &loopback(), &format!("{smtp}password_file = 'open'\n"));
    let checked = run::esito(&["config", "check", "--config", config]).finish().expect_code(&[0]);
    assert!(checked.stderr.contains("open can be read by others"), "{}", checked.stderr);
    configure(&folder, &loopback(), &format!("{smtp}pasword = 'x'\n"));
    let checked = run::esito(&["config", "check", "--config", config]).finish().expect_code(&[2]);
    assert!(checked.stderr.contains("did you mean password?"), "{}", checked.stderr);
}

#[test]
fn a_hang_up_renews_certificates_and_keeps_the_old_ones_where_the_new_cannot_be_used() {
    let workplace = Workplace::empty();
    let folder = workplace.target();
    let port = free_port();
    let listen = format!(
        "listen = '127.0.0.1:{port}'\naddress = 'https://localhost:{port}'\n\
         tls = {{ certificate_file = 'portal.pem', key_file = 'portal.key' }}"
    );
    let authorities = ["first", "second"].map(Authority::called);
    let put = |authority: &Authority| {
        let identity = authority.identity(Kind::Good);
        fs::copy(&identity.certificate, folder.join("portal.pem")).expect("copied");
        private(&folder.join("portal.key"), &fs::read_to_string(&identity.key).expect("a key"));
    };
    put(&authorities[0]);
    private(&folder.join("token"), "0123456789abcdef0123456789abcdef");
    let admin = "[admin]\nlisten = '127.0.0.1:0'\n\
        tls = { certificate_file = 'portal.pem', key_file = 'portal.key' }\n\
        [[admin.tokens]]\nname = 'his'\ntoken_file = 'token'\nscopes = ['persons:read']\n";
    let portal = Portal::start(&configure(&folder, &listen, admin));
    let admin = portal.admin.rsplit(':').next().expect("a port").to_owned();
    // By which authority the listeners are believed now.
    let believed = || {
        let urls = [
            format!("https://localhost:{port}/login"),
            format!("https://localhost:{admin}/v1/persons"),
        ];
        urls.map(|url| {
            authorities.each_ref().map(|authority| {
                let asked = run::program("curl").args(["-sS", "--max-time", "20", "--cacert"]);
                let asked = asked.arg(authority.file()).args(["-H", TOKEN, &url]).finish();
                asked.code == Some(0)
            })
        })
    };
    assert_eq!(believed(), [[true, false]; 2]);
    put(&authorities[1]);
    portal.signal("HUP");
    portal.wait_for("the configuration was read again\"");
    assert_eq!(believed(), [[false, true]; 2]);
    // A key that does not belong to the certificate, and no certificate at all.
    let other = authorities[0].identity(Kind::Good);
    private(&folder.join("portal.key"), &fs::read_to_string(&other.key).expect("a key"));
    portal.signal("HUP");
    portal.wait_for(
        "the certificate of [portal] was not read again, the old one stays: certificate and key",
    );
    portal.wait_for("the certificate of [admin] was not read again");
    fs::write(folder.join("portal.pem"), "").expect("written");
    portal.signal("HUP");
    portal.wait_for("portal.pem holds no certificate");
    assert_eq!(believed(), [[false, true]; 2]);
}

#[test]
fn the_schema_of_the_configuration_knows_what_the_sample_explains() {
    let judged = judges::script("configuration.py").arg(env!("CARGO_BIN_EXE_esito")).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
}
