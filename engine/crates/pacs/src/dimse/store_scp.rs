//! The Store SCP that C-MOVE sends to (PS3.4 Annex B): accepts associations, receives instances.

use std::net::IpAddr;

use dicom_ul::pdu::{
    AssociationAC, AssociationRJ, AssociationRJResult,
    AssociationRJServiceProviderPresentationReason, AssociationRJServiceUserReason,
    AssociationRJSource, AssociationRQ, Pdu, PresentationContextProposed,
    PresentationContextResult, PresentationContextResultReason,
};
use part10::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN};

use super::association::resolve;
use super::c_get::store_one;
use super::command::{Incoming, StoreRequest, encode_echo_response};
use super::context::{AcceptedContext, VERIFICATION};
use super::messages::Messages;
use super::negotiation::{APPLICATION_CONTEXT, decode, encode, max_pdu_of, user_variables};
use super::wire::{ASSOCIATE_RQ, Wire};
use crate::error::PacsError;
use crate::settings::DimseSettings;
use crate::source::{Received, Taken};

/// SOP Classes of DICOM whose instances are sent by C-STORE; query/retrieve and worklists are not.
fn is_storage(abstract_syntax: &str) -> bool {
    let is_of_dicom = abstract_syntax.starts_with("1.2.840.10008.");
    let is_storage = abstract_syntax.starts_with("1.2.840.10008.5.1.4.1.1.")
        || abstract_syntax.starts_with("1.2.840.10008.5.1.4.34.7")
        || abstract_syntax.starts_with("1.2.840.10008.5.1.4.4")
        || abstract_syntax == VERIFICATION;
    // Private classes are left out of the package later, with a notice.
    is_storage || !is_of_dicom
}

/// The transfer syntax of a context: what the peer names first, since it stores it so; between the
/// two uncompressed ones the explicit one.
fn choose(proposed: &PresentationContextProposed) -> Option<String> {
    let syntaxes: Vec<&str> =
        proposed.transfer_syntaxes.iter().map(|one| one.trim_matches(['\0', ' '])).collect();
    let first = *syntaxes.first()?;
    let explicit = syntaxes.contains(&EXPLICIT_VR_LITTLE_ENDIAN);
    let chosen = if first == IMPLICIT_VR_LITTLE_ENDIAN && explicit {
        EXPLICIT_VR_LITTLE_ENDIAN
    } else {
        first
    };
    Some(chosen.to_owned())
}

/// Answers an association request. `has_place` is asked for one only where it is from the PACS.
///
/// # Errors
/// [`PacsError`] also when the request was rejected: then there is nothing to serve.
pub(crate) fn accept(
    mut wire: Wire,
    settings: &DimseSettings,
    has_place: impl FnOnce() -> bool,
) -> Result<Messages, PacsError> {
    let frame = wire.read_frame()?;
    if frame.kind != ASSOCIATE_RQ {
        return Err(PacsError::Protocol("no association request".into()));
    }
    let Pdu::AssociationRQ(request) = decode(wire.with_header(&frame))? else {
        return Err(PacsError::Protocol("no association request".into()));
    };
    if let Err((rejection, error)) = admit(&request, settings, &wire, has_place) {
        wire.send(&encode(&Pdu::AssociationRJ(rejection))?)?;
        return Err(error);
    }
    let peer_max_pdu = max_pdu_of(&request.user_variables);
    let (answer, contexts) = negotiate(request);
    wire.send(&encode(&Pdu::AssociationAC(answer))?)?;
    wire.established();
    Ok(Messages::new(wire, contexts, peer_max_pdu))
}

/// Whether an association is ours to serve, or how and why it is rejected.
fn admit(
    request: &AssociationRQ,
    settings: &DimseSettings,
    wire: &Wire,
    has_place: impl FnOnce() -> bool,
) -> Result<(), (AssociationRJ, PacsError)> {
    use AssociationRJResult::{Permanent, Transient};
    let by_us = |result, reason, error| {
        Err((AssociationRJ { result, source: AssociationRJSource::ServiceUser(reason) }, error))
    };
    if request.called_ae_title.trim() != settings.calling_ae_title.as_str() {
        let reason = AssociationRJServiceUserReason::CalledAETitleNotRecognized;
        let error = PacsError::Protocol("an association for somebody else".into());
        return by_us(Permanent, reason, error);
    }
    let calling = request.calling_ae_title.trim();
    let address = wire.peer().map(|address| address.to_canonical());
    if !is_expected(calling, address, settings) {
        let reason = AssociationRJServiceUserReason::CallingAETitleNotRecognized;
        let calling = calling.chars().filter(|one| !one.is_control()).take(16).collect();
        let address = address.map_or_else(|| "nowhere".to_owned(), |address| address.to_string());
        return by_us(Permanent, reason, PacsError::NotExpected { calling, address });
    }
    if has_place() {
        return Ok(());
    }
    let source = AssociationRJSource::ServiceProviderPresentation(
        AssociationRJServiceProviderPresentationReason::LocalLimitExceeded,
    );
    let limit = "more associations for C-MOVE than `[store_scp] associations` allows";
    Err((AssociationRJ { result: Transient, source }, PacsError::OverLimit(limit.to_owned())))
}

/// Whether this sender is the PACS, as far as it can be known.
fn is_expected(calling: &str, address: Option<IpAddr>, settings: &DimseSettings) -> bool {
    let from = settings.store_scp.as_ref().map(|scp| &scp.from);
    let (titles, addresses) = match from {
        Some(from) => (from.ae_titles.as_slice(), from.addresses.as_slice()),
        None => Default::default(),
    };
    let is_listed = |address: IpAddr| addresses.contains(&address);
    let is_near = addresses.is_empty() || address.is_some_and(is_listed);
    let is_host = || {
        let known = resolve(&settings.host, settings.port).unwrap_or_default();
        known.iter().any(|known| Some(known.ip().to_canonical()) == address)
    };
    let is_known = match titles {
        // Many send under another title than the one that is asked: then the address decides.
        [] => calling == settings.called_ae_title.as_str() || !addresses.is_empty() || is_host(),
        titles => titles.iter().any(|title| title.as_str() == calling),
    };
    is_known && is_near
}

fn negotiate(request: AssociationRQ) -> (AssociationAC, Vec<AcceptedContext>) {
    let mut contexts = Vec::new();
    let mut results = Vec::new();
    for proposed in request.presentation_contexts {
        let abstract_syntax = proposed.abstract_syntax.trim_matches(['\0', ' ']).to_owned();
        let transfer_syntax = choose(&proposed);
        let (reason, transfer_syntax) = match transfer_syntax {
            Some(transfer_syntax) if is_storage(&abstract_syntax) => {
                let (id, transfer_syntax) = (proposed.id, transfer_syntax);
                contexts.push(AcceptedContext {
                    id,
                    abstract_syntax,
                    transfer_syntax: transfer_syntax.clone(),
                });
                (PresentationContextResultReason::Acceptance, transfer_syntax)
            }
            Some(transfer_syntax) => {
                (PresentationContextResultReason::AbstractSyntaxNotSupported, transfer_syntax)
            }
            None => (
                PresentationContextResultReason::TransferSyntaxesNotSupported,
                IMPLICIT_VR_LITTLE_ENDIAN.to_owned(),
            ),
        };
        results.push(PresentationContextResult { id: proposed.id, reason, transfer_syntax });
    }
    let answer = AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title,
        called_ae_title: request.called_ae_title,
        application_context_name: APPLICATION_CONTEXT.to_owned(),
        presentation_contexts: results,
        user_variables: user_variables(),
    };
    (answer, contexts)
}

/// Serves an association to its end. `take` is given the instances and what the peer said of them; `came` is told of
/// each piece.
pub(crate) fn serve(
    mut messages: Messages,
    settings: &DimseSettings,
    came: impl Fn(),
    mut take: impl FnMut(&StoreRequest, Received) -> Taken,
) -> Result<(), PacsError> {
    loop {
        let message = match messages.receive() {
            Ok(Some(message)) => message,
            Ok(None) => {
                messages.confirm_release();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match &message.incoming {
            Incoming::Echo { message_id } => {
                messages.send_command(message.context, &encode_echo_response(*message_id))?;
            }
            Incoming::Store(store) => {
                let store = store.clone();
                let take = |received| take(&store, received);
                if store_one(settings, &mut messages, &message, &store, &came, take)? == Taken::Stop
                {
                    messages.abort();
                    return Err(PacsError::Stopped);
                }
            }
            Incoming::Response(_) | Incoming::Cancel => {
                messages.abort();
                return Err(PacsError::Protocol("an answer to nothing".into()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.70";

    #[rstest]
    #[case::as_stored(&[JPEG_LOSSLESS, EXPLICIT_VR_LITTLE_ENDIAN], Some(JPEG_LOSSLESS))]
    #[case::explicit_before_implicit(
        &[IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN],
        Some(EXPLICIT_VR_LITTLE_ENDIAN)
    )]
    #[case::nul_padded(&["1.2.840.10008.1.2\0"], Some(IMPLICIT_VR_LITTLE_ENDIAN))]
    #[case::private(&["1.2.840.113619.5.2"], Some("1.2.840.113619.5.2"))]
    #[case::none(&[], None)]
    fn the_first_transfer_syntax_is_that_of_the_store(
        #[case] proposed: &[&str],
        #[case] expected: Option<&str>,
    ) {
        let proposed = PresentationContextProposed {
            id: 1,
            abstract_syntax: "1.2.840.10008.5.1.4.1.1.2".into(),
            transfer_syntaxes: proposed.iter().map(|one| (*one).to_owned()).collect(),
        };
        assert_eq!(choose(&proposed).as_deref(), expected);
    }

    #[rstest]
    #[case::ct("1.2.840.10008.5.1.4.1.1.2", true)]
    #[case::echo(VERIFICATION, true)]
    #[case::private("1.3.12.2.1107.5.9.1", true)]
    #[case::query("1.2.840.10008.5.1.4.1.2.2.1", false)]
    #[case::worklist("1.2.840.10008.5.1.4.31", false)]
    fn what_may_be_stored(#[case] abstract_syntax: &str, #[case] expected: bool) {
        assert_eq!(is_storage(abstract_syntax), expected);
    }
}
