//! How a budget becomes point values: one uniform value, or baseline + increment.

use super::{HospitalTotals, PriorYear, ResidualCause, ResidualReason};
use crate::exact::Exact;
use crate::{Error, Points, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{
    BaselineIncrement, ResidualRule, Rounding, ValueFamily, ValueModel, ValueTerms,
};

/// A hospital's points as the models see them.
pub(super) struct Weighted {
    /// The points that earn the fixed value.
    pub(super) baseline_points: Points,
    /// The points that earn the floating value.
    pub(super) increment_points: Points,
    /// Baseline points times the fund share.
    baseline: Exact,
    /// Increment points times the fund share.
    increment: Exact,
}

impl Weighted {
    /// Splits a hospital's points at its baseline β and weighs them by its fund share.
    ///
    /// Errors: the model needs last year's settlement and there is none, or a number of last
    /// year is below zero.
    pub(super) fn new(
        totals: &HospitalTotals,
        terms: &ValueTerms,
        prior: Option<&PriorYear>,
    ) -> Result<Self, Error> {
        let baseline_points = match &terms.model {
            ValueModel::Uniform => Points::ZERO,
            ValueModel::BaselineIncrement(rule) => {
                let prior = prior.ok_or(Error::PriorMissing)?;
                let beta = baseline(&totals.hospital_id, rule, prior, terms.points_rounding)?;
                totals.points.min(beta)
            }
        };
        let increment_points = totals.points.minus(baseline_points)?;
        let share = fund_share(totals, terms.family)?;
        let weigh = |points: Points| share.times(&exact_points(points));
        Ok(Self {
            baseline_points,
            increment_points,
            baseline: weigh(baseline_points),
            increment: weigh(increment_points),
        })
    }
}

fn exact_points(points: Points) -> Exact {
    Exact::fraction(points.ten_thousandths(), 10_000)
}

/// ρ of a hospital: 1 but in family B, where it is the share of the cost that is not U.
///
/// A hospital without cost has no share, and one whose patient side is above its cost has 0.
fn fund_share(totals: &HospitalTotals, family: ValueFamily) -> Result<Exact, Error> {
    match family {
        ValueFamily::A | ValueFamily::C => Ok(Exact::whole(1)),
        ValueFamily::B => {
            let fund = totals.total_cost.minus(totals.patient_side)?;
            let fund = Exact::whole(fund.fen().max(0));
            let cost = Exact::whole(totals.total_cost.fen().max(0));
            Ok(fund.over(&cost).unwrap_or_else(Exact::zero))
        }
    }
}

/// β of a hospital: its part of last year's points, rounded once to four places.
///
/// A hospital that is new this year has no baseline.
fn baseline(
    hospital_id: &str,
    rule: &BaselineIncrement,
    prior: &PriorYear,
    rounding: Rounding,
) -> Result<Points, Error> {
    let points = prior
        .points
        .get(hospital_id)
        .copied()
        .unwrap_or(Points::ZERO);
    if points < Points::ZERO {
        return Err(Error::Negative(points.to_string()));
    }
    let share = Ratio::from_decimal(rule.baseline_share)?;
    let share = Exact::fraction(share.millionths(), 1_000_000);
    let season = rule.season_share;
    if season.denominator <= 0 || season.numerator < 0 {
        return Err(Error::NotPositive("season share"));
    }
    let season = Exact::fraction(season.numerator, season.denominator);
    exact_points(points)
        .times(&share)
        .times(&season)
        .to_i64(Points::PLACES, rounding, "number of baseline points")
        .map(Points::from_ten_thousandths)
}

/// The point values of a pool, and what they leave over.
pub(super) struct Pricing {
    /// Yuan per baseline point.
    pub(super) fixed: Exact,
    /// Yuan per increment point.
    pub(super) floating: Exact,
    /// Yuan per baseline point that a residual rule adds.
    added_to_baseline: Exact,
    /// Yuan per increment point that a residual rule adds.
    added_to_increment: Exact,
    /// Whether the fixed value was scaled down to the budget.
    pub(super) is_scaled: bool,
    /// Whether there is a point to pay.
    pub(super) has_points: bool,
    /// What the point values left over, to the fen.
    pub(super) left_over: Yuan,
    /// Why.
    pub(super) reason: ResidualReason,
}

impl Pricing {
    /// The values alone, with nothing left over.
    fn exhaustive(fixed: Exact, floating: Exact) -> Self {
        Self {
            fixed,
            floating,
            added_to_baseline: Exact::zero(),
            added_to_increment: Exact::zero(),
            is_scaled: false,
            has_points: true,
            left_over: Yuan::ZERO,
            reason: ResidualReason::Nothing,
        }
    }

    /// What a hospital's points earn, in fen, exactly.
    pub(super) fn gross(&self, hospital: &Weighted) -> Exact {
        let fixed = self.fixed.plus(&self.added_to_baseline);
        let floating = self.floating.plus(&self.added_to_increment);
        let yuan = fixed
            .times(&hospital.baseline)
            .plus(&floating.times(&hospital.increment));
        yuan.times(&Exact::whole(100))
    }
}

/// Finds the point values that distribute `amount`: T, or in family C T + ΣU.
pub(super) fn price(
    hospitals: &[Weighted],
    amount: Yuan,
    terms: &ValueTerms,
    prior: Option<&PriorYear>,
) -> Result<Pricing, Error> {
    let sums = Sums {
        amount: Exact::fraction(amount.fen(), 100),
        baseline: Exact::total(hospitals.iter().map(|h| &h.baseline)),
        increment: Exact::total(hospitals.iter().map(|h| &h.increment)),
    };
    if sums.baseline.is_zero() && sums.increment.is_zero() {
        return Ok(Pricing {
            has_points: false,
            reason: ResidualReason::NoPoints,
            ..Pricing::exhaustive(Exact::zero(), Exact::zero())
        });
    }
    match &terms.model {
        // Without a baseline, every point is an increment point.
        ValueModel::Uniform => {
            let value = sums.amount.over(&sums.increment);
            let value = value.unwrap_or_else(Exact::zero);
            Ok(Pricing::exhaustive(Exact::zero(), value))
        }
        ValueModel::BaselineIncrement(rule) => {
            let prior = prior.ok_or(Error::PriorMissing)?;
            baseline_increment(&sums, rule, prior, terms.money_rounding)
        }
    }
}

/// What the models divide, in yuan and in points times fund share.
struct Sums {
    amount: Exact,
    baseline: Exact,
    increment: Exact,
}

/// M1 of payment-spec C7.3 with the calibration Cal-1 `[MODEL]`.
fn baseline_increment(
    sums: &Sums,
    rule: &BaselineIncrement,
    prior: &PriorYear,
    money_rounding: Rounding,
) -> Result<Pricing, Error> {
    let fixed = Exact::decimal(rule.fixed_value_factor).times(prior.value.exact());
    let for_increment = sums.amount.minus(&fixed.times(&sums.baseline));
    if for_increment.is_negative() {
        let scaled = sums.amount.over(&sums.baseline);
        return Ok(Pricing {
            is_scaled: true,
            ..Pricing::exhaustive(scaled.unwrap_or_else(Exact::zero), Exact::zero())
        });
    }
    let (floating, cause) = floating_value(&for_increment, &fixed, sums, rule);
    let left = for_increment.minus(&floating.times(&sums.increment));
    let pricing = Pricing::exhaustive(fixed, floating);
    if left.is_zero() {
        return Ok(pricing);
    }
    let fen = left.to_i64(2, money_rounding, "residual")?;
    let pricing = Pricing {
        left_over: Yuan::from_fen(fen),
        reason: ResidualReason::LeftOver(cause),
        ..pricing
    };
    Ok(share_residual(
        pricing,
        &left,
        sums,
        (cause, rule.residual_rule),
    ))
}

/// `v_float = min(T_inc / ΣI, c × v_fix)`, and why money may be left over at that value.
fn floating_value(
    for_increment: &Exact,
    fixed: &Exact,
    sums: &Sums,
    rule: &BaselineIncrement,
) -> (Exact, ResidualCause) {
    let Some(all) = for_increment.over(&sums.increment) else {
        return (Exact::zero(), ResidualCause::NoIncrementPoints);
    };
    let cap = rule
        .floating_cap
        .map(|cap| Exact::decimal(cap).times(fixed));
    let value = match cap {
        Some(cap) if cap < all => cap,
        _ => all,
    };
    (value, ResidualCause::FloatingValueCap)
}

/// Shares what is left over by the policy's rule; it stays where there is nobody to share with.
fn share_residual(
    pricing: Pricing,
    left: &Exact,
    sums: &Sums,
    (cause, rule): (ResidualCause, ResidualRule),
) -> Pricing {
    let points = sums.baseline.plus(&sums.increment);
    let added = match rule {
        ResidualRule::Reserve => None,
        ResidualRule::ProRataBase => left
            .over(&sums.baseline)
            .map(|value| (value, Exact::zero(), ResidualReason::SharedByBase(cause))),
        ResidualRule::ProRataPoints => left
            .over(&points)
            .map(|value| (value.clone(), value, ResidualReason::SharedByPoints(cause))),
    };
    match added {
        None => pricing,
        Some((added_to_baseline, added_to_increment, reason)) => Pricing {
            added_to_baseline,
            added_to_increment,
            reason,
            ..pricing
        },
    }
}
