//! C-ECHO (PS3.7 §9.1.5): whether the PACS answers.

use super::association::request;
use super::command::{Incoming, Operation, Request};
use super::context::{Proposal, VERIFICATION};
use super::status::Category;
use crate::error::PacsError;
use crate::retrieve::DimsePacs;

/// Asks for an association and an echo.
pub(crate) fn echo(pacs: &DimsePacs) -> Result<(), PacsError> {
    let mut messages = request(pacs, &[Proposal::service(VERIFICATION)])?;
    let context = messages.context_of(VERIFICATION).map(|context| context.id);
    let Some(context) = context else {
        messages.release();
        let calling = pacs.settings.calling_ae_title.to_string();
        return Err(PacsError::NoContext { what: "C-ECHO (Verification)".into(), calling });
    };
    let message_id = messages.next_message_id();
    let (operation, sop_class) = (Operation::Echo, VERIFICATION);
    let echo = Request { operation, message_id, sop_class, destination: None };
    messages.send_request(context, &echo, &[])?;
    let answer = messages.receive()?;
    match answer.map(|message| message.incoming) {
        Some(Incoming::Response(response)) if response.responding_to == message_id => {
            messages.release();
            if response.status.category() == Category::Success {
                return Ok(());
            }
            let (operation, comment) = ("C-ECHO", response.comment);
            Err(PacsError::Failed { operation, status: response.status, comment })
        }
        _ => {
            messages.abort();
            Err(PacsError::Protocol("something else than the answer to C-ECHO".into()))
        }
    }
}
