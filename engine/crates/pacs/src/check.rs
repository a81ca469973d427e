//! Tries a PACS step by step, so that what fails is the step that has to be mended.
//!
//! What follows a failed step is not tried: it could only fail too. C-GET and C-MOVE are two ways to the
//! same end, so each is tried.

mod dicomweb;
mod dimse;
mod sample;

use crate::dimse::wire::StopFlag;
use crate::error::PacsError;
use crate::settings::{PacsSettings, Service};

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckStep {
    /// The name of the host.
    Dns,
    /// A TCP connection.
    Tcp,
    /// TLS over it.
    Tls,
    /// An association with one presentation context.
    Association,
    /// C-ECHO.
    CEcho,
    /// C-FIND at STUDY, SERIES and IMAGE level.
    CFind,
    /// C-GET of one instance.
    CGet,
    /// C-MOVE of one instance to our Store SCP.
    CMove,
    /// A token of an OAuth 2 service.
    Token,
    /// QIDO-RS for studies, series and instances.
    Qido,
    /// WADO-RS of one instance.
    Wado,
    /// The clock of the PACS beside ours.
    Clock,
}

impl CheckStep {
    /// The name of the field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Association => "association",
            Self::CEcho => "C-ECHO",
            Self::CFind => "C-FIND",
            Self::CGet => "C-GET",
            Self::CMove => "C-MOVE",
            Self::Token => "token",
            Self::Qido => "QIDO-RS",
            Self::Wado => "WADO-RS",
            Self::Clock => "clock",
        }
    }
}

/// What became of a step: what works, or what to change. Both are sentences without patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was tried.
    pub step: CheckStep,
    /// What works, or what to change and where.
    pub result: Result<String, String>,
}

/// Takes note of each step as it ends.
struct Tell<'a>(&'a mut dyn FnMut(Check));

impl Tell<'_> {
    /// Gives what worked, to go on with.
    fn step<T>(
        &mut self,
        step: CheckStep,
        result: Result<T, PacsError>,
        sentence: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let (told, value) = match result {
            Ok(value) => (Ok(sentence(&value)), Some(value)),
            Err(error) => (Err(error.to_string()), None),
        };
        (self.0)(Check { step, result: told });
        value
    }
}

/// Tries a PACS; `tell` gets each step as it ends.
pub fn check(settings: &PacsSettings, stop: &StopFlag, tell: &mut dyn FnMut(Check)) {
    let mut tell = Tell(tell);
    match &settings.service {
        Service::Dimse(of_dimse) => drop(dimse::check(of_dimse, stop, &mut tell)),
        Service::DicomWeb(web) => drop(dicomweb::check(web, stop, &mut tell)),
    }
}
