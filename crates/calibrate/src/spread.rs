use crate::exact::Exact;
use drgdip_tables::policy::Bound;
use num_bigint::{BigInt, BigUint};

/// How costs spread: their number, sum and sum of squares, exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    cases: u64,
    sum: BigInt,
    squares: BigInt,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "big integers grow as needed, and sums of four squares of 63 bits fit into 128"
)]
impl Spread {
    /// The spread of some values, each of at most 63 bits.
    pub fn of(values: impl IntoIterator<Item = i64>) -> Self {
        let mut spread = Self::default();
        let (mut sum, mut squares, mut pending) = (0_i128, 0_u128, 0);
        for value in values {
            spread.cases += 1;
            sum += i128::from(value);
            let magnitude = u128::from(value.unsigned_abs());
            squares += magnitude * magnitude;
            pending += 1;
            if pending == 4 {
                spread.squares += squares;
                (squares, pending) = (0, 0);
            }
        }
        spread.squares += squares;
        spread.sum = BigInt::from(sum);
        spread
    }

    /// How many values there are.
    #[must_use]
    pub const fn cases(&self) -> u64 {
        self.cases
    }

    /// Their sum.
    pub(crate) const fn sum(&self) -> &BigInt {
        &self.sum
    }

    /// n² × variance, the variance of a population: n·Σx² − (Σx)².
    pub(crate) fn scaled_variance(&self) -> BigInt {
        BigInt::from(self.cases) * &self.squares - &self.sum * &self.sum
    }

    /// Whether the coefficient of variation (变异系数, CV = SD / mean) lies within the bound.
    ///
    /// No root is taken: with CV ≤ p/q, q²·(n·Σx² − (Σx)²) ≤ p²·(Σx)².
    #[must_use]
    pub fn is_within(&self, bound: Bound) -> bool {
        let limit = Exact::decimal(bound.value());
        let (p, q) = limit.parts();
        let spread = q * q * self.scaled_variance();
        let allowed = p * p * &self.sum * &self.sum;
        match bound {
            Bound::AtMost(_) => spread <= allowed,
            Bound::LessThan(_) => spread < allowed,
            Bound::AtLeast(_) => spread >= allowed,
            Bound::MoreThan(_) => spread > allowed,
        }
    }

    /// The coefficient of variation in ten-thousandths; `None` where the sum is not above zero.
    ///
    /// The root is taken of an integer with sixteen more digits, so that it is exact to eight
    /// places before the one rounding to four.
    #[must_use]
    pub fn cv_ten_thousandths(&self) -> Option<i64> {
        let sum = self.sum.to_biguint().filter(|sum| *sum != BigUint::ZERO)?;
        let root = (self.scaled_variance().to_biguint()? * BigUint::from(10_u64.pow(16))).sqrt();
        let unit = sum * BigUint::from(10_u32.pow(4));
        let cv: BigUint = (root + &unit / 2_u32) / unit;
        i64::try_from(cv).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    #[test]
    fn a_coefficient_of_variation_is_compared_without_a_root() {
        // Mean 50, SD 50: exactly 1.
        let spread = Spread::of([0, 100]);
        let one = Decimal::ONE;
        assert!(spread.is_within(Bound::AtMost(one)));
        assert!(!spread.is_within(Bound::LessThan(one)));
        assert_eq!(spread.cv_ten_thousandths(), Some(10_000));
        let above = Spread::of([0, 0, 100]);
        assert!(!above.is_within(Bound::AtMost(one)));
        assert_eq!(above.cv_ten_thousandths(), Some(14_142));
    }

    #[test]
    fn the_largest_costs_do_not_overflow() {
        let spread = Spread::of([i64::MAX; 9]);
        assert_eq!(spread.cases(), 9);
        assert_eq!(spread.scaled_variance(), BigInt::from(0));
        assert_eq!(spread.cv_ten_thousandths(), Some(0));
        assert_eq!(Spread::of([]).cv_ten_thousandths(), None);
    }
}
