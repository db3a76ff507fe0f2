//! Compares the groups of two files case by case: how far they agree, and where they part.

mod answers;
mod summary;

use crate::{Error, Progress};
use answers::{AnswerFile, Row};
use drgdip_tables::GroupingPlan;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

pub use answers::{Answer, Field};
pub use summary::{Agreement, Confusion, Stratum};

/// What to compare.
#[derive(Clone, Debug)]
pub struct CompareJob {
    /// A Parquet file with group columns.
    pub ours: PathBuf,
    /// The same, or a file with `expected_status`, `expected_mdc`, `expected_adrg` and
    /// `expected_group`.
    pub reference: PathBuf,
    /// The column that names a case on both sides.
    pub key: String,
    /// The plan that names the rule at which answers part; `None` takes the bundled plan that
    /// the column `plan` of our side names.
    pub plan: Option<GroupingPlan>,
}

/// One case whose answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key of the case.
    pub key: String,
    /// Our answer.
    pub ours: Answer,
    /// The answer of the reference.
    pub reference: Answer,
    /// The row of the reference file, from 0.
    pub(crate) reference_row: u64,
}

/// Keys that are not on both sides exactly once; each counts as a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// Keys of the reference that our side lacks.
    pub missing_in_ours: Vec<String>,
    /// Keys of our side that the reference lacks.
    pub missing_in_reference: Vec<String>,
    /// Keys that our side has more than once; the first row is compared.
    pub repeated_in_ours: Vec<String>,
    /// Keys that the reference has more than once; the first row is compared.
    pub repeated_in_reference: Vec<String>,
    /// Rows without a key, on either side.
    pub rows_without_key: u64,
}

impl Unmatched {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        let lists = [
            &self.missing_in_ours,
            &self.missing_in_reference,
            &self.repeated_in_ours,
            &self.repeated_in_reference,
        ];
        let keys: usize = lists.iter().map(|list| list.len()).sum();
        keys as u64 + self.rows_without_key
    }

    fn sort(&mut self) {
        self.missing_in_ours.sort_unstable();
        self.missing_in_reference.sort_unstable();
        self.repeated_in_ours.sort_unstable();
        self.repeated_in_reference.sort_unstable();
    }
}

/// The result of a comparison; every list is sorted, so equal inputs give equal output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The fields that both sides have.
    pub fields: Vec<Field>,
    /// How far the sides agree on all cases that both have.
    pub overall: Agreement,
    /// The same by MDC of the reference; cases without one stand under an empty name.
    pub by_mdc: BTreeMap<String, Agreement>,
    /// The same by the column `stratum`, where the reference has it.
    pub by_stratum: BTreeMap<String, Stratum>,
    /// Pairs of different answers, the most frequent first.
    pub confusions: Vec<Confusion>,
    /// Every case whose answers differ, by key.
    pub differences: Vec<Difference>,
    /// What could not be compared.
    pub unmatched: Unmatched,
}

impl Comparison {
    /// Whether both sides have the same cases with the same answers.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty() && self.unmatched.count() == 0
    }
}

/// Our answer to a case, until the reference asks for it.
struct Ours {
    answer: answers::Coded,
    is_asked: bool,
}

/// Compares two files of grouped cases.
///
/// # Errors
///
/// A file that is not readable Parquet, or lacks the key or every group column.
pub fn compare(job: &CompareJob, progress: &dyn Progress) -> Result<Comparison, Error> {
    let ours = AnswerFile::open_ours(&job.ours, &job.key)?;
    let reference = AnswerFile::open_reference(&job.reference, &job.key)?;
    let mut run = Run::new(&ours, &reference)?;
    progress.stage("compare: ours", Some(ours.rows));
    ours.for_each(&mut run.texts, progress, |row| run.known.take_ours(row))?;
    progress.stage("compare: reference", Some(reference.rows));
    let (known, result) = (&mut run.known, &mut run.result);
    let mut rows = Vec::new();
    reference.for_each(&mut run.texts, progress, |row| {
        rows.extend(known.take_reference(row, &mut result.unmatched));
    })?;
    run.finish(rows)
}
