//! What fails of one study, so that the others of a package need not.

use std::fmt;

use model::Refusal;
use pacs::{Availability, PacsError};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use crate::error::Fault;

/// A study of which a package has nothing, or not all. `Display` is a sentence for the operator.
#[derive(Debug)]
pub struct StudyFailure {
    /// Its place in the request, from 0.
    pub study: usize,
    /// Where the study is, as far as the PACS tells it or lets it be seen; `None` where it is online or not
    /// told. What is nearline or offline can be recalled.
    pub availability: Option<Availability>,
    /// Instances of it that are in the package all the same.
    pub received: u64,
    /// What went wrong.
    pub fault: StudyFault,
}

/// Why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyFault {
    /// A PACS does not know the study.
    #[error("PACS {name} knows no such study: check UID and Patient ID, or name another PACS")]
    Unknown {
        /// What the site calls it.
        name: String,
    },
    /// A PACS does not answer what it has.
    #[error("PACS {name}: {source}")]
    Unanswered {
        /// What the site calls it.
        name: String,
        /// What went wrong.
        source: Box<PacsError>,
    },
    /// A PACS knows the study and lists no instance of it.
    #[error(
        "PACS {name} knows the study and lists no instance of it; its Instance Availability is {}. If it \
         is stored elsewhere, `esito recall` asks for it",
        .availability.map_or("not told", Availability::as_term)
    )]
    Empty {
        /// What the site calls it.
        name: String,
        /// What it tells.
        availability: Option<Availability>,
    },
    /// A PACS has the study where it cannot deliver it from now.
    #[error(
        "PACS {name} has the study {} and delivers none of it: {why}. `esito recall` asks for it, and \
         waits until it is back",
        .availability.as_term()
    )]
    NotOnline {
        /// What the site calls it.
        name: String,
        /// Where it is.
        availability: Availability,
        /// What the retrieval ended with.
        why: String,
    },
    /// A PACS lists instances and delivers none.
    #[error(
        "PACS {name} lists {instances} instances and sends none of them: see its log, and whether \
         its storage is complete"
    )]
    NothingDelivered {
        /// What the site calls it.
        name: String,
        /// How many it lists.
        instances: usize,
    },
    /// A PACS does not deliver.
    #[error("PACS {name}: {source}")]
    Failed {
        /// What the site calls it.
        name: String,
        /// What went wrong.
        source: Box<PacsError>,
    },
    /// All that came was refused.
    #[error("none of the {instances} instances can be packaged; the first one: {first}")]
    AllRefused {
        /// How many there were.
        instances: usize,
        /// Why the first one was refused.
        first: Refusal,
    },
}

impl StudyFault {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unknown { .. } | Self::Empty { .. } | Self::AllRefused { .. } => Fault::Data,
            Self::Failed { source, .. } if source.is_local() => Fault::Storage,
            Self::Unanswered { .. }
            | Self::NotOnline { .. }
            | Self::NothingDelivered { .. }
            | Self::Failed { .. } => Fault::Pacs,
        }
    }
}

impl StudyFailure {
    /// A study of which there is nothing.
    pub(crate) fn of(study: usize, fault: StudyFault) -> Self {
        let availability = match &fault {
            StudyFault::Empty { availability, .. } => *availability,
            StudyFault::NotOnline { availability, .. } => Some(*availability),
            _ => None,
        };
        Self { study, availability, received: 0, fault }
    }
}

impl fmt::Display for StudyFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { availability, received, fault, .. } = self;
        write!(formatter, "{fault}")?;
        match availability {
            Some(availability) if *received > 0 => {
                let term = availability.as_term();
                write!(formatter, ". The study is {term}: `esito recall` asks for the rest")
            }
            _ => Ok(()),
        }
    }
}

impl Serialize for StudyFailure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("StudyFailure", 4)?;
        record.serialize_field("study", &self.study)?;
        let availability = self.availability.map(Availability::as_term);
        record.serialize_field("instance_availability", &availability)?;
        record.serialize_field("received", &self.received)?;
        record.serialize_field("message", &self.to_string())?;
        record.end()
    }
}

/// All failures of a package that has nothing, in a sentence: with one study asked for, its own.
pub(crate) struct Failures<'a>(pub(crate) &'a [StudyFailure]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = self.0 {
            return only.fmt(formatter);
        }
        write!(formatter, "none of the {} studies can be packaged", self.0.len())?;
        self.0.iter().try_for_each(|one| write!(formatter, "; study {}: {one}", one.study + 1))
    }
}
