//! A small table with every cell as text, from CSV or Parquet.

use super::Column;
use crate::Error;
use crate::output::sha256;
use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// The most rows an input table may have: far above any country, below what fills memory.
const MOST_ROWS: usize = 1_000_000;
/// The most bytes an input file may have.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// The most bytes a cell may have.
const MOST_CELL_BYTES: usize = 4096;

/// A table of text cells; an absent or empty cell is `None`.
#[derive(Debug)]
pub(super) struct TextTable {
    /// The file as people know it.
    pub(super) label: String,
    pub(super) sha256: String,
    /// What a row number counts: lines of a CSV file, rows of a Parquet file.
    counted: &'static str,
    header: Vec<String>,
    pub(super) rows: Vec<TextRow>,
}

/// A row with its number in the file, from 1.
#[derive(Debug)]
pub(super) struct TextRow {
    pub(super) number: u64,
    cells: Vec<Option<String>>,
}

impl TextTable {
    /// Reads a file by its extension, `csv` or `parquet`.
    pub(super) fn open(path: &Path, columns: &[Column]) -> Result<Self, Error> {
        let cannot = |error| Error::file(path, "read it", &error);
        let length = std::fs::metadata(path).map_err(cannot)?.len();
        if length > MOST_BYTES {
            let problem =
                format!("the file has {length} bytes; an input table has at most {MOST_BYTES}");
            return Err(Error::input(path.display(), problem));
        }
        let bytes = std::fs::read(path).map_err(cannot)?;
        if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            Self::from_parquet(path, sha256(&bytes), columns)
        } else {
            Self::from_csv(&path.display().to_string(), &bytes, columns)
        }
    }

    /// Reads UTF-8 CSV with a heading row.
    pub(super) fn from_csv(label: &str, bytes: &[u8], columns: &[Column]) -> Result<Self, Error> {
        let content = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut reader = csv::Reader::from_reader(content);
        let header = reader.headers().map_err(|error| csv_error(label, &error))?;
        let mut table = Self {
            label: label.to_owned(),
            sha256: sha256(bytes),
            counted: "line",
            header: header.iter().map(str::to_owned).collect(),
            rows: Vec::new(),
        };
        table.check_header(columns)?;
        for record in reader.records() {
            let record = record.map_err(|error| csv_error(label, &error))?;
            let cells = record.iter().map(|cell| cell.to_owned().into()).collect();
            table.push(record.position().map_or(0, csv::Position::line), cells)?;
        }
        Ok(table)
    }

    /// Reads Parquet, every column cast to text.
    fn from_parquet(path: &Path, sha256: String, columns: &[Column]) -> Result<Self, Error> {
        let unreadable = |error: parquet::errors::ParquetError| {
            let problem = format!("this is not a readable Parquet file: {error}.");
            Error::input(path.display(), problem)
        };
        let file = File::open(path).map_err(|error| Error::file(path, "open it", &error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
        let mut table = Self {
            label: path.display().to_string(),
            sha256,
            counted: "row",
            header: names(builder.schema()),
            rows: Vec::new(),
        };
        table.check_header(columns)?;
        table.check_types(builder.schema())?;
        for batch in builder.build().map_err(unreadable)? {
            let batch = batch.map_err(|error| unreadable(error.into()))?;
            table.push_batch(&batch)?;
        }
        Ok(table)
    }

    fn push_batch(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let texts = batch.columns().iter().map(as_text);
        let texts: Vec<StringArray> = texts
            .collect::<Result<_, _>>()
            .map_err(|error| Error::input(&self.label, format!("{error}.")))?;
        for row in 0..batch.num_rows() {
            let cell = |text: &StringArray| text.is_valid(row).then(|| text.value(row).to_owned());
            let number = self.rows.len() as u64 + 1;
            self.push(number, texts.iter().map(cell).collect())?;
        }
        Ok(())
    }

    fn push(&mut self, number: u64, cells: Vec<Option<String>>) -> Result<(), Error> {
        if self.rows.len() == MOST_ROWS {
            let problem = format!("the table has more than {MOST_ROWS} rows.");
            return Err(Error::input(&self.label, problem));
        }
        let mut kept = Vec::with_capacity(cells.len());
        for (index, cell) in cells.into_iter().enumerate() {
            let cell = cell.filter(|text| !text.is_empty());
            if cell
                .as_ref()
                .is_some_and(|text| text.len() > MOST_CELL_BYTES)
            {
                let place = self.place(number, &self.header[index]);
                let problem = format!("the value has more than {MOST_CELL_BYTES} bytes.");
                return Err(Error::input(place, problem));
            }
            kept.push(cell);
        }
        self.rows.push(TextRow {
            number,
            cells: kept,
        });
        Ok(())
    }

    /// Refuses a heading with a missing, repeated or unknown column.
    fn check_header(&self, columns: &[Column]) -> Result<(), Error> {
        for column in columns.iter().filter(|column| column.is_required) {
            if !self.header.iter().any(|name| name == column.name) {
                let problem = format!("the column {} is missing.", column.name);
                let error = Error::input(&self.label, problem);
                return Err(error.with_hint(format!("Add it; the table has {}.", list(columns))));
            }
        }
        for (index, name) in self.header.iter().enumerate() {
            let problem = if self.header[..index].contains(name) {
                format!("the column {name} is there twice.")
            } else if !columns.iter().any(|column| column.name == name) {
                format!("no such column is known: {name:?}.")
            } else {
                continue;
            };
            let hint = format!("Take it out or rename it; the table has {}.", list(columns));
            return Err(Error::input(&self.label, problem).with_hint(hint));
        }
        Ok(())
    }

    /// Refuses columns of binary floating-point numbers: their text is not what was meant.
    fn check_types(&self, schema: &Schema) -> Result<(), Error> {
        let is_float = |kind: &DataType| kind.is_floating();
        match schema
            .fields()
            .iter()
            .find(|field| is_float(field.data_type()))
        {
            None => Ok(()),
            Some(field) => {
                let place = format!("{}, column {}", self.label, field.name());
                let problem = format!("{} cannot hold exact amounts.", field.data_type());
                let hint = "Write the column as a decimal or as text.";
                Err(Error::input(place, problem).with_hint(hint))
            }
        }
    }

    /// The text of a cell; `None` when it is empty or the file lacks the column.
    pub(super) fn cell<'a>(&self, row: &'a TextRow, column: &str) -> Option<&'a str> {
        let index = self.header.iter().position(|name| name == column)?;
        row.cells[index].as_deref()
    }

    /// File, line or row, and column.
    pub(super) fn place(&self, number: u64, column: &str) -> String {
        format!("{}, {} {number}, {column}", self.label, self.counted)
    }

    /// An error about one cell.
    pub(super) fn wrong(
        &self,
        row: &TextRow,
        column: &str,
        problem: impl std::fmt::Display,
    ) -> Error {
        Error::input(self.place(row.number, column), problem)
    }

    /// A row as messages name it, such as `line 3`.
    pub(super) fn row_name(&self, number: u64) -> String {
        format!("{} {number}", self.counted)
    }
}

fn list(columns: &[Column]) -> String {
    let names = columns.iter().map(|column| match column.is_required {
        true => column.name.to_owned(),
        false => format!("{} (optional)", column.name),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn names(schema: &Schema) -> Vec<String> {
    schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect()
}

fn as_text(column: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    let text = cast(column, &DataType::Utf8)?;
    Ok(StringArray::from(text.to_data()))
}

fn csv_error(label: &str, error: &csv::Error) -> Error {
    let line = error
        .position()
        .map(|position| format!(", line {}", position.line()));
    let place = format!("{label}{}", line.unwrap_or_default());
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => {
            Error::input(place, "the text is not UTF-8.").with_hint("Save the file as UTF-8.")
        }
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => Error::input(
            place,
            format!("the row has {len} cells, the heading has {expected_len}."),
        )
        .with_hint("Look for a missing or unquoted comma."),
        _ => Error::input(place, error),
    }
}
