//! [`Accounts`] in sled.

use async_trait::async_trait;

use crate::account::{
    Account, AccountState, Accounts, Changed, Created, PasswordChange, Subject, UserName,
};
use crate::along::Along;
use crate::error::StoreError;
use crate::id::{AccountId, PersonId, SecretHash};
use crate::message::Message;
use crate::person::Person;
use crate::session::{OneTimeCode, Session};
use crate::sled::SledStore;
use crate::sled::downloads;
use crate::sled::key::Key;
use crate::sled::overlay::{Outcome, ReadError, StoreFault, Transaction, View};
use crate::sled::seen;
use crate::sled::shares;
use crate::sled::table::{Index, Record, Table};

/// Accounts that share an address or represent one person: more than a family has. Persons with one tax code.
pub(crate) const MOST_SHARED: usize = 32;

impl Record for Account {
    const TABLE: Table = Table::Accounts;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let mut keys = vec![Index::AccountByUserName.key(&user_name_key(&self.user_name))];
        if let Some(email) = &self.email {
            keys.push(
                Index::AccountByEmail
                    .key(&Key::new().text(&email.to_lowercase()).fixed(self.id.as_bytes()).build()),
            );
        }
        if let Some(subject) = &self.subject {
            keys.push(Index::AccountBySubject.key(&subject_key(subject)));
        }
        for representation in &self.persons {
            let key = Key::new().fixed(representation.person.as_bytes()).fixed(self.id.as_bytes());
            keys.push(Index::AccountByPerson.key(&key.build()));
        }
        keys
    }
}

fn user_name_key(name: &UserName) -> Vec<u8> {
    Key::new().text(name.as_str()).build()
}

fn subject_key(subject: &Subject) -> Vec<u8> {
    Key::new().text(&subject.issuer).text(&subject.claim).build()
}

/// The one account with a unique value.
fn one(view: &View<'_>, index: Index, key: &[u8]) -> Result<Option<Account>, ReadError> {
    Ok(view.indexed(index, key, 1)?.pop())
}

pub(crate) fn of_person(view: &View<'_>, person: PersonId) -> Result<Vec<Account>, ReadError> {
    view.indexed(Index::AccountByPerson, person.as_bytes(), usize::MAX)
}

/// Whether a unique value of `account` belongs to another one.
pub(crate) fn taken(view: &View<'_>, account: &Account) -> Result<Option<Created>, ReadError> {
    let other = |found: Option<Account>| found.is_some_and(|found| found.id != account.id);
    if other(one(view, Index::AccountByUserName, &user_name_key(&account.user_name))?) {
        return Ok(Some(Created::UserNameTaken));
    }
    if let Some(subject) = &account.subject
        && other(one(view, Index::AccountBySubject, &subject_key(subject))?)
    {
        return Ok(Some(Created::SubjectTaken));
    }
    for representation in &account.persons {
        if view.get::<Person>(representation.person.as_bytes())?.is_none() {
            return Ok(Some(Created::NoSuchPerson));
        }
    }
    Ok(None)
}

/// Ends what an account has open, but the session `keep`; tells how many sessions that were.
pub(crate) fn end_all(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    keep: Option<SecretHash>,
) -> Result<usize, StoreFault> {
    let sessions: Vec<Session> =
        transaction.view().indexed(Index::SessionByAccount, account.as_bytes(), usize::MAX)?;
    downloads::end_grants(transaction, account, keep)?;
    let mut ended = 0;
    for session in sessions.iter().filter(|session| Some(session.token) != keep) {
        transaction.remove::<Session>(session.token.as_bytes())?;
        ended += 1;
    }
    let codes: Vec<OneTimeCode> =
        transaction.view().records(account.as_bytes(), None, usize::MAX)?;
    for code in codes {
        transaction.remove::<OneTimeCode>(&code.primary_key())?;
    }
    Ok(ended)
}

/// Removes an account, what it has open or asked for, and the messages to it.
pub(crate) fn erase(transaction: &mut Transaction<'_>, id: AccountId) -> Result<bool, StoreFault> {
    end_all(transaction, id, None)?;
    let messages: Vec<Message> =
        transaction.view().indexed(Index::MessageByAccount, id.as_bytes(), usize::MAX)?;
    for message in messages {
        transaction.remove::<Message>(message.id.as_bytes())?;
    }
    seen::erase(transaction, id, None)?;
    downloads::erase_requests(transaction, id, None)?;
    shares::erase_of_account(transaction, id)?;
    transaction.remove::<Account>(id.as_bytes())
}

#[async_trait]
impl Accounts for SledStore {
    async fn create_account(&self, account: Account, along: Along) -> Result<Created, StoreError> {
        self.write(move |transaction| {
            if transaction.view().get::<Account>(account.id.as_bytes())?.is_some() {
                return Ok(Outcome::Refuse(Created::UserNameTaken));
            }
            if let Some(refused) = taken(&transaction.view(), &account)? {
                return Ok(Outcome::Refuse(refused));
            }
            transaction.put(&account)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Created::Done))
        })
        .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read(move |view| view.get(id.as_bytes())).await
    }

    async fn account_by_user_name(&self, name: &UserName) -> Result<Option<Account>, StoreError> {
        let key = user_name_key(name);
        self.read(move |view| one(view, Index::AccountByUserName, &key)).await
    }

    async fn account_by_subject(&self, subject: &Subject) -> Result<Option<Account>, StoreError> {
        let key = subject_key(subject);
        self.read(move |view| one(view, Index::AccountBySubject, &key)).await
    }

    async fn accounts_by_email(&self, email: &str) -> Result<Vec<Account>, StoreError> {
        let key = Key::new().text(&email.to_lowercase()).build();
        self.read(move |view| view.indexed(Index::AccountByEmail, &key, MOST_SHARED)).await
    }

    async fn accounts_of_person(&self, person: PersonId) -> Result<Vec<Account>, StoreError> {
        self.read(move |view| of_person(view, person)).await
    }

    async fn list_accounts(
        &self,
        after: Option<&UserName>,
        limit: usize,
    ) -> Result<Vec<Account>, StoreError> {
        let after = after.map(user_name_key);
        self.read(move |view| {
            view.indexed_after(Index::AccountByUserName, &[], after.as_deref(), limit)
        })
        .await
    }

    async fn change_password(
        &self,
        id: AccountId,
        change: PasswordChange,
        along: Along,
    ) -> Result<Changed, StoreError> {
        self.write(move |transaction| {
            let Some(mut account) = transaction.view().get::<Account>(id.as_bytes())? else {
                return Ok(Outcome::Refuse(Changed::Gone));
            };
            if account.password != change.was {
                return Ok(Outcome::Refuse(Changed::Stale));
            }
            account.password = Some(change.hash);
            account.must_change_password = change.must_change;
            account.password_set = Some(change.at);
            transaction.put(&account)?;
            end_all(transaction, id, change.keep)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Changed::Done))
        })
        .await
    }

    async fn replace_account(
        &self,
        old: Account,
        new: Account,
        along: Along,
    ) -> Result<Changed, StoreError> {
        self.write(move |transaction| {
            match transaction.view().get::<Account>(old.id.as_bytes())? {
                None => return Ok(Outcome::Refuse(Changed::Gone)),
                Some(found) if found != old || new.id != old.id => {
                    return Ok(Outcome::Refuse(Changed::Stale));
                }
                Some(_) => {}
            }
            if taken(&transaction.view(), &new)?.is_some() {
                return Ok(Outcome::Refuse(Changed::Taken));
            }
            transaction.put(&new)?;
            if new.state == AccountState::Disabled {
                end_all(transaction, new.id, None)?;
            }
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Changed::Done))
        })
        .await
    }

    async fn erase_account(&self, id: AccountId, along: Along) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            if !erase(transaction, id)? {
                return Ok(Outcome::Refuse(false));
            }
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }
}
