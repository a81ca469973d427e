//! What of a list is shown, and in which order.

use jiff::civil::date;
use rstest::rstest;
use store::{ExaminationStatus, Kind, Moment, PersonId};
use texts::Language;

use super::super::query::{ListQuery, Sort};
use super::super::shown::ShownOrder;
use super::{examination, order, results, shown};

/// Three orders, told apart by their descriptions.
fn three() -> Vec<ShownOrder> {
    let mut all = Vec::new();
    for (number, (description, day)) in
        [("Città", 2), ("TORACE", 9), ("avambraccio", 5)].into_iter().enumerate()
    {
        let mut one = examination(&number.to_string());
        one.description = Some(description.into());
        one.performed =
            Some(Moment { date: date(2021, 4, day), time: None, utc_offset_minutes: None });
        one.site = (number > 0).then(|| format!("Sede {number}"));
        one.kind = (number != 1).then_some(Kind::Radiology);
        one.status = Some(ExaminationStatus::Performed);
        all.push(order(&format!("MTF{number}"), vec![one]));
    }
    shown(&results(all))
}

#[rstest]
#[case::newest_first("", Sort::Placed, true, "TORACE avambraccio Città")]
#[case::oldest_first("", Sort::Placed, false, "Città avambraccio TORACE")]
#[case::by_description("", Sort::Description, false, "avambraccio Città TORACE")]
#[case::back("", Sort::Description, true, "TORACE Città avambraccio")]
#[case::without_a_site_last("", Sort::Site, false, "TORACE avambraccio Città")]
#[case::also_backwards("", Sort::Site, true, "avambraccio TORACE Città")]
#[case::alike_the_newest_first("", Sort::Status, false, "TORACE avambraccio Città")]
#[case::without_a_kind_last("", Sort::Kind, false, "avambraccio Città TORACE")]
#[case::without_case_and_accents("CITTA", Sort::Placed, true, "Città")]
#[case::with_an_accent("cìtta\u{300}", Sort::Placed, true, "Città")]
#[case::parts_of_words("avam ccio", Sort::Placed, true, "avambraccio")]
#[case::all_words("torace avambraccio", Sort::Placed, true, "")]
#[case::the_number("mtf1", Sort::Placed, true, "TORACE")]
#[case::the_accession_number("a-2", Sort::Placed, true, "avambraccio")]
#[case::the_site("sede", Sort::Placed, true, "TORACE avambraccio")]
#[case::the_kind("radiologia", Sort::Placed, true, "avambraccio Città")]
#[case::the_status("eseguito", Sort::Placed, true, "TORACE avambraccio Città")]
#[case::the_day("09/04/2021", Sort::Placed, true, "TORACE")]
#[case::the_day_otherwise("2021-04-05", Sort::Placed, true, "avambraccio")]
#[case::nothing("gamba", Sort::Placed, true, "")]
fn search_and_sort(
    #[case] search: &str,
    #[case] sort: Sort,
    #[case] is_descending: bool,
    #[case] expected: &str,
) {
    let query =
        ListQuery { search: search.to_owned(), sort, is_descending, ..ListQuery::default() };
    let page = query.page_of(three());
    let found: Vec<_> =
        page.orders.iter().filter_map(|order| order.description.as_deref()).collect();
    assert_eq!(found.join(" "), expected);
    assert_eq!(page.total, found.len());
}

#[test]
fn a_search_knows_the_words_of_its_language_only() {
    let query =
        |language| ListQuery { search: "radiology".to_owned(), language, ..ListQuery::default() };
    assert_eq!(query(Language::English).page_of(three()).total, 2);
    assert_eq!(query(Language::Italian).page_of(three()).total, 0);
}

#[rstest]
#[case::first(0, 2, 0, 2, 2)]
#[case::last(1, 2, 1, 2, 1)]
#[case::behind_the_last(usize::MAX, 2, 1, 2, 1)]
#[case::no_lines(0, 0, 0, 3, 1)]
#[case::all(0, usize::MAX, 0, 1, 3)]
fn paging(
    #[case] page: usize,
    #[case] page_lines: usize,
    #[case] expected: usize,
    #[case] pages: usize,
    #[case] lines: usize,
) {
    let found = ListQuery { page, page_lines, ..ListQuery::default() }.page_of(three());
    assert_eq!((found.page, found.pages, found.orders.len()), (expected, pages, lines));
    assert_eq!(found.total, 3);
    let nothing = ListQuery { page, page_lines, ..ListQuery::default() }.page_of(Vec::new());
    assert_eq!((nothing.page, nothing.pages, nothing.total), (0, 1, 0));
}

#[test]
fn a_list_can_be_of_one_person() {
    let mut orders = three();
    orders[0].person = PersonId::from([9; 16]);
    let query = ListQuery { person: Some(PersonId::from([9; 16])), ..ListQuery::default() };
    assert_eq!(query.page_of(orders).total, 1);
}
