//! Numbers of a policy: from text in quotes, never through binary fractions.

use super::keys::{Numeric, Range};
use super::problem::PolicyProblem;
use super::value::Share;
use rust_decimal::Decimal;

/// Reads decimal text, no exponent, no separators, and checks that the number makes sense.
pub(super) fn number(text: &str, numeric: Numeric) -> Result<Decimal, PolicyProblem> {
    let wrong = || PolicyProblem::NotANumber {
        text: text.to_owned(),
        places: numeric.places,
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !is_plain {
        return Err(wrong());
    }
    let value = Decimal::from_str_exact(text).map_err(|_| wrong())?;
    if value.normalize().scale() > numeric.places {
        return Err(wrong());
    }
    check_range(text, value, numeric.range)?;
    Ok(value)
}

fn check_range(text: &str, value: Decimal, range: Range) -> Result<(), PolicyProblem> {
    let (zero, one) = (Decimal::ZERO, Decimal::ONE);
    // No quantity of a policy is anywhere near this large, and exact arithmetic has room for it.
    let most = Decimal::from(1_000_000_000_i64);
    let (is_sensible, words) = match range {
        Range::NotNegative => (value >= zero && value <= most, "from 0 to a billion"),
        Range::Positive => (
            value > zero && value <= most,
            "above 0 and at most a billion",
        ),
        Range::ZeroToOne => (value >= zero && value <= one, "from 0 to 1"),
        Range::Scale => (
            value >= one && value <= Decimal::from(1_000_000),
            "a whole number from 1 to 1000000",
        ),
        Range::Decimals => (
            value >= Decimal::from(2) && value <= Decimal::from(10),
            "a whole number from 2 to 10",
        ),
    };
    if is_sensible {
        return Ok(());
    }
    Err(PolicyProblem::OutOfRange {
        text: text.to_owned(),
        range: words.to_owned(),
    })
}

/// Reads a share: a decimal, or a fraction of two whole numbers.
pub(super) fn share(text: &str, numeric: Numeric) -> Result<Share, PolicyProblem> {
    let wrong = || PolicyProblem::NotAShare {
        text: text.to_owned(),
    };
    if let Some((numerator, denominator)) = text.split_once('/') {
        let whole = |part: &str| {
            let is_plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            is_plain.then(|| part.parse::<i64>().ok()).flatten()
        };
        let numerator = whole(numerator).ok_or_else(wrong)?;
        let denominator = whole(denominator).filter(|d| *d > 0).ok_or_else(wrong)?;
        return Ok(Share {
            numerator,
            denominator,
        });
    }
    let value = number(text, numeric)?.normalize();
    let numerator = i64::try_from(value.mantissa()).map_err(|_| wrong())?;
    let denominator = 10_i64.checked_pow(value.scale()).ok_or_else(wrong)?;
    Ok(Share {
        numerator,
        denominator,
    })
}

/// Reads whole numbers from 1 on with colons between them, such as `1:2:7`.
pub(super) fn parts(text: &str) -> Result<Vec<u32>, PolicyProblem> {
    let wrong = || PolicyProblem::NotParts {
        text: text.to_owned(),
    };
    let part = |part: &str| {
        let is_plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let number = part.parse().ok().filter(|number| *number <= MOST_PARTS);
        number.filter(|number| is_plain && *number > 0)
    };
    let read: Option<Vec<u32>> = text.split(':').map(part).collect();
    read.filter(|parts| parts.len() <= MOST_YEARS)
        .ok_or_else(wrong)
}

/// The largest number among parts; shares finer than a millionth mean nothing.
const MOST_PARTS: u32 = 1_000_000;
/// The most parts: no history is longer.
const MOST_YEARS: usize = 20;
