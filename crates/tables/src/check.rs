//! Looks for what published tables have but nobody means: rows out of reach, lists without use,
//! codes that lead nowhere.
//!
//! All of this is true of a plan that can be used. It takes longer than loading, so only those
//! who ask for it wait: `drgdip tables check`, and the test of the bundled plans.

mod lists;
mod logic;
mod overlaps;
mod reach;
mod severity;
mod tree;
mod words;

use crate::error::{Warning, WarningLevel};
use crate::plan::GroupingPlan;
use std::collections::BTreeMap;
use tree::Tree;

/// What is odd about a plan, beyond what its loader says, in the order of the files.
///
/// Warnings are what whoever keeps the plan must know; notes are counts that help to read it.
/// Nothing is guessed: a row that is called unreachable is proved to be.
#[must_use]
pub fn check(plan: &GroupingPlan) -> Vec<Warning> {
    // What is odd about a DIP catalogue is told when it is loaded; it has no rules to search.
    if plan.dip.is_some() {
        return Vec::new();
    }
    let tree = Tree::new(plan);
    let mut warnings = Vec::new();
    reach::warn(&tree, &mut warnings);
    overlaps::warn(&tree, &mut warnings);
    lists::warn(&tree, &mut warnings);
    severity::warn(plan, &mut warnings);
    warnings.sort();
    warnings
}

/// What is warned of, by code: the form in which `COVERAGE.toml` lists what is known of a plan.
///
/// Notes are left out; the subjects of a code are sorted.
#[must_use]
pub fn subjects_by_code(warnings: &[Warning]) -> BTreeMap<String, Vec<String>> {
    let mut by_code: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let all = warnings.iter();
    for warning in all.filter(|warning| warning.level == WarningLevel::Warning) {
        let subjects = by_code.entry(warning.code.to_owned()).or_default();
        subjects.extend(warning.subjects.iter().cloned());
    }
    by_code.values_mut().for_each(|subjects| subjects.sort());
    by_code
}

#[cfg(test)]
mod tests;
