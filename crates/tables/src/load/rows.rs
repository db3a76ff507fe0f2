//! Reads one CSV table row by row, with columns found by name.

use super::problem::PlanProblem;
use super::records::each_record;
use crate::error::{Error, Place, Problem};
use crate::plan::RowRef;

/// What a row does to the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Remove,
    Replace,
    Add,
}

/// The name of the column that says what a row of an overlay does.
const CHANGE: &str = "change";

/// A table file of one layer.
pub(crate) struct TableFile<'a> {
    /// The whole text.
    text: &'a str,
    /// What messages call it.
    name: &'a str,
    /// Its index among the files of the plan.
    file: u16,
    /// Whether its rows change a base; otherwise every row adds.
    is_overlay: bool,
}

impl<'a> TableFile<'a> {
    /// Takes a file.
    ///
    /// `index` is its index in the plan's files, `is_overlay` whether it has the column `change`.
    pub(crate) fn new(
        bytes: &'a [u8],
        (name, file): (&'a str, u16),
        is_overlay: bool,
    ) -> Result<Self, Error> {
        let text = utf8(bytes, name)?;
        Ok(Self {
            text,
            name,
            file,
            is_overlay,
        })
    }

    /// Calls `take` for every row that makes this change, in file order.
    pub(crate) fn each_row<const N: usize>(
        &self,
        columns: &'static [&'static str; N],
        wanted: Change,
        mut take: impl FnMut(&Row<'_, N>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !self.is_overlay && wanted != Change::Add {
            return Ok(());
        }
        let mut header = None;
        each_record(self.text, |line, record| {
            let Some(header) = &header else {
                header = Some(self.header(columns, record, line)?);
                return Ok(());
            };
            let row = self.row(header, record, line)?;
            let change = match header.change {
                Some(at) => self.change(record[at], line)?,
                None => Change::Add,
            };
            if change == wanted { take(&row) } else { Ok(()) }
        })?;
        // Of an empty file the first column is missing.
        header.map_or_else(|| self.header(columns, &[], 1).map(|_| ()), |_| Ok(()))
    }

    fn header<const N: usize>(
        &self,
        columns: &'static [&'static str; N],
        record: &[&str],
        line: u32,
    ) -> Result<Header<N>, Error> {
        let all = || {
            let change = self.is_overlay.then_some(CHANGE);
            change
                .into_iter()
                .chain(columns.iter().copied())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut found = [None; N];
        let mut change = None;
        for (index, &name) in record.iter().enumerate() {
            let known = columns.iter().position(|column| *column == name);
            let slot = match known {
                Some(column) => &mut found[column],
                None if self.is_overlay && name == CHANGE => &mut change,
                None => {
                    let problem = PlanProblem::UnknownColumn { columns: all() };
                    return Err(self.error(line, name, problem));
                }
            };
            if slot.replace(index).is_some() {
                return Err(self.error(line, name, PlanProblem::RepeatedColumn));
            }
        }
        let missing = |name| {
            let problem = PlanProblem::MissingColumn { columns: all() };
            self.error(line, name, problem)
        };
        let mut at = [0; N];
        for (column, found) in found.into_iter().enumerate() {
            at[column] = found.ok_or_else(|| missing(columns[column]))?;
        }
        if self.is_overlay && change.is_none() {
            return Err(missing(CHANGE));
        }
        Ok(Header {
            columns,
            at,
            change,
            fields: record.len(),
        })
    }

    fn row<'r, const N: usize>(
        &'r self,
        header: &Header<N>,
        record: &[&'r str],
        line: u32,
    ) -> Result<Row<'r, N>, Error> {
        if record.len() != header.fields {
            let problem = PlanProblem::FieldCount {
                expected: header.fields,
                found: record.len(),
            };
            let place = Place {
                line: Some(line.into()),
                ..self.place()
            };
            return Err(problem.at(place));
        }
        let cells = header.at.map(|index| record[index]);
        let at = RowRef {
            file: self.file,
            line,
        };
        Ok(Row {
            cells,
            at,
            columns: header.columns,
            table: self,
        })
    }

    fn change(&self, word: &str, line: u32) -> Result<Change, Error> {
        match word {
            "add" => Ok(Change::Add),
            "remove" => Ok(Change::Remove),
            "replace" => Ok(Change::Replace),
            _ => {
                let allowed = "add, remove or replace";
                let problem = PlanProblem::BadWord {
                    word: word.to_owned(),
                    allowed,
                };
                Err(self.error(line, CHANGE, problem))
            }
        }
    }

    fn place(&self) -> Place {
        Place {
            file: self.name.to_owned(),
            line: None,
            field: None,
        }
    }

    fn error(&self, line: u32, field: &str, problem: impl Into<Problem>) -> Error {
        let field = Some(field.to_owned());
        let place = Place {
            line: Some(line.into()),
            field,
            ..self.place()
        };
        let problem = problem.into();
        Error { place, problem }
    }
}

struct Header<const N: usize> {
    columns: &'static [&'static str; N],
    at: [usize; N],
    change: Option<usize>,
    fields: usize,
}

/// One row with its cells in the order of the columns that were asked for.
pub(crate) struct Row<'r, const N: usize> {
    pub(crate) cells: [&'r str; N],
    pub(crate) at: RowRef,
    columns: &'static [&'static str; N],
    table: &'r TableFile<'r>,
}

impl<'r, const N: usize> Row<'r, N> {
    /// The error that a problem is in one of the cells.
    pub(crate) fn error(&self, column: usize, problem: impl Into<Problem>) -> Error {
        self.table
            .error(self.at.line, self.columns[column], problem)
    }

    /// The error that a problem is with the row as a whole.
    pub(crate) fn error_of_row(&self, problem: PlanProblem) -> Error {
        problem.at(Place {
            line: Some(self.at.line.into()),
            ..self.table.place()
        })
    }

    /// The place of another line of the same file.
    pub(crate) fn place_of_line(&self, line: u32) -> Place {
        Place {
            line: Some(line.into()),
            ..self.table.place()
        }
    }

    /// A cell that must have a value.
    pub(crate) fn required(&self, column: usize) -> Result<&'r str, Error> {
        match self.cells[column] {
            "" => Err(self.error(column, PlanProblem::EmptyCell)),
            text => Ok(text),
        }
    }

    /// Checks that a row that removes something has only the columns that say what.
    pub(crate) fn only(&self, keys: &[usize], named: &'static str) -> Result<(), Error> {
        let filled =
            (0..N).find(|column| !keys.contains(column) && !self.cells[*column].is_empty());
        match filled {
            Some(column) => Err(self.error(column, PlanProblem::NotAKey { keys: named })),
            None => Ok(()),
        }
    }
}

/// The text of a file, without a byte order mark.
pub(crate) fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str, Error> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let lines = bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        let line = Some(lines as u64 + 1);
        PlanProblem::NotUtf8.at(Place {
            file: name.to_owned(),
            line,
            field: None,
        })
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
