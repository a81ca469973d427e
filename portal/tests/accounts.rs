//! Accounts from enrolment to recovery, over the embedded store.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test program: a failed expectation ends the test"
)]

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portal::secret::{SiteSecret, Token};
use portal::{
    Accounts, Authenticated, Clock, Cost, Enrolled, Enrolment, EnrolmentRefused, Hasher, Limits,
    Login, NewAccount, NewPassword, Origin, Password, Rule, Site,
};
use store::{
    AccountState, Along, EventQuery, IssuedId, Language, Message, MessageWay, Name, Outcome,
    Person, PersonId, Recipient, Role, SledStore, Store, Subject,
};

/// A portal's accounts, with nobody in them.
struct Portal {
    accounts: Accounts,
    store: Arc<dyn Store>,
    clock: Clock,
    _folder: tempfile::TempDir,
}

const HOME: Origin = Origin(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)));
const ELSEWHERE: Origin = Origin(IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 9)));

fn network(number: u8) -> Origin {
    Origin(IpAddr::from([203, 0, 113, number]))
}

fn portal() -> Portal {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SledStore::open(&folder.path().join("store")).unwrap());
    let clock = Clock::standing_at(Timestamp::from_second(1_795_500_000).unwrap());
    let hasher = Hasher::new(Cost { memory_kib: 8, passes: 1 }, 2).unwrap();
    let site = Site {
        institution: "Ospedale di Prova".to_owned(),
        portal: "La mia salute".to_owned(),
        address: "https://portale.example.org".to_owned(),
    };
    let secret = SiteSecret::new(vec![7; 32]).unwrap();
    let limits = Limits::default();
    let accounts =
        Accounts::new(Arc::clone(&store), Arc::new(hasher), secret, site, limits, clock.clone());
    Portal { accounts, store, clock, _folder: folder }
}

fn enrolment(user_name: &str, patient_id: &str) -> Enrolment {
    Enrolment {
        person: Person::new(
            PersonId::fresh().unwrap(),
            vec![IssuedId { id: patient_id.into(), issuer: String::new() }],
            Name { family: "ROSSI".to_owned(), given: "MARIA TEST".to_owned() },
        ),
        account: Some(NewAccount {
            user_name: user_name.parse().unwrap(),
            email: Some("maria@example.org".into()),
            phone: Some("+390000000000".into()),
            language: Language::It,
            subject: None,
            role: Role::Oneself,
        }),
        by: "console".to_owned(),
    }
}

impl Portal {
    async fn enrol(&self, user_name: &str) -> Enrolled {
        let patient_id = format!("TEST-{user_name}");
        self.accounts.enrol(enrolment(user_name, &patient_id)).await.unwrap().unwrap()
    }

    /// The messages that wait, taken out of the outbox.
    async fn messages(&self) -> Vec<Message> {
        let lease = SignedDuration::from_hours(9999);
        let mut messages = Vec::new();
        for way in MessageWay::ALL {
            let claimed = self.store.claim_messages(way, self.clock.now(), lease, 99).await;
            messages.extend(claimed.unwrap());
        }
        messages
    }

    async fn log_in(&self, user_name: &str, password: &str, from: Origin) -> Login {
        self.accounts.log_in(user_name, Password::new(password), from, None, None).await.unwrap()
    }

    async fn logged_in(&self, user_name: &str, password: &str) -> (Token, Authenticated) {
        match self.log_in(user_name, password, HOME).await {
            Login::Done { token, authenticated } => (token, *authenticated),
            other => panic!("{other:?}"),
        }
    }

    /// Somebody who has chosen a password.
    async fn settled(&self, user_name: &str) -> (Token, Authenticated) {
        self.enrol(user_name).await;
        let first = first_password(&self.messages().await);
        let (_, who) = self.logged_in(user_name, &first).await;
        let changed = self.change(&who, &first, GOOD).await;
        assert_eq!(changed, NewPassword::Done);
        self.messages().await;
        self.logged_in(user_name, GOOD).await
    }

    async fn change(&self, who: &Authenticated, old: &str, new: &str) -> NewPassword {
        let (old, new) = (Password::new(old), Password::new(new));
        self.accounts.change_password(who, old, new, HOME).await.unwrap()
    }

    async fn recover(&self, user_name: &str, code: &str, new: &str) -> NewPassword {
        let new = Password::new(new);
        self.accounts.recover_password(user_name, code, new, HOME, None).await.unwrap()
    }

    /// Wrong codes for an account, each from another network.
    async fn guess_codes(&self, user_name: &str, count: u8) {
        for number in 0..count {
            let (from, new) = (network(number), Password::new(BETTER));
            let guessed = self.accounts.recover_password(user_name, "00000000", new, from, None);
            assert_eq!(guessed.await.unwrap(), NewPassword::Wrong);
        }
    }
}

const GOOD: &str = "Tramonto-Azzurro!7";
const BETTER: &str = "Collina-Verde&42";

fn text(message: &Message) -> &str {
    &message.content.as_ref().unwrap().text
}

fn sms(messages: &[Message]) -> &str {
    text(messages.iter().find(|message| matches!(message.to, Recipient::Sms(_))).unwrap())
}

fn first_password(messages: &[Message]) -> String {
    let text = sms(messages);
    let start = text.find("password è ").unwrap() + "password è ".len();
    text[start..].split(' ').next().unwrap().to_owned()
}

fn code(messages: &[Message]) -> String {
    let word = |word: &&str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
    sms(messages).split(' ').find(word).unwrap().to_owned()
}

#[tokio::test]
async fn credentials_go_by_two_ways_and_the_first_login_asks_for_a_new_password() {
    let portal = portal();
    portal.enrol("maria").await;
    let messages = portal.messages().await;
    assert_eq!(messages.len(), 2);
    let first = first_password(&messages);
    let mail = messages.iter().find(|message| matches!(message.to, Recipient::Email(_))).unwrap();
    assert!(text(mail).contains("Nome utente: maria"), "{}", text(mail));
    assert!(!text(mail).contains(&first), "the password is in the mail too");
    assert!(!sms(&messages).contains("maria"), "the user name is in the SMS too");
    let (token, who) = portal.logged_in(" Maria", &first).await;
    assert!(who.must_change_password());
    assert_eq!(portal.change(&who, &first, GOOD).await, NewPassword::Done);
    let resumed = portal.accounts.resume(&token).await.unwrap().unwrap();
    assert!(!resumed.must_change_password());
    assert!(matches!(portal.log_in("maria", &first, HOME).await, Login::Wrong));
    assert!(matches!(portal.log_in("maria", GOOD, HOME).await, Login::Done { .. }));
}

#[tokio::test]
async fn a_new_password_keeps_the_rules_and_ends_the_other_sessions() {
    let portal = portal();
    let (token, who) = portal.settled("maria").await;
    let (other, _) = portal.logged_in("maria", GOOD).await;
    assert_eq!(portal.change(&who, "Sbagliata-1!", BETTER).await, NewPassword::Wrong);
    assert_eq!(portal.change(&who, GOOD, GOOD).await, NewPassword::Unchanged);
    let refused = portal.change(&who, GOOD, "corta").await;
    let rules = vec![Rule::Length, Rule::Upper, Rule::Digit, Rule::Symbol];
    assert_eq!(refused, NewPassword::Refused(rules));
    let refused = portal.change(&who, GOOD, "Xk-Rossi&42qz").await;
    assert_eq!(refused, NewPassword::Refused(vec![Rule::NotAboutYou]));
    assert!(portal.accounts.resume(&other).await.unwrap().is_some());
    assert_eq!(portal.change(&who, GOOD, BETTER).await, NewPassword::Done);
    assert!(portal.accounts.resume(&token).await.unwrap().is_some());
    assert!(portal.accounts.resume(&other).await.unwrap().is_none());
    // Whoever did not do it learns of it.
    let messages = portal.messages().await;
    assert!(text(&messages[0]).contains("è stata cambiata"));
}

#[tokio::test]
async fn sessions_end_by_disuse_by_age_and_by_logout() {
    let portal = portal();
    let (token, _) = portal.settled("maria").await;
    let accounts = &portal.accounts;
    portal.clock.advance(SignedDuration::from_mins(19));
    assert!(accounts.resume(&token).await.unwrap().is_some());
    portal.clock.advance(SignedDuration::from_mins(21));
    assert!(accounts.resume(&token).await.unwrap().is_none());
    let (first, _) = portal.logged_in("maria", GOOD).await;
    let login =
        accounts.log_in("maria", Password::new(GOOD), HOME, Some(&first), None).await.unwrap();
    let Login::Done { token: second, authenticated } = login else { panic!("{login:?}") };
    assert_ne!(first, second);
    assert!(accounts.resume(&first).await.unwrap().is_none(), "a session outlived a login");
    let (third, _) = portal.logged_in("maria", GOOD).await;
    assert!(accounts.log_out_elsewhere(&authenticated, HOME).await.unwrap() >= 1);
    assert_eq!(accounts.log_out_elsewhere(&authenticated, HOME).await.unwrap(), 0);
    assert!(accounts.resume(&third).await.unwrap().is_none());
    let ended = accounts.log_out(&second, HOME).await.unwrap();
    assert_eq!(ended, Some(authenticated.session));
    assert!(accounts.resume(&second).await.unwrap().is_none());
    assert_eq!(accounts.log_out(&token, HOME).await.unwrap(), None);
    assert!(accounts.resume(&Token::fresh().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_guesser_waits_longer_and_longer_and_holds_up_nobody_else() {
    let portal = portal();
    portal.settled("maria").await;
    portal.settled("paolo").await;
    for _ in 0..6 {
        assert!(matches!(portal.log_in("maria", "Sbagliata-1!", ELSEWHERE).await, Login::Wrong));
    }
    // Even the right password waits now, from there; the same words for a name that nobody has.
    assert!(matches!(portal.log_in("maria", GOOD, ELSEWHERE).await, Login::Wait { .. }));
    for _ in 0..6 {
        assert!(matches!(portal.log_in("nessuno", "Sbagliata-1!", ELSEWHERE).await, Login::Wrong));
    }
    assert!(matches!(portal.log_in("nessuno", GOOD, ELSEWHERE).await, Login::Wait { .. }));
    // The holder at home does not wait, nor does somebody else behind the guesser's address.
    assert!(matches!(portal.log_in("maria", GOOD, HOME).await, Login::Done { .. }));
    assert!(matches!(portal.log_in("paolo", GOOD, ELSEWHERE).await, Login::Done { .. }));
    portal.clock.advance(SignedDuration::from_secs(3));
    assert!(matches!(portal.log_in("maria", GOOD, ELSEWHERE).await, Login::Done { .. }));
}

#[tokio::test]
async fn guesses_from_everywhere_slow_an_account_down_and_never_lock_it() {
    let portal = portal();
    portal.settled("maria").await;
    for number in 0..200_u8 {
        portal.log_in("maria", "Sbagliata-1!", network(number)).await;
    }
    let Login::Wait { until } = portal.log_in("maria", GOOD, HOME).await else { panic!() };
    let wait = until.duration_since(portal.clock.now());
    assert!(wait <= SignedDuration::from_secs(30), "{wait:?}");
    portal.clock.advance(wait);
    assert!(matches!(portal.log_in("maria", GOOD, HOME).await, Login::Done { .. }));
}

#[tokio::test]
async fn a_disabled_account_looks_like_a_wrong_password() {
    let portal = portal();
    let (token, who) = portal.settled("maria").await;
    let mut disabled = who.account.clone();
    disabled.state = AccountState::Disabled;
    portal.store.replace_account(who.account, disabled, Along::nothing()).await.unwrap();
    assert!(portal.accounts.resume(&token).await.unwrap().is_none());
    assert!(matches!(portal.log_in("maria", GOOD, HOME).await, Login::Wrong));
    assert!(!portal.accounts.send_code("maria", HOME, None).await.unwrap());
    assert_eq!(portal.accounts.send_user_names("maria@example.org", HOME).await.unwrap(), 0);
    assert!(portal.messages().await.is_empty());
}

#[tokio::test]
async fn a_password_is_recovered_by_a_code_once() {
    let portal = portal();
    let (token, _) = portal.settled("maria").await;
    assert!(portal.accounts.send_code(" MARIA ", HOME, None).await.unwrap());
    let code = code(&portal.messages().await);
    assert_eq!(portal.recover("maria", "00000000", BETTER).await, NewPassword::Wrong);
    assert_eq!(portal.recover("nessuno", &code, BETTER).await, NewPassword::Wrong);
    // A password that is refused costs no code, whoever says so.
    let refused = portal.recover("maria", &code, "corta").await;
    assert!(matches!(refused, NewPassword::Refused(_)), "{refused:?}");
    let refused = portal.recover("maria", &code, "Xk-Rossi&42qz").await;
    assert_eq!(refused, NewPassword::Refused(vec![Rule::NotAboutYou]));
    let spaced = format!("{} {}", &code[..4], &code[4..]);
    assert_eq!(portal.recover("maria", &spaced, BETTER).await, NewPassword::Done);
    assert!(portal.accounts.resume(&token).await.unwrap().is_none(), "a session outlived it");
    assert_eq!(portal.recover("maria", &code, GOOD).await, NewPassword::Wrong);
    assert!(matches!(portal.log_in("maria", BETTER, HOME).await, Login::Done { .. }));
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes_or_twenty_wrong_ones() {
    let portal = portal();
    portal.settled("maria").await;
    portal.accounts.send_code("maria", HOME, None).await.unwrap();
    let first = code(&portal.messages().await);
    portal.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(portal.recover("maria", &first, BETTER).await, NewPassword::Wrong);
    portal.accounts.send_code("maria", HOME, None).await.unwrap();
    let second = code(&portal.messages().await);
    portal.guess_codes("maria", 20).await;
    assert_eq!(portal.recover("maria", &second, BETTER).await, NewPassword::Wrong);
    portal.accounts.send_code("maria", HOME, None).await.unwrap();
    let third = code(&portal.messages().await);
    portal.guess_codes("maria", 19).await;
    assert_eq!(portal.recover("maria", &third, BETTER).await, NewPassword::Done);
}

/// They know the user name and nothing else, and do what they can for a day from where they are.
#[tokio::test]
async fn a_stranger_does_not_keep_anybody_from_recovering_a_password() {
    let portal = portal();
    portal.settled("maria").await;
    let mut sent = 0;
    for _ in 0..24 * 12 {
        sent += usize::from(portal.accounts.send_code("maria", ELSEWHERE, None).await.unwrap());
        portal.clock.advance(SignedDuration::from_mins(5));
    }
    assert_eq!(sent, 13, "few of them, and ever fewer");
    portal.messages().await;
    assert!(portal.accounts.send_code("maria", HOME, None).await.unwrap());
    let code = code(&portal.messages().await);
    let mut tried = 0;
    for _ in 0..9 * 60 {
        let new = Password::new(BETTER);
        let guess =
            portal.accounts.recover_password("maria", "00000000", new, ELSEWHERE, None).await;
        tried += usize::from(guess.unwrap() == NewPassword::Wrong);
        portal.clock.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(tried, 14, "fewer than a code stands");
    assert_eq!(portal.recover("maria", &code, BETTER).await, NewPassword::Done);
}

/// Whoever has networks by the hundred holds up browsers that are new to the account, by an hour at most, and no other.
#[tokio::test]
async fn a_known_browser_recovers_a_password_whoever_else_tries() {
    let portal = portal();
    let (_, who) = portal.settled("maria").await;
    let (_, other) = portal.settled("paolo").await;
    let [device, others] = [who, other].map(|who| portal.accounts.device(&who.account).unwrap());
    let known = Some(device.as_str());
    for number in 0..200 {
        portal.accounts.send_code("maria", network(number), None).await.unwrap();
    }
    assert_eq!(portal.messages().await.len(), 21, "twenty are free");
    for unknown in [None, Some(others.as_str())] {
        assert!(!portal.accounts.send_code("maria", HOME, unknown).await.unwrap());
    }
    assert!(portal.accounts.send_code("maria", HOME, known).await.unwrap());
    let right = code(&portal.messages().await);
    portal.guess_codes("maria", 40).await;
    let recover = async |code: &str, device: Option<&str>| {
        let new = Password::new(BETTER);
        portal.accounts.recover_password("maria", code, new, HOME, device).await.unwrap()
    };
    assert_eq!(recover(&right, None).await, NewPassword::Wrong, "it is void for strangers");
    // It has few tries of its own, and is sent few messages.
    for _ in 0..5 {
        assert_eq!(recover("00000000", known).await, NewPassword::Wrong);
    }
    assert_eq!(recover(&right, known).await, NewPassword::Done);
    assert!(matches!(recover(&right, known).await, NewPassword::Wait { .. }));
    let mut sent = 0;
    for _ in 0..9 {
        sent += usize::from(portal.accounts.send_code("maria", HOME, known).await.unwrap());
    }
    assert_eq!(sent, 2, "three in all");
}

#[tokio::test]
async fn nobody_is_flooded_with_messages() {
    let portal = portal();
    portal.settled("maria").await;
    for _ in 0..20 {
        portal.accounts.send_code("maria", HOME, None).await.unwrap();
        portal.accounts.send_user_names("Maria@Example.org", HOME).await.unwrap();
    }
    let messages = portal.messages().await;
    assert_eq!(messages.len(), 6, "three of each");
    let mail = messages.iter().find(|message| matches!(message.to, Recipient::Email(_))).unwrap();
    assert!(text(mail).contains("Nome utente: maria"));
    assert!(!portal.accounts.send_code("nessuno", HOME, None).await.unwrap());
    assert!(!portal.accounts.send_code("'; --", HOME, None).await.unwrap());
    assert_eq!(portal.accounts.send_user_names("nessuno@example.org", HOME).await.unwrap(), 0);
}

#[tokio::test]
async fn what_cannot_be_enrolled_is_refused_with_a_reason() {
    let portal = portal();
    let there = portal.enrol("maria").await;
    let enrol = async |enrolment| portal.accounts.enrol(enrolment).await.unwrap();
    assert_eq!(enrol(enrolment("maria", "OTHER")).await, Err(EnrolmentRefused::UserNameTaken));
    let taken = enrol(enrolment("paolo", "TEST-maria")).await;
    assert_eq!(taken, Err(EnrolmentRefused::PatientIdTaken(there.person)));
    let mut nameless = enrolment("paolo", "THIRD");
    nameless.person.patient_ids.clear();
    assert_eq!(enrol(nameless).await, Err(EnrolmentRefused::NoPatientId));
    let mut mute = enrolment("paolo", "THIRD");
    mute.account.as_mut().unwrap().phone = None;
    assert_eq!(enrol(mute.clone()).await, Err(EnrolmentRefused::Unreachable));
    // Who logs in at an identity provider needs no credentials of ours.
    let account = mute.account.as_mut().unwrap();
    account.subject = Some(Subject { issuer: "https://id.example.org".into(), claim: "T".into() });
    let before = portal.messages().await.len();
    assert_eq!(before, 2);
    let enrolled = enrol(mute).await.unwrap();
    assert!(portal.messages().await.is_empty());
    let account = portal.store.account(enrolled.account.unwrap()).await.unwrap().unwrap();
    assert_eq!(account.password, None);
    assert!(matches!(portal.log_in("paolo", "", HOME).await, Login::Wrong));
}

#[tokio::test]
async fn the_site_sends_a_new_first_password() {
    let portal = portal();
    let (token, who) = portal.settled("maria").await;
    portal.accounts.reset(who.account.id, "console").await.unwrap().unwrap();
    assert!(portal.accounts.resume(&token).await.unwrap().is_none());
    assert!(matches!(portal.log_in("maria", GOOD, HOME).await, Login::Wrong));
    let first = first_password(&portal.messages().await);
    let (_, who) = portal.logged_in("maria", &first).await;
    assert!(who.must_change_password());
    let stranger = store::AccountId::fresh().unwrap();
    let refused = portal.accounts.reset(stranger, "console").await.unwrap();
    assert_eq!(refused, Err(EnrolmentRefused::NoAccount));
}

#[tokio::test]
async fn what_was_done_is_in_the_trail_and_says_nothing_of_the_person() {
    let portal = portal();
    let (token, who) = portal.settled("maria").await;
    portal.log_in("maria", "Sbagliata-1!", ELSEWHERE).await;
    portal.accounts.send_code("maria", HOME, None).await.unwrap();
    // Also after the session is over.
    portal.clock.advance(SignedDuration::from_mins(21));
    assert!(portal.accounts.log_out(&token, HOME).await.unwrap().is_some());
    let events = portal.store.events(EventQuery::default(), 99).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|recorded| (recorded.event.action.as_str(), recorded.event.outcome))
        .collect();
    let done = |action| (action, Outcome::Done);
    let expected = [
        done("person.add"),
        done("account.add"),
        done("login"),
        done("password.change"),
        done("login"),
        ("login", Outcome::Refused),
        done("password.recover"),
        done("logout"),
    ];
    assert_eq!(told, expected);
    let printed = format!("{events:?} {who:?} {:?}", portal.messages().await);
    for marker in ["maria", "ROSSI", "MARIA", "+39", "example.org", "argon2"] {
        assert!(!printed.contains(marker), "{marker} in {printed}");
    }
}
