//! The codes of a plan by the lists that they stand in, and its rules as formulas.

use super::formula::{Formula, Vocabulary};
use super::search::Budget;
use crate::beginnings::Beginnings;
use crate::plan::{GroupingPlan, Level};
use crate::rule::{ListId, NumberField, Predicate, Rule};
use fixedbitset::FixedBitSet;
use std::collections::{BTreeSet, HashMap};

/// What the logic needs to know of a plan.
///
/// Codes that stand in the same lists, and begin with entries of the same lists, are one class,
/// since no rule can tell them apart. Class 0 is all codes of which nothing of that is true.
#[derive(Clone, Debug)]
pub(in crate::check) struct Universe {
    /// The classes of each list.
    lists: Vec<FixedBitSet>,
    /// By list whose entries rules take for beginnings, the classes that have one of them.
    starting: HashMap<ListId, FixedBitSet>,
    /// The class of each code.
    class_of: Vec<usize>,
    pub(super) classes: usize,
    pub(super) vocabulary: Vocabulary,
    pub(super) budget: Budget,
}

impl Universe {
    /// The universe of a plan.
    pub(in crate::check) fn new(plan: &GroupingPlan) -> Self {
        let memberships = memberships(plan);
        let mut classes: HashMap<Traits, usize> = HashMap::from([(Traits::default(), 0)]);
        let mut class_of = Vec::with_capacity(memberships.len());
        for traits in &memberships {
            let next = classes.len();
            class_of.push(*classes.entry(traits.clone()).or_insert(next));
        }
        // A code that the plan never mentions can begin like one that it does.
        for Traits { starting, .. } in memberships {
            let next = classes.len();
            let listed = Vec::new();
            classes.entry(Traits { listed, starting }).or_insert(next);
        }
        let none = FixedBitSet::with_capacity(classes.len() + 1);
        let mut lists = vec![none.clone(); plan.lists.len()];
        let beginnings = beginning_lists(plan).into_iter();
        let mut starting: HashMap<_, _> = beginnings.map(|list| (list, none.clone())).collect();
        for (traits, class) in &classes {
            for list in &traits.listed {
                lists[list.0 as usize].insert(*class);
            }
            for list in &traits.starting {
                starting.entry(*list).or_insert(none.clone()).insert(*class);
            }
        }
        let has = |level| plan.severity.iter().any(|row| row.level == level);
        Self {
            lists,
            starting,
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

    /// The classes that begin with an entry of a list that rules take for beginnings.
    pub(super) fn starting(&self, list: ListId) -> &FixedBitSet {
        &self.starting[&list]
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

/// What rules can say of a code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Traits {
    /// The lists that it stands in.
    listed: Vec<ListId>,
    /// The lists with an entry that it begins with.
    starting: Vec<ListId>,
}

/// By code.
fn memberships(plan: &GroupingPlan) -> Vec<Traits> {
    let mut memberships = vec![Traits::default(); plan.codes.len()];
    for (list, number) in plan.lists.iter().zip(0..) {
        for (code, _) in &list.codes {
            memberships[code.0 as usize].listed.push(ListId(number));
        }
    }
    let lists = beginning_lists(plan);
    if !lists.is_empty() {
        let beginnings = Beginnings::new(plan);
        for list in lists {
            for code in beginnings.of_list(plan, list) {
                memberships[code.0 as usize].starting.push(list);
            }
        }
    }
    memberships
}

/// The lists whose entries rules take for beginnings.
fn beginning_lists(plan: &GroupingPlan) -> BTreeSet<ListId> {
    let mut lists = BTreeSet::new();
    for stated in plan.rules() {
        stated.rule.each_predicate(&mut |predicate| {
            if let Predicate::PrincipalStarts(list) | Predicate::MainOpStarts(list) = predicate {
                lists.insert(*list);
            }
        });
    }
    lists
}
