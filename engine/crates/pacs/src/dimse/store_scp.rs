//! The Store SCP that C-MOVE sends to (PS3.4 Annex B): accepts associations, receives instances.

use dicom_ul::pdu::{
    AssociationAC, AssociationRJ, AssociationRJResult,
    AssociationRJServiceProviderPresentationReason, AssociationRJServiceUserReason,
    AssociationRJSource, AssociationRQ, Pdu, PresentationContextProposed,
    PresentationContextResult, PresentationContextResultReason,
};
use part10::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN};

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

/// Answers an association request.
///
/// # Errors
/// [`PacsError`] also when the request was rejected: then there is nothing to serve.
pub(crate) fn accept(
    mut wire: Wire,
    settings: &DimseSettings,
    is_full: bool,
) -> Result<Messages, PacsError> {
    let frame = wire.read_frame()?;
    if frame.kind != ASSOCIATE_RQ {
        return Err(PacsError::Protocol("no association request".into()));
    }
    let Pdu::AssociationRQ(request) = decode(wire.with_header(&frame))? else {
        return Err(PacsError::Protocol("no association request".into()));
    };
    let source = if is_full {
        Some(AssociationRJSource::ServiceProviderPresentation(
            AssociationRJServiceProviderPresentationReason::LocalLimitExceeded,
        ))
    } else if request.called_ae_title != settings.calling_ae_title.as_str() {
        let reason = AssociationRJServiceUserReason::CalledAETitleNotRecognized;
        Some(AssociationRJSource::ServiceUser(reason))
    } else {
        None
    };
    if let Some(source) = source {
        let result =
            if is_full { AssociationRJResult::Transient } else { AssociationRJResult::Permanent };
        wire.send(&encode(&Pdu::AssociationRJ(AssociationRJ { result, source }))?)?;
        return Err(PacsError::Protocol("an association for somebody else".into()));
    }
    let peer_max_pdu = max_pdu_of(&request.user_variables);
    let (answer, contexts) = negotiate(request);
    wire.send(&encode(&Pdu::AssociationAC(answer))?)?;
    wire.established();
    Ok(Messages::new(wire, contexts, peer_max_pdu))
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
