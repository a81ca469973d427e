//! Mail server and SMS gateway are away for a day; the portal ends and begins again each hour.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use engine::pacs::tls::TlsSettings;
use jiff::{SignedDuration, Timestamp};
use portal::Clock;
use portal::metrics::Metrics;
use portal::outbox::{
    Body, Patience, Security, Sender, Sms, SmsSettings, Smtp, SmtpSettings, Transport,
};
use serde_json::json;
use store::{Along, Message, MessageState, Recipient, SledStore, Store};
use tokio::sync::oneshot;

use crate::peer::Peer;
use crate::{email, message};

const EACH: usize = 3;

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn ways(mail: u16, sms: u16) -> [Arc<dyn Transport>; 2] {
    let smtp = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: mail,
        security: Security::Plain,
        ca_file: None,
        login: None,
        from: "noreply@example.org".to_owned(),
        from_name: None,
        reply_to: None,
        hello_name: None,
        time_out: Duration::from_secs(5),
    };
    let gateway = SmsSettings {
        method: "POST".parse().unwrap(),
        url: format!("http://127.0.0.1:{sms}/send"),
        query: Vec::new(),
        headers: Vec::new(),
        user: None,
        secret: None,
        body: Body::Json(json!({"to": "{number}", "text": "{text}", "id": "{id}"})),
        country_code: None,
        accepted_status: Vec::new(),
        refused_status: Vec::new(),
        answer: None,
        tls: TlsSettings::default(),
        time_out: Duration::from_secs(5),
    };
    [Arc::new(Smtp::new(smtp).unwrap()), Arc::new(Sms::new(gateway).unwrap())]
}

/// Sends until nothing is due at this moment; gives the messages as they are then.
async fn send_what_is_due(
    store: &Arc<dyn Store>,
    clock: &Clock,
    ways: &[Arc<dyn Transport>; 2],
) -> Vec<Message> {
    let [mail, sms] = ways.clone();
    let sender = Sender {
        store: Arc::clone(store),
        clock: clock.clone(),
        mail: Some(mail),
        sms: Some(sms),
        patience: Patience::default(),
        metrics: Metrics::default().outbox,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(sender.run(async { drop(stopped.await) }));
    let messages = loop {
        let all = store.list_messages(99).await.unwrap();
        let is_idle = |one: &Message| match &one.state {
            MessageState::Due(due) => *due > clock.now(),
            MessageState::Sent(_) => true,
            _ => false,
        };
        if all.iter().all(is_idle) {
            break all;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    drop(stop);
    task.await.unwrap();
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_without_mail_server_and_gateway_all_arrives_each_under_its_own_message_id() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&folder.path().join("store")).unwrap());
    let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
    let (mail, sms) = (free_port(), free_port());
    let ways = ways(mail, sms);
    for number in 0..EACH {
        let subject = format!("subject {number}");
        for to in [email(), Recipient::Sms("+390000000000".into())] {
            let mut message = message(to, &subject, &format!("text {number}"));
            message.created = clock.now();
            message.state = MessageState::Due(clock.now());
            store.put_message(message, Along::nothing()).await.unwrap();
        }
    }
    for hour in 0..24 {
        let messages = send_what_is_due(&store, &clock, &ways).await;
        assert_eq!(messages.len(), 2 * EACH);
        for one in &messages {
            assert!(matches!(one.state, MessageState::Due(_)), "{hour}: {:?}", one.state);
            assert!(one.content.is_some() && one.tries > 0, "{hour}");
        }
        clock.advance(SignedDuration::from_hours(1));
    }
    // They are back; the mail server takes the first one, and breaks off before it says so.
    let mail = Peer::start("serve_smtp.py", &["plain", "data:cut:1", "--port", &mail.to_string()]);
    let sms = Peer::start("serve_sms.py", &["200", "", "--port", &sms.to_string()]);
    let mut all_sent = false;
    for _ in 0..3 {
        let messages = send_what_is_due(&store, &clock, &ways).await;
        all_sent = messages.iter().all(|one| matches!(one.state, MessageState::Sent(_)));
        clock.advance(SignedDuration::from_mins(90));
    }
    assert!(all_sent);
    let (mut mails, mut cut) = (Vec::new(), Vec::new());
    for said in mail.rest() {
        if said["fault"] == "data" {
            cut.push(said["message_id"].as_str().unwrap().to_owned());
            continue;
        }
        let headers = said["headers"].as_array().unwrap();
        let id = headers.iter().find(|one| one[0] == "Message-ID").unwrap();
        mails.push((
            said["text"].as_str().unwrap().trim().to_owned(),
            id[1].as_str().unwrap().to_owned(),
        ));
    }
    mails.sort();
    let texts: Vec<_> = mails.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["text 0", "text 1", "text 2"], "each once");
    assert_eq!(cut.len(), 1);
    let again = mails.iter().filter(|(_, id)| *id == cut[0]).count();
    assert_eq!(again, 1, "what came twice has one Message-ID: {cut:?}, {mails:?}");
    let mut told: Vec<_> = sms.rest();
    told.sort_by_key(|said| said["json"]["text"].as_str().unwrap().to_owned());
    let texts: Vec<_> = told.iter().map(|said| said["json"]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["text 0", "text 1", "text 2"]);
    let ids: std::collections::BTreeSet<_> =
        told.iter().map(|said| said["json"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), EACH, "each has an identifier of its own");
}
