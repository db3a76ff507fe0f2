use crate::exact::{Exact, parse_scaled, scaled};
use crate::{Error, PointValue, Rounding};
use drgdip_claims::Yuan;
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// Shows a whole number of `10^-PLACES` with all its decimals.
fn show<const PLACES: u32>(value: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.pad(&Decimal::new(value, PLACES).to_string())
}

/// Case points (点数; DIP calls them 分值), with four places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(i64);

impl Points {
    /// How many decimals points have.
    pub const PLACES: u32 = 4;
    /// No points.
    pub const ZERO: Self = Self(0);

    /// Points given in ten-thousandths.
    #[must_use]
    pub const fn from_ten_thousandths(value: i64) -> Self {
        Self(value)
    }

    /// The points in ten-thousandths.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }

    /// The sum of two amounts of points.
    pub fn plus(self, other: Self) -> Result<Self, Error> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(Error::Overflow("sum of points"))
    }

    /// What remains of these points without the others.
    pub fn minus(self, other: Self) -> Result<Self, Error> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(Error::Overflow("difference of points"))
    }

    /// What these points earn at a value, rounded once, to the fen.
    ///
    /// For showing one case's worth; payments of a pool come from [`crate::pool`], which loses
    /// no fen. Errors: an amount that does not fit.
    pub fn pay_at(self, value: &PointValue, rounding: Rounding) -> Result<Yuan, Error> {
        let points = Exact::fraction(self.0, 10_000);
        let fen = points
            .times(value.exact())
            .to_i64(2, rounding, "worth of points")?;
        Ok(Yuan::from_fen(fen))
    }

    /// The exact sum of many amounts of points; the order does not matter.
    pub fn total(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Error> {
        let mut sum: i128 = 0;
        for points in amounts {
            // 2^64 amounts of 63 bits fit into 127, so this sum cannot wrap around.
            sum = sum.wrapping_add(i128::from(points.0));
        }
        i64::try_from(sum)
            .map(Self)
            .map_err(|_| Error::Overflow("total of points"))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show::<{ Self::PLACES }>(self.0, f)
    }
}

impl FromStr for Points {
    type Err = Error;

    /// Reads decimal text with at most four decimals.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse_scaled(text, Self::PLACES).map(Self)
    }
}

/// The relative weight of a group (权重, RW), with four places, above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(i64);

impl Weight {
    /// How many decimals weights have.
    pub const PLACES: u32 = 4;

    /// A weight given in ten-thousandths; zero or less is an error.
    pub fn from_ten_thousandths(value: i64) -> Result<Self, Error> {
        if value > 0 {
            Ok(Self(value))
        } else {
            Err(Error::NotAWeight(
                Decimal::new(value, Self::PLACES).to_string(),
            ))
        }
    }

    /// The weight in ten-thousandths.
    #[must_use]
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show::<{ Self::PLACES }>(self.0, f)
    }
}

impl FromStr for Weight {
    type Err = Error;

    /// Reads decimal text with at most four decimals.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_ten_thousandths(parse_scaled(text, Self::PLACES)?)
    }
}

/// A coefficient, threshold or share, zero or more, with six places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(i64);

impl Ratio {
    /// How many decimals ratios have.
    pub const PLACES: u32 = 6;
    /// The ratio that changes nothing.
    pub const ONE: Self = Self(1_000_000);

    /// A ratio given in millionths; below zero is an error.
    pub fn from_millionths(value: i64) -> Result<Self, Error> {
        if value < 0 {
            return Err(Error::Negative(
                Decimal::new(value, Self::PLACES).to_string(),
            ));
        }
        Ok(Self(value))
    }

    /// A ratio given in ten-thousandths, as inputs state coefficients; below zero is an error.
    pub fn from_ten_thousandths(value: i64) -> Result<Self, Error> {
        let millionths = value.checked_mul(100);
        Self::from_millionths(millionths.ok_or(Error::Overflow("ratio"))?)
    }

    /// The same number as a ratio, or an error when it has more than six decimals.
    pub fn from_decimal(decimal: Decimal) -> Result<Self, Error> {
        let millionths = scaled(decimal, Self::PLACES)
            .and_then(|value| i64::try_from(value).ok())
            .ok_or_else(|| Error::NotANumber {
                text: decimal.to_string(),
                places: Self::PLACES,
            })?;
        Self::from_millionths(millionths)
    }

    /// The ratio in millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show::<{ Self::PLACES }>(self.0, f)
    }
}

impl FromStr for Ratio {
    type Err = Error;

    /// Reads decimal text with at most six decimals.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_millionths(parse_scaled(text, Self::PLACES)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_with_all_their_places() {
        assert_eq!("150".parse::<Points>().unwrap().to_string(), "150.0000");
        assert_eq!("-0.5".parse::<Points>().unwrap().to_string(), "-0.5000");
        assert_eq!("1.5".parse::<Weight>().unwrap().to_string(), "1.5000");
        assert_eq!("0.92".parse::<Ratio>().unwrap().to_string(), "0.920000");
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        assert_eq!(
            "0".parse::<Weight>().unwrap_err().to_string(),
            "a weight of 0.0000 has no reference cost; a group without a weight must have no row"
        );
        assert_eq!(
            "-1".parse::<Ratio>().unwrap_err().to_string(),
            "-1.000000 is below zero where only zero or more makes sense"
        );
        assert_eq!(
            "1.0000001".parse::<Ratio>().unwrap_err().to_string(),
            "\"1.0000001\" is not a number with at most 6 decimals, such as \"1.05\""
        );
    }

    #[test]
    fn sums_that_do_not_fit_are_errors() {
        let most = Points::from_ten_thousandths(i64::MAX);
        let least = Points::from_ten_thousandths(i64::MIN);
        let one = Points::from_ten_thousandths(1);
        assert!(most.plus(one).is_err());
        assert!(least.minus(one).is_err());
        assert!(Points::total([most, one]).is_err());
        assert_eq!(Points::total([most, one, least]), Ok(Points::ZERO));
    }
}
