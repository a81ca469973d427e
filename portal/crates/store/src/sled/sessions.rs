//! [`Sessions`] in sled.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountState};
use crate::along::Along;
use crate::error::StoreError;
use crate::id::{AccountId, SecretHash};
use crate::session::{
    Admission, AttemptKey, AttemptPolicy, Begun, KNOWN_WHEN_OVER, OneTimeCode, Proof, Purpose,
    SEEN_GRAIN, Session, Sessions, Spent, TriedBy,
};
use crate::sled::SledStore;
use crate::sled::accounts::end_all;
use crate::sled::downloads;
use crate::sled::key::Key;
use crate::sled::overlay::{Outcome, ReadError, StoreFault, Transaction, View};
use crate::sled::table::{Index, Record, Table};

impl Record for Session {
    const TABLE: Table = Table::Sessions;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.token.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let by_account = Key::new().fixed(self.account.as_bytes()).fixed(self.token.as_bytes());
        // The idle limit moves with each use: the index has the end that does not.
        let by_end = Key::new().moment(self.ends).fixed(self.token.as_bytes());
        vec![
            Index::SessionByAccount.key(&by_account.build()),
            Index::SessionByEnd.key(&by_end.build()),
        ]
    }
}

impl Record for OneTimeCode {
    const TABLE: Table = Table::Codes;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        code_key(self.account, self.purpose)
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let key = Key::new().moment(self.expires).fixed(&self.primary_key());
        vec![Index::CodeByExpiry.key(&key.build())]
    }
}

fn code_key(account: AccountId, purpose: Purpose) -> Vec<u8> {
    Key::new().fixed(account.as_bytes()).fixed(&[purpose as u8]).build()
}

/// Attempts counted for a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Attempts {
    key: AttemptKey,
    count: u32,
    /// No further one before.
    next: Timestamp,
    /// Forgotten from then on.
    forgotten: Timestamp,
}

impl Record for Attempts {
    const TABLE: Table = Table::Attempts;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.key.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let key = Key::new().moment(self.forgotten).fixed(self.key.as_bytes());
        vec![Index::AttemptByForgetting.key(&key.build())]
    }
}

/// The session and its account, if neither is over.
fn live(
    view: &View<'_>,
    token: SecretHash,
    now: Timestamp,
) -> Result<Option<(Session, Account)>, ReadError> {
    let Some(session) = view.get::<Session>(token.as_bytes())? else { return Ok(None) };
    let Some(account) = view.get::<Account>(session.account.as_bytes())? else { return Ok(None) };
    let is_live = !session.is_over(now) && account.state == AccountState::Active;
    Ok(is_live.then_some((session, account)))
}

/// Whether the account of a session can log in by this proof.
fn may_begin(view: &View<'_>, session: &Session, proof: Proof) -> Result<bool, ReadError> {
    let account = view.get::<Account>(session.account.as_bytes())?;
    let Some(account) = account.filter(|account| account.state == AccountState::Active) else {
        return Ok(false);
    };
    Ok(match proof {
        Proof::Password(password) => account.password == Some(password),
        Proof::Provider => true,
        Proof::Session(token) => {
            live(view, token, session.begun)?.is_some_and(|(_, whose)| whose.id == account.id)
        }
    })
}

/// Removes a session with the downloads that were opened in it; false when there is none.
fn end(transaction: &mut Transaction<'_>, token: SecretHash) -> Result<bool, StoreFault> {
    let Some(session) = transaction.view().get::<Session>(token.as_bytes())? else {
        return Ok(false);
    };
    transaction.remove::<Session>(token.as_bytes())?;
    downloads::end_grants_of_session(transaction, session.account, token)?;
    Ok(true)
}

/// Removes what an index of moments lists before `now`.
fn remove_before<R: Record>(
    transaction: &mut Transaction<'_>,
    index: Index,
    now: Timestamp,
    limit: usize,
) -> Result<usize, StoreFault> {
    let old: Vec<R> =
        transaction.view().indexed_before(index, &Key::new().moment(now).build(), limit)?;
    for record in &old {
        transaction.remove::<R>(&record.primary_key())?;
    }
    Ok(old.len())
}

#[async_trait]
impl Sessions for SledStore {
    async fn begin_session(
        &self,
        session: Session,
        proof: Proof,
        replaces: Option<SecretHash>,
        along: Along,
    ) -> Result<Begun, StoreError> {
        self.write(move |transaction| {
            if !may_begin(&transaction.view(), &session, proof)? {
                return Ok(Outcome::Refuse(Begun::NoAccount));
            }
            if let Some(token) = replaces {
                end(transaction, token)?;
            }
            transaction.put(&session)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Begun::Done))
        })
        .await
    }

    async fn resume_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(Session, Account)>, StoreError> {
        let found = self.read(move |view| live(view, token, now)).await?;
        if found.as_ref().is_none_or(|(session, _)| now.duration_since(session.seen) < SEEN_GRAIN) {
            return Ok(found);
        }
        self.write(move |transaction| {
            let Some((mut session, account)) = live(&transaction.view(), token, now)? else {
                return Ok(Outcome::Refuse(None));
            };
            session.seen = session.seen.max(now);
            transaction.put(&session)?;
            Ok(Outcome::Keep(Some((session, account))))
        })
        .await
    }

    async fn glance_session(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(Session, Account)>, StoreError> {
        self.read(move |view| live(view, token, now)).await
    }

    async fn session(&self, token: SecretHash) -> Result<Option<Session>, StoreError> {
        self.read(move |view| view.get(token.as_bytes())).await
    }

    async fn sessions_of_account(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        self.read(move |view| view.indexed(Index::SessionByAccount, account.as_bytes(), usize::MAX))
            .await
    }

    async fn end_session(&self, token: SecretHash, along: Along) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            if !end(transaction, token)? {
                return Ok(Outcome::Refuse(false));
            }
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn end_sessions(
        &self,
        account: AccountId,
        keep: Option<SecretHash>,
        along: Along,
    ) -> Result<usize, StoreError> {
        self.write(move |transaction| {
            let ended = end_all(transaction, account, keep)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(ended))
        })
        .await
    }

    async fn put_code(&self, code: OneTimeCode, along: Along) -> Result<(), StoreError> {
        self.write(move |transaction| {
            transaction.put(&code)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(()))
        })
        .await
    }

    async fn spend_code(
        &self,
        account: AccountId,
        purpose: Purpose,
        hash: SecretHash,
        by: TriedBy,
        now: Timestamp,
    ) -> Result<Spent, StoreError> {
        self.write(move |transaction| {
            let key = code_key(account, purpose);
            let Some(mut code) = transaction.view().get::<OneTimeCode>(&key)? else {
                return Ok(Outcome::Refuse(Spent::NoCode));
            };
            if now >= code.expires {
                transaction.remove::<OneTimeCode>(&key)?;
                return Ok(Outcome::Keep(Spent::NoCode));
            }
            if by == TriedBy::Stranger && code.tries == 0 {
                return Ok(Outcome::Refuse(Spent::NoCode));
            }
            if code.hash == hash {
                transaction.remove::<OneTimeCode>(&key)?;
                return Ok(Outcome::Keep(Spent::Right));
            }
            if by == TriedBy::Known {
                return Ok(Outcome::Refuse(Spent::Wrong { tries: code.tries }));
            }
            code.tries = code.tries.saturating_sub(1);
            transaction.put(&code)?;
            Ok(Outcome::Keep(Spent::Wrong { tries: code.tries }))
        })
        .await
    }

    async fn admit_attempt(
        &self,
        keys: Vec<(AttemptKey, AttemptPolicy)>,
        now: Timestamp,
    ) -> Result<Admission, StoreError> {
        self.write(move |transaction| {
            let mut until = None;
            let mut counted = Vec::new();
            for (key, policy) in keys {
                let known = transaction.view().get::<Attempts>(key.as_bytes())?;
                let known = known.filter(|known| policy.counts(known.forgotten, now));
                if let Some(known) = known.as_ref().filter(|known| now < known.next) {
                    until = until.max(Some(known.next));
                }
                let count = known.map_or(0, |known| known.count).saturating_add(1);
                let later = |delay| now.checked_add(delay).unwrap_or(Timestamp::MAX);
                counted.push(Attempts {
                    key,
                    count,
                    next: later(policy.delay_after(count)),
                    forgotten: later(policy.forget),
                });
            }
            if let Some(until) = until {
                return Ok(Outcome::Refuse(Admission::Wait { until }));
            }
            for attempts in &counted {
                transaction.put(attempts)?;
            }
            Ok(Outcome::Keep(Admission::Admitted))
        })
        .await
    }

    async fn attempt_succeeded(&self, keys: Vec<AttemptKey>) -> Result<(), StoreError> {
        self.write(move |transaction| {
            for key in keys {
                transaction.remove::<Attempts>(key.as_bytes())?;
            }
            Ok(Outcome::Keep(()))
        })
        .await
    }

    async fn remove_expired(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.write(move |transaction| {
            let ended = now.checked_sub(KNOWN_WHEN_OVER).unwrap_or(Timestamp::MIN);
            let removed = remove_before::<Session>(transaction, Index::SessionByEnd, ended, limit)?
                + remove_before::<OneTimeCode>(transaction, Index::CodeByExpiry, now, limit)?
                + remove_before::<Attempts>(transaction, Index::AttemptByForgetting, now, limit)?;
            Ok(Outcome::Keep(removed))
        })
        .await
    }
}
