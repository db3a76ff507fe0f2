//! Case points (病例点数): what one case earns, before the pool's point value is known.

use crate::classify::{CaseClass, CutOff, UNITS_PER_FEN};
use crate::exact::{difference, divide, product, sum};
use crate::{Error, Points, Ratio, Rounding, Weight};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{
    Bound, CaseTerms, CoefficientSource, CoefficientUse, HighRule, LowRule,
};
use rust_decimal::Decimal;

/// One as a ratio, in millionths.
const ONE: i128 = 1_000_000;
/// One point, in ten-thousandths.
const POINT: i128 = 10_000;
const WHAT: &str = "number of case points";

/// A policy's rules for cases at one date, as integers ready for many cases.
#[derive(Clone, Debug)]
pub struct CaseRules {
    /// Points for a weight of 1.
    scale: i128,
    /// The mean cost M of all cases, in fen.
    mean_cost: i128,
    rounding: Rounding,
    low_threshold: Threshold,
    low_rule: LowRule,
    high_bands: Vec<Band>,
    high_rule: PreparedHighRule,
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
enum PreparedHighRule {
    LinearAdd(Ratio),
    Deduct,
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
        let band = |band: &drgdip_tables::policy::HighBand| {
            Ok(Band {
                weight: band.weight,
                threshold: Threshold::new(band.threshold)?,
            })
        };
        Ok(Self {
            scale: i128::from(terms.scale),
            mean_cost: i128::from(terms.mean_cost_fen),
            rounding: terms.points_rounding,
            low_threshold: Threshold::new(terms.low_threshold)?,
            low_rule: terms.low_rule,
            high_bands: terms
                .high_bands
                .iter()
                .map(band)
                .collect::<Result<_, Error>>()?,
            high_rule: match terms.high_rule {
                HighRule::LinearAdd { alpha } => {
                    PreparedHighRule::LinearAdd(Ratio::from_decimal(alpha)?)
                }
                HighRule::Deduct => PreparedHighRule::Deduct,
            },
        })
    }

    /// Prepares what is the same for all cases of a group.
    ///
    /// Errors: no band takes the weight, or the group's reference cost does not fit.
    pub fn price(&self, weight: Weight) -> Result<GroupPrice, Error> {
        let ten_thousandths = i128::from(weight.ten_thousandths());
        let base = product(ten_thousandths, self.scale, "number of base points")?;
        let base_points = i64::try_from(base)
            .map(Points::from_ten_thousandths)
            .map_err(|_| Error::Overflow("number of base points"))?;
        let reference = product(ten_thousandths, self.mean_cost, "reference cost")?;
        let high = self.band(weight)?;
        Ok(GroupPrice {
            weight,
            base_points,
            reference,
            low: cut_off(reference, self.low_threshold)?,
            high: cut_off(reference, high)?,
            high_multiple: high.multiple,
        })
    }

    /// The threshold of the last band whose lower bound the weight reaches.
    fn band(&self, weight: Weight) -> Result<Threshold, Error> {
        let value = Decimal::new(weight.ten_thousandths(), Weight::PLACES);
        let reaches = |band: &&Band| match band.weight {
            Bound::AtLeast(bound) => value >= bound,
            Bound::MoreThan(bound) => value > bound,
            Bound::AtMost(bound) => value <= bound,
            Bound::LessThan(bound) => value < bound,
        };
        let band = self.high_bands.iter().rev().find(reaches);
        band.map(|band| band.threshold)
            .ok_or_else(|| Error::NoBand(weight.to_string()))
    }

    /// Rounds `numerator / denominator` ten-thousandths of a point, once, by the policy's rule.
    fn points(&self, numerator: i128, denominator: i128) -> Result<Points, Error> {
        let value = divide(numerator, denominator, self.rounding)?;
        i64::try_from(value)
            .map(Points::from_ten_thousandths)
            .map_err(|_| Error::Overflow(WHAT))
    }

    /// `C / M × scale` in ten-thousandths of a point, before the division by M.
    fn cost_over_mean(&self, total_cost: Yuan) -> Result<i128, Error> {
        let per_mean = product(self.scale, POINT, WHAT)?;
        product(i128::from(total_cost.fen()), per_mean, WHAT)
    }
}

fn cut_off(reference: i128, threshold: Threshold) -> Result<CutOff, Error> {
    let multiple = i128::from(threshold.multiple.millionths());
    Ok(CutOff {
        at: product(reference, multiple, "cost at a cut-off")?,
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
    high_multiple: Ratio,
}

impl GroupPrice {
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

    /// The reference cost RW × M, to the fen, for outputs; comparisons use the exact product.
    pub fn reference_cost(&self) -> Result<Yuan, Error> {
        let fen = divide(self.reference, POINT, Rounding::HalfAwayFromZero)?;
        Ok(Yuan::try_from_fen(fen)?)
    }

    /// The multiple K of the reference cost above which a case of the group is high.
    #[must_use]
    pub const fn high_multiple(&self) -> Ratio {
        self.high_multiple
    }

    /// The class of a case with this total cost.
    ///
    /// Low is asked first, so that thresholds that cross cannot make a cheap case high.
    #[must_use]
    pub const fn class(&self, total_cost: Yuan) -> CaseClass {
        // 63 bits of fen times 10^10 stay within 127 bits.
        let cost = (total_cost.fen() as i128).wrapping_mul(UNITS_PER_FEN);
        if self.low.is_below(cost) {
            CaseClass::Low
        } else if self.high.is_above(cost) {
            CaseClass::High
        } else {
            CaseClass::Normal
        }
    }
}

/// The class and the points of one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseAward {
    /// How its cost stands to the group's reference cost.
    pub class: CaseClass,
    /// What it earns, zero or more.
    pub points: Points,
}

/// Classifies a case and gives it its points, rounded once to four places.
///
/// Errors: a negative cost, or a number that does not fit.
pub fn award(
    price: &GroupPrice,
    coefficient: Ratio,
    total_cost: Yuan,
    rules: &CaseRules,
) -> Result<CaseAward, Error> {
    if total_cost.is_negative() {
        return Err(Error::NegativeCost(total_cost));
    }
    let class = price.class(total_cost);
    let points = match class {
        CaseClass::Normal => normal_points(price, coefficient, rules)?,
        CaseClass::Low => low_points(price, coefficient, total_cost, rules)?,
        CaseClass::High => high_points(price, coefficient, total_cost, rules)?,
    };
    Ok(CaseAward { class, points })
}

/// `b × k`: what a normal case earns, and a high one that is outside the control proportion.
pub fn normal_points(
    price: &GroupPrice,
    coefficient: Ratio,
    rules: &CaseRules,
) -> Result<Points, Error> {
    rules.points(base_times(price, coefficient)?, ONE)
}

/// `C / M × scale × discount`: what a case without points of its own earns.
///
/// For groups without a weight, ungrouped and ambiguous cases. Errors as [`award`].
pub fn award_by_cost(
    total_cost: Yuan,
    rules: &CaseRules,
    discount: Ratio,
) -> Result<Points, Error> {
    if total_cost.is_negative() {
        return Err(Error::NegativeCost(total_cost));
    }
    let discount = i128::from(discount.millionths());
    let numerator = product(rules.cost_over_mean(total_cost)?, discount, WHAT)?;
    rules.points(numerator, product(rules.mean_cost, ONE, WHAT)?)
}

/// `b × k` in ten-thousandths of a point times `10^6`.
fn base_times(price: &GroupPrice, coefficient: Ratio) -> Result<i128, Error> {
    let base = i128::from(price.base_points.ten_thousandths());
    product(base, i128::from(coefficient.millionths()), WHAT)
}

/// The low-cost rules POINTS_NO_K and RATIO; `b × r` is the same as `C / M × scale`.
fn low_points(
    price: &GroupPrice,
    coefficient: Ratio,
    total_cost: Yuan,
    rules: &CaseRules,
) -> Result<Points, Error> {
    match rules.low_rule {
        LowRule::PointsNoK => award_by_cost(total_cost, rules, Ratio::ONE),
        LowRule::Ratio(used) => {
            let factor = match used {
                CoefficientUse::With => coefficient,
                CoefficientUse::Without => Ratio::ONE,
            };
            let by_ratio = award_by_cost(total_cost, rules, factor)?;
            Ok(by_ratio.min(normal_points(price, coefficient, rules)?))
        }
    }
}

/// The high-cost rules LINEAR_ADD and DEDUCT.
///
/// DEDUCT falls below zero where a coefficient is above `K / (K − 1)`; such a case earns nothing.
fn high_points(
    price: &GroupPrice,
    coefficient: Ratio,
    total_cost: Yuan,
    rules: &CaseRules,
) -> Result<Points, Error> {
    let by_cost = rules.cost_over_mean(total_cost)?;
    let base = i128::from(price.base_points.ten_thousandths());
    let multiple = i128::from(price.high_multiple.millionths());
    match rules.high_rule {
        PreparedHighRule::LinearAdd(alpha) => {
            // b×k + alpha × (C/M × scale − K × b), all times 10^12 × M.
            let normal = product(base_times(price, coefficient)?, ONE, WHAT)?;
            let normal = product(normal, rules.mean_cost, WHAT)?;
            let threshold = product(product(base, multiple, WHAT)?, rules.mean_cost, WHAT)?;
            let excess = difference(product(by_cost, ONE, WHAT)?, threshold, WHAT)?;
            let added = product(excess, i128::from(alpha.millionths()), WHAT)?;
            let denominator = product(product(ONE, ONE, WHAT)?, rules.mean_cost, WHAT)?;
            rules.points(sum(normal, added, WHAT)?, denominator)
        }
        PreparedHighRule::Deduct => {
            // C/M × scale − (K − 1) × b × k, all times 10^12 × M.
            let beyond_one = difference(multiple, ONE, WHAT)?;
            let deducted = product(base_times(price, coefficient)?, beyond_one, WHAT)?;
            let deducted = product(deducted, rules.mean_cost, WHAT)?;
            let denominator = product(ONE, ONE, WHAT)?;
            let kept = difference(product(by_cost, denominator, WHAT)?, deducted, WHAT)?;
            let denominator = product(denominator, rules.mean_cost, WHAT)?;
            rules.points(kept.max(0), denominator)
        }
    }
}

/// The coefficient of a hospital (差异系数) from the source that the policy names.
///
/// `stated` is the column `coefficient` of the hospitals input, where it is filled in.
pub fn hospital_coefficient(
    source: &CoefficientSource,
    level: &str,
    stated: Option<Ratio>,
) -> Result<Ratio, Error> {
    match source {
        CoefficientSource::HospitalsInput => stated.ok_or(Error::CoefficientMissing),
        CoefficientSource::Level(by_level) => {
            let known = by_level.get(level);
            let known = known.ok_or_else(|| Error::LevelUnknown(level.to_owned()))?;
            Ratio::from_decimal(*known)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drgdip_tables::policy::HighBand;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    /// Scale 100, M 10,000 yuan, low below 0.4, high above 3 (weights below 1) and 2 (others).
    fn terms() -> CaseTerms {
        let band = |weight: &str, multiple: &str| HighBand {
            weight: Bound::AtLeast(decimal(weight)),
            threshold: Bound::MoreThan(decimal(multiple)),
        };
        CaseTerms {
            scale: 100,
            mean_cost_fen: 1_000_000,
            points_rounding: Rounding::HalfAwayFromZero,
            low_threshold: Bound::LessThan(decimal("0.4")),
            low_rule: LowRule::PointsNoK,
            high_bands: vec![band("0", "3"), band("1", "2")],
            high_rule: HighRule::LinearAdd {
                alpha: Decimal::ONE,
            },
        }
    }

    #[track_caller]
    fn check(terms: &CaseTerms, case: (&str, &str, &str), class: CaseClass, points: &str) {
        let (weight, coefficient, cost) = case;
        let rules = CaseRules::new(terms).unwrap();
        let price = rules.price(weight.parse().unwrap()).unwrap();
        let coefficient = coefficient.parse().unwrap();
        let award = award(&price, coefficient, cost.parse().unwrap(), &rules).unwrap();
        assert_eq!(
            (award.class, award.points.to_string()),
            (class, points.to_owned())
        );
    }

    #[test]
    fn one_fen_decides_between_low_and_normal() {
        use CaseClass::{Low, Normal};
        let mut terms = terms();
        check(&terms, ("1.5", "1", "5999.99"), Low, "59.9999");
        check(&terms, ("1.5", "1", "6000.00"), Normal, "150.0000");
        check(&terms, ("1.5", "1", "6000.01"), Normal, "150.0000");
        terms.low_threshold = Bound::AtMost(decimal("0.4"));
        check(&terms, ("1.5", "1", "5999.99"), Low, "59.9999");
        check(&terms, ("1.5", "1", "6000.00"), Low, "60.0000");
        check(&terms, ("1.5", "1", "6000.01"), Normal, "150.0000");
    }

    #[test]
    fn one_fen_decides_between_normal_and_high() {
        use CaseClass::{High, Normal};
        let mut terms = terms();
        check(&terms, ("1.5", "1", "29999.99"), Normal, "150.0000");
        check(&terms, ("1.5", "1", "30000.00"), Normal, "150.0000");
        check(&terms, ("1.5", "1", "30000.01"), High, "150.0001");
        terms.high_bands[1].threshold = Bound::AtLeast(decimal("2"));
        check(&terms, ("1.5", "1", "29999.99"), Normal, "150.0000");
        check(&terms, ("1.5", "1", "30000.00"), High, "150.0000");
        check(&terms, ("1.5", "1", "30000.01"), High, "150.0001");
    }

    #[test]
    fn the_smallest_step_of_a_weight_decides_the_band() {
        use CaseClass::{High, Normal};
        let mut terms = terms();
        check(&terms, ("0.9999", "1", "20000.00"), Normal, "99.9900");
        check(&terms, ("1", "1", "20000.01"), High, "100.0001");
        check(&terms, ("1.0001", "1", "20002.01"), High, "100.0101");
        terms.high_bands[1].weight = Bound::MoreThan(Decimal::ONE);
        check(&terms, ("1", "1", "20000.01"), Normal, "100.0000");
        check(&terms, ("1.0001", "1", "20002.01"), High, "100.0101");
    }

    #[test]
    fn half_a_ten_thousandth_follows_the_rule() {
        let mut terms = terms();
        check(&terms, ("0.0001", "0.5", "1"), CaseClass::Normal, "0.0050");
        check(
            &terms,
            ("0.0001", "0.01005", "1"),
            CaseClass::Normal,
            "0.0001",
        );
        check(
            &terms,
            ("0.0001", "0.01500", "1"),
            CaseClass::Normal,
            "0.0002",
        );
        terms.points_rounding = Rounding::Down;
        check(
            &terms,
            ("0.0001", "0.01500", "1"),
            CaseClass::Normal,
            "0.0001",
        );
    }

    #[test]
    fn a_low_case_by_ratio_takes_the_coefficient_or_not_and_never_earns_more_than_normal() {
        let mut terms = terms();
        terms.low_rule = LowRule::Ratio(CoefficientUse::With);
        check(&terms, ("1.5", "1.1", "3000"), CaseClass::Low, "33.0000");
        terms.low_rule = LowRule::Ratio(CoefficientUse::Without);
        check(&terms, ("1.5", "1.1", "3000"), CaseClass::Low, "30.0000");
        check(&terms, ("1.5", "0.1", "3000"), CaseClass::Low, "15.0000");
        check(&terms, ("1.5", "1.1", "0"), CaseClass::Low, "0.0000");
    }

    #[test]
    fn a_deduction_beyond_the_cost_leaves_no_points() {
        let mut terms = terms();
        terms.high_rule = HighRule::Deduct;
        check(&terms, ("1.5", "2", "30000.01"), CaseClass::High, "0.0001");
        check(
            &terms,
            ("1.5", "2.1", "30000.01"),
            CaseClass::High,
            "0.0000",
        );
    }

    #[test]
    fn a_case_without_a_weight_earns_its_cost_at_a_discount() {
        let rules = CaseRules::new(&terms()).unwrap();
        let points = |cost: &str, discount: &str| {
            award_by_cost(cost.parse().unwrap(), &rules, discount.parse().unwrap())
        };
        assert_eq!(points("10000", "0.7"), Ok("70".parse().unwrap()));
        assert_eq!(points("0.01", "0.7"), Ok("0.0001".parse().unwrap()));
        assert_eq!(points("0", "1"), Ok(Points::ZERO));
        assert_eq!(
            points("-0.01", "1").unwrap_err().to_string(),
            "a total cost of -0.01 yuan is below zero; net reversals before points are awarded"
        );
    }

    #[test]
    fn numbers_that_do_not_fit_are_errors() {
        let mut terms = terms();
        terms.scale = 1_000_000;
        let rules = CaseRules::new(&terms).unwrap();
        let most = Weight::from_ten_thousandths(i64::MAX).unwrap();
        assert!(rules.price(most).is_err());
        let huge = Yuan::from_fen(i64::MAX);
        assert!(award_by_cost(huge, &rules, Ratio::from_millionths(i64::MAX).unwrap()).is_err());
        let price = rules.price("1".parse().unwrap()).unwrap();
        let most = Ratio::from_millionths(i64::MAX).unwrap();
        assert!(award(&price, most, "10000".parse().unwrap(), &rules).is_err());
    }

    #[test]
    fn terms_that_price_nothing_say_why() {
        let refused = |terms: &CaseTerms| CaseRules::new(terms).unwrap_err().to_string();
        assert_eq!(
            refused(&CaseTerms {
                scale: 0,
                ..terms()
            }),
            "the points for a weight of 1 must be above zero; correct the policy"
        );
        assert_eq!(
            refused(&CaseTerms {
                mean_cost_fen: 0,
                ..terms()
            }),
            "the mean cost of all cases must be above zero; correct the policy"
        );
        let mut late = terms();
        late.high_bands.remove(0);
        let rules = CaseRules::new(&late).unwrap();
        assert_eq!(
            rules
                .price("0.9999".parse().unwrap())
                .unwrap_err()
                .to_string(),
            "no band of the high-cost thresholds takes the weight 0.9999; add a band from 0"
        );
        assert!(rules.price("1".parse().unwrap()).is_ok());
    }

    #[test]
    fn the_coefficient_comes_from_where_the_policy_says() {
        let by_level = CoefficientSource::Level([("3".to_owned(), decimal("1.05"))].into());
        let stated = Some("0.92".parse().unwrap());
        let input = CoefficientSource::HospitalsInput;
        assert_eq!(
            hospital_coefficient(&input, "3", stated),
            Ok("0.92".parse().unwrap())
        );
        assert_eq!(
            hospital_coefficient(&by_level, "3", stated),
            Ok("1.05".parse().unwrap())
        );
        assert_eq!(
            hospital_coefficient(&input, "3", None)
                .unwrap_err()
                .to_string(),
            "the hospital has no coefficient; fill in the column coefficient of the hospitals \
             input"
        );
        assert_eq!(
            hospital_coefficient(&by_level, "2", None)
                .unwrap_err()
                .to_string(),
            "the policy has no coefficient for hospitals of level \"2\"; add it or correct the \
             level"
        );
    }
}
