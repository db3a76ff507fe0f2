//! The hospital coefficient (差异系数, 调整系数).

use crate::exact::{divide, product, sum};
use crate::{Error, Ratio, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::CoefficientSource;

const COEFFICIENT: &str = "coefficient";

/// A coefficient before it comes to four places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotient {
    numerator: i128,
    /// Above zero.
    denominator: i128,
}

impl From<Ratio> for Quotient {
    fn from(ratio: Ratio) -> Self {
        Self {
            numerator: i128::from(ratio.millionths()),
            denominator: super::ONE,
        }
    }
}

/// The coefficient of a hospital from the source that the policy names.
///
/// `stated` is the column `coefficient` of the hospitals input, where it is filled in. Where the
/// policy takes the coefficient from the means of a group, what a group without any gets.
pub fn hospital_coefficient(
    source: &CoefficientSource,
    level: &str,
    stated: Option<Ratio>,
) -> Result<Ratio, Error> {
    let of_level = |by_level: &std::collections::BTreeMap<String, _>| {
        let known = by_level.get(level);
        let known = known.ok_or_else(|| Error::LevelUnknown(level.to_owned()))?;
        Ratio::from_decimal(*known)
    };
    match source {
        CoefficientSource::HospitalsInput => stated.ok_or(Error::CoefficientMissing),
        CoefficientSource::Level(by_level) => of_level(by_level),
        CoefficientSource::Blend {
            levels,
            level_share,
        } => {
            let own = stated.ok_or(Error::CoefficientMissing)?;
            let level = of_level(levels)?.into();
            blend(level, own.into(), Ratio::from_decimal(*level_share)?)
        }
        CoefficientSource::GroupMeans { without_mean, .. } => Ratio::from_decimal(*without_mean),
    }
}

/// `a × k_level + (1 − a) × k_hospital`, rounded once to four places, halves away from zero.
///
/// Errors: a share above 1, or a number that does not fit.
pub fn blend(
    of_level: Quotient,
    of_hospital: Quotient,
    level_share: Ratio,
) -> Result<Ratio, Error> {
    let share = i128::from(level_share.millionths());
    let rest = super::ONE.saturating_sub(share);
    if rest < 0 {
        return Err(Error::Overflow("share of the level's coefficient"));
    }
    let part = |one: Quotient, other: Quotient, share| {
        let numerator = product(one.numerator, other.denominator, COEFFICIENT)?;
        product(numerator, share, COEFFICIENT)
    };
    let exact = sum(
        part(of_level, of_hospital, share)?,
        part(of_hospital, of_level, rest)?,
        COEFFICIENT,
    )?;
    let unit = product(of_level.denominator, of_hospital.denominator, COEFFICIENT)?;
    let unit = product(unit, super::ONE, COEFFICIENT)?;
    let ten_thousandths = product(exact, 10_000, COEFFICIENT)?;
    let rounded = divide(ten_thousandths, unit, Rounding::HalfAwayFromZero)?;
    let value = i64::try_from(rounded).map_err(|_| Error::Overflow(COEFFICIENT))?;
    Ratio::from_ten_thousandths(value)
}

/// The mean cost of a group in one place over its mean cost in the region, exactly.
///
/// Errors: a regional mean that is not above zero, or a mean below zero.
pub fn ratio_of_means(mean: Yuan, regional_mean: Yuan) -> Result<Quotient, Error> {
    if regional_mean.fen() <= 0 {
        return Err(Error::NotPositive("mean cost of a group"));
    }
    if mean.is_negative() {
        return Err(Error::Negative(mean.to_string()));
    }
    Ok(Quotient {
        numerator: i128::from(mean.fen()),
        denominator: i128::from(regional_mean.fen()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_of_a_group_are_blended_and_then_rounded() {
        let of = |mean: &str| {
            let region = "10000".parse().unwrap();
            ratio_of_means(mean.parse().unwrap(), region).unwrap()
        };
        let half = "0.5".parse().unwrap();
        // (1.10005 + 0.90015) ÷ 2; 1.1001 and 0.9002 would make 1.0002.
        let found = blend(of("11000.50"), of("9001.50"), half).unwrap();
        assert_eq!(found.to_string(), "1.000100");
        let without = Quotient::from(Ratio::ONE);
        let found = blend(of("11000.50"), without, Ratio::ONE).unwrap();
        assert_eq!(found.to_string(), "1.100100");
        assert!(ratio_of_means("1".parse().unwrap(), Yuan::ZERO).is_err());
        assert!(ratio_of_means("-1".parse().unwrap(), "1".parse().unwrap()).is_err());
        assert!(blend(without, without, "1.1".parse().unwrap()).is_err());
    }
}
