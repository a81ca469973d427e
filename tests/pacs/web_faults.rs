//! A DICOMweb server that misbehaves, through the real program: what the user is told, in time, and that
//! all other instances are delivered.

use std::io;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fixtures::web::{Connection, Fault, Wrap};
use rstest::rstest;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::scripted::{LONG, SHORT, Scripted};
use crate::support::authority::{Authority, Kind};

/// One instance that the server cannot send, whatever is asked for: its series loses only that one.
#[rstest]
#[case::cut(Fault::CutIn, LONG, "")]
#[case::silence(Fault::SilenceIn, SHORT, "`time_outs.no_progress` sets the limit")]
#[case::server_error(Fault::ErrorFor, LONG, "fails (status 500)")]
fn one_instance_breaks_each_answer(
    #[case] fault: fn(String) -> Fault,
    #[case] time_outs: &str,
    #[case] sentence: &str,
) {
    let scripted = Scripted::new();
    let spoiled = scripted.third()[0].clone();
    let ended = scripted.package_over_web(fault(spoiled.clone()), None, time_outs);
    ended.lacks(&[spoiled], "missing", "it is announced and not there");
    ended.says(sentence);
}

/// Of a part that no boundary closes nobody knows whether it is whole.
#[test]
fn a_multipart_answer_without_its_end_costs_its_last_instance() {
    let scripted = Scripted::new();
    let last = scripted.study.instances.last().expect("an instance").sop_instance_uid.clone();
    let ended = scripted.package_over_web(Fault::NoClosingBoundary, None, LONG);
    ended.lacks(&[last], "missing", "it is announced and not there");
    ended.says("the closing boundary is missing");
}

/// Six instances fit, and two of each series: what the first answer lacks comes by series.
#[test]
fn what_an_answer_lacks_is_asked_for_by_series() {
    Scripted::new().package_over_web(Fault::CutAfter(40_000), None, LONG).is_whole();
}

#[rstest]
fn a_server_that_sends_the_same_again_and_again_delivers_all(#[values(1, 2)] associations: usize) {
    let limits = format!("{LONG}\nlimits.associations = {associations}");
    Scripted::new().package_over_web(Fault::Repeats, None, &limits).is_whole();
}

#[test]
fn another_study_makes_no_package() {
    let ended = Scripted::new().package_over_web(Fault::AnotherStudy, None, LONG);
    ended.fails(4, "it belongs to another study");
}

#[rstest]
#[case::silence(Fault::Silence, SHORT, "`time_outs.no_progress` sets the limit")]
#[case::server_error(Fault::ServerErrorAfter(0), LONG, "fails (status 500)")]
#[case::one_byte_a_second(Fault::Drip, SHORT, "`time_outs.no_progress` sets the limit")]
#[case::no_dicomweb(Fault::Page, LONG, "check that the address points to its DICOMweb services")]
fn a_server_that_delivers_nothing(
    #[case] fault: Fault,
    #[case] time_outs: &str,
    #[case] sentence: &str,
) {
    Scripted::new().package_over_web(fault, None, time_outs).fails(5, sentence);
}

/// Puts TLS around each connection, with a certificate of an authority that the client trusts.
fn https(kind: Kind) -> (Authority, Wrap, PathBuf) {
    let authority = Authority::called("Fixture authority");
    let identity = authority.identity(kind);
    let certificate = CertificateDer::from_pem_file(&identity.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&identity.key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a server");
    let config = Arc::new(config);
    let wrap: Wrap = Box::new(move |stream: TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        Ok(Box::new(StreamOwned::new(connection, stream)) as Box<dyn Connection>)
    });
    let file = authority.file();
    (authority, wrap, file)
}

#[test]
fn a_study_comes_over_https() {
    let (_authority, wrap, file) = https(Kind::Good);
    Scripted::new().package_over_web(Fault::None, Some((wrap, file)), LONG).is_whole();
}

#[rstest]
#[case::expired(Kind::Expired, "has expired")]
#[case::name(Kind::ForAnotherName, "is not for 127.0.0.1")]
fn a_certificate_that_is_not_good(#[case] kind: Kind, #[case] sentence: &str) {
    let (_authority, wrap, file) = https(kind);
    let ended = Scripted::new().package_over_web(Fault::None, Some((wrap, file)), LONG);
    ended.fails(5, sentence);
}
