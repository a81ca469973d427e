//! `esito package`: the studies of a patient into one ZIP.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::ValueEnum;
use engine::pacs::{PatientId, StudyReference};
use engine::{
    Contents, Language, Layout, Options, PackError, PackageReport, PackageRequest, PacsStudy,
    Source, StudyInstanceUid, TransferSyntaxPolicy,
};

use crate::config::Config;
use crate::exit;
use crate::interrupt::Interrupt;
use crate::target::{Target, destination};
use crate::watch::Watch;

/// What `esito package` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct PackageArgs {
    /// Folder that holds the study, at any depth; without it, the study comes from a PACS
    #[arg(long, value_name = "DIR", required_unless_present = "study")]
    folder: Option<PathBuf>,
    /// Study Instance UID: only this study of the folder, or the one to retrieve; again for each further
    /// study of the patient
    #[arg(long, value_name = "UID")]
    study: Vec<StudyInstanceUid>,
    /// Patient ID, for a PACS with Patient Root that wants it; then only what is of this patient. Again for
    /// each further Patient ID of the same person
    #[arg(long, value_name = "ID", conflicts_with = "folder", requires = "study")]
    patient_id: Vec<String>,
    /// Name of the PACS in the configuration [default: each in the order of priority]
    #[arg(long, value_name = "NAME", conflicts_with = "folder", requires = "config")]
    pacs: Option<String>,
    /// ZIP to write; - for standard output
    #[arg(long, value_name = "FILE.zip|-")]
    out: PathBuf,
    /// Configuration: PACS; names, logo and colours of the institution
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Names and places in the package
    #[arg(long, value_enum, default_value = "reference")]
    layout: LayoutArg,
    /// What of the studies is in it
    #[arg(long, value_enum, default_value = "everything")]
    contents: ContentsArg,
    /// Encoding of the pixel data
    #[arg(long, value_enum, default_value = "auto")]
    transfer_syntax: PolicyArg,
    /// Language of the pages
    #[arg(long, value_enum, default_value = "it")]
    lang: LanguageArg,
    /// Leave the viewer out
    #[arg(long)]
    no_viewer: bool,
    /// Write counts, notices, times and memory to a JSON file
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
    /// Progress on standard error: a bar on a terminal and JSON lines elsewhere, JSON lines, nothing
    #[arg(long, value_enum, default_value = "auto")]
    progress: ProgressArg,
    /// Threads that render and compress [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// MiB of pixel data in work at a time, at least 32 [default: 48]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    memory: Option<u64>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LayoutArg {
    /// One folder, names that patients know
    Reference,
    /// Upper-case 8.3 names and no folder around them
    Pdi,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ContentsArg {
    /// All
    Everything,
    /// Reports only, and no images
    Reports,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PolicyArg {
    /// Uncompressed, unless that makes the package much larger
    Auto,
    /// Explicit VR Little Endian
    Uncompressed,
    /// Compressed pixels stay as they are
    AsStored,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LanguageArg {
    /// Italian
    It,
    /// English
    En,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProgressArg {
    /// A bar on a terminal, JSON lines elsewhere
    Auto,
    /// JSON lines
    Json,
    /// Nothing
    None,
}

impl PackageArgs {
    /// Where the studies are, or may be.
    fn source(&self, config: &Config) -> anyhow::Result<Source> {
        let studies = self.study.clone();
        if let Some(folder) = self.folder.clone() {
            return Ok(Source::Folder { folder, studies });
        }
        let pacs = match &self.pacs {
            Some(name) => vec![config.pacs_named(name)?.clone()],
            None => config.pacs.clone(),
        };
        if pacs.is_empty() {
            bail!("without --folder the study comes from a PACS: name one in --config, [[pacs]]");
        }
        let patient_ids: Vec<_> = self.patient_id.iter().map(PatientId::new).collect();
        let at_pacs = |study| {
            let study = StudyReference { study, patient_ids: patient_ids.clone() };
            PacsStudy { pacs: pacs.clone(), study }
        };
        Ok(Source::Pacs { studies: studies.into_iter().map(at_pacs).collect() })
    }

    fn options(&self, config: Config) -> Options {
        let defaults = Options::default();
        Options {
            layout: match self.layout {
                LayoutArg::Reference => Layout::Reference,
                LayoutArg::Pdi => Layout::Pdi,
            },
            contents: match self.contents {
                ContentsArg::Everything => Contents::Everything,
                ContentsArg::Reports => Contents::ReportsOnly,
            },
            viewer: !self.no_viewer,
            transfer_syntax: match self.transfer_syntax {
                PolicyArg::Auto => TransferSyntaxPolicy::Auto,
                PolicyArg::Uncompressed => TransferSyntaxPolicy::Uncompressed,
                PolicyArg::AsStored => TransferSyntaxPolicy::AsStored,
            },
            language: match self.lang {
                LanguageArg::It => Language::Italian,
                LanguageArg::En => Language::English,
            },
            branding: config.branding,
            jobs: self
                .jobs
                .and_then(|jobs| NonZeroUsize::new(jobs.into()))
                .unwrap_or(defaults.jobs),
            budget_bytes: self.memory.map_or(defaults.budget_bytes, |mib| mib << 20),
            ..defaults
        }
    }

    fn watch(&self, interrupt: Interrupt) -> Watch {
        match self.progress {
            ProgressArg::Auto => Watch::auto(interrupt),
            ProgressArg::Json => Watch::json(interrupt),
            ProgressArg::None => Watch::silent(interrupt),
        }
    }
}

/// Packages, and says on standard error what there is to say.
pub(crate) fn run(arguments: &PackageArgs) -> ExitCode {
    let (interrupt, listening) = Interrupt::listen();
    let watch = arguments.watch(interrupt.clone());
    let messages = watch.messages();
    if let Err(error) = listening {
        messages.notice(&format!("Ctrl-C will end the program at once: {error}"));
    }
    match package(arguments, watch, &interrupt) {
        Ok(report) => {
            for notice in &report.notices {
                messages.notice(&engine::describe(notice));
            }
            if report.files.unreadable_directories > 0 {
                messages.notice(&format!(
                    "{} of {} DICOMDIR files cannot be read to the end: what they list and the \
                     folder does not hold may go unnoticed",
                    report.files.unreadable_directories, report.files.directories
                ));
            }
            for failure in &report.failures {
                messages.notice(&match arguments.study.get(failure.study) {
                    Some(study) if arguments.study.len() > 1 => format!("study {study}: {failure}"),
                    _ => failure.to_string(),
                });
            }
            if !report.is_complete() {
                let missing = report.counts.expected - report.counts.received;
                messages.notice(&match missing {
                    // Copies that differ, or what nobody listed.
                    0 => "what is named above is not in the package".to_owned(),
                    _ => format!(
                        "the package is incomplete: {missing} of {} instances are not in it",
                        report.counts.expected
                    ),
                });
            }
            exit::of_report(&report)
        }
        Err(Failure::Pack(error)) => {
            messages.error(&error.to_string());
            exit::of_error(&error)
        }
        Err(Failure::Usage(sentence)) => {
            messages.error(&sentence);
            ExitCode::from(exit::USAGE)
        }
        Err(Failure::Local(what, error)) => {
            messages.error(&format!("cannot write {what}: {error}"));
            ExitCode::from(exit::STORAGE)
        }
    }
}

/// Why there is no package.
enum Failure {
    Pack(PackError),
    /// What is asked for contradicts itself, or the configuration cannot be used.
    Usage(String),
    /// What cannot be written.
    Local(String, io::Error),
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        Self::Pack(error)
    }
}

fn package(
    arguments: &PackageArgs,
    mut watch: Watch,
    interrupt: &Interrupt,
) -> Result<PackageReport, Failure> {
    if arguments.report.as_ref().is_some_and(|report| overwrites(report, &arguments.out)) {
        let sentence = "--report and --out name the same file: give each its own";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    let usage = |error: anyhow::Error| Failure::Usage(format!("{error:#}"));
    let config = Config::load(arguments.config.as_deref()).map_err(usage)?;
    let source = arguments.source(&config).map_err(usage)?;
    let request = PackageRequest { source, options: arguments.options(config) };
    let name = arguments.out.display().to_string();
    let failed = |error| Failure::Local(name.clone(), error);
    let mut target = Target::open(&arguments.out).map_err(failed)?;
    interrupt.set_partial(target.partial());
    let packed = engine::pack(&request, &mut target, &mut watch);
    watch.finish();
    let report = packed.map_err(|error| match error {
        PackError::Sink(error) => Failure::Local(name.clone(), error),
        other => Failure::Pack(other),
    })?;
    if let Some(path) = &arguments.report {
        let failed = |error| Failure::Local(path.display().to_string(), error);
        write_report(path, &report).map_err(failed)?;
    }
    target.keep().map_err(|error| Failure::Local(name.clone(), error))?;
    interrupt.set_partial(None);
    Ok(report)
}

/// Whether the report would take the place of the package. Devices take both.
fn overwrites(report: &Path, out: &Path) -> bool {
    let is_special = out.exists() && !out.is_file();
    let place = |path: &Path| destination(path).unwrap_or_else(|_nowhere| path.to_owned());
    !is_special && place(report) == place(out)
}

fn write_report(path: &Path, report: &PackageReport) -> io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    serde_json::to_writer_pretty(&mut file, report)?;
    file.write_all(b"\n")?;
    // Pipes and devices keep nothing.
    if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) }
}
