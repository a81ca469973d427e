//! DICOMweb (PS3.18): QIDO-RS says what there is, WADO-RS delivers it.
//!
//! Blocking, on the thread of the caller: what is not taken is not read, so the peer waits.
//!
//! Invariant: credentials go to the configured origin only. Redirects are reported, never followed.
//! Invariant: data sets come as the server sends them, and are not looked into here.
//! Invariant: an error holds no query and no identifier: those may name a patient.

mod authorization;
mod client;
mod clock;
pub(crate) mod connection;
mod error;
mod file_meta;
pub(crate) mod head_start;
mod instance_body;
mod json;
mod listing;
mod multipart;
mod patience;
mod query;
mod retrieve;
mod service_url;
mod settings;
mod source;
mod steady;

pub use authorization::{ClientCredentials, Credentials, Secret};
pub use client::DicomWeb;
pub(crate) use clock::ClockOffset;
pub use error::DicomWebError;
pub use instance_body::{InstanceBody, PartFault};
pub use json::JsonDataSet;
pub use query::{Found, Level, Search};
pub use retrieve::{Delivered, Retrieval, What};
pub(crate) use service_url::escaped;
pub use service_url::{InvalidServiceUrl, ServiceUrl};
pub use settings::WebSettings;
