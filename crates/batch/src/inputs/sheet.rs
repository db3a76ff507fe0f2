//! Tables that are checked by what their columns hold, and asked for cells by name.

use super::cells::Row;
use super::rows::Keys;
use super::table::TextTable;
use super::{Column, InputTable};
use crate::Error;
use drgdip_claims::Yuan;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cells {
    /// Any text.
    Text,
    /// An amount of yuan, zero or more.
    Yuan,
    /// A number of zero or more with at most four decimals.
    Number,
    /// A whole number of zero or more.
    Count,
    /// Yes or no.
    Flag,
    /// A date.
    Date,
    /// `employee` or `resident`.
    Insurance,
    /// `YYYY-MM` or `YYYY`.
    Period,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A checked cell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    Yuan(Yuan),
    /// In ten-thousandths.
    Number(i64),
    Flag(bool),
    Date(Date),
}

/// One row of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// File and line, for messages.
    pub place: String,
    cells: BTreeMap<&'static str, Value>,
}

impl SheetRow {
    /// A text, word, insurance or period; `None` where the cell is empty.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<&str> {
        match self.cells.get(column)? {
            Value::Text(text) => Some(text),
            other => unreachable!("{column} was read as {other:?}"),
        }
    }

    /// An amount; zero where the cell is empty.
    #[must_use]
    pub fn yuan(&self, column: &str) -> Yuan {
        match self.cells.get(column) {
            None => Yuan::ZERO,
            Some(Value::Yuan(yuan)) => *yuan,
            Some(other) => unreachable!("{column} was read as {other:?}"),
        }
    }

    /// A number in ten-thousandths; `None` where the cell is empty.
    #[must_use]
    pub fn number(&self, column: &str) -> Option<i64> {
        match self.cells.get(column)? {
            Value::Number(number) => Some(*number),
            other => unreachable!("{column} was read as {other:?}"),
        }
    }

    /// Whether the cell says yes; an empty one says no.
    #[must_use]
    pub fn flag(&self, column: &str) -> bool {
        matches!(self.cells.get(column), Some(Value::Flag(true)))
    }

    /// Whether the row has something in a column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.cells.contains_key(column)
    }

    /// A cell that every row of its table has.
    #[must_use]
    pub fn required(&self, column: &str) -> &str {
        let text = self.text(column);
        text.expect("a required cell is checked when the table is read")
    }

    /// An error about the row.
    #[must_use]
    pub fn wrong(&self, problem: impl std::fmt::Display) -> Error {
        Error::input(&self.place, problem)
    }
}

/// Reads a table by what its columns hold; two rows may not have the same key.
pub(super) fn read(table: InputTable, text: &TextTable) -> Result<Vec<SheetRow>, Error> {
    let mut rows = Vec::with_capacity(text.rows.len());
    let mut keys = Keys::new(text);
    for row in Row::all(text) {
        let mut cells = BTreeMap::new();
        for column in table.columns() {
            if let Some(value) = cell(row, column)? {
                cells.insert(column.name, value);
            } else if column.is_required {
                return Err(row.wrong(column.name, "the value is missing."));
            }
        }
        if let Some((last, _)) = table.key().split_last() {
            let parts = table.key().iter();
            let key = parts.map(|name| row.text(name).unwrap_or_default());
            keys.add(row, last, key.collect())?;
        }
        let place = text
            .place(row.row.number, "")
            .trim_end_matches(", ")
            .to_owned();
        rows.push(SheetRow { place, cells });
    }
    Ok(rows)
}

fn cell(row: Row<'_>, column: &Column) -> Result<Option<Value>, Error> {
    let name = column.name;
    let Some(text) = row.text(name) else {
        return Ok(None);
    };
    let value = match column.cells {
        Cells::Text => Value::Text(text),
        Cells::Yuan => Value::Yuan(row.yuan(name)?),
        Cells::Number => Value::Number(row.ten_thousandths(name)?.unwrap_or_default()),
        Cells::Count => {
            let number = row.ten_thousandths(name)?.unwrap_or_default();
            if number % 10_000 != 0 {
                return Err(row.wrong(name, format!("{text:?} is not a whole number.")));
            }
            Value::Number(number)
        }
        Cells::Flag => Value::Flag(row.flag(name)?),
        Cells::Date => match row.date(name)? {
            Some(date) => Value::Date(date),
            None => return Ok(None),
        },
        Cells::Insurance => Value::Text(row.insurance(name)?.to_string()),
        Cells::Period => Value::Text(row.period(name)?),
        Cells::Word(words) if words.contains(&text.as_str()) => Value::Text(text),
        Cells::Word(words) => {
            let problem = format!("{text:?} is not one of {}.", words.join(", "));
            return Err(row.wrong(name, problem));
        }
    };
    Ok(Some(value))
}
