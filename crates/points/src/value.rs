use crate::exact::Exact;
use crate::{Error, Points, Rounding};
use drgdip_claims::Yuan;
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// What one point is worth (点值), in yuan, as an exact fraction.
///
/// It is rounded only to be shown or published; payments are computed from the fraction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PointValue(Exact);

impl PointValue {
    /// How many decimals are shown.
    pub const SHOWN_PLACES: u32 = 6;

    /// A point that is worth nothing.
    #[must_use]
    pub fn zero() -> Self {
        Self(Exact::zero())
    }

    /// A value that a policy or last year's settlement states; below zero is an error.
    pub fn from_decimal(value: Decimal) -> Result<Self, Error> {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(Error::Negative(value.to_string()));
        }
        Ok(Self(Exact::decimal(value)))
    }

    /// What a point is worth when so much money is spread over so many points, exactly.
    ///
    /// Errors: no points, or an amount below zero.
    pub fn per_point(amount: Yuan, points: Points) -> Result<Self, Error> {
        if amount.is_negative() {
            return Err(Error::Negative(amount.to_string()));
        }
        if points <= Points::ZERO {
            return Err(Error::NotPositive("number of points"));
        }
        let yuan = Exact::fraction(amount.fen(), 100);
        let points = Exact::fraction(points.ten_thousandths(), 10_000);
        let value = yuan.over(&points);
        Ok(Self(value.ok_or(Error::NotPositive("number of points"))?))
    }

    /// The value with so many decimals, for publication and for outputs.
    pub fn published(&self, places: u32, rounding: Rounding) -> Result<Decimal, Error> {
        self.0.to_decimal(places, rounding)
    }

    pub(crate) fn from_exact(value: Exact) -> Self {
        Self(value)
    }

    pub(crate) fn exact(&self) -> &Exact {
        &self.0
    }
}

impl fmt::Display for PointValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .published(Self::SHOWN_PLACES, Rounding::HalfAwayFromZero)
            .map_err(|_| fmt::Error)?;
        f.pad(&shown.to_string())
    }
}

impl FromStr for PointValue {
    type Err = Error;

    /// Reads decimal text with at most ten decimals.
    fn from_str(text: &str) -> Result<Self, Error> {
        let units = crate::exact::parse_scaled(text, 10)?;
        Self::from_decimal(Decimal::new(units, 10))
    }
}
