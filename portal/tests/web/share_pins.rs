//! Guesses at the PIN of a share: how many are looked at, and what each costs.

use jiff::SignedDuration;
use portal::Origin;
use portal::shares::Entered;
use store::ShareState;

use crate::server::{Options, Server};
use crate::shares::{FROM, PIN, letters, pin};

#[test]
fn guesses_are_never_more_than_allowed_side_by_side_and_after_a_restart() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let shared = server.share_with(&person, &["verdi@example.org"]);
    server.messages();
    let (mut looked_at, mut server) = (0, server);
    let link = shared.links[0].clone();
    loop {
        let (mut wait, mut frozen) = (None, false);
        let outcomes: Vec<Entered> = std::thread::scope(|scope| {
            let guess = |number: u8| {
                let (services, link) = (server.services.clone(), link.clone());
                move || {
                    let runtime = tokio::runtime::Runtime::new().unwrap();
                    let typed = pin(&format!("3{number:05}"));
                    // Each from an address of its own: a botnet.
                    let from = Origin([198, 51, 100, number].into());
                    runtime.block_on(services.shares.unlock(&link, &typed, from)).unwrap()
                }
            };
            let tasks: Vec<_> = (0..8).map(|number| scope.spawn(guess(number))).collect();
            tasks.into_iter().map(|task| task.join().unwrap()).collect()
        });
        for outcome in outcomes {
            match outcome {
                Entered::Wrong { .. } => looked_at += 1,
                Entered::Wait { until } => wait = Some(until),
                Entered::Frozen => frozen = true,
                other => panic!("{other:?}"),
            }
        }
        if frozen {
            break;
        }
        assert!(looked_at <= 19, "{looked_at}");
        let now = server.clock.now();
        server.clock.advance(wait.unwrap().duration_since(now));
        if looked_at == 7 {
            let now = server.clock.now();
            server = Server::start_in(server.left(), Options::default());
            let since = now.duration_since(server.clock.now());
            server.clock.advance(since);
        }
    }
    // The last one froze it, and was looked at too.
    assert_eq!(looked_at, 19);
    let kept = server.kept(shared.id);
    assert!(matches!(kept.state, ShareState::Frozen { .. }));
    assert_eq!(kept.guesses.counted.len(), 20);
    let told = letters(&server);
    let frozen: Vec<_> = told
        .iter()
        .filter(|(to, one)| {
            to == "maria@example.org" && one.content.as_ref().unwrap().subject.contains("bloccata")
        })
        .collect();
    assert_eq!(frozen.len(), 1, "who shares is told once");
    assert_eq!(server.events("share.freeze").len(), 1);
    assert!(matches!(server.enter(&link, PIN), Entered::Frozen), "the right one is too late");
    let account = server.account_of(&person);
    let waiting = server.wait(server.services.shares.frozen_of(&account)).unwrap();
    assert_eq!(waiting.len(), 1);
    let rearm = server.services.shares.rearm(&account, shared.id, Origin(FROM.into()));
    assert!(server.wait(rearm).unwrap());
    assert!(matches!(server.enter(&link, PIN), Entered::Done { .. }));
}

#[test]
fn each_refusal_costs_one_argon2_and_a_link_that_waits_none() {
    let server = Server::start();
    let (person, _) = server.with_orders("maria", "", 1);
    let account = server.account_of(&person);
    let from = Origin(FROM.into());
    let spent = |link: &str, typed: &str| {
        let before = server.services.hasher.computed();
        let entered = server.enter(link, typed);
        (entered, server.services.hasher.computed() - before)
    };
    let unknown = "A".repeat(43);
    assert!(matches!(spent(&unknown, PIN), (Entered::Nothing, 1)));
    assert!(matches!(spent("odd", PIN), (Entered::Nothing, 1)));
    let one = server.share_with(&person, &["verdi@example.org"]);
    assert!(matches!(spent(&one.links[0], "314159"), (Entered::Wrong { left: 4, .. }, 1)));
    assert!(matches!(spent(&one.links[0], PIN), (Entered::Done { .. }, 1)));
    assert!(server.wait(server.services.shares.revoke(&account, one.id, from)).unwrap());
    assert!(matches!(spent(&one.links[0], PIN), (Entered::Nothing, 1)));
    let two = server.share_with(&person, &["bianchi@example.org"]);
    for left in (0..5).rev() {
        let (entered, count) = spent(&two.links[0], "314159");
        assert_eq!(count, 1);
        assert!(matches!(entered, Entered::Wrong { left: told, .. } if told == left));
    }
    assert!(matches!(spent(&two.links[0], PIN), (Entered::Wait { .. }, 0)));
    loop {
        server.clock.advance(SignedDuration::from_hours(1));
        if matches!(server.enter(&two.links[0], "314159"), Entered::Frozen) {
            break;
        }
    }
    assert!(matches!(spent(&two.links[0], PIN), (Entered::Frozen, 1)));
    let three = server.share_with(&person, &["neri@example.org"]);
    let until = server.kept(three.id).until;
    server.clock.advance(until.duration_since(server.clock.now()) - SignedDuration::from_secs(1));
    assert!(matches!(spent(&three.links[0], PIN), (Entered::Done { .. }, 1)));
    server.clock.advance(SignedDuration::from_secs(1));
    assert!(matches!(spent(&three.links[0], PIN), (Entered::Nothing, 1)));
}

/// Nobody uses the portal to write to telephones and mailboxes of others without end.
#[test]
fn new_pins_are_sent_so_often_and_told_as_often_as_one_likes() {
    let server = Server::start();
    let (person, mut browser) = server.with_orders("maria", "", 1);
    let shares = ["verdi@example.org", "bianchi@example.org"]
        .map(|email| server.share_with(&person, &[email]).id.to_string());
    server.messages();
    browser.get("/shares");
    let mut renew = |number: usize, way: &str| {
        let phone = format!("+39000000{number:04}");
        let fields = [("pin", "314159"), ("way", way), ("phone", phone.as_str())];
        browser.post(&format!("/shares/{}/pin", shares[number % 2]), &fields)
    };
    for number in 0..11 {
        assert_eq!(renew(number, if number < 9 { "sms" } else { "email" }).location(), "/shares");
        assert_eq!(letters(&server).len(), 1);
    }
    for way in ["sms", "email"] {
        let refused = renew(11, way);
        assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
        assert!(refused.text().contains("Hai inviato molti PIN: il prossimo"), "{}", refused.body);
        assert!(refused.body.contains("<details open>"), "{}", refused.body);
        assert!(!refused.body.contains("314159"), "the PIN comes back");
    }
    // What sends nothing waits for nothing.
    assert_eq!(renew(12, "oneself").location(), "/shares");
    assert_eq!(letters(&server).len(), 0);
    server.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(renew(13, "sms").location(), "/shares");
    assert_eq!(letters(&server).len(), 1);
    assert_eq!(renew(14, "sms").header("retry-after"), "120");
    // What is wrong with a form is said first.
    let odd = [("pin", "314159"), ("way", "sms"), ("phone", "12")];
    assert_eq!(browser.post(&format!("/shares/{}/pin", shares[0]), &odd).status, 422);
}
