//! Faults of `[branding]` in the file of `--config`: exit 2, with a sentence that says what to do.

use std::fs;

use rstest::rstest;

use crate::support::{SMALL_CT, Workplace};

#[rstest]
#[case::no_toml("[branding", "the configuration", "unclosed table")]
#[case::unknown_key(
    "[branding]\nnme_it = 'x'",
    "branding.nme_it is not known",
    "did you mean name_it?"
)]
#[case::wrong_type("[branding]\nname_it = 1", "integer `1`", "expected a string")]
#[case::english_alone(
    "[branding]\nname_en = 'x'",
    "branding.name_en stands without name_it",
    "give both"
)]
#[case::empty("[branding]\naddress = ''", "branding.address is empty", "leave the key out")]
#[case::no_colour("[branding]\ncolour_link = 'blue'", "branding.colour_link", "is not a colour")]
#[case::too_pale("[branding]\ncolour_primary = '#88aacc'", "colour_primary #88aacc", "4.5")]
#[case::no_logo("[branding]\nlogo = 'absent.png'", "branding.logo", "absent.png")]
#[case::svg("[branding]\nlogo = 'logo.svg'", "neither PNG nor JPEG", "convert it")]
#[case::large("[branding]\nlogo = 'large.png'", "524289 bytes", "524288 at most")]
fn a_fault_of_the_branding_is_exit_2(
    #[case] configuration: &str,
    #[case] what: &str,
    #[case] advice: &str,
) {
    let place = Workplace::with_study(SMALL_CT);
    let file = place.beside("esito.toml");
    fs::write(&file, configuration).expect("the configuration");
    fs::write(place.beside("logo.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>").expect("SVG");
    fs::write(place.beside("large.png"), vec![0; (512 << 10) + 1]).expect("a large file");
    let file = file.to_str().expect("UTF-8");
    let run = place.package(&["--config", file]).expect_code(&[2]);
    assert!(run.stderr.contains(what) && run.stderr.contains(advice), "{}", run.stderr);
    assert!(place.left_behind().is_empty() && !place.report().exists());
}

#[test]
fn a_configuration_that_is_not_there_is_exit_2() {
    let place = Workplace::with_study(SMALL_CT);
    let file = place.beside("absent.toml");
    let file = file.to_str().expect("UTF-8");
    let run = place.package(&["--config", file]).expect_code(&[2]);
    assert!(run.stderr.contains("absent.toml cannot be read"), "{}", run.stderr);
    assert!(place.left_behind().is_empty());
}
