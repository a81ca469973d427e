//! Certificates that end: ours, those of authorities in files, and that of the identity provider.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::pacs::PacsSettings;
use engine::pacs::tls::{TlsSettings, last_day, last_day_of_server};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ureq::http::Uri;

use crate::clock::Clock;
use crate::http_client::Way;
use crate::listen::Transport;
use crate::metrics::CertificateMetrics;
use crate::oidc::{CurrentProvider, OidcSettings};
use crate::outbox::Transport as MessageTransport;
use crate::task::Stop;

/// Days before the end from which on the log tells of it.
const SOON: i32 = 30;
/// How often it is looked.
const ROUND: Duration = Duration::from_hours(12);
const PORT_OF_HTTPS: u16 = 443;

/// Certificates of one section of the configuration.
#[derive(Debug, Clone)]
pub struct Certificates {
    of: String,
    files: Vec<PathBuf>,
    server: Option<Server>,
}

#[derive(Debug, Clone)]
struct Server {
    tls: TlsSettings,
    host: String,
    port: u16,
    time_out: Duration,
}

impl Certificates {
    /// Of a listener, if it speaks TLS itself.
    pub fn of_listener(section: &str, transport: &Transport) -> Option<Self> {
        let Transport::Tls(files) = transport else { return None };
        Self::in_files(section, vec![files.certificate().to_owned()])
    }

    /// Of what we show to a PACS, and whom we trust there.
    pub fn of_pacs(pacs: &PacsSettings) -> Option<Self> {
        Self::in_files(&format!("[[pacs]] {}", pacs.name), pacs.tls_files())
    }

    /// Of what we show to a server of a section, and whom we trust there.
    pub fn of_client(section: &str, tls: &TlsSettings) -> Option<Self> {
        Self::in_files(section, tls.files())
    }

    /// Of an identity provider: its own too.
    pub fn of_provider(oidc: &OidcSettings) -> Option<Self> {
        let address = oidc.issuer.parse::<Uri>().ok();
        let address = address.filter(|_| Way::to(&oidc.issuer) == Some(Way::Tls))?;
        let server = Server {
            tls: oidc.tls.clone(),
            host: address.host()?.to_owned(),
            port: address.port_u16().unwrap_or(PORT_OF_HTTPS),
            time_out: oidc.time_out,
        };
        Some(Self { of: "[oidc]".to_owned(), files: oidc.tls.files(), server: Some(server) })
    }

    fn in_files(section: &str, files: Vec<PathBuf>) -> Option<Self> {
        let of = section.to_owned();
        (!files.is_empty()).then_some(Self { of, files, server: None })
    }

    /// What they belong to, as the configuration calls it.
    pub fn of(&self) -> &str {
        &self.of
    }

    /// The day on which the first of them ends; none where there is none. Blocks.
    ///
    /// # Errors
    /// A sentence: a server that cannot be asked. Files that cannot be read are told of where they are used.
    pub fn last_day(&self) -> Result<Option<Date>, String> {
        // A file with a key alone holds no certificate.
        let of_files = self.files.iter().filter_map(|file| last_day(file).ok().flatten());
        let of_server = match &self.server {
            None => None,
            Some(Server { tls, host, port, time_out }) => {
                last_day_of_server(tls, host, *port, *time_out)?
            }
        };
        let days = of_files.chain(of_server);
        Ok(days.filter_map(|day| day.parse::<Date>().ok()).min())
    }
}

/// Days that are left until the end of a day; negative when it is over.
pub fn days_left(day: Date, now: Timestamp) -> i32 {
    let today = TimeZone::UTC.to_datetime(now).date();
    let days = day.since(today).map(|span| span.get_days());
    days.unwrap_or_default()
}

/// Counts and tells of what ends soon, until it is time to stop.
pub(crate) async fn watch(
    fixed: Vec<Certificates>,
    transports: [Option<Arc<dyn MessageTransport>>; 2],
    provider: CurrentProvider,
    metrics: CertificateMetrics,
    clock: Clock,
    stop: Stop,
) {
    loop {
        let provided = provider.now();
        let provided = provided.and_then(|now| Certificates::of_provider(now.settings()));
        let sending: Vec<Certificates> =
            transports.iter().flatten().filter_map(|transport| transport.certificates()).collect();
        for one in fixed.iter().cloned().chain(sending).chain(provided) {
            look(one, &metrics, &clock).await;
        }
        if !stop.sleep(ROUND).await {
            return;
        }
    }
}

async fn look(one: Certificates, metrics: &CertificateMetrics, clock: &Clock) {
    let of = one.of().to_owned();
    // A provider that cannot be asked is told of by who asks it for logins.
    let Ok(Ok(Some(day))) = tokio::task::spawn_blocking(move || one.last_day()).await else {
        metrics.ends(&of, None);
        return;
    };
    let midnight = day.to_datetime(jiff::civil::Time::midnight());
    let ends = TimeZone::UTC.to_timestamp(midnight).map(Timestamp::as_second);
    metrics.ends(&of, ends.ok());
    let days = days_left(day, clock.now());
    if days < SOON {
        tracing::warn!(of, %day, days, "a certificate ends soon: renew it");
    }
}

#[cfg(test)]
mod tests {
    use engine::pacs::tls::Authorities;

    use super::*;
    use crate::outbox::{
        Body, Changeable, Security, Sms, SmsMethod, SmsSettings, Smtp, SmtpSettings,
    };

    #[test]
    fn days_are_counted_to_the_last_one() {
        let now: Timestamp = "2026-11-30T23:00:00Z".parse().unwrap();
        let left = |day: &str| days_left(day.parse().unwrap(), now);
        assert_eq!([left("2026-11-30"), left("2026-12-30"), left("2026-11-01")], [0, 30, -29]);
        assert_eq!(left("2027-11-30"), 365);
    }

    #[tokio::test]
    async fn what_ends_is_counted_and_forgotten_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2026, 12, 24);
        let key = rcgen::KeyPair::generate().unwrap();
        std::fs::write(path("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        let files = crate::listen::TlsFiles::new(path("cert.pem"), path("key.pem"));
        let portal = Certificates::of_listener("[portal]", &Transport::Tls(files)).unwrap();
        let day = portal.last_day().unwrap().unwrap();
        assert_eq!(day.to_string(), "2026-12-24");
        let metrics = crate::metrics::Metrics::default();
        let clock = Clock::standing_at("2026-11-30T00:00:00Z".parse().unwrap());
        look(portal.clone(), &metrics.certificates, &clock).await;
        let line = "esito_certificate_not_after_seconds{of=\"[portal]\"} 1798070400";
        assert!(metrics.text().contains(line), "{}", metrics.text());
        std::fs::remove_file(path("cert.pem")).unwrap();
        look(portal, &metrics.certificates, &clock).await;
        assert!(!metrics.text().contains("of=\"[portal]\""), "{}", metrics.text());
        assert!(Certificates::of_listener("[portal]", &Transport::Loopback).is_none());
    }

    #[tokio::test]
    async fn whom_mail_and_sms_trust_is_watched_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let authority = |name: &str, day: u8| {
            let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(2026, 12, day);
            let key = rcgen::KeyPair::generate().unwrap();
            let path = folder.path().join(name);
            std::fs::write(&path, params.self_signed(&key).unwrap().pem()).unwrap();
            path
        };
        let time_out = Duration::from_secs(5);
        let mail = Smtp::new(SmtpSettings {
            host: "mail.example.org".to_owned(),
            port: 465,
            security: Security::Tls,
            ca_file: Some(authority("mail.example.org", 24)),
            login: None,
            from: "noreply@example.org".to_owned(),
            from_name: None,
            reply_to: None,
            hello_name: None,
            time_out,
        });
        let authorities = Authorities::File(authority("sms.example.org", 25));
        let sms = Sms::new(SmsSettings {
            method: SmsMethod::POST,
            url: "https://sms.example.org/send".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            user: None,
            secret: None,
            body: Body::Form(vec![
                ("to".to_owned(), "{number}".to_owned()),
                ("text".to_owned(), "{text}".to_owned()),
            ]),
            country_code: None,
            accepted_status: Vec::new(),
            refused_status: Vec::new(),
            answer: None,
            tls: TlsSettings { authorities, identity: None },
            time_out,
        });
        let place = Changeable::new("[smtp]", None);
        let transports: [Option<Arc<dyn MessageTransport>>; 2] =
            [Some(Arc::new(place.clone())), Some(Arc::new(sms.unwrap()))];
        let metrics = crate::metrics::Metrics::default();
        let clock = Clock::standing_at("2026-11-30T00:00:00Z".parse().unwrap());
        let provider = CurrentProvider::new(None, "http://127.0.0.1:8080", clock.clone()).unwrap();
        let ends = |of: &str, at: u64| {
            let line = format!("esito_certificate_not_after_seconds{{of=\"{of}\"}} {at}");
            metrics.text().contains(&line)
        };
        let look = async || {
            let (handle, stop) = Stop::new();
            handle.stop();
            let (transports, provider) = (transports.clone(), provider.clone());
            let counted = metrics.certificates.clone();
            watch(Vec::new(), transports, provider, counted, clock.clone(), stop).await;
        };
        look().await;
        assert!(ends("[sms]", 1_798_156_800), "{}", metrics.text());
        assert!(!metrics.text().contains("of=\"[smtp]\""), "{}", metrics.text());
        place.change(Some(Arc::new(mail.unwrap())));
        look().await;
        assert!(ends("[smtp]", 1_798_070_400), "{}", metrics.text());
    }
}
