//! `esito fixture-pacs`: serves a folder as a PACS, over DIMSE and DICOMweb, until Ctrl-C.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use fixtures::dimse::{DimsePacs, DimseSettings};
use fixtures::web::{Behaviour, WebPacs};
use fixtures::{Holding, Storage};

use crate::interrupt::Interrupt;

/// What `esito fixture-pacs` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct FixturePacsArgs {
    /// Folder with DICOM files, at any depth; what is sent to the PACS goes to `received` in it
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Port for DIMSE; 0 for any free one
    #[arg(long, value_name = "N", default_value_t = 11112)]
    port: u16,
    /// Port for DICOMweb; 0 for any free one [default: no DICOMweb]
    #[arg(long, value_name = "N")]
    http_port: Option<u16>,
    /// Address to listen on. It asks nobody who he is: keep it on this machine
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// AE title of the PACS; who calls another one is rejected
    #[arg(long, value_name = "TITLE", default_value = "FIXTURE", value_parser = ae_title)]
    ae_title: String,
    /// Where C-MOVE may send to, as AE=host:port; may be repeated
    #[arg(long = "destination", value_name = "AE=HOST:PORT", value_parser = destination)]
    destinations: Vec<(String, String)>,
    /// Study that is NEARLINE: retrievals of it fail; may be repeated
    #[arg(long, value_name = "UID")]
    nearline: Vec<String>,
    /// Study that is OFFLINE: retrievals of it fail; may be repeated
    #[arg(long, value_name = "UID")]
    offline: Vec<String>,
    /// A nearline study is ONLINE so many seconds after it was first asked for
    #[arg(long, value_name = "SECONDS")]
    recall: Option<u32>,
    /// Bytes of instances that it sends in a second, over all connections together
    #[arg(long, value_name = "N")]
    bytes_per_second: Option<NonZeroU64>,
    /// Milliseconds that the PACS takes for each answer and each instance, as a slow one does
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pause: u32,
}

fn ae_title(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_one = (1..=16).contains(&text.len())
        && text.bytes().all(|byte| (0x20..0x7F).contains(&byte) && byte != b'\\');
    if is_one { Ok(text.to_owned()) } else { Err("an AE title has 1 to 16 characters".into()) }
}

fn destination(text: &str) -> Result<(String, String), String> {
    let malformed = || "it is AE=host:port, as in ESITO=127.0.0.1:11113".to_owned();
    let (title, address) = text.split_once('=').ok_or_else(malformed)?;
    let (host, port) = address.rsplit_once(':').ok_or_else(malformed)?;
    if host.is_empty() || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(malformed());
    }
    Ok((ae_title(title)?, address.to_owned()))
}

/// Serves until somebody asks to stop.
///
/// # Errors
/// A folder that cannot be read, a port that cannot be had.
pub(crate) fn run(args: &FixturePacsArgs) -> anyhow::Result<()> {
    let (interrupt, listening) = Interrupt::listen();
    listening.context("Ctrl-C cannot be heard")?;
    let folder = args.folder.display();
    let mut holding = Holding::read(&args.folder).with_context(|| format!("{folder}"))?;
    for (studies, storage) in
        [(&args.nearline, Storage::Nearline), (&args.offline, Storage::Offline)]
    {
        for study in studies {
            holding = holding.with(study, storage);
        }
    }
    if let Some(seconds) = args.recall {
        holding = holding.recalled_after(Duration::from_secs(seconds.into()));
    }
    if let Some(bytes_per_second) = args.bytes_per_second {
        holding = holding.at_most(bytes_per_second);
    }
    let holding = Arc::new(holding);
    let settings = DimseSettings {
        ae_title: args.ae_title.clone(),
        destinations: args.destinations.iter().cloned().collect::<BTreeMap<_, _>>(),
        pause: Duration::from_millis(args.pause.into()),
        ..DimseSettings::default()
    };
    let port = |port: u16| SocketAddr::new(args.listen, port);
    let dimse = DimsePacs::start(port(args.port), Arc::clone(&holding), settings)
        .with_context(|| format!("cannot listen on {}", port(args.port)))?;
    let web = match args.http_port {
        Some(http) => {
            let behaviour = Behaviour::default();
            let web = WebPacs::serve_holding(port(http), Arc::clone(&holding), behaviour, None);
            Some(web.with_context(|| format!("cannot listen on {}", port(http)))?)
        }
        None => None,
    };
    announce(args, &holding, &dimse, web.as_ref())?;
    while !interrupt.is_asked() {
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn announce(
    args: &FixturePacsArgs,
    holding: &Holding,
    dimse: &DimsePacs,
    web: Option<&WebPacs>,
) -> io::Result<()> {
    let (instances, studies) = holding.counts();
    let (address, title) = (dimse.address(), &args.ae_title);
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "# {instances} instances in {studies} studies. Ctrl-C ends it.")?;
    writeln!(stdout, "# DIMSE: {address}, AE title {title}")?;
    if let Some(web) = web {
        writeln!(stdout, "# DICOMweb: {}", web.url())?;
    }
    if let Some((title, destination)) = args.destinations.first() {
        writeln!(stdout, "# C-MOVE sends to {title} at {destination}.")?;
    }
    let calling = args.destinations.first().map_or("ESITO", |(title, _)| title.as_str());
    writeln!(
        stdout,
        "\n[[pacs]]\nname = \"fixture\"\nhost = \"{}\"\nport = {}\ncalled_ae_title = \"{title}\"\n\
         calling_ae_title = \"{calling}\"",
        address.ip(),
        address.port(),
    )?;
    if let Some(web) = web {
        let url = web.url();
        let name = "fixture-web";
        writeln!(
            stdout,
            "\n[[pacs]]\nname = \"{name}\"\nprotocol = \"dicomweb\"\nurl = \"{url}\""
        )?;
    }
    stdout.flush()
}
