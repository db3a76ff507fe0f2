//! What holds for every history.

use crate::history::{Case, Change, Group, History};
use crate::testing::{decimal, groups, terms};
use crate::{Calibration, Exact, Watch, calibrate};
use drgdip_tables::policy::{Bound, ChangesBorneBy, Trim, TrimMethod, WeighTerms};
use proptest::prelude::*;

const GROUPS: u16 = 4;

fn any_case() -> impl Strategy<Value = Case> {
    (0..GROUPS, 0..3_u16, 0..3_u32, 1..400_i64).prop_map(|(group, year, hospital, cost)| Case {
        group,
        year,
        hospital,
        // Squares spread costs over five orders of magnitude, and many of them are equal.
        cost_fen: cost * cost * 100,
    })
}

fn any_cases() -> impl Strategy<Value = Vec<Case>> {
    prop::collection::vec(any_case(), 1..300)
}

fn any_method() -> impl Strategy<Value = TrimMethod> {
    prop_oneof![
        Just(TrimMethod::None),
        Just(TrimMethod::Percentile {
            lower: decimal("0.1"),
            upper: decimal("0.85"),
        }),
        Just(TrimMethod::Multiple {
            below: decimal("0.4"),
            above: decimal("2"),
        }),
        Just(TrimMethod::LognormalSd(decimal("1.2"))),
        Just(TrimMethod::Iqr(decimal("0.5"))),
    ]
}

fn any_terms() -> impl Strategy<Value = WeighTerms> {
    let caps = prop_oneof![Just("0"), Just("0.05"), Just("0.3"), Just("1")];
    (any_method(), any_method(), caps, 0..6_u64).prop_map(|(first, second, cap, min_cases)| {
        let trim = |method| Trim {
            method,
            max_share: decimal(cap),
            min_cases,
        };
        WeighTerms {
            trim: trim(first),
            retrim: Some(trim(second)),
            min_cases: 3,
            stable_cv: Bound::AtMost(decimal("0.9")),
            ..terms()
        }
    })
}

fn weigh(cases: Vec<Case>, changes: &[Change], terms: &WeighTerms) -> Calibration {
    let groups: Vec<Group> = groups(&[Some(8_000); GROUPS as usize]);
    let history = History {
        groups: &groups,
        cases,
        levels: &[Some(1), Some(2), None],
        families: &[],
        changes,
    };
    calibrate(history, terms, Watch::NEVER).expect("the history can be weighed")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn the_order_of_the_cases_changes_nothing(
        (cases, shuffled) in any_cases()
            .prop_flat_map(|cases| (Just(cases.clone()), Just(cases).prop_shuffle())),
        terms in any_terms(),
    ) {
        prop_assert_eq!(weigh(cases, &[], &terms), weigh(shuffled, &[], &terms));
    }

    #[test]
    fn dearer_times_change_no_weight(
        cases in any_cases(),
        terms in any_terms(),
        factor in 2..9_i64,
    ) {
        // A logarithm is rounded, so a cost exactly on a fence of deviations may cross it.
        let is_exact = |trim: &Trim| !matches!(trim.method, TrimMethod::LognormalSd(_));
        prop_assume!(is_exact(&terms.trim) && terms.retrim.iter().all(is_exact));
        let dearer: Vec<Case> = cases
            .iter()
            .map(|case| Case { cost_fen: case.cost_fen * factor, ..*case })
            .collect();
        let (plain, dearer) = (weigh(cases, &[], &terms), weigh(dearer, &[], &terms));
        for (a, b) in plain.groups.iter().zip(&dearer.groups) {
            prop_assert_eq!((&a.exact, a.weight, &a.counts), (&b.exact, b.weight, &b.counts));
        }
    }

    #[test]
    fn i2_the_mean_weight_is_one_before_rounding(cases in any_cases(), terms in any_terms()) {
        prop_assert_eq!(weigh(cases, &[], &terms).report.mean_calculated, Exact::whole(1));
    }

    #[test]
    fn trimming_never_exceeds_the_cap_and_counts_add_up(
        cases in any_cases(),
        terms in any_terms(),
    ) {
        let given = cases.len() as u64;
        let found = weigh(cases, &[], &terms);
        prop_assert_eq!(found.report.cases.given, given);
        let within = |part: u64, of: u64, trim: &Trim| {
            Exact::whole(part) <= Exact::whole(of).times(&Exact::decimal(trim.max_share))
        };
        for group in &found.groups {
            let c = group.counts;
            prop_assert_eq!(c.given, c.not_positive + c.low + c.high + c.again + c.used);
            prop_assert!(within(c.low + c.high, c.given, &terms.trim));
            let left = c.given - c.low - c.high;
            prop_assert!(within(c.again, left, &terms.retrim.expect("it is set")));
            if c.given < terms.trim.min_cases {
                prop_assert_eq!(c.low + c.high, 0);
            }
        }
    }

    #[test]
    fn exactly_the_kept_costs_are_used(cases in any_cases(), terms in any_terms()) {
        let found = weigh(cases.clone(), &[], &terms);
        for (number, group) in (0..).zip(&found.groups) {
            let is_used = |case: &&Case| {
                case.group == number && group.kept.is_some_and(|k| k.contains(case.cost_fen))
            };
            let used = cases.iter().filter(is_used).count() as u64;
            prop_assert_eq!(used, group.counts.used);
        }
    }

    #[test]
    fn i3_manual_changes_keep_the_total(
        cases in any_cases(),
        weight in 1..30_000_i64,
        is_borne_by_all in any::<bool>(),
    ) {
        let changes = [Change { group: 1, ten_thousandths: weight }];
        let by = if is_borne_by_all { ChangesBorneBy::All } else { ChangesBorneBy::Others };
        let terms = WeighTerms { changes: by, ..terms() };
        let groups = groups(&[Some(8_000); GROUPS as usize]);
        let history = History { groups: &groups, cases, changes: &changes, ..History::default() };
        if let Ok(found) = calibrate(history, &terms, Watch::NEVER) {
            let report = found.report;
            prop_assert_eq!(report.total_before_changes, report.total_after_changes);
        }
    }
}
