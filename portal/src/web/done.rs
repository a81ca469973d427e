//! Pages that say that something is done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::web::routes;
use crate::web::session::AccountSession;
use crate::web::shell::Shell;

#[derive(Template)]
#[template(path = "done.html")]
struct DonePage<'a> {
    shell: &'a Shell,
    heading: &'static str,
    sentence: &'static str,
    next: &'static str,
    next_name: &'static str,
}

/// The password was changed.
pub(crate) async fn password_changed(shell: Shell, _who: AccountSession) -> Response {
    let text = shell.text;
    page(&shell, text.password_title(), text.password_changed(), routes::HOME)
}

/// All other sessions have ended.
pub(crate) async fn elsewhere(shell: Shell, _who: AccountSession) -> Response {
    let text = shell.text;
    page(&shell, text.shell_log_out_elsewhere(), text.login_ended_elsewhere(), routes::HOME)
}

/// A user name is on its way, if there is one.
pub(crate) async fn recovery_sent(shell: Shell) -> Response {
    page(&shell, shell.text.recovery_user_name(), shell.text.recovery_sent(), routes::LOGIN)
}

/// The password was recovered.
pub(crate) async fn recovery_changed(shell: Shell) -> Response {
    page(&shell, shell.text.recovery_password(), shell.text.recovery_changed(), routes::LOGIN)
}

fn page(
    shell: &Shell,
    heading: &'static str,
    sentence: &'static str,
    next: &'static str,
) -> Response {
    let next_name =
        if next == routes::LOGIN { shell.text.login_title() } else { shell.text.shell_go_on() };
    shell.page(StatusCode::OK, &DonePage { shell, heading, sentence, next, next_name })
}
