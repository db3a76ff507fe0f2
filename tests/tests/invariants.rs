//! The invariants of a payment on whole generated regions: hundreds of hospitals,
//! both insurances, every family, mode, model, calibration, floor, cap and residual rule.
//!
//! Cases are awarded, linked, pooled, paid and split as a settlement does it, without files. What
//! needs grouping or files stands elsewhere under the same numbers: I2 and I3 in the crate of
//! calibration, I4 in that of grouping, I5 and I9 to I12 in the tests of whole runs, I13 beside the
//! apportionment.

mod generated;

use drgdip_claims::Yuan;
use drgdip_points::award::{CaseRules, award, award_by_cost, normal_points};
use drgdip_points::classify::CaseClass;
use drgdip_points::link::{HighCase, ReviewedCase, control_proportion, within_cap};
use drgdip_points::pool::{
    HospitalTotals, MonthBefore, PoolInput, PoolSettlement, PriorYear, baseline_used, settle_pool,
};
use drgdip_points::settle::CaseSplitter;
use drgdip_points::{PointValue, Points, Ratio, Weight};
use drgdip_tables::policy::{
    BaselineIncrement, CaseTerms, IncrementRule, ResidualRule, Share, ValueFamily, ValueModel,
    ValueTerms,
};
use generated::{MEASURES, case_terms, family, terms};
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::ops::Range;

/// A generated case of a region.
#[derive(Clone, Debug)]
struct Case {
    id: String,
    hospital: usize,
    /// 0 employee, 1 resident.
    insurance: usize,
    weight: i64,
    cost: i64,
    patient_side: i64,
    is_new_technology: bool,
    is_approved: bool,
}

/// What last year and the inputs say of a hospital in both pools.
#[derive(Clone, Debug)]
struct Hospital {
    prior: [i64; 2],
    tilt: i64,
    coefficient: i64,
}

#[derive(Clone, Debug)]
struct Region {
    hospitals: Vec<Hospital>,
    cases: Vec<Case>,
    budgets: [i64; 2],
    control: Ratio,
    cap: Ratio,
}

fn region() -> impl Strategy<Value = Region> {
    region_of(2..40, 200)
}

fn region_of(hospitals: Range<usize>, most_cases: usize) -> impl Strategy<Value = Region> {
    hospitals.prop_flat_map(move |count| {
        let hospital = (
            [0..9_000_000_i64, 0..9_000_000_i64],
            0..2_000_000_i64,
            500_000..1_500_000_i64,
        );
        let case = (
            (0..count, 0..2_usize, 1..80_000_i64),
            (0..30_000_000_i64, 0..=100_i64),
            (any::<u8>(), any::<u8>()),
        );
        let money = [0..4_000_000_000_i64, 0..4_000_000_000_i64];
        let limits = (0..200_000_i64, 0..50_000_i64);
        (
            vec(hospital, count),
            vec(case, 0..most_cases),
            money,
            limits,
        )
            .prop_map(|parts| {
                let (hospitals, cases, budgets, (control, cap)) = parts;
                let hospital = |(prior, tilt, coefficient)| Hospital {
                    prior,
                    tilt,
                    coefficient,
                };
                Region {
                    hospitals: hospitals.into_iter().map(hospital).collect(),
                    cases: cases.into_iter().enumerate().map(case_of).collect(),
                    budgets,
                    control: Ratio::from_millionths(control).unwrap(),
                    cap: Ratio::from_millionths(cap).unwrap(),
                }
            })
    })
}

type Drawn = ((usize, usize, i64), (i64, i64), (u8, u8));

fn case_of((number, drawn): (usize, Drawn)) -> Case {
    let ((hospital, insurance, weight), (cost, percent), (new, approved)) = drawn;
    Case {
        id: format!("C{number:05}"),
        hospital,
        insurance,
        weight,
        cost,
        patient_side: cost / 100 * percent,
        is_new_technology: new < 20,
        is_approved: approved < 20,
    }
}

/// A region after its settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Settled {
    pools: Vec<PoolSettlement>,
    /// Points and payment of every case.
    cases: BTreeMap<String, (Points, Yuan)>,
    /// How many ordinary high cases of each hospital keep an extra.
    kept: BTreeMap<usize, u64>,
    reviewed: u64,
}

fn hospital_id(hospital: usize) -> String {
    format!("H{hospital:03}")
}

/// The points of every case before others have a say, with those of a normal case where it is high.
fn awarded(region: &Region, rules: &CaseRules) -> Vec<(Points, Option<Points>)> {
    let of = |case: &Case| {
        let price = rules
            .price(Weight::from_ten_thousandths(case.weight).unwrap())
            .unwrap();
        let k = Ratio::from_millionths(region.hospitals[case.hospital].coefficient).unwrap();
        let found = award(&price, k, Yuan::from_fen(case.cost), rules).unwrap();
        let normal = || normal_points(&price, k, rules).unwrap();
        (found.points, (found.class == CaseClass::High).then(normal))
    };
    region.cases.iter().map(of).collect()
}

/// The final points: by review where that is approved and within the cap, by the control
/// proportion of each hospital otherwise.
fn linked(region: &Region, rules: &CaseRules, settled: &mut Settled) -> Vec<Points> {
    let awarded = awarded(region, rules);
    let mut points: Vec<Points> = awarded.iter().map(|(points, _)| *points).collect();
    let approved: Vec<usize> = (0..points.len())
        .filter(|&index| region.cases[index].is_approved)
        .collect();
    let reviewed: Vec<ReviewedCase<'_>> = approved
        .iter()
        .map(|&index| ReviewedCase {
            case_id: &region.cases[index].id,
            amount: Yuan::from_fen(region.cases[index].cost),
        })
        .collect();
    let within = within_cap(&reviewed, region.cases.len() as u64, region.cap).unwrap();
    let mut is_reviewed = vec![false; points.len()];
    for (&index, _) in approved.iter().zip(within).filter(|(_, within)| *within) {
        let cost = Yuan::from_fen(region.cases[index].cost);
        points[index] = award_by_cost(cost, rules, Ratio::ONE).unwrap();
        is_reviewed[index] = true;
        settled.reviewed += 1;
    }
    for hospital in 0..region.hospitals.len() {
        let of = |index: &usize| region.cases[*index].hospital == hospital;
        let mine: Vec<usize> = (0..points.len()).filter(of).collect();
        let ordinary = mine
            .iter()
            .filter(|i| !region.cases[**i].is_new_technology)
            .count();
        let high: Vec<usize> = mine
            .into_iter()
            .filter(|&i| awarded[i].1.is_some() && !is_reviewed[i])
            .collect();
        let cases: Vec<HighCase<'_>> = high
            .iter()
            .map(|&index| HighCase {
                case_id: &region.cases[index].id,
                excess: Yuan::from_fen(region.cases[index].cost),
                is_new_technology: region.cases[index].is_new_technology,
            })
            .collect();
        let kept = control_proportion(&cases, ordinary as u64, region.control).unwrap();
        for (&index, kept) in high.iter().zip(kept) {
            if !kept {
                points[index] = awarded[index].1.unwrap();
            } else if !region.cases[index].is_new_technology {
                *settled.kept.entry(hospital).or_default() += 1;
            }
        }
    }
    points
}

/// One pool of the region as its settlement sees it.
fn pool(region: &Region, insurance: usize, points: &[Points]) -> PoolInput {
    let mut totals: BTreeMap<usize, HospitalTotals> = BTreeMap::new();
    let mut measures: Vec<BTreeMap<String, Points>> = vec![BTreeMap::new(); MEASURES.len()];
    let all = region.cases.iter().zip(points);
    for (case, points) in all.filter(|(case, _)| case.insurance == insurance) {
        let number: usize = case.id[1..].parse().unwrap();
        let total = totals.entry(case.hospital).or_default();
        total.hospital_id = hospital_id(case.hospital);
        total.cases += 1;
        total.points = total.points.plus(*points).unwrap();
        total.total_cost = total.total_cost.plus(Yuan::from_fen(case.cost)).unwrap();
        let side = Yuan::from_fen(case.patient_side);
        total.patient_side = total.patient_side.plus(side).unwrap();
        let measure = measures[number % MEASURES.len()].entry(hospital_id(case.hospital));
        let measure = measure.or_default();
        *measure = measure.plus(*points).unwrap();
    }
    let hospitals = || region.hospitals.iter().enumerate();
    let value = PointValue::from_decimal(Decimal::new(9_000, 2)).unwrap();
    let prior = |(number, hospital): (usize, &Hospital)| {
        let points = Points::from_ten_thousandths(hospital.prior[insurance]);
        (hospital_id(number), points)
    };
    let tilt = |(number, hospital): (usize, &Hospital)| {
        (
            hospital_id(number),
            Ratio::from_millionths(hospital.tilt).unwrap(),
        )
    };
    PoolInput {
        budget: Yuan::from_fen(region.budgets[insurance]),
        reserve: Yuan::from_fen(region.budgets[insurance] / 20),
        hospitals: totals.into_values().collect(),
        prior: Some(PriorYear {
            value: value.clone(),
            points: hospitals().map(prior).collect(),
            used: BTreeMap::new(),
        }),
        initial_value: Some(value),
        tilts: hospitals().map(tilt).collect(),
        measures: MEASURES
            .into_iter()
            .map(str::to_owned)
            .zip(measures)
            .collect(),
        at_cost: BTreeMap::new(),
    }
}

fn settle(region: &Region, cases: &CaseTerms, values: &ValueTerms) -> Settled {
    let rules = CaseRules::new(cases).unwrap();
    let mut settled = Settled {
        pools: Vec::new(),
        cases: BTreeMap::new(),
        kept: BTreeMap::new(),
        reviewed: 0,
    };
    let points = linked(region, &rules, &mut settled);
    for insurance in [0, 1] {
        let found = settle_pool(&pool(region, insurance, &points), values).unwrap();
        for payment in &found.hospitals {
            let mine = region.cases.iter().zip(&points).filter(|(case, _)| {
                case.insurance == insurance && hospital_id(case.hospital) == payment.hospital_id
            });
            let mut mine: Vec<(&Case, &Points)> = mine.collect();
            mine.sort_by(|a, b| a.0.id.cmp(&b.0.id));
            let mut splitter = CaseSplitter::new(payment);
            for (case, points) in mine {
                let side = Yuan::from_fen(case.patient_side);
                let paid = splitter.next(*points, side).unwrap();
                settled.cases.insert(case.id.clone(), (*points, paid));
            }
            assert!(splitter.is_complete());
        }
        settled.pools.push(found);
    }
    settled
}

/// The same region with hospitals and cases told in another order.
fn shuffled(region: &Region) -> Region {
    let mut other = region.clone();
    other.cases.reverse();
    let third = other.cases.len() / 3;
    other.cases.rotate_left(third);
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn i1_cases_hospitals_pools_and_budgets_of_a_region_add_up_to_the_fen(
        region in region_of(100..300, 900),
        cases in case_terms(),
        values in terms(),
    ) {
        let settled = settle(&region, &cases, &values);
        let of_cases = Yuan::total(settled.cases.values().map(|(_, paid)| *paid)).unwrap();
        let of_pools = Yuan::total(settled.pools.iter().map(|pool| pool.paid)).unwrap();
        prop_assert_eq!(of_cases, of_pools);
        for (pool, budget) in settled.pools.iter().zip(region.budgets) {
            let whole = Yuan::total([pool.paid, pool.residual, pool.reserve]);
            prop_assert_eq!(whole, Ok(Yuan::from_fen(budget)));
            let hospitals = Yuan::total(pool.hospitals.iter().map(|h| h.payment));
            prop_assert_eq!(hospitals, Ok(pool.paid));
        }
        let points = Points::total(settled.cases.values().map(|(points, _)| *points));
        let pools = Points::total(settled.pools.iter().map(|pool| pool.points));
        prop_assert_eq!(points, pools);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn i6_i7_i8_no_points_are_below_zero_and_no_limit_is_exceeded(
        region in region(),
        cases in case_terms(),
        values in terms(),
    ) {
        let settled = settle(&region, &cases, &values);
        prop_assert!(settled.cases.values().all(|(points, _)| *points >= Points::ZERO));
        for (hospital, kept) in &settled.kept {
            let ordinary = region.cases.iter().filter(|case| {
                case.hospital == *hospital && !case.is_new_technology
            });
            let share = region.control.millionths().unsigned_abs();
            prop_assert!(*kept <= ordinary.count() as u64 * share / 1_000_000);
        }
        let share = region.cap.millionths().unsigned_abs();
        prop_assert!(settled.reviewed <= region.cases.len() as u64 * share / 1_000_000);
    }

    #[test]
    fn i9_i11_another_order_and_another_run_give_every_byte_again(
        region in region(),
        cases in case_terms(),
        values in terms(),
    ) {
        let settled = settle(&region, &cases, &values);
        let again = format!("{:?}", settle(&region, &cases, &values));
        prop_assert_eq!(format!("{settled:?}"), again);
        let mut other = settle(&shuffled(&region), &cases, &values);
        for (mine, theirs) in settled.pools.iter().zip(&other.pools) {
            prop_assert_eq!(mine, theirs);
        }
        other.pools.clone_from(&settled.pools);
        prop_assert_eq!(settled, other);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn c7_i1_every_model_and_residual_rule_pays_the_whole_of_what_it_distributes(
        region in region_of(2..16, 120),
        cases in case_terms(),
        family in family(),
        limits in (proptest::option::of(100..1_500_i64), proptest::option::of(100..1_200_i64)),
    ) {
        let points = linked(
            &region,
            &CaseRules::new(&cases).unwrap(),
            &mut Settled {
                pools: Vec::new(),
                cases: BTreeMap::new(),
                kept: BTreeMap::new(),
                reviewed: 0,
            },
        );
        for values in every_model(family, limits) {
            for insurance in [0, 1] {
                let input = pool(&region, insurance, &points);
                let found = settle_pool(&input, &values).unwrap();
                let whole = Yuan::total([found.paid, found.residual, found.reserve]);
                prop_assert_eq!(whole, Ok(input.budget));
                let payments = Yuan::total(found.hospitals.iter().map(|h| h.payment));
                prop_assert_eq!(payments, Ok(found.paid));
                prop_assert!(found.rounding_residual.fen().abs() <= 1);
            }
        }
    }

}

proptest! {
    #[test]
    fn baselines_to_date_never_exceed_the_season_and_lose_nothing_that_was_left(
        prior in 0..90_000_000_i64,
        months in vec(0..20_000_000_i64, 1..13),
        share in 0..1_500_i64,
    ) {
        let rule = BaselineIncrement::plain(Decimal::ONE, Decimal::new(share, 3));
        let values = ValueTerms::new(ValueFamily::A, ValueModel::BaselineIncrement(rule.clone()));
        let prior = Points::from_ten_thousandths(prior);
        let before: Vec<MonthBefore> = (1..)
            .zip(&months)
            .map(|(numerator, points)| MonthBefore {
                season_to_date: Share { numerator, denominator: 12 },
                points: Points::from_ten_thousandths(*points),
            })
            .collect();
        let used = |count: usize| {
            baseline_used(prior, &before[..count], &rule, &values).unwrap().ten_thousandths()
        };
        let whole = i128::from(prior.ten_thousandths()) * i128::from(share);
        let volume: i64 = months.iter().sum();
        for count in 0..=months.len() {
            // Half a ten-thousandth more at most: β is rounded once.
            let season = whole * count as i128 * 2;
            prop_assert!(i128::from(used(count)) * 24_000 <= season + 12_000);
            if count > 0 {
                let month = used(count) - used(count - 1);
                prop_assert!((0..=months[count - 1]).contains(&month));
            }
        }
        prop_assert!(used(months.len()) <= volume);
        // Months that never exceed their own season leave everything to the baseline.
        let is_below = |points: &i64| i128::from(*points) * 12_000 <= whole - 12_000;
        if months.iter().all(is_below) {
            prop_assert_eq!(used(months.len()), volume);
        }
    }
}

/// M1, M2 and M3 by Cal-1 and Cal-2 with every residual rule.
fn every_model(family: ValueFamily, (cap, floor): (Option<i64>, Option<i64>)) -> Vec<ValueTerms> {
    use drgdip_tables::policy::{Calibration, VOLUME};
    let subpools = MEASURES
        .into_iter()
        .map(|name| (name.to_owned(), Decimal::new(2, 1)));
    let volume = (VOLUME.to_owned(), Decimal::new(4, 1));
    let increments = [
        IncrementRule::ByPoints,
        IncrementRule::Tilted,
        IncrementRule::Subpools(subpools.chain([volume]).collect()),
    ];
    let calibrations = [
        Calibration::PriorValue {
            factor: Decimal::ONE,
        },
        Calibration::BudgetShare {
            share: Decimal::new(8, 1),
        },
    ];
    let residuals = [
        ResidualRule::Reserve,
        ResidualRule::ProRataBase,
        ResidualRule::ProRataPoints,
    ];
    let mut all = Vec::new();
    for increment in &increments {
        for calibration in calibrations {
            for residual_rule in residuals {
                let rule = BaselineIncrement {
                    calibration,
                    increment: increment.clone(),
                    floor: floor.map(|floor| Decimal::new(floor, 3)),
                    floating_cap: cap.map(|cap| Decimal::new(cap, 3)),
                    residual_rule,
                    ..BaselineIncrement::plain(Decimal::ONE, Decimal::new(8, 1))
                };
                all.push(ValueTerms::new(family, ValueModel::BaselineIncrement(rule)));
            }
        }
    }
    all
}
