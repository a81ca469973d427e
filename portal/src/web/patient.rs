//! What the pages of a person have in common: banner, tabs, the other persons (S-034, S-035).

use jiff::Timestamp;
use store::PersonId;
use texts::Texts;

use crate::web::person::{PatientSession, PersonView, display_name};
use crate::web::routes;

/// A tab of the pages of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Profile,
}

/// A link.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) is_here: bool,
}

/// What is around the content.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) person: PersonView,
    pub(crate) tabs: Vec<Link>,
    /// Whom one can change to; empty when there is nobody else.
    pub(crate) persons: Vec<Link>,
}

impl Frame {
    pub(crate) fn new(session: &PatientSession, tab: Tab, now: Timestamp, text: Texts) -> Self {
        let here = session.person.id;
        let tabs = vec![Link {
            name: text.profile_tab().to_owned(),
            href: tab.path(here),
            is_here: tab == Tab::Profile,
        }];
        let persons = match session.persons.as_slice() {
            [_] => Vec::new(),
            persons => persons
                .iter()
                .map(|person| Link {
                    name: display_name(&person.name),
                    href: tab.path(person.id),
                    is_here: person.id == here,
                })
                .collect(),
        };
        Self { person: PersonView::new(&session.person, now, text), tabs, persons }
    }
}

impl Tab {
    pub(crate) fn path(self, person: PersonId) -> String {
        match self {
            Self::Profile => routes::profile(person),
        }
    }
}
