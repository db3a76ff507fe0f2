//! The paid cases of a run, kept on disk until the pools know what a point is worth.
//!
//! Cases are strewn over buckets by their hospital, so that one bucket fits into memory. A case
//! amount depends on the order of `case_id` within a hospital and pool, and on nothing else.

use super::links::Adjustments;
use super::tallies::{Kind, TallyBook, TallyPage};
use crate::{Class, Error};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use drgdip_points::pool::HospitalPayment;
use drgdip_points::settle::CaseSplitter;
use rayon::prelude::*;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

const BUCKETS: usize = 64;
/// How much a worker gathers for a bucket before it is written.
const FLUSH_BYTES: usize = 1 << 15;

/// A hospital in a pool, both by their number in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Account {
    pub(crate) pool: u16,
    pub(crate) hospital: u32,
}

impl Account {
    fn bucket(self) -> usize {
        let mixed = self
            .hospital
            .wrapping_mul(0x9E37_79B1)
            .wrapping_add(u32::from(self.pool));
        (mixed.wrapping_mul(0x85EB_CA6B) >> 26) as usize
    }
}

/// A case that earns points.
pub(crate) struct Entry<'a> {
    pub(crate) account: Account,
    pub(crate) row: u64,
    pub(crate) points: Points,
    pub(crate) patient_side: Yuan,
    /// What statements put it together by.
    pub(crate) kind: Kind,
    pub(crate) case_id: &'a str,
}

/// The buckets on disk; the files have no name and vanish with the run.
pub(crate) struct Ledger {
    folder: PathBuf,
    buckets: Vec<Mutex<File>>,
}

/// What one worker has gathered for each bucket.
pub(crate) struct Page<'l> {
    ledger: &'l Ledger,
    buffers: Vec<Vec<u8>>,
}

impl Ledger {
    pub(crate) fn new(folder: &Path) -> Result<Self, Error> {
        let open = |_| tempfile::tempfile_in(folder).map(Mutex::new);
        let buckets = (0..BUCKETS).map(open).collect::<io::Result<_>>();
        let buckets = buckets.map_err(|e| Error::file(folder, "write temporary files", &e))?;
        Ok(Self {
            folder: folder.to_owned(),
            buckets,
        })
    }

    /// A page for one worker.
    pub(crate) fn page(&self) -> Page<'_> {
        Page {
            ledger: self,
            buffers: vec![Vec::new(); BUCKETS],
        }
    }

    fn wrong(&self, error: &io::Error) -> Error {
        Error::file(&self.folder, "write and read temporary files", error)
    }

    /// The payment of every row, in fen; rows that earn nothing have 0.
    ///
    /// What each hospital's cases add up to by kind is written into the book of tallies.
    pub(crate) fn payments(
        &self,
        rows: u64,
        by_account: &HashMap<Account, &HospitalPayment>,
        (adjusted, tallies): (&Adjustments, &TallyBook),
    ) -> Result<Vec<AtomicI64>, Error> {
        let payments: Vec<AtomicI64> = (0..rows).map(|_| AtomicI64::new(0)).collect();
        self.buckets
            .par_iter()
            .try_for_each(|bucket| -> Result<(), Error> {
                let mut file = bucket.lock().expect("no worker panicked");
                let mut bytes = Vec::new();
                file.seek(SeekFrom::Start(0)).map_err(|e| self.wrong(&e))?;
                file.read_to_end(&mut bytes).map_err(|e| self.wrong(&e))?;
                let mut page = tallies.page();
                split_bucket(&bytes, by_account, (adjusted, &payments, &mut page))?;
                page.finish()
            })?;
        Ok(payments)
    }
}

impl Page<'_> {
    pub(crate) fn add(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        let bucket = entry.account.bucket();
        let buffer = &mut self.buffers[bucket];
        buffer.extend_from_slice(&entry.account.pool.to_le_bytes());
        buffer.extend_from_slice(&entry.account.hospital.to_le_bytes());
        buffer.extend_from_slice(&entry.row.to_le_bytes());
        buffer.extend_from_slice(&entry.points.ten_thousandths().to_le_bytes());
        buffer.extend_from_slice(&entry.patient_side.fen().to_le_bytes());
        buffer.push(entry.kind.class);
        buffer.extend_from_slice(&entry.kind.group.to_le_bytes());
        let length = u32::try_from(entry.case_id.len()).expect("Parquet texts are below 2 GiB");
        buffer.extend_from_slice(&length.to_le_bytes());
        buffer.extend_from_slice(entry.case_id.as_bytes());
        if buffer.len() >= FLUSH_BYTES {
            self.flush(bucket)
        } else {
            Ok(())
        }
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        (0..BUCKETS).try_for_each(|bucket| self.flush(bucket))
    }

    fn flush(&mut self, bucket: usize) -> Result<(), Error> {
        let mut file = self.ledger.buckets[bucket]
            .lock()
            .expect("no worker panicked");
        file.write_all(&self.buffers[bucket])
            .map_err(|e| self.ledger.wrong(&e))?;
        self.buffers[bucket].clear();
        Ok(())
    }
}

/// Reads entries back from a bucket.
struct Entries<'a>(&'a [u8]);

impl<'a> Entries<'a> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self
            .0
            .split_first_chunk()
            .expect("a bucket holds whole entries");
        self.0 = rest;
        *head
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let pool = u16::from_le_bytes(self.take());
        let hospital = u32::from_le_bytes(self.take());
        let row = u64::from_le_bytes(self.take());
        let points = Points::from_ten_thousandths(i64::from_le_bytes(self.take()));
        let patient_side = Yuan::from_fen(i64::from_le_bytes(self.take()));
        let kind = Kind {
            class: u8::from_le_bytes(self.take()),
            group: u16::from_le_bytes(self.take()),
        };
        let length = u32::from_le_bytes(self.take()) as usize;
        let (case_id, rest) = self.0.split_at(length);
        self.0 = rest;
        let case_id = std::str::from_utf8(case_id).expect("a case_id was written as UTF-8");
        Some(Entry {
            account: Account { pool, hospital },
            row,
            points,
            patient_side,
            kind,
            case_id,
        })
    }
}

fn split_bucket(
    bytes: &[u8],
    by_account: &HashMap<Account, &HospitalPayment>,
    (adjusted, payments, page): (&Adjustments, &[AtomicI64], &mut TallyPage<'_>),
) -> Result<(), Error> {
    let mut entries: Vec<Entry<'_>> = Entries(bytes).collect();
    entries.sort_unstable_by(|a, b| {
        let by_id = || a.case_id.as_bytes().cmp(b.case_id.as_bytes());
        a.account
            .cmp(&b.account)
            .then_with(by_id)
            .then(a.row.cmp(&b.row))
    });
    for cases in entries.chunk_by(|a, b| a.account == b.account) {
        let wrong = |e: drgdip_points::Error| Error::new(Class::Reconcile, "settlement", e, "");
        let payment = by_account[&cases[0].account];
        let mut splitter = CaseSplitter::new(payment);
        for case in cases {
            let changed = adjusted.get(&case.row);
            let points = changed.map_or(case.points, |changed| changed.points);
            let money = changed.and_then(|changed| changed.at_cost);
            // The patient side of a case that is paid at cost is off its money already.
            let side = money.map_or(case.patient_side, |_| Yuan::ZERO);
            let by_points = splitter.next(points, side).map_err(wrong)?;
            let beside = money.map_or(Yuan::ZERO, |money| money.paid);
            let paid = by_points.plus(beside).map_err(|e| wrong(e.into()))?;
            let row = usize::try_from(case.row).expect("rows fit into the address space");
            payments[row].store(paid.fen(), Ordering::Relaxed);
            page.count(case.kind, (points, case.patient_side, paid))?;
        }
        page.close(cases[0].account);
        if !splitter.is_complete() {
            let problem = format!(
                "the cases of hospital {} have fewer points than the hospital.",
                payment.hospital_id
            );
            return Err(Error::new(Class::Reconcile, "settlement", problem, ""));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(folder.path()).unwrap();
        let account = Account {
            pool: 3,
            hospital: 70_000,
        };
        let mut page = ledger.page();
        let entry = |row, case_id| Entry {
            account,
            row,
            points: Points::from_ten_thousandths(5),
            patient_side: Yuan::from_fen(-7),
            kind: Kind {
                class: 3,
                group: 60_000,
            },
            case_id,
        };
        for (row, id) in [(9, "b"), (1 << 40, ""), (2, "编号")] {
            page.add(&entry(row, id)).unwrap();
        }
        page.finish().unwrap();
        let mut bytes = Vec::new();
        let mut file = ledger.buckets[account.bucket()].lock().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        let back: Vec<_> = Entries(&bytes)
            .map(|e| (e.row, e.case_id.to_owned()))
            .collect();
        let expected = [(9, "b"), (1 << 40, ""), (2, "编号")];
        assert_eq!(back, expected.map(|(row, id)| (row, id.to_owned())));
        assert!(Entries(&bytes).all(|e| e.account == account && e.patient_side.fen() == -7));
        assert!(Entries(&bytes).all(|e| (e.kind.class, e.kind.group) == (3, 60_000)));
    }
}
