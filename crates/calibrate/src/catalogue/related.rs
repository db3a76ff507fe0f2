//! Step S5: related procedures that make groups of their own.

use super::stems::Stem;
use super::{Bench, Decisions, TreatedCase, index};
use crate::measure::Measured;
use crate::{Error, Exact};
use ahash::RandomState;
use drgdip_tables::dip::TreatmentClass;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Related procedures whose cases may be a group.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) related: Vec<u32>,
    /// The practices of the stem that have them all.
    practices: HashSet<u32, RandomState>,
    /// The mean cost of their cases in fen.
    pub(super) mean: Exact,
    pub(super) cases: u64,
    pub(super) is_decided: bool,
}

impl Candidate {
    pub(super) fn has(&self, practice: u32) -> bool {
        self.practices.contains(&practice)
    }
}

/// What is known of a stem's related procedures.
pub(super) struct Found {
    /// The groups to make, in the order in which rows must stand.
    pub(super) kept: Vec<Candidate>,
    /// Those that raise the mean enough, and would leave too few cases behind.
    pub(super) refused: Vec<Candidate>,
}

/// Decides which related procedures of a stem make groups of their own.
///
/// Candidates are single procedures and all the related procedures of a practice together. One
/// stands when its cases reach the threshold, cost at least so much more than all cases of the
/// stem, and leave as many behind as a group needs; otherwise it is folded back. More procedures
/// go before fewer and dearer ones before cheaper ones, as the rows of the table do.
///
/// Source: S-DIP3 (≥ 10 %); payment-spec A5, step S5. What is left must stand too: a choice of this
/// project, so that no split costs coverage.
pub(super) fn find(
    bench: &Bench<'_>,
    (stem, cases): (&Stem, &[TreatedCase]),
    threshold: u64,
    decisions: &Decisions,
) -> Result<Found, Error> {
    let all = bench.measure(cases.iter().copied())?;
    let mean = |measured: &Measured| measured.mean(&bench.terms.weigh);
    let mut found = Found {
        kept: Vec::new(),
        refused: Vec::new(),
    };
    let Some(all) = mean(&all) else {
        return Ok(found);
    };
    let least = all.times(&Exact::whole(1).plus(&Exact::decimal(bench.terms.related_increase)));
    let mut left: Vec<TreatedCase> = cases.to_vec();
    for mut candidate in candidates(bench, (stem, cases), threshold, decisions)? {
        let (with, without): (Vec<_>, Vec<_>) =
            left.iter().partition(|case| candidate.has(case.practice));
        let measured = bench.measure(with.iter().copied())?;
        let Some(own) = mean(&measured) else {
            continue;
        };
        (candidate.cases, candidate.mean) = (super::count(with.len()), own);
        let is_dear = candidate.mean >= least && candidate.cases >= threshold;
        let leaves_enough = super::count(without.len()) >= threshold;
        if candidate.is_decided || (is_dear && leaves_enough) {
            found.kept.push(candidate);
            left = without;
        } else if is_dear {
            found.refused.push(candidate);
        }
    }
    Ok(found)
}

/// The candidates that have cases enough, in the order of their rows.
fn candidates(
    bench: &Bench<'_>,
    (stem, cases): (&Stem, &[TreatedCase]),
    threshold: u64,
    decisions: &Decisions,
) -> Result<Vec<Candidate>, Error> {
    let decided = decided(bench, stem, decisions)?;
    let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
    for case in cases {
        let size = sizes.entry(case.practice).or_default();
        *size = size.saturating_add(1);
    }
    let sets = sets(bench, stem, &sizes, &decided);
    let mut candidates = Vec::new();
    for related in sets {
        let has = |practice: &u32| {
            let practice = &bench.practices[index(*practice)];
            let of_practice = &practice.related;
            practice.class != TreatmentClass::Conservative
                && related
                    .iter()
                    .all(|code| of_practice.binary_search(code).is_ok())
        };
        let practices: HashSet<u32, RandomState> =
            stem.practices.iter().copied().filter(has).collect();
        let number = practices.iter().filter_map(|practice| sizes.get(practice));
        let is_decided = decided.contains(&related);
        if number.fold(0, |all: u64, n| all.saturating_add(*n)) < threshold && !is_decided {
            continue;
        }
        let own = cases
            .iter()
            .filter(|case| practices.contains(&case.practice));
        let measured = bench.measure(own.copied())?;
        if let Some(mean) = measured.mean(&bench.terms.weigh) {
            candidates.push(Candidate {
                related,
                practices,
                mean,
                cases: 0,
                is_decided,
            });
        }
    }
    candidates.sort_by(|a, b| {
        let by_size = b.related.len().cmp(&a.related.len());
        by_size
            .then(b.mean.cmp(&a.mean))
            .then(a.related.cmp(&b.related))
    });
    Ok(candidates)
}

/// Single related procedures, and those of a practice together. Related procedures of a stem
/// treated conservatively, and the stem's own main procedures, are none.
fn sets(
    bench: &Bench<'_>,
    stem: &Stem,
    sizes: &BTreeMap<u32, u64>,
    decided: &BTreeSet<Vec<u32>>,
) -> BTreeSet<Vec<u32>> {
    let mut sets = decided.clone();
    let mains: BTreeSet<u32> = stem.parts.iter().filter_map(|part| part.main).collect();
    if mains.len() != stem.parts.len() && stem.parts.iter().any(|part| part.main.is_none()) {
        return sets;
    }
    for practice in sizes.keys() {
        let related = bench.practices[index(*practice)].related.iter().copied();
        let related: Vec<u32> = related.filter(|code| !mains.contains(code)).collect();
        sets.extend(related.iter().map(|code| vec![*code]));
        if related.len() > 1 && super::count(related.len()) <= bench.terms.related_most.into() {
            sets.insert(related);
        }
    }
    sets
}

/// The sets that people want for this stem.
fn decided(
    bench: &Bench<'_>,
    stem: &Stem,
    decisions: &Decisions,
) -> Result<BTreeSet<Vec<u32>>, Error> {
    let of_stem = decisions
        .splits
        .iter()
        .filter(|split| split.group == stem.code);
    let set = |related: &Vec<String>| {
        let number = |code: &String| {
            let found = bench.codes.binary_search(code).ok();
            let found = found.and_then(|at| u32::try_from(at).ok());
            found.ok_or_else(|| Error::DecisionNames(code.clone()))
        };
        let mut set: Vec<u32> = related.iter().map(number).collect::<Result<_, _>>()?;
        set.sort_unstable();
        set.dedup();
        Ok(set)
    };
    of_stem.map(|split| set(&split.related)).collect()
}
