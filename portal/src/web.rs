//! The pages of the patients.
//!
//! **Invariant:** what a handler may do follows from what it is handed: a session, never a flag.
//! **Invariant:** nothing of a person is in a URL.

mod about;
mod amounts;
mod assets;
mod byte_range;
mod client;
mod compression;
mod cookie;
mod dates;
mod done;
mod downloads;
mod enter;
mod error;
mod form;
mod guard;
mod holding;
mod language;
mod live;
mod login;
mod looks;
mod narrowing;
mod news;
mod order;
mod orders;
mod outbox;
mod package;
mod pages;
mod panel;
mod password;
mod patient;
mod person;
mod pictures;
mod pieces;
mod profile;
mod provider;
mod reading;
mod recovery;
mod report;
mod routes;
mod session;
mod settings;
mod shared;
mod shares;
mod shell;
mod toast;
mod viewer;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use texts::Language;

use crate::app::Services;
use crate::task::Stop;
use crate::visits::Visits;
use crate::web::assets::{LogoImage, theme_path};
use crate::web::looks::Visit;
pub(crate) use dates::{display_date, display_timestamp};
pub use routes::paths;
pub use settings::{UnusableWeb, WebSettings};

/// What every handler stands on.
#[derive(Debug)]
pub(crate) struct Web {
    pub(crate) services: Services,
    pub(crate) settings: WebSettings,
    /// The logo of the institution.
    pub(crate) logo: Option<LogoImage>,
    /// Where its colours are.
    pub(crate) theme: Option<String>,
    /// When answers that have no end by themselves end.
    pub(crate) stop: Stop,
    /// Who was told of late to look into which package.
    visits: Visits<Visit>,
}

impl Web {
    /// What the institution is called in a language.
    fn institution(&self, language: Language) -> &str {
        match &self.settings.branding().name {
            Some(name) => name.of(language),
            None => &self.services.accounts.site().institution,
        }
    }
}

/// The state of the router.
pub(crate) type App = Arc<Web>;

/// The router of the patients' listener.
pub(crate) fn router(services: Services, settings: WebSettings, shown: bool, stop: Stop) -> Router {
    let branding = settings.branding();
    let (logo, theme) = (branding.logo.as_ref().map(LogoImage::of), theme_path(&branding.theme));
    let app = Arc::new(Web { services, settings, logo, theme, stop, visits: Visits::default() });
    routes::routes(shown)
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&app), guard::same_origin))
        .layer(from_fn_with_state(Arc::clone(&app), guard::time_out))
        .layer(from_fn_with_state(Arc::clone(&app), guard::head_limits))
        .layer(from_fn_with_state(Arc::clone(&app), error::pages_for_errors))
        .layer(from_fn(compression::compressed))
        .layer(from_fn_with_state(Arc::clone(&app), guard::headers))
        .with_state(app)
}
