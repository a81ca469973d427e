//! Every fixture study, in every layout and transfer syntax policy that changes its package.

use rstest::rstest;

use crate::support::{Workplace, files_below, judges, report, run};

const IMPLICIT: &str = "1.2.840.10008.1.2";
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const ENCAPSULATED_UNCOMPRESSED: &str = "1.2.840.10008.1.2.1.98";
const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.70";

/// Packages a fixture study and has it judged; every file of it must be in the package.
#[track_caller]
fn whole(study: &[&str], options: &[&str]) {
    let place = Workplace::with_study(study);
    let files = files_below(&place.source()).len().to_string();
    place.package(options).expect_code(&[0]);
    let mut more = vec!["--instances", &files];
    if let Some(at) = options.iter().position(|option| *option == "--transfer-syntax") {
        more.extend(["--syntax", options[at + 1]]);
    }
    if let Some(at) = options.iter().position(|option| *option == "--layout") {
        more.extend(["--layout", options[at + 1]]);
    }
    judges::judge(&place.zip(), &place.source(), &more);
    let counted = report::files(&report::read(&place.report()));
    assert_eq!(counted.packaged.to_string(), files);
    assert_eq!(counted.accounted(), counted.found);
}

/// S-142 to S-144: the judge knows which names a package has at its root, and what lies in its folders.
#[rstest]
#[case::ct(&["--study", "ct", "--slices", "12", "--rows", "128"])]
#[case::ct_signed(&["--study", "ct-signed", "--slices", "4", "--rows", "128"])]
#[case::mr(&["--study", "mr", "--slices", "3", "--rows", "64"])]
#[case::cr(&["--study", "cr"])]
#[case::dx(&["--study", "dx"])]
#[case::mg(&["--study", "mg"])]
#[case::tomo(&["--study", "tomo", "--slices", "5"])]
#[case::us(&["--study", "us"])]
#[case::us_ybr(&["--study", "us-ybr"])]
#[case::enhanced_mr(&["--study", "enhanced-mr"])]
#[case::pt(&["--study", "pt", "--slices", "3"])]
#[case::sc(&["--study", "sc"])]
#[case::pdf(&["--study", "pdf"])]
#[case::sr(&["--study", "sr"])]
#[case::sr_measurements(&["--study", "sr-measurements"])]
#[case::sr_scripts(&["--study", "sr-scripts"])]
#[case::sr_mammography(&["--study", "sr-mammography"])]
#[case::sr_dose(&["--study", "sr-dose"])]
#[case::cda(&["--study", "cda"])]
#[case::cda_pdf(&["--study", "cda-pdf"])]
#[case::cda_rad(&["--study", "cda-rad"])]
#[case::stl(&["--study", "stl"])]
#[case::ko(&["--study", "ko"])]
#[case::gsps(&["--study", "gsps"])]
#[case::ecg(&["--study", "ecg"])]
#[case::rt(&["--study", "rt"])]
#[case::video(&["--study", "video"])]
#[case::mixed(&["--study", "mixed"])]
fn each_modality_is_whole(#[case] study: &[&str]) {
    whole(study, &[]);
}

#[rstest]
#[case::missing_ids("quirk-missing-ids")]
#[case::mixed_charsets("quirk-charsets")]
#[case::no_preamble("quirk-no-preamble")]
#[case::no_meta("quirk-no-meta")]
#[case::two_studies("quirk-two-studies")]
#[case::lookup_tables("quirk-luts")]
#[case::angiography("quirk-angiography")]
#[case::single_bits("quirk-one-bit")]
#[case::overlays("quirk-overlay-places")]
#[case::segmentations("quirk-segmentation")]
#[case::no_window("quirk-no-window")]
#[case::window_functions("quirk-sigmoid")]
#[case::segmented_palette("quirk-palette-segmented")]
#[case::floating_point("quirk-float")]
#[case::overlays_of_some_frames("quirk-overlay-frames")]
#[case::supplemental_palette("quirk-supplemental")]
#[case::cells_of_12_bits("quirk-12bit-cells")]
#[case::partial_range("quirk-ybr-partial")]
#[case::several_windows("quirk-windows")]
#[case::cine_without_window("quirk-no-window-cine")]
#[case::pixels_not_square("quirk-not-square")]
#[case::latin1("names-latin1")]
#[case::utf8("names-utf8")]
#[case::cyrillic("names-cyrillic")]
#[case::japanese("names-japanese")]
#[case::html_in_texts("quirk-xss")]
#[case::cda_entities("quirk-cda-entities")]
#[case::cda_deep("quirk-cda-deep")]
#[case::palette("quirk-palette")]
#[case::overlay("quirk-overlay")]
#[case::planar("quirk-planar")]
#[case::signed_8_bit("quirk-signed-8")]
#[case::twelve_bit("quirk-12bit")]
fn a_quirk_costs_no_instance(#[case] study: &str) {
    whole(&["--study", study], &[]);
}

#[test]
fn segments_without_their_images_are_told_and_others_are_not() {
    let place = Workplace::with_study(&["--study", "quirk-segmentation"]);
    place.package(&[]).expect_code(&[0]);
    let report = report::read(&place.report());
    let notices = report["notices"].as_array().unwrap();
    let told: Vec<_> =
        notices.iter().map(|notice| (notice["kind"].as_str(), notice["file"].as_str())).collect();
    assert_eq!(told, [(Some("preview_incomplete"), Some("seg/000003.dcm"))]);
}

#[test]
fn the_page_names_the_first_of_several_windows() {
    let place = Workplace::with_study(&["--study", "quirk-sigmoid"]);
    place.package(&[]).expect_code(&[0]);
    let zip = place.zip();
    let page = |edition| {
        let path = format!("*/IHE_PDI/{edition}ST000001/SE000001.HTM");
        let unzip = run::program("unzip").arg("-p").arg(&zip).arg(path).finish();
        String::from_utf8(unzip.stdout).unwrap()
    };
    assert!(page("").contains(">Finestra: <bdi>TESSUTI</bdi>, C 40 L 400<"));
    assert!(page("EN/").contains(">Window: <bdi>TESSUTI</bdi>, C 40 W 400<"));
}

#[rstest]
#[case::implicit("ct", IMPLICIT, "uncompressed")]
#[case::big_endian("ct", BIG_ENDIAN, "as-stored")]
#[case::deflated("ct", DEFLATED, "uncompressed")]
#[case::encapsulated_decoded("ct", ENCAPSULATED_UNCOMPRESSED, "uncompressed")]
#[case::encapsulated_kept("us", ENCAPSULATED_UNCOMPRESSED, "as-stored")]
#[case::rle_decoded("ct", RLE, "uncompressed")]
#[case::rle_kept("ct", RLE, "as-stored")]
#[case::lossless_decoded("ct", JPEG_LOSSLESS, "uncompressed")]
#[case::lossless_kept("ct", JPEG_LOSSLESS, "as-stored")]
#[case::lossless_auto("ct", JPEG_LOSSLESS, "auto")]
#[case::colour_rle("us", RLE, "uncompressed")]
#[case::colour_jpeg_decoded("us", JPEG_BASELINE, "uncompressed")]
#[case::colour_jpeg_kept("us", JPEG_BASELINE, "as-stored")]
#[case::implicit_documents("mixed", IMPLICIT, "as-stored")]
#[case::implicit_floats("quirk-float", IMPLICIT, "uncompressed")]
fn transfer_syntaxes_keep_every_element_and_pixel(
    #[case] study: &str,
    #[case] syntax: &str,
    #[case] policy: &str,
) {
    let study = ["--study", study, "--slices", "3", "--rows", "96", "--syntax", syntax];
    whole(&study, &["--transfer-syntax", policy]);
}

#[rstest]
#[case::strict_names(&["--layout", "pdi"])]
#[case::english(&["--lang", "en"])]
#[case::no_viewer(&["--no-viewer"])]
#[case::one_job(&["--jobs", "1"])]
fn options_keep_the_package_sound(#[case] options: &[&str]) {
    whole(&["--study", "mixed"], options);
}

/// Junk beside DICOM files, in nested folders: the junk is named, the rest is packaged. An empty
/// file with a DICOM name may be an instance that was lost, so it is refused aloud (exit 3).
#[test]
fn junk_files_are_told_apart() {
    let place = Workplace::with_study(&["--study", "quirk-junk"]);
    place.package(&[]).expect_code(&[3]);
    judges::judge(&place.zip(), &place.source(), &[]);
    let counted = report::files(&report::read(&place.report()));
    assert!(counted.not_dicom > 0, "{counted:?}");
    assert_eq!((counted.packaged, counted.refused), (4, 1), "{counted:?}");
    assert_eq!(counted.found, u64::try_from(files_below(&place.source()).len()).expect("a count"));
    assert_eq!(counted.accounted(), counted.found);
}

/// A private object without pixels has no directory record (PS3.3 F.4), so it is left out, aloud.
#[test]
fn private_objects_are_left_out_with_a_notice() {
    let place = Workplace::with_study(&["--study", "quirk-private"]);
    let run = place.package(&[]).expect_code(&[0]);
    judges::judge(&place.zip(), &place.source(), &[]);
    let counted = report::files(&report::read(&place.report()));
    assert_eq!(counted.left_out, 1, "{counted:?}");
    assert_eq!(counted.accounted(), counted.found);
    assert!(!run.stderr.is_empty());
    // Nobody looked at what is in it.
    let index = |entry: &str| {
        let unzip = run::program("unzip").arg("-p").arg(place.zip()).arg(entry).finish();
        assert_eq!(unzip.code, Some(0), "{}", unzip.stderr);
        String::from_utf8_lossy(&unzip.stdout).into_owned()
    };
    let (italian, english) = (index("*/index.htm"), index("*/IHE_PDI/EN/INDEX.HTM"));
    assert!(italian.contains("1 oggetto DICOM non è nel pacchetto"), "{italian}");
    assert!(!italian.contains("Non manca alcuna immagine"), "{italian}");
    assert!(english.contains("1 DICOM object is not in the package"), "{english}");
    assert!(!english.contains("No image is missing"), "{english}");
}

/// Of files with one SOP Instance UID the first is in; one with other content is a loss (exit 3).
#[test]
fn duplicates_are_counted_and_differing_ones_are_a_loss() {
    let place = Workplace::with_study(&["--study", "quirk-duplicate"]);
    place.package(&[]).expect_code(&[3]);
    judges::judge(&place.zip(), &place.source(), &[]);
    let counted = report::files(&report::read(&place.report()));
    assert_eq!(counted.duplicate, 2, "{counted:?}");
    assert_eq!(counted.accounted(), counted.found);
    let counts = &report::read(&place.report())["counts"];
    assert_eq!((counts["expected"].as_u64(), counts["received"].as_u64()), (Some(3), Some(3)));
}

/// Files that end in the pixels, in a header or at once: only the whole one is in the package.
#[test]
fn truncated_files_are_refused() {
    let place = Workplace::with_study(&["--study", "quirk-truncated"]);
    place.package(&[]).expect_code(&[3]);
    judges::judge(&place.zip(), &place.source(), &["--instances", "1"]);
    let counted = report::files(&report::read(&place.report()));
    assert_eq!(counted.accounted(), counted.found);
}

/// A UID that breaks the rules of PS3.5 §9 stays as it is.
#[test]
fn odd_uids_are_kept() {
    let place = Workplace::with_study(&["--study", "quirk-odd-uids"]);
    place.package(&[]).expect_code(&[0]);
    judges::judge(&place.zip(), &place.source(), &["--real"]);
}

/// The judges themselves: a package spoiled in one way is noticed by the one that must.
#[rstest]
#[case::images(&["--study", "ct", "--slices", "3", "--rows", "64"], &[])]
#[case::reports(&["--study", "sr-measurements"], &["--reports"])]
fn the_judges_notice_every_spoiled_package(#[case] study: &[&str], #[case] more: &[&str]) {
    let place = Workplace::with_study(study);
    place.package(&[]).expect_code(&[0]);
    let script = judges::script("mutations.py").args(more);
    let judged = script.arg(place.zip()).arg(place.source()).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    assert!(text.contains(" 0 failed"), "{text}");
}
