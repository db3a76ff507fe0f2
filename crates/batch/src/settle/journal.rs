//! The ledger folder (台账): what was prepaid month after month, append-only and verifiable.
//!
//! Every entry is a file `NNNN-PERIOD.json` that names the SHA-256 of the entry before it, so
//! nothing can be changed or taken out unseen. A month that is settled again with the same
//! result adds nothing; another result is refused unless it is signed off as a correction, which
//! is a new entry. The last entry of a month is the one that counts.

use super::carried::Carried;
use crate::output::sha256;
use crate::{Class, Error};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a hospital was prepaid for a month in a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerRow {
    pub(crate) pool: String,
    pub(crate) hospital_id: String,
    pub(crate) cases: u64,
    pub(crate) points: String,
    /// What it earned at the value that prepayments go by.
    pub(crate) earned: String,
    pub(crate) audit: String,
    pub(crate) debt_before: String,
    pub(crate) prepaid: String,
    pub(crate) debt: String,
}

impl LedgerRow {
    fn amount(&self, text: &str, entry: &str) -> Result<Yuan, Error> {
        text.parse().map_err(|e| {
            let place = format!("ledger, {entry}, {} {}", self.pool, self.hospital_id);
            Error::input(place, format!("{e}."))
        })
    }
}

/// One entry of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerEntry {
    /// The number of the entry, from 1.
    pub(crate) drgdip_ledger: u64,
    /// The SHA-256 of the entry before it; empty for the first.
    pub(crate) previous: String,
    /// The month `YYYY-MM`, or the year `YYYY` that was cleared.
    pub(crate) period: String,
    pub(crate) policy: String,
    /// Why it replaces an earlier entry of the month; `None` for the first one.
    pub(crate) correction: Option<String>,
    pub(crate) rows: Vec<LedgerRow>,
    /// What a year leaves to the next; nothing for a month.
    #[serde(default, skip_serializing_if = "Carried::is_empty")]
    pub(crate) carried: Carried,
}

/// What entries say of one hospital in one pool.
pub(crate) type ByHospital = BTreeMap<(String, String), Yuan>;

/// A ledger folder that was read and found whole.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    folder: PathBuf,
    /// The entries with their file names and hashes, in order.
    entries: Vec<(String, String, LedgerEntry)>,
}

impl Journal {
    /// Reads a ledger; a folder that is not there is an empty one.
    ///
    /// # Errors
    /// An entry that is missing, changed or out of order, or not an entry of a ledger.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let mut journal = Self {
            folder: folder.to_owned(),
            entries: Vec::new(),
        };
        for path in entry_files(folder)? {
            let bytes = fs::read(&path).map_err(|e| Error::file(&path, "read it", &e))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let entry: LedgerEntry = serde_json::from_slice(&bytes)
                .map_err(|e| broken(&path, format!("this is no entry of a ledger: {e}.")))?;
            journal.check_next(&path, &name, &entry)?;
            let hash = sha256(&bytes);
            journal.entries.push((name.into_owned(), hash, entry));
        }
        Ok(journal)
    }

    fn check_next(&self, path: &Path, name: &str, entry: &LedgerEntry) -> Result<(), Error> {
        let number = self.entries.len() as u64 + 1;
        let previous = self.entries.last().map_or("", |(_, hash, _)| hash);
        if entry.drgdip_ledger != number || name != file_name(number, &entry.period) {
            let problem = format!("the entry {number} of the ledger is missing or out of place.");
            return Err(broken(path, problem));
        }
        if entry.previous != previous {
            let problem = "the entry before it is not the one that it was written after.";
            return Err(broken(path, problem.to_owned()));
        }
        Ok(())
    }

    /// The entry that counts for a month.
    pub(crate) fn of(&self, period: &str) -> Option<&LedgerEntry> {
        let mut found = self.entries.iter().rev();
        let entry = found.find(|(_, _, entry)| entry.period == period);
        entry.map(|(_, _, entry)| entry)
    }

    /// The points of a hospital in a pool and month; none where the entry does not name it.
    pub(crate) fn points_in(
        &self,
        period: &str,
        pool: &str,
        hospital_id: &str,
    ) -> Result<Points, Error> {
        let rows = self.of(period).into_iter().flat_map(|entry| &entry.rows);
        let mut mine = rows.filter(|row| row.pool == pool && row.hospital_id == hospital_id);
        let Some(row) = mine.next() else {
            return Ok(Points::ZERO);
        };
        row.points.parse().map_err(|e| {
            let place = format!("ledger, {period}, {pool} {hospital_id}");
            Error::input(place, format!("{e}."))
        })
    }

    /// The months of a year that have an entry, in order.
    pub(crate) fn months_of(&self, year: &str) -> Vec<&str> {
        let periods = self
            .entries
            .iter()
            .map(|(_, _, entry)| entry.period.as_str());
        let is_of = |period: &&str| {
            period
                .strip_prefix(year)
                .is_some_and(|m| m.starts_with('-'))
        };
        let mut months: Vec<&str> = periods.filter(is_of).collect();
        months.sort_unstable();
        months.dedup();
        months
    }

    /// What every hospital owes after the last month of the same year before this one.
    pub(crate) fn debts_before(&self, period: &str) -> Result<ByHospital, Error> {
        let year = period.split('-').next().unwrap_or(period);
        let months = self.months_of(year);
        let Some(last) = months.into_iter().rfind(|month| *month < period) else {
            return Ok(ByHospital::new());
        };
        let entry = self.of(last).expect("the month has an entry");
        let debt = |row: &LedgerRow| {
            let key = (row.pool.clone(), row.hospital_id.clone());
            Ok((key, row.amount(&row.debt, last)?))
        };
        entry.rows.iter().map(debt).collect()
    }

    /// What every hospital was prepaid, month by month of a year.
    pub(crate) fn prepaid_in(&self, year: &str) -> Result<BTreeMap<String, ByHospital>, Error> {
        let mut all = BTreeMap::new();
        for month in self.months_of(year) {
            let entry = self.of(month).expect("the month has an entry");
            let mut by_hospital = ByHospital::new();
            for row in &entry.rows {
                let key = (row.pool.clone(), row.hospital_id.clone());
                by_hospital.insert(key, row.amount(&row.prepaid, month)?);
            }
            all.insert(month.to_owned(), by_hospital);
        }
        Ok(all)
    }

    /// What the year before a year left to it; nothing where that was not cleared with the ledger.
    pub(crate) fn carried_into(&self, year: &str) -> Carried {
        let before = year_before(year);
        let entry = before.as_deref().and_then(|before| self.of(before));
        entry.map_or_else(Carried::default, |entry| entry.carried.clone())
    }

    /// The entries that a period stands on, by file name, with their hashes: of the months before
    /// it or in a year, and of the year before a year.
    pub(crate) fn named_before(&self, period: &str) -> Vec<(String, String)> {
        let year = period.split('-').next().unwrap_or(period);
        let is_year = period.len() == year.len();
        let months = self.months_of(year).into_iter();
        let last = year_before(year).filter(|_| is_year);
        let months = last.as_deref().into_iter().chain(months);
        let before = months.filter(|month| is_year || *month < period);
        let last = before.filter_map(|month| {
            let mut entries = self.entries.iter().rev();
            entries.find(|(_, _, entry)| entry.period == month)
        });
        last.map(|(name, hash, _)| (name.clone(), hash.clone()))
            .collect()
    }

    /// Whether what a month comes to may be written, without writing it.
    ///
    /// # Errors
    /// The month has another entry, and no correction is signed off; or a later month has one.
    pub(crate) fn check(&self, month: &Month<'_>, correction: Option<&str>) -> Result<(), Error> {
        let Some(entry) = self.of(month.period) else {
            return Ok(());
        };
        if entry.is(month) || correction.is_some() {
            return Ok(());
        }
        let differing = entry.rows.iter().zip(&month.rows).find(|(a, b)| a != b);
        let example = match differing {
            Some((was, is)) => format!(
                " Hospital {} of pool {} was prepaid {} yuan and would be prepaid {}.",
                was.hospital_id, was.pool, was.prepaid, is.prepaid
            ),
            None => String::new(),
        };
        let problem = format!(
            "{} is in the ledger already, with other amounts.{example}",
            month.period
        );
        let hint = "An entry is never overwritten; sign a new one off with --correct REASON.";
        Err(Error::new(
            Class::Reconcile,
            self.folder.display(),
            problem,
            hint,
        ))
    }

    /// Adds what a month came to; nothing, where the ledger has it already.
    ///
    /// # Errors
    /// As for [`Self::check`], a folder that cannot be written, another run that writes it.
    pub(crate) fn append(
        folder: &Path,
        month: &Month<'_>,
        correction: Option<&str>,
    ) -> Result<(), Error> {
        let wrong = |e: std::io::Error| Error::file(folder, "write the ledger", &e);
        fs::create_dir_all(folder).map_err(wrong)?;
        let lock = File::create(folder.join(LOCK)).map_err(wrong)?;
        lock.try_lock().map_err(|_| {
            let problem = format!("another run is writing the ledger {}.", folder.display());
            Error::usage(problem, "Wait for it to end.")
        })?;
        let journal = Self::open(folder)?;
        journal.check(month, correction)?;
        let earlier = journal.of(month.period);
        if earlier.is_some_and(|entry| entry.is(month)) {
            return Ok(());
        }
        let number = journal.entries.len() as u64 + 1;
        let entry = LedgerEntry {
            drgdip_ledger: number,
            previous: journal
                .entries
                .last()
                .map_or_else(String::new, |(_, hash, _)| hash.clone()),
            period: month.period.to_owned(),
            policy: month.policy.to_owned(),
            correction: earlier.and(correction).map(str::to_owned),
            rows: month.rows.clone(),
            carried: month.carried.clone(),
        };
        write_whole(folder, &file_name(number, month.period), &entry)
    }
}

/// What a month came to.
pub(crate) struct Month<'m> {
    pub(crate) period: &'m str,
    pub(crate) policy: &'m str,
    /// By pool and hospital.
    pub(crate) rows: Vec<LedgerRow>,
    /// What a year leaves to the next.
    pub(crate) carried: Carried,
}

impl LedgerEntry {
    fn is(&self, month: &Month<'_>) -> bool {
        self.rows == month.rows && self.carried == month.carried
    }
}

impl LedgerRow {
    /// A row without prepayment yet.
    pub(crate) fn new(pool: &str, hospital_id: &str, (cases, points): (u64, Points)) -> Self {
        Self {
            pool: pool.to_owned(),
            hospital_id: hospital_id.to_owned(),
            cases,
            points: points.to_string(),
            ..Self::default()
        }
    }
}

/// The year before a year `YYYY`.
fn year_before(year: &str) -> Option<String> {
    let before = year.parse::<u32>().ok()?.checked_sub(1)?;
    Some(format!("{before:04}"))
}

const LOCK: &str = ".drgdip-lock";

fn file_name(number: u64, period: &str) -> String {
    format!("{number:04}-{period}.json")
}

fn entry_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let wrong = |e: std::io::Error| Error::file(folder, "read the ledger", &e);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A hidden file is the lock, or what a killed run left behind.
        if !name.starts_with('.') {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn broken(path: &Path, problem: String) -> Error {
    let hint = "Restore the ledger from a copy; its entries are never edited by hand.";
    Error::new(Class::Reconcile, path.display(), problem, hint)
}

/// Writes an entry beside its place, makes sure that it is on the disk, and renames it.
fn write_whole(folder: &Path, name: &str, entry: &LedgerEntry) -> Result<(), Error> {
    let target = folder.join(name);
    let staged = folder.join(format!(".{name}.drgdip-part"));
    let wrong = |e: std::io::Error| Error::file(&target, "write it", &e);
    let mut bytes = serde_json::to_vec_pretty(entry).expect("an entry is plain data");
    bytes.push(b'\n');
    let mut file = File::create(&staged).map_err(wrong)?;
    file.write_all(&bytes).map_err(wrong)?;
    file.sync_data().map_err(wrong)?;
    fs::rename(&staged, &target).map_err(wrong)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month<'m>(period: &'m str, prepaid: &str, debt: &str) -> Month<'m> {
        let row = LedgerRow {
            prepaid: prepaid.to_owned(),
            debt: debt.to_owned(),
            ..LedgerRow::new("P", "H1", (1, Points::ZERO))
        };
        Month {
            period,
            policy: "p",
            rows: vec![row],
            carried: Carried::default(),
        }
    }

    fn key() -> (String, String) {
        ("P".to_owned(), "H1".to_owned())
    }

    #[test]
    fn a_month_stands_once_however_often_it_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        Journal::append(path, &month("2026-01", "10.00", "0.00"), None).unwrap();
        let first = fs::read(path.join("0001-2026-01.json")).unwrap();
        Journal::append(path, &month("2026-01", "10.00", "0.00"), None).unwrap();
        Journal::append(path, &month("2026-02", "0.00", "5.00"), None).unwrap();
        assert_eq!(fs::read(path.join("0001-2026-01.json")).unwrap(), first);
        let journal = Journal::open(path).unwrap();
        assert_eq!(journal.months_of("2026"), ["2026-01", "2026-02"]);
        assert_eq!(journal.debts_before("2026-02").unwrap()[&key()], Yuan::ZERO);
        assert_eq!(journal.debts_before("2026-03").unwrap()[&key()].fen(), 500);
        assert!(journal.debts_before("2027-01").unwrap().is_empty());
    }

    #[test]
    fn another_result_of_a_month_is_a_signed_new_entry_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        Journal::append(path, &month("2026-01", "10.00", "0.00"), None).unwrap();
        let other = month("2026-01", "9.00", "0.00");
        let error = Journal::append(path, &other, None).unwrap_err();
        assert_eq!(
            error.problem(),
            "2026-01 is in the ledger already, with other amounts. Hospital H1 of pool P was \
             prepaid 10.00 yuan and would be prepaid 9.00."
        );
        assert_eq!(error.exit_code(), 5);
        Journal::append(path, &other, Some("a late claim")).unwrap();
        Journal::append(path, &other, None).unwrap();
        let journal = Journal::open(path).unwrap();
        assert_eq!(journal.entries.len(), 2);
        let prepaid = journal.prepaid_in("2026").unwrap();
        assert_eq!(prepaid["2026-01"][&key()].fen(), 900);
    }

    #[test]
    fn a_changed_or_missing_entry_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for period in ["2026-01", "2026-02", "2026-03"] {
            Journal::append(path, &month(period, "10.00", "0.00"), None).unwrap();
        }
        let second = path.join("0002-2026-02.json");
        let text = fs::read_to_string(&second).unwrap();
        fs::write(&second, text.replace("10.00", "11.00")).unwrap();
        let error = Journal::open(path).unwrap_err();
        assert!(
            error.place().ends_with("0003-2026-03.json"),
            "{}",
            error.place()
        );
        fs::remove_file(&second).unwrap();
        assert!(Journal::open(path).is_err());
    }
}
