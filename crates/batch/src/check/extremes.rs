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
                let mut costs: Vec<i64> =
                    self.read(part)?.into_iter().map(|(fen, _)| fen).collect();
                let place = usize::try_from(rank - before).expect("a part fits into memory");
                return Ok(*costs.select_nth_unstable(place).1);
            }
            before += count;
        }
        unreachable!("a rank below the number of costs lies in some part")
    }

    /// The rows of a part whose cost is beyond the bounds, with the cost in fen, in row order.
    pub(super) fn beyond(&self, part: usize, usual: Usual) -> Result<Vec<(u64, i64)>, Error> {
        let (lowest, highest) = (part_of(usual.low), part_of(usual.high));
        if lowest < part && part < highest {
            return Ok(Vec::new());
        }
        let costs = self.read(part)?.into_iter();
        let beyond = costs.filter(|(fen, _)| *fen < usual.low || usual.high < *fen);
        let mut rows: Vec<(u64, i64)> = beyond.map(|(fen, row)| (row, fen)).collect();
        rows.sort_unstable();
        Ok(rows)
    }

    pub(super) const fn parts() -> usize {
        PARTS
    }

    fn read(&self, part: usize) -> Result<Vec<(i64, u64)>, Error> {
        let bytes = self.0.read(part)?;
        let records = bytes.chunks_exact(BYTES).map(|bytes| {
            let mut record = Record(bytes);
            (
                i64::from_le_bytes(record.take()),
                u64::from_le_bytes(record.take()),
            )
        });
        Ok(records.collect())
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
}
