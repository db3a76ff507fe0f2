//! Order numbers for an overlay: as many rows as can keep theirs do.

/// The order numbers of children in their new order, given the numbers that some have in the base.
///
/// Numbers rise strictly. The children that keep theirs are a longest rising run; the others are
/// put between them, and where a gap is too small the next kept child is numbered anew.
pub(super) fn orders(old: &[Option<u32>], step: u32) -> Vec<u32> {
    let mut kept = longest_rising(old);
    loop {
        match fill(&kept, step) {
            Ok(orders) => return orders,
            Err(in_the_way) => kept[in_the_way] = None,
        }
    }
}

/// Fills the gaps; the error is the index of a kept number that leaves too little room before it.
fn fill(kept: &[Option<u32>], step: u32) -> Result<Vec<u32>, usize> {
    let mut orders = Vec::with_capacity(kept.len());
    let mut below = 0_u32;
    let mut index = 0;
    while index < kept.len() {
        let until = (index..kept.len()).find(|at| kept[*at].is_some());
        let missing = until.unwrap_or(kept.len()) - index;
        let missing = u32::try_from(missing).expect("fewer than 2^32 rows");
        match until.and_then(|at| kept[at]) {
            Some(above) => {
                let at = index + missing as usize;
                let room = above.saturating_sub(below);
                if room <= missing {
                    return Err(at);
                }
                // Evenly over the gap, so that there is room on both sides again.
                let part = |n: u32| u64::from(room) * u64::from(n) / u64::from(missing + 1);
                let part = |n| u32::try_from(part(n)).expect("less than the room");
                orders.extend((1..=missing).map(|n| below + part(n)));
                orders.push(above);
                below = above;
                index = at + 1;
            }
            None => {
                orders.extend((1..=missing).map(|n| below.saturating_add(n.saturating_mul(step))));
                index = kept.len();
            }
        }
    }
    Ok(orders)
}

/// The old numbers of a longest run that rises; the others are left out.
fn longest_rising(old: &[Option<u32>]) -> Vec<Option<u32>> {
    // For each length, the index of the run's end that has the smallest number.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; old.len()];
    for (index, number) in old.iter().enumerate() {
        let Some(number) = number.filter(|number| *number > 0) else {
            continue;
        };
        let length = ends.partition_point(|end| old[*end].is_some_and(|end| end < number));
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut kept = vec![None; old.len()];
    let mut at = ends.last().copied();
    while let Some(index) = at {
        kept[index] = old[index];
        at = before[index];
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(old: &[Option<u32>], expected: &[u32]) {
        assert_eq!(orders(old, 10), expected);
    }

    #[test]
    fn what_can_keep_its_number_does() {
        check(&[], &[]);
        check(&[Some(10), Some(20), Some(30)], &[10, 20, 30]);
        check(&[None, None], &[10, 20]);
        check(&[Some(10), None, Some(20)], &[10, 15, 20]);
        check(&[None, Some(10)], &[5, 10]);
        check(&[Some(10), Some(20), None], &[10, 20, 30]);
        check(&[Some(30), Some(10), Some(20)], &[5, 10, 20]);
    }

    #[test]
    fn a_gap_that_is_too_small_moves_what_comes_after() {
        check(&[Some(1), None, Some(2), Some(10)], &[1, 4, 7, 10]);
        check(&[None, Some(1)], &[10, 20]);
    }

    proptest! {
        #[test]
        fn numbers_rise_strictly(old in prop::collection::vec(prop::option::of(0_u32..60), 0..40)) {
            let orders = orders(&old, 10);
            prop_assert_eq!(orders.len(), old.len());
            prop_assert!(orders.windows(2).all(|pair| pair[0] < pair[1]));
        }

        #[test]
        fn numbers_that_rise_already_stay(mut old in prop::collection::vec(1_u32..10_000, 0..40)) {
            old.sort_unstable();
            old.dedup();
            let stated: Vec<_> = old.iter().copied().map(Some).collect();
            prop_assert_eq!(orders(&stated, 10), old);
        }
    }
}
