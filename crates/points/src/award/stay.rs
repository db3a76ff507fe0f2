//! What a stay earns that its length or its end sets apart.

use super::rules::{CaseRules, POINT, WHAT};
use super::{GroupPrice, award_by_cost, low_points, normal_points};
use crate::exact::{Exact, product};
use crate::{Error, Points, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::ShortStayRule;

/// `day cost / M × scale × k × days` (床日): a long stay, or a claim of the unit bed-day.
///
/// Errors: a number that does not fit.
pub fn bed_day_points(
    day_cost: Yuan,
    days: u32,
    coefficient: Ratio,
    rules: &CaseRules,
) -> Result<Points, Error> {
    let per_day = rules.cost_over_mean(day_cost)?;
    let all_days = product(per_day, i128::from(days), WHAT)?;
    let all_days = product(all_days, i128::from(coefficient.millionths()), WHAT)?;
    rules.points(all_days, product(rules.mean_cost, super::ONE, WHAT)?)
}

/// `min(b × k, b × k × (days + 1) / mean stay)`: a case that was transferred before its time.
///
/// `mean_stay` is the group's in ten-thousandths of a day. Errors: a number that does not fit.
pub fn transfer_points(
    normal: Points,
    days: u32,
    mean_stay: i64,
    rules: &CaseRules,
) -> Result<Points, Error> {
    let stay = Exact::whole(i128::from(days).saturating_add(1)).times(&Exact::whole(POINT));
    let share = stay.over(&Exact::whole(mean_stay));
    let share = share.ok_or(Error::NotPositive("mean stay of a group"))?;
    let by_days = Exact::whole(normal.ten_thousandths()).times(&share);
    Ok(normal.min(super::rounded(&by_days, rules)?))
}

/// What a stay of too few days earns, never more than a normal case.
///
/// Errors as [`super::award`].
pub fn short_stay_points(
    rule: ShortStayRule,
    price: &GroupPrice,
    (coefficient, total_cost): (Ratio, Yuan),
    rules: &CaseRules,
) -> Result<Points, Error> {
    if total_cost.is_negative() {
        return Err(Error::NegativeCost(total_cost));
    }
    let earned = match rule {
        ShortStayRule::Low => low_points(price, coefficient, total_cost, rules)?,
        ShortStayRule::ByCost => award_by_cost(total_cost, rules, Ratio::ONE)?,
    };
    Ok(earned.min(normal_points(price, coefficient, rules)?))
}
