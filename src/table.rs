//! Tables for people, on standard output.

use std::io::{self, Write as _};

/// Writes a table whose columns are as wide as their widest cell.
///
/// # Errors
/// When nobody takes it.
pub(crate) fn write<const N: usize>(
    heading: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<()> {
    let mut table = vec![heading.map(str::to_owned)];
    // What comes from elsewhere must not control a terminal.
    table.extend(rows.into_iter().map(|row| {
        row.map(|text| text.chars().filter(|character| !character.is_control()).collect())
    }));
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            table
                .iter()
                .filter_map(|row| row.get(column))
                .map(|text| text.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut stdout = io::stdout().lock();
    for row in table {
        let cells: Vec<_> =
            row.iter().zip(&widths).map(|(text, width)| format!("{text:width$}")).collect();
        writeln!(stdout, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}
