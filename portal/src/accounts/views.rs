//! Who looked at the pages of whom: an event for each visit, not for each time a page is loaded.
//!
//! A list is loaded at each search, page and way back: an event each would bury the others. So one stands for a
//! session, a person, a kind of page and an address for a while (`visits.rs`); another address, person or session is
//! told at once. Orders and reports are told each time that one is opened (`results.rs`).
//!
//! **Invariant:** what is shown is in the trail before: a page that leaves an event waits for it.

use std::net::IpAddr;

use store::{Actor, Event, Outcome, PersonId, SecretHash};

use crate::accounts::{Accounts, AccountsError, Authenticated, Origin};

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
pub(super) struct View {
    session: SecretHash,
    page: Page,
    /// None for those whom the account does not represent: whoever tries many leaves one event.
    person: Option<PersonId>,
    from: IpAddr,
}

impl View {
    fn new(who: &Authenticated, page: Page, person: Option<PersonId>, from: Origin) -> Self {
        Self { session: who.session.token, page, person, from: from.0 }
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
        event.account = Some(who.account.id);
        let tell = async { Ok(self.store.record_event(event).await?) };
        self.views.tell_once(view, now, tell).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visits::Visits;
    use jiff::Timestamp;

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
        let views = Visits::default();
        let at = |seconds: i64| Timestamp::from_second(1_790_000_000 + seconds).unwrap();
        let view = view(1);
        assert!(!views.was_told(&view, at(0)));
        views.remember(view, at(0));
        assert!(views.was_told(&view, at(599)));
        assert!(!views.was_told(&view, at(600)));
        assert!(!views.was_told(&view, at(-600)), "a clock that was set back hides nothing");
        assert!(!views.was_told(&View { from: [192, 0, 2, 2].into(), ..view }, at(0)));
        assert!(!views.was_told(&View { page: Page::Profile, ..view }, at(0)));
    }
}
