//! What a point is worth in a pool, and what each hospital is paid.
//!
//! In: the budget of a pool and the exact totals of its hospitals. Out: point values as exact
//! fractions and payments in fen. Paid and residual always add up to what was to be distributed.

mod apportion;
mod model;

use crate::exact::{divide, product};
use crate::value::PointValue;
use crate::{Error, Points, Ratio, Rounding};
use apportion::largest_remainder;
use drgdip_claims::Yuan;
use drgdip_tables::policy::{ValueFamily, ValueTerms};
use model::{Pricing, Weighted, price};
use std::collections::BTreeMap;

/// The totals of one hospital in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// One pool (region × insurance × unit) with everything that its settlement needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolInput {
    /// The budget of the period.
    pub budget: Yuan,
    /// What is kept back of it.
    pub reserve: Yuan,
    /// The hospitals, in any order.
    pub hospitals: Vec<HospitalTotals>,
    /// Last year's settlement, where the model needs it.
    pub prior: Option<PriorYear>,
}

/// Why the point values of a pool leave money over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResidualCause {
    /// No hospital has more points than its baseline.
    NoIncrementPoints,
    /// The floating value is at its cap.
    FloatingValueCap,
}

/// The reason that goes with a residual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResidualReason {
    /// All is distributed by the point values.
    Nothing,
    /// No hospital has points that could be paid, so everything is left over.
    NoPoints,
    /// The money is left over and stays in the reserve.
    LeftOver(ResidualCause),
    /// The money was left over, and the policy shared it by what baseline points earn.
    SharedByBase(ResidualCause),
    /// The money was left over, and the policy shared it by all points.
    SharedByPoints(ResidualCause),
}

impl ResidualReason {
    /// As written in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        use ResidualCause::{FloatingValueCap, NoIncrementPoints};
        match self {
            Self::Nothing => "none",
            Self::NoPoints => "no_points",
            Self::LeftOver(NoIncrementPoints) => "no_increment_points",
            Self::LeftOver(FloatingValueCap) => "floating_value_cap",
            Self::SharedByBase(NoIncrementPoints) => "no_increment_points_shared_by_base",
            Self::SharedByBase(FloatingValueCap) => "floating_value_cap_shared_by_base",
            Self::SharedByPoints(NoIncrementPoints) => "no_increment_points_shared_by_points",
            Self::SharedByPoints(FloatingValueCap) => "floating_value_cap_shared_by_points",
        }
    }
}

/// How a hospital's payment is split among its cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaseSplit {
    /// By points alone.
    ByPoints,
    /// By points, and from each part the case's own patient side is taken off.
    ByPointsLessPatientSide,
}

/// What one hospital is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalPayment {
    /// The code of the hospital.
    pub hospital_id: String,
    /// How many cases it settles.
    pub cases: u64,
    /// Its points: baseline and increment points together.
    pub points: Points,
    /// The points that earn the fixed value.
    pub baseline_points: Points,
    /// The points that earn the floating value.
    pub increment_points: Points,
    /// What its points earn, patient side included (F + U).
    pub gross: Yuan,
    /// The patient side U that `gross` includes; zero outside family C.
    pub patient_side: Yuan,
    /// What the fund pays: `gross` without `patient_side`; below zero where U is more.
    pub payment: Yuan,
    /// How the payment is split among the cases.
    pub split: CaseSplit,
}

/// The settlement of one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSettlement {
    /// As given.
    pub budget: Yuan,
    /// As given.
    pub reserve: Yuan,
    /// The budget without the reserve.
    pub distributable: Yuan,
    /// Σ of the hospitals' points.
    pub points: Points,
    /// Σ of the hospitals' baseline points.
    pub baseline_points: Points,
    /// Σ of the hospitals' increment points.
    pub increment_points: Points,
    /// What a baseline point earns; zero in the uniform model.
    pub fixed_value: PointValue,
    /// What an increment point earns; in the uniform model, what every point earns.
    pub floating_value: PointValue,
    /// Whether the budget was too small for the fixed value, which was scaled down to it.
    pub is_fixed_value_scaled: bool,
    /// Σ of the hospitals' payments.
    pub paid: Yuan,
    /// What the point values left over, before a policy's rule shared it, to the fen.
    pub left_over: Yuan,
    /// `distributable` without `paid`.
    pub residual: Yuan,
    /// Why there is a residual, or what became of it.
    pub residual_reason: ResidualReason,
    /// The payments by hospital id; hospitals of last year without cases have zeros.
    pub hospitals: Vec<HospitalPayment>,
}

/// Settles one pool.
///
/// Source: payment-spec C2 (families A, B in its conserving form, C) and C7.3 (M1, Cal-1).
/// Errors: a hospital that stands twice, a reserve outside the budget, a model that needs last
/// year's settlement without one, points or ratios below zero, numbers that do not fit.
pub fn settle_pool(input: &PoolInput, terms: &ValueTerms) -> Result<PoolSettlement, Error> {
    let distributable = distributable(input)?;
    let hospitals = with_prior_hospitals(input)?;
    let weighted = hospitals
        .iter()
        .map(|totals| Weighted::new(totals, terms, input.prior.as_ref()))
        .collect::<Result<Vec<_>, Error>>()?;
    let patient_side = match terms.family {
        ValueFamily::A | ValueFamily::B => Yuan::ZERO,
        ValueFamily::C => Yuan::total(hospitals.iter().map(|h| h.patient_side))?,
    };
    let pricing = price(
        &weighted,
        distributable.plus(patient_side)?,
        terms,
        input.prior.as_ref(),
    )?;
    let paid_hospitals = payments(&hospitals, &weighted, &pricing, terms)?;
    assemble(input, distributable, pricing, paid_hospitals)
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
    for hospital_id in prior {
        by_id
            .entry(hospital_id.clone())
            .or_insert_with(|| HospitalTotals {
                hospital_id: hospital_id.clone(),
                cases: 0,
                points: Points::ZERO,
                total_cost: Yuan::ZERO,
                patient_side: Yuan::ZERO,
            });
    }
    Ok(by_id.into_values().collect())
}

fn payments(
    hospitals: &[HospitalTotals],
    weighted: &[Weighted],
    pricing: &Pricing,
    terms: &ValueTerms,
) -> Result<Vec<HospitalPayment>, Error> {
    let shares = weighted
        .iter()
        .map(|h| pricing.gross(h))
        .collect::<Vec<_>>();
    let gross = largest_remainder(&shares, terms.money_rounding)?;
    // A pool without points pays nothing, so there is nothing to take the patient side off.
    let is_net = terms.family == ValueFamily::C && pricing.has_points;
    let pay = |((totals, weighted), gross): ((&HospitalTotals, &Weighted), Yuan)| {
        let (split, patient_side) = if is_net {
            (CaseSplit::ByPointsLessPatientSide, totals.patient_side)
        } else {
            (CaseSplit::ByPoints, Yuan::ZERO)
        };
        Ok(HospitalPayment {
            hospital_id: totals.hospital_id.clone(),
            cases: totals.cases,
            points: totals.points,
            baseline_points: weighted.baseline_points,
            increment_points: weighted.increment_points,
            gross,
            patient_side,
            payment: gross.minus(patient_side)?,
            split,
        })
    };
    hospitals.iter().zip(weighted).zip(gross).map(pay).collect()
}

fn assemble(
    input: &PoolInput,
    distributable: Yuan,
    pricing: Pricing,
    hospitals: Vec<HospitalPayment>,
) -> Result<PoolSettlement, Error> {
    let paid = Yuan::total(hospitals.iter().map(|h| h.payment))?;
    Ok(PoolSettlement {
        budget: input.budget,
        reserve: input.reserve,
        distributable,
        points: Points::total(hospitals.iter().map(|h| h.points))?,
        baseline_points: Points::total(hospitals.iter().map(|h| h.baseline_points))?,
        increment_points: Points::total(hospitals.iter().map(|h| h.increment_points))?,
        fixed_value: PointValue::from_exact(pricing.fixed),
        floating_value: PointValue::from_exact(pricing.floating),
        is_fixed_value_scaled: pricing.is_scaled,
        paid,
        left_over: if pricing.has_points {
            pricing.left_over
        } else {
            distributable
        },
        residual: distributable.minus(paid)?,
        residual_reason: pricing.reason,
        hospitals,
    })
}

#[cfg(test)]
mod tests;
