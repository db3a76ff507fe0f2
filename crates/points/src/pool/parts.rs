//! A hospital's points as the models of value see them.

use super::{HospitalTotals, PoolInput};
use crate::exact::Exact;
use crate::{Error, PointValue, Points, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{
    BaselineIncrement, IncrementRule, Share, UniformMode, VOLUME, ValueFamily, ValueModel,
    ValueTerms,
};
use std::collections::BTreeMap;

/// A hospital's points, weighed by its fund share ρ where the family has one.
pub(super) struct Weighted {
    /// β in points: how many points the fixed value is meant for.
    pub(super) allowance: Points,
    /// The points that earn the fixed value.
    pub(super) baseline_points: Points,
    /// The points that earn the floating value.
    pub(super) increment_points: Points,
    /// β times ρ.
    pub(super) beta: Exact,
    /// Baseline points times ρ.
    pub(super) baseline: Exact,
    /// Increment points times ρ.
    pub(super) increment: Exact,
    /// Increment points times ρ and the hospital's tilt.
    pub(super) tilted: Exact,
    /// Points of each measured sub-pool times ρ, in the order of their names.
    pub(super) measures: Vec<Exact>,
}

impl Weighted {
    /// Splits a hospital's points and weighs them.
    ///
    /// Errors: the model needs last year's settlement or a measure and there is none, or a
    /// number is below zero.
    pub(super) fn new(
        totals: &HospitalTotals,
        terms: &ValueTerms,
        input: &PoolInput,
    ) -> Result<Self, Error> {
        let id = &totals.hospital_id;
        let allowance = match &terms.model {
            ValueModel::Uniform(UniformMode::Floating | UniformMode::Fixed) => Points::ZERO,
            ValueModel::Uniform(UniformMode::Elastic(rule)) => {
                measured(input, &rule.fixed_part, id)?
            }
            ValueModel::BaselineIncrement(rule) => allowance(id, rule, input, terms)?,
        };
        let baseline_points = totals.points.min(allowance);
        let increment_points = totals.points.minus(baseline_points)?;
        let share = fund_share(totals, terms.family)?;
        let weigh = |points: Points| share.times(&exact_points(points));
        let increment = weigh(increment_points);
        let tilt = input.tilts.get(id).copied().unwrap_or(Ratio::ONE);
        // Money for a hospital without points would have no case that it could be paid for.
        let counts = totals.points > Points::ZERO;
        let measures = measure_names(terms)
            .map(|name| measured(input, name, id))
            .map(|points| points.map(|points| if counts { weigh(points) } else { Exact::zero() }))
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            allowance,
            baseline_points,
            increment_points,
            beta: weigh(allowance),
            baseline: weigh(baseline_points),
            tilted: increment.times(&exact_ratio(tilt)),
            increment,
            measures,
        })
    }

    /// Whether the hospital has points that could be paid.
    pub(super) fn has_points(&self) -> bool {
        !self.baseline.is_zero() || !self.increment.is_zero()
    }
}

/// The names of the sub-pools that are shared by something else than volume, in order.
pub(super) fn measure_names(terms: &ValueTerms) -> impl Iterator<Item = &str> {
    let shares = match &terms.model {
        ValueModel::BaselineIncrement(BaselineIncrement {
            increment: IncrementRule::Subpools(shares),
            ..
        }) => Some(shares),
        _ => None,
    };
    let names = shares.into_iter().flat_map(|shares| shares.keys());
    names.map(String::as_str).filter(|name| *name != VOLUME)
}

pub(super) fn exact_ratio(ratio: Ratio) -> Exact {
    Exact::fraction(ratio.millionths(), 1_000_000)
}

fn exact_points(points: Points) -> Exact {
    Exact::fraction(points.ten_thousandths(), 10_000)
}

/// A hospital's points of a measure; a hospital that the measure does not name has none.
fn measured(input: &PoolInput, name: &str, hospital_id: &str) -> Result<Points, Error> {
    let measure = input.measures.get(name);
    let measure = measure.ok_or_else(|| Error::MeasureMissing(name.to_owned()))?;
    let points = measure.get(hospital_id).copied().unwrap_or(Points::ZERO);
    not_negative(points)
}

fn not_negative(points: Points) -> Result<Points, Error> {
    if points < Points::ZERO {
        return Err(Error::Negative(points.to_string()));
    }
    Ok(points)
}

impl HospitalTotals {
    /// What the hospital's points earn at a value of a point, rounded once: `P × v`, in family B
    /// times ρ, in family C less U.
    ///
    /// Source: policies/payment.md, prepayment at the initial value. Errors: an amount that does
    /// not fit.
    pub fn worth_at(&self, value: &PointValue, terms: &ValueTerms) -> Result<Yuan, Error> {
        let share = fund_share(self, terms.family)?;
        let gross = exact_points(self.points).times(value.exact()).times(&share);
        let gross = gross.to_i64(2, terms.money_rounding, "worth of points")?;
        let side = match terms.family {
            ValueFamily::A | ValueFamily::B => Yuan::ZERO,
            ValueFamily::C => self.patient_side,
        };
        Ok(Yuan::from_fen(gross).minus(side)?)
    }
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

/// β of a hospital: its part of last year's points, rounded once to four places, without what the
/// months before have used of it.
///
/// A hospital that is new this year has no baseline.
fn allowance(
    hospital_id: &str,
    rule: &BaselineIncrement,
    input: &PoolInput,
    terms: &ValueTerms,
) -> Result<Points, Error> {
    let prior = input.prior.as_ref().ok_or(Error::PriorMissing)?;
    let of = |points: &BTreeMap<String, Points>| {
        let points = points.get(hospital_id).copied();
        not_negative(points.unwrap_or(Points::ZERO))
    };
    let seasonal = seasonal(of(&prior.points)?, rule.season_share, (rule, terms))?;
    seasonal
        .minus(of(&prior.used)?)
        .map(|left| left.max(Points::ZERO))
}

/// `season × η × P̃`.
fn seasonal(
    prior: Points,
    season: Share,
    (rule, terms): (&BaselineIncrement, &ValueTerms),
) -> Result<Points, Error> {
    if season.denominator <= 0 || season.numerator < 0 {
        return Err(Error::NotPositive("season share"));
    }
    let share = exact_ratio(Ratio::from_decimal(rule.baseline_share)?);
    let season = Exact::fraction(season.numerator, season.denominator);
    exact_points(prior)
        .times(&share)
        .times(&season)
        .to_i64(
            Points::PLACES,
            terms.points_rounding,
            "number of baseline points",
        )
        .map(Points::from_ten_thousandths)
}

/// A month that was settled before in the same year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthBefore {
    /// The season shares of the year up to its end.
    pub season_to_date: Share,
    /// The hospital's points in it.
    pub points: Points,
}

/// How many baseline points a hospital had in the months before, in their order.
///
/// Source: `policies/payment.md`: in monthly runs the baseline is the season share of β, year to
/// date. What a month leaves of it is there for the months after; points above it stay increment
/// points. Errors: points below zero, a season share that is none, numbers that do not fit.
pub fn baseline_used(
    prior: Points,
    months: &[MonthBefore],
    rule: &BaselineIncrement,
    terms: &ValueTerms,
) -> Result<Points, Error> {
    let prior = not_negative(prior)?;
    months.iter().try_fold(Points::ZERO, |used, month| {
        let to_date = seasonal(prior, month.season_to_date, (rule, terms))?;
        let left = to_date.minus(used)?.max(Points::ZERO);
        used.plus(left.min(not_negative(month.points)?))
    })
}
