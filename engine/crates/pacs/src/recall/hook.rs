//! A request over HTTP that makes a site fetch a study.

use std::str::FromStr;

use crate::dicomweb::{
    DicomWeb, DicomWebError, InvalidServiceUrl, ServiceUrl, WebSettings, escaped,
};
use crate::dimse::wire::StopFlag;
use crate::error::PacsError;
use crate::query::StudySummary;

/// How the hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookMethod {
    /// GET.
    Get,
    /// POST, without a body.
    Post,
    /// PUT, without a body.
    Put,
}

impl HookMethod {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A request that asks for a study.
#[derive(Debug, Clone)]
pub struct Hook {
    /// The method.
    pub method: HookMethod,
    /// The address, with placeholders.
    pub address: HookAddress,
    /// The statuses that mean success; empty stands for 200 to 299.
    pub statuses: Vec<u16>,
    /// Credentials, TLS and time-outs; its address is that of the hook.
    pub server: WebSettings,
}

/// The address of a hook: `https://host/path/{study}?accession={accession}`.
///
/// `{study}` is the Study Instance UID, `{accession}` the Accession Number; nothing else of a patient
/// goes out. Values are percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookAddress {
    server: ServiceUrl,
    /// Path and query.
    below: String,
}

/// A text is not the address of a hook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHookAddress {
    /// No URL.
    #[error(transparent)]
    Url(#[from] InvalidServiceUrl),
    /// Another placeholder, or half of one.
    #[error("{{study}} and {{accession}} are what can stand in braces, behind the host")]
    Placeholder,
    /// Without a study nobody knows what is asked for.
    #[error("the address holds neither {{study}} nor {{accession}}")]
    NoStudy,
}

impl FromStr for HookAddress {
    type Err = InvalidHookAddress;

    fn from_str(text: &str) -> Result<Self, InvalidHookAddress> {
        let text = text.trim();
        let host = text.find("://").map_or(0, |at| at + 3);
        let end = text.get(host..).and_then(|rest| rest.find(['/', '?'])).map(|at| host + at);
        let (server, below) = text.split_at(end.unwrap_or(text.len()));
        let rest = below.replace("{study}", "").replace("{accession}", "");
        if rest.contains(['{', '}']) || server.contains(['{', '}']) {
            return Err(InvalidHookAddress::Placeholder);
        }
        let server = server.parse()?;
        // What else cannot stand in a URL is told here rather than with the first study.
        format!("https://hook{rest}")
            .parse::<ureq::http::Uri>()
            .map_err(|_no_uri| InvalidHookAddress::Url(InvalidServiceUrl::Malformed))?;
        if rest.len() == below.len() {
            return Err(InvalidHookAddress::NoStudy);
        }
        Ok(Self { server, below: below.to_owned() })
    }
}

impl HookAddress {
    /// Scheme, host and port.
    pub fn server(&self) -> &ServiceUrl {
        &self.server
    }

    fn below(&self, study: &StudySummary) -> String {
        self.below
            .replace("{study}", &escaped(study.study.as_str()))
            .replace("{accession}", &escaped(&study.accession_number))
    }
}

impl Hook {
    /// Calls it for one study.
    pub(super) fn call(&self, study: &StudySummary, stop: &StopFlag) -> Result<(), PacsError> {
        let web = DicomWeb::stopped_by(self.server.clone(), stop.clone())?;
        let status = web.call(self.method, &self.address.below(study))?;
        let is_success = if self.statuses.is_empty() {
            (200..300).contains(&status)
        } else {
            self.statuses.contains(&status)
        };
        if is_success {
            return Ok(());
        }
        let host = self.address.server.host().to_owned();
        Err(DicomWebError::Status { host, status }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::path("https://archive.test/recall/{study}", Ok("/recall/{study}"))]
    #[case::query("http://archive.test:81?a={accession}", Ok("?a={accession}"))]
    #[case::patient(
        "https://archive.test/{patient_id}/{study}",
        Err(InvalidHookAddress::Placeholder)
    )]
    #[case::host("https://{study}.test/", Err(InvalidHookAddress::Placeholder))]
    #[case::half("https://archive.test/{study", Err(InvalidHookAddress::Placeholder))]
    #[case::nothing("https://archive.test/recall", Err(InvalidHookAddress::NoStudy))]
    #[case::space(
        "https://archive.test/a b/{study}",
        Err(InvalidHookAddress::Url(InvalidServiceUrl::Malformed))
    )]
    #[case::scheme(
        "ftp://archive.test/{study}",
        Err(InvalidHookAddress::Url(InvalidServiceUrl::Scheme))
    )]
    fn addresses(#[case] text: &str, #[case] expected: Result<&str, InvalidHookAddress>) {
        let address = text.parse::<HookAddress>();
        assert_eq!(address.as_ref().map(|one| one.below.as_str()).map_err(Clone::clone), expected);
    }
}
