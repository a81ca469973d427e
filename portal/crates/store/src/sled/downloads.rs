//! [`Downloads`] in sled: a record for each preparation, request and grant.
//!
//! Persons take turns by numbers: who asks for one thing more stands one turn behind their own last, and never
//! before the turn that it is now. So a claim takes the first entry of an index, however long the queue is.

mod records;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::along::Along;
use crate::asker::{Asker, Holder};
use crate::download::{
    Asked, DownloadGrant, Downloads, EndOfTry, EndReason, NewRequest, Preparation,
    PreparationState, Request, SweptDownloads, Withdrawn,
};
use crate::error::StoreError;
use crate::id::{ClaimId, PackageKey, PersonId, RequestId, SecretHash};
use crate::person::Person;
use crate::sled::SledStore;
use crate::sled::downloads::records::{
    leave, of_person, prepare, remove_grants, remove_request, requests_for, requests_of, turn_of,
};
use crate::sled::key::{Key, prefix_end};
use crate::sled::overlay::{Outcome, ReadError, View};
use crate::sled::shares::holder;
use crate::sled::table::Index;

pub(crate) use records::{
    end_grants, end_grants_of_session, end_grants_of_share, end_requests_of_share, erase_person,
    erase_requests, follow,
};

/// Entries of the queue that are looked at together.
const PAGE: usize = 256;

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
            if holder(&view, new.asker, new.at)?.is_none()
                || view.get::<Person>(new.person.as_bytes())?.is_none()
            {
                return Ok(Outcome::Refuse(Asked::Nobody));
            }
            let own = requests_of(&view, new.asker)?;
            let same = own.iter().find(|one| {
                (one.order, one.content, one.language) == (new.order, new.content, new.language)
            });
            if same.is_none() && own.len() >= new.most {
                return Ok(Outcome::Refuse(Asked::TooMany));
            }
            prepare(transaction, &new)?;
            let request = Request {
                id: same.map_or(new.id, |same| same.id),
                asker: new.asker,
                person: new.person,
                order: new.order,
                content: new.content,
                language: new.language,
                key: new.key,
                created: new.at,
                is_news: false,
                wants_message: same.is_some_and(|same| same.wants_message),
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
        asker: Asker,
        id: RequestId,
        along: Along,
    ) -> Result<Option<Withdrawn>, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Request>(id.as_bytes())?;
            let Some(request) = found.filter(|found| found.asker == asker) else {
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

    async fn requests_of(&self, asker: Asker) -> Result<Vec<(Request, Preparation)>, StoreError> {
        self.read(move |view| {
            let mut requests = requests_of(view, asker)?;
            requests.sort_by_key(|request| std::cmp::Reverse((request.created, request.id)));
            with_preparations(view, requests)
        })
        .await
    }

    async fn requests_for(&self, key: PackageKey) -> Result<Vec<Request>, StoreError> {
        self.read(move |view| requests_for(view, key)).await
    }

    async fn see_requests(&self, asker: Asker) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let mut seen = requests_of(&transaction.view(), asker)?;
            seen.retain(|request| request.is_news);
            for mut request in seen {
                request.is_news = false;
                transaction.put(&request)?;
            }
            Ok(Outcome::Keep(()))
        })
        .await
    }

    async fn want_message(
        &self,
        asker: Asker,
        id: RequestId,
        along: Along,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let found = transaction.view().get::<Request>(id.as_bytes())?;
            let Some(mut request) = found.filter(|found| found.asker == asker) else {
                return Ok(Outcome::Refuse(false));
            };
            request.wants_message = true;
            transaction.put(&request)?;
            transaction.put_along(along)?;
            Ok(Outcome::Keep(true))
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
            if request.is_none_or(|request| request.asker != grant.asker) {
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
    ) -> Result<Option<(DownloadGrant, Holder)>, StoreError> {
        self.read(move |view| {
            let grant = view.get::<DownloadGrant>(secret.as_bytes())?;
            let Some(grant) = grant.filter(|grant| now < grant.until) else { return Ok(None) };
            let holder = holder(view, grant.asker, now)?;
            Ok(holder.map(|holder| (grant, holder)))
        })
        .await
    }
}
