//! C-FIND (PS3.4 §C.4.1): queries over one association.

use part10::Dataset;

use super::association::request;
use super::command::{Incoming, Operation, Request};
use super::context::{AcceptedContext, Proposal};
use super::identifier::{Identifier, parse};
use super::messages::Messages;
use super::status::Category;
use crate::error::PacsError;
use crate::query::Matches;
use crate::retrieve::DimsePacs;
use crate::settings::QueryRoot;

/// Study Root and Patient Root Query/Retrieve Information Model – FIND.
const STUDY_ROOT: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const PATIENT_ROOT: &str = "1.2.840.10008.5.1.4.1.2.1.1";
/// One answer has some hundred bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// Answers that may still be on their way when a query is cancelled.
const AFTER_CANCEL: usize = 1000;

/// An association for queries.
#[derive(Debug)]
pub(crate) struct Finder {
    messages: Messages,
    context: AcceptedContext,
}

impl Finder {
    pub(crate) fn open(pacs: &DimsePacs) -> Result<Self, PacsError> {
        let settings = &pacs.settings;
        let (model, what) = match settings.root {
            QueryRoot::Study => (STUDY_ROOT, "C-FIND (Study Root)"),
            QueryRoot::Patient => (PATIENT_ROOT, "C-FIND (Patient Root)"),
        };
        let messages = request(pacs, &[Proposal::service(model)])?;
        let Some(context) = messages.context_of(model).cloned() else {
            messages.release();
            let calling = settings.calling_ae_title.to_string();
            return Err(PacsError::NoContext { what: what.into(), calling });
        };
        Ok(Self { messages, context })
    }

    /// Asks, and reads each answer; `read` gives nothing for an answer that is of no use.
    ///
    /// Beyond `limit` answers the query is cancelled (C-CANCEL). After an error the association can
    /// take no more queries.
    pub(crate) fn find<T>(
        &mut self,
        identifier: Identifier,
        limit: usize,
        mut read: impl FnMut(&Dataset<'_>) -> Option<T>,
    ) -> Result<Matches<T>, PacsError> {
        let message_id = self.messages.next_message_id();
        let operation = Operation::Find;
        let sop_class = self.context.abstract_syntax.as_str();
        let find = Request { operation, message_id, sop_class, destination: None };
        let identifier = identifier.encode(&self.context.transfer_syntax);
        self.messages.send_request(self.context.id, &find, &identifier)?;
        let mut found = Vec::new();
        let mut answers = 0;
        let mut is_cut = false;
        loop {
            let Some(message) = self.messages.receive()? else {
                return Err(PacsError::HungUp("it is released in mid query".into()));
            };
            let Incoming::Response(response) = message.incoming else {
                return Err(PacsError::Protocol("a request in mid query".into()));
            };
            if response.operation != operation || response.responding_to != message_id {
                return Err(PacsError::Protocol("an answer to another message".into()));
            }
            let answer = if message.has_data_set {
                self.messages.receive_small(message.context, MAX_ANSWER_BYTES)?
            } else {
                Vec::new()
            };
            match response.status.category() {
                Category::Pending => {}
                Category::Success => return Ok(Matches { found, is_cut }),
                Category::Cancel if is_cut => return Ok(Matches { found, is_cut }),
                Category::Cancel | Category::Warning | Category::Failure => {
                    let (operation, comment) = ("C-FIND", response.comment);
                    return Err(PacsError::Failed { operation, status: response.status, comment });
                }
            }
            answers += 1;
            if answers > limit && !is_cut {
                self.messages.send_cancel(self.context.id, message_id)?;
                is_cut = true;
            }
            if answers > limit.saturating_add(AFTER_CANCEL) {
                return Err(PacsError::Protocol("a query that C-CANCEL does not end".into()));
            }
            if !is_cut {
                found.extend(read(&parse(&answer, &self.context.transfer_syntax)?));
            }
        }
    }

    pub(crate) fn close(self) {
        self.messages.release();
    }
}
