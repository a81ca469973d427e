//! Query and retrieve from a PACS, and the traits that every source of instances has.
//!
//! [`StudyQuery`] says what there is, [`InstanceSource`] delivers it to a [`Receiver`].
//! [`DimsePacs`] is both, over DIMSE: C-ECHO, C-FIND, C-GET, C-MOVE with a Store SCP of its own.
//! [`dicomweb::DicomWeb`] is both over DICOMweb. [`Pacs`] is whichever of the two is configured.
//!
//! Invariant: a PACS is not trusted. Lengths, counts and times have limits before anything is
//! allocated or waited for; no name off the wire becomes a path; data sets are not parsed here.
//! Invariant: the only threads are those of a retrieval, and they end before it does.

mod answers;
mod check;
pub mod dicomweb;
mod dimse;
mod error;
mod find;
mod lanes;
mod mapping;
mod protocol;
mod query;
mod recall;
mod retrieve;
mod settings;
mod source;
mod throttle;
pub mod tls;

pub use check::{Check, CheckStep, check};
pub use dimse::status::{Category, Status};
pub use dimse::wire::StopFlag;
pub use error::PacsError;
pub use mapping::{Attribute, Mapping, attribute};
pub use model::AeTitle;
pub use protocol::Pacs;
pub use query::{
    Availability, InstanceSummary, Listing, Matches, PatientId, SeriesSummary, StudyKeys,
    StudyReference, StudySummary,
};
pub use recall::{
    Hook, HookAddress, HookMethod, InvalidHookAddress, RecallAsk, RecallError, RecallSettings,
    RecallStep, ask_for, availability, recall,
};
pub use retrieve::DimsePacs;
pub use scratch::ScratchFolder;
pub use settings::{
    DimseSettings, PacsLimits, PacsSettings, QueryRoot, RetrieveMethod, Service, StoreFrom,
    StoreScp, TimeOuts,
};
pub use source::{
    Extent, InstanceSource, Received, ReceivedBody, Receiver, StudyQuery, Taken, Wanted,
};
