//! The section `[sms]`: the gateway for SMS.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use portal::outbox::{AnswerField, Body, Sms, SmsMethod, SmsSettings};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Table, Value};

use super::pacs::tls;
use super::{known_keys, secret, smtp};

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    method: Method,
    url: Option<String>,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    user: Option<String>,
    secret: Option<String>,
    secret_file: Option<PathBuf>,
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    json: Option<Table>,
    form: Option<BTreeMap<String, String>>,
    country_code: Option<String>,
    accepted_status: Vec<u16>,
    refused_status: Option<Vec<u16>>,
    answer: Option<Answer>,
    tls: Option<tls::HttpSection>,
    time_out: Option<f64>,
}

impl std::fmt::Debug for Section {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Section").finish_non_exhaustive()
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Answer {
    field: Option<String>,
    accepted: Vec<String>,
    refused: Vec<String>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    Get,
    #[default]
    Post,
    Put,
}

impl Section {
    /// Fails with the first key that nobody knows; keys of `query`, `headers`, `json` and `form` are the
    /// gateway's.
    pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
        known_keys::check::<Self>("sms", table)?;
        if let Some(answer) = table.get("answer").and_then(Value::as_table) {
            known_keys::check::<Answer>("sms.answer", answer)?;
        }
        tls::check_keys("sms", table)
    }

    /// Checks all, and reads the files.
    pub(super) fn check(self, folder: &Path) -> anyhow::Result<SmsSettings> {
        let secret = secret::read_if_any("secret", self.secret, self.secret_file, folder)?;
        ensure!(
            self.json.is_none() || self.form.is_none(),
            "json and form: a request carries one of them"
        );
        let body = match (self.json, self.form) {
            (Some(json), _) => Body::Json(serde_json::to_value(json).context("json")?),
            (None, Some(form)) => Body::Form(form.into_iter().collect()),
            (None, None) => Body::Nothing,
        };
        let method = match self.method {
            Method::Get => SmsMethod::GET,
            Method::Post => SmsMethod::POST,
            Method::Put => SmsMethod::PUT,
        };
        ensure!(
            method != SmsMethod::GET || body == Body::Nothing,
            "method = \"GET\" carries neither json nor form: write query"
        );
        let refused_status = self.refused_status.unwrap_or_else(|| vec![400, 422]);
        let statuses = self.accepted_status.iter().chain(&refused_status);
        for status in statuses {
            ensure!((200..600).contains(status), "{status} is no status of an answer");
        }
        let tls = tls::of_http(self.tls.as_ref(), folder)?;
        let settings = SmsSettings {
            method,
            url: self.url.context("url is missing: the gateway")?,
            query: self.query.into_iter().collect(),
            headers: self.headers.into_iter().collect(),
            user: self.user,
            secret: secret.map(Into::into),
            body,
            country_code: self.country_code,
            accepted_status: self.accepted_status,
            refused_status,
            answer: self.answer.map(Answer::check).transpose().context("answer")?,
            tls,
            time_out: smtp::seconds(self.time_out)?,
        };
        Sms::new(settings.clone())?;
        Ok(settings)
    }
}

impl Answer {
    fn check(self) -> anyhow::Result<AnswerField> {
        let path = self.field.context("field is missing: where in the JSON it stands")?;
        ensure!(!self.accepted.is_empty(), "accepted is missing: the values that mean success");
        Ok(AnswerField { path, accepted: self.accepted, refused: self.refused })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const LEAST: &str =
        "url = 'http://localhost:81/send'\njson = { to = ['{number}'], text = '{text}' }\n";

    fn check(section: &str) -> Result<SmsSettings, String> {
        let table: Table = section.parse().map_err(|error| format!("{error}"))?;
        Section::check_keys(&table).map_err(|error| error.to_string())?;
        let section = Section::deserialize(table).map_err(|error| error.to_string())?;
        section.check(Path::new("/nowhere")).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn the_least_that_is_needed() {
        let settings = check(LEAST).unwrap();
        assert_eq!(settings.method, SmsMethod::POST);
        assert_eq!(settings.refused_status, [400, 422]);
        let Body::Json(json) = settings.body else { panic!("no JSON") };
        assert_eq!(json["to"][0], "{number}");
    }

    #[rstest]
    #[case::no_url("json = { a = '{text}{number}' }", "url is missing")]
    #[case::key(&format!("{LEAST}sender = 'x'"), "sms.sender is not known")]
    #[case::answer_key(&format!("{LEAST}answer = {{ fild = 'x' }}"), "did you mean field?")]
    #[case::answer(&format!("{LEAST}answer = {{ field = 'x' }}"), "accepted is missing")]
    #[case::both(&format!("{LEAST}form = {{ a = 'b' }}"), "carries one of them")]
    #[case::get(&format!("{LEAST}method = 'GET'"), "write query")]
    #[case::status(&format!("{LEAST}accepted_status = [42]"), "42 is no status")]
    #[case::placeholder(
        "url = 'http://localhost/'\nform = { a = '{text}{name}{number}' }",
        "{name} is not known"
    )]
    #[case::secret(&format!("{LEAST}headers = {{ Authorization = 'Bearer {{secret}}' }}"), "needs secret")]
    fn faults_say_what_to_do(#[case] section: &str, #[case] expected: &str) {
        let error = check(section).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
