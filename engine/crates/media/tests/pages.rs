//! The pages as other programs see them: tidy, an XML parser, a browser that follows links.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and says what it measured"
)]

#[path = "support/sample.rs"]
mod sample;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use media::branding::Localised;
use media::contents::{FrameEntry, PackageContents, WindowLabel};
use media::layout::Layout;
use media::numbering::Ordinal;
use media::report::{References, ReportFrame, is_structured_report, report_pdf, structured_report};
use media::{Language, readme, web};
use model::EntryPath;
use part10::{Instance, Limits};
use rstest::rstest;

/// Every page of a package with its path.
fn pages(contents: &PackageContents) -> Vec<(EntryPath, String)> {
    web::pages(contents).map(Result::unwrap).collect()
}

/// What tidy says against a page; nothing when it is valid.
fn tidy(page: &str, options: &[&str]) -> String {
    let mut tidy = Command::new("tidy")
        .args(["-errors", "-quiet", "-utf8"])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the Debian package tidy is installed");
    tidy.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = tidy.wait_with_output().unwrap();
    // tidy of Debian 12 predates these two attributes of HTML.
    let known = ["proprietary attribute \"loading\"", "proprietary attribute \"decoding\""];
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let faults: Vec<&str> =
        said.lines().filter(|line| !known.iter().any(|known| line.contains(known))).collect();
    faults.join("\n")
}

/// The values of an attribute, entities of ASCII resolved.
fn attribute_values(page: &str, attribute: &str) -> Vec<String> {
    let opening = format!(" {attribute}=\"");
    let values = page.split(&opening).skip(1);
    values.map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&")).collect()
}

/// Follows a relative reference as a browser does.
fn resolve(page: &EntryPath, reference: &str) -> String {
    let mut path: Vec<&str> = page.as_str().split('/').collect();
    path.pop();
    for step in reference.split('/') {
        if step == ".." {
            path.pop().expect("a link leaves the package");
        } else {
            path.push(step);
        }
    }
    path.join("/")
}

/// Every path that the package has besides its pages.
fn entries(contents: &PackageContents) -> BTreeSet<String> {
    let layout = contents.layout;
    let mut entries: BTreeSet<String> = [
        layout.index(),
        layout.readme(),
        layout.manifest(),
        layout.stylesheet(),
        layout.script(),
        contents.viewer.clone().unwrap(),
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    entries.extend(pages(contents).iter().map(|(path, _)| path.to_string()));
    entries.extend(contents.reports.iter().map(|report| report.path.to_string()));
    for study in &contents.studies {
        for series in &study.series {
            entries.extend(series.thumbnail.iter().map(|thumbnail| thumbnail.path.to_string()));
            entries.extend(series.objects.iter().map(|object| object.file_id.to_string()));
            for frame in series.images.iter().flat_map(|image| &image.frames) {
                if let FrameEntry::Preview(preview) = frame {
                    entries.insert(preview.path.to_string());
                }
            }
        }
    }
    entries
}

#[rstest]
fn tidy_finds_nothing_in_html_and_in_xml(
    #[values(Language::Italian, Language::English)] language: Language,
    #[values(Layout::Reference, Layout::Pdi)] layout: Layout,
) {
    let whole = sample::contents(language, layout, 3);
    let empty = PackageContents { language, layout, ..PackageContents::default() };
    for (path, page) in pages(&whole).into_iter().chain(pages(&empty)) {
        assert_eq!(tidy(&page, &[]), "", "{path}\n{page}");
        assert_eq!(tidy(&page, &["-xml"]), "", "{path} as XML\n{page}");
    }
}

#[test]
fn tidy_would_find_a_fault() {
    assert_ne!(tidy("<!DOCTYPE html><title>x</title><p><b>a</p>", &[]), "");
    assert_ne!(tidy("<a><b></a>", &["-xml"]), "");
}

#[rstest]
#[case::reference(Layout::Reference)]
#[case::strict(Layout::Pdi)]
fn every_link_leads_to_an_entry_and_every_entry_is_linked(#[case] layout: Layout) {
    let contents = sample::contents(Language::Italian, layout, 3);
    let entries = entries(&contents);
    let mut linked = BTreeSet::new();
    for (path, page) in pages(&contents) {
        let references =
            attribute_values(&page, "href").into_iter().chain(attribute_values(&page, "src"));
        for reference in references.filter(|reference| !reference.starts_with('#')) {
            let target = resolve(&path, reference.split('#').next().unwrap());
            assert!(entries.contains(&target), "{path}: {reference}");
            linked.insert(target);
        }
    }
    assert_eq!(linked, entries);
}

/// The viewer opens in the language of the page that leads to it, and from the page of a series at that series.
#[rstest]
#[case::reference(Layout::Reference)]
#[case::strict(Layout::Pdi)]
fn links_into_the_viewer_name_language_and_series(#[case] layout: Layout) {
    let contents = sample::contents(Language::Italian, layout, 3);
    let viewer = format!("{}#", contents.viewer.clone().unwrap());
    let mut found = BTreeSet::new();
    for (path, page) in pages(&contents) {
        let places = page.split(&viewer).skip(1).filter_map(|rest| rest.split('"').next());
        found.extend(places.map(|place| (path.to_string(), place.to_owned())));
    }
    let index = (layout.index().to_string(), "it".to_owned());
    let english = ("IHE_PDI/EN/INDEX.HTM".to_owned(), "en".to_owned());
    let mut expected = BTreeSet::from([index, english]);
    for study in &contents.studies {
        for series in study.series.iter().filter(|series| !series.images.is_empty()) {
            let place = format!("ST{}/SE{}", study.ordinal, series.ordinal);
            expected.insert((format!("IHE_PDI/{place}.HTM"), format!("it/{place}")));
            expected.insert((format!("IHE_PDI/EN/{place}.HTM"), format!("en/{place}")));
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn pages_hold_one_script_of_their_own_and_no_outside_address() {
    let contents = sample::contents(Language::Italian, Layout::Reference, 3);
    for (path, page) in pages(&contents) {
        let script = web_script(&path);
        assert!(page.contains(&script) && page.matches("<script").count() == 1, "{path}");
        assert!(!page.contains(" style=") && !page.contains(" onclick="), "{path}");
        let namespace = "http://www.w3.org/1999/xhtml";
        assert!(!page.replace(namespace, "").contains("://"), "{path}");
        let head = &page[..1024];
        assert!(head.contains("<meta charset=\"utf-8\"/>"), "{path}");
        assert!(head.contains("default-src 'none'") || head.contains("default-src &#39;none&#39;"));
    }
}

/// The one script that a page may load.
fn web_script(path: &EntryPath) -> String {
    let up = match path.as_str().split('/').collect::<Vec<_>>().as_slice() {
        ["index.htm"] => "IHE_PDI/".to_owned(),
        folders => "../".repeat(folders.len() - 2),
    };
    format!("<script src=\"{up}STACK.JS\" defer=\"defer\"></script>")
}

const PAYLOADS: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "]]><!--<iframe src=javascript:alert(1)>",
    "{{ 7*7 }}{% include \"/etc/passwd\" %}",
    "&lt;script&gt;&#x3c;img&#62;",
    "a\u{0}b\u{8}c\u{b}\u{1b}[31m\u{85}\u{FFFE}\u{FDD0}",
    "\u{202E}gpj.exe\u{2066}\u{2028}<b>",
];

/// Puts a text wherever a file or a configuration has a say.
fn infected(payload: &str) -> PackageContents {
    let mut contents = sample::contents(Language::Italian, Layout::Reference, 2);
    let text = || Some(payload.to_owned());
    contents.institution.name = text();
    contents.institution.address = text();
    contents.institution.contact = text();
    contents.branding.disclaimer =
        Some(Localised { italian: payload.to_owned(), english: payload.to_owned() });
    contents.patient.name = text();
    contents.patient.id = text();
    contents.patient.birth_date = text();
    contents.patient.sex = text();
    for report in &mut contents.reports {
        report.title = text();
        report.date = text();
        report.time = text();
    }
    for study in &mut contents.studies {
        study.description = text();
        study.date = text();
        study.time = text();
        study.accession_number = text();
        study.referring_physician = text();
        study.institution = text();
        for series in &mut study.series {
            series.modality = text();
            series.number = text();
            series.description = text();
            series.body_part = text();
            for image in &mut series.images {
                image.number = text();
                image.slice_location = text();
                for window in &mut image.windows {
                    window.explanation = text();
                }
            }
            for object in &mut series.objects {
                object.title = text();
            }
        }
    }
    contents
}

/// The elements of a page in order, without their attributes' values.
fn skeleton(page: &str) -> Vec<String> {
    let tags = page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap());
    tags.map(|tag| tag.split('"').step_by(2).collect()).collect()
}

#[test]
fn text_of_a_file_never_becomes_markup() {
    let harmless = pages(&infected("x"));
    for payload in PAYLOADS {
        for ((path, page), (_, expected)) in pages(&infected(payload)).iter().zip(&harmless) {
            assert_eq!(skeleton(page), skeleton(expected), "{payload:?} in {path}");
            assert_eq!(tidy(page, &[]), "", "{payload:?} in {path}");
            assert_eq!(tidy(page, &["-xml"]), "", "{payload:?} in {path} as XML");
            assert!(!page.contains(['\u{0}', '\u{1b}', '\u{202E}', '\u{2066}', '\u{FFFE}']));
        }
        assert!(readme::readme(&infected(payload)).is_ascii());
    }
}

/// Explanation, and centre and width of a window.
type Told = (Option<&'static str>, Option<(f64, f64)>);

#[rstest]
#[case::one(Language::Italian, &[(Some("ADDOME"), Some((40.0, 400.5)))], "Finestra: <bdi>ADDOME</bdi>, C 40 L 400,5")]
#[case::in_english(Language::English, &[(Some("ADDOME"), Some((40.0, 400.5)))], "Window: <bdi>ADDOME</bdi>, C 40 W 400.5")]
#[case::two_without_a_name(Language::English, &[(None, Some((1.0, 2.0))), (None, Some((3.0, 4.0)))], "Window: C 1 W 2; C 3 W 4")]
#[case::a_table(Language::English, &[(Some("NORMAL"), None)], "Window: <bdi>NORMAL</bdi>")]
#[case::many(
    Language::Italian,
    &[(None, Some((1.0, 2.0))), (None, Some((2.0, 2.0))), (None, Some((3.0, 2.0))), (None, Some((4.0, 2.0)))],
    "Finestra: diversa da immagine a immagine"
)]
#[case::an_unnamed_table(Language::English, &[(None, None)], "")]
#[case::none(Language::English, &[], "")]
fn a_series_says_by_which_window_it_is_shown(
    #[case] language: Language,
    #[case] windows: &[Told],
    #[case] expected: &str,
) {
    let mut contents = sample::contents(language, Layout::Reference, 8);
    let images = &mut contents.studies[0].series[0].images;
    for (at, image) in images.iter_mut().enumerate() {
        let window = windows.get(at % windows.len().max(1));
        let window = window.map(|(explanation, center_and_width)| WindowLabel {
            explanation: explanation.map(str::to_owned),
            center_and_width: *center_and_width,
        });
        image.windows = window.into_iter().collect();
    }
    let pages = pages(&contents);
    let (_, page) =
        pages.iter().find(|(path, _)| path.as_str() == "IHE_PDI/ST000001/SE000001.HTM").unwrap();
    let line = page.lines().find(|line| line.contains("Finestra:") || line.contains("Window:"));
    let expected = (!expected.is_empty()).then(|| format!("<p class=\"facts\">{expected}</p>"));
    assert_eq!(line, expected.as_deref());
}

#[test]
fn origins_and_free_text_of_faults_stay_outside() {
    let contents = sample::contents(Language::Italian, Layout::Reference, 2);
    for (path, page) in pages(&contents) {
        assert!(!page.contains("ROSSI_MARIA") && !page.contains("ROSSI^MARIA TEST"), "{path}");
    }
}

#[test]
fn debug_output_tells_nothing_of_the_patient() {
    let secret = "geheim";
    let shown = format!("{:?}", infected(secret));
    let contents = infected(secret);
    let institution = format!("{:?}{:?}", contents.institution, contents.branding);
    assert_eq!(shown.matches(secret).count(), institution.matches(secret).count());
}

/// The index does not grow with the images of a series.
#[test]
fn three_thousand_images() {
    let contents = sample::contents(Language::Italian, Layout::Reference, 3_000);
    let pages = pages(&contents);
    let page = |path: &str| &pages.iter().find(|(at, _)| at.as_str() == path).unwrap().1;
    assert!(page("index.htm").len() < 20_000, "index: {} bytes", page("index.htm").len());
    let stack = page("IHE_PDI/ST000001/SE000001.HTM");
    assert!(stack.len() < 400_000, "stack: {} bytes", stack.len());
    assert_eq!(stack.matches("<img ").count(), 96);
    assert_eq!(stack.matches("<li id=\"IM").count(), 3_000);
    let sheets =
        pages.iter().filter(|(at, _)| at.as_str().starts_with("IHE_PDI/ST000001/SE000001/SH"));
    assert_eq!(sheets.map(|(_, sheet)| sheet.matches("<img ").count()).sum::<usize>(), 3_000 - 96);
}

/// As many series of as many images, each with a thumbnail and the longest description that a package shows.
fn many(series_count: usize, images: usize) -> PackageContents {
    let shape = sample::Shape { images, frame_count: 1, tried: 1, width: 512, height: 512 };
    let mut contents = sample::contents(Language::Italian, Layout::Reference, 1);
    let description = "Serie <lunga> di \u{201c}prova\u{201d} ".repeat(12);
    let description: String = description.chars().take(256).collect();
    contents.studies[0].series = (1..=series_count)
        .map(|number| sample::series(Layout::Reference, number, ("CT", Some(&description)), &shape))
        .collect();
    contents.reports.clear();
    contents
}

/// The index keeps below 150 KB at 3 000 images however they are spread, and no series is lost.
#[rstest]
#[case::one_series(1, 3_000)]
#[case::three_hundred(300, 10)]
#[case::each_its_own(3_000, 1)]
fn the_index_stays_small_and_every_series_is_linked(#[case] series: usize, #[case] images: usize) {
    let pages = pages(&many(series, images));
    let below = |start: &str| {
        let is_below = |page: &&(EntryPath, String)| page.0.as_str().starts_with(start);
        pages.iter().filter(is_below).collect::<Vec<_>>()
    };
    let index = &below("index.htm")[0].1;
    println!("{series} series of {images}: the index has {} bytes", index.len());
    assert!(index.contains(&format!("<td class=\"number\">{series}</td>")));
    let lists = below("IHE_PDI/ST000001/LS");
    assert_eq!(lists.len(), if series > 60 { series.div_ceil(60) } else { 0 });
    let mut linked: BTreeSet<String> = BTreeSet::new();
    for (path, page) in lists.iter().copied().chain(below("index.htm")) {
        assert!(page.len() <= 150 * 1024, "{path}: {} bytes", page.len());
        let links = attribute_values(page, "href");
        let links = links.iter().filter(|link| !link.starts_with('#'));
        linked.extend(links.map(|link| resolve(path, link)));
    }
    for number in 1..=series {
        assert!(linked.contains(&format!("IHE_PDI/ST000001/SE{number:06}.HTM")), "{number}");
    }
    for (path, _) in &lists {
        assert!(linked.contains(path.as_str()), "{path}");
    }
    let first = &below("IHE_PDI/ST000001/SE000001.HTM")[0].1;
    assert_eq!(first.contains("href=\"LS000001.HTM\""), series > 60);
}

/// An overview has all series, with fewer images of each when there are many.
#[rstest]
#[case::few(4, 30, 12, 0)]
#[case::many(100, 30, 6, 0)]
#[case::more_than_a_browser_prints(700, 3, 1, 100)]
fn an_overview_holds_all_series(
    #[case] series: usize,
    #[case] images: usize,
    #[case] shown_of_each: usize,
    #[case] without: usize,
) {
    let pages = pages(&many(series, images));
    let (_, page) = pages.iter().find(|(at, _)| at.as_str() == "IHE_PDI/ST000001.HTM").unwrap();
    assert_eq!(page.matches("<img ").count(), (series - without) * shown_of_each);
    let lines = page.split("<ul class=\"lines\">").nth(1).unwrap_or_default();
    assert_eq!(lines.matches("<li>").count(), without);
    for number in 1..=series {
        assert!(page.contains(&format!("<bdi>Serie {number}: ")), "{number}");
    }
}

#[test]
fn sheets_and_overviews_say_how_many_of_how_many() {
    let contents = sample::contents(Language::Italian, Layout::Reference, 10_100);
    let pages = pages(&contents);
    let page = |path: &str| &pages.iter().find(|(at, _)| at.as_str() == path).unwrap().1;
    assert!(page("IHE_PDI/ST000001.HTM").contains("Sono mostrate 12 immagini di 10100,"));
    let stack = page("IHE_PDI/ST000001/SE000001.HTM");
    assert!(stack.contains("Qui scorrono le prime 10000 immagini di 10100:"));
    let sheet = page("IHE_PDI/ST000001/SE000001/SH000106.HTM");
    assert!(sheet.contains("Immagini da 10081 a 10100 di 10100"));
    assert!(sheet.contains("href=\"../SE000001.HTM#IM010081\""));
}

/// The page of the first structured report in a fixture study.
fn report_page(study: &str, language: Language) -> (EntryPath, String) {
    let contents = sample::contents(language, Layout::Reference, 1);
    let frame = ReportFrame {
        language,
        main_language: Language::Italian,
        layout: contents.layout,
        branding: &contents.branding,
        institution: &contents.institution,
        patient: &contents.patient,
        number: Ordinal::FIRST,
    };
    let files = fixtures::recipe(study, &fixtures::Options::default()).unwrap();
    let mut instances = files
        .iter()
        .map(|file| Instance::from_bytes(file.bytes().unwrap(), &Limits::default()).unwrap());
    let report = instances.find(|instance| is_structured_report(&instance.dataset())).unwrap();
    let document = structured_report(&report.dataset(), language);
    let page = web::report_page(frame, &document, &References::default()).unwrap();
    let pdf = report_pdf(frame, &document, &References::default()).unwrap().bytes;
    assert_eq!(report_pdf(frame, &document, &References::default()).unwrap().bytes, pdf);
    (frame.page(language), page)
}

#[rstest]
fn a_structured_report_is_a_valid_page_that_leads_back(
    #[values("sr", "ko")] study: &str,
    #[values(Language::Italian, Language::English)] language: Language,
) {
    let (path, page) = report_page(study, language);
    assert_eq!(tidy(&page, &[]), "", "{page}");
    assert_eq!(tidy(&page, &["-xml"]), "", "{page}");
    let targets: Vec<_> = attribute_values(&page, "href")
        .iter()
        .filter(|reference| !reference.starts_with('#'))
        .map(|reference| resolve(&path, reference))
        .collect();
    let (elsewhere, index) = match language {
        Language::Italian => ("IHE_PDI/EN/RP000001.HTM", "index.htm"),
        Language::English => ("IHE_PDI/RP000001.HTM", "IHE_PDI/EN/INDEX.HTM"),
    };
    assert_eq!(targets, ["IHE_PDI/STYLE.CSS", elsewhere, index, "IHE_PDI/RP000001.PDF"]);
}

#[test]
fn a_structured_report_is_shown_whole_with_who_signed_it() {
    let (_, page) = report_page("sr", Language::Italian);
    for text in [
        "<h1><bdi>Diagnostic imaging study</bdi></h1>",
        "<bdi>VERDI ANNA TEST, Ospedale di Prova, 12 mar 2026 12:00</bdi>",
        "<bdi>completo</bdi>",
        "<bdi>Findings</bdi>",
        "L&#39;aorta è di calibro regolare (diametro &#60; 40 mm &#38; pareti lisce).\nNodulo",
        "vie biliari non dilatate.",
        "Si consiglia controllo a 12 mesi.",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
}

/// A video has one placeholder: it stands for all frames, and no frame is said to be shown.
#[test]
fn one_placeholder_stands_for_all_frames() {
    let mut contents = sample::contents(Language::English, Layout::Reference, 2);
    let placeholder = FrameEntry::Placeholder(model::PreviewFault::Damaged);
    let cine = &mut contents.studies[0].series[2];
    let page = |contents: &PackageContents| {
        let study = &contents.studies[0];
        let path = contents.layout.series_page(
            contents.edition(contents.language),
            study.ordinal,
            study.series[2].ordinal,
        );
        pages(contents).into_iter().find(|(at, _)| *at == path).unwrap().1
    };
    cine.images[0].frames = vec![placeholder];
    let without = page(&contents);
    assert!(without.contains("340 frames") && !without.contains("The first"), "{without}");
    let with = page(&sample::contents(Language::English, Layout::Reference, 2));
    assert!(with.contains("The first 8 of 340"), "{with}");
}
