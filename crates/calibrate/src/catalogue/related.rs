//! Step 5: related procedures that make groups of their own.

use super::stems::Stem;
use super::{Bench, Decisions, TreatedCase, index};
use crate::measure::Measured;
use crate::{Error, Exact};
use ahash::RandomState;
use drgdip_tables::dip::TreatmentClass;
use std::collections::{BTreeSet, HashMap, HashSet};

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
    /// In no order.
    pub(super) fn practices(&self) -> impl Iterator<Item = u32> {
        self.practices.iter().copied()
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
/// Source: `dip-3.0-draft` (≥ 10 %); policies/catalogue.md, step 5. What is left must stand too: a
/// choice of this project, so that no split costs coverage.
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
    let places = Places::new(cases);
    let mut is_taken = vec![false; cases.len()];
    let mut left = cases.len();
    for mut candidate in candidates(bench, (stem, &places), threshold, decisions)? {
        bench.watch.ask()?;
        let mut with = places.of(&candidate.practices);
        with.retain(|place| !is_taken[index(*place)]);
        let measured = bench.measure(places.cases_at(&with))?;
        let Some(own) = mean(&measured) else {
            continue;
        };
        (candidate.cases, candidate.mean) = (super::count(with.len()), own);
        let is_dear = candidate.mean >= least && candidate.cases >= threshold;
        let without = left.saturating_sub(with.len());
        let leaves_enough = super::count(without) >= threshold;
        if candidate.is_decided || (is_dear && leaves_enough) {
            found.kept.push(candidate);
            left = without;
            with.iter().for_each(|place| is_taken[index(*place)] = true);
        } else if is_dear {
            found.refused.push(candidate);
        }
    }
    Ok(found)
}

/// Where the cases of each practice stand among those of a stem, so that a candidate looks at its
/// own cases only: there are as many candidates as procedures.
struct Places<'c> {
    cases: &'c [TreatedCase],
    of_practice: HashMap<u32, Vec<u32>, RandomState>,
}

impl<'c> Places<'c> {
    fn new(cases: &'c [TreatedCase]) -> Self {
        let mut of_practice: HashMap<u32, Vec<u32>, RandomState> = HashMap::default();
        for (place, case) in (0..).zip(cases) {
            of_practice.entry(case.practice).or_default().push(place);
        }
        Self { cases, of_practice }
    }

    /// The places of the cases of some practices, in order.
    fn of(&self, practices: &HashSet<u32, RandomState>) -> Vec<u32> {
        let known = practices
            .iter()
            .filter_map(|practice| self.of_practice.get(practice));
        let mut places: Vec<u32> = known.flatten().copied().collect();
        places.sort_unstable();
        places
    }

    fn cases_at(&self, places: &[u32]) -> impl Iterator<Item = TreatedCase> {
        places.iter().map(|place| self.cases[index(*place)])
    }
}

/// Which practices of a stem have a procedure beside the main one.
struct Having<'s> {
    bench: &'s Bench<'s>,
    all: Vec<u32>,
    by_code: HashMap<u32, Vec<u32>, RandomState>,
}

impl<'s> Having<'s> {
    /// Those of a stem that are not conservative.
    fn new(bench: &'s Bench<'s>, stem: &Stem) -> Self {
        let is_treated = |practice: &u32| {
            bench.practices[index(*practice)].class != TreatmentClass::Conservative
        };
        let all: Vec<u32> = stem.practices.iter().copied().filter(is_treated).collect();
        let mut by_code: HashMap<u32, Vec<u32>, RandomState> = HashMap::default();
        for practice in &all {
            for code in &bench.practices[index(*practice)].related {
                by_code.entry(*code).or_default().push(*practice);
            }
        }
        Self {
            bench,
            all,
            by_code,
        }
    }

    /// The practices that have all of some procedures.
    fn all_of(&self, related: &[u32]) -> HashSet<u32, RandomState> {
        let of_code = |code: &u32| self.by_code.get(code).map_or(&[][..], Vec::as_slice);
        let fewest = related.iter().map(of_code).min_by_key(|found| found.len());
        let has_all = |practice: &u32| {
            let own = &self.bench.practices[index(*practice)].related;
            related.iter().all(|code| own.binary_search(code).is_ok())
        };
        let among = fewest.unwrap_or(&self.all).iter().copied();
        among.filter(has_all).collect()
    }
}

/// The candidates that have cases enough, in the order of their rows.
fn candidates(
    bench: &Bench<'_>,
    (stem, places): (&Stem, &Places<'_>),
    threshold: u64,
    decisions: &Decisions,
) -> Result<Vec<Candidate>, Error> {
    let decided = decided(bench, stem, decisions)?;
    let having = Having::new(bench, stem);
    let sets = sets(bench, stem, places, &decided);
    let mut candidates = Vec::new();
    for related in sets {
        bench.watch.ask()?;
        let practices = having.all_of(&related);
        let own = places.of(&practices);
        let is_decided = decided.contains(&related);
        if super::count(own.len()) < threshold && !is_decided {
            continue;
        }
        let measured = bench.measure(places.cases_at(&own))?;
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
    places: &Places<'_>,
    decided: &BTreeSet<Vec<u32>>,
) -> BTreeSet<Vec<u32>> {
    let mut sets = decided.clone();
    let mains: BTreeSet<u32> = stem.parts.iter().filter_map(|part| part.main).collect();
    if mains.len() != stem.parts.len() && stem.parts.iter().any(|part| part.main.is_none()) {
        return sets;
    }
    for practice in places.of_practice.keys() {
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
