//! The list of results of a patient with many orders, beside the reading of the same records from the store alone:
//! `cargo bench -p portal --bench lists`. What counts are the ratios, and how both grow.

#![expect(
    clippy::expect_used,
    dead_code,
    unreachable_pub,
    reason = "a benchmark: a failed expectation ends it, and what furnishes it is shared"
)]

#[path = "support/furnishing.rs"]
mod furnishing;

use std::sync::Arc;

use divan::Bencher;
use portal::Clock;
use portal::results::{ListQuery, Results, ResultsSettings, Sort};
use portal::store::{Account, Orders as _, SledStore};
use tokio::runtime::Runtime;

const ORDERS: [u32; 3] = [10, 100, 1000];

fn main() {
    divan::main();
}

/// A store with one patient.
struct Ward {
    runtime: Runtime,
    store: Arc<SledStore>,
    results: Results,
    account: Account,
    _folder: tempfile::TempDir,
}

impl Ward {
    fn new(orders: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("threads");
        let store = Arc::new(SledStore::open(&folder.path().join("store")).expect("a store"));
        let account = runtime.block_on(furnishing::enrol(&store, 1, orders));
        let mut settings = ResultsSettings::default();
        // All of them, however old.
        settings.release.availability_days = None;
        let results = Results::new(Arc::<SledStore>::clone(&store), &settings, Clock::System);
        Self { runtime, store, results, account, _folder: folder }
    }

    fn list(&self, query: &ListQuery) -> usize {
        let list = self.runtime.block_on(self.results.list(&self.account, query)).expect("a list");
        list.page.total
    }
}

/// The floor: the records, without grouping, rules, news and sorting.
#[divan::bench(args = ORDERS)]
fn read_alone(bencher: Bencher<'_, '_>, orders: u32) {
    let ward = Ward::new(orders);
    let person = ward.account.persons.first().expect("a person").person;
    bencher.bench_local(|| {
        let results = ward.runtime.block_on(ward.store.results_of_person(person));
        results.expect("results").expect("a person").orders.len()
    });
}

#[divan::bench(args = ORDERS)]
fn first_page(bencher: Bencher<'_, '_>, orders: u32) {
    let ward = Ward::new(orders);
    let query = ListQuery::default();
    assert_eq!(ward.list(&query), usize::try_from(orders).expect("a count"));
    bencher.bench_local(|| ward.list(&query));
}

#[divan::bench(args = ORDERS)]
fn searched_and_sorted(bencher: Bencher<'_, '_>, orders: u32) {
    let ward = Ward::new(orders);
    let (search, sort) = ("torace mtf1-1".to_owned(), Sort::Description);
    let query = ListQuery { search, sort, page_lines: 100, ..ListQuery::default() };
    assert!(ward.list(&query) > 0, "something is found");
    bencher.bench_local(|| ward.list(&query));
}
