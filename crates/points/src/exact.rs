//! Integer and fraction arithmetic that never rounds unasked, wraps or panics.

use crate::Error;
use drgdip_tables::policy::Rounding;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// The product, or an error that names it.
pub(crate) fn product(left: i128, right: i128, what: &'static str) -> Result<i128, Error> {
    let exact = match (i64::try_from(left), i64::try_from(right)) {
        // Two factors of 64 bits cannot overflow, and nearly every case is this small.
        (Ok(left), Ok(right)) => Some(i128::from(left).wrapping_mul(i128::from(right))),
        _ => left.checked_mul(right),
    };
    fits(exact, what)
}

/// The sum, or an error that names it.
pub(crate) fn sum(left: i128, right: i128, what: &'static str) -> Result<i128, Error> {
    fits(left.checked_add(right), what)
}

/// The difference, or an error that names it.
pub(crate) fn difference(left: i128, right: i128, what: &'static str) -> Result<i128, Error> {
    fits(left.checked_sub(right), what)
}

/// The number, or an error that is only made where there is none: every case comes by here.
fn fits<T>(exact: Option<T>, what: &'static str) -> Result<T, Error> {
    let Some(exact) = exact else {
        return Err(Error::Overflow(what));
    };
    Ok(exact)
}

/// `numerator / denominator` as a whole number, rounded once; the denominator is above zero.
pub(crate) fn divide(
    numerator: i128,
    denominator: i128,
    rounding: Rounding,
) -> Result<i128, Error> {
    let (quotient, rest) = quotient_and_rest(numerator, denominator)?;
    if rounds_away(rest.unsigned_abs(), denominator.unsigned_abs(), rounding) {
        sum(quotient, numerator.signum(), QUOTIENT)
    } else {
        Ok(quotient)
    }
}

const QUOTIENT: &str = "quotient";

/// `numerator / denominator` cut towards zero, and what is left; the denominator is above zero.
pub(crate) fn quotient_and_rest(numerator: i128, denominator: i128) -> Result<(i128, i128), Error> {
    // Dividing 64 bits is several times faster, and nearly every case is this small.
    if let (Ok(n), Ok(d)) = (u64::try_from(numerator), u64::try_from(denominator)) {
        let quotient = fits(n.checked_div(d), QUOTIENT)?;
        let rest = n.wrapping_sub(quotient.wrapping_mul(d));
        return Ok((i128::from(quotient), i128::from(rest)));
    }
    let quotient = fits(numerator.checked_div(denominator), QUOTIENT)?;
    let rest = product(quotient, denominator, QUOTIENT)?;
    Ok((quotient, difference(numerator, rest, QUOTIENT)?))
}

/// Whether what is left of a whole takes the quotient one further from zero.
pub(crate) const fn rounds_away(rest: u128, whole: u128, rounding: Rounding) -> bool {
    match rounding {
        Rounding::HalfAwayFromZero => rest >= whole.saturating_sub(rest),
        Rounding::Down => false,
    }
}

/// A decimal as a whole number of `10^-places`, or `None` when it has more places.
pub(crate) fn scaled(decimal: Decimal, places: u32) -> Option<i128> {
    let decimal = decimal.normalize();
    let missing = places.checked_sub(decimal.scale())?;
    decimal
        .mantissa()
        .checked_mul(10_i128.checked_pow(missing)?)
}

/// Decimal text as a whole number of `10^-places`; no exponent, no separators, no plus sign.
pub(crate) fn parse_scaled(text: &str, places: u32) -> Result<i64, Error> {
    let wrong = || Error::NotANumber {
        text: text.to_owned(),
        places,
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !is_plain {
        return Err(wrong());
    }
    let decimal = Decimal::from_str_exact(text).map_err(|_| wrong())?;
    let whole = scaled(decimal, places).ok_or_else(wrong)?;
    i64::try_from(whole).map_err(|_| wrong())
}

/// An exact fraction of any size, for sums over hospitals and pools.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exact(BigRational);

#[expect(
    clippy::arithmetic_side_effects,
    reason = "big fractions grow as needed, and the only quotient checks its divisor"
)]
impl Exact {
    pub(crate) fn zero() -> Self {
        Self(BigRational::zero())
    }

    pub(crate) fn whole(number: impl Into<BigInt>) -> Self {
        Self(BigRational::from_integer(number.into()))
    }

    /// `numerator / denominator`; the denominator is not zero.
    pub(crate) fn fraction(numerator: impl Into<BigInt>, denominator: i64) -> Self {
        assert!(denominator != 0, "denominators are checked by their types");
        Self(BigRational::new(
            numerator.into(),
            BigInt::from(denominator),
        ))
    }

    pub(crate) fn decimal(decimal: Decimal) -> Self {
        let denominator = BigInt::from(10).pow(decimal.scale());
        Self(BigRational::new(
            BigInt::from(decimal.mantissa()),
            denominator,
        ))
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// The quotient; `None` when the divisor is zero.
    pub(crate) fn over(&self, divisor: &Self) -> Option<Self> {
        (!divisor.is_zero()).then(|| Self(&self.0 / &divisor.0))
    }

    pub(crate) fn total<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        parts
            .into_iter()
            .fold(Self::zero(), |sum, part| sum.plus(part))
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    pub(crate) fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The largest whole number that is not above it, and what is left.
    pub(crate) fn floor(&self) -> (BigInt, Self) {
        let floor = self.0.floor().to_integer();
        let rest = Self(&self.0 - BigRational::from_integer(floor.clone()));
        (floor, rest)
    }

    /// The whole number of `10^-places` that it rounds to.
    pub(crate) fn rounded(&self, places: u32, rounding: Rounding) -> BigInt {
        let shifted = &self.0 * BigRational::from_integer(BigInt::from(10).pow(places));
        match rounding {
            // `round` of a fraction takes halves away from zero.
            Rounding::HalfAwayFromZero => shifted.round().to_integer(),
            Rounding::Down => shifted.trunc().to_integer(),
        }
    }

    /// The same number with at most so many decimals.
    pub(crate) fn to_places(&self, places: u32, rounding: Rounding) -> Self {
        let units = self.rounded(places, rounding);
        Self(BigRational::new(units, BigInt::from(10).pow(places)))
    }

    /// As [`Self::rounded`], when it fits into 64 bits.
    pub(crate) fn to_i64(
        &self,
        places: u32,
        rounding: Rounding,
        what: &'static str,
    ) -> Result<i64, Error> {
        self.rounded(places, rounding)
            .to_i64()
            .ok_or(Error::Overflow(what))
    }

    /// As [`Self::rounded`], when it fits into a decimal of 96 bits.
    pub(crate) fn to_decimal(&self, places: u32, rounding: Rounding) -> Result<Decimal, Error> {
        self.rounded(places, rounding)
            .to_i128()
            .and_then(|units| Decimal::try_from_i128_with_scale(units, places).ok())
            .ok_or(Error::Overflow("published value"))
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rounding::{Down, HalfAwayFromZero};

    #[track_caller]
    fn check(numerator: i128, denominator: i128, half_away: i128, down: i128) {
        assert_eq!(
            divide(numerator, denominator, HalfAwayFromZero),
            Ok(half_away)
        );
        assert_eq!(divide(numerator, denominator, Down), Ok(down));
        let exact = Exact::whole(numerator)
            .over(&Exact::whole(denominator))
            .unwrap();
        assert_eq!(exact.rounded(0, HalfAwayFromZero), BigInt::from(half_away));
        assert_eq!(exact.rounded(0, Down), BigInt::from(down));
    }

    #[test]
    fn halves_go_away_from_zero_or_towards_it() {
        check(0, 7, 0, 0);
        check(4_999, 10_000, 0, 0);
        check(5_000, 10_000, 1, 0);
        check(5_001, 10_000, 1, 0);
        check(15, 10, 2, 1);
        check(25, 10, 3, 2);
        check(-5, 10, -1, 0);
        check(-4, 10, 0, 0);
        check(-25, 10, -3, -2);
        check(3, 1, 3, 3);
        check(
            i128::from(i64::MAX),
            1,
            i128::from(i64::MAX),
            i128::from(i64::MAX),
        );
        let edge = i128::from(u64::MAX);
        check(edge, 2, (edge + 1) / 2, (edge - 1) / 2);
        check(edge + 2, 2, (edge + 3) / 2, (edge + 1) / 2);
        check(edge, edge + 1, 1, 0);
        check(i128::MAX, i128::MAX, 1, 1);
        check(i128::MIN, 1, i128::MIN, i128::MIN);
    }

    #[test]
    fn a_quotient_that_does_not_exist_is_an_error() {
        assert!(divide(1, 0, Down).is_err());
        assert!(divide(i128::MAX, 0, Down).is_err());
        assert!(divide(i128::MIN, -1, Down).is_err());
        assert!(product(i128::MAX, 2, "test").is_err());
        assert!(sum(i128::MAX, 1, "test").is_err());
        assert!(difference(i128::MIN, 1, "test").is_err());
        assert!(Exact::zero().over(&Exact::zero()).is_none());
    }

    #[test]
    fn decimal_text_is_read_to_the_last_place_or_refused() {
        assert_eq!(parse_scaled("1.05", 4), Ok(10_500));
        assert_eq!(parse_scaled("1.050000", 4), Ok(10_500));
        assert_eq!(parse_scaled("-3", 4), Ok(-30_000));
        for text in [
            "", "-", "+1", "1e3", "1,000", " 1", ".5", "1.00001", "1_0", "１",
        ] {
            assert!(parse_scaled(text, 4).is_err(), "{text}");
        }
    }
}
