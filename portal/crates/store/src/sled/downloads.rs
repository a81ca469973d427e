//! [`Downloads`] in sled: a record for each preparation, request and grant.
//!
//! Persons take turns by numbers: who asks for one thing more stands one turn behind their own last, and never
//! before the turn that it is now. So a claim takes the first entry of an index, however long the queue is.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::account::{Account, AccountState};
use crate::along::Along;
use crate::download::{
    Asked, DownloadGrant, Downloads, EndOfTry, EndReason, NewRequest, Preparation,
    PreparationState, Request, SweptDownloads, Withdrawn,
};
use crate::error::StoreError;
use crate::id::{AccountId, ClaimId, PackageKey, PersonId, RequestId, SecretHash};
use crate::person::Person;
use crate::sled::SledStore;
use crate::sled::key::{Key, prefix_end};
use crate::sled::overlay::{Outcome, ReadError, StoreFault, Transaction, View};
use crate::sled::table::{Index, Record, Table};

/// Entries of the queue that are looked at together.
const PAGE: usize = 256;

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

impl Record for Request {
    const TABLE: Table = Table::Requests;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.id.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let below = |index: Index, whose: &[u8; 16]| {
            index.key(&Key::new().fixed(whose).fixed(self.id.as_bytes()).build())
        };
        vec![
            below(Index::RequestByAccount, self.account.as_bytes()),
            below(Index::RequestByPreparation, self.key.as_bytes()),
            below(Index::RequestByPerson, self.person.as_bytes()),
        ]
    }
}

impl Record for DownloadGrant {
    const TABLE: Table = Table::Grants;
    const VERSION: u8 = 1;

    fn primary_key(&self) -> Vec<u8> {
        self.secret.as_bytes().to_vec()
    }

    fn index_keys(&self) -> Vec<Vec<u8>> {
        let secret = self.secret.as_bytes();
        let by_account = Key::new().fixed(self.account.as_bytes()).fixed(secret);
        let by_request = Key::new().fixed(self.request.as_bytes()).fixed(secret);
        let by_end = Key::new().moment(self.until).fixed(secret);
        vec![
            Index::GrantByAccount.key(&by_account.build()),
            Index::GrantByRequest.key(&by_request.build()),
            Index::GrantByEnd.key(&by_end.build()),
        ]
    }
}

fn requests_for(view: &View<'_>, key: PackageKey) -> Result<Vec<Request>, ReadError> {
    view.indexed(Index::RequestByPreparation, key.as_bytes(), usize::MAX)
}

fn requests_of(view: &View<'_>, account: AccountId) -> Result<Vec<Request>, ReadError> {
    view.indexed(Index::RequestByAccount, account.as_bytes(), usize::MAX)
}

fn of_person(view: &View<'_>, person: PersonId) -> Result<Vec<Preparation>, ReadError> {
    view.indexed(Index::PreparationByPerson, person.as_bytes(), usize::MAX)
}

/// The turn of what a person asks for now.
fn turn_of(view: &View<'_>, person: PersonId) -> Result<u64, ReadError> {
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
fn remove_request(
    transaction: &mut Transaction<'_>,
    request: &Request,
) -> Result<Option<PackageKey>, StoreFault> {
    remove_grants(transaction, Index::GrantByRequest, request.id.as_bytes(), |_| true)?;
    transaction.remove::<Request>(request.id.as_bytes())?;
    leave(transaction, request.key)
}

/// Ends a preparation that nobody asks for any more. A package that is there stays, for whoever asks next.
fn leave(
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

fn remove_grants(
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

/// Removes what an account asked for: all, or only of one person.
pub(crate) fn erase_requests(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    only: Option<PersonId>,
) -> Result<(), StoreFault> {
    for request in requests_of(&transaction.view(), account)? {
        if only.is_none_or(|only| only == request.person) {
            remove_request(transaction, &request)?;
        }
    }
    Ok(())
}

/// Removes all that was prepared of a person, and what anybody asked for of it.
pub(crate) fn erase_person(
    transaction: &mut Transaction<'_>,
    person: PersonId,
) -> Result<(), StoreFault> {
    let requests: Vec<Request> =
        transaction.view().indexed(Index::RequestByPerson, person.as_bytes(), usize::MAX)?;
    for request in requests {
        remove_request(transaction, &request)?;
    }
    for preparation in of_person(&transaction.view(), person)? {
        transaction.remove::<Preparation>(preparation.key.as_bytes())?;
    }
    Ok(())
}

/// The preparation of what is asked for, due now: a new one, or the one that is there unless it is over.
fn prepare(transaction: &mut Transaction<'_>, new: &NewRequest) -> Result<(), StoreFault> {
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

/// The preparation that a claim holds.
fn claimed(
    view: &View<'_>,
    key: PackageKey,
    by: ClaimId,
) -> Result<Option<Preparation>, ReadError> {
    let found = view.get::<Preparation>(key.as_bytes())?;
    Ok(found.filter(
        |found| matches!(found.state, PreparationState::Claimed { by: holder, .. } if holder == by),
    ))
}

/// A preparation and who asks for it, those without a preparation left out: they are being removed.
fn with_preparations(
    view: &View<'_>,
    requests: Vec<Request>,
) -> Result<Vec<(Request, Preparation)>, ReadError> {
    let mut both = Vec::new();
    for request in requests {
        if let Some(preparation) = view.get::<Preparation>(request.key.as_bytes())? {
            both.push((request, preparation));
        }
    }
    Ok(both)
}

#[async_trait]
impl Downloads for SledStore {
    async fn ask(&self, new: NewRequest, along: Along) -> Result<Asked, StoreError> {
        self.write(move |transaction| {
            let view = transaction.view();
            if view.get::<Account>(new.account.as_bytes())?.is_none()
                || view.get::<Person>(new.person.as_bytes())?.is_none()
            {
                return Ok(Outcome::Refuse(Asked::Nobody));
            }
            let own = requests_of(&view, new.account)?;
            let same = own.iter().find(|one| {
                (one.order, one.content, one.language) == (new.order, new.content, new.language)
            });
            if same.is_none() && own.len() >= new.most {
                return Ok(Outcome::Refuse(Asked::TooMany));
            }
            prepare(transaction, &new)?;
            let request = Request {
                id: same.map_or(new.id, |same| same.id),
                account: new.account,
                person: new.person,
                order: new.order,
                content: new.content,
                language: new.language,
                key: new.key,
                created: new.at,
                is_news: false,
            };
            transaction.put(&request)?;
            if let Some(before) = same.filter(|same| same.key != new.key) {
                leave(transaction, before.key)?;
            }
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Asked::Done(Box::new(request))))
        })
        .await
    }

    async fn withdraw(
        &self,
        account: AccountId,
        id: RequestId,
        along: Along,
    ) -> Result<Option<Withdrawn>, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Request>(id.as_bytes())?;
            let Some(request) = found.filter(|found| found.account == account) else {
                return Ok(Outcome::Refuse(None));
            };
            let ended = remove_request(transaction, &request)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(Some(Withdrawn { ended })))
        })
        .await
    }

    async fn request(&self, id: RequestId) -> Result<Option<(Request, Preparation)>, StoreError> {
        self.read(move |view| {
            let request = view.get::<Request>(id.as_bytes())?.into_iter().collect();
            Ok(with_preparations(view, request)?.pop())
        })
        .await
    }

    async fn requests_of_account(
        &self,
        account: AccountId,
    ) -> Result<Vec<(Request, Preparation)>, StoreError> {
        self.read(move |view| {
            let mut requests = requests_of(view, account)?;
            requests.sort_by_key(|request| std::cmp::Reverse((request.created, request.id)));
            with_preparations(view, requests)
        })
        .await
    }

    async fn requests_for(&self, key: PackageKey) -> Result<Vec<Request>, StoreError> {
        self.read(move |view| requests_for(view, key)).await
    }

    async fn see_requests(&self, account: AccountId) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let mut seen = requests_of(&transaction.view(), account)?;
            seen.retain(|request| request.is_news);
            for mut request in seen {
                request.is_news = false;
                transaction.put(&request)?;
            }
            Ok(Outcome::Keep(()))
        })
        .await
    }

    async fn preparation(&self, key: PackageKey) -> Result<Option<Preparation>, StoreError> {
        self.read(move |view| view.get(key.as_bytes())).await
    }

    async fn list_preparations(
        &self,
        after: Option<PackageKey>,
        limit: usize,
    ) -> Result<Vec<Preparation>, StoreError> {
        self.read(move |view| {
            view.records(&[], after.as_ref().map(|after| &after.as_bytes()[..]), limit)
        })
        .await
    }

    async fn preparations_of_person(
        &self,
        person: PersonId,
    ) -> Result<Vec<Preparation>, StoreError> {
        self.read(move |view| of_person(view, person)).await
    }

    async fn claim_preparation(
        &self,
        by: ClaimId,
        now: Timestamp,
        until: Timestamp,
        full: Vec<String>,
    ) -> Result<Option<Preparation>, StoreError> {
        self.write(move |transaction| {
            let index = Index::PreparationByTurn.key(&[]);
            let latest = Key::new().moment(now).build();
            let mut after: Option<Vec<u8>> = None;
            loop {
                let page = transaction.view().scan(&index, after.as_deref(), PAGE)?;
                let Some((last, _)) = page.last() else { return Ok(Outcome::Refuse(None)) };
                after = Some(last.clone());
                for (entry, primary) in &page {
                    // Behind the number of the index stand turn, moment and key.
                    if entry.get(9..17).is_none_or(|moment| *moment > *latest) {
                        continue;
                    }
                    let found = transaction.view().get::<Preparation>(primary)?;
                    let mut found = found.ok_or(ReadError::Dangling)?;
                    if found.studies.iter().any(|study| full.contains(&study.pacs)) {
                        continue;
                    }
                    found.tries = found.tries.saturating_add(1);
                    found.state = PreparationState::Claimed { by, until };
                    transaction.put(&found)?;
                    return Ok(Outcome::Keep(Some(found)));
                }
            }
        })
        .await
    }

    async fn renew_claim(
        &self,
        key: PackageKey,
        by: ClaimId,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let Some(mut found) = claimed(&transaction.view(), key, by)? else {
                return Ok(Outcome::Refuse(false));
            };
            found.state = PreparationState::Claimed { by, until };
            transaction.put(&found)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn end_try(
        &self,
        key: PackageKey,
        by: ClaimId,
        ended: EndOfTry,
        along: Along,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let Some(mut found) = claimed(&transaction.view(), key, by)? else {
                return Ok(Outcome::Refuse(false));
            };
            found.state = match ended {
                EndOfTry::Ready(package) => {
                    if found.recall.take().is_some() {
                        for mut request in requests_for(&transaction.view(), key)? {
                            request.is_news = true;
                            transaction.put(&request)?;
                        }
                    }
                    PreparationState::Ready(package)
                }
                EndOfTry::Later { due } => PreparationState::Waiting { due },
                EndOfTry::Released { due } => {
                    found.tries = found.tries.saturating_sub(1);
                    PreparationState::Waiting { due }
                }
                EndOfTry::Recalling { next, recall } => {
                    found.recall = Some(recall);
                    // To look is no try to make it.
                    found.tries = 0;
                    PreparationState::Recalling { next }
                }
                EndOfTry::Failed { at, reason } => PreparationState::Failed { at, reason },
                EndOfTry::Ended { at, why } => PreparationState::Ended { at, why },
            };
            transaction.put(&found)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn end_preparation(
        &self,
        key: PackageKey,
        at: Timestamp,
        why: EndReason,
        along: Along,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Preparation>(key.as_bytes())?;
            let is_over = |one: &Preparation| matches!(one.state, PreparationState::Ended { .. });
            let Some(mut found) = found.filter(|found| !is_over(found)) else {
                return Ok(Outcome::Refuse(false));
            };
            found.state = PreparationState::Ended { at, why };
            transaction.put(&found)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn retry_preparation(
        &self,
        key: PackageKey,
        now: Timestamp,
        along: Along,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Preparation>(key.as_bytes())?;
            let can_wait = |one: &Preparation| {
                !matches!(one.state, PreparationState::Claimed { .. } | PreparationState::Ready(_))
            };
            let Some(mut found) = found.filter(can_wait) else {
                return Ok(Outcome::Refuse(false));
            };
            if !found.state.is_under_way() {
                found.turn = turn_of(&transaction.view(), found.person)?;
            }
            found.tries = 0;
            found.state = PreparationState::Waiting { due: now };
            transaction.put(&found)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn next_preparation(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|view| {
            let first: Vec<Preparation> = view.indexed(Index::PreparationByNext, &[], 1)?;
            Ok(first.first().and_then(|first| first.state.next()))
        })
        .await
    }

    async fn preparations_changed(&self) {
        self.shared.preparations.notified().await;
    }

    async fn sweep_downloads(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<SweptDownloads, StoreError> {
        self.write(move |transaction| {
            let mut swept = SweptDownloads::default();
            let end = prefix_end(&Key::new().moment(now).build());
            let over: Vec<Preparation> =
                transaction.view().indexed_before(Index::PreparationByEnd, &end, limit)?;
            for mut preparation in over {
                let key = preparation.key;
                if matches!(preparation.state, PreparationState::Ready(_)) {
                    preparation.state =
                        PreparationState::Ended { at: now, why: EndReason::Expired };
                    transaction.put(&preparation)?;
                    swept.expired.push(key);
                    continue;
                }
                for request in requests_for(&transaction.view(), key)? {
                    transaction.remove::<Request>(request.id.as_bytes())?;
                    let whose = request.id;
                    let index = Index::GrantByRequest;
                    remove_grants(transaction, index, whose.as_bytes(), |_| true)?;
                    swept.removed += 1;
                }
                transaction.remove::<Preparation>(key.as_bytes())?;
                swept.removed += 1;
            }
            let grants: Vec<DownloadGrant> =
                transaction.view().indexed_before(Index::GrantByEnd, &end, limit)?;
            for grant in &grants {
                transaction.remove::<DownloadGrant>(grant.secret.as_bytes())?;
            }
            swept.removed += grants.len();
            Ok(Outcome::Keep(swept))
        })
        .await
    }

    async fn put_grant(&self, grant: DownloadGrant, along: Along) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let request = transaction.view().get::<Request>(grant.request.as_bytes())?;
            if request.is_none_or(|request| request.account != grant.account) {
                return Ok(Outcome::Refuse(false));
            }
            let of_session = |one: &DownloadGrant| one.session == grant.session;
            let request = grant.request.as_bytes();
            remove_grants(transaction, Index::GrantByRequest, request, of_session)?;
            transaction.put(&grant)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
        })
        .await
    }

    async fn grant(
        &self,
        secret: SecretHash,
        now: Timestamp,
    ) -> Result<Option<(DownloadGrant, Account)>, StoreError> {
        self.read(move |view| {
            let grant = view.get::<DownloadGrant>(secret.as_bytes())?;
            let Some(grant) = grant.filter(|grant| now < grant.until) else { return Ok(None) };
            let account = view.get::<Account>(grant.account.as_bytes())?;
            let account = account.filter(|account| account.state == AccountState::Active);
            Ok(account.map(|account| (grant, account)))
        })
        .await
    }
}
