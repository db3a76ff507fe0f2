//! Which codes a plan has for which purpose, and which of them change nothing.

use super::hints::{Hint, Hints};
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{CodeId, Level};
use drgdip_tables::rule::{ListId, Predicate, Scope};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A diagnosis that raises severity, unless the principal diagnosis stands in its table.
#[derive(Clone, Debug)]
pub(crate) struct Raising {
    pub(crate) code: CodeId,
    table: Option<Arc<str>>,
}

/// The codes of a plan by purpose, each sorted by code id.
#[derive(Clone, Debug)]
pub(crate) struct Universe {
    /// Diagnoses that some rule looks for as principal diagnosis.
    pub(crate) principals: Vec<CodeId>,
    /// Procedures that some rule looks for.
    pub(crate) procedures: Vec<CodeId>,
    /// Diagnoses that change no rule when they stand among the other diagnoses.
    pub(crate) quiet_diagnoses: Vec<CodeId>,
    /// Procedures that change no rule when they stand among the other procedures.
    pub(crate) quiet_procedures: Vec<CodeId>,
    /// Diagnoses that raise severity to MCC and do nothing else among the other diagnoses.
    pub(crate) mcc: Vec<Raising>,
    /// The same for CC.
    pub(crate) cc: Vec<Raising>,
    /// By principal diagnosis, the exclusion tables it stands in.
    excluded_by: HashMap<CodeId, Vec<Arc<str>>>,
}

/// The lists that rules compare with codes of each kind.
#[derive(Default)]
struct Asked {
    principal: BTreeSet<ListId>,
    any_diagnosis: BTreeSet<ListId>,
    procedure: BTreeSet<ListId>,
    other_procedure: BTreeSet<ListId>,
}

impl Asked {
    fn note(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::In(Scope::Principal, list) => _ = self.principal.insert(*list),
            Predicate::In(Scope::AnyDx | Scope::OtherDx, list) => {
                self.any_diagnosis.insert(*list);
            }
            Predicate::In(Scope::MainOp, list) => _ = self.procedure.insert(*list),
            Predicate::In(Scope::AnyOp | Scope::OtherOp, list) => {
                self.procedure.insert(*list);
                self.other_procedure.insert(*list);
            }
            Predicate::BodyRegions(lists, _) => self.any_diagnosis.extend(lists),
            _ => {}
        }
    }
}

impl Universe {
    /// Sorts the codes of a plan.
    pub(crate) fn new(plan: &GroupingPlan) -> Self {
        let mut asked = Asked::default();
        for stated in plan.rules() {
            stated
                .rule
                .each_predicate(&mut |predicate| asked.note(predicate));
        }
        let codes = |lists: &BTreeSet<ListId>| -> BTreeSet<CodeId> {
            let entries = lists.iter().flat_map(|list| &plan.list(*list).codes);
            entries.map(|(code, _)| *code).collect()
        };
        let loud_diagnoses = codes(&asked.any_diagnosis);
        let loud_procedures = codes(&asked.other_procedure);
        let raising: HashSet<CodeId> = plan.severity.iter().map(|row| row.code).collect();
        let principals = codes(&asked.principal);
        let procedures = codes(&asked.procedure);
        let special = codes(&special_lists(plan));
        let is_quiet = |code: &CodeId| !loud_diagnoses.contains(code) && !raising.contains(code);
        let quiet = principals.iter().copied().filter(is_quiet).collect();
        let raising_to = |level| raising_to(plan, level, &loud_diagnoses);
        let is_special = |code: CodeId| special.contains(&code);
        Self {
            quiet_diagnoses: without(quiet, |code| is_special(*code)),
            quiet_procedures: procedures.difference(&loud_procedures).copied().collect(),
            principals: principals.into_iter().collect(),
            procedures: procedures.into_iter().collect(),
            mcc: without(raising_to(Level::Mcc), |row| is_special(row.code)),
            cc: without(raising_to(Level::Cc), |row| is_special(row.code)),
            excluded_by: excluded_by(plan),
        }
    }

    /// The rows that raise severity to a level.
    pub(crate) fn raising(&self, level: Level) -> &[Raising] {
        match level {
            Level::Mcc => &self.mcc,
            Level::Cc => &self.cc,
        }
    }

    /// Whether a diagnosis raises the severity of cases with this principal diagnosis.
    pub(crate) fn counts(&self, raising: &Raising, principal: CodeId) -> bool {
        let Some(table) = &raising.table else {
            return true;
        };
        let tables = self.excluded_by.get(&principal);
        !tables.is_some_and(|tables| tables.contains(table))
    }
}

/// The lists of MDCs that are for patients of one sex or age, by their gates or their names.
///
/// Their diagnoses would look odd among the other diagnoses of everyone else.
fn special_lists(plan: &GroupingPlan) -> BTreeSet<ListId> {
    let hints = Hints::bundled();
    let mut lists = BTreeSet::new();
    for mdc in &plan.mdcs {
        let mut is_special = hints.of(&[&mdc.name]) != Hint::default();
        let mut of_gate = Vec::new();
        mdc.gate
            .rule
            .each_predicate(&mut |predicate| match predicate {
                Predicate::SexIs(_) | Predicate::Number(..) => is_special = true,
                Predicate::In(Scope::Principal, list) => of_gate.push(*list),
                _ => {}
            });
        if is_special {
            lists.extend(of_gate);
        }
    }
    lists
}

/// The entries that are not special; all when there would be none left.
fn without<T: Clone>(entries: Vec<T>, is_special: impl Fn(&T) -> bool) -> Vec<T> {
    let kept: Vec<T> = entries
        .iter()
        .filter(|entry| !is_special(entry))
        .cloned()
        .collect();
    if kept.is_empty() { entries } else { kept }
}

/// Codes with two levels or in lists that rules ask for are left out: they would do more.
fn raising_to(plan: &GroupingPlan, level: Level, loud: &BTreeSet<CodeId>) -> Vec<Raising> {
    let other: HashSet<CodeId> = plan
        .severity
        .iter()
        .filter(|row| row.level != level)
        .map(|row| row.code)
        .collect();
    plan.severity
        .iter()
        .filter(|row| row.level == level)
        .filter(|row| !other.contains(&row.code) && !loud.contains(&row.code))
        .map(|row| Raising {
            code: row.code,
            table: row.exclusion_table.clone(),
        })
        .collect()
}

fn excluded_by(plan: &GroupingPlan) -> HashMap<CodeId, Vec<Arc<str>>> {
    let mut tables: HashMap<CodeId, Vec<Arc<str>>> = HashMap::new();
    for row in &plan.exclusions {
        let named = tables.entry(row.principal).or_default();
        named.push(Arc::clone(&row.exclusion_table));
    }
    tables
}
