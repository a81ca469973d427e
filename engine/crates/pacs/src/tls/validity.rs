//! Until when a certificate is valid (RFC 5280 §4.1.2.5), read from its DER.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

use super::{TlsClient, TlsSettings, TlsSetupError, read_certificates};

/// SEQUENCE, context tag 0, `UTCTime`, `GeneralizedTime`.
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The last day of a certificate, `YYYY-MM-DD`.
pub(crate) fn not_after(certificate: &[u8]) -> Option<String> {
    let (_, certificate, _) = element(certificate)?;
    let (tag, mut rest, _) = element(certificate)?;
    if tag != SEQUENCE {
        return None;
    }
    // version (optional), serialNumber, signature, issuer, validity
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, until) = element(validity)?;
    let (tag, text, _) = element(until)?;
    let text = std::str::from_utf8(text).ok()?;
    let century = match tag {
        // Two digits of the year: 1950 to 2049.
        UTC_TIME if text.get(..2)?.parse::<u8>().ok()? >= 50 => "19",
        UTC_TIME => "20",
        GENERALIZED_TIME => "",
        _ => return None,
    };
    let text = format!("{century}{text}");
    let digits = text.get(..8).filter(|day| day.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?))
}

/// The last day on which all certificates of a PEM file are valid, `YYYY-MM-DD` in UTC.
///
/// # Errors
/// [`TlsSetupError::File`]: it cannot be read, or holds no certificate.
pub fn last_day(file: &Path) -> Result<Option<String>, TlsSetupError> {
    let certificates = read_certificates(file)?;
    Ok(certificates.iter().filter_map(|one| not_after(one)).min())
}

/// The last day of the certificate that a server shows, and of those that it shows with it.
///
/// Connects, and goes no further than the handshake; `time_out` is for each step.
///
/// # Errors
/// A sentence: it cannot be reached, or its certificate does not hold.
pub fn last_day_of_server(
    settings: &TlsSettings,
    host: &str,
    port: u16,
    time_out: Duration,
) -> Result<Option<String>, String> {
    let client = TlsClient::new(settings, None).map_err(|error| error.to_string())?;
    let mut connection = client.connection(host).map_err(|fault| fault.to_string())?;
    let unreachable = |error: std::io::Error| format!("it cannot be reached: {error}");
    let bare = host.trim_matches(['[', ']']);
    let address = (bare, port).to_socket_addrs().map_err(unreachable)?.next();
    let address = address.ok_or_else(|| "its name has no address".to_owned())?;
    let mut stream = TcpStream::connect_timeout(&address, time_out).map_err(unreachable)?;
    stream.set_read_timeout(Some(time_out)).map_err(unreachable)?;
    stream.set_write_timeout(Some(time_out)).map_err(unreachable)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(unreachable)?;
    }
    let shown = connection.peer_certificates().unwrap_or_default();
    Ok(shown.iter().filter_map(|one| not_after(one)).min())
}

/// Tag, content and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use rstest::rstest;

    #[rstest]
    #[case::two_digits(2031, "2031-05-09")]
    #[case::four_digits(2077, "2077-05-09")]
    fn the_last_day(#[case] year: i32, #[case] expected: &str) {
        let mut params = CertificateParams::new(vec!["pacs.test".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 5, 9);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(not_after(certificate.der()).as_deref(), Some(expected));
        for length in 0..certificate.der().len() {
            assert_eq!(not_after(&certificate.der()[..length]), None);
        }
    }
}
