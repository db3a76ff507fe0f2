//! What must hold for every pool and every case, on generated ones.
//!
//! Names with a number, I1 to I13 and C7 I1 to I5, are this file's own: the latter are the
//! invariants of baseline + increment.

mod generated;

use drgdip_claims::Yuan;
use drgdip_points::award::{CaseRules, award, award_by_cost, normal_points};
use drgdip_points::classify::CaseClass;
use drgdip_points::clear::{hospital_band, prepay, region_fund, share_by, within_fund};
use drgdip_points::link::{
    HighCase, ReviewedCase, Stay, control_proportion, followed_by_readmission, within_cap,
};
use drgdip_points::pool::{
    HospitalTotals, PoolInput, PoolSettlement, ResidualCause, ResidualReason, settle_pool,
};
use drgdip_points::settle::CaseSplitter;
use drgdip_points::{PointValue, Points, Ratio, Rounding, Weight};
use drgdip_tables::policy::{
    BaselineIncrement, Bound, Calibration, CaseTerms, CoefficientUse, HighRule, HospitalBands,
    IncrementRule, NegativePayments, PaidValue, RegionBands, ResidualRule, Share, UniformMode,
    ValueFamily, ValueModel, ValueTerms,
};
use generated::{baseline_increment, case_terms, pool, pool_of, ratio, terms};
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

fn assert_adds_up(settlement: &PoolSettlement, terms: &ValueTerms) {
    let hospitals = &settlement.hospitals;
    let payments = Yuan::total(hospitals.iter().map(|h| h.payment)).unwrap();
    assert_eq!(payments, settlement.paid);
    let back = settlement.paid.plus(settlement.residual).unwrap();
    assert_eq!(back, settlement.distributable);
    let whole = settlement.distributable.plus(settlement.reserve).unwrap();
    assert_eq!(whole, settlement.budget);
    for hospital in hospitals {
        let net = hospital.gross.minus(hospital.patient_side).unwrap();
        assert_eq!(net.plus(hospital.at_cost).unwrap(), hospital.payment);
        let points = hospital.baseline_points.plus(hospital.increment_points);
        assert_eq!(points.unwrap(), hospital.points);
        let earned = &hospital.earned;
        let parts = [
            earned.baseline,
            earned.increment,
            earned.floor,
            earned.shared,
            earned.redistributed,
        ];
        assert_eq!(Yuan::total(parts).unwrap(), hospital.gross);
        assert!(!hospital.gross.is_negative());
        if terms.negative == NegativePayments::FloorAndRedistribute {
            assert!(!hospital.payment.is_negative());
        }
    }
    let points = Points::total(hospitals.iter().map(|h| h.points)).unwrap();
    assert_eq!(points, settlement.points);
    assert_residual(settlement, terms);
}

/// The residual is what the reason says, and rounding beside it.
fn assert_residual(settlement: &PoolSettlement, terms: &ValueTerms) {
    let rounding = settlement.rounding_residual;
    if terms.pays == PaidValue::Exact {
        assert!(rounding.fen().abs() <= 1, "{rounding}");
    }
    match settlement.residual_reason {
        ResidualReason::Nothing => assert_eq!(settlement.residual, Yuan::ZERO),
        ResidualReason::SharedByBase(_)
        | ResidualReason::SharedByPoints(_)
        | ResidualReason::Rounding => assert_eq!(settlement.residual, rounding),
        ResidualReason::NoPoints => {
            let left = settlement.left_over.plus(rounding).unwrap();
            assert_eq!(settlement.residual, left);
        }
        ResidualReason::LeftOver(_) => {
            let left = settlement.residual.minus(settlement.left_over);
            assert_eq!(left, Ok(rounding));
        }
        ResidualReason::AtCostAboveBudget => assert!(settlement.at_cost > settlement.distributable),
        ResidualReason::NegativePaymentsRaised => {
            let at_cost = settlement.distributable.minus(settlement.residual);
            assert_eq!(at_cost, Ok(settlement.at_cost));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn i1_a_region_of_hundreds_of_hospitals_adds_up_too(
        pool in pool_of(100..300),
        terms in terms(),
    ) {
        assert_adds_up(&settle_pool(&pool.input, &terms).unwrap(), &terms);
    }
}

proptest! {
    #[test]
    fn i1_every_fen_of_a_pool_is_paid_or_explained(pool in pool(), terms in terms()) {
        assert_adds_up(&settle_pool(&pool.input, &terms).unwrap(), &terms);
    }

    #[test]
    fn i11_hospitals_in_another_order_change_nothing(
        (pool, mixed) in pool().prop_flat_map(|pool| {
            let mixed = Just(pool.input.hospitals.clone()).prop_shuffle();
            (Just(pool), mixed)
        }),
        terms in terms(),
    ) {
        let other = PoolInput { hospitals: mixed, ..pool.input.clone() };
        prop_assert_eq!(settle_pool(&pool.input, &terms), settle_pool(&other, &terms));
    }

    #[test]
    fn c7_i3_cases_without_points_change_no_payment(pool in pool(), terms in terms()) {
        let mut more = pool.input.clone();
        for hospital in &mut more.hospitals {
            hospital.cases += 1;
        }
        more.hospitals.push(HospitalTotals {
            hospital_id: "H999".to_owned(),
            cases: 1,
            ..HospitalTotals::default()
        });
        let (before, after) =
            (settle_pool(&pool.input, &terms).unwrap(), settle_pool(&more, &terms).unwrap());
        let paid = |settlement: &PoolSettlement| -> Vec<_> {
            let rows = settlement.hospitals.iter().map(|h| (h.hospital_id.clone(), h.payment));
            rows.filter(|(id, _)| id != "H999").collect()
        };
        prop_assert_eq!(paid(&before), paid(&after));
        prop_assert_eq!(before.residual, after.residual);
        prop_assert_eq!(after.hospitals.last().unwrap().payment, Yuan::ZERO);
    }

    #[test]
    fn c7_i2_a_pool_at_its_baseline_earns_the_fixed_value_and_leaves_the_rest(
        pool in pool(),
        factor in 1..1_000_i64,
    ) {
        let mut input = pool.input;
        input.at_cost.clear();
        let rule = BaselineIncrement::plain(Decimal::new(factor, 3), Decimal::ONE);
        let prior = input.prior.as_mut().unwrap();
        prior.points = input.hospitals.iter().map(|h| (h.hospital_id.clone(), h.points)).collect();
        let value = prior.value.clone();
        let terms = ValueTerms::new(ValueFamily::A, ValueModel::BaselineIncrement(rule));
        let settlement = settle_pool(&input, &terms).unwrap();
        prop_assert_eq!(settlement.increment_points, Points::ZERO);
        if settlement.points > Points::ZERO && !settlement.is_fixed_value_scaled {
            for hospital in &settlement.hospitals {
                let worth = hospital.points.pay_at(&settlement.fixed_value, Rounding::Down);
                let above = hospital.payment.minus(worth.unwrap()).unwrap().fen();
                prop_assert!((0..=1).contains(&above));
            }
            let expected = if settlement.residual == Yuan::ZERO {
                settlement.residual_reason
            } else {
                ResidualReason::LeftOver(ResidualCause::NoIncrementPoints)
            };
            prop_assert_eq!(settlement.residual_reason, expected);
            prop_assert!(settlement.fixed_value <= value);
        }
    }

    #[test]
    fn c7_i5_counting_in_other_points_changes_no_payment(
        pool in pool(),
        terms in terms(),
        factor in 2..50_i64,
    ) {
        // Whole points times η with at most three decimals need no rounding of baselines.
        let scaled = |factor: i64| {
            let mut input = pool.input.clone();
            let whole = |points: Points| {
                let whole = points.ten_thousandths() / 10_000 * 10_000;
                Points::from_ten_thousandths(whole * factor)
            };
            for hospital in &mut input.hospitals {
                hospital.points = whole(hospital.points);
            }
            for points in input.measures.values_mut().flat_map(BTreeMap::values_mut) {
                *points = whole(*points);
            }
            let prior = input.prior.as_mut().unwrap();
            for points in prior.points.values_mut() {
                *points = whole(*points);
            }
            let spread = Points::from_ten_thousandths(10_000 * factor);
            prior.value = PointValue::per_point(Yuan::from_fen(9_000), spread).unwrap();
            input.initial_value = Some(prior.value.clone());
            input
        };
        // A published value has another last decimal where points are counted otherwise.
        let mut terms = ValueTerms { pays: PaidValue::Exact, ..terms };
        if let ValueModel::BaselineIncrement(rule) = &mut terms.model {
            rule.season_share = Share { numerator: 1, denominator: 1 };
        }
        let one = settle_pool(&scaled(1), &terms).unwrap();
        let many = settle_pool(&scaled(factor), &terms).unwrap();
        let paid = |s: &PoolSettlement| s.hospitals.iter().map(|h| h.payment).collect::<Vec<_>>();
        prop_assert_eq!(paid(&one), paid(&many));
        prop_assert_eq!(one.residual, many.residual);
    }

    #[test]
    fn a_uniform_value_pays_each_hospital_its_share_within_a_fen(mut pool in pool()) {
        pool.input.at_cost.clear();
        let model = ValueModel::Uniform(UniformMode::Floating);
        let terms = ValueTerms::new(ValueFamily::A, model);
        let settlement = settle_pool(&pool.input, &terms).unwrap();
        let all = i128::from(settlement.points.ten_thousandths());
        let amount = i128::from(settlement.distributable.fen());
        for hospital in settlement.hospitals.iter().filter(|_| all > 0) {
            let share = amount * i128::from(hospital.points.ten_thousandths());
            let paid = i128::from(hospital.payment.fen()) * all;
            prop_assert!((paid - share).abs() < all);
        }
    }

    #[test]
    fn the_cases_of_a_hospital_get_exactly_its_payment(pool in pool(), terms in terms()) {
        let settlement = settle_pool(&pool.input, &terms).unwrap();
        for payment in &settlement.hospitals {
            let index: usize = payment.hospital_id[1..].parse().unwrap();
            let mut splitter = CaseSplitter::new(payment);
            let cases = &pool.hospitals[index].cases;
            let parts: Vec<Yuan> = cases
                .iter()
                .map(|&(points, patient_side)| {
                    let points = Points::from_ten_thousandths(points);
                    splitter.next(points, Yuan::from_fen(patient_side)).unwrap()
                })
                .collect();
            prop_assert!(splitter.is_complete());
            let by_points = payment.payment.minus(payment.at_cost).unwrap();
            prop_assert_eq!(Yuan::total(parts.iter().copied()).unwrap(), by_points);
            let all = i128::from(payment.points.ten_thousandths());
            for (&(points, patient_side), part) in cases.iter().zip(&parts) {
                let side = if payment.patient_side == Yuan::ZERO { 0 } else { patient_side };
                let gross = i128::from(part.fen()) + i128::from(side);
                let exact = i128::from(points) * i128::from(payment.gross.fen());
                prop_assert!((gross * all - exact).abs() <= all);
            }
        }
    }
}

proptest! {
    #[test]
    fn i6_a_dearer_case_of_the_same_class_never_earns_less(
        terms in case_terms(),
        weight in 1..400_000_i64,
        coefficient in 0..2_000_000_i64,
        costs in (0..100_000_000_i64, 0..100_000_000_i64),
    ) {
        let rules = CaseRules::new(&terms).unwrap();
        let price = rules.price(Weight::from_ten_thousandths(weight).unwrap()).unwrap();
        let coefficient = Ratio::from_millionths(coefficient).unwrap();
        let (less, more) = (costs.0.min(costs.1), costs.0.max(costs.1));
        let award = |fen| award(&price, coefficient, Yuan::from_fen(fen), &rules).unwrap();
        let (cheap, dear) = (award(less), award(more));
        prop_assert!(cheap.points >= Points::ZERO);
        let rank = |class| match class {
            CaseClass::Low => 0,
            CaseClass::Normal => 1,
            CaseClass::High => 2,
        };
        prop_assert!(rank(cheap.class) <= rank(dear.class));
        let is_added = matches!(terms.high_rule, HighRule::LinearAdd { .. });
        if cheap.class == dear.class || (is_added && cheap.class == CaseClass::Normal) {
            prop_assert!(cheap.points <= dear.points);
        }
    }

    #[test]
    fn both_high_rules_agree_where_the_coefficient_is_one(
        terms in case_terms(),
        weight in 1..400_000_i64,
        cost in 0..100_000_000_i64,
    ) {
        let points = |high_rule| {
            let rules = CaseRules::new(&CaseTerms { high_rule, ..terms.clone() }).unwrap();
            let price = rules.price(Weight::from_ten_thousandths(weight).unwrap()).unwrap();
            award(&price, Ratio::ONE, Yuan::from_fen(cost), &rules).unwrap()
        };
        let added = points(HighRule::LinearAdd {
            alpha: Decimal::ONE,
            coefficient: CoefficientUse::Without,
        });
        prop_assert_eq!(added, points(HighRule::Deduct));
    }

    #[test]
    fn a_case_without_a_weight_earns_more_points_for_more_cost(
        terms in case_terms(),
        costs in (0..100_000_000_i64, 0..100_000_000_i64),
        discount in 0..=1_000_000_i64,
    ) {
        let rules = CaseRules::new(&terms).unwrap();
        let discount = Ratio::from_millionths(discount).unwrap();
        let points = |fen| award_by_cost(Yuan::from_fen(fen), &rules, discount).unwrap();
        prop_assert!(points(costs.0.min(costs.1)) <= points(costs.0.max(costs.1)));
    }

    #[test]
    fn i7_new_technology_never_counts_against_the_control_proportion(
        excesses in vec((0..500_i64, any::<bool>()), 0..40),
        discharges in 0..400_u64,
        proportion in 0..200_000_i64,
    ) {
        let ids: Vec<String> = (0..excesses.len()).map(|index| format!("c{index:03}")).collect();
        let case = |(id, &(excess, is_new_technology))| HighCase {
            case_id: id,
            excess: Yuan::from_fen(excess),
            is_new_technology,
        };
        let ids = ids.iter().map(String::as_str);
        let cases: Vec<HighCase<'_>> = ids.zip(&excesses).map(case).collect();
        let ratio = Ratio::from_millionths(proportion).unwrap();
        let kept = control_proportion(&cases, discharges, ratio).unwrap();
        let limit = u128::from(discharges) * u128::from(proportion.unsigned_abs()) / 1_000_000;
        let pairs = || cases.iter().zip(&kept);
        prop_assert!(pairs().all(|(case, kept)| *kept || !case.is_new_technology));
        let paid = pairs().filter(|(case, kept)| **kept && !case.is_new_technology).count();
        let ordinary: Vec<_> = cases.iter().filter(|c| !c.is_new_technology).cloned().collect();
        prop_assert_eq!(paid as u128, limit.min(ordinary.len() as u128));

        let alone = control_proportion(&ordinary, discharges, ratio).unwrap();
        let beside = pairs().filter(|(case, _)| !case.is_new_technology).map(|(_, kept)| *kept);
        prop_assert!(alone.into_iter().eq(beside));
    }
}

fn yuan_up_to(most: i64) -> impl Strategy<Value = Yuan> {
    (0..=most).prop_map(Yuan::from_fen)
}

fn bands() -> impl Strategy<Value = HospitalBands> {
    (
        0..=1_000_i64,
        0..=1_000_i64,
        1_000..=2_000_i64,
        0..=1_000_i64,
    )
        .prop_map(|(keep, below, until, share)| HospitalBands {
            keep_from: Decimal::new(keep, 3),
            below_pays: Decimal::new(below, 3),
            share_until: Decimal::new(until, 3),
            fund_share: Decimal::new(share, 3),
            needs_approval: false,
        })
}

/// Stays of one person, with a random order of their names.
fn stays() -> impl Strategy<Value = Vec<(String, i32, i32)>> {
    vec((0..400_i32, 0..20_i32), 0..12).prop_map(|stays| {
        let named = stays.into_iter().enumerate();
        named
            .map(|(n, (from, days))| (format!("C{n:02}"), from, from + days))
            .collect()
    })
}

fn as_stays(stays: &[(String, i32, i32)]) -> Vec<Stay<'_>> {
    let mut all = Vec::with_capacity(stays.len());
    for (case_id, admitted, discharged) in stays {
        all.push(Stay {
            case_id,
            admitted: *admitted,
            discharged: *discharged,
        });
    }
    all
}

proptest! {
    #[test]
    fn more_points_of_its_own_never_cost_a_hospital_money(
        pool in pool(),
        rule in baseline_increment(),
        more in 1..1_000_000_i64,
        which in any::<prop::sample::Index>(),
    ) {
        let mut input = pool.input;
        input.at_cost.clear();
        prop_assume!(!input.hospitals.is_empty());
        let rule = BaselineIncrement {
            calibration: Calibration::PriorValue { factor: Decimal::ONE },
            increment: IncrementRule::ByPoints,
            floor: None,
            residual_rule: ResidualRule::Reserve,
            ..rule
        };
        let model = ValueModel::BaselineIncrement(rule);
        let terms = ValueTerms::new(ValueFamily::A, model);
        let before = settle_pool(&input, &terms).unwrap();
        let grown = which.get(&input.hospitals).hospital_id.clone();
        for hospital in input.hospitals.iter_mut().filter(|h| h.hospital_id == grown) {
            let more = Points::from_ten_thousandths(more);
            hospital.points = hospital.points.plus(more).unwrap();
        }
        let after = settle_pool(&input, &terms).unwrap();
        let paid = |settlement: &PoolSettlement| {
            let mut mine = settlement.hospitals.iter().filter(|h| h.hospital_id == grown);
            mine.next().unwrap().payment.fen()
        };
        // A baseline that the budget cannot pay is scaled, and then growth of it costs others.
        if !after.is_fixed_value_scaled {
            prop_assert!(paid(&after) >= paid(&before) - 1);
        }
    }

    #[test]
    fn the_order_of_stays_changes_no_finding(stays in stays(), window in 0..60_i64) {
        let window = Bound::AtMost(Decimal::from(window));
        let mut reversed = stays.clone();
        reversed.reverse();
        let mut back = followed_by_readmission(&as_stays(&reversed), window);
        back.reverse();
        prop_assert_eq!(followed_by_readmission(&as_stays(&stays), window), back);
    }

    #[test]
    fn a_longer_window_finds_no_fewer_readmissions_and_the_last_stay_is_never_one(
        stays in stays(),
        window in 0..60_i64,
    ) {
        let found = |days| {
            followed_by_readmission(&as_stays(&stays), Bound::AtMost(Decimal::from(days)))
        };
        let (short, long) = (found(window), found(window + 1));
        prop_assert!(short.iter().zip(&long).all(|(short, long)| !short || *long));
        let last = stays.iter().enumerate().max_by_key(|(_, (id, from, until))| (from, until, id));
        if let Some((index, _)) = last {
            prop_assert!(!long[index]);
        }
    }

    #[test]
    fn what_is_shared_is_shared_to_the_fen(
        amount in yuan_up_to(1_000_000_000),
        numbers in vec(0..1_000_000_i64, 0..40),
        shares in vec(yuan_up_to(10_000_000), 0..40),
        fund in yuan_up_to(100_000_000),
    ) {
        let ratios: Vec<Ratio> =
            numbers.iter().map(|n| Ratio::from_millionths(*n).unwrap()).collect();
        let parts = share_by(amount, &ratios).unwrap();
        let all = if numbers.iter().all(|n| *n == 0) { Yuan::ZERO } else { amount };
        prop_assert_eq!(Yuan::total(parts).unwrap(), all);
        let limited = within_fund(&shares, fund).unwrap();
        let wanted = Yuan::total(shares.iter().copied()).unwrap();
        prop_assert_eq!(Yuan::total(limited.iter().copied()).unwrap(), wanted.min(fund));
        prop_assert!(limited.iter().zip(&shares).all(|(limited, share)| limited <= share));
    }

    #[test]
    fn what_a_hospital_is_due_rises_with_its_cost_and_jumps_only_at_the_first_bound(
        bands in bands(),
        payable in yuan_up_to(100_000_000),
        costs in (yuan_up_to(200_000_000), yuan_up_to(200_000_000)),
    ) {
        let (less, more) = (costs.0.min(costs.1), costs.0.max(costs.1));
        let due = |cost| {
            hospital_band(payable, cost, &bands, Rounding::HalfAwayFromZero).unwrap()
        };
        prop_assert!(due(less) <= due(more));
        let kept = Decimal::from(less.fen()) >= bands.keep_from * Decimal::from(payable.fen());
        if payable > Yuan::ZERO && kept {
            let step = due(more).minus(due(less)).unwrap().fen();
            prop_assert!(step <= more.minus(less).unwrap().fen() + 1);
        }
    }

    #[test]
    fn a_region_spends_between_its_budget_and_its_cost(
        budget in yuan_up_to(1_000_000_000),
        spent in yuan_up_to(1_000_000_000),
        shares in (0..=1_000_i64, 0..=1_000_i64),
    ) {
        let bands = RegionBands {
            surplus_share: Decimal::new(shares.0, 3),
            deficit_share: Decimal::new(shares.1, 3),
        };
        let fund = region_fund(budget, spent, &bands, Rounding::HalfAwayFromZero).unwrap();
        prop_assert!(budget.min(spent) <= fund && fund <= budget.max(spent));
    }

    #[test]
    fn i10_months_prepay_what_they_owe_no_more_and_no_less(
        months in vec((-5_000_000..50_000_000_i64, 0..1_000_000_i64), 1..13),
        share in ratio(1_001),
    ) {
        let (mut debt, mut prepaid, mut due) = (Yuan::ZERO, 0, 0);
        for (earned, audit) in months {
            let (earned, audit) = (Yuan::from_fen(earned), Yuan::from_fen(audit));
            let nothing = Yuan::ZERO;
            let rounding = Rounding::HalfAwayFromZero;
            let alone = prepay(earned, share, audit, nothing, rounding).unwrap();
            due += alone.prepaid.fen() - alone.debt.fen();
            let month = prepay(earned, share, audit, debt, rounding).unwrap();
            prop_assert!(month.prepaid == nothing || month.debt == nothing);
            prepaid += month.prepaid.fen();
            debt = month.debt;
        }
        prop_assert_eq!(prepaid - debt.fen(), due);
    }

    #[test]
    fn i8_a_region_never_pays_more_cases_by_review_than_its_cap(
        amounts in vec(0..1_000_000_i64, 0..40),
        discharges in 0..10_000_u64,
        cap in 0..=1_000_000_i64,
    ) {
        let ids: Vec<String> = (0..amounts.len()).map(|n| format!("C{n:02}")).collect();
        let amounts = amounts.into_iter().map(Yuan::from_fen);
        let cases: Vec<(String, Yuan)> = ids.into_iter().zip(amounts).collect();
        let reviewed = |cases: &[(String, Yuan)]| {
            let cases: Vec<ReviewedCase<'_>> = cases
                .iter()
                .map(|(case_id, amount)| ReviewedCase { case_id, amount: *amount })
                .collect();
            within_cap(&cases, discharges, Ratio::from_millionths(cap).unwrap()).unwrap()
        };
        let kept = reviewed(&cases);
        let limit = u128::from(discharges) * cap as u128 / 1_000_000;
        let count = kept.iter().filter(|kept| **kept).count();
        prop_assert_eq!(count as u128, limit.min(cases.len() as u128));
        // No case outside has a larger amount than one inside.
        let of = |wanted: bool| {
            let chosen = cases.iter().zip(&kept).filter(move |(_, kept)| **kept == wanted);
            chosen.map(|((_, amount), _)| *amount)
        };
        if let (Some(least), Some(most)) = (of(true).min(), of(false).max()) {
            prop_assert!(least >= most);
        }
        let mut reversed = cases.clone();
        reversed.reverse();
        let mut back = reviewed(&reversed);
        back.reverse();
        prop_assert_eq!(kept, back);
    }

    #[test]
    fn a_case_beyond_the_limit_earns_the_normal_points_and_no_other_is_changed(
        terms in case_terms(),
        weight in 1..400_000_i64,
        coefficient in 1..2_000_000_i64,
        cost in 0..100_000_000_i64,
        limit in 400..1_000_i64,
    ) {
        let coefficient = Ratio::from_millionths(coefficient).unwrap();
        let cost = Yuan::from_fen(cost);
        let limited = CaseTerms {
            high_limit: Some(Bound::MoreThan(Decimal::new(limit, 2))),
            ..terms.clone()
        };
        let award_by = |terms: &CaseTerms| {
            let rules = CaseRules::new(terms).unwrap();
            let price = rules.price(Weight::from_ten_thousandths(weight).unwrap()).unwrap();
            let found = award(&price, coefficient, cost, &rules).unwrap();
            (found, normal_points(&price, coefficient, &rules).unwrap())
        };
        let ((found, normal), (free, _)) = (award_by(&limited), award_by(&terms));
        prop_assert_eq!(found.class, free.class);
        // C against RW × M × k × K, all in whole units: 10^4, 10^6 and 10^2 of them.
        let k = match terms.reference.has_coefficient() {
            false => 1_000_000,
            true => i128::from(coefficient.millionths()),
        };
        let reference = i128::from(weight) * i128::from(terms.mean_cost_fen) * k;
        let is_beyond = i128::from(cost.fen()) * 1_000_000_000_000 > reference * i128::from(limit);
        let expected = if is_beyond { normal } else { free.points };
        prop_assert_eq!(found.points, expected);
    }
}
