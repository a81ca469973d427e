//! Retrieves a study over WADO-RS into a folder: `wado_to_disk URL STUDY FOLDER`.
//!
//! What `benches/peers/retrieval.py` measures beside curl.

#![expect(clippy::print_stdout, reason = "an example says what it did")]

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use pacs::dicomweb::{Delivered, DicomWeb, InstanceBody, WebSettings, What};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, study, folder] = arguments.as_slice() else {
        return Err("usage: wado_to_disk URL STUDY FOLDER".into());
    };
    fs::create_dir_all(folder)?;
    let client = DicomWeb::new(WebSettings::new(url.parse()?))?;
    let study = study.parse()?;
    let mut retrieval = client.retrieve(What::Study(&study))?;
    let (mut instances, mut bytes) = (0_u32, 0);
    while let Some(delivered) = retrieval.next_part()? {
        let body = match delivered {
            Delivered::Instance(body) => body,
            Delivered::Refused(fault) => return Err(fault.into()),
        };
        instances += 1;
        bytes += body.bytes();
        let path = Path::new(folder).join(format!("IM{instances:06}"));
        match body {
            InstanceBody::Memory(file) => fs::write(path, file)?,
            InstanceBody::File { mut file, .. } => {
                io::copy(&mut file, &mut File::create(path)?)?;
            }
        }
    }
    println!("{instances} instances, {bytes} bytes");
    Ok(())
}
