//! The address of a client: of the connection, or what a trusted proxy says.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::accounts::Origin;
use crate::listen::Peer;
use crate::web::App;
use crate::web::error::Refusal;

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) Origin);

impl FromRequestParts<App> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Some(Peer(Some(peer))) = parts.extensions.get::<Peer>() else {
            return Err(Refusal::Fault("a request without an address"));
        };
        Ok(Self(Origin(app.settings.transport().client(peer.ip(), &parts.headers))))
    }
}
