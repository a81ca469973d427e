//! Downloads from end to end: a PACS, a portal that is killed, a patient with curl, and judges for the ZIP.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dicom_core::Tag;
use fixtures::dimse::Fault;
use fixtures::{
    Charset, FixtureFile, Frames, Instance, PixelFormat, ROSSI, Storage, StudyBuilder, write_files,
};

use crate::hospital::{
    Hospital, PREPARING, ct, held, package, pacs_section, slow, start_pacs, within,
};
use crate::server::get;
use crate::support::{Workplace, judges, names_in, run};

const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);

#[test]
fn a_download_survives_kills_of_its_preparation_and_of_its_delivery() {
    // More than the buffers between the portal and curl ever grow to: 32 MiB at the one end, 4 at the other.
    let workplace = Workplace::with_study(&["--study", "ct", "--slices", "180", "--rows", "512"]);
    let holding = slow(&workplace, 40_000_000);
    let mut site = Hospital::open(workplace, holding, "");
    site.ask();
    site.wait_for(PREPARING);
    let partial =
        |site: &Hospital| names_in(&site.spool()).iter().any(|name| name.ends_with("partial"));
    // It is begun by then, and its file a moment later.
    within(|| partial(&site).then_some(()));
    site.kill();
    assert!(partial(&site), "it was killed too late");
    site.start();
    site.wait_for("Esito disponibile");
    assert!(!partial(&site), "{:?}", names_in(&site.spool()));
    let zip = site.workplace.beside("whole.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
    judges::judge(&zip, &site.workplace.source(), &[]);

    // Slowly, and killed in the middle.
    let part = site.workplace.beside("part.zip");
    let path = package(&site.her.get("/downloads").body);
    let slowly = site.curl(&path, &["--limit-rate", "4M", "-o"]).arg(&part).start();
    let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    while length(&part) < 300_000 {
        std::thread::sleep(Duration::from_millis(20));
    }
    site.kill();
    let broken = run::finish(slowly, Duration::from_mins(1));
    assert_eq!(broken.code, Some(18), "curl saw that it is not whole: {}", broken.stderr);
    assert!(length(&part) < length(&zip));
    site.start();
    assert_eq!(site.fetch(&part, &["-C", "-"]), 0);
    assert!(fs::read(&part).expect("a file") == fs::read(&zip).expect("a file"));
}

/// Looks at what is there of a package that is being made, as "Guarda le immagini" does.
fn look_while_it_grows(site: &mut Hospital, pages: &str) {
    let page = within(|| {
        let page = site.her.get(&format!("{pages}?again"));
        assert_eq!(page.status, 200, "{}", page.head);
        page.body.contains("<img src=\"/downloads").then_some(page)
    });
    assert_eq!(page.header("refresh"), "5", "{}", page.head);
    assert_eq!(site.her.get(pages).header("location"), format!("{pages}?again"));
    let begin = "<img src=\"/downloads";
    let picture = page.body.split(begin).nth(1).and_then(|rest| rest.split('"').next());
    let picture = format!("/downloads{}", picture.expect("a picture"));
    assert!(picture.starts_with(pages) && picture.ends_with("?again"), "{picture}");
    let jpeg = site.workplace.beside("picture.jpg");
    assert_eq!(site.curl(&picture, &["-f", "-o"]).arg(&jpeg).finish().code, Some(0));
    let bytes = fs::read(&jpeg).expect("a file");
    assert!(bytes.starts_with(b"\xFF\xD8") && bytes.ends_with(b"\xFF\xD9"), "{}", bytes.len());
    // The index comes last: until then it leads back here.
    let index = site.her.get(&format!("{pages}/index.htm"));
    assert_eq!((index.status, index.header("location")), (303, pages));
}

#[test]
fn a_package_is_fetched_while_it_is_made_and_breaks_off_when_it_is_withdrawn() {
    let workplace = ct();
    let holding = slow(&workplace, 1_500_000);
    let mut site = Hospital::open(workplace, holding, "");
    site.ask();
    let page = site.wait_for(PREPARING);
    let path = package(&page);
    look_while_it_grows(&mut site, &path.replace("/package", "/pages"));
    let whole = site.workplace.beside("followed.zip");
    let follow = site.curl(&path, &["-D"]).arg(whole.with_extension("head")).arg("-o").arg(&whole);
    let followed = run::finish(follow.start(), Duration::from_mins(1));
    assert_eq!(followed.code, Some(0), "{}", followed.stderr);
    let head = fs::read_to_string(whole.with_extension("head")).expect("a head").to_lowercase();
    assert!(head.contains("transfer-encoding: chunked") && !head.contains("etag"), "{head}");
    judges::judge(&whole, &site.workplace.source(), &[]);
    site.wait_for("Esito disponibile");
    let pages = path.replace("/package", "/pages");
    assert_eq!(site.her.get(&pages).header("location"), format!("{pages}/index.htm"));
    let again = site.workplace.beside("again.zip");
    assert_eq!(site.fetch(&again, &[]), 0);
    assert!(fs::read(&whole).expect("a file") == fs::read(&again).expect("a file"));

    // In English it is another package.
    site.her.post("/language", &[("language", "en"), ("back", "/")]);
    site.ask();
    let page = site.wait_for(PREPARING);
    let path = package(&page);
    let cut = site.workplace.beside("cut.zip");
    let following = site.curl(&path, &["-o"]).arg(&cut).start();
    while fs::metadata(&cut).map_or(0, |file| file.len()) < 100_000 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let withdrawn = site.her.post(&path.replace("/package", "/withdraw"), &[]);
    assert_eq!(withdrawn.status, 303, "{}", withdrawn.body);
    let broken = run::finish(following, Duration::from_mins(1));
    assert_eq!(broken.code, Some(18), "curl saw that it is not whole: {}", broken.stderr);
    let left = names_in(&site.spool());
    assert!(!left.iter().any(|name| name.ends_with("partial")), "{left:?}");
}

/// A radiograph of hers in a folder, one of an order; gives its UID.
pub fn write_radiograph(folder: &Path, seed: u64) -> String {
    write_radiograph_as(folder, seed, None)
}

/// With another UID than its own.
fn write_radiograph_as(folder: &Path, seed: u64, uid: Option<&str>) -> String {
    let study = StudyBuilder::new(seed, "nearline").patient(ROSSI).description("TORACE");
    let mut study = study.numbers("MTF4711", "A4711");
    let series = study.series("CR", "TORACE PA");
    let mut data_set = series.data_set("1.2.840.10008.5.1.4.1.1.1", 1);
    let uid = uid.map_or_else(|| study.study_uid(), str::to_owned);
    data_set.text(STUDY_INSTANCE_UID, uid.as_str());
    let format = PixelFormat::grey8(512, 512);
    format.describe(&mut data_set);
    let frames = Frames::new(format, 1, move |_| vec![77; format.frame_bytes()]);
    let instance = Instance::new(data_set, Charset::Latin1).with_frames(frames);
    write_files(&[FixtureFile::instance("IM1", instance)], folder).expect("written");
    uid
}

/// By SMS, and behind the bell (S-131).
#[test]
fn what_is_not_online_is_recalled_and_she_is_told() {
    let workplace = Workplace::empty();
    let study = write_radiograph(&workplace.source(), 4711);
    let holding = held(&workplace).with(&study, Storage::Nearline);
    let mut site = Hospital::open(workplace, holding.recalled_after(Duration::from_secs(4)), "");
    let order = site.order();
    assert!(site.her.get(&order).body.contains("nessuna novità"), "she has seen it");
    site.ask_for(&order);
    site.wait_for("Il portale sta tentando di richiamarlo.");
    // The portal may end meanwhile: the recall is remembered.
    site.kill();
    site.start();
    site.wait_for("Il portale sta tentando di richiamarlo.");
    // The page of the downloads would count as having looked at it.
    let bell = within(|| {
        let page = site.her.get("/notifications").body;
        page.contains("Di nuovo disponibile").then_some(page)
    });
    assert!(bell.contains("Notifiche: una novità"), "{bell}");
    let told = site.sms.line()["json"]["text"].as_str().expect("a text").to_owned();
    assert!(told.contains("il download che hai richiesto è pronto"), "{told}");
    for secret in ["TORACE", "ROSSI", "esito", "referto"] {
        assert!(!told.contains(secret), "{told}");
    }
    let zip = site.workplace.beside("recalled.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
    judges::judge(&zip, &site.workplace.source(), &[]);
}

/// With a leading zero, as devices write them (PS3.5 §9.1 forbids it).
#[test]
fn what_is_shown_under_an_odd_uid_is_recalled_and_downloaded() {
    let workplace = Workplace::empty();
    let odd = "1.2.826.0.1.3680043.10.1.0042";
    let study = write_radiograph_as(&workplace.source(), 4711, Some(odd));
    let holding = held(&workplace).with(&study, Storage::Nearline);
    let mut site = Hospital::open(workplace, holding.recalled_after(Duration::from_secs(2)), "");
    site.ask();
    site.wait_for("Esito disponibile");
    let zip = site.workplace.beside("odd.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
}

#[test]
fn of_two_examinations_none_is_retrieved_before_the_other_is_back() {
    let workplace = Workplace::empty();
    let nearline = write_radiograph(&workplace.source().join("one"), 4711);
    write_radiograph(&workplace.source().join("other"), 4712);
    // At this pace the other one alone would take longer than it may.
    let holding = slow(&workplace, 10_000).with(&nearline, Storage::Nearline);
    let mut site = Hospital::open(workplace, holding.recalled_after(Duration::from_mins(2)), "");
    let order = site.order();
    let begun = Instant::now();
    site.ask_for(&order);
    site.wait_for("Il portale sta tentando di richiamarlo.");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(site.spooled().is_empty(), "{:?}", site.spooled());
}

#[test]
fn another_pacs_that_has_it_delivers_when_the_one_that_told_it_does_not() {
    let workplace = ct();
    let other = start_pacs(held(&workplace), 0, &Fault::None);
    let holding = held(&workplace);
    let mut site = Hospital::open(workplace, holding, "");
    let order = site.order();
    // It is configured later than the list was made, so that all of it is told by the first.
    site.end();
    let text = fs::read_to_string(&site.config).expect("the configuration");
    fs::write(&site.config, text + &pacs_section("other", &other)).expect("written");
    site.lose_pacs();
    site.start();
    site.ask_for(&order);
    site.wait_for("Esito disponibile");
    assert!(!site.portal().log().contains("no package can be made"), "{}", site.portal().log());
    let zip = site.workplace.beside("other.zip");
    assert_eq!(site.fetch(&zip, &[]), 0);
    judges::judge(&zip, &site.workplace.source(), &[]);
    let (_, counts) = get(&format!("http://{}/metrics", site.portal().monitor), &[]);
    let length = fs::metadata(&zip).expect("a file").len();
    let delivered = format!("esito_delivered_bytes_total{{by=\"download\"}} {length}");
    for line in [&*delivered, "esito_preparation_pacs_seconds_count 1"] {
        assert!(counts.contains(line), "{line}\n{counts}");
    }
}

/// What is erased is not in the spool until the next look at everything.
#[test]
fn the_package_of_a_person_who_is_erased_is_deleted_at_once() {
    let workplace = ct();
    let holding = held(&workplace);
    let mut site = Hospital::open(workplace, holding, "");
    let order = site.order();
    let person = order.split('/').nth(2).expect("a person").to_owned();
    site.ask_for(&order);
    site.wait_for("Esito disponibile");
    assert_eq!(site.spooled().len(), 1, "{:?}", site.spooled());
    site.console(&["patient", "erase", "--yes", &person]);
    assert!(site.spooled().is_empty(), "{:?}", site.spooled());
    let told = site.console(&["audit", "--json", "--action", "download.purge"]);
    assert_eq!(told["events"].as_array().expect("events").len(), 1, "{told}");
}
