//! Opens each file named and tells what it is: a quick look at a folder of unknown origin.
#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::path::Path;

use part10::{Frames, Instance, Limits, OpenError, PixelDescription};

fn main() {
    for path in std::env::args().skip(1) {
        let told = match Instance::open(Path::new(&path), &Limits::default()) {
            Err(OpenError::Refused(refusal)) => format!("REFUSED {refusal}"),
            Err(error) => format!("{error}"),
            Ok(mut instance) => {
                let pixels = match (instance.pixels(), PixelDescription::read(&instance.dataset()))
                {
                    (None, _) => "no pixels".to_owned(),
                    (Some(_), Err(error)) => format!("PIXELS {error}"),
                    (Some(_), Ok(description)) => {
                        match Frames::locate(&mut instance, &description) {
                            Ok(frames) => format!("{} frames", frames.count()),
                            Err(error) => format!("FRAMES {error}"),
                        }
                    }
                };
                format!("{} {}", instance.transfer_syntax().uid(), pixels)
            }
        };
        println!("{path}: {told}");
    }
}
