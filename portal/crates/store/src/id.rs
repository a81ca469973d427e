//! Names of records that say nothing of what they name: 128 random bits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is no identifier of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 32 hexadecimal digits")]
pub struct NotAnId;

/// No random numbers are to be had from the operating system.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandom;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// A new one, unlike any other.
            ///
            /// # Errors
            /// [`NoRandom`].
            pub fn fresh() -> Result<Self, NoRandom> {
                let mut bytes = [0; 16];
                getrandom::fill(&mut bytes).map_err(|_cause| NoRandom)?;
                Ok(Self(bytes))
            }

            /// Its 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl From<[u8; 16]> for $name {
            fn from(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                read_hex(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// Names an account.
    AccountId
    /// Names a person whose results are held here.
    PersonId
    /// Names an order of a person.
    OrderId
    /// Names a version of a report.
    ReportId
    /// Names a package by all that goes in: a keyed hash, so that nobody can make it.
    PackageKey
    /// Names somebody's request for a package.
    RequestId
    /// Names a claim on a preparation.
    ClaimId
    /// Names an order that somebody shares.
    ShareId
    /// Names a recipient of a share.
    RecipientId
    /// Names a message of the outbox; its Message-ID too, so that a second sending is known as one.
    MessageId
}

/// Hash of a secret that only its holder knows: a session's token, a one-time code.
///
/// The secrets have 128 bits and more, or are peppered by whoever hashes, so SHA-256 is enough.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for SecretHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash([redacted])")
    }
}

impl TryFrom<String> for SecretHash {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        read_hex(&text).map(Self)
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        struct Hex([u8; 32]);
        impl fmt::Display for Hex {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_hex(&self.0, formatter)
            }
        }
        Hex(hash.0).to_string()
    }
}

fn write_hex(bytes: &[u8], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
}

fn read_hex<const N: usize>(text: &str) -> Result<[u8; N], NotAnId> {
    if text.len() != 2 * N {
        return Err(NotAnId);
    }
    let mut bytes = [0; N];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = digits else { return Err(NotAnId) };
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(NotAnId),
        };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = AccountId::fresh().unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_ne!(AccountId::fresh().unwrap(), id);
        for odd in ["", "12", "0123456789abcdef0123456789abcdeF", "è123456789abcdef0123456789abcde"]
        {
            assert_eq!(odd.parse::<AccountId>(), Err(NotAnId), "{odd}");
        }
    }

    #[test]
    fn a_hash_does_not_show_itself() {
        let hash = SecretHash::from([0xAB; 32]);
        assert!(!format!("{hash:?}").contains("ab"));
        let text = String::from(hash);
        assert_eq!(SecretHash::try_from(text), Ok(hash));
    }
}
