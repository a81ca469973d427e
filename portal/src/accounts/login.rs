//! Login, sessions, and the change of a password by who knows it.

use jiff::Timestamp;
use store::{
    Account, AccountState, Actor, Admission, Along, Begun, Changed, Outcome, PasswordChange, Proof,
    Session, Through,
};

use crate::accounts::{Accounts, AccountsError, Origin};
use crate::password::{Password, Rule};
use crate::secret::Token;

/// Outcome of [`Accounts::log_in`].
#[derive(Debug)]
pub enum Login {
    /// Somebody is logged in.
    Done {
        /// For the cookie.
        token: Token,
        /// Who.
        authenticated: Box<Authenticated>,
    },
    /// User name or password are wrong, or the account is disabled: nobody learns which.
    Wrong,
    /// Too many attempts: not before this moment.
    Wait {
        /// When.
        until: Timestamp,
    },
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The session.
    pub session: Session,
    /// Who.
    pub account: Account,
}

impl Authenticated {
    /// Whether nothing may be done before the password is changed (S-012).
    ///
    /// Who came through an identity provider did not use the password that has to be changed.
    pub fn must_change_password(&self) -> bool {
        self.account.must_change_password && self.session.through == Through::Password
    }
}

/// Outcome of a change of password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewPassword {
    /// It is changed; all other sessions have ended.
    Done,
    /// The old password, or the code, is not right.
    Wrong,
    /// The new one breaks rules.
    Refused(Vec<Rule>),
    /// It is the old one.
    Unchanged,
    /// Too many attempts: not before this moment.
    Wait {
        /// When.
        until: Timestamp,
    },
}

impl Accounts {
    /// Logs somebody in, in the place of the session `replaces`.
    ///
    /// `device` is what [`Accounts::device`] gave to this browser at an earlier login: attempts from there are
    /// counted by it alone, so that whoever floods an account, or a network that many share, does not hold up
    /// those who logged in before.
    ///
    /// Each call that is not told to wait costs one Argon2, whether there is such an account or not.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn log_in(
        &self,
        user_name: &str,
        password: Password,
        from: Origin,
        replaces: Option<&Token>,
        device: Option<&str>,
    ) -> Result<Login, AccountsError> {
        let typed = user_name.trim().to_ascii_lowercase();
        let keys = self.login_keys(&typed, from);
        let device = device.and_then(|device| self.device_key("login device", &typed, device));
        let (counted, own) = match device {
            Some(device) => (vec![(device, self.limits.guessing)], vec![device]),
            None => (
                vec![
                    (keys.pair, self.limits.guessing),
                    (keys.account, self.limits.account),
                    (keys.network, self.limits.network),
                ],
                // The network keeps its count: one account of one's own must not pay for guessing others.
                vec![keys.pair, keys.account],
            ),
        };
        if let Admission::Wait { until } = self.store.admit_attempt(counted, self.now()).await? {
            return Ok(Login::Wait { until });
        }
        let account = self.account_named(&typed).await?;
        let known = account.as_ref().and_then(|account| account.password.clone());
        let fits = self.hasher.verify(password, known.clone(), from.turn()).await?;
        let account = account.filter(|account| account.state == AccountState::Active);
        let (true, Some(account), Some(known)) = (fits, account, known) else {
            return self.wrong(from).await;
        };
        let (token, session) = self.session(&account, Through::Password)?;
        let mut event = self.event("login", Actor::Account(account.id), Outcome::Done, from);
        event.account = Some(account.id);
        let replaces = replaces.map(Token::hash);
        // The password may have been changed while it was looked at: then the old one opens nothing.
        let proof = Proof::Password(known);
        match self.store.begin_session(session.clone(), proof, replaces, event.into()).await? {
            Begun::NoAccount => self.wrong(from).await,
            Begun::Done => {
                self.store.attempt_succeeded(own).await?;
                let authenticated = Box::new(Authenticated { session, account });
                Ok(Login::Done { token, authenticated })
            }
        }
    }

    /// Refuses, and notes it in the trail.
    async fn wrong(&self, from: Origin) -> Result<Login, AccountsError> {
        let event = self.event("login", Actor::Anonymous, Outcome::Refused, from);
        self.store.record_event(event).await?;
        Ok(Login::Wrong)
    }

    /// Who holds this token; none when the session is over.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub async fn resume(&self, token: &Token) -> Result<Option<Authenticated>, AccountsError> {
        let found = self.store.resume_session(token.hash(), self.now()).await?;
        Ok(found.map(|(session, account)| Authenticated { session, account }))
    }

    /// The same, without it counting as use of the session: for what a page asks by itself.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub async fn glance(&self, token: &Token) -> Result<Option<Authenticated>, AccountsError> {
        let found = self.store.glance_session(token.hash(), self.now()).await?;
        Ok(found.map(|(session, account)| Authenticated { session, account }))
    }

    /// Whether the session of somebody still goes on; asking does not count as use.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub async fn goes_on(&self, who: &Authenticated) -> Result<bool, AccountsError> {
        Ok(self.store.glance_session(who.session.token, self.now()).await?.is_some())
    }

    /// Gives the session of somebody a new token, and its whole life again; none when it is over.
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn renew(&self, who: &Authenticated) -> Result<Option<Token>, AccountsError> {
        let (token, session) = self.session(&who.account, who.session.through)?;
        let old = who.session.token;
        let (proof, along) = (Proof::Session(old), Along::nothing());
        let begun = self.store.begin_session(session, proof, Some(old), along).await?;
        Ok((begun == Begun::Done).then_some(token))
    }

    /// Logs out, also where the session is over: the downloads that were opened in it end too. Tells what was ended.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub async fn log_out(
        &self,
        token: &Token,
        from: Origin,
    ) -> Result<Option<Session>, AccountsError> {
        let Some(session) = self.store.session(token.hash()).await? else { return Ok(None) };
        let event = self.event("logout", Actor::Account(session.account), Outcome::Done, from);
        let is_ended = self.store.end_session(session.token, event.into()).await?;
        Ok(is_ended.then_some(session))
    }

    /// Ends all other sessions of an account, and tells how many, those that were over included.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub async fn log_out_elsewhere(
        &self,
        who: &Authenticated,
        from: Origin,
    ) -> Result<usize, AccountsError> {
        let actor = Actor::Account(who.account.id);
        let event = self.event("logout.elsewhere", actor, Outcome::Done, from);
        let keep = Some(who.session.token);
        Ok(self.store.end_sessions(who.account.id, keep, event.into()).await?)
    }

    /// Changes a password for who knows the old one (S-040 to S-048).
    ///
    /// # Errors
    /// [`AccountsError`].
    pub async fn change_password(
        &self,
        who: &Authenticated,
        old: Password,
        new: Password,
        from: Origin,
    ) -> Result<NewPassword, AccountsError> {
        let key = self.attempt_key("password change", &[who.account.id.as_bytes()]);
        let counted = vec![(key, self.limits.guessing)];
        if let Admission::Wait { until } = self.store.admit_attempt(counted, self.now()).await? {
            return Ok(NewPassword::Wait { until });
        }
        let Some(account) = self.account(who.account.id).await? else {
            return Ok(NewPassword::Wrong);
        };
        if !self.hasher.verify(old.clone(), account.password.clone(), from.turn()).await? {
            let mut event =
                self.event("password.change", Actor::Account(account.id), Outcome::Refused, from);
            event.account = Some(account.id);
            self.store.record_event(event).await?;
            return Ok(NewPassword::Wrong);
        }
        self.store.attempt_succeeded(vec![key]).await?;
        if old.as_str() == new.as_str() {
            return Ok(NewPassword::Unchanged);
        }
        let keep = Some(who.session.token);
        self.set_password(&account, new, keep, Actor::Account(account.id), from).await
    }

    /// Sets a password that somebody may set; the rules hold for it.
    pub(super) async fn set_password(
        &self,
        account: &Account,
        new: Password,
        keep: Option<store::SecretHash>,
        actor: Actor,
        from: Origin,
    ) -> Result<NewPassword, AccountsError> {
        let about = self.about(account).await?;
        let broken = new.broken_rules(&about.iter().map(String::as_str).collect::<Vec<_>>());
        if !broken.is_empty() {
            return Ok(NewPassword::Refused(broken));
        }
        let now = self.now();
        let mut event = self.event("password.change", actor, Outcome::Done, from);
        event.account = Some(account.id);
        let along = Along {
            messages: self.site.password_changed(account, now)?.into_iter().collect(),
            events: vec![event],
        };
        let change = PasswordChange {
            was: account.password.clone(),
            hash: self.hasher.hash(new, from.turn()).await?,
            must_change: false,
            at: now,
            keep,
        };
        Ok(match self.store.change_password(account.id, change, along).await? {
            Changed::Done => NewPassword::Done,
            // Another change came first: what was typed is no longer the old password.
            Changed::Gone | Changed::Stale | Changed::Taken => NewPassword::Wrong,
        })
    }

    pub(super) fn session(
        &self,
        account: &Account,
        through: Through,
    ) -> Result<(Token, Session), AccountsError> {
        let token = Token::fresh()?;
        let now = self.now();
        let session = Session {
            token: token.hash(),
            account: account.id,
            begun: now,
            seen: now,
            idle: self.limits.idle,
            ends: now.checked_add(self.limits.session).unwrap_or(Timestamp::MAX),
            through,
        };
        Ok((token, session))
    }

    pub(super) fn login_keys(&self, typed: &str, from: Origin) -> LoginKeys {
        let network = from.network();
        LoginKeys {
            pair: self.attempt_key("login", &[typed.as_bytes(), &network]),
            account: self.attempt_key("login account", &[typed.as_bytes()]),
            network: self.attempt_key("login network", &[&network]),
        }
    }
}

/// What attempts to log in are counted by.
pub(super) struct LoginKeys {
    pair: store::AttemptKey,
    account: store::AttemptKey,
    pub(super) network: store::AttemptKey,
}
