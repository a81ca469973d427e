//! HTTP to services that the configuration names.
//!
//! **Invariant:** no redirect is followed and no proxy of the environment is used; a request as a whole has
//! a limit of time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::pacs::tls::HttpsConnector;
use rustls::ClientConfig;
use ureq::Agent;
use ureq::http::Uri;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, TcpConnector};

/// A client; without a configuration of TLS for `http` alone.
pub(crate) fn agent(tls: Option<Arc<ClientConfig>>, time_out: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("Esito/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(time_out))
        .build();
    let connector = ().chain(TcpConnector::default()).chain(HttpsConnector::new(tls));
    Agent::with_parts(config, connector, DefaultResolver::default())
}

/// How a request to an address travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// In TLS.
    Tls,
    /// In clear, inside this machine.
    Loopback,
    /// In clear, inside a private network.
    PrivateNetwork,
    /// In clear.
    Clear,
}

impl Way {
    /// None for what is no address of HTTP, or holds a user name or a fragment.
    pub(crate) fn to(address: &str) -> Option<Self> {
        let uri: Uri = address.parse().ok().filter(|_| !address.contains('#'))?;
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        match uri.scheme_str()? {
            "https" => Some(Self::Tls),
            "http" => Some(in_clear(authority.host().trim_matches(['[', ']']))),
            _ => None,
        }
    }
}

fn in_clear(host: &str) -> Way {
    if host.eq_ignore_ascii_case("localhost") {
        return Way::Loopback;
    }
    match host.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(address) if address.is_loopback() => Way::Loopback,
        Ok(IpAddr::V4(address)) if address.is_private() => Way::PrivateNetwork,
        Ok(IpAddr::V6(address)) if address.is_unique_local() => Way::PrivateNetwork,
        _ => Way::Clear,
    }
}

/// Why `who` gave no answer, without the address: its query may hold what is a person's.
pub(crate) fn why(who: &str, error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("{who} does not answer in time"),
        ureq::Error::HostNotFound => format!("the name of {who} is not known"),
        ureq::Error::ConnectionFailed => format!("{who} cannot be reached"),
        ureq::Error::Io(error) => format!("{who} cannot be reached: {error}"),
        ureq::Error::Tls(what) => format!("TLS: {what}"),
        ureq::Error::BodyExceedsLimit(_) => format!("{who} answers too much"),
        _ => format!("{who} does not answer as a web server does"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://id.example.org/realm", Some(Way::Tls))]
    #[case("http://localhost:81", Some(Way::Loopback))]
    #[case("http://[::1]:81/", Some(Way::Loopback))]
    #[case("http://[::ffff:127.0.0.1]/", Some(Way::Loopback))]
    #[case("http://10.1.2.3/", Some(Way::PrivateNetwork))]
    #[case("http://[fd00::1]/", Some(Way::PrivateNetwork))]
    #[case("http://127.0.0.1.example.org/", Some(Way::Clear))]
    #[case("http://169.254.169.254/", Some(Way::Clear))]
    #[case("https://user@example.org/", None)]
    #[case("https://example.org/#fragment", None)]
    #[case("file:///etc/passwd", None)]
    #[case("/path", None)]
    fn ways(#[case] address: &str, #[case] expected: Option<Way>) {
        assert_eq!(Way::to(address), expected);
    }
}
