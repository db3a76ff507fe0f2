//! A set of the rows of a run, one bit each.

use std::sync::atomic::{AtomicU64, Ordering};

/// Rows of a run, which all threads may add to at once.
#[derive(Default)]
pub(crate) struct RowSet(Vec<AtomicU64>);

impl RowSet {
    /// None of so many rows.
    pub(crate) fn new(rows: u64) -> Self {
        let words = usize::try_from(rows / 64 + 1).expect("the rows of a run fit into memory");
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// Adds a row; says whether it was in the set already.
    pub(crate) fn add(&self, row: u64) -> bool {
        let bit = 1 << (row % 64);
        self.word(row)
            .expect("a row of the run")
            .fetch_or(bit, Ordering::Relaxed)
            & bit
            != 0
    }

    /// Whether a row is in the set.
    pub(crate) fn has(&self, row: u64) -> bool {
        let bit = 1 << (row % 64);
        self.word(row)
            .is_some_and(|word| word.load(Ordering::Relaxed) & bit != 0)
    }

    /// The rows in order, at most so many at a time.
    pub(crate) fn some_at_a_time(&self, most: usize) -> impl Iterator<Item = Vec<u64>> {
        let mut rows = self.rows();
        std::iter::from_fn(move || {
            let some: Vec<u64> = rows.by_ref().take(most).collect();
            (!some.is_empty()).then_some(some)
        })
    }

    /// The rows in order.
    fn rows(&self) -> impl Iterator<Item = u64> {
        let words = (0..).step_by(64).zip(&self.0);
        let words = words.map(|(first, word)| (first, word.load(Ordering::Relaxed)));
        let filled = words.filter(|(_, word)| *word != 0);
        filled.flat_map(|(first, word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| first + bit)
        })
    }

    fn word(&self, row: u64) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(row / 64).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order_and_in_parts() {
        let set = RowSet::new(200);
        for row in [199, 0, 64, 63, 130] {
            assert!(!set.add(row));
        }
        assert!(set.add(64));
        assert!(set.has(63) && !set.has(62) && !set.has(1_000));
        let parts: Vec<_> = set.some_at_a_time(2).collect();
        assert_eq!(parts, [vec![0, 63], vec![64, 130], vec![199]]);
        assert!(!RowSet::default().has(0), "an empty set has no rows");
    }
}
