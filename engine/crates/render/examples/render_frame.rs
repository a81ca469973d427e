//! Renders frames of files for comparison with other decoders, as many as are asked for.
//!
//! Each line of standard input, `FRAME FILE` with frames counted from 0, is answered on standard output
//! with a line
//! `ok <native bytes> <frames> <transfer syntax> <photometric interpretation> <planar> <Gray|Rgb> <width> <height>`,
//! the native frame and the 8-bit picture; or with a line `fault <why>`.
//!
//! In the picture overlays are drawn and pixels are not made square. Where the file names no window,
//! the range is that of the whole instance.

use std::io::{self, BufRead as _, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use part10::{Frames, Instance, PixelDescription};
use render::{Bitmap, Limits, LutCache, NativeFrame, Rendering, ValueSample, sampled_frames};

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
    let native = native(&mut instance, &description, &frames, index)?;
    let described = native.describe(&description);
    let mut rendering =
        Rendering::prepare(&instance.dataset(), &described, &LutCache::default(), &limits)?;
    if rendering.lacks_range() {
        let mut sample = ValueSample::default();
        for index in sampled_frames(frames.count()) {
            // A damaged frame has nothing to say about the others.
            if let Ok(native) = self::native(&mut instance, &description, &frames, index) {
                rendering.sample(index, &native.bytes, &mut sample)?;
            }
        }
        if let Some(range) = sample.range() {
            rendering.set_range(range);
        }
    }
    let picture = rendering.frame(index, &native.bytes)?;
    Ok(Rendered { native, picture, frames: frames.count(), syntax })
}

fn native(
    instance: &mut Instance,
    description: &PixelDescription,
    frames: &Frames,
    index: u32,
) -> Result<NativeFrame, Fault> {
    let mut bytes = Vec::new();
    frames.read(instance, index, &mut bytes)?;
    if frames.fragments().is_some() {
        let syntax = instance.transfer_syntax().uid();
        return Ok(render::decode_frame(syntax, description, &bytes, &Limits::default())?);
    }
    let photometric = description.photometric.clone();
    Ok(NativeFrame { bytes, photometric, planar: description.planar })
}
