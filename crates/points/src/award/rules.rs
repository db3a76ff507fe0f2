//! A policy's rules for cases, and what they make of a group, ready for many cases.

use super::ONE;
use super::cost::{CUT_OFF, Cost};
use crate::classify::{CaseClass, CutOff};
use crate::exact::{Exact, divide, product};
use crate::{Error, Points, Ratio, Rounding, Weight};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{
    Bound, CaseTerms, CoefficientUse, HighBand, HighRule, LowRule, Reference, SubtypeMeasure,
};
use rust_decimal::Decimal;

/// One point, in ten-thousandths.
pub(super) const POINT: i128 = 10_000;
pub(super) const WHAT: &str = "number of case points";

/// A policy's rules for cases at one date, as integers ready for many cases.
#[derive(Clone, Debug)]
pub struct CaseRules {
    /// Points for a weight of 1.
    pub(super) scale: i128,
    /// The mean cost M of all cases, in fen.
    pub(super) mean_cost: i128,
    pub(super) rounding: Rounding,
    pub(super) reference: Reference,
    low_threshold: Threshold,
    pub(super) low_rule: PreparedLowRule,
    high_bands: Vec<Band>,
    pub(super) high_rule: PreparedHighRule,
    high_limit: Option<Threshold>,
    /// What is left of all points.
    left: Ratio,
}

#[derive(Clone, Copy, Debug)]
struct Threshold {
    multiple: Ratio,
    includes_equal: bool,
}

#[derive(Clone, Copy, Debug)]
struct Band {
    weight: Bound,
    threshold: Threshold,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum PreparedLowRule {
    PointsNoK,
    Ratio(CoefficientUse),
    /// By the preset value of a point.
    ByActual(PresetValue),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum PreparedHighRule {
    LinearAdd(Ratio, CoefficientUse),
    Deduct,
    Cap,
    ByItemTop(PresetValue),
    Normal,
}

/// The preset value v_ref of a point (预设点值), at which money is turned into points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresetValue(Ratio);

impl PresetValue {
    /// A value in yuan a point; one that is not above zero, or has more than six decimals, is an
    /// error.
    pub fn from_decimal(value: Decimal) -> Result<Self, Error> {
        let ratio = Ratio::from_decimal(value)?;
        if ratio.millionths() == 0 {
            return Err(Error::NotPositive("preset value of a point"));
        }
        Ok(Self(ratio))
    }

    /// In millionths of a yuan.
    pub(super) fn millionths(self) -> i128 {
        i128::from(self.0.millionths())
    }
}

impl Threshold {
    fn new(bound: Bound) -> Result<Self, Error> {
        Ok(Self {
            multiple: Ratio::from_decimal(bound.value())?,
            includes_equal: matches!(bound, Bound::AtLeast(_) | Bound::AtMost(_)),
        })
    }
}

impl CaseRules {
    /// The rules that a policy's terms state.
    ///
    /// Errors: a scale or mean cost that is not above zero, a number with more than six decimals.
    pub fn new(terms: &CaseTerms) -> Result<Self, Error> {
        if terms.scale == 0 {
            return Err(Error::NotPositive("points for a weight of 1"));
        }
        if terms.mean_cost_fen <= 0 {
            return Err(Error::NotPositive("mean cost of all cases"));
        }
        let band = |band: &HighBand| {
            Ok(Band {
                weight: band.weight,
                threshold: Threshold::new(band.threshold)?,
            })
        };
        Ok(Self {
            scale: i128::from(terms.scale),
            mean_cost: i128::from(terms.mean_cost_fen),
            rounding: terms.points_rounding,
            reference: terms.reference,
            low_threshold: Threshold::new(terms.low_threshold)?,
            low_rule: prepare_low(terms.low_rule)?,
            high_bands: terms
                .high_bands
                .iter()
                .map(band)
                .collect::<Result<_, Error>>()?,
            high_rule: prepare_high(terms.high_rule)?,
            high_limit: terms.high_limit.map(Threshold::new).transpose()?,
            left: Ratio::ONE,
        })
    }

    /// The same rules for cases that keep a part of their points, which are then rounded once and
    /// not before and after the factor.
    ///
    /// A factor that was there before is replaced.
    #[must_use]
    pub fn keeping(&self, factor: Ratio) -> Self {
        Self {
            left: factor,
            ..self.clone()
        }
    }

    /// Prepares what is the same for all cases of a group whose reference cost is `RW × M`.
    ///
    /// Errors: no band takes the weight, or the group's reference cost does not fit.
    pub fn price(&self, weight: Weight) -> Result<GroupPrice, Error> {
        let ten_thousandths = i128::from(weight.ten_thousandths());
        let reference = product(ten_thousandths, self.mean_cost, "reference cost")?;
        self.price_at(weight, reference)
    }

    /// The same for a group of a catalogue: where the rules measure cases by the mean cost of
    /// their group (费用均值), that is the reference cost of a group that states one.
    ///
    /// Errors: as [`CaseRules::price`].
    pub fn price_of(&self, weight: Weight, mean_cost: Option<Yuan>) -> Result<GroupPrice, Error> {
        let Some(mean_cost) = mean_cost.filter(|_| self.reference.is_mean()) else {
            return self.price(weight);
        };
        let reference = product(i128::from(mean_cost.fen()), POINT, "reference cost")?;
        Ok(GroupPrice {
            is_plain: false,
            ..self.price_at(weight, reference)?
        })
    }

    /// The price of a group with a reference cost in millionths of a yuan.
    fn price_at(&self, weight: Weight, reference: i128) -> Result<GroupPrice, Error> {
        let ten_thousandths = i128::from(weight.ten_thousandths());
        let base = product(ten_thousandths, self.scale, "number of base points")?;
        let base_points = i64::try_from(base)
            .map(Points::from_ten_thousandths)
            .map_err(|_| Error::Overflow("number of base points"))?;
        let high = self.band(weight)?;
        let limit = self.high_limit.map(|limit| cut_off(reference, limit));
        Ok(GroupPrice {
            weight,
            base_points,
            reference,
            low: cut_off(reference, self.low_threshold)?,
            high: cut_off(reference, high)?,
            limit: limit.transpose()?,
            high_multiple: high.multiple,
            auxiliary: Ratio::ONE,
            measured_by: ONE,
            is_plain: true,
        })
    }

    /// The threshold of the last band whose lower bound the weight reaches.
    fn band(&self, weight: Weight) -> Result<Threshold, Error> {
        let value = Decimal::new(weight.ten_thousandths(), Weight::PLACES);
        let reaches = |band: &&Band| band.weight.holds(value);
        let band = self.high_bands.iter().rev().find(reaches);
        band.map(|band| band.threshold)
            .ok_or_else(|| Error::NoBand(weight.to_string()))
    }

    /// `M / scale`: what a point costs on average, in yuan.
    pub(crate) fn cost_of_a_point(&self) -> Exact {
        let mean = Exact::fraction(self.mean_cost, 100);
        mean.over(&Exact::whole(self.scale))
            .expect("the scale is above zero")
    }

    /// How points come to four places.
    #[must_use]
    pub const fn rounding(&self) -> Rounding {
        self.rounding
    }

    /// Rounds `numerator / denominator` ten-thousandths of a point, once, by the policy's rule.
    pub(super) fn points(&self, numerator: i128, denominator: i128) -> Result<Points, Error> {
        if self.left != Ratio::ONE {
            let exact = Exact::whole(numerator).over(&Exact::whole(denominator));
            return self.rounded(&exact.ok_or(Error::NotPositive("divisor of points"))?);
        }
        let value = divide(numerator, denominator, self.rounding)?;
        i64::try_from(value)
            .map(Points::from_ten_thousandths)
            .map_err(|_| Error::Overflow(WHAT))
    }

    /// An exact number of ten-thousandths of a point, rounded once; below zero is zero.
    pub(super) fn rounded(&self, exact: &Exact) -> Result<Points, Error> {
        if exact.is_negative() {
            return Ok(Points::ZERO);
        }
        let left = Exact::fraction(self.left.millionths(), 1_000_000);
        let value = exact.times(&left).to_i64(0, self.rounding, WHAT)?;
        Ok(Points::from_ten_thousandths(value))
    }

    /// `C / M × scale` in ten-thousandths of a point, before the division by M.
    pub(super) fn cost_over_mean(&self, total_cost: Yuan) -> Result<i128, Error> {
        let per_mean = product(self.scale, POINT, WHAT)?;
        product(i128::from(total_cost.fen()), per_mean, WHAT)
    }
}

fn prepare_low(rule: LowRule) -> Result<PreparedLowRule, Error> {
    Ok(match rule {
        LowRule::PointsNoK => PreparedLowRule::PointsNoK,
        LowRule::Ratio(used) => PreparedLowRule::Ratio(used),
        LowRule::ByActual { preset_value } => {
            PreparedLowRule::ByActual(PresetValue::from_decimal(preset_value)?)
        }
    })
}

fn prepare_high(rule: HighRule) -> Result<PreparedHighRule, Error> {
    Ok(match rule {
        HighRule::LinearAdd { alpha, coefficient } => {
            PreparedHighRule::LinearAdd(Ratio::from_decimal(alpha)?, coefficient)
        }
        HighRule::Deduct => PreparedHighRule::Deduct,
        HighRule::Cap => PreparedHighRule::Cap,
        HighRule::ByItemTop { preset_value } => {
            PreparedHighRule::ByItemTop(PresetValue::from_decimal(preset_value)?)
        }
        HighRule::Normal => PreparedHighRule::Normal,
    })
}

fn cut_off(reference: i128, threshold: Threshold) -> Result<CutOff, Error> {
    let multiple = i128::from(threshold.multiple.millionths());
    Ok(CutOff {
        at: product(reference, multiple, CUT_OFF)?,
        includes_equal: threshold.includes_equal,
    })
}

/// What is the same for all cases of a group at one date of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPrice {
    weight: Weight,
    base_points: Points,
    /// RW × M in millionths of a yuan.
    reference: i128,
    low: CutOff,
    high: CutOff,
    limit: Option<CutOff>,
    high_multiple: Ratio,
    /// 辅助分型调节系数, which multiplies the base points; one without a subtype.
    auxiliary: Ratio,
    /// By what of it the reference cost and the cut-offs are multiplied, in millionths.
    pub(super) measured_by: i128,
    /// Whether the reference cost is `RW × M` and the coefficient of a subtype one.
    pub(super) is_plain: bool,
}

impl GroupPrice {
    /// The same for cases of a subtype of the auxiliary directory (辅助分型).
    ///
    /// `measure` says whether the coefficient multiplies the reference cost too.
    ///
    /// Source: `病例分值 = 病种分值 × 医疗机构调节系数 × 辅助分型调节系数`, DIP 3.0 (consultation draft).
    #[must_use]
    pub fn of_subtype(&self, coefficient: Ratio, measure: SubtypeMeasure) -> Self {
        Self {
            auxiliary: coefficient,
            measured_by: match measure {
                SubtypeMeasure::Subtype => i128::from(coefficient.millionths()),
                SubtypeMeasure::Group => ONE,
            },
            is_plain: false,
            ..*self
        }
    }

    /// The coefficient of the subtype; one without a subtype.
    #[must_use]
    pub const fn auxiliary(&self) -> Ratio {
        self.auxiliary
    }

    /// The reference cost of a case before the hospital coefficient, in yuan.
    pub(super) fn exact_reference(&self) -> Exact {
        let own = Exact::whole(self.reference).times(&Exact::whole(self.measured_by));
        let unit = Exact::whole(ONE).times(&Exact::whole(ONE));
        own.over(&unit).expect("the unit is above zero")
    }

    /// The group's relative weight.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        self.weight
    }

    /// 基准点数: the weight times the policy's scale.
    #[must_use]
    pub const fn base_points(&self) -> Points {
        self.base_points
    }

    /// The reference cost of the group, `RW × M` or its mean, to the fen, for outputs; comparisons
    /// use the exact product, and what a subtype multiplies it by.
    pub fn reference_cost(&self) -> Result<Yuan, Error> {
        let fen = divide(self.reference, POINT, Rounding::HalfAwayFromZero)?;
        Ok(Yuan::try_from_fen(fen)?)
    }

    /// The multiple K of the reference cost above which a case of the group is high.
    #[must_use]
    pub const fn high_multiple(&self) -> Ratio {
        self.high_multiple
    }

    /// The class of a case with this total cost, by the group's own reference cost.
    ///
    /// Low is asked first, so that thresholds that cross cannot make a cheap case high.
    #[must_use]
    pub const fn class(&self, total_cost: Yuan) -> CaseClass {
        self.class_of(&Cost::of(total_cost))
    }

    /// The class where the reference cost is multiplied by a coefficient.
    pub(super) fn class_with(&self, cost: &Cost) -> Result<CaseClass, Error> {
        let scaled = Self {
            low: self.measured(self.low, cost)?,
            high: self.measured(self.high, cost)?,
            ..*self
        };
        Ok(scaled.class_of(&cost.scaled(self.measured_by)?))
    }

    /// A cut-off times what the reference cost is multiplied by.
    fn measured(&self, cut_off: CutOff, cost: &Cost) -> Result<CutOff, Error> {
        let mut at = product(cut_off.at, cost.reference_factor, CUT_OFF)?;
        if self.measured_by != ONE {
            at = product(at, self.measured_by, CUT_OFF)?;
        }
        Ok(CutOff { at, ..cut_off })
    }

    const fn class_of(&self, cost: &Cost) -> CaseClass {
        if self.low.is_below(cost.units) {
            CaseClass::Low
        } else if self.high.is_above(cost.units) {
            CaseClass::High
        } else {
            CaseClass::Normal
        }
    }

    /// Whether a high case is so dear that it earns the normal points again.
    pub(super) fn is_beyond_limit(&self, cost: &Cost) -> Result<bool, Error> {
        let Some(limit) = self.limit else {
            return Ok(false);
        };
        let limit = self.measured(limit, cost)?;
        Ok(limit.is_above(cost.scaled(self.measured_by)?.units))
    }
}
