//! The address of a client: of the connection, or what a trusted proxy says.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::accounts::Origin;
use crate::listen::Peer;
use crate::web::App;
use crate::web::error::Refusal;
use crate::web::settings::WebSettings;

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) Origin);

impl FromRequestParts<App> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Some(Peer(Some(peer))) = parts.extensions.get::<Peer>() else {
            return Err(Refusal::Fault("a request without an address"));
        };
        Ok(Self(Origin(address(peer.ip(), &parts.headers, &app.settings))))
    }
}

/// Goes back along the proxies as far as they are trusted: what stands before an address that nobody
/// trusts may be made up. An entry that is no address ends the way too.
fn address(peer: IpAddr, headers: &HeaderMap, settings: &WebSettings) -> IpAddr {
    let mut address = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let lines = lines.map(|line| line.to_str().unwrap_or_default());
    for entry in lines.flat_map(|line| line.rsplit(',')) {
        if !settings.trusts(address) {
            break;
        }
        let Ok(before) = entry.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;
    use crate::listen::ConnectionLimits;

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
        let settings = WebSettings::new(
            "127.0.0.1:80".parse().unwrap(),
            "https://portal.example.org",
            None,
            vec!["192.0.2.0/24".parse().unwrap()],
            ConnectionLimits::default(),
        )
        .unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        let found = address(peer.parse().unwrap(), &headers, &settings);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap());
    }
}
