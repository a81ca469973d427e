//! The records of downloads: how they are found, and what goes when one of them goes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::asker::Asker;
use crate::download::{DownloadGrant, NewRequest, Preparation, PreparationState, Request};
use crate::id::{AccountId, OrderId, PackageKey, PersonId, SecretHash, ShareId};
use crate::sled::key::Key;
use crate::sled::overlay::{ReadError, StoreFault, Transaction, View};
use crate::sled::table::{Index, Record, Table};

impl Record for Preparation {
    const TABLE: Table = Table::Preparations;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.key.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let key = self.key.as_bytes();
        let by_person = Key::new().fixed(self.person.as_bytes()).fixed(key);
        let mut keys = vec![Index::PreparationByPerson.key(&by_person.build())];
        if let Some(next) = self.state.next() {
            let by_turn = Key::new().fixed(&self.turn.to_be_bytes()).moment(next).fixed(key);
            keys.push(Index::PreparationByTurn.key(&by_turn.build()));
            let by_next = Key::new().moment(next).fixed(key);
            keys.push(Index::PreparationByNext.key(&by_next.build()));
        }
        if let Some(end) = self.state.ends() {
            keys.push(Index::PreparationByEnd.key(&Key::new().moment(end).fixed(key).build()));
        }
        keys
    }
}

/// Whose something is in the first version of the records, which knew accounts alone.
#[derive(Debug, Deserialize)]
struct OfAccount {
    account: AccountId,
}

/// Reads a record of the first version: `account` has become `asker`.
fn with_asker<R: DeserializeOwned>(version: u8, json: &[u8]) -> Option<R> {
    if version != 1 {
        return None;
    }
    let OfAccount { account } = serde_json::from_slice(json).ok()?;
    let mut fields: serde_json::Map<String, Value> = serde_json::from_slice(json).ok()?;
    fields.remove("account");
    fields.insert("asker".to_owned(), serde_json::to_value(Asker::Account(account)).ok()?);
    serde_json::from_value(Value::Object(fields)).ok()
}

impl Record for Request {
    const TABLE: Table = Table::Requests;
    const VERSION: u8 = 2;

    fn primary_key(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let below = |index: Index, whose: &[u8; 16]| {
            index.key(&Key::new().fixed(whose).fixed(self.id.as_bytes()).build())
        };
        let by_asker = match self.asker {
            Asker::Account(account) => below(Index::RequestByAccount, account.as_bytes()),
            Asker::Recipient { share, recipient } => {
                let key = Key::new().fixed(share.as_bytes()).fixed(recipient.as_bytes());
                Index::RequestByShare.key(&key.fixed(self.id.as_bytes()).build())
            }
        };
        vec![
            by_asker,
            below(Index::RequestByPreparation, self.key.as_bytes()),
            below(Index::RequestByPerson, self.person.as_bytes()),
        ]
    }

    fn upgrade(version: u8, json: &[u8]) -> Option<Self> {
        with_asker(version, json)
    }
}

impl Record for DownloadGrant {
    const TABLE: Table = Table::Grants;
    const VERSION: u8 = 2;

    fn primary_key(&self) -> Vec<u8> {
        self.secret.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let secret = self.secret.as_bytes();
        let (index, whose) = match &self.asker {
            Asker::Account(account) => (Index::GrantByAccount, account.as_bytes()),
            Asker::Recipient { share, .. } => (Index::GrantByShare, share.as_bytes()),
        };
        let by_asker = Key::new().fixed(whose).fixed(secret);
        let by_request = Key::new().fixed(self.request.as_bytes()).fixed(secret);
        let by_end = Key::new().moment(self.until).fixed(secret);
        vec![
            index.key(&by_asker.build()),
            Index::GrantByRequest.key(&by_request.build()),
            Index::GrantByEnd.key(&by_end.build()),
        ]
    }

    fn upgrade(version: u8, json: &[u8]) -> Option<Self> {
        with_asker(version, json)
    }
}

pub(super) fn requests_for(view: &View<'_>, key: PackageKey) -> Result<Vec<Request>, ReadError> {
    view.indexed(Index::RequestByPreparation, key.as_bytes(), usize::MAX)
}

pub(super) fn requests_of(view: &View<'_>, asker: Asker) -> Result<Vec<Request>, ReadError> {
    match asker {
        Asker::Account(account) => {
            view.indexed(Index::RequestByAccount, account.as_bytes(), usize::MAX)
        }
        Asker::Recipient { share, recipient } => {
            let key = Key::new().fixed(share.as_bytes()).fixed(recipient.as_bytes());
            view.indexed(Index::RequestByShare, &key.build(), usize::MAX)
        }
    }
}

pub(super) fn of_person(view: &View<'_>, person: PersonId) -> Result<Vec<Preparation>, ReadError> {
    view.indexed(Index::PreparationByPerson, person.as_bytes(), usize::MAX)
}

fn requests_of_person(view: &View<'_>, person: PersonId) -> Result<Vec<Request>, ReadError> {
    view.indexed(Index::RequestByPerson, person.as_bytes(), usize::MAX)
}

/// The turn of what a person asks for now.
pub(super) fn turn_of(view: &View<'_>, person: PersonId) -> Result<u64, ReadError> {
    let entry = Index::PreparationByTurn.key(&[]);
    let first = view.scan(&entry, None, 1)?;
    let turn = first.first().and_then(|(key, _)| key.get(1..9)?.try_into().ok());
    let now = turn.map_or(0, u64::from_be_bytes);
    let own = of_person(view, person)?;
    let last = own.iter().filter(|one| one.state.is_under_way()).map(|one| one.turn).max();
    Ok(last.map_or(now, |last| now.max(last.saturating_add(1))))
}

/// Removes a request with its grants, and its preparation when nobody else asks for it and it is not through; tells
/// which that was.
pub(super) fn remove_request(
    transaction: &mut Transaction<'_>,
    request: &Request,
) -> Result<Option<PackageKey>, StoreFault> {
    remove_grants(transaction, Index::GrantByRequest, request.id.as_bytes(), |_| true)?;
    transaction.remove::<Request>(request.id.as_bytes())?;
    leave(transaction, request.key)
}

/// Ends a preparation that nobody asks for any more. A package that is there stays, for whoever asks next.
pub(super) fn leave(
    transaction: &mut Transaction<'_>,
    key: PackageKey,
) -> Result<Option<PackageKey>, StoreFault> {
    if !requests_for(&transaction.view(), key)?.is_empty() {
        return Ok(None);
    }
    let found = transaction.view().get::<Preparation>(key.as_bytes())?;
    match found {
        Some(one) if !matches!(one.state, PreparationState::Ready(_)) => {
            transaction.remove::<Preparation>(key.as_bytes())?;
            Ok(one.state.is_under_way().then_some(key))
        }
        _ => Ok(None),
    }
}

pub(super) fn remove_grants(
    transaction: &mut Transaction<'_>,
    index: Index,
    whose: &[u8],
    is_meant: impl Fn(&DownloadGrant) -> bool,
) -> Result<(), StoreFault> {
    let grants: Vec<DownloadGrant> = transaction.view().indexed(index, whose, usize::MAX)?;
    for grant in grants.iter().filter(|grant| is_meant(grant)) {
        transaction.remove::<DownloadGrant>(grant.secret.as_bytes())?;
    }
    Ok(())
}

/// Removes the grants that an account has, but those of the session `keep`.
pub(crate) fn end_grants(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    keep: Option<SecretHash>,
) -> Result<(), StoreFault> {
    let index = Index::GrantByAccount;
    remove_grants(transaction, index, account.as_bytes(), |grant| Some(grant.session) != keep)
}

/// Removes the grants that were given in a session.
pub(crate) fn end_grants_of_session(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    session: SecretHash,
) -> Result<(), StoreFault> {
    let index = Index::GrantByAccount;
    remove_grants(transaction, index, account.as_bytes(), |grant| grant.session == session)
}

/// Removes the grants of the recipients of a share.
pub(crate) fn end_grants_of_share(
    transaction: &mut Transaction<'_>,
    share: ShareId,
) -> Result<(), StoreFault> {
    remove_grants(transaction, Index::GrantByShare, share.as_bytes(), |_| true)
}

/// Removes what the recipients of a share asked for; tells what was being prepared for nobody else.
pub(crate) fn end_requests_of_share(
    transaction: &mut Transaction<'_>,
    share: ShareId,
) -> Result<Vec<PackageKey>, StoreFault> {
    let index = Index::RequestByShare;
    let requests: Vec<Request> = transaction.view().indexed(index, share.as_bytes(), usize::MAX)?;
    let mut ended = Vec::new();
    for request in requests {
        ended.extend(remove_request(transaction, &request)?);
    }
    Ok(ended)
}

/// Removes what an account asked for: all, or only of one person.
pub(crate) fn erase_requests(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    only: Option<PersonId>,
) -> Result<(), StoreFault> {
    for request in requests_of(&transaction.view(), Asker::Account(account))? {
        if only.is_none_or(|only| only == request.person) {
            remove_request(transaction, &request)?;
        }
    }
    Ok(())
}

/// Lets what was asked for and prepared of a person follow its orders, each to the one that took its place.
pub(crate) fn follow(
    transaction: &mut Transaction<'_>,
    person: PersonId,
    now: &BTreeMap<OrderId, OrderId>,
) -> Result<(), StoreFault> {
    for mut request in requests_of_person(&transaction.view(), person)? {
        if let Some(order) = now.get(&request.order) {
            request.order = *order;
            transaction.put(&request)?;
        }
    }
    for mut preparation in of_person(&transaction.view(), person)? {
        if let Some(order) = now.get(&preparation.order) {
            preparation.order = *order;
            transaction.put(&preparation)?;
        }
    }
    Ok(())
}

/// Removes all that was prepared of a person, and what anybody asked for of it.
pub(crate) fn erase_person(
    transaction: &mut Transaction<'_>,
    person: PersonId,
) -> Result<(), StoreFault> {
    for request in requests_of_person(&transaction.view(), person)? {
        remove_request(transaction, &request)?;
    }
    for preparation in of_person(&transaction.view(), person)? {
        transaction.remove::<Preparation>(preparation.key.as_bytes())?;
    }
    Ok(())
}

/// The preparation of what is asked for, due now: a new one, or the one that is there unless it is over.
pub(super) fn prepare(
    transaction: &mut Transaction<'_>,
    new: &NewRequest,
) -> Result<(), StoreFault> {
    let found = transaction.view().get::<Preparation>(new.key.as_bytes())?;
    let is_usable = |found: &Preparation| {
        !matches!(found.state, PreparationState::Failed { .. } | PreparationState::Ended { .. })
    };
    if found.is_some_and(|found| is_usable(&found)) {
        return Ok(());
    }
    let turn = turn_of(&transaction.view(), new.person)?;
    transaction.put(&Preparation {
        key: new.key,
        person: new.person,
        order: new.order,
        content: new.content,
        language: new.language,
        studies: new.studies.clone(),
        reports: new.reports.clone(),
        created: new.at,
        turn,
        tries: 0,
        recall: None,
        state: PreparationState::Waiting { due: new.at },
    })
}
