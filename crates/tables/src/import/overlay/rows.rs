//! The tables of MDCs, ADRGs and groups of an overlay: the cells that differ.

use super::names::ListNames;
use crate::import::orders::orders;
use crate::import::sameness;
use crate::import::table::{self, ADD, PlanTable, REMOVE, REPLACE};
use crate::import::whole::STEP;
use crate::plan::{Adrg, AdrgKind, Drg, GroupingPlan, Mdc, NoGroupFallback};
use crate::rule::{ListId, Rule};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What rules are compared with and written with.
pub(super) struct Rules<'r, 'p> {
    pub(super) base: &'p GroupingPlan,
    pub(super) target: &'p GroupingPlan,
    pub(super) lists: &'r ListNames<'p>,
    /// The names of the lists that rules of the finished plan name.
    pub(super) used: &'r mut HashSet<String>,
}

impl Rules<'_, '_> {
    /// The rule to write, or nothing where the rule of the base says the same.
    fn change(&mut self, base: Option<&Rule>, target: &Rule) -> Option<String> {
        let lists = self.lists;
        let name = |id: ListId| lists.names[id.0 as usize].as_str();
        let text = target.show(name).to_string();
        let base_name = |id: ListId| self.base.list(id).name.as_str();
        let kept = base
            .filter(|base| sameness::text_of(base, &base_name) == sameness::text_of(target, &name));
        target.each_list(&mut |id| {
            self.used.insert(name(id).to_owned());
        });
        match kept {
            Some(_) => None,
            None => Some(text),
        }
    }
}

/// A cell of a row that replaces: empty where nothing changes, `-` where it becomes empty.
pub(super) fn cell(base: &str, target: &str) -> String {
    if base == target {
        String::new()
    } else if target.is_empty() {
        "-".to_owned()
    } else {
        target.to_owned()
    }
}

/// The rows of a table of cells: what is gone, what is new, and the cells that differ.
pub(super) struct Rows<const N: usize> {
    pub(super) table: PlanTable<N>,
    key: usize,
}

impl<const N: usize> Rows<N> {
    pub(super) fn new(columns: [&'static str; N], key: usize) -> Self {
        let table = PlanTable::overlay(columns);
        Self { table, key }
    }

    pub(super) fn remove(&mut self, key: &str) {
        let mut cells = [const { String::new() }; N];
        cells[self.key] = key.to_owned();
        self.table.push(REMOVE, cells);
    }

    /// Adds a row of the target; `base` is the row of the base with the same key.
    pub(super) fn state(&mut self, base: Option<[String; N]>, target: [String; N]) {
        let Some(base) = base else {
            self.table.push(ADD, target);
            return;
        };
        if base == target {
            return;
        }
        // What is written `-` cannot be said in a row that replaces.
        if target.iter().any(|cell| cell == "-") {
            self.remove(&target[self.key].clone());
            self.table.push(ADD, target);
            return;
        }
        let mut cells = [const { String::new() }; N];
        for (index, cell_of) in cells.iter_mut().enumerate() {
            *cell_of = cell(&base[index], &target[index]);
        }
        cells[self.key].clone_from(&target[self.key]);
        self.table.push(REPLACE, cells);
    }
}

pub(super) fn mdcs(rules: &mut Rules<'_, '_>) -> PlanTable<4> {
    let (base, target) = (rules.base, rules.target);
    let mut rows = Rows::new(table::MDC, 1);
    let old: HashMap<&str, &Mdc> = by_code(&base.mdcs, |mdc| &mdc.code);
    let kept: BTreeSet<&str> = target.mdcs.iter().map(|mdc| mdc.code.as_str()).collect();
    base.mdcs
        .iter()
        .filter(|mdc| !kept.contains(mdc.code.as_str()))
        .for_each(|mdc| rows.remove(&mdc.code));
    let numbers = |mdc: &Mdc| old.get(mdc.code.as_str()).map(|mdc| mdc.order);
    let orders = orders(&target.mdcs.iter().map(numbers).collect::<Vec<_>>(), STEP);
    for (mdc, order) in target.mdcs.iter().zip(orders) {
        let before = old.get(mdc.code.as_str());
        let gate = rules.change(before.map(|old| &old.gate.rule), &mdc.gate.rule);
        let gate_kept = before.map(|old| old.gate.text.clone()).unwrap_or_default();
        let row = |order: u32, name: &str, gate: String| {
            [order.to_string(), mdc.code.clone(), name.to_owned(), gate]
        };
        rows.state(
            before.map(|old| row(old.order, &old.name, gate_kept.clone())),
            row(order, &mdc.name, gate.unwrap_or(gate_kept)),
        );
    }
    rows.table
}

fn by_code<T>(things: &[T], code: impl Fn(&T) -> &String) -> HashMap<&str, &T> {
    things
        .iter()
        .map(|thing| (code(thing).as_str(), thing))
        .collect()
}

pub(super) fn adrgs(rules: &mut Rules<'_, '_>) -> PlanTable<7> {
    let (base, target) = (rules.base, rules.target);
    let mut rows = Rows::new(table::ADRG, 2);
    let old: HashMap<&str, (&Mdc, &Adrg)> = base
        .adrgs()
        .map(|(mdc, adrg)| (adrg.code.as_str(), (mdc, adrg)))
        .collect();
    let kept: BTreeSet<&str> = target.adrgs().map(|(_, adrg)| adrg.code.as_str()).collect();
    base.adrgs()
        .filter(|(mdc, adrg)| {
            !kept.contains(adrg.code.as_str()) && target.find_mdc(&mdc.code).is_some()
        })
        .for_each(|(_, adrg)| rows.remove(&adrg.code));
    for mdc in &target.mdcs {
        let number = |adrg: &Adrg| {
            let (parent, adrg) = old.get(adrg.code.as_str())?;
            (parent.code == mdc.code).then_some(adrg.order)
        };
        let orders = orders(&mdc.adrgs.iter().map(number).collect::<Vec<_>>(), STEP);
        for (adrg, order) in mdc.adrgs.iter().zip(orders) {
            let before = old.get(adrg.code.as_str()).copied();
            let rule = rules.change(before.map(|(_, old)| &old.rule.rule), &adrg.rule.rule);
            let old_rule = before.map(|(_, old)| old.rule.text.clone());
            let rule = rule.or_else(|| old_rule.clone()).unwrap_or_default();
            let row = |mdc: &Mdc, adrg: &Adrg, (order, rule, fallback): (u32, String, &str)| {
                [
                    mdc.code.clone(),
                    order.to_string(),
                    adrg.code.clone(),
                    adrg.name.clone(),
                    kind_word(adrg.kind).to_owned(),
                    rule,
                    fallback.to_owned(),
                ]
            };
            let stated = before.and_then(|(_, old)| old.stated_fallback);
            let (was, is) = fallbacks(stated, adrg, target.settings.no_group_fallback);
            rows.state(
                before.map(|(mdc, old)| {
                    row(mdc, old, (old.order, old_rule.unwrap_or_default(), was))
                }),
                row(mdc, adrg, (order, rule, is)),
            );
        }
    }
    rows.table
}

/// The cells that say what happens when no group matches: that of the base, and the new one.
fn fallbacks(
    stated: Option<NoGroupFallback>,
    adrg: &Adrg,
    usual: NoGroupFallback,
) -> (&'static str, &'static str) {
    let was = stated.map_or("", fallback_word);
    let is = if stated.unwrap_or(usual) == adrg.fallback {
        was
    } else if adrg.fallback == usual {
        ""
    } else {
        fallback_word(adrg.fallback)
    };
    (was, is)
}

const fn fallback_word(fallback: NoGroupFallback) -> &'static str {
    match fallback {
        NoGroupFallback::Adrg => "adrg",
        NoGroupFallback::Continue => "continue",
    }
}

const fn kind_word(kind: AdrgKind) -> &'static str {
    match kind {
        AdrgKind::Surgical => "surgical",
        AdrgKind::Procedural => "procedure",
        AdrgKind::Medical => "medical",
        AdrgKind::Ambiguous => "ambiguous",
    }
}

pub(super) fn drgs(rules: &mut Rules<'_, '_>) -> PlanTable<5> {
    let (base, target) = (rules.base, rules.target);
    let mut rows = Rows::new(table::DRG, 2);
    let old: HashMap<&str, (&Adrg, &Drg)> = base
        .drgs()
        .map(|(_, adrg, drg)| (drg.code.as_str(), (adrg, drg)))
        .collect();
    let kept: BTreeSet<&str> = target.drgs().map(|(_, _, drg)| drg.code.as_str()).collect();
    let adrgs: BTreeSet<&str> = target.adrgs().map(|(_, adrg)| adrg.code.as_str()).collect();
    base.drgs()
        .filter(|(_, adrg, drg)| {
            !kept.contains(drg.code.as_str()) && adrgs.contains(adrg.code.as_str())
        })
        .for_each(|(_, _, drg)| rows.remove(&drg.code));
    for (_, adrg) in target.adrgs() {
        let number = |drg: &Drg| {
            let (parent, drg) = old.get(drg.code.as_str())?;
            (parent.code == adrg.code).then_some(drg.order)
        };
        let orders = orders(&adrg.drgs.iter().map(number).collect::<Vec<_>>(), STEP);
        for (drg, order) in adrg.drgs.iter().zip(orders) {
            let before = old.get(drg.code.as_str()).copied();
            let rule = rules.change(before.map(|(_, old)| &old.rule.rule), &drg.rule.rule);
            let old_rule = before.map(|(_, old)| old.rule.text.clone());
            let rule = rule.or_else(|| old_rule.clone()).unwrap_or_default();
            let row = |adrg: &Adrg, drg: &Drg, (order, rule): (u32, String)| {
                [
                    adrg.code.clone(),
                    order.to_string(),
                    drg.code.clone(),
                    drg.name.clone(),
                    rule,
                ]
            };
            rows.state(
                before.map(|(adrg, old)| row(adrg, old, (old.order, old_rule.unwrap_or_default()))),
                row(adrg, drg, (order, rule)),
            );
        }
    }
    rows.table
}
