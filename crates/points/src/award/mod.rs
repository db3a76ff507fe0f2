//! Case points (病例点数): what one case earns, before the pool's point value is known.

mod coefficient;
mod cost;
mod high;
mod rules;
mod stay;
mod subtype;
#[cfg(test)]
mod tests;

pub use coefficient::{Quotient, blend, hospital_coefficient, ratio_of_means};
pub use rules::{CaseRules, GroupPrice, PresetValue};
pub use stay::{bed_day_points, short_stay_points, transfer_points};

use crate::classify::CaseClass;
use crate::exact::product;
use crate::{Error, Points, Ratio};
use cost::Cost;
use drgdip_claims::Yuan;
use drgdip_tables::policy::CoefficientUse;
use rules::{PreparedLowRule, WHAT};

/// One as a ratio, in millionths.
const ONE: i128 = 1_000_000;

/// The class and the points of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseAward {
    /// How its cost stands to the group's reference cost.
    pub class: CaseClass,
    /// What it earns, zero or more.
    pub points: Points,
}

/// Classifies a case and gives it its points, rounded once to four places.
///
/// What a high case earns beyond the normal points may be taken away by the control proportion,
/// which needs the other cases: see [`crate::link`]. Errors: a negative cost, or a number that does
/// not fit.
pub fn award(
    price: &GroupPrice,
    coefficient: Ratio,
    total_cost: Yuan,
    rules: &CaseRules,
) -> Result<CaseAward, Error> {
    if total_cost.is_negative() {
        return Err(Error::NegativeCost(total_cost));
    }
    let is_own = price.measured_by == ONE && !rules.reference.has_coefficient();
    let class = match is_own {
        true => price.class(total_cost),
        false => price.class_with(&Cost::against(total_cost, coefficient, rules.reference))?,
    };
    if !price.is_plain {
        let case = subtype::Case {
            price,
            coefficient,
            total_cost,
            rules,
        };
        let points = case.points(class)?;
        return Ok(CaseAward { class, points });
    }
    let points = match class {
        CaseClass::Normal => normal_points(price, coefficient, rules)?,
        CaseClass::Low => low_points(price, coefficient, total_cost, rules)?,
        CaseClass::High => high::points(price, coefficient, total_cost, rules)?,
    };
    Ok(CaseAward { class, points })
}

/// `b × k`, times the coefficient of a subtype: what a normal case earns, and a high one that is
/// outside the control proportion.
pub fn normal_points(
    price: &GroupPrice,
    coefficient: Ratio,
    rules: &CaseRules,
) -> Result<Points, Error> {
    if !price.is_plain {
        return subtype::normal(price, coefficient, rules);
    }
    rules.points(base_times(price, coefficient)?, ONE)
}

/// `C / M × scale × discount`: what a case without points of its own earns.
///
/// For groups without a weight, unstable groups, ungrouped and ambiguous cases. Errors as
/// [`award`].
pub fn award_by_cost(
    total_cost: Yuan,
    rules: &CaseRules,
    discount: Ratio,
) -> Result<Points, Error> {
    if total_cost.is_negative() {
        return Err(Error::NegativeCost(total_cost));
    }
    let discount = i128::from(discount.millionths());
    let numerator = product(rules.cost_over_mean(total_cost)?, discount, WHAT)?;
    rules.points(numerator, product(rules.mean_cost, ONE, WHAT)?)
}

/// `b × C / S × discount`: what a case of a fallback group earns (空白病组), by what it cost against
/// the reference cost S of its group.
///
/// Errors as [`award`].
pub fn award_by_group_cost(
    price: &GroupPrice,
    total_cost: Yuan,
    discount: Ratio,
    rules: &CaseRules,
) -> Result<Points, Error> {
    if total_cost.is_negative() {
        return Err(Error::NegativeCost(total_cost));
    }
    let case = subtype::Case {
        price,
        coefficient: Ratio::ONE,
        total_cost,
        rules,
    };
    case.discounted(discount)
}

/// `C / v_ref`: points that are worth the amount where a point is worth the preset value.
///
/// Errors as [`award`].
pub fn award_by_amount(
    amount: Yuan,
    value: PresetValue,
    rules: &CaseRules,
) -> Result<Points, Error> {
    if amount.is_negative() {
        return Err(Error::NegativeCost(amount));
    }
    // Fen are hundredths, points ten-thousandths and the value millionths.
    let numerator = product(i128::from(amount.fen()), 100_000_000, WHAT)?;
    rules.points(numerator, value.millionths())
}

/// What is left after a factor of points that are on record with four places, such as those of a
/// stay that another one follows.
///
/// For points that are not on record before the factor see [`CaseRules::keeping`]. Errors: a number
/// that does not fit.
pub fn reduced(points: Points, factor: Ratio, rules: &CaseRules) -> Result<Points, Error> {
    let exact = product(
        i128::from(points.ten_thousandths()),
        i128::from(factor.millionths()),
        WHAT,
    )?;
    rules.points(exact, ONE)
}

/// `b × k` in ten-thousandths of a point times `10^6`.
fn base_times(price: &GroupPrice, coefficient: Ratio) -> Result<i128, Error> {
    let base = i128::from(price.base_points().ten_thousandths());
    product(base, i128::from(coefficient.millionths()), WHAT)
}

/// What a low case earns: POINTS_NO_K, RATIO or BY_ACTUAL.
///
/// By the group's reference cost `b × r` is the same as `C / M × scale`; by the one with the
/// coefficient, `b × k × r` is.
fn low_points(
    price: &GroupPrice,
    coefficient: Ratio,
    total_cost: Yuan,
    rules: &CaseRules,
) -> Result<Points, Error> {
    if !price.is_plain {
        let case = subtype::Case {
            price,
            coefficient,
            total_cost,
            rules,
        };
        return case.low();
    }
    let used = match rules.low_rule {
        PreparedLowRule::PointsNoK => return award_by_cost(total_cost, rules, Ratio::ONE),
        PreparedLowRule::ByActual(value) => return award_by_amount(total_cost, value, rules),
        PreparedLowRule::Ratio(used) => used,
    };
    let by_ratio = match (used, rules.reference.has_coefficient()) {
        (CoefficientUse::With, false) => award_by_cost(total_cost, rules, coefficient)?,
        (CoefficientUse::Without, true) => by_cost_over(total_cost, coefficient, rules)?,
        _ => award_by_cost(total_cost, rules, Ratio::ONE)?,
    };
    Ok(by_ratio.min(normal_points(price, coefficient, rules)?))
}

/// `C / (M × k) × scale`; a coefficient of zero makes no case low.
fn by_cost_over(total_cost: Yuan, coefficient: Ratio, rules: &CaseRules) -> Result<Points, Error> {
    let numerator = product(rules.cost_over_mean(total_cost)?, ONE, WHAT)?;
    let divisor = product(rules.mean_cost, i128::from(coefficient.millionths()), WHAT)?;
    rules.points(numerator, divisor)
}
