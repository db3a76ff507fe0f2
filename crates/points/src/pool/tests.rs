use super::*;
use drgdip_tables::policy::{BaselineIncrement, ResidualRule, Share, ValueModel};
use rust_decimal::Decimal;

fn yuan(text: &str) -> Yuan {
    text.parse().unwrap()
}

fn hospital(id: &str, points: &str, cost: &str, patient_side: &str) -> HospitalTotals {
    HospitalTotals {
        hospital_id: id.to_owned(),
        cases: 1,
        points: points.parse().unwrap(),
        total_cost: yuan(cost),
        patient_side: yuan(patient_side),
    }
}

fn pool(budget: &str, hospitals: Vec<HospitalTotals>) -> PoolInput {
    PoolInput {
        budget: yuan(budget),
        reserve: Yuan::ZERO,
        hospitals,
        prior: None,
    }
}

fn with_prior(mut input: PoolInput, value: &str, points: &[(&str, &str)]) -> PoolInput {
    let points = points
        .iter()
        .map(|(id, points)| ((*id).to_owned(), points.parse().unwrap()));
    input.prior = Some(PriorYear {
        value: value.parse().unwrap(),
        points: points.collect(),
    });
    input
}

fn uniform(family: ValueFamily) -> ValueTerms {
    ValueTerms {
        family,
        model: ValueModel::Uniform,
        money_rounding: Rounding::HalfAwayFromZero,
        points_rounding: Rounding::HalfAwayFromZero,
        published_places: 4,
    }
}

/// Baselines are last year's points; the cap is in percent of the fixed value.
fn increment(family: ValueFamily, cap: Option<i64>, residual_rule: ResidualRule) -> ValueTerms {
    let model = ValueModel::BaselineIncrement(BaselineIncrement {
        fixed_value_factor: Decimal::ONE,
        baseline_share: Decimal::ONE,
        season_share: Share {
            numerator: 1,
            denominator: 1,
        },
        floating_cap: cap.map(|cap| Decimal::new(cap, 2)),
        residual_rule,
    });
    ValueTerms {
        model,
        ..uniform(family)
    }
}

#[track_caller]
fn check(input: &PoolInput, terms: &ValueTerms, payments: &[&str], residual: &str, reason: &str) {
    let found = settle_pool(input, terms).unwrap();
    let paid: Vec<String> = found
        .hospitals
        .iter()
        .map(|h| h.payment.to_string())
        .collect();
    assert_eq!(paid, payments);
    assert_eq!(found.residual.to_string(), residual);
    assert_eq!(found.residual_reason.code(), reason);
}

#[test]
fn a_pool_without_points_keeps_everything() {
    for family in [ValueFamily::A, ValueFamily::B, ValueFamily::C] {
        let empty = pool("100.00", vec![]);
        check(&empty, &uniform(family), &[], "100.00", "no_points");
        let zero = pool("100.00", vec![hospital("H1", "0", "5.00", "1.00")]);
        check(&zero, &uniform(family), &["0.00"], "100.00", "no_points");
    }
}

#[test]
fn a_fund_that_bears_no_cost_has_no_points_to_pay() {
    let input = pool("100.00", vec![hospital("H1", "5", "5.00", "6.00")]);
    check(
        &input,
        &uniform(ValueFamily::B),
        &["0.00"],
        "100.00",
        "no_points",
    );
    let input = pool("100.00", vec![hospital("H1", "5", "0.00", "0.00")]);
    check(
        &input,
        &uniform(ValueFamily::B),
        &["0.00"],
        "100.00",
        "no_points",
    );
}

#[test]
fn a_patient_side_above_the_worth_of_the_points_is_owed_back() {
    let hospitals = vec![
        hospital("H1", "1", "0.00", "90.00"),
        hospital("H2", "1", "0.00", "0.00"),
    ];
    let input = pool("10.00", hospitals);
    check(
        &input,
        &uniform(ValueFamily::C),
        &["-40.00", "50.00"],
        "0.00",
        "none",
    );
}

#[test]
fn hospitals_of_last_year_without_cases_stand_with_zeros() {
    let input = pool("100.00", vec![hospital("H2", "10", "0.00", "0.00")]);
    let input = with_prior(input, "5", &[("H1", "10"), ("H2", "10")]);
    let terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    check(
        &input,
        &terms,
        &["0.00", "50.00"],
        "50.00",
        "no_increment_points",
    );
}

#[test]
fn a_hospital_that_is_new_has_increment_points_only() {
    let input = pool("100.00", vec![hospital("H1", "10", "0.00", "0.00")]);
    let input = with_prior(input, "5", &[]);
    let terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    let found = settle_pool(&input, &terms).unwrap();
    assert_eq!(found.baseline_points, Points::ZERO);
    assert_eq!(found.floating_value.to_string(), "10.000000");
    assert_eq!(found.paid, yuan("100.00"));
}

#[test]
fn a_budget_below_the_fixed_part_scales_the_fixed_value() {
    let hospitals = vec![
        hospital("H1", "10", "0.00", "0.00"),
        hospital("H2", "20", "0.00", "0.00"),
    ];
    let input = with_prior(
        pool("100.00", hospitals),
        "20",
        &[("H1", "10"), ("H2", "10")],
    );
    let terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    let found = settle_pool(&input, &terms).unwrap();
    assert!(found.is_fixed_value_scaled);
    assert_eq!(found.fixed_value.to_string(), "5.000000");
    assert_eq!(found.floating_value, PointValue::zero());
    check(&input, &terms, &["50.00", "50.00"], "0.00", "none");
}

#[test]
fn money_beyond_the_cap_goes_where_the_policy_says() {
    let hospitals = vec![
        hospital("H1", "10", "0.00", "0.00"),
        hospital("H2", "30", "0.00", "0.00"),
    ];
    let input = with_prior(
        pool("100.00", hospitals),
        "1",
        &[("H1", "10"), ("H2", "10")],
    );
    let rule = |rule| increment(ValueFamily::A, Some(200), rule);
    let reason = "floating_value_cap";
    check(
        &input,
        &rule(ResidualRule::Reserve),
        &["10.00", "50.00"],
        "40.00",
        reason,
    );
    let reason = "floating_value_cap_shared_by_base";
    check(
        &input,
        &rule(ResidualRule::ProRataBase),
        &["30.00", "70.00"],
        "0.00",
        reason,
    );
    let reason = "floating_value_cap_shared_by_points";
    check(
        &input,
        &rule(ResidualRule::ProRataPoints),
        &["20.00", "80.00"],
        "0.00",
        reason,
    );
}

#[test]
fn money_without_increment_points_goes_where_the_policy_says() {
    let hospitals = vec![
        hospital("H1", "10", "0.00", "0.00"),
        hospital("H2", "30", "0.00", "0.00"),
    ];
    let input = with_prior(
        pool("100.00", hospitals),
        "1",
        &[("H1", "10"), ("H2", "30")],
    );
    let rule = |rule| increment(ValueFamily::A, None, rule);
    let reason = "no_increment_points";
    check(
        &input,
        &rule(ResidualRule::Reserve),
        &["10.00", "30.00"],
        "60.00",
        reason,
    );
    let reason = "no_increment_points_shared_by_base";
    check(
        &input,
        &rule(ResidualRule::ProRataBase),
        &["25.00", "75.00"],
        "0.00",
        reason,
    );
}

#[test]
fn a_rule_that_has_nobody_to_share_with_leaves_the_money() {
    let input = pool("100.00", vec![hospital("H1", "10", "0.00", "0.00")]);
    let input = with_prior(input, "1", &[]);
    let terms = increment(ValueFamily::A, Some(100), ResidualRule::ProRataBase);
    check(&input, &terms, &["10.00"], "90.00", "floating_value_cap");
}

#[test]
fn the_floating_value_at_its_cap_by_one_fen_leaves_that_fen() {
    let input = |budget| {
        let input = pool(budget, vec![hospital("H1", "20", "0.00", "0.00")]);
        with_prior(input, "1", &[("H1", "10")])
    };
    let terms = increment(ValueFamily::A, Some(100), ResidualRule::Reserve);
    check(&input("19.99"), &terms, &["19.99"], "0.00", "none");
    check(&input("20.00"), &terms, &["20.00"], "0.00", "none");
    check(
        &input("20.01"),
        &terms,
        &["20.00"],
        "0.01",
        "floating_value_cap",
    );
}

#[test]
fn baseline_points_are_rounded_once_to_four_places() {
    let input = pool("100.00", vec![hospital("H1", "10", "0.00", "0.00")]);
    let input = with_prior(input, "1", &[("H1", "1")]);
    let mut terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    let ValueModel::BaselineIncrement(rule) = &mut terms.model else {
        unreachable!("the model was just chosen")
    };
    rule.season_share = Share {
        numerator: 2,
        denominator: 3,
    };
    let baseline = |terms: &ValueTerms| {
        let found = settle_pool(&input, terms).unwrap();
        found.baseline_points.to_string()
    };
    assert_eq!(baseline(&terms), "0.6667");
    terms.points_rounding = Rounding::Down;
    assert_eq!(baseline(&terms), "0.6666");
}

#[test]
fn the_reserve_is_rounded_once_to_the_fen() {
    let share = "0.05".parse().unwrap();
    let reserve = |budget, rounding| {
        reserve_of(yuan(budget), share, rounding)
            .unwrap()
            .to_string()
    };
    assert_eq!(reserve("100.10", Rounding::HalfAwayFromZero), "5.01");
    assert_eq!(reserve("100.10", Rounding::Down), "5.00");
    assert_eq!(reserve("100.09", Rounding::HalfAwayFromZero), "5.00");
}

#[test]
fn pools_that_cannot_be_settled_say_why() {
    let message =
        |input: &PoolInput, terms: &ValueTerms| settle_pool(input, terms).unwrap_err().to_string();
    let one = || hospital("H1", "1", "0.00", "0.00");
    let terms = uniform(ValueFamily::A);
    assert_eq!(
        message(&pool("1.00", vec![one(), one()]), &terms),
        "hospital H1 stands twice in the pool; give each hospital one row"
    );
    let mut input = pool("1.00", vec![one()]);
    input.reserve = yuan("1.01");
    assert_eq!(
        message(&input, &terms),
        "a reserve of 1.01 yuan does not fit a budget of 1.00 yuan"
    );
    input.reserve = yuan("-0.01");
    assert!(settle_pool(&input, &terms).is_err());
    let terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    assert_eq!(
        message(&pool("1.00", vec![one()]), &terms),
        "the pool has no last year's points and value, which baseline + increment needs; add \
         its rows to the prior input"
    );
    let negative = with_prior(pool("1.00", vec![one()]), "1", &[("H1", "-1")]);
    assert_eq!(
        message(&negative, &terms),
        "-1.0000 is below zero where only zero or more makes sense"
    );
}
