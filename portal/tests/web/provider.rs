//! Login through an identity provider, and everything that may not become one.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use portal::oidc::Matching;
use portal::{Enrolment, NewAccount};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{
    Account, AccountState, Along, EventQuery, Language, Outcome, Person, PersonId, Representation,
    Role, Subject, Through,
};

use crate::browser::{Answer, Browser};
use crate::identity_provider::{Fault, IdentityProvider, settings};
use crate::server::{Options, Server, person};

const NOW: i64 = 1_795_500_000;
const TAX_CODE: &str = "TSTMRA86A64Z999X";
const RETURN: &str = "/login/provider/return";

/// A provider, and a portal where Maria has the tax code that it names.
fn portal() -> (IdentityProvider, Server, Person) {
    let provider = IdentityProvider::start(NOW);
    let server =
        Server::start_with(Options { oidc: Some(provider.settings()), ..Options::default() });
    let maria = Person { tax_code: Some(TAX_CODE.into()), ..person("maria") };
    server.enrol_with(maria.clone(), "maria");
    (provider, server, maria)
}

/// What a browser takes to the provider.
fn leave(browser: &mut Browser) -> BTreeMap<String, String> {
    let answer = browser.get("/login/provider");
    let (_, query) = answer.location().split_once('?').unwrap();
    serde_urlencoded::from_str(query).unwrap()
}

fn come_back(browser: &mut Browser, query: &[(&str, &str)]) -> Answer {
    let query = serde_urlencoded::to_string(query).unwrap();
    browser.get(&format!("{RETURN}?{query}"))
}

/// There and back, with a token for this login.
fn log_in(provider: &IdentityProvider, browser: &mut Browser) -> Answer {
    let left = leave(browser);
    provider.tell(|script| {
        script.claims.entry("nonce").or_insert_with(|| json!(left["nonce"]));
    });
    let answer = come_back(browser, &[("code", "good"), ("state", &left["state"])]);
    provider.tell(|script| drop(script.claims.remove("nonce")));
    answer
}

/// Whether nobody is logged in, and no page of the portal opens.
#[track_caller]
fn nobody(browser: &mut Browser, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(!browser.cookies.contains_key("__Host-esito-session"));
    assert_eq!(browser.get("/").location(), "/login");
    let text = answer.text();
    assert!(text.contains("href=\"/login\""), "a way back: {text}");
    for secret in ["TINIT", TAX_CODE, "ROSSI", "maria"] {
        assert!(!text.contains(secret) && !answer.header("location").contains(secret), "{secret}");
    }
}

fn replace_account(server: &Server, change: impl FnOnce(&mut Account)) {
    let store = &server.services.store;
    let old = server.wait(store.account_by_user_name(&"maria".parse().unwrap())).unwrap().unwrap();
    let mut new = old.clone();
    change(&mut new);
    server.wait(store.replace_account(old, new, Along::nothing())).unwrap();
}

#[test]
fn somebody_logs_in_through_the_provider_and_out_again() {
    let (provider, server, maria) = portal();
    let mut browser = server.browser();
    let page = browser.get("/login");
    assert!(page.body.contains("href=\"/login/provider\""), "{}", page.body);
    assert!(page.text().contains("Entra con <SPID>") && !page.body.contains("<SPID>"));
    let form_cookie = browser.cookies.clone();
    let left = leave(&mut browser);
    assert!(left["tenant"] == "a" && left["client_id"] == "esito");
    assert_eq!(left["redirect_uri"], format!("https://portale.example.org{RETURN}"));
    assert_eq!(
        (left["scope"].as_str(), left["response_type"].as_str()),
        ("openid profile", "code")
    );
    provider.tell(|script| drop(script.claims.insert("nonce".to_owned(), json!(left["nonce"]))));
    let answer = come_back(
        &mut browser,
        &[("code", "good"), ("state", &left["state"]), ("iss", &provider.issuer)],
    );
    assert_eq!(answer.location(), "/");
    assert!(!browser.cookies.contains_key("__Host-esito-provider"));
    // PKCE: what was told before is the hash of what is told now.
    let form = provider.script.lock().unwrap().form.clone();
    let form: BTreeMap<String, String> = serde_urlencoded::from_str(&form).unwrap();
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    assert_eq!((&hash, left["code_challenge_method"].as_str()), (&left["code_challenge"], "S256"));
    assert_eq!(form["redirect_uri"], left["redirect_uri"]);
    assert!(!form.contains_key("client_secret"), "it goes as a password");
    // The first password was never used, and nobody is made to change it.
    assert_eq!(browser.get("/").location(), format!("/persons/{}/results", maria.id));
    assert_ne!(form_cookie, browser.cookies, "a new session has a new cookie");
    let store = &server.services.store;
    let account = server.wait(store.account_by_user_name(&"maria".parse().unwrap()));
    let account = account.unwrap().unwrap();
    assert!(account.must_change_password);
    let sessions = server.wait(store.sessions_of_account(account.id)).unwrap();
    assert_eq!(sessions.iter().map(|one| one.through).collect::<Vec<_>>(), [Through::Provider]);
    let events = server.wait(store.events(EventQuery::default(), 99)).unwrap();
    let login = events.iter().find(|found| found.event.action == "login").unwrap();
    assert_eq!(login.event.account, Some(account.id));
    assert_eq!(login.event.object.as_deref(), Some("oidc"));
    assert_eq!(leave_again(&mut browser), "/");
    browser.get("/password");
    let out = browser.post("/logout", &[]);
    assert_eq!(out.location(), "/logout/provider");
    let page = browser.get("/logout/provider").text();
    let link = format!("{}/logout?client_id=esito&post_logout_redirect_uri=", provider.issuer);
    assert!(page.contains(&link), "{page}");
    assert_eq!(browser.get("/").location(), "/login");
}

/// Who has no password at all has none to change.
#[test]
fn an_account_without_a_password_is_not_offered_to_change_it() {
    let (provider, server, maria) = portal();
    for has_password in [true, false] {
        if !has_password {
            replace_account(&server, |account| {
                account.password = None;
                account.must_change_password = false;
            });
        }
        let mut browser = server.browser();
        assert_eq!(log_in(&provider, &mut browser).location(), "/");
        let page = browser.get(&format!("/persons/{}/results", maria.id)).body;
        assert_eq!(page.contains("href=\"/password\""), has_password, "{page}");
        let status = if has_password { 200 } else { 404 };
        assert_eq!(browser.get("/password").status, status);
        let fields = [("old", "x"), ("new", "x"), ("confirm", "y")];
        let status = if has_password { 422 } else { 404 };
        assert_eq!(browser.post("/password", &fields).status, status);
    }
}

fn leave_again(browser: &mut Browser) -> String {
    browser.get("/login/provider").location().to_owned()
}

/// What is wrong with a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    NoCookie,
    OtherState,
    NoState,
    OtherLogin,
    MadeUpCookie,
    OtherIssuer,
}

#[rstest]
fn what_did_not_leave_from_this_browser_does_not_come_back(
    #[values(
        Wrong::NoCookie,
        Wrong::OtherState,
        Wrong::NoState,
        Wrong::OtherLogin,
        Wrong::MadeUpCookie,
        Wrong::OtherIssuer
    )]
    wrong: Wrong,
) {
    let (provider, server, _) = portal();
    let mut browser = server.browser();
    let left = leave(&mut browser);
    let zeros = "0".repeat(64);
    let mut query = vec![("code", "good"), ("state", left["state"].as_str())];
    match wrong {
        Wrong::NoCookie => browser.cookies.clear(),
        Wrong::OtherState => query[1].1 = &zeros,
        Wrong::NoState => query.truncate(1),
        Wrong::OtherLogin => drop(leave(&mut browser)),
        Wrong::MadeUpCookie => {
            let cookie = format!("{}.{NOW}", "A".repeat(43));
            browser.cookies.insert("__Host-esito-provider".to_owned(), cookie);
        }
        Wrong::OtherIssuer => query.push(("iss", "https://evil.example")),
    }
    let answer = come_back(&mut browser, &query);
    nobody(&mut browser, &answer, 400);
    assert_eq!(provider.asked("/token"), 0, "the code was spent");
}

#[test]
fn a_return_is_good_once_and_for_ten_minutes() {
    let (provider, server, _) = portal();
    let mut browser = server.browser();
    let left = leave(&mut browser);
    let cookies = browser.cookies.clone();
    provider.tell(|script| drop(script.claims.insert("nonce".to_owned(), json!(left["nonce"]))));
    let query = [("code", "good"), ("state", left["state"].as_str())];
    let mut other = server.browser();
    let stolen = come_back(&mut other, &query);
    nobody(&mut other, &stolen, 400);
    assert_eq!(come_back(&mut browser, &query).location(), "/");
    let mut again = server.browser();
    again.cookies = cookies;
    let answer = come_back(&mut again, &query);
    nobody(&mut again, &answer, 400);
    assert_eq!(provider.asked("/token"), 1);
    let mut late = server.browser();
    let left = leave(&mut late);
    server.clock.advance(SignedDuration::from_secs(601));
    let answer = come_back(&mut late, &[("code", "good"), ("state", &left["state"])]);
    nobody(&mut late, &answer, 400);
}

#[rstest]
#[case::nonce("nonce", json!("another"))]
#[case::issuer("iss", json!("https://evil.example"))]
#[case::audience("aud", json!("another"))]
#[case::expired("exp", json!(NOW - 61))]
#[case::no_claim("fiscalNumber", json!(["TINIT-TSTMRA86A64Z999X"]))]
#[case::long_claim("fiscalNumber", json!("T".repeat(10_000)))]
fn a_token_that_is_not_for_this_login_logs_nobody_in(#[case] claim: &str, #[case] value: Value) {
    let (provider, server, _) = portal();
    provider.tell(|script| drop(script.claims.insert(claim.to_owned(), value)));
    let mut browser = server.browser();
    let answer = log_in(&provider, &mut browser);
    nobody(&mut browser, &answer, 502);
    let events = server.wait(server.services.store.events(EventQuery::default(), 99)).unwrap();
    let refused = events
        .iter()
        .any(|found| found.event.action == "login" && found.event.outcome == Outcome::Refused);
    assert!(refused, "{events:?}");
}

#[rstest]
#[case::none("alg", "none")]
#[case::shared_secret("alg", "HS256")]
#[case::unknown_key("kid", "unknown")]
fn a_signature_that_is_none_logs_nobody_in(#[case] name: &str, #[case] value: &str) {
    let (provider, server, _) = portal();
    provider.tell(|script| script.header[name] = json!(value));
    let mut browser = server.browser();
    let answer = log_in(&provider, &mut browser);
    nobody(&mut browser, &answer, 502);
}

#[rstest]
fn a_provider_that_fails_logs_nobody_in_and_holds_nobody_up(
    #[values("/token", "/userinfo")] path: &'static str,
    #[values(Fault::Hangs, Fault::Drips, Fault::Huge, Fault::Leads, Fault::Fails, Fault::Garbage)]
    fault: Fault,
) {
    let (provider, server, _) = portal();
    provider.tell(|script| {
        script.claims.remove("fiscalNumber");
        script.user_info["fiscalNumber"] = json!(TAX_CODE);
        script.faults.insert(path, fault);
    });
    let mut browser = server.browser();
    let began = std::time::Instant::now();
    let answer = log_in(&provider, &mut browser);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    nobody(&mut browser, &answer, 502);
    provider.tell(|script| script.faults.clear());
    assert_eq!(log_in(&provider, &mut browser).location(), "/");
}

#[test]
fn a_code_that_is_spent_logs_nobody_in() {
    let (_provider, server, _) = portal();
    let mut browser = server.browser();
    let left = leave(&mut browser);
    let answer = come_back(&mut browser, &[("code", "spent"), ("state", &left["state"])]);
    nobody(&mut browser, &answer, 502);
}

#[rstest]
#[case::cancelled("access_denied")]
#[case::made_up("<script>alert(1)</script>")]
fn who_is_refused_there_finds_the_way_back(#[case] error: &str) {
    let (_provider, server, _) = portal();
    let mut browser = server.browser();
    let left = leave(&mut browser);
    let answer = come_back(&mut browser, &[("error", error), ("state", &left["state"])]);
    nobody(&mut browser, &answer, 403);
    assert!(!answer.body.contains("alert"));
}

#[test]
fn claims_of_another_subject_are_nobodys() {
    let (provider, server, _) = portal();
    provider.tell(|script| {
        script.claims.remove("fiscalNumber");
        script.user_info = json!({"sub": "another", "fiscalNumber": TAX_CODE});
    });
    let mut browser = server.browser();
    let answer = log_in(&provider, &mut browser);
    nobody(&mut browser, &answer, 502);
}

/// Nobody, disabled, several: one page, byte for byte but for the token of the form.
#[test]
fn who_has_no_account_or_several_learns_nothing_else() {
    let (provider, server, maria) = portal();
    let page = || {
        let mut browser = server.browser();
        let answer = log_in(&provider, &mut browser);
        nobody(&mut browser, &answer, 403);
        let token = answer.body.split("form_token\" value=\"").nth(1).unwrap();
        answer.body.replace(token.split('"').next().unwrap(), "")
    };
    let twin = |tax_code: &str, user_name: &str| {
        let twin = Person { tax_code: Some(tax_code.into()), ..person(user_name) };
        server.enrol_with(twin, user_name);
    };
    twin(TAX_CODE, "doppia");
    let several = page();
    provider.tell(|script| {
        script.claims.insert("fiscalNumber".to_owned(), json!("TINIT-NOBODY"));
    });
    assert_eq!(page(), several);
    twin("TSTNNA80A41Z999Y", "anna");
    provider.tell(|script| {
        script.claims.insert("fiscalNumber".to_owned(), json!("tinit-tstnna80a41z999y"));
    });
    let mut browser = server.browser();
    assert_eq!(log_in(&provider, &mut browser).location(), "/");
    let store = &server.services.store;
    let old = server.wait(store.account_by_user_name(&"anna".parse().unwrap())).unwrap().unwrap();
    let new = Account { state: AccountState::Disabled, ..old.clone() };
    server.wait(store.replace_account(old, new, Along::nothing())).unwrap();
    assert_eq!(page(), several);
    assert_eq!(browser.get("/").location(), "/login", "a disabled account has no session");
    for claim in ["TINIT-", "", " "] {
        provider.tell(|script| drop(script.claims.insert("fiscalNumber".to_owned(), json!(claim))));
        let mut browser = server.browser();
        let answer = log_in(&provider, &mut browser);
        assert!([403, 502].contains(&answer.status), "{claim:?}");
    }
    drop(maria);
}

/// A parent sees the child's results; the child's tax code opens the child's own account, never the parent's.
#[test]
fn a_tax_code_opens_the_account_of_the_person_itself() {
    let (provider, server, maria) = portal();
    let child = Person { tax_code: Some("TSTFGL16A01Z999Z".into()), ..person("figlio") };
    let child_id: PersonId = child.id;
    let alone = Enrolment { person: child, account: None, by: "console".to_owned() };
    server.wait(server.services.accounts.enrol(alone)).unwrap().unwrap();
    replace_account(&server, |account| {
        let parent = Representation { person: child_id, role: Role::Parent, until: None };
        account.persons.push(parent);
    });
    provider.tell(|script| {
        script.claims.insert("fiscalNumber".to_owned(), json!("TINIT-TSTFGL16A01Z999Z"));
    });
    let mut browser = server.browser();
    let answer = log_in(&provider, &mut browser);
    nobody(&mut browser, &answer, 403);
    provider.tell(|script| {
        script.claims.insert("fiscalNumber".to_owned(), json!(TAX_CODE));
    });
    assert_eq!(log_in(&provider, &mut browser).location(), "/");
    assert_eq!(browser.get(&format!("/persons/{child_id}/results")).status, 200);
    assert_eq!(browser.get(&format!("/persons/{}/results", maria.id)).status, 200);
}

#[test]
fn an_account_is_found_by_the_subject_that_it_was_given() {
    let provider = IdentityProvider::start(NOW);
    let oidc = portal::oidc::OidcSettings {
        claim: "sub".to_owned(),
        matching: Matching::Subject,
        ..provider.settings()
    };
    let server = Server::start_with(Options { oidc: Some(oidc), ..Options::default() });
    let subject =
        |issuer: &str| Some(Subject { issuer: issuer.to_owned(), claim: "maria-test".into() });
    for (name, issuer) in [("anna", "https://another.example"), ("maria", &provider.issuer)] {
        let account = NewAccount {
            user_name: name.parse().unwrap(),
            email: None,
            phone: None,
            language: Language::It,
            subject: subject(issuer),
            role: Role::Oneself,
        };
        let enrolment =
            Enrolment { person: person(name), account: Some(account), by: "console".to_owned() };
        server.wait(server.services.accounts.enrol(enrolment)).unwrap().unwrap();
    }
    let mut browser = server.browser();
    assert_eq!(log_in(&provider, &mut browser).location(), "/");
    let results = browser.get("/").location().to_owned();
    assert!(browser.get(&results).text().contains("maria TEST"));
}

#[test]
fn a_new_key_is_fetched_and_not_at_every_strangers_wish() {
    let (provider, server, _) = portal();
    let mut browser = server.browser();
    assert_eq!(log_in(&provider, &mut browser).location(), "/");
    let before = provider.asked("/keys");
    provider.change_key("two");
    let mut browser = server.browser();
    for _ in 0..5 {
        let answer = log_in(&provider, &mut browser);
        nobody(&mut browser, &answer, 502);
    }
    assert_eq!(provider.asked("/keys"), before, "within a minute");
    server.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(log_in(&provider, &mut browser).location(), "/");
    assert_eq!(provider.asked("/keys"), before + 1);
}

#[rstest]
#[case::nothing_listens(None)]
#[case::hangs(Some(Fault::Hangs))]
#[case::huge(Some(Fault::Huge))]
#[case::leads(Some(Fault::Leads))]
fn without_the_provider_the_button_says_so_and_passwords_do(#[case] fault: Option<Fault>) {
    let provider = IdentityProvider::start(NOW);
    let oidc = match fault {
        None => settings("http://127.0.0.1:9"),
        Some(fault) => {
            provider.tell(|script| {
                script.faults.insert("/.well-known/openid-configuration", fault);
            });
            provider.settings()
        }
    };
    let server = Server::start_with(Options { oidc: Some(oidc), ..Options::default() });
    let (_, first) = server.enrol("maria");
    let mut browser = server.browser();
    let start = browser.get("/login/provider");
    nobody(&mut browser, &start, 502);
    let page = browser.get("/login").text();
    assert!(page.contains("«Entra con <SPID>» in questo momento non risponde"), "{page}");
    assert!(!page.contains("href=\"/login/provider\""), "{page}");
    assert_eq!(browser.log_in("maria", &first).location(), "/password");
    if fault == Some(Fault::Leads) {
        // It comes back, and is asked again when somebody wants it.
        provider.tell(|script| script.faults.clear());
        server.clock.advance(SignedDuration::from_secs(11));
        let left = leave(&mut server.browser());
        assert_eq!(left["client_id"], "esito");
        assert!(server.browser().get("/login").body.contains("href=\"/login/provider\""));
    }
}
