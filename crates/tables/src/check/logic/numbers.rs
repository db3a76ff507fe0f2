//! What a number of a case can still be.

use crate::rule::Comparison;

/// The values that are left: absent, or in one of some ranges.
#[derive(Clone, Debug)]
pub(super) struct NumberDomain {
    may_be_absent: bool,
    /// Sorted and apart, both ends included.
    ranges: Vec<(i64, i64)>,
}

impl Default for NumberDomain {
    fn default() -> Self {
        Self {
            may_be_absent: true,
            ranges: vec![(i64::MIN, i64::MAX)],
        }
    }
}

impl NumberDomain {
    /// Whether the comparison holds for all that is left, for none, or for some (`None`).
    pub(super) fn holds(&self, comparison: Comparison, number: i64) -> Option<bool> {
        let inside = bounds(comparison, number);
        let overlaps = self
            .ranges
            .iter()
            .any(|range| intersection(*range, inside).is_some());
        if !overlaps {
            return Some(false);
        }
        let is_inside = |range: &(i64, i64)| intersection(*range, inside) == Some(*range);
        let holds_for_all = !self.may_be_absent && self.ranges.iter().all(is_inside);
        holds_for_all.then_some(true)
    }

    /// Keeps the values for which the comparison holds or fails; `false` when none is left.
    pub(super) fn set(&mut self, (comparison, number): (Comparison, i64), holds: bool) -> bool {
        let inside = bounds(comparison, number);
        let keep: Vec<(i64, i64)> = if holds {
            self.may_be_absent = false;
            vec![inside]
        } else {
            outside(inside)
        };
        self.ranges = self
            .ranges
            .iter()
            .flat_map(|range| keep.iter().filter_map(|keep| intersection(*range, *keep)))
            .collect();
        self.may_be_absent || !self.ranges.is_empty()
    }
}

/// The numbers for which a comparison holds; from above to below when there are none.
fn bounds(comparison: Comparison, number: i64) -> (i64, i64) {
    const NONE: (i64, i64) = (i64::MAX, i64::MIN);
    match comparison {
        Comparison::AtLeast => (number, i64::MAX),
        Comparison::AtMost => (i64::MIN, number),
        Comparison::MoreThan => number.checked_add(1).map_or(NONE, |low| (low, i64::MAX)),
        Comparison::LessThan => number.checked_sub(1).map_or(NONE, |high| (i64::MIN, high)),
        Comparison::Equal => (number, number),
    }
}

fn outside((low, high): (i64, i64)) -> Vec<(i64, i64)> {
    if low > high {
        return vec![(i64::MIN, i64::MAX)];
    }
    let below = low.checked_sub(1).map(|end| (i64::MIN, end));
    let above = high.checked_add(1).map(|start| (start, i64::MAX));
    below.into_iter().chain(above).collect()
}

fn intersection(one: (i64, i64), other: (i64, i64)) -> Option<(i64, i64)> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 <= both.1).then_some(both)
}
