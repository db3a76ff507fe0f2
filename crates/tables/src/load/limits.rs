//! What a plan may at most have, so that a compiled plan can number it with 16 bits.
//!
//! Published plans have a few thousand groups and classes of codes; tables beyond these limits
//! are refused at the row that goes beyond, before the first claim is read.

use super::cells::place;
use super::problem::PlanProblem;
use crate::beginnings::Beginnings;
use crate::error::Error;
use crate::plan::{GroupingPlan, NoGroupFallback, RowRef, StatedRule};
use crate::rule::{ListId, Predicate};
use std::collections::{BTreeSet, HashSet};

/// The limit: 65,536 numbers, less those that mean nothing, no group and no plan.
const MOST: usize = 65_533;

/// Refuses a plan that has too much of something.
pub(super) fn check(plan: &GroupingPlan) -> Result<(), Error> {
    let mdcs = plan.mdcs.iter().map(|mdc| mdc.gate.row);
    few(plan, "MDCs", mdcs.collect())?;
    let drgs = plan.drgs().map(|(_, _, drg)| drg.rule.row);
    let alone = plan.adrgs().map(|(_, adrg)| adrg);
    let alone = alone.filter(|adrg| adrg.fallback == NoGroupFallback::Adrg);
    let groups = drgs.chain(alone.map(|adrg| adrg.rule.row));
    few(plan, "groups", groups.collect())?;
    check_severity(plan)?;
    check_classes(plan)
}

fn check_severity(plan: &GroupingPlan) -> Result<(), Error> {
    if plan.severity.len() <= MOST {
        return Ok(());
    }
    let (mut codes, mut tables) = (HashSet::new(), HashSet::new());
    let mut rows: Vec<_> = plan.severity.iter().collect();
    rows.sort_by_key(|row| row.row);
    let of_codes = rows.iter().filter(|row| codes.insert(row.code));
    let of_codes = of_codes.map(|row| row.row).collect();
    few(plan, "diagnoses that raise severity", of_codes)?;
    let named = rows.iter().filter(|row| {
        let table = row.exclusion_table.as_deref();
        table.is_some_and(|table| tables.insert(table))
    });
    few(plan, "exclusion tables", named.map(|row| row.row).collect())
}

/// Codes that stand in the same lists, or begin with entries of the same ones, are one class.
fn check_classes(plan: &GroupingPlan) -> Result<(), Error> {
    let beginnings = lists_of_beginnings(plan);
    // Codes that the plan never mentions have classes of their own where beginnings are compared.
    let most = match beginnings.is_empty() {
        true => plan.codes.len(),
        false => plan.codes.len().saturating_mul(2),
    };
    if most <= MOST {
        return Ok(());
    }
    let mut lists_of_code = vec![(Vec::new(), None); plan.codes.len()];
    for (list, id) in plan.lists.iter().zip(0_u32..) {
        for (code, row) in &list.codes {
            let (lists, last) = &mut lists_of_code[code.0 as usize];
            lists.push((false, id));
            *last = Some(*row);
        }
    }
    let sorted = (!beginnings.is_empty()).then(|| Beginnings::new(plan));
    for (list, sorted) in beginnings.iter().zip(sorted.iter().cycle()) {
        for code in sorted.of_list(plan, *list) {
            lists_of_code[code.0 as usize].0.push((true, list.0));
        }
    }
    let mut classes = HashSet::new();
    for (lists, row) in lists_of_code {
        classes.insert(lists.iter().filter(|(is, _)| *is).copied().collect());
        classes.insert(lists);
        if classes.len() > MOST {
            return Err(too_many(plan, "classes of codes in the same lists", row));
        }
    }
    Ok(())
}

/// The lists with whose entries rules let codes begin.
fn lists_of_beginnings(plan: &GroupingPlan) -> BTreeSet<ListId> {
    let mut lists = BTreeSet::new();
    for stated in rules(plan) {
        stated.rule.each_predicate(&mut |predicate| {
            if let Predicate::PrincipalStarts(list) | Predicate::MainOpStarts(list) = predicate {
                lists.insert(*list);
            }
        });
    }
    lists
}

/// Every rule that a compiled plan asks.
fn rules(plan: &GroupingPlan) -> impl Iterator<Item = &StatedRule> {
    let gates = plan.mdcs.iter().map(|mdc| &mdc.gate);
    let adrgs = plan.adrgs().map(|(_, adrg)| &adrg.rule);
    let drgs = plan.drgs().map(|(_, _, drg)| &drg.rule);
    let of_catalogue = plan.dip.iter().flat_map(|dip| {
        let rows = dip.rows.iter().filter_map(|row| row.condition.as_ref());
        let kinds = dip.auxiliary.kinds.iter();
        let of_kinds = kinds.flat_map(|kind| {
            let levels = kind.levels.iter();
            let levels = levels.filter_map(|level| level.condition.as_ref());
            kind.applies.iter().chain(levels)
        });
        rows.chain(of_kinds)
    });
    gates.chain(adrgs).chain(drgs).chain(of_catalogue)
}

/// Refuses more rows than the limit, at the first that goes beyond.
fn few(plan: &GroupingPlan, what: &'static str, mut rows: Vec<RowRef>) -> Result<(), Error> {
    if rows.len() <= MOST {
        return Ok(());
    }
    rows.sort_unstable();
    Err(too_many(plan, what, rows.get(MOST).copied()))
}

fn too_many(plan: &GroupingPlan, what: &'static str, row: Option<RowRef>) -> Error {
    let place = row.map(|row| place(&plan.files, row)).unwrap_or_default();
    PlanProblem::TooMany { what, most: MOST }.at(place)
}
