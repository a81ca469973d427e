//! Who we say we are, and what a server says to it.

use std::fs;

use fixtures::web::{Access, Behaviour, Fault};
use pacs::dicomweb::{
    ClientCredentials, Credentials, DicomWeb, DicomWebError, Secret, WebSettings,
};
use rstest::rstest;

use super::{Site, search_studies, site, site_with};

#[rstest]
#[case::basic(Credentials::Basic { user: "esito".into(), password: Secret::new("pw") }, "Basic ZXNpdG86cHc=")]
#[case::bearer(Credentials::Bearer(Secret::new("t0")), "Bearer t0")]
fn credentials_open_the_door(#[case] credentials: Credentials, #[case] header: &str) {
    let access = Access::Header(header.to_owned());
    let site = site_with(Behaviour { access, ..Behaviour::default() });
    let message = search_studies(&site.client()).unwrap_err().to_string();
    assert!(message.contains("(401 Bearer): configure credentials"), "{message}");
    let mut settings = site.settings();
    settings.credentials = credentials;
    assert_eq!(search_studies(&DicomWeb::new(settings).unwrap()).unwrap().data_sets.len(), 1);
    let mut settings = site.settings();
    settings.credentials = Credentials::Basic { user: "other".into(), password: Secret::new("pw") };
    let message = search_studies(&DicomWeb::new(settings).unwrap()).unwrap_err().to_string();
    assert!(message.contains("check user name and password"), "{message}");
}

#[test]
fn a_token_file_is_read_anew() {
    let access = Access::Header("Bearer second".into());
    let site = site_with(Behaviour { access, ..Behaviour::default() });
    let file = site.folder.path().join("token");
    let mut settings = site.settings();
    settings.credentials = Credentials::BearerFile(file.clone());
    let client = DicomWeb::new(settings).unwrap();
    let message = search_studies(&client).unwrap_err().to_string();
    assert!(message.contains("token file") && message.contains("cannot be used"), "{message}");
    fs::write(&file, "first\n").unwrap();
    let message = search_studies(&client).unwrap_err().to_string();
    assert!(message.contains("the token in the file is not valid"), "{message}");
    fs::write(&file, "second\n").unwrap();
    assert_eq!(search_studies(&client).unwrap().data_sets.len(), 1);
}

#[test]
fn a_secret_that_would_break_a_header_is_refused() {
    let site = site(Fault::None);
    let mut settings = site.settings();
    settings.credentials = Credentials::Bearer(Secret::new("a\r\nX-Other: b"));
    let error = search_studies(&DicomWeb::new(settings).unwrap()).unwrap_err();
    assert!(matches!(error, DicomWebError::CredentialCharacters), "{error}");
    assert_eq!(site.server.asked(), []);
}

fn client_credentials(site: &Site, secret: &str) -> WebSettings {
    let mut settings = site.settings();
    settings.credentials = Credentials::ClientCredentials(ClientCredentials {
        token_url: site.server.token_url().parse().unwrap(),
        client_id: "esito".into(),
        client_secret: Secret::new(secret),
        scope: Some("dicomweb read".into()),
    });
    settings
}

#[test]
fn a_token_is_fetched_once_and_again_when_it_is_refused() {
    let access = Access::Token("Basic ZXNpdG86cHc=".into());
    let site = site_with(Behaviour { access, ..Behaviour::default() });
    let client = DicomWeb::new(client_credentials(&site, "pw")).unwrap();
    let tokens = || site.server.asked().iter().filter(|asked| asked.line == "POST /token").count();
    for _ in 0..3 {
        search_studies(&client).unwrap();
    }
    assert_eq!(tokens(), 1);
    site.server.revoke_token();
    search_studies(&client).unwrap();
    assert_eq!(tokens(), 2);
    let wrong = DicomWeb::new(client_credentials(&site, "other")).unwrap();
    let message = search_studies(&wrong).unwrap_err().to_string();
    assert!(
        message.contains("gives no token") && message.contains("check client and secret"),
        "{message}"
    );
}
