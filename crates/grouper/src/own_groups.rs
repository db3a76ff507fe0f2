//! The groups that a bundled plan has for new technologies: with the flag a case lands there,
//! without it in the group's base.

use crate::Grouper;
use crate::properties::{answer, traced};
use crate::reference::{Answer, Reference};
use drgdip_claims::{Claim, Sex};
use drgdip_tables::rule::Predicate;
use drgdip_tables::{GroupingPlan, load_plan};
use std::collections::BTreeSet;

const PLAN: &str = "310000-shanghai-2.0";
/// One case for each group: the group, its base, and the codes of the case.
const CASES: &str = include_str!("../../../tests/cases/new-technology/own-groups.csv");

fn plan() -> GroupingPlan {
    load_plan(PLAN)
        .unwrap_or_else(|error| panic!("{error}"))
        .plan
}

/// The case of a line, without the flag; other diagnoses have `;` between them.
fn claim(codes: [&str; 4]) -> Claim {
    let [sex, principal, other, main] = codes;
    let text = |code: &str| (!code.is_empty()).then(|| code.to_owned());
    Claim {
        case_id: "1".to_owned(),
        sex: Some(if sex == "1" { Sex::Male } else { Sex::Female }),
        age_years: Some(40),
        principal_diagnosis: text(principal),
        other_diagnoses: other.split(';').filter_map(text).collect(),
        main_procedure: text(main),
        ..Claim::default()
    }
}

fn group_of(answer: &Answer) -> &str {
    answer.codes.as_ref().map_or("-", |(_, _, group)| group)
}

#[test]
fn a_flagged_case_lands_in_its_own_group_and_without_the_flag_in_the_base() {
    let plan = plan();
    let (grouper, reference) = (Grouper::new(&plan), Reference::new(&plan));
    let mut groups = BTreeSet::new();
    for line in CASES.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [group, base, sex, principal, other, main] = cells[..] else {
            panic!("{line}");
        };
        let plain = claim([sex, principal, other, main]);
        let flagged = Claim {
            new_tech: true,
            ..plain.clone()
        };
        for (claim, expected) in [(&plain, base), (&flagged, group)] {
            let fast = answer(&grouper, &plan, claim);
            assert_eq!(group_of(&fast), expected, "{line}");
            assert_eq!(fast, reference.group(claim), "{line}");
            assert_eq!(fast, traced(&plan, claim), "{line}");
        }
        groups.insert(group);
    }
    let mut own = BTreeSet::new();
    for (_, _, drg) in plan.drgs() {
        let mut asks = |predicate: &Predicate| {
            if *predicate == Predicate::NewTech {
                own.insert(drg.code.as_str());
            }
        };
        drg.rule.rule.each_predicate(&mut asks);
    }
    assert_eq!(groups.len(), 25);
    assert_eq!(groups, own);
}
