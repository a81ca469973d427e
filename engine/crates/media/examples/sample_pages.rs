//! Writes the pages of a sample package with generated pictures into a folder, to be looked at.
//!
//! `cargo run -p media --example sample_pages -- FOLDER [SLICES] [it|en]`

#[path = "../tests/support/sample.rs"]
mod sample;

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use jpeg_encoder::{ColorType, Encoder};
use media::contents::{FrameEntry, Preview};
use media::layout::Layout;
use media::numbering::Ordinal;
use media::report::{References, ReportFrame, report_pdf, structured_report};
use media::{Language, readme, web};
use model::EntryPath;
use part10::{Instance, Limits};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder = Path::new(arguments.first().ok_or("give a folder to write to")?);
    let slices = arguments.get(1).map_or(Ok(24), |slices| slices.parse())?;
    let language = match arguments.get(2).map(String::as_str) {
        None | Some("it") => Language::Italian,
        Some("en") => Language::English,
        Some(_) => return Err("the language is it or en".into()),
    };
    let layout = Layout::Reference;
    let contents = sample::contents(language, layout, slices);
    let write = |path: &EntryPath, bytes: &[u8]| -> Result<(), Box<dyn Error>> {
        let file = folder.join(path.as_str());
        fs::create_dir_all(file.parent().ok_or("an entry lies in a folder")?)?;
        Ok(fs::write(file, bytes)?)
    };
    for page in web::pages(&contents) {
        let (path, page) = page?;
        write(&path, page.as_bytes())?;
    }
    write(&layout.stylesheet(), web::stylesheet(&contents.branding.theme).as_bytes())?;
    write(&layout.script(), web::script().as_bytes())?;
    write(&layout.readme(), readme::readme(&contents).as_bytes())?;
    for file in fixtures::recipe("sr", &fixtures::Options::default())? {
        let frame = ReportFrame {
            language,
            main_language: language,
            layout,
            branding: &contents.branding,
            institution: &contents.institution,
            patient: &contents.patient,
            number: Ordinal::FIRST,
        };
        let instance = Instance::from_bytes(file.bytes()?, &Limits::default())?;
        let references = References::default();
        let document = structured_report(&instance.dataset(), language);
        write(&frame.pdf(), &report_pdf(frame, &document, &references)?.bytes)?;
        for language in [language, language.other()] {
            let frame = ReportFrame { language, ..frame };
            let document = structured_report(&instance.dataset(), language);
            let page = web::report_page(frame, &document, &references)?;
            write(&frame.page(language), page.as_bytes())?;
        }
    }
    for study in &contents.studies {
        for series in &study.series {
            let frames = series.images.iter().flat_map(|image| &image.frames);
            let previews = frames.filter_map(|frame| match frame {
                FrameEntry::Preview(preview) => Some(preview),
                FrameEntry::Placeholder(_) => None,
            });
            for (index, preview) in previews.chain(&series.thumbnail).enumerate() {
                write(&preview.path, &picture(preview, index)?)?;
            }
        }
    }
    Ok(())
}

/// Two dark lungs in a bright body, a little wider from slice to slice.
fn picture(preview: &Preview, index: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, height) = (u16::try_from(preview.width)?, u16::try_from(preview.height)?);
    let lung = 0.18 + f64::from(u8::try_from(index % 24)?) / 400.0;
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height));
    for row in 0..height {
        for column in 0..width {
            let x = f64::from(column) / f64::from(width) - 0.5;
            let y = f64::from(row) / f64::from(height) - 0.5;
            let ellipse = |center: f64, rx: f64, ry: f64| {
                ((x - center) / rx).powi(2) + (y / ry).powi(2) < 1.0
            };
            let is_lung =
                ellipse(-0.2, lung * 0.7, lung * 1.3) || ellipse(0.2, lung * 0.7, lung * 1.3);
            pixels.push(match (ellipse(0.0, 0.46, 0.4), is_lung) {
                (false, _) => 0_u8,
                (true, true) => 40,
                (true, false) => 170,
            });
        }
    }
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 85).encode(&pixels, width, height, ColorType::Luma)?;
    Ok(jpeg)
}
