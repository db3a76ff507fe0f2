//! Costs a day, strewn by size until the lowest and the highest are known.

use crate::Error;
use crate::strewn::{Gathering, Record, Strewn};
use std::path::Path;

/// Four parts for each power of two, so that the costs of most claims lie in some dozens of them.
const PARTS: usize = 256;
/// How many bytes a cost takes on the disk.
const BYTES: usize = 16;

/// The costs on disk.
pub(super) struct CostBook(Strewn);

/// What one worker has gathered.
pub(super) struct CostPage<'b>(Gathering<'b>);

/// Costs between these are not conspicuous; both are in fen a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usual {
    low: i64,
    high: i64,
}

impl CostBook {
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self(Strewn::new(folder, PARTS)?))
    }

    pub(super) fn page(&self) -> CostPage<'_> {
        CostPage(self.0.gathering())
    }

    /// The bounds beyond which lie at most so many ten-thousandths of the costs, at either end.
    ///
    /// Equal costs are treated alike, so that costs that fall on a bound are not beyond it.
    pub(super) fn usual(&self, ten_thousandths: i64) -> Result<Option<Usual>, Error> {
        let mut counts = Vec::with_capacity(PARTS);
        for part in 0..PARTS {
            counts.push(self.0.bytes(part)? / BYTES as u64);
        }
        let all: u64 = counts.iter().sum();
        let beyond = u128::from(all) * u128::try_from(ten_thousandths).unwrap_or(0) / 10_000;
        let beyond = u64::try_from(beyond).expect("a share of the claims");
        if beyond == 0 {
            return Ok(None);
        }
        let low = self.ranked(&counts, beyond)?;
        let high = self.ranked(&counts, all - 1 - beyond)?;
        Ok(Some(Usual { low, high }))
    }

    /// The cost at a rank, from 0.
    fn ranked(&self, counts: &[u64], rank: u64) -> Result<i64, Error> {
        let mut before = 0;
        for (part, count) in counts.iter().enumerate() {
            if rank < before + count {
                return self.at_place(part, rank - before);
            }
            before += count;
        }
        unreachable!("a rank below the number of costs lies in some part")
    }

    /// The cost at a place among those of a part, from 0.
    ///
    /// It is found by counting sixteen bits after sixteen, so that a part may have any number of
    /// costs: all of them, where claims cost much the same.
    fn at_place(&self, part: usize, mut place: u64) -> Result<i64, Error> {
        let mut found = 0_u64;
        for shift in [48, 32, 16, 0] {
            let mut counts = vec![0_u64; 1 << 16];
            self.each(part, |fen, _| {
                let bits = u64::try_from(fen).unwrap_or(0) >> shift;
                if bits >> 16 == found {
                    let digit = usize::try_from(bits & 0xFFFF).expect("sixteen bits");
                    counts[digit] += 1;
                }
                Ok(())
            })?;
            let mut digit = 0;
            while place >= counts[digit] {
                place -= counts[digit];
                digit += 1;
            }
            found = found << 16 | digit as u64;
        }
        Ok(i64::try_from(found).expect("costs are not negative"))
    }

    /// The rows of a part whose cost is beyond the bounds, with the cost in fen, in row order.
    pub(super) fn beyond(&self, part: usize, usual: Usual) -> Result<Vec<(u64, i64)>, Error> {
        let (lowest, highest) = (part_of(usual.low), part_of(usual.high));
        if lowest < part && part < highest {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        self.each(part, |fen, row| {
            if fen < usual.low || usual.high < fen {
                rows.push((row, fen));
            }
            Ok(())
        })?;
        rows.sort_unstable();
        Ok(rows)
    }

    pub(super) const fn parts() -> usize {
        PARTS
    }

    /// Shows the costs of a part with their rows.
    fn each(
        &self,
        part: usize,
        mut show: impl FnMut(i64, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.0.each::<BYTES>(part, |bytes| {
            let mut record = Record(&bytes);
            let fen = i64::from_le_bytes(record.take());
            show(fen, u64::from_le_bytes(record.take()))
        })
    }
}

impl CostPage<'_> {
    /// Notes a cost a day in fen, which is not negative.
    pub(super) fn add(&mut self, row: u64, fen: i64) -> Result<(), Error> {
        self.0.add(part_of(fen), |buffer| {
            buffer.extend_from_slice(&fen.to_le_bytes());
            buffer.extend_from_slice(&row.to_le_bytes());
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
    }
}

/// The part of a cost: its power of two and the two bits after the leading one.
fn part_of(fen: i64) -> usize {
    let fen = u64::try_from(fen).unwrap_or(0);
    let Some(power) = fen.checked_ilog2() else {
        return 0;
    };
    let next = match power {
        0 | 1 => (fen << (2 - power)) & 3,
        _ => (fen >> (power - 2)) & 3,
    };
    usize::try_from(u64::from(power) * 4 + next).expect("256 fit everywhere")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_the_order_of_costs() {
        let costs = (0..5_000).chain([i64::MAX / 2, i64::MAX]);
        let parts: Vec<usize> = costs.map(part_of).collect();
        assert!(parts.is_sorted());
        assert!(parts.iter().all(|part| *part < PARTS));
    }

    #[test]
    fn the_lowest_and_the_highest_are_beyond_and_equal_costs_stay_together() {
        let folder = tempfile::tempdir().unwrap();
        let book = CostBook::new(folder.path()).unwrap();
        let mut page = book.page();
        for row in 0..1_000_u64 {
            let fen = match row {
                0..=4 => 10,
                995..=997 => 900_000,
                998 | 999 => 950_000,
                _ => 5_000 + i64::try_from(row).unwrap(),
            };
            page.add(row, fen).unwrap();
        }
        page.finish().unwrap();
        let usual = book.usual(20).unwrap().unwrap();
        assert_eq!(
            usual,
            Usual {
                low: 10,
                high: 900_000
            }
        );
        let beyond = (0..CostBook::parts()).flat_map(|part| book.beyond(part, usual).unwrap());
        assert_eq!(beyond.collect::<Vec<_>>(), [(998, 950_000), (999, 950_000)]);
        assert_eq!(book.usual(0).unwrap(), None);
    }

    #[test]
    fn every_rank_has_its_cost() {
        let folder = tempfile::tempdir().unwrap();
        let book = CostBook::new(folder.path()).unwrap();
        let mut page = book.page();
        let mut costs: Vec<i64> = (0..300).map(|n: i64| n * n * n % 70_001).collect();
        costs.extend([i64::MAX, i64::MAX - 1, 70_000, 70_000]);
        for (row, fen) in (0..).zip(&costs) {
            page.add(row, *fen).unwrap();
        }
        page.finish().unwrap();
        costs.sort_unstable();
        let counts = (0..PARTS).map(|part| book.0.bytes(part).unwrap() / BYTES as u64);
        let counts: Vec<u64> = counts.collect();
        for (rank, fen) in (0..).zip(&costs) {
            assert_eq!(book.ranked(&counts, rank).unwrap(), *fen);
        }
    }
}
