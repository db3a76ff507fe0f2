//! Finds rows that repeat the `case_id` of an earlier row.
//!
//! A hash of every id goes to disk with its row, strewn by hash so that equal ids meet in one part.
//! Rows whose hashes meet are read again, some at a time, and their texts strewn and compared, so a
//! collision of hashes never decides anything, and a month that is given twice fits into memory.

use crate::Error;
use crate::read::{ClaimFile, ClaimFiles, Column};
use crate::row_set::RowSet;
use crate::strewn::{Gathering, Strewn, next_record, put_bytes};
use ahash::RandomState;
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use rayon::prelude::*;
use std::collections::HashSet;
use std::io::{self, Read};
use std::path::Path;
use twox_hash::XxHash3_64;

const PARTS: usize = 64;
/// How many bytes of a part are sorted in memory.
const IN_MEMORY: u64 = 16 << 20;

/// So many rows are read again at a time.
pub(crate) const AT_A_TIME: usize = 1 << 17;

/// What is kept of hashes beside their part.
type Kept = HashSet<u64, RandomState>;

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
    rows: u64,
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
            rows,
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

    /// The rows whose hash another row has, or that is wanted.
    pub(crate) fn candidates(&self, wanted: &HashSet<u64>) -> Result<RowSet, Error> {
        let mut wanted_in = vec![Kept::default(); PARTS];
        for hash in wanted {
            wanted_in[part_of(*hash)].insert(self.kept(*hash));
        }
        let found = RowSet::new(self.rows);
        let of_part = |part: usize| match self.strewn.bytes(part)? <= IN_MEMORY {
            true => self.meeting(part, &wanted_in[part], &found),
            false => self.meeting_on_disk(part, &wanted_in[part], &found),
        };
        (0..PARTS).into_par_iter().try_for_each(of_part)?;
        Ok(found)
    }

    /// Adds the rows of a part whose hashes meet.
    fn meeting(&self, part: usize, wanted: &Kept, found: &RowSet) -> Result<(), Error> {
        let bytes = self.strewn.read(part)?;
        let (records, _) = bytes.as_chunks();
        let mut records: Vec<u64> = records.iter().copied().map(u64::from_le_bytes).collect();
        drop(bytes);
        records.sort_unstable();
        for same in records.chunk_by(|a, b| self.hash_of(*a) == self.hash_of(*b)) {
            if same.len() > 1 || wanted.contains(&self.hash_of(same[0])) {
                same.iter().for_each(|record| {
                    found.add(self.row_of(*record));
                });
            }
        }
        Ok(())
    }

    /// The same in two looks at a part that is too large, as where very many ids are equal: what is
    /// kept is a hash for each distinct id of the part.
    fn meeting_on_disk(&self, part: usize, wanted: &Kept, found: &RowSet) -> Result<(), Error> {
        let mut seen = Kept::default();
        let mut meeting = wanted.clone();
        self.strewn.each(part, |record| {
            let hash = self.hash_of(u64::from_le_bytes(record));
            if !seen.insert(hash) {
                meeting.insert(hash);
            }
            Ok(())
        })?;
        self.strewn.each(part, |record| {
            let record = u64::from_le_bytes(record);
            if meeting.contains(&self.hash_of(record)) {
                found.add(self.row_of(record));
            }
            Ok(())
        })
    }

    /// Every row whose id stands in an earlier row too.
    pub(crate) fn duplicates(&self, files: &ClaimFiles) -> Result<RowSet, Error> {
        let texts = self.texts()?;
        let mut page = texts.page();
        for rows in self.candidates(&HashSet::new())?.some_at_a_time(AT_A_TIME) {
            for (row, id) in rows.iter().zip(ids(files, &rows)?) {
                page.add(*row, id.as_deref())?;
            }
        }
        page.finish()?;
        texts.repeated(self.rows)
    }

    /// Where the ids of candidates are compared by their texts.
    pub(crate) fn texts(&self) -> Result<TextBook, Error> {
        Ok(TextBook(Strewn::new(self.strewn.folder(), PARTS)?))
    }

    fn hash_of(&self, record: u64) -> u64 {
        record >> self.row_bits
    }

    fn row_of(&self, record: u64) -> u64 {
        record & !(u64::MAX << self.row_bits)
    }
}

/// The ids of some rows.
pub(crate) fn ids(files: &ClaimFiles, rows: &[u64]) -> Result<Vec<Option<String>>, Error> {
    files.read_rows(rows, &[Column::CaseId], |file, batch, offset| {
        id_at(file, batch, 0, offset)
    })
}

/// The texts of ids on disk, strewn so that equal ones meet in one part.
pub(crate) struct TextBook(Strewn);

/// Where the ids are written down, in row order.
pub(crate) struct TextPage<'b>(Gathering<'b>);

impl TextBook {
    pub(crate) fn page(&self) -> TextPage<'_> {
        TextPage(self.0.gathering())
    }

    /// The rows whose id stands in an earlier row too.
    pub(crate) fn repeated(&self, rows: u64) -> Result<RowSet, Error> {
        let repeated = RowSet::new(rows);
        let parts = 0..self.0.len();
        let of_part = |part| self.repeated_of(part, &repeated);
        parts.into_par_iter().try_for_each(of_part)?;
        Ok(repeated)
    }

    /// Goes through a part, which has its rows in order: what is kept is each distinct id.
    fn repeated_of(&self, part: usize, repeated: &RowSet) -> Result<(), Error> {
        let wrong = |e: io::Error| self.0.wrong(&e);
        let mut stream = self.0.stream(part)?;
        let mut seen: HashSet<Box<[u8]>, RandomState> = HashSet::default();
        let mut id = Vec::new();
        while let Some(row) = next_record(&mut stream).map_err(wrong)? {
            let mut length = [0; 4];
            stream.read_exact(&mut length).map_err(wrong)?;
            id.resize(u32::from_le_bytes(length) as usize, 0);
            stream.read_exact(&mut id).map_err(wrong)?;
            if seen.contains(id.as_slice()) {
                repeated.add(u64::from_le_bytes(row));
            } else {
                seen.insert(id.as_slice().into());
            }
        }
        Ok(())
    }
}

impl TextPage<'_> {
    /// Writes the id of a row down, after those of all rows before it; absent ones repeat nothing.
    pub(crate) fn add(&mut self, row: u64, id: Option<&str>) -> Result<(), Error> {
        let Some(id) = id else { return Ok(()) };
        self.0.add(part_of(hash_id(id)), |buffer| {
            buffer.extend_from_slice(&row.to_le_bytes());
            put_bytes(buffer, id.as_bytes());
        })
    }

    /// Hands over what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
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
        let found = |wanted: &[&str]| {
            let wanted = wanted.iter().map(|id| hash_id(id)).collect();
            let set = book.candidates(&wanted).unwrap();
            set.some_at_a_time(100).flatten().collect::<Vec<_>>()
        };
        assert_eq!(found(&[]), [4, 10]);
        assert_eq!(found(&["d", "x"]), [4, 5, 10]);
    }

    #[test]
    fn a_part_on_disk_has_the_same_rows_meet() {
        let folder = tempfile::tempdir().unwrap();
        let book = IdBook::new(folder.path(), 600).unwrap();
        let ids: StringArray = (0..600).map(|n| Some(format!("{}", n % 500))).collect();
        let mut page = book.page();
        page.add(0, &ids).unwrap();
        page.finish().unwrap();
        for part in 0..PARTS {
            let wanted = Kept::from_iter([book.kept(hash_id("250"))]);
            let (in_memory, on_disk) = (RowSet::new(600), RowSet::new(600));
            book.meeting(part, &wanted, &in_memory).unwrap();
            book.meeting_on_disk(part, &wanted, &on_disk).unwrap();
            assert!((0..600).all(|row| in_memory.has(row) == on_disk.has(row)));
        }
        let set = book.candidates(&HashSet::new()).unwrap();
        assert!((0..600).all(|row| set.has(row) != (100..500).contains(&row)));
    }

    #[test]
    fn an_id_repeats_an_earlier_one_and_not_itself() {
        let folder = tempfile::tempdir().unwrap();
        let book = IdBook::new(folder.path(), 12).unwrap();
        let texts = book.texts().unwrap();
        let mut page = texts.page();
        for (row, id) in [(1, Some("a")), (2, Some("b")), (5, Some("a")), (7, None)] {
            page.add(row, id).unwrap();
        }
        for (row, id) in [(8, None), (9, Some("a")), (10, Some("")), (11, Some(""))] {
            page.add(row, id).unwrap();
        }
        page.finish().unwrap();
        let repeated = texts.repeated(12).unwrap();
        let rows: Vec<u64> = repeated.some_at_a_time(9).flatten().collect();
        assert_eq!(rows, [5, 9, 11]);
    }
}
