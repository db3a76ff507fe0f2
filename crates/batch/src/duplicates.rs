//! Finds rows that repeat the `case_id` of an earlier row.
//!
//! A hash of every id goes to disk with its row, strewn by hash so that equal ids meet in one part.
//! Rows whose hashes meet are read again and compared by their text, so a collision of hashes
//! never decides anything.

use crate::Error;
use crate::read::{ClaimFile, ClaimFiles, Column};
use crate::strewn::{Gathering, Strewn};
use ahash::RandomState;
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use twox_hash::XxHash3_64;

const PARTS: usize = 64;

/// The hash of an id.
pub(crate) fn hash_id(id: &str) -> u64 {
    XxHash3_64::oneshot(id.as_bytes())
}

/// The hashes of all ids of a run, on disk.
///
/// A row and its hash share 64 bits: as many for the row as the run needs, the others for the
/// hash. So ten million rows leave 40 bits beside the six that say the part, with which about one
/// pair of rows meets by chance.
pub(crate) struct IdBook {
    strewn: Strewn,
    row_bits: u32,
}

/// What one worker has noted.
pub(crate) struct IdPage<'b> {
    gathering: Gathering<'b>,
    row_bits: u32,
}

impl IdBook {
    /// A book for a run with so many rows.
    pub(crate) fn new(folder: &Path, rows: u64) -> Result<Self, Error> {
        Ok(Self {
            strewn: Strewn::new(folder, PARTS)?,
            row_bits: u64::BITS - rows.leading_zeros(),
        })
    }

    pub(crate) fn page(&self) -> IdPage<'_> {
        IdPage {
            gathering: self.strewn.gathering(),
            row_bits: self.row_bits,
        }
    }

    /// What is kept of a hash beside its part.
    fn kept(&self, hash: u64) -> u64 {
        hash >> self.row_bits
    }

    /// The rows whose hash another row has, or that is wanted, in row order.
    pub(crate) fn candidates(&self, wanted: &HashSet<u64>) -> Result<Vec<u64>, Error> {
        let mut wanted_in = vec![HashSet::<u64, RandomState>::default(); PARTS];
        for hash in wanted {
            wanted_in[part_of(*hash)].insert(self.kept(*hash));
        }
        let hash_of = |record: &u64| record >> self.row_bits;
        let row_of = |record: &u64| record & !(u64::MAX << self.row_bits);
        let of_part = |part: usize| -> Result<Vec<u64>, Error> {
            let mut records = self.read(part)?;
            records.sort_unstable();
            let meeting = records.chunk_by(|a, b| hash_of(a) == hash_of(b));
            let wanted = &wanted_in[part];
            let meeting =
                meeting.filter(|same| same.len() > 1 || wanted.contains(&hash_of(&same[0])));
            Ok(meeting.flatten().map(row_of).collect())
        };
        let found: Vec<Vec<u64>> = (0..PARTS)
            .into_par_iter()
            .map(of_part)
            .collect::<Result<_, _>>()?;
        let mut rows = found.concat();
        rows.sort_unstable();
        Ok(rows)
    }

    /// Every row whose id stands in an earlier row too, with the id, in row order.
    pub(crate) fn duplicates(&self, files: &ClaimFiles) -> Result<Vec<(u64, String)>, Error> {
        let rows = self.candidates(&HashSet::new())?;
        let ids = files.read_rows(&rows, &[Column::CaseId], |file, batch, offset| {
            id_at(file, batch, 0, offset)
        })?;
        let named = rows.into_iter().zip(ids);
        Ok(repeated(named.filter_map(|(row, id)| Some((row, id?)))))
    }

    /// The records of a part.
    fn read(&self, part: usize) -> Result<Vec<u64>, Error> {
        let bytes = self.strewn.read(part)?;
        let (records, _) = bytes.as_chunks();
        Ok(records.iter().copied().map(u64::from_le_bytes).collect())
    }
}

/// The part of a hash, by the bits that a record leaves out first.
fn part_of(hash: u64) -> usize {
    usize::try_from(hash % PARTS as u64).expect("64 fit everywhere")
}

impl IdPage<'_> {
    /// Notes the ids of consecutive rows; absent ones repeat nothing.
    pub(crate) fn add(&mut self, first_row: u64, ids: &StringArray) -> Result<(), Error> {
        let rows = !(u64::MAX << self.row_bits);
        for (row, id) in (first_row..).zip(ids) {
            let Some(id) = id else { continue };
            let hash = hash_id(id);
            let record = (hash & !rows) | row;
            self.gathering.add(part_of(hash), |buffer| {
                buffer.extend_from_slice(&record.to_le_bytes());
            })?;
        }
        Ok(())
    }

    /// Hands over what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        self.gathering.finish()
    }
}

/// Of ids in row order, those that came before.
pub(crate) fn repeated(ids: impl Iterator<Item = (u64, String)>) -> Vec<(u64, String)> {
    let mut seen = HashMap::new();
    let mut repeated = Vec::new();
    for (row, id) in ids {
        if seen.insert(id.clone(), row).is_some() {
            repeated.push((row, id));
        }
    }
    repeated
}

/// The id in a row of a batch whose column `position` has the ids.
pub(crate) fn id_at(
    file: &ClaimFile,
    batch: &RecordBatch,
    position: usize,
    offset: usize,
) -> Result<Option<String>, Error> {
    let id = cast(&batch.column(position).slice(offset, 1), &DataType::Utf8);
    let id = id.map_err(|e| file.broken(&e))?;
    let id = id.as_string::<i32>();
    Ok(id.is_valid(0).then(|| id.value(0).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_whose_ids_meet_are_candidates_and_so_are_wanted_ones() {
        let folder = tempfile::tempdir().unwrap();
        let book = IdBook::new(folder.path(), 13).unwrap();
        let later = StringArray::from(vec![Some("b"), None, Some("c"), None]);
        let earlier = StringArray::from(vec![Some("a"), Some("b"), Some("d")]);
        for (first_row, ids) in [(10, &later), (3, &earlier)] {
            let mut page = book.page();
            page.add(first_row, ids).unwrap();
            page.finish().unwrap();
        }
        assert_eq!(book.candidates(&HashSet::new()).unwrap(), [4, 10]);
        let wanted = HashSet::from([hash_id("d"), hash_id("x")]);
        assert_eq!(book.candidates(&wanted).unwrap(), [4, 5, 10]);
    }

    #[test]
    fn an_id_repeats_an_earlier_one_and_not_itself() {
        let ids = [(1, "a"), (2, "b"), (5, "a"), (9, "a")];
        let ids = ids.map(|(row, id)| (row, id.to_owned()));
        assert_eq!(
            repeated(ids.into_iter()),
            [(5, "a".to_owned()), (9, "a".to_owned())]
        );
    }
}
