//! Searching, sorting and paging of the orders that an account may see.

use std::cmp::Ordering;

use jiff::civil::Date;
use store::{ExaminationStatus, Kind, PersonId};
use texts::{Language, Texts};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::results::Choices;
use crate::results::shown::ShownOrder;

/// Letters of a search that are looked at.
const MOST_LETTERS: usize = 200;
/// Lines of a page.
const MOST_LINES: usize = 100;

/// Which orders of those that may be seen, and in what order.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Only of this person.
    pub person: Option<PersonId>,
    /// Words that must all be found, without case and accents.
    pub search: String,
    /// Not before this day.
    pub from: Option<Date>,
    /// Not after this day.
    pub until: Option<Date>,
    /// With an examination of one of these modalities (0008,0061); empty: of any.
    pub modalities: Vec<String>,
    /// At this place.
    pub site: Option<String>,
    /// In this state.
    pub status: Option<ExaminationStatus>,
    /// By what.
    pub sort: Sort,
    /// The greatest first.
    pub is_descending: bool,
    /// Counted from 0; one behind the last is the last.
    pub page: usize,
    /// Lines of a page, 1 to 100.
    pub page_lines: usize,
    /// In which the search knows the words for types and states.
    pub language: Language,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            person: None,
            search: String::new(),
            from: None,
            until: None,
            modalities: Vec::new(),
            site: None,
            status: None,
            sort: Sort::Placed,
            is_descending: true,
            page: 0,
            page_lines: 25,
            language: Language::Italian,
        }
    }
}

/// By what orders are sorted; those that do not have it come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Data ordine.
    #[default]
    Placed,
    /// Descrizione.
    Description,
    /// Tipo.
    Kind,
    /// Stato ordine.
    Status,
    /// Sede di esecuzione.
    Site,
}

/// A page of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// The orders of this page.
    pub orders: Vec<ShownOrder>,
    /// Orders on all pages.
    pub total: usize,
    /// This page, counted from 0.
    pub page: usize,
    /// At least 1.
    pub pages: usize,
}

impl ListQuery {
    /// Picks and sorts.
    pub(crate) fn page_of(&self, mut orders: Vec<ShownOrder>) -> OrderPage {
        let wanted: String = self.search.chars().take(MOST_LETTERS).collect();
        let wanted = folded(&wanted);
        let words: Vec<&str> = wanted.split_whitespace().collect();
        orders.retain(|order| {
            self.is_narrowed_to(order)
                && (words.is_empty() || {
                    let text = searched(order, self.language.texts());
                    words.iter().all(|word| text.contains(word))
                })
        });
        self.sort(&mut orders);
        let total = orders.len();
        let lines = self.page_lines.clamp(1, MOST_LINES);
        let pages = total.div_ceil(lines).max(1);
        let page = self.page.min(pages - 1);
        let orders = orders.into_iter().skip(page * lines).take(lines).collect();
        OrderPage { orders, total, page, pages }
    }

    /// By what the orders of its person can be narrowed down.
    pub(crate) fn choices(&self, orders: &[ShownOrder]) -> Choices {
        let mut choices = Choices::default();
        let is_of_person = |order: &&ShownOrder| self.person.is_none_or(|one| one == order.person);
        for order in orders.iter().filter(is_of_person) {
            let modalities = order.examinations.iter().flat_map(|one| &one.modalities);
            choices.modalities.extend(modalities.cloned());
            choices.sites.extend(order.site.clone());
            choices.statuses.extend(order.status);
        }
        choices
    }

    fn is_narrowed_to(&self, order: &ShownOrder) -> bool {
        let day = order.placed.map(|moment| moment.date);
        let mut modalities = order.examinations.iter().flat_map(|one| &one.modalities);
        self.person.is_none_or(|person| order.person == person)
            && self.from.is_none_or(|from| day.is_some_and(|day| from <= day))
            && self.until.is_none_or(|until| day.is_some_and(|day| day <= until))
            && (self.modalities.is_empty()
                || modalities.any(|modality| self.modalities.contains(modality)))
            && self.site.as_ref().is_none_or(|site| order.site.as_ref() == Some(site))
            && self.status.is_none_or(|status| order.status == Some(status))
    }

    fn sort(&self, orders: &mut [ShownOrder]) {
        fn by<K: Ord>(
            orders: &mut [ShownOrder],
            is_descending: bool,
            key: impl Fn(&ShownOrder) -> Option<K>,
        ) {
            orders.sort_by_cached_key(|order| {
                let key = key(order);
                (key.is_none(), Directed { key, is_descending })
            });
        }
        let texts = self.language.texts();
        // The newest first among those that are alike; the identifier settles the rest.
        orders.sort_by_key(|order| order.id);
        by(orders, true, |order| order.placed);
        let down = self.is_descending;
        match self.sort {
            Sort::Placed if down => {}
            Sort::Placed => by(orders, down, |order| order.placed),
            Sort::Description => by(orders, down, |order| order.description.as_deref().map(folded)),
            Sort::Kind => {
                by(orders, down, |order| order.kind.map(|kind| folded(kind_label(kind, texts))));
            }
            Sort::Status => by(orders, down, |order| order.status),
            Sort::Site => by(orders, down, |order| order.site.as_deref().map(folded)),
        }
    }
}

/// A key that sorts up or down.
#[derive(PartialEq, Eq)]
struct Directed<K> {
    key: K,
    is_descending: bool,
}

impl<K: Ord> Ord for Directed<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        let up = self.key.cmp(&other.key);
        if self.is_descending { up.reverse() } else { up }
    }
}

impl<K: Ord> PartialOrd for Directed<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a search looks through.
fn searched(order: &ShownOrder, texts: Texts) -> String {
    let mut all: Vec<&str> = Vec::new();
    all.extend(order.number.as_deref());
    all.extend(order.site.as_deref());
    all.extend(order.physician.as_deref());
    all.extend(order.kind.map(|kind| kind_label(kind, texts)));
    for examination in &order.examinations {
        all.extend(examination.description.as_deref());
        all.extend(examination.accession_number.as_deref());
        all.extend(examination.status.map(|status| status_label(status, texts)));
    }
    all.extend(order.all_reports().filter_map(|report| report.title.as_deref()));
    let mut text = all.join("\n");
    for day in order.examinations.iter().filter_map(|one| one.performed).map(|one| one.date) {
        let (of_month, month, year) = (day.day(), day.month(), day.year());
        text.extend(["\n", &day.to_string(), &format!("\n{of_month:02}/{month:02}/{year}")]);
    }
    folded(&text)
}

/// A text without case and accents.
fn folded(text: &str) -> String {
    text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

/// Tipo in words.
pub fn kind_label(kind: Kind, texts: Texts) -> &'static str {
    match kind {
        Kind::Radiology => texts.result_kind_radiology(),
        Kind::NuclearMedicine => texts.result_kind_nuclear_medicine(),
        Kind::Radiotherapy => texts.result_kind_radiotherapy(),
        Kind::Cardiology => texts.result_kind_cardiology(),
        Kind::Endoscopy => texts.result_kind_endoscopy(),
        Kind::Pathology => texts.result_kind_pathology(),
        Kind::Ophthalmology => texts.result_kind_ophthalmology(),
        Kind::Dermatology => texts.result_kind_dermatology(),
    }
}

/// A kind of examination by its modality (0008,0061) in words; none for documents and settings.
pub fn modality_label(modality: &str, texts: Texts) -> Option<&'static str> {
    match modality {
        "SR" | "DOC" | "KO" | "PR" | "SEG" | "REG" => None,
        other => texts::modality_name(other, texts),
    }
}

/// Stato in words.
pub fn status_label(status: ExaminationStatus, texts: Texts) -> &'static str {
    match status {
        ExaminationStatus::Scheduled => texts.result_status_scheduled(),
        ExaminationStatus::InProgress => texts.result_status_in_progress(),
        ExaminationStatus::Performed => texts.result_status_performed(),
        ExaminationStatus::Final => texts.result_status_final(),
        ExaminationStatus::Cancelled => texts.result_status_cancelled(),
    }
}
