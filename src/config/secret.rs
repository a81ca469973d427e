//! Secrets that are written in the configuration, or lie in files.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use toml::{Table, Value};

/// No password or token is longer.
const MAX_SECRET_BYTES: u64 = 64 << 10;
/// Keys whose values are secrets.
pub(crate) const SECRETS: [&str; 4] = ["password", "secret", "bearer", "client_secret"];
/// Keys of files that nobody else should read.
const SECRET_FILES: &[&str] = &[
    "password_file",
    "secret_file",
    "client_secret_file",
    "bearer_file",
    "key_file",
    "token_file",
];

/// A secret that is written, or lies in a file; a line end behind it does not belong to it.
///
/// # Errors
/// Both, neither, or a file that cannot be read; each says what to do.
pub(super) fn read(
    key: &str,
    written: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
) -> anyhow::Result<String> {
    let text = match (written, file) {
        (Some(_), Some(_)) => bail!("{key} and {key}_file: give one of them"),
        (None, None) => bail!("{key} is missing: give it, or {key}_file"),
        (Some(text), None) => text,
        (None, Some(path)) => {
            let path = folder.join(path);
            let shown = path.display();
            let mut text = String::new();
            File::open(&path)
                .and_then(|file| file.take(MAX_SECRET_BYTES).read_to_string(&mut text))
                .with_context(|| format!("{key}_file {shown} cannot be read"))?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    ensure!(!text.is_empty(), "{key} is empty");
    Ok(text)
}

/// As [`read`]; `None` when neither is given.
pub(super) fn read_if_any(
    key: &str,
    written: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
) -> anyhow::Result<Option<String>> {
    let is_given = written.is_some() || file.is_some();
    is_given.then(|| read(key, written, file, folder)).transpose()
}

/// Fails where a secret is written as a number or the like: the sentence of whoever wants a text would quote it.
pub(super) fn are_texts(table: &Table) -> anyhow::Result<()> {
    for (key, value) in table {
        match value {
            // The body of a request to a gateway holds what the gateway wants.
            Value::Table(_) if key == "json" => {}
            // The keys are the gateway's: any value may be its secret.
            Value::Table(inner) if ["query", "headers", "form"].contains(&key.as_str()) => ensure!(
                inner.values().all(Value::is_str),
                "{key} must hold texts: write each value between quotation marks"
            ),
            Value::Table(inner) => are_texts(inner)?,
            Value::Array(all) => all.iter().filter_map(Value::as_table).try_for_each(are_texts)?,
            Value::String(_) => {}
            _ => {
                let is_secret = SECRETS.contains(&key.as_str());
                ensure!(!is_secret, "{key} must be a text: write it between quotation marks");
            }
        }
    }
    Ok(())
}

/// A sentence for each secret that others on this machine can read.
pub(super) fn readable_by_others(table: &Table, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    walk(table, SECRET_FILES, &mut |key, path| {
        let path = folder.join(path);
        // One that is not there is told where it is needed.
        let mode = std::fs::metadata(&path).map_or(0, |metadata| metadata.mode());
        if mode & 0o077 != 0 {
            let shown = path.display();
            found.push(format!(
                "{key} {shown} can be read by others on this machine: chmod 600 {shown}"
            ));
        }
    });
    found
}

/// A sentence where a secret is written in a configuration that everybody on this machine can read.
pub(super) fn written_for_all(text: &str, file: &Path) -> Option<String> {
    const READABLE_BY_ALL: u32 = 0o004;
    let mode = std::fs::metadata(file).map_or(0, |metadata| metadata.mode());
    if mode & READABLE_BY_ALL == 0 {
        return None;
    }
    let table: Table = text.parse().ok()?;
    let mut first = None;
    walk(&table, &SECRETS, &mut |key, value| {
        // What a request to a gateway calls so holds the place of one.
        if first.is_none() && !value.contains("{secret}") {
            first = Some(key.to_owned());
        }
    });
    let (key, shown) = (first?, file.display());
    Some(format!(
        "{key} is written in {shown}, which everybody on this machine can read: chmod o= {shown}, or write \
         {key}_file"
    ))
}

/// Calls `each` with the texts of these keys, wherever they stand.
fn walk(table: &Table, keys: &[&str], each: &mut dyn FnMut(&str, &str)) {
    for (key, value) in table {
        match value {
            Value::String(text) if keys.contains(&key.as_str()) => each(key, text),
            Value::Table(inner) => walk(inner, keys, each),
            Value::Array(all) => {
                all.iter().filter_map(Value::as_table).for_each(|inner| walk(inner, keys, each));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_that_others_can_read_is_named_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in [("open", 0o640), ("closed", 0o600)] {
            let path = folder.path().join(name);
            std::fs::write(&path, "x\n").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let table: Table = "[smtp]\npassword_file = 'closed'\n[[pacs]]\n\
            authentication = { client_secret_file = 'open', password_file = 'absent' }\n\
            [branding]\nlogo = 'open'"
            .parse()
            .unwrap();
        let found = readable_by_others(&table, folder.path());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("client_secret_file "), "{found:?}");
        let secret = read("password", None, Some("closed".into()), folder.path()).unwrap();
        assert_eq!(secret, "x");
    }

    #[test]
    fn a_secret_in_a_configuration_that_everybody_can_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("esito.toml");
        let gateway = "[sms]\nquery = { password = '{secret}' }\nsecret_file = 'x'\n";
        let inline = format!("{gateway}[[pacs]]\nauthentication = {{ bearer = 's3cret' }}\n");
        for (text, mode, named) in [
            (inline.as_str(), 0o644, true),
            (inline.as_str(), 0o640, false),
            (gateway, 0o644, false),
        ] {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let found = written_for_all(text, &file);
            assert_eq!(found.is_some(), named, "{mode:o} {text}");
            let told = |found: String| found.starts_with("bearer is") && !found.contains("s3cret");
            assert!(found.is_none_or(told));
        }
    }
}
