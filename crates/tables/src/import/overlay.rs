//! A plan as the rows by which it differs from a base.

mod codes;
mod names;
mod rows;

use super::Head;
use super::table::PlanFiles;
use super::whole::{head_text, origin_text};
use crate::diff::settings_changes as changes;
use crate::files::FileSet;
use crate::plan::GroupingPlan;
use codes::{exclusions, severity, table_names, weights};
use names::{ListNames, list_tables};
use rows::{Rules, adrgs, drgs, mdcs};
use std::collections::{BTreeMap, HashSet};

/// The files of the overlay that makes `base` into `target`.
pub(super) fn files(base: &GroupingPlan, target: &GroupingPlan, head: &Head) -> FileSet {
    let mut files = PlanFiles::default();
    files.text("plan.toml", manifest(base, target, head));
    let lists = ListNames::new(base, target);
    let mut used: HashSet<String> = HashSet::new();
    let mut rules = Rules {
        base,
        target,
        lists: &lists,
        used: &mut used,
    };
    files.table("mdc.csv", &mdcs(&mut rules));
    files.table("adrg.csv", &adrgs(&mut rules));
    files.table("drg.csv", &drgs(&mut rules));
    for (path, table) in &list_tables(base, target, (&lists, &used)) {
        files.table(path, table);
    }
    let tables = table_names(base, target);
    files.table("severity.csv", &severity(base, target, &tables));
    files.table("exclusions.csv", &exclusions(base, target, &tables));
    files.table("weights.csv", &weights(base, target));
    files.finish(&head.id)
}

fn manifest(base: &GroupingPlan, target: &GroupingPlan, head: &Head) -> String {
    let mut sections: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for change in changes(&base.settings, &target.settings) {
        let (section, key) = change
            .key
            .split_once('.')
            .unwrap_or(("settings", change.key));
        let line = format!("{key} = {}", written(&change.after));
        sections.entry(section).or_default().push(line);
    }
    if target.weights.is_empty() && !base.weights.is_empty() {
        let settings = sections.entry("settings").or_default();
        settings.push("inherit_weights = false".to_owned());
    }
    let sections: String = sections
        .iter()
        .map(|(name, lines)| format!("\n[{name}]\n{}\n", lines.join("\n")))
        .collect();
    head_text(head, Some(&base.id)) + &sections + &origin_text(head)
}

/// The value of a setting in TOML: words are quoted, numbers, flags and lists are not.
fn written(value: &str) -> String {
    let is_plain = value.parse::<i64>().is_ok() || value.parse::<bool>().is_ok();
    if is_plain || value.starts_with('[') {
        value.to_owned()
    } else {
        toml::Value::String(value.to_owned()).to_string()
    }
}
