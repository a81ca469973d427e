//! What only the system can do: open the browser, show a message, give random numbers, tell its language.

#[cfg(not(windows))]
mod other;
#[cfg(windows)]
#[allow(unsafe_code)]
mod win32;

#[cfg(not(windows))]
pub use other::{is_italian, open, random, tell};
#[cfg(windows)]
pub use win32::{is_italian, open, random, tell};
