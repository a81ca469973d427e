//! Administration: what the site's own programs and people do, as an HTTP API.
//!
//! One router serves three callers: programs with a token at a listener of its own, the console through a
//! socket in the store's folder, and the command line in process while no server runs. A route, its scope
//! and its description are one declaration, and the guard reads the scope from the description.
//!
//! **Invariant:** a route without a scope in the description is served to nobody.
//! **Invariant:** what is done, or read of a person, is in the audit trail by the name of the token.
//! **Invariant:** no value of a person is in a path, a query, a problem or an event.

#![expect(
    unused_qualifications,
    reason = "what the macros of utoipa write of the parameters looks so"
)]

mod account;
mod accounts;
mod audit;
mod body;
mod console;
mod etag;
mod export;
mod guard;
mod import;
mod jobs;
mod messages;
mod openapi;
mod order;
mod orders;
mod paging;
mod person;
mod persons;
mod problem;
mod reports;
mod scope;
mod shares;
mod token;
mod values;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use store::{AccountId, Actor, Event, Outcome, PersonId, SledStore};

use crate::admin::guard::Caller;
use crate::app::Services;
use crate::listen::Transport;
pub use console::{Console, ConsoleError};
pub(crate) use console::{listen as console_listener, trusted};
pub use openapi::description;
pub use scope::{NotAScope, Scope};
pub use token::{AdminToken, AdminTokens};
pub(crate) use values::{Email, Phone};

/// How long things are kept that nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Events of the audit trail; none for as long as the disk lasts.
    pub audit_days: Option<u32>,
    /// Messages that were sent or given up.
    pub messages_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { audit_days: Some(730), messages_days: 30 }
    }
}

/// How administration is set up.
#[derive(Debug, Clone, Default)]
pub struct AdminSettings {
    /// Who may do what at the listener.
    pub tokens: AdminTokens,
    /// The listener for programs; the console needs none.
    pub listen: Option<(SocketAddr, Transport)>,
    /// The one folder that backups are written to.
    pub backups: Option<PathBuf>,
    /// How long things are kept.
    pub retention: Retention,
}

/// What every handler stands on.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) services: Services,
    pub(crate) embedded: Arc<SledStore>,
    pub(crate) settings: AdminSettings,
    operations: guard::Operations,
    wrong: token::WrongTokens,
}

/// The state of the router.
pub(crate) type App = Arc<Admin>;

/// The router of the administrators. Without a token, or a [`Caller`] in its extensions, a request is
/// refused.
pub(crate) fn router(
    services: Services,
    embedded: Arc<SledStore>,
    settings: AdminSettings,
) -> Router {
    let (routes, description) = openapi::routes().split_for_parts();
    let operations = guard::Operations::of(&description);
    let wrong = token::WrongTokens::default();
    let app = Arc::new(Admin { services, embedded, settings, operations, wrong });
    routes.layer(from_fn_with_state(Arc::clone(&app), guard::guard)).with_state(app)
}

impl Admin {
    /// The address of a client.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        match &self.settings.listen {
            Some((_, transport)) => transport.client(peer, headers),
            None => peer,
        }
    }

    /// That a caller did something.
    fn event(
        &self,
        caller: &Caller,
        action: &str,
        person: Option<PersonId>,
        account: Option<AccountId>,
    ) -> Event {
        Event {
            at: self.services.clock.now(),
            actor: Actor::Admin(caller.name().to_owned()),
            action: action.to_owned(),
            person,
            account,
            object: None,
            outcome: Outcome::Done,
            address: caller.address(),
        }
    }
}
