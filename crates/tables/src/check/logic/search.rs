//! Looks for a case.

use super::facts::Facts;
use super::formula::{Formula, Slot};
use super::universe::Universe;
use fixedbitset::FixedBitSet;
use std::cell::Cell;

/// How many branches are tried before a question is left open.
const MOST_BRANCHES: u32 = 20_000;

/// How many branches are tried for one plan. The published schemes need some thousands; what is
/// written to be hard must not keep anybody waiting.
const MOST_BRANCHES_OF_PLAN: u32 = 200_000;

/// The branches that are left for the questions about one plan.
#[derive(Clone, Debug)]
pub(super) struct Budget(Cell<u32>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(MOST_BRANCHES_OF_PLAN))
    }
}

impl Budget {
    /// Asks one question with the branches that it may take.
    fn ask<T>(&self, question: impl FnOnce(&mut u32) -> T) -> T {
        let granted = self.0.get().min(MOST_BRANCHES);
        let mut left = granted;
        let answer = question(&mut left);
        self.0.set(self.0.get() - (granted - left));
        answer
    }
}

impl Universe {
    /// Whether a case can exist for which all formulas hold.
    ///
    /// `false` is proved. What cannot be decided in a bounded number of steps counts as possible.
    pub(in crate::check) fn is_possible<'f>(
        &self,
        formulas: impl IntoIterator<Item = &'f Formula>,
    ) -> bool {
        let open = formulas.into_iter().collect();
        let found = self
            .budget
            .ask(|branches| find(Facts::new(self), open, branches));
        found.unwrap_or(true)
    }
}

impl Universe {
    /// The classes that the code of a single slot can have while all formulas hold.
    ///
    /// They may be too many where the formulas leave very many ways open, never too few.
    pub(in crate::check) fn admitted<'f>(
        &self,
        slot: Slot,
        formulas: impl IntoIterator<Item = &'f Formula>,
    ) -> FixedBitSet {
        let mut found = FixedBitSet::with_capacity(self.classes + 1);
        let open = formulas.into_iter().collect();
        let facts = Facts::new(self);
        let all = facts.codes(slot).clone();
        let gathered = self
            .budget
            .ask(|branches| gather(facts, open, &mut (slot, &mut found, branches)));
        match gathered {
            Some(()) => found,
            None => all,
        }
    }
}

/// Adds what each way leaves of a slot; `None` when the branches are used up.
fn gather(
    mut facts: Facts<'_>,
    mut open: Vec<&Formula>,
    into: &mut (Slot, &mut FixedBitSet, &mut u32),
) -> Option<()> {
    if !settle(&mut facts, &mut open) || facts.codes(into.0).is_subset(into.1) {
        return Some(());
    }
    let Some(parts) = take_narrowest(&facts, &mut open) else {
        into.1.union_with(facts.codes(into.0));
        return Some(());
    };
    for part in parts.iter().filter(|part| facts.value(part) != Some(false)) {
        *into.2 = into.2.checked_sub(1)?;
        let mut rest = open.clone();
        rest.push(part);
        gather(facts.clone(), rest, into)?;
    }
    Some(())
}

/// `None` when the branches are used up.
fn find(mut facts: Facts<'_>, mut open: Vec<&Formula>, branches: &mut u32) -> Option<bool> {
    if !settle(&mut facts, &mut open) {
        return Some(false);
    }
    let Some(parts) = take_narrowest(&facts, &mut open) else {
        return Some(true);
    };
    for part in parts.iter().filter(|part| facts.value(part) != Some(false)) {
        *branches = branches.checked_sub(1)?;
        let mut rest = open.clone();
        rest.push(part);
        if find(facts.clone(), rest, branches)? {
            return Some(true);
        }
    }
    Some(false)
}

/// Settles all that is not a matter of choice; `false` when that is contradictory.
///
/// What stays open is alternatives of which at least two are possible.
fn settle<'f>(facts: &mut Facts<'_>, open: &mut Vec<&'f Formula>) -> bool {
    loop {
        let mut has_settled = false;
        let mut todo: Vec<&'f Formula> = std::mem::take(open);
        todo.reverse();
        while let Some(formula) = todo.pop() {
            match facts.value(formula) {
                Some(true) => continue,
                Some(false) => return false,
                None => {}
            }
            match formula {
                Formula::Is(atom, holds) => {
                    has_settled = true;
                    if !facts.set(atom, *holds) {
                        return false;
                    }
                }
                Formula::All(parts) => todo.extend(parts.iter().rev()),
                Formula::Any(parts) => {
                    let mut left = parts.iter().filter(|part| facts.value(part).is_none());
                    match (left.next(), left.next()) {
                        (Some(only), None) => todo.push(only),
                        _ => open.push(formula),
                    }
                }
            }
        }
        if !has_settled {
            return true;
        }
    }
}

/// Takes the alternatives of which the fewest are still possible.
fn take_narrowest<'f>(facts: &Facts<'_>, open: &mut Vec<&'f Formula>) -> Option<&'f [Formula]> {
    let width = |formula: &Formula| {
        parts_of(formula)
            .iter()
            .filter(|part| facts.value(part) != Some(false))
            .count()
    };
    let widths = open.iter().map(|formula| width(formula)).enumerate();
    let (index, _) = widths.min_by_key(|(index, width)| (*width, *index))?;
    Some(parts_of(open.swap_remove(index)))
}

/// The alternatives; nothing else stays open.
fn parts_of(formula: &Formula) -> &[Formula] {
    match formula {
        Formula::Any(parts) => parts,
        Formula::Is(..) | Formula::All(_) => &[],
    }
}
