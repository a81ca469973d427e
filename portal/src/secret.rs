//! Secrets that the portal makes: session tokens, one-time codes, first passwords.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use store::{AccountId, NoRandom, SecretHash};
use zeroize::Zeroizing;

use crate::password::Password;

/// 32 random bytes that only the holder has; the store has their hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

/// Digits of a token's text, six bits each.
const TOKEN_DIGITS: usize = 43;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Token {
    /// A new one, of 258 bits.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn fresh() -> Result<Self, NoRandom> {
        let text = letters(ALPHABET, TOKEN_DIGITS)?;
        Ok(Self(text))
    }

    /// Reads what a browser sent; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let is_token =
            text.len() == TOKEN_DIGITS && text.bytes().all(|byte| ALPHABET.contains(&byte));
        is_token.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// For a cookie or a link, nowhere else.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How the store knows it.
    pub fn hash(&self) -> SecretHash {
        SecretHash::from(<[u8; 32]>::from(Sha256::digest(self.0.as_bytes())))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token([redacted])")
    }
}

/// A secret of the site, from its configuration: what is hashed with it cannot be tried by whoever has a
/// copy of the store alone.
#[derive(Clone)]
pub struct SiteSecret(Zeroizing<Vec<u8>>);

impl SiteSecret {
    /// From at least 16 bytes; `None` when there are fewer.
    pub fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() >= 16).then(|| Self(Zeroizing::new(bytes)))
    }

    /// HMAC-SHA-256 of parts, each with its length before it; `purpose` keeps uses apart.
    pub(crate) fn hash(&self, purpose: &str, parts: &[&[u8]]) -> SecretHash {
        // HMAC takes a key of any length (RFC 2104 §2).
        let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return SecretHash::from([0; 32]);
        };
        for part in [purpose.as_bytes()].iter().chain(parts) {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part);
        }
        SecretHash::from(<[u8; 32]>::from(hmac.finalize().into_bytes()))
    }

    /// Whether two texts are the same; compared as hashes, so that the time tells nothing of either.
    pub(crate) fn same(&self, one: &str, other: &str) -> bool {
        let folded = |text: &str| self.hash("compare", &[text.as_bytes()]);
        folded(one) == folded(other)
    }
}

impl fmt::Debug for SiteSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SiteSecret([redacted])")
    }
}

/// Eight digits that are sent to somebody and typed in once.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// A new one, of 26 bits: its few tries and its short life do the rest.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn fresh() -> Result<Self, NoRandom> {
        Ok(Self(letters(b"0123456789", 8)?))
    }

    /// Reads what somebody typed, blanks left out; `None` when it cannot be a code.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let is_code = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(Zeroizing::new(digits)))
    }

    /// For a message to its receiver, nowhere else.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self, secret: &SiteSecret, account: AccountId) -> SecretHash {
        secret.hash("one-time code", &[account.as_bytes(), self.0.as_bytes()])
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code([redacted])")
    }
}

/// A first password that keeps the rules and is easy to copy from a telephone: no letter that looks
/// like another one.
///
/// # Errors
/// [`NoRandom`].
pub fn first_password() -> Result<Password, NoRandom> {
    let upper = letters(b"ABCDEFGHJKLMNPQRSTUVWXYZ", 4)?;
    let lower = letters(b"abcdefghijkmnpqrstuvwxyz", 4)?;
    let digits = letters(b"23456789", 4)?;
    Ok(Password::new(format!("{}-{}-{}!", *upper, *lower, *digits)))
}

/// So many letters of an alphabet, each as likely as the others.
fn letters(alphabet: &[u8], count: usize) -> Result<Zeroizing<String>, NoRandom> {
    let mut text = Zeroizing::new(String::with_capacity(count));
    let fair = 256 - 256 % alphabet.len().max(1);
    while text.len() < count {
        let mut bytes = Zeroizing::new([0_u8; 64]);
        getrandom::fill(&mut *bytes).map_err(|_cause| NoRandom)?;
        for byte in bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair) {
            if let Some(letter) = alphabet.get(byte % alphabet.len()).filter(|_| text.len() < count)
            {
                text.push(char::from(*letter));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tokens_are_read_as_written_and_nothing_else_is() {
        let token = Token::fresh().unwrap();
        assert_eq!(Token::parse(token.as_str()), Some(token.clone()));
        assert_ne!(token, Token::fresh().unwrap());
        for odd in ["", "abc", &"a".repeat(44), &"=".repeat(43), &"è".repeat(22)] {
            assert_eq!(Token::parse(odd), None, "{odd}");
        }
        assert!(!format!("{token:?}").contains(token.as_str()));
    }

    #[test]
    fn codes_are_read_with_blanks() {
        let code = Code::parse(" 1234 5678").unwrap();
        assert_eq!(code.as_str(), "12345678");
        for odd in ["1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨"] {
            assert_eq!(Code::parse(odd), None, "{odd}");
        }
        let secret = SiteSecret::new(vec![7; 16]).unwrap();
        let (one, two) = (AccountId::from([1; 16]), AccountId::from([2; 16]));
        assert_ne!(code.hash(&secret, one), code.hash(&secret, two));
        assert!(SiteSecret::new(vec![7; 15]).is_none());
    }

    #[test]
    fn first_passwords_keep_the_rules_and_differ() {
        let passwords: BTreeSet<_> = (0..200)
            .map(|_| {
                let password = first_password().unwrap();
                assert_eq!(password.broken_rules(&["maria.test"]), []);
                password.as_str().to_owned()
            })
            .collect();
        assert_eq!(passwords.len(), 200);
    }

    #[test]
    fn letters_are_drawn_evenly() {
        let text = letters(b"0123456789", 50_000).unwrap();
        for digit in "0123456789".chars() {
            let count = text.chars().filter(|letter| *letter == digit).count();
            assert!((4_600..5_400).contains(&count), "{digit}: {count}");
        }
    }
}
