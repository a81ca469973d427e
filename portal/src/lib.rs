//! The patient portal: who may log in, and how.
//!
//! Accounts (enrolment, login, passwords and their recovery, sessions) over a [`store::Store`]; pages for
//! them behind a listener ([`serve`]); tasks behind the pages ([`Tasks`]); [`Portal`] is all of it.
//!
//! **Invariant:** no answer, and no time that an answer takes, tells a stranger whether an account is there.
//! **Invariant:** the portal draws times from its [`Clock`] and secrets from [`secret`] only.

mod accounts;
pub mod admin;
mod app;
mod certificates;
mod clock;
pub mod downloads;
mod health;
mod http_client;
mod listen;
mod messages;
pub mod metrics;
mod observe;
pub mod oidc;
pub mod outbox;
mod password;
mod recovery;
pub mod results;
pub mod secret;
pub mod shares;
mod task;
mod visits;
mod web;

pub use accounts::{
    Accounts, AccountsError, Authenticated, Enrolled, Enrolment, EnrolmentRefused, Limits, Login,
    NewAccount, NewPassword, Origin,
};
pub use app::{BoundPortal, Portal, PortalError, Services, Settings};
/// What is sent to an [`admin::Console`].
pub use axum::{body::Bytes, http::Request};
pub use certificates::{Certificates, days_left};
pub use clock::Clock;
pub use ipnet::IpNet;
pub use listen::{
    ConnectionLimits, Listener, Peer, TlsFiles, Transport, UnusableTls, UnusableTransport, serve,
};
pub use messages::Site;
pub use metrics::LogMetrics;
pub use password::hashing::{Busy, Cost, Hasher, UnusableCost};
pub use password::{Password, Rule};
/// What the portal remembers.
pub use store;
pub use task::{Stop, StopHandle, Tasks};
pub use web::{UnusableWeb, WebSettings, paths};
