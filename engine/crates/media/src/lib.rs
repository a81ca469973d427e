//! The IHE PDI file-set: DICOMDIR, web content, readme; values in, bytes out.
//!
//! Invariant: nothing here opens a file, reads a clock or draws a random number.

pub mod contents;
mod dates;
pub mod dicomdir;
pub mod layout;
pub mod manifest;
pub mod numbering;
mod texts;

pub use dates::Date;
pub use texts::Language;
