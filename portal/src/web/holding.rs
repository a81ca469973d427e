//! Whose downloads a path is about: those of who is logged in, or, below what is shared, those of a recipient.
//!
//! **Invariant:** below `/shared/` only the cookie of that share counts, and elsewhere only that of a login: neither
//! opens anything of the other.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use store::{Holder, OpenShare, SecretHash, ShareId, ShareSession};

use crate::web::App;
use crate::web::cookie::Cookie;
use crate::web::error::Refusal;
use crate::web::routes::is_shared;
use crate::web::session::{AccountSession, Glance, is_by_itself};

/// Somebody who came in by the PIN of the share that the path names.
#[derive(Debug, Clone)]
pub(crate) struct UnlockedShare {
    pub(crate) session: ShareSession,
    pub(crate) open: OpenShare,
}

/// The share that a path names.
async fn named(parts: &mut Parts, app: &App) -> Result<ShareId, Refusal> {
    let path = RawPathParams::from_request_parts(parts, app).await;
    let path = path.map_err(|_odd| Refusal::NotFound)?;
    let named = path.iter().find(|(name, _)| *name == "share").map(|(_, value)| value);
    named.and_then(|named| named.parse().ok()).ok_or(Refusal::Locked)
}

impl UnlockedShare {
    async fn read(parts: &mut Parts, app: &App, counts: bool) -> Result<Self, Refusal> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let share = named(parts, app).await?;
        let token = Cookie::Share.token(&parts.headers).ok_or(Refusal::Locked)?;
        let shares = &app.services.shares;
        let counts = counts && !is_by_itself(&parts.uri);
        let found =
            if counts { shares.resume(&token).await? } else { shares.glance(&token).await? };
        let (session, open) = found.ok_or(Refusal::Locked)?;
        if session.share != share {
            return Err(Refusal::Locked);
        }
        let unlocked = Self { session, open };
        parts.extensions.insert(unlocked.clone());
        Ok(unlocked)
    }
}

impl FromRequestParts<App> for UnlockedShare {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        Self::read(parts, app, true).await
    }
}

/// Who asks, and in which session.
#[derive(Debug, Clone)]
pub(crate) struct Holding {
    pub(crate) holder: Holder,
    pub(crate) session: SecretHash,
}

impl From<UnlockedShare> for Holding {
    fn from(UnlockedShare { session, open }: UnlockedShare) -> Self {
        Self { holder: open.into(), session: session.token }
    }
}

impl FromRequestParts<App> for Holding {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if is_shared(parts.uri.path()) {
            return Ok(UnlockedShare::read(parts, app, true).await?.into());
        }
        let AccountSession(who) = AccountSession::from_request_parts(parts, app).await?;
        Ok(Self { holder: who.account.into(), session: who.session.token })
    }
}

/// The same, asked by the script of a page: it does not count as use.
#[derive(Debug, Clone)]
pub(crate) struct Glanced(pub(crate) Holding);

impl FromRequestParts<App> for Glanced {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        if is_shared(parts.uri.path()) {
            return Ok(Self(UnlockedShare::read(parts, app, false).await?.into()));
        }
        let Glance(who) = Glance::from_request_parts(parts, app).await?;
        Ok(Self(Holding { holder: who.account.into(), session: who.session.token }))
    }
}

impl Holding {
    /// Whether the session still goes on; asking does not count as use.
    pub(crate) async fn goes_on(&self, app: &App) -> bool {
        let (store, now) = (&app.services.store, app.services.clock.now());
        let found = match &self.holder {
            Holder::Account(_) => {
                store.glance_session(self.session, now).await.map(|found| found.is_some())
            }
            Holder::Recipient(_) => {
                store.glance_share_session(self.session, now).await.map(|found| found.is_some())
            }
        };
        found.unwrap_or(false)
    }
}
