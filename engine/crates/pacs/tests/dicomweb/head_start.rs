//! A retrieval that begins while the study is still being listed: all comes, and nothing is asked for
//! twice but what broke.

use std::thread;
use std::time::Duration;

use fixtures::web::Fault;
use model::SopInstanceUid;
use pacs::{
    Extent, InstanceSource as _, Pacs, PacsSettings, Service, StopFlag, StudyKeys, StudyQuery as _,
};
use rstest::rstest;

use super::Site;
use super::source::{Taker, many_series, wanted};

fn settings(site: &Site, issuer: Option<&str>) -> PacsSettings {
    let service = Service::DicomWeb(Box::new(site.settings()));
    let (site, mapping, recall) = Default::default();
    let (name, issuer) = ("fixture".into(), issuer.map(str::to_owned));
    PacsSettings { name, site, issuer, service, mapping, recall }
}

fn open(site: &Site) -> Pacs {
    settings(site, None).open_to_retrieve(&StopFlag::default()).unwrap()
}

/// What an answer does not tell, the site says.
#[test]
fn a_study_without_issuer_has_that_of_the_settings() {
    let site = super::site(Fault::None);
    let keys = StudyKeys::of_study(site.study());
    for issuer in [None, Some("TEST-A")] {
        let settings = settings(&site, issuer);
        let found = settings.open(&StopFlag::default()).unwrap().find_studies(&keys).unwrap().found;
        assert_eq!(found[0].issuer_of_patient_id, issuer.unwrap_or_default());
    }
}

/// Requests for a series.
fn retrievals(site: &Site) -> Vec<String> {
    let asked = site.server.asked();
    asked.into_iter().map(|asked| asked.line).filter(|line| !line.contains('?')).collect()
}

#[rstest]
#[case::in_order(Fault::None, 0)]
#[case::broken_before_the_list_is_there(Fault::ServerErrorAfter(0), 24)]
#[case::broken_in_the_midst(Fault::ServerErrorAfter(4), 12)]
fn all_comes_once(#[case] fault: Fault, #[case] missing: usize) {
    let is_whole = fault == Fault::None;
    let site = many_series(fault, 1000);
    let pacs = open(&site);
    let found = pacs.find_studies(&StudyKeys::of_study(site.study())).unwrap().found;
    let wanted = wanted(&pacs.list_study(&found[0]).unwrap().series);
    let mut taker = Taker::of(&wanted);
    let retrieved = pacs.retrieve(&site.study(), &wanted, Extent::Whole, &mut taker);
    assert_eq!((taker.missing.len(), retrieved.is_ok()), (missing, is_whole), "{retrieved:?}");
    if is_whole {
        let mut asked = retrievals(&site);
        assert_eq!(asked.len(), 8);
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), 8, "a series is asked for twice");
    }
}

#[test]
fn what_nobody_retrieves_ends() {
    let site = many_series(Fault::Drip, 1000);
    let pacs = open(&site);
    let found = pacs.find_studies(&StudyKeys::of_study(site.study())).unwrap().found;
    pacs.list_study(&found[0]).unwrap();
    drop(pacs);
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(retrievals(&site).len(), 1);
}

#[test]
fn another_study_than_was_listed_comes_all_the_same() {
    let site = many_series(Fault::None, 1000);
    let pacs = open(&site);
    let found = pacs.find_studies(&StudyKeys::of_study(site.study())).unwrap().found;
    let wanted = wanted(&pacs.list_study(&found[0]).unwrap().series);
    let mut taker = Taker::of(&wanted);
    let absent: SopInstanceUid = "1.2.3".parse().unwrap();
    taker.missing.insert(absent);
    drop(pacs.retrieve(&"1.2.3.4".parse().unwrap(), &wanted, Extent::Whole, &mut taker));
    assert!(pacs.retrieve(&site.study(), &wanted, Extent::Whole, &mut taker).is_ok());
    assert_eq!(taker.missing.len(), 1);
}
