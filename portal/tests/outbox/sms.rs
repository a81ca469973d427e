//! SMS through a gateway over HTTP and HTTPS.

use std::time::{Duration, Instant};

use engine::pacs::tls::{Authorities, TlsSettings};
use portal::outbox::{AnswerField, Body, NotHandedOver, Outgoing, Sms, SmsSettings, Transport};
use rstest::rstest;
use serde_json::{Value, json};
use store::{Content, MessageId};
use zeroize::Zeroizing;

use crate::authority::{Authority, Kind};
use crate::peer::Peer;

const TEXT: &str = "La mia salute: il codice è \"12345678\" & vale 10 minuti";

/// A gateway, and settings that speak to it.
fn gateway(status: &str, body: &str) -> (Peer, SmsSettings, Authority) {
    let authority = Authority::called("Gateway");
    let identity = authority.identity(Kind::Good);
    let (certificate, key) =
        (identity.certificate.display().to_string(), identity.key.display().to_string());
    let peer =
        Peer::start("serve_sms.py", &[status, body, "--certificate", &certificate, "--key", &key]);
    let settings = SmsSettings {
        method: "POST".parse().unwrap(),
        url: format!("https://localhost:{}/send", peer.port),
        query: Vec::new(),
        headers: vec![("Authorization".to_owned(), "Bearer {secret}".to_owned())],
        user: None,
        secret: Some(Zeroizing::new("s3cret".to_owned())),
        body: Body::Json(json!({"recipient": ["{number}"], "message": "{text}", "id": "{id}"})),
        country_code: Some("+39".to_owned()),
        accepted_status: Vec::new(),
        refused_status: vec![400, 422],
        answer: None,
        tls: TlsSettings { authorities: Authorities::File(authority.file()), identity: None },
        time_out: Duration::from_secs(2),
    };
    (peer, settings, authority)
}

async fn send(sms: &Sms) -> Result<u32, NotHandedOver> {
    let content = Content { text: TEXT.to_owned(), ..Content::default() };
    let outgoing = Outgoing {
        id: MessageId::from([0xAB; 16]),
        to: "333 0000000",
        content: &content,
        created: jiff::Timestamp::now(),
    };
    sms.send(outgoing).await.map(|sent| sent.segments)
}

#[tokio::test]
async fn a_message_arrives_as_json() {
    let (peer, settings, _authority) = gateway("201", "");
    assert_eq!(send(&Sms::new(settings).unwrap()).await, Ok(1));
    let asked = peer.line();
    assert_eq!((&asked["method"], &asked["path"]), (&json!("POST"), &json!("/send")));
    assert_eq!(asked["authorization"], "Bearer s3cret");
    let expected = json!({"recipient": ["+393330000000"], "message": TEXT, "id": "ab".repeat(16)});
    assert_eq!(asked["json"], expected);
}

#[tokio::test]
async fn a_message_arrives_as_a_form_or_a_query() {
    let pairs = vec![
        ("to".to_owned(), "00{digits}".to_owned()),
        ("text".to_owned(), "{text}".to_owned()),
        ("key".to_owned(), "{secret}".to_owned()),
    ];
    let expected = json!({"to": ["00393330000000"], "text": [TEXT], "key": ["s3cret"]});
    let (peer, settings, _authority) = gateway("200", "");
    let form = SmsSettings { body: Body::Form(pairs.clone()), ..settings.clone() };
    assert_eq!(send(&Sms::new(form).unwrap()).await, Ok(1));
    assert_eq!(peer.line()["form"], expected);
    let query = SmsSettings {
        method: "GET".parse().unwrap(),
        query: pairs,
        body: Body::Nothing,
        ..settings
    };
    assert_eq!(send(&Sms::new(query).unwrap()).await, Ok(1));
    let asked = peer.line();
    assert_eq!((&asked["method"], &asked["query"]), (&json!("GET"), &expected));
}

#[rstest]
#[case::no_credit("402", "", Err(false))]
#[case::bad_number("400", "", Err(true))]
#[case::fault("500", "", Err(false))]
#[case::redirect("302", "", Err(false))]
#[case::accepted("200", r#"{"result": {"code": "OK"}}"#, Ok(1))]
#[case::refused("200", r#"{"result": {"code": "BAD NUMBER"}}"#, Err(true))]
#[case::other("200", r#"{"result": {"code": "LATER"}}"#, Err(false))]
#[case::no_json("200", "OK", Err(false))]
#[tokio::test]
async fn answers_are_told_apart(
    #[case] status: &str,
    #[case] body: &str,
    #[case] expected: Result<u32, bool>,
) {
    let (peer, settings, _authority) = gateway(status, body);
    let answer = Some(AnswerField {
        path: "result.code".to_owned(),
        accepted: vec!["OK".to_owned()],
        refused: vec!["BAD NUMBER".to_owned()],
    });
    let outcome = send(&Sms::new(SmsSettings { answer, ..settings }).unwrap()).await;
    assert_eq!(outcome.map_err(|error| matches!(error, NotHandedOver::Never(_))), expected);
    peer.line();
}

#[tokio::test]
async fn a_gateway_that_hangs_is_left_in_time() {
    let (peer, settings, _authority) = gateway("hang", "");
    let began = Instant::now();
    let outcome = send(&Sms::new(settings).unwrap()).await;
    assert_eq!(
        outcome,
        Err(NotHandedOver::Later("the gateway does not answer in time".to_owned()))
    );
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    peer.line();
}

#[tokio::test]
async fn a_gateway_that_cannot_prove_who_it_is_gets_nothing() {
    let (peer, settings, _authority) = gateway("200", "");
    let stranger = Authority::called("Stranger");
    let tls = TlsSettings { authorities: Authorities::File(stranger.file()), identity: None };
    let outcome = send(&Sms::new(SmsSettings { tls, ..settings }).unwrap()).await;
    assert!(
        matches!(&outcome, Err(NotHandedOver::Later(reason)) if reason.contains("certificate")),
        "{outcome:?}"
    );
    assert_eq!(peer.rest(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_tried_later() {
    let (peer, settings, _authority) = gateway("200", "");
    drop(peer);
    let outcome = send(&Sms::new(settings).unwrap()).await;
    assert!(matches!(outcome, Err(NotHandedOver::Later(_))), "{outcome:?}");
}
