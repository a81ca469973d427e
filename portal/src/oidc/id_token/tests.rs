//! Tokens as a provider makes them, and as nobody must.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_795_500_000;

/// A provider with one key.
struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    fn new() -> Self {
        crate::oidc::signature::install();
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    fn keys(&self) -> Keys {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = json!({
            "kty": "EC", "crv": "P-256", "kid": "one", "x": coordinate(x), "y": coordinate(y),
        });
        Keys::read(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&self.random, message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn header() -> Value {
    json!({"alg": "ES256", "kid": "one", "typ": "JWT"})
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example.org",
        "aud": "esito",
        "sub": "maria-test",
        "nonce": "n-1",
        "iat": NOW - 5,
        "exp": NOW + 300,
        "acr": "L2",
        "fiscalNumber": "TINIT-TSTMRA86A64Z999X",
    })
}

fn check(keys: &Keys, token: &str, acr_values: &[String]) -> Result<Claims, TokenFault> {
    let expected =
        Expected { issuer: "https://id.example.org", client_id: "esito", nonce: "n-1", acr_values };
    verify(token, keys, &expected, Timestamp::from_second(NOW).unwrap())
}

fn checked(header: &Value, claims: &Value) -> Result<Claims, TokenFault> {
    let signer = Signer::new();
    check(&signer.keys(), &signer.sign(header, claims), &[])
}

#[test]
fn a_token_for_this_login_is_believed() {
    let claims = checked(&header(), &claims()).unwrap();
    assert_eq!(claims.subject, "maria-test");
    assert_eq!(claims.all["fiscalNumber"], "TINIT-TSTMRA86A64Z999X");
    assert!(!format!("{claims:?}").contains("TST"));
}

#[rstest]
#[case::issuer("iss", json!("https://id.example.org/"), TokenFault::Issuer)]
#[case::several_issuers("iss", json!(["https://id.example.org"]), TokenFault::Issuer)]
#[case::no_issuer("iss", Value::Null, TokenFault::Issuer)]
#[case::audience("aud", json!("another"), TokenFault::Audience)]
#[case::no_audience("aud", Value::Null, TokenFault::Audience)]
#[case::shared("aud", json!(["esito", "another"]), TokenFault::Audience)]
#[case::for_another("azp", json!("another"), TokenFault::Audience)]
#[case::expired("exp", json!(NOW - 61), TokenFault::Time)]
#[case::never_expires("exp", Value::Null, TokenFault::Time)]
#[case::odd_end("exp", json!("soon"), TokenFault::Time)]
#[case::huge_end("exp", json!(1e300), TokenFault::Time)]
#[case::later("nbf", json!(NOW + 61), TokenFault::Time)]
#[case::from_the_future("iat", json!(NOW + 61), TokenFault::Time)]
#[case::old("iat", json!(NOW - 661), TokenFault::Time)]
#[case::undated("iat", Value::Null, TokenFault::Time)]
#[case::nonce("nonce", json!("n-2"), TokenFault::Nonce)]
#[case::no_nonce("nonce", Value::Null, TokenFault::Nonce)]
#[case::nobody("sub", json!(""), TokenFault::Subject)]
#[case::long("sub", json!("a".repeat(256)), TokenFault::Subject)]
fn a_token_that_says_anything_else_is_not(
    #[case] claim: &str,
    #[case] value: Value,
    #[case] fault: TokenFault,
) {
    let mut claims = claims();
    claims[claim] = value;
    assert_eq!(checked(&header(), &claims).unwrap_err(), fault);
}

#[rstest]
#[case::skewed("exp", json!(NOW - 59))]
#[case::fraction("iat", json!(1_795_499_999.5))]
#[case::ahead("iat", json!(NOW + 59))]
#[case::list("aud", json!(["esito"]))]
#[case::named("azp", json!("esito"))]
fn clocks_and_spellings_may_differ_a_little(#[case] claim: &str, #[case] value: Value) {
    let mut claims = claims();
    claims[claim] = value;
    assert!(checked(&header(), &claims).is_ok());
}

#[rstest]
#[case::none("alg", json!("none"), TokenFault::Malformed)]
#[case::shared_secret("alg", json!("HS256"), TokenFault::UnknownKey)]
#[case::other_algorithm("alg", json!("RS256"), TokenFault::UnknownKey)]
#[case::other_curve("alg", json!("ES384"), TokenFault::UnknownKey)]
#[case::unknown("kid", json!("two"), TokenFault::UnknownKey)]
#[case::critical("crit", json!(["exp"]), TokenFault::Malformed)]
fn a_header_chooses_nothing(#[case] name: &str, #[case] value: Value, #[case] fault: TokenFault) {
    let mut header = header();
    header[name] = value;
    assert_eq!(checked(&header, &claims()).unwrap_err(), fault);
}

#[test]
fn only_the_key_of_the_provider_signs() {
    let (provider, stranger) = (Signer::new(), Signer::new());
    let forged = stranger.sign(&header(), &claims());
    assert_eq!(check(&provider.keys(), &forged, &[]).unwrap_err(), TokenFault::Signature);
    let token = provider.sign(&header(), &claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let mut other = claims();
    other["fiscalNumber"] = json!("TINIT-TSTNNA80A41Z999Y");
    let changed = format!("{head}.{}.{signature}", URL_SAFE_NO_PAD.encode(other.to_string()));
    for token in [changed, format!("{message}."), message.to_owned(), String::new()] {
        let fault = check(&provider.keys(), &token, &[]).unwrap_err();
        assert!(matches!(fault, TokenFault::Signature | TokenFault::Malformed), "{token}");
    }
}

/// What is signed with the public key itself, as if it were a secret that both know.
#[test]
fn a_public_key_is_no_secret() {
    let signer = Signer::new();
    let header = json!({"alg": "HS256", "kid": "one"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, signer.pair.public_key().as_ref());
    let tag = ring::hmac::sign(&key, message.as_bytes());
    let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
    assert_eq!(check(&signer.keys(), &forged, &[]).unwrap_err(), TokenFault::UnknownKey);
}

#[test]
fn a_login_is_as_sure_as_it_has_to_be() {
    let signer = Signer::new();
    let token = signer.sign(&header(), &claims());
    let levels = |all: &[&str]| all.iter().map(|level| (*level).to_owned()).collect::<Vec<_>>();
    assert!(check(&signer.keys(), &token, &levels(&["L2", "L3"])).is_ok());
    let refused = check(&signer.keys(), &token, &levels(&["L3"])).unwrap_err();
    assert_eq!(refused, TokenFault::Assurance);
    let mut silent = claims();
    silent["acr"] = Value::Null;
    let token = signer.sign(&header(), &silent);
    let refused = check(&signer.keys(), &token, &levels(&["L2"])).unwrap_err();
    assert_eq!(refused, TokenFault::Assurance);
}
