//! Who is asking: the types that a handler demands.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;

use crate::accounts::Authenticated;
use crate::web::App;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;

/// Whether a page asks by itself, and not somebody: the query of the address is `again`. Browsers that load a page
/// anew can say it nowhere else. Whoever sends it by hand has nothing of it: their session ends the sooner.
pub(crate) fn is_by_itself(address: &Uri) -> bool {
    address.query() == Some("again")
}

/// Where a page comes again by itself. Whoever opens it is led there first: loading the same address anew leaves no
/// step among those that lead back, another address would.
pub(crate) fn by_itself(path: &str) -> String {
    format!("{path}?again")
}

/// Whoever comes, logged in or not. Read once a request; what a page asks by itself does not count as use.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(pub(crate) Option<Authenticated>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if let Some(visitor) = parts.extensions.get::<Self>() {
            return Ok(visitor.clone());
        }
        let accounts = &app.services.accounts;
        let visitor = Self(match Cookie::Session.token(&parts.headers) {
            Some(token) if is_by_itself(&parts.uri) => accounts.glance(&token).await?,
            Some(token) => accounts.resume(&token).await?,
            None => None,
        });
        parts.extensions.insert(visitor.clone());
        Ok(visitor)
    }
}

/// Somebody who is logged in, and perhaps has to change the password before anything else.
#[derive(Debug, Clone)]
pub(crate) struct AnySession(pub(crate) Authenticated);

impl FromRequestParts<App> for AnySession {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Visitor(who) = Visitor::from_request_parts(parts, app).await?;
        who.map(Self).ok_or(Refusal::LogIn)
    }
}

/// Somebody who is logged in with a password of their own choice (S-012).
#[derive(Debug, Clone)]
pub(crate) struct AccountSession(pub(crate) Authenticated);

impl FromRequestParts<App> for AccountSession {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let AnySession(who) = AnySession::from_request_parts(parts, app).await?;
        if who.must_change_password() { Err(Refusal::ChangePassword) } else { Ok(Self(who)) }
    }
}

/// Somebody who is logged in with a password of their own, asked by the script of a page: it does not count as use.
#[derive(Debug, Clone)]
pub(crate) struct Glance(pub(crate) Authenticated);

impl FromRequestParts<App> for Glance {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let token = Cookie::Session.token(&parts.headers).ok_or(Refusal::LogIn)?;
        let who = app.services.accounts.glance(&token).await?.ok_or(Refusal::LogIn)?;
        if who.must_change_password() { Err(Refusal::ChangePassword) } else { Ok(Self(who)) }
    }
}
