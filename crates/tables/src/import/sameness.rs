//! Whether two plans group and weigh alike, whatever their lists and tables are called.

use crate::plan::{GroupingPlan, StatedRule};
use crate::rule::{ListId, Predicate, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// The first thing that two plans say differently, as a line of each; `None` when they are alike.
pub(super) fn first_difference(left: &GroupingPlan, right: &GroupingPlan) -> Option<String> {
    let (left, right) = (lines(left), lines(right));
    let longest = left.len().max(right.len());
    let line = |lines: &[String], at: usize| lines.get(at).cloned().unwrap_or_default();
    (0..longest)
        .map(|at| (line(&left, at), line(&right, at)))
        .find(|(left, right)| left != right)
        .map(|(left, right)| format!("{left} ≠ {right}"))
}

/// A rule in a form in which rules that differ only in parentheses are equal.
pub(super) fn text_of<'a>(rule: &Rule, name: &impl Fn(ListId) -> &'a str) -> String {
    match rule {
        Rule::True => "true".to_owned(),
        Rule::False => "false".to_owned(),
        Rule::Not(inner) => format!("not({})", text_of(inner, name)),
        Rule::All(_) => joined(rule, name, " and "),
        Rule::Any(_) => joined(rule, name, " or "),
        Rule::Is(predicate) => {
            let predicate: &Predicate = predicate;
            Rule::Is(predicate.clone()).show(|id| name(id)).to_string()
        }
    }
}

fn joined<'a>(rule: &Rule, name: &impl Fn(ListId) -> &'a str, word: &str) -> String {
    let mut parts = Vec::new();
    collect(rule, rule, &mut parts);
    let parts: Vec<String> = parts.iter().map(|part| text_of(part, name)).collect();
    format!("({})", parts.join(word))
}

/// The parts of a rule, with parts of the same kind opened.
fn collect<'r>(outer: &Rule, rule: &'r Rule, parts: &mut Vec<&'r Rule>) {
    match (outer, rule) {
        (Rule::All(_), Rule::All(inner)) | (Rule::Any(_), Rule::Any(inner)) => {
            inner.iter().for_each(|part| collect(outer, part, parts));
        }
        _ => parts.push(rule),
    }
}

/// Everything that a plan says, a line for each thing, in an order that names do not change.
fn lines(plan: &GroupingPlan) -> Vec<String> {
    let lists: Vec<String> = plan
        .lists
        .iter()
        .map(|list| {
            let codes: BTreeSet<&str> = list.codes.iter().map(|c| plan.codes.text(c.0)).collect();
            let codes: Vec<&str> = codes.into_iter().collect();
            format!("[{}]", codes.join(" "))
        })
        .collect();
    let name = |id: ListId| lists[id.0 as usize].as_str();
    let rule = |stated: &StatedRule| text_of(&stated.rule, &name);
    let mut lines = vec![format!("{:?}", plan.settings)];
    for mdc in &plan.mdcs {
        lines.push(format!("{} {} {}", mdc.code, mdc.name, rule(&mdc.gate)));
        for adrg in &mdc.adrgs {
            lines.push(format!(
                "{} {} {:?} {:?} {}",
                adrg.code,
                adrg.name,
                adrg.kind,
                adrg.fallback,
                rule(&adrg.rule)
            ));
            for drg in &adrg.drgs {
                lines.push(format!("{} {} {}", drg.code, drg.name, rule(&drg.rule)));
            }
        }
    }
    lines.extend(severity_lines(plan));
    let weights = plan.weights.iter();
    lines.extend(weights.map(|weight| format!("{} {}", weight.group, weight.text())));
    lines
}

fn severity_lines(plan: &GroupingPlan) -> Vec<String> {
    let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in &plan.exclusions {
        let table = members.entry(&row.exclusion_table).or_default();
        table.insert(plan.codes.text(row.principal));
    }
    let members: BTreeMap<&str, String> = members
        .into_iter()
        .map(|(table, codes)| (table, codes.into_iter().collect::<Vec<_>>().join(" ")))
        .collect();
    let rows = plan.severity.iter().map(|row| {
        let table = row.exclusion_table.as_deref();
        let by = table
            .and_then(|table| members.get(table))
            .map_or("", |by| by);
        let code = plan.codes.text(row.code);
        (code, row.level, by)
    });
    let rows: BTreeSet<_> = rows.collect();
    rows.into_iter()
        .map(|(code, level, by)| format!("{code} {level:?} [{by}]"))
        .collect()
}
