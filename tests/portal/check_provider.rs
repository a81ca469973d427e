//! `esito check` of an identity provider, and of certificates that end.

use rstest::rstest;

use crate::check::{assert_line, check};
use crate::served::Peer;
use crate::server::configure;
use crate::support::Workplace;
use crate::support::authority::{Authority, Kind};

/// What is said of a provider with a fault whose certificate is of a kind, as the hospital's own authority signs it.
/// `trusted` is the file of the authority that is configured.
fn lines(fault: &str, kind: Kind, trusted: bool, code: i32) -> Vec<String> {
    let authority = Authority::called("hospital");
    let identity = authority.identity(kind);
    let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    let files = [text(&identity.certificate), text(&identity.key)];
    let provider = Peer::start("serve_oidc.py", &[&files[0], &files[1], fault]);
    let workplace = Workplace::empty();
    let tls = if trusted {
        format!("tls = {{ ca_file = '{}' }}\n", authority.file().display())
    } else {
        String::new()
    };
    let more = format!(
        "[oidc]\nissuer = 'https://localhost:{}'\nclient_id = 'esito'\nclaim = 'fiscalNumber'\n\
         match = 'tax-code'\nname_it = 'Entra con SPID'\nname_en = 'Log in with SPID'\n{tls}",
        provider.port
    );
    let portal = "listen = '127.0.0.1:0'\naddress = 'http://127.0.0.1:8080'";
    let config = configure(&workplace.target(), portal, &more);
    check(&config, &workplace.source(), &[], code)
}

#[test]
fn a_provider_that_the_hospitals_own_authority_signed_is_trusted_and_told_of() {
    let lines = lines("", Kind::Good, true, 0);
    for (begin, text) in [
        (
            "OIDC redirect URI",
            "register http://127.0.0.1:8080/login/provider/return at the provider",
        ),
        ("OIDC discovery", "says what it is"),
        ("OIDC claim", "the provider lists the claim fiscalNumber"),
        ("OIDC clock", "before ours"),
        ("OIDC keys", "1 keys that verify ID tokens"),
        ("[oidc] certificates", "the first one ends on"),
    ] {
        assert_line(&lines, begin, text);
    }
}

#[rstest]
#[case::authority("", Kind::Good, false, "discovery", "see to issuer and tls in [oidc]")]
#[case::name("", Kind::ForAnotherName, true, "discovery", "see to issuer and tls in [oidc]")]
#[case::expired("", Kind::Expired, true, "discovery", "see to issuer and tls in [oidc]")]
#[case::issuer(
    "issuer",
    Kind::Good,
    true,
    "discovery",
    "as the provider calls itself, to the letter"
)]
#[case::redirect("redirect", Kind::Good, true, "discovery", "answers 302 and leads elsewhere")]
#[case::missing(
    "missing",
    Kind::Good,
    true,
    "discovery",
    "a browser finds a JSON document at issuer"
)]
#[case::garbage(
    "garbage",
    Kind::Good,
    true,
    "discovery",
    "a browser finds a JSON document at issuer"
)]
#[case::pkce("pkce", Kind::Good, true, "discovery", "offers no PKCE by S256")]
#[case::clear(
    "clear",
    Kind::Good,
    true,
    "discovery",
    "an address for token_endpoint that is not https"
)]
#[case::keys("keys", Kind::Good, true, "keys", "offers no key that we know")]
#[case::claim("claim", Kind::Good, true, "claim", "see to claim and scopes in [oidc]")]
#[case::scope("scope", Kind::Good, true, "claim", "does not list the scope profile")]
#[case::clock("clock", Kind::Good, true, "clock", "set the clock that is wrong (NTP)")]
fn a_failure_of_the_provider_says_what_to_change(
    #[case] fault: &str,
    #[case] kind: Kind,
    #[case] trusted: bool,
    #[case] step: &str,
    #[case] says: &str,
) {
    let lines = lines(fault, kind, trusted, 5);
    assert_line(&lines, &format!("FAIL OIDC {step}"), says);
}

#[test]
fn a_provider_that_is_not_there_is_told_once() {
    let workplace = Workplace::empty();
    let port = crate::server::free_port();
    let more = format!(
        "[oidc]\nissuer = 'https://localhost:{port}'\nclient_id = 'esito'\nclaim = 'sub'\nmatch = 'subject'\n\
         name_it = 'Entra'\nname_en = 'Enter'\n"
    );
    let portal = "listen = '127.0.0.1:0'\naddress = 'http://127.0.0.1:8080'";
    let config = configure(&workplace.target(), portal, &more);
    let lines = check(&config, &workplace.source(), &[], 5);
    assert_line(
        &lines,
        "FAIL OIDC discovery",
        "see to issuer and tls in [oidc], and to the network",
    );
    assert_eq!(lines.iter().filter(|line| line.starts_with("FAIL")).count(), 1, "{lines:#?}");
}

#[test]
fn a_certificate_that_ends_soon_is_told_of_before() {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    let day = today.saturating_add(jiff::Span::new().days(7));
    let [month, of_month] = [day.month(), day.day()].map(i8::unsigned_abs);
    let lines = lines("", Kind::EndsOn(day.year().into(), month, of_month), true, 5);
    assert_line(&lines, "FAIL [oidc] certificates", "in 7 days: renew it");
    assert_line(&lines, "OIDC discovery", "says what it is");
}
