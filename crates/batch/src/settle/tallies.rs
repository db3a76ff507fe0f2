//! What the cases of each hospital add up to by class and group, kept on disk until statements are
//! written.
//!
//! A region with very many small hospitals has about as many of these sums as cases, so they are
//! written down hospital by hospital, while its cases are at hand anyway.

use super::cases::SettledClass;
use super::columns::{CLASSES, class_number};
use super::ledger::Account;
use crate::Error;
use drgdip_claims::Yuan;
use drgdip_points::Points;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What stands for the group of a case without one.
const NO_GROUP: u16 = u16::MAX;
/// How many bytes a tally has on disk.
const BYTES: usize = 35;

/// What cases of a hospital are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    /// The number of the class.
    pub(crate) class: u8,
    /// The number of the group in the run.
    pub(crate) group: u16,
}

impl Kind {
    pub(crate) fn new(class: SettledClass, group: Option<u16>) -> Self {
        let class = u8::try_from(class_number(class)).expect("there are few classes");
        Self {
            class,
            group: group.unwrap_or(NO_GROUP),
        }
    }

    /// The number of the group, where the cases have one.
    pub(crate) fn group(self) -> Option<u16> {
        (self.group != NO_GROUP).then_some(self.group)
    }

    /// The class.
    pub(crate) fn class(self) -> SettledClass {
        CLASSES[usize::from(self.class)]
    }
}

/// What the cases of a kind add up to in one hospital and pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) kind: Kind,
    pub(crate) cases: u64,
    pub(crate) points: Points,
    pub(crate) patient_side: Yuan,
    pub(crate) payment: Yuan,
}

/// The sums of all hospitals; the file has no name and vanishes with the run.
pub(crate) struct TallyBook {
    folder: PathBuf,
    groups: usize,
    kept: Mutex<Kept>,
}

struct Kept {
    file: File,
    length: u64,
    /// Where each hospital's sums begin, and how many bytes they have.
    places: HashMap<Account, (u64, usize)>,
    by_class: ByClass,
}

/// Sums by pool and number of the class.
type ByClass = BTreeMap<(u16, u8), Slot>;

/// What one worker adds up.
pub(crate) struct TallyPage<'b> {
    book: &'b TallyBook,
    /// By class and group; a run has few of them, so that a case is booked without searching.
    slots: Vec<Slot>,
    touched: Vec<usize>,
    bytes: Vec<u8>,
    places: Vec<(Account, u64, usize)>,
    by_class: ByClass,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    cases: u64,
    points: i64,
    patient_side: i64,
    payment: i64,
}

impl Slot {
    /// Adds what another hospital has; pools are checked to hold all of their hospitals.
    const fn add(&mut self, more: Self) {
        self.cases += more.cases;
        self.points = self.points.saturating_add(more.points);
        self.patient_side = self.patient_side.saturating_add(more.patient_side);
        self.payment = self.payment.saturating_add(more.payment);
    }
}

impl TallyBook {
    /// A book for a run with so many groups.
    pub(crate) fn new(folder: &Path, groups: usize) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(folder);
        let file = file.map_err(|e| Error::file(folder, "write temporary files", &e))?;
        Ok(Self {
            folder: folder.to_owned(),
            groups,
            kept: Mutex::new(Kept {
                file,
                length: 0,
                places: HashMap::new(),
                by_class: ByClass::new(),
            }),
        })
    }

    pub(crate) fn page(&self) -> TallyPage<'_> {
        let slots = vec![Slot::default(); CLASSES.len() * (self.groups + 1)];
        TallyPage {
            book: self,
            slots,
            touched: Vec::new(),
            bytes: Vec::new(),
            places: Vec::new(),
            by_class: ByClass::new(),
        }
    }

    /// The sums of a hospital in a pool, by class and group; none where it has no paid case.
    pub(crate) fn of(&self, account: Account) -> Result<Vec<Tally>, Error> {
        let mut kept = self.kept.lock().expect("no worker panicked");
        let Some((start, length)) = kept.places.get(&account).copied() else {
            return Ok(Vec::new());
        };
        let mut bytes = vec![0; length];
        let read = kept.file.seek(SeekFrom::Start(start));
        let read = read.and_then(|_| kept.file.read_exact(&mut bytes));
        read.map_err(|e| self.wrong(&e))?;
        Ok(bytes.chunks_exact(BYTES).map(tally).collect())
    }

    /// Cases, points and payment of all hospitals, by pool and class.
    pub(crate) fn by_class(&self) -> Vec<(u16, SettledClass, (u64, Points, Yuan))> {
        let kept = self.kept.lock().expect("no worker panicked");
        let sums = kept.by_class.iter().map(|((pool, class), slot)| {
            let points = Points::from_ten_thousandths(slot.points);
            let sum = (slot.cases, points, Yuan::from_fen(slot.payment));
            (*pool, CLASSES[usize::from(*class)], sum)
        });
        sums.collect()
    }

    fn wrong(&self, error: &io::Error) -> Error {
        Error::file(&self.folder, "write and read temporary files", error)
    }
}

impl TallyPage<'_> {
    /// Adds a paid case of the hospital that is being added up.
    pub(crate) fn count(
        &mut self,
        kind: Kind,
        (points, patient_side, payment): (Points, Yuan, Yuan),
    ) -> Result<(), Error> {
        let group = kind.group().map_or(self.book.groups, usize::from);
        let index = usize::from(kind.class) * (self.book.groups + 1) + group;
        let slot = &mut self.slots[index];
        if slot.cases == 0 {
            self.touched.push(index);
        }
        let sum = |a: i64, b: i64| a.checked_add(b).ok_or_else(overflow);
        slot.cases += 1;
        slot.points = sum(slot.points, points.ten_thousandths())?;
        slot.patient_side = sum(slot.patient_side, patient_side.fen())?;
        slot.payment = sum(slot.payment, payment.fen())?;
        Ok(())
    }

    /// Ends a hospital.
    pub(crate) fn close(&mut self, account: Account) {
        let start = self.bytes.len();
        self.touched.sort_unstable();
        for index in self.touched.drain(..) {
            let slot = std::mem::take(&mut self.slots[index]);
            let width = self.book.groups + 1;
            let class = u8::try_from(index / width).expect("there are few classes");
            let group = match index % width {
                group if group == self.book.groups => NO_GROUP,
                group => u16::try_from(group).expect("groups are numbered with 16 bits"),
            };
            self.by_class
                .entry((account.pool, class))
                .or_default()
                .add(slot);
            self.bytes.push(class);
            self.bytes.extend_from_slice(&group.to_le_bytes());
            self.bytes.extend_from_slice(&slot.cases.to_le_bytes());
            for sum in [slot.points, slot.patient_side, slot.payment] {
                self.bytes.extend_from_slice(&sum.to_le_bytes());
            }
        }
        let length = self.bytes.len() - start;
        self.places.push((account, start as u64, length));
    }

    /// Writes what was added up into the book.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let mut kept = self.book.kept.lock().expect("no worker panicked");
        let written = kept.file.write_all(&self.bytes);
        written.map_err(|e| self.book.wrong(&e))?;
        let before = kept.length;
        kept.length += self.bytes.len() as u64;
        let places = self.places.into_iter();
        let places = places.map(|(account, start, length)| (account, (before + start, length)));
        kept.places.extend(places);
        for (key, slot) in self.by_class {
            kept.by_class.entry(key).or_default().add(slot);
        }
        Ok(())
    }
}

fn tally(bytes: &[u8]) -> Tally {
    let number = |at: usize| {
        let part = bytes[at..at + 8].try_into().expect("a tally is whole");
        i64::from_le_bytes(part)
    };
    Tally {
        kind: Kind {
            class: bytes[0],
            group: u16::from_le_bytes([bytes[1], bytes[2]]),
        },
        cases: number(3).unsigned_abs(),
        points: Points::from_ten_thousandths(number(11)),
        patient_side: Yuan::from_fen(number(19)),
        payment: Yuan::from_fen(number(27)),
    }
}

fn overflow() -> Error {
    Error::input("claims", "a total is too large to be held exactly.")
        .with_hint("Look for absurd amounts among the claims.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_come_back_by_hospital_class_and_group() {
        let folder = tempfile::tempdir().unwrap();
        let book = TallyBook::new(folder.path(), 5).unwrap();
        let account = |hospital| Account { pool: 1, hospital };
        let kind = |class, group| Kind { class, group };
        let case = |points, side, paid| {
            (
                Points::from_ten_thousandths(points),
                Yuan::from_fen(side),
                Yuan::from_fen(paid),
            )
        };
        let mut page = book.page();
        page.count(kind(2, 4), case(10, 1, -7)).unwrap();
        page.count(kind(0, NO_GROUP), case(1, 0, 2)).unwrap();
        page.count(kind(2, 4), case(5, 2, 3)).unwrap();
        page.close(account(9));
        page.count(kind(2, 4), case(8, 0, 8)).unwrap();
        page.close(account(3));
        page.finish().unwrap();
        book.page().finish().unwrap();
        let sums = |hospital| -> Vec<_> {
            let tallies = book.of(account(hospital)).unwrap();
            let row = |t: &Tally| {
                let sums = (t.points.ten_thousandths(), t.patient_side.fen());
                (t.kind.class, t.kind.group(), t.cases, sums, t.payment.fen())
            };
            tallies.iter().map(row).collect()
        };
        let nine = [(0, None, 1, (1, 0), 2), (2, Some(4), 2, (15, 3), -4)];
        assert_eq!(sums(9), nine);
        assert_eq!(sums(3), [(2, Some(4), 1, (8, 0), 8)]);
        assert_eq!(sums(4), []);
    }
}
