//! What lies between a client and a listener, and whose address a client has then.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::listen::TlsFiles;

/// What lies between a client and the listener.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Nothing: this machine only.
    Loopback,
    /// TLS of our own.
    Tls(TlsFiles),
    /// Proxies that speak TLS to clients, and alone may connect; they tell whom they speak for in `X-Forwarded-For`.
    Proxies(Vec<IpNet>),
}

/// Nothing must be served this way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableTransport {
    /// Everybody on the way could read.
    #[error(
        "{0} can be reached from other machines, and passwords and results must not pass in clear: set \
         tls, or declare in trusted_proxies the proxy that speaks TLS before it, or listen on 127.0.0.1"
    )]
    InClear(SocketAddr),
    /// One of them is meant.
    #[error("tls and trusted_proxies are both set: with a proxy before it, the proxy speaks TLS")]
    TlsTwice,
}

impl Transport {
    /// Sees that nobody can listen in between a client and `listen`.
    ///
    /// # Errors
    /// [`UnusableTransport`].
    pub fn new(
        listen: SocketAddr,
        tls: Option<TlsFiles>,
        proxies: Vec<IpNet>,
    ) -> Result<Self, UnusableTransport> {
        match (tls, proxies.is_empty()) {
            (Some(_), false) => Err(UnusableTransport::TlsTwice),
            (Some(tls), true) => Ok(Self::Tls(tls)),
            (None, false) => Ok(Self::Proxies(proxies)),
            (None, true) if listen.ip().to_canonical().is_loopback() => Ok(Self::Loopback),
            (None, true) => Err(UnusableTransport::InClear(listen)),
        }
    }

    /// Whether what this address says of others is believed.
    fn trusts(&self, address: IpAddr) -> bool {
        match self {
            Self::Proxies(nets) => nets.iter().any(|net| net.contains(&address)),
            Self::Loopback | Self::Tls(_) => false,
        }
    }

    /// Whether a connection from this address is taken: what is in clear beyond this machine, from the proxies alone.
    pub(crate) fn admits(&self, peer: IpAddr) -> bool {
        !matches!(self, Self::Proxies(_)) || self.trusts(peer.to_canonical())
    }

    /// Whether clients connect from other machines themselves.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// The address of a client: of the connection, or what a trusted proxy says.
    ///
    /// Goes back along the proxies as far as they are trusted: what stands before an address that nobody
    /// trusts may be made up. An entry that is no address ends the way too.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let lines = lines.map(|line| line.to_str().unwrap_or_default());
        for entry in lines.flat_map(|line| line.rsplit(',')) {
            if !self.trusts(address) {
                break;
            }
            let Ok(before) = entry.trim().parse::<IpAddr>() else { break };
            address = before.to_canonical();
        }
        address
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_proxy("203.0.113.5", &["198.51.100.1"], "203.0.113.5")]
    #[case::proxy("192.0.2.1", &["198.51.100.1"], "198.51.100.1")]
    #[case::made_up("192.0.2.1", &["203.0.113.66, 198.51.100.1"], "198.51.100.1")]
    #[case::made_up_line("192.0.2.1", &["203.0.113.66", "198.51.100.1"], "198.51.100.1")]
    #[case::two_proxies("192.0.2.1", &["198.51.100.1, 192.0.2.7"], "198.51.100.1")]
    #[case::all_trusted("192.0.2.1", &["192.0.2.9"], "192.0.2.9")]
    #[case::nothing("192.0.2.1", &[], "192.0.2.1")]
    #[case::garbage("192.0.2.1", &["203.0.113.66, unknown"], "192.0.2.1")]
    #[case::mapped("::ffff:192.0.2.1", &["2001:db8::1"], "2001:db8::1")]
    fn only_a_trusted_proxy_is_believed(
        #[case] peer: &str,
        #[case] lines: &[&str],
        #[case] expected: &str,
    ) {
        let transport = Transport::Proxies(vec!["192.0.2.0/24".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let found = transport.client(peer.parse().unwrap(), &headers);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap());
    }

    #[rstest]
    #[case::proxy("192.0.2.1", true)]
    #[case::mapped("::ffff:192.0.2.1", true)]
    #[case::neighbour("203.0.113.5", false)]
    #[case::this_machine("127.0.0.1", false)]
    fn in_clear_only_a_proxy_is_served(#[case] peer: &str, #[case] admitted: bool) {
        let peer: IpAddr = peer.parse().unwrap();
        let proxies = Transport::Proxies(vec!["192.0.2.0/24".parse().unwrap()]);
        assert_eq!(proxies.admits(peer), admitted);
        assert!(Transport::Loopback.admits(peer));
    }
}
