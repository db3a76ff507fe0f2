//! The codes of a plan by the lists that they stand in, and its rules as formulas.

use super::formula::{Formula, Vocabulary};
use super::search::Budget;
use crate::plan::{GroupingPlan, Level};
use crate::rule::{ListId, NumberField, Rule};
use fixedbitset::FixedBitSet;
use std::collections::HashMap;

/// What the logic needs to know of a plan.
///
/// Codes that stand in the same lists are one class, since no rule can tell them apart. Class 0
/// is all codes that stand in no list.
#[derive(Clone, Debug)]
pub(in crate::check) struct Universe {
    /// The classes of each list.
    lists: Vec<FixedBitSet>,
    /// The class of each code.
    class_of: Vec<usize>,
    pub(super) classes: usize,
    pub(super) vocabulary: Vocabulary,
    pub(super) budget: Budget,
}

impl Universe {
    /// The universe of a plan.
    pub(in crate::check) fn new(plan: &GroupingPlan) -> Self {
        let mut memberships: Vec<Vec<u32>> = vec![Vec::new(); plan.codes.len()];
        for (list, number) in plan.lists.iter().zip(0..) {
            for (code, _) in &list.codes {
                memberships[code.0 as usize].push(number);
            }
        }
        let mut classes: HashMap<Vec<u32>, usize> = HashMap::from([(Vec::new(), 0)]);
        let mut class_of = Vec::with_capacity(memberships.len());
        for lists in memberships {
            let next = classes.len();
            class_of.push(*classes.entry(lists).or_insert(next));
        }
        let mut lists = vec![FixedBitSet::with_capacity(classes.len() + 1); plan.lists.len()];
        for (members, class) in &classes {
            for list in members {
                lists[*list as usize].insert(*class);
            }
        }
        let has = |level| plan.severity.iter().any(|row| row.level == level);
        Self {
            lists,
            class_of,
            classes: classes.len(),
            vocabulary: Vocabulary {
                has_mcc: has(Level::Mcc),
                has_cc: has(Level::Cc),
                ..Vocabulary::default()
            },
            budget: Budget::default(),
        }
    }

    /// The classes of a list.
    pub(in crate::check) fn list(&self, list: ListId) -> &FixedBitSet {
        &self.lists[list.0 as usize]
    }

    /// The class of a code, by its id.
    pub(in crate::check) fn class_of(&self, code: crate::plan::CodeId) -> usize {
        self.class_of[code.0 as usize]
    }

    /// The formula of a rule.
    pub(in crate::check) fn formula(&mut self, rule: &Rule) -> Formula {
        self.vocabulary.formula(rule)
    }

    /// What is known of every case that is tried: the facts that the plan's checks ask for, and
    /// what the facts say of each other. All rules must have been turned into formulas before.
    pub(in crate::check) fn premises(&self, plan: &GroupingPlan) -> Vec<Formula> {
        use super::formula::{Atom, Slot, WordField};
        use crate::rule::Comparison::{AtMost, Equal};
        let is = |atom| Formula::Is(atom, true);
        let is_not = |atom| Formula::Is(atom, false);
        let present = |field| is(Atom::is_present(field));
        let checks = &plan.settings.checks;
        let mut premises = self.vocabulary.laws();
        if checks.sex_missing {
            premises.push(is(Atom::Word(WordField::Sex, vec![0, 1])));
        }
        if checks.age_missing {
            premises.push(present(NumberField::AgeYears));
        }
        let not_0 = is_not(Atom::Number(NumberField::AgeYears, Equal, 0));
        if checks.age_0_without_days {
            let has_days = present(NumberField::AgeDays);
            premises.push(Formula::Any(vec![not_0.clone(), has_days]));
        }
        if checks.newborn_without_weight {
            let days = plan.settings.newborn_days;
            let is_older = is_not(Atom::Number(NumberField::AgeDays, AtMost, days));
            let has_weight = present(NumberField::BirthWeightG);
            premises.push(Formula::Any(vec![not_0, is_older, has_weight]));
        }
        if checks.principal_missing {
            premises.push(Formula::Is(Atom::HasCode(Slot::Principal), true));
        }
        premises
    }
}
