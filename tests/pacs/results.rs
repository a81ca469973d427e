//! What a patient sees of a PACS: Orthanc, and the fixture PACS over both protocols.

use std::net::SocketAddr;
use std::sync::Arc;

use dicom_core::Tag;
use engine::pacs::dicomweb::WebSettings;
use engine::pacs::{
    DimseSettings, Mapping, PacsLimits, PacsSettings, QueryRoot, RecallSettings, RetrieveMethod,
    ScratchFolder, Service, StopFlag, StudyKeys, StudyQuery as _, StudySummary, TimeOuts,
};
use fixtures::Holding;
use fixtures::dimse::DimsePacs;
use fixtures::web::{Behaviour, WebPacs};
use portal::Clock;
use portal::results::{Freshness, ListQuery, ReleaseRule, ReleaseRules, Results, ResultsSettings};
use portal::store::{Account, SledStore, Store};
use rstest::rstest;

use crate::enrolled::enrolled;
use crate::peer::{CALLED, CALLING, Peer};
use crate::support::{SMALL_CT, Workplace};

const BASIC_TEXT_SR: &str = "1.2.840.10008.5.1.4.1.1.88.11";

/// A PACS that goes when it is dropped.
enum Pacs {
    Orthanc(Peer),
    Dimse(DimsePacs),
    DicomWeb(WebPacs),
}

#[derive(Debug, Clone, Copy)]
enum Which {
    Orthanc,
    Dimse,
    DicomWeb,
}

impl Which {
    fn start(self, workplace: &Workplace) -> Pacs {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        match self {
            Self::Orthanc => {
                let peer = Peer::orthanc(workplace);
                peer.fill(&workplace.source());
                Pacs::Orthanc(peer)
            }
            Self::Dimse => {
                let holding = Arc::new(Holding::read(&workplace.source()).expect("readable"));
                let settings = fixtures::dimse::DimseSettings {
                    ae_title: CALLED.to_owned(),
                    ..Default::default()
                };
                Pacs::Dimse(DimsePacs::start(anywhere, holding, settings).expect("a port"))
            }
            Self::DicomWeb => {
                let pacs = WebPacs::start(&workplace.source(), Behaviour::default());
                Pacs::DicomWeb(pacs.expect("a port"))
            }
        }
    }
}

impl Pacs {
    fn settings(&self) -> PacsSettings {
        let mapping = Mapping::default();
        let dimse = |port| {
            Service::Dimse(Box::new(DimseSettings {
                host: "127.0.0.1".to_owned(),
                port,
                tls: None,
                called_ae_title: CALLED.parse().expect("an AE title"),
                calling_ae_title: CALLING.parse().expect("an AE title"),
                retrieve: RetrieveMethod::Get,
                root: QueryRoot::Study,
                more_keys: mapping.more_keys(),
                limits: PacsLimits::default(),
                time_outs: TimeOuts::default(),
                store_scp: None,
                spool_folder: ScratchFolder::of_system(),
            }))
        };
        let service = match self {
            Self::Orthanc(peer) => dimse(peer.port),
            Self::Dimse(pacs) => dimse(pacs.address().port()),
            Self::DicomWeb(pacs) => {
                let mut settings = WebSettings::new(pacs.url().parse().expect("a URL"));
                settings.more_keys = mapping.more_keys();
                Service::DicomWeb(Box::new(settings))
            }
        };
        PacsSettings {
            name: "peer".to_owned(),
            site: Some("Mantova".to_owned()),
            issuer: None,
            service,
            mapping,
            recall: RecallSettings::default(),
        }
    }
}

fn results(store: &Arc<dyn Store>, pacs: &PacsSettings, rule: ReleaseRule) -> Results {
    let mut settings = ResultsSettings {
        pacs: vec![pacs.clone()],
        release: ReleaseRules { rule, availability_days: None },
        ..ResultsSettings::default()
    };
    // Asked again for each page, and waited for.
    settings.refresh.at_most_every = jiff::SignedDuration::from_millis(-60_000);
    settings.refresh.page_waits = std::time::Duration::from_secs(30);
    Results::new(Arc::clone(store), &settings, Clock::System)
}

/// The studies that an account sees, and of when they are.
async fn seen(results: &Results, account: &Account) -> (Vec<String>, Freshness) {
    let query = ListQuery { page_lines: 100, ..ListQuery::default() };
    let list = results.list(account, &query).await.expect("a list");
    let orders = list.page.orders.iter().flat_map(|order| &order.examinations);
    let mut studies: Vec<_> = orders.map(|examination| examination.study.clone()).collect();
    studies.sort();
    (studies, list.freshness)
}

fn studies_of(all: &[StudySummary], is_meant: impl Fn(&StudySummary) -> bool) -> Vec<String> {
    let meant = all.iter().filter(|study| is_meant(study));
    let mut studies: Vec<_> = meant.map(|study| study.study.to_string()).collect();
    studies.sort();
    studies
}

#[rstest]
#[case::orthanc(Which::Orthanc)]
#[case::dimse(Which::Dimse)]
#[case::dicomweb(Which::DicomWeb)]
fn a_patient_sees_the_studies_of_no_other(#[case] which: Which) {
    let workplace = Workplace::with_study(SMALL_CT);
    workplace.add_study(&["--study", "sr"], "sr");
    workplace.add_study(&["--study", "sr-dose"], "dose");
    workplace.add_study(&["--study", "names"], "names");
    let pacs = which.start(&workplace);
    let settings = pacs.settings();
    let opened = settings.open(&StopFlag::default()).expect("opened");
    let all = opened.find_studies(&StudyKeys::default()).expect("studies").found;
    assert!(all.len() >= 6, "{} studies", all.len());
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(&folder.path().join("store")).expect("opened");
    let store: Arc<dyn Store> = Arc::new(store);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let mut ids: Vec<&str> = all.iter().map(|study| study.patient_id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert!(ids.len() > 1, "one patient only");
        let always = results(&store, &settings, ReleaseRule::Always);
        let reported = results(&store, &settings, ReleaseRule::ReportPresent);
        let mut accounts = Vec::new();
        for (number, id) in ids.iter().enumerate() {
            let account =
                enrolled(&*store, id, &format!("test{number}"), Clock::System.now()).await;
            let own = studies_of(&all, |study| study.patient_id == *id);
            assert_eq!(seen(&always, &account).await, (own, Freshness::Current), "{id}");
            // Where the SOP classes are told, the report of a dose is none.
            let has_report = |study: &StudySummary| {
                let classes = study.value(Tag(0x0008, 0x0062)).filter(|told| !told.is_empty());
                assert_eq!(classes.is_some(), !matches!(which, Which::DicomWeb));
                let is_text = classes.map_or_else(
                    || study.modalities.iter().any(|modality| modality == "SR"),
                    |classes| classes.split('\\').any(|uid| uid == BASIC_TEXT_SR),
                );
                study.patient_id == *id && is_text
            };
            let expected = studies_of(&all, has_report);
            assert_eq!(seen(&reported, &account).await.0, expected, "{id}");
            accounts.push(account);
        }
        // A Patient ID that matches all is nobody's.
        let all_of_them = enrolled(&*store, "*", "wildcard", Clock::System.now()).await;
        assert_eq!(seen(&always, &all_of_them).await, (Vec::new(), Freshness::Current));
        let person = all_of_them.persons[0].person;
        let site = always.of_person(person).await.expect("read").expect("a person");
        let refused = site.refresh.expect("asked").answers[0].refused;
        assert_eq!(refused as usize, all.len());
        // The PACS goes, and what it told stays.
        let before = seen(&always, &accounts[0]).await.0;
        drop(pacs);
        let (after, freshness) = seen(&always, &accounts[0]).await;
        assert_eq!(after, before);
        assert!(matches!(freshness, Freshness::Behind(Some(_))), "{freshness:?}");
    });
}
