//! Checks a finished run from its files alone: hashes, counts and totals.
//!
//! Nothing here calls the code that settled the claims. The files are read again and added up
//! with 128-bit integers, so that a fault in that code cannot hide itself.

mod checked;
mod checks;
mod cleared;
mod files;
mod held;
mod ledger;
mod lines;
mod parts;
mod statements;
mod sums;
mod totals;
mod units;
mod weighed;

use crate::{Error, Progress};
use files::RunFiles;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Something that does not add up, with the key and the amounts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mismatch {
    /// Which check failed, a stable code.
    pub check: &'static str,
    /// The file, and the pool, hospital or outcome in it.
    pub place: String,
    /// What is wrong, with both amounts.
    pub problem: String,
}

/// A pool whose totals were added up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifiedPool {
    /// The pool.
    pub pool: String,
    /// How many cases it has.
    pub cases: u64,
    /// How many hospitals it has.
    pub hospitals: u64,
    /// The sum of the points of its cases, with four decimals.
    pub points: String,
    /// The sum of the payments of its cases, in yuan.
    pub paid: String,
    /// What was not paid, in yuan.
    pub residual: String,
}

/// The clearing of a pool that was added up again, in yuan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifiedClearing {
    /// The pool.
    pub pool: String,
    /// How many hospitals it clears.
    pub hospitals: u64,
    /// Σ of their final amounts.
    pub due: String,
    /// Σ of what the ledger prepaid.
    pub prepaid: String,
    /// Σ of what was advanced.
    pub advanced: String,
    /// Σ of what is still to be paid.
    pub clearing: String,
}

/// What was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// The command that made the run.
    pub command: String,
    /// How many claims the run had.
    pub rows: u64,
    /// The files whose hashes were recomputed.
    pub files: Vec<String>,
    /// The pools that were added up; empty for a run without payment.
    pub pools: Vec<VerifiedPool>,
    /// The pools whose year was cleared.
    pub cleared: Vec<VerifiedClearing>,
    /// What does not add up, sorted; empty is good.
    pub mismatches: Vec<Mismatch>,
}

impl Verification {
    fn mismatch(&mut self, check: &'static str, place: impl ToString, problem: String) {
        let place = place.to_string();
        self.mismatches.push(Mismatch {
            check,
            place,
            problem,
        });
    }
}

/// Verifies a settled folder, the folder of a run of `check`, `weigh`, `catalogue` or `supervise`,
/// a ledger folder, or the manifest or output of a `group` run.
///
/// Whatever does not add up is a mismatch of the result, not an error.
///
/// # Errors
///
/// A file that is missing, or that cannot be read although it is the one that was written.
pub fn verify(run: &Path, progress: &dyn Progress) -> Result<Verification, Error> {
    if let Some(entries) = ledger::entries(run) {
        return ledger::verify(&entries, progress);
    }
    let files = RunFiles::open(run)?;
    let mut result = Verification {
        command: files.command.clone(),
        rows: files.rows,
        ..Verification::default()
    };
    files.check_hashes(&mut result, progress)?;
    let added = if let Some(counts) = &files.weigh {
        weighed::check(&files, counts, &mut result)
    } else if files.command == "check" {
        checked::check(&files, &mut result, progress)
    } else if COUNTED.contains(&files.command.as_str()) {
        Ok(())
    } else if files.is_settled() {
        sums::settled(&files, progress)
            .and_then(|sums| {
                checks::settled(&files, &sums, &mut result);
                statements::check(&files, &sums, &mut result, progress)
            })
            .and_then(|()| parts::check(&files, &mut result, progress))
            .and_then(|()| cleared::check(&files, &mut result, progress))
            .and_then(|()| lines::check(&files, &mut result, progress))
            .and_then(|()| units::check(&files, &mut result, progress))
            .and_then(|()| totals::check(&files, &mut result, progress))
            .and_then(|()| held::check(&files, &mut result, progress))
    } else {
        sums::grouped(&files, progress).map(|counts| checks::counts(&files, &counts, &mut result))
    };
    match added {
        // A damaged file has been named already, by its hash.
        Err(error) if result.mismatches.is_empty() => return Err(error),
        Err(error) if error.class() == crate::Class::Interrupted => return Err(error),
        Err(error) => result.mismatch("readable", error.place(), error.problem().to_owned()),
        Ok(()) => {}
    }
    result.mismatches.sort();
    Ok(result)
}

/// Commands whose counts the check of hashes adds up already; nothing in their outputs is paid.
const COUNTED: [&str; 3] = ["catalogue", "supervise", "newtech candidates"];

/// How many rows have each outcome, by `status/reason`.
type OutcomeTally = BTreeMap<String, u64>;

#[cfg(test)]
mod tests;
