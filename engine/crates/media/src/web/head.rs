//! What every page begins with: who made the package, and whose it is.

use model::EntryPath;
use texts::{Language, Texts};

use super::shown::Shown;
use super::{CONTENT_SECURITY_POLICY, Site, link::link};
use crate::branding::{Branding, Logo};
use crate::contents::{Institution, PackageContents, Patient};
use crate::dates::{Date, display_da};
use crate::layout::{Edition, Layout};
use crate::person_name::display_pn_family_first;

/// The head of a page, and the band at its top.
pub(super) struct PageHead {
    pub(super) language: &'static str,
    pub(super) text: Texts,
    pub(super) policy: &'static str,
    pub(super) stylesheet: String,
    pub(super) script: String,
    pub(super) index: String,
    pub(super) institution: InstitutionView,
    pub(super) logo: Option<LogoView>,
    pub(super) patient: PatientView,
    /// The same page in the other language.
    pub(super) counterpart: Counterpart,
}

pub(super) struct Counterpart {
    pub(super) href: String,
    pub(super) language: &'static str,
    pub(super) name: &'static str,
}

pub(super) struct InstitutionView {
    pub(super) name: Shown,
    pub(super) address: Option<Shown>,
    pub(super) contact: Option<Shown>,
}

pub(super) struct LogoView {
    pub(super) src: String,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// The words about a patient that every page repeats.
pub(crate) struct PatientView {
    pub(crate) name: Shown,
    pub(crate) born: Shown,
    /// Label and value.
    pub(crate) facts: Vec<(&'static str, Shown)>,
}

/// What the head of any page is made from.
pub(super) struct Setting<'a> {
    pub(super) language: Language,
    pub(super) edition: Edition,
    pub(super) layout: Layout,
    pub(super) branding: &'a Branding,
    /// As the study names it.
    pub(super) institution: &'a Institution,
    pub(super) patient: PatientView,
}

impl PageHead {
    /// The head of the page at a path; `elsewhere` is the path of the same in the other language.
    pub(super) fn new(site: Site<'_>, here: &EntryPath, elsewhere: &EntryPath) -> Self {
        let Site { contents, language } = site;
        let setting = Setting {
            language,
            edition: site.edition(),
            layout: contents.layout,
            branding: &contents.branding,
            institution: &contents.institution,
            patient: PatientView::new(&contents.patient, newest_study(contents), language),
        };
        Self::of(setting, here, elsewhere)
    }

    pub(super) fn of(setting: Setting<'_>, here: &EntryPath, elsewhere: &EntryPath) -> Self {
        let Setting { language, edition, layout, branding, institution, patient } = setting;
        let text = language.texts();
        let other = language.other();
        let institution = branding.institution(language, institution);
        Self {
            language: language.tag(),
            text,
            policy: CONTENT_SECURITY_POLICY,
            stylesheet: link(here, &layout.stylesheet()),
            script: link(here, &layout.script()),
            index: link(here, &layout.first_page(edition)),
            institution: InstitutionView {
                name: Shown::some(institution.name.as_deref())
                    .unwrap_or_else(|| Shown::new(text.page_institution_not_stated())),
                address: Shown::some(institution.address.as_deref()),
                contact: Shown::some(institution.contact.as_deref()),
            },
            logo: branding.logo.as_ref().map(|logo| LogoView::new(logo, layout, here)),
            patient,
            counterpart: Counterpart {
                href: link(here, elsewhere),
                language: other.tag(),
                name: other.texts().page_this_language(),
            },
        }
    }
}

/// The date of the newest study: no clock is read, so that is when the patient has their age.
fn newest_study(contents: &PackageContents) -> Option<Date> {
    contents.studies.iter().filter_map(|study| Date::from_da(study.date.as_deref()?)).max()
}

impl LogoView {
    fn new(logo: &Logo, layout: Layout, here: &EntryPath) -> Self {
        let src = link(here, &layout.logo(logo.is_png()));
        Self { src, width: logo.width(), height: logo.height() }
    }
}

impl PatientView {
    /// The banner (S-034): `ROSSI, MARIA TEST (Femmina)`, `Nata 24 gen 1986 (35a)`.
    pub(crate) fn new(patient: &Patient, at: Option<Date>, language: Language) -> Self {
        let text = language.texts();
        let sex = patient.sex.as_deref().map(|sex| match sex.trim() {
            "M" => text.page_male(),
            "F" => text.page_female(),
            "O" => text.page_other_sex(),
            other => other,
        });
        let sex = Shown::some(sex);
        let name = patient.name.as_deref().and_then(display_pn_family_first);
        let name =
            Shown::some(name.as_deref()).unwrap_or_else(|| Shown::new(text.page_name_not_stated()));
        let name = match &sex {
            Some(sex) => Shown::new(&format!("{name} ({sex})")),
            None => name,
        };
        let born = patient.birth_date.as_deref().map(|value| born(value, patient, at, language));
        let born =
            Shown::some(born.as_deref()).unwrap_or_else(|| Shown::new(text.page_born_not_stated()));
        let id = Shown::some(patient.id.as_deref());
        let facts = [(text.page_sex(), sex), (text.page_patient_id(), id)];
        Self {
            name,
            born,
            facts: facts.into_iter().filter_map(|(label, value)| Some((label, value?))).collect(),
        }
    }
}

fn born(value: &str, patient: &Patient, at: Option<Date>, language: Language) -> String {
    let text = language.texts();
    let date = Date::from_da(value);
    let shown = date.map_or_else(|| display_da(value, language), |date| date.display(language));
    let sex = match patient.sex.as_deref().map(str::trim) {
        Some("M") => "male",
        Some("F") => "female",
        _ => "other",
    };
    let born = text.page_born(shown, sex);
    // Below two years people count months.
    match date.zip(at).and_then(|(birth, at)| birth.whole_months_until(at)) {
        Some(months) if months < 24 => format!("{born} ({})", text.page_age_months(months)),
        Some(months) => format!("{born} ({})", text.page_age_years(months / 12)),
        None => born,
    }
}
