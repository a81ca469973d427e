//! Persons with their own accounts as CSV, in the columns that `esito patient import` reads.
//!
//! A spreadsheet must not compute what is in a cell: what would be a formula stands behind an apostrophe, which the
//! import takes away again.

use std::collections::HashMap;
use std::io;

use serde_json::Value;

use crate::commands::patient::list::issued;
use crate::console::{Failure, text};
use crate::messages::Messages;

/// Columns of a person, with where the API has them.
const PERSON: [(&str, &str); 13] = [
    ("family_name", "/family_name"),
    ("given_name", "/given_name"),
    ("sex", "/sex"),
    ("birth_date", "/birth_date"),
    ("tax_code", "/tax_code"),
    ("phone", "/phone"),
    ("email", "/email"),
    ("address", "/address"),
    ("marital_status", "/marital_status"),
    ("practitioner", "/practitioner"),
    ("contact", "/contact"),
    ("online_results", "/consent/online_results"),
    ("messages", "/consent/messages"),
];
/// Columns of an account.
const ACCOUNT: [(&str, &str); 6] = [
    ("user_name", "/user_name"),
    ("account_email", "/contact/email"),
    ("account_phone", "/contact/phone"),
    ("language", "/contact/language"),
    ("subject_issuer", "/contact/subject/issuer"),
    ("subject", "/contact/subject/claim"),
];

/// Writes them to standard output. What is not in the file is told: further accounts of a person, those that see the
/// results of others, and disabled ones, which an import would open; Patient IDs that cannot stand in a list.
pub(crate) fn write(persons: &[Value], accounts: &[Value]) -> Result<(), Failure> {
    let mut own: HashMap<String, &Value> = HashMap::new();
    let mut left_out = 0_u64;
    for account in accounts {
        let can_log_in = text(account, "/state") == "active";
        for link in account.get("persons").and_then(Value::as_array).into_iter().flatten() {
            let person = text(link, "/person");
            if can_log_in && text(link, "/role") == "oneself" && !own.contains_key(&person) {
                own.insert(person, account);
            } else {
                left_out += 1;
            }
        }
    }
    let mut writer = csv::Writer::from_writer(io::stdout().lock());
    let names = PERSON.iter().chain(&ACCOUNT).map(|(name, _)| *name);
    let mut unlisted = 0;
    let ids = ["patient_id", "issuer", "other_patient_ids"];
    writer.write_record(ids.into_iter().chain(names)).map_err(io::Error::from)?;
    for person in persons {
        let data = person.get("data").unwrap_or(&Value::Null);
        let account = own.get(&text(person, "/id")).copied().unwrap_or(&Value::Null);
        let known = data.get("patient_ids").and_then(Value::as_array);
        let known = known.map(Vec::as_slice).unwrap_or_default();
        let first = known.first().unwrap_or(&Value::Null);
        let (others, odd): (Vec<_>, Vec<_>) =
            known.iter().skip(1).partition(|id| can_be_listed(id));
        unlisted += odd.len();
        let others: Vec<_> = others.into_iter().map(issued).collect();
        let of_person = PERSON.iter().map(|(_, pointer)| cell(data, pointer));
        let of_account = ACCOUNT.iter().map(|(_, pointer)| cell(account, pointer));
        let ids = [text(first, "/id"), text(first, "/issuer"), others.join("~")];
        let cells = ids.into_iter().chain(of_person).chain(of_account).map(as_text);
        writer.write_record(cells).map_err(io::Error::from)?;
    }
    writer.flush()?;
    if left_out > 0 {
        Messages::Sentences.notice(&format!(
            "{left_out} accounts are not in the file, which has one for each person: the person's own, if it \
             can log in. esito patient link makes the others see again what they saw"
        ));
    }
    if unlisted > 0 {
        Messages::Sentences.notice(&format!(
            "{unlisted} Patient IDs hold ~ or ^, which cannot stand in other_patient_ids: they are left out"
        ));
    }
    Ok(())
}

/// Whether a Patient ID can stand in a list as HL7 writes it.
fn can_be_listed(id: &Value) -> bool {
    !["/id", "/issuer"].iter().any(|part| text(id, part).contains(['~', '^']))
}

/// A value as the import reads it.
fn cell(of: &Value, pointer: &str) -> String {
    match of.pointer(pointer) {
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        _ => text(of, pointer),
    }
}

/// A text that no spreadsheet takes for a formula.
fn as_text(text: String) -> String {
    if text.trim_start_matches('\'').starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text
    }
}
