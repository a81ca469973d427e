//! DNS, TCP, TLS, association, C-ECHO, C-FIND, C-GET, C-MOVE.

use super::sample::{One, any, sample, sample_of};
use super::{CheckStep as Step, Tell};
use crate::dimse::association::{connect_to, request, resolve, secured};
use crate::dimse::context::{Proposal, VERIFICATION};
use crate::dimse::stream::Stream;
use crate::dimse::wire::StopFlag;
use crate::retrieve::DimsePacs;
use crate::settings::{DimseSettings, QueryRoot};

/// `None` at the first step that fails.
pub(super) fn check(settings: &DimseSettings, stop: &StopFlag, tell: &mut Tell<'_>) -> Option<()> {
    let host = &settings.host;
    let addresses = tell.step(Step::Dns, resolve(host, settings.port), |addresses| {
        let all: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
        format!("{host} is {}", all.join(", "))
    })?;
    let connected = connect_to(settings, &addresses);
    let (socket, _) =
        tell.step(Step::Tcp, connected, |(_, address)| format!("{address} answers"))?;
    let mut stream =
        secured(socket, settings, stop).and_then(|mut stream| stream.settle().map(|()| stream));
    // Without TLS there is nothing to fail.
    if settings.tls.is_some() || stream.is_err() {
        stream = Ok(tell.step(Step::Tls, stream, Stream::session)?);
    } else {
        let plain = "not configured: what goes to and fro can be read and changed on the way";
        tell.step(Step::Tls, Ok(()), |()| plain.to_owned());
    }
    drop(stream);
    let (called, calling) = (&settings.called_ae_title, &settings.calling_ae_title);
    let pacs = DimsePacs::new(settings.clone(), stop.clone());
    let associated = request(&pacs, &[Proposal::service(VERIFICATION)]);
    let accepted = |_: &_| format!("{called} accepts {calling}");
    tell.step(Step::Association, associated, accepted)?.release();
    tell.step(Step::CEcho, pacs.echo(), |()| "answered".to_owned())?;
    let sampled = match settings.root {
        QueryRoot::Study => sample(&pacs, &any()),
        QueryRoot::Patient => pacs.find_patients().and_then(|all| sample_of(&pacs, all)),
    };
    let (study, wanted) = tell.step(Step::CFind, sampled, |sample| match sample {
        Some(_) => "studies, series and instances are answered".to_owned(),
        None => "answered, and no instance is at hand to try a retrieval with".to_owned(),
    })??;
    for by_move in settings.ways() {
        let mut one = One::of(&wanted);
        let wanted = std::slice::from_ref(&wanted);
        let retrieved = pacs.retrieve_once(*by_move, &study, wanted, &mut one);
        let step = if *by_move { Step::CMove } else { Step::CGet };
        tell.step(step, one.came(retrieved), |bytes| format!("an instance of {bytes} bytes came"));
    }
    Some(())
}
