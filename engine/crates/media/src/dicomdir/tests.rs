//! The directory against data sets written by, and read back with, other people's code.

mod directory;
mod keys;
mod support;
mod text;
