//! DNS, TCP, TLS, token, QIDO-RS, WADO-RS, and the clock of the server.

use super::sample::{One, any, sample};
use super::{CheckStep as Step, Tell};
use crate::dicomweb::{ClockOffset, DicomWeb, ServiceUrl, WebSettings};
use crate::dimse::association::{connect_first, resolve};
use crate::dimse::stream::{Handshake, Stream};
use crate::dimse::wire::StopFlag;
use crate::error::PacsError;
use crate::source::{Extent, InstanceSource};
use crate::tls::TlsClient;

/// A difference of clocks from which on it is a fault: tokens and certificates live for minutes.
const MOST_SECONDS: i64 = 120;

/// `None` at the first step that fails.
pub(super) fn check(settings: &WebSettings, stop: &StopFlag, tell: &mut Tell<'_>) -> Option<()> {
    connection(settings, &settings.url, stop, tell)?;
    if let Some(url) =
        settings.retrieve_url.as_ref().filter(|url| url.host() != settings.url.host())
    {
        connection(settings, url, stop, tell)?;
    }
    let web = match DicomWeb::stopped_by(settings.clone(), stop.clone()) {
        Ok(web) => web,
        // TLS of the server is tried above: what is left is that of the token service.
        Err(error) => return tell.step(Step::Token, Err(error.into()), |()| String::new()),
    };
    if let Some(token) = web.try_token() {
        tell.step(Step::Token, token.map_err(Into::into), |()| "given".to_owned())?;
    }
    let sampled = sample(&web, &any());
    let clock = web.clock_offset();
    let sampled = tell.step(Step::Qido, sampled, |sample| match sample {
        Some(_) => "studies, series and instances are answered".to_owned(),
        None => "answered, and no instance is at hand to try a retrieval with".to_owned(),
    });
    tell_clock(clock, tell);
    let (study, wanted) = sampled??;
    let mut one = One::of(&wanted);
    let wanted = std::slice::from_ref(&wanted);
    let retrieved = InstanceSource::retrieve(&web, &study, wanted, Extent::Whole, &mut one);
    let bytes = |bytes: &u64| format!("an instance of {bytes} bytes came");
    tell.step(Step::Wado, one.came(retrieved), bytes).map(drop)
}

/// Down to TLS, without a word of HTTP.
fn connection(
    settings: &WebSettings,
    url: &ServiceUrl,
    stop: &StopFlag,
    tell: &mut Tell<'_>,
) -> Option<()> {
    let (name, port) = url.name_and_port();
    let addresses = tell.step(Step::Dns, resolve(name, port), |addresses| {
        let all: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
        format!("{name} is {}", all.join(", "))
    })?;
    let connected = connect_first(&addresses, &settings.time_outs, || url.host().to_owned());
    let (socket, _) =
        tell.step(Step::Tcp, connected, |(_, address)| format!("{address} answers"))?;
    if !url.is_https() {
        let plain = "not used, the address begins with http: what goes to and fro, credentials too, \
                     can be read and changed on the way";
        tell.step(Step::Tls, Ok(()), |()| plain.to_owned());
        return Some(());
    }
    let tls = TlsClient::new(&settings.tls, None)
        .map_err(|error| crate::dicomweb::DicomWebError::from(error).into());
    let limit = settings.time_outs.connect;
    let within = Handshake { limit, setting: "time_outs.connect", stop };
    let stream = tls.and_then(|tls| Stream::client(socket, &tls, name, &within));
    let stream = stream.and_then(|mut stream| stream.settle().map(|()| stream));
    tell.step(Step::Tls, stream, Stream::session).map(drop)
}

/// What the Date of an answer says beside our clock.
fn tell_clock(offset: Option<ClockOffset>, tell: &mut Tell<'_>) {
    let result = match offset {
        None => Ok("the server sends no Date: compare the clocks by hand".to_owned()),
        Some(ClockOffset(seconds)) if seconds.abs() <= MOST_SECONDS => {
            Ok(format!("the clocks differ by {} s at most", seconds.abs() + 1))
        }
        Some(ClockOffset(seconds)) => Err(PacsError::Clock { seconds }),
    };
    tell.step(Step::Clock, result, Clone::clone);
}
