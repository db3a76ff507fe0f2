//! Steps 2 to 4: diagnoses with their treatment, what people joined, the threshold.

use super::{Bench, Decisions, TreatedCase, count, index};
use crate::{Error, Exact};
use drgdip_tables::dip::TreatmentClass;
use drgdip_tables::policy::Threshold;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// A diagnosis with its main procedure; without one it is treated conservatively.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Part {
    pub(super) diagnosis: u32,
    pub(super) main: Option<u32>,
}

impl Part {
    pub(super) fn code(self, bench: &Bench<'_>) -> String {
        let diagnosis = bench.code(self.diagnosis);
        match self.main {
            None => diagnosis.to_owned(),
            Some(main) => format!("{diagnosis}:{}", bench.code(main)),
        }
    }
}

/// One part, or several that people joined.
#[derive(Clone, Debug)]
pub(super) struct Stem {
    pub(super) code: String,
    pub(super) parts: Vec<Part>,
    pub(super) practices: Vec<u32>,
    /// Where its cases stand, sorted by cost.
    pub(super) cases: Range<usize>,
}

pub(super) struct Stems {
    /// Sorted by code.
    pub(super) stems: Vec<Stem>,
}

/// Finds the stems, and sorts the cases by stem and cost; those without a stem come last.
pub(super) fn find(
    bench: &Bench<'_>,
    decisions: &Decisions,
    cases: &mut [TreatedCase],
) -> Result<Stems, Error> {
    let mut parts: BTreeMap<Part, Vec<u32>> = BTreeMap::new();
    for (number, practice) in (0..).zip(bench.practices) {
        bench.watch.ask()?;
        let is_conservative = practice.class == TreatmentClass::Conservative;
        let Some(diagnosis) = practice.diagnosis else {
            continue;
        };
        if !is_conservative && practice.main.is_none() {
            continue;
        }
        let main = practice.main.filter(|_| !is_conservative);
        let part = Part { diagnosis, main };
        parts.entry(part).or_default().push(number);
    }
    let mut stems = joined(bench, parts, decisions)?;
    let mut of_practice = vec![None; bench.practices.len()];
    for (number, stem) in (0..).zip(&stems) {
        for practice in &stem.practices {
            of_practice[index(*practice)] = Some(number);
        }
    }
    let stem_of = |case: &TreatedCase| of_practice[index(case.practice)].unwrap_or(u32::MAX);
    let place = |case: &TreatedCase| (stem_of(case), case.cost_fen, *case);
    bench.watch.sort_by_key(cases, place)?;
    let mut from = 0;
    for (number, stem) in (0_u32..).zip(&mut stems) {
        let until = cases.partition_point(|case| stem_of(case) <= number);
        stem.cases = from..until;
        from = until;
    }
    Ok(Stems { stems })
}

/// One stem for each part, or for all that people joined.
fn joined(
    bench: &Bench<'_>,
    parts: BTreeMap<Part, Vec<u32>>,
    decisions: &Decisions,
) -> Result<Vec<Stem>, Error> {
    let mut into: HashMap<&str, &str> = HashMap::new();
    for join in &decisions.joins {
        for member in &join.members {
            let other = into.insert(member, &join.into);
            if other.is_some_and(|other| other != join.into) {
                return Err(Error::DecidedTwice(member.clone()));
            }
        }
    }
    for target in into.values() {
        // What moves on itself cannot take others in.
        if into.get(target).is_some_and(|further| further != target) {
            return Err(Error::DecidedTwice((*target).to_owned()));
        }
    }
    let mut found: BTreeMap<String, Stem> = BTreeMap::new();
    for (part, mut practices) in parts {
        let own = part.code(bench);
        let code = into.remove(own.as_str()).map_or(own, str::to_owned);
        let stem = found.entry(code.clone()).or_insert_with(|| Stem {
            code,
            parts: Vec::new(),
            practices: Vec::new(),
            cases: 0..0,
        });
        stem.parts.push(part);
        stem.practices.append(&mut practices);
    }
    match into.keys().min() {
        Some(missing) => Err(Error::DecisionNames((*missing).to_owned())),
        None => Ok(found.into_values().collect()),
    }
}

impl Stem {
    pub(super) fn size(&self) -> u64 {
        count(self.cases.len())
    }
}

impl Stems {
    /// The cases that have a stem.
    pub(super) fn cases(&self) -> u64 {
        self.stems
            .iter()
            .map(Stem::size)
            .fold(0, u64::saturating_add)
    }

    /// From how many cases on a stem is a core group (临界值).
    ///
    /// With a coverage, the largest groups are taken until they cover that share of all usable
    /// cases; the threshold is the cases of the last one that it took. Where all of them together
    /// do not reach it, that is the smallest.
    ///
    /// Source: `dip-3.0-draft`; policies/catalogue.md, step 4.
    pub(super) fn threshold(&self, usable: u64, terms: Threshold) -> u64 {
        let share = match terms {
            Threshold::Fixed(cases) => return cases,
            Threshold::Coverage(share) => share,
        };
        let mut sizes: Vec<u64> = self
            .stems
            .iter()
            .map(Stem::size)
            .filter(|n| *n > 0)
            .collect();
        sizes.sort_unstable_by_key(|size| std::cmp::Reverse(*size));
        let wanted = Exact::decimal(share).times(&Exact::whole(usable));
        let mut covered = 0_u64;
        for size in &sizes {
            covered = covered.saturating_add(*size);
            if Exact::whole(covered) >= wanted {
                return *size;
            }
        }
        sizes.last().copied().unwrap_or(1)
    }
}
