//! Renders frames of files for comparison with other decoders, as many as are asked for.
//!
//! Each line of standard input, `FRAME FILE` with frames counted from 0, is answered on standard output
//! with a line
//! `ok <native bytes> <frames> <transfer syntax> <photometric interpretation> <planar> <Gray|Rgb> <width> <height>`,
//! the native frame and the 8-bit picture; or with a line `fault <why>`.

use std::io::{self, BufRead as _, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use part10::{Frames, Instance, PixelDescription};
use render::{Bitmap, Limits, LutCache, NativeFrame, Rendering};

type Fault = Box<dyn std::error::Error>;

fn main() -> io::Result<()> {
    // A decoder's panic is a fault of one frame, as in the engine.
    std::panic::set_hook(Box::new(|_| {}));
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let rendered = catch_unwind(AssertUnwindSafe(|| answer(&line)));
        match rendered.unwrap_or_else(|_panic| Err("a decoder panicked".into())) {
            Ok(rendered) => rendered.write(&mut out)?,
            Err(fault) => writeln!(out, "fault {fault}")?,
        }
        out.flush()?;
    }
    Ok(())
}

struct Rendered {
    native: NativeFrame,
    picture: Bitmap,
    frames: u32,
    syntax: String,
}

impl Rendered {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { native, picture, frames, syntax } = self;
        writeln!(
            out,
            "ok {} {frames} {syntax} {} {} {:?} {} {}",
            native.bytes.len(),
            native.photometric.as_term().replace(' ', "_"),
            u8::from(native.planar),
            picture.channels(),
            picture.width(),
            picture.height()
        )?;
        out.write_all(&native.bytes)?;
        out.write_all(picture.data())
    }
}

fn answer(line: &str) -> Result<Rendered, Fault> {
    let (frame, file) = line.split_once(' ').ok_or("wanted: FRAME FILE")?;
    render(Path::new(file), frame.parse()?)
}

fn render(file: &Path, index: u32) -> Result<Rendered, Fault> {
    let limits = Limits::default();
    let mut instance = Instance::open(file, &part10::Limits::default())?;
    let description = PixelDescription::read(&instance.dataset())?;
    let frames = Frames::locate(&mut instance, &description)?;
    let syntax = instance.transfer_syntax().uid().to_owned();
    let mut bytes = Vec::new();
    frames.read(&mut instance, index, &mut bytes)?;
    let native = if frames.fragments().is_some() {
        render::decode_frame(&syntax, &description, &bytes, &limits)?
    } else {
        let photometric = description.photometric.clone();
        NativeFrame { bytes, photometric, planar: description.planar }
    };
    let described = native.describe(&description);
    let rendering =
        Rendering::prepare(&instance.dataset(), &described, &LutCache::default(), &limits)?;
    let picture = rendering.frame(index, &native.bytes)?;
    Ok(Rendered { native, picture, frames: frames.count(), syntax })
}
