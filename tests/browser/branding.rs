//! An institution of `--config` on the pages: names, logo, colours, disclaimer, in both languages.

use std::path::Path;

use rstest::rstest;
use serde_json::json;

use crate::support::Workplace;
use crate::{node, unpack};

/// A wide PNG of one colour with a darker border, in stored blocks (PNG, 5 and 11.2; RFC 1950, 1951).
fn logo(width: u32, height: u32) -> Vec<u8> {
    let row = |y: u32| {
        let pixel = move |x: u32| {
            let is_border = x < 4 || y < 4 || x + 4 >= width || y + 4 >= height;
            if is_border { [0x5a, 0x1e, 0x46] } else { [0xd8, 0x7c, 0xac] }
        };
        std::iter::once(0).chain((0..width).flat_map(pixel))
    };
    let pixels: Vec<u8> = (0..height).flat_map(row).collect();
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in &pixels {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let mut data = vec![0x78, 0x01];
    let blocks = pixels.chunks(0x8000);
    let last = blocks.len() - 1;
    for (number, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).expect("a block");
        data.push(u8::from(number == last));
        data.extend(length.to_le_bytes());
        data.extend((!length).to_le_bytes());
        data.extend(block);
    }
    data.extend(((high << 16) | low).to_be_bytes());
    let chunk = |name: &[u8], content: &[u8]| {
        let length = u32::try_from(content.len()).expect("a chunk").to_be_bytes();
        let named = [name, content].concat();
        [&length[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
    [&b"\x89PNG\r\n\x1a\n"[..], &header, &chunk(b"IDAT", &data), &chunk(b"IEND", b"")].concat()
}

/// Packages the study of a workplace for an institution; gives what its pages must show.
fn brand(place: &Workplace, folder: &Path) -> (std::path::PathBuf, serde_json::Value) {
    let shown = json!({
        "names": {"it": "Ospedale di Prova <Città & Colli>", "en": "Test Hospital <Town & Hills>"},
        "address": "Via dell'Esempio 1, 00000 Provaglio",
        "contact": "Segreteria, tel. 000 000000",
        "disclaimers": {"it": "Avvertenza di prova: è solo un <esempio>.", "en": "Test notice: only an <example>."},
        "primary": "rgb(90, 30, 70)",
        "on_primary": "rgb(255, 250, 240)",
        "link": "rgb(120, 20, 60)",
        "logo": [320, 80],
    });
    let configuration = "[branding]\n\
        name_it = 'Ospedale di Prova <Città & Colli>'\n\
        name_en = 'Test Hospital <Town & Hills>'\n\
        address = \"Via dell'Esempio 1, 00000 Provaglio\"\n\
        contact = 'Segreteria, tel. 000 000000'\n\
        disclaimer_it = 'Avvertenza di prova: è solo un <esempio>.'\n\
        disclaimer_en = 'Test notice: only an <example>.'\n\
        logo = 'logo.png'\n\
        colour_primary = '#5a1e46'\n\
        colour_on_primary = '#fffaf0'\n\
        colour_link = '#78143c'\n";
    let file = place.beside("esito.toml");
    std::fs::write(&file, configuration).expect("the configuration");
    std::fs::write(place.beside("logo.png"), logo(320, 80)).expect("the logo");
    place.package(&["--config", file.to_str().expect("UTF-8")]).expect_code(&[0]);
    (unpack(place, folder, "institution"), shown)
}

#[rstest]
fn an_institution_is_on_every_page(#[values("chromium", "firefox")] browser: &str) {
    let place = Workplace::with_study(&["--study", "mixed", "--slices", "3", "--rows", "64"]);
    let folder = place.beside("Esito di María è qui");
    let (root, shown) = brand(&place, &folder);
    let used = node("branding.js").arg(browser).arg(&root).arg(shown.to_string()).finish();
    let text = String::from_utf8_lossy(&used.stdout);
    assert_eq!(used.code, Some(0), "{text}{}", used.stderr);
    let readme = std::fs::read_to_string(root.join("readme.txt")).expect("readme.txt");
    let words = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "Struttura: Ospedale di Prova <Citta' & Colli>",
        "Institution: Test Hospital <Town & Hills>",
        "Avvertenza di prova: e' solo un <esempio>.",
        "Test notice: only an <example>.",
        "tel. 000 000000",
    ] {
        assert!(words.contains(text), "{text}: {readme}");
    }
    let stored = std::fs::read(root.join("IHE_PDI/LOGO.PNG")).expect("the logo");
    assert_eq!(stored, logo(320, 80), "the logo is not the file that was given");
}
