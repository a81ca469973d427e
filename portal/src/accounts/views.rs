//! Who looked at the pages of whom: an event for each visit, not for each time a page is loaded.
//!
//! A list is loaded at each search, page and way back: an event each would bury the others. So one stands for a
//! session, a person, a kind of page and an address for [`SPAN`]; another address, person or session is told at
//! once. Orders and reports are told each time that one is opened (`results.rs`).
//!
//! **Invariant:** what is shown is in the trail before: a page that leaves an event waits for it. What is known
//! of earlier events is a saving only: without it, after a restart or beyond [`MOST`], there are more of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use store::{Actor, Event, Outcome, PersonId, SecretHash};

use crate::accounts::{Accounts, AccountsError, Authenticated, Origin};

/// For how long one event stands for a kind of page.
const SPAN: SignedDuration = SignedDuration::from_mins(10);
/// Events remembered at a time, of some 100 bytes each.
const MOST: usize = 20_000;

/// A kind of page of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Page {
    /// The list of results, or what is new in it.
    Results,
    /// What the site knows of the person.
    Profile,
}

impl Page {
    fn action(self) -> &'static str {
        match self {
            Self::Results => "results.view",
            Self::Profile => "profile.view",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct View {
    session: SecretHash,
    page: Page,
    /// None for those whom the account does not represent: whoever tries many leaves one event in [`SPAN`].
    person: Option<PersonId>,
    from: IpAddr,
}

impl View {
    fn new(who: &Authenticated, page: Page, person: Option<PersonId>, from: Origin) -> Self {
        Self { session: who.session.token, page, person, from: from.0 }
    }
}

/// What was told of late. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Views(Arc<Mutex<HashMap<View, Timestamp>>>);

impl Views {
    fn was_told(&self, view: &View, now: Timestamp) -> bool {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(view).is_some_and(|at| now.duration_since(*at).abs() < SPAN)
    }

    fn told(&self, view: View, now: Timestamp) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= MOST {
            told.retain(|_, at| now.duration_since(*at) < SPAN);
        }
        if told.len() >= MOST {
            told.clear();
        }
        told.insert(view, now);
    }
}

impl Accounts {
    /// Records that somebody looks at a page of a person.
    ///
    /// # Errors
    /// [`AccountsError::Store`]: then it is not shown.
    pub(crate) async fn views(
        &self,
        who: &Authenticated,
        person: PersonId,
        page: Page,
        from: Origin,
    ) -> Result<(), AccountsError> {
        let mut event =
            self.event(page.action(), Actor::Account(who.account.id), Outcome::Done, from);
        event.person = Some(person);
        self.view(who, View::new(who, page, Some(person), from), event).await
    }

    /// Records that somebody asked for a page of a person whom they do not represent, or who is not there:
    /// nobody looks which.
    ///
    /// # Errors
    /// [`AccountsError::Store`].
    pub(crate) async fn view_refused(
        &self,
        who: &Authenticated,
        person: PersonId,
        from: Origin,
    ) -> Result<(), AccountsError> {
        let actor = Actor::Account(who.account.id);
        let mut event = self.event("person.view", actor, Outcome::Refused, from);
        event.object = Some(person.to_string());
        self.view(who, View::new(who, Page::Results, None, from), event).await
    }

    async fn view(
        &self,
        who: &Authenticated,
        view: View,
        mut event: Event,
    ) -> Result<(), AccountsError> {
        let now = event.at;
        if !self.views.was_told(&view, now) {
            event.account = Some(who.account.id);
            self.store.record_event(event).await?;
            self.views.told(view, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(number: u32) -> View {
        let mut session = [0; 32];
        session[..4].copy_from_slice(&number.to_be_bytes());
        View {
            session: SecretHash::from(session),
            page: Page::Results,
            person: Some(PersonId::fresh().unwrap()),
            from: [192, 0, 2, 1].into(),
        }
    }

    #[test]
    fn a_view_is_told_again_after_its_span() {
        let views = Views::default();
        let at = |seconds: i64| Timestamp::from_second(1_790_000_000 + seconds).unwrap();
        let view = view(1);
        assert!(!views.was_told(&view, at(0)));
        views.told(view, at(0));
        assert!(views.was_told(&view, at(599)));
        assert!(!views.was_told(&view, at(600)));
        assert!(!views.was_told(&view, at(-600)), "a clock that was set back hides nothing");
        assert!(!views.was_told(&View { from: [192, 0, 2, 2].into(), ..view }, at(0)));
        assert!(!views.was_told(&View { page: Page::Profile, ..view }, at(0)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let views = Views::default();
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        for number in 0..u32::try_from(MOST).unwrap() + 10 {
            views.told(view(number), now);
        }
        let told = views.0.lock().unwrap().len();
        assert!((1..=MOST).contains(&told), "{told}");
    }
}
