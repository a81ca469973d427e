//! Makes a File-set with its DICOMDIR of the DICOM files below a folder, for other readers to judge:
//! `cargo run -p media --example file_set -- FOLDER OUT`. OUT must not exist.
#![expect(clippy::print_stdout, reason = "the list of what became of each file is the output")]

use std::collections::HashSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use media::dicomdir::{Dicomdir, Fallbacks, ReferencedFile, Rejected};
use media::layout::Layout;
use media::numbering::Numbering;
use part10::{EXPLICIT_VR_LITTLE_ENDIAN, Instance, Limits, PixelElement, PixelValue};

fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The transfer syntax and the bytes of the file in the File-set; compressed pixels stay as they are.
fn rewrite(instance: &mut Instance) -> Result<(String, Vec<u8>), Box<dyn Error>> {
    let mut body = Vec::new();
    let plain = EXPLICIT_VR_LITTLE_ENDIAN.to_owned();
    Ok(match instance.pixels().cloned() {
        None => (plain.clone(), instance.head(&plain, &[], None)?),
        Some(PixelElement { value, length: None, .. }) => {
            let uid = instance.transfer_syntax().uid().to_owned();
            instance.read_into(value..instance.length(), &mut body)?;
            (
                uid.clone(),
                [instance.head(&uid, &[], Some(PixelValue::Encapsulated))?, body].concat(),
            )
        }
        Some(PixelElement { vr, value, length: Some(length), .. }) => {
            instance.read_pixels_into(value..value + length, &mut body)?;
            let pixels = PixelValue::Native(vr, u32::try_from(length)?);
            let head = instance.head(&plain, &[], Some(pixels))?;
            let tail = instance.tail(value + length)?;
            (plain, [head, body, tail].concat())
        }
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(folder), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: file_set FOLDER OUT".into());
    };
    let out = Path::new(&out);
    fs::create_dir(out)?;
    let mut seen = HashSet::new();
    let mut numbering = Numbering::default();
    let mut dicomdir = Dicomdir::new(Fallbacks::default());
    for path in files_below(Path::new(&folder))? {
        let name = path.strip_prefix(&folder)?.display();
        let mut instance = match Instance::open(&path, &Limits::default()) {
            Ok(instance) => instance,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        if !seen.insert(instance.identity().sop_instance.clone()) {
            println!("{name}: duplicate");
            continue;
        }
        let (transfer_syntax, bytes) = match rewrite(&mut instance) {
            Ok(rewritten) => rewritten,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        let identity = instance.identity();
        let place = numbering.place(&identity.study, &identity.series)?;
        let file_id = Layout::Pdi.file_id(&place);
        let added = dicomdir.add(&ReferencedFile {
            identity,
            dataset: &instance.dataset(),
            has_pixel_data: instance.pixels().is_some(),
            file_id: &file_id,
            transfer_syntax: &transfer_syntax,
        });
        match added {
            Ok(added) => {
                let target = out.join(file_id.as_path());
                fs::create_dir_all(target.parent().ok_or("a File ID has folders")?)?;
                fs::write(target, bytes)?;
                let changes: Vec<_> =
                    added.changes.iter().map(|c| format!("{} {:?}", c.tag, c.kind)).collect();
                let record_type = added.record_type.as_str();
                println!("{name}: {file_id} {record_type} [{}]", changes.join(", "));
            }
            Err(rejected @ (Rejected::NoRecordType(_) | Rejected::TooLong)) => {
                println!("{name}: {rejected}");
            }
        }
    }
    fs::write(out.join("DICOMDIR"), dicomdir.finish(&"2.25.1".parse()?, &"PDI".parse()?)?)?;
    Ok(())
}
