//! What each row is paid, on disk until its row group is written.
//!
//! Payments are found hospital by hospital and written row by row. So they are strewn over parts
//! by ranges of rows, each a whole number of row groups, and one part at a time is put in order.

use crate::Error;
use crate::strewn::{Gathering, Record, Strewn};
use crate::table::CHUNK_ROWS;
use drgdip_claims::Yuan;
use std::ops::Range;
use std::path::Path;

/// The most parts that there are.
const PARTS: u64 = 64;

/// The payments of all rows.
pub(super) struct Payments {
    strewn: Strewn,
    rows: u64,
    part_rows: u64,
}

/// What one worker has paid.
pub(super) struct PaymentPage<'p> {
    gathering: Gathering<'p>,
    part_rows: u64,
}

impl Payments {
    pub(super) fn new(folder: &Path, rows: u64) -> Result<Self, Error> {
        let chunks = rows.div_ceil(CHUNK_ROWS);
        let part_rows = chunks.div_ceil(PARTS).max(1) * CHUNK_ROWS;
        let parts = usize::try_from(rows.div_ceil(part_rows)).expect("at most 64");
        Ok(Self {
            strewn: Strewn::new(folder, parts)?,
            rows,
            part_rows,
        })
    }

    /// A page for one worker.
    pub(super) fn page(&self) -> PaymentPage<'_> {
        PaymentPage {
            gathering: self.strewn.gathering(),
            part_rows: self.part_rows,
        }
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.strewn.len()
    }

    /// The rows of a part.
    pub(super) fn rows_of(&self, part: usize) -> Range<u64> {
        let first = part as u64 * self.part_rows;
        first..(first + self.part_rows).min(self.rows)
    }

    /// The payments of all rows of a part, in fen; rows that earn nothing have 0.
    pub(super) fn of_part(&self, part: usize) -> Result<Vec<i64>, Error> {
        let rows = self.rows_of(part);
        let rows = usize::try_from(rows.end - rows.start).expect("a part fits into memory");
        let mut payments = vec![0; rows];
        let bytes = self.strewn.read(part)?;
        let mut record = Record(&bytes);
        while !record.0.is_empty() {
            let place = u32::from_le_bytes(record.take()) as usize;
            payments[place] = i64::from_le_bytes(record.take());
        }
        Ok(payments)
    }
}

impl PaymentPage<'_> {
    /// Notes what a row is paid; once a row.
    pub(super) fn add(&mut self, row: u64, payment: Yuan) -> Result<(), Error> {
        let part = usize::try_from(row / self.part_rows).expect("at most 64");
        let place = u32::try_from(row % self.part_rows).expect("parts have fewer rows than 2^32");
        self.gathering.add(part, |buffer| {
            buffer.extend_from_slice(&place.to_le_bytes());
            buffer.extend_from_slice(&payment.fen().to_le_bytes());
        })
    }

    /// Hands over what is left.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.gathering.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_come_back_in_the_order_of_rows() {
        let folder = tempfile::tempdir().unwrap();
        let rows = CHUNK_ROWS * 130 + 5;
        let payments = Payments::new(folder.path(), rows).unwrap();
        let paid = [
            0,
            1,
            CHUNK_ROWS - 1,
            CHUNK_ROWS * 3,
            CHUNK_ROWS * 64,
            rows - 1,
        ];
        let mut page = payments.page();
        for row in paid.into_iter().rev() {
            let fen = i64::try_from(row).unwrap() - 7;
            page.add(row, Yuan::from_fen(fen)).unwrap();
        }
        page.finish().unwrap();
        let mut next = 0;
        for part in 0..payments.parts() {
            let rows = payments.rows_of(part);
            assert_eq!((rows.start, rows.start % CHUNK_ROWS), (next, 0));
            next = rows.end;
            let found = payments.of_part(part).unwrap();
            assert_eq!(found.len() as u64, rows.end - rows.start);
            for (row, fen) in rows.zip(found) {
                let expected = i64::try_from(row).unwrap() - 7;
                assert_eq!(fen, if paid.contains(&row) { expected } else { 0 });
            }
        }
        assert_eq!(next, rows);
    }
}
