//! How the institution presents itself: names, logo, colours, a sentence of its own.
//!
//! Invariant: colours that exist have enough contrast to be read (WCAG 2.1, 1.4.3 and 1.4.11).

mod colour;
mod logo;

pub use colour::{Colour, InvalidColour, LowContrast, Theme};
pub use logo::{InvalidLogo, Logo};

use crate::contents::Institution;
use texts::Language;

/// What a configuration says of the institution; what is absent is taken from the study.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branding {
    /// Its name.
    pub name: Option<Localised>,
    /// Its postal address, one line.
    pub address: Option<String>,
    /// Office, telephone or mail for questions, one line.
    pub contact: Option<String>,
    /// A sentence that it adds to the notes at the foot of the pages and in the readme.
    pub disclaimer: Option<Localised>,
    /// The picture beside its name.
    pub logo: Option<Logo>,
    /// The colours of the pages.
    pub theme: Theme,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localised {
    /// In Italian.
    pub italian: String,
    /// In English.
    pub english: String,
}

impl Localised {
    /// The text in a language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Italian => &self.italian,
            Language::English => &self.english,
        }
    }
}

impl Branding {
    /// The institution as the pages of a language show it: as configured; without a name, as the
    /// study names it.
    pub fn institution(&self, language: Language, of_study: &Institution) -> Institution {
        let Some(name) = &self.name else {
            let Institution { name, address, contact } = of_study.clone();
            return Institution {
                name,
                address: self.address.clone().or(address),
                contact: self.contact.clone().or(contact),
            };
        };
        Institution {
            name: Some(name.of(language).to_owned()),
            address: self.address.clone(),
            contact: self.contact.clone(),
        }
    }
}
