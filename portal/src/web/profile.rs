//! What the site knows of a person, to be read only (S-050 to S-056).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::Page;
use crate::web::App;
use crate::web::client::Client;
use crate::web::error::Refusal;
use crate::web::patient::{Frame, Tab};
use crate::web::person::PatientSession;
use crate::web::shell::Shell;

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage<'a> {
    shell: &'a Shell,
    frame: Frame,
}

pub(crate) async fn show(
    State(app): State<App>,
    Client(from): Client,
    shell: Shell,
    session: PatientSession,
) -> Result<Response, Refusal> {
    app.services.accounts.views(&session.who, session.person.id, Page::Profile, from).await?;
    let frame = Frame::new(&session, Some(Tab::Profile), app.services.clock.now(), shell.text);
    Ok(shell.page(StatusCode::OK, &ProfilePage { shell: &shell, frame }))
}
