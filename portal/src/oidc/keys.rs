//! The keys of a provider (RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::oidc::error::{Endpoint, OidcError};

/// More keys than a provider has.
const MOST_KEYS: usize = 100;

/// The public keys that a provider signs with.
#[derive(Debug, Clone, Default)]
pub struct Keys(Vec<Key>);

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    /// The only algorithms that it is for.
    algorithms: Vec<Algorithm>,
    verifies: DecodingKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl Keys {
    /// Reads a set. Keys of kinds that are not known here, and those for other uses, are passed over.
    pub(super) fn read(json: &[u8]) -> Result<Self, OidcError> {
        let unreadable = OidcError::Unreadable { endpoint: Endpoint::Keys };
        let set: Set = serde_json::from_slice(json).map_err(|_odd| unreadable.clone())?;
        if set.keys.len() > MOST_KEYS {
            return Err(unreadable);
        }
        Ok(Self(set.keys.into_iter().filter_map(key).collect()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key with this identifier, for this algorithm. A token without an identifier is of the only key there
    /// is (Core §10.1).
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.0.iter().filter(|key| {
            key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id)
        });
        let found = fitting.next()?;
        fitting.next().is_none().then_some(&found.verifies)
    }
}

fn key(json: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(json).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|used| *used != PublicKeyUse::Signature) {
        return None;
    }
    let mut algorithms = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => vec![
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::EllipticCurve(point) => match point.curve {
            EllipticCurve::P256 => vec![Algorithm::ES256],
            EllipticCurve::P384 => vec![Algorithm::ES384],
            EllipticCurve::P521 | EllipticCurve::Ed25519 => return None,
        },
        AlgorithmParameters::OctetKeyPair(pair) => match pair.curve {
            EllipticCurve::Ed25519 => vec![Algorithm::EdDSA],
            _ => return None,
        },
        // A shared secret signs nothing that others must not be able to sign.
        AlgorithmParameters::OctetKey(_) => return None,
    };
    if let Some(only) = jwk.common.key_algorithm {
        let only: Algorithm = only.to_string().parse().ok()?;
        algorithms.retain(|algorithm| *algorithm == only);
    }
    let verifies = DecodingKey::from_jwk(&jwk).ok()?;
    (!algorithms.is_empty()).then_some(Key { id: jwk.common.key_id, algorithms, verifies })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(all: &Value) -> Keys {
        Keys::read(json!({ "keys": all }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_key_is_for_its_algorithms_only() {
        let keys = keys(&json!([
            {"kty": "RSA", "kid": "a", "use": "sig", "alg": "RS256", "n": "AQAB", "e": "AQAB"},
            {"kty": "EC", "kid": "b", "crv": "P-256", "x": "AQAB", "y": "AQAB"},
            {"kty": "RSA", "kid": "c", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kty": "oct", "kid": "d", "k": "AQAB"},
            {"kty": "AKP", "kid": "e", "pub": "AQAB"},
            "nonsense",
        ]));
        assert_eq!(keys.len(), 2);
        let finds = |id: Option<&str>, algorithm| keys.find(id, algorithm).is_some();
        assert!(finds(Some("a"), Algorithm::RS256) && finds(Some("b"), Algorithm::ES256));
        assert!(finds(None, Algorithm::RS256), "the only one for it");
        assert!(!finds(Some("a"), Algorithm::PS256), "it says what it is for");
        assert!(!finds(Some("b"), Algorithm::ES384) && !finds(Some("b"), Algorithm::RS256));
        assert!(!finds(Some("c"), Algorithm::RS256) && !finds(Some("d"), Algorithm::HS256));
    }

    #[test]
    fn a_token_without_an_identifier_is_nobodys_among_several_keys() {
        let one = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"});
        let two = keys(&json!([one, one]));
        assert!(two.find(None, Algorithm::RS256).is_none());
        let many: Vec<_> = std::iter::repeat_n(one, MOST_KEYS + 1).collect();
        assert!(Keys::read(json!({ "keys": many }).to_string().as_bytes()).is_err());
        assert!(Keys::read(b"[]").is_err());
    }
}
