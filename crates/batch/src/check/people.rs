//! The stays of each person, strewn by person until overlaps and readmissions are looked for.

use crate::Error;
use crate::duplicates::hash_id;
use crate::runs::{SortedRun, merge, write_run};
use crate::strewn::{Gathering, Record, Strewn, next_record};
use drgdip_claims::check::{Stay, overlaps, readmits};
use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::path::Path;

const PARTS: usize = 128;
/// How many bytes a stay takes on the disk.
const BYTES: usize = 32;

/// One stay with what tells its person and hospital, all as hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StayOf {
    person: u64,
    stay: Stay,
    row: u64,
    hospital: u64,
}

impl StayOf {
    pub(super) fn new(row: u64, stay: Stay, hospital: &str) -> Self {
        Self {
            person: 0,
            stay,
            row,
            hospital: hash_id(hospital),
        }
    }

    fn read(bytes: &[u8; BYTES]) -> Self {
        let mut record = Record(bytes);
        let person = u64::from_le_bytes(record.take());
        let admitted = i32::from_le_bytes(record.take());
        let discharged = i32::from_le_bytes(record.take());
        Self {
            person,
            stay: Stay {
                admitted,
                discharged,
            },
            row: u64::from_le_bytes(record.take()),
            hospital: u64::from_le_bytes(record.take()),
        }
    }

    fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.person.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.stay.admitted.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.stay.discharged.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.row.to_le_bytes());
        bytes[24..].copy_from_slice(&self.hospital.to_le_bytes());
        bytes
    }
}

/// Two rows that seem to be stays of one person; hashes alone do not decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The row that a finding is about.
    pub(super) row: u64,
    /// The row that it conflicts with or follows.
    pub(super) other: u64,
    /// Whether they overlap; otherwise `row` is a readmission after `other`.
    pub(super) overlap: bool,
}

/// The stays on disk.
pub(super) struct PersonBook(Strewn);

/// What one worker has gathered.
pub(super) struct PersonPage<'b>(Gathering<'b>);

impl PersonBook {
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self(Strewn::new(folder, PARTS)?))
    }

    pub(super) fn page(&self) -> PersonPage<'_> {
        PersonPage(self.0.gathering())
    }

    pub(super) const fn parts() -> usize {
        PARTS
    }

    /// The pairs of a part, in order of person and date, with about so many bytes of it in memory.
    pub(super) fn pairs(
        &self,
        part: usize,
        (within_days, memory): (i64, usize),
        mut each: impl FnMut(Pair) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut finder = Finder::new(within_days);
        self.in_order(part, memory, |stay| finder.take(stay, &mut each))
    }

    /// Shows the stays of a part in order. A part that is too large, as where most claims are of
    /// one person, is cut into runs that are sorted and merged.
    fn in_order(
        &self,
        part: usize,
        memory: usize,
        show: impl FnMut(StayOf) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let wrong = |e: io::Error| self.0.wrong(&e);
        let most = memory / BYTES + 1;
        let mut stream = self.0.stream(part)?;
        let mut runs = Vec::new();
        loop {
            let stays = sorted_stays(&mut stream, most).map_err(wrong)?;
            if stays.len() < most && runs.is_empty() {
                return stays.into_iter().try_for_each(show);
            }
            if stays.is_empty() {
                break;
            }
            let run = write_run(self.0.folder(), |run| {
                stays
                    .iter()
                    .try_for_each(|stay| run.write_all(&stay.bytes()))
            });
            runs.push(run.map_err(wrong)?);
        }
        let next = |run: &mut SortedRun| Ok(next_record(run)?.map(|bytes| StayOf::read(&bytes)));
        merge(runs, next, wrong, show)
    }
}

/// At most so many stays of a stream, sorted.
fn sorted_stays(stream: &mut impl BufRead, most: usize) -> io::Result<Vec<StayOf>> {
    let mut stays = Vec::new();
    while stays.len() < most {
        let Some(record) = next_record(stream)? else {
            break;
        };
        stays.push(StayOf::read(&record));
    }
    stays.sort_unstable();
    Ok(stays)
}

impl PersonPage<'_> {
    pub(super) fn add(&mut self, person: &str, stay: &StayOf) -> Result<(), Error> {
        let person = hash_id(person);
        let part = usize::try_from(person % PARTS as u64).expect("128 fit everywhere");
        let stay = StayOf { person, ..*stay };
        self.0
            .add(part, |buffer| buffer.extend_from_slice(&stay.bytes()))
    }

    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
    }
}

/// Finds pairs among stays that come sorted by person and date.
///
/// A stay is held against the one of the same person before it that ended last, and for
/// readmissions against the last one that ended in the same hospital: one look back for each
/// stay, however many stays a person has. What is kept is one stay for each hospital of a person.
struct Finder {
    within_days: i64,
    /// Of the person whose stays are coming, the stay that ended last.
    last: Option<StayOf>,
    by_hospital: HashMap<u64, StayOf>,
}

impl Finder {
    fn new(within_days: i64) -> Self {
        Self {
            within_days,
            last: None,
            by_hospital: HashMap::new(),
        }
    }

    fn take(
        &mut self,
        stay: StayOf,
        each: &mut impl FnMut(Pair) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.last.is_some_and(|last| last.person != stay.person) {
            self.last = None;
            self.by_hospital.clear();
        }
        let pair = |(row, other), overlap| Pair {
            row,
            other,
            overlap,
        };
        let earlier = self.last.filter(|last| overlaps(last.stay, stay.stay));
        if let Some(other) = earlier {
            each(pair((stay.row, other.row), true))?;
            each(pair((other.row, stay.row), true))?;
        } else if let Some(before) = self.by_hospital.get(&stay.hospital)
            && readmits(before.stay, stay.stay, self.within_days)
        {
            each(pair((stay.row, before.row), false))?;
        }
        let ends_last = |known: &StayOf| known.stay.discharged <= stay.stay.discharged;
        if self.last.as_ref().is_none_or(ends_last) {
            self.last = Some(stay);
        }
        let known = self.by_hospital.entry(stay.hospital).or_insert(stay);
        if ends_last(known) {
            *known = stay;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(stays: &[(u64, i32, i32, &str)]) -> Vec<(u64, u64, bool)> {
        let mut stays: Vec<StayOf> = (0..)
            .zip(stays)
            .map(|(row, (person, admitted, discharged, hospital))| StayOf {
                person: *person,
                ..StayOf::new(
                    row,
                    Stay {
                        admitted: *admitted,
                        discharged: *discharged,
                    },
                    hospital,
                )
            })
            .collect();
        stays.sort_unstable();
        let mut pairs = Vec::new();
        let mut finder = Finder::new(10);
        for stay in stays {
            let each = &mut |pair: Pair| {
                pairs.push((pair.row, pair.other, pair.overlap));
                Ok(())
            };
            finder.take(stay, each).unwrap();
        }
        pairs
    }

    #[test]
    fn stays_come_in_order_however_little_memory_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let book = PersonBook::new(folder.path()).unwrap();
        let mut page = book.page();
        let mut expected = Vec::new();
        for row in 0..1_000 {
            let admitted = i32::try_from(row * 7_919 % 365).unwrap();
            let stay = Stay {
                admitted,
                discharged: admitted + 3,
            };
            let stay = StayOf::new(row, stay, "H");
            page.add("P", &stay).unwrap();
            expected.push(StayOf {
                person: hash_id("P"),
                ..stay
            });
        }
        page.finish().unwrap();
        expected.sort_unstable();
        let part = usize::try_from(hash_id("P") % PARTS as u64).unwrap();
        for memory in [0, 10 * BYTES, 999 * BYTES, 1 << 20] {
            let mut found = Vec::new();
            let show = |stay| {
                found.push(stay);
                Ok(())
            };
            book.in_order(part, memory, show).unwrap();
            assert!(found == expected, "{memory}");
        }
    }

    #[test]
    fn overlaps_name_both_stays_and_readmissions_the_later_one() {
        assert_eq!(
            found(&[
                (1, 5, 9, "A"),
                (1, 1, 6, "B"),
                (2, 1, 6, "A"),
                (2, 6, 9, "A")
            ]),
            [(0, 1, true), (1, 0, true), (3, 2, false)]
        );
    }

    #[test]
    fn a_readmission_is_to_the_same_hospital_within_the_days() {
        assert_eq!(found(&[(1, 1, 2, "A"), (1, 12, 13, "A")]), [(1, 0, false)]);
        assert_eq!(found(&[(1, 1, 2, "A"), (1, 13, 14, "A")]), []);
        assert_eq!(found(&[(1, 1, 2, "A"), (1, 5, 6, "B")]), []);
        assert_eq!(
            found(&[(1, 1, 2, "A"), (1, 5, 6, "B"), (1, 7, 8, "A")]),
            [(2, 0, false)]
        );
    }

    #[test]
    fn a_long_stay_is_held_against_all_that_begin_in_it() {
        assert_eq!(
            found(&[(1, 1, 90, "A"), (1, 2, 3, "B"), (1, 50, 60, "C")]),
            [(1, 0, true), (0, 1, true), (2, 0, true), (0, 2, true)]
        );
    }
}
