//! The groups of a catalogue with their rows, and which practice belongs to which.

use super::related::{self, Candidate};
use super::stems::{Part, Stem, Stems};
use super::{Bench, Coverage, Decisions, TreatedCase, index};
use crate::Error;
use drgdip_tables::dip::TreatmentClass;
use std::collections::{BTreeMap, BTreeSet};

/// The layer of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupLayer {
    /// 并项病种: people joined it.
    Merged,
    /// 基本病种.
    Basic,
    /// 综合病种.
    Comprehensive,
}

/// A way into a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// What the principal diagnosis begins with, as codes by number.
    pub keys: Vec<u32>,
    /// The main procedures, any of which is asked for; empty for none or any.
    pub procedures: Vec<u32>,
    /// The related procedures that are asked for together.
    pub related: Vec<u32>,
}

/// A group (病种).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueGroup {
    /// Its code: the diagnosis, the main procedure, the related ones.
    pub code: String,
    /// The diagnosis that it is looked at with when weights are compared.
    pub family: String,
    /// The name that people gave it.
    pub name: Option<String>,
    /// Its layer.
    pub layer: GroupLayer,
    /// The treatment class that the table states, in the comprehensive layer.
    pub class: Option<TreatmentClass>,
    /// Its rows.
    pub rows: Vec<GroupRow>,
    /// Whether it is a group of primary care (基层病种).
    pub is_primary_care: bool,
    /// The stem that it belongs to, and whether related procedures set it apart.
    pub(super) stem: Option<(u32, bool)>,
    /// Whether it is treated conservatively.
    pub(super) is_conservative: bool,
}

/// Groups, and the group of each practice.
pub(super) struct Built {
    pub(super) groups: Vec<CatalogueGroup>,
    pub(super) of_practice: Vec<Option<u16>>,
    /// Candidates that would have left too few cases, by stem.
    pub(super) refused: Vec<(u32, Candidate)>,
}

/// Makes the core groups (steps 3 to 5).
pub(super) fn build(
    bench: &Bench<'_>,
    (stems, cases): (&Stems, &[TreatedCase]),
    threshold: u64,
    decisions: &Decisions,
) -> Result<Built, Error> {
    let mut built = Built {
        groups: Vec::new(),
        of_practice: vec![None; bench.practices.len()],
        refused: Vec::new(),
    };
    for (number, stem) in (0..).zip(&stems.stems) {
        bench.watch.ask()?;
        if stem.size() < threshold {
            continue;
        }
        let of_stem = &cases[stem.cases.clone()];
        let found = related::find(bench, (stem, of_stem), threshold, decisions)?;
        built
            .refused
            .extend(found.refused.into_iter().map(|c| (number, c)));
        for candidate in &found.kept {
            let group = built.add(group(bench, (number, stem), &candidate.related))?;
            built.take(candidate.practices(), group);
        }
        let group = built.add(group(bench, (number, stem), &[]))?;
        built.take(stem.practices.iter().copied(), group);
    }
    let is_split = |code: &String| built.groups.iter().any(|group| group.code == *code);
    if let Some(split) = decisions
        .splits
        .iter()
        .find(|split| !is_split(&split.group))
    {
        return Err(Error::DecisionNames(split.group.clone()));
    }
    Ok(built)
}

fn group(bench: &Bench<'_>, (number, stem): (u32, &Stem), related: &[u32]) -> CatalogueGroup {
    let names: Vec<&str> = related.iter().map(|code| bench.code(*code)).collect();
    let code = match names[..] {
        [] => stem.code.clone(),
        _ => format!("{}+{}", stem.code, names.join("+")),
    };
    let diagnosis = stem
        .parts
        .first()
        .map_or("", |part| bench.code(part.diagnosis));
    CatalogueGroup {
        code,
        family: diagnosis.to_owned(),
        name: None,
        layer: match stem.parts.len() {
            1 => GroupLayer::Basic,
            _ => GroupLayer::Merged,
        },
        class: None,
        rows: rows(&stem.parts, related),
        is_primary_care: false,
        stem: Some((number, !related.is_empty())),
        is_conservative: stem.parts.iter().all(|part| part.main.is_none()),
    }
}

/// Parts as rows: diagnoses with the same main procedures stand in one row.
fn rows(parts: &[Part], related: &[u32]) -> Vec<GroupRow> {
    let mut mains: BTreeMap<u32, (bool, BTreeSet<u32>)> = BTreeMap::new();
    for part in parts {
        let (is_conservative, of_key) = mains.entry(part.diagnosis).or_default();
        *is_conservative |= part.main.is_none();
        of_key.extend(part.main);
    }
    let mut keys: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
    for (key, (is_conservative, mains)) in mains {
        if is_conservative {
            keys.entry(Vec::new()).or_default().push(key);
        }
        if !mains.is_empty() {
            keys.entry(mains.into_iter().collect())
                .or_default()
                .push(key);
        }
    }
    let row = |(procedures, keys): (Vec<u32>, Vec<u32>)| GroupRow {
        keys,
        related: match procedures.is_empty() {
            true => Vec::new(),
            false => related.to_vec(),
        },
        procedures,
    };
    keys.into_iter().map(row).collect()
}

impl Built {
    /// Gives groups the names that people decided.
    pub(super) fn name(&mut self, decisions: &Decisions) -> Result<(), Error> {
        let mut names: BTreeMap<&String, &String> = decisions.names.iter().collect();
        for group in &mut self.groups {
            group.name = names.remove(&group.code).cloned();
        }
        match names.keys().next() {
            Some(code) => Err(Error::DecisionNames((*code).clone())),
            None => Ok(()),
        }
    }

    pub(super) fn add(&mut self, group: CatalogueGroup) -> Result<u16, Error> {
        // The last numbers mean no group in plans and outputs.
        let next = u16::try_from(self.groups.len()).ok();
        let next = next.filter(|next| *next < u16::MAX.saturating_sub(1));
        self.groups.push(group);
        next.ok_or(Error::TooManyGroups)
    }

    /// Gives a group those of some practices that none has yet.
    fn take(&mut self, practices: impl Iterator<Item = u32>, group: u16) {
        for practice in practices {
            self.of_practice[index(practice)].get_or_insert(group);
        }
    }

    pub(super) fn group_of(&self, practice: u32) -> Option<u16> {
        self.of_practice[index(practice)]
    }

    /// Counts what each kind of group takes.
    pub(super) fn coverage(&self, practices: impl Iterator<Item = (u32, u64)>) -> Coverage {
        let mut coverage = Coverage::default();
        for (practice, cases) in practices {
            let group = self
                .group_of(practice)
                .map(|group| &self.groups[usize::from(group)]);
            let kind = match group.map(|group| group.layer) {
                None => &mut coverage.ungrouped,
                Some(GroupLayer::Comprehensive) => &mut coverage.comprehensive,
                Some(GroupLayer::Basic | GroupLayer::Merged) => &mut coverage.core,
            };
            *kind = kind.saturating_add(cases);
        }
        coverage
    }

    /// Groups whose weights should not rise: a stem's group with related procedures before the
    /// one without, and a procedure before conservative treatment of the same diagnosis.
    pub(super) fn families(&self) -> Vec<Vec<u16>> {
        let numbered = || (0..).zip(&self.groups);
        let mut plain: BTreeMap<u32, u16> = BTreeMap::new();
        let mut conservative: BTreeMap<&str, u16> = BTreeMap::new();
        for (number, group) in numbered() {
            match group.stem {
                Some((stem, false)) => plain.insert(stem, number),
                _ => continue,
            };
            if group.is_conservative {
                conservative.insert(&group.family, number);
            }
        }
        let mut families = Vec::new();
        for (number, group) in numbered() {
            let mild = match group.stem {
                Some((stem, true)) => plain.get(&stem),
                Some((_, false)) => conservative.get(group.family.as_str()),
                None => None,
            };
            families.extend(
                mild.filter(|mild| **mild != number)
                    .map(|mild| vec![number, *mild]),
            );
        }
        families
    }
}
