//! The stays of a run on disk, strewn over files so that one fits into memory, until readmissions
//! are looked for.

use super::ledger::Account;
use super::measures::Counting;
use crate::Error;
use drgdip_points::Points;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const BUCKETS: usize = 64;
/// How much a worker gathers for a file before it is written.
const FLUSH_BYTES: usize = 1 << 15;

/// A stay that can be one of several that an illness was split into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StayEntry<'a> {
    pub(super) account: Account,
    pub(super) row: u64,
    pub(super) group: u16,
    pub(super) points: Points,
    pub(super) counting: Counting,
    /// The rules that the key is made by, and whether they are those of the stay's own date.
    pub(super) rules: u8,
    pub(super) is_own: bool,
    pub(super) admitted: i32,
    pub(super) discharged: i32,
    /// Person, place and likeness: stays with the same key can follow each other.
    pub(super) key: &'a str,
    pub(super) case_id: &'a str,
}

/// The files, which have no name and vanish with the run.
pub(super) struct StayBook {
    folder: PathBuf,
    buckets: Vec<Mutex<File>>,
}

/// What one worker has gathered for each file.
pub(super) struct StayPage<'b> {
    book: &'b StayBook,
    buffers: Vec<Vec<u8>>,
}

impl StayBook {
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        let open = |_| tempfile::tempfile_in(folder).map(Mutex::new);
        let buckets = (0..BUCKETS).map(open).collect::<io::Result<_>>();
        let buckets = buckets.map_err(|e| Error::file(folder, "write temporary files", &e))?;
        Ok(Self {
            folder: folder.to_owned(),
            buckets,
        })
    }

    pub(super) fn page(&self) -> StayPage<'_> {
        StayPage {
            book: self,
            buffers: vec![Vec::new(); BUCKETS],
        }
    }

    /// Reads one file after the other; `each` sees all stays of the keys that it holds.
    pub(super) fn visit(
        &self,
        mut each: impl FnMut(&mut [StayEntry<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for bucket in &self.buckets {
            let mut file = bucket.lock().expect("no worker panicked");
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(0)).map_err(|e| self.wrong(&e))?;
            file.read_to_end(&mut bytes).map_err(|e| self.wrong(&e))?;
            let mut entries: Vec<StayEntry<'_>> = Entries(&bytes).collect();
            each(&mut entries)?;
        }
        Ok(())
    }

    fn wrong(&self, error: &io::Error) -> Error {
        Error::file(&self.folder, "write and read temporary files", error)
    }
}

impl StayPage<'_> {
    pub(super) fn add(&mut self, entry: &StayEntry<'_>) -> Result<(), Error> {
        // The hash only spreads the keys; which file a key falls into shows nowhere.
        let mut hasher = DefaultHasher::new();
        entry.key.hash(&mut hasher);
        let bucket = usize::try_from(hasher.finish() % BUCKETS as u64).expect("64 fit everywhere");
        let buffer = &mut self.buffers[bucket];
        buffer.extend_from_slice(&entry.account.pool.to_le_bytes());
        buffer.extend_from_slice(&entry.account.hospital.to_le_bytes());
        buffer.extend_from_slice(&entry.row.to_le_bytes());
        buffer.extend_from_slice(&entry.group.to_le_bytes());
        buffer.extend_from_slice(&entry.points.ten_thousandths().to_le_bytes());
        buffer.extend_from_slice(&entry.counting.rigid.to_le_bytes());
        buffer.extend_from_slice(&entry.counting.total.to_le_bytes());
        buffer.extend_from_slice(&[entry.counting.whole, entry.rules, u8::from(entry.is_own)]);
        buffer.extend_from_slice(&entry.admitted.to_le_bytes());
        buffer.extend_from_slice(&entry.discharged.to_le_bytes());
        for text in [entry.key, entry.case_id] {
            let length = u32::try_from(text.len()).expect("Parquet texts are below 2 GiB");
            buffer.extend_from_slice(&length.to_le_bytes());
            buffer.extend_from_slice(text.as_bytes());
        }
        if buffer.len() >= FLUSH_BYTES {
            self.flush(bucket)
        } else {
            Ok(())
        }
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        (0..BUCKETS).try_for_each(|bucket| self.flush(bucket))
    }

    fn flush(&mut self, bucket: usize) -> Result<(), Error> {
        let file = &self.book.buckets[bucket];
        let mut file = file.lock().expect("no worker panicked");
        let written = file.write_all(&self.buffers[bucket]);
        written.map_err(|e| self.book.wrong(&e))?;
        self.buffers[bucket].clear();
        Ok(())
    }
}

/// Reads entries back from a file.
struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let split = self.0.split_first_chunk();
        let (head, rest) = split.expect("a file holds whole entries");
        self.0 = rest;
        *head
    }

    fn text(&mut self) -> &'a str {
        let length = u32::from_le_bytes(self.take()) as usize;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).expect("texts were written as UTF-8")
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = StayEntry<'a>;

    fn next(&mut self) -> Option<StayEntry<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let account = Account {
            pool: u16::from_le_bytes(self.take()),
            hospital: u32::from_le_bytes(self.take()),
        };
        let row = u64::from_le_bytes(self.take());
        let group = u16::from_le_bytes(self.take());
        let points = Points::from_ten_thousandths(i64::from_le_bytes(self.take()));
        let rigid = i64::from_le_bytes(self.take());
        let total = i64::from_le_bytes(self.take());
        let [whole, rules, is_own] = self.take();
        Some(StayEntry {
            account,
            row,
            group,
            points,
            counting: Counting {
                whole,
                rigid,
                total,
            },
            rules,
            is_own: is_own != 0,
            admitted: i32::from_le_bytes(self.take()),
            discharged: i32::from_le_bytes(self.take()),
            key: self.text(),
            case_id: self.text(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let book = StayBook::new(folder.path()).unwrap();
        let entry = |row, key, case_id| StayEntry {
            account: Account {
                pool: 2,
                hospital: 70_000,
            },
            row,
            group: 9,
            points: Points::from_ten_thousandths(-5),
            counting: Counting {
                whole: 5,
                rigid: -1,
                total: 1 << 40,
            },
            rules: 3,
            is_own: true,
            admitted: -3,
            discharged: 20_000,
            key,
            case_id,
        };
        let written = [
            entry(1, "甲", "a"),
            entry(1 << 40, "甲", ""),
            entry(7, "b", "编号"),
        ];
        let mut page = book.page();
        for entry in &written {
            page.add(entry).unwrap();
        }
        page.finish().unwrap();
        let mut rows = Vec::new();
        book.visit(|entries| {
            for entry in entries {
                assert!(written.contains(entry));
                rows.push(entry.row);
            }
            Ok(())
        })
        .unwrap();
        rows.sort_unstable();
        assert_eq!(rows, [1, 7, 1 << 40]);
    }
}
