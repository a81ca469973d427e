//! The section `[branding]`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use engine::branding::{Branding, Colour, Localised, Logo, Theme};
use schemars::JsonSchema;
use serde::Deserialize;

/// The longest name, address or contact, in characters.
const LINE: usize = 200;
/// The longest disclaimer, in characters.
const PARAGRAPH: usize = 2_000;

/// What the file says; every key may be absent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    name_it: Option<String>,
    name_en: Option<String>,
    address: Option<String>,
    contact: Option<String>,
    disclaimer_it: Option<String>,
    disclaimer_en: Option<String>,
    logo: Option<PathBuf>,
    colour_primary: Option<String>,
    colour_on_primary: Option<String>,
    colour_link: Option<String>,
}

impl Section {
    /// Checks every value and reads the logo; its path starts at the folder of the file.
    pub(super) fn check(self, folder: &Path) -> anyhow::Result<Branding> {
        for (key, text, most) in [
            ("name_it", &self.name_it, LINE),
            ("name_en", &self.name_en, LINE),
            ("address", &self.address, LINE),
            ("contact", &self.contact, LINE),
            ("disclaimer_it", &self.disclaimer_it, PARAGRAPH),
            ("disclaimer_en", &self.disclaimer_en, PARAGRAPH),
        ] {
            check_text(key, text.as_deref(), most)?;
        }
        let theme = Self::theme(
            self.colour_primary.as_deref(),
            self.colour_on_primary.as_deref(),
            self.colour_link.as_deref(),
        )?;
        let logo = self.logo.map(|path| read_logo(&folder.join(path))).transpose()?;
        Ok(Branding {
            name: localised("name", self.name_it, self.name_en)?,
            address: self.address,
            contact: self.contact,
            disclaimer: localised("disclaimer", self.disclaimer_it, self.disclaimer_en)?,
            logo,
            theme,
        })
    }

    /// A colour that is absent is that of the default theme; links take the primary one.
    fn theme(
        primary: Option<&str>,
        on_primary: Option<&str>,
        link: Option<&str>,
    ) -> anyhow::Result<Theme> {
        let default = Theme::default();
        let parse = |key: &str, text: Option<&str>, otherwise: Colour| match text {
            Some(text) => text.parse().with_context(|| format!("branding.{key}")),
            None => Ok(otherwise),
        };
        let primary = parse("colour_primary", primary, default.primary())?;
        let on_primary = parse("colour_on_primary", on_primary, default.on_primary())?;
        let link = parse("colour_link", link, primary)?;
        Theme::new(primary, on_primary, link).context("branding")
    }
}

/// A text of which only the Italian is given is the same in English; the other way is a fault, since
/// patients are addressed in Italian first.
fn localised(
    key: &str,
    italian: Option<String>,
    english: Option<String>,
) -> anyhow::Result<Option<Localised>> {
    match (italian, english) {
        (Some(italian), english) => {
            let english = english.unwrap_or_else(|| italian.clone());
            Ok(Some(Localised { italian, english }))
        }
        (None, Some(_)) => bail!("branding.{key}_en stands without {key}_it: give both"),
        (None, None) => Ok(None),
    }
}

fn check_text(key: &str, text: Option<&str>, most: usize) -> anyhow::Result<()> {
    let Some(text) = text else { return Ok(()) };
    if text.trim().is_empty() {
        bail!("branding.{key} is empty: leave the key out instead");
    }
    let length = text.chars().count();
    if length > most {
        bail!("branding.{key} has {length} characters: {most} at most");
    }
    Ok(())
}

fn read_logo(path: &Path) -> anyhow::Result<Logo> {
    let shown = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("branding.logo {shown}"))?.len();
    let most = u64::try_from(Logo::MOST_BYTES).unwrap_or(u64::MAX);
    if size > most {
        bail!("branding.logo {shown} has {size} bytes: {most} at most, every package carries it");
    }
    let bytes = std::fs::read(path).with_context(|| format!("branding.logo {shown}"))?;
    Logo::new(bytes).with_context(|| format!("branding.logo {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn check(section: &str) -> Result<Branding, String> {
        let section: Section = toml::from_str(section).unwrap();
        section.check(Path::new("/nowhere")).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn one_name_serves_both_languages() {
        let name = check("name_it = 'Ospedale di Prova'").unwrap().name.unwrap();
        assert_eq!(
            (name.italian.as_str(), name.english.as_str()),
            ("Ospedale di Prova", "Ospedale di Prova")
        );
    }

    #[rstest]
    #[case::english_alone("name_en = 'x'", "branding.name_en stands without name_it")]
    #[case::empty("address = ' '", "branding.address is empty")]
    #[case::no_colour(
        "colour_primary = 'blue'",
        "branding.colour_primary: \"blue\" is not a colour"
    )]
    #[case::pale(
        "colour_primary = '#88aacc'",
        "colour_on_primary #ffffff on colour_primary #88aacc"
    )]
    #[case::no_logo("logo = 'logo.png'", "branding.logo /nowhere/logo.png")]
    fn faults_name_the_key(#[case] section: &str, #[case] expected: &str) {
        let error = check(section).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_long_name_is_refused() {
        let section = format!("name_it = '{}'", "à".repeat(LINE + 1));
        assert!(check(&section).unwrap_err().contains("has 201 characters: 200 at most"));
    }
}
