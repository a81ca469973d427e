//! What who runs a portal relies on: monitors, signals, a log that tells of nobody.

use std::fs;

use crate::server::{Portal, configure, free_port, get, private};
use crate::support::Workplace;
use crate::support::run;

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
