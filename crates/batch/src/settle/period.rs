//! The month or year that is settled.

use crate::Error;
use crate::inputs::Budget;
use jiff::Span;
use jiff::civil::Date;

/// The month or year that is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `YYYY-MM` or `YYYY`.
    pub text: String,
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
}

impl Period {
    /// Reads `YYYY-MM`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::usage(
                format!("{text:?} is not a period."),
                "Write the month as YYYY-MM, or the year as YYYY with --annual.",
            )
        };
        if text.len() != "YYYY-MM".len() {
            return Err(wrong());
        }
        let first: Date = format!("{text}-01").parse().map_err(|_| wrong())?;
        Ok(Self {
            text: text.to_owned(),
            first,
            last: first.last_of_month(),
        })
    }

    /// Reads `YYYY`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse_year(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::usage(
                format!("{text:?} is not a year."),
                "With --annual, write the period as YYYY.",
            )
        };
        if text.len() != "YYYY".len() {
            return Err(wrong());
        }
        let first: Date = format!("{text}-01-01").parse().map_err(|_| wrong())?;
        Ok(Self {
            text: text.to_owned(),
            first,
            last: first.last_of_year(),
        })
    }

    /// The period that was asked for, or else the only one that the budgets state.
    ///
    /// # Errors
    /// A text that is no month, or no year where one is cleared, and budgets of none or of several.
    pub fn choose(asked: Option<&str>, budgets: &[Budget], is_annual: bool) -> Result<Self, Error> {
        let parse = if is_annual {
            Self::parse_year
        } else {
            Self::parse
        };
        if let Some(text) = asked {
            return parse(text);
        }
        let year_of = |period: &'_ str| period.split('-').next().unwrap_or(period).to_owned();
        let mut stated: Vec<String> = match is_annual {
            true => budgets
                .iter()
                .map(|budget| year_of(&budget.period))
                .collect(),
            false => budgets.iter().map(|budget| budget.period.clone()).collect(),
        };
        stated.sort_unstable();
        stated.dedup();
        match &stated[..] {
            [only] => parse(only),
            _ => Err(Error::usage(
                match &stated[..] {
                    [] => "no budget states which period is settled.".to_owned(),
                    several => format!("the budgets state the periods {}.", several.join(", ")),
                },
                match is_annual {
                    true => "Say which one to clear with --period YYYY.",
                    false => "Say which one to settle with --period YYYY-MM.",
                },
            )),
        }
    }

    /// Whether it is a whole year.
    pub(crate) fn is_year(&self) -> bool {
        self.text.len() == "YYYY".len()
    }

    /// The months of a year, as periods; a month is its own only month.
    pub(crate) fn months(&self) -> Vec<String> {
        if !self.is_year() {
            return vec![self.text.clone()];
        }
        (1..=12)
            .map(|month| format!("{}-{month:02}", self.text))
            .collect()
    }

    /// The calendar year before the period's own.
    pub(crate) fn year_before(&self) -> Result<Self, Error> {
        let year = self.first.year() - 1;
        Self::parse_year(&format!("{year:04}"))
    }
}

/// Days since 1970-01-01.
pub(crate) fn day_number(date: Date) -> i32 {
    (date - jiff::civil::date(1970, 1, 1)).get_days()
}

/// The date of a day number; `None` beyond the calendar.
pub(crate) fn date_of(day: i32) -> Option<Date> {
    // Of too many days not even a span can be made.
    let since = Span::new().try_days(day).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(since).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_beyond_the_calendar_has_no_date() {
        assert_eq!(date_of(20_731), Some(jiff::civil::date(2026, 10, 5)));
        for day in [
            -8_000_000,
            8_000_000,
            i32::MIN,
            i32::MAX,
            -4_371_588,
            2_932_897,
        ] {
            assert_eq!(date_of(day), None, "{day}");
        }
    }
}
