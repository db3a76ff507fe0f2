//! The entries of a bucket in order of account, `case_id` and row.
//!
//! A bucket that does not fit into memory, as where one hospital has most of the cases, is cut
//! into runs that do; these are sorted, written again, and merged.

use super::ledger::{Account, Entry};
use super::tallies::Kind;
use crate::Error;
use crate::runs::{SortedRun, merge, write_run};
use crate::strewn::{Record, Strewn};
use ahash::RandomState;
use drgdip_claims::Yuan;
use drgdip_points::Points;
use std::collections::HashMap;
use std::io::{self, BufRead, Read, Write};

/// Shows all entries of a bucket in order, with about so many bytes of them in memory.
pub(super) fn each_in_order(
    (strewn, bucket): (&Strewn, usize),
    memory: usize,
    mut each: impl FnMut(&Entry<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    if strewn.bytes(bucket)? <= memory as u64 {
        let bytes = strewn.read(bucket)?;
        return sorted(&bytes).try_for_each(|(entry, _)| each(&entry));
    }
    let runs = runs((strewn, bucket), memory)?;
    let wrong = |e: io::Error| strewn.wrong(&e);
    merge(runs, next, wrong, |next| each(&next.entry()))
}

/// Eight bytes of an id after what all ids of a bucket have in common, and where its entry stands
/// among the bytes of the bucket. In the order of these numbers ids are in order but for those
/// that differ only later on.
type Place = (u64, usize);

/// The entries in order, each with its bytes.
fn sorted(bytes: &[u8]) -> impl Iterator<Item = (Entry<'_>, &[u8])> {
    let entry_at = |at: usize| {
        let mut record = Record(&bytes[at..]);
        let entry = Entry::read(&mut record);
        (entry, &bytes[at..bytes.len() - record.0.len()])
    };
    let mut by_account = places(bytes);
    for (_, places) in &mut by_account {
        places.sort_unstable();
        for alike in places.chunk_by_mut(|a, b| a.0 == b.0) {
            alike.sort_unstable_by_key(|(_, at)| {
                let (entry, _) = entry_at(*at);
                (entry.case_id, entry.row)
            });
        }
    }
    let places = by_account.into_iter().flat_map(|(_, places)| places);
    places.map(move |(_, at)| entry_at(at))
}

/// The places of all entries by account, the accounts in order.
fn places(bytes: &[u8]) -> Vec<(Account, Vec<Place>)> {
    let mut by_account: Vec<(Account, Vec<Place>)> = Vec::new();
    let mut numbers: HashMap<Account, usize, RandomState> = HashMap::default();
    let mut record = Record(bytes);
    let mut first = None;
    let mut common = usize::MAX;
    while !record.0.is_empty() {
        let at = bytes.len() - record.0.len();
        let entry = Entry::read(&mut record);
        let first = *first.get_or_insert(entry.case_id);
        common = common.min(common_length(first, entry.case_id, common));
        let number = *numbers.entry(entry.account).or_insert_with(|| {
            by_account.push((entry.account, Vec::new()));
            by_account.len() - 1
        });
        by_account[number].1.push((0, at));
    }
    for (key, at) in by_account.iter_mut().flat_map(|(_, places)| places) {
        let id = Entry::read(&mut Record(&bytes[*at..])).case_id;
        *key = first_bytes(&id[common..]);
    }
    by_account.sort_unstable_by_key(|(account, _)| *account);
    by_account
}

/// How many bytes two ids have in common at their start, as far as `most`.
fn common_length(a: &[u8], b: &[u8], most: usize) -> usize {
    let most = most.min(a.len()).min(b.len());
    if a[..most] == b[..most] {
        return most;
    }
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The first eight bytes as a number, in the order of texts.
fn first_bytes(id: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = id.len().min(8);
    bytes[..length].copy_from_slice(&id[..length]);
    u64::from_be_bytes(bytes)
}

/// Cuts a bucket into sorted runs, each in its own temporary file.
fn runs((strewn, bucket): (&Strewn, usize), memory: usize) -> Result<Vec<SortedRun>, Error> {
    let wrong = |e: io::Error| strewn.wrong(&e);
    let mut file = strewn.open(bucket)?;
    let mut bytes = Vec::new();
    let mut runs = Vec::new();
    loop {
        let read = (&mut file).take(memory as u64).read_to_end(&mut bytes);
        let is_end = read.map_err(wrong)? == 0;
        let whole = whole_entries(&bytes);
        if whole > 0 {
            let run = write_run(strewn.folder(), |run| {
                let mut entries = sorted(&bytes[..whole]);
                entries.try_for_each(|(_, bytes)| run.write_all(bytes))
            });
            runs.push(run.map_err(wrong)?);
            bytes.drain(..whole);
        }
        if is_end {
            assert!(bytes.is_empty(), "a bucket holds whole entries");
            return Ok(runs);
        }
    }
}

/// How many bytes are whole entries.
fn whole_entries(bytes: &[u8]) -> usize {
    let mut whole = 0;
    while let Some(length) = bytes.get(whole + Entry::HEAD - 4..whole + Entry::HEAD) {
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let next = whole + Entry::HEAD + length;
        if next > bytes.len() {
            break;
        }
        whole = next;
    }
    whole
}

/// The next entry of a run; entries are compared by their fields in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    account: Account,
    case_id: Vec<u8>,
    row: u64,
    points: Points,
    patient_side: Yuan,
    kind: Kind,
}

impl Next {
    fn entry(&self) -> Entry<'_> {
        Entry {
            account: self.account,
            row: self.row,
            points: self.points,
            patient_side: self.patient_side,
            kind: self.kind,
            case_id: &self.case_id,
        }
    }
}

fn next(run: &mut SortedRun) -> io::Result<Option<Next>> {
    if run.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut bytes = vec![0; Entry::HEAD];
    run.read_exact(&mut bytes)?;
    let length = bytes[Entry::HEAD - 4..].try_into().expect("four bytes");
    let length = u32::from_le_bytes(length) as usize;
    bytes.resize(Entry::HEAD + length, 0);
    run.read_exact(&mut bytes[Entry::HEAD..])?;
    let entry = Entry::read(&mut Record(&bytes));
    Ok(Some(Next {
        account: entry.account,
        case_id: entry.case_id.to_vec(),
        row: entry.row,
        points: entry.points,
        patient_side: entry.patient_side,
        kind: entry.kind,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Ledger;
    use super::*;

    const KIND: Kind = Kind {
        class: 3,
        group: 60_000,
    };

    /// Ids that start alike, differ only after eight bytes, or end where others go on.
    fn entries() -> Vec<(Account, String, u64)> {
        let ids = (0..500_u64).map(|n| match n % 4 {
            0 => format!("C{}", n * 7919 % 1000),
            1 => format!("C编号123456789-{}", n % 10),
            2 => format!("C1{}", "\0".repeat(usize::try_from(n % 3).unwrap())),
            _ => format!("C12345678901234567{}", 999 - n),
        });
        let account = |n: u64| Account {
            pool: u16::try_from(n % 2).unwrap(),
            hospital: 70_000,
        };
        let numbered = ids.zip(0..);
        numbered.map(|(id, n)| (account(n), id, n)).collect()
    }

    #[track_caller]
    fn check(memory: usize) {
        let folder = tempfile::tempdir().unwrap();
        let strewn = Strewn::new(folder.path(), 1).unwrap();
        let mut gathering = strewn.gathering();
        let mut expected = entries();
        for (account, id, row) in &expected {
            let entry = Entry {
                account: *account,
                row: *row,
                points: Points::from_ten_thousandths(5),
                patient_side: Yuan::from_fen(-7),
                kind: KIND,
                case_id: id.as_bytes(),
            };
            gathering.add(0, |buffer| entry.write(buffer)).unwrap();
        }
        gathering.finish().unwrap();
        let mut found = Vec::new();
        each_in_order((&strewn, 0), memory, |entry| {
            assert_eq!(entry.points, Points::from_ten_thousandths(5));
            assert_eq!(entry.patient_side, Yuan::from_fen(-7));
            assert_eq!(entry.kind, KIND);
            let id = String::from_utf8(entry.case_id.to_vec()).unwrap();
            found.push((entry.account, id, entry.row));
            Ok(())
        })
        .unwrap();
        expected.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_small_bucket_is_sorted_in_memory() {
        check(1 << 20);
    }

    #[test]
    fn a_large_bucket_is_sorted_on_the_disk() {
        check(1000);
        // Less than one entry at a time.
        check(10);
    }

    #[test]
    fn an_empty_bucket_has_no_entries() {
        let folder = tempfile::tempdir().unwrap();
        Ledger::new(folder.path()).unwrap();
        let strewn = Strewn::new(folder.path(), 1).unwrap();
        each_in_order((&strewn, 0), 10, |_| unreachable!("there is none")).unwrap();
    }
}
