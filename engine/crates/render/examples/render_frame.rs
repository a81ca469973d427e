//! Renders one frame of a file for comparison with other decoders.
//!
//! `render_frame FILE FRAME` writes a line
//! `<native bytes> <photometric interpretation> <planar> <Gray|Rgb> <width> <height>`, then the
//! native frame, then the 8-bit picture. A fault goes to standard error, with exit code 1.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use part10::{Frames, Instance, PixelDescription};
use render::{Bitmap, Limits, LutCache, NativeFrame, Rendering};

type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let written = match arguments.as_slice() {
        [file, frame] => render(Path::new(file), frame).and_then(|(native, picture)| {
            let mut out = std::io::stdout().lock();
            writeln!(
                out,
                "{} {} {} {:?} {} {}",
                native.bytes.len(),
                native.photometric.as_term().replace(' ', "_"),
                u8::from(native.planar),
                picture.channels(),
                picture.width(),
                picture.height()
            )?;
            out.write_all(&native.bytes)?;
            out.write_all(picture.data())?;
            Ok(())
        }),
        _ => Err("usage: render_frame FILE FRAME".into()),
    };
    let Err(fault) = written else { return ExitCode::SUCCESS };
    drop(writeln!(std::io::stderr(), "{fault}"));
    ExitCode::FAILURE
}

fn render(file: &Path, frame: &str) -> Result<(NativeFrame, Bitmap), Fault> {
    let index: u32 = frame.parse()?;
    let limits = Limits::default();
    let mut instance = Instance::open(file, &part10::Limits::default())?;
    let description = PixelDescription::read(&instance.dataset())?;
    let frames = Frames::locate(&mut instance, &description)?;
    let mut bytes = Vec::new();
    frames.read(&mut instance, index, &mut bytes)?;
    let native = if frames.fragments().is_some() {
        render::decode_frame(instance.transfer_syntax().uid(), &description, &bytes, &limits)?
    } else {
        let photometric = description.photometric.clone();
        NativeFrame { bytes, photometric, planar: description.planar }
    };
    let described = native.describe(&description);
    let rendering =
        Rendering::prepare(&instance.dataset(), &described, &LutCache::default(), &limits)?;
    let picture = rendering.frame(index, &native.bytes)?;
    Ok((native, picture))
}
