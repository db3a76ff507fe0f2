//! The CSV tables of payment units: dated rows, each with its source.

use super::problem::UnitProblem;
use super::shapes::{Form, SHAPES, Shape};
use crate::error::{Error, Place};
use crate::files::FileSet;
use crate::policy::numbers::number;
use crate::policy::problem::PolicyProblem;
use crate::policy::sources::Sources;
use csv::{ReaderBuilder, StringRecord};
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The columns that every table ends with.
const DATED: [&str; 4] = ["from", "until", "source", "note"];

/// A cell as read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Text(String),
    Number(Decimal),
}

/// A row of a table.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Row {
    cells: Vec<Cell>,
    pub(super) from: Date,
    pub(super) until: Option<Date>,
    pub(super) source: String,
    pub(super) note: Option<String>,
    pub(super) line: u64,
}

impl Row {
    /// The text of a column; the columns stand in the order of the shape.
    pub(super) fn text(&self, column: usize) -> &str {
        match &self.cells[column] {
            Cell::Text(text) => text,
            Cell::Number(_) => unreachable!("the column was read as text"),
        }
    }

    /// The number of a column.
    pub(super) fn number(&self, column: usize) -> Decimal {
        match &self.cells[column] {
            Cell::Number(number) => *number,
            Cell::Text(_) => unreachable!("the column was read as a number"),
        }
    }

    pub(super) fn holds_on(&self, date: Date) -> bool {
        self.from <= date && self.until.is_none_or(|until| date <= until)
    }

    /// The row in words, such as `care rehabilitation, first_day 1, yuan_per_day 400`.
    pub(super) fn in_words(&self, shape: &Shape) -> String {
        let named = shape.columns.iter().zip(&self.cells);
        let cell = |(&(name, _), cell): (&(&str, Form), &Cell)| match cell {
            Cell::Text(text) if text.is_empty() => None,
            Cell::Text(text) => Some(format!("{name} {text}")),
            Cell::Number(number) => Some(format!("{name} {}", number.normalize())),
        };
        named.filter_map(cell).collect::<Vec<_>>().join(", ")
    }
}

/// A table with its rows, in the order of the file.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Table {
    pub(in crate::policy) shape: &'static Shape,
    /// What messages call it.
    pub(super) file: String,
    pub(super) rows: Vec<Row>,
}

/// Reads the tables in a folder of units.
pub(super) fn load(files: &FileSet, folder: &str, sources: &Sources) -> Result<Vec<Table>, Error> {
    let mut tables = Vec::new();
    for path in files.paths() {
        let Some(name) = path.strip_prefix(folder) else {
            continue;
        };
        if name.ends_with(".toml") {
            continue;
        }
        let shape = SHAPES.into_iter().find(|shape| shape.file == name);
        let file = files.name_of(path);
        let Some(shape) = shape else {
            let names: Vec<&str> = SHAPES.iter().map(|shape| shape.file).collect();
            let tables = names.join(", ");
            return Err(error(&file, None, "", UnitProblem::UnknownFile { tables }));
        };
        let text = crate::policy::source::Source::text_of(files, path)?;
        let reader = TableReader {
            shape,
            file: &file,
            sources,
        };
        let rows = reader.rows(text)?;
        tables.push(Table { shape, file, rows });
    }
    Ok(tables)
}

pub(super) fn error(
    file: &str,
    line: Option<u64>,
    field: &str,
    problem: impl Into<PolicyProblem>,
) -> Error {
    Error {
        place: Place {
            file: file.to_owned(),
            line,
            field: (!field.is_empty()).then(|| field.to_owned()),
        },
        problem: problem.into().into(),
    }
}

struct TableReader<'t> {
    shape: &'static Shape,
    file: &'t str,
    sources: &'t Sources,
}

impl TableReader<'_> {
    fn rows(&self, text: &str) -> Result<Vec<Row>, Error> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut header = None;
        let mut rows: Vec<Row> = Vec::new();
        for record in reader.records() {
            let record = record.expect("the text is UTF-8 and rows may have any length");
            let line = record.position().map_or(1, csv::Position::line);
            match &header {
                None => header = Some(self.header(&record, line)?),
                Some(header) => rows.push(self.row(header, &record, line)?),
            }
        }
        if header.is_none() {
            self.header(&StringRecord::new(), 1)?;
        }
        self.check_overlaps(&rows)?;
        Ok(rows)
    }

    fn names(&self) -> Vec<&'static str> {
        let own = self.shape.columns.iter().map(|(name, _)| *name);
        own.chain(DATED).collect()
    }

    /// Where each column stands.
    fn header(
        &self,
        record: &StringRecord,
        line: u64,
    ) -> Result<BTreeMap<&'static str, usize>, Error> {
        let names = self.names();
        let columns = || names.join(", ");
        let mut found = BTreeMap::new();
        for (index, column) in record.iter().enumerate() {
            let Some(name) = names.iter().find(|name| **name == column) else {
                let column = column.to_owned();
                let columns = columns();
                let problem = UnitProblem::UnknownColumn { column, columns };
                return Err(self.error(line, "", problem));
            };
            if found.insert(*name, index).is_some() {
                let column = column.to_owned();
                return Err(self.error(line, "", UnitProblem::ColumnTwice { column }));
            }
        }
        match names.iter().find(|name| !found.contains_key(**name)) {
            None => Ok(found),
            Some(&column) => {
                let columns = columns();
                Err(self.error(line, "", UnitProblem::MissingColumn { column, columns }))
            }
        }
    }

    fn row(
        &self,
        header: &BTreeMap<&'static str, usize>,
        record: &StringRecord,
        line: u64,
    ) -> Result<Row, Error> {
        let (found, expected) = (record.len(), header.len());
        if found != expected {
            let problem = UnitProblem::CellCount { found, expected };
            return Err(self.error(line, "", problem));
        }
        let text = |name: &str| &record[header[name]];
        let cell = |(name, form): &(&'static str, Form)| self.cell(name, *form, text(name), line);
        let cells = self
            .shape
            .columns
            .iter()
            .map(cell)
            .collect::<Result<_, _>>()?;
        let from = self.required_date("from", text("from"), line)?;
        let until = self.date("until", text("until"), line)?;
        if let Some(until) = until.filter(|until| *until < from) {
            let problem = PolicyProblem::UntilBeforeFrom { from, until };
            return Err(self.error(line, "until", problem));
        }
        let note = text("note");
        Ok(Row {
            cells,
            from,
            until,
            source: self.source(text("source"), line)?,
            note: (!note.is_empty()).then(|| note.to_owned()),
            line,
        })
    }

    fn cell(&self, name: &str, form: Form, text: &str, line: u64) -> Result<Cell, Error> {
        if text.is_empty() && !matches!(form, Form::OptionalKey) {
            return Err(self.error(line, name, UnitProblem::CellEmpty));
        }
        match form {
            Form::Key | Form::OptionalKey | Form::Text => Ok(Cell::Text(text.to_owned())),
            Form::NumberKey(numeric) | Form::Number(numeric) => number(text, numeric)
                .map(Cell::Number)
                .map_err(|problem| self.error(line, name, problem)),
        }
    }

    fn date(&self, name: &str, text: &str, line: u64) -> Result<Option<Date>, Error> {
        if text.is_empty() {
            return Ok(None);
        }
        let is_plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = text.parse().ok().filter(|_| is_plain);
        date.map(Some).ok_or_else(|| {
            let text = text.to_owned();
            self.error(line, name, PolicyProblem::NotADate { text })
        })
    }

    fn required_date(&self, name: &str, text: &str, line: u64) -> Result<Date, Error> {
        let date = self.date(name, text, line)?;
        date.ok_or_else(|| self.error(line, name, UnitProblem::CellEmpty))
    }

    fn source(&self, key: &str, line: u64) -> Result<String, Error> {
        let sources = self.sources.file.clone();
        if key.is_empty() {
            return Err(self.error(line, "source", PolicyProblem::SourceMissing { sources }));
        }
        let source_key = key.to_owned();
        if self.sources.find(key).is_none() {
            let problem = PolicyProblem::SourceUnknown {
                source_key,
                sources,
            };
            return Err(self.error(line, "source", problem));
        }
        Ok(source_key)
    }

    /// Rows about the same thing must not hold on the same day.
    fn check_overlaps(&self, rows: &[Row]) -> Result<(), Error> {
        let mut by_key: BTreeMap<Vec<&Cell>, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            by_key.entry(self.key_of(row)).or_default().push(row);
        }
        for (key, rows) in &mut by_key {
            rows.sort_by_key(|row| (row.from, row.line));
            for pair in rows.windows(2) {
                let (earlier, later) = (pair[0], pair[1]);
                if earlier.until.is_none_or(|until| later.from <= until) {
                    let problem = UnitProblem::RowsOverlap {
                        key: in_words(key),
                        from: later.from,
                        other_line: earlier.line,
                    };
                    return Err(self.error(later.line, "", problem));
                }
            }
        }
        Ok(())
    }

    fn key_of<'r>(&self, row: &'r Row) -> Vec<&'r Cell> {
        let columns = self.shape.columns.iter().zip(&row.cells);
        let keys = columns.filter(|((_, form), _)| {
            matches!(form, Form::Key | Form::OptionalKey | Form::NumberKey(_))
        });
        keys.map(|(_, cell)| cell).collect()
    }

    fn error(&self, line: u64, field: &str, problem: impl Into<PolicyProblem>) -> Error {
        error(self.file, Some(line), field, problem)
    }
}

fn in_words(key: &[&Cell]) -> String {
    let texts = key.iter().filter_map(|cell| match cell {
        Cell::Text(text) if text.is_empty() => None,
        Cell::Text(text) => Some(text.clone()),
        Cell::Number(number) => Some(number.normalize().to_string()),
    });
    texts.collect::<Vec<_>>().join(", ")
}
