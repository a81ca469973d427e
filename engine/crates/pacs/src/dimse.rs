//! DIMSE (PS3.7) over the DICOM upper layer (PS3.8), in plain threads with blocking sockets.
//!
//! Invariant: `TCP_NODELAY` is set on each socket, and each PDU leaves in one write.
//! Invariant: every wait has an end (see [`crate::TimeOuts`]), every buffer a limit.

pub(crate) mod association;
pub(crate) mod c_echo;
pub(crate) mod c_find;
pub(crate) mod c_get;
pub(crate) mod c_move;
pub(crate) mod command;
pub(crate) mod context;
pub(crate) mod identifier;
pub(crate) mod messages;
pub(crate) mod negotiation;
pub(crate) mod port;
pub(crate) mod receive_object;
pub(crate) mod status;
pub(crate) mod store_scp;
pub(crate) mod stream;
pub(crate) mod wire;
