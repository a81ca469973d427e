//! The provider as the portal knows it at the moment, and who it says that somebody is.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard, Semaphore};

use crate::clock::Clock;
use crate::oidc::client::{Client, Tokens};
use crate::oidc::discovery::Metadata;
use crate::oidc::error::OidcError;
use crate::oidc::id_token::{Claims, Expected, TokenFault, verify};
use crate::oidc::keys::Keys;
use crate::oidc::pending::{Pending, challenge};
use crate::oidc::settings::OidcSettings;
use crate::oidc::{InvalidOidc, RETURN_PATH};
use crate::secret::SiteSecret;

/// What it said is believed for so long.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// Between two tries that somebody waits for.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);
/// Keys are not fetched anew for a token more often: anybody can send one with a key that is not there.
const KEYS_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// For all that is asked while somebody waits for a page, which takes no longer than a request may.
const PATIENCE: Duration = Duration::from_secs(20);
/// Exchanges at a time: a provider that hangs holds no more threads.
const EXCHANGES: usize = 16;
/// The longest value of a claim, in bytes.
const LONGEST_CLAIM: usize = 255;

/// A provider. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    redirect_uri: String,
    clock: Clock,
    known: RwLock<Known>,
    /// One asks, the others wait for what it learns.
    asking: Mutex<()>,
    exchanges: Semaphore,
}

/// What is known of the provider.
#[derive(Debug, Clone, Default)]
struct Known {
    said: Option<Arc<Said>>,
    /// The last try to ask, and whether it failed.
    tried: Option<Timestamp>,
    is_failing: bool,
}

/// What a provider said, and when.
#[derive(Debug)]
struct Said {
    at: Timestamp,
    metadata: Metadata,
    keys: Keys,
}

impl Provider {
    /// For browsers that call the portal `origin`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`InvalidOidc`].
    pub fn new(settings: OidcSettings, origin: &str, clock: Clock) -> Result<Self, InvalidOidc> {
        let inner = Inner {
            client: Client::new(settings)?,
            redirect_uri: format!("{origin}{RETURN_PATH}"),
            clock,
            known: RwLock::default(),
            asking: Mutex::default(),
            exchanges: Semaphore::new(EXCHANGES),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// What is configured.
    pub fn settings(&self) -> &OidcSettings {
        self.0.client.settings()
    }

    /// Whether it answered when it was last asked; true before.
    pub fn is_reachable(&self) -> bool {
        !self.known().is_failing
    }

    /// Asks what it is; what comes of it is told to the log, and remembered.
    pub(super) async fn refresh(&self) {
        let _asking = self.0.asking.lock().await;
        drop(self.ask(Instant::now() + PATIENCE).await);
    }

    /// Where a browser goes to log in there (Core §3.1.2.1).
    ///
    /// # Errors
    /// When the provider does not answer.
    pub(crate) async fn authorization_address(
        &self,
        pending: &Pending,
        secret: &SiteSecret,
        language: &str,
    ) -> Result<String, OidcError> {
        let said = self.said(Instant::now() + PATIENCE).await?;
        let settings = self.settings();
        let (state, nonce) = (pending.state(secret), pending.nonce(secret));
        let (scope, acr) = (settings.scope(), settings.acr_values.join(" "));
        let challenge = challenge(&pending.verifier(secret));
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", &settings.client_id),
            ("redirect_uri", &self.0.redirect_uri),
            ("scope", &scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("ui_locales", language),
        ];
        if !acr.is_empty() {
            query.push(("acr_values", &acr));
        }
        with_query(&said.metadata.authorization, &query).ok_or(OidcError::Bug)
    }

    /// Where a browser goes to log out there too (`OpenID` Connect RP-Initiated Logout 1.0 §2), and then to `back`.
    /// The ID token does not go along: it is full of claims, and addresses are remembered.
    pub(crate) fn logout_address(&self, back: &str) -> Option<String> {
        let said = self.known().said?;
        let query =
            [("client_id", &*self.settings().client_id), ("post_logout_redirect_uri", back)];
        with_query(said.metadata.end_session.as_deref()?, &query)
    }

    /// Whether an answer names the issuer that it must (RFC 9207 §2.4).
    pub(crate) fn is_from_here(&self, issuer: Option<&str>) -> bool {
        match issuer {
            Some(issuer) => issuer == self.settings().issuer,
            None => self.known().said.is_none_or(|said| !said.metadata.names_issuer),
        }
    }

    /// Who somebody is who came back with a code: the value of the claim that is configured.
    ///
    /// # Errors
    /// [`OidcError`].
    pub(crate) async fn identify(
        &self,
        code: &str,
        pending: &Pending,
        secret: &SiteSecret,
    ) -> Result<String, OidcError> {
        let _slot = self.0.exchanges.try_acquire().map_err(|_full| OidcError::NotNow)?;
        let deadline = Instant::now() + PATIENCE;
        let client = self.0.client.until(deadline);
        // A round that failed meanwhile says nothing of the code that is here.
        let said = match self.recent() {
            Some(said) => said,
            None => self.said(deadline).await?,
        };
        let (code, verifier) = (code.to_owned(), pending.verifier(secret));
        let (asked, asking) = (Arc::clone(&said), client.clone());
        let redirect_uri = self.0.redirect_uri.clone();
        let exchange = move || asking.exchange(&asked.metadata, &code, &verifier, &redirect_uri);
        let tokens = blocking(exchange).await?;
        let claims = self.verified(&tokens, &pending.nonce(secret), &said, deadline).await?;
        let name = &self.settings().claim;
        let value = match (claims.all.get(name), &said.metadata.user_info) {
            (Some(value), _) => Some(value.clone()),
            (None, Some(address)) => {
                let address = address.clone();
                let Claims { subject, .. } = claims;
                let info = blocking(move || client.user_info(&address, &tokens, &subject)).await?;
                info.get(name).cloned()
            }
            (None, None) => None,
        };
        let value = value.as_ref().and_then(Value::as_str).map(str::trim);
        let value = value.filter(|value| (1..=LONGEST_CLAIM).contains(&value.len()));
        Ok(value.ok_or_else(|| OidcError::NoClaim { claim: name.clone() })?.to_owned())
    }

    /// What the ID token says; a key that is not known may be a new one.
    async fn verified(
        &self,
        tokens: &Tokens,
        nonce: &str,
        said: &Arc<Said>,
        deadline: Instant,
    ) -> Result<Claims, OidcError> {
        let settings = self.settings();
        let expected = Expected {
            issuer: &settings.issuer,
            client_id: &settings.client_id,
            nonce,
            acr_values: &settings.acr_values,
        };
        let with =
            |said: &Said| verify(&tokens.id_token, &said.keys, &expected, self.0.clock.now());
        match with(said) {
            Err(TokenFault::UnknownKey) => Ok(with(&*self.newer_than(said, deadline).await?)?),
            outcome => Ok(outcome?),
        }
    }

    fn known(&self) -> Known {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it said last, if that is fresh and it still answers; else it is asked.
    async fn said(&self, deadline: Instant) -> Result<Arc<Said>, OidcError> {
        if let Some(said) = self.fresh() {
            return Ok(said);
        }
        let _asking = self.turn(deadline).await?;
        if let Some(said) = self.fresh() {
            return Ok(said);
        }
        let paused = self.known().tried.is_some_and(|tried| self.age(tried) < PAUSE);
        if paused { Err(OidcError::NotNow) } else { self.ask(deadline).await }
    }

    /// To ask; others may be asking so long that nobody waits any more.
    async fn turn(&self, deadline: Instant) -> Result<MutexGuard<'_, ()>, OidcError> {
        let turn = tokio::time::timeout_at(deadline.into(), self.0.asking.lock());
        turn.await.map_err(|_late| OidcError::NotNow)
    }

    fn fresh(&self) -> Option<Arc<Said>> {
        self.recent().filter(|_| self.is_reachable())
    }

    fn recent(&self) -> Option<Arc<Said>> {
        self.known().said.filter(|said| self.age(said.at) < FRESH)
    }

    /// What it says now; the same when it was asked shortly before.
    async fn newer_than(
        &self,
        said: &Arc<Said>,
        deadline: Instant,
    ) -> Result<Arc<Said>, OidcError> {
        let _asking = self.turn(deadline).await?;
        match self.known().said {
            Some(newer) if newer.at > said.at => Ok(newer),
            _ if self.age(said.at) < KEYS_PAUSE => Ok(Arc::clone(said)),
            _ => self.ask(deadline).await,
        }
    }

    fn age(&self, at: Timestamp) -> SignedDuration {
        self.0.clock.now().duration_since(at)
    }

    /// Asks, and remembers what it learns.
    async fn ask(&self, deadline: Instant) -> Result<Arc<Said>, OidcError> {
        let (client, at) = (self.0.client.until(deadline), self.0.clock.now());
        let asked = blocking(move || {
            let metadata = client.discover()?.metadata;
            let keys = client.keys(&metadata)?;
            Ok(Arc::new(Said { at, metadata, keys }))
        })
        .await;
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let was_failing = known.is_failing;
        known.tried = Some(at);
        known.is_failing = asked.is_err();
        match &asked {
            Ok(said) => {
                known.said = Some(Arc::clone(said));
                if was_failing {
                    tracing::info!("the identity provider answers again");
                }
            }
            Err(error) if !was_failing => {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "the identity provider cannot be used"
                );
            }
            Err(_same) => {}
        }
        asked
    }
}

/// Runs a request on a thread that may block.
async fn blocking<T: Send + 'static>(
    request: impl FnOnce() -> Result<T, OidcError> + Send + 'static,
) -> Result<T, OidcError> {
    tokio::task::spawn_blocking(request).await.map_err(|_panic| OidcError::Bug)?
}

/// An address with more in its query.
fn with_query(address: &str, query: &[(&str, &str)]) -> Option<String> {
    let separator = if address.contains('?') { '&' } else { '?' };
    Some(format!("{address}{separator}{}", serde_urlencoded::to_string(query).ok()?))
}
