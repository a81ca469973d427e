//! An association, from its request or acceptance to its release (PS3.8 §7).

use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};

use dicom_ul::pdu::{
    AbortRQSource, AssociationRQ, Pdu, PresentationContextProposed,
    PresentationContextResultReason, RequestorRoles, UserVariableItem,
};

use super::context::{AcceptedContext, Proposal, contexts_are_too_many};
use super::messages::Messages;
use super::negotiation::{
    APPLICATION_CONTEXT, decode, encode, max_pdu_of, rejected, user_variables,
};
use super::stream::{Handshake, Stream};
use super::wire::{ABORT, ASSOCIATE_AC, ASSOCIATE_RJ, StopFlag, Wire};
use crate::error::PacsError;
use crate::retrieve::DimsePacs;
use crate::settings::{DimseSettings, TimeOuts};
use crate::tls::{TlsClient, TlsFault};

/// The addresses of a host.
pub(crate) fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, PacsError> {
    let bare = host.trim_matches(['[', ']']);
    let resolved = (bare, port).to_socket_addrs();
    let failed = |source| PacsError::Resolve { host: host.to_owned(), source };
    resolved.map(Iterator::collect).map_err(failed)
}

/// Connects, within the time-out, to the first address that answers.
pub(crate) fn connect_first(
    addresses: &[SocketAddr],
    time_outs: &TimeOuts,
    name: impl FnOnce() -> String,
) -> Result<(TcpStream, SocketAddr), PacsError> {
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect_timeout(address, time_outs.connect) {
            Ok(stream) => return Ok((stream, *address)),
            Err(error) => last = error,
        }
    }
    if last.kind() == std::io::ErrorKind::TimedOut {
        let (what, limit) = ("the connection", time_outs.connect);
        return Err(PacsError::TimedOut { what, limit, setting: "time_outs.connect" });
    }
    Err(PacsError::Connect { address: name(), source: last })
}

/// Connects to a PACS whose addresses are known.
pub(crate) fn connect_to(
    settings: &DimseSettings,
    addresses: &[SocketAddr],
) -> Result<(TcpStream, SocketAddr), PacsError> {
    connect_first(addresses, &settings.time_outs, || settings.address())
}

fn connect(settings: &DimseSettings) -> Result<TcpStream, PacsError> {
    let addresses = resolve(&settings.host, settings.port)?;
    connect_to(settings, &addresses).map(|(stream, _)| stream)
}

/// Puts TLS over the connection where it is configured.
pub(crate) fn secured(
    socket: TcpStream,
    settings: &DimseSettings,
    stop: &StopFlag,
) -> Result<Stream, PacsError> {
    let Some(tls) = &settings.tls else { return Ok(Stream::Plain(socket)) };
    let (limit, setting) = (settings.time_outs.connect, "time_outs.connect");
    Stream::client(socket, tls, &settings.host, &Handshake { limit, setting, stop })
}

/// Whether a peer that hangs up on a plain association request would speak TLS: few say so.
fn speaks_tls(settings: &DimseSettings, stop: &StopFlag) -> bool {
    let Ok(tls) = TlsClient::trusting_nobody() else { return false };
    let within =
        Handshake { limit: settings.time_outs.connect, setting: "time_outs.connect", stop };
    let tried = connect(settings)
        .and_then(|socket| Stream::client(socket, &tls, &settings.host, &within).map(drop));
    matches!(
        tried,
        Ok(())
            | Err(PacsError::Tls(
                TlsFault::UnknownIssuer
                    | TlsFault::Expired
                    | TlsFault::NotYetValid
                    | TlsFault::WrongName { .. }
                    | TlsFault::BadCertificate(_)
                    | TlsFault::ClientCertificateRequired
            ))
    )
}

/// Requests an association with these presentation contexts.
///
/// # Errors
/// [`PacsError`] for each of its steps; contexts that the peer refuses are no error here.
pub(crate) fn request(pacs: &DimsePacs, proposals: &[Proposal]) -> Result<Messages, PacsError> {
    let DimsePacs { settings, stop, throttle } = pacs;
    if contexts_are_too_many(proposals.len()) {
        return Err(PacsError::OverLimit(
            "more presentation contexts than an association has".into(),
        ));
    }
    let stream = secured(connect(settings)?, settings, stop)?;
    let mut wire = Wire::new(stream, settings.time_outs, throttle.clone(), stop.clone())?;
    wire.send(&encode(&associate_request(settings, proposals))?)?;
    let frame = wire.read_frame().map_err(|error| match error {
        PacsError::HungUp(_) if settings.tls.is_none() && speaks_tls(settings, stop) => {
            PacsError::WantsTls
        }
        other => other,
    })?;
    let answer = match frame.kind {
        ASSOCIATE_AC | ASSOCIATE_RJ | ABORT => decode(wire.with_header(&frame))?,
        kind => {
            let sentence = format!("PDU type {kind:02X}H as answer to an association request");
            return Err(PacsError::Protocol(sentence));
        }
    };
    let accepted = match answer {
        Pdu::AssociationAC(accepted) => accepted,
        Pdu::AssociationRJ(rejection) => {
            let (called, calling) = (&settings.called_ae_title, &settings.calling_ae_title);
            return Err(rejected(&rejection, called, calling));
        }
        Pdu::AbortRQ { source } => return Err(super::negotiation::aborted(&source)),
        _ => return Err(PacsError::Protocol("no answer to an association request".into())),
    };
    let contexts = accepted
        .presentation_contexts
        .iter()
        .filter(|context| context.reason == PresentationContextResultReason::Acceptance)
        .filter_map(|context| {
            let proposal = proposals.get(usize::from(context.id.checked_sub(1)? / 2))?;
            let transfer_syntax = context.transfer_syntax.trim_matches(['\0', ' ']);
            // A peer that accepts what was not proposed would send what we cannot name.
            proposal.transfer_syntaxes.contains(&transfer_syntax.to_owned()).then(|| {
                AcceptedContext {
                    id: context.id,
                    abstract_syntax: proposal.abstract_syntax.clone(),
                    transfer_syntax: transfer_syntax.to_owned(),
                }
            })
        })
        .collect();
    wire.established();
    Ok(Messages::new(wire, contexts, max_pdu_of(&accepted.user_variables)))
}

fn associate_request(settings: &DimseSettings, proposals: &[Proposal]) -> Pdu {
    let mut user_variables = user_variables();
    let mut roles: Vec<&str> = proposals
        .iter()
        .filter(|proposal| proposal.we_are_scp)
        .map(|proposal| proposal.abstract_syntax.as_str())
        .collect();
    roles.dedup();
    user_variables.extend(roles.into_iter().map(|sop_class| {
        UserVariableItem::ScuScpRoleSelectionSubItem(
            sop_class.to_owned(),
            RequestorRoles { scu: false, scp: true },
        )
    }));
    let presentation_contexts = (1..=255)
        .step_by(2)
        .zip(proposals)
        .map(|(id, proposal)| PresentationContextProposed {
            id,
            abstract_syntax: proposal.abstract_syntax.clone(),
            transfer_syntaxes: proposal.transfer_syntaxes.clone(),
        })
        .collect();
    Pdu::AssociationRQ(AssociationRQ {
        protocol_version: 1,
        calling_ae_title: settings.calling_ae_title.to_string(),
        called_ae_title: settings.called_ae_title.to_string(),
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts,
        user_variables,
    })
}

/// A-ABORT by us.
pub(crate) fn abort_pdu() -> Result<Vec<u8>, PacsError> {
    encode(&Pdu::AbortRQ { source: AbortRQSource::ServiceUser })
}
