//! Single rows of claim files, read again in parallel.

use super::columns::Column;
use super::files::{ClaimFile, ClaimFiles, Unit};
use crate::Error;
use arrow::array::RecordBatch;
use rayon::prelude::*;

impl ClaimFiles {
    /// What `pick` makes of some rows, which are given without repetition in row order and come
    /// back so; it sees a batch with some of the columns, and the row's offset in it.
    pub(crate) fn read_rows<T: Send>(
        &self,
        rows: &[u64],
        columns: &[Column],
        pick: impl Fn(&ClaimFile, &RecordBatch, usize) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let of_unit = |(unit, rows): (&Unit, &[u64])| -> Result<Vec<T>, Error> {
            let file = &self.files[unit.file];
            let mut reader = file.read_some(unit, rows, columns)?;
            let mut picked = Vec::with_capacity(rows.len());
            while let Some(batch) = file.next_batch(&mut reader)? {
                for offset in 0..batch.num_rows() {
                    picked.push(pick(file, &batch, offset)?);
                }
            }
            match picked.len() == rows.len() {
                true => Ok(picked),
                false => Err(file.broken(&"a row group ends early")),
            }
        };
        let picked = self.by_unit(rows).into_par_iter().map(of_unit);
        let picked: Vec<Vec<T>> = picked.collect::<Result<_, _>>()?;
        Ok(picked.into_iter().flatten().collect())
    }

    /// The units that have some of the rows, each with those that it has.
    fn by_unit<'r>(&self, mut rows: &'r [u64]) -> Vec<(&Unit, &'r [u64])> {
        let mut by_unit = Vec::new();
        for unit in &self.units {
            let until = rows.partition_point(|row| *row < unit.first_row + unit.rows);
            let (here, later) = rows.split_at(until);
            if !here.is_empty() {
                by_unit.push((unit, here));
            }
            rows = later;
        }
        by_unit
    }
}
