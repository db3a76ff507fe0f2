//! Which groups of an ADRG differ by severity alone, the most severe first.

use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{Adrg, Drg};
use drgdip_tables::rule::{Predicate, Rule};
use std::collections::HashMap;

/// How severe a case is.
#[derive(Clone, Copy)]
struct Severity {
    mcc: bool,
    cc: bool,
}

const MOST_SEVERE_FIRST: [Severity; 3] = [
    Severity {
        mcc: true,
        cc: false,
    },
    Severity {
        mcc: false,
        cc: true,
    },
    Severity {
        mcc: false,
        cc: false,
    },
];

/// The families of a plan, as the given numbers of their groups.
///
/// A family is what an ADRG gives to a case with a MCC, with a CC and with neither, where that is
/// decided by severity alone; groups that ask for anything else stand outside.
pub(super) fn of_plan(plan: &GroupingPlan, numbers: &HashMap<&str, u16>) -> Vec<Vec<u16>> {
    let family = |adrg: &Adrg| {
        let mut family: Vec<u16> = MOST_SEVERE_FIRST
            .iter()
            .filter_map(|severity| chosen(adrg, *severity))
            .filter_map(|drg| numbers.get(drg.code.as_str()).copied())
            .collect();
        family.dedup();
        (family.len() > 1).then_some(family)
    };
    plan.adrgs().filter_map(|(_, adrg)| family(adrg)).collect()
}

/// The first group that takes a case of this severity.
fn chosen(adrg: &Adrg, severity: Severity) -> Option<&Drg> {
    let takes = |drg: &&Drg| holds(&drg.rule.rule, severity) == Some(true);
    adrg.drgs.iter().find(takes)
}

/// Whether a rule holds by severity alone; `None` where it asks for anything else.
fn holds(rule: &Rule, severity: Severity) -> Option<bool> {
    let all = |parts: &[Rule]| -> Option<Vec<bool>> {
        parts.iter().map(|part| holds(part, severity)).collect()
    };
    match rule {
        Rule::True => Some(true),
        Rule::False => Some(false),
        Rule::Not(inner) => holds(inner, severity).map(|held| !held),
        Rule::All(parts) => all(parts).map(|held| held.iter().all(|part| *part)),
        Rule::Any(parts) => all(parts).map(|held| held.iter().any(|part| *part)),
        Rule::Is(Predicate::Mcc) => Some(severity.mcc),
        Rule::Is(Predicate::Cc) => Some(severity.cc),
        Rule::Is(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cc() -> Rule {
        Rule::Is(Predicate::Cc)
    }

    fn mcc() -> Rule {
        Rule::Is(Predicate::Mcc)
    }

    #[track_caller]
    fn check(rule: Rule, expected: [Option<bool>; 3]) {
        assert_eq!(
            MOST_SEVERE_FIRST.map(|severity| holds(&rule, severity)),
            expected
        );
    }

    #[test]
    fn rules_are_decided_by_severity_or_not_at_all() {
        let (yes, no) = (Some(true), Some(false));
        check(mcc(), [yes, no, no]);
        check(Rule::Any(vec![mcc(), cc()]), [yes, yes, no]);
        check(Rule::Not(Box::new(cc())), [yes, no, yes]);
        check(Rule::All(vec![cc(), Rule::False]), [no, no, no]);
        check(Rule::True, [yes, yes, yes]);
        check(
            Rule::Any(vec![mcc(), Rule::Is(Predicate::NewTech)]),
            [None; 3],
        );
    }

    #[test]
    fn a_family_runs_from_mcc_to_none() {
        let plan = drgdip_tables::load_plan("chs-drg-1.1").unwrap().plan;
        let codes: Vec<&str> = plan.drgs().map(|(_, _, drg)| drg.code.as_str()).collect();
        let numbers = codes.iter().copied().zip(0..).collect();
        let families = of_plan(&plan, &numbers);
        let named: Vec<Vec<&str>> = families
            .iter()
            .map(|family| family.iter().map(|n| codes[usize::from(*n)]).collect())
            .collect();
        assert!(named.contains(&vec!["BR21", "BR23", "BR25"]));
        assert!(named.contains(&vec!["FN13", "FN15"]));
        assert!(!named.iter().any(|family| family.contains(&"FM19")));
    }
}
