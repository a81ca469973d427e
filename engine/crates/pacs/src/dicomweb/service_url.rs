//! The address of a DICOMweb service, and paths below it.

use std::fmt;
use std::str::FromStr;

use ureq::http::Uri;

/// A text is not the address of a DICOMweb service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceUrl {
    /// No URL at all.
    #[error("the address is no URL: it begins with https:// or http:// and a host")]
    Malformed,
    /// Another scheme.
    #[error("the address must begin with https:// or http://")]
    Scheme,
    /// Name and password do not belong there.
    #[error("the address must not hold a user name or password: configure credentials instead")]
    UserInfo,
    /// A service has neither.
    #[error("the address must not hold ? or #")]
    Query,
}

/// An `https` or `http` URL without user name, query and fragment; no slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl {
    text: String,
    host: String,
    name: String,
    port: u16,
    is_https: bool,
}

impl ServiceUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port, for messages.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The name of the host without port, and the port.
    pub(crate) fn name_and_port(&self) -> (&str, u16) {
        (&self.name, self.port)
    }

    /// Whether it is reached by TLS.
    pub fn is_https(&self) -> bool {
        self.is_https
    }
}

impl FromStr for ServiceUrl {
    type Err = InvalidServiceUrl;

    fn from_str(text: &str) -> Result<Self, InvalidServiceUrl> {
        if text.contains(['?', '#']) {
            return Err(InvalidServiceUrl::Query);
        }
        let uri: Uri = text.trim().parse().map_err(|_no_uri| InvalidServiceUrl::Malformed)?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(InvalidServiceUrl::Scheme),
            None => return Err(InvalidServiceUrl::Malformed),
        };
        let authority = uri.authority().ok_or(InvalidServiceUrl::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(InvalidServiceUrl::UserInfo);
        }
        if authority.host().is_empty() {
            return Err(InvalidServiceUrl::Malformed);
        }
        let text = uri.to_string().trim_end_matches('/').to_owned();
        let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let name = authority.host().to_owned();
        Ok(Self { text, host: authority.to_string(), name, port, is_https })
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ServiceUrl({})", self.text)
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986 §2.3): a UID off the wire stays one
/// segment of the path, a value one value of the query.
pub(crate) fn escaped(text: &str) -> String {
    // A segment of dots alone would be a step in the path.
    let steps = text.bytes().all(|byte| byte == b'.');
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) || (byte == b'.' && !steps) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(hexadecimal(digit))));
        }
    }
    out
}

fn hexadecimal(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'A' + digit - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("https://pacs.test/dicom-web", Ok(("https://pacs.test/dicom-web", "pacs.test")))]
    #[case::slash("http://10.0.0.1:8042/dicom-web/", Ok(("http://10.0.0.1:8042/dicom-web", "10.0.0.1:8042")))]
    #[case::root("http://[::1]:80", Ok(("http://[::1]:80", "[::1]:80")))]
    #[case::user("https://me:pw@pacs.test/", Err(InvalidServiceUrl::UserInfo))]
    #[case::scheme("ftp://pacs.test/", Err(InvalidServiceUrl::Scheme))]
    #[case::no_scheme("pacs.test/dicom-web", Err(InvalidServiceUrl::Malformed))]
    #[case::query("https://pacs.test/?a=b", Err(InvalidServiceUrl::Query))]
    #[case::empty("", Err(InvalidServiceUrl::Malformed))]
    fn addresses(#[case] text: &str, #[case] expected: Result<(&str, &str), InvalidServiceUrl>) {
        let url = text.parse::<ServiceUrl>();
        assert_eq!(
            url.as_ref().map(|url| (url.as_str(), url.host())).map_err(Clone::clone),
            expected
        );
    }

    #[rstest]
    #[case::uid("1.2.840.10008", "1.2.840.10008")]
    #[case::steps("..", "%2E%2E")]
    #[case::path("1/../2?x#y%", "1%2F..%2F2%3Fx%23y%25")]
    #[case::unicode("è", "%C3%A8")]
    fn segments(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(escaped(text), expected);
    }
}
