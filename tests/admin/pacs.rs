//! A PACS with one study, and what an issuer of its Patient IDs that the site got wrong does.

use std::io::{BufRead as _, BufReader};
use std::process::Child;

use serde_json::{Value, json};

use crate::server::Site;
use crate::support::{SMALL_CT, Workplace, files_below, run};

/// The fixture PACS with one study of a computed tomography, which has no report.
pub(crate) struct Pacs {
    process: Child,
    section: String,
    pub(crate) patient_id: String,
    _workplace: Workplace,
}

impl Pacs {
    pub(crate) fn start() -> Self {
        Self::start_over(Workplace::with_study(SMALL_CT))
    }

    /// The same, where each instance names who issued the Patient ID.
    fn start_with_issuer(issuer: &str) -> Self {
        let workplace = Workplace::with_study(SMALL_CT);
        let insert = format!("(0010,0021)={issuer}");
        run::program("dcmodify")
            .args(["-nb", "-i", &insert])
            .args(files_below(&workplace.source()))
            .finish()
            .expect_code(&[0]);
        Self::start_over(workplace)
    }

    fn start_over(workplace: Workplace) -> Self {
        let mut process =
            run::esito(&["fixture-pacs", "--port", "0", "--http-port", "0", "--folder"])
                .arg(workplace.source())
                .start();
        let mut lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let mut section = String::new();
        while !section.contains("url = ") {
            section.push_str(&lines.next().expect("a line").expect("UTF-8"));
            section.push('\n');
        }
        std::thread::spawn(move || lines.for_each(drop));
        let config = workplace.beside("pacs.toml");
        std::fs::write(&config, &section).expect("a configuration");
        let name: toml::Table = section.parse().expect("TOML");
        let name = name["pacs"][0]["name"].as_str().expect("a name").to_owned();
        let found =
            run::esito(&["find", "--json", "--pacs", &name, "--config"]).arg(config).finish();
        let found: Value = serde_json::from_slice(&found.stdout).expect("JSON");
        let patient_id = found["studies"][0]["patient_id"].as_str().expect("an ID").to_owned();
        Self { process, section, patient_id, _workplace: workplace }
    }

    pub(crate) fn section(&self) -> String {
        self.section.clone()
    }
}

impl Drop for Pacs {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A PACS that names no issuer has those Patient IDs that the configuration says.
#[test]
fn a_pacs_that_names_no_issuer_has_that_of_the_configuration() {
    let pacs = Pacs::start();
    let rules = "[results]\nrelease = 'always'\navailability_days = 0\n";
    let section = pacs.section().replace("[[pacs]]\n", "[[pacs]]\nissuer = 'OSPEDALE'\n");
    let site = Site::with(&format!("{section}{rules}"));
    for (issuer, studies, refused) in [("ALTROVE", 0, 1), ("OSPEDALE", 1, 0)] {
        let file = format!(
            "patient_id,issuer,family_name,given_name,online_results\n{},{issuer},ROSSI,{issuer} TEST,yes\n",
            pacs.patient_id
        );
        site.answer(&["patient", "import", "-"], &file);
        let persons = site.answer(&["patient", "list", "--json"], "");
        let persons = persons["persons"].as_array().expect("persons");
        let is_meant = |one: &&Value| one["data"]["given_name"] == format!("{issuer} TEST");
        let person = persons.iter().find(is_meant).expect("a person")["id"].clone();
        let person = person.as_str().expect("an identifier");
        site.esito(&["order", "list", "--refresh", person], "").expect_code(&[0]);
        let orders = site.answer(&["order", "list", "--json", person], "");
        assert_eq!(orders["pacs"][0]["refused"], refused, "{issuer}");
        assert_eq!(orders["orders"].as_array().expect("orders").len(), studies, "{issuer}");
    }
}

/// Whoever is enrolled under another issuer sees nothing of the study, and the site is told why.
#[test]
fn a_study_of_another_issuer_is_not_taken_and_told_of() {
    let pacs = Pacs::start_with_issuer("OSPEDALE");
    let rules = "[results]\nrelease = 'always'\navailability_days = 0\n";
    let site = Site::with(&format!("{}{rules}", pacs.section()));
    let file = |issuer: &str, given: &str| {
        format!(
            "patient_id,issuer,family_name,given_name,online_results\n{},{issuer},ROSSI,{given} TEST,yes\n",
            pacs.patient_id
        )
    };
    let listed = |given: &str| {
        let persons = site.answer(&["patient", "list", "--json"], "");
        let persons = persons["persons"].as_array().expect("persons").clone();
        let is_meant = |one: &&Value| one["data"]["given_name"] == format!("{given} TEST");
        let person = persons.iter().find(is_meant).expect("a person")["id"].clone();
        let person = person.as_str().expect("an identifier").to_owned();
        let table = site.esito(&["order", "list", "--refresh", &person], "").expect_code(&[0]);
        (site.answer(&["order", "list", "--json", &person], ""), table.stderr)
    };
    site.answer(&["patient", "import", "-"], &file("ALTROVE", "WRONG"));
    let (orders, told) = listed("WRONG");
    assert_eq!((&orders["orders"], &orders["pacs"][0]["refused"]), (&json!([]), &json!(1)));
    assert!(told.contains("1 studies that the PACS"), "{told}");
    assert!(told.contains("another issuer"), "{told}");
    // The same number of the right issuer is another person, who sees it.
    site.answer(&["patient", "import", "-"], &file("OSPEDALE", "RIGHT"));
    let (orders, told) = listed("RIGHT");
    let examinations = orders["orders"][0]["examinations"].as_array().expect("examinations");
    assert_eq!((examinations.len(), &examinations[0]["withheld"]), (1, &json!(null)));
    assert_eq!(told, "");
    // Where the site names no issuer, it has one only.
    site.answer(&["patient", "import", "-"], &file("", "WITHOUT"));
    assert_eq!(listed("WITHOUT").0["pacs"][0]["refused"], 0);
}
