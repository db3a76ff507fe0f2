//! Boundaries and rules of case points.

use super::*;
use crate::classify::CaseClass;
use crate::{Rounding, Weight};
use drgdip_tables::policy::{
    Bound, CaseTerms, CoefficientSource, CoefficientUse, HighBand, HighRule, LowRule, Reference,
};
use rust_decimal::Decimal;

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

/// Scale 100, M 10,000 yuan, low below 0.4, high above 3 (weights below 1) and 2 (others).
pub(super) fn terms() -> CaseTerms {
    let band = |weight: &str, multiple: &str| HighBand {
        weight: Bound::AtLeast(decimal(weight)),
        threshold: Bound::MoreThan(decimal(multiple)),
    };
    CaseTerms {
        scale: 100,
        mean_cost_fen: 1_000_000,
        points_rounding: Rounding::HalfAwayFromZero,
        reference: Reference::Group,
        low_threshold: Bound::LessThan(decimal("0.4")),
        low_rule: LowRule::PointsNoK,
        high_bands: vec![band("0", "3"), band("1", "2")],
        high_rule: HighRule::LinearAdd {
            alpha: Decimal::ONE,
            coefficient: CoefficientUse::Without,
        },
        high_limit: None,
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
fn a_part_of_the_points_is_rounded_once() {
    let rules = CaseRules::new(&terms()).unwrap();
    let half = rules.keeping("0.5".parse().unwrap());
    let price = rules.price("1.2345".parse().unwrap()).unwrap();
    let points = |rules: &CaseRules, cost: &str| {
        let k = "0.8002".parse().unwrap();
        let earned = award(&price, k, cost.parse().unwrap(), rules).unwrap();
        earned.points.to_string()
    };
    // 123.45 × 0.8002 = 98.78469; half of it is 49.392345.
    assert_eq!(points(&rules, "12345"), "98.7847");
    assert_eq!(points(&half, "12345"), "49.3923");
    // 98.78469 + 500 − 2 × 123.45 = 351.88469; half of it is 175.942345.
    assert_eq!(points(&rules, "50000"), "351.8847");
    assert_eq!(points(&half, "50000"), "175.9423");
    // The same for a price in fractions.
    let one = "1".parse().unwrap();
    let price = price.of_subtype(one, drgdip_tables::policy::SubtypeMeasure::Group);
    let k = "0.8002".parse().unwrap();
    let normal = normal_points(&price, k, &half).unwrap();
    assert_eq!(normal.to_string(), "49.3923");
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
