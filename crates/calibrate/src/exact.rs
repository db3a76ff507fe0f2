use crate::Error;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use rust_decimal::Decimal;

/// An exact fraction of any size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(BigRational);

impl Default for Exact {
    fn default() -> Self {
        Self::zero()
    }
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "big fractions grow as needed, and the only quotient checks its divisor"
)]
impl Exact {
    /// Nothing.
    #[must_use]
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// A whole number.
    pub fn whole(number: impl Into<BigInt>) -> Self {
        Self(BigRational::from_integer(number.into()))
    }

    /// A decimal, digit for digit.
    #[must_use]
    pub fn decimal(decimal: Decimal) -> Self {
        let denominator = BigInt::from(10).pow(decimal.scale());
        Self(BigRational::new(
            BigInt::from(decimal.mantissa()),
            denominator,
        ))
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// The quotient; `None` when the divisor is zero.
    #[must_use]
    pub fn over(&self, divisor: &Self) -> Option<Self> {
        (!divisor.0.is_zero()).then(|| Self(&self.0 / &divisor.0))
    }

    /// The sum of many; halves are added up by themselves, so that denominators stay small as
    /// long as they can.
    #[must_use]
    pub fn total(parts: &[Self]) -> Self {
        match parts {
            [] => Self::zero(),
            [only] => only.clone(),
            _ => {
                let (left, right) = parts.split_at(parts.len() / 2);
                Self::total(left).plus(&Self::total(right))
            }
        }
    }

    /// Whether it is above zero.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.0.is_positive()
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(&self) -> BigInt {
        self.0.floor().to_integer()
    }

    /// The whole number of `10^-places` that it rounds to, a half away from zero.
    #[must_use]
    pub fn rounded(&self, places: u32) -> BigInt {
        let shifted = &self.0 * BigRational::from_integer(BigInt::from(10).pow(places));
        shifted.round().to_integer()
    }

    /// The decimal of so many places that it rounds to, a half away from zero.
    #[must_use]
    pub fn to_places(&self, places: u32) -> Self {
        Self(BigRational::new(
            self.rounded(places),
            BigInt::from(10).pow(places),
        ))
    }

    /// As [`Self::rounded`], when it fits into 64 bits.
    ///
    /// # Errors
    /// A number that does not fit; `what` names it.
    pub fn to_i64(&self, places: u32, what: &'static str) -> Result<i64, Error> {
        self.rounded(places).to_i64().ok_or(Error::Overflow(what))
    }

    /// With so many decimals, a half away from zero, for people.
    #[must_use]
    pub fn shown(&self, places: u32) -> String {
        let units = self.rounded(places);
        let sign = if units.is_negative() { "-" } else { "" };
        let one = BigInt::from(10).pow(places);
        let (whole, part) = (units.abs() / &one, units.abs() % &one);
        let width = places as usize;
        match places {
            0 => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{:0>width$}", part.to_string()),
        }
    }

    /// The fraction in lowest terms; the denominator is above zero.
    #[must_use]
    pub fn parts(&self) -> (&BigInt, &BigInt) {
        (self.0.numer(), self.0.denom())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numerator: i64, denominator: i64, places: u32, shown: &str) {
        let exact = Exact::whole(numerator).over(&Exact::whole(denominator));
        assert_eq!(exact.expect("the divisor is not 0").shown(places), shown);
    }

    #[test]
    fn fractions_are_shown_with_halves_away_from_zero() {
        check(1, 8, 2, "0.13");
        check(-1, 8, 2, "-0.13");
        check(1, 3, 4, "0.3333");
        check(-1, 1000, 2, "0.00");
        check(5, 2, 0, "3");
        check(20_003, 2, 1, "10001.5");
    }

    #[test]
    fn a_quotient_by_zero_is_nothing_and_totals_are_exact() {
        assert_eq!(Exact::whole(1).over(&Exact::zero()), None);
        let third = Exact::whole(1).over(&Exact::whole(3)).expect("not by zero");
        let parts = vec![third; 3];
        assert_eq!(Exact::total(&parts), Exact::whole(1));
        assert_eq!(Exact::total(&[]), Exact::zero());
    }
}
