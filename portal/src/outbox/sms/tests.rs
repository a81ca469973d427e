//! Requests to a gateway, and what its answers mean.

use rstest::rstest;
use serde_json::json;

use super::*;

fn settings(body: Body) -> SmsSettings {
    SmsSettings {
        method: SmsMethod::POST,
        url: "https://sms.example.org/send".to_owned(),
        query: Vec::new(),
        headers: vec![("Authorization".to_owned(), "Bearer {secret}".to_owned())],
        user: None,
        secret: Some(Zeroizing::new("s3cret".to_owned())),
        body,
        country_code: None,
        accepted_status: Vec::new(),
        refused_status: vec![400],
        answer: None,
        tls: TlsSettings { authorities: authority(), identity: None },
        time_out: Duration::from_secs(5),
    }
}

/// No test needs the authorities of the machine.
fn authority() -> engine::pacs::tls::Authorities {
    let folder = std::env::temp_dir().join(format!("esito-sms-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("ca.pem");
    if !path.exists() {
        let key = rcgen::generate_simple_self_signed(vec!["sms.example.org".to_owned()]).unwrap();
        std::fs::write(&path, key.cert.pem()).unwrap();
    }
    engine::pacs::tls::Authorities::File(path)
}

fn json_body() -> Body {
    Body::Json(json!({"to": ["{number}"], "body": "{text}", "ref": "{id}", "n": 1}))
}

const NASTY: &str = "\"}&x={secret}\r\nè {number}\\";

#[test]
fn a_message_is_a_value_of_json_and_nothing_more() {
    let sms = Sms::new(settings(json_body())).unwrap();
    let request = sms.request("+390000000000", NASTY, "abc").unwrap();
    let sent: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(sent, json!({"to": ["+390000000000"], "body": NASTY, "ref": "abc", "n": 1}));
    assert_eq!(request.headers()["authorization"], "Bearer s3cret");
    assert_eq!(request.headers()["content-type"], "application/json");
}

#[test]
fn a_message_is_a_value_of_a_form_or_a_query_and_nothing_more() {
    let pairs =
        |to: &str| vec![("to".to_owned(), to.to_owned()), ("body".to_owned(), "{text}".to_owned())];
    let read = |text: &str| serde_urlencoded::from_str::<Vec<(String, String)>>(text).unwrap();
    let expected =
        [("to".to_owned(), "390000000000".to_owned()), ("body".to_owned(), NASTY.to_owned())];
    let sms = Sms::new(settings(Body::Form(pairs("{digits}")))).unwrap();
    let request = sms.request("+390000000000", NASTY, "abc").unwrap();
    assert_eq!(read(std::str::from_utf8(request.body()).unwrap()), expected);
    let query = SmsSettings {
        query: pairs("{digits}"),
        method: SmsMethod::GET,
        user: Some("me".to_owned()),
        headers: Vec::new(),
        ..settings(Body::Nothing)
    };
    let sms = Sms::new(query).unwrap();
    let request = sms.request("+390000000000", NASTY, "abc").unwrap();
    assert_eq!(read(request.uri().query().unwrap()), expected);
    assert_eq!(request.headers()["authorization"], "Basic bWU6czNjcmV0");
}

#[rstest]
#[case::plain(|s: &mut SmsSettings| s.url = "http://sms.example.org/".to_owned(), "http://")]
#[case::scheme(|s: &mut SmsSettings| s.url = "ftp://sms.example.org/".to_owned(), "https://")]
#[case::user(|s: &mut SmsSettings| s.url = "https://a:b@sms.example.org/".to_owned(), "user name")]
#[case::placeholder_in_url(|s: &mut SmsSettings| s.url = "https://sms.example.org/{number}".to_owned(), "braces")]
#[case::nowhere(|s: &mut SmsSettings| s.body = Body::Nothing, "must stand in")]
#[case::unknown(|s: &mut SmsSettings| s.headers = vec![("X".to_owned(), "{name}".to_owned())], "{name} is not known")]
#[case::header(|s: &mut SmsSettings| s.headers = vec![("X Y".to_owned(), String::new())], "X Y")]
#[case::secret(|s: &mut SmsSettings| s.secret = None, "needs secret")]
#[case::country(|s: &mut SmsSettings| s.country_code = Some("39".to_owned()), "country_code")]
fn settings_that_cannot_work_are_refused(
    #[case] change: fn(&mut SmsSettings),
    #[case] expected: &str,
) {
    let mut settings = settings(json_body());
    change(&mut settings);
    let error = Sms::new(settings).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case::this_machine("http://localhost:81/", Some(false))]
#[case::appliance("http://192.168.1.5/send", Some(false))]
#[case::v6("http://[fd00::1]/send", Some(false))]
#[case::far("http://192.0.2.1/", None)]
#[case::tls("https://192.0.2.1/?a=b", Some(true))]
fn addresses(#[case] url: &str, #[case] expected: Option<bool>) {
    assert_eq!(check_url(url).ok(), expected);
}

#[rstest]
#[case::international("+39 333 000-0000", None, Some("+393330000000"))]
#[case::zeros("0039 (333) 000.0000", None, Some("+393330000000"))]
#[case::national("333 0000000", Some("+39"), Some("+393330000000"))]
#[case::national_unknown("333 0000000", None, None)]
#[case::short("+39", None, None)]
#[case::long("+1234567890123456", None, None)]
#[case::letters("+39 333 CASA", None, None)]
#[case::other_digits("+٣٩٣٣٣٠٠٠٠", None, None)]
fn numbers(#[case] written: &str, #[case] code: Option<&str>, #[case] expected: Option<&str>) {
    assert_eq!(international(written, code).as_deref(), expected);
}

#[rstest]
#[case::accepted(r#"{"messages": [{"status": "0"}]}"#, Ok(()))]
#[case::as_a_number(r#"{"messages": [{"status": 0}]}"#, Ok(()))]
#[case::refused(r#"{"messages": [{"status": 6}]}"#, Err(true))]
#[case::other(r#"{"messages": [{"status": "no credit for +390000000000"}]}"#, Err(false))]
#[case::absent(r#"{"messages": []}"#, Err(false))]
#[case::no_json("OK", Err(false))]
fn answers(#[case] body: &str, #[case] expected: Result<(), bool>) {
    let field = AnswerField {
        path: "messages.0.status".to_owned(),
        accepted: vec!["0".to_owned()],
        refused: vec!["6".to_owned()],
    };
    let judged = field.judge(body.as_bytes());
    if let Err(NotHandedOver::Later(reason) | NotHandedOver::Never(reason)) = &judged {
        assert!(!reason.contains("390000000000"), "{reason}");
    }
    assert_eq!(judged.map_err(|error| matches!(error, NotHandedOver::Never(_))), expected);
}
