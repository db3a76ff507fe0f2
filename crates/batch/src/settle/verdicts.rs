//! What must be known about a row before it is priced, because another row decides it.
//!
//! A repeated `case_id` counts once, in its first row. A reversal and the case that it cancels
//! are both left out of the settlement.

use super::SettleJob;
use crate::check::{Passed, pass};
use crate::duplicates::{IdBook, hash_id, id_at};
use crate::manifest::OutputFile;
use crate::read::{ClaimFile, ClaimFiles, Column, MoneyCell, Unit, money};
use crate::run::Run;
use crate::{Error, Progress};
use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use drgdip_claims::Finding;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet, btree_map};
use std::iter::Peekable;
use std::ops::Range;
use std::path::Path;

/// The table of what the checks of claims found, in the folder of a settlement.
pub(crate) const CHECKS: &str = "checks.parquet";

/// Rows that another row decides, with what is found about them.
#[derive(Default)]
pub(crate) struct Verdicts {
    decided: BTreeMap<u64, Finding>,
    /// What the checks found, where they were asked.
    checked: Option<Passed>,
}

impl Verdicts {
    /// The verdict on a row, if another row decides it.
    pub(crate) fn on(&self, row: u64) -> Option<Finding> {
        let is_rejected = || {
            self.checked
                .as_ref()
                .is_some_and(|passed| passed.rejects(row))
        };
        let decided = self.decided.get(&row).copied();
        decided.or_else(|| is_rejected().then_some(Finding::CheckRejected))
    }

    /// The verdicts on consecutive rows, for whoever asks about them in their order.
    pub(crate) fn of(&self, rows: Range<u64>) -> VerdictsInOrder<'_> {
        VerdictsInOrder {
            decided: self.decided.range(rows).peekable(),
            checked: self.checked.as_ref(),
        }
    }

    /// The findings of the checks, where they were asked.
    pub(crate) fn outputs(&self) -> Option<OutputFile> {
        self.checked.as_ref().map(|passed| passed.output.clone())
    }
}

/// Verdicts on rows that are asked for in row order.
pub(crate) struct VerdictsInOrder<'v> {
    decided: Peekable<btree_map::Range<'v, u64, Finding>>,
    checked: Option<&'v Passed>,
}

impl VerdictsInOrder<'_> {
    /// The verdict on a row, none before which is asked for any more.
    pub(crate) fn on(&mut self, row: u64) -> Option<Finding> {
        let decided = &mut self.decided;
        while decided.next_if(|(earlier, _)| **earlier < row).is_some() {}
        if let Some((_, finding)) = decided.next_if(|(number, _)| **number == row) {
            return Some(*finding);
        }
        let is_rejected = self.checked.is_some_and(|passed| passed.rejects(row));
        is_rejected.then_some(Finding::CheckRejected)
    }
}

/// A row that cancels an earlier one.
struct Reversal {
    row: u64,
    /// The case that it cancels.
    target: String,
}

/// A row that may meet another one.
struct Candidate {
    row: u64,
    id: Option<String>,
    /// What it costs; missing where no row is a reversal.
    cost: MoneyCell,
}

/// Reads the keys of all rows and decides on those that meet another; what has to be kept
/// meanwhile goes to temporary files in the folder.
pub(crate) fn find(run: &Run<'_>, folder: &Path) -> Result<Verdicts, Error> {
    let book = IdBook::new(folder, run.files.rows)?;
    let scan = |unit| scan((run.files, unit), &book, run.progress);
    run.pool.install(|| {
        let units = run.files.units.par_iter();
        let reversals: Vec<Vec<Reversal>> = units.map(scan).collect::<Result<_, Error>>()?;
        let reversals: Vec<Reversal> = reversals.into_iter().flatten().collect();
        let candidates = candidates(run.files, &book, &reversals)?;
        Ok(decide(&candidates, &reversals))
    })
}

/// The same for a settlement, which may have the claims checked first.
pub(super) fn checked(
    run: &Run<'_>,
    job: &SettleJob<'_>,
    folder: &Path,
) -> Result<Verdicts, Error> {
    let mut verdicts = find(run, folder)?;
    if let Some(rules) = job.checks {
        verdicts.checked = Some(pass(run, rules, (folder, CHECKS))?);
    }
    Ok(verdicts)
}

fn scan(
    (files, unit): (&ClaimFiles, &Unit),
    book: &IdBook,
    progress: &dyn Progress,
) -> Result<Vec<Reversal>, Error> {
    let file = &files.files[unit.file];
    let columns = [Column::CaseId, Column::Reverses];
    let has_reversals = file.layout.index(Column::Reverses).is_some();
    let columns = if has_reversals {
        &columns[..]
    } else {
        &columns[..1]
    };
    let mut reader = file.read_columns(unit, columns)?;
    let mut page = book.page();
    let mut next_row = unit.first_row;
    let mut reversals = Vec::new();
    while let Some(batch) = file.next_batch(&mut reader)? {
        if progress.is_interrupted() {
            return Err(Error::interrupted());
        }
        page.add(
            next_row,
            &text_column(file, &batch, Column::CaseId, columns)?,
        )?;
        if has_reversals {
            let targets = text_column(file, &batch, Column::Reverses, columns)?;
            reversals.extend(stated(&targets, next_row));
        }
        next_row += batch.num_rows() as u64;
        progress.advance(batch.num_rows() as u64);
    }
    page.finish()?;
    Ok(reversals)
}

fn text_column(
    file: &ClaimFile,
    batch: &RecordBatch,
    column: Column,
    read: &[Column],
) -> Result<StringArray, Error> {
    let position = file
        .position_among(column, read)
        .expect("the column was asked for");
    let text = cast(batch.column(position), &DataType::Utf8).map_err(|e| file.broken(&e))?;
    Ok(text.as_string::<i32>().clone())
}

/// The rows of a column that name a case to cancel.
fn stated(targets: &StringArray, first_row: u64) -> Vec<Reversal> {
    if targets.null_count() == targets.len() {
        return Vec::new();
    }
    let named = (first_row..).zip(targets);
    let named = named.filter_map(|(row, target)| {
        let target = target.filter(|text| !text.is_empty())?.to_owned();
        Some(Reversal { row, target })
    });
    named.collect()
}

/// Reads the rows whose ids may meet another row's, the reversals, and what they cancel.
fn candidates(
    files: &ClaimFiles,
    book: &IdBook,
    reversals: &[Reversal],
) -> Result<Vec<Candidate>, Error> {
    let wanted: HashSet<u64> = reversals.iter().map(|r| hash_id(&r.target)).collect();
    let mut rows = book.candidates(&wanted)?;
    rows.extend(reversals.iter().map(|reversal| reversal.row));
    rows.sort_unstable();
    rows.dedup();
    let columns = [Column::CaseId, Column::TotalCost];
    let columns = if reversals.is_empty() {
        &columns[..1]
    } else {
        &columns[..]
    };
    let read = files.read_rows(&rows, columns, |file, batch, offset| {
        let position = |column| file.position_among(column, columns);
        let ids = position(Column::CaseId).expect("it is required");
        let id = id_at(file, batch, ids, offset)?;
        if reversals.is_empty() {
            return Ok((id, MoneyCell::Missing));
        }
        let costs = position(Column::TotalCost).expect("it is required");
        let cost = money(file, &batch.column(costs).slice(offset, 1))?[0];
        Ok((id, cost))
    })?;
    let found = rows.into_iter().zip(read);
    Ok(found
        .map(|(row, (id, cost))| Candidate { row, id, cost })
        .collect())
}

fn decide(candidates: &[Candidate], reversals: &[Reversal]) -> Verdicts {
    let mut verdicts = Verdicts::default();
    let mut by_id: HashMap<&str, &Candidate> = HashMap::new();
    let mut costs: HashMap<u64, MoneyCell> = HashMap::new();
    for candidate in candidates {
        costs.insert(candidate.row, candidate.cost);
        let Some(id) = &candidate.id else { continue };
        if by_id.contains_key(id.as_str()) {
            verdicts
                .decided
                .insert(candidate.row, Finding::DuplicateCase);
        } else {
            by_id.insert(id, candidate);
        }
    }
    for reversal in reversals {
        if verdicts.on(reversal.row).is_some() {
            continue;
        }
        let target = by_id.get(reversal.target.as_str()).filter(|target| {
            let is_free = verdicts.on(target.row).is_none() && target.row != reversal.row;
            is_free && is_opposite(target.cost, costs[&reversal.row])
        });
        let finding = match target {
            Some(target) => {
                verdicts.decided.insert(target.row, Finding::Reversed);
                Finding::Reversal
            }
            None => Finding::ReversalUnmatched,
        };
        verdicts.decided.insert(reversal.row, finding);
    }
    verdicts
}

fn is_opposite(cost: MoneyCell, other: MoneyCell) -> bool {
    match (cost, other) {
        (MoneyCell::Fen(a), MoneyCell::Fen(b)) => a.checked_neg() == Some(b),
        _ => false,
    }
}
