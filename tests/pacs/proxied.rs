//! DICOMweb of Orthanc behind nginx, through the real program: `check`, `find` and `package` with
//! certificates of both sides, bearer tokens and OAuth 2 client credentials, right ones and wrong ones.

use std::path::PathBuf;

use serde_json::Value;

use crate::nginx::{Nginx, TOKEN};
use crate::peer::Peer;
use crate::peers::{package, study_of};
use crate::support::authority::{Authority, Identity, Kind};
use crate::support::{SMALL_CT, Workplace, judges, run};

/// One way to the same server.
struct Site {
    workplace: Workplace,
    authority: Authority,
    nginx: Nginx,
    _peer: Peer,
}

impl Site {
    fn start() -> Self {
        let workplace = Workplace::with_study(SMALL_CT);
        let peer = Peer::orthanc_with_open_dicomweb(&workplace);
        peer.fill(&workplace.source());
        let authority = Authority::called("Fixture authority");
        let nginx = Nginx::start(&workplace, &authority, peer.http_port);
        Self { workplace, authority, nginx, _peer: peer }
    }

    /// A configuration with `more` in its section; `tls` holds more than the authority.
    fn configuration(&self, port: u16, tls: &str, more: &str) -> PathBuf {
        let file = self.workplace.beside("esito.toml");
        let ca = self.authority.file();
        let text = format!(
            "[[pacs]]\nname = 'peer'\nprotocol = 'dicomweb'\n\
             url = 'https://127.0.0.1:{port}/dicom-web'\n\
             tls = {{ ca_file = '{}'{tls} }}\n{more}\n",
            ca.display()
        );
        std::fs::write(&file, text).expect("the configuration");
        file
    }

    fn credentials(&self, secret: &str) -> String {
        format!(
            "authentication = {{ token_url = 'https://127.0.0.1:{}/token', client_id = 'esito', \
             client_secret = '{secret}' }}",
            self.nginx.token_port
        )
    }

    /// All is green, the study is found, and its package is that of the folder.
    #[track_caller]
    fn serves(&self, file: &PathBuf, steps: &[&str]) {
        let checked = run::esito(&["check", "--json", "--config"]).arg(file).finish();
        println!("{}", String::from_utf8_lossy(&checked.stdout));
        let checked = checked.expect_code(&[0]);
        let answer: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
        let all = answer["checks"].as_array().expect("checks").iter();
        let of_pacs = all.filter(|check| check["of"] == "peer");
        let told: Vec<_> = of_pacs.map(|check| check["step"].as_str().expect("a step")).collect();
        assert_eq!(told, steps);
        let study = study_of(file);
        let uid = study["study_instance_uid"].as_str().expect("a UID");
        package(&self.workplace, file, uid).expect_code(&[0]);
        judges::judge(&self.workplace.zip(), &self.workplace.source(), &[]);
    }

    /// `check`, `find` and `package` all say so, with exit code 5.
    #[track_caller]
    fn refuses(&self, file: &PathBuf, sentence: &str) {
        let checked = run::esito(&["check", "--config"]).arg(file).finish().expect_code(&[5]);
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(said.contains(sentence), "{said}");
        let find = ["find", "--pacs", "peer", "--study", "1.2.3", "--config"];
        let found = run::esito(&find).arg(file).finish().expect_code(&[5]);
        assert!(found.stderr.contains(sentence), "{}", found.stderr);
        std::fs::remove_file(self.workplace.zip()).unwrap_or_default();
        let packaged = package(&self.workplace, file, "1.2.3").expect_code(&[5]);
        assert!(packaged.stderr.contains(sentence), "{}", packaged.stderr);
        assert!(!self.workplace.zip().exists());
        for said in [said, found.stderr, packaged.stderr] {
            assert!(!said.contains("trout") && !said.contains(TOKEN), "a secret: {said}");
        }
    }
}

const STEPS: [&str; 6] = ["DNS", "TCP", "TLS", "QIDO-RS", "clock", "WADO-RS"];

#[test]
fn certificates_of_both_sides() {
    let site = Site::start();
    let port = site.nginx.mutual_port;
    let shown = |Identity { certificate, key }: &Identity| {
        format!(", certificate_file = '{}', key_file = '{}'", certificate.display(), key.display())
    };
    let mine = site.authority.identity(Kind::Good);
    site.serves(&site.configuration(port, &shown(&mine), ""), &STEPS);
    // nginx finishes the handshake, and answers in HTTP that the certificate does not do.
    let sentence = "whether it wants another certificate of ours";
    site.refuses(&site.configuration(port, "", ""), sentence);
    let other = Authority::called("Other authority");
    let foreign = shown(&other.identity(Kind::Good));
    site.refuses(&site.configuration(port, &foreign, ""), sentence);
}

#[test]
fn a_bearer_token_in_a_file() {
    let site = Site::start();
    let port = site.nginx.bearer_port;
    let token = site.workplace.beside("token");
    let more = format!("authentication = {{ bearer_file = '{}' }}", token.display());
    let file = site.configuration(port, "", &more);
    std::fs::write(&token, "trout").expect("the token");
    site.refuses(&file, "the token in the file is not valid there");
    std::fs::write(&token, format!("{TOKEN}\n")).expect("the token");
    site.serves(&file, &STEPS);
}

#[test]
fn client_credentials_of_oauth_2() {
    let site = Site::start();
    let port = site.nginx.bearer_port;
    let steps = ["DNS", "TCP", "TLS", "token", "QIDO-RS", "clock", "WADO-RS"];
    site.serves(&site.configuration(port, "", &site.credentials("swordfish")), &steps);
    site.refuses(&site.configuration(port, "", &site.credentials("trout")), "the token service");
}
