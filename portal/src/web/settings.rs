//! Where the pages are served, and through what.

use std::net::{IpAddr, SocketAddr};

use axum::http::Uri;
use engine::Branding;
use ipnet::IpNet;

use crate::listen::{ConnectionLimits, TlsFiles, Transport, UnusableTransport};

/// The listener of the patients.
#[derive(Debug, Clone)]
pub struct WebSettings {
    listen: SocketAddr,
    /// Scheme, host and perhaps port, as browsers write an origin (RFC 6454 §6.2).
    origin: String,
    transport: Transport,
    limits: ConnectionLimits,
    branding: Branding,
}

/// Pages must not be served this way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableWeb {
    /// Somebody could listen in.
    #[error(transparent)]
    Transport(#[from] UnusableTransport),
    /// It is no origin.
    #[error(
        "address {0:?} is none that a browser opens: write https://, the name, and the port if it is not 443"
    )]
    NoOrigin(String),
    /// Browsers keep no secure cookie there.
    #[error("address {0} begins with http: away from this machine it has to be https")]
    NotSecure(String),
    /// All clients would have the address of the proxy.
    #[error(
        "address {0} is https, and nothing here speaks TLS: set tls, or declare in trusted_proxies \
         the proxy that does"
    )]
    NobodySpeaksTls(String),
}

impl WebSettings {
    /// Checks that nobody can listen in between a browser and `listen`; `address` is what patients open.
    ///
    /// # Errors
    /// [`UnusableWeb`].
    pub fn new(
        listen: SocketAddr,
        address: &str,
        tls: Option<TlsFiles>,
        proxies: Vec<IpNet>,
        limits: ConnectionLimits,
    ) -> Result<Self, UnusableWeb> {
        let transport = Transport::new(listen, tls, proxies)?;
        let in_clear = matches!(transport, Transport::Loopback);
        let (origin, is_https, is_here) =
            origin(address).ok_or_else(|| UnusableWeb::NoOrigin(address.to_owned()))?;
        match (is_https, in_clear) {
            (true, true) => Err(UnusableWeb::NobodySpeaksTls(origin)),
            (false, _) if !is_here => Err(UnusableWeb::NotSecure(origin)),
            _ => Ok(Self { listen, origin, transport, limits, branding: Branding::default() }),
        }
    }

    /// The same pages with the names, the logo and the colours of an institution.
    #[must_use]
    pub fn with_branding(self, branding: Branding) -> Self {
        Self { branding, ..self }
    }

    /// The same pages with no more connections than so many open files are enough for.
    #[must_use]
    pub fn within(self, open_files: u64) -> Self {
        Self { limits: self.limits.within(open_files), ..self }
    }

    /// How the institution presents itself.
    pub(crate) fn branding(&self) -> &Branding {
        &self.branding
    }

    /// The address to listen on.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// What a browser calls this portal.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What lies between.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(crate) fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    /// Whether browsers come by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// The origin of an address, whether it is https, whether it is this machine.
fn origin(address: &str) -> Option<(String, bool, bool)> {
    let uri: Uri = address.trim().parse().ok()?;
    let authority = uri.authority()?;
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@')
    {
        return None;
    }
    let is_https = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let host = authority.host().to_ascii_lowercase();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let scheme = if is_https { "https" } else { "http" };
    let origin = match authority.port_u16() {
        None | Some(443) if is_https => format!("{scheme}://{host}"),
        None | Some(80) if !is_https => format!("{scheme}://{host}"),
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => return None,
    };
    Some((origin, is_https, is_here))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rstest::rstest;

    use super::*;

    fn settings(
        listen: &str,
        address: &str,
        tls: bool,
        proxy: bool,
    ) -> Result<WebSettings, UnusableWeb> {
        let tls = tls.then(|| TlsFiles::new(PathBuf::new(), PathBuf::new()));
        let proxies = if proxy { vec!["192.0.2.0/24".parse().unwrap()] } else { Vec::new() };
        let limits = ConnectionLimits::default();
        WebSettings::new(listen.parse().unwrap(), address, tls, proxies, limits)
    }

    #[rstest]
    #[case::everywhere("0.0.0.0:80")]
    #[case::everywhere_6("[::]:80")]
    #[case::an_address("192.0.2.1:8080")]
    #[case::mapped("[::ffff:192.0.2.1]:80")]
    fn nothing_is_served_in_clear_to_other_machines(#[case] listen: &str) {
        for address in ["http://127.0.0.1:8080", "https://portal.example.org"] {
            let refused = settings(listen, address, false, false).unwrap_err();
            assert!(
                matches!(refused, UnusableWeb::Transport(UnusableTransport::InClear(_))),
                "{refused}"
            );
        }
        assert!(settings(listen, "https://portal.example.org", true, false).is_ok());
        assert!(settings(listen, "https://portal.example.org", false, true).is_ok());
    }

    #[rstest]
    #[case::loopback("http://127.0.0.1:8080/", "http://127.0.0.1:8080")]
    #[case::name("http://LOCALHOST:80", "http://localhost")]
    #[case::six("http://[::1]:8080", "http://[::1]:8080")]
    fn this_machine_needs_no_tls(#[case] address: &str, #[case] origin: &str) {
        let settings = settings("127.0.0.1:8080", address, false, false).unwrap();
        assert_eq!(settings.origin(), origin);
        assert!(matches!(settings.transport(), Transport::Loopback));
    }

    #[rstest]
    #[case("portal.example.org")]
    #[case("https://")]
    #[case("https://portal.example.org/path")]
    #[case("https://portal.example.org?query")]
    #[case("https://user@portal.example.org")]
    #[case("ftp://portal.example.org")]
    #[case("")]
    fn an_address_is_an_origin(#[case] address: &str) {
        let refused = settings("127.0.0.1:80", address, true, false).unwrap_err();
        assert_eq!(refused, UnusableWeb::NoOrigin(address.to_owned()));
    }

    #[test]
    fn cookies_need_https_away_from_this_machine() {
        let origin = "http://portal.example.org".to_owned();
        let refused = settings("0.0.0.0:80", &origin, false, true).unwrap_err();
        assert_eq!(refused, UnusableWeb::NotSecure(origin));
        let origin = "https://portal.example.org".to_owned();
        let refused = settings("127.0.0.1:80", &origin, false, false).unwrap_err();
        assert_eq!(refused, UnusableWeb::NobodySpeaksTls(origin));
        let refused = settings("127.0.0.1:80", "https://x", true, true).unwrap_err();
        assert_eq!(refused, UnusableWeb::Transport(UnusableTransport::TlsTwice));
    }

    #[test]
    fn the_usual_port_is_not_part_of_an_origin() {
        let one = settings("0.0.0.0:443", "https://Portal.example.org:443/", true, false).unwrap();
        assert_eq!(one.origin(), "https://portal.example.org");
        let other =
            settings("0.0.0.0:443", "https://portal.example.org:8443", true, false).unwrap();
        assert_eq!(other.origin(), "https://portal.example.org:8443");
    }
}
