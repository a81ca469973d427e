//! Mail through aiosmtpd.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portal::outbox::{
    HandedOver, InvalidSmtp, NotHandedOver, Outgoing, Security, Smtp, SmtpLogin, SmtpSettings,
    Transport,
};
use rstest::rstest;
use serde_json::{Value, json};
use store::{Content, Message};
use zeroize::Zeroizing;

use crate::authority::{Authority, Kind};
use crate::peer::Peer;
use crate::{email, message};

const PASSWORD: &str = "pä ss\"word";

/// A server with a certificate, and the settings for it.
fn server(
    security: Security,
    kind: Kind,
    fault: &str,
    password: &str,
) -> (Peer, SmtpSettings, Authority) {
    let authority = Authority::called("Mail");
    let identity = authority.identity(kind);
    let word = match security {
        Security::Tls => "tls",
        Security::StartTls => "starttls",
        Security::Plain => "plain",
    };
    let (certificate, key) =
        (identity.certificate.display().to_string(), identity.key.display().to_string());
    let mut arguments = vec![word, fault, "--password", PASSWORD];
    arguments.extend(["--certificate", &certificate, "--key", &key]);
    let peer = Peer::start("serve_smtp.py", &arguments);
    let settings = SmtpSettings {
        host: "localhost".to_owned(),
        port: peer.port,
        security,
        ca_file: Some(authority.file()),
        login: Some(SmtpLogin {
            user: "esito".to_owned(),
            password: Zeroizing::new(password.to_owned()),
        }),
        from: "noreply@example.org".to_owned(),
        from_name: Some("Ospedale di Prova, \"città\"\r\nBcc: x@example.org".to_owned()),
        reply_to: None,
        hello_name: None,
        time_out: Duration::from_secs(1),
    };
    (peer, settings, authority)
}

async fn send(smtp: &Smtp, message: &Message) -> Result<HandedOver, NotHandedOver> {
    let content: &Content = message.content.as_ref().unwrap();
    let store::Recipient::Email(to) = &message.to else { panic!("no e-mail") };
    let (id, created) = (message.id, message.created);
    let outgoing = Outgoing { id, to, content, created };
    tokio::time::timeout(Duration::from_secs(20), smtp.send(outgoing)).await.expect("it hangs")
}

fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let all = mail["headers"].as_array().unwrap();
    all.iter().filter(|one| one[0] == name).map(|one| one[1].as_str().unwrap()).collect()
}

#[rstest]
#[case::implicit(Security::Tls)]
#[case::starttls(Security::StartTls)]
#[case::loopback(Security::Plain)]
#[tokio::test]
async fn a_message_arrives_whole(#[case] security: Security) {
    let (peer, settings, _authority) = server(security, Kind::Good, "", PASSWORD);
    let smtp = Smtp::new(settings).unwrap();
    let text = ".\nPerché è così: \u{1F600}\n.hidden\n".to_owned() + &"lungo ".repeat(400) + "\n";
    let message = message(email(), "Il tuo nome utente per «La mia salute» è qui", &text);
    assert!(send(&smtp, &message).await.is_ok());
    let mail = peer.line();
    assert_eq!(mail["from"], "noreply@example.org");
    assert_eq!(mail["to"], json!(["maria@example.org"]));
    assert_eq!(mail["tls"], security != Security::Plain);
    assert_eq!(mail["user"], "esito");
    assert_eq!(mail["defects"], json!([]));
    assert_eq!(mail["raw_is_ascii"], true);
    assert_eq!(header(&mail, "Subject"), ["Il tuo nome utente per «La mia salute» è qui"]);
    assert_eq!(header(&mail, "To"), ["maria@example.org"]);
    let id = header(&mail, "Message-ID");
    assert_eq!(id, [format!("<{}@example.org>", message.id)]);
    assert_eq!(header(&mail, "From").len(), 1);
    assert!(header(&mail, "From")[0].contains("Ospedale di Prova, "), "{mail}");
    assert_eq!(header(&mail, "Bcc"), [] as [&str; 0]);
    assert_eq!(mail["text"].as_str().unwrap().replace("\r\n", "\n").trim_end(), text.trim_end());
    // A second sending has the same Message-ID, over the connection that is still open.
    assert!(send(&smtp, &message).await.is_ok());
    let again = peer.line();
    assert_eq!(header(&again, "Message-ID"), id);
    assert_eq!(again["headers"], mail["headers"]);
    assert_eq!(again["peer"], mail["peer"]);
}

#[rstest]
#[case::mailbox("rcpt:550 5.1.1 <ADDRESS> is not known", Err(true), "550 5.1.1")]
#[case::bare("rcpt:550 <ADDRESS>", Err(true), "550")]
#[case::greylisted("rcpt:451 4.7.1 <ADDRESS> come again", Err(false), "451 4.7.1")]
#[case::relay("rcpt:554 5.7.1 <ADDRESS> relay denied", Err(false), "554 5.7.1")]
#[case::sender("mail:550 5.1.8 sender refused", Err(false), "the sender was refused: 550 5.1.8")]
#[case::content("data:554 5.6.0 no", Err(true), "the message was refused: 554 5.6.0")]
#[case::full("data:452 4.3.1 disk full", Err(false), "452 4.3.1")]
#[case::no_answer("rcpt:what?", Err(false), "does not answer as a mail server does")]
#[case::cut("data:cut", Err(false), "")]
#[tokio::test]
async fn refusals_are_told_apart(
    #[case] fault: &str,
    #[case] expected: Result<(), bool>,
    #[case] words: &str,
) {
    let (peer, settings, _authority) = server(Security::StartTls, Kind::Good, fault, PASSWORD);
    let smtp = Smtp::new(settings).unwrap();
    let outcome = send(&smtp, &message(email(), "Ciao", "text")).await;
    if let Err(NotHandedOver::Later(reason) | NotHandedOver::Never(reason)) = &outcome {
        assert!(reason.contains(words), "{reason}");
        assert!(!reason.contains("maria"), "{reason}");
    }
    let outcome = outcome.map(drop).map_err(|error| matches!(error, NotHandedOver::Never(_)));
    assert_eq!(outcome, expected);
    assert!(peer.rest().iter().all(|line| line.get("fault").is_some()), "nothing arrived");
}

#[rstest]
#[case::mail("mail:hang:1")]
#[case::data("data:hang:1")]
#[tokio::test]
async fn a_server_that_hangs_is_left_in_time(#[case] fault: &str) {
    let (peer, settings, _authority) = server(Security::Tls, Kind::Good, fault, PASSWORD);
    let smtp = Arc::new(Smtp::new(settings).unwrap());
    let message = message(email(), "Ciao", "text");
    let began = Instant::now();
    let outcome = send(&smtp, &message).await;
    assert!(matches!(outcome, Err(NotHandedOver::Later(_))), "{outcome:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // The connection is not used again.
    assert!(send(&smtp, &message).await.is_ok());
    assert!(peer.rest().iter().any(|line| line.get("text").is_some()));
}

#[rstest]
#[case::unknown_authority(Kind::Good, true)]
#[case::expired(Kind::Expired, false)]
#[case::other_name(Kind::ForAnotherName, false)]
#[tokio::test]
async fn nothing_goes_to_a_server_that_cannot_prove_who_it_is(
    #[case] kind: Kind,
    #[case] stranger: bool,
    #[values(Security::Tls, Security::StartTls)] security: Security,
) {
    let (peer, mut settings, _authority) = server(security, kind, "", PASSWORD);
    let other = Authority::called("Stranger");
    if stranger {
        settings.ca_file = Some(other.file());
    }
    let smtp = Smtp::new(settings).unwrap();
    let outcome = send(&smtp, &message(email(), "Ciao", "text")).await;
    assert!(
        matches!(&outcome, Err(NotHandedOver::Later(reason)) if reason.contains("certificate")),
        "{outcome:?}"
    );
    assert_eq!(peer.rest(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let (peer, settings, _authority) = server(Security::Plain, Kind::Good, "", PASSWORD);
    let smtp = Smtp::new(SmtpSettings { security: Security::StartTls, ..settings }).unwrap();
    let outcome = send(&smtp, &message(email(), "Ciao", "text")).await;
    assert!(
        matches!(&outcome, Err(NotHandedOver::Later(reason)) if reason.contains("does not offer STARTTLS")),
        "{outcome:?}"
    );
    assert_eq!(peer.rest(), [] as [Value; 0]);
}

#[tokio::test]
async fn a_wrong_password_costs_no_message() {
    let (peer, settings, _authority) = server(Security::Tls, Kind::Good, "", "wrong");
    let smtp = Smtp::new(settings).unwrap();
    let outcome = send(&smtp, &message(email(), "Ciao", "text")).await;
    assert!(
        matches!(&outcome, Err(NotHandedOver::Later(reason)) if reason.starts_with("logging in: 535")),
        "{outcome:?}"
    );
    assert_eq!(peer.rest(), [] as [Value; 0]);
}

#[rstest]
#[case::line_end("maria@example.org\r\nRCPT TO:<other@example.org>")]
#[case::two("maria@example.org, other@example.org")]
#[case::brackets("maria@example.org> NOTIFY=NEVER <x@example.org")]
#[case::nothing("")]
#[tokio::test]
async fn an_address_is_one_address(#[case] to: &str) {
    let (peer, settings, _authority) = server(Security::Plain, Kind::Good, "", PASSWORD);
    let smtp = Smtp::new(settings).unwrap();
    let mail = message(store::Recipient::Email(to.into()), "Ciao", "text");
    let outcome = send(&smtp, &mail).await;
    assert!(matches!(outcome, Err(NotHandedOver::Never(_))), "{outcome:?}");
    assert_eq!(peer.rest(), [] as [Value; 0]);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let (_peer, settings, _authority) = server(Security::Plain, Kind::Good, "", PASSWORD);
    let far = SmtpSettings { host: "mail.example.org".to_owned(), ..settings.clone() };
    assert!(matches!(Smtp::new(far), Err(InvalidSmtp::Plain(_))));
    let from = SmtpSettings { from: "noreply".to_owned(), ..settings.clone() };
    assert!(matches!(Smtp::new(from), Err(InvalidSmtp::Address { key: "from", .. })));
    let ca_file = Some("/nowhere/ca.pem".into());
    let ca = SmtpSettings { ca_file, security: Security::Tls, ..settings };
    let error = Smtp::new(ca).unwrap_err().to_string();
    assert!(error.contains("/nowhere/ca.pem"), "{error}");
}
