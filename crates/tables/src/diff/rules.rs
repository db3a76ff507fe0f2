//! Rules of rows that both plans have.

use super::RowKind;
use super::content::{Pair, Side, each_wanted_list};
use crate::plan::{CodeId, GroupingPlan, StatedRule};
use crate::rule::{ListId, Predicate, Rule};
use serde::Serialize;
use std::collections::BTreeMap;

/// A row with a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RowName {
    /// What it is.
    pub kind: RowKind,
    /// Its code.
    pub code: String,
}

/// A rule that asks something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// The row.
    #[serde(flatten)]
    pub row: RowName,
    /// The rule as written in the first plan.
    pub before: String,
    /// The rule as written in the second plan.
    pub after: String,
    /// Codes that the rule wants in the second plan only.
    pub added: Vec<String>,
    /// Codes that the rule wants in the first plan only.
    pub removed: Vec<String>,
}

/// A list with other codes in rules that otherwise ask the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListChange {
    /// The names of the list in the second plan.
    pub lists: Vec<String>,
    /// The rows whose rules name it.
    pub rows: Vec<RowName>,
    /// What the rules ask of the list: `principal`, `main_op`, `main_op starts` and so on.
    pub scopes: Vec<&'static str>,
    /// Codes of the second plan only.
    pub added: Vec<String>,
    /// Codes of the first plan only.
    pub removed: Vec<String>,
}

/// Two lists that stand at the same place of a rule.
struct PairedLists {
    scope: &'static str,
    before: ListId,
    after: ListId,
}

pub(super) fn changes(pair: &Pair<'_>) -> (Vec<RuleChange>, Vec<ListChange>) {
    let mut rules = Vec::new();
    let mut lists = ListChanges::default();
    let before: BTreeMap<RowName, &StatedRule> = rows(pair.before.plan).collect();
    for (row, new) in rows(pair.after.plan) {
        let Some(old) = before.get(&row) else {
            continue;
        };
        if pair.before.canonical(&old.rule) == pair.after.canonical(&new.rule) {
            continue;
        }
        let mut paired = Vec::new();
        if pair_lists(&old.rule, &new.rule, &mut paired) {
            paired
                .into_iter()
                .for_each(|lists_of_rule| lists.add(pair, &row, lists_of_rule));
        } else {
            rules.push(rule_change(pair, row, (old, new)));
        }
    }
    (rules, lists.finish(pair))
}

fn rows(plan: &GroupingPlan) -> impl Iterator<Item = (RowName, &StatedRule)> {
    let name = |kind, code: &str| RowName {
        kind,
        code: code.to_owned(),
    };
    let gates = plan.mdcs.iter();
    let gates = gates.map(move |mdc| (name(RowKind::Mdc, &mdc.code), &mdc.gate));
    let adrgs = plan.adrgs();
    let adrgs = adrgs.map(move |(_, adrg)| (name(RowKind::Adrg, &adrg.code), &adrg.rule));
    let groups = plan.drgs();
    let groups = groups.map(move |(_, _, drg)| (name(RowKind::Group, &drg.code), &drg.rule));
    gates.chain(adrgs).chain(groups)
}

fn rule_change(
    pair: &Pair<'_>,
    row: RowName,
    (old, new): (&StatedRule, &StatedRule),
) -> RuleChange {
    let codes = |side: &Side<'_>, rule: &Rule| {
        let mut codes = Vec::new();
        each_wanted_list(rule, true, &mut |list| {
            codes.extend_from_slice(side.list(list))
        });
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    let before = codes(&pair.before, &old.rule);
    let after = codes(&pair.after, &new.rule);
    RuleChange {
        row,
        before: old.text.clone(),
        after: new.text.clone(),
        added: pair.texts(only(&after, &before)),
        removed: pair.texts(only(&before, &after)),
    }
}

/// What stands in one sorted list only.
pub(super) fn only(one: &[CodeId], other: &[CodeId]) -> Vec<CodeId> {
    let is_absent = |code: &&CodeId| other.binary_search(code).is_err();
    one.iter().filter(is_absent).copied().collect()
}

/// Whether two rules differ in nothing but their lists, which are then paired by place.
fn pair_lists(before: &Rule, after: &Rule, paired: &mut Vec<PairedLists>) -> bool {
    match (before, after) {
        (Rule::Not(before), Rule::Not(after)) => pair_lists(before, after, paired),
        (Rule::All(before), Rule::All(after)) | (Rule::Any(before), Rule::Any(after)) => {
            before.len() == after.len()
                && before
                    .iter()
                    .zip(after)
                    .all(|(before, after)| pair_lists(before, after, paired))
        }
        (Rule::Is(before), Rule::Is(after)) => pair_predicates(before, after, paired),
        _ => before == after,
    }
}

fn pair_predicates(before: &Predicate, after: &Predicate, paired: &mut Vec<PairedLists>) -> bool {
    match (before, after) {
        (Predicate::In(scope, before), Predicate::In(other, after)) => {
            paired.push(PairedLists {
                scope: scope.word(),
                before: *before,
                after: *after,
            });
            scope == other
        }
        (Predicate::PrincipalStarts(before), Predicate::PrincipalStarts(after)) => {
            paired.push(PairedLists {
                scope: "principal starts",
                before: *before,
                after: *after,
            });
            true
        }
        (Predicate::MainOpStarts(before), Predicate::MainOpStarts(after)) => {
            paired.push(PairedLists {
                scope: "main_op starts",
                before: *before,
                after: *after,
            });
            true
        }
        (Predicate::BodyRegions(before, least), Predicate::BodyRegions(after, other)) => {
            let lists = before.iter().zip(after).map(|(before, after)| PairedLists {
                scope: "body_regions",
                before: *before,
                after: *after,
            });
            paired.extend(lists);
            least == other && before.len() == after.len()
        }
        _ => before == after,
    }
}

/// Changed lists by the codes before and after, so that a list of many rules is told once.
#[derive(Default)]
struct ListChanges {
    index: BTreeMap<(usize, usize), usize>,
    changes: Vec<(ListId, ListId, ListChange)>,
}

impl ListChanges {
    fn add(&mut self, pair: &Pair<'_>, row: &RowName, lists: PairedLists) {
        let contents = (
            pair.before.content(lists.before),
            pair.after.content(lists.after),
        );
        if contents.0 == contents.1 {
            return;
        }
        let next = self.changes.len();
        let index = *self.index.entry(contents).or_insert(next);
        if index == next {
            let empty = ListChange {
                lists: Vec::new(),
                rows: Vec::new(),
                scopes: Vec::new(),
                added: Vec::new(),
                removed: Vec::new(),
            };
            self.changes.push((lists.before, lists.after, empty));
        }
        let (_, _, change) = &mut self.changes[index];
        let name = &pair.after.plan.list(lists.after).name;
        push_new(&mut change.lists, name.clone());
        push_new(&mut change.rows, row.clone());
        push_new(&mut change.scopes, lists.scope);
    }

    fn finish(self, pair: &Pair<'_>) -> Vec<ListChange> {
        let filled = self.changes.into_iter().map(|(before, after, change)| {
            let (before, after) = (pair.before.list(before), pair.after.list(after));
            ListChange {
                added: pair.texts(only(after, before)),
                removed: pair.texts(only(before, after)),
                ..change
            }
        });
        filled.collect()
    }
}

fn push_new<T: PartialEq>(items: &mut Vec<T>, item: T) {
    if !items.contains(&item) {
        items.push(item);
    }
}
