//! The pages of the patients.
//!
//! **Invariant:** what a handler may do follows from what it is handed: a session, never a flag.
//! **Invariant:** nothing of a person is in a URL.

mod assets;
mod client;
mod cookie;
mod dates;
mod done;
mod error;
mod form;
mod guard;
mod language;
mod login;
mod order;
mod orders;
mod outbox;
mod password;
mod patient;
mod person;
mod profile;
mod provider;
mod recovery;
mod routes;
mod session;
mod settings;
mod shell;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::app::Services;
pub use routes::paths;
pub use settings::{UnusableWeb, WebSettings};

/// What every handler stands on.
#[derive(Debug)]
pub(crate) struct Web {
    pub(crate) services: Services,
    pub(crate) settings: WebSettings,
}

/// The state of the router.
pub(crate) type App = Arc<Web>;

/// The router of the patients' listener.
pub(crate) fn router(services: Services, settings: WebSettings, shown: bool) -> Router {
    let app = Arc::new(Web { services, settings });
    routes::routes(shown)
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&app), error::pages_for_errors))
        .layer(from_fn_with_state(Arc::clone(&app), guard::same_origin))
        .layer(from_fn_with_state(Arc::clone(&app), guard::time_out))
        .layer(from_fn_with_state(Arc::clone(&app), guard::headers))
        .with_state(app)
}
