//! The section `[results]`: what patients see of the PACS, and how often it is asked.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::SignedDuration;
use portal::results::{RefreshRules, ReleaseRule, ReleaseRules, ResultsSettings};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::known_keys;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    release: Option<Release>,
    availability_days: Option<u16>,
    report_mib: Option<u32>,
    refresh: Refresh,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Release {
    ReportPresent,
    Always,
    Explicit,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Refresh {
    at_most_every: Option<u32>,
    background: Option<u32>,
    active_days: Option<u16>,
    page_waits_ms: Option<u32>,
    time_out: Option<u32>,
    at_once: Option<usize>,
}

/// The longest that a page may wait, in milliseconds.
const LONGEST_WAIT: u32 = 10_000;
/// The largest report, in MiB: none beyond it can be packaged.
const LARGEST_REPORT: u64 = engine::MOST_REPORT_BYTES >> 20;
/// The most persons that one PACS is asked for at a time.
const MOST_AT_ONCE: usize = 64;

impl Section {
    /// Fails with the first key that nobody knows.
    pub(super) fn check_keys(table: &Table) -> anyhow::Result<()> {
        known_keys::check::<Self>("results", table)?;
        match table.get("refresh").and_then(Value::as_table) {
            Some(refresh) => known_keys::check::<Refresh>("results.refresh", refresh),
            None => Ok(()),
        }
    }

    /// The PACS are those of the configuration.
    pub(super) fn check(self) -> anyhow::Result<ResultsSettings> {
        let usual = ResultsSettings::default();
        let rule = match self.release {
            None => usual.release.rule,
            Some(Release::ReportPresent) => ReleaseRule::ReportPresent,
            Some(Release::Always) => ReleaseRule::Always,
            Some(Release::Explicit) => ReleaseRule::Explicit,
        };
        let availability_days = match self.availability_days {
            None => usual.release.availability_days,
            Some(0) => None,
            days => days,
        };
        let most_report_bytes = match self.report_mib {
            None => usual.most_report_bytes,
            Some(mib) => {
                let is_sound = (1..=LARGEST_REPORT).contains(&u64::from(mib));
                ensure!(is_sound, "results.report_mib is {mib}: 1 to {LARGEST_REPORT}");
                u64::from(mib) << 20
            }
        };
        Ok(ResultsSettings {
            release: ReleaseRules { rule, availability_days },
            refresh: self.refresh.check().context("results.refresh")?,
            most_report_bytes,
            ..usual
        })
    }
}

impl Refresh {
    fn check(self) -> anyhow::Result<RefreshRules> {
        let usual = RefreshRules::default();
        let seconds = |key: &str, written: Option<u32>, usual| match written {
            None => Ok(usual),
            Some(0) => anyhow::bail!("{key} is 0: write seconds, 1 at least"),
            Some(seconds) => Ok(SignedDuration::from_secs(seconds.into())),
        };
        let waits = match self.page_waits_ms {
            None => usual.page_waits,
            Some(waits) => {
                ensure!(waits <= LONGEST_WAIT, "page_waits_ms is {waits}: {LONGEST_WAIT} at most");
                Duration::from_millis(waits.into())
            }
        };
        ensure!(self.time_out != Some(0), "time_out is 0: write seconds, 1 at least");
        if let Some(at_once) = self.at_once {
            let is_sound = (1..=MOST_AT_ONCE).contains(&at_once);
            ensure!(is_sound, "at_once is {at_once}: 1 to {MOST_AT_ONCE}");
        }
        Ok(RefreshRules {
            at_most_every: seconds("at_most_every", self.at_most_every, usual.at_most_every)?,
            background: seconds("background", self.background, usual.background)?,
            active: match self.active_days {
                None => usual.active,
                Some(days) => SignedDuration::from_hours(24 * i64::from(days)),
            },
            page_waits: waits,
            time_out: match self.time_out {
                None => usual.time_out,
                Some(seconds) => Duration::from_secs(seconds.into()),
            },
            at_once: self.at_once.unwrap_or(usual.at_once),
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn check(section: &str) -> Result<ResultsSettings, String> {
        let section: Section = toml::from_str(section).map_err(|error| error.to_string())?;
        section.check().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn nothing_is_what_the_documents_say() {
        let usual = check("").unwrap();
        assert_eq!(usual.release.rule, ReleaseRule::ReportPresent);
        assert_eq!(usual.release.availability_days, Some(45));
        assert_eq!(usual.refresh.at_most_every, SignedDuration::from_secs(300));
        assert_eq!(usual.refresh.background, SignedDuration::from_secs(3600));
        assert_eq!(usual.refresh.active, SignedDuration::from_hours(14 * 24));
        assert_eq!(usual.refresh.page_waits, Duration::from_millis(1500));
        assert_eq!(usual.refresh.time_out, Duration::from_mins(1));
        assert_eq!((usual.refresh.at_once, usual.most_report_bytes), (4, 32 << 20));
    }

    #[test]
    fn every_key_counts() {
        let section = "release = 'explicit'\navailability_days = 0\nreport_mib = 3\n\
            refresh = { at_most_every = 1, background = 2, active_days = 3, page_waits_ms = 4, \
            time_out = 5, at_once = 6 }";
        let written = check(section).unwrap();
        assert_eq!(written.release.rule, ReleaseRule::Explicit);
        assert_eq!(written.release.availability_days, None);
        assert_eq!(written.most_report_bytes, 3 << 20);
        let expected = RefreshRules {
            at_most_every: SignedDuration::from_secs(1),
            background: SignedDuration::from_secs(2),
            active: SignedDuration::from_hours(72),
            page_waits: Duration::from_millis(4),
            time_out: Duration::from_secs(5),
            at_once: 6,
        };
        assert_eq!(written.refresh, expected);
    }

    #[rstest]
    #[case::rule("release = 'sometimes'", "unknown variant `sometimes`, expected one of")]
    #[case::days("availability_days = -1", "availability_days = -1")]
    #[case::report("report_mib = 0", "results.report_mib is 0: 1 to 256")]
    #[case::beyond_a_package("report_mib = 257", "results.report_mib is 257: 1 to 256")]
    #[case::often("refresh = { at_most_every = 0 }", "results.refresh: at_most_every is 0")]
    #[case::waits("refresh = { page_waits_ms = 60000 }", "page_waits_ms is 60000: 10000 at most")]
    #[case::never("refresh = { at_once = 0 }", "results.refresh: at_once is 0: 1 to 64")]
    fn faults_name_the_key(#[case] section: &str, #[case] expected: &str) {
        let error = check(section).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
