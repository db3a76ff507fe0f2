//! Compares the groups of two files case by case: how far they agree, and where they part.

mod answers;
mod parting;
mod tally;

use crate::{Error, Progress};
use answers::{AnswerFile, Row};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

pub use answers::{Answer, Field};
pub use parting::{Plans, explain_differences};
use tally::Tally;

/// Where two answers part, as a sentence in English and one in Chinese.
pub use drgdip_grouper::trace::Difference as Parting;
pub use tally::{Agreement, Confusion};

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
    /// The row of our file, from 0.
    pub ours_row: u64,
    /// The row of the reference file, from 0.
    pub reference_row: u64,
    /// The first rule at which the answers part, once [`explain_differences`] has looked for it.
    pub parting: Option<Parting>,
}

/// Keys that are not on both sides exactly once; each counts as a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmatched {
    /// Keys of the reference that our side lacks.
    pub missing_in_ours: Vec<String>,
    /// Keys of our side that the reference lacks.
    pub missing_in_reference: Vec<String>,
    /// Keys that our side has again after the first row, which is the one compared.
    pub repeated_in_ours: Vec<String>,
    /// Keys that the reference has again after the first row, which is the one compared.
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
    /// The plans that the column `plan` of our side names, where it is there.
    pub plans: Vec<String>,
    /// How far the sides agree on all cases that both have.
    pub overall: Agreement,
    /// The same by MDC of the reference; cases without one stand under an empty name. Empty where
    /// the reference states none.
    pub by_mdc: BTreeMap<String, Agreement>,
    /// The same by ADRG of the reference; empty where the reference states none.
    pub by_adrg: BTreeMap<String, Agreement>,
    /// The same by the column `stratum`, where the reference or our side has it.
    pub by_stratum: BTreeMap<String, Agreement>,
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

/// A row of our side, until the reference asks for its key.
struct Ours {
    answer: Answer,
    stratum: Option<answers::Text>,
    row: u64,
    is_asked: bool,
}

/// Compares two files of grouped cases.
///
/// # Errors
///
/// A file that is not readable Parquet, or lacks the key or every group column.
pub fn compare(job: &CompareJob, progress: &dyn Progress) -> Result<Comparison, Error> {
    let ours = AnswerFile::open(&job.ours, &job.key, answers::Side::Ours)?;
    let reference = AnswerFile::open(&job.reference, &job.key, answers::Side::Reference)?;
    let fields = common_fields(&ours, &reference)?;
    let mut unmatched = Unmatched::default();
    progress.stage("compare: ours", Some(ours.rows));
    let (mut known, plans) = take_ours(&ours, &mut unmatched, progress)?;
    progress.stage("compare: reference", Some(reference.rows));
    let mut tally = Tally::new(fields.clone());
    reference.for_each(progress, |row| {
        take_reference(row, &mut known, &mut tally, &mut unmatched);
    })?;
    let left = known.into_iter().filter(|(_, ours)| !ours.is_asked);
    unmatched.missing_in_reference = left.map(|(key, _)| key).collect();
    unmatched.sort();
    let mut result = tally.finish();
    result.fields = fields;
    result.plans = plans;
    result.unmatched = unmatched;
    Ok(result)
}

fn common_fields(ours: &AnswerFile, reference: &AnswerFile) -> Result<Vec<Field>, Error> {
    let has_both = |field: &Field| ours.has(*field) && reference.has(*field);
    let fields: Vec<Field> = Field::ALL.into_iter().filter(has_both).collect();
    if fields.is_empty() {
        let problem = "the two files have no group column in common.";
        let error = Error::input(reference.path.display(), problem);
        let hint = "Both need at least group (or expected_group).";
        return Err(error.with_hint(hint));
    }
    Ok(fields)
}

fn take_ours(
    file: &AnswerFile,
    unmatched: &mut Unmatched,
    progress: &dyn Progress,
) -> Result<(HashMap<String, Ours>, Vec<String>), Error> {
    use std::collections::hash_map::Entry;
    let mut known: HashMap<String, Ours> = HashMap::new();
    let mut plans = std::collections::BTreeSet::new();
    file.for_each(progress, |row: Row| {
        plans.extend(row.plan.map(|plan| plan.to_string()));
        let Some(key) = row.key else {
            unmatched.rows_without_key += 1;
            return;
        };
        match known.entry(key) {
            Entry::Occupied(entry) => unmatched.repeated_in_ours.push(entry.key().clone()),
            Entry::Vacant(entry) => {
                entry.insert(Ours {
                    answer: row.answer,
                    stratum: row.stratum,
                    row: row.number,
                    is_asked: false,
                });
            }
        }
    })?;
    Ok((known, plans.into_iter().collect()))
}

fn take_reference(
    row: Row,
    known: &mut HashMap<String, Ours>,
    tally: &mut Tally,
    unmatched: &mut Unmatched,
) {
    let Some(key) = row.key else {
        unmatched.rows_without_key += 1;
        return;
    };
    let Some(ours) = known.get_mut(&key) else {
        unmatched.missing_in_ours.push(key);
        return;
    };
    if std::mem::replace(&mut ours.is_asked, true) {
        unmatched.repeated_in_reference.push(key);
        return;
    }
    let stratum = row.stratum.or_else(|| ours.stratum.clone());
    let pair = Difference {
        key,
        ours: ours.answer.clone(),
        reference: row.answer,
        ours_row: ours.row,
        reference_row: row.number,
        parting: None,
    };
    tally.add(pair, stratum);
}

#[cfg(test)]
mod tests;
