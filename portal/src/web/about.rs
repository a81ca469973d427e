//! Pages that say how the portal is used, and what it does with whom: help, accessibility, privacy.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::web::pictures::{Pictures, pictures};
use crate::web::shell::Shell;

/// The quick guide, a part for patients and one for recipients (S-001, S-003, S-004, S-038).
#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage<'a> {
    shell: &'a Shell,
    pictures: &'static Pictures,
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct AccessibilityPage<'a> {
    shell: &'a Shell,
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct PrivacyPage<'a> {
    shell: &'a Shell,
}

pub(crate) async fn help(shell: Shell) -> Response {
    let pictures = pictures(shell.text.language());
    shell.page(StatusCode::OK, &HelpPage { shell: &shell, pictures })
}

pub(crate) async fn accessibility(shell: Shell) -> Response {
    shell.page(StatusCode::OK, &AccessibilityPage { shell: &shell })
}

pub(crate) async fn privacy(shell: Shell) -> Response {
    shell.page(StatusCode::OK, &PrivacyPage { shell: &shell })
}
