//! Bearer tokens (RFC 6750), and networks that send wrong ones.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::AttemptPolicy;
use subtle::ConstantTimeEq;

use crate::accounts::Origin;
use crate::admin::scope::Scope;

/// A token that administers.
#[derive(Clone)]
pub struct AdminToken {
    /// Stands in the audit trail for whoever holds it.
    pub name: String,
    /// SHA-256 of its text.
    pub sha256: [u8; 32],
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AdminToken")
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// The tokens of the moment: reading the configuration again can put others in their place. Cheap to clone; all
/// clones are the same.
#[derive(Debug, Clone, Default)]
pub struct AdminTokens(Arc<RwLock<Arc<[AdminToken]>>>);

impl AdminTokens {
    /// These.
    pub fn new(tokens: Vec<AdminToken>) -> Self {
        Self(Arc::new(RwLock::new(tokens.into())))
    }

    /// Puts those of others in the place of these; whoever holds one that is gone is refused from now on.
    pub fn put(&self, others: &Self) {
        let others = others.all();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = others;
    }

    /// All of them.
    pub fn all(&self) -> Arc<[AdminToken]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AdminToken {
    /// A token by its text.
    pub fn new(name: String, text: &str, scopes: Vec<Scope>) -> Self {
        Self { name, sha256: Sha256::digest(text.as_bytes()).into(), scopes }
    }

    /// The token with this text. Every one is compared, each in a time that does not depend on the text.
    pub(crate) fn find<'a>(tokens: &'a [Self], text: &str) -> Option<&'a Self> {
        let sent: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        tokens.iter().fold(None, |found, token| {
            if bool::from(token.sha256.ct_eq(&sent)) { Some(token) } else { found }
        })
    }
}

/// How wrong tokens slow a network down. Nobody waits long: others may share it.
const POLICY: AttemptPolicy = AttemptPolicy {
    free: 10,
    first: SignedDuration::from_secs(1),
    longest: SignedDuration::from_secs(30),
    forget: SignedDuration::from_mins(10),
};
/// Networks remembered at a time.
const MOST: usize = 10_000;

/// Networks that sent wrong tokens. They are forgotten when the program ends.
#[derive(Debug, Default)]
pub(crate) struct WrongTokens(Mutex<HashMap<Vec<u8>, Wrong>>);

#[derive(Debug, Clone, Copy)]
struct Wrong {
    count: u32,
    next: Timestamp,
    forgotten: Timestamp,
}

impl WrongTokens {
    /// Until when this network has to wait, if it has to.
    pub(crate) fn wait(&self, from: IpAddr, now: Timestamp) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = known.get(&Origin(from).network())?;
        (now < wrong.next && now < wrong.forgotten).then_some(wrong.next)
    }

    /// Counts a wrong token.
    pub(crate) fn count(&self, from: IpAddr, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, wrong| now < wrong.forgotten);
        }
        if known.len() >= MOST {
            // As many networks as that are one attacker: what each of them guessed does not matter.
            known.clear();
        }
        let network = Origin(from).network();
        let before = known.get(&network).filter(|wrong| now < wrong.forgotten);
        let count = before.map_or(0, |wrong| wrong.count).saturating_add(1);
        let later = |delay| now.checked_add(delay).unwrap_or(Timestamp::MAX);
        let next = later(POLICY.delay_after(count));
        known.insert(network, Wrong { count, next, forgotten: later(POLICY.forget) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_by_its_whole_text() {
        let token = |name: &str, text: &str| AdminToken::new(name.to_owned(), text, Vec::new());
        let tokens = [token("one", "aaaa"), token("two", "bbbb")];
        let find = |text| AdminToken::find(&tokens, text).map(|token| &*token.name);
        assert_eq!(find("bbbb"), Some("two"));
        for wrong in ["", "bbb", "bbbbb", "BBBB"] {
            assert_eq!(find(wrong), None, "{wrong}");
        }
        assert!(!format!("{tokens:?}").contains("sha256"));
    }

    #[test]
    fn a_network_waits_longer_and_longer_and_others_do_not() {
        let wrong = WrongTokens::default();
        let at = |seconds: i64| Timestamp::from_second(1_790_000_000 + seconds).unwrap();
        let guesser: IpAddr = [192, 0, 2, 1].into();
        for _ in 0..10 {
            wrong.count(guesser, at(0));
        }
        assert_eq!(wrong.wait(guesser, at(0)), None);
        wrong.count(guesser, at(0));
        assert_eq!(wrong.wait(guesser, at(0)), Some(at(1)));
        for _ in 0..20 {
            wrong.count(guesser, at(2));
        }
        assert_eq!(wrong.wait(guesser, at(2)), Some(at(32)));
        assert_eq!(wrong.wait([192, 0, 2, 2].into(), at(2)), None);
        assert_eq!(wrong.wait(guesser, at(32)), None);
    }
}
