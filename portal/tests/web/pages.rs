//! The images of a download, looked at in the browser: entry by entry out of the package.

use std::io::{Cursor, Read as _, Write as _};

use jiff::SignedDuration;
use rstest::rstest;
use zip::CompressionMethod::{Deflated, Stored};
use zip::write::SimpleFileOptions;

use crate::browser::Answer;
use crate::downloads::Ready;
use crate::server::{GOOD, Options};

const PAGE: &str = "<!DOCTYPE html><html lang=\"it\"><title>Esito TEST</title></html>";
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xD9];

/// A file of the viewer of this build, uncompressed; none when it was built without.
fn style_of_viewer() -> Option<Vec<u8>> {
    let file = engine::viewer_files().iter().find(|file| file.reference == "VIEWER.CSS")?;
    let mut bytes = Vec::new();
    flate2::read::DeflateDecoder::new(file.deflated).read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

/// A package as somebody else's program writes it.
pub(crate) fn package() -> Vec<u8> {
    package_with(None)
}

/// The same, with another image before everything else.
fn package_with(image: Option<&[u8]>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let dicom = vec![7; 16_000];
    let style = style_of_viewer().unwrap_or_default();
    let image = image.map(|bytes| ("IHE_PDI/ST000001/SE000001/IM000002.JPG", Stored, bytes));
    let others = [
        ("cdviewer/VIEWER.JS", Deflated, b"'another version'".as_slice()),
        ("cdviewer/VIEWER.CSS", Deflated, &style),
        ("IHE_PDI/ST000001/SE000001/IM000001.JPG", Stored, JPEG),
        ("IHE_PDI/RP000001.PDF", Stored, b"%PDF-1.4"),
        ("STUDIES/ST000001/SE000001/IM000001", Deflated, &dicom),
        ("other_content/DC000001.CDA", Deflated, b"<script>"),
        ("cdviewer/_start.exe", Stored, b"MZ"),
        ("cdviewer/index.htm", Deflated, PAGE.as_bytes()),
        ("index.htm", Deflated, PAGE.as_bytes()),
    ];
    for (path, method, bytes) in image.into_iter().chain(others) {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(format!("ESITO_20260101_TEST/{path}"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn ready() -> Ready {
    Ready::start_of(package(), Options::default())
}

impl Ready {
    pub(crate) fn look(
        &mut self,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> (Answer, Vec<u8>) {
        let path = format!("/downloads/{}/pages{path}", self.request);
        let mut answer = self.browser.send("GET", &path, None, headers);
        let bytes = std::mem::take(&mut answer.bytes);
        (answer, bytes)
    }
}

pub(crate) fn gzip() -> (&'static str, String) {
    ("accept-encoding", "gzip".to_owned())
}

#[rstest]
#[case::page("/index.htm", "text/html; charset=utf-8", PAGE.as_bytes())]
#[case::picture("/IHE_PDI/ST000001/SE000001/IM000001.JPG", "image/jpeg", JPEG)]
#[case::report("/IHE_PDI/RP000001.PDF", "application/pdf", b"%PDF-1.4")]
#[case::dicom("/STUDIES/ST000001/SE000001/IM000001", "application/dicom", &[7; 16_000])]
#[case::foreign_markup("/other_content/DC000001.CDA", "application/octet-stream", b"<script>")]
fn an_entry_is_answered_as_what_it_is(
    #[case] path: &str,
    #[case] content_type: &str,
    #[case] expected: &[u8],
) {
    let mut ready = ready();
    let (answer, body) = ready.look(path, &[gzip()]);
    assert_eq!((answer.status, answer.header("content-type")), (200, content_type));
    assert_eq!(answer.header("content-length"), body.len().to_string());
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    // Nothing of it stays on the disk of a computer that others use too.
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((answer.header("etag"), answer.header("last-modified")), ("", ""));
    let mut bytes = Vec::new();
    match answer.header("content-encoding") {
        "gzip" => drop(flate2::read::GzDecoder::new(&*body).read_to_end(&mut bytes).unwrap()),
        "" => bytes = body,
        other => panic!("{other}"),
    }
    assert!(bytes == expected, "{} bytes", bytes.len());
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(
        policy.contains("sandbox"),
        path.ends_with("PDF") || path.ends_with("CDA"),
        "{policy}"
    );
    let is_file = path.ends_with("CDA");
    assert_eq!(answer.header("content-disposition") == "attachment", is_file);
}

/// The viewer may use WebAssembly, its own workers and what lies beside it: no script from text, no other server.
#[test]
fn the_viewer_may_do_what_it_needs_and_no_more() {
    let mut ready = ready();
    let (viewer, _) = ready.look("/cdviewer/index.htm", &[gzip()]);
    let policy = viewer.header("content-security-policy");
    let allowed: Vec<_> = policy.split(';').map(str::trim).collect();
    for rule in [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src blob:",
        "frame-src blob:",
        "connect-src 'self' data:",
        "frame-ancestors 'none'",
    ] {
        assert!(allowed.contains(&rule), "{rule}: {policy}");
    }
    assert!(!policy.contains("'unsafe-eval'") && !policy.contains("unsafe-inline"), "{policy}");
    let (page, _) = ready.look("/index.htm", &[gzip()]);
    assert!(!page.header("content-security-policy").contains("wasm"), "only the viewer may");
}

/// A browser fetches the viewer once, not for each examination: where it is that of this build.
#[test]
fn the_viewer_lies_at_one_address_for_all_packages() {
    let Some(style) = style_of_viewer() else {
        // Built without `make viewer`, which `make test` refuses: it has no address of its own.
        return;
    };
    let mut ready = ready();
    let (answer, _) = ready.look("/cdviewer/VIEWER.CSS", &[gzip()]);
    assert_eq!((answer.status, answer.header("cache-control")), (303, "no-store"));
    let address = answer.location().to_owned();
    let mut kept = ready.browser.send("GET", &address, None, &[gzip()]);
    assert_eq!((kept.status, kept.header("content-type")), (200, "text/css; charset=utf-8"));
    assert_eq!(kept.header("cache-control"), "public, max-age=31536000, immutable");
    let mut bytes = Vec::new();
    let packed = std::mem::take(&mut kept.bytes);
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut bytes).unwrap();
    assert!(bytes == style, "{} bytes", bytes.len());
    let plain = [("accept-encoding", "identity".to_owned())];
    assert_eq!(ready.browser.send("GET", &address, None, &plain).status, 406);
    // An address that names no content, or that of another build, is nothing to keep.
    let (path, _) = address.split_once('?').unwrap();
    for odd in [path.to_owned(), format!("{path}?0011223344556677"), format!("{address}0")] {
        assert_eq!(ready.browser.get(&odd).status, 404, "{odd}");
    }
    assert_eq!(ready.browser.get(&address.replace("VIEWER.CSS", "_start.exe")).status, 404);
    // What a package holds of another build is its own.
    let (own, _) = ready.look("/cdviewer/VIEWER.JS", &[gzip()]);
    assert_eq!((own.status, own.header("cache-control")), (200, "no-store"));
}

#[rstest]
#[case::no_entry("/IHE_PDI/NONE.HTM")]
#[case::program("/cdviewer/_start.exe")]
#[case::climbs("/../../../store/accounts.htm")]
#[case::climbs_encoded("/..%2f..%2fsecret.htm")]
#[case::folder("/IHE_PDI")]
#[case::another_case("/INDEX.HTM")]
fn what_is_no_entry_is_not_found(#[case] path: &str) {
    assert_eq!(ready().look(path, &[gzip()]).0.status, 404);
}

#[test]
fn whoever_takes_no_gzip_is_told_so() {
    let mut ready = ready();
    let plain = [("accept-encoding", "identity".to_owned())];
    assert_eq!(ready.look("/index.htm", &plain).0.status, 406);
    let picture = "/IHE_PDI/ST000001/SE000001/IM000001.JPG";
    assert_eq!(ready.look(picture, &plain).0.status, 200);
}

#[test]
fn the_report_of_a_package_opens_for_who_may_have_it() {
    let mut ready = ready();
    let path = format!("/downloads/{}/report", ready.request);
    let report = format!("/downloads/{}/pages/IHE_PDI/RP000001.PDF", ready.request);
    assert_eq!(ready.browser.get(&path).location(), report);
    // The preparation is taken for that of another content by now: a new one is asked for, and waited for.
    let order = ready.server.order_of(&ready.person);
    let order = format!("/persons/{}/orders/{order}", ready.person.id);
    assert!(ready.browser.get(&order).body.contains("Leggi il referto"));
    let asked = ready.browser.post(&format!("{order}/report"), &[]);
    let waits = asked.location().to_owned();
    assert!(waits.starts_with("/downloads/") && waits.ends_with("/report"), "{waits}");
    let mut page = ready.browser.get(&waits);
    if page.status == 303 {
        // It comes again by itself, always under one address, and there is one step back.
        assert_eq!(page.location(), format!("{waits}?again"));
        page = ready.browser.get(&format!("{waits}?again"));
    }
    assert_eq!(page.status, 200);
    // There is no PACS: sooner or later it is given up.
    let words = match page.header("refresh") {
        "2" => ["Stiamo preparando il referto", "si apre da solo", "<progress"],
        _ => [
            "Esito non disponibile",
            "Il referto non può essere preparato ora",
            ">Riprova</button>",
        ],
    };
    for words in words {
        assert!(page.text().contains(words), "{words}: {}", page.body);
    }
    // The page says it: no panel beside it does.
    assert!(!page.body.contains("<aside class=\"panel\""), "{}", page.body);
    let icon = ready.browser.get("/favicon.ico");
    assert_eq!((icon.status, icon.header("content-type")), (200, "image/svg+xml"));
}

#[test]
fn the_images_are_a_click_away_and_only_for_who_may_have_the_package() {
    let mut ready = ready();
    let list = ready.browser.get("/downloads");
    let link = format!("href=\"/downloads/{}/pages\" data-part=\"look\">", ready.request);
    assert!(list.body.contains(&link) && list.body.contains("Guarda le immagini"), "{}", list.body);
    let index = format!("/downloads/{}/pages/index.htm", ready.request);
    assert_eq!(ready.look("", &[gzip()]).0.location(), index);

    // Somebody else, who has an account too; her first password is an older message.
    ready.server.messages();
    let (other, _) = ready.server.with_orders("luca", "", 1);
    drop(other);
    let mut stranger = ready.server.browser();
    stranger.log_in("luca", GOOD);
    stranger.get("/password");
    for path in ["pages", "pages/index.htm", "pages/IHE_PDI/ST000001/SE000001/IM000001.JPG"] {
        let path = format!("/downloads/{}/{path}", ready.request);
        assert_eq!(stranger.send("GET", &path, None, &[gzip()]).status, 404, "{path}");
        let nobody = ready.server.browser().send("GET", &path, None, &[gzip()]);
        assert!(nobody.location().starts_with("/login"), "{path}");
    }
    // Not when the session is over.
    ready.server.clock.advance(SignedDuration::from_hours(9));
    assert!(ready.look("/index.htm", &[gzip()]).0.location().starts_with("/login"));
}

/// Made again under the same key it may hold more: what was missing came.
#[test]
fn a_package_that_is_made_again_is_read_where_its_entries_lie_now() {
    let mut ready = ready();
    let [first, second] =
        ["1", "2"].map(|number| format!("/IHE_PDI/ST000001/SE000001/IM00000{number}.JPG"));
    assert_eq!(ready.look(&first, &[]).1, JPEG);
    assert_eq!(ready.look(&second, &[]).0.status, 404);
    let image = vec![9; 5000];
    ready.make_again(package_with(Some(&image)));
    let (answer, bytes) = ready.look(&first, &[]);
    assert_eq!((answer.status, bytes), (200, JPEG.to_vec()));
    assert_eq!(ready.look(&second, &[]).1, image);
    let report = format!("/downloads/{}/report", ready.request);
    let location = format!("/downloads/{}/pages/IHE_PDI/RP000001.PDF", ready.request);
    assert_eq!(ready.browser.get(&report).location(), location);
}

#[test]
fn a_package_that_is_damaged_shows_nothing() {
    let mut bytes = package();
    let end = bytes.len() - 10;
    bytes[end..].fill(0);
    let mut ready = Ready::start_of(bytes, Options::default());
    assert_eq!(ready.look("/IHE_PDI/RP000001.PDF", &[gzip()]).0.status, 404);
    let first = ready.look("/index.htm", &[gzip()]).0;
    assert_eq!(first.location(), format!("/downloads/{}/pages", ready.request));
    assert_eq!(ready.look("", &[gzip()]).0.location(), "/downloads");
}
