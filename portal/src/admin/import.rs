//! Many persons at once, from a CSV file (RFC 4180).
//!
//! Good rows are imported and bad ones named, each by line and column. A row is known again by its Patient
//! ID, so a file can be imported twice: what is the same costs nothing.

mod account;
mod row;

use std::collections::HashMap;
use std::time::Duration;

use axum::Json as Answer;
use axum::body::Bytes;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use store::{IssuedId, Person, PersonId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::{Enrolled, Enrolment, EnrolmentRefused};
use crate::admin::body::{By, expect_type, read};
use crate::admin::guard::Caller;
use crate::admin::import::account::Wanted;
use crate::admin::openapi::{Guarded, Refused, Unreadable};
use crate::admin::person::{IssuedPatientId, PersonData};
use crate::admin::problem::Problem;
use crate::admin::scope::Scope;
use crate::admin::{Admin, App};
use crate::password::hashing::Busy;
use crate::{AccountsError, admin::import::row::Row};

/// Bytes of a file: some 50,000 persons.
const MOST_BYTES: usize = 16 << 20;
/// Refused rows that are named; the others are counted.
const MOST_NAMED: usize = 1000;
/// How often a password is tried to be hashed while logins take all the room, and after what pause.
const HASH_TRIES: usize = 100;
const HASH_PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(import))
}

/// How a file is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct How {
    /// Only tell what would happen.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

/// What became of the rows.
#[derive(Debug, Default, Serialize, ToSchema)]
struct ImportReport {
    /// Whether nothing was written.
    dry_run: bool,
    /// Rows without the header.
    rows: u64,
    /// Persons that were added.
    added: u64,
    /// Persons that were there, and of whom the file says something else.
    changed: u64,
    /// Persons that were there, and of whom the file says the same.
    unchanged: u64,
    /// Accounts that were opened.
    accounts: u64,
    /// Accounts that were there, and of whose holder the file says something else.
    accounts_changed: u64,
    /// Rows that were not imported.
    refused: u64,
    /// Why, for the first 1000 of them.
    refusals: Vec<Refusal>,
}

/// Why a row was not imported.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refusal {
    /// Line of the file at which the row begins, counted from 1.
    line: u64,
    /// Its column.
    column: Option<String>,
    /// What to do.
    detail: String,
}

/// What is wrong with a row.
#[derive(Debug)]
pub(crate) struct Fault {
    column: Option<&'static str>,
    detail: String,
}

impl Fault {
    fn new(column: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { column, detail: detail.into() }
    }
}

/// A row that is not imported, or a file that is not read on.
enum Stop {
    Row(Fault),
    File(Problem),
}

impl<P: Into<Problem>> From<P> for Stop {
    fn from(problem: P) -> Self {
        Self::File(problem.into())
    }
}

/// What became of a row.
enum Became {
    Added,
    Changed,
    Unchanged,
}

/// Adds or changes the persons of a CSV file in UTF-8.
///
/// The first row names the columns, in any order: `patient_id`, `issuer`, `other_patient_ids` (as HL7
/// PID-3: `ID^^^ISSUER`, with `~` between), `family_name`, `given_name`, `sex`, `birth_date`, `tax_code`,
/// `phone`, `email`, `address`, `marital_status`, `practitioner`, `contact`, `online_results`, `messages`,
/// and for an account `user_name`, `account_email`, `account_phone`, `language`, `role`, and `subject_issuer` with
/// `subject`, who its holder is at an identity provider. Columns that a file does not have stay as they are; an
/// empty cell empties. Accounts take the scope `accounts:write` as well.
#[utoipa::path(
    post,
    path = "/v1/persons/import",
    operation_id = "person.import",
    tag = "persons",
    params(How),
    request_body(content = String, content_type = "text/csv"),
    security(("token" = ["persons:write"])),
    responses(
        (status = 200, description = "What became of the rows.", body = ImportReport),
        Unreadable, Refused, Guarded
    )
)]
async fn import(
    State(app): State<App>,
    caller: Caller,
    By(how): By<How>,
    request: Request,
) -> Result<Answer<ImportReport>, Problem> {
    expect_type(&request, "text/csv")?;
    let file = read(request.into_body(), MOST_BYTES).await?;
    // Whoever sent it may leave: the file is imported to its end all the same.
    let task = tokio::spawn(async move { rows(&app, &caller, how.dry_run, &file).await });
    task.await.map_err(|panic| Problem::failed(&panic))?.map(Answer)
}

async fn rows(
    app: &Admin,
    caller: &Caller,
    dry_run: bool,
    file: &Bytes,
) -> Result<ImportReport, Problem> {
    let (columns, mut reader) = row::open(file)?;
    if columns.has("user_name") {
        caller.needs(Scope::AccountsWrite)?;
    }
    let mut report = ImportReport { dry_run, ..ImportReport::default() };
    let mut seen: HashMap<IssuedId, u64> = HashMap::new();
    let mut record = csv::ByteRecord::new();
    // The reader takes whatever bytes there are.
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        report.rows += 1;
        let line = record.position().map_or(0, csv::Position::line);
        let work = Import { app, caller, dry_run };
        match work.row(&columns, &record, line, &mut seen, &mut report).await {
            Ok(Became::Added) => report.added += 1,
            Ok(Became::Changed) => report.changed += 1,
            Ok(Became::Unchanged) => report.unchanged += 1,
            Err(Stop::File(problem)) => return Err(problem),
            Err(Stop::Row(Fault { column, detail })) => {
                report.refused += 1;
                if report.refusals.len() < MOST_NAMED {
                    let column = column.map(str::to_owned);
                    report.refusals.push(Refusal { line, column, detail });
                }
            }
        }
    }
    let mut event = app.event(caller, "person.import", None, None);
    let dry = if dry_run { "dry run, " } else { "" };
    event.object = Some(format!(
        "{dry}{} added, {} changed, {} unchanged, {} refused",
        report.added, report.changed, report.unchanged, report.refused
    ));
    app.services.store.record_event(event).await?;
    Ok(report)
}

/// The import of one file.
struct Import<'a> {
    app: &'a Admin,
    caller: &'a Caller,
    dry_run: bool,
}

impl Import<'_> {
    async fn row(
        &self,
        columns: &row::Columns,
        record: &csv::ByteRecord,
        line: u64,
        seen: &mut HashMap<IssuedId, u64>,
        report: &mut ImportReport,
    ) -> Result<Became, Stop> {
        let row = Row::of(columns, record).map_err(Stop::Row)?;
        let ids = row.patient_ids().map_err(Stop::Row)?;
        for id in &ids {
            let id = IssuedId::from(id.clone());
            if let Some(before) = seen.insert(id, line).filter(|before| *before != line) {
                let detail = format!("line {before} has this Patient ID too: keep one of the two");
                return Err(Stop::Row(Fault::new(Some("patient_id"), detail)));
            }
        }
        let known = self.known(&ids).await?;
        let wanted = self.wanted(&row, known.as_ref().map(|known| known.id)).await?;
        let data = row.person(ids, known.as_ref().map(PersonData::from)).map_err(Stop::Row)?;
        let (opens, changes) = match &wanted {
            Wanted::Nothing => (0, 0),
            Wanted::Open(_) => (1, 0),
            Wanted::Change { .. } => (0, 1),
        };
        let became = match known {
            None => {
                self.add(data, wanted).await?;
                Became::Added
            }
            Some(old) => self.change(old, data, wanted).await?,
        };
        report.accounts += opens;
        report.accounts_changed += changes;
        Ok(became)
    }

    /// The person whom these Patient IDs name.
    async fn known(&self, ids: &[IssuedPatientId]) -> Result<Option<Person>, Stop> {
        let mut known: Option<Person> = None;
        for id in ids {
            let id = IssuedId::from(id.clone());
            let found = self.app.services.store.person_by_patient_id(&id).await?;
            if let (Some(known), Some(found)) = (&known, &found)
                && known.id != found.id
            {
                let detail = "the Patient IDs of the row belong to two persons who are there: give each \
                              a row of its own, or take the Patient IDs from one of them first, and erase \
                              it when orders were told to the other: what is held goes along then";
                return Err(Stop::Row(Fault::new(Some("other_patient_ids"), detail)));
            }
            known = known.or(found);
        }
        Ok(known)
    }

    async fn change(&self, old: Person, data: PersonData, wanted: Wanted) -> Result<Became, Stop> {
        let id = old.id;
        let new = data.into_person(id);
        let became = if new == old { Became::Unchanged } else { Became::Changed };
        if !self.dry_run {
            if new != old {
                self.app.replace_person(self.caller, old, new).await?;
            }
            self.provide(id, wanted).await?;
        }
        Ok(became)
    }

    async fn add(&self, data: PersonData, wanted: Wanted) -> Result<(), Stop> {
        if self.dry_run {
            return Ok(());
        }
        let account = match wanted {
            Wanted::Open(account) => Some(account),
            Wanted::Nothing | Wanted::Change { .. } => None,
        };
        let person = data.into_person(PersonId::fresh()?);
        let by = self.caller.name().to_owned();
        let enrolment = Enrolment { person, account, by };
        let enrolled = patiently(|| self.app.services.accounts.enrol(enrolment.clone())).await?;
        enrolled.map(|Enrolled { .. }| ()).map_err(|why| Stop::Row(fault(&why)))
    }
}

/// Why somebody is not enrolled, and in which column it stands.
fn fault(why: &EnrolmentRefused) -> Fault {
    let column = match why {
        EnrolmentRefused::NoPatientId | EnrolmentRefused::PatientIdTaken(_) => Some("patient_id"),
        EnrolmentRefused::UserNameTaken => {
            let detail = "the user name is taken: choose another, or link the account that has it";
            return Fault::new(Some("user_name"), detail);
        }
        EnrolmentRefused::SubjectTaken => Some("subject"),
        EnrolmentRefused::Unreachable => {
            let detail = "give account_email and account_phone, where the credentials go, or \
                          subject_issuer and subject";
            return Fault::new(Some("account_phone"), detail);
        }
        _ => None,
    };
    Fault::new(column, why.to_string())
}

/// Waits while logins take all the room there is for hashing.
async fn patiently<T, F: Future<Output = Result<T, AccountsError>>>(
    act: impl Fn() -> F,
) -> Result<T, AccountsError> {
    for _ in 0..HASH_TRIES {
        match act().await {
            Err(AccountsError::Busy(Busy)) => tokio::time::sleep(HASH_PAUSE).await,
            outcome => return outcome,
        }
    }
    act().await
}
