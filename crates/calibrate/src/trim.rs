//! Which cases of a group are left out before its mean is taken (裁剪).
//!
//! Costs come sorted, so what is kept is one run of them. The fences of a method say what should
//! go. Where more should go than the cap allows, the most extreme costs go first: of the lowest
//! and the highest cost left, the one that stands further from the group's mean as a ratio, the
//! highest one where they are level. Equal costs go together or stay together; once the next ones
//! do not all fit under the cap, nothing more goes.
//!
//! Source: policies/weigh.md, `weigh.trim` (percentiles: `dip-3.0-draft`; multiples, deviations,
//! ranges: common practice of the field). The order under the cap is a choice of this project.

use crate::exact::Exact;
use crate::ln::ln_fen;
use crate::spread::Spread;
use drgdip_tables::policy::{Trim, TrimMethod};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use rust_decimal::Decimal;
use std::ops::Range;

/// What is kept of the costs of one group, which are sorted and above zero.
pub(crate) fn kept(costs: &[i64], terms: &Trim) -> Range<usize> {
    let is_small = u64::try_from(costs.len()).is_ok_and(|n| n < terms.min_cases);
    if costs.is_empty() || is_small {
        return 0..costs.len();
    }
    let wanted = fences(costs, terms.method);
    let most = share_of(costs.len(), terms.max_share);
    under_cap(costs, wanted, most)
}

/// ⌊share × n⌋.
fn share_of(cases: usize, share: Decimal) -> usize {
    let part = Exact::decimal(share).times(&Exact::whole(cases)).floor();
    part.to_usize().unwrap_or(cases).min(cases)
}

/// What the fences of a method keep.
fn fences(costs: &[i64], method: TrimMethod) -> Range<usize> {
    match method {
        TrimMethod::None => 0..costs.len(),
        TrimMethod::Percentile { lower, upper } => {
            let (low, high) = percentiles(costs, lower, upper);
            between(costs, |cost| cost < low, |cost| cost > high)
        }
        TrimMethod::Multiple { below, above } => multiples(costs, below, above),
        TrimMethod::LognormalSd(deviations) => lognormal(costs, deviations),
        TrimMethod::Iqr(ranges) => interquartile(costs, ranges),
    }
}

/// The run of costs that is neither too low nor too high.
fn between(
    costs: &[i64],
    is_low: impl Fn(i64) -> bool,
    is_high: impl Fn(i64) -> bool,
) -> Range<usize> {
    let start = costs.partition_point(|cost| is_low(*cost));
    let end = costs.partition_point(|cost| !is_high(*cost));
    start..end.max(start)
}

/// The costs at two percentiles: at most ⌊lower × n⌋ cases lie below the first, and at most
/// ⌊(1 − upper) × n⌋ above the second, so that both ends are treated alike.
fn percentiles(costs: &[i64], lower: Decimal, upper: Decimal) -> (i64, i64) {
    let last = costs.len().saturating_sub(1);
    let low = share_of(costs.len(), lower).min(last);
    let rest = Exact::whole(1).minus(&Exact::decimal(upper));
    let high = rest.times(&Exact::whole(costs.len())).floor();
    let high = high.to_usize().unwrap_or(0).min(last);
    (costs[low], costs[last.saturating_sub(high)])
}

/// Leaves out what costs more than a, or less than b, times the mean: C·n > a·Σ, C·n < b·Σ.
fn multiples(costs: &[i64], below: Decimal, above: Decimal) -> Range<usize> {
    let sum = Exact::whole(Spread::of(costs.iter().copied()).sum().clone());
    let (low, high) = (
        sum.times(&Exact::decimal(below)),
        sum.times(&Exact::decimal(above)),
    );
    let n = Exact::whole(costs.len());
    let scaled = |cost: i64| Exact::whole(cost).times(&n);
    between(costs, |c| scaled(c) < low, |c| scaled(c) > high)
}

/// Leaves out |ln C − μ| > k·σ; squared and times n²: (n·ln C − Σ)² > k²·(n·Σln² − (Σ ln)²).
fn lognormal(costs: &[i64], deviations: Decimal) -> Range<usize> {
    let spread = Spread::of(costs.iter().map(|cost| ln_fen(*cost)));
    let k = Exact::decimal(deviations);
    let limit = k.times(&k).times(&Exact::whole(spread.scaled_variance()));
    let (n, sum) = (
        Exact::whole(costs.len()),
        Exact::whole(spread.sum().clone()),
    );
    let distance = |cost: i64| Exact::whole(ln_fen(cost)).times(&n).minus(&sum);
    let is_far = |distance: &Exact| distance.times(distance) > limit;
    let is_high = |cost| {
        let distance = distance(cost);
        distance.is_positive() && is_far(&distance)
    };
    let is_low = |cost| {
        let distance = distance(cost);
        !distance.is_positive() && is_far(&distance)
    };
    between(costs, is_low, is_high)
}

/// Leaves out what lies more than k interquartile ranges outside the quartiles.
fn interquartile(costs: &[i64], ranges: Decimal) -> Range<usize> {
    let (first, third) = percentiles(costs, Decimal::new(25, 2), Decimal::new(75, 2));
    let (first, third) = (Exact::whole(first), Exact::whole(third));
    let reach = third.minus(&first).times(&Exact::decimal(ranges));
    let (low, high) = (first.minus(&reach), third.plus(&reach));
    let is_low = |cost| Exact::whole(cost) < low;
    between(costs, is_low, |cost| Exact::whole(cost) > high)
}

/// Takes from the ends of the costs what lies outside `wanted`, the most extreme first, and at
/// most `most` of them.
fn under_cap(costs: &[i64], wanted: Range<usize>, most: usize) -> Range<usize> {
    let outside = costs.len().saturating_sub(wanted.len());
    if outside <= most {
        return wanted;
    }
    let ends = Ends::new(costs);
    let (mut kept, mut left) = (0..costs.len(), most);
    while kept.start < wanted.start || kept.end > wanted.end {
        let low = costs.get(kept.start).filter(|_| kept.start < wanted.start);
        let last = kept.end.saturating_sub(1);
        let high = costs.get(last).filter(|_| kept.end > wanted.end);
        let takes_high = match (low, high) {
            (Some(low), Some(high)) => ends.is_high_further(*low, *high),
            (low, _) => low.is_none(),
        };
        let next = if takes_high {
            kept.start..costs.partition_point(|cost| *cost < costs[last])
        } else {
            costs.partition_point(|cost| *cost <= costs[kept.start])..kept.end
        };
        let taken = kept.len().saturating_sub(next.len());
        let Some(rest) = left.checked_sub(taken) else {
            break;
        };
        (kept, left) = (next, rest);
    }
    kept
}

/// Compares the two ends of a group's costs.
struct Ends {
    n_squared: BigInt,
    sum_squared: BigInt,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "big integers grow as needed"
)]
impl Ends {
    fn new(costs: &[i64]) -> Self {
        let spread = Spread::of(costs.iter().copied());
        let n = BigInt::from(spread.cases());
        Self {
            n_squared: &n * &n,
            sum_squared: spread.sum() * spread.sum(),
        }
    }

    /// Whether high/mean ≥ mean/low, that is low·high·n² ≥ Σ².
    fn is_high_further(&self, low: i64, high: i64) -> bool {
        BigInt::from(low) * high * &self.n_squared >= self.sum_squared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).expect("a decimal")
    }

    fn terms(method: TrimMethod, max_share: &str) -> Trim {
        Trim {
            method,
            max_share: decimal(max_share),
            min_cases: 0,
        }
    }

    #[track_caller]
    fn check(costs: &[i64], terms: Trim, expected: &[i64]) {
        assert_eq!(&costs[kept(costs, &terms)], expected);
    }

    fn percentile(lower: &str, upper: &str) -> TrimMethod {
        TrimMethod::Percentile {
            lower: decimal(lower),
            upper: decimal(upper),
        }
    }

    #[test]
    fn percentiles_take_as_many_from_both_ends() {
        let costs: Vec<i64> = (1..=40).collect();
        check(
            &costs,
            terms(percentile("0.025", "0.975"), "1"),
            &costs[1..39],
        );
        check(
            &costs[..39],
            terms(percentile("0.025", "0.975"), "1"),
            &costs[..39],
        );
        check(&costs, terms(percentile("0", "1"), "1"), &costs);
    }

    #[test]
    fn costs_on_a_fence_stay() {
        let costs = [1, 1, 5, 5, 5, 5, 5, 5, 9, 9];
        check(&costs, terms(percentile("0.1", "0.9"), "1"), &costs);
        check(&costs, terms(percentile("0.2", "0.8"), "1"), &costs[2..8]);
        // The mean is 100: 200 and 50 are exactly on the fences.
        let costs = [50, 50, 100, 200];
        let twice = TrimMethod::Multiple {
            below: decimal("0.5"),
            above: decimal("2"),
        };
        check(&costs, terms(twice, "1"), &costs);
        let costs = [49, 50, 100, 201];
        check(&costs, terms(twice, "1"), &costs[1..3]);
    }

    #[test]
    fn deviations_are_those_of_the_logarithm() {
        // ln: nine times ln 100, once ln 10,000; mean 0.4605 above, SD 1.3816: one SD leaves it
        // out, three SD (exactly its distance) keep it.
        let costs = [100, 100, 100, 100, 100, 100, 100, 100, 100, 10_000];
        check(
            &costs,
            terms(TrimMethod::LognormalSd(decimal("2.99")), "1"),
            &costs[..9],
        );
        check(
            &costs,
            terms(TrimMethod::LognormalSd(decimal("3.01")), "1"),
            &costs,
        );
        check(
            &[7, 7],
            terms(TrimMethod::LognormalSd(decimal("1")), "1"),
            &[7, 7],
        );
    }

    #[test]
    fn interquartile_ranges_reach_outside_the_quartiles() {
        // Q1 = 30, Q3 = 60 (the second from each end), range 30: fences -15 and 105.
        let costs = [10, 20, 30, 40, 50, 60, 105, 106];
        check(
            &costs,
            terms(TrimMethod::Iqr(decimal("1.5")), "1"),
            &costs[..7],
        );
        check(
            &costs,
            terms(TrimMethod::Iqr(decimal("0")), "1"),
            &costs[2..6],
        );
    }

    #[test]
    fn small_groups_are_left_whole() {
        let mut terms = terms(percentile("0.25", "0.75"), "1");
        terms.min_cases = 4;
        check(&[1, 5, 9], terms, &[1, 5, 9]);
        check(&[1, 5, 9, 10], terms, &[5, 9]);
    }

    #[test]
    fn under_the_cap_the_most_extreme_go_first() {
        // The mean is 100. As ratios to it: 10 is ten times off, 290 2.9 times, 50 twice, 110 1.1.
        let costs = [10, 50, 90, 90, 90, 90, 90, 90, 110, 290];
        let both = TrimMethod::Multiple {
            below: decimal("0.6"),
            above: decimal("1.05"),
        };
        check(&costs, terms(both, "1"), &costs[2..8]);
        check(&costs, terms(both, "0.3"), &costs[2..9]);
        check(&costs, terms(both, "0.2"), &costs[1..9]);
        check(&costs, terms(both, "0.1"), &costs[1..]);
        check(&costs, terms(both, "0.09"), &costs);
    }

    #[test]
    fn equal_costs_that_do_not_all_fit_stay() {
        let costs = [100, 100, 100, 100, 100, 100, 100, 100, 900, 900];
        let above = TrimMethod::Multiple {
            below: decimal("0.1"),
            above: decimal("2"),
        };
        check(&costs, terms(above, "0.1"), &costs);
        check(&costs, terms(above, "0.2"), &costs[..8]);
    }
}
