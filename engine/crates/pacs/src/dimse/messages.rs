//! Messages on an established association: command sets and the data sets behind them (PS3.7 §6.3,
//! PS3.8 Annex E).

use std::ops::Range;

use dicom_ul::pdu::Pdu;

use super::association::abort_pdu;
use super::command::{Incoming, MAX_COMMAND_BYTES, Request, decode, encode_cancel, encode_request};
use super::context::AcceptedContext;
use super::negotiation;
use super::wire::{ABORT, P_DATA_TF, RELEASE_RP, RELEASE_RQ, Wire};
use crate::error::PacsError;

/// Item length, context, message control header (PS3.8 §9.3.5.1).
const PDV_HEADER_BYTES: usize = 6;

/// A presentation data value in the buffer of the wire.
#[derive(Debug)]
struct Pdv {
    context: u8,
    is_command: bool,
    is_last: bool,
    data: Range<usize>,
}

/// An established association.
#[derive(Debug)]
pub(crate) struct Messages {
    wire: Wire,
    contexts: Vec<AcceptedContext>,
    peer_max_pdu: u32,
    last_message_id: u16,
    /// What of the last P-DATA-TF PDU was not yet taken.
    rest: Range<usize>,
}

/// A message of the peer, without its data set.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) context: u8,
    pub(crate) incoming: Incoming,
    pub(crate) has_data_set: bool,
}

impl Messages {
    pub(crate) fn new(wire: Wire, contexts: Vec<AcceptedContext>, peer_max_pdu: u32) -> Self {
        Self { wire, contexts, peer_max_pdu, last_message_id: 0, rest: 0..0 }
    }

    /// The accepted contexts of an abstract syntax.
    pub(crate) fn context_of(&self, abstract_syntax: &str) -> Option<&AcceptedContext> {
        self.contexts.iter().find(|context| context.abstract_syntax == abstract_syntax)
    }

    /// The accepted context with this identifier.
    pub(crate) fn context(&self, id: u8) -> Option<&AcceptedContext> {
        self.contexts.iter().find(|context| context.id == id)
    }

    /// Something came on that the bytes alone do not show.
    pub(crate) fn progress(&mut self) {
        self.wire.progress();
    }

    /// A number for the next request.
    pub(crate) fn next_message_id(&mut self) -> u16 {
        self.last_message_id = self.last_message_id.checked_add(1).unwrap_or(1);
        self.last_message_id
    }

    /// Sends a request and the identifier behind it.
    pub(crate) fn send_request(
        &mut self,
        context: u8,
        request: &Request<'_>,
        identifier: &[u8],
    ) -> Result<(), PacsError> {
        let mut pdus = Vec::new();
        self.push_pdvs(context, true, &encode_request(request), &mut pdus);
        if !identifier.is_empty() {
            self.push_pdvs(context, false, identifier, &mut pdus);
        }
        self.wire.send(&pdus)
    }

    /// C-CANCEL of a request.
    pub(crate) fn send_cancel(&mut self, context: u8, message_id: u16) -> Result<(), PacsError> {
        self.send_command(context, &encode_cancel(message_id))
    }

    /// Sends a command set without data set.
    pub(crate) fn send_command(&mut self, context: u8, command: &[u8]) -> Result<(), PacsError> {
        let mut pdus = Vec::new();
        self.push_pdvs(context, true, command, &mut pdus);
        self.wire.send(&pdus)
    }

    fn push_pdvs(&self, context: u8, is_command: bool, bytes: &[u8], pdus: &mut Vec<u8>) {
        let room = (self.peer_max_pdu as usize).saturating_sub(PDV_HEADER_BYTES).max(1);
        let mut chunks = bytes.chunks(room).peekable();
        while let Some(chunk) = chunks.next() {
            let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
            let control = u8::from(is_command) | (u8::from(chunks.peek().is_none()) << 1);
            pdus.extend_from_slice(&[P_DATA_TF, 0]);
            pdus.extend_from_slice(&length.saturating_add(6).to_be_bytes());
            pdus.extend_from_slice(&length.saturating_add(2).to_be_bytes());
            pdus.extend_from_slice(&[context, control]);
            pdus.extend_from_slice(chunk);
        }
    }

    /// Waits for the next message; `None` when the peer asks for the release instead.
    pub(crate) fn receive(&mut self) -> Result<Option<Message>, PacsError> {
        let mut gathered = Vec::new();
        loop {
            let Some(pdv) = self.next_pdv()? else { return Ok(None) };
            if !pdv.is_command {
                return Err(PacsError::Protocol("a data set without a command".into()));
            }
            if gathered.len() + pdv.data.len() > MAX_COMMAND_BYTES {
                return Err(PacsError::Protocol("a command set without end".into()));
            }
            gathered.extend_from_slice(self.wire.bytes(pdv.data));
            if pdv.is_last {
                let (incoming, has_data_set) =
                    decode(&gathered).map_err(|error| PacsError::Protocol(error.to_string()))?;
                return Ok(Some(Message { context: pdv.context, incoming, has_data_set }));
            }
        }
    }

    /// Receives the data set behind a message, piece by piece as it comes.
    pub(crate) fn receive_data_set(
        &mut self,
        context: u8,
        mut take: impl FnMut(&[u8]) -> Result<(), PacsError>,
    ) -> Result<(), PacsError> {
        loop {
            let Some(pdv) = self.next_pdv()? else {
                return Err(PacsError::Protocol("a release in the midst of a data set".into()));
            };
            if pdv.is_command || pdv.context != context {
                return Err(PacsError::Protocol("a command in the midst of a data set".into()));
            }
            take(self.wire.bytes(pdv.data))?;
            self.wire.progress();
            if pdv.is_last {
                return Ok(());
            }
        }
    }

    /// Receives a small data set into memory.
    pub(crate) fn receive_small(
        &mut self,
        context: u8,
        limit_bytes: usize,
    ) -> Result<Vec<u8>, PacsError> {
        let mut bytes = Vec::new();
        self.receive_data_set(context, |piece| {
            if bytes.len() + piece.len() > limit_bytes {
                return Err(PacsError::Protocol("an answer of absurd length".into()));
            }
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }

    fn next_pdv(&mut self) -> Result<Option<Pdv>, PacsError> {
        while self.rest.is_empty() {
            let frame = self.wire.read_frame()?;
            match frame.kind {
                P_DATA_TF => self.rest = frame.body,
                RELEASE_RQ => return Ok(None),
                ABORT => {
                    let source = match negotiation::decode(self.wire.with_header(&frame))? {
                        Pdu::AbortRQ { source } => source,
                        _ => dicom_ul::pdu::AbortRQSource::Reserved,
                    };
                    return Err(negotiation::aborted(&source));
                }
                kind => {
                    let sentence = format!("PDU type {kind:02X}H in the midst of an association");
                    return Err(PacsError::Protocol(sentence));
                }
            }
        }
        let damaged = || PacsError::Protocol("a P-DATA-TF PDU is damaged".into());
        let header = self.wire.bytes(self.rest.clone()).first_chunk::<PDV_HEADER_BYTES>();
        let [l0, l1, l2, l3, context, control] = *header.ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        let start = self.rest.start + PDV_HEADER_BYTES;
        let end = length.checked_sub(2).and_then(|length| start.checked_add(length));
        let end = end.filter(|end| *end <= self.rest.end).ok_or_else(damaged)?;
        self.rest.start = end;
        let (is_command, is_last) = (control & 1 != 0, control & 2 != 0);
        Ok(Some(Pdv { context, is_command, is_last, data: start..end }))
    }

    /// Releases the association; a peer that does not answer is left alone.
    pub(crate) fn release(mut self) {
        self.wire.releasing();
        // The work is done: whether the peer says goodbye changes nothing.
        drop(self.wire.send(&[RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0]));
        drop(self.wire.read_frame());
    }

    /// Answers the release that the peer asked for.
    pub(crate) fn confirm_release(mut self) {
        drop(self.wire.send(&[RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0]));
    }

    /// Ends the association at once.
    pub(crate) fn abort(mut self) {
        if let Ok(pdu) = abort_pdu() {
            drop(self.wire.send(&pdu));
        }
    }
}
