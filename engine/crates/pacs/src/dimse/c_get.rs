//! C-GET (PS3.4 §C.4.3): instances over the association that asks for them.

use super::association::request;
use super::command::{
    Incoming, Operation, Request, Response, StoreRequest, encode_echo_response,
    encode_store_response,
};
use super::context::{AcceptedContext, Proposal, storage_groups};
use super::identifier::Identifier;
use super::messages::{Message, Messages};
use super::receive_object::IncomingObject;
use super::status::{Category, Status};
use crate::error::PacsError;
use crate::lanes::{Requests, SharedReceiver, in_lanes};
use crate::retrieve::{DimsePacs, Pass, Scope, identifiers};
use crate::settings::{DimseSettings, QueryRoot};
use crate::source::{Extent, Received, Receiver, Taken};

/// Study Root and Patient Root Query/Retrieve Information Model – GET.
const STUDY_ROOT: &str = "1.2.840.10008.5.1.4.1.2.2.3";
const PATIENT_ROOT: &str = "1.2.840.10008.5.1.4.1.2.1.3";
/// The list of failed SOP Instance UIDs in a response.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Gets instances, over as many kinds of associations as their contexts need, each kind over as many
/// at a time as the limit allows.
///
/// # Errors
/// The last [`PacsError`]; what could be had by then was delivered.
pub(crate) fn get(
    pacs: &DimsePacs,
    pass: &Pass<'_>,
    receiver: &mut dyn Receiver,
) -> Result<(), PacsError> {
    let groups = storage_groups(pass.wanted, pass.scope != Scope::Study);
    let (scope, lanes) = pacs.share_out(pass);
    // A request for more would bring each association what only another one can take.
    let scope = if groups.len() > 1 { scope.max(Scope::Instances) } else { scope };
    let mut last = Ok(());
    for group in groups {
        let receiver = SharedReceiver::new(&mut *receiver, pass.expected);
        let requests = identifiers(pacs.settings.root, pass.study, scope, &group.wanted);
        let got = in_lanes(requests, lanes, |requests| {
            get_in_turn(pacs, &group.proposals, requests, pass.extent, &mut receiver.lane())
        });
        match receiver.ended(got) {
            Ok(()) => {}
            Err(PacsError::Stopped) => return Err(PacsError::Stopped),
            Err(error) => last = Err(error),
        }
    }
    last
}

/// One request after the other, over one association, until it breaks.
fn get_in_turn(
    pacs: &DimsePacs,
    storage: &[Proposal],
    requests: &Requests<Identifier>,
    extent: Extent,
    receiver: &mut dyn Receiver,
) -> Result<(), PacsError> {
    let (mut messages, context) = open(pacs, storage)?;
    let mut last = Ok(());
    while let Some(identifier) = requests.next() {
        match get_one(&pacs.settings, &mut messages, &context, identifier, extent, receiver) {
            Ok(()) => {}
            // The association goes on after a failure of one request.
            Err(error @ PacsError::Failed { .. }) => last = Err(error),
            Err(error) => {
                messages.abort();
                return Err(error);
            }
        }
    }
    messages.release();
    last
}

/// An association over which these contexts can come.
fn open(pacs: &DimsePacs, storage: &[Proposal]) -> Result<(Messages, AcceptedContext), PacsError> {
    let settings = &pacs.settings;
    let model = match settings.root {
        QueryRoot::Study => STUDY_ROOT,
        QueryRoot::Patient => PATIENT_ROOT,
    };
    let mut proposals = vec![Proposal::service(model)];
    proposals.extend_from_slice(storage);
    let messages = request(pacs, &proposals)?;
    let calling = || settings.calling_ae_title.to_string();
    let Some(context) = messages.context_of(model).cloned() else {
        messages.release();
        return Err(PacsError::NoContext { what: "C-GET".into(), calling: calling() });
    };
    let is_accepted =
        |proposal: &Proposal| messages.context_of(&proposal.abstract_syntax).is_some();
    if !storage.iter().any(is_accepted) {
        messages.release();
        let what = "to send instances over C-GET (storage contexts with SCP role)".into();
        return Err(PacsError::NoContext { what, calling: calling() });
    }
    Ok((messages, context))
}

fn get_one(
    settings: &DimseSettings,
    messages: &mut Messages,
    context: &AcceptedContext,
    identifier: Identifier,
    extent: Extent,
    receiver: &mut dyn Receiver,
) -> Result<(), PacsError> {
    let message_id = messages.next_message_id();
    let sop_class = context.abstract_syntax.as_str();
    let get = Request { operation: Operation::Get, message_id, sop_class, destination: None };
    messages.send_request(context.id, &get, &identifier.encode(&context.transfer_syntax))?;
    let mut done = 0;
    loop {
        let Some(message) = messages.receive()? else {
            return Err(PacsError::HungUp("it is released before the last instance".into()));
        };
        match &message.incoming {
            Incoming::Store(store) => {
                let (store, take) = (store.clone(), |received| receiver.receive(received));
                if store_one(settings, messages, &message, &store, || (), take)? == Taken::Stop {
                    return Err(PacsError::Stopped);
                }
            }
            Incoming::Echo { message_id } => {
                messages.send_command(message.context, &encode_echo_response(*message_id))?;
            }
            Incoming::Response(response)
                if response.operation == Operation::Get && response.responding_to == message_id =>
            {
                if message.has_data_set {
                    drop(messages.receive_small(message.context, MAX_ANSWER_BYTES)?);
                }
                if response.status.category() != Category::Pending {
                    return ended("C-GET", response, extent);
                }
                if response.sub_operations.done() > done {
                    done = response.sub_operations.done();
                    messages.progress();
                }
            }
            Incoming::Response(_) | Incoming::Cancel => {
                return Err(PacsError::Protocol("an answer to another message".into()));
            }
        }
    }
}

/// How a retrieval ended: what is missing shows from the list of what is expected, unless that lacks some.
pub(crate) fn ended(
    operation: &'static str,
    response: &Response,
    extent: Extent,
) -> Result<(), PacsError> {
    let is_told = extent == Extent::MoreThanListed && response.sub_operations.failed > 0;
    match response.status.category() {
        Category::Success => Ok(()),
        Category::Warning if !is_told => Ok(()),
        Category::Warning | Category::Cancel | Category::Failure | Category::Pending => {
            Err(PacsError::Failed {
                operation,
                status: response.status,
                comment: response.comment.clone(),
            })
        }
    }
}

/// Receives the instance of a C-STORE request and answers it once the instance was taken. `came` is
/// told of each piece.
pub(crate) fn store_one(
    settings: &DimseSettings,
    messages: &mut Messages,
    message: &Message,
    store: &StoreRequest,
    came: impl Fn(),
    mut take: impl FnMut(Received) -> Taken,
) -> Result<Taken, PacsError> {
    let Some(context) = messages.context(message.context).cloned() else {
        return Err(PacsError::Protocol("an instance over a context that was refused".into()));
    };
    if !message.has_data_set {
        return Err(PacsError::Protocol("a C-STORE without data set".into()));
    }
    let (limits, folder) = (&settings.limits, &settings.spool_folder);
    let mut object = IncomingObject::begin(store, &context.transfer_syntax, limits, folder)?;
    messages.receive_data_set(message.context, |piece| {
        came();
        object.push(piece)
    })?;
    let taken = take(object.finish(store)?);
    // Whoever took it may have waited for others.
    messages.progress();
    let status = match taken {
        Taken::Accepted => Status::SUCCESS,
        Taken::Refused => Status::CANNOT_UNDERSTAND,
        Taken::Stop => return Ok(taken),
    };
    messages.send_command(message.context, &encode_store_response(store, status))?;
    Ok(taken)
}
