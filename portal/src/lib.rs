//! The patient portal: who may log in, and how.
//!
//! So far it holds accounts: enrolment, login, passwords and their recovery, sessions, over a
//! [`store::Store`]. It serves no page yet.
//!
//! **Invariant:** no answer, and no time that an answer takes, tells a stranger whether an account is there.
//! **Invariant:** the portal draws times from its [`Clock`] and secrets from [`secret`] only.

mod accounts;
mod clock;
mod messages;
mod password;
pub mod secret;

pub use accounts::{
    Accounts, AccountsError, Authenticated, Enrolled, Enrolment, EnrolmentRefused, Limits, Login,
    NewAccount, NewPassword, Origin,
};
pub use clock::Clock;
pub use messages::Site;
pub use password::hashing::{Busy, Cost, Hasher, UnusableCost};
pub use password::{Password, Rule};
