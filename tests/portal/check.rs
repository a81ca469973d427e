//! `esito check`: what works, and what to change for each thing that does not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rstest::rstest;
use serde_json::Value;

use crate::served::Peer;
use crate::server::{configure, free_port, private};
use crate::support::Workplace;
use crate::support::authority::{Authority, Kind};
use crate::support::run;

/// Checks, and gives each line as `step: message`, those that fail with `FAIL` before them.
pub fn check(config: &Path, spool: &Path, more: &[&str], code: i32) -> Vec<String> {
    let checked = run::esito(&["check", "--json", "--config"])
        .arg(config)
        .arg("--target")
        .arg(config.parent().expect("a folder"))
        .args(more)
        .env("TMPDIR", spool.to_str().expect("UTF-8"))
        .finish()
        .expect_code(&[code]);
    let said: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
    assert_eq!(said["ok"], code == 0, "{said:#}");
    let checks = said["checks"].as_array().expect("checks").iter();
    let text = |check: &Value, key: &str| check[key].as_str().expect("a text").to_owned();
    checks
        .map(|check| {
            let failed = if check["ok"] == true { "" } else { "FAIL " };
            let (of, step) = (text(check, "of"), text(check, "step"));
            format!("{failed}{of} {step}: {}", text(check, "message"))
        })
        .collect()
}

#[track_caller]
pub fn assert_line(lines: &[String], begin: &str, text: &str) {
    let found = lines.iter().any(|line| line.starts_with(begin) && line.contains(text));
    assert!(found, "no {begin:?} with {text:?} in {lines:#?}");
}

/// A portal with a store, a mail server that wants a login, and a gateway.
struct Site {
    workplace: Workplace,
    authority: Authority,
    _peers: Vec<Peer>,
    smtp: u16,
    sms: u16,
}

impl Site {
    fn new(fault: &str) -> Self {
        let authority = Authority::called("check");
        let identity = authority.identity(Kind::Good);
        let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
        let (certificate, key) = (path(&identity.certificate), path(&identity.key));
        let arguments = ["starttls", fault, "--certificate", &certificate, "--key", &key];
        let mail =
            Peer::start("serve_smtp.py", &[&arguments[..], &["--password", "swordfish"]].concat());
        let sms = Peer::start("serve_sms.py", &["200", ""]);
        let (smtp, gateway) = (mail.port, sms.port);
        let workplace = Workplace::empty();
        private(&workplace.target().join("password"), "swordfish\n");
        private(&workplace.target().join("wrong"), "trout\n");
        Self { workplace, authority, _peers: vec![mail, sms], smtp, sms: gateway }
    }

    /// The configuration, with other words in the place of some.
    fn config(&self, changes: &[(&str, &str)]) -> std::path::PathBuf {
        let (smtp, sms) = (self.smtp, self.sms);
        let mut more = format!(
            "[smtp]\nhost = 'localhost'\nport = {smtp}\nsecurity = 'starttls'\nca_file = '{}'\n\
             user = 'esito'\npassword_file = 'password'\nfrom = 'noreply@example.org'\n\
             [sms]\nurl = 'http://127.0.0.1:{sms}/send'\njson = {{ to = '{{number}}', text = '{{text}}' }}\n",
            self.authority.file().display()
        );
        for (from, to) in changes {
            assert!(more.contains(from), "{from}");
            more = more.replace(from, to);
        }
        configure(
            &self.workplace.target(),
            "listen = '127.0.0.1:0'\naddress = 'http://127.0.0.1:8080'",
            &more,
        )
    }
}

#[test]
fn all_that_works_is_said_and_messages_are_sent_when_asked_for() {
    let site = Site::new("");
    let config = site.config(&[]);
    let spool = site.workplace.source();
    let send = ["--send-to", "test@example.org", "--send-sms-to", "+390000000000"];
    let lines = check(&config, &spool, &send, 0);
    for (begin, text) in [
        ("this machine clock", "can be right"),
        ("this machine spool", "can be written"),
        ("this machine download spool", "can be written"),
        ("store store", "is not there yet: esito serve makes it"),
        ("store secret", "not everybody's to read"),
        ("mail connection", "works"),
        ("mail STARTTLS", "works"),
        ("mail login", "works"),
        ("mail message", "it was handed over"),
        ("SMS connection", "the gateway answers"),
        ("SMS message", "it was handed over"),
        ("[smtp] certificates", "the first one ends on"),
    ] {
        assert_line(&lines, begin, text);
    }
    run::esito(&["patient", "list", "--config"]).arg(&config).finish().expect_code(&[0]);
    assert_line(&check(&config, &spool, &[], 0), "store store", "opens and holds");
}

#[rstest]
#[case::nobody_at_the_mail_port(&[("port = ", "port = 1 #")], "mail connection", "see to host, port, security")]
#[case::another_authority(&[("ca_file", "#ca_file")], "mail STARTTLS", "see to the certificate and ca_file")]
#[case::wrong_password(&[("'password'", "'wrong'")], "mail login", "see to user and password_file")]
fn a_failure_of_mail_says_what_to_change(
    #[case] changes: &[(&str, &str)],
    #[case] begin: &str,
    #[case] text: &str,
) {
    let site = Site::new("");
    let lines = check(&site.config(changes), &site.workplace.source(), &[], 5);
    assert_line(&lines, &format!("FAIL {begin}"), text);
    assert_line(&lines, "SMS connection", "the gateway answers");
}

#[test]
fn a_gateway_that_is_not_there_is_told() {
    let site = Site::new("");
    let sms = format!("127.0.0.1:{}/send", site.sms);
    let gone = format!("127.0.0.1:{}/send", free_port());
    let lines = check(&site.config(&[(&sms, &gone)]), &site.workplace.source(), &[], 5);
    assert_line(&lines, "FAIL SMS connection", "see to url and tls");
}

#[test]
fn a_message_that_is_refused_is_told() {
    let site = Site::new("rcpt:550 5.1.1 nobody of that name");
    let send = ["--send-to", "test@example.org"];
    let lines = check(&site.config(&[]), &site.workplace.source(), &send, 5);
    assert_line(&lines, "FAIL mail message", "550");
}

#[test]
fn a_portal_needs_no_folder_for_packages_but_its_secret() {
    let workplace = Workplace::empty();
    let portal = "listen = '127.0.0.1:0'\naddress = 'http://127.0.0.1:8080'";
    let config = configure(&workplace.target(), portal, "");
    let check = || run::esito(&["check", "--config"]).arg(&config);
    let checked = check().finish().expect_code(&[0]);
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(text.contains("store  secret") && !text.contains("  target  "), "{text}");
    private(&workplace.target().join("secret"), "short\n");
    let checked = check().finish().expect_code(&[6]);
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(text.contains("FAIL  store  secret  ") && text.contains("32 at least"), "{text}");
    let checked = run::esito(&["config", "check", "--config"]).arg(&config).finish();
    assert!(checked.expect_code(&[2]).stderr.contains("32 at least"));
}

#[test]
fn a_spool_that_cannot_be_used_and_a_damaged_store_say_what_to_do() {
    let site = Site::new("");
    let config = site.config(&[]);
    let nowhere = site.workplace.beside("nowhere");
    let lines = check(&config, &nowhere, &[], 6);
    assert_line(&lines, "FAIL this machine spool", "name another by TMPDIR");
    let open = site.workplace.beside("open");
    fs::create_dir(&open).expect("a folder");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("rights");
    let lines = check(&config, &open, &[], 6);
    assert_line(&lines, "FAIL this machine spool", "chmod 1777 or 0700");
    let lines = check(
        &site.config(&[("[smtp]", "[spool]\nfolder = '/dev/null/spool'\n[smtp]")]),
        &open,
        &[],
        6,
    );
    assert_line(&lines, "FAIL this machine download spool", "name another by [spool] folder");
    let config = site.config(&[]);
    run::esito(&["patient", "list", "--config"]).arg(&config).finish().expect_code(&[0]);
    let db = site.workplace.target().join("store/db");
    let mut bytes = fs::read(&db).expect("the store");
    let middle = bytes.len() / 2;
    bytes.truncate(middle);
    bytes.iter_mut().skip(64).for_each(|byte| *byte ^= 0x5A);
    fs::write(&db, bytes).expect("written");
    let lines = check(&config, &site.workplace.source(), &[], 6);
    assert_line(&lines, "FAIL store store", "esito restore");
}
