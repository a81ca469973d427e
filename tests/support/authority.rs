//! An authority that signs certificates for loopback, good ones and bad ones, made for one test.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// An authority with its files, and those of what it signed.
#[derive(Debug)]
pub struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
    signed: Cell<u32>,
}

/// How a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For 127.0.0.1 and `localhost`, valid today.
    Good,
    /// It ended in 2020.
    Expired,
    /// It ends on a day: year, month, day of the month.
    EndsOn(i32, u8, u8),
    /// It begins in 2100.
    Early,
    /// For `other.test`.
    ForAnotherName,
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    /// An authority with a name.
    pub fn called(name: &str) -> Self {
        let folder = TempDir::with_prefix("esito-authority-").expect("a temporary folder");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        fs::write(folder.path().join("authority.pem"), certificate.pem()).expect("written");
        Self { folder, issuer: Issuer::new(params, key), signed: Cell::new(0) }
    }

    /// Its own certificate, as a PEM file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A new certificate that it signs.
    pub fn identity(&self, kind: Kind) -> Identity {
        let names: &[&str] = if kind == Kind::ForAnotherName {
            &["other.test"]
        } else {
            &["127.0.0.1", "localhost"]
        };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "fixture");
        match kind {
            Kind::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            Kind::EndsOn(year, month, day) => params.not_after = date_time_ymd(year, month, day),
            Kind::Early => params.not_before = date_time_ymd(2100, 1, 1),
            Kind::Good | Kind::ForAnotherName => {}
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let number = self.signed.replace(self.signed.get() + 1);
        let file = |ending: &str| self.folder.path().join(format!("signed{number}.{ending}"));
        let identity = Identity { certificate: file("pem"), key: file("key") };
        fs::write(&identity.certificate, certificate.pem()).expect("written");
        fs::write(&identity.key, key.serialize_pem()).expect("written");
        identity
    }
}
