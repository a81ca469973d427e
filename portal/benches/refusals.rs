//! What each refusal of a PIN takes, side by side: `cargo bench -p portal --bench refusals`.
//!
//! They are asked in turns, so that what else the machine does falls on all of them alike. What counts is how far the
//! medians lie apart, beside how far one of them spreads.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark: it prints, and a failed expectation ends it"
)]

#[expect(dead_code, reason = "shared by the benches, each of which uses a part")]
#[path = "support/furnishing.rs"]
mod furnishing;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use portal::admin::AdminSettings;
use portal::downloads::DownloadsSettings;
use portal::outbox::Ways;
use portal::results::ResultsSettings;
use portal::secret::{SiteSecret, Token};
use portal::shares::{Pin, SharesSettings};
use portal::store::{
    Account, Along, EndOfShare, Guesses, Language, MessageId, NewLimits, OrderId, PasswordHash,
    RecipientId, Share, ShareId, ShareRecipient, ShareState, Shared,
};
use portal::{
    Clock, ConnectionLimits, Cost, Limits, Origin, Portal, Services, Settings, Site, WebSettings,
};

const ROUNDS: u32 = 200;

fn open(folder: &std::path::Path) -> Portal {
    let listen = "127.0.0.1:0".parse().unwrap();
    let address = "http://127.0.0.1:8080";
    let limits = ConnectionLimits::default();
    let settings = Settings {
        store: folder.join("store"),
        secret: SiteSecret::new(vec![7; 32]).unwrap(),
        site: Site {
            institution: "Ospedale di Prova".to_owned(),
            portal: "La mia salute".to_owned(),
            address: address.to_owned(),
        },
        limits: Limits::default(),
        cost: Cost::default(),
        web: WebSettings::new(listen, address, None, Vec::new(), limits).unwrap(),
        results: ResultsSettings::default(),
        downloads: DownloadsSettings::in_folder(folder.join("spool")),
        shares: SharesSettings::default(),
        ways: Ways::Sent { mail: None, sms: None },
        admin: AdminSettings::default(),
        monitor: None,
        oidc: None,
    };
    Portal::open(settings, Clock::System).unwrap()
}

/// A share, and the token of its link.
async fn share(services: &Services, account: &Account, state: ShareState, hash: &str) -> String {
    let (token, now) = (Token::fresh().unwrap(), services.clock.now());
    let share = Share {
        id: ShareId::fresh().unwrap(),
        person: account.persons.first().unwrap().person,
        order: OrderId::from([1; 16]),
        account: account.id,
        created: now,
        until: now + SignedDuration::from_hours(24),
        language: Language::It,
        message: None,
        pin: PasswordHash(hash.to_owned()),
        recipients: vec![ShareRecipient {
            id: RecipientId::fresh().unwrap(),
            email: "verdi@example.org".into(),
            token: token.hash(),
            letter: MessageId::fresh().unwrap(),
            accesses: Vec::new(),
        }],
        messages: Vec::new(),
        guesses: Guesses::default(),
        state,
    };
    let limits = NewLimits { since: now, shares: usize::MAX, recipients: usize::MAX };
    let shared = services.store.share_order(share, limits, Along::nothing()).await.unwrap();
    assert_eq!(shared, Shared::Done);
    token.as_str().to_owned()
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let portal = open(folder.path());
    let services = portal.services();
    let account = furnishing::enrol(portal.embedded_store(), 1, 0).await;
    let now = services.clock.now();
    // Of another PIN, at the cost of the site.
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let over = ShareState::Ended { at: now, why: EndOfShare::Revoked };
    let frozen = ShareState::Frozen { at: now };
    let revoked = share(services, &account, over, hash).await;
    let frozen = share(services, &account, frozen, hash).await;
    let unknown = Token::fresh().unwrap().as_str().to_owned();
    let pin = Pin::parse("271828").unwrap();
    let mut times: [Vec<Duration>; 4] = [const { Vec::new() }; 4];
    for round in 0..ROUNDS {
        // A wrong PIN of a share that has guesses left.
        let wrong = share(services, &account, ShareState::Active, hash).await;
        for (link, times) in [&unknown, &revoked, &frozen, &wrong].into_iter().zip(&mut times) {
            let from = Origin(IpAddr::V4(Ipv4Addr::from(0xC633_0000 + round)));
            let begun = Instant::now();
            services.shares.unlock(link, &pin, from).await.unwrap();
            times.push(begun.elapsed());
        }
    }
    println!("{ROUNDS} each in turns, ms: median (a tenth is faster, a tenth slower)");
    for (what, times) in ["unknown", "revoked", "frozen", "wrong PIN"].into_iter().zip(&mut times) {
        times.sort();
        let at = |part: usize| {
            let time = times.get(times.len() * part / 100).copied().unwrap_or_default();
            time.as_secs_f64() * 1000.0
        };
        println!("{what:10} {:7.2} ({:.2}, {:.2})", at(50), at(10), at(90));
    }
}
