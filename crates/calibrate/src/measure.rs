//! One group: what is left out, what is kept, and whether it is stable.

use crate::groups::Stability;
use crate::history::Case;
use crate::spread::Spread;
use crate::trim;
use crate::years::YearTotals;
use crate::{Error, Exact};
use drgdip_tables::policy::{Trim, WeighTerms};
use std::ops::Range;

/// What became of the cases of a group; `given` is the sum of all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrimCounts {
    /// The cases that came in.
    pub given: u64,
    /// Those whose cost is not above zero.
    pub not_positive: u64,
    /// Those left out because they cost too little.
    pub low: u64,
    /// Those left out because they cost too much.
    pub high: u64,
    /// Those left out when the group was trimmed again.
    pub again: u64,
    /// Those that are used.
    pub used: u64,
}

impl TrimCounts {
    /// Adds the counts of another group.
    pub(crate) const fn add(&mut self, more: &Self) {
        self.given = self.given.saturating_add(more.given);
        self.not_positive = self.not_positive.saturating_add(more.not_positive);
        self.low = self.low.saturating_add(more.low);
        self.high = self.high.saturating_add(more.high);
        self.again = self.again.saturating_add(more.again);
        self.used = self.used.saturating_add(more.used);
    }

    /// The cases that came in and are not used.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.given.saturating_sub(self.used)
    }
}

/// The costs in fen that a group keeps, both ends included.
///
/// What is kept is decided by costs alone, so a case is used exactly when its cost lies here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The lowest cost.
    pub lowest_fen: i64,
    /// The highest cost.
    pub highest_fen: i64,
}

impl Kept {
    /// Whether a case of the group with this cost is used.
    #[must_use]
    pub const fn contains(&self, cost_fen: i64) -> bool {
        self.lowest_fen <= cost_fen && cost_fen <= self.highest_fen
    }
}

/// A group after trimming.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) counts: TrimCounts,
    pub(crate) kept: Option<Kept>,
    pub(crate) totals: YearTotals,
    pub(crate) spread: Spread,
    pub(crate) stability: Stability,
}

impl Measured {
    /// Σ w·N of the cases that are used.
    pub(crate) fn weighted_cases(&self, terms: &WeighTerms) -> Exact {
        self.totals.weighted_cases(&terms.years)
    }

    pub(crate) fn mean(&self, terms: &WeighTerms) -> Option<Exact> {
        self.totals.mean(&terms.years, terms.year_mean)
    }
}

/// Trims and tests one group, whose cases are sorted by cost.
pub(crate) fn measure(cases: &[Case], terms: &WeighTerms) -> Result<Measured, Error> {
    let positive = cases.partition_point(|case| case.cost_fen <= 0);
    let cases = &cases[positive..];
    let costs: Vec<i64> = cases.iter().map(|case| case.cost_fen).collect();
    let first = trim::kept(&costs, &terms.trim);
    let (used, stability) = tested(&costs, first.clone(), terms);
    let mut totals = YearTotals::new(terms.years.len());
    for case in &cases[used.clone()] {
        totals.count(usize::from(case.year), case.cost_fen)?;
    }
    let counts = TrimCounts {
        given: count(positive).saturating_add(count(costs.len())),
        not_positive: count(positive),
        low: count(first.start),
        high: count(costs.len().saturating_sub(first.end)),
        again: count(first.len().saturating_sub(used.len())),
        used: count(used.len()),
    };
    let kept = &costs[used];
    Ok(Measured {
        counts,
        kept: kept_costs(kept),
        totals,
        spread: Spread::of(kept.iter().copied()),
        stability,
    })
}

/// Whether a group is stable, and what of it is used.
///
/// A group whose costs spread too far is trimmed once more. Where that does not make it stable,
/// the second trimming is undone, so that no case is left out for nothing.
///
/// Source: policies/weigh.md, the fine print (中间区段法).
fn tested(costs: &[i64], first: Range<usize>, terms: &WeighTerms) -> (Range<usize>, Stability) {
    if first.is_empty() {
        return (first, Stability::Empty);
    }
    if !is_large(first.len(), terms) {
        return (first, Stability::Small);
    }
    if is_narrow(&costs[first.clone()], terms) {
        return (first, Stability::Stable);
    }
    match terms
        .retrim
        .and_then(|again| retrimmed(costs, &first, again, terms))
    {
        Some(second) => (second, Stability::StableAfterRetrim),
        None => (first, Stability::Unstable),
    }
}

fn retrimmed(
    costs: &[i64],
    first: &Range<usize>,
    again: Trim,
    terms: &WeighTerms,
) -> Option<Range<usize>> {
    let inner = trim::kept(&costs[first.clone()], &again);
    let second = first.start.saturating_add(inner.start)..first.start.saturating_add(inner.end);
    let is_stable = is_large(second.len(), terms) && is_narrow(&costs[second.clone()], terms);
    is_stable.then_some(second)
}

fn is_large(cases: usize, terms: &WeighTerms) -> bool {
    count(cases) >= terms.min_cases
}

fn is_narrow(costs: &[i64], terms: &WeighTerms) -> bool {
    Spread::of(costs.iter().copied()).is_within(terms.stable_cv)
}

fn kept_costs(costs: &[i64]) -> Option<Kept> {
    Some(Kept {
        lowest_fen: *costs.first()?,
        highest_fen: *costs.last()?,
    })
}

fn count(cases: usize) -> u64 {
    u64::try_from(cases).unwrap_or(u64::MAX)
}
