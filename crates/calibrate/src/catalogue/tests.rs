use super::*;
use crate::Exact;
use crate::testing::{decimal, terms as weigh_terms};
use drgdip_tables::policy::{Bound, Threshold};

fn terms() -> CatalogueTerms {
    CatalogueTerms {
        weigh: weigh_terms(),
        tie_break: "national-3.0".to_owned(),
        interventional_as: TreatmentClass::Surgery,
        max_stay_days: None,
        threshold: Threshold::Fixed(5),
        related_increase: decimal("0.1"),
        related_most: 3,
        merge_difference: decimal("0.15"),
        merge_cv_rise: decimal("0.05"),
        comprehensive_cases: 5,
        comprehensive_cv: None,
        primary_share: decimal("0.5"),
        primary_cv: Bound::AtMost(decimal("0.7")),
        auxiliary: None,
    }
}

/// Cases of one practice: diagnosis, main procedure, related ones, and (year, cost, number).
type Treated = (
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
    Vec<(u8, i64, usize)>,
);

struct Example {
    codes: Vec<String>,
    practices: Vec<Practice>,
    claims: Vec<u64>,
    cases: Vec<TreatedCase>,
}

fn example(treated: &[Treated]) -> Example {
    let mut codes = std::collections::BTreeSet::new();
    for (diagnosis, main, related, _) in treated {
        codes.extend([diagnosis[..3].to_owned(), (*diagnosis).to_owned()]);
        codes.extend(main.iter().map(|code| (*code).to_owned()));
        codes.extend(related.iter().map(|code| (*code).to_owned()));
    }
    let codes: Vec<String> = codes.into_iter().collect();
    let number = |code: &str| {
        let found = codes.binary_search_by(|known| known.as_str().cmp(code));
        u32::try_from(found.expect("a known code")).expect("few codes")
    };
    let mut made = Example {
        codes: Vec::new(),
        practices: Vec::new(),
        claims: Vec::new(),
        cases: Vec::new(),
    };
    for (practice, (diagnosis, main, related, cases)) in (0..).zip(treated) {
        made.practices.push(Practice {
            diagnosis: Some(number(diagnosis)),
            category: Some(number(&diagnosis[..3])),
            main: main.map(number),
            related: related.iter().map(|code| number(code)).collect(),
            class: match main {
                Some(_) => TreatmentClass::Surgery,
                None => TreatmentClass::Conservative,
            },
        });
        let before = made.cases.len();
        for (year, cost_fen, times) in cases {
            let case = TreatedCase {
                practice,
                hospital: 0,
                year: *year,
                cost_fen: *cost_fen,
            };
            made.cases.extend(std::iter::repeat_n(case, *times));
        }
        made.claims.push((made.cases.len() - before) as u64);
    }
    made.codes = codes;
    made
}

fn history(example: &Example) -> CatalogueHistory<'_> {
    CatalogueHistory {
        codes: &example.codes,
        practices: &example.practices,
        claims: &example.claims,
        cases: example.cases.clone(),
        levels: &[Some(0)],
        primary: &[false],
        prior: HashMap::new(),
    }
}

fn run(example: &Example, terms: &CatalogueTerms, decisions: &Decisions) -> Catalogue {
    grow(history(example), terms, decisions, Watch::NEVER).expect("the history makes a catalogue")
}

fn shown(catalogue: &Catalogue) -> Vec<(&str, u64)> {
    let groups = catalogue.groups.iter().zip(&catalogue.calibration.groups);
    groups
        .map(|(group, weight)| (group.code.as_str(), weight.counts.given))
        .collect()
}

/// The golden history as diagnoses with treatments.
fn g1() -> Example {
    example(&[
        (
            "A41.9",
            None,
            &[],
            vec![(0, 1_200_000, 10), (1, 1_260_000, 12), (2, 1_300_000, 20)],
        ),
        (
            "K35.8",
            Some("47.0100"),
            &[],
            vec![(0, 600_000, 30), (1, 610_000, 28), (2, 620_000, 25)],
        ),
        (
            "S72.0",
            Some("81.5100"),
            &[],
            vec![(1, 3_000_000, 3), (2, 3_200_000, 6)],
        ),
    ])
}

#[test]
fn the_golden_history_gives_the_golden_weights() {
    let catalogue = run(&g1(), &terms(), &Decisions::default());
    let weights = catalogue
        .calibration
        .groups
        .iter()
        .map(|group| group.weight);
    assert_eq!(
        weights.collect::<Vec<_>>(),
        [Some(11_585), Some(5_533), Some(28_541)]
    );
    assert_eq!(
        catalogue.calibration.report.mean_calculated,
        Exact::whole(1)
    );
    assert_eq!(
        shown(&catalogue),
        [("A41.9", 42), ("K35.8:47.0100", 83), ("S72.0:81.5100", 9)]
    );
    assert_eq!((catalogue.used.core, catalogue.used.total()), (134, 134));
}

#[test]
fn a_related_procedure_needs_ten_percent_and_enough_cases() {
    #[track_caller]
    fn check(related_cost: i64, (with, without): (usize, usize), is_kept: bool) {
        let example = example(&[
            ("I25.1", Some("36.0600"), &[], vec![(2, 1_000_000, without)]),
            (
                "I25.1",
                Some("36.0600"),
                &["00.2400"],
                vec![(2, related_cost, with)],
            ),
        ]);
        let catalogue = run(&example, &terms(), &Decisions::default());
        let codes: Vec<&str> = catalogue.groups.iter().map(|g| g.code.as_str()).collect();
        let expected: &[&str] = match is_kept {
            true => &["I25.1:36.0600+00.2400", "I25.1:36.0600"],
            false => &["I25.1:36.0600"],
        };
        assert_eq!(codes, expected, "{related_cost} {with} {without}");
    }
    // With x for 5 of 10 cases, x ≥ 1.1 · (x + 10000)/2 begins at 12222.2223 yuan.
    check(1_222_222, (5, 5), false);
    check(1_222_223, (5, 5), true);
    check(2_000_000, (4, 5), false);
    check(2_000_000, (5, 4), false);
}

#[test]
fn what_is_left_becomes_comprehensive_or_stays_ungrouped() {
    let example = example(&[
        ("K80.0", Some("51.2300"), &[], vec![(2, 1_000_000, 4)]),
        ("K80.1", Some("51.2300"), &[], vec![(2, 1_000_000, 3)]),
        ("K80.2", None, &[], vec![(2, 500_000, 4)]),
        ("J18.9", None, &[], vec![(2, 400_000, 5)]),
    ]);
    let catalogue = run(&example, &terms(), &Decisions::default());
    assert_eq!(shown(&catalogue), [("J18.9", 5), ("K80:surgery", 7)]);
    let used = Coverage {
        core: 5,
        comprehensive: 7,
        ungrouped: 4,
    };
    assert_eq!((catalogue.used, catalogue.claims), (used, used));
    let step = |name: &str| {
        let found = catalogue.steps.iter().find(|step| step.name == name);
        found
            .map(|step| (step.cases_in, step.cases_out))
            .expect("a step")
    };
    assert_eq!(step("threshold"), (16, 5));
    assert_eq!(step("comprehensive"), (11, 7));
}

#[test]
fn the_threshold_is_that_of_the_smallest_group_needed() {
    #[track_caller]
    fn check(share: &str, expected: u64) {
        let example = example(&[
            ("A01.0", None, &[], vec![(2, 100, 60)]),
            ("A02.0", None, &[], vec![(2, 100, 30)]),
            ("A03.0", None, &[], vec![(2, 100, 10)]),
        ]);
        let terms = CatalogueTerms {
            threshold: Threshold::Coverage(decimal(share)),
            ..terms()
        };
        let catalogue = run(&example, &terms, &Decisions::default());
        assert_eq!(catalogue.threshold, expected);
    }
    check("0.6", 60);
    check("0.61", 30);
    check("0.9", 30);
    check("0.91", 10);
    check("1", 10);
}

#[test]
fn a_merge_is_proposed_and_done_when_decided() {
    let example = example(&[
        ("K80.0", Some("51.2300"), &[], vec![(2, 1_000_000, 4)]),
        ("K80.1", Some("51.2300"), &[], vec![(2, 1_100_000, 3)]),
        ("K80.2", Some("51.2300"), &[], vec![(2, 3_000_000, 3)]),
        ("J18.9", None, &[], vec![(2, 400_000, 5)]),
    ]);
    let before = run(&example, &terms(), &Decisions::default());
    let merge = &before.proposals[0];
    assert_eq!(merge.kind, ProposalKind::Merge);
    assert_eq!(merge.groups, ["K80.0:51.2300", "K80.1:51.2300"]);
    assert_eq!(
        (merge.value.as_str(), merge.evidence.cases),
        ("K80.0:51.2300", 7)
    );
    let decisions = Decisions {
        joins: vec![Join {
            members: merge.groups.clone(),
            into: merge.value.clone(),
        }],
        ..Decisions::default()
    };
    let after = run(&example, &terms(), &decisions);
    assert_eq!(shown(&after), [("J18.9", 5), ("K80.0:51.2300", 7)]);
    assert_eq!(after.groups[1].layer, GroupLayer::Merged);
    assert_eq!(after.groups[1].rows[0].keys.len(), 2);
    let wrong = Decisions {
        joins: vec![Join {
            members: vec!["K99.9".to_owned()],
            into: "K80.0".to_owned(),
        }],
        ..Decisions::default()
    };
    let history = CatalogueHistory {
        codes: &example.codes,
        practices: &example.practices,
        claims: &example.claims,
        cases: example.cases.clone(),
        ..CatalogueHistory::default()
    };
    let error = grow(history, &terms(), &wrong, Watch::NEVER).expect_err("an unknown stem");
    assert_eq!(error, Error::DecisionNames("K99.9".to_owned()));
}

#[test]
fn a_treatment_without_a_group_may_join_one_that_costs_the_same() {
    let example = example(&[
        ("K80.0", Some("51.2300"), &[], vec![(2, 1_000_000, 9)]),
        ("K80.1", Some("51.2200"), &[], vec![(2, 1_050_000, 3)]),
    ]);
    let before = run(&example, &terms(), &Decisions::default());
    let proposal = &before.proposals[0];
    assert_eq!(proposal.kind, ProposalKind::Reassign);
    assert_eq!(
        (&proposal.groups[..], proposal.value.as_str()),
        (&["K80.1:51.2200".to_owned()][..], "K80.0:51.2300")
    );
    let decisions = Decisions {
        joins: vec![Join {
            members: proposal.groups.clone(),
            into: proposal.value.clone(),
        }],
        ..Decisions::default()
    };
    let after = run(&example, &terms(), &decisions);
    assert_eq!(shown(&after), [("K80.0:51.2300", 12)]);
    assert_eq!(after.used.ungrouped, 0);
    assert_eq!(after.groups[0].rows.len(), 2);
}

#[test]
fn coefficients_are_neutral_to_case_mix_and_keep_the_budget() {
    let mut example = example(&[
        ("K80.0", None, &[], vec![(2, 100_000, 5), (2, 300_000, 5)]),
        ("J18.9", None, &[], vec![(2, 100_000, 10)]),
    ]);
    for case in &mut example.cases {
        case.hospital = u16::from(case.cost_fen == 300_000);
    }
    let history = CatalogueHistory {
        codes: &example.codes,
        practices: &example.practices,
        claims: &example.claims,
        cases: example.cases.clone(),
        levels: &[Some(0), Some(1)],
        primary: &[false, false],
        prior: HashMap::new(),
    };
    let catalogue =
        grow(history, &terms(), &Decisions::default(), Watch::NEVER).expect("a catalogue");
    // Low level: 15 cases cost 1.5 M against 5·200,000 + 10·100,000 = 2 M expected.
    let neutral: Vec<i64> = catalogue.levels.iter().map(|level| level.neutral).collect();
    assert_eq!(neutral, [7_500, 15_000]);
    let coefficients = catalogue.levels.iter().map(|level| level.coefficient);
    assert_eq!(coefficients.collect::<Vec<_>>(), [7_500, 15_000]);
}

#[test]
fn primary_institutions_make_groups_of_primary_care() {
    #[track_caller]
    fn check(of_primary: usize, expected: bool) {
        let mut example = example(&[("J06.9", None, &[], vec![(2, 100_000, 10)])]);
        for case in &mut example.cases[..of_primary] {
            case.hospital = 1;
        }
        let history = CatalogueHistory {
            codes: &example.codes,
            practices: &example.practices,
            claims: &example.claims,
            cases: example.cases.clone(),
            levels: &[],
            primary: &[false, true],
            prior: HashMap::new(),
        };
        let catalogue =
            grow(history, &terms(), &Decisions::default(), Watch::NEVER).expect("a catalogue");
        assert_eq!(
            catalogue.groups[0].is_primary_care, expected,
            "{of_primary}"
        );
    }
    check(4, false);
    check(5, true);
}

#[test]
fn the_order_of_the_cases_never_matters() {
    let treated: [Treated; 5] = [
        (
            "K80.0",
            Some("51.2300"),
            &[],
            vec![(0, 1_000_000, 4), (2, 900_000, 6)],
        ),
        (
            "K80.0",
            Some("51.2300"),
            &["51.5100"],
            vec![(2, 2_000_000, 6)],
        ),
        ("K80.1", Some("51.2300"), &[], vec![(1, 1_050_000, 3)]),
        ("K80.2", None, &[], vec![(1, 500_000, 4)]),
        ("J18.9", None, &[], vec![(2, 400_000, 5), (1, 380_000, 2)]),
    ];
    let mut example = example(&treated);
    let first = run(&example, &terms(), &Decisions::default());
    for turn in [1, 7, 13] {
        example.cases.rotate_left(turn);
        example.cases.reverse();
        let again = run(&example, &terms(), &Decisions::default());
        assert_eq!(again.groups, first.groups);
        assert_eq!(again.calibration, first.calibration);
        assert_eq!(again.proposals, first.proposals);
        assert_eq!(
            (again.steps, again.levels),
            (first.steps.clone(), first.levels.clone())
        );
    }
}

#[test]
fn prior_weights_smooth_and_limit_by_code() {
    let example = g1();
    let terms = CatalogueTerms {
        weigh: drgdip_tables::policy::WeighTerms {
            max_decrease: Some(decimal("0.1")),
            ..weigh_terms()
        },
        ..terms()
    };
    let history = CatalogueHistory {
        codes: &example.codes,
        practices: &example.practices,
        claims: &example.claims,
        cases: example.cases.clone(),
        prior: HashMap::from([("K35.8:47.0100".to_owned(), 10_000)]),
        ..CatalogueHistory::default()
    };
    let catalogue =
        grow(history, &terms, &Decisions::default(), Watch::NEVER).expect("a catalogue");
    let weights = catalogue
        .calibration
        .groups
        .iter()
        .map(|group| group.weight);
    assert_eq!(
        weights.collect::<Vec<_>>(),
        [Some(11_585), Some(9_000), Some(28_541)]
    );
}

#[test]
fn a_catalogue_stops_at_whatever_question_it_is_told_to() {
    let example = example(&[
        ("K80.0", Some("51.2300"), &[], vec![(2, 1_000_000, 6)]),
        (
            "K80.0",
            Some("51.2300"),
            &["51.5100"],
            vec![(2, 2_000_000, 6)],
        ),
        ("K80.1", Some("51.2300"), &[], vec![(1, 1_050_000, 3)]),
        ("J18.9", None, &[], vec![(2, 400_000, 5), (1, 380_000, 2)]),
    ]);
    let grown = |stop: u64| {
        let asked = std::cell::Cell::new(0);
        let ask = || asked.replace(asked.get() + 1) == stop;
        let found = grow(
            history(&example),
            &terms(),
            &Decisions::default(),
            Watch::new(&ask),
        );
        (found.map(|_| ()), asked.get())
    };
    let (found, questions) = grown(u64::MAX);
    assert_eq!(found, Ok(()));
    assert!(questions > 20, "{questions}");
    for stop in 0..questions {
        assert_eq!(grown(stop), (Err(Error::Interrupted), stop + 1));
    }
}

#[test]
fn of_a_family_of_very_many_the_largest_are_held_against_each_other() {
    let codes: Vec<&str> = (0..400).map(|n| &*format!("K80.{n:03}").leak()).collect();
    let treated = codes.iter().enumerate().map(|(number, code)| {
        let cases = 1 + usize::from(number >= 300);
        let practice: Treated = (*code, None, &[], vec![(2, 100_000, cases)]);
        practice
    });
    let example = example(&treated.collect::<Vec<_>>());
    let found = run(&example, &terms(), &Decisions::default());
    let merges = found.proposals.iter();
    let merges = merges.filter(|proposal| proposal.kind == ProposalKind::Merge);
    let [merge] = merges.collect::<Vec<_>>()[..] else {
        panic!("one family is one proposal");
    };
    assert_eq!(merge.groups.len(), 256);
    assert_eq!(merge.evidence.cases, 100 * 2 + 156);
    let has = |code: &str| merge.groups.iter().any(|group| group == code);
    assert!(has(codes[300]) && !has(codes[299]));
}
