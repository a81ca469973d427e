//! Examinations to orders.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use store::{Examination, ListedReport, Order, OrderKey, PersonId, Private};

/// Examinations that one person is given at most: what is beyond them is left out, and told.
pub(crate) const MOST_EXAMINATIONS: usize = 5000;

/// An examination as a PACS told it, not yet in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Numero ordine.
    pub order_number: Option<Private<String>>,
    /// The rest.
    pub examination: Examination,
}

impl Told {
    /// By order number; without one by accession number; without either each study is an order.
    fn key(&self) -> OrderKey {
        let Self { order_number, examination } = self;
        match (order_number, &examination.accession_number) {
            (Some(number), _) => OrderKey::OrderNumber(number.clone()),
            (None, Some(number)) => OrderKey::AccessionNumber(number.clone()),
            (None, None) => OrderKey::Study(examination.study.clone()),
        }
    }
}

/// The examinations of orders, as they were told.
pub(crate) fn ungroup(orders: Vec<Order>) -> impl Iterator<Item = Told> {
    orders.into_iter().flat_map(|Order { key, examinations, .. }| {
        let order_number = match key {
            OrderKey::OrderNumber(number) => Some(number),
            OrderKey::AccessionNumber(_) | OrderKey::Study(_) => None,
        };
        let told = move |examination| Told { order_number: order_number.clone(), examination };
        examinations.into_iter().map(told)
    })
}

/// Groups what was told at `now`, the PACS with the higher priority first; `before` is what was known.
///
/// A study that several PACS have counts as the first one tells it. Tells whether some were left out.
pub(crate) fn group(
    person: PersonId,
    told: impl IntoIterator<Item = Told>,
    before: &[Order],
    now: Timestamp,
) -> (Vec<Order>, bool) {
    let known: HashMap<&str, ListedReport> = before
        .iter()
        .flat_map(|order| &order.examinations)
        .map(|examination| (examination.study.as_str(), examination.listed_report))
        .collect();
    let mut places: HashMap<String, (OrderKey, usize)> = HashMap::new();
    let mut orders: BTreeMap<OrderKey, Vec<Examination>> = BTreeMap::new();
    let mut is_cut = false;
    for mut one in told {
        let study = one.examination.study.0.clone();
        if let Some((key, place)) = places.get(&study) {
            let first = orders.get_mut(key).and_then(|examinations| examinations.get_mut(*place));
            if let Some(first) = first.filter(|first| first.listed_report == ListedReport::Absent) {
                first.listed_report =
                    listed_report(one.examination.listed_report, known.get(study.as_str()), now);
            }
            continue;
        }
        if places.len() == MOST_EXAMINATIONS {
            is_cut = true;
            continue;
        }
        let was = known.get(study.as_str());
        one.examination.listed_report = listed_report(one.examination.listed_report, was, now);
        let key = one.key();
        let examinations = orders.entry(key.clone()).or_default();
        places.insert(study, (key, examinations.len()));
        examinations.push(one.examination);
    }
    let order = |(key, examinations)| Order::new(person, key, examinations);
    (orders.into_iter().map(order).collect(), is_cut)
}

/// Since when there is a report, as far as it was seen to come.
fn listed_report(told: ListedReport, was: Option<&ListedReport>, now: Timestamp) -> ListedReport {
    match (told, was) {
        (ListedReport::Absent, _) => ListedReport::Absent,
        (_, None) => told,
        (_, Some(ListedReport::Absent)) => ListedReport::Since(now),
        (_, Some(was)) => *was,
    }
}
