//! The IHE PDI file-set: DICOMDIR, web content, readme; values in, bytes out.
//!
//! Invariant: nothing here opens a file, reads a clock or draws a random number.

pub mod branding;
pub mod cd_info;
mod claims;
pub mod contents;
mod dates;
pub mod dicomdir;
pub mod layout;
pub mod manifest;
mod notice_summary;
pub mod numbering;
mod person_name;
pub mod readme;
pub mod report;
pub mod web;

pub use ::texts::Language;
pub use dates::Date;
pub use person_name::display_pn;
