//! What a point is worth in a pool, and what each hospital is paid.
//!
//! In: the budget of a pool and the exact totals of its hospitals. Out: point values as exact
//! fractions and payments in fen. Paid and residual always add up to what was to be distributed.

mod apportion;
mod increment;
mod model;
mod parts;
mod payments;
mod report;

use crate::exact::{Exact, divide, product};
use crate::value::PointValue;
use crate::{Error, Points, Ratio, Rounding};
pub(crate) use apportion::largest_remainder;
use drgdip_claims::Yuan;
use drgdip_tables::policy::{ValueFamily, ValueTerms};
use model::{Pricing, price};
use parts::Weighted;
use payments::payments;
use std::collections::BTreeMap;

pub use parts::{MonthBefore, baseline_used};
pub use report::{
    CaseSplit, EarnedParts, HospitalPayment, PoolSettlement, ResidualCause, ResidualReason,
    SubpoolValue,
};

/// The totals of one hospital in a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HospitalTotals {
    /// The code of the hospital.
    pub hospital_id: String,
    /// How many cases it settles.
    pub cases: u64,
    /// Σ of its case points, zero or more.
    pub points: Points,
    /// Σ of its cases' total cost.
    pub total_cost: Yuan,
    /// Σ of what the pooled fund does not pay for its cases (U).
    pub patient_side: Yuan,
}

/// Last year's settlement of a pool, regrouped with this year's plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorYear {
    /// Last year's point value.
    pub value: PointValue,
    /// Last year's points of each hospital, zero or more.
    pub points: BTreeMap<String, Points>,
    /// The baseline points of the months before, where a month's baseline is the year's to date.
    pub used: BTreeMap<String, Points>,
}

/// One pool (region × insurance × unit) with everything that its settlement needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolInput {
    /// The budget of the period.
    pub budget: Yuan,
    /// What is kept back of it.
    pub reserve: Yuan,
    /// The hospitals, in any order.
    pub hospitals: Vec<HospitalTotals>,
    /// Last year's settlement, where the model needs it.
    pub prior: Option<PriorYear>,
    /// The initial value of the year, where the mode needs it.
    pub initial_value: Option<PointValue>,
    /// What each hospital's increment points count, where the rule is tilted; others count 1.
    pub tilts: BTreeMap<String, Ratio>,
    /// The points of each hospital by measure, for every measure that the model names.
    pub measures: BTreeMap<String, BTreeMap<String, Points>>,
    /// What a hospital's cases are paid beside points, taken off the money for points first.
    pub at_cost: BTreeMap<String, Yuan>,
}

/// Settles one pool.
///
/// Source: `policies/payment.md`, Point value (family B in its conserving form).
/// Errors: a hospital that stands twice, a reserve outside the budget, a model that needs last
/// year's settlement, an initial value or a measure without one, numbers below zero, numbers
/// that do not fit.
pub fn settle_pool(input: &PoolInput, terms: &ValueTerms) -> Result<PoolSettlement, Error> {
    let distributable = distributable(input)?;
    let hospitals = with_prior_hospitals(input)?;
    let weighted = hospitals
        .iter()
        .map(|totals| Weighted::new(totals, terms, input))
        .collect::<Result<Vec<_>, Error>>()?;
    let at_cost = Yuan::total(input.at_cost.values().copied())?;
    let for_points = distributable.minus(at_cost)?.max(Yuan::ZERO);
    let patient_side = match terms.family {
        ValueFamily::A | ValueFamily::B => Yuan::ZERO,
        ValueFamily::C => Yuan::total(hospitals.iter().map(|h| h.patient_side))?,
    };
    let amount = Exact::fraction(for_points.plus(patient_side)?.fen(), 100);
    let pricing = price(&weighted, amount, terms, input)?;
    let paid = payments(&hospitals, &weighted, (&pricing, input), terms)?;
    assemble((input, distributable, for_points), pricing, paid, terms)
}

/// The reserve of a pool: a share of its budget, rounded once to the fen.
///
/// Errors: an amount that does not fit.
pub fn reserve_of(budget: Yuan, share: Ratio, rounding: Rounding) -> Result<Yuan, Error> {
    const WHAT: &str = "reserve";
    let exact = product(
        i128::from(budget.fen()),
        i128::from(share.millionths()),
        WHAT,
    )?;
    Ok(Yuan::try_from_fen(divide(exact, 1_000_000, rounding)?)?)
}

fn distributable(input: &PoolInput) -> Result<Yuan, Error> {
    if input.reserve.is_negative() || input.reserve > input.budget {
        return Err(Error::ReserveOutsideBudget {
            budget: input.budget,
            reserve: input.reserve,
        });
    }
    Ok(input.budget.minus(input.reserve)?)
}

/// The hospitals by id, with those of last year that have no cases now.
fn with_prior_hospitals(input: &PoolInput) -> Result<Vec<HospitalTotals>, Error> {
    let mut by_id = BTreeMap::new();
    for totals in &input.hospitals {
        if totals.points < Points::ZERO {
            return Err(Error::Negative(totals.points.to_string()));
        }
        let id = totals.hospital_id.clone();
        if by_id.insert(id, totals.clone()).is_some() {
            return Err(Error::HospitalTwice(totals.hospital_id.clone()));
        }
    }
    let prior = input.prior.iter().flat_map(|prior| prior.points.keys());
    for hospital_id in prior.chain(input.at_cost.keys()) {
        let totals = || HospitalTotals {
            hospital_id: hospital_id.clone(),
            ..HospitalTotals::default()
        };
        by_id.entry(hospital_id.clone()).or_insert_with(totals);
    }
    Ok(by_id.into_values().collect())
}

fn assemble(
    (input, distributable, for_points): (&PoolInput, Yuan, Yuan),
    pricing: Pricing,
    hospitals: Vec<HospitalPayment>,
    terms: &ValueTerms,
) -> Result<PoolSettlement, Error> {
    let paid = Yuan::total(hospitals.iter().map(|h| h.payment))?;
    let at_cost = Yuan::total(hospitals.iter().map(|h| h.at_cost))?;
    let left_over = if pricing.has_points {
        let fen = pricing
            .left_over
            .to_i64(2, terms.money_rounding, "residual")?;
        Yuan::from_fen(fen)
    } else {
        for_points
    };
    let residual = distributable.minus(paid)?;
    let (residual_reason, rounding_residual) = report::explain(&report::Left {
        residual,
        left_over,
        above_budget: distributable.minus(at_cost)?.minus(for_points)?,
        for_points,
        paid_for_points: paid.minus(at_cost)?,
        reason: pricing.reason,
    })?;
    let sum = |points: fn(&HospitalPayment) -> Points| Points::total(hospitals.iter().map(points));
    Ok(PoolSettlement {
        budget: input.budget,
        reserve: input.reserve,
        distributable,
        at_cost,
        points: sum(|h| h.points)?,
        baseline_points: sum(|h| h.baseline_points)?,
        increment_points: sum(|h| h.increment_points)?,
        fixed_value: PointValue::from_exact(pricing.fixed),
        floating_value: PointValue::from_exact(pricing.floating),
        fixed_share: PointValue::from_exact(pricing.fixed_share),
        is_fixed_value_scaled: pricing.is_scaled,
        subpools: pricing.subpools.into_iter().map(Into::into).collect(),
        paid,
        left_over,
        residual,
        rounding_residual,
        residual_reason,
        hospitals,
    })
}

#[cfg(test)]
mod tests;
