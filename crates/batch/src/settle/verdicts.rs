//! What must be known about a row before it is priced, because another row decides it.
//!
//! A repeated `case_id` counts once, in its first row. A reversal and the case that it cancels
//! are both left out of the settlement.

use super::SettleJob;
use crate::check::{NotAsked, Passed, pass, report};
use crate::duplicates::{AT_A_TIME, IdBook, hash_id, id_at};
use crate::manifest::OutputFile;
use crate::read::{ClaimFile, ClaimFiles, Column, MoneyCell, Unit, money};
use crate::row_set::RowSet;
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
const NOT_ASKED: &str = "checks_not_asked.csv";

/// Rows that another row decides, with what is found about them.
#[derive(Default)]
pub(crate) struct Verdicts {
    /// Reversals and what they cancel.
    decided: BTreeMap<u64, Finding>,
    /// The rows that repeat the id of an earlier one.
    repeated: RowSet,
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
        let repeated = self.repeated.has(row).then_some(Finding::DuplicateCase);
        let decided = repeated.or_else(|| self.decided.get(&row).copied());
        decided.or_else(|| is_rejected().then_some(Finding::CheckRejected))
    }

    /// The verdicts on consecutive rows, for whoever asks about them in their order.
    pub(crate) fn of(&self, rows: Range<u64>) -> VerdictsInOrder<'_> {
        VerdictsInOrder {
            decided: self.decided.range(rows).peekable(),
            repeated: &self.repeated,
            checked: self.checked.as_ref(),
        }
    }

    /// Writes down which rules of the checks were not asked, and names this table and the findings;
    /// nothing where no checks were asked.
    pub(super) fn outputs(&self, folder: &Path) -> Result<Vec<OutputFile>, Error> {
        let Some(passed) = &self.checked else {
            return Ok(Vec::new());
        };
        let not_asked = report::not_asked((folder, NOT_ASKED), &passed.not_asked)?;
        Ok(vec![passed.output.clone(), not_asked])
    }

    /// The rules of the checks that were not asked of a file.
    pub(super) fn not_asked(&self) -> Vec<NotAsked> {
        let passed = self.checked.as_ref();
        passed.map_or_else(Vec::new, |passed| passed.not_asked.clone())
    }
}

/// Verdicts on rows that are asked for in row order.
pub(crate) struct VerdictsInOrder<'v> {
    decided: Peekable<btree_map::Range<'v, u64, Finding>>,
    repeated: &'v RowSet,
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
        if self.repeated.has(row) {
            return Some(Finding::DuplicateCase);
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

/// What is known of reversals and the cases that they name.
#[derive(Default)]
struct Cancelling {
    /// By id that some reversal names, the first row that has it, and what it costs.
    targets: HashMap<String, Option<(u64, MoneyCell)>>,
    /// What each reversal costs, by row.
    costs: HashMap<u64, MoneyCell>,
}

impl Cancelling {
    fn new(reversals: &[Reversal]) -> Self {
        let targets = reversals.iter().map(|of| (of.target.clone(), None));
        let costs = reversals.iter().map(|of| (of.row, MoneyCell::Missing));
        Self {
            targets: targets.collect(),
            costs: costs.collect(),
        }
    }

    /// Takes note of a row; rows come in their order.
    fn see(&mut self, row: u64, (id, cost): &(Option<String>, MoneyCell)) {
        if let Some(own) = self.costs.get_mut(&row) {
            *own = *cost;
        }
        let id = id.as_deref();
        if let Some(target) = id.and_then(|id| self.targets.get_mut(id)) {
            target.get_or_insert((row, *cost));
        }
    }
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
        decide(run, &book, &reversals)
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
        progress.look()?;
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

/// Reads the rows whose ids may meet another row's, the reversals, and what they cancel, some at a
/// time, and decides on them.
fn decide(run: &Run<'_>, book: &IdBook, reversals: &[Reversal]) -> Result<Verdicts, Error> {
    let wanted: HashSet<u64> = reversals.iter().map(|r| hash_id(&r.target)).collect();
    let candidates = book.candidates(&wanted)?;
    reversals.iter().for_each(|reversal| {
        candidates.add(reversal.row);
    });
    let texts = book.texts()?;
    let mut page = texts.page();
    let mut cancelling = Cancelling::new(reversals);
    for rows in candidates.some_at_a_time(AT_A_TIME) {
        run.progress.look()?;
        let read = ids_and_costs(run.files, &rows, !reversals.is_empty())?;
        for (row, of_row) in rows.into_iter().zip(&read) {
            page.add(row, of_row.0.as_deref())?;
            cancelling.see(row, of_row);
        }
    }
    page.finish()?;
    let mut verdicts = Verdicts {
        repeated: texts.repeated(run.files.rows)?,
        ..Verdicts::default()
    };
    cancel(&mut verdicts, reversals, &cancelling);
    Ok(verdicts)
}

/// The ids of some rows and what they cost; missing where nobody asks.
fn ids_and_costs(
    files: &ClaimFiles,
    rows: &[u64],
    with_costs: bool,
) -> Result<Vec<(Option<String>, MoneyCell)>, Error> {
    let columns = [Column::CaseId, Column::TotalCost];
    let columns = if with_costs {
        &columns[..]
    } else {
        &columns[..1]
    };
    files.read_rows(rows, columns, |file, batch, offset| {
        let position = |column| file.position_among(column, columns);
        let ids = position(Column::CaseId).expect("it is required");
        let id = id_at(file, batch, ids, offset)?;
        if !with_costs {
            return Ok((id, MoneyCell::Missing));
        }
        let costs = position(Column::TotalCost).expect("it is required");
        let cost = money(file, &batch.column(costs).slice(offset, 1))?[0];
        Ok((id, cost))
    })
}

/// Decides on reversals and on what they cancel.
fn cancel(verdicts: &mut Verdicts, reversals: &[Reversal], known: &Cancelling) {
    for reversal in reversals {
        if verdicts.on(reversal.row).is_some() {
            continue;
        }
        let target = known.targets[&reversal.target].filter(|(row, cost)| {
            let is_free = verdicts.on(*row).is_none() && *row != reversal.row;
            is_free && is_opposite(*cost, known.costs[&reversal.row])
        });
        let finding = match target {
            Some((row, _)) => {
                verdicts.decided.insert(row, Finding::Reversed);
                Finding::Reversal
            }
            None => Finding::ReversalUnmatched,
        };
        verdicts.decided.insert(reversal.row, finding);
    }
}

fn is_opposite(cost: MoneyCell, other: MoneyCell) -> bool {
    match (cost, other) {
        (MoneyCell::Fen(a), MoneyCell::Fen(b)) => a.checked_neg() == Some(b),
        _ => false,
    }
}
