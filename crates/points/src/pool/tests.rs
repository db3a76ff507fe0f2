use super::*;
use drgdip_tables::policy::{
    BaselineIncrement, Calibration, Elastic, IncrementRule, NegativePayments, PaidValue,
    ResidualRule, Share, UniformMode, VOLUME, ValueModel,
};
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
        ..PoolInput::default()
    }
}

fn with_prior(mut input: PoolInput, value: &str, points: &[(&str, &str)]) -> PoolInput {
    let points = points
        .iter()
        .map(|(id, points)| ((*id).to_owned(), points.parse().unwrap()));
    input.prior = Some(PriorYear {
        value: value.parse().unwrap(),
        points: points.collect(),
        used: BTreeMap::new(),
    });
    input
}

fn uniform(family: ValueFamily) -> ValueTerms {
    ValueTerms::new(family, ValueModel::Uniform(UniformMode::Floating))
}

/// Baselines are last year's points; the cap is in percent of the fixed value.
fn increment(family: ValueFamily, cap: Option<i64>, residual_rule: ResidualRule) -> ValueTerms {
    let rule = BaselineIncrement {
        floating_cap: cap.map(|cap| Decimal::new(cap, 2)),
        residual_rule,
        ..BaselineIncrement::plain(Decimal::ONE, Decimal::ONE)
    };
    ValueTerms::new(family, ValueModel::BaselineIncrement(rule))
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
fn the_share_of_the_baselines_is_told_as_it_was_before_the_fixed_value_was_scaled() {
    let hospitals = vec![hospital("H1", "800", "0.00", "0.00")];
    let input = with_prior(pool("70000.00", hospitals), "100", &[("H1", "800")]);
    let terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    let found = settle_pool(&input, &terms).unwrap();
    assert!(found.is_fixed_value_scaled);
    assert_eq!(found.fixed_value.to_string(), "87.500000");
    // 100 × 800 ÷ 70,000.
    assert_eq!(found.fixed_share.to_string(), "1.142857");
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

#[test]
fn a_fixed_value_leaves_or_lacks_what_the_budget_has_more_or_less() {
    let hospitals = || {
        vec![
            hospital("H1", "10", "0.00", "0.00"),
            hospital("H2", "20", "0.00", "0.00"),
        ]
    };
    let mut terms = uniform(ValueFamily::A);
    terms.model = ValueModel::Uniform(UniformMode::Fixed);
    let input = |budget, value: &str| PoolInput {
        initial_value: Some(value.parse().unwrap()),
        ..pool(budget, hospitals())
    };
    let (paid, reason) = (["10.00", "20.00"], "fixed_value");
    check(&input("100.00", "1"), &terms, &paid, "70.00", reason);
    check(&input("20.00", "1"), &terms, &paid, "-10.00", reason);
    check(&input("30.00", "1"), &terms, &paid, "0.00", "none");
    let error = settle_pool(&pool("1.00", hospitals()), &terms).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the pool has no initial point value; add it to value.initial of the policy, under the \
         pool, its insurance or all"
    );
}

#[test]
fn the_published_value_pays_and_the_rest_is_rounding() {
    let hospitals = vec![
        hospital("H1", "10000", "0.00", "0.00"),
        hospital("H2", "20000", "0.00", "0.00"),
    ];
    let input = pool("100.00", hospitals);
    let mut terms = uniform(ValueFamily::A);
    terms.pays = PaidValue::Published;
    // 100 / 30000 = 0.0033…, published as 0.0033.
    let paid = ["33.00", "66.00"];
    check(&input, &terms, &paid, "1.00", "rounding_residual");
    let found = settle_pool(&input, &terms).unwrap();
    assert_eq!(found.rounding_residual.to_string(), "1.00");
    assert_eq!(found.floating_value.to_string(), "0.003300");
    terms.published_places = 2;
    let paid = ["0.00", "0.00"];
    check(&input, &terms, &paid, "100.00", "rounding_residual");
}

#[test]
fn an_elastic_value_holds_one_measure_fixed_and_lets_the_rest_float() {
    let hospitals = vec![
        hospital("H1", "10", "0.00", "0.00"),
        hospital("H2", "20", "0.00", "0.00"),
    ];
    let severe = BTreeMap::from([("H1".to_owned(), "4".parse().unwrap())]);
    let input = PoolInput {
        initial_value: Some("5".parse().unwrap()),
        measures: BTreeMap::from([("severe".to_owned(), severe)]),
        ..pool("98.00", hospitals)
    };
    let mut terms = uniform(ValueFamily::A);
    let elastic = |cap| {
        ValueModel::Uniform(UniformMode::Elastic(Elastic {
            fixed_part: "severe".to_owned(),
            floating_cap: cap,
            residual_rule: ResidualRule::Reserve,
        }))
    };
    terms.model = elastic(None);
    // 4 points at 5 yuan, 26 points share 78 yuan.
    check(&input, &terms, &["38.00", "60.00"], "0.00", "none");
    terms.model = elastic(Some(Decimal::new(4, 1)));
    let paid = ["32.00", "40.00"];
    check(&input, &terms, &paid, "26.00", "floating_value_cap");
    let error = settle_pool(&pool("1.00", input.hospitals.clone()), &terms);
    assert!(error.unwrap_err().to_string().contains("\"severe\""));
}

#[test]
fn a_payment_below_zero_is_raised_and_the_others_bear_it() {
    let hospitals = vec![
        hospital("H1", "1", "0.00", "90.00"),
        hospital("H2", "1", "0.00", "0.00"),
        hospital("H3", "0", "0.00", "10.00"),
        hospital("H4", "2", "0.00", "0.00"),
    ];
    let input = pool("100.00", hospitals);
    let mut terms = uniform(ValueFamily::C);
    // A point is worth 50 yuan.
    let carried = ["-40.00", "50.00", "-10.00", "100.00"];
    check(&input, &terms, &carried, "0.00", "none");
    terms.negative = NegativePayments::FloorAndRedistribute;
    let raised = ["0.00", "33.33", "0.00", "66.67"];
    check(&input, &terms, &raised, "0.00", "none");
    let found = settle_pool(&input, &terms).unwrap();
    let moved = found.hospitals.iter().map(|h| h.earned.redistributed);
    let moved: Vec<String> = moved.map(|yuan| yuan.to_string()).collect();
    assert_eq!(moved, ["40.00", "-16.67", "10.00", "-33.33"]);
}

#[test]
fn nothing_is_paid_where_all_payments_together_are_below_zero() {
    let mut terms = uniform(ValueFamily::C);
    terms.model = ValueModel::Uniform(UniformMode::Fixed);
    terms.negative = NegativePayments::FloorAndRedistribute;
    let input = PoolInput {
        initial_value: Some("1".parse().unwrap()),
        ..pool("10.00", vec![hospital("H1", "5", "0.00", "30.00")])
    };
    let reason = "negative_payments_raised";
    check(&input, &terms, &["0.00"], "10.00", reason);
    terms.negative = NegativePayments::Carry;
    check(&input, &terms, &["-25.00"], "35.00", "fixed_value");
}

#[test]
fn what_is_paid_at_cost_comes_off_the_money_for_points_first() {
    let hospitals = vec![
        hospital("H1", "10", "0.00", "0.00"),
        hospital("H2", "30", "0.00", "0.00"),
    ];
    let at_cost = |fen| BTreeMap::from([("H2".to_owned(), Yuan::from_fen(fen))]);
    let mut input = PoolInput {
        at_cost: at_cost(2_000),
        ..pool("100.00", hospitals)
    };
    let terms = uniform(ValueFamily::A);
    check(&input, &terms, &["20.00", "80.00"], "0.00", "none");
    input.at_cost = at_cost(11_000);
    let reason = "at_cost_above_budget";
    check(&input, &terms, &["0.00", "110.00"], "-10.00", reason);
}

#[test]
fn a_floor_is_paid_before_the_floating_value() {
    let hospitals = vec![
        hospital("H1", "5", "0.00", "0.00"),
        hospital("H2", "20", "0.00", "0.00"),
    ];
    let prior = [("H1", "10"), ("H2", "10"), ("H3", "10")];
    let input = |budget| with_prior(pool(budget, hospitals.clone()), "1", &prior);
    let mut terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    let ValueModel::BaselineIncrement(rule) = &mut terms.model else {
        unreachable!("the model was just chosen")
    };
    rule.floor = Some(Decimal::new(9, 1));
    // H1 is lifted from 5 to 9 yuan; H3 has no case that could be paid.
    let paid = ["9.00", "20.00", "0.00"];
    check(&input("29.00"), &terms, &paid, "0.00", "none");
    let found = settle_pool(&input("29.00"), &terms).unwrap();
    assert_eq!(found.hospitals[0].earned.floor.to_string(), "4.00");
    // Only 2 of the 4 yuan are there.
    let paid = ["7.00", "10.00", "0.00"];
    check(&input("17.00"), &terms, &paid, "0.00", "none");
}

#[test]
fn a_subpool_whose_measure_is_empty_returns_to_volume() {
    let hospitals = vec![
        hospital("H1", "20", "0.00", "0.00"),
        hospital("H2", "40", "0.00", "0.00"),
    ];
    let prior = [("H1", "10"), ("H2", "10")];
    let mut input = with_prior(pool("60.00", hospitals), "1", &prior);
    let mut terms = increment(ValueFamily::A, None, ResidualRule::Reserve);
    let ValueModel::BaselineIncrement(rule) = &mut terms.model else {
        unreachable!("the model was just chosen")
    };
    let shares = [(VOLUME, 5), ("complex", 3), ("new", 2)];
    let shares = shares.map(|(name, tenths)| (name.to_owned(), Decimal::new(tenths, 1)));
    rule.increment = IncrementRule::Subpools(BTreeMap::from(shares));
    rule.calibration = Calibration::BudgetShare {
        share: Decimal::new(5, 1),
    };
    let complex = BTreeMap::from([("H1".to_owned(), "3".parse().unwrap())]);
    input.measures = BTreeMap::from([
        ("complex".to_owned(), complex),
        ("new".to_owned(), BTreeMap::new()),
    ]);
    // 30 yuan for baselines; 30 for increments: 9 by complex points, 21 by volume 10 : 30.
    check(&input, &terms, &["29.25", "30.75"], "0.00", "none");
    let found = settle_pool(&input, &terms).unwrap();
    let names: Vec<&str> = found.subpools.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["complex", VOLUME]);
}

#[test]
fn points_are_worth_at_a_value_what_their_family_pays() {
    let totals = hospital("H1", "1000.0000", "10000.00", "4000.00");
    let value = "10".parse().unwrap();
    let worth = |family| totals.worth_at(&value, &uniform(family)).unwrap();
    assert_eq!(worth(ValueFamily::A), yuan("10000.00"));
    // Six tenths of the cost are the fund's.
    assert_eq!(worth(ValueFamily::B), yuan("6000.00"));
    assert_eq!(worth(ValueFamily::C), yuan("6000.00"));
}
