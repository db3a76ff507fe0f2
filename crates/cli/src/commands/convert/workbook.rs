//! The rows of one sheet of a workbook, cell by cell, so that a sheet is never in memory as a
//! whole.

use crate::workbook;
use calamine::{Cell, DataRef, Reader, XlsxCellReader};
use drgdip_batch::{Error, TextRows};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// The most columns that a sheet can have by the format.
const MAX_COLUMNS: u32 = 16_384;

/// Opens a sheet and hands its name and rows to `work`.
pub(super) fn with_rows<T>(
    path: &Path,
    sheet: Option<&str>,
    work: impl FnOnce(String, &mut dyn TextRows) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut file = workbook::open(path)?;
    let names = file.sheet_names();
    let name = match sheet {
        Some(sheet) => names.iter().find(|name| name.trim() == sheet.trim()),
        None => names.first(),
    };
    let Some(name) = name.cloned() else {
        let problem = format!(
            "the workbook has no such sheet; it has {}.",
            names.join(", ")
        );
        return Err(Error::input(path.display(), problem).with_hint("Name one with --sheet."));
    };
    let place = format!("{}, sheet {name}", path.display());
    let cells = file
        .worksheet_cells_reader(&name)
        .map_err(|error| workbook::broken(&place, &error))?;
    let mut rows = SheetRows {
        place: place.clone(),
        cells,
        ahead: None,
        is_started: false,
        is_done: false,
    };
    work(place, &mut rows)
}

struct SheetRows<'a> {
    place: String,
    cells: XlsxCellReader<'a, BufReader<File>>,
    /// The first cell of the next row: row and column from 0, and text.
    ahead: Option<(u32, u32, String)>,
    is_started: bool,
    /// The reader must not be asked again after the last cell.
    is_done: bool,
}

impl SheetRows<'_> {
    /// The next cell that is not empty.
    fn next_cell(&mut self) -> Result<Option<(u32, u32, String)>, Error> {
        while !self.is_done {
            let place = &self.place;
            let next = self.cells.next_cell();
            let Some(cell) = next.map_err(|error| workbook::broken(place, &error))? else {
                self.is_done = true;
                break;
            };
            let (row, column) = cell.get_position();
            let place = || format!("{place}, row {}, column {}", row + 1, column + 1);
            if column >= MAX_COLUMNS {
                return Err(Error::input(place(), "a sheet has no such column."));
            }
            let text = text_of(&cell);
            if !text.is_empty() {
                return Ok(Some((row, column, text)));
            }
        }
        Ok(None)
    }
}

impl TextRows for SheetRows<'_> {
    fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>, Error> {
        // A row that is shorter than the header lacks only empty cells.
        let width = if self.is_started { cells.len() } else { 0 };
        self.is_started = true;
        let first = match self.ahead.take() {
            Some(cell) => Some(cell),
            None => self.next_cell()?,
        };
        let Some((row, mut column, mut text)) = first else {
            return Ok(None);
        };
        cells.clear();
        cells.resize(width, String::new());
        loop {
            let at = column as usize;
            if cells.len() <= at {
                cells.resize(at + 1, String::new());
            }
            cells[at] = text;
            match self.next_cell()? {
                Some(cell) if cell.0 == row => (column, text) = (cell.1, cell.2),
                Some(cell) if cell.0 < row => {
                    let place = format!("{}, row {}", self.place, cell.0 + 1);
                    let problem = "the rows of the sheet are not in order.";
                    return Err(Error::input(place, problem).with_hint("Save the workbook again."));
                }
                later => {
                    self.ahead = later;
                    break;
                }
            }
        }
        Ok(Some(u64::from(row) + 1))
    }
}

/// A cell as the text that a person would write for it, or sees in it.
fn text_of(cell: &Cell<DataRef<'_>>) -> String {
    match cell.get_value() {
        DataRef::Int(number) => number.to_string(),
        // Shortest decimal text; a whole number has no point.
        DataRef::Float(number) => number.to_string(),
        DataRef::DateTime(date) if date.is_datetime() => {
            let moment = date.to_ymd_hms_milli();
            let (year, month, day, hour, minute, second, _) = moment;
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
            }
        }
        DataRef::DateTime(date) => date.as_f64().to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim().to_owned()
        }
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(is_true) => is_true.to_string(),
        // What the formula of the cell shows in place of a result, such as #DIV/0!.
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}
