//! The stays of each person, strewn by person until overlaps and readmissions are looked for.

use crate::Error;
use crate::duplicates::hash_id;
use crate::strewn::{Gathering, Record, Strewn};
use drgdip_claims::check::{Stay, overlaps, readmits};
use std::collections::HashMap;
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

    fn read(bytes: &[u8]) -> Self {
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

    /// The pairs of a part, in order of person and date.
    pub(super) fn pairs(
        &self,
        part: usize,
        within_days: i64,
        each: impl FnMut(Pair) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let bytes = self.0.read(part)?;
        let mut stays: Vec<StayOf> = bytes.chunks_exact(BYTES).map(StayOf::read).collect();
        drop(bytes);
        stays.sort_unstable();
        find_pairs(&stays, within_days, each)
    }
}

impl PersonPage<'_> {
    pub(super) fn add(&mut self, person: &str, stay: &StayOf) -> Result<(), Error> {
        let person = hash_id(person);
        let part = usize::try_from(person % PARTS as u64).expect("128 fit everywhere");
        self.0.add(part, |buffer| {
            buffer.extend_from_slice(&person.to_le_bytes());
            buffer.extend_from_slice(&stay.stay.admitted.to_le_bytes());
            buffer.extend_from_slice(&stay.stay.discharged.to_le_bytes());
            buffer.extend_from_slice(&stay.row.to_le_bytes());
            buffer.extend_from_slice(&stay.hospital.to_le_bytes());
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
    }
}

/// Finds pairs among stays that are sorted by person and date.
///
/// A stay is held against the one of the same person before it that ended last, and for
/// readmissions against the last one that ended in the same hospital: one look back for each
/// stay, however many stays a person has.
fn find_pairs(
    stays: &[StayOf],
    within_days: i64,
    mut each: impl FnMut(Pair) -> Result<(), Error>,
) -> Result<(), Error> {
    for person in stays.chunk_by(|a, b| a.person == b.person) {
        let mut last: Option<&StayOf> = None;
        let mut by_hospital: HashMap<u64, &StayOf> = HashMap::new();
        for stay in person {
            let earlier = last.filter(|last| overlaps(last.stay, stay.stay));
            if let Some(other) = earlier {
                let overlap = true;
                each(Pair {
                    row: stay.row,
                    other: other.row,
                    overlap,
                })?;
                each(Pair {
                    row: other.row,
                    other: stay.row,
                    overlap,
                })?;
            } else if let Some(before) = by_hospital.get(&stay.hospital)
                && readmits(before.stay, stay.stay, within_days)
            {
                let (row, other) = (stay.row, before.row);
                each(Pair {
                    row,
                    other,
                    overlap: false,
                })?;
            }
            let ends_last = |known: &StayOf| known.stay.discharged <= stay.stay.discharged;
            if last.is_none_or(ends_last) {
                last = Some(stay);
            }
            let known = by_hospital.entry(stay.hospital).or_insert(stay);
            if ends_last(known) {
                *known = stay;
            }
        }
    }
    Ok(())
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
        find_pairs(&stays, 10, |pair| {
            pairs.push((pair.row, pair.other, pair.overlap));
            Ok(())
        })
        .unwrap();
        pairs
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
