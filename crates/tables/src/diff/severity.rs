//! MCC and CC, and the principal diagnoses that exclude them.

use super::content::{Pair, Side};
use crate::plan::{CodeId, Level};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A diagnosis at a level: `mcc`, `cc`, or `mcc and cc` where a plan states both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeverityName {
    /// The diagnosis.
    pub code: String,
    /// The level.
    pub level: &'static str,
}

/// A diagnosis with another level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelChange {
    /// The diagnosis.
    pub code: String,
    /// The level in the first plan.
    pub before: &'static str,
    /// The level in the second plan.
    pub after: &'static str,
}

/// Diagnoses of both plans that other principal diagnoses exclude, all changed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExclusionChange {
    /// The diagnoses that raise severity.
    pub codes: Vec<String>,
    /// Principal diagnoses that exclude them in the second plan only.
    pub added: Vec<String>,
    /// Principal diagnoses that exclude them in the first plan only.
    pub removed: Vec<String>,
}

/// How severity differs, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SeverityChanges {
    /// Diagnoses that raise severity in the second plan only.
    pub added: Vec<SeverityName>,
    /// Diagnoses that raise severity in the first plan only.
    pub removed: Vec<SeverityName>,
    /// Diagnoses with another level.
    pub levels: Vec<LevelChange>,
    /// Other exclusions, the change that most diagnoses share first.
    pub exclusions: Vec<ExclusionChange>,
}

impl SeverityChanges {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.levels.is_empty()
            && self.exclusions.is_empty()
    }
}

/// The exclusion table of a diagnosis at each level: none there, no table, or this one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Tables<'p> {
    mcc: Option<Option<&'p str>>,
    cc: Option<Option<&'p str>>,
}

impl Tables<'_> {
    const fn level(&self) -> &'static str {
        match (self.mcc, self.cc) {
            (Some(_), Some(_)) => "mcc and cc",
            (Some(_), None) => "mcc",
            _ => "cc",
        }
    }
}

/// The principal diagnoses of each exclusion table.
type Members<'p> = BTreeMap<&'p str, BTreeSet<CodeId>>;

pub(super) fn changes(pair: &Pair<'_>) -> SeverityChanges {
    let (before, after) = (by_code(&pair.before), by_code(&pair.after));
    let only = |one: &BTreeMap<CodeId, Tables<'_>>, other: &BTreeMap<CodeId, Tables<'_>>| {
        let only = one.iter().filter(|(code, _)| !other.contains_key(code));
        let names = only.map(|(code, tables)| SeverityName {
            code: pair.text(*code).to_owned(),
            level: tables.level(),
        });
        let mut names: Vec<SeverityName> = names.collect();
        names.sort_by(|one, other| one.code.cmp(&other.code));
        names
    };
    let both = before
        .iter()
        .filter_map(|(code, before)| Some((*code, *before, *after.get(code)?)));
    let both: Vec<(CodeId, Tables<'_>, Tables<'_>)> = both.collect();
    let other_level = both
        .iter()
        .filter(|(_, before, after)| before.level() != after.level());
    let levels = other_level.map(|(code, before, after)| LevelChange {
        code: pair.text(*code).to_owned(),
        before: before.level(),
        after: after.level(),
    });
    let mut levels: Vec<LevelChange> = levels.collect();
    levels.sort_by(|one, other| one.code.cmp(&other.code));
    SeverityChanges {
        added: only(&after, &before),
        removed: only(&before, &after),
        levels,
        exclusions: exclusions(pair, &both),
    }
}

fn by_code<'p>(side: &Side<'p>) -> BTreeMap<CodeId, Tables<'p>> {
    let mut by_code: BTreeMap<CodeId, Tables<'_>> = BTreeMap::new();
    for row in &side.plan.severity {
        let tables = by_code.entry(side.shared(row.code)).or_default();
        let table = Some(row.exclusion_table.as_deref());
        match row.level {
            Level::Mcc => tables.mcc = table,
            Level::Cc => tables.cc = table,
        }
    }
    by_code
}

fn members<'p>(side: &Side<'p>) -> Members<'p> {
    let mut members = Members::new();
    for row in &side.plan.exclusions {
        let table = members.entry(&row.exclusion_table).or_default();
        table.insert(side.shared(row.principal));
    }
    members
}

/// Diagnoses of both plans by how their exclusions changed.
///
/// What a diagnosis is excluded by is what excludes it at all of its levels, so a diagnosis that
/// became an MCC and kept its exclusions is a change of level only.
fn exclusions(pair: &Pair<'_>, both: &[(CodeId, Tables<'_>, Tables<'_>)]) -> Vec<ExclusionChange> {
    let (before, after) = (members(&pair.before), members(&pair.after));
    // Nearly all diagnoses share a few hundred pairs of tables, which are compared once.
    let mut by_tables: BTreeMap<_, Vec<CodeId>> = BTreeMap::new();
    for (code, old, new) in both {
        let tables = ((old.mcc, old.cc), (new.mcc, new.cc));
        by_tables.entry(tables).or_default().push(*code);
    }
    let mut by_change: BTreeMap<(Vec<CodeId>, Vec<CodeId>), Vec<CodeId>> = BTreeMap::new();
    for ((old, new), codes) in by_tables {
        let (old, new) = (excluding(&before, old), excluding(&after, new));
        if old != new {
            let added = new.difference(&old).copied().collect();
            let removed = old.difference(&new).copied().collect();
            by_change.entry((added, removed)).or_default().extend(codes);
        }
    }
    let changes = by_change
        .into_iter()
        .map(|((added, removed), codes)| ExclusionChange {
            codes: pair.texts(codes),
            added: pair.texts(added),
            removed: pair.texts(removed),
        });
    let mut changes: Vec<ExclusionChange> = changes.collect();
    changes.sort_by(|one, other| {
        let size = other.codes.len().cmp(&one.codes.len());
        size.then_with(|| one.codes.cmp(&other.codes))
    });
    changes
}

type TableOfLevel<'p> = Option<Option<&'p str>>;

fn excluding(
    members: &Members<'_>,
    (mcc, cc): (TableOfLevel<'_>, TableOfLevel<'_>),
) -> BTreeSet<CodeId> {
    let tables = [mcc, cc].into_iter().flatten().flatten();
    let codes = tables.filter_map(|table| members.get(table)).flatten();
    codes.copied().collect()
}
