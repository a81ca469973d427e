//! What the pages of a person have in common: banner, tabs, the other persons (S-034, S-035).

use jiff::Timestamp;
use store::PersonId;
use texts::Texts;

use crate::web::person::{PatientSession, PersonView, display_name};
use crate::web::routes;

/// A tab of the pages of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Results,
    Profile,
}

/// A link.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) href: String,
    /// How the page stands to it (WAI-ARIA `aria-current`): the page itself, or one behind it.
    pub(crate) current: Option<&'static str>,
}

/// What is around the content.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) person: PersonView,
    /// Whether telephone and e-mail address stand there.
    pub(crate) has_contact: bool,
    /// None for whom something was shared with.
    pub(crate) tabs: Vec<Link>,
    /// Whom one can change to; empty when there is nobody else.
    pub(crate) persons: Vec<Link>,
}

impl Frame {
    /// Of a page that is a tab, or stands behind the results.
    pub(crate) fn new(
        session: &PatientSession,
        page: Option<Tab>,
        now: Timestamp,
        text: Texts,
    ) -> Self {
        let here = session.person.id;
        let tab = page.unwrap_or(Tab::Results);
        let tabs = [(Tab::Results, text.order_list()), (Tab::Profile, text.profile_tab())];
        let tabs = tabs.map(|(one, name)| Link {
            name: name.to_owned(),
            href: one.path(here),
            current: (tab == one).then_some(if page.is_some() { "page" } else { "true" }),
        });
        let persons = match session.persons.as_slice() {
            [_] => Vec::new(),
            persons => persons
                .iter()
                .map(|person| Link {
                    name: display_name(&person.name),
                    href: tab.path(person.id),
                    current: (person.id == here).then_some("true"),
                })
                .collect(),
        };
        let person = PersonView::new(&session.person, now, text);
        Self { person, has_contact: true, tabs: tabs.to_vec(), persons }
    }
}

impl Tab {
    pub(crate) fn path(self, person: PersonId) -> String {
        match self {
            Self::Results => routes::results(person),
            Self::Profile => routes::profile(person),
        }
    }
}
