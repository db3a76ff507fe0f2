//! Whether a new technology has the cases and the costs for a group of its own (新技术独立成组).
//!
//! In: the cases of a group, those with the technology and the others, already trimmed. Out: exact
//! statistics of the split, a verdict for each threshold, and the weights of both groups with
//! unchanged total points.
//!
//! Source: policies/units.md, `unit.new_group`, a model; only the fact that such groups exist is
//! public.

use crate::adjust::ten_thousandths;
use crate::{Error, Exact, Spread};
use drgdip_tables::policy::{Bound, NewGroupTerms, Trim};
use num_bigint::BigInt;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// A case of the group that would be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CandidateCase {
    /// The hospital, by any number.
    pub hospital: u32,
    /// The total cost in fen, above zero.
    pub cost_fen: i64,
    /// Whether the case uses the technology.
    pub is_new: bool,
}

/// One side of a split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// How its costs spread.
    pub spread: Spread,
    /// In how many hospitals its cases were.
    pub hospitals: u64,
    /// Its mean cost in fen; `None` without a case.
    pub mean: Option<Exact>,
    /// The weight that it would have, in ten-thousandths; `None` without a case.
    pub weight: Option<i64>,
}

/// The cases of a group that trimming leaves, by the rule that weights are made with.
#[must_use]
pub fn trimmed(mut cases: Vec<CandidateCase>, terms: &Trim) -> Vec<CandidateCase> {
    cases.sort_unstable_by_key(|case| (case.cost_fen, case.hospital, case.is_new));
    let costs: Vec<i64> = cases.iter().map(|case| case.cost_fen).collect();
    let kept = crate::trim::kept(&costs, terms);
    cases.get(kept).map_or_else(Vec::new, <[_]>::to_vec)
}

/// What splitting a group would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The group as it is.
    pub parent: Side,
    /// The cases with the technology.
    pub new: Side,
    /// What the parent keeps.
    pub rest: Side,
    /// The mean of the new group over that of the parent as it is.
    pub ratio_to_parent: Option<Exact>,
    /// The mean of the new group over that of the rest.
    pub ratio_to_rest: Option<Exact>,
    /// The reduction in variance (RIV) of the split: the part of the squared deviations of the
    /// parent that lies between both groups. `None` where all cost the same.
    pub riv: Option<Exact>,
    /// The test that the new cases are the dearer ones.
    pub test: Option<RankTest>,
    /// Σ N·RW before less after, in ten-thousandths: what rounding two weights changes.
    pub weight_difference: i64,
    /// Each threshold and whether the split reaches it, in the order of the terms.
    pub verdict: Vec<(Criterion, bool)>,
}

/// A threshold for a group of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criterion {
    /// Enough cases with the technology.
    Cases,
    /// Enough hospitals that use it.
    Hospitals,
    /// Their costs do not spread too far.
    Variation,
    /// Nor further than the parent's.
    VariationOfParent,
    /// They cost enough more than the parent.
    Ratio,
    /// The difference is significant.
    Significance,
    /// The split reduces the variance.
    Riv,
    /// The parent keeps enough cases.
    Rest,
}

impl Criterion {
    /// The word in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::Hospitals => "hospitals",
            Self::Variation => "variation",
            Self::VariationOfParent => "variation_of_parent",
            Self::Ratio => "mean_ratio",
            Self::Significance => "significance",
            Self::Riv => "riv",
            Self::Rest => "cases_left",
        }
    }
}

impl Candidate {
    /// Whether every threshold is reached.
    #[must_use]
    pub fn is_recommended(&self) -> bool {
        self.verdict.iter().all(|(_, is_reached)| *is_reached)
    }
}

/// Mann and Whitney's test that one side is the dearer one, with mid-ranks for equal costs.
///
/// `U − μ` and `σ²` of the normal approximation with the correction for ties are exact, and the
/// comparison with a critical value is one of squares, so that no root is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RankTest {
    /// U less its mean `n₁·n₂ / 2`, less ½ for continuity; above zero where the new cases are
    /// dearer.
    pub above_mean: Exact,
    /// σ²; zero where all cost the same.
    pub variance: Exact,
}

impl RankTest {
    /// Whether `z = above mean / σ` is more than the critical value, such as 1.6449 for a
    /// one-sided 5 %.
    #[must_use]
    pub fn is_significant(&self, critical: Decimal) -> bool {
        let limit = Exact::decimal(critical);
        let allowed = limit.times(&limit).times(&self.variance);
        let found = self.above_mean.times(&self.above_mean);
        self.above_mean.is_positive() && found > allowed
    }

    /// z², exactly; `None` where all cost the same.
    #[must_use]
    pub fn z_squared(&self) -> Option<Exact> {
        let square = self.above_mean.times(&self.above_mean);
        square.over(&self.variance)
    }
}

/// Examines one candidate; `parent_weight` is the weight that the group has, in ten-thousandths.
///
/// The new weights are `RW × m / m_parent`, each rounded once to four places, so that
/// `Σ N·RW` stays but for [`Candidate::weight_difference`]. Errors: a number that does not fit.
pub fn examine(
    cases: &[CandidateCase],
    parent_weight: i64,
    terms: &NewGroupTerms,
) -> Result<Candidate, Error> {
    let mut parent = side(cases, |_| true);
    let mut new = side(cases, |case| case.is_new);
    let mut rest = side(cases, |case| !case.is_new);
    parent.weight = parent.mean.is_some().then_some(parent_weight);
    let per_mean = match &parent.mean {
        Some(mean) => ten_thousandths(parent_weight).over(mean),
        None => None,
    };
    for part in [&mut new, &mut rest] {
        if let Some((mean, factor)) = part.mean.as_ref().zip(per_mean.as_ref()) {
            part.weight = Some(mean.times(factor).to_i64(4, "weight of a group")?);
        }
    }
    let over = |other: &Side| match (&new.mean, &other.mean) {
        (Some(mean), Some(other)) => mean.over(other),
        _ => None,
    };
    let (ratio_to_parent, ratio_to_rest) = (over(&parent), over(&rest));
    let mut candidate = Candidate {
        riv: riv(&parent, [&new, &rest]),
        test: rank_test(cases),
        weight_difference: weight_difference(&parent, [&new, &rest])?,
        verdict: Vec::new(),
        parent,
        new,
        rest,
        ratio_to_parent,
        ratio_to_rest,
    };
    candidate.verdict = verdict(&candidate, terms);
    Ok(candidate)
}

fn side(cases: &[CandidateCase], takes: impl Fn(&CandidateCase) -> bool) -> Side {
    let own: Vec<&CandidateCase> = cases.iter().filter(|case| takes(case)).collect();
    let hospitals: BTreeSet<u32> = own.iter().map(|case| case.hospital).collect();
    let spread = Spread::of(own.iter().map(|case| case.cost_fen));
    let sum = Exact::whole(spread.sum().clone());
    Side {
        hospitals: u64::try_from(hospitals.len()).unwrap_or(u64::MAX),
        mean: sum.over(&Exact::whole(spread.cases())),
        weight: None,
        spread,
    }
}

/// Σ (C − m)²: the scaled variance over the number of cases.
fn squares(side: &Side) -> Exact {
    let scaled = Exact::whole(side.spread.scaled_variance());
    let squares = scaled.over(&Exact::whole(side.spread.cases()));
    squares.unwrap_or_else(Exact::zero)
}

fn riv(parent: &Side, parts: [&Side; 2]) -> Option<Exact> {
    let whole = squares(parent);
    let within = parts.iter().map(|part| squares(part));
    let within = within.fold(Exact::zero(), |sum, part| sum.plus(&part));
    whole.minus(&within).over(&whole)
}

fn weight_difference(parent: &Side, parts: [&Side; 2]) -> Result<i64, Error> {
    let total = |side: &Side| {
        let weight = Exact::whole(side.weight.unwrap_or(0));
        weight.times(&Exact::whole(side.spread.cases()))
    };
    let after = total(parts[0]).plus(&total(parts[1]));
    total(parent).minus(&after).to_i64(0, "total weight")
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "big integers grow as needed, and positions are below the number of cases"
)]
fn rank_test(cases: &[CandidateCase]) -> Option<RankTest> {
    let mut sorted: Vec<(i64, bool)> = cases.iter().map(|c| (c.cost_fen, c.is_new)).collect();
    sorted.sort_unstable();
    let (all, new) = (sorted.len(), sorted.iter().filter(|case| case.1).count());
    let rest = all - new;
    if new == 0 || rest == 0 {
        return None;
    }
    // Ranks are doubled, so that the mid-rank of equal costs is whole.
    let (mut doubled_ranks, mut ties, mut start) = (BigInt::from(0), BigInt::from(0), 0);
    while start < all {
        let cost = sorted[start].0;
        let tied = sorted[start..].iter().take_while(|case| case.0 == cost);
        let length = tied.count();
        let of_new = sorted[start..start + length]
            .iter()
            .filter(|case| case.1)
            .count();
        doubled_ranks += BigInt::from(2 * start + length + 1) * BigInt::from(of_new);
        start += length;
        let length = BigInt::from(length);
        ties += &length * &length * &length - &length;
    }
    let (all, new, rest) = (BigInt::from(all), BigInt::from(new), BigInt::from(rest));
    // 2U = 2R − n₁(n₁ + 1), 2μ = n₁·n₂, and ½ is taken off for continuity.
    let doubled = doubled_ranks - &new * (&new + 1) - &new * &rest - 1;
    let above_mean = Exact::whole(doubled).over(&Exact::whole(2))?;
    // σ² = n₁·n₂ / 12 × (N + 1 − Σ(t³ − t) / (N·(N − 1))).
    let tied = Exact::whole(ties).over(&Exact::whole(&all * (&all - 1)))?;
    let spread = Exact::whole(&all + 1).minus(&tied);
    let variance = Exact::whole(new * rest)
        .times(&spread)
        .over(&Exact::whole(12))?;
    Some(RankTest {
        above_mean,
        variance,
    })
}

fn verdict(candidate: &Candidate, terms: &NewGroupTerms) -> Vec<(Criterion, bool)> {
    let (new, rest) = (&candidate.new, &candidate.rest);
    let has = |number: u64, least: u32| number >= u64::from(least);
    let is_within = |side: &Side, bound| side.mean.is_some() && side.spread.is_within(bound);
    let riv = candidate.riv.as_ref();
    let test = candidate.test.as_ref();
    vec![
        (Criterion::Cases, has(new.spread.cases(), terms.min_cases)),
        (
            Criterion::Hospitals,
            has(new.hospitals, terms.min_hospitals),
        ),
        (Criterion::Variation, is_within(new, terms.variation)),
        (
            Criterion::VariationOfParent,
            new.mean.is_some() && spreads_no_further(&new.spread, &candidate.parent.spread),
        ),
        (
            Criterion::Ratio,
            candidate
                .ratio_to_parent
                .as_ref()
                .is_some_and(|ratio| holds(terms.mean_ratio, ratio)),
        ),
        (
            Criterion::Significance,
            test.is_some_and(|test| test.is_significant(terms.critical_value)),
        ),
        (Criterion::Riv, riv.is_some_and(|riv| holds(terms.riv, riv))),
        (
            Criterion::Rest,
            has(rest.spread.cases(), terms.min_cases_left),
        ),
    ]
}

fn holds(bound: Bound, number: &Exact) -> bool {
    let limit = Exact::decimal(bound.value());
    match bound {
        Bound::AtLeast(_) => *number >= limit,
        Bound::MoreThan(_) => *number > limit,
        Bound::AtMost(_) => *number <= limit,
        Bound::LessThan(_) => *number < limit,
    }
}

/// Whether the CV of one is at most that of the other, without a root: CV² is the scaled variance
/// over the square of the sum.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "big integers grow as needed"
)]
fn spreads_no_further(one: &Spread, other: &Spread) -> bool {
    let (sum, other_sum) = (one.sum(), other.sum());
    one.scaled_variance() * other_sum * other_sum <= other.scaled_variance() * sum * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::decimal;

    fn terms() -> NewGroupTerms {
        NewGroupTerms {
            min_cases: 3,
            min_hospitals: 2,
            variation: Bound::LessThan(decimal("1")),
            mean_ratio: Bound::AtLeast(decimal("1.2")),
            critical_value: decimal("1.6449"),
            riv: Bound::MoreThan(decimal("0")),
            min_cases_left: 3,
        }
    }

    fn cases(new: &[i64], rest: &[i64]) -> Vec<CandidateCase> {
        let case = |is_new| {
            move |(index, &cost_fen): (usize, &i64)| CandidateCase {
                hospital: u32::try_from(index % 2).expect("0 or 1"),
                cost_fen,
                is_new,
            }
        };
        let new = new.iter().enumerate().map(case(true));
        new.chain(rest.iter().enumerate().map(case(false)))
            .collect()
    }

    fn shown(exact: Option<&Exact>) -> String {
        exact.map_or_else(|| "none".to_owned(), |exact| exact.shown(6))
    }

    #[test]
    fn a_split_that_explains_the_costs_is_recommended() {
        let cases = cases(&[300, 320, 310], &[100, 110, 90, 100]);
        let found = examine(&cases, 10_000, &terms()).expect("a candidate");
        assert!(found.is_recommended(), "{:?}", found.verdict);
        // Means 310, 100 and 190: 3 × 310 + 4 × 100 = 7 × 190.
        assert_eq!(shown(found.parent.mean.as_ref()), "190.000000");
        assert_eq!(shown(found.ratio_to_parent.as_ref()), "1.631579");
        assert_eq!(shown(found.ratio_to_rest.as_ref()), "3.100000");
        // 1 − (200 + 200) / 76,000.
        assert_eq!(shown(found.riv.as_ref()), "0.994737");
        assert_eq!(found.new.weight, Some(16_316));
        assert_eq!(found.rest.weight, Some(5_263));
        // 7 × 10,000 − (3 × 16,316 + 4 × 5,263).
        assert_eq!(found.weight_difference, 0);
        assert_eq!(found.parent.weight, Some(10_000));
    }

    #[test]
    fn the_rank_test_is_exact_with_and_without_ties() {
        let test = |new: &[i64], rest: &[i64]| rank_test(&cases(new, rest)).expect("a test");
        // U = 12, μ = 6, σ² = 3 × 4 × 8 / 12 = 8.
        let apart = test(&[300, 320, 310], &[100, 110, 90, 105]);
        assert_eq!(shown(Some(&apart.above_mean)), "5.500000");
        assert_eq!(shown(Some(&apart.variance)), "8.000000");
        assert_eq!(shown(apart.z_squared().as_ref()), "3.781250");
        assert!(apart.is_significant(decimal("1.94")));
        assert!(!apart.is_significant(decimal("1.95")));
        // One tie of two: σ² = 12 / 12 × (8 − 6 / 42).
        let tied = test(&[300, 320, 310], &[100, 110, 90, 100]);
        assert_eq!(shown(Some(&tied.variance)), "7.857143");
        // All equal: no spread, and nothing is dearer.
        let equal = test(&[1, 1], &[1, 1]);
        assert_eq!(shown(Some(&equal.variance)), "0.000000");
        assert!(!equal.is_significant(Decimal::ZERO));
        assert_eq!(equal.z_squared(), None);
        // The cheaper side is never significantly dearer.
        let cheaper = test(&[1, 2, 3, 4], &[10, 20, 30, 40]);
        assert!(!cheaper.is_significant(Decimal::ZERO));
        assert_eq!(rank_test(&cases(&[1], &[])), None);
    }

    /// The criteria that a split does not reach.
    #[track_caller]
    fn check(new: &[i64], rest: &[i64], expected: &[Criterion]) {
        let found = examine(&cases(new, rest), 10_000, &terms()).expect("a candidate");
        let missed: Vec<Criterion> = found
            .verdict
            .iter()
            .filter(|(_, is_reached)| !is_reached)
            .map(|(criterion, _)| *criterion)
            .collect();
        assert_eq!(missed, expected);
    }

    #[test]
    fn each_threshold_has_its_own_verdict() {
        use Criterion::VariationOfParent as OfParent;
        use Criterion::{Cases, Hospitals, Ratio, Rest, Riv, Significance, Variation};
        let rest = [100, 110, 90, 100];
        check(&[300, 320, 310], &rest, &[]);
        check(&[310, 310], &rest, &[Cases]);
        check(&[310], &rest, &[Cases, Hospitals, Significance]);
        check(&[300, 320, 310], &rest[..2], &[Significance, Rest]);
        check(&[119, 119, 119, 119], &rest, &[Ratio]);
        check(
            &[1, 1, 1_000, 1],
            &[90, 95, 85, 99],
            &[Variation, Significance],
        );
        check(
            &[100, 900, 100, 900],
            &[400; 4],
            &[OfParent, Ratio, Significance],
        );
        check(
            &[100, 100, 100],
            &[100, 100, 100],
            &[Ratio, Significance, Riv],
        );
        check(
            &[],
            &rest,
            &[
                Cases,
                Hospitals,
                Variation,
                OfParent,
                Ratio,
                Significance,
                Riv,
            ],
        );
    }

    #[test]
    fn what_rounding_two_weights_changes_is_stated() {
        let cases = cases(&[200, 200, 200], &[100, 100, 100, 100]);
        let found = examine(&cases, 10_000, &terms()).expect("a candidate");
        // 1.4 and 0.7 exactly.
        assert_eq!(found.weight_difference, 0);
        let found = examine(&cases, 10_001, &terms()).expect("a candidate");
        // 1.40014 and 0.70007: 7 × 10,001 − (3 × 14,001 + 4 × 7,001).
        assert_eq!(
            (found.new.weight, found.rest.weight),
            (Some(14_001), Some(7_001))
        );
        assert_eq!(found.weight_difference, 0);
        let found = examine(&cases, 10_003, &terms()).expect("a candidate");
        assert_eq!(
            (found.new.weight, found.rest.weight),
            (Some(14_004), Some(7_002))
        );
        assert_eq!(found.weight_difference, 1);
    }
}
