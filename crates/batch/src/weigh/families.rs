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
