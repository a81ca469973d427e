//! What a failed TLS handshake means, and who has to change what.

use std::io;

use rustls::{AlertDescription, CertificateError, Error};

/// Why TLS failed. `Display` says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate of the server has run out.
    #[error(
        "the server's certificate has expired: renew it there, or correct the clock of this machine"
    )]
    Expired,
    /// The certificate of the server begins in the future.
    #[error(
        "the server's certificate is not valid yet: correct the clock of this machine or the server"
    )]
    NotYetValid,
    /// Nobody whom we trust has signed the certificate of the server.
    #[error(
        "the server's certificate is signed by nobody whom this machine trusts: name the file of \
         your authority, or let the server send the certificates in between"
    )]
    UnknownIssuer,
    /// The certificate of the server is for other names.
    #[error(
        "the server's certificate is not for {expected}, but for {presented}: use that name in the \
             address, or a certificate with the right one"
    )]
    WrongName {
        /// The name in the address.
        expected: String,
        /// The names in the certificate.
        presented: String,
    },
    /// The certificate of the server was revoked.
    #[error("the server's certificate was revoked")]
    Revoked,
    /// Another fault of the certificate of the server.
    #[error("the server's certificate cannot be used: {0}")]
    BadCertificate(String),
    /// The server wants a certificate of ours, and we have none.
    #[error("the server asks for a client certificate: configure certificate and key")]
    ClientCertificateRequired,
    /// The server does not take our certificate.
    #[error(
        "the server refuses the client certificate ({0}): let its authority be trusted there, or \
         renew it"
    )]
    ClientCertificateRefused(String),
    /// No protocol version or cipher suite is common to both.
    #[error(
        "the server offers neither TLS 1.2 nor 1.3 with a suite that BCP 195 allows: update its TLS \
         settings"
    )]
    NothingInCommon,
    /// The peer speaks something else.
    #[error("the server does not speak TLS on this port: check port and protocol")]
    NotTls,
    /// The peer closes the connection in mid handshake.
    #[error(
        "the server hangs up during the handshake: it may not speak TLS on this port, or want a client \
         certificate"
    )]
    HangsUp,
    /// Anything else.
    #[error("TLS fails: {0}")]
    Other(String),
}

impl TlsFault {
    /// Reads the fault out of an I/O error of a TLS connection, if it is one.
    pub fn in_io(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Error>().map(Self::of)
    }

    /// Says what a fault of rustls means.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(certificate) => Self::of_certificate(certificate),
            Error::AlertReceived(alert) => Self::of_alert(*alert),
            Error::PeerIncompatible(_) => Self::NothingInCommon,
            Error::InvalidMessage(_) => Self::NotTls,
            other => Self::Other(other.to_string()),
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        use CertificateError as Fault;
        match error {
            Fault::Expired | Fault::ExpiredContext { .. } => Self::Expired,
            Fault::NotValidYet | Fault::NotValidYetContext { .. } => Self::NotYetValid,
            // A bad signature: a trusted authority of that name has another key.
            Fault::UnknownIssuer | Fault::BadSignature => Self::UnknownIssuer,
            Fault::Revoked => Self::Revoked,
            Fault::NotValidForNameContext { expected, presented } => Self::WrongName {
                expected: expected.to_str().into_owned(),
                presented: names(presented),
            },
            Fault::NotValidForName => {
                Self::WrongName { expected: "this address".into(), presented: "another".into() }
            }
            other => Self::BadCertificate(other.to_string()),
        }
    }

    /// Alerts about certificates can only be about ours: the server judges no other.
    fn of_alert(alert: AlertDescription) -> Self {
        use AlertDescription as Alert;
        let refused = |why: &str| Self::ClientCertificateRefused(why.to_owned());
        match alert {
            Alert::CertificateRequired => Self::ClientCertificateRequired,
            Alert::UnknownCA => refused("its authority is unknown"),
            Alert::DecryptError => refused("its signature does not fit the authority there"),
            Alert::CertificateExpired => refused("it has expired"),
            Alert::CertificateRevoked => refused("it was revoked"),
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateUnknown
            | Alert::AccessDenied => refused("it is not accepted"),
            Alert::ProtocolVersion | Alert::InsufficientSecurity => Self::NothingInCommon,
            // TLS 1.2 has no alert of its own for a missing certificate.
            Alert::HandshakeFailure => Self::Other(
                "the server breaks off the handshake: it may want a client certificate, or other \
                 cipher suites"
                    .into(),
            ),
            other => Self::Other(format!("the server answers with alert {other:?}")),
        }
    }
}

/// At most three names of a certificate, as `DnsName("…")` in rustls.
fn names(presented: &[String]) -> String {
    let mut names: Vec<&str> = presented
        .iter()
        .take(3)
        .map(|name| name.split('"').nth(1).unwrap_or(name.as_str()))
        .collect();
    if presented.len() > names.len() {
        names.push("…");
    }
    if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::expired(CertificateError::Expired, TlsFault::Expired)]
    #[case::early(CertificateError::NotValidYet, TlsFault::NotYetValid)]
    #[case::issuer(CertificateError::UnknownIssuer, TlsFault::UnknownIssuer)]
    #[case::another_of_that_name(CertificateError::BadSignature, TlsFault::UnknownIssuer)]
    #[case::revoked(CertificateError::Revoked, TlsFault::Revoked)]
    fn certificates(#[case] error: CertificateError, #[case] expected: TlsFault) {
        assert_eq!(TlsFault::of(&Error::InvalidCertificate(error)), expected);
    }

    #[rstest]
    #[case::required(AlertDescription::CertificateRequired, "asks for a client certificate")]
    #[case::unknown_authority(AlertDescription::UnknownCA, "refuses the client certificate")]
    #[case::old_protocol(AlertDescription::ProtocolVersion, "BCP 195")]
    #[case::tls_1_2(AlertDescription::HandshakeFailure, "may want a client certificate")]
    fn alerts(#[case] alert: AlertDescription, #[case] words: &str) {
        let fault = TlsFault::of(&Error::AlertReceived(alert));
        assert!(fault.to_string().contains(words), "{fault}");
    }

    #[test]
    fn names_are_shown_without_their_kind_and_few() {
        let presented = ["a", "b", "c", "d"].map(|name| format!("DnsName(\"{name}.test\")"));
        assert_eq!(names(&presented), "a.test, b.test, c.test, …");
        assert_eq!(names(&[]), "no name at all");
    }
}
