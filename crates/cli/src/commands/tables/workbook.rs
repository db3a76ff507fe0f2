//! Reads the workbook that `drgdip tables import` takes.
//!
//! Only the sheets that an import looks at are read, cell by cell, and what they may hold is
//! limited before it is kept: a sheet can state any position for a cell, however small the file.

use crate::fail::Failure;
use crate::workbook::sentence;
use calamine::{CellErrorType, DataRef, Reader, Xlsx, XlsxError, open_workbook};
use drgdip_batch::{Class, Error};
use drgdip_tables::import::workbook::SHEETS;
use drgdip_tables::import::{Sheet, SheetRow, Workbook};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// The most rows of a sheet; a national list has under 100,000.
const MAX_ROWS: u32 = 1_000_000;
/// Columns to the right of this one are not looked at.
const MAX_COLUMNS: u32 = 64;
/// The most cells of all sheets, with the empty ones to the left of a filled one.
const MAX_CELLS: usize = 16_000_000;

/// The sheets of a workbook as texts.
pub(super) fn read(path: &Path) -> Result<Workbook, Failure> {
    let size =
        fs::metadata(path).map_err(|error| Error::file(path, "read the workbook", &error))?;
    if size.len() > MAX_FILE_BYTES {
        let (bytes, most) = (size.len(), MAX_FILE_BYTES);
        let problem = format!("the workbook has {bytes} bytes; at most {most} are read");
        return Err(unusable(path.display(), problem));
    }
    let mut file: Xlsx<BufReader<File>> =
        open_workbook(path).map_err(|error| broken(path, &error))?;
    let mut cells = 0;
    let mut workbook = Workbook {
        label: path.display().to_string(),
        sheets: Vec::new(),
    };
    for name in file.sheet_names() {
        let is_read = SHEETS
            .iter()
            .any(|sheet| name.trim().eq_ignore_ascii_case(sheet));
        if is_read {
            let place = format!("{}, sheet {name}", path.display());
            let rows = read_sheet(&mut file, &name, (&place, &mut cells))?;
            workbook.sheets.push(Sheet { name, rows });
        }
    }
    Ok(workbook)
}

fn read_sheet(
    file: &mut Xlsx<BufReader<File>>,
    name: &str,
    (place, count): (&str, &mut usize),
) -> Result<Vec<SheetRow>, Failure> {
    let faulty = |error: XlsxError| unusable(place, sentence(&error));
    let mut reader = file.worksheet_cells_reader(name).map_err(faulty)?;
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    while let Some(cell) = reader.next_cell().map_err(faulty)? {
        let (row, column) = cell.get_position();
        let text = text_of(cell.get_value()).map_err(|error| {
            let place = format!("{place}, row {}, column {}", row + 1, column + 1);
            let problem = format!("the cell holds the error {error}; mend its formula");
            unusable(place, problem)
        })?;
        if text.is_empty() || column >= MAX_COLUMNS {
            continue;
        }
        if row >= MAX_ROWS {
            let problem = format!("the sheet has more than {MAX_ROWS} rows");
            return Err(unusable(place, problem));
        }
        let cells = rows.entry(row).or_default();
        let at = column as usize;
        *count += (at + 1).saturating_sub(cells.len());
        if *count > MAX_CELLS {
            let problem = format!("the workbook has more than {MAX_CELLS} cells");
            return Err(unusable(place, problem));
        }
        if cells.len() <= at {
            cells.resize(at + 1, String::new());
        }
        cells[at] = text;
    }
    let rows = rows.into_iter().map(|(row, cells)| SheetRow {
        number: u64::from(row) + 1,
        cells,
    });
    Ok(rows.collect())
}

/// A cell as the text that a person sees in it, without number formats.
fn text_of(value: &DataRef<'_>) -> Result<String, CellErrorType> {
    Ok(match value {
        DataRef::Int(number) => number.to_string(),
        // Shortest decimal text; a whole number has no point.
        DataRef::Float(number) => number.to_string(),
        DataRef::DateTime(date) => date.as_f64().to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim().to_owned()
        }
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(is_true) => is_true.to_string(),
        DataRef::Error(error) => return Err(error.clone()),
        DataRef::Empty => String::new(),
    })
}

fn broken(path: &Path, error: &XlsxError) -> Failure {
    unusable(path.display(), sentence(error))
}

fn unusable(place: impl std::fmt::Display, problem: impl std::fmt::Display) -> Failure {
    let hint = "Save the workbook again as .xlsx with the sheets of a grouping plan.";
    Error::new(Class::Table, place, problem, hint).into()
}
