//! A login between leaving for the provider and coming back.
//!
//! A browser keeps one random token in a cookie; `state`, `nonce` and the verifier of PKCE are hashes of it that
//! only this site can make. So nothing is stored for somebody who never comes back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{AttemptKey, AttemptPolicy, NoRandom, SecretHash};
use subtle::ConstantTimeEq as _;

use crate::secret::{SiteSecret, Token};

/// How long somebody may take at the provider.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// How often one can come back: once, for longer than [`LIFE`].
pub(crate) const ONCE: AttemptPolicy = AttemptPolicy {
    free: 0,
    first: SignedDuration::from_mins(20),
    longest: SignedDuration::from_mins(20),
    forget: SignedDuration::from_mins(20),
};

/// A login that has begun.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    browser: Token,
    begun: Timestamp,
}

impl Pending {
    /// Begins one.
    pub(crate) fn begin(now: Timestamp) -> Result<Self, NoRandom> {
        // To the second, as the cookie has it.
        let begun = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Ok(Self { browser: Token::fresh()?, begun })
    }

    /// For the cookie.
    pub(crate) fn cookie(&self) -> String {
        format!("{}.{}", self.browser.as_str(), self.begun.as_second())
    }

    /// The one of a cookie, unless it is over. Whoever writes another time into the cookie has no `state` for it.
    pub(crate) fn of_cookie(cookie: &str, now: Timestamp) -> Option<Self> {
        let (browser, begun) = cookie.split_once('.')?;
        let begun = Timestamp::from_second(begun.parse().ok()?).ok()?;
        let age = now.duration_since(begun);
        let is_live = age <= LIFE && !age.is_negative();
        Some(Self { browser: Token::parse(browser)?, begun }).filter(|_| is_live)
    }

    /// What the provider gives back (RFC 6749 §10.12).
    pub(crate) fn state(&self, secret: &SiteSecret) -> String {
        self.derive(secret, "oidc state")
    }

    /// Whether this came back.
    pub(crate) fn is_state(&self, secret: &SiteSecret, sent: &str) -> bool {
        self.state(secret).as_bytes().ct_eq(sent.as_bytes()).into()
    }

    /// What the ID token repeats (Core §3.1.2.1).
    pub(crate) fn nonce(&self, secret: &SiteSecret) -> String {
        self.derive(secret, "oidc nonce")
    }

    /// What proves that the code is ours to spend (RFC 7636 §4.1).
    pub(crate) fn verifier(&self, secret: &SiteSecret) -> String {
        self.derive(secret, "oidc verifier")
    }

    /// By what its return is counted.
    pub(crate) fn key(&self, secret: &SiteSecret) -> AttemptKey {
        self.hash(secret, "oidc return")
    }

    fn derive(&self, secret: &SiteSecret, purpose: &str) -> String {
        String::from(self.hash(secret, purpose))
    }

    fn hash(&self, secret: &SiteSecret, purpose: &str) -> SecretHash {
        let begun = self.begun.as_second().to_be_bytes();
        secret.hash(purpose, &[self.browser.as_str().as_bytes(), &begun])
    }
}

/// What is told of a verifier beforehand (RFC 7636 §4.2, S256).
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_500_000 + second).unwrap()
    }

    #[test]
    fn a_login_is_known_again_by_its_cookie_and_for_ten_minutes() {
        let secret = SiteSecret::new(vec![7; 32]).unwrap();
        let begun = Pending::begin(at(0)).unwrap();
        let state = begun.state(&secret);
        let again = Pending::of_cookie(&begun.cookie(), at(600)).unwrap();
        assert!(again.is_state(&secret, &state));
        assert_eq!(again.verifier(&secret), begun.verifier(&secret));
        assert_eq!(again.key(&secret), begun.key(&secret));
        assert!(Pending::of_cookie(&begun.cookie(), at(601)).is_none());
        assert!(Pending::of_cookie(&begun.cookie(), at(-1)).is_none());
        for odd in ["", ".", "abc.1", &format!("{}.", &begun.cookie()[..43])] {
            assert!(Pending::of_cookie(odd, at(0)).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_state_is_of_one_browser_one_beginning_and_one_site() {
        let secret = SiteSecret::new(vec![7; 32]).unwrap();
        let begun = Pending::begin(at(0)).unwrap();
        let state = begun.state(&secret);
        let prolonged = format!("{}.{}", &begun.cookie()[..43], at(60).as_second());
        let prolonged = Pending::of_cookie(&prolonged, at(61)).unwrap();
        let other = Pending::begin(at(0)).unwrap();
        assert!(!prolonged.is_state(&secret, &state) && !other.is_state(&secret, &state));
        assert!(!begun.is_state(&SiteSecret::new(vec![8; 32]).unwrap(), &state));
        let all = [state, begun.nonce(&secret), begun.verifier(&secret)];
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
        assert!(!begun.cookie().contains(&all[2]));
    }

    /// RFC 7636, appendix B.
    #[test]
    fn a_challenge_is_the_hash_of_the_verifier() {
        let challenge = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
