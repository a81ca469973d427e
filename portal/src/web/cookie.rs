//! Cookies: all of them `__Host-` but those of a download and a share, `HttpOnly`, Secure, `SameSite` (RFC 6265bis §4.1.3).
//!
//! A session is Lax, not Strict: a patient comes by the link of a message, or from an identity provider, and
//! a Strict cookie would not come along. What changes anything is a POST, which Lax keeps from other sites.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::accounts::KNOWN_DAYS;
use crate::oidc::pending::LIFE;
use crate::secret::Token;

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Names the session.
    Session,
    /// Ties forms to a browser in which nobody is logged in.
    Form,
    /// `it` or `en`.
    Language,
    /// Tells that somebody logged in here before, and is not to wait for strangers.
    Device,
    /// A login that has begun at the identity provider.
    Provider,
    /// What the next page says of what was done, once.
    Toast,
    /// How the panel of the downloads is shown.
    Panel,
    /// Names the session of a recipient. It is sent below the path of that share only, so that one browser can have
    /// several open.
    Share,
    /// Lets a download go on that was begun in a session. It is sent below the path of that download only.
    Download,
}

/// How long a choice of language lasts, in seconds: a year.
const LONG_LIFE: u32 = 365 * 24 * 60 * 60;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// How long the next page may take to be opened, in seconds.
const TOAST_LIFE: u32 = 60;

/// How long a download of who is logged in may take, in seconds: a day, or until they log out.
const DOWNLOAD_LIFE: u32 = 24 * 60 * 60;

impl Cookie {
    fn name(self) -> &'static str {
        match self {
            Self::Session => "__Host-esito-session",
            Self::Form => "__Host-esito-form",
            Self::Language => "__Host-esito-language",
            Self::Device => "__Host-esito-device",
            Self::Provider => "__Host-esito-provider",
            Self::Toast => "__Host-esito-toast",
            Self::Panel => "__Host-esito-panel",
            // `__Host-` goes with the path / alone.
            Self::Share => "__Secure-esito-share",
            Self::Download => "__Secure-esito-download",
        }
    }

    /// What a browser sent under this name; none when it sent it twice, which a browser never does.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<&str> {
        let lines = headers.get_all(header::COOKIE).iter();
        let pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let mut found = pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .map(|(_, value)| value);
        let value = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// The token in it.
    pub(crate) fn token(self, headers: &HeaderMap) -> Option<Token> {
        Token::parse(self.read(headers)?)
    }

    /// The header that sets it.
    pub(crate) fn set(self, value: &str) -> Option<HeaderValue> {
        self.set_at("/", value)
    }

    /// The header that sets it below a path alone.
    pub(crate) fn set_at(self, path: &str, value: &str) -> Option<HeaderValue> {
        let life = match self {
            Self::Session | Self::Form | Self::Panel | Self::Share => String::new(),
            Self::Language => format!("; Max-Age={LONG_LIFE}"),
            Self::Device => format!("; Max-Age={}", KNOWN_DAYS * SECONDS_A_DAY),
            Self::Provider => format!("; Max-Age={}", LIFE.as_secs()),
            Self::Toast => format!("; Max-Age={TOAST_LIFE}"),
            Self::Download => format!("; Max-Age={DOWNLOAD_LIFE}"),
        };
        self.header(path, value, &life)
    }

    /// The same, forgotten when the browser is closed, however long it is worth something.
    pub(crate) fn set_while_open_at(self, path: &str, value: &str) -> Option<HeaderValue> {
        self.header(path, value, "")
    }

    fn header(self, path: &str, value: &str, life: &str) -> Option<HeaderValue> {
        let name = self.name();
        let text = format!("{name}={value}; Path={path}; Secure; HttpOnly; SameSite=Lax{life}");
        HeaderValue::from_str(&text).ok()
    }

    /// The header that removes it.
    pub(crate) fn remove(self) -> Option<HeaderValue> {
        let text = format!("{}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0", self.name());
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others_and_not_when_it_comes_twice() {
        let read = |lines: &[&str]| Cookie::Language.read(&headers(lines)).map(str::to_owned);
        assert_eq!(read(&["a=b; __Host-esito-language=en; c=d"]).as_deref(), Some("en"));
        assert_eq!(read(&["a=b", "__Host-esito-language=it"]).as_deref(), Some("it"));
        assert_eq!(read(&["esito-language=en; x__Host-esito-language=en"]), None);
        assert_eq!(read(&["__Host-esito-language=it; __Host-esito-language=en"]), None);
        assert_eq!(read(&[]), None);
    }
}
