//! A row of the file as a person and an account.

use std::str;

use crate::admin::account::{AccountData, Contact, Language, Role, SubjectData};
use crate::admin::import::Fault;
use crate::admin::person::{Consents, IssuedPatientId, PersonData, Sex};
use crate::admin::problem::Problem;
use crate::admin::values::{Day, Email, Line, LongLine, PatientId, Phone, TypedUserName};

/// The columns that a file can have.
const COLUMNS: &[&str] = &[
    "patient_id",
    "issuer",
    "other_patient_ids",
    "family_name",
    "given_name",
    "sex",
    "birth_date",
    "tax_code",
    "phone",
    "email",
    "address",
    "marital_status",
    "practitioner",
    "contact",
    "online_results",
    "messages",
    "user_name",
    "account_email",
    "account_phone",
    "language",
    "role",
    "subject_issuer",
    "subject",
];

/// The columns of a file, in its order.
#[derive(Debug)]
pub(crate) struct Columns(Vec<&'static str>);

impl Columns {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

/// Reads the first row. Commas separate, or semicolons where the first row has no comma, as Excel writes in
/// Italian.
pub(crate) fn open(file: &[u8]) -> Result<(Columns, csv::Reader<&[u8]>), Problem> {
    let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
    let first = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if !first.contains(&b',') && first.contains(&b';') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file);
    let unreadable = || refused(format!("the first row names the columns: {}", COLUMNS.join(", ")));
    let header = reader.byte_headers().map_err(|_odd| unreadable())?;
    let mut columns: Vec<&'static str> = Vec::new();
    for (number, name) in header.iter().enumerate() {
        let name = str::from_utf8(name).map_err(|_latin| unreadable())?.trim();
        let known = COLUMNS.iter().find(|column| column.eq_ignore_ascii_case(name));
        let known = known.ok_or_else(|| {
            let known = COLUMNS.join(", ");
            let number = number + 1;
            refused(format!("column {number} has no name that is known: known are {known}"))
        })?;
        if columns.contains(known) {
            return Err(refused(format!("the column {known} is there twice")));
        }
        columns.push(known);
    }
    if !columns.contains(&"patient_id") {
        return Err(refused("the column patient_id is missing: persons are known by it"));
    }
    Ok((Columns(columns), reader))
}

/// Nothing of the file is imported.
fn refused(detail: impl Into<String>) -> Problem {
    Problem::refused("columns", detail)
}

/// What a row says in a column.
enum Cell<T> {
    /// The file does not have it.
    NoColumn,
    /// Nothing.
    Empty,
    /// This.
    Value(T),
}

impl<T> Cell<T> {
    /// What is said.
    fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::NoColumn | Self::Empty => None,
        }
    }

    /// What is said over what was known: a column that is not there says nothing of it.
    fn over(self, known: Option<T>) -> Option<T> {
        match self {
            Self::NoColumn => known,
            Self::Empty => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// The cells of a row.
#[derive(Debug)]
pub(crate) struct Row<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Row<'a> {
    pub(crate) fn of(columns: &Columns, record: &'a csv::ByteRecord) -> Result<Self, Fault> {
        if record.len() != columns.0.len() {
            let detail = format!(
                "the row has {} cells and the first row {}: put cells with separators into quotation \
                 marks, and close each of those",
                record.len(),
                columns.0.len()
            );
            return Err(Fault::new(None, detail));
        }
        let mut cells = Vec::new();
        for (column, bytes) in columns.0.iter().copied().zip(record) {
            let text = str::from_utf8(bytes).map_err(|_latin| {
                Fault::new(Some(column), "it is not UTF-8: save the file as CSV UTF-8")
            })?;
            if text.contains(['\n', '\r']) {
                let detail = "it has a line break: is a quotation mark before it not closed? What \
                              stands behind was read as part of the cell";
                return Err(Fault::new(Some(column), detail));
            }
            cells.push((column, plain(text.trim())));
        }
        Ok(Self(cells))
    }

    /// A cell; `None` when the file has no such column.
    fn cell(&self, column: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| *name == column).map(|(_, text)| *text)
    }

    fn read<T>(
        &self,
        column: &'static str,
        read: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Result<Cell<T>, Fault> {
        match self.cell(column) {
            None => Ok(Cell::NoColumn),
            Some("") => Ok(Cell::Empty),
            Some(text) => match read(text) {
                Ok(value) => Ok(Cell::Value(value)),
                Err(says) => Err(Fault::new(Some(column), format!("write {says}"))),
            },
        }
    }

    /// The Patient IDs of the row, the first of them the one of the column `patient_id`.
    pub(crate) fn patient_ids(&self) -> Result<Vec<IssuedPatientId>, Fault> {
        let id = self.read("patient_id", PatientId::read)?.value();
        let id = id.ok_or_else(|| Fault::new(Some("patient_id"), "a row needs a Patient ID"))?;
        let issuer = self.read("issuer", PatientId::read)?.value();
        let mut ids = vec![IssuedPatientId { id, issuer }];
        let others = self.read("other_patient_ids", other_ids)?;
        for other in others.value().unwrap_or_default() {
            if !ids.contains(&other) {
                ids.push(other);
            }
        }
        if ids.len() > PersonData::MOST_IDS {
            let detail = format!("a person has {} Patient IDs at most", PersonData::MOST_IDS);
            return Err(Fault::new(Some("other_patient_ids"), detail));
        }
        Ok(ids)
    }

    /// The person: what is known of it, with the cells of the row over it. Patient IDs are added only.
    pub(crate) fn person(
        &self,
        ids: Vec<IssuedPatientId>,
        known: Option<PersonData>,
    ) -> Result<PersonData, Fault> {
        let name = |column, before: Option<&Line>| {
            let missing = || Fault::new(Some(column), "a person needs a name");
            self.read(column, Line::read)?.over(before.cloned()).ok_or_else(missing)
        };
        let family_name = name("family_name", known.as_ref().map(|known| &known.family_name))?;
        let given_name = name("given_name", known.as_ref().map(|known| &known.given_name))?;
        let mut person =
            known.unwrap_or_else(|| PersonData::named(family_name.clone(), given_name.clone()));
        person.family_name = family_name;
        person.given_name = given_name;
        for id in ids {
            if !person.patient_ids.contains(&id) {
                person.patient_ids.push(id);
            }
        }
        let set = |place: &mut Option<Line>, column| -> Result<(), Fault> {
            *place = self.read(column, Line::read)?.over(place.take());
            Ok(())
        };
        set(&mut person.tax_code, "tax_code")?;
        set(&mut person.phone, "phone")?;
        set(&mut person.marital_status, "marital_status")?;
        set(&mut person.practitioner, "practitioner")?;
        set(&mut person.contact, "contact")?;
        person.sex = self.read("sex", sex)?.over(person.sex);
        person.birth_date = self.read("birth_date", day)?.over(person.birth_date);
        person.email = self.read("email", Email::read)?.over(person.email);
        person.address = self.read("address", LongLine::read)?.over(person.address);
        let Consents { online_results, messages } = person.consent;
        person.consent = Consents {
            online_results: self.consent("online_results", online_results)?,
            messages: self.consent("messages", messages)?,
        };
        Ok(person)
    }

    /// An empty cell is no consent; no column leaves it as it was.
    fn consent(&self, column: &'static str, was: bool) -> Result<bool, Fault> {
        Ok(self.read(column, yes_or_no)?.over(Some(was)).unwrap_or(false))
    }

    /// What the account of the row is called, if it wants one.
    pub(crate) fn user_name(&self) -> Result<Option<TypedUserName>, Fault> {
        Ok(self.read("user_name", TypedUserName::read)?.value())
    }

    /// A new account of this name.
    pub(crate) fn account(&self, user_name: TypedUserName) -> Result<AccountData, Fault> {
        let contact = self.contact(Contact::default())?;
        let role = self.role()?.unwrap_or_default();
        Ok(AccountData { user_name, contact, role })
    }

    /// How the holder of the account is reached and known: what was known, with the cells of the row over it.
    pub(crate) fn contact(&self, known: Contact) -> Result<Contact, Fault> {
        Ok(Contact {
            email: self.read("account_email", Email::read)?.over(known.email),
            phone: self.read("account_phone", phone)?.over(known.phone),
            // The holder may have chosen another since: an empty cell leaves it.
            language: self.read("language", language)?.value().unwrap_or(known.language),
            subject: self.subject(known.subject)?,
        })
    }

    /// What the account is to the person, if the row says it.
    pub(crate) fn role(&self) -> Result<Option<Role>, Fault> {
        Ok(self.read("role", role)?.value())
    }

    /// Who the holder of the account is at an identity provider: both cells, or neither.
    fn subject(&self, known: Option<SubjectData>) -> Result<Option<SubjectData>, Fault> {
        let (issuer, claim) = known.map(|known| (known.issuer, known.claim)).unzip();
        let issuer = self.read("subject_issuer", LongLine::read)?.over(issuer);
        let claim = self.read("subject", LongLine::read)?.over(claim);
        match (issuer, claim) {
            (Some(issuer), Some(claim)) => Ok(Some(SubjectData { issuer, claim })),
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let detail = "write who names the subject so: issuer of [oidc], to the letter";
                Err(Fault::new(Some("subject_issuer"), detail))
            }
            (Some(_), None) => {
                let detail = "write the subject that this issuer names, or empty subject_issuer";
                Err(Fault::new(Some("subject"), detail))
            }
        }
    }
}

/// A cell that a spreadsheet would take for a formula stands behind an apostrophe in files for them; one that would
/// read as such behind one more.
fn plain(text: &str) -> &str {
    let is_formula = text.trim_start_matches('\'').starts_with(['=', '+', '-', '@']);
    text.strip_prefix('\'').filter(|_| is_formula).unwrap_or(text)
}

fn other_ids(text: &str) -> Result<Vec<IssuedPatientId>, &'static str> {
    let says = "Patient IDs as ID^^^ISSUER, with ~ between them";
    let id = |repetition: &str| {
        let (id, issuer) = repetition.split_once("^^^").unwrap_or((repetition, ""));
        let issuer = if issuer.is_empty() { None } else { Some(PatientId::read(issuer)) };
        let issuer = issuer.transpose().map_err(|_odd| says)?;
        Ok(IssuedPatientId { id: PatientId::read(id).map_err(|_odd| says)?, issuer })
    };
    text.split('~').map(|repetition| id(repetition.trim())).collect()
}

fn sex(text: &str) -> Result<Sex, &'static str> {
    match text {
        "M" | "m" => Ok(Sex::M),
        "F" | "f" => Ok(Sex::F),
        "O" | "o" => Ok(Sex::O),
        _ => Err("M, F or O"),
    }
}

/// As the calendar writes it, or the day first, as in Italy.
fn day(text: &str) -> Result<Day, &'static str> {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [day, month, year] => Day::read(&format!("{year}-{month:0>2}-{day:0>2}")),
        _ => Day::read(text),
    }
    .map_err(|_odd| "a day as 1986-01-24 or 24/01/1986")
}

fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "1" | "si" | "sì" | "vero" => Ok(true),
        "no" | "false" | "0" | "falso" => Ok(false),
        _ => Err("yes or no"),
    }
}

/// As people write it: with blanks, or with 00 for +.
fn phone(text: &str) -> Result<Phone, &'static str> {
    let bare: String = text.chars().filter(|letter| !" -/.()\u{a0}".contains(*letter)).collect();
    let international = bare.strip_prefix("00").map(|rest| format!("+{rest}"));
    Phone::read(&international.unwrap_or(bare))
}

fn language(text: &str) -> Result<Language, &'static str> {
    match text {
        "it" => Ok(Language::It),
        "en" => Ok(Language::En),
        _ => Err("it or en"),
    }
}

fn role(text: &str) -> Result<Role, &'static str> {
    match text {
        "oneself" => Ok(Role::Oneself),
        "parent" => Ok(Role::Parent),
        "guardian" => Ok(Role::Guardian),
        "delegate" => Ok(Role::Delegate),
        _ => Err("oneself, parent, guardian or delegate"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// What the first row of a file says, or why it is refused: column and sentence.
    fn person(file: &[u8]) -> Result<PersonData, (Option<&'static str>, String)> {
        let (columns, mut reader) = open(file).unwrap();
        let mut record = csv::ByteRecord::new();
        assert!(reader.read_byte_record(&mut record).unwrap());
        let row = Row::of(&columns, &record);
        let read = row.and_then(|row| {
            if let Some(user_name) = row.user_name()? {
                row.account(user_name)?;
            }
            row.person(row.patient_ids()?, None)
        });
        read.map_err(|fault| (fault.column, fault.detail))
    }

    #[test]
    fn a_file_of_a_spreadsheet_is_read() {
        let file = "\u{feff}Patient_ID;family_name;given_name;birth_date;other_patient_ids;phone;\
            online_results\r\nTEST-1;ROSSI;\"MARIA; TEST\";24/1/1986;A^^^X~B;'+39 000;sì\r\n";
        let person = person(file.as_bytes()).unwrap();
        assert_eq!(person.given_name.into_string(), "MARIA; TEST");
        assert_eq!(person.birth_date, Some(Day(jiff::civil::date(1986, 1, 24))));
        assert_eq!(person.patient_ids.len(), 3);
        assert_eq!(person.phone.map(Line::into_string).as_deref(), Some("+39 000"));
        assert!(person.consent.online_results);
    }

    #[rstest]
    #[case::latin_1(b"1,R\xf2SSI,M\n", Some("family_name"), "save the file as CSV UTF-8")]
    #[case::short(b"1,ROSSI\n", None, "the row has 2 cells and the first row 3")]
    #[case::open_quote(b"1,ROSSI,\"M\n2,ROSSI,M\n", Some("given_name"), "not closed")]
    #[case::no_id(b",ROSSI,M\n", Some("patient_id"), "needs a Patient ID")]
    #[case::no_name(b"1,,M\n", Some("family_name"), "needs a name")]
    #[case::terminal(b"1,RO\x1b[31m,M\n", Some("family_name"), "write one line")]
    fn a_bad_row_names_its_column(
        #[case] row: &[u8],
        #[case] column: Option<&str>,
        #[case] says: &str,
    ) {
        let file = [b"patient_id,family_name,given_name\n", row].concat();
        let (found, detail) = person(&file).unwrap_err();
        assert_eq!(found, column);
        assert!(detail.contains(says), "{detail}");
    }

    #[rstest]
    #[case("'=1", "=1")]
    #[case("''=1", "'=1")]
    #[case("'+39 0", "+39 0")]
    #[case("'ndrangheta", "'ndrangheta")]
    #[case("=1", "=1")]
    fn what_a_spreadsheet_must_not_compute_is_read_as_it_was(
        #[case] cell: &str,
        #[case] read: &str,
    ) {
        assert_eq!(plain(cell), read);
    }

    #[rstest]
    #[case(",", None)]
    #[case("https://id.example.org,", Some("subject"))]
    #[case(",TINIT-1", Some("subject_issuer"))]
    fn a_subject_and_its_issuer_go_together(#[case] cells: &str, #[case] column: Option<&str>) {
        let file = format!(
            "patient_id,family_name,given_name,user_name,subject_issuer,subject\n1,R,M,maria,{cells}\n"
        );
        assert_eq!(person(file.as_bytes()).err().and_then(|(column, _)| column), column);
    }

    #[test]
    fn a_huge_cell_is_refused_by_its_column() {
        let file = format!("patient_id,family_name,given_name\n1,{},M\n", "x".repeat(1 << 20));
        let (column, detail) = person(file.as_bytes()).unwrap_err();
        assert_eq!(column, Some("family_name"));
        assert!(detail.len() < 200, "{detail}");
    }

    #[rstest]
    #[case("family_name\n", "patient_id is missing")]
    #[case("patient_id,patient_id\n", "is there twice")]
    #[case("patient_id,surname\n", "column 2 has no name that is known")]
    #[case("", "is missing")]
    fn a_bad_first_row_refuses_the_file(#[case] file: &str, #[case] says: &str) {
        let problem = open(file.as_bytes()).unwrap_err();
        assert!(format!("{problem:?}").contains(says), "{problem:?}");
    }

    #[rstest]
    #[case("+39 333 000 00 00", "+393330000000")]
    #[case("0039-333/0000000", "+393330000000")]
    fn a_telephone_is_taken_as_people_write_it(#[case] text: &str, #[case] read: &str) {
        assert_eq!(phone(text).unwrap().into_string(), read);
        assert!(phone("333 0000000").is_err(), "no country");
    }
}
