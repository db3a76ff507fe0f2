//! Severity, exclusions and weights of an overlay.

use super::rows::{Rows, cell};
use crate::import::pairing::{count_shared, free_name, pair};
use crate::import::table::{self, ADD, PlanTable, REMOVE, REPLACE};
use crate::plan::{GroupingPlan, Level};
use std::collections::{BTreeMap, BTreeSet};

/// Which table of the base each exclusion table of the target is, by their members.
///
/// Tables that are like none of the base get a name of their own that the base does not have.
pub(super) fn table_names<'p>(
    base: &'p GroupingPlan,
    target: &'p GroupingPlan,
) -> BTreeMap<&'p str, String> {
    let principals = |plan: &'p GroupingPlan| {
        plan.exclusions.iter().map(|row| {
            let code = plan.codes.text(row.principal);
            ((None, code), &*row.exclusion_table)
        })
    };
    let severities = |plan: &'p GroupingPlan| {
        plan.severity.iter().filter_map(|row| {
            let table = row.exclusion_table.as_deref()?;
            Some(((Some(row.level), plan.codes.text(row.code)), table))
        })
    };
    let shared = count_shared(
        principals(target).chain(severities(target)),
        principals(base).chain(severities(base)),
    );
    let pairs = pair(&shared, |_, _, count| {
        isize::try_from(count).unwrap_or(isize::MAX)
    });
    let all = |plan: &'p GroupingPlan| -> BTreeSet<&'p str> {
        let tables = principals(plan).chain(severities(plan));
        tables.map(|(_, table)| table).collect()
    };
    let mut taken: BTreeSet<String> = all(base).into_iter().map(str::to_owned).collect();
    let mut name = |table: &'p str| {
        let name = match pairs.get(table) {
            Some(base) => (*base).to_owned(),
            None => free_name(table, |name| taken.contains(name)),
        };
        taken.insert(name.clone());
        (table, name)
    };
    all(target).into_iter().map(&mut name).collect()
}

/// The exclusion table of each severity row, by code and level.
type Severities<'p> = BTreeMap<&'p str, BTreeMap<Level, Option<&'p str>>>;

fn severities(plan: &GroupingPlan) -> Severities<'_> {
    let mut rows = Severities::new();
    for row in &plan.severity {
        let of_code = rows.entry(plan.codes.text(row.code)).or_default();
        of_code.insert(row.level, row.exclusion_table.as_deref());
    }
    rows
}

const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Mcc => "mcc",
        Level::Cc => "cc",
    }
}

pub(super) fn severity(
    base: &GroupingPlan,
    target: &GroupingPlan,
    names: &BTreeMap<&str, String>,
) -> PlanTable<3> {
    let mut table = PlanTable::overlay(table::SEVERITY);
    let mut push = |change, code: &str, level: &str, of: &str| {
        table.push(change, [code.to_owned(), level.to_owned(), of.to_owned()]);
    };
    let (old, new) = (severities(base), severities(target));
    let nothing = BTreeMap::new();
    let codes: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    for code in codes {
        let (before, after) = (
            old.get(code).unwrap_or(&nothing),
            new.get(code).unwrap_or(&nothing),
        );
        let after: BTreeMap<Level, Option<&str>> = after
            .iter()
            .map(|(level, of)| (*level, of.map(|of| names[of].as_str())))
            .collect();
        if let ([(level, of)], [(new_level, new_of)]) = (
            before.iter().collect::<Vec<_>>().as_slice(),
            after.iter().collect::<Vec<_>>().as_slice(),
        ) {
            if (level, of) != (new_level, new_of) {
                let (level, of) = (level_word(**level), of.unwrap_or_default());
                let new_level = cell(level, level_word(**new_level));
                push(
                    REPLACE,
                    code,
                    &new_level,
                    &cell(of, new_of.unwrap_or_default()),
                );
            }
            continue;
        }
        for (level, of) in before {
            if after.get(level) != Some(of) {
                push(REMOVE, code, level_word(*level), "");
            }
        }
        for (level, of) in &after {
            if before.get(level) != Some(of) {
                push(ADD, code, level_word(*level), of.unwrap_or_default());
            }
        }
    }
    table
}

pub(super) fn exclusions(
    base: &GroupingPlan,
    target: &GroupingPlan,
    names: &BTreeMap<&str, String>,
) -> PlanTable<2> {
    let mut table = PlanTable::overlay(table::EXCLUSION);
    let tables = |plan: &'_ GroupingPlan| -> BTreeMap<String, String> {
        let rows = plan.exclusions.iter();
        rows.map(|row| {
            let code = plan.codes.text(row.principal).to_owned();
            (code, row.exclusion_table.to_string())
        })
        .collect()
    };
    let (old, new) = (tables(base), tables(target));
    for code in old.keys().filter(|code| !new.contains_key(*code)) {
        table.push(REMOVE, [String::new(), code.clone()]);
    }
    for (code, of) in &new {
        let of = &names[of.as_str()];
        match old.get(code) {
            Some(old) if old == of => {}
            Some(_) => table.push(REPLACE, [of.clone(), code.clone()]),
            None => table.push(ADD, [of.clone(), code.clone()]),
        }
    }
    table
}

pub(super) fn weights(base: &GroupingPlan, target: &GroupingPlan) -> PlanTable<4> {
    let mut rows = Rows::new(table::WEIGHT, 0);
    if target.weights.is_empty() {
        return rows.table;
    }
    let cells = |weight: &crate::plan::WeightRow| {
        [
            weight.group.clone(),
            weight.text(),
            weight.origin.clone(),
            weight.source.clone(),
        ]
    };
    let (old, new) = (base.weights_by_group(), target.weights_by_group());
    let is_group =
        |group: &str| target.find_drg(group).is_some() || target.find_adrg(group).is_some();
    // The weight of a group that is gone goes with it.
    for weight in &base.weights {
        if !new.contains_key(weight.group.as_str()) && is_group(&weight.group) {
            rows.remove(&weight.group);
        }
    }
    for weight in &target.weights {
        let before = old.get(weight.group.as_str()).map(|weight| cells(weight));
        rows.state(before, cells(weight));
    }
    rows.table
}
