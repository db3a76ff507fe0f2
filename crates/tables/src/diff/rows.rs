//! Which MDCs, ADRGs and groups there are, under which names, where and in what order.

use super::content::Pair;
use crate::plan::{Adrg, AdrgKind, GroupingPlan, NoGroupFallback};
use serde::Serialize;
use std::collections::BTreeMap;

/// A row by code and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The code.
    pub code: String,
    /// The Chinese name.
    pub name: String,
    /// The MDC of an ADRG, the ADRG of a group.
    pub parent: Option<String>,
}

/// A row under another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The code.
    pub code: String,
    /// The name in the first plan.
    pub before: String,
    /// The name in the second plan.
    pub after: String,
    /// Whether only spaces and the width of signs differ.
    pub only_form: bool,
}

/// A property of a row with another value: its MDC or ADRG, its kind, its fallback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The code.
    pub code: String,
    /// Which property: `parent`, `kind` or `fallback`.
    pub what: &'static str,
    /// The value in the first plan.
    pub before: String,
    /// The value in the second plan.
    pub after: String,
}

/// A row that is tried elsewhere among rows that both plans have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reordered {
    /// The code.
    pub code: String,
    /// Where it stands: the code of its MDC or ADRG; nothing for a MDC.
    pub parent: Option<String>,
    /// What it comes next after in the first plan; nothing when it is the first.
    pub before: Option<String>,
    /// What it comes next after in the second plan.
    pub after: Option<String>,
}

/// How the rows of one kind differ, each list in the order in which rows are tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowChanges {
    /// Rows of the second plan only.
    pub added: Vec<Named>,
    /// Rows of the first plan only.
    pub removed: Vec<Named>,
    /// Rows with another name.
    pub renamed: Vec<Renamed>,
    /// Rows that stand elsewhere or are of another kind.
    pub moved: Vec<Moved>,
    /// Rows that are tried earlier or later than their siblings; as few as explain the order.
    pub reordered: Vec<Reordered>,
}

impl RowChanges {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.renamed.is_empty()
            && self.moved.is_empty()
            && self.reordered.is_empty()
    }
}

/// A group of an ADRG that is split otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitGroup {
    /// The code.
    pub group: String,
    /// The Chinese name.
    pub name: String,
    /// The rule as written.
    pub rule: String,
}

/// An ADRG that both plans have, with different groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Split {
    /// The ADRG.
    pub adrg: String,
    /// Its name in the second plan.
    pub name: String,
    /// Its groups in the first plan.
    pub before: Vec<SplitGroup>,
    /// Its groups in the second plan.
    pub after: Vec<SplitGroup>,
}

/// What is compared of a row.
struct Row<'p> {
    code: &'p str,
    name: &'p str,
    parent: Option<&'p str>,
    /// Properties with their values.
    properties: Vec<(&'static str, &'static str)>,
}

pub(super) fn mdcs(pair: &Pair<'_>) -> RowChanges {
    changes(pair, |plan| {
        let rows = plan.mdcs.iter().map(|mdc| Row {
            code: &mdc.code,
            name: &mdc.name,
            parent: None,
            properties: Vec::new(),
        });
        rows.collect()
    })
}

pub(super) fn adrgs(pair: &Pair<'_>) -> RowChanges {
    let mut changes = changes(pair, |plan| {
        let rows = plan.adrgs().map(|(mdc, adrg)| Row {
            code: &adrg.code,
            name: &adrg.name,
            parent: Some(mdc.code.as_str()),
            properties: vec![
                ("kind", kind(adrg.kind)),
                ("fallback", fallback(adrg.fallback)),
            ],
        });
        rows.collect()
    });
    // What all ADRGs without an own fallback do is a setting of the plan, and told as one.
    let [before, after] =
        [&pair.before, &pair.after].map(|side| fallback(side.plan.settings.no_group_fallback));
    changes.moved.retain(|row| {
        row.what != "fallback" || before == after || row.before != before || row.after != after
    });
    changes
}

pub(super) fn groups(pair: &Pair<'_>) -> RowChanges {
    changes(pair, |plan| {
        let rows = plan.drgs().map(|(_, adrg, drg)| Row {
            code: &drg.code,
            name: &drg.name,
            parent: Some(adrg.code.as_str()),
            properties: Vec::new(),
        });
        rows.collect()
    })
}

const fn kind(kind: AdrgKind) -> &'static str {
    match kind {
        AdrgKind::Surgical => "surgical",
        AdrgKind::Procedural => "procedure",
        AdrgKind::Medical => "medical",
        AdrgKind::Ambiguous => "ambiguous",
    }
}

const fn fallback(fallback: NoGroupFallback) -> &'static str {
    match fallback {
        NoGroupFallback::Adrg => "adrg",
        NoGroupFallback::Continue => "continue",
    }
}

fn changes<'p>(pair: &Pair<'p>, rows: fn(&'p GroupingPlan) -> Vec<Row<'p>>) -> RowChanges {
    let (before, after) = (rows(pair.before.plan), rows(pair.after.plan));
    let by_code = |rows: &[Row<'p>]| -> BTreeMap<&'p str, usize> {
        let codes = rows.iter().map(|row| row.code);
        codes.zip(0..).collect()
    };
    let (known_before, known_after) = (by_code(&before), by_code(&after));
    let is_new = |row: &&Row<'_>| !known_before.contains_key(row.code);
    let is_gone = |row: &&Row<'_>| !known_after.contains_key(row.code);
    let mut changes = RowChanges {
        added: after.iter().filter(is_new).map(named).collect(),
        removed: before.iter().filter(is_gone).map(named).collect(),
        reordered: reordered(&before, &after),
        ..RowChanges::default()
    };
    for row in &after {
        if let Some(index) = known_before.get(row.code) {
            compare(&before[*index], row, &mut changes);
        }
    }
    changes
}

fn named(row: &Row<'_>) -> Named {
    Named {
        code: row.code.to_owned(),
        name: row.name.to_owned(),
        parent: row.parent.map(str::to_owned),
    }
}

fn compare(before: &Row<'_>, after: &Row<'_>, changes: &mut RowChanges) {
    if before.name != after.name {
        changes.renamed.push(Renamed {
            code: after.code.to_owned(),
            before: before.name.to_owned(),
            after: after.name.to_owned(),
            only_form: plain(before.name) == plain(after.name),
        });
    }
    let parents = ("parent", before.parent.unwrap_or_default());
    let olds = std::iter::once(parents).chain(before.properties.iter().copied());
    let parents = ("parent", after.parent.unwrap_or_default());
    let news = std::iter::once(parents).chain(after.properties.iter().copied());
    let differing = olds.zip(news).filter(|(old, new)| old != new);
    changes.moved.extend(differing.map(|(old, new)| Moved {
        code: after.code.to_owned(),
        what: new.0,
        before: old.1.to_owned(),
        after: new.1.to_owned(),
    }));
}

/// A name without spaces and with signs in half width.
fn plain(name: &str) -> String {
    let signs = name.chars().filter(|sign| !sign.is_whitespace());
    let narrow = signs.map(|sign| match sign {
        // The full-width forms stand at a fixed distance from ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(sign as u32 - 0xfee0).unwrap_or(sign),
        _ => sign,
    });
    narrow.collect()
}

/// Siblings that both plans have in another order: all but a longest run that kept its order.
fn reordered(before: &[Row<'_>], after: &[Row<'_>]) -> Vec<Reordered> {
    let places: BTreeMap<(&str, Option<&str>), usize> = before
        .iter()
        .map(|row| (row.code, row.parent))
        .zip(0..)
        .collect();
    let mut families: BTreeMap<Option<&str>, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, row) in after.iter().enumerate() {
        if let Some(place) = places.get(&(row.code, row.parent)) {
            families
                .entry(row.parent)
                .or_default()
                .push((index, *place));
        }
    }
    let mut found = Vec::new();
    for siblings in families.values() {
        let old_places: Vec<usize> = siblings.iter().map(|(_, place)| *place).collect();
        let kept = longest_increasing(&old_places);
        let mut in_old_order = siblings.clone();
        in_old_order.sort_unstable_by_key(|(_, place)| *place);
        for (position, (index, _)) in siblings.iter().enumerate() {
            if kept.contains(&position) {
                continue;
            }
            let old_position = in_old_order.iter().position(|(other, _)| other == index);
            let code_at = |order: &[(usize, usize)], position: Option<usize>| {
                let (index, _) = order[position?.checked_sub(1)?];
                Some(after[index].code.to_owned())
            };
            found.push(Reordered {
                code: after[*index].code.to_owned(),
                parent: after[*index].parent.map(str::to_owned),
                before: code_at(&in_old_order, old_position),
                after: code_at(siblings, Some(position)),
            });
        }
    }
    found
}

/// The positions of a longest run of numbers that only grow.
fn longest_increasing(numbers: &[usize]) -> std::collections::BTreeSet<usize> {
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (position, number) in numbers.iter().enumerate() {
        let earlier = (0..position).filter(|other| numbers[*other] < *number);
        let longest = earlier.max_by_key(|other| (best[*other].0, std::cmp::Reverse(*other)));
        best.push((longest.map_or(1, |other| best[other].0 + 1), longest));
    }
    let mut kept = std::collections::BTreeSet::new();
    let last = (0..numbers.len()).max_by_key(|position| (best[*position].0, *position));
    let mut next = last;
    while let Some(position) = next {
        kept.insert(position);
        next = best[position].1;
    }
    kept
}

pub(super) fn splits(pair: &Pair<'_>) -> Vec<Split> {
    let before: BTreeMap<&str, &Adrg> = pair
        .before
        .plan
        .adrgs()
        .map(|(_, adrg)| (adrg.code.as_str(), adrg))
        .collect();
    let mut splits = Vec::new();
    for (_, adrg) in pair.after.plan.adrgs() {
        let Some(old) = before.get(adrg.code.as_str()) else {
            continue;
        };
        let codes = |adrg: &Adrg| {
            let codes = adrg.drgs.iter().map(|drg| drg.code.clone());
            codes.collect::<std::collections::BTreeSet<_>>()
        };
        if codes(old) != codes(adrg) {
            splits.push(Split {
                adrg: adrg.code.clone(),
                name: adrg.name.clone(),
                before: split_groups(old),
                after: split_groups(adrg),
            });
        }
    }
    splits
}

fn split_groups(adrg: &Adrg) -> Vec<SplitGroup> {
    let groups = adrg.drgs.iter().map(|drg| SplitGroup {
        group: drg.code.clone(),
        name: drg.name.clone(),
        rule: drg.rule.text.clone(),
    });
    groups.collect()
}
