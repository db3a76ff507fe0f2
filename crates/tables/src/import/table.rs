//! The tables of facts as they are read, and the tables of plans as they are written.

use crate::error::{Error, Place};
use crate::files::FileSet;
use crate::load::PlanProblem;
use std::borrow::Cow;

/// A row of a table of facts, with its line.
#[derive(Clone, Debug)]
pub(super) struct FactRow<const N: usize> {
    pub(super) line: u64,
    pub(super) cells: [String; N],
}

/// What the rows of a table of facts are numbered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Lines of a text.
    Lines,
    /// Rows of a sheet.
    Rows,
}

impl Numbering {
    /// A place in a table.
    pub(super) fn place(self, file: String, line: u64, column: Option<&str>) -> Place {
        let field = match (self, column) {
            (Self::Lines, column) => {
                let (line, field) = (Some(line), column.map(str::to_owned));
                return Place { file, line, field };
            }
            (Self::Rows, Some(column)) => format!("row {line}, column {column}"),
            (Self::Rows, None) => format!("row {line}"),
        };
        Place {
            file,
            line: None,
            field: Some(field),
        }
    }
}

/// A table of facts.
#[derive(Clone, Debug)]
pub(super) struct FactTable<const N: usize> {
    /// What messages call it.
    pub(super) name: String,
    pub(super) numbering: Numbering,
    /// The columns as messages call them.
    pub(super) columns: [Cow<'static, str>; N],
    pub(super) rows: Vec<FactRow<N>>,
}

impl<const N: usize> FactTable<N> {
    /// The error that a problem is in one of the cells.
    pub(super) fn error(&self, line: u64, column: usize, problem: PlanProblem) -> Error {
        problem.at(self.place(line, Some(column)))
    }

    /// A row, or a cell of it.
    pub(super) fn place(&self, line: u64, column: Option<usize>) -> Place {
        let column = column.map(|column| self.columns[column].as_ref());
        self.numbering.place(self.name.clone(), line, column)
    }

    /// The place of what a line of the written table says; `None` when there is no such row.
    pub(super) fn stated(
        &self,
        line: u64,
        (column, columns): (Option<&str>, &[&str; N]),
    ) -> Option<Place> {
        let index = usize::try_from(line.checked_sub(2)?).ok()?;
        let row = self.rows.get(index)?;
        let column = column.and_then(|name| columns.iter().position(|column| *column == name));
        Some(self.place(row.line, column))
    }

    /// Reads a tab-separated text without quoting; columns are found by name.
    pub(super) fn read(
        text: &str,
        name: String,
        columns: [&'static str; N],
    ) -> Result<Self, Error> {
        let mut lines = (1..).zip(text.split('\n'));
        let header: Vec<&str> = lines
            .next()
            .map(|(_, line)| cells_of(line).collect())
            .unwrap_or_default();
        let at = |line, field: Option<&str>| Place {
            file: name.clone(),
            line: Some(line),
            field: field.map(str::to_owned),
        };
        let mut positions = [0; N];
        for (position, column) in positions.iter_mut().zip(columns) {
            let found = header.iter().position(|cell| *cell == column);
            *position = found.ok_or_else(|| {
                let columns = columns.join(", ");
                PlanProblem::MissingColumn { columns }.at(at(1, Some(column)))
            })?;
        }
        let mut rows = Vec::new();
        for (line, text) in lines.filter(|(_, line)| !line.trim_end_matches('\r').is_empty()) {
            let cells: Vec<&str> = cells_of(text).collect();
            if cells.len() != header.len() {
                let (expected, found) = (header.len(), cells.len());
                return Err(PlanProblem::FieldCount { expected, found }.at(at(line, None)));
            }
            let cells = positions.map(|position| cells[position].to_owned());
            rows.push(FactRow { line, cells });
        }
        Ok(Self {
            name,
            numbering: Numbering::Lines,
            columns: columns.map(Cow::Borrowed),
            rows,
        })
    }
}

fn cells_of(line: &str) -> impl Iterator<Item = &str> {
    line.trim_end_matches('\r').split('\t')
}

/// The files of a plan while they are being written.
#[derive(Default)]
pub(super) struct PlanFiles {
    files: Vec<(String, Cow<'static, [u8]>)>,
}

impl PlanFiles {
    pub(super) fn text(&mut self, path: &str, text: String) {
        self.files
            .push((path.to_owned(), Cow::Owned(text.into_bytes())));
    }

    /// Adds a table; one without rows is written when it must be there.
    pub(super) fn table<const N: usize>(&mut self, path: &str, table: &PlanTable<N>) {
        if table.rows.is_empty() && table.is_optional {
            return;
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing into memory cannot fail, and every row has N cells.
        let mut put = |cells: &[&str]| writer.write_record(cells).expect("memory and equal rows");
        let header: Vec<&str> = table.change().into_iter().chain(table.columns).collect();
        put(&header);
        for (change, cells) in &table.rows {
            let change = table.is_overlay.then_some(*change);
            let row: Vec<&str> = change
                .into_iter()
                .chain(cells.iter().map(AsRef::as_ref))
                .collect();
            put(&row);
        }
        let bytes = writer.into_inner().expect("memory");
        self.files.push((path.to_owned(), Cow::Owned(bytes)));
    }

    pub(super) fn finish(self, label: &str) -> FileSet {
        FileSet::in_memory(label, self.files)
    }
}

pub(super) const ADD: &str = "add";
pub(super) const REPLACE: &str = "replace";
pub(super) const REMOVE: &str = "remove";

/// A table of a plan while it is being written.
pub(super) struct PlanTable<const N: usize> {
    columns: [&'static str; N],
    is_overlay: bool,
    /// Whether the file is left out when the table has no rows.
    is_optional: bool,
    rows: Vec<(&'static str, [String; N])>,
}

impl<const N: usize> PlanTable<N> {
    pub(super) const fn whole(columns: [&'static str; N], is_optional: bool) -> Self {
        Self {
            columns,
            is_overlay: false,
            is_optional,
            rows: Vec::new(),
        }
    }

    pub(super) const fn overlay(columns: [&'static str; N]) -> Self {
        Self {
            columns,
            is_overlay: true,
            is_optional: true,
            rows: Vec::new(),
        }
    }

    fn change(&self) -> Option<&'static str> {
        self.is_overlay.then_some("change")
    }

    pub(super) fn push(&mut self, change: &'static str, cells: [String; N]) {
        self.rows.push((change, cells));
    }
}

/// The columns of the tables of a plan.
pub(super) const MDC: [&str; 4] = ["order", "mdc", "name", "gate"];
pub(super) const ADRG: [&str; 7] = ["mdc", "order", "adrg", "name", "kind", "rule", "fallback"];
pub(super) const DRG: [&str; 5] = ["adrg", "order", "drg", "name", "rule"];
pub(super) const LIST: [&str; 2] = ["list", "code"];
pub(super) const SEVERITY: [&str; 3] = ["code", "level", "exclusion_table"];
pub(super) const EXCLUSION: [&str; 2] = ["exclusion_table", "principal"];
pub(super) const WEIGHT: [&str; 4] = ["drg", "weight", "origin", "source"];
