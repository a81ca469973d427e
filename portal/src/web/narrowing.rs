//! What a list of results is narrowed down to: words, days, kinds of examination, places, states (S-061, S-062).

use serde::Deserialize;
use store::{ExaminationStatus, PersonId};
use texts::Texts;

use crate::results::{Choices, ListQuery, Sort, modality_label, status_label};

/// What the list is asked for; pages are counted from 1. What is none of the choices asks for nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListForm {
    pub(crate) search: String,
    /// A column, with `-` before it the greatest first.
    pub(crate) sort: String,
    pub(crate) page: usize,
    /// Days as browsers send them, `2021-04-23`.
    pub(crate) from: String,
    pub(crate) until: String,
    /// Modalities of one name, a dot between them.
    modality: String,
    site: String,
    status: String,
}

/// Some values of which one is chosen.
pub(crate) struct Choice {
    pub(crate) field: &'static str,
    pub(crate) name: &'static str,
    pub(crate) options: Vec<ChoiceOption>,
}

pub(crate) struct ChoiceOption {
    pub(crate) value: String,
    pub(crate) name: String,
    pub(crate) is_chosen: bool,
}

/// The columns that can be sorted by, with the names that they have in a form.
pub(crate) const SORTS: [(&str, Sort); 5] = [
    ("description", Sort::Description),
    ("kind", Sort::Kind),
    ("status", Sort::Status),
    ("placed", Sort::Placed),
    ("site", Sort::Site),
];

/// The states, with the names that they have in a form.
const STATUSES: [(&str, ExaminationStatus); 5] = [
    ("scheduled", ExaminationStatus::Scheduled),
    ("in-progress", ExaminationStatus::InProgress),
    ("performed", ExaminationStatus::Performed),
    ("final", ExaminationStatus::Final),
    ("cancelled", ExaminationStatus::Cancelled),
];

impl ListForm {
    pub(crate) fn query(&self, person: PersonId, text: Texts) -> ListQuery {
        let (is_descending, name) = match self.sort.strip_prefix('-') {
            Some(name) => (true, name),
            None => (self.sort.is_empty(), self.sort.as_str()),
        };
        let sort = SORTS.iter().find(|(known, _)| *known == name).map(|(_, sort)| *sort);
        let status = STATUSES.iter().find(|(known, _)| *known == self.status);
        let modalities = self.modality.split('.').filter(|modality| !modality.is_empty());
        ListQuery {
            person: Some(person),
            search: self.search.clone(),
            from: self.from.parse().ok(),
            until: self.until.parse().ok(),
            modalities: modalities.map(str::to_owned).collect(),
            site: (!self.site.is_empty()).then(|| self.site.clone()),
            status: status.map(|(_, status)| *status),
            sort: sort.unwrap_or_default(),
            is_descending,
            page: self.page.saturating_sub(1),
            language: text.language(),
            ..ListQuery::default()
        }
    }

    /// The same page of the list that nothing narrows down. A column that is none is forgotten: what an address
    /// says is not repeated beside values of a person.
    pub(crate) fn of_all(self) -> Self {
        let Self { mut sort, page, .. } = self;
        let column = sort.strip_prefix('-').unwrap_or(&sort);
        if !SORTS.iter().any(|(known, _)| *known == column) {
            sort.clear();
        }
        Self { sort, page, ..Self::default() }
    }

    /// Whether anything but words narrows the list down, so that the form is shown open.
    pub(crate) fn is_filtered(&self) -> bool {
        [&self.from, &self.until, &self.modality, &self.site, &self.status]
            .into_iter()
            .any(|value| !value.is_empty())
    }

    /// Whether the list is not that of all orders.
    pub(crate) fn is_narrowed(&self) -> bool {
        self.is_filtered() || !self.search.trim().is_empty()
    }

    /// The fields that another page or order of the same list sends again.
    pub(crate) fn narrowing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("search", self.search.as_str()),
            ("from", &self.from),
            ("until", &self.until),
            ("modality", &self.modality),
            ("site", &self.site),
            ("status", &self.status),
        ];
        fields.into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// What can be chosen, of what the orders have; with one value there is nothing to choose.
    pub(crate) fn choices(&self, choices: &Choices, text: Texts) -> Vec<Choice> {
        let mut modalities: Vec<(String, String)> = Vec::new();
        for modality in &choices.modalities {
            let Some(name) = modality_label(modality, text) else { continue };
            match modalities.iter_mut().find(|(_, known)| known == name) {
                Some((value, _)) => *value = format!("{value}.{modality}"),
                None => modalities.push((modality.clone(), name.to_owned())),
            }
        }
        modalities.sort_by(|(_, one), (_, other)| one.cmp(other));
        let sites = choices.sites.iter().map(|site| (site.clone(), site.clone())).collect();
        let statuses = STATUSES.iter().filter(|(_, status)| choices.statuses.contains(status));
        let statuses = statuses
            .map(|(value, status)| ((*value).to_owned(), status_label(*status, text).to_owned()));
        let choice = |field, name, any: &str, values: Vec<(String, String)>, chosen: &str| {
            let is_a_choice = values.len() > 1 || !chosen.is_empty();
            let all = [(String::new(), any.to_owned())];
            let options = all.into_iter().chain(values).map(|(value, name)| ChoiceOption {
                is_chosen: value == chosen,
                value,
                name,
            });
            is_a_choice.then(|| Choice { field, name, options: options.collect() })
        };
        let sort = |value: &str, name: &str| ChoiceOption {
            value: value.to_owned(),
            name: name.to_owned(),
            is_chosen: self.sort == value,
        };
        let sorts = vec![
            sort("", text.order_newest()),
            sort("placed", text.order_oldest()),
            sort("description", text.order_description()),
            sort("kind", text.order_kind()),
            sort("status", text.order_status()),
            sort("site", text.order_site()),
        ];
        let any = text.order_any();
        let filters = [
            choice("modality", text.order_modality(), any, modalities, &self.modality),
            choice("site", text.order_site(), text.order_any_site(), sites, &self.site),
            choice("status", text.order_status(), any, statuses.collect(), &self.status),
            Some(Choice { field: "sort", name: text.order_sort(), options: sorts }),
        ];
        filters.into_iter().flatten().collect()
    }
}
