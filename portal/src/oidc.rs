//! Login through an `OpenID` Connect provider: the authorization code flow with PKCE (`OpenID` Connect Core
//! 1.0 §3.1, RFC 7636).
//!
//! [`Client`] asks the provider, [`Metadata`] is what the provider says of itself; [`Provider`] keeps that fresh and
//! tells who somebody is; [`CurrentProvider`] is the one that is configured at the moment.
//!
//! **Invariant:** what a provider answers is bounded in size and time and believed only as far as it is signed:
//! by TLS of the issuer that is configured, and in an ID token by its keys.
//! **Invariant:** no value of a claim is in an error, in a log or in an address.

mod client;
mod current;
mod discovery;
mod error;
mod id_token;
mod keys;
pub(crate) mod pending;
mod provider;
mod settings;
mod signature;

pub use client::{Client, Discovered};
pub use current::CurrentProvider;
pub use discovery::Metadata;
pub use error::{Endpoint, OidcError};
pub use id_token::TokenFault;
pub use keys::Keys;
pub use provider::Provider;
pub use settings::{InvalidOidc, Matching, OidcSettings};

/// Where the provider sends browsers back to, below the address of the portal.
pub const RETURN_PATH: &str = "/login/provider/return";
