//! Exclusion tables that exclude nothing, and groups without a weight.

use super::words::{and_more, first_few};
use crate::error::{Place, Warning, WarningLevel};
use crate::plan::{AdrgKind, GroupingPlan, RowRef};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn warn(plan: &GroupingPlan, warnings: &mut Vec<Warning>) {
    exclusion_tables(plan, warnings);
    warnings.extend(missing_weights(plan));
}

fn exclusion_tables(plan: &GroupingPlan, warnings: &mut Vec<Warning>) {
    let mut named: BTreeMap<&str, Vec<(&str, RowRef)>> = BTreeMap::new();
    for row in &plan.severity {
        if let Some(table) = &row.exclusion_table {
            let rows = named.entry(table).or_default();
            rows.push((plan.codes.text(row.code), row.row));
        }
    }
    let mut filled: BTreeMap<&str, RowRef> = BTreeMap::new();
    for row in &plan.exclusions {
        filled.entry(&row.exclusion_table).or_insert(row.row);
    }
    let empty = named
        .iter()
        .filter(|(table, _)| !filled.contains_key(**table));
    warnings.extend(empty.map(|(table, rows)| empty_table(plan, table, rows)));
    let unused = filled
        .iter()
        .filter(|(table, _)| !named.contains_key(**table));
    warnings.extend(unused.map(|(table, row)| Warning {
        place: at(plan, *row, "exclusion_table"),
        code: "unused_exclusion_table",
        level: WarningLevel::Warning,
        subjects: vec![(*table).to_owned()],
        message: format!("No row of severity.csv names the exclusion table `{table}`."),
    }));
}

fn empty_table(plan: &GroupingPlan, table: &str, rows: &[(&str, RowRef)]) -> Warning {
    let codes: Vec<String> = rows.iter().map(|(code, _)| (*code).to_owned()).collect();
    let first = rows.iter().map(|(_, row)| *row).min().unwrap_or_default();
    let count = codes.len();
    Warning {
        place: at(plan, first, "exclusion_table"),
        code: "empty_exclusion_table",
        level: WarningLevel::Warning,
        subjects: vec![table.to_owned()],
        message: format!(
            "The exclusion table `{table}` has no principal diagnosis, so nothing switches off \
             the {count} {} that it is for: {}.",
            if count == 1 { "diagnosis" } else { "diagnoses" },
            first_few(&codes),
        ),
    }
}

/// One note of the groups without a weight, where the plan has weights; a case of an ambiguous
/// group is not paid by weight.
fn missing_weights(plan: &GroupingPlan) -> Option<Warning> {
    let first = plan.weights.iter().map(|weight| weight.row).min()?;
    let weights = plan.weights_by_group();
    let weighed = plan
        .drgs()
        .filter(|(_, adrg, _)| adrg.kind != AdrgKind::Ambiguous);
    let groups: BTreeSet<&str> = weighed.map(|(_, _, drg)| drg.code.as_str()).collect();
    let missing = groups.iter().filter(|group| !weights.contains_key(**group));
    let missing: Vec<String> = missing.map(|group| (*group).to_owned()).collect();
    if missing.is_empty() {
        return None;
    }
    let message = format!(
        "{} of {} groups have no weight: {}.",
        missing.len(),
        groups.len(),
        and_more(&missing),
    );
    Some(Warning {
        place: Place {
            line: None,
            ..plan.place(first)
        },
        code: "missing_weight",
        level: WarningLevel::Note,
        subjects: missing,
        message,
    })
}

fn at(plan: &GroupingPlan, row: RowRef, field: &str) -> Place {
    Place {
        field: Some(field.to_owned()),
        ..plan.place(row)
    }
}
