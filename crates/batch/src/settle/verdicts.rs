//! What must be known about a row before it is priced, because another row decides it.
//!
//! A repeated `case_id` counts once, in its first row. A reversal and the case that it cancels
//! are both left out of the settlement.

use crate::duplicates::{IdHashes, hash_id, hash_ids};
use crate::read::{ClaimFile, ClaimFiles, Column, MoneyCell, Unit, money};
use crate::run::Run;
use crate::{Error, Progress};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use drgdip_claims::Finding;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Rows that another row decides, with what is found about them.
#[derive(Debug, Default)]
pub(crate) struct Verdicts(BTreeMap<u64, Finding>);

impl Verdicts {
    /// The verdict on a row, if another row decides it.
    pub(crate) fn on(&self, row: u64) -> Option<Finding> {
        self.0.get(&row).copied()
    }

    /// Whether any of these rows has a verdict.
    pub(crate) fn touches(&self, rows: std::ops::Range<u64>) -> bool {
        self.0.range(rows).next().is_some()
    }
}

/// A row that cancels an earlier one.
struct Reversal {
    row: u64,
    /// The case that it cancels.
    target: String,
    cost: MoneyCell,
}

/// Reads the keys of all rows and decides on those that meet another.
pub(crate) fn find(run: &Run<'_>) -> Result<Verdicts, Error> {
    let scanned: Vec<(u64, Vec<u64>, Vec<Reversal>)> = run.pool.install(|| {
        run.files
            .units
            .par_iter()
            .map(|unit| scan(run.files, unit, run.progress))
            .collect::<Result<_, Error>>()
    })?;
    let mut hashes = IdHashes::default();
    let mut reversals = Vec::new();
    for (first_row, ids, mut found) in scanned {
        hashes.add(first_row, ids);
        reversals.append(&mut found);
    }
    let duplicates = run.pool.install(|| hashes.duplicates(run.files))?;
    let mut verdicts = Verdicts::default();
    verdicts.0.extend(
        duplicates
            .into_iter()
            .map(|(row, _)| (row, Finding::DuplicateCase)),
    );
    if !reversals.is_empty() {
        match_reversals(run.files, &hashes, &reversals, &mut verdicts)?;
    }
    Ok(verdicts)
}

fn scan(
    files: &ClaimFiles,
    unit: &Unit,
    progress: &dyn Progress,
) -> Result<(u64, Vec<u64>, Vec<Reversal>), Error> {
    let file = &files.files[unit.file];
    let columns = [Column::CaseId, Column::Reverses, Column::TotalCost];
    let columns = match file.layout.index(Column::Reverses) {
        Some(_) => &columns[..],
        None => &columns[..1],
    };
    let mut reader = file.read_columns(unit, columns)?;
    let mut hashes = Vec::new();
    let mut reversals = Vec::new();
    while let Some(batch) = file.next_batch(&mut reader)? {
        if progress.is_interrupted() {
            return Err(Error::interrupted());
        }
        let first_row = unit.first_row + hashes.len() as u64;
        hashes.extend(hash_ids(&text_column(
            file,
            &batch,
            Column::CaseId,
            columns,
        )?));
        if columns.len() > 1 {
            reversals.extend(reversals_of(file, &batch, columns, first_row)?);
        }
        progress.advance(batch.num_rows() as u64);
    }
    Ok((unit.first_row, hashes, reversals))
}

fn text_column(
    file: &ClaimFile,
    batch: &RecordBatch,
    column: Column,
    read: &[Column],
) -> Result<arrow::array::StringArray, Error> {
    let position = file
        .position_among(column, read)
        .expect("the column was asked for");
    let text = cast(batch.column(position), &DataType::Utf8).map_err(|e| file.broken(&e))?;
    Ok(text.as_string::<i32>().clone())
}

fn reversals_of(
    file: &ClaimFile,
    batch: &RecordBatch,
    read: &[Column],
    first_row: u64,
) -> Result<Vec<Reversal>, Error> {
    let targets = text_column(file, batch, Column::Reverses, read)?;
    if targets.null_count() == targets.len() {
        return Ok(Vec::new());
    }
    let position = file
        .position_among(Column::TotalCost, read)
        .expect("total_cost is required");
    let costs = money(file, batch.column(position))?;
    let stated = targets
        .iter()
        .zip(costs)
        .enumerate()
        .filter_map(|(offset, (target, cost))| {
            let target = target.filter(|text| !text.is_empty())?.to_owned();
            Some(Reversal {
                row: first_row + offset as u64,
                target,
                cost,
            })
        });
    Ok(stated.collect())
}

fn match_reversals(
    files: &ClaimFiles,
    hashes: &IdHashes,
    reversals: &[Reversal],
    verdicts: &mut Verdicts,
) -> Result<(), Error> {
    let wanted: HashSet<u64> = reversals.iter().map(|r| hash_id(&r.target)).collect();
    let rows: Vec<u64> = hashes
        .rows_with(&wanted)
        .into_iter()
        .filter(|row| verdicts.on(*row).is_none())
        .collect();
    let mut by_id: HashMap<String, (u64, MoneyCell)> = HashMap::new();
    let columns = [Column::CaseId, Column::TotalCost];
    files.visit_rows(&rows, &columns, |file, batch, row, offset| {
        let ids = text_column(file, batch, Column::CaseId, &columns)?;
        let position = file
            .position_among(Column::TotalCost, &columns)
            .expect("it is required");
        let cost = money(file, &batch.column(position).slice(offset, 1))?[0];
        if ids.is_valid(offset) {
            by_id
                .entry(ids.value(offset).to_owned())
                .or_insert((row, cost));
        }
        Ok(())
    })?;
    for reversal in reversals {
        if verdicts.on(reversal.row).is_some() {
            continue;
        }
        let target = by_id.get(&reversal.target).filter(|(row, cost)| {
            let is_free = verdicts.on(*row).is_none() && *row != reversal.row;
            is_free && is_opposite(*cost, reversal.cost)
        });
        let finding = match target {
            Some((row, _)) => {
                verdicts.0.insert(*row, Finding::Reversed);
                Finding::Reversal
            }
            None => Finding::ReversalUnmatched,
        };
        verdicts.0.insert(reversal.row, finding);
    }
    Ok(())
}

fn is_opposite(cost: MoneyCell, other: MoneyCell) -> bool {
    match (cost, other) {
        (MoneyCell::Fen(a), MoneyCell::Fen(b)) => a.checked_neg() == Some(b),
        _ => false,
    }
}
