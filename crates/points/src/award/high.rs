//! What a high-cost case earns (高倍率病例).

use super::cost::Cost;
use super::rules::{CaseRules, GroupPrice, PreparedHighRule, WHAT};
use super::{ONE, award_by_amount, base_times, normal_points};
use crate::exact::{Exact, difference, product, sum};
use crate::{Error, Points, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::CoefficientUse;

/// The high-cost rules LINEAR_ADD, DEDUCT, CAP, BY_ITEM_TOP and NORMAL.
pub(super) fn points(
    price: &GroupPrice,
    coefficient: Ratio,
    total_cost: Yuan,
    rules: &CaseRules,
) -> Result<Points, Error> {
    let cost = Cost::against(total_cost, coefficient, rules.reference);
    if price.is_beyond_limit(&cost)? {
        return normal_points(price, coefficient, rules);
    }
    match rules.high_rule {
        PreparedHighRule::LinearAdd(alpha, CoefficientUse::Without)
            if !rules.reference.has_coefficient() =>
        {
            linear_add(price, coefficient, (total_cost, alpha), rules)
        }
        PreparedHighRule::LinearAdd(alpha, used) => {
            let added = Added { alpha, used };
            added.points(price, coefficient, total_cost, rules)
        }
        PreparedHighRule::Deduct => deduct(price, coefficient, total_cost, rules),
        PreparedHighRule::Cap => {
            let multiple = i128::from(price.high_multiple().millionths());
            let capped = product(base_times(price, coefficient)?, multiple, WHAT)?;
            rules.points(capped, product(ONE, ONE, WHAT)?)
        }
        PreparedHighRule::ByItemTop(value) => award_by_amount(total_cost, value, rules),
        PreparedHighRule::Normal => normal_points(price, coefficient, rules),
    }
}

/// `b×k + alpha × (C/M × scale − K × b)`, all times `10^12 × M`, in integers: the usual case.
fn linear_add(
    price: &GroupPrice,
    coefficient: Ratio,
    (total_cost, alpha): (Yuan, Ratio),
    rules: &CaseRules,
) -> Result<Points, Error> {
    let base = i128::from(price.base_points().ten_thousandths());
    let multiple = i128::from(price.high_multiple().millionths());
    let by_cost = rules.cost_over_mean(total_cost)?;
    let normal = product(base_times(price, coefficient)?, ONE, WHAT)?;
    let normal = product(normal, rules.mean_cost, WHAT)?;
    let threshold = product(product(base, multiple, WHAT)?, rules.mean_cost, WHAT)?;
    let excess = difference(product(by_cost, ONE, WHAT)?, threshold, WHAT)?;
    let added = product(excess, i128::from(alpha.millionths()), WHAT)?;
    let denominator = product(product(ONE, ONE, WHAT)?, rules.mean_cost, WHAT)?;
    rules.points(sum(normal, added, WHAT)?, denominator)
}

/// `C/M × scale − (K − 1) × b × k`, all times `10^12 × M`.
///
/// It falls below zero where a coefficient is above `K / (K − 1)`; such a case earns nothing.
fn deduct(
    price: &GroupPrice,
    coefficient: Ratio,
    total_cost: Yuan,
    rules: &CaseRules,
) -> Result<Points, Error> {
    let multiple = i128::from(price.high_multiple().millionths());
    let beyond_one = difference(multiple, ONE, WHAT)?;
    let deducted = product(base_times(price, coefficient)?, beyond_one, WHAT)?;
    let deducted = product(deducted, rules.mean_cost, WHAT)?;
    let denominator = product(ONE, ONE, WHAT)?;
    let by_cost = rules.cost_over_mean(total_cost)?;
    let kept = difference(product(by_cost, denominator, WHAT)?, deducted, WHAT)?;
    let denominator = product(denominator, rules.mean_cost, WHAT)?;
    rules.points(kept.max(0), denominator)
}

/// The added part of LINEAR_ADD where the coefficient has a say in it.
struct Added {
    alpha: Ratio,
    used: CoefficientUse,
}

impl Added {
    /// `b×k + alpha × (r − K) × b`, with the added part times k where the coefficient is used,
    /// and r of the reference cost that the policy names.
    fn points(
        &self,
        price: &GroupPrice,
        coefficient: Ratio,
        total_cost: Yuan,
        rules: &CaseRules,
    ) -> Result<Points, Error> {
        let part = |millionths: i64| Exact::fraction(millionths, 1_000_000);
        let base = Exact::whole(price.base_points().ten_thousandths());
        let k = part(coefficient.millionths());
        let by_cost = Exact::whole(rules.cost_over_mean(total_cost)?);
        let by_cost = by_cost.over(&Exact::whole(rules.mean_cost));
        let mut r_times_base = by_cost.ok_or(Error::NotPositive("mean cost of all cases"))?;
        if rules.reference.has_coefficient() {
            // Without a coefficient there is no reference cost, and nothing to add to.
            let Some(of_coefficient) = r_times_base.over(&k) else {
                return Ok(Points::ZERO);
            };
            r_times_base = of_coefficient;
        }
        let threshold = base.times(&part(price.high_multiple().millionths()));
        let mut added = r_times_base.minus(&threshold);
        added = added.times(&part(self.alpha.millionths()));
        if self.used == CoefficientUse::With {
            added = added.times(&k);
        }
        rules.rounded(&base.times(&k).plus(&added))
    }
}
