//! The paid cases of a run, kept on disk until the pools know what a point is worth.
//!
//! Cases are strewn over buckets by their hospital, so that one bucket usually fits into memory;
//! a larger one is sorted on the disk. A case amount depends on the order of `case_id` within a
//! hospital and pool, and on nothing else.

use super::links::Adjustments;
use super::payments::{PaymentPage, Payments};
use super::sorted::each_in_order;
use super::tallies::{Kind, TallyBook, TallyPage};
use crate::strewn::{Gathering, Record, Strewn, put_bytes};
use crate::{Class, Error, Progress};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use drgdip_points::pool::HospitalPayment;
use drgdip_points::settle::CaseSplitter;
use rayon::prelude::*;
use std::collections::HashMap;
use std::path::Path;

const BUCKETS: usize = 64;
/// Up to how many bytes a bucket is sorted in memory.
const BUCKET_BYTES: usize = 1 << 25;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) account: Account,
    pub(crate) row: u64,
    pub(crate) points: Points,
    pub(crate) patient_side: Yuan,
    /// What statements put it together by.
    pub(crate) kind: Kind,
    pub(crate) case_id: &'a [u8],
}

impl<'a> Entry<'a> {
    /// How many bytes stand before the `case_id`, the last four of them its length.
    pub(super) const HEAD: usize = 37;

    pub(super) fn write(&self, buffer: &mut Vec<u8>) {
        let mut head = [0; Self::HEAD - 4];
        let mut rest = &mut head[..];
        put(&mut rest, self.account.pool.to_le_bytes());
        put(&mut rest, self.account.hospital.to_le_bytes());
        put(&mut rest, self.row.to_le_bytes());
        put(&mut rest, self.points.ten_thousandths().to_le_bytes());
        put(&mut rest, self.patient_side.fen().to_le_bytes());
        put(&mut rest, [self.kind.class]);
        put(&mut rest, self.kind.group.to_le_bytes());
        buffer.extend_from_slice(&head);
        put_bytes(buffer, self.case_id);
    }

    /// The entry at the front of a bucket's bytes.
    pub(super) fn read(record: &mut Record<'a>) -> Self {
        Entry {
            account: Account {
                pool: u16::from_le_bytes(record.take()),
                hospital: u32::from_le_bytes(record.take()),
            },
            row: u64::from_le_bytes(record.take()),
            points: Points::from_ten_thousandths(i64::from_le_bytes(record.take())),
            patient_side: Yuan::from_fen(i64::from_le_bytes(record.take())),
            kind: Kind {
                class: u8::from_le_bytes(record.take()),
                group: u16::from_le_bytes(record.take()),
            },
            case_id: record.bytes(),
        }
    }
}

/// Puts bytes at the front of what is left of a record.
fn put<const N: usize>(rest: &mut &mut [u8], bytes: [u8; N]) {
    let (front, after) = std::mem::take(rest).split_at_mut(N);
    front.copy_from_slice(&bytes);
    *rest = after;
}

/// The buckets on disk.
pub(crate) struct Ledger(Strewn);

/// What one worker has gathered for each bucket.
pub(crate) struct Page<'l>(Gathering<'l>);

impl Ledger {
    pub(crate) fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self(Strewn::new(folder, BUCKETS)?))
    }

    /// A page for one worker.
    pub(crate) fn page(&self) -> Page<'_> {
        Page(self.0.gathering())
    }

    /// Pays every case into `payments`; says how many fen that is.
    ///
    /// What each hospital's cases add up to by kind is written into the book of tallies.
    pub(crate) fn pay(
        &self,
        by_account: &HashMap<Account, &HospitalPayment>,
        (adjusted, tallies): (&Adjustments, &TallyBook),
        (payments, progress): (&Payments, &dyn Progress),
    ) -> Result<i128, Error> {
        let buckets = (0..self.0.len()).into_par_iter();
        let paid = buckets.map(|bucket| {
            progress.look()?;
            let mut till = Till {
                by_account,
                adjusted,
                page: payments.page(),
                tallies: tallies.page(),
                open: None,
                paid: 0,
            };
            each_in_order((&self.0, bucket), BUCKET_BYTES, |entry| till.pay(entry))?;
            till.close()?;
            till.page.finish()?;
            till.tallies.finish()?;
            Ok(till.paid)
        });
        paid.try_reduce(|| 0, |a, b| Ok(a + b))
    }
}

impl Page<'_> {
    pub(crate) fn add(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        let bucket = entry.account.bucket();
        self.0.add(bucket, |buffer| entry.write(buffer))
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        self.0.finish()
    }
}

/// Pays the cases of a bucket, which come in order.
struct Till<'p> {
    by_account: &'p HashMap<Account, &'p HospitalPayment>,
    adjusted: &'p Adjustments,
    page: PaymentPage<'p>,
    tallies: TallyPage<'p>,
    /// The account whose cases come now.
    open: Option<(Account, CaseSplitter)>,
    /// In fen.
    paid: i128,
}

impl Till<'_> {
    fn pay(&mut self, case: &Entry<'_>) -> Result<(), Error> {
        if self.open.as_ref().map(|(account, _)| *account) != Some(case.account) {
            self.close()?;
            let splitter = CaseSplitter::new(self.by_account[&case.account]);
            self.open = Some((case.account, splitter));
        }
        let (_, splitter) = self.open.as_mut().expect("it was just opened");
        let wrong = |e: drgdip_points::Error| Error::new(Class::Reconcile, "settlement", e, "");
        let changed = self.adjusted.get(&case.row);
        let points = changed.map_or(case.points, |changed| changed.points);
        let money = changed.and_then(|changed| changed.at_cost);
        // The patient side of a case that is paid at cost is off its money already.
        let side = money.map_or(case.patient_side, |_| Yuan::ZERO);
        let by_points = splitter.next(points, side).map_err(wrong)?;
        let beside = money.map_or(Yuan::ZERO, |money| money.paid);
        let paid = by_points.plus(beside).map_err(|e| wrong(e.into()))?;
        self.paid += i128::from(paid.fen());
        self.tallies
            .count(case.kind, (points, case.patient_side, paid))?;
        self.page.add(case.row, paid)
    }

    /// Ends an account, whose cases must have had all of its points.
    fn close(&mut self) -> Result<(), Error> {
        let Some((account, splitter)) = self.open.take() else {
            return Ok(());
        };
        self.tallies.close(account);
        if splitter.is_complete() {
            return Ok(());
        }
        let problem = format!(
            "the cases of hospital {} have fewer points than the hospital.",
            self.by_account[&account].hospital_id
        );
        Err(Error::new(Class::Reconcile, "settlement", problem, ""))
    }
}
