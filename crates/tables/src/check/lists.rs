//! Lists that no rule names, and diagnoses and procedures that lead nowhere.

use super::logic::{Formula, Slot};
use super::tree::{Row, Tree};
use super::words::{first_few, listed};
use crate::error::{Place, Warning, WarningLevel};
use crate::plan::{CodeId, RowRef};
use crate::rule::{ListId, Predicate, Scope};
use std::collections::{BTreeMap, HashSet};

pub(super) fn warn(tree: &Tree<'_>, warnings: &mut Vec<Warning>) {
    unused(tree, warnings);
    warnings.extend(outside_gate(tree, Slot::Principal));
    warnings.extend(outside_gate(tree, Slot::MainOp));
    without_mdc(tree, warnings);
}

fn unused(tree: &Tree<'_>, warnings: &mut Vec<Warning>) {
    let plan = tree.plan;
    let mut is_used = vec![false; plan.lists.len()];
    for rule in plan.rules() {
        rule.rule
            .each_list(&mut |list| is_used[list.0 as usize] = true);
    }
    let lists = plan.lists.iter().zip(is_used);
    for (list, _) in lists.filter(|(_, is_used)| !is_used) {
        let first = list.codes.iter().map(|(_, row)| *row).min();
        warnings.push(Warning {
            place: first.map_or_else(Place::default, |row| plan.place(row)),
            code: "unused_list",
            level: WarningLevel::Warning,
            subjects: vec![list.name.clone()],
            message: format!("No rule names the list `{}`.", list.name),
        });
    }
}

/// Codes that a rule wants although what stands above it lets no case with them in.
struct Outside<'t> {
    /// How many by ADRG.
    counts: Vec<(&'t str, usize)>,
    codes: Vec<CodeId>,
    first: Option<RowRef>,
}

impl<'t> Outside<'t> {
    /// Looks at the lists that one row wants; `above` is what must hold, too.
    fn look(&mut self, tree: &'t Tree<'_>, slot: Slot, (row, above): (&'t Row<'_>, &[&Formula])) {
        let mut lists: Vec<ListId> = Vec::new();
        row.holds.each_wanted_list(&mut |wanted, list| {
            if wanted == slot {
                lists.push(list);
            }
        });
        if lists.is_empty() {
            return;
        }
        let admitted = tree.admitted(slot, above.iter().copied());
        let codes = |list| tree.codes_of(list, &admitted, false);
        let mut codes: Vec<CodeId> = lists.into_iter().flat_map(codes).collect();
        codes.sort_unstable();
        codes.dedup();
        if !codes.is_empty() {
            self.counts.push((row.code, codes.len()));
            self.first.get_or_insert(row.rule.row);
            self.codes.extend(codes);
        }
    }
}

/// One note of the codes that stand in a list although the MDC, or the ADRG, takes no such case.
fn outside_gate(tree: &Tree<'_>, slot: Slot) -> Option<Warning> {
    let mut outside = Outside {
        counts: Vec::new(),
        codes: Vec::new(),
        first: None,
    };
    for mdc in &tree.mdcs {
        let gate = &mdc.row.holds;
        for node in &mdc.adrgs {
            outside.look(tree, slot, (&node.row, &[gate]));
            for group in &node.groups {
                outside.look(tree, slot, (group, &[gate, &node.row.holds]));
            }
        }
    }
    let place = tree.plan.place(outside.first?);
    outside
        .counts
        .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let by_row = outside.counts.iter();
    let by_row = listed(by_row.map(|(code, count)| format!("`{code}` {count}")));
    let entries: usize = outside.counts.iter().map(|(_, count)| count).sum();
    let codes = tree.texts(outside.codes);
    let role = match slot {
        Slot::Principal => "principal diagnosis",
        _ => "main procedure",
    };
    let message = format!(
        "{entries} entries of lists for the {role} cannot be used, because what stands above the \
         rule lets no such case in: {by_row}.",
    );
    Some(Warning {
        place,
        code: "code_outside_gate",
        level: WarningLevel::Note,
        subjects: codes,
        message,
    })
}

/// Notes of the diagnoses that stand in the list of no gate: of those that rules name, and of
/// those that raise severity.
fn without_mdc(tree: &Tree<'_>, warnings: &mut Vec<Warning>) {
    let plan = tree.plan;
    let mut in_gates: HashSet<CodeId> = HashSet::new();
    for mdc in &plan.mdcs {
        let lists = diagnosis_lists(&mdc.gate.rule);
        let codes = lists.iter().flat_map(|list| &plan.list(*list).codes);
        in_gates.extend(codes.map(|(code, _)| *code));
    }
    if in_gates.is_empty() {
        return;
    }
    let rules = plan.adrgs().map(|(_, adrg)| &adrg.rule);
    let rules = rules.chain(plan.drgs().map(|(_, _, drg)| &drg.rule));
    let lists = rules.flat_map(|rule| diagnosis_lists(&rule.rule));
    let listed = lists.flat_map(|list| plan.list(list).codes.iter().copied());
    let severe = plan.severity.iter().map(|row| (row.code, row.row));
    let homeless = |codes: &mut dyn Iterator<Item = (CodeId, RowRef)>| {
        let codes = codes.filter(|(code, _)| !in_gates.contains(code));
        codes.collect::<BTreeMap<CodeId, RowRef>>()
    };
    let found = [
        ("of the rules", homeless(&mut listed.into_iter())),
        ("that raise severity", homeless(&mut severe.into_iter())),
    ];
    warnings.extend(found.into_iter().filter_map(|(which, codes)| {
        let place = plan.place(*codes.values().min()?);
        let codes = tree.texts(codes.into_keys());
        let message = format!(
            "{} diagnoses {which} stand in the list of no MDC gate: {}.",
            codes.len(),
            first_few(&codes),
        );
        Some(Warning {
            place,
            code: "diagnosis_without_mdc",
            level: WarningLevel::Note,
            subjects: codes,
            message,
        })
    }));
}

/// The lists of diagnoses that a rule names.
fn diagnosis_lists(rule: &crate::rule::Rule) -> Vec<ListId> {
    let mut lists = Vec::new();
    rule.each_predicate(&mut |predicate| match predicate {
        Predicate::In(Scope::Principal | Scope::AnyDx | Scope::OtherDx, list) => lists.push(*list),
        Predicate::BodyRegions(regions, _) => lists.extend(regions),
        _ => {}
    });
    lists
}
