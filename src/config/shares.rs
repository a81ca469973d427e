//! The section `[shares]`: what patients may let others see.

use anyhow::ensure;
use jiff::SignedDuration;
use portal::shares::SharesSettings;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    offered: Option<bool>,
    a_day: Option<usize>,
    recipients_a_day: Option<usize>,
    show_contacts: Option<bool>,
    keep_days: Option<u16>,
}

/// The most shares, and recipients of them, of an account in a day.
const MOST: usize = 100;
/// The least and most days that a share is kept when it is over. A day at least: limits a day count them.
const KEPT: (u16, u16) = (1, 3650);

impl Section {
    pub(super) fn check(self) -> anyhow::Result<SharesSettings> {
        let usual = SharesSettings::default();
        let count = |key: &str, count: Option<usize>, usual: usize| {
            let count = count.unwrap_or(usual);
            ensure!((1..=MOST).contains(&count), "shares.{key} is {count}: 1 to {MOST}");
            Ok(count)
        };
        let kept = match self.keep_days {
            None => usual.kept,
            Some(days) => {
                let is_sound = (KEPT.0..=KEPT.1).contains(&days);
                ensure!(is_sound, "shares.keep_days is {days}: {} to {}", KEPT.0, KEPT.1);
                SignedDuration::from_hours(24 * i64::from(days))
            }
        };
        Ok(SharesSettings {
            is_offered: self.offered.unwrap_or(usual.is_offered),
            most_a_day: count("a_day", self.a_day, usual.most_a_day)?,
            most_recipients_a_day: count(
                "recipients_a_day",
                self.recipients_a_day,
                usual.most_recipients_a_day,
            )?,
            show_contacts: self.show_contacts.unwrap_or(usual.show_contacts),
            kept,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn check(section: &str) -> Result<SharesSettings, String> {
        let section: Section = toml::from_str(section).map_err(|error| error.to_string())?;
        section.check().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn every_key_counts() {
        let usual = check("").unwrap();
        assert_eq!((usual.most_a_day, usual.most_recipients_a_day), (10, 20));
        assert!(usual.is_offered && !usual.show_contacts);
        assert_eq!(usual.kept, SignedDuration::from_hours(24 * 90));
        let told = check(
            "offered = false\na_day = 3\nrecipients_a_day = 4\nshow_contacts = true\nkeep_days = 5",
        );
        let expected = SharesSettings {
            is_offered: false,
            most_a_day: 3,
            most_recipients_a_day: 4,
            show_contacts: true,
            kept: SignedDuration::from_hours(120),
        };
        assert_eq!(told.unwrap(), expected);
    }

    #[rstest]
    #[case::none("a_day = 0", "shares.a_day is 0: 1 to 100")]
    #[case::many("recipients_a_day = 101", "shares.recipients_a_day is 101: 1 to 100")]
    #[case::kept("keep_days = 0", "shares.keep_days is 0: 1 to 3650")]
    #[case::unknown("pin = 4", "unknown field `pin`")]
    fn faults_name_the_key(#[case] section: &str, #[case] expected: &str) {
        let error = check(section).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
