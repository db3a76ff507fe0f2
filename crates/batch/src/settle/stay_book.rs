//! The stays of a run on disk, strewn so that one part fits into memory, until readmissions are
//! looked for.

use super::ledger::Account;
use super::measures::Counting;
use crate::Error;
use crate::strewn::{Gathering, Record, Strewn, put_bytes};
use drgdip_points::Points;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

const PARTS: usize = 64;

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

/// The parts on disk, strewn by key.
pub(super) struct StayBook(Strewn);

/// What one worker has gathered for each part.
pub(super) struct StayPage<'b>(Gathering<'b>);

impl StayBook {
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self(Strewn::new(folder, PARTS)?))
    }

    pub(super) fn page(&self) -> StayPage<'_> {
        StayPage(self.0.gathering())
    }

    /// Reads one part after the other; `each` sees all stays of the keys that it holds.
    pub(super) fn visit(
        &self,
        mut each: impl FnMut(&mut [StayEntry<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for part in 0..self.0.len() {
            let bytes = self.0.read(part)?;
            let mut entries: Vec<StayEntry<'_>> = Entries(Record(&bytes)).collect();
            each(&mut entries)?;
        }
        Ok(())
    }
}

impl StayPage<'_> {
    pub(super) fn add(&mut self, entry: &StayEntry<'_>) -> Result<(), Error> {
        // The hash only spreads the keys; which part a key falls into shows nowhere.
        let mut hasher = DefaultHasher::new();
        entry.key.hash(&mut hasher);
        let part = usize::try_from(hasher.finish() % PARTS as u64).expect("64 fit everywhere");
        self.0.add(part, |buffer| {
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
            put_bytes(buffer, entry.key.as_bytes());
            put_bytes(buffer, entry.case_id.as_bytes());
        })
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
    }
}

/// Reads entries back from a part.
struct Entries<'a>(Record<'a>);

impl<'a> Entries<'a> {
    fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.0.bytes()).expect("texts were written as UTF-8")
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = StayEntry<'a>;

    fn next(&mut self) -> Option<StayEntry<'a>> {
        let record = &mut self.0;
        if record.0.is_empty() {
            return None;
        }
        let account = Account {
            pool: u16::from_le_bytes(record.take()),
            hospital: u32::from_le_bytes(record.take()),
        };
        let row = u64::from_le_bytes(record.take());
        let group = u16::from_le_bytes(record.take());
        let points = Points::from_ten_thousandths(i64::from_le_bytes(record.take()));
        let rigid = i64::from_le_bytes(record.take());
        let total = i64::from_le_bytes(record.take());
        let [whole, rules, is_own] = record.take();
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
            admitted: i32::from_le_bytes(record.take()),
            discharged: i32::from_le_bytes(record.take()),
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
