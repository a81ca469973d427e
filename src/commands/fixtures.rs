//! `esito fixtures`: writes a fictitious study to develop, test and measure with.

use std::io::{self, Write};
use std::path::PathBuf;

use fixtures::{Options, Syntax};

/// What `esito fixtures` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct FixturesArgs {
    /// Name of the study; --list shows all
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    study: Option<String>,
    /// Number of slices, frames or images, where the study can have any number
    #[arg(long, value_name = "N")]
    slices: Option<u32>,
    /// Rows of each image
    #[arg(long, value_name = "N")]
    rows: Option<u16>,
    /// Transfer syntax, as UID or short name; documents stay Explicit VR Little Endian
    #[arg(long, value_name = "UID")]
    syntax: Option<Syntax>,
    /// Other UIDs and other noise
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Folder to write to
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    out: Option<PathBuf>,
    /// Show the studies there are
    #[arg(long)]
    list: bool,
}

/// Writes the study and says what was written.
///
/// # Errors
/// An unknown study, a size or transfer syntax that it cannot have, a folder that cannot be written.
pub(crate) fn run(args: &FixturesArgs) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let (Some(study), Some(out), false) = (&args.study, &args.out, args.list) else {
        for recipe in fixtures::recipes() {
            writeln!(stdout, "{:<20} {}", recipe.name, recipe.about)?;
        }
        return Ok(());
    };
    let options =
        Options { slices: args.slices, rows: args.rows, syntax: args.syntax, seed: args.seed };
    let summary = fixtures::write_study(study, &options, out)?;
    writeln!(
        stdout,
        "{}: {} files, {} instances, {} series, {} frames, {} bytes",
        out.display(),
        summary.files,
        summary.instances.len(),
        summary.series_uids().len(),
        summary.frames(),
        summary.bytes,
    )?;
    Ok(())
}
