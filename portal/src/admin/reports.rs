//! Reports that the PACS does not hold: import and withdraw.

use axum::Json as Answer;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use store::{Ended, IssuedId, Private, ReportAbout};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::admin::App;
use crate::admin::body::{self, In, Json};
use crate::admin::guard::Caller;
use crate::admin::openapi::{Guarded, InTheWay, Missing, Refused, Unreadable};
use crate::admin::order::ReportView;
use crate::admin::person::IssuedPatientId;
use crate::admin::problem::Problem;
use crate::admin::values::{Base64, Day, Id, Line, LongLine, PatientId, PersonRef, ReportRef};
use crate::results::{ReportImport, ReportRefused, Whose};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(import)).routes(routes!(withdraw))
}

/// A report to import: the PDF, whose it is, and on what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReport {
    /// Whose.
    patient: Patient,
    /// On what.
    about: About,
    /// Tells reports on one order apart.
    #[serde(default)]
    document: Option<PatientId>,
    /// The version that the sender gives it; without one it is the next.
    #[serde(default, deserialize_with = "version")]
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    version: Option<u32>,
    /// Title.
    #[serde(default)]
    title: Option<Line>,
    /// Stato.
    status: Status,
    /// The day it was signed.
    #[serde(default)]
    dated: Option<Day>,
    /// The PDF.
    pdf: Base64,
}

/// From 1; to JSON Schema `2.0` is a whole number as well.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let whole = number.to_string();
    let whole = whole.strip_suffix(".0").unwrap_or(&whole).parse().ok();
    let version = whole.filter(|version| *version > 0);
    version.map(Some).ok_or_else(|| D::Error::custom("a whole number from 1"))
}

/// Whose a report is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Patient {
    /// Of a person here.
    Person(PersonRef),
    /// Of the person with a Patient ID.
    PatientId(IssuedPatientId),
}

/// On what a report is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum About {
    /// The examinations with this accession number.
    AccessionNumber(PatientId),
    /// All of the order with this number.
    OrderNumber(PatientId),
}

/// How far a report is.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Status {
    /// Provvisorio.
    Preliminary,
    /// Finale.
    Final,
}

/// Imports a report, in the place of an earlier version of it. The same report again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/reports",
    operation_id = "report.import",
    tag = "reports",
    request_body = NewReport,
    security(("token" = ["reports:write"])),
    responses(
        (status = 201, description = "It is there.", body = ReportView),
        Unreadable, Missing, InTheWay, Refused, Guarded
    )
)]
async fn import(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Answer<ReportView>), Problem> {
    let results = &app.services.results;
    // Three bytes are four letters, and the rest is small.
    let most_bytes = results.most_report_bytes();
    let most = most_bytes.div_ceil(3).saturating_mul(4);
    let most = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(body::MOST_JSON);
    let too_large = || {
        let mib = most_bytes >> 20;
        format!("the report has more than {mib} MiB: results.report_mib sets the limit")
    };
    let new: NewReport =
        body::json(request, most).await.map_err(|problem| problem.if_too_large(too_large))?;
    let pdf = STANDARD.decode(new.pdf.as_str()).map_err(|_odd| {
        Problem::at("/pdf".to_owned(), "write the PDF in base64 (RFC 4648 §4), with its padding")
    })?;
    let import = ReportImport {
        whose: match new.patient {
            Patient::Person(Id(person)) => Whose::Person(person),
            Patient::PatientId(issued) => Whose::PatientId(IssuedId::from(issued)),
        },
        about: match new.about {
            About::AccessionNumber(number) => {
                ReportAbout::AccessionNumber(Private(number.into_string()))
            }
            About::OrderNumber(number) => ReportAbout::OrderNumber(Private(number.into_string())),
        },
        document: new.document.map(PatientId::into_string).unwrap_or_default(),
        version: new.version,
        title: new.title.map(|title| Private(title.into_string())),
        status: match new.status {
            Status::Preliminary => store::ReportStatus::Preliminary,
            Status::Final => store::ReportStatus::Final,
        },
        dated: new.dated.map(|day| day.0),
        by: caller.name().to_owned(),
        pdf,
    };
    match results.import_report(import).await? {
        Ok(report) => Ok((StatusCode::CREATED, Answer(ReportView::from(&report)))),
        Err(why) => Err(refused(&why)),
    }
}

fn refused(why: &ReportRefused) -> Problem {
    match why {
        ReportRefused::NoSuchPerson => Problem::missing_so("person", why.to_string()),
        ReportRefused::NotNewer { .. } => Problem::conflict("not-newer", why.to_string()),
        _ => Problem::refused("report-refused", why.to_string()),
    }
}

/// Why a report goes out of use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    /// It was never to be (annullato), instead of not being valid any more (ritirato).
    #[serde(default)]
    cancelled: bool,
    /// Why.
    #[serde(default)]
    reason: Option<LongLine>,
}

/// Takes a version of a report out of use. It does not bring back the one before.
#[utoipa::path(
    post,
    path = "/v1/reports/{report}/withdraw",
    operation_id = "report.withdraw",
    tag = "reports",
    params(("report" = ReportRef, Path, description = "Which.")),
    request_body = Withdrawal,
    security(("token" = ["reports:write"])),
    responses((status = 204, description = "It is out of use."), Unreadable, Missing, InTheWay, Guarded)
)]
async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    In(Id(report)): In<ReportRef>,
    Json(withdrawal): Json<Withdrawal>,
) -> Result<StatusCode, Problem> {
    let Withdrawal { cancelled, reason } = withdrawal;
    let reason = reason.map(|reason| Private(reason.into_string()));
    let results = &app.services.results;
    match results.withdraw_report(report, cancelled, caller.name(), reason).await? {
        Ended::Done => Ok(StatusCode::NO_CONTENT),
        Ended::Already => Err(Problem::conflict("out-of-use", "the version is out of use already")),
        Ended::NoSuchReport => Err(Problem::missing("report")),
    }
}
