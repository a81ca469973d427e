//! Why a provider did not do.

use std::fmt;

use crate::oidc::id_token::TokenFault;

/// What a provider was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// What it says of itself (`OpenID` Connect Discovery 1.0 §4).
    Discovery,
    /// Its keys (RFC 7517 §5).
    Keys,
    /// An ID token for a code (Core §3.1.3).
    Token,
    /// Claims that are not in the ID token (Core §5.3).
    UserInfo,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Discovery => "/.well-known/openid-configuration",
            Self::Keys => "jwks_uri",
            Self::Token => "token_endpoint",
            Self::UserInfo => "userinfo_endpoint",
        })
    }
}

/// Why a provider did not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OidcError {
    /// No answer.
    #[error("{endpoint}: {why}")]
    NoAnswer {
        /// What was asked for.
        endpoint: Endpoint,
        /// Why.
        why: String,
    },
    /// An answer that leads elsewhere, where no secret of ours goes.
    #[error("{endpoint}: it answers {status} and leads elsewhere, which is not followed")]
    Redirect {
        /// What was asked for.
        endpoint: Endpoint,
        /// The status.
        status: u16,
    },
    /// An answer that is none.
    #[error("{endpoint}: it answers {status}")]
    Status {
        /// What was asked for.
        endpoint: Endpoint,
        /// The status.
        status: u16,
    },
    /// No JSON, or not the JSON that belongs there.
    #[error("{endpoint}: the answer is not what belongs there")]
    Unreadable {
        /// What was asked for.
        endpoint: Endpoint,
    },
    /// Another provider than the configured one.
    #[error("the provider calls itself {said:?}, which is not the issuer that is configured")]
    OtherIssuer {
        /// What it calls itself.
        said: String,
    },
    /// It does not offer what we need.
    #[error("the provider offers no {what}")]
    Lacks {
        /// What.
        what: &'static str,
    },
    /// An address that is not as safe as that of the issuer.
    #[error("the provider names an address for {what} that is not https")]
    Unsafe {
        /// Its key in the metadata.
        what: &'static str,
    },
    /// The token endpoint refuses (RFC 6749 §5.2).
    #[error("the provider refuses the code: {error}")]
    Refused {
        /// Its word for it, such as `invalid_grant` or `invalid_client`.
        error: String,
    },
    /// An ID token that is not to be believed.
    #[error("the ID token is refused: {0}")]
    Token(#[from] TokenFault),
    /// Claims of somebody else (Core §5.3.2).
    #[error("userinfo_endpoint: the claims are of another subject than the ID token")]
    OtherSubject,
    /// The claim that tells who somebody is.
    #[error("neither ID token nor userinfo_endpoint has the claim {claim} as a text")]
    NoClaim {
        /// Its name.
        claim: String,
    },
    /// Not now: the last try was just before, or too many are under way.
    #[error("the provider did not answer just now, or too many wait for it")]
    NotNow,
    /// A fault of ours.
    #[error("a request to the provider panicked")]
    Bug,
}
