//! A plan as the rows by which it differs from a base.

mod codes;
mod names;
mod rows;

use super::Head;
use super::table::PlanFiles;
use super::whole::{head_text, origin_text};
use crate::files::FileSet;
use crate::plan::{Checks, CodeSettings, GroupingPlan, Settings};
use codes::{exclusions, severity, table_names, weights};
use names::{ListNames, list_tables};
use rows::{Rules, adrgs, drgs, fallback_word, mdcs};
use std::collections::HashSet;

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
    let mut settings = settings_that_differ(&base.settings, &target.settings);
    if target.weights.is_empty() && !base.weights.is_empty() {
        settings.push("inherit_weights = false".to_owned());
    }
    let checks = checks_that_differ(base.settings.checks, target.settings.checks);
    let section = |name: &str, lines: Vec<String>| match lines.is_empty() {
        true => String::new(),
        false => format!("\n[{name}]\n{}\n", lines.join("\n")),
    };
    let codes = codes_that_differ(&base.settings.codes, &target.settings.codes);
    head_text(head, Some(&base.id))
        + &section("settings", settings)
        + &section("checks", checks)
        + &section("codes", codes)
        + &origin_text(head)
}

fn settings_that_differ(base: &Settings, target: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    if base.no_group_fallback != target.no_group_fallback {
        let word = fallback_word(target.no_group_fallback);
        lines.push(format!("no_group_fallback = \"{word}\""));
    }
    let retry = target.retry_with_each_other_procedure;
    if base.retry_with_each_other_procedure != retry {
        lines.push(format!("retry_with_each_other_procedure = {retry}"));
    }
    if base.newborn_days != target.newborn_days {
        lines.push(format!("newborn_days = {}", target.newborn_days));
    }
    lines
}

fn codes_that_differ(base: &CodeSettings, target: &CodeSettings) -> Vec<String> {
    let mut lines = Vec::new();
    let mut id = |key: &str, base: &Option<String>, target: &Option<String>| {
        if base != target {
            let id = target.as_deref().unwrap_or("none");
            lines.push(format!("{key} = \"{id}\""));
        }
    };
    id("set", &base.set, &target.set);
    id("crosswalk", &base.crosswalk, &target.crosswalk);
    if base.unknown_is_invalid != target.unknown_is_invalid {
        let word = if target.unknown_is_invalid {
            "invalid"
        } else {
            "ignore"
        };
        lines.push(format!("unknown = \"{word}\""));
    }
    if base.repairs != target.repairs {
        let repairs = target.repairs;
        let stated = [
            ("\"letter_case\"", repairs.letter_case),
            ("\"full_width\"", repairs.full_width),
            ("\"spaces\"", repairs.spaces),
        ];
        let named = stated.iter().filter(|(_, is_on)| *is_on);
        let named: Vec<&str> = named.map(|(name, _)| *name).collect();
        lines.push(format!("repair = [{}]", named.join(", ")));
    }
    if base.has_grey_list && !target.has_grey_list {
        lines.push("grey = \"none\"".to_owned());
    }
    lines
}

fn checks_that_differ(base: Checks, target: Checks) -> Vec<String> {
    let both = [
        ("sex_missing", base.sex_missing, target.sex_missing),
        ("age_missing", base.age_missing, target.age_missing),
        (
            "age_0_without_days",
            base.age_0_without_days,
            target.age_0_without_days,
        ),
        (
            "newborn_without_weight",
            base.newborn_without_weight,
            target.newborn_without_weight,
        ),
        (
            "principal_missing",
            base.principal_missing,
            target.principal_missing,
        ),
    ];
    let word = |is_checked| if is_checked { "invalid" } else { "none" };
    both.into_iter()
        .filter(|(_, base, target)| base != target)
        .map(|(name, _, target)| format!("{name} = \"{}\"", word(target)))
        .collect()
}
