//! What the text of a cell means, and how it had to be changed to mean it.

use crate::read::FEN_LIMIT;
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

/// What was done to a cell to make a value of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conversion {
    /// Spaces around the text were taken off.
    Trimmed,
    /// A word such as `NULL` was taken for an empty cell.
    NullWord,
    /// A whole number was written with a decimal part; the completed units count.
    CompletedUnits,
    /// Days, hours and minutes, as `1/13/24`, were taken for completed hours.
    DaysHoursMinutes,
    /// The time of day was left off.
    TimeOfDay,
    /// The date was written otherwise than as 2026-10-31.
    DateForm,
    /// A currency sign or the commas between thousands were taken off.
    MoneySigns,
    /// An amount had more than two decimals and was rounded half away from zero (四舍五入).
    RoundedToFen,
    /// A word such as 是 or `yes` was taken for true or false.
    FlagWord,
    /// A full-width semicolon was taken for the separator of a list.
    FullWidthSeparator,
}

impl Conversion {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Trimmed => "trimmed",
            Self::NullWord => "null_word",
            Self::CompletedUnits => "completed_units",
            Self::DaysHoursMinutes => "days_hours_minutes",
            Self::TimeOfDay => "time_of_day",
            Self::DateForm => "date_form",
            Self::MoneySigns => "money_signs",
            Self::RoundedToFen => "rounded_to_fen",
            Self::FlagWord => "flag_word",
            Self::FullWidthSeparator => "full_width_separator",
        }
    }

    /// What it means, in Chinese and English.
    #[must_use]
    pub const fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Trimmed => ("去除首尾空格", "spaces around the text taken off"),
            Self::NullWord => ("空值字样作空", "a word for nothing taken as empty"),
            Self::CompletedUnits => ("小数取整(已满单位)", "decimals cut to completed units"),
            Self::DaysHoursMinutes => ("天/时/分折为小时", "d/h/min as completed hours"),
            Self::TimeOfDay => ("去除时刻", "time of day left off"),
            Self::DateForm => ("日期写法", "another way to write a date"),
            Self::MoneySigns => ("去除货币符号或千分位", "currency sign or commas taken off"),
            Self::RoundedToFen => ("四舍五入到分", "rounded half away from zero to the fen"),
            Self::FlagWord => ("是/否字样", "a word for true or false"),
            Self::FullWidthSeparator => ("全角分号", "full-width semicolon as separator"),
        }
    }
}

/// What spreadsheets write into a cell whose formula has no result.
const ERROR_WORDS: [&str; 11] = [
    "#DIV/0!",
    "#N/A",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#REF!",
    "#VALUE!",
    "#SPILL!",
    "#CALC!",
    "#DATA!",
    "#GETTING_DATA",
];

/// Whether a text says that a formula has no result, which means nothing in any column.
pub(super) fn is_error(text: &str) -> bool {
    text.starts_with('#') && ERROR_WORDS.contains(&text)
}

/// A cell that is no value of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// A value, or nothing in an empty cell, with what was done to get it.
pub(super) type Read<T> = Result<(Option<T>, Option<Conversion>), Unreadable>;

const NULL_WORDS: [&str; 4] = ["NULL", "null", "\\N", "None"];

/// The text of a cell without spaces around it; nothing for an empty cell.
pub(super) fn text(cell: &str) -> (Option<&str>, Option<Conversion>) {
    let trimmed = cell.trim();
    if NULL_WORDS.contains(&trimmed) {
        return (None, Some(Conversion::NullWord));
    }
    let changed = (trimmed.len() < cell.len()).then_some(Conversion::Trimmed);
    match trimmed {
        "" => (None, None),
        text => (Some(text), changed),
    }
}

/// The parts of a list, which `;` separates; empty parts at its end do not count.
pub(super) fn parts(list: &str) -> (Vec<&str>, Option<Conversion>) {
    let changed = list
        .contains('\u{ff1b}')
        .then_some(Conversion::FullWidthSeparator);
    let mut parts: Vec<&str> = list.split([';', '\u{ff1b}']).map(str::trim).collect();
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    (parts, changed)
}

/// A whole number; `3.5` is 3 completed units, and `1/13/24` is 37 completed hours where the
/// column holds hours.
pub(super) fn int(text: &str, is_hours: bool) -> Read<i64> {
    if let Ok(number) = text.parse() {
        return Ok((Some(number), None));
    }
    if is_hours && text.contains('/') {
        return hours(text).map(|hours| (Some(hours), Some(Conversion::DaysHoursMinutes)));
    }
    let (whole, decimals) = text.split_once('.').ok_or(Unreadable)?;
    let number: i64 = whole.parse().map_err(|_| Unreadable)?;
    let is_digits = !decimals.is_empty() && decimals.bytes().all(|digit| digit.is_ascii_digit());
    let has_part = decimals.bytes().any(|digit| digit != b'0');
    // A negative number with a part has no completed units, and none of these columns holds one.
    match is_digits && !(has_part && whole.starts_with('-')) {
        true if has_part => Ok((Some(number), Some(Conversion::CompletedUnits))),
        true => Ok((Some(number), None)),
        false => Err(Unreadable),
    }
}

/// `d/h/min` as completed hours.
///
/// Source: the national interface specification V8.1, where `1/13/24` is 1 day, 13 hours and 24
/// minutes.
fn hours(text: &str) -> Result<i64, Unreadable> {
    let parts: Vec<i64> = text
        .split('/')
        .map(|part| match part.trim() {
            part if part.bytes().all(|digit| digit.is_ascii_digit()) => part.parse().ok(),
            _ => None,
        })
        .collect::<Option<_>>()
        .ok_or(Unreadable)?;
    let &[days, hours, minutes] = parts.as_slice() else {
        return Err(Unreadable);
    };
    let minutes = days
        .checked_mul(1440)
        .and_then(|all| all.checked_add(hours.checked_mul(60)?))
        .and_then(|all| all.checked_add(minutes));
    minutes.map(|all| all / 60).ok_or(Unreadable)
}

/// A day.
pub(super) fn date(text: &str) -> Read<Date> {
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time.trim())),
        None => (text, None),
    };
    if time.is_some_and(|time| !is_time(time)) {
        return Err(Unreadable);
    }
    if day.len() == "2026-10-31".len()
        && let Ok(date) = day.parse::<Date>()
    {
        return Ok((Some(date), time.map(|_| Conversion::TimeOfDay)));
    }
    let compact: Vec<&str> = match day.len() {
        8 if day.bytes().all(|digit| digit.is_ascii_digit()) => {
            vec![&day[..4], &day[4..6], &day[6..]]
        }
        _ => day
            .trim_end_matches('日')
            .split(['-', '/', '.', '年', '月'])
            .collect(),
    };
    let [year, month, day] = compact.as_slice() else {
        return Err(Unreadable);
    };
    let number = |text: &str, most| match text.len() <= most {
        true => text.parse::<i16>().map_err(|_| Unreadable),
        false => Err(Unreadable),
    };
    let small = |text: &str| number(text, 2).and_then(|n| i8::try_from(n).map_err(|_| Unreadable));
    let year = match year.len() {
        4 => number(year, 4)?,
        _ => return Err(Unreadable),
    };
    let date = Date::new(year, small(month)?, small(day)?).map_err(|_| Unreadable)?;
    Ok((Some(date), Some(Conversion::DateForm)))
}

fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| {
        !part.is_empty() && part.len() <= 9 && part.bytes().all(|digit| digit.is_ascii_digit())
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let number = |at: usize| {
        parts
            .get(at)
            .map_or(Some(0), |part| part.parse::<u8>().ok())
    };
    let is_of_a_day = match [number(0), number(1), number(2)] {
        // Some write the end of a day so.
        [Some(24), Some(0), Some(0)] => true,
        [Some(hour), Some(minute), Some(second)] => hour < 24 && minute < 60 && second <= 60,
        _ => false,
    };
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| digits(part) && part.len() <= 2)
        && digits(fraction)
        && is_of_a_day
}

/// An amount in fen.
pub(super) fn money(text: &str) -> Read<i128> {
    let bare: String = text
        .chars()
        .filter(|sign| !matches!(sign, ',' | '\u{a5}' | '\u{ffe5}'))
        .collect();
    // A comma that is none between thousands may be a decimal one; do not guess.
    if text.contains(',') && !has_thousands(text) {
        return Err(Unreadable);
    }
    let is_plain = bare.len() == text.len();
    let value: Decimal = Decimal::from_str_exact(bare.trim()).map_err(|_| Unreadable)?;
    let rounding = RoundingStrategy::MidpointAwayFromZero;
    let mut fen = value.round_dp_with_strategy(2, rounding);
    let is_exact = fen == value;
    fen.rescale(2);
    if fen.scale() != 2 || fen.mantissa().unsigned_abs() >= u128::from(FEN_LIMIT) {
        return Err(Unreadable);
    }
    let said = match (is_exact, is_plain) {
        (false, _) => Some(Conversion::RoundedToFen),
        (true, false) => Some(Conversion::MoneySigns),
        (true, true) => None,
    };
    Ok((Some(fen.mantissa()), said))
}

fn has_thousands(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let digits = first.bytes().filter(u8::is_ascii_digit).count();
    let rest_is_clean = !text.contains('.') || !text[whole.len()..].contains(',');
    (1..=3).contains(&digits)
        && groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()))
        && rest_is_clean
}

/// True or false.
pub(super) fn flag(text: &str) -> Read<bool> {
    let lower = text.to_lowercase();
    match lower.as_str() {
        "true" => Ok((Some(true), None)),
        "false" => Ok((Some(false), None)),
        "1" | "是" | "有" | "y" | "yes" | "t" => Ok((Some(true), Some(Conversion::FlagWord))),
        "0" | "否" | "无" | "n" | "no" | "f" => Ok((Some(false), Some(Conversion::FlagWord))),
        _ => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Conversion::*;

    fn days(text: &str) -> Option<(String, Option<Conversion>)> {
        let (date, said) = date(text).ok()?;
        Some((date?.to_string(), said))
    }

    #[test]
    fn dates_are_read_in_the_ways_that_files_have() {
        let expected = |said| Some(("2026-10-05".to_owned(), said));
        assert_eq!(days("2026-10-05"), expected(None));
        for text in [
            "2026-10-05 08:30",
            "2026-10-05T08:30:15.5",
            "2026-10-05 24:00:00",
        ] {
            assert_eq!(days(text), expected(Some(TimeOfDay)), "{text}");
        }
        for text in [
            "20261005",
            "2026/10/5",
            "2026年10月5日",
            "2026.10.05",
            "2026/10/05 8:30:00",
        ] {
            assert_eq!(days(text), expected(Some(DateForm)), "{text}");
        }
        for text in [
            "5/10/2026",
            "2026-13-05",
            "2026-02-30",
            "10-05",
            "46300",
            "2026-10-05 noon",
            "2026-10-05 25:00:00",
            "2026-10-05 24:00:01",
            "2026-10-05 08:60",
            "年月日",
            "20261O05",
        ] {
            assert_eq!(days(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_whole_and_hours_may_be_three_numbers() {
        assert_eq!(int("12", false), Ok((Some(12), None)));
        assert_eq!(int("12.0", false), Ok((Some(12), None)));
        assert_eq!(int("3.5", false), Ok((Some(3), Some(CompletedUnits))));
        assert_eq!(int("1/13/24", true), Ok((Some(37), Some(DaysHoursMinutes))));
        assert_eq!(int("0/0/59", true), Ok((Some(0), Some(DaysHoursMinutes))));
        for text in [
            "",
            "1/2",
            "-1/0/0",
            "1.",
            "1.x",
            "-0.5",
            "1e3",
            "9223372036854775807/0/0",
        ] {
            assert_eq!(int(text, true), Err(Unreadable), "{text}");
        }
        assert_eq!(int("1/13/24", false), Err(Unreadable));
    }

    #[test]
    fn amounts_are_exact_and_rounded_once_half_away_from_zero() {
        assert_eq!(money("1234.5"), Ok((Some(123_450), None)));
        assert_eq!(money("-0.01"), Ok((Some(-1), None)));
        assert_eq!(money("0.005"), Ok((Some(1), Some(RoundedToFen))));
        assert_eq!(money("-0.005"), Ok((Some(-1), Some(RoundedToFen))));
        assert_eq!(money("2.675"), Ok((Some(268), Some(RoundedToFen))));
        assert_eq!(
            money("¥1,234,567.80"),
            Ok((Some(123_456_780), Some(MoneySigns)))
        );
        assert_eq!(
            money("99999999999999.99"),
            Ok((Some(9_999_999_999_999_999), None))
        );
        for text in [
            "100000000000000",
            "1,23",
            "1,234,56",
            "1.234,56",
            "12e3",
            "NaN",
            "inf",
            "--1",
            "元",
            "99999999999999.999",
        ] {
            assert_eq!(money(text), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn lists_keep_their_places_and_flags_have_words() {
        assert_eq!(parts("a; b;;c;"), (vec!["a", "b", "", "c"], None));
        assert_eq!(
            parts("a\u{ff1b}b"),
            (vec!["a", "b"], Some(FullWidthSeparator))
        );
        assert_eq!(parts(";;"), (Vec::new(), None));
        assert_eq!(flag("是"), Ok((Some(true), Some(FlagWord))));
        assert_eq!(flag("FALSE"), Ok((Some(false), None)));
        assert_eq!(flag("2"), Err(Unreadable));
        assert_eq!(text("  A01 "), (Some("A01"), Some(Trimmed)));
        assert_eq!(text("NULL"), (None, Some(NullWord)));
        assert_eq!(text("   "), (None, None));
    }
}
