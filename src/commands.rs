//! The subcommands.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod find;
pub(crate) mod fixture_pacs;
pub(crate) mod fixtures;
pub(crate) mod package;
pub(crate) mod recall;
pub(crate) mod serve;
