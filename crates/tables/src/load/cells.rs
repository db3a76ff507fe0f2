//! The small tables (MDCs, ADRGs, groups, weights): rows of cells by a key, changed by overlays.
//!
//! Cells stay text, each with the row that states it, until the plan is whole: an overlay may
//! replace one cell of a row, and a fault is then reported where that cell was written.

use super::problem::PlanProblem;
use super::rows::{Change, Row, TableFile};
use crate::error::{Error, Place, Warning, WarningLevel};
use crate::plan::RowRef;
use std::collections::{BTreeMap, BTreeSet};

/// What an overlay writes into a cell to make it empty; an empty cell keeps what the base says.
const EMPTIES: &str = "-";

/// A cell and the row that states it.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) row: RowRef,
}

/// What a table is made of.
pub(super) struct Shape<const N: usize> {
    pub(super) columns: [&'static str; N],
    /// The column that tells rows apart.
    pub(super) key: usize,
    /// What a row is, for messages, such as "the ADRG".
    pub(super) what: &'static str,
}

/// Rows by their key.
pub(super) struct CellTable<const N: usize> {
    pub(super) shape: &'static Shape<N>,
    pub(super) rows: BTreeMap<String, CellRow<N>>,
    /// The keys that the current layer removed.
    pub(super) removed: BTreeSet<String>,
}

/// A row; `last` is the latest row that states any of its cells.
#[derive(Clone, Debug)]
pub(super) struct CellRow<const N: usize> {
    pub(super) cells: [Cell; N],
    pub(super) last: RowRef,
}

/// The layer that is being read.
pub(crate) struct Layer<'d> {
    /// The files of the plan so far.
    pub(crate) files: &'d [String],
    /// The index of the layer's first file.
    pub(crate) first_file: u16,
    pub(crate) warnings: &'d mut Vec<Warning>,
}

impl Layer<'_> {
    pub(crate) fn place(&self, row: RowRef) -> Place {
        place(self.files, row)
    }

    pub(crate) fn warn_of_repeat(&mut self, row: RowRef, first: RowRef) {
        let message = format!(
            "The row says the same as {}; remove one of them.",
            self.place(first)
        );
        let place = self.place(row);
        self.warnings.push(Warning {
            code: "duplicate_row",
            level: WarningLevel::Warning,
            subjects: vec![place.to_string()],
            place,
            message,
        });
    }
}

pub(crate) fn place(files: &[String], row: RowRef) -> Place {
    Place {
        file: files[usize::from(row.file)].clone(),
        line: Some(row.line.into()),
        field: None,
    }
}

impl<const N: usize> CellTable<N> {
    pub(super) fn new(shape: &'static Shape<N>) -> Self {
        Self {
            shape,
            rows: BTreeMap::new(),
            removed: BTreeSet::new(),
        }
    }

    /// Applies a file of a layer: removals first, then replacements, then additions.
    pub(super) fn apply(
        &mut self,
        file: &TableFile<'_>,
        layer: &mut Layer<'_>,
    ) -> Result<(), Error> {
        let columns = &self.shape.columns;
        file.each_row(columns, Change::Remove, |row| self.remove(row))?;
        file.each_row(columns, Change::Replace, |row| self.replace(row, layer))?;
        file.each_row(columns, Change::Add, |row| self.add(row, layer))
    }

    fn remove(&mut self, row: &Row<'_, N>) -> Result<(), Error> {
        let key = row.required(self.shape.key)?;
        row.only(&[self.shape.key], self.shape.columns[self.shape.key])?;
        if self.rows.remove(key).is_none() {
            return Err(self.not_there(row, key));
        }
        self.removed.insert(key.to_owned());
        Ok(())
    }

    fn replace(&mut self, row: &Row<'_, N>, layer: &Layer<'_>) -> Result<(), Error> {
        let key = row.required(self.shape.key)?;
        let Some(old) = self.rows.get_mut(key) else {
            return Err(self.not_there(row, key));
        };
        if old.last.file >= layer.first_file {
            let first = layer.place(old.last);
            let problem = PlanProblem::Duplicate {
                what: self.shape.what,
                code: key.to_owned(),
                first,
            };
            return Err(row.error(self.shape.key, problem));
        }
        old.last = row.at;
        for (old, new) in old.cells.iter_mut().zip(row.cells) {
            if !new.is_empty() {
                let text = if new == EMPTIES {
                    String::new()
                } else {
                    new.to_owned()
                };
                *old = Cell { text, row: row.at };
            }
        }
        Ok(())
    }

    fn add(&mut self, row: &Row<'_, N>, layer: &mut Layer<'_>) -> Result<(), Error> {
        let key = row.required(self.shape.key)?;
        let Some(old) = self.rows.get(key) else {
            let cells = row.cells.map(|text| Cell {
                text: text.to_owned(),
                row: row.at,
            });
            self.rows.insert(
                key.to_owned(),
                CellRow {
                    cells,
                    last: row.at,
                },
            );
            return Ok(());
        };
        let (what, code) = (self.shape.what, key.to_owned());
        if old.last.file < layer.first_file {
            return Err(row.error(self.shape.key, PlanProblem::AlreadyThere { what, code }));
        }
        let says_the_same = old
            .cells
            .iter()
            .zip(row.cells)
            .all(|(old, new)| old.text == new);
        if !says_the_same {
            let first = layer.place(old.last);
            let problem = PlanProblem::Duplicate { what, code, first };
            return Err(row.error(self.shape.key, problem));
        }
        layer.warn_of_repeat(row.at, old.last);
        Ok(())
    }

    fn not_there(&self, row: &Row<'_, N>, key: &str) -> Error {
        let problem = PlanProblem::NotThere {
            what: self.shape.what,
            code: key.to_owned(),
        };
        row.error(self.shape.key, problem)
    }

    /// Drops the rows of earlier layers whose parent this layer removed.
    pub(super) fn drop_below(&mut self, column: usize, gone: &BTreeSet<String>, first_file: u16) {
        let removed = &mut self.removed;
        self.rows.retain(|key, row| {
            let stays = row.last.file >= first_file || !gone.contains(&row.cells[column].text);
            if !stays {
                removed.insert(key.clone());
            }
            stays
        });
    }
}
