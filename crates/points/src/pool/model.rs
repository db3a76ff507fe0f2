//! How a budget becomes point values: one uniform value, or baseline + increment.

use super::parts::{Weighted, exact_ratio};
use super::{PoolInput, ResidualCause, ResidualReason};
use crate::exact::Exact;
use crate::{Error, Ratio};
use drgdip_tables::policy::{
    BaselineIncrement, Calibration, IncrementRule, PaidValue, ResidualRule, Rounding, UniformMode,
    ValueModel, ValueTerms,
};
use rust_decimal::Decimal;

/// What a hospital earns, in yuan, exactly.
#[derive(Clone, Debug)]
pub(super) struct Earned {
    /// By the fixed value.
    pub(super) baseline: Exact,
    /// By the floating value, its tilt and the sub-pools.
    pub(super) increment: Exact,
    /// What lifts it to the floor of a shrinking hospital.
    pub(super) floor: Exact,
    /// Its part of what the values left over, where the policy shares it.
    pub(super) shared: Exact,
}

impl Earned {
    fn nothing() -> Self {
        Self {
            baseline: Exact::zero(),
            increment: Exact::zero(),
            floor: Exact::zero(),
            shared: Exact::zero(),
        }
    }

    /// All of it, in fen.
    pub(super) fn fen(&self) -> Exact {
        let yuan = Exact::total([&self.baseline, &self.increment, &self.floor, &self.shared]);
        yuan.times(&Exact::whole(100))
    }
}

/// A part of the increment money with its own measure.
#[derive(Clone, Debug)]
pub(super) struct Subpool {
    pub(super) name: String,
    pub(super) amount: Exact,
    pub(super) points: Exact,
    pub(super) value: Exact,
}

/// The point values of a pool, and what they leave over.
pub(super) struct Pricing {
    /// Yuan per baseline point.
    pub(super) fixed: Exact,
    /// Yuan per increment point; with sub-pools, the mean.
    pub(super) floating: Exact,
    /// Whether the fixed value was scaled down to the budget.
    pub(super) is_scaled: bool,
    /// Whether there is a point to pay.
    pub(super) has_points: bool,
    /// θ: what all baselines would earn at the fixed value before any scaling, over what is
    /// distributed.
    pub(super) fixed_share: Exact,
    /// What the point values left over, in yuan, before rounding.
    pub(super) left_over: Exact,
    /// Why.
    pub(super) reason: ResidualReason,
    /// What each hospital earns, in their order.
    pub(super) earned: Vec<Earned>,
    /// The sub-pools, where there are any.
    pub(super) subpools: Vec<Subpool>,
}

/// Finds the point values that distribute `amount`: T, or in family C T + ΣU.
///
/// Source: `policies/payment.md`, Point value and Baseline + increment.
pub(super) fn price(
    hospitals: &[Weighted],
    amount: Exact,
    terms: &ValueTerms,
    input: &PoolInput,
) -> Result<Pricing, Error> {
    let pool = Pool {
        hospitals,
        beta: Exact::total(hospitals.iter().map(|h| &h.beta)),
        baseline: Exact::total(hospitals.iter().map(|h| &h.baseline)),
        increment: Exact::total(hospitals.iter().map(|h| &h.increment)),
        amount,
        terms,
    };
    if pool.baseline.is_zero() && pool.increment.is_zero() {
        return Ok(pool.without_points());
    }
    let initial = || {
        let value = input.initial_value.as_ref();
        value
            .map(|value| value.exact().clone())
            .ok_or(Error::InitialValueMissing)
    };
    match &terms.model {
        ValueModel::Uniform(UniformMode::Floating) => pool.floating(),
        ValueModel::Uniform(UniformMode::Fixed) => pool.fixed(initial()?),
        ValueModel::Uniform(UniformMode::Elastic(rule)) => {
            let rules = Rules {
                increment: &IncrementRule::ByPoints,
                floor: None,
                cap: rule.floating_cap,
                residual: rule.residual_rule,
            };
            let fixed = initial()?;
            pool.two_values(fixed, &rules)
        }
        ValueModel::BaselineIncrement(rule) => {
            let fixed = fixed_value(&pool, rule, input)?;
            let rules = Rules {
                increment: &rule.increment,
                floor: rule.floor,
                cap: rule.floating_cap,
                residual: rule.residual_rule,
            };
            pool.two_values(fixed, &rules)
        }
    }
}

/// The fixed value by either calibration of `policies/payment.md`, which are models.
fn fixed_value(
    pool: &Pool<'_>,
    rule: &BaselineIncrement,
    input: &PoolInput,
) -> Result<Exact, Error> {
    match rule.calibration {
        Calibration::PriorValue { factor } => {
            let prior = input.prior.as_ref().ok_or(Error::PriorMissing)?;
            Ok(Exact::decimal(factor).times(prior.value.exact()))
        }
        Calibration::BudgetShare { share } => {
            let share = exact_ratio(Ratio::from_decimal(share)?);
            let value = share.times(&pool.amount).over(&pool.beta);
            Ok(value.unwrap_or_else(Exact::zero))
        }
    }
}

/// How two values are found.
struct Rules<'r> {
    increment: &'r IncrementRule,
    floor: Option<Decimal>,
    cap: Option<Decimal>,
    residual: ResidualRule,
}

/// What the models divide, in yuan and in points times fund share.
pub(super) struct Pool<'p> {
    pub(super) hospitals: &'p [Weighted],
    beta: Exact,
    baseline: Exact,
    pub(super) increment: Exact,
    amount: Exact,
    pub(super) terms: &'p ValueTerms,
}

impl Pool<'_> {
    /// A value as it pays: exact, or as published.
    pub(super) fn paying(&self, value: Exact) -> Exact {
        match self.terms.pays {
            PaidValue::Exact => value,
            PaidValue::Published => {
                value.to_places(self.terms.published_places, Rounding::HalfAwayFromZero)
            }
        }
    }

    /// Hospitals at a value for baseline points and one for increment points.
    fn at(&self, fixed: Exact, floating: Exact) -> Pricing {
        let earn = |hospital: &Weighted| Earned {
            baseline: fixed.times(&hospital.baseline),
            increment: floating.times(&hospital.increment),
            ..Earned::nothing()
        };
        Pricing {
            is_scaled: false,
            has_points: true,
            fixed_share: self.share_of_baselines(&fixed),
            left_over: Exact::zero(),
            reason: ResidualReason::Nothing,
            earned: self.hospitals.iter().map(earn).collect(),
            subpools: Vec::new(),
            fixed,
            floating,
        }
    }

    /// θ = v_fix × Σβ / T.
    fn share_of_baselines(&self, fixed: &Exact) -> Exact {
        let certain = fixed.times(&self.beta);
        certain.over(&self.amount).unwrap_or_else(Exact::zero)
    }

    fn without_points(&self) -> Pricing {
        Pricing {
            has_points: false,
            reason: ResidualReason::NoPoints,
            ..self.at(Exact::zero(), Exact::zero())
        }
    }

    /// One value that distributes everything.
    fn floating(&self) -> Result<Pricing, Error> {
        // Without a baseline, every point is an increment point.
        let value = self.amount.over(&self.increment);
        let value = self.paying(value.unwrap_or_else(Exact::zero));
        Ok(self.at(Exact::zero(), value))
    }

    /// One stated value; the budget may have more, or less.
    fn fixed(&self, value: Exact) -> Result<Pricing, Error> {
        let value = self.paying(value);
        let left = self.amount.minus(&value.times(&self.increment));
        let reason = if left.is_zero() {
            ResidualReason::Nothing
        } else {
            ResidualReason::LeftOver(ResidualCause::FixedValue)
        };
        Ok(Pricing {
            left_over: left,
            reason,
            ..self.at(Exact::zero(), value)
        })
    }

    /// A fixed value for baselines, and what is left over increments.
    fn two_values(&self, fixed: Exact, rules: &Rules<'_>) -> Result<Pricing, Error> {
        let fixed = self.paying(fixed);
        let for_increment = self.amount.minus(&fixed.times(&self.baseline));
        if for_increment.is_negative() {
            let scaled = self.amount.over(&self.baseline);
            let scaled = self.paying(scaled.unwrap_or_else(Exact::zero));
            return Ok(Pricing {
                is_scaled: true,
                // Scaling is what a share above 1 leads to, so the share is told as it was before.
                fixed_share: self.share_of_baselines(&fixed),
                ..self.at(scaled, Exact::zero())
            });
        }
        let (floors, for_increment) = self.floors(&fixed, for_increment, rules.floor)?;
        let (spent, cause) = self.spent(&for_increment, &fixed, rules.cap);
        let mut pricing = self.at(fixed, Exact::zero());
        for (earned, floor) in pricing.earned.iter_mut().zip(floors) {
            earned.floor = floor;
        }
        let spent = self.share_increment(spent, rules.increment, &mut pricing)?;
        let (left, cause) = match spent {
            Some(spent) => (for_increment.minus(&spent), cause),
            None => (for_increment, ResidualCause::NoIncrementPoints),
        };
        if left.is_zero() {
            return Ok(pricing);
        }
        pricing.reason = ResidualReason::LeftOver(cause);
        self.share_residual(&mut pricing, &left, (cause, rules.residual));
        pricing.left_over = left;
        Ok(pricing)
    }

    /// What lifts shrinking hospitals to κ of their baseline, and what is left for increments.
    ///
    /// A hospital without points has no case that could be paid, so it has no floor. Where the
    /// money does not suffice, all floors are scaled to it.
    fn floors(
        &self,
        fixed: &Exact,
        for_increment: Exact,
        floor: Option<Decimal>,
    ) -> Result<(Vec<Exact>, Exact), Error> {
        let floor = floor.map_or_else(Exact::zero, Exact::decimal);
        let lift = |hospital: &Weighted| {
            let least = floor.times(fixed).times(&hospital.beta);
            let lift = least.minus(&fixed.times(&hospital.baseline));
            if lift.is_negative() || !hospital.has_points() {
                Exact::zero()
            } else {
                lift
            }
        };
        let lifts: Vec<Exact> = self.hospitals.iter().map(lift).collect();
        let all = Exact::total(&lifts);
        if all.compare(&for_increment).is_le() {
            let left = for_increment.minus(&all);
            return Ok((lifts, left));
        }
        let part = for_increment.over(&all).unwrap_or_else(Exact::zero);
        let lifts = lifts.iter().map(|lift| lift.times(&part)).collect();
        Ok((lifts, Exact::zero()))
    }

    /// The money that increments may have under the cap, and why money may be left over.
    fn spent(
        &self,
        for_increment: &Exact,
        fixed: &Exact,
        cap: Option<Decimal>,
    ) -> (Exact, ResidualCause) {
        let cap = cap.map(|cap| Exact::decimal(cap).times(fixed).times(&self.increment));
        let spent = match cap {
            Some(cap) if cap < *for_increment => cap,
            _ => for_increment.clone(),
        };
        (spent, ResidualCause::FloatingValueCap)
    }

    /// Shares what is left over by the policy's rule; it stays where there is nobody to share
    /// with.
    fn share_residual(
        &self,
        pricing: &mut Pricing,
        left: &Exact,
        (cause, rule): (ResidualCause, ResidualRule),
    ) {
        type Points = fn(&Weighted) -> Exact;
        let (by, reason): (Points, _) = match rule {
            ResidualRule::Reserve => return,
            ResidualRule::ProRataBase => (
                |hospital| hospital.baseline.clone(),
                ResidualReason::SharedByBase(cause),
            ),
            ResidualRule::ProRataPoints => (
                |hospital| hospital.baseline.plus(&hospital.increment),
                ResidualReason::SharedByPoints(cause),
            ),
        };
        let points: Vec<Exact> = self.hospitals.iter().map(by).collect();
        let Some(value) = left.over(&Exact::total(&points)) else {
            return;
        };
        for (earned, points) in pricing.earned.iter_mut().zip(&points) {
            earned.shared = value.times(points);
        }
        pricing.reason = reason;
    }
}
