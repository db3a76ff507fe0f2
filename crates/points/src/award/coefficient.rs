//! The hospital coefficient (差异系数, 调整系数).

use crate::exact::{Exact, product, sum};
use crate::{Error, Ratio, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::CoefficientSource;

/// How many millionths the last of four places is; coefficients have four.
const LAST_PLACE: i128 = 100;

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
            blend(of_level(levels)?, own, Ratio::from_decimal(*level_share)?)
        }
        CoefficientSource::GroupMeans { without_mean, .. } => Ratio::from_decimal(*without_mean),
    }
}

/// `a × k_level + (1 − a) × k_hospital`, to four places, halves away from zero.
///
/// Errors: a share above 1, or a number that does not fit.
pub fn blend(of_level: Ratio, of_hospital: Ratio, level_share: Ratio) -> Result<Ratio, Error> {
    const COEFFICIENT: &str = "coefficient";
    let share = i128::from(level_share.millionths());
    let rest = i128::from(Ratio::ONE.millionths()).saturating_sub(share);
    if rest < 0 {
        return Err(Error::Overflow("share of the level's coefficient"));
    }
    let level = product(i128::from(of_level.millionths()), share, COEFFICIENT)?;
    let hospital = product(i128::from(of_hospital.millionths()), rest, COEFFICIENT)?;
    let exact = sum(level, hospital, COEFFICIENT)?;
    let unit = product(super::ONE, LAST_PLACE, COEFFICIENT)?;
    let rounded = crate::exact::divide(exact, unit, Rounding::HalfAwayFromZero)?;
    let value = i64::try_from(rounded).map_err(|_| Error::Overflow(COEFFICIENT))?;
    Ratio::from_ten_thousandths(value)
}

/// The mean cost of a group in one place over its mean cost in the region, to four places.
///
/// Errors: a regional mean that is not above zero, or a ratio that does not fit.
pub fn ratio_of_means(mean: Yuan, regional_mean: Yuan) -> Result<Ratio, Error> {
    if regional_mean.fen() <= 0 {
        return Err(Error::NotPositive("mean cost of a group"));
    }
    let ratio = Exact::fraction(mean.fen(), regional_mean.fen());
    Ratio::from_ten_thousandths(ratio.to_i64(4, Rounding::HalfAwayFromZero, "coefficient")?)
}
