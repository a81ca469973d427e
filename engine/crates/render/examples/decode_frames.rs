//! Decodes every frame of a file, for timing beside other people's decoders.
//!
//! `decode_frames FILE OUT` writes the native frames one after the other to OUT. A fault goes to
//! standard error, with exit code 1.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use part10::{Frames, Instance, PixelDescription};
use render::{Limits, decode_frame};

type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let decoded = match arguments.as_slice() {
        [file, out] => decode(Path::new(file), Path::new(out)),
        _ => Err("usage: decode_frames FILE OUT".into()),
    };
    let Err(fault) = decoded else { return ExitCode::SUCCESS };
    drop(writeln!(std::io::stderr(), "{fault}"));
    ExitCode::FAILURE
}

fn decode(file: &Path, out: &Path) -> Result<(), Fault> {
    let mut instance = Instance::open(file, &part10::Limits::default())?;
    let description = PixelDescription::read(&instance.dataset())?;
    let frames = Frames::locate(&mut instance, &description)?;
    let syntax = instance.transfer_syntax().uid().to_owned();
    let mut out = File::create(out)?;
    let mut stored = Vec::new();
    for index in 0..frames.count() {
        frames.read(&mut instance, index, &mut stored)?;
        let native = decode_frame(&syntax, &description, &stored, &Limits::default())?;
        out.write_all(&native.bytes)?;
    }
    Ok(())
}
