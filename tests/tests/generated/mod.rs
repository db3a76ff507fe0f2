//! Generated hospitals, pools, and policy terms of every family, mode and rule.

#![allow(dead_code, reason = "each test file uses a part of what is generated")]

use drgdip_claims::Yuan;
use drgdip_points::pool::{HospitalTotals, PoolInput, PriorYear};
use drgdip_points::{PointValue, Points, Ratio, Rounding};
use drgdip_tables::policy::{
    BaselineIncrement, BaselineMonths, Bound, Calibration, CaseTerms, CoefficientUse, Elastic,
    HighBand, HighRule, IncrementRule, LowRule, NegativePayments, PaidValue, Reference,
    ResidualRule, Share, UniformMode, VOLUME, ValueFamily, ValueModel, ValueTerms,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// One hospital of a generated pool, with last year's points where it had any.
#[derive(Clone, Debug)]
pub(crate) struct Hospital {
    pub(crate) cases: Vec<(i64, i64)>,
    pub(crate) total_cost: i64,
    pub(crate) prior: Option<i64>,
    pub(crate) measures: [i64; MEASURES.len()],
    pub(crate) tilt: Option<i64>,
    pub(crate) at_cost: Option<i64>,
}

/// A pool and the terms by which it is settled.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) input: PoolInput,
    pub(crate) hospitals: Vec<Hospital>,
}

pub(crate) fn hospital() -> impl Strategy<Value = Hospital> {
    let points = prop_oneof![Just(0), 1..3_000_000_i64];
    let case = (points, 0..2_000_000_i64);
    let measure = || prop_oneof![2 => Just(0), 1 => 0..3_000_000_i64];
    let extras = (
        proptest::option::of(0..40_000_000_i64),
        [measure(), measure(), measure()],
        proptest::option::of(0..3_000_000_i64),
        proptest::option::weighted(0.1, 0..50_000_000_i64),
    );
    (vec(case, 0..8), 0..20_000_000_i64, extras).prop_map(|(cases, total_cost, extras)| {
        let (prior, measures, tilt, at_cost) = extras;
        Hospital {
            cases,
            total_cost,
            prior,
            measures,
            tilt,
            at_cost,
        }
    })
}

pub(crate) fn totals(index: usize, hospital: &Hospital) -> HospitalTotals {
    HospitalTotals {
        hospital_id: format!("H{index:03}"),
        cases: hospital.cases.len() as u64,
        points: Points::from_ten_thousandths(hospital.cases.iter().map(|case| case.0).sum()),
        total_cost: Yuan::from_fen(hospital.total_cost),
        patient_side: Yuan::from_fen(hospital.cases.iter().map(|case| case.1).sum()),
    }
}

pub(crate) fn pool() -> impl Strategy<Value = Pool> {
    pool_of(0..12)
}

pub(crate) fn pool_of(hospitals: std::ops::Range<usize>) -> impl Strategy<Value = Pool> {
    let money = (0..2_000_000_000_i64, 0..=100_i64);
    (vec(hospital(), hospitals), money, 1..30_000_i64).prop_map(|(hospitals, money, value)| {
        let input = input(&hospitals, money, value);
        Pool { input, hospitals }
    })
}

pub(crate) fn input(
    hospitals: &[Hospital],
    (budget, percent): (i64, i64),
    value: i64,
) -> PoolInput {
    let id = |index: usize| format!("H{index:03}");
    let all = || hospitals.iter().enumerate();
    let value = PointValue::from_decimal(Decimal::new(value, 2)).unwrap();
    let points = all().filter_map(|(index, hospital)| {
        let points = Points::from_ten_thousandths(hospital.prior?);
        Some((id(index), points))
    });
    let measure = |measure: usize| {
        let points = |hospital: &Hospital| Points::from_ten_thousandths(hospital.measures[measure]);
        let rows = all().map(|(index, hospital)| (id(index), points(hospital)));
        rows.collect()
    };
    let measures = MEASURES.into_iter().enumerate();
    // Hospitals without cases come in by last year's points alone.
    let present = || all().filter(|(_, hospital)| !hospital.cases.is_empty());
    PoolInput {
        budget: Yuan::from_fen(budget),
        reserve: Yuan::from_fen(budget * percent / 100),
        hospitals: present().map(|(i, hospital)| totals(i, hospital)).collect(),
        prior: Some(PriorYear {
            value: value.clone(),
            points: points.collect(),
            used: BTreeMap::new(),
        }),
        initial_value: Some(value),
        tilts: all()
            .filter_map(|(i, h)| Some((id(i), Ratio::from_millionths(h.tilt?).unwrap())))
            .collect(),
        measures: measures
            .map(|(i, name)| (name.to_owned(), measure(i)))
            .collect(),
        at_cost: present()
            .filter_map(|(i, h)| Some((id(i), Yuan::from_fen(h.at_cost?))))
            .collect(),
    }
}

pub(crate) fn family() -> impl Strategy<Value = ValueFamily> {
    select(vec![ValueFamily::A, ValueFamily::B, ValueFamily::C])
}

pub(crate) fn rounding() -> impl Strategy<Value = Rounding> {
    select(vec![Rounding::HalfAwayFromZero, Rounding::Down])
}

pub(crate) fn residual_rule() -> impl Strategy<Value = ResidualRule> {
    select(vec![
        ResidualRule::Reserve,
        ResidualRule::ProRataBase,
        ResidualRule::ProRataPoints,
    ])
}

/// Up to so many thousandths.
pub(crate) fn ratio(most: i64) -> impl Strategy<Value = Decimal> {
    (0..most).prop_map(|thousandths| Decimal::new(thousandths, 3))
}

pub(crate) fn calibration() -> impl Strategy<Value = Calibration> {
    prop_oneof![
        ratio(1_500).prop_map(|factor| Calibration::PriorValue { factor }),
        ratio(1_001).prop_map(|share| Calibration::BudgetShare { share }),
    ]
}

/// The measures that generated pools have.
pub(crate) const MEASURES: [&str; 3] = ["complex", "new", "primary"];

pub(crate) fn increment_rule() -> impl Strategy<Value = IncrementRule> {
    let cuts = (0..=400_i64, 0..=300_i64, 0..=300_i64).prop_map(|(complex, new, primary)| {
        let named = MEASURES.into_iter().zip([complex, new, primary]);
        let volume = (VOLUME, 1_000 - complex - new - primary);
        let share = |(name, part): (&str, i64)| (name.to_owned(), Decimal::new(part, 3));
        IncrementRule::Subpools(named.chain([volume]).map(share).collect())
    });
    prop_oneof![
        Just(IncrementRule::ByPoints),
        Just(IncrementRule::Tilted),
        cuts
    ]
}

pub(crate) fn baseline_increment() -> impl Strategy<Value = BaselineIncrement> {
    let share = (1..13_i64).prop_map(|numerator| Share {
        numerator,
        denominator: 12,
    });
    let limits = (
        proptest::option::of(ratio(1_200)),
        proptest::option::of(ratio(3_000)),
    );
    let parts = (calibration(), ratio(1_500), share, increment_rule(), limits);
    (parts, residual_rule()).prop_map(
        |((calibration, baseline_share, season_share, increment, limits), residual_rule)| {
            let (floor, floating_cap) = limits;
            BaselineIncrement {
                calibration,
                baseline_share,
                season_share,
                months: BaselineMonths::Alone,
                increment,
                floor,
                floating_cap,
                residual_rule,
            }
        },
    )
}

pub(crate) fn model() -> impl Strategy<Value = ValueModel> {
    let elastic = (proptest::option::of(ratio(3_000)), residual_rule()).prop_map(
        |(floating_cap, residual_rule)| {
            UniformMode::Elastic(Elastic {
                fixed_part: MEASURES[0].to_owned(),
                floating_cap,
                residual_rule,
            })
        },
    );
    prop_oneof![
        1 => Just(ValueModel::Uniform(UniformMode::Floating)),
        1 => Just(ValueModel::Uniform(UniformMode::Fixed)),
        1 => elastic.prop_map(ValueModel::Uniform),
        4 => baseline_increment().prop_map(ValueModel::BaselineIncrement),
    ]
}

pub(crate) fn terms() -> impl Strategy<Value = ValueTerms> {
    let pays = select(vec![PaidValue::Exact, PaidValue::Published]);
    let negative = select(vec![
        NegativePayments::Carry,
        NegativePayments::FloorAndRedistribute,
    ]);
    let roundings = (rounding(), rounding());
    (family(), model(), pays, negative, roundings, 2..=8_u32).prop_map(
        |(family, model, pays, negative, roundings, published_places)| ValueTerms {
            pays,
            negative,
            money_rounding: roundings.0,
            points_rounding: roundings.1,
            published_places,
            ..ValueTerms::new(family, model)
        },
    )
}

pub(crate) fn case_terms() -> impl Strategy<Value = CaseTerms> {
    let low = select(vec![
        LowRule::PointsNoK,
        LowRule::Ratio(CoefficientUse::With),
        LowRule::Ratio(CoefficientUse::Without),
        LowRule::ByActual {
            preset_value: Decimal::new(9_876, 2),
        },
    ]);
    let used = select(vec![CoefficientUse::With, CoefficientUse::Without]);
    let high = prop_oneof![
        3 => (0..=1_000_i64, used).prop_map(|(alpha, coefficient)| HighRule::LinearAdd {
            alpha: Decimal::new(alpha, 3),
            coefficient,
        }),
        1 => Just(HighRule::Deduct),
        1 => Just(HighRule::Cap),
        1 => Just(HighRule::Normal),
        1 => (1..1_000_000_i64).prop_map(|value| HighRule::ByItemTop {
            preset_value: Decimal::new(value, 2),
        }),
    ];
    let scale = select(vec![1_u32, 100, 1000]);
    let cuts = (10..50_i64, 100..400_i64);
    // Without a mean cost of its own a group is measured by its weight.
    let reference = select(vec![
        Reference::Group,
        Reference::GroupAndCoefficient,
        Reference::MeanCost,
        Reference::MeanCostAndCoefficient,
    ]);
    let rules = (low, high, reference);
    (rules, scale, 100_000..3_000_000_i64, cuts, rounding()).prop_map(
        |(rules, scale, mean_cost_fen, (low, high), points_rounding)| CaseTerms {
            scale,
            mean_cost_fen,
            points_rounding,
            reference: rules.2,
            low_threshold: Bound::LessThan(Decimal::new(low, 2)),
            low_rule: rules.0,
            high_bands: vec![HighBand {
                weight: Bound::AtLeast(Decimal::ZERO),
                threshold: Bound::MoreThan(Decimal::new(high, 2)),
            }],
            high_rule: rules.1,
            high_limit: None,
        },
    )
}
