//! Every sentence that a person reads, in Italian and English, from the Fluent files of `locales/`.
//!
//! Each message is a function of [`Texts`], made at build time: a message that lacks in a language,
//! a misspelt one, or one whose variables differ does not compile. Variables are passed in the order
//! of their names. A message begins with the name of its file; an attribute is a function too
//! (`notice-missing.advice` is [`Texts::notice_missing_advice`]).
//!
//! The sentences address a patient: no acronym where a word will do, and each notice says what to
//! do. Invariant: a value is never read as Fluent, whatever braces it holds.

mod modality;

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

pub use modality::modality_name;

/// What fills a variable: a text, or a number by which Fluent picks the plural.
pub type Value<'a> = fluent_bundle::FluentValue<'a>;

/// A language that people are addressed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Language {
    /// Italian.
    #[default]
    Italian,
    /// English.
    English,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::Italian, Self::English];

    /// The language tag of RFC 5646.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Italian => "it",
            Self::English => "en",
        }
    }

    /// The other language.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Italian => Self::English,
            Self::English => Self::Italian,
        }
    }

    /// The texts of the language.
    pub fn texts(self) -> Texts {
        Texts(self)
    }
}

/// The texts of one language: a function for each message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts(Language);

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

impl Texts {
    /// The language of the texts.
    pub fn language(self) -> Language {
        self.0
    }

    fn pick(self, italian: &'static str, english: &'static str) -> &'static str {
        match self.0 {
            Language::Italian => italian,
            Language::English => english,
        }
    }

    /// A message with its variables. Without a fault in this crate nothing is missing; should it
    /// be, the name of the message stands for it.
    fn format<'a, const N: usize>(
        self,
        id: &'static str,
        attribute: Option<&'static str>,
        values: [(&'static str, Value<'a>); N],
    ) -> String {
        let bundle = bundle(self.0);
        let message = bundle.get_message(id);
        let pattern = message.and_then(|message| match attribute {
            Some(attribute) => Some(message.get_attribute(attribute)?.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else { return id.to_owned() };
        let values: FluentArgs<'a> = values.into_iter().collect();
        bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }
}

type Bundle = FluentBundle<FluentResource>;

fn bundle(language: Language) -> &'static Bundle {
    static BUNDLES: [OnceLock<Bundle>; 2] = [OnceLock::new(), OnceLock::new()];
    let [italian, english] = &BUNDLES;
    let (cell, source) = match language {
        Language::Italian => (italian, ITALIAN),
        Language::English => (english, ENGLISH),
    };
    cell.get_or_init(|| {
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = Bundle::new_concurrent(vec![tag]);
        // No marks of direction around values: the pages set them apart with an element.
        bundle.set_use_isolating(false);
        // The build script has parsed the same text: what could not be read has ended the build.
        let resource = FluentResource::try_new(source.to_owned());
        bundle.add_resource_overriding(resource.unwrap_or_else(|(resource, _)| resource));
        bundle
    })
}

#[cfg(test)]
struct Listed {
    function: &'static str,
    id: &'static str,
    attribute: Option<&'static str>,
    variables: &'static [&'static str],
}

#[cfg(test)]
mod tests;
