//! What a policy says about point values (点值): the typed terms.

use super::terms::Rounding;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How points become money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueFamily {
    /// Fund points: `v = T / P`, a hospital gets `P_h × v`.
    A,
    /// Fund share: `v = T / Σ P_h × rho_h`, a hospital gets `P_h × v × rho_h`.
    B,
    /// Cost points: `v = (T + ΣU) / P`, a hospital gets `P_h × v − U_h`.
    C,
}

/// How the budget of a pool becomes point values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueModel {
    /// One value for all points, or for all that a policy does not hold fixed.
    Uniform(UniformMode),
    /// A fixed value for last year's volume and a floating one for what is above it (基准+增量).
    BaselineIncrement(BaselineIncrement),
}

/// Whether a value follows the budget (费率模式).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UniformMode {
    /// 浮动: the budget over the points.
    Floating,
    /// 固定: the initial value; what the budget has more or less is a residual.
    Fixed,
    /// 弹性: some points at the initial value, all others at a floating one.
    Elastic(Elastic),
}

/// The elastic value, forms 2 and 3 of the DIP 3.0 draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elastic {
    /// The measure whose points earn the initial value.
    pub fixed_part: String,
    /// c: the floating value is at most c times the initial one; `None` is no limit.
    pub floating_cap: Option<Decimal>,
    /// What becomes of money that the floating value leaves over.
    pub residual_rule: ResidualRule,
}

/// The parameters of baseline + increment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineIncrement {
    /// Where the fixed value comes from.
    pub calibration: Calibration,
    /// η: the baseline is η times last year's points.
    pub baseline_share: Decimal,
    /// The share of last year's points that belongs to the period.
    pub season_share: Share,
    /// Whether a month's baseline stands alone or makes up for the months before it.
    pub months: BaselineMonths,
    /// How the money above the baselines is shared.
    pub increment: IncrementRule,
    /// κ: a hospital below its baseline earns at least κ times what the baseline would.
    pub floor: Option<Decimal>,
    /// c: the money for increment points is at most c times what the fixed value would pay for
    /// them; `None` is no limit.
    pub floating_cap: Option<Decimal>,
    /// What becomes of money that the floating value leaves over.
    pub residual_rule: ResidualRule,
}

impl BaselineIncrement {
    /// Form 1 (M1) with λ times last year's value for η of last year's points, uncapped.
    #[must_use]
    pub const fn plain(fixed_value_factor: Decimal, baseline_share: Decimal) -> Self {
        Self {
            calibration: Calibration::PriorValue {
                factor: fixed_value_factor,
            },
            baseline_share,
            season_share: Share {
                numerator: 1,
                denominator: 1,
            },
            months: BaselineMonths::Alone,
            increment: IncrementRule::ByPoints,
            floor: None,
            floating_cap: None,
            residual_rule: ResidualRule::Reserve,
        }
    }
}

/// What the baseline of a month is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BaselineMonths {
    /// Last year's points times the month's own season share.
    #[default]
    Alone,
    /// Last year's points times the season shares of the year to date, without the baseline points
    /// of the months before.
    YearToDate,
}

/// Between which shares of what is distributed the baselines should earn, θ.
///
/// Source: `S-DIP3`, whose draft advises 7:3 to 8:2 of certain and elastic money.
#[must_use]
pub fn advised_fixed_share() -> [Decimal; 2] {
    [Decimal::new(7, 1), Decimal::new(8, 1)]
}

/// Where the fixed value of baseline + increment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Calibration {
    /// Cal-1: λ times last year's value.
    PriorValue {
        /// λ.
        factor: Decimal,
    },
    /// Cal-2: a share θ of the budget over all baseline points.
    BudgetShare {
        /// θ.
        share: Decimal,
    },
}

/// How the money above the baselines is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncrementRule {
    /// M1: by increment points.
    ByPoints,
    /// M2: by increment points times the tilt of the hospital.
    Tilted,
    /// M3: cut by these shares, each shared by the points of its measure.
    Subpools(BTreeMap<String, Decimal>),
}

/// The measure that is the increment points themselves.
pub const VOLUME: &str = "volume";

/// What a hospital's increment points count beside what stands in tables of tilts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TiltTerms {
    /// For primary-care institutions.
    pub primary_care: Option<Decimal>,
    /// By level of hospital.
    pub by_level: BTreeMap<String, Decimal>,
}

/// A part of a whole, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    /// At least 0.
    pub numerator: i64,
    /// At least 1.
    pub denominator: i64,
}

impl Share {
    /// Nothing of it.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };

    /// Both parts together; `None` where the fraction does not fit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.denominator == other.denominator {
            let numerator = self.numerator.checked_add(other.numerator)?;
            return Some(Self { numerator, ..self });
        }
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Some(Self {
            numerator: left.checked_add(right)?,
            denominator: self.denominator.checked_mul(other.denominator)?,
        })
    }
}

/// What becomes of money that the floating value leaves over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResidualRule {
    /// It stays in the reserve.
    Reserve,
    /// It is shared by what the baseline points earn.
    ProRataBase,
    /// It is shared by all points.
    ProRataPoints,
}

/// Which point value pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaidValue {
    /// The exact fraction; the published value is for people.
    Exact,
    /// The published value, so that every hospital can recompute its payment.
    Published,
}

/// What becomes of a payment below zero, where the patient side is more than the points earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NegativePayments {
    /// It is the hospital's debt.
    Carry,
    /// It is raised to zero, and the others bear it in proportion to what they are paid.
    FloorAndRedistribute,
}

/// How a pool's budget is paid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueTerms {
    /// How points become money.
    pub family: ValueFamily,
    /// How the budget becomes point values.
    pub model: ValueModel,
    /// Which value pays.
    pub pays: PaidValue,
    /// What becomes of a payment below zero.
    pub negative: NegativePayments,
    /// How an amount of money comes to the fen.
    pub money_rounding: Rounding,
    /// How baseline points come to four places.
    pub points_rounding: Rounding,
    /// With how many decimals a point value is published.
    pub published_places: u32,
}

impl ValueTerms {
    /// Exact values, halves away from zero, four published places, debts carried.
    #[must_use]
    pub const fn new(family: ValueFamily, model: ValueModel) -> Self {
        Self {
            family,
            model,
            pays: PaidValue::Exact,
            negative: NegativePayments::Carry,
            money_rounding: Rounding::HalfAwayFromZero,
            points_rounding: Rounding::HalfAwayFromZero,
            published_places: 4,
        }
    }
}
