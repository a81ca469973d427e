//! Association PDUs to and from values (PS3.8 §9.3.2 to §9.3.8), by `dicom-ul`.

use std::panic::catch_unwind;

use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationRJ, AssociationRJResult,
    AssociationRJServiceProviderASCEReason, AssociationRJServiceProviderPresentationReason,
    AssociationRJServiceUserReason, AssociationRJSource, Pdu, UserVariableItem, read_pdu,
    write_pdu,
};
use model::AeTitle;

use crate::error::PacsError;

/// DICOM Application Context Name (PS3.7 §A.2.1).
pub(crate) const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";

/// Reads a PDU that is whole.
pub(crate) fn decode(bytes: &[u8]) -> Result<Pdu, PacsError> {
    let damaged = || PacsError::Protocol("a PDU of the negotiation is damaged".into());
    let limit = dicom_ul::pdu::MAXIMUM_PDU_SIZE;
    // Lengths are checked in there; that no peer can end a thread here does not rest on it.
    let decoded = catch_unwind(|| read_pdu(bytes, limit, false)).map_err(|_panic| damaged())?;
    decoded.map_err(|_cause| damaged())?.ok_or_else(damaged)
}

/// Writes a PDU down.
pub(crate) fn encode(pdu: &Pdu) -> Result<Vec<u8>, PacsError> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).map_err(|error| PacsError::Protocol(error.to_string()))?;
    Ok(bytes)
}

/// What each side says of itself (PS3.7 Annex D).
pub(crate) fn user_variables() -> Vec<UserVariableItem> {
    vec![
        UserVariableItem::MaxLength(super::wire::MAX_PDU_BYTES),
        UserVariableItem::ImplementationClassUID(part10::IMPLEMENTATION_CLASS_UID.to_owned()),
        UserVariableItem::ImplementationVersionName(part10::IMPLEMENTATION_VERSION_NAME.to_owned()),
    ]
}

/// How long the PDUs are that the peer takes; 0 means any length.
pub(crate) fn max_pdu_of(variables: &[UserVariableItem]) -> u32 {
    let announced = variables.iter().find_map(|item| match item {
        UserVariableItem::MaxLength(length) => Some(*length),
        _ => None,
    });
    match announced {
        Some(0) => super::wire::MAX_PDU_BYTES,
        // Without room for a header and a byte there is no sending at all.
        Some(length) => length.clamp(64, super::wire::MAX_PDU_BYTES),
        None => 16 << 10,
    }
}

/// A rejection in words, and what to change.
pub(crate) fn rejected(
    rejection: &AssociationRJ,
    called: &AeTitle,
    calling: &AeTitle,
) -> PacsError {
    use AssociationRJServiceProviderPresentationReason as Presentation;
    use AssociationRJServiceUserReason as User;
    let (reason, fix) = match &rejection.source {
        AssociationRJSource::ServiceUser(User::CalledAETitleNotRecognized) => (
            format!("called AE title not recognized, it is not {called}"),
            "Set `called_ae_title` to the AE title of the PACS".into(),
        ),
        AssociationRJSource::ServiceUser(User::CallingAETitleNotRecognized) => (
            format!("calling AE title not recognized, it does not know {calling}"),
            format!("Register the AE title {calling} at the PACS, or set `calling_ae_title`"),
        ),
        AssociationRJSource::ServiceUser(User::ApplicationContextNameNotSupported) => (
            "application context name not supported".into(),
            "Check that `port` is the DICOM port of the PACS".into(),
        ),
        AssociationRJSource::ServiceProviderASCE(
            AssociationRJServiceProviderASCEReason::ProtocolVersionNotSupported,
        ) => (
            "protocol version not supported".into(),
            "Check that `port` is the DICOM port of the PACS".into(),
        ),
        AssociationRJSource::ServiceProviderPresentation(Presentation::TemporaryCongestion) => {
            ("temporary congestion".into(), "Try again later".into())
        }
        AssociationRJSource::ServiceProviderPresentation(Presentation::LocalLimitExceeded) => (
            "local limit exceeded".into(),
            "It has too many associations: allow more there, or try again later".into(),
        ),
        other => (
            format!("{other}"),
            format!("Ask the PACS whether AE title {calling} may connect from this address"),
        ),
    };
    let lasts = match rejection.result {
        AssociationRJResult::Permanent => "permanently",
        AssociationRJResult::Transient => "for now",
    };
    PacsError::Rejected { reason: format!("{reason} ({lasts})"), fix }
}

/// Who aborted, in words.
pub(crate) fn aborted(source: &AbortRQSource) -> PacsError {
    let by = match source {
        AbortRQSource::ServiceUser => "by its application, without a reason".to_owned(),
        AbortRQSource::ServiceProvider(AbortRQServiceProviderReason::ReasonNotSpecified) => {
            "by its DICOM layer, without a reason".to_owned()
        }
        AbortRQSource::ServiceProvider(reason) => format!("by its DICOM layer: {reason}"),
        AbortRQSource::Reserved => "without saying by whom".to_owned(),
    };
    PacsError::Aborted { by }
}
