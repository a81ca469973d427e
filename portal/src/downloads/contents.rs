//! What goes into a package, and whether that may still be had.

use engine::Patient;
use store::{
    Language, PackageContent, PackageKey, Person, Preparation, PreparedStudy, Private, ReportId,
    Sex,
};

use crate::results::ShownOrder;
use crate::secret::SiteSecret;

/// What of an order goes into a package now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) studies: Vec<PreparedStudy>,
    pub(crate) reports: Vec<ReportId>,
    /// Instances of each study, as far as the PACS tells them.
    instances: Vec<Option<u32>>,
}

impl Contents {
    /// All that may be seen of an order.
    pub(crate) fn of(order: &ShownOrder) -> Self {
        let studies = order.examinations.iter().map(|one| PreparedStudy {
            pacs: one.pacs.clone(),
            study: Private(one.study.clone()),
            patient_id: Private(one.patient_id.clone()),
        });
        Self {
            studies: studies.collect(),
            reports: order.all_reports().map(|report| report.id).collect(),
            instances: order.examinations.iter().map(|one| one.instances).collect(),
        }
    }

    /// Stands for all that goes in and how: another one for anything that would come out otherwise.
    ///
    /// What is withheld is not in it, so what is held or released has another key; so has a report in another
    /// version. `maker` is what the site configures and which program this is.
    pub(crate) fn key(
        &self,
        secret: &SiteSecret,
        maker: &[u8],
        person: &Person,
        content: PackageContent,
        language: Language,
    ) -> PackageKey {
        let is_reports = content == PackageContent::Reports;
        let content = match content {
            PackageContent::Everything => 1,
            PackageContent::Reports => 2,
            PackageContent::NoViewer => 3,
        };
        let language = match language {
            Language::It => 1,
            Language::En => 2,
        };
        let mut parts: Vec<Vec<u8>> =
            vec![maker.to_vec(), person.id.as_bytes().to_vec(), vec![content, language]];
        if is_reports {
            // There may be no instance that says whose it is: then the pages name the person as the store does.
            let Patient { name, id, birth_date, sex } = patient(person);
            let told = [name, id, birth_date, sex].map(Option::unwrap_or_default);
            parts.extend(told.map(String::into_bytes));
        }
        for (study, instances) in self.studies.iter().zip(&self.instances) {
            let known = instances.map_or([0; 5], |count| {
                let [a, b, c, d] = count.to_be_bytes();
                [1, a, b, c, d]
            });
            for text in [&study.pacs, &study.study.0, &study.patient_id.0] {
                parts.push(text.as_bytes().to_vec());
            }
            parts.push(known.to_vec());
        }
        // How many there are: nothing that follows can pass for another study.
        parts.push(self.studies.len().to_be_bytes().to_vec());
        parts.extend(self.reports.iter().map(|report| report.as_bytes().to_vec()));
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let hash = secret.hash("package", &parts);
        let mut key = [0; 16];
        for (byte, hashed) in key.iter_mut().zip(hash.as_bytes()) {
            *byte = *hashed;
        }
        PackageKey::from(key)
    }
}

/// A person as the pages name one where no instance does.
pub(super) fn patient(person: &Person) -> Patient {
    let sex = |sex: &Private<Sex>| match sex.0 {
        Sex::Female => "F",
        Sex::Male => "M",
        Sex::Other => "O",
    };
    Patient {
        name: Some(format!("{}^{}", person.name.family, person.name.given)),
        id: person.patient_ids.first().map(|one| one.id.0.clone()),
        birth_date: person.birth_date.as_ref().map(|date| date.strftime("%Y%m%d").to_string()),
        sex: person.sex.as_ref().map(|one| sex(one).to_owned()),
    }
}

/// Whether all that is in a package may be seen now, as it is in there.
pub(crate) fn may_be_had(preparation: &Preparation, order: &ShownOrder) -> bool {
    let is_shown = |study: &PreparedStudy| {
        order.examinations.iter().any(|one| one.study == *study.study && one.pacs == study.pacs)
    };
    let in_use = |report: &ReportId| order.all_reports().any(|one| one.id == *report);
    order.id == preparation.order
        && order.person == preparation.person
        && preparation.studies.iter().all(is_shown)
        && preparation.reports.iter().all(in_use)
}
