//! The code lists of an overlay: which are those of the base, and the codes that differ.

use crate::import::pairing::{Members, count_shared, free_name, pair};
use crate::import::table::{self, ADD, PlanTable, REMOVE};
use crate::import::whole::list_file;
use crate::plan::{CodeId, GroupingPlan};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Under which name each list of the target stands in the overlay.
pub(super) struct ListNames<'p> {
    /// By the index of the list in the target.
    pub(super) names: Vec<String>,
    /// The base list that the overlay changes or takes, by the same index.
    pub(super) from: Vec<Option<&'p str>>,
}

/// The codes of the lists by their texts.
fn codes_of(plan: &GroupingPlan) -> Members<'_, &str> {
    let codes = |list: &crate::plan::CodeList| -> BTreeSet<CodeId> {
        list.codes.iter().map(|(code, _)| *code).collect()
    };
    let texts = |codes: BTreeSet<CodeId>| codes.into_iter().map(|code| plan.codes.text(code));
    plan.lists
        .iter()
        .map(|list| (list.name.as_str(), texts(codes(list)).collect()))
        .collect()
}

impl<'p> ListNames<'p> {
    pub(super) fn new(base: &'p GroupingPlan, target: &'p GroupingPlan) -> Self {
        let (base_codes, target_codes) = (codes_of(base), codes_of(target));
        let mut by_codes: HashMap<&BTreeSet<&str>, &'p str> = HashMap::new();
        for (name, codes) in &base_codes {
            by_codes.entry(codes).or_insert(name);
        }
        let equal: HashMap<&str, &'p str> = target_codes
            .iter()
            .filter_map(|(name, codes)| Some((*name, *by_codes.get(codes)?)))
            .collect();
        // A base list that some list of the target equals is taken as it is, and not changed.
        let taken: HashSet<&BTreeSet<&str>> =
            equal.values().map(|name| &base_codes[name]).collect();
        let members = |(name, codes): (&&'p str, &BTreeSet<&'p str>)| {
            let name = *name;
            codes
                .iter()
                .map(move |code| (*code, name))
                .collect::<Vec<_>>()
        };
        let left = target_codes
            .iter()
            .filter(|(name, _)| !equal.contains_key(*name))
            .flat_map(members);
        let right = base_codes
            .iter()
            .filter(|(_, codes)| !taken.contains(codes))
            .flat_map(members);
        let shared = count_shared(left, right);
        // Changing the base list costs one row for each code that differs; stating the list anew
        // costs one for each of its codes, and one that removes the list of the base.
        let worth = |_: &str, right: &str, count: usize| {
            let signed = |n: usize| isize::try_from(n).expect("fewer codes than half the memory");
            1 + 2 * signed(count) - signed(base_codes[right].len())
        };
        let changed = pair(&shared, worth);
        let from: Vec<Option<&str>> = target
            .lists
            .iter()
            .map(|list| {
                let name = list.name.as_str();
                equal.get(name).or_else(|| changed.get(name)).copied()
            })
            .collect();
        let names = Self::names(target, &from);
        Self { names, from }
    }

    /// Lists from the base keep its names; new ones keep their own where it is free.
    fn names(target: &GroupingPlan, from: &[Option<&str>]) -> Vec<String> {
        let mut taken: HashSet<String> = from.iter().flatten().map(|&n| n.to_owned()).collect();
        let mut name = |(list, from): (&crate::plan::CodeList, &Option<&str>)| match from {
            Some(name) => (*name).to_owned(),
            None => {
                let name = free_name(&list.name, |name| taken.contains(name));
                taken.insert(name.clone());
                name
            }
        };
        target.lists.iter().zip(from).map(&mut name).collect()
    }
}

/// The rows of the lists, by the file that they stand in.
pub(super) fn list_tables(
    base: &GroupingPlan,
    target: &GroupingPlan,
    (names, used): (&ListNames<'_>, &HashSet<String>),
) -> BTreeMap<String, PlanTable<2>> {
    let (base_codes, target_codes) = (codes_of(base), codes_of(target));
    let mut tables: BTreeMap<String, PlanTable<2>> = BTreeMap::new();
    let mut push = |file: String, change, list: &str, code: &str| {
        let table = tables
            .entry(file)
            .or_insert_with(|| PlanTable::overlay(table::LIST));
        table.push(change, [list.to_owned(), code.to_owned()]);
    };
    let base_files = files_of(base);
    let stays: HashSet<&str> = names
        .from
        .iter()
        .zip(&names.names)
        .filter(|(_, name)| used.contains(*name))
        .filter_map(|(from, _)| *from)
        .collect();
    for list in base
        .lists
        .iter()
        .filter(|list| !stays.contains(list.name.as_str()))
    {
        let file = list_file(&list.name, base_files[list.name.as_str()]);
        push(file, REMOVE, &list.name, "");
    }
    let target_files = files_of(target);
    for (list, (name, from)) in target.lists.iter().zip(names.names.iter().zip(&names.from)) {
        if !used.contains(name) {
            continue;
        }
        let nothing = BTreeSet::new();
        let before = from.map_or(&nothing, |from| &base_codes[from]);
        let mdc = from.map_or(target_files[list.name.as_str()], |from| base_files[from]);
        let file = list_file(name, mdc);
        let after = &target_codes[list.name.as_str()];
        for code in before.difference(after) {
            push(file.clone(), REMOVE, name, code);
        }
        for code in after.difference(before) {
            push(file.clone(), ADD, name, code);
        }
    }
    tables
}

/// The MDC whose rules name each list first; for a list without use, nothing.
fn files_of(plan: &GroupingPlan) -> HashMap<&str, &str> {
    let mut files: HashMap<&str, &str> = HashMap::new();
    for mdc in &plan.mdcs {
        let adrgs = mdc.adrgs.iter();
        let below = adrgs.flat_map(|adrg| {
            std::iter::once(&adrg.rule).chain(adrg.drgs.iter().map(|drg| &drg.rule))
        });
        for rule in std::iter::once(&mdc.gate).chain(below) {
            rule.rule.each_list(&mut |id| {
                files.entry(&plan.list(id).name).or_insert(&mdc.code);
            });
        }
    }
    for list in &plan.lists {
        files.entry(&list.name).or_insert("");
    }
    files
}
