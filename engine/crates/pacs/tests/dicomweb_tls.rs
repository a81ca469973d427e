//! DICOMweb over TLS: own authority, client certificate, and each way in which it can fail.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    unreachable_pub,
    reason = "a test program: a failed expectation ends the test"
)]

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use fixtures::web::{Behaviour, Connection, WebPacs, Wrap};
use fixtures::{Options, write_study};
use pacs::dicomweb::{DicomWeb, Level, Search, WebSettings};
use pacs::tls::{Authorities, Identity, TlsSettings, client_config};
use rcgen::KeyPair;
use rstest::rstest;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use authority::{Authority, Kind};

#[expect(dead_code, reason = "shared with other tests, each of which uses a part")]
#[path = "../../../../tests/support/authority.rs"]
mod authority;

/// A name that is given to two authorities.
const NAME: &str = "Fixture authority";

impl Authority {
    fn new() -> Self {
        Self::called(NAME)
    }

    /// Settings that trust this authority, with an identity when one is given.
    fn trusted(&self, identity: Option<Identity>) -> TlsSettings {
        TlsSettings { authorities: Authorities::File(self.file()), identity }
    }

    /// A client certificate in files.
    fn client(&self, kind: Kind) -> Identity {
        let signed = self.identity(kind);
        Identity { certificates: signed.certificate, key: signed.key }
    }

    /// A server, which may ask for a certificate of this authority.
    fn server(&self, kind: Kind, mutual: bool, old: bool) -> (TempDir, WebPacs) {
        let folder = TempDir::new().unwrap();
        let options = Options { slices: Some(2), rows: Some(64), ..Options::default() };
        write_study("ct", &options, folder.path()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions: &[&rustls::SupportedProtocolVersion] =
            if old { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = if mutual {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(self.file()).unwrap()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let signed = self.identity(kind);
        let certificate = CertificateDer::from_pem_file(&signed.certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(&signed.key).unwrap();
        let config = builder.with_single_cert(vec![certificate], key).unwrap();
        let config = Arc::new(config);
        let wrap: Wrap = Box::new(move |mut stream: TcpStream| {
            let mut connection =
                ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            if let Err(error) = connection.complete_io(&mut stream) {
                // The alert goes out before the connection ends.
                drop(connection.write_tls(&mut stream));
                drop(stream.shutdown(std::net::Shutdown::Write));
                std::thread::sleep(Duration::from_millis(200));
                return Err(error);
            }
            Ok(Box::new(StreamOwned::new(connection, stream)) as Box<dyn Connection>)
        });
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let server =
            WebPacs::start_on(loopback, folder.path(), Behaviour::default(), Some(wrap)).unwrap();
        (folder, server)
    }
}

fn ask(server: &WebPacs, tls: TlsSettings) -> Result<usize, String> {
    let url = format!("https://{}/dicom-web", server.address());
    let mut settings = WebSettings::new(url.parse().unwrap());
    settings.tls = tls;
    settings.time_outs.no_progress = Duration::from_secs(5);
    let client = DicomWeb::new(settings).map_err(|error| error.to_string())?;
    let search =
        Search { level: Level::Studies, matching: &[], including: &[], limit: 10, expected: None };
    client.search(&search).map(|found| found.data_sets.len()).map_err(|error| error.to_string())
}

#[rstest]
#[case::tls_1_3(false)]
#[case::tls_1_2(true)]
fn an_own_authority_and_mutual_authentication(#[case] old: bool) {
    let authority = Authority::new();
    let (_folder, server) = authority.server(Kind::Good, false, old);
    assert_eq!(ask(&server, authority.trusted(None)), Ok(1));
    let (_folder, server) = authority.server(Kind::Good, true, old);
    assert_eq!(ask(&server, authority.trusted(Some(authority.client(Kind::Good)))), Ok(1));
}

#[rstest]
#[case::expired(Kind::Expired, "has expired: renew it there, or correct the clock")]
#[case::early(Kind::Early, "is not valid yet: correct the clock")]
#[case::another_name(Kind::ForAnotherName, "is not for 127.0.0.1, but for other.test")]
fn a_bad_certificate_of_the_server(#[case] kind: Kind, #[case] words: &str) {
    let authority = Authority::new();
    let (_folder, server) = authority.server(kind, false, false);
    let message = ask(&server, authority.trusted(None)).unwrap_err();
    assert!(message.contains(words), "{message}");
}

#[rstest]
#[case::of_another_name("Other authority")]
#[case::of_the_same_name("Fixture authority")]
fn an_unknown_authority_is_told(#[case] name: &str) {
    let (authority, other) = (Authority::new(), Authority::called(name));
    let (_folder, server) = authority.server(Kind::Good, false, false);
    let message = ask(&server, other.trusted(None)).unwrap_err();
    assert!(message.contains("signed by nobody whom this machine trusts"), "{message}");
}

#[test]
fn a_client_certificate_that_is_missing() {
    let authority = Authority::new();
    let (_folder, server) = authority.server(Kind::Good, true, false);
    let message = ask(&server, authority.trusted(None)).unwrap_err();
    assert!(message.contains("asks for a client certificate"), "{message}");
}

#[rstest]
#[case::of_another_name("Other authority")]
#[case::of_the_same_name("Fixture authority")]
fn a_client_certificate_that_is_refused(#[case] name: &str) {
    let (authority, other) = (Authority::new(), Authority::called(name));
    let (_folder, server) = authority.server(Kind::Good, true, false);
    let message = ask(&server, authority.trusted(Some(other.client(Kind::Good)))).unwrap_err();
    assert!(message.contains("refuses the client certificate"), "{message}");
    let expired = authority.client(Kind::Expired);
    let message = ask(&server, authority.trusted(Some(expired))).unwrap_err();
    assert!(message.contains("refuses the client certificate (it has expired)"), "{message}");
}

#[test]
fn a_port_without_tls_is_told() {
    let folder = TempDir::new().unwrap();
    let server = WebPacs::start(folder.path(), Behaviour::default()).unwrap();
    let authority = Authority::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        std::thread::sleep(Duration::from_millis(200));
    });
    drop(server);
    let mut settings = WebSettings::new(format!("https://{address}/x").parse().unwrap());
    settings.tls = authority.trusted(None);
    let client = DicomWeb::new(settings).unwrap();
    let search =
        Search { level: Level::Studies, matching: &[], including: &[], limit: 1, expected: None };
    let message = client.search(&search).unwrap_err().to_string();
    assert!(message.contains("does not speak TLS on this port"), "{message}");
}

#[test]
fn what_is_configured_wrongly_names_the_file() {
    let authority = Authority::new();
    let good = authority.client(Kind::Good);
    let folder = TempDir::new().unwrap();
    let beside = |name: &str| folder.path().join(name);
    let message = |settings: &TlsSettings| client_config(settings).unwrap_err().to_string();
    let absent = Authorities::File(beside("absent.pem"));
    let absent = message(&TlsSettings { authorities: absent, identity: None });
    assert!(absent.contains("absent.pem cannot be used"), "{absent}");
    fs::write(beside("empty.pem"), "nothing").unwrap();
    let empty = Authorities::File(beside("empty.pem"));
    let empty = message(&TlsSettings { authorities: empty, identity: None });
    assert!(empty.contains("holds no certificate in PEM form"), "{empty}");
    let no_key = Identity { key: authority.file(), ..good.clone() };
    let no_key = message(&authority.trusted(Some(no_key)));
    assert!(no_key.contains("no private key"), "{no_key}");
    let other_key = beside("other.key");
    fs::write(&other_key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let differs = message(&authority.trusted(Some(Identity { key: other_key, ..good })));
    assert!(differs.contains("cannot be used together"), "{differs}");
}
