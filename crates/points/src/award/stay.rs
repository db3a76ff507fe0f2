//! What a stay earns that its length or its end sets apart.

use super::rules::{CaseRules, POINT, WHAT};
use super::subtype::exact_normal;
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
/// The mean stay is the group's in ten-thousandths of a day. Errors: a number that does not fit.
pub fn transfer_points(
    price: &GroupPrice,
    coefficient: Ratio,
    (days, mean_stay): (u32, i64),
    rules: &CaseRules,
) -> Result<Points, Error> {
    let stay = Exact::whole(i128::from(days).saturating_add(1)).times(&Exact::whole(POINT));
    let share = stay.over(&Exact::whole(mean_stay));
    let share = share.ok_or(Error::NotPositive("mean stay of a group"))?;
    let by_days = exact_normal(price, coefficient).times(&share);
    Ok(normal_points(price, coefficient, rules)?.min(rules.rounded(&by_days)?))
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

#[cfg(test)]
mod tests {
    use super::super::tests::terms;
    use super::*;

    #[test]
    fn a_transfer_is_rounded_once() {
        let rules = CaseRules::new(&terms()).unwrap();
        let price = rules.price("1.2345".parse().unwrap()).unwrap();
        let points = |days| {
            let k = "0.8001".parse().unwrap();
            transfer_points(&price, k, (days, 85_000), &rules).unwrap()
        };
        // 123.45 × 0.8001 = 98.772345; × 2 ÷ 8.5 = 23.24055177.
        assert_eq!(points(1).to_string(), "23.2406");
        assert_eq!(points(8).to_string(), "98.7723");
    }
}
