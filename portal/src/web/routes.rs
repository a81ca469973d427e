//! Every route on one page.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::web::form::LONGEST_FORM;
use crate::web::{App, assets, language, login};

/// Log in.
pub(crate) const LOGIN: &str = "/login";
/// Log out.
pub(crate) const LOGOUT: &str = "/logout";
/// Change the password.
pub(crate) const PASSWORD: &str = "/password";
/// Choose a language.
pub(crate) const LANGUAGE: &str = "/language";
/// Where somebody who is logged in begins.
pub(crate) const HOME: &str = "/";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(HOME, get(login::home))
        .route(LOGIN, get(login::show).post(login::log_in))
        .route(LOGOUT, post(login::log_out))
        .route(LANGUAGE, post(language::choose))
        .route(assets::STYLE_ROUTE, get(assets::style))
        .route(assets::SCRIPT_ROUTE, get(assets::script))
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
}
