//! Cells as values, with an error that names the cell.

use super::rows::Insurance;
use super::table::{TextRow, TextTable};
use crate::Error;
use drgdip_claims::Yuan;
use jiff::civil::Date;

/// One row under reading.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: &'a TextTable,
    pub(super) row: &'a TextRow,
}

/// The largest amount of yuan that an input may state, in fen: ten thousand billion yuan.
const MOST_FEN: i64 = 1_000_000_000_000_000;
/// The largest number with four decimals that an input may state: 10^14.
const MOST_WHOLE_DIGITS: usize = 14;

impl<'a> Row<'a> {
    /// The rows of a table.
    pub(super) fn all(table: &'a TextTable) -> impl Iterator<Item = Self> {
        table.rows.iter().map(move |row| Self { table, row })
    }

    /// The cell's text, if it has any.
    pub(super) fn text(self, column: &str) -> Option<String> {
        self.table.cell(self.row, column).map(str::to_owned)
    }

    /// The cell's text, which must be there.
    pub(super) fn required(self, column: &str) -> Result<String, Error> {
        let missing = || self.wrong(column, "the value is missing.");
        self.text(column).ok_or_else(missing)
    }

    /// An amount of yuan that is not negative.
    pub(super) fn yuan(self, column: &str) -> Result<Yuan, Error> {
        let text = self.required(column)?;
        let amount: Yuan = text
            .parse()
            .map_err(|error| self.wrong(column, format!("{error}.")))?;
        if amount.is_negative() || amount.fen() > MOST_FEN {
            let problem = format!("{amount} yuan is not an amount that can be meant here.");
            return Err(self.wrong(column, problem));
        }
        Ok(amount)
    }

    /// A number that is not negative and has at most four decimals, in ten-thousandths.
    pub(super) fn ten_thousandths(self, column: &str) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        let number = parse_ten_thousandths(&text);
        let problem =
            || format!("{text:?} is not a number of 0 or more with at most four decimals.");
        number
            .map(Some)
            .ok_or_else(|| self.wrong(column, problem()))
    }

    /// A whole number that is not negative.
    pub(super) fn whole(self, column: &str) -> Result<Option<i64>, Error> {
        match self.ten_thousandths(column)? {
            None => Ok(None),
            Some(number) if number % 10_000 == 0 => Ok(Some(number / 10_000)),
            Some(_) => Err(self.wrong(column, "the value is not a whole number.")),
        }
    }

    /// A date such as `YYYY-MM-DD`.
    pub(super) fn date(self, column: &str) -> Result<Option<Date>, Error> {
        let Some(text) = self.text(column) else {
            return Ok(None);
        };
        let is_plain = text.len() == 10;
        let date = text.parse().ok().filter(|_| is_plain);
        let problem = || format!("{text:?} is not a date in the form YYYY-MM-DD.");
        date.map(Some).ok_or_else(|| self.wrong(column, problem()))
    }

    /// Yes or no; absent is no.
    pub(super) fn flag(self, column: &str) -> Result<bool, Error> {
        match self.text(column).as_deref() {
            None | Some("0" | "false" | "no" | "否") => Ok(false),
            Some("1" | "true" | "yes" | "是") => Ok(true),
            Some(text) => {
                let problem =
                    format!("{text:?} is neither yes (1, true, 是) nor no (0, false, 否).");
                Err(self.wrong(column, problem))
            }
        }
    }

    /// An insurance by its word or national code.
    pub(super) fn insurance(self, column: &str) -> Result<Insurance, Error> {
        let text = self.required(column)?;
        Insurance::from_word(&text).ok_or_else(|| {
            let problem = format!("{text:?} is not one of employee, resident, 310, 390.");
            self.wrong(column, problem)
        })
    }

    /// A month or a year.
    pub(super) fn period(self, column: &str) -> Result<String, Error> {
        let period = self.required(column)?;
        if is_period(&period) {
            return Ok(period);
        }
        let problem = format!("{period:?} is not a month (YYYY-MM) or a year (YYYY).");
        Err(self.wrong(column, problem))
    }

    /// An error about a cell of this row.
    pub(super) fn wrong(self, column: &str, problem: impl std::fmt::Display) -> Error {
        self.table.wrong(self.row, column, problem)
    }
}

fn parse_ten_thousandths(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_sized = !whole.is_empty() && whole.len() <= MOST_WHOLE_DIGITS && fraction.len() <= 4;
    if !is_sized || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<4}").parse().ok()
}

fn is_period(text: &str) -> bool {
    let is_digits =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('-') {
        None => is_digits(text, 4),
        Some((year, month)) => {
            is_digits(year, 4) && is_digits(month, 2) && ("01"..="12").contains(&month)
        }
    }
}
