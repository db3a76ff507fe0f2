//! What a policy says at one date, resolved and typed.

use super::checks::CheckTerms;
use super::clearing::{ClearingTerms, PrepayTerms};
use super::pools::{GrowthTerms, PoolTerms};
use super::stated::{LinkTerms, StayTerms, UnstableTerms};
use super::units::UnitTerms;
use super::value::{TiltTerms, ValueTerms};
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How a number is brought to fewer places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// 四舍五入: to the nearest, a half away from zero.
    HalfAwayFromZero,
    /// 舍去: towards zero.
    Down,
}

/// Which date of a case selects the values that apply to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateSelector {
    /// The date of discharge.
    Discharge,
    /// The last day of the period that is settled.
    Settlement,
}

/// A bound with its comparison written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Holds from the value on.
    AtLeast(Decimal),
    /// Holds above the value only.
    MoreThan(Decimal),
    /// Holds up to the value.
    AtMost(Decimal),
    /// Holds below the value only.
    LessThan(Decimal),
}

impl Bound {
    /// The value that is compared with.
    #[must_use]
    pub const fn value(self) -> Decimal {
        match self {
            Self::AtLeast(v) | Self::MoreThan(v) | Self::AtMost(v) | Self::LessThan(v) => v,
        }
    }

    /// Whether a number is on the bound's side.
    #[must_use]
    pub fn holds(self, number: Decimal) -> bool {
        match self {
            Self::AtLeast(bound) => number >= bound,
            Self::MoreThan(bound) => number > bound,
            Self::AtMost(bound) => number <= bound,
            Self::LessThan(bound) => number < bound,
        }
    }

    /// The comparison as policies write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at_least",
            Self::MoreThan(_) => "more_than",
            Self::AtMost(_) => "at_most",
            Self::LessThan(_) => "less_than",
        }
    }
}

/// How a low-cost case (低倍率病例) earns its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LowRule {
    /// `C / M × scale`, without the hospital coefficient.
    PointsNoK,
    /// The normal points times `C / (RW × M)`, with or without the coefficient, never above the
    /// normal points.
    Ratio(CoefficientUse),
    /// The cost at the preset value of a point, `C / v_ref`: what was spent is paid when a point
    /// turns out to be worth that much.
    ByActual {
        /// v_ref, in yuan a point.
        preset_value: Decimal,
    },
}

/// What the cost of a case is divided by to find whether it is low or high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// The group's reference cost, `RW × M`.
    Group,
    /// What the hospital is due for it, `RW × M × k`.
    GroupAndCoefficient,
    /// The mean cost of the group that the plan states (年初公布的病种均次费用); `RW × M` for a group
    /// without one.
    MeanCost,
    /// The same times k.
    MeanCostAndCoefficient,
}

impl Reference {
    /// Whether the hospital coefficient multiplies it.
    #[must_use]
    pub const fn has_coefficient(self) -> bool {
        matches!(
            self,
            Self::GroupAndCoefficient | Self::MeanCostAndCoefficient
        )
    }

    /// Whether it is the mean cost that the plan states.
    #[must_use]
    pub const fn is_mean(self) -> bool {
        matches!(self, Self::MeanCost | Self::MeanCostAndCoefficient)
    }
}

/// By what the cost of a case of a subtype is measured (辅助分型病例).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubtypeMeasure {
    /// By the reference cost of its group.
    Group,
    /// By that times the coefficient of the subtype, which is what its cases cost.
    Subtype,
}

/// Whether a rule applies the hospital coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoefficientUse {
    /// It does.
    With,
    /// It does not.
    Without,
}

/// How a high-cost case (高倍率病例) earns its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HighRule {
    /// `b × k + (r − K) × b × alpha`.
    LinearAdd {
        /// The share of the excess that is added.
        alpha: Decimal,
        /// Whether the coefficient touches the added part too.
        coefficient: CoefficientUse,
    },
    /// `(C / M − (K − 1) × RW × k) × scale`.
    Deduct,
    /// `b × K × k`.
    Cap,
    /// The cost at the preset value of a point, for as many cases as the control proportion lets.
    ByItemTop {
        /// v_ref, in yuan a point.
        preset_value: Decimal,
    },
    /// `b × k`: nothing is added by itself.
    Normal,
}

/// From which weight on which multiple of the reference cost makes a case high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HighBand {
    /// The weights of the band: up to the next band's bound.
    pub weight: Bound,
    /// The multiple K.
    pub threshold: Bound,
}

/// How case class and case points are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseTerms {
    /// Points for a weight of 1.
    pub scale: u32,
    /// The mean cost M of all cases, in fen.
    pub mean_cost_fen: i64,
    /// How case points come to four places.
    pub points_rounding: Rounding,
    /// What low and high are measured by.
    pub reference: Reference,
    /// Below which multiple of the reference cost a case is low.
    pub low_threshold: Bound,
    /// What a low case earns.
    pub low_rule: LowRule,
    /// Above which multiple of the reference cost a case is high, by weight, ascending.
    pub high_bands: Vec<HighBand>,
    /// What a high case earns.
    pub high_rule: HighRule,
    /// Beyond which multiple of the reference cost a high case earns the normal points.
    pub high_limit: Option<Bound>,
}

/// Where the hospital coefficient (差异系数) comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoefficientSource {
    /// The column `coefficient` of the hospitals input.
    HospitalsInput,
    /// The level of the hospital.
    Level(BTreeMap<String, Decimal>),
    /// `a × k_level + (1 − a) × k_hospital`: the level's coefficient and the hospital's own.
    Blend {
        /// By level of hospital.
        levels: BTreeMap<String, Decimal>,
        /// a: how much the level counts, at most 1.
        level_share: Decimal,
    },
    /// The same, from the mean costs of a group at the level and at the hospital, each over the
    /// group's mean cost in the region, as the groups input states them.
    GroupMeans {
        /// a: how much the level counts, at most 1.
        level_share: Decimal,
        /// What stands for a mean that the groups input does not state.
        without_mean: Decimal,
    },
}

/// What a case earns that has no points of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Treatment {
    /// `C / M × scale × discount`.
    ByCost {
        /// At most 1 in published policies.
        discount: Decimal,
    },
    /// Nothing; the case is reported.
    Unpaid,
}

/// What happens to a case whose group has no weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WithoutWeight {
    /// The case is paid, or not, without a weight.
    Treat(Treatment),
    /// The run stops: the policy holds every group to have a weight.
    Refuse,
}

/// What happens to a discharge before the period (迟报).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LateEntries {
    /// It is paid from the period's budget.
    Pay,
    /// It is reported and not paid.
    Unpaid,
}

/// What counts as the patient side U of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PatientSide {
    /// What the patient and other funds paid, as the claim states it.
    PatientAndOtherFunds,
    /// The total cost without what the pooled fund paid.
    TotalLessFund,
}

/// A policy at one date: every value that settlement needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyAt {
    /// The policy's id.
    pub policy: String,
    /// The date that was asked for.
    pub date: Date,
    /// The grouping plan that cases are grouped by.
    pub plan: String,
    /// By payment unit, the plan that its hospitals' cases are grouped by, where it is another one.
    pub unit_plans: BTreeMap<String, String>,
    /// Which date of a case selects the values.
    pub selected_by: DateSelector,
    /// The schemes that are settled, by the name in claims, with their titles.
    pub insurances: BTreeMap<String, String>,
    /// The pooling areas that are settled, by code, with their titles.
    pub regions: BTreeMap<String, String>,
    /// Case class and case points.
    pub case: CaseTerms,
    /// Where the hospital coefficient comes from.
    pub coefficient: CoefficientSource,
    /// The groups in which every hospital has the coefficient 1 (同病同价), by code.
    pub same_price_groups: BTreeMap<String, String>,
    /// By what cases of a subtype are measured; `None` pays no subtype.
    pub subtypes: Option<SubtypeMeasure>,
    /// Which groups of a DIP catalogue have one price in every hospital (同病同治同价).
    pub primary_care_price: bool,
    /// At which discount cases of the fallback layer of a DIP catalogue (空白病组) earn the points of
    /// their group by what they cost against its reference cost; `None` pays them as others.
    pub fallback_discount: Option<Decimal>,
    /// Cases that their stay sets apart.
    pub stays: StayTerms,
    /// Groups whose costs vary too much for a weight.
    pub unstable: Option<UnstableTerms>,
    /// What depends on the other cases of a hospital or region.
    pub links: LinkTerms,
    /// A case whose group has no weight.
    pub without_weight: WithoutWeight,
    /// A valid case without a group.
    pub ungrouped: Treatment,
    /// An ambiguous case (歧义病案).
    pub ambiguous: Treatment,
    /// A discharge before the period.
    pub late: LateEntries,
    /// What counts as the patient side.
    pub patient_side: PatientSide,
    /// The share of a pool's budget that is kept back.
    pub reserve_share: Decimal,
    /// Which pools there are.
    pub pools: PoolTerms,
    /// What of the budget's growth goes to primary care, where the policy says so.
    pub growth: Option<GrowthTerms>,
    /// How a pool's budget is paid out.
    pub value: ValueTerms,
    /// Initial point values by pool, insurance or `all`; empty where the policy states none.
    pub initial_values: BTreeMap<String, Decimal>,
    /// What hospitals' increment points count, as far as the policy states it.
    pub tilts: TiltTerms,
    /// From which weight on a case counts as complex.
    pub complex_from: Option<Bound>,
    /// How a month is paid in advance of the clearing, where the policy says so.
    pub prepay: Option<PrepayTerms>,
    /// How a year is cleared.
    pub clearing: ClearingTerms,
    /// The payment units beside groups.
    pub units: UnitTerms,
    /// The checks of claims that a settlement runs before it pays; `None` runs none.
    pub checks: Option<CheckTerms>,
}
