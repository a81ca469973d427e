//! Embeds the viewer that `make viewer` has built; without it packages hold none.

#![expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script everything by its environment"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../viewer-bundle/dist");
    let dist = fs::canonicalize(dist)?;
    println!("cargo:rerun-if-changed={}", dist.display());
    let index = fs::read_to_string(dist.join("pack/index.txt"));
    let files = match &index {
        Ok(index) => index.as_str(),
        Err(_) if env::var_os("CARGO_FEATURE_REQUIRE_VIEWER").is_some() => {
            return Err("the viewer is missing: build it with `make viewer`".into());
        }
        Err(_) => {
            println!("cargo:warning=packages will hold no viewer: `make viewer` builds it");
            ""
        }
    };
    let code = listed(files, &dist.join("pack"))?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("viewer.rs"), code)?;
    Ok(())
}

/// The list of files as Rust code; a line of the index is described in `viewer-bundle/pack.mjs`.
fn listed(index: &str, folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut code = "&[\n".to_owned();
    for line in index.lines() {
        let parts: Vec<_> = line.split(' ').collect();
        let [reference, strict, bytes, crc32, sha256, file] = parts.as_slice() else {
            return Err(format!("a line of the viewer's index is wrong: {line}").into());
        };
        let (bytes, crc32) = (in_groups(bytes.parse()?), in_groups(crc32.parse()?));
        let digits: Vec<_> = (0..32).filter_map(|n| sha256.get(2 * n..2 * n + 2)).collect();
        let sha256 = digits.iter().map(|byte| format!("0x{byte}")).collect::<Vec<_>>().join(", ");
        let file = folder.join(file);
        let file = file.to_str().ok_or("the path of this source is no UTF-8")?;
        writeln!(
            code,
            "    ViewerFile {{ reference: {reference:?}, strict: {strict:?}, bytes: {bytes}, \
             crc32: {crc32}, sha256: [{sha256}], deflated: include_bytes!({file:?}) }},"
        )?;
    }
    code.push_str("]\n");
    Ok(code)
}

/// A number as a literal that people can read.
fn in_groups(number: u32) -> String {
    format!("0x{:04x}_{:04x}", number >> 16, number & 0xFFFF)
}
