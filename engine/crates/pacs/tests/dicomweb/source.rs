//! A DICOMweb server as a source: what is listed is asked for until it is there or no way is left.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::time::{Duration, Instant};

use fixtures::web::{Behaviour, Fault, WebPacs};
use fixtures::{Options, write_study};
use model::SopInstanceUid;
use pacs::dicomweb::DicomWeb;
use pacs::{
    Availability, Extent, InstanceSource, InstanceSummary, PacsError, Received, ReceivedBody,
    Receiver, SeriesSummary, StopFlag, StudyKeys, StudyQuery, Taken, Wanted,
};
use rstest::rstest;
use tempfile::TempDir;

use super::{SOON, Site, site};

/// Takes what comes and remembers it by its bytes.
pub(super) struct Taker {
    pub(super) missing: BTreeSet<SopInstanceUid>,
    files: BTreeSet<Vec<u8>>,
    /// How often it was asked whether an instance is missing.
    looked: Cell<usize>,
}

impl Taker {
    /// Misses all that is wanted.
    pub(super) fn of(wanted: &[Wanted]) -> Self {
        let missing = wanted.iter().map(|wanted| wanted.sop_instance.clone()).collect();
        Self { missing, files: BTreeSet::new(), looked: Cell::new(0) }
    }
}

/// All that is listed.
pub(super) fn wanted(listed: &[(SeriesSummary, Vec<InstanceSummary>)]) -> Vec<Wanted> {
    let instances = listed.iter().flat_map(|(series, instances)| {
        instances.iter().map(|instance| Wanted {
            sop_class: instance.sop_class.clone(),
            sop_instance: instance.sop_instance.clone(),
            series: series.series.clone(),
            patient_id: None,
            transfer_syntaxes: Vec::new(),
        })
    });
    instances.collect()
}

impl Receiver for Taker {
    fn receive(&mut self, received: Received) -> Taken {
        self.missing.remove(&received.sop_instance);
        let file = match received.body {
            ReceivedBody::Memory(bytes) => bytes,
            ReceivedBody::File(mut file) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).unwrap();
                bytes
            }
        };
        assert_eq!(file.len() as u64, received.bytes);
        self.files.insert(file);
        Taken::Accepted
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        self.looked.set(self.looked.get() + 1);
        self.missing.contains(sop_instance)
    }
}

/// Finds the study, lists it, and retrieves what is listed.
fn as_a_source(site: &Site, client: &DicomWeb) -> (Taker, Result<(), PacsError>) {
    let keys = StudyKeys::of_study(site.study());
    let found = client.find_studies(&keys).unwrap().found;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].series, found[0].instances), (Some(1), Some(5)));
    assert_eq!(found[0].availability, Some(Availability::Online));
    assert_eq!(found[0].modalities, ["CT"]);
    let listed = client.list_study(&found[0]).unwrap();
    assert!(listed.unreadable.is_empty());
    let wanted = wanted(&listed.series);
    assert_eq!(wanted.len(), 5);
    let mut taker = Taker::of(&wanted);
    let result =
        InstanceSource::retrieve(client, &site.study(), &wanted, Extent::Whole, &mut taker);
    (taker, result)
}

/// How many instances come and how many requests that takes. Whoever cuts every answer short delivers
/// the last instance of none, and a file of one part never. Silence three times in a row is the end,
/// and so are three instances in a row that fail slowly.
#[rstest]
#[case::in_one_go(Fault::None, 8 << 20, 5, 1)]
#[case::spooled(Fault::None, 1000, 5, 1)]
#[case::foreign_parts_beside(Fault::ForeignPart, 8 << 20, 5, 1)]
#[case::cut_behind_the_second(Fault::CutAfter(20_000), 8 << 20, 5, 5)]
#[case::never_closed(Fault::NoClosingBoundary, 8 << 20, 4, 3)]
#[case::never_in_order(Fault::ServerErrorAfter(0), 8 << 20, 0, 7)]
#[case::out_of_order_after_the_study(Fault::ServerErrorAfter(1), 8 << 20, 5, 1)]
#[case::silent(Fault::Drip, 8 << 20, 0, 3)]
#[case::slowly_out_of_order(Fault::FailsSlowly(Duration::from_millis(400)), 8 << 20, 0, 5)]
fn what_is_listed_is_retrieved(
    #[case] fault: Fault,
    #[case] in_memory_bytes: usize,
    #[case] came: usize,
    #[case] requests: usize,
) {
    let site = site(fault);
    let mut settings = site.settings();
    settings.limits.in_memory_bytes = in_memory_bytes;
    let (taker, result) = as_a_source(&site, &DicomWeb::new(settings).unwrap());
    assert_eq!((5 - taker.missing.len(), result.is_ok()), (came, came == 5), "{result:?}");
    assert!(taker.files.len() == came && taker.files.is_subset(&site.files()));
    let asked = site.server.asked();
    let retrievals = asked.iter().filter(|asked| !asked.line.contains('?')).count();
    assert_eq!(retrievals, requests, "{result:?}");
}

/// Eight series of three instances.
pub(super) fn many_series(fault: Fault, page_cap: usize) -> Site {
    let folder = TempDir::new().unwrap();
    let options = Options { slices: Some(3), rows: Some(48), ..Options::default() };
    let summary = write_study("mr", &options, folder.path()).unwrap();
    let behaviour = Behaviour { fault, page_cap, ..Behaviour::default() };
    Site { server: WebPacs::start(folder.path(), behaviour).unwrap(), folder, summary }
}

/// How many searches tell what eight series of three instances hold: one for the series and one for all
/// instances, each page by page; where that one does not bring them, one for each series.
#[rstest]
#[case::at_once(Fault::None, 1000, 2)]
#[case::in_pages_cut_by_the_server(Fault::None, 10, 4)]
#[case::pages_that_end_with_the_last(Fault::None, 12, 3)]
#[case::series_by_series(Fault::SearchesSeriesOnly, 1000, 10)]
#[case::of_unnamed_series(Fault::SeriesUnnamed, 1000, 10)]
fn many_series_are_listed_in_few_searches(
    #[case] fault: Fault,
    #[case] page_cap: usize,
    #[case] searches: usize,
) {
    let site = many_series(fault, page_cap);
    let client = site.client();
    let found = client.find_studies(&StudyKeys::of_study(site.study())).unwrap().found;
    let before = site.server.asked().len();
    let listed = client.list_study(&found[0]).unwrap().series;
    assert_eq!(site.server.asked().len() - before, searches);
    let instances: BTreeSet<_> =
        listed.iter().flat_map(|(_, of_one)| of_one).map(|one| one.sop_instance.as_str()).collect();
    let written: BTreeSet<_> =
        site.summary.instances.iter().map(|one| one.sop_instance_uid.as_str()).collect();
    assert_eq!(instances, written);
    assert_eq!(listed.iter().map(|(_, of_one)| of_one.len()).collect::<Vec<_>>(), [3; 8]);
}

#[test]
fn for_each_instance_by_itself_not_all_of_the_study_are_looked_at() {
    let site = many_series(Fault::None, 1000);
    let client = site.client();
    let found = client.find_studies(&StudyKeys::of_study(site.study())).unwrap().found;
    let wanted = wanted(&client.list_study(&found[0]).unwrap().series);
    let mut taker = Taker::of(&wanted);
    let (study, extent) = (site.study(), Extent::Some);
    InstanceSource::retrieve(&client, &study, &wanted, extent, &mut taker).unwrap();
    assert!(taker.missing.is_empty());
    let looked = taker.looked.get();
    assert!(looked < wanted.len() * wanted.len(), "{looked} times for {}", wanted.len());
}

/// An inner space is in no UID (PS3.5 §9.1): what stands behind it cannot be asked for, and is counted.
#[test]
fn what_is_listed_under_no_uid_is_counted() {
    let whole = many_series(Fault::None, 1000);
    let meant = whole.summary.instances[4].sop_instance_uid.clone();
    let behaviour = Behaviour { fault: Fault::ListsUnreadable(meant), ..Behaviour::default() };
    let server = WebPacs::start(whole.folder.path(), behaviour).unwrap();
    let site = Site { server, ..whole };
    let client = site.client();
    let found = client.find_studies(&StudyKeys::of_study(site.study())).unwrap().found;
    let listed = client.list_study(&found[0]).unwrap();
    assert_eq!(listed.series.iter().map(|(_, of_one)| of_one.len()).sum::<usize>(), 23);
    assert_eq!(listed.unreadable, BTreeMap::from([("MR".to_owned(), 1)]));
}

#[test]
fn a_silent_server_holds_nobody_who_wants_no_more() {
    let site = site(Fault::Silence);
    let stop = StopFlag::default();
    let mut settings = site.settings();
    settings.time_outs.no_progress = SOON;
    let client = DicomWeb::stopped_by(settings, stop.clone()).unwrap();
    let begun = Instant::now();
    let asked = std::thread::scope(|threads| {
        let asking = threads.spawn(|| client.find_studies(&StudyKeys::default()));
        std::thread::sleep(Duration::from_millis(300));
        stop.stop();
        asking.join().unwrap()
    });
    assert!(matches!(asked, Err(PacsError::Stopped)), "{asked:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
