//! What a provider says of itself (`OpenID` Connect Discovery 1.0 §3).

use serde::Deserialize;

use crate::http_client::Way;
use crate::oidc::error::{Endpoint, OidcError};

/// The longest address that a provider may name.
const LONGEST_ADDRESS: usize = 2048;

/// The keys of the document that count here.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: Option<String>,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    #[serde(default)]
    response_types_supported: Vec<String>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    claims_supported: Option<Vec<String>>,
    scopes_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// How we prove to a provider who we are (Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The secret as a password.
    Basic,
    /// The secret in the form.
    Post,
    /// A public client proves nothing.
    Nothing,
}

/// What a provider says of itself, checked: every address is as safe as that of the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub(super) authorization: String,
    pub(super) token: String,
    pub(super) keys: String,
    pub(super) user_info: Option<String>,
    pub(super) end_session: Option<String>,
    pub(super) proof: Proof,
    /// Answers name their issuer (RFC 9207).
    pub(super) names_issuer: bool,
    claims: Option<Vec<String>>,
    scopes: Option<Vec<String>>,
    says_s256: bool,
}

impl Metadata {
    /// Reads the document of `issuer`; `has_secret` tells whether we have one to prove who we are.
    pub(super) fn read(json: &[u8], issuer: &str, has_secret: bool) -> Result<Self, OidcError> {
        let unreadable = OidcError::Unreadable { endpoint: Endpoint::Discovery };
        let document: Document = serde_json::from_slice(json).map_err(|_odd| unreadable)?;
        if document.issuer != issuer {
            let said = document.issuer.chars().take(200).collect();
            return Err(OidcError::OtherIssuer { said });
        }
        let offers = |all: &[String], one: &str| all.iter().any(|offered| offered == one);
        if !offers(&document.response_types_supported, "code") {
            return Err(OidcError::Lacks { what: "response type code" });
        }
        let algorithms = &document.id_token_signing_alg_values_supported;
        if !super::signature::NAMES.iter().any(|name| offers(algorithms, name)) {
            return Err(OidcError::Lacks { what: "ID token with a signature that we know" });
        }
        let challenges = document.code_challenge_methods_supported;
        if challenges.as_deref().is_some_and(|challenges| !offers(challenges, "S256")) {
            return Err(OidcError::Lacks { what: "PKCE by S256" });
        }
        let is_https = Way::to(issuer) == Some(Way::Tls);
        let safe = |address: Option<String>, what| match address {
            None => Ok(None),
            Some(address) => match Way::to(&address) {
                Some(Way::Tls) if address.len() <= LONGEST_ADDRESS => Ok(Some(address)),
                Some(Way::Loopback) if !is_https => Ok(Some(address)),
                _ => Err(OidcError::Unsafe { what }),
            },
        };
        let needed = |address, what| safe(address, what)?.ok_or(OidcError::Lacks { what });
        Ok(Self {
            authorization: needed(document.authorization_endpoint, "authorization_endpoint")?,
            token: needed(document.token_endpoint, "token_endpoint")?,
            keys: needed(document.jwks_uri, "jwks_uri")?,
            user_info: safe(document.userinfo_endpoint, "userinfo_endpoint")?,
            end_session: safe(document.end_session_endpoint, "end_session_endpoint")?,
            proof: proof(document.token_endpoint_auth_methods_supported.as_deref(), has_secret)?,
            names_issuer: document.authorization_response_iss_parameter_supported,
            claims: document.claims_supported,
            scopes: document.scopes_supported,
            says_s256: challenges.is_some(),
        })
    }

    /// Whether it says that it has a claim; none when it says nothing of claims.
    pub fn has_claim(&self, claim: &str) -> Option<bool> {
        Some(self.claims.as_ref()?.iter().any(|known| known == claim))
    }

    /// Whether it says that it knows a scope; none when it says nothing of scopes.
    pub fn has_scope(&self, scope: &str) -> Option<bool> {
        Some(self.scopes.as_ref()?.iter().any(|known| known == scope))
    }

    /// Whether it says that it knows PKCE.
    pub fn says_pkce(&self) -> bool {
        self.says_s256
    }

    /// Whether it can be told that somebody logs out (`OpenID` Connect RP-Initiated Logout 1.0).
    pub fn ends_sessions(&self) -> bool {
        self.end_session.is_some()
    }
}

/// A provider that says nothing takes the secret as a password (Discovery §3).
fn proof(methods: Option<&[String]>, has_secret: bool) -> Result<Proof, OidcError> {
    if !has_secret {
        return Ok(Proof::Nothing);
    }
    let Some(methods) = methods else { return Ok(Proof::Basic) };
    let offers = |name: &str| methods.iter().any(|method| method == name);
    match (offers("client_secret_basic"), offers("client_secret_post")) {
        (true, _) => Ok(Proof::Basic),
        (false, true) => Ok(Proof::Post),
        (false, false) => {
            Err(OidcError::Lacks { what: "client authentication by client_secret_basic or _post" })
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example.org/realm";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.org/auth?tenant=1",
            "token_endpoint": "https://id.example.org/token",
            "jwks_uri": "https://id.example.org/keys",
            "userinfo_endpoint": null,
            "response_types_supported": ["code", "code id_token"],
            "id_token_signing_alg_values_supported": ["RS256", "none"],
            "unknown": {"a": [1, 2]},
        })
    }

    fn read(document: &Value) -> Result<Metadata, OidcError> {
        Metadata::read(document.to_string().as_bytes(), ISSUER, true)
    }

    #[test]
    fn the_least_that_a_provider_must_say() {
        let metadata = read(&document()).unwrap();
        assert_eq!(metadata.proof, Proof::Basic);
        assert!(!metadata.ends_sessions() && !metadata.says_pkce());
        assert_eq!(metadata.has_claim("fiscalNumber"), None);
    }

    #[rstest]
    #[case::issuer("issuer", json!("https://id.example.org/realm/"))]
    #[case::no_token("token_endpoint", Value::Null)]
    #[case::in_clear("token_endpoint", json!("http://id.example.org/token"))]
    #[case::inside("jwks_uri", json!("http://127.0.0.1/keys"))]
    #[case::no_http("jwks_uri", json!("file:///etc/passwd"))]
    #[case::script("authorization_endpoint", json!("javascript:alert(1)"))]
    #[case::header("authorization_endpoint", json!("https://id.example.org/\r\nset-cookie: a=b"))]
    #[case::other_name("end_session_endpoint", json!("https://id.example.org@evil.example/"))]
    #[case::long("userinfo_endpoint", json!(format!("https://id.example.org/{}", "a".repeat(3000))))]
    #[case::implicit("response_types_supported", json!(["id_token"]))]
    #[case::secret_keys("id_token_signing_alg_values_supported", json!(["HS256", "none"]))]
    #[case::plain_pkce("code_challenge_methods_supported", json!(["plain"]))]
    #[case::private_keys("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]))]
    #[case::kind("jwks_uri", json!(["https://id.example.org/keys"]))]
    fn a_provider_that_will_not_do_is_refused(#[case] key: &str, #[case] value: Value) {
        let mut document = document();
        document[key] = value;
        assert!(read(&document).is_err());
    }

    #[test]
    fn a_secret_goes_as_the_provider_takes_it() {
        let mut document = document();
        document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        assert_eq!(read(&document).unwrap().proof, Proof::Post);
        let public = Metadata::read(document.to_string().as_bytes(), ISSUER, false).unwrap();
        assert_eq!(public.proof, Proof::Nothing);
    }
}
