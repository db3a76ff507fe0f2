//! Finds rows that repeat the `case_id` of an earlier row.
//!
//! Eight bytes a row are kept: a 64-bit hash of the id. Rows whose hashes meet are read again and
//! compared by their text, so a collision of hashes never decides anything.

use crate::Error;
use crate::read::{ClaimFiles, Column};
use arrow::array::{AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use twox_hash::XxHash3_64;

/// The hashes of some consecutive rows' ids; zero stands for an absent id.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdHashes {
    by_first_row: BTreeMap<u64, Vec<u64>>,
}

/// The hash of an id, never zero: an id whose hash is 0 counts as 1, since ids that meet are
/// compared by their text before anything is said.
pub(crate) fn hash_id(id: &str) -> u64 {
    XxHash3_64::oneshot(id.as_bytes()).max(1)
}

/// The hashes of a column of ids.
pub(crate) fn hash_ids(ids: &StringArray) -> impl Iterator<Item = u64> {
    ids.iter().map(|id| id.map_or(0, hash_id))
}

impl IdHashes {
    pub(crate) fn add(&mut self, first_row: u64, hashes: Vec<u64>) {
        self.by_first_row.insert(first_row, hashes);
    }

    /// The hashes that occur more than once.
    fn repeated(&self) -> HashSet<u64> {
        const PARTS: u64 = 8;
        let of_part = |part: u64| -> Vec<u64> {
            let all = self.by_first_row.values().flatten();
            let mut hashes: Vec<u64> = all
                .copied()
                .filter(|hash| *hash != 0 && hash % PARTS == part)
                .collect();
            hashes.sort_unstable();
            hashes
                .windows(2)
                .filter(|pair| pair[0] == pair[1])
                .map(|pair| pair[0])
                .collect()
        };
        (0..PARTS).into_par_iter().flat_map_iter(of_part).collect()
    }

    /// The rows with one of these hashes, in row order.
    pub(crate) fn rows_with(&self, wanted: &HashSet<u64>) -> Vec<u64> {
        let mut rows = Vec::new();
        for (first_row, hashes) in &self.by_first_row {
            let hits = hashes
                .iter()
                .enumerate()
                .filter(|(_, hash)| wanted.contains(hash));
            rows.extend(hits.map(|(offset, _)| first_row + offset as u64));
        }
        rows
    }

    /// Every row whose id stands in an earlier row too, with the id, in row order.
    pub(crate) fn duplicates(&self, files: &ClaimFiles) -> Result<Vec<(u64, String)>, Error> {
        let candidates = self.rows_with(&self.repeated());
        let mut seen = HashMap::new();
        let mut duplicates = Vec::new();
        for (row, id) in read_ids(files, &candidates)? {
            if seen.insert(id.clone(), row).is_some() {
                duplicates.push((row, id));
            }
        }
        Ok(duplicates)
    }
}

/// The ids of some rows, which are given and returned in row order; absent ids are left out.
fn read_ids(files: &ClaimFiles, rows: &[u64]) -> Result<Vec<(u64, String)>, Error> {
    let mut found = Vec::with_capacity(rows.len());
    files.visit_rows(rows, &[Column::CaseId], |file, batch, row, offset| {
        let id = cast(&batch.column(0).slice(offset, 1), &DataType::Utf8);
        let id = id.map_err(|e| file.broken(&e))?;
        found.extend(
            id.as_string::<i32>()
                .iter()
                .flatten()
                .map(|id| (row, id.to_owned())),
        );
        Ok(())
    })?;
    Ok(found)
}
