//! Sheets as tables of facts, with columns found by their header.

use super::super::table::{FactRow, FactTable, Numbering};
use super::{SHEETS, Sheet, Workbook};
use crate::error::{Error, Place};
use crate::load::PlanProblem;
use std::borrow::Cow;

/// A column of a sheet.
#[derive(Clone, Copy)]
pub(super) struct Column {
    name: &'static str,
    /// What else it may be called, in lower case.
    others: &'static [&'static str],
    is_optional: bool,
}

impl Column {
    pub(super) const fn new(name: &'static str, others: &'static [&'static str]) -> Self {
        Self {
            name,
            others,
            is_optional: false,
        }
    }

    pub(super) const fn optional(name: &'static str, others: &'static [&'static str]) -> Self {
        Self {
            name,
            others,
            is_optional: true,
        }
    }

    fn is_called(&self, header: &str) -> bool {
        let header = header.trim().to_lowercase();
        header == self.name || self.others.contains(&header.as_str())
    }
}

/// The sheets of a workbook.
#[derive(Clone, Copy)]
pub(super) struct Sheets<'w> {
    pub(super) workbook: &'w Workbook,
}

impl Sheets<'_> {
    /// What messages call a sheet.
    pub(super) fn name_of(&self, sheet: &str) -> String {
        format!("{}, sheet {sheet}", self.workbook.label)
    }

    fn find(&self, name: &str) -> Option<&Sheet> {
        let mut sheets = self.workbook.sheets.iter();
        sheets.find(|sheet| sheet.name.trim().eq_ignore_ascii_case(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The rows of a sheet with these columns; cells are trimmed, empty rows left out.
    pub(super) fn table<const N: usize>(
        &self,
        name: &str,
        columns: &[Column; N],
    ) -> Result<FactTable<N>, Error> {
        let file = self.name_of(name);
        let sheet = self.find(name).ok_or_else(|| {
            let sheets = SHEETS.join(", ");
            PlanProblem::SheetMissing { sheets }.at(Place {
                file: file.clone(),
                ..Place::default()
            })
        })?;
        let mut rows =
            (sheet.rows.iter()).filter(|row| row.cells.iter().any(|cell| !cell.trim().is_empty()));
        let (number, header) = rows
            .next()
            .map_or((1, [].as_slice()), |row| (row.number, row.cells.as_slice()));
        let at = |column: &str| Numbering::Rows.place(file.clone(), number, Some(column));
        let mut positions = [None; N];
        for (position, column) in positions.iter_mut().zip(columns) {
            *position = find_column(header, column, columns)
                .map_err(|problem| problem.at(at(column.name)))?;
        }
        let header_of = |index: usize| match positions[index] {
            Some(position) => Cow::Owned(header[position].trim().to_owned()),
            None => Cow::Borrowed(columns[index].name),
        };
        let cell = |cells: &[String], position: Option<usize>| {
            let cell = position.and_then(|position| cells.get(position));
            cell.map(|cell| cell.trim().to_owned()).unwrap_or_default()
        };
        Ok(FactTable {
            numbering: Numbering::Rows,
            columns: std::array::from_fn(header_of),
            rows: rows
                .map(|row| FactRow {
                    line: row.number,
                    cells: positions.map(|position| cell(&row.cells, position)),
                })
                .collect(),
            name: file.clone(),
        })
    }
}

/// The position of a column in the header; `None` for one that may be missing and is.
fn find_column(
    header: &[String],
    column: &Column,
    all: &[Column],
) -> Result<Option<usize>, PlanProblem> {
    let mut found = (0..header.len()).filter(|at| column.is_called(&header[*at]));
    let first = found.next();
    if found.next().is_some() {
        return Err(PlanProblem::RepeatedColumn);
    }
    if first.is_none() && !column.is_optional {
        let names: Vec<&str> = all.iter().map(|column| column.name).collect();
        let columns = names.join(", ");
        return Err(PlanProblem::MissingColumn { columns });
    }
    Ok(first)
}

impl<const N: usize> FactTable<N> {
    /// The cell, which may not be empty.
    pub(super) fn filled<'r>(&self, row: &'r FactRow<N>, column: usize) -> Result<&'r str, Error> {
        let cell = row.cells[column].as_str();
        if cell.is_empty() {
            return Err(self.error(row.line, column, PlanProblem::EmptyCell));
        }
        Ok(cell)
    }
}
