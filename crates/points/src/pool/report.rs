//! What a settled pool says.

use super::model::Subpool;
use crate::exact::Exact;
use crate::value::PointValue;
use crate::{Error, Points};
use drgdip_claims::Yuan;

/// Why the point values of a pool leave money over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResidualCause {
    /// No hospital has more points than its baseline.
    NoIncrementPoints,
    /// The floating value is at its cap.
    FloatingValueCap,
    /// The policy fixes the value; the money is below zero where the budget does not suffice.
    FixedValue,
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
    /// The published value pays, and its last decimal makes the difference.
    Rounding,
    /// What is paid at cost is more than the money for points.
    AtCostAboveBudget,
    /// All payments together were below zero, and none was paid.
    NegativePaymentsRaised,
}

impl ResidualReason {
    /// As written in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        use ResidualCause::{FixedValue, FloatingValueCap, NoIncrementPoints};
        match self {
            Self::Nothing => "none",
            Self::NoPoints => "no_points",
            Self::LeftOver(NoIncrementPoints) => "no_increment_points",
            Self::LeftOver(FloatingValueCap) => "floating_value_cap",
            Self::LeftOver(FixedValue) => "fixed_value",
            Self::SharedByBase(NoIncrementPoints) => "no_increment_points_shared_by_base",
            Self::SharedByBase(FloatingValueCap) => "floating_value_cap_shared_by_base",
            Self::SharedByBase(FixedValue) => "fixed_value_shared_by_base",
            Self::SharedByPoints(NoIncrementPoints) => "no_increment_points_shared_by_points",
            Self::SharedByPoints(FloatingValueCap) => "floating_value_cap_shared_by_points",
            Self::SharedByPoints(FixedValue) => "fixed_value_shared_by_points",
            Self::Rounding => "rounding_residual",
            Self::AtCostAboveBudget => "at_cost_above_budget",
            Self::NegativePaymentsRaised => "negative_payments_raised",
        }
    }
}

/// How a hospital's payment is split among its cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CaseSplit {
    /// By points alone.
    #[default]
    ByPoints,
    /// By points, and from each part the case's own patient side is taken off.
    ByPointsLessPatientSide,
}

/// What a hospital's points earn, by why; the parts add up to its gross.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EarnedParts {
    /// By the fixed value.
    pub baseline: Yuan,
    /// By the floating value, with tilts and sub-pools; it takes the rounding to the fen.
    pub increment: Yuan,
    /// What lifts a shrinking hospital to its floor.
    pub floor: Yuan,
    /// Its part of what the values left over, where the policy shares it.
    pub shared: Yuan,
    /// What raises its payment to zero, or what it bears of that for others, below zero.
    pub redistributed: Yuan,
}

/// What one hospital is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HospitalPayment {
    /// The code of the hospital.
    pub hospital_id: String,
    /// How many cases it settles.
    pub cases: u64,
    /// Its points: baseline and increment points together.
    pub points: Points,
    /// β: up to how many of its points earn the fixed value.
    pub allowance: Points,
    /// The points that earn the fixed value.
    pub baseline_points: Points,
    /// The points that earn the floating value.
    pub increment_points: Points,
    /// What its points earn, by why.
    pub earned: EarnedParts,
    /// What its points earn, patient side included (F + U).
    pub gross: Yuan,
    /// The patient side U that `gross` includes; zero outside family C.
    pub patient_side: Yuan,
    /// What its cases are paid beside points.
    pub at_cost: Yuan,
    /// What the fund pays: `gross` without `patient_side`, and `at_cost`; below zero where U is
    /// more.
    pub payment: Yuan,
    /// How the payment is split among the cases.
    pub split: CaseSplit,
}

impl HospitalPayment {
    /// What one of its points earned on the whole; `None` without points.
    #[must_use]
    pub fn effective_value(&self) -> Option<PointValue> {
        let points = Exact::fraction(self.points.ten_thousandths(), 10_000);
        let gross = Exact::fraction(self.gross.fen(), 100);
        gross.over(&points).map(PointValue::from_exact)
    }
}

/// A part of the increment money that its own measure shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubpoolValue {
    /// The name of the measure.
    pub name: String,
    /// The money, in yuan, exactly.
    pub amount: PointValue,
    /// The points of the measure, times fund shares.
    pub points: PointValue,
    /// What a point of the measure earns.
    pub value: PointValue,
}

impl From<Subpool> for SubpoolValue {
    fn from(subpool: Subpool) -> Self {
        Self {
            name: subpool.name,
            amount: PointValue::from_exact(subpool.amount),
            points: PointValue::from_exact(subpool.points),
            value: PointValue::from_exact(subpool.value),
        }
    }
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
    /// Σ of what is paid beside points, part of `paid`.
    pub at_cost: Yuan,
    /// Σ of the hospitals' points.
    pub points: Points,
    /// Σ of the hospitals' baseline points.
    pub baseline_points: Points,
    /// Σ of the hospitals' increment points.
    pub increment_points: Points,
    /// What a baseline point earns; zero in the uniform model.
    pub fixed_value: PointValue,
    /// What an increment point earns; in the uniform model, what every point earns; with tilts,
    /// what a point of tilt 1 earns; with sub-pools, the mean.
    pub floating_value: PointValue,
    /// θ: what all baselines would earn at the fixed value, before it is scaled to the budget, as a
    /// share of what is distributed.
    pub fixed_share: PointValue,
    /// Whether the budget was too small for the fixed value, which was scaled down to it.
    pub is_fixed_value_scaled: bool,
    /// The sub-pools of the increment, where the policy cuts it.
    pub subpools: Vec<SubpoolValue>,
    /// Σ of the hospitals' payments.
    pub paid: Yuan,
    /// What the point values left over, before a policy's rule shared it, to the fen.
    pub left_over: Yuan,
    /// `distributable` without `paid`.
    pub residual: Yuan,
    /// What of the residual comes of published decimals and whole fen (尾差).
    pub rounding_residual: Yuan,
    /// Why there is a residual, or what became of it.
    pub residual_reason: ResidualReason,
    /// The payments by hospital id; hospitals of last year without cases have zeros.
    pub hospitals: Vec<HospitalPayment>,
}

impl PoolSettlement {
    /// The payment of a hospital; `None` where the pool does not pay it.
    #[must_use]
    pub fn hospital(&self, id: &str) -> Option<&HospitalPayment> {
        let found = self
            .hospitals
            .binary_search_by(|paid| paid.hospital_id.as_str().cmp(id));
        found.ok().map(|at| &self.hospitals[at])
    }
}

/// What a residual is explained from.
pub(super) struct Left {
    pub(super) residual: Yuan,
    pub(super) left_over: Yuan,
    /// How much more than the money for points is paid at cost; zero or less.
    pub(super) above_budget: Yuan,
    pub(super) for_points: Yuan,
    pub(super) paid_for_points: Yuan,
    pub(super) reason: ResidualReason,
}

/// The reason of a residual, and what of it is rounding.
pub(super) fn explain(left: &Left) -> Result<(ResidualReason, Yuan), Error> {
    let stays = match left.reason {
        ResidualReason::LeftOver(_) | ResidualReason::NoPoints => left.left_over,
        _ => Yuan::ZERO,
    };
    let expected = left.for_points.minus(stays)?;
    if expected.is_negative() && left.paid_for_points == Yuan::ZERO {
        return Ok((ResidualReason::NegativePaymentsRaised, Yuan::ZERO));
    }
    let rounding = expected.minus(left.paid_for_points)?;
    let reason = if left.above_budget.is_negative() {
        ResidualReason::AtCostAboveBudget
    } else if left.reason == ResidualReason::Nothing && left.residual != Yuan::ZERO {
        ResidualReason::Rounding
    } else {
        left.reason
    };
    Ok((reason, rounding))
}
