//! Random draws that depend on nothing but a key and a row number.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// Which facts of a row are drawn.
///
/// Each has a stream of its own, so that a later stay of a patient can draw the patient again,
/// and a row can ask for the flaw of the row before it, without drawing the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Patient,
    Stay,
    Flaw,
    Units,
}

/// A stream of random numbers.
///
/// Every row has its own PCG generator, seeded from the key and the row number. PCG and its
/// seeding are fixed by their published definition and use whole numbers only, so a stream is
/// the same on every platform and for every way of cutting the rows into chunks.
#[derive(Clone, Debug)]
pub(crate) struct Draw(Pcg64Mcg);

impl Draw {
    /// The stream for things that are drawn once.
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// The stream of one row.
    pub(crate) fn of_row(key: u64, row: u64, stream: Stream) -> Self {
        let lane = match stream {
            Stream::Patient => 0,
            Stream::Stay => 1,
            Stream::Flaw => 2,
            Stream::Units => 3,
        };
        Self::from_seed(key ^ (row << 2 | lane))
    }

    /// Sixty-four random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 up to, not including, `n`; `n` is not zero.
    ///
    /// The bias of the multiplication is below one in 2^32 / n, far below what claims can show.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let high = self.bits() >> 32;
        // The product is below n * 2^32, so its upper half is below n.
        ((high * u64::from(n)) >> 32) as u32
    }

    /// An index into something with `len` entries; `len` is not zero.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        let n = u32::try_from(len).expect("tables have fewer than 2^32 entries");
        self.below(n) as usize
    }

    /// An index below `len` where low indexes are far more likely, as with common diagnoses.
    pub(crate) fn skewed_index(&mut self, len: usize) -> usize {
        let bits = self.bits();
        let part = |shift: u32| (bits >> shift) & 0x1f_ffff;
        let product = (part(0) * part(21)) >> 21;
        let cubed = (product * part(42)) >> 21;
        // The factor is below 2^21 / 2^21, so the index is below len.
        ((cubed as usize) * len) >> 21
    }

    /// A whole number between two bounds, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u32::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(1);
        low.saturating_add_unsigned(self.below(width.max(1)))
    }

    /// Whether something happens that happens in `share` of 10,000 cases.
    pub(crate) fn chance(&mut self, share: u32) -> bool {
        self.below(10_000) < share
    }

    /// Puts a slice into random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

/// Shares to draw an index from: entry `i` is drawn in proportion to its share.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// Running sums; the last one is the total and is not zero.
    sums: Vec<u32>,
}

impl Shares {
    /// `None` when there is nothing to draw: no entry, or all shares are zero.
    ///
    /// Shares whose sum does not fit are scaled down; a share above zero stays above zero.
    pub(crate) fn new(shares: impl IntoIterator<Item = u64>) -> Option<Self> {
        let shares: Vec<u64> = shares.into_iter().collect();
        let total: u128 = shares.iter().map(|&s| u128::from(s)).sum();
        let divisor = u64::try_from(total >> 31).ok()? + 1;
        let mut sum = 0_u32;
        let sums: Vec<u32> = shares
            .iter()
            .map(|&share| {
                sum += u32::try_from(share.div_ceil(divisor)).unwrap_or(0);
                sum
            })
            .collect();
        (sum > 0).then_some(Self { sums })
    }

    /// An index, drawn in proportion to the shares.
    pub(crate) fn draw(&self, draw: &mut Draw) -> usize {
        let total = *self.sums.last().expect("shares are not empty");
        let at = draw.below(total);
        self.sums.partition_point(|&sum| sum <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_same_numbers_every_time_and_no_other_row_has_them() {
        let numbers = |row, stream| {
            let mut draw = Draw::of_row(7, row, stream);
            [draw.bits(), draw.bits()]
        };
        assert_eq!(numbers(3, Stream::Stay), numbers(3, Stream::Stay));
        assert_ne!(numbers(3, Stream::Stay), numbers(3, Stream::Patient));
        assert_ne!(numbers(3, Stream::Stay), numbers(4, Stream::Stay));
    }

    #[test]
    fn draws_stay_inside_their_bounds_and_reach_them() {
        let mut draw = Draw::from_seed(1);
        let mut seen = [0_u32; 5];
        for _ in 0..1_000 {
            seen[usize::try_from(draw.between(-2, 2) + 2).unwrap()] += 1;
            assert!(draw.skewed_index(3) < 3);
        }
        assert!(seen.iter().all(|&n| n > 100), "{seen:?}");
    }

    #[test]
    fn shares_are_drawn_in_proportion_and_a_zero_share_never() {
        let shares = Shares::new([1, 0, 3]).unwrap();
        let mut draw = Draw::from_seed(2);
        let mut seen = [0_u32; 3];
        for _ in 0..4_000 {
            seen[shares.draw(&mut draw)] += 1;
        }
        assert_eq!(seen[1], 0);
        assert!((900..1_100).contains(&seen[0]), "{seen:?}");
        assert!(Shares::new([0, 0]).is_none());
        assert!(Shares::new([]).is_none());
    }

    #[test]
    fn shares_too_large_for_their_sum_are_scaled_and_small_ones_survive() {
        let shares = Shares::new([u64::MAX / 2, u64::MAX / 2, 1]).unwrap();
        assert_eq!(shares.sums.len(), 3);
        assert!(shares.sums[2] > shares.sums[1]);
    }
}
