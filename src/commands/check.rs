//! `esito check`: tries every outside part, and says for each failure what to change.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use engine::pacs::{StopFlag, check};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::certificate_check;
use crate::config::Config;
use crate::exit;
use crate::machine;
use crate::messages::Messages;
use crate::oidc_check;
use crate::outbox_check;

/// What `esito check` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder where packages will be written; without it and without `[store]`, this one
    #[arg(long, value_name = "DIR")]
    target: Option<PathBuf>,
    /// Send an e-mail to this address
    #[arg(long, value_name = "ADDRESS")]
    send_to: Option<String>,
    /// Send an SMS to this number
    #[arg(long, value_name = "NUMBER")]
    send_sms_to: Option<String>,
    /// JSON on standard output
    #[arg(long)]
    json: bool,
}

/// One thing that was tried.
#[derive(Debug)]
pub(crate) struct Line {
    /// The PACS, or this machine.
    pub(crate) of: String,
    /// What was tried.
    pub(crate) step: &'static str,
    /// What works, or what to change.
    pub(crate) result: Result<String, String>,
}

/// Tries all, and writes what works and what does not.
pub(crate) fn run(arguments: &CheckArgs) -> ExitCode {
    let config = match Config::load(Some(&arguments.config)) {
        Ok(config) => config,
        Err(error) => {
            Messages::Sentences.error(&format!("{error:#}"));
            return ExitCode::from(exit::USAGE);
        }
    };
    let is_empty = config.pacs.is_empty()
        && config.smtp.is_none()
        && config.sms.is_none()
        && config.oidc.is_none()
        && config.store.is_none();
    if is_empty {
        Messages::Sentences.error(
            "the configuration has no [[pacs]], [store], [smtp], [sms] or [oidc]: there is nothing to \
             check",
        );
        return ExitCode::from(exit::USAGE);
    }
    config.warnings.iter().for_each(|warning| Messages::Sentences.notice(warning));
    let mut lines = Vec::new();
    let mut printed = Ok(());
    let mut tell = |line: Line| {
        // A person sees each step as it ends, a program all at the end.
        if !arguments.json && printed.is_ok() {
            printed = write_line(&line);
        }
        lines.push(line);
    };
    // A portal writes its packages to the spool.
    let here = || config.store.is_none().then_some(Path::new("."));
    for line in machine::check(&config, arguments.target.as_deref().or_else(here)) {
        tell(line);
    }
    if let Some(store) = &config.store {
        outbox_check::store(store).into_iter().for_each(&mut tell);
    }
    let ways = Runtime::new().map(|runtime| {
        runtime.block_on(async {
            if let Some(settings) = &config.smtp {
                outbox_check::mail(settings, arguments.send_to.as_deref(), &mut tell).await;
            }
            if let Some(settings) = &config.sms {
                outbox_check::sms(settings, arguments.send_sms_to.as_deref(), &mut tell).await;
            }
        });
    });
    if let Err(error) = ways {
        let result = Err(format!("cannot start threads: {error}"));
        tell(Line { of: machine::NAME.to_owned(), step: "threads", result });
    }
    certificate_check::check(&config, &mut tell);
    if let Some(settings) = &config.oidc {
        oidc_check::check(&config, settings, &mut tell);
    }
    for settings in &config.pacs {
        check(settings, &StopFlag::default(), &mut |check| {
            let (of, step) = (settings.name.clone(), check.step.name());
            tell(Line { of, step, result: check.result });
        });
    }
    if arguments.json {
        printed = write_json(&lines);
    }
    if let Err(error) = printed {
        Messages::Sentences.error(&format!("cannot write to standard output: {error}"));
        return ExitCode::from(exit::STORAGE);
    }
    let mut failed = lines.iter().filter(|line| line.result.is_err());
    match failed.next() {
        None => ExitCode::SUCCESS,
        // The machine is tried first.
        Some(line) if [machine::NAME, outbox_check::STORE].contains(&line.of.as_str()) => {
            ExitCode::from(exit::STORAGE)
        }
        Some(_) => ExitCode::from(exit::PACS),
    }
}

fn write_json(lines: &[Line]) -> io::Result<()> {
    let checks: Vec<_> = lines
        .iter()
        .map(|line| {
            let (Ok(text) | Err(text)) = &line.result;
            json!({"of": line.of, "step": line.step, "ok": line.result.is_ok(), "message": text})
        })
        .collect();
    let ok = lines.iter().all(|line| line.result.is_ok());
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, &json!({"ok": ok, "checks": checks}))?;
    stdout.write_all(b"\n")
}

fn write_line(line: &Line) -> io::Result<()> {
    let (Ok(text) | Err(text)) = &line.result;
    let word = if line.result.is_ok() { "ok  " } else { "FAIL" };
    writeln!(io::stdout().lock(), "{word}  {}  {}  {text}", line.of, line.step)
}
