//! Finds rows that repeat the `case_id` of an earlier row.
//!
//! A 64-bit hash of every id goes to disk, strewn by hash so that equal ids meet in one part.
//! Rows whose hashes meet are read again and compared by their text, so a collision of hashes
//! never decides anything.

use crate::Error;
use crate::read::{ClaimFile, ClaimFiles, Column};
use crate::strewn::{Gathering, Record, Strewn};
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
pub(crate) struct IdBook(Strewn);

/// What one worker has noted.
pub(crate) struct IdPage<'b>(Gathering<'b>);

impl IdBook {
    pub(crate) fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self(Strewn::new(folder, PARTS)?))
    }

    pub(crate) fn page(&self) -> IdPage<'_> {
        IdPage(self.0.gathering())
    }

    /// The rows whose hash another row has, or that is wanted, in row order.
    pub(crate) fn candidates(&self, wanted: &HashSet<u64>) -> Result<Vec<u64>, Error> {
        let of_part = |part| -> Result<Vec<u64>, Error> {
            let mut ids = self.read(part)?;
            ids.sort_unstable();
            let meeting = ids.chunk_by(|a, b| a.0 == b.0);
            let meeting = meeting.filter(|same| same.len() > 1 || wanted.contains(&same[0].0));
            Ok(meeting.flatten().map(|(_, row)| *row).collect())
        };
        let found: Vec<Vec<u64>> = (0..self.0.len())
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

    /// The hash and row of every id in a part.
    fn read(&self, part: usize) -> Result<Vec<(u64, u64)>, Error> {
        let bytes = self.0.read(part)?;
        let records = bytes.chunks_exact(16).map(|bytes| {
            let mut record = Record(bytes);
            (
                u64::from_le_bytes(record.take()),
                u64::from_le_bytes(record.take()),
            )
        });
        Ok(records.collect())
    }
}

impl IdPage<'_> {
    /// Notes the ids of consecutive rows; absent ones repeat nothing.
    pub(crate) fn add(&mut self, first_row: u64, ids: &StringArray) -> Result<(), Error> {
        for (row, id) in (first_row..).zip(ids) {
            let Some(id) = id else { continue };
            let hash = hash_id(id);
            let part = usize::try_from(hash % PARTS as u64).expect("64 fit everywhere");
            self.0.add(part, |buffer| {
                buffer.extend_from_slice(&hash.to_le_bytes());
                buffer.extend_from_slice(&row.to_le_bytes());
            })?;
        }
        Ok(())
    }

    /// Hands over what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
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
        let book = IdBook::new(folder.path()).unwrap();
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
