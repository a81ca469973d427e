//! Tables set in pages: cells over several columns and rows, the header again on each page.

use super::flow::{COLUMN, Element, MARGIN, ROOM};
use super::text::{Line, Span, break_lines};
use super::typeset::{BODY, GUTTER, LEADING, ROW_PADDING, STRONG, Setter, height};
use crate::report::Table;

/// Columns of a table; what is beyond goes into the last.
const MAX_COLUMNS: usize = 12;
/// Rows that are measured for the width of their columns.
const MEASURED_ROWS: usize = 200;
/// What a column is wider than its text, in points: sums of the same widths differ in their last digits.
const HAIR: f32 = 0.01;
/// Rows that cells tie together are kept on one page, unless there are more.
const MAX_TIED: usize = 60;

/// A cell in its place.
struct Spot<'a> {
    column: usize,
    columns: usize,
    rows: usize,
    texts: Vec<&'a str>,
    is_header: bool,
}

/// The cells of a table in their places, and the widths of its columns.
struct Grid<'a> {
    rows: Vec<Vec<Spot<'a>>>,
    widths: Vec<f32>,
}

/// A cell broken into lines.
struct SetCell {
    /// From the left edge of the text.
    x: f32,
    /// Where the next column begins.
    next: f32,
    lines: Vec<Line>,
    /// Over how many rows it reaches.
    rows: usize,
}

/// A row whose cells are broken into lines.
struct SetRow {
    cells: Vec<SetCell>,
    tall: f32,
    /// Where rules are drawn below it: from and width.
    rules: Vec<(f32, f32)>,
}

impl<'a> Grid<'a> {
    fn new(table: &'a Table) -> Self {
        let mut taken = [0_usize; MAX_COLUMNS];
        let rows: Vec<Vec<Spot<'a>>> = table
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let is_top = index < table.header_rows;
                let mut spots: Vec<Spot<'a>> = Vec::new();
                let mut now = [0_usize; MAX_COLUMNS];
                let mut column = 0;
                for cell in row {
                    while taken.get(column).is_some_and(|rows| *rows > 0) {
                        column += 1;
                    }
                    let free = taken.iter().skip(column).take_while(|rows| **rows == 0).count();
                    let columns = cell.columns.min(free);
                    let text = cell.text.as_str();
                    match spots.last_mut() {
                        Some(last) if columns == 0 => last.texts.push(text),
                        _ => spots.push(Spot {
                            column: column.min(MAX_COLUMNS - 1),
                            columns: columns.max(1),
                            rows: cell.rows.max(1),
                            texts: vec![text],
                            is_header: is_top || cell.is_header,
                        }),
                    }
                    now.iter_mut().skip(column).take(columns).for_each(|rows| *rows = cell.rows);
                    column += columns;
                }
                for (taken, now) in taken.iter_mut().zip(now) {
                    *taken = (*taken).max(now).saturating_sub(1);
                }
                spots
            })
            .collect();
        let widths = widths(&rows);
        Self { rows, widths }
    }

    fn x(&self, column: usize) -> f32 {
        self.widths.iter().take(column).map(|width| width + GUTTER).sum()
    }

    fn width(&self, spot: &Spot<'_>) -> f32 {
        let columns = self.widths.iter().skip(spot.column).take(spot.columns);
        columns.map(|width| width + GUTTER).sum::<f32>() - GUTTER
    }

    /// The row after those that cells of the rows from `start` on reach into.
    fn end_of_tied(&self, start: usize) -> usize {
        let mut end = start + 1;
        let mut row = start;
        while row < end {
            let spots = self.rows.get(row).map_or(&[][..], Vec::as_slice);
            end = spots.iter().map(|spot| row + spot.rows).fold(end, usize::max);
            row += 1;
        }
        end.min(self.rows.len())
    }

    /// Rows that stay together, with their heights; nothing when a page does not hold them.
    fn tied(&self, start: usize, end: usize) -> Option<Vec<SetRow>> {
        let mut rows: Vec<SetRow> = (start..end).map(|row| self.set(row)).collect();
        for row in 0..rows.len() {
            let single = |cell: &SetCell| match cell.rows {
                1 => height(&cell.lines, LEADING),
                _ => LEADING,
            };
            let set = rows.get_mut(row)?;
            set.tall = set.cells.iter().map(single).fold(LEADING, f32::max) + 2.0 * ROW_PADDING;
        }
        // What a cell over several rows needs beyond them makes the last of them taller.
        for row in 0..rows.len() {
            let needs: Vec<(f32, usize)> = rows
                .get(row)?
                .cells
                .iter()
                .filter(|cell| cell.rows > 1)
                .map(|cell| (height(&cell.lines, LEADING) + 2.0 * ROW_PADDING, cell.rows))
                .collect();
            for (needed, over) in needs {
                let last = (row + over).min(rows.len()) - 1;
                let there: f32 = rows.get(row..=last)?.iter().map(|row| row.tall).sum();
                rows.get_mut(last)?.tall += (needed - there).max(0.0);
            }
        }
        Self::set_rules(&mut rows);
        (rows.iter().map(|row| row.tall).sum::<f32>() <= ROOM).then_some(rows)
    }

    /// A row by itself, as tall as its tallest cell.
    fn set(&self, row: usize) -> SetRow {
        let spots = self.rows.get(row).map_or(&[][..], Vec::as_slice);
        let cell = |spot: &Spot<'_>| {
            let style = if spot.is_header { STRONG } else { BODY };
            let text = spot.texts.join(" ");
            SetCell {
                x: self.x(spot.column),
                next: self.x(spot.column + spot.columns),
                lines: break_lines(&[Span { text: &text, style }], self.width(spot)),
                rows: spot.rows,
            }
        };
        let cells: Vec<_> = spots.iter().map(cell).collect();
        let tall = cells.iter().map(|cell| height(&cell.lines, LEADING)).fold(0.0, f32::max);
        SetRow { cells, tall: tall + 2.0 * ROW_PADDING, rules: vec![(0.0, COLUMN)] }
    }

    /// No rule is drawn through a cell that goes on below it.
    fn set_rules(rows: &mut [SetRow]) {
        let mut going_on: Vec<(f32, f32, usize)> = Vec::new();
        for row in rows {
            going_on.retain(|(_, _, left)| *left > 1);
            for (_, _, left) in &mut going_on {
                *left -= 1;
            }
            let over_rows = row.cells.iter().filter(|cell| cell.rows > 1);
            going_on.extend(over_rows.map(|cell| (cell.x, cell.next, cell.rows)));
            let mut covered: Vec<(f32, f32)> = going_on
                .iter()
                .filter(|(_, _, left)| *left > 1)
                .map(|(from, to, _)| (*from, *to))
                .collect();
            covered.sort_by(|one, other| one.0.total_cmp(&other.0));
            let mut rules = Vec::new();
            let mut at = 0.0_f32;
            for (from, to) in covered {
                if from > at {
                    rules.push((at, from - at - GUTTER / 2.0));
                }
                at = at.max(to);
            }
            if at < COLUMN {
                rules.push((at, COLUMN - at));
            }
            row.rules = rules;
        }
    }
}

/// The height of the caption of a table, its header, and the beginning of what follows.
pub(super) fn head_of(table: &Table) -> f32 {
    let grid = Grid::new(table);
    let header = grid.tied(0, grid.end_of_tied(0).max(table.header_rows)).unwrap_or_default();
    let header: f32 = header.iter().map(|row| row.tall).sum();
    4.0 * LEADING + header
}

impl<'a> Setter<'a> {
    pub(super) fn table(&mut self, table: &'a Table) {
        if let Some(caption) = &table.caption {
            self.flow.make_room(4.0 * LEADING);
            self.flow.space(4.0);
            let element = self.flow.element(Element::Paragraph);
            let span = Span { text: caption.as_str(), style: STRONG };
            let lines = break_lines(&[span], COLUMN);
            self.flow.paragraph(lines, MARGIN, LEADING, element);
        }
        let grid = Grid::new(table);
        let mut start = 0;
        while start < grid.rows.len() && !self.flow.is_full {
            let end = grid.end_of_tied(start);
            let tied = if end - start <= MAX_TIED { grid.tied(start, end) } else { None };
            if let Some(rows) = tied {
                self.rows(&grid, table, start, rows);
            } else {
                for row in start..end {
                    self.rows(&grid, table, row, vec![grid.set(row)]);
                }
            }
            start = end;
        }
        self.flow.space(6.0);
    }

    /// Rows on one page, if they fit on any, below the header of the table.
    fn rows(&mut self, grid: &Grid<'_>, table: &Table, start: usize, rows: Vec<SetRow>) {
        let is_header = start < table.header_rows;
        let tall: f32 = rows.iter().map(|row| row.tall).sum();
        let page = self.flow.page_index();
        self.flow.make_room(if is_header { (tall + 2.0 * LEADING).min(ROOM) } else { tall });
        if !is_header && table.header_rows > 0 && self.flow.page_index() > page {
            let header = grid.tied(0, table.header_rows).unwrap_or_default();
            let of_header: f32 = header.iter().map(|row| row.tall).sum();
            if of_header + tall <= ROOM {
                for row in header {
                    self.table_row(row, true);
                }
            }
        }
        for row in rows {
            self.table_row(row, is_header);
        }
    }

    fn table_row(&mut self, row: SetRow, is_header: bool) {
        let element = self.flow.element(Element::Paragraph);
        if row.tall > ROOM {
            for cell in row.cells {
                self.flow.paragraph(cell.lines, MARGIN + cell.x, LEADING, element);
            }
            return;
        }
        self.flow.advance(ROW_PADDING);
        for cell in row.cells {
            self.column(cell.lines, MARGIN + cell.x, element);
        }
        self.flow.advance(row.tall - ROW_PADDING);
        for (from, width) in row.rules {
            self.flow.rule(MARGIN + from, width, is_header);
        }
    }
}

/// Columns by what their longest cells need; where that is more than the page has, long ones are made
/// equally narrow, and short ones keep their width.
fn widths(rows: &[Vec<Spot<'_>>]) -> Vec<f32> {
    let end = |spot: &Spot<'_>| spot.column + spot.columns;
    let count = rows.iter().flatten().map(end).max().unwrap_or(1).clamp(1, MAX_COLUMNS);
    let needed = |spot: &Spot<'_>| {
        let span = Span { text: &spot.texts.join(" "), style: STRONG };
        let lines = break_lines(&[span], COLUMN);
        lines.iter().map(|line| line.width).fold(20.0, f32::max) + HAIR
    };
    let mut natural = vec![20.0_f32; count];
    let measured = || rows.iter().take(MEASURED_ROWS).flatten();
    for spot in measured().filter(|spot| spot.columns == 1) {
        if let Some(width) = natural.get_mut(spot.column) {
            *width = width.max(needed(spot));
        }
    }
    for spot in measured().filter(|spot| spot.columns > 1) {
        let of_spot = natural.iter_mut().skip(spot.column).take(spot.columns);
        let there = of_spot.map(|width| *width + GUTTER).sum::<f32>() - GUTTER;
        let columns = f32::from(u8::try_from(spot.columns).unwrap_or(u8::MAX));
        let more = (needed(spot) - there).max(0.0) / columns;
        natural.iter_mut().skip(spot.column).take(spot.columns).for_each(|width| *width += more);
    }
    let gutters: f32 = natural.iter().skip(1).map(|_| GUTTER).sum();
    let room = COLUMN - gutters;
    let sum: f32 = natural.iter().sum();
    if sum <= room {
        return natural;
    }
    // Each column has what it needs up to a share; what those leave that need less makes the share larger.
    let mut share = 0.0_f32;
    for _ in &natural {
        let narrow: f32 = natural.iter().filter(|width| **width <= share).sum();
        let wide: f32 = natural.iter().filter(|width| **width > share).map(|_| 1.0_f32).sum();
        share = share.max((room - narrow) / wide);
    }
    natural.iter().map(|width| width.min(share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Cell;
    use crate::web::Shown;

    fn cell(text: &str, columns: usize, rows: usize) -> Cell {
        Cell { text: Shown::lines(text), is_header: false, columns, rows }
    }

    fn table(rows: Vec<Vec<Cell>>) -> Table {
        Table { caption: None, header_rows: 0, rows }
    }

    fn places(table: &Table) -> Vec<Vec<(usize, usize)>> {
        let place = |spot: &Spot<'_>| (spot.column, spot.columns);
        Grid::new(table).rows.iter().map(|row| row.iter().map(place).collect()).collect()
    }

    #[test]
    fn cells_over_rows_push_those_below_aside() {
        let table = table(vec![
            vec![cell("a", 1, 2), cell("b", 2, 1)],
            vec![cell("c", 1, 1), cell("d", 1, 1)],
            vec![cell("e", 3, 1)],
        ]);
        assert_eq!(places(&table), [vec![(0, 1), (1, 2)], vec![(1, 1), (2, 1)], vec![(0, 3)]]);
        let grid = Grid::new(&table);
        assert_eq!((grid.end_of_tied(0), grid.end_of_tied(2)), (2, 3));
    }

    #[test]
    fn what_a_cell_over_rows_needs_makes_the_last_of_them_taller() {
        let table =
            table(vec![vec![cell("a\nb\nc\nd\ne", 1, 2), cell("1", 1, 1)], vec![cell("2", 1, 1)]]);
        let rows = Grid::new(&table).tied(0, 2).unwrap();
        let equal = |one: f32, other: f32| (one - other).abs() < 0.01;
        assert!(equal(rows[0].tall, LEADING + 2.0 * ROW_PADDING));
        assert!(equal(rows[0].tall + rows[1].tall, 5.0 * LEADING + 2.0 * ROW_PADDING));
        assert!(rows[0].rules[0].0 > 1.0 && equal(rows[1].rules[0].0, 0.0));
    }

    #[test]
    fn a_number_beside_a_long_text_stays_on_one_line() {
        let number = "12345678901234567890123";
        let long = "Parenchima polmonare senza addensamenti. ".repeat(30);
        let columns = [number, "sede", long.as_str(), number].map(|text| cell(text, 1, 1));
        let table = table(vec![columns.into()]);
        let grid = Grid::new(&table);
        let lines: Vec<usize> = grid.set(0).cells.iter().map(|cell| cell.lines.len()).collect();
        assert_eq!([lines[0], lines[1], lines[3]], [1, 1, 1]);
        // The numbers need more than a fourth of the room, and together the columns fill it.
        let room = COLUMN - 3.0 * GUTTER;
        assert!(grid.widths[0] > room / 4.0, "{:?}", grid.widths);
        assert!((grid.widths.iter().sum::<f32>() - room).abs() < 0.1, "{:?}", grid.widths);
    }

    #[test]
    fn long_columns_are_equally_wide() {
        let long = "Parenchima polmonare senza addensamenti. ".repeat(30);
        let columns = [long.as_str(); 12].map(|text| cell(text, 1, 1));
        let grid_of = table(vec![columns.into()]);
        let widths = Grid::new(&grid_of).widths;
        assert!(widths.iter().all(|width| (width - widths[0]).abs() < 0.01), "{widths:?}");
    }

    #[test]
    fn no_span_leaves_the_page_and_no_text_is_lost() {
        let many: Vec<Cell> = (0..40).map(|_| cell("x", 7, 1)).collect();
        let table = table(vec![vec![cell("all", 1000, 1000)], many]);
        let grid = Grid::new(&table);
        let texts = grid.rows.iter().flatten().map(|spot| spot.texts.len()).sum::<usize>();
        assert_eq!(texts, 41);
        let right = |spot: &Spot<'_>| grid.x(spot.column) + grid.width(spot);
        assert!(grid.rows.iter().flatten().all(|spot| right(spot) <= COLUMN + 0.1));
    }
}
