//! What stands before every route: who is there, may they do it, and that they did.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use store::{Actor, Event, Outcome};
use utoipa::openapi::OpenApi;

use crate::admin::problem::Problem;
use crate::admin::scope::Scope;
use crate::admin::token::AdminToken;
use crate::admin::{Admin, App};
use crate::listen::Peer;

/// Who administers.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    name: String,
    scopes: Arc<[Scope]>,
    address: Option<IpAddr>,
}

impl Caller {
    /// Somebody at the machine itself, who could read the store's files as well.
    pub(crate) fn console() -> Self {
        Self { name: "console".to_owned(), scopes: Scope::ALL.into(), address: None }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// For a right beyond the one of the route.
    ///
    /// # Errors
    /// When the token lacks it.
    pub(crate) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(&scope) { Ok(()) } else { Err(Problem::forbidden(scope.as_str())) }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(Problem::unauthorized)
    }
}

/// What a route is, as the description says it.
#[derive(Debug, Clone)]
struct Operation {
    /// Its `operationId`: what the audit trail calls it.
    id: String,
    access: Access,
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Whoever has a token.
    Anybody,
    /// Whoever has one with this scope.
    With(Scope),
    /// The description does not say.
    Nobody,
}

/// The routes by path and method.
#[derive(Debug)]
pub(crate) struct Operations(HashMap<String, BTreeMap<String, Operation>>);

impl Operations {
    /// Reads them from the description.
    pub(crate) fn of(description: &OpenApi) -> Self {
        let document = serde_json::to_value(description).unwrap_or_default();
        let mut operations: HashMap<_, BTreeMap<_, _>> = HashMap::new();
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        for (path, methods) in paths {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
                let operation = Operation { id: id.to_owned(), access: Access::of(operation) };
                let at_path = operations.entry(path.clone()).or_default();
                at_path.insert(method.to_ascii_uppercase(), operation);
            }
        }
        Self(operations)
    }

    /// The operation, or the problem that there is none.
    fn get(&self, method: &Method, path: Option<&MatchedPath>) -> Result<&Operation, Problem> {
        let at_path = path.and_then(|path| self.0.get(path.as_str()));
        let at_path = at_path.ok_or_else(|| Problem::missing("resource"))?;
        let method = if method == Method::HEAD { &Method::GET } else { method };
        at_path.get(method.as_str()).ok_or_else(|| {
            Problem::method(&at_path.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
        })
    }
}

impl Access {
    fn of(operation: &Value) -> Self {
        let scopes = operation.pointer("/security/0/token").and_then(Value::as_array);
        match scopes.map(Vec::as_slice) {
            Some([]) => Self::Anybody,
            Some([scope]) => {
                let scope = scope.as_str().and_then(|text| text.parse().ok());
                scope.map_or(Self::Nobody, Self::With)
            }
            _ => Self::Nobody,
        }
    }
}

/// Lets a request through to its route, or answers instead.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match guarded(&app, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn guarded(app: &Admin, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = match parts.extensions.get::<Caller>() {
        Some(caller) => caller.clone(),
        None => authenticate(app, &parts).await?,
    };
    let path = parts.extensions.get::<MatchedPath>().cloned();
    let operation = app.operations.get(&parts.method, path.as_ref())?;
    let event = about(app, &caller, operation, &mut parts).await;
    let allowed = match operation.access {
        Access::Anybody => Ok(()),
        Access::With(scope) => caller.needs(scope),
        Access::Nobody => Err(Problem::forbidden("that the route has not")),
    };
    if let Err(problem) = allowed {
        app.services.store.record_event(Event { outcome: Outcome::Refused, ..event }).await?;
        return Err(problem);
    }
    let reads = [Method::GET, Method::HEAD].contains(&parts.method);
    parts.extensions.insert(caller);
    let response = next.run(Request::from_parts(parts, body)).await;
    // A read is answered when it is in the trail; what changes something puts it there by itself.
    if reads && operation.access != Access::Anybody && response.status().is_success() {
        app.services.store.record_event(event).await?;
    }
    Ok(response)
}

/// The event of an operation: person and account are those of the path.
async fn about(app: &Admin, caller: &Caller, operation: &Operation, parts: &mut Parts) -> Event {
    let mut event = app.event(caller, &operation.id, None, None);
    if let Ok(parameters) = RawPathParams::from_request_parts(parts, &()).await {
        for (name, value) in &parameters {
            match name {
                "person" => event.person = value.parse().ok(),
                "account" => event.account = value.parse().ok(),
                _ => {}
            }
        }
    }
    event
}

async fn authenticate(app: &Admin, parts: &Parts) -> Result<Caller, Problem> {
    let address = match parts.extensions.get::<Peer>() {
        Some(Peer(Some(peer))) => app.client(peer.ip(), &parts.headers),
        _ => return Err(Problem::unauthorized()),
    };
    let now = app.services.clock.now();
    if let Some(until) = app.wrong.wait(address, now) {
        return Err(Problem::slowed(app.services.seconds_until(until)));
    }
    let Some(text) = bearer(parts) else { return Err(Problem::unauthorized()) };
    let tokens = app.settings.tokens.all();
    if let Some(token) = AdminToken::find(&tokens, text) {
        return Ok(Caller {
            name: token.name.clone(),
            scopes: token.scopes.as_slice().into(),
            address: Some(address),
        });
    }
    app.wrong.count(address, now);
    let event = Event {
        at: now,
        actor: Actor::Anonymous,
        action: "admin.token".to_owned(),
        person: None,
        account: None,
        object: None,
        outcome: Outcome::Refused,
        address: Some(address),
    };
    app.services.store.record_event(event).await?;
    Err(Problem::unauthorized())
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1).
fn bearer(parts: &Parts) -> Option<&str> {
    let mut sent = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (sent.next(), sent.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
