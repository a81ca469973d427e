//! The subcommands.

pub(crate) mod fixtures;
pub(crate) mod package;
