//! The second pass: what the used cases consist of (drugs, consumables, services) and last.

use super::gather::RowKey;
use crate::Error;
use crate::read::{ClaimFile, ClaimFiles, Column, MoneyCell, Unit, money};
use crate::run::Run;
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use drgdip_calibrate::{GroupWeight, YearTotals};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;

/// The parts of the cost that are looked at.
pub(super) const MONEY_PARTS: [Column; 3] = [
    Column::DrugCost,
    Column::ConsumableCost,
    Column::ServiceCost,
];
/// The parts of the cost, and how long the case lasted.
const PARTS: [Column; 4] = [
    Column::DrugCost,
    Column::ConsumableCost,
    Column::ServiceCost,
    Column::StayDays,
];
/// The columns of the second pass.
const COLUMNS: [Column; 5] = [
    Column::TotalCost,
    Column::DrugCost,
    Column::ConsumableCost,
    Column::ServiceCost,
    Column::StayDays,
];

/// The totals of the parts of some cases, by year; a part counts the cases that state it.
pub(super) type PartTotals = [YearTotals; PARTS.len()];
/// The totals by group and level.
pub(super) type Parts = BTreeMap<(u16, u8), PartTotals>;

/// Whether any file states a part, so that the second pass has something to do.
pub(super) fn are_stated(files: &ClaimFiles) -> bool {
    let states = |file: &ClaimFile| PARTS.iter().any(|p| file.layout.index(*p).is_some());
    files.files.iter().any(states)
}

/// Adds up the parts of the used cases; `keys` has one key a row, or none at all, and `drugs` what
/// negotiated drugs cost in some of these places.
pub(super) fn read(
    run: &Run<'_>,
    groups: &[GroupWeight],
    (keys, drugs): (&[RowKey], &[(usize, i64)]),
) -> Result<Parts, Error> {
    if keys.is_empty() {
        return Ok(Parts::new());
    }
    let of_unit = |unit: &Unit| {
        let first = usize::try_from(unit.first_row).expect("keys of all rows are in memory");
        let rows = usize::try_from(unit.rows).expect("keys of all rows are in memory");
        let reader = UnitReader {
            run,
            groups,
            drugs,
            file: &run.files.files[unit.file],
        };
        reader.read(unit, (first, &keys[first..first + rows]))
    };
    run.pool.install(|| {
        let units = run.files.units.par_iter().map(of_unit);
        units.try_reduce(Parts::new, merged)
    })
}

fn merged(mut all: Parts, more: Parts) -> Result<Parts, Error> {
    for (key, totals) in more {
        match all.get_mut(&key) {
            Some(sums) => {
                for (sum, more) in sums.iter_mut().zip(&totals) {
                    sum.add(more).map_err(|e| too_large(&e))?;
                }
            }
            None => {
                all.insert(key, totals);
            }
        }
    }
    Ok(all)
}

fn too_large(error: &drgdip_calibrate::Error) -> Error {
    Error::input("history", format!("{error}."))
}

struct UnitReader<'r> {
    run: &'r Run<'r>,
    groups: &'r [GroupWeight],
    drugs: &'r [(usize, i64)],
    file: &'r ClaimFile,
}

impl UnitReader<'_> {
    fn read(&self, unit: &Unit, (mut first, mut keys): (usize, &[RowKey])) -> Result<Parts, Error> {
        let mut parts = Parts::new();
        let mut reader = self.file.read_columns(unit, &COLUMNS)?;
        while let Some(batch) = self.file.next_batch(&mut reader)? {
            self.run.progress.look()?;
            let (here, later) = keys.split_at(batch.num_rows().min(keys.len()));
            self.count(&batch, (first, here), &mut parts)?;
            first += here.len();
            keys = later;
            self.run.progress.advance(batch.num_rows() as u64);
        }
        Ok(parts)
    }

    fn count(
        &self,
        batch: &RecordBatch,
        (first, keys): (usize, &[RowKey]),
        parts: &mut Parts,
    ) -> Result<(), Error> {
        let mut costs = self.amounts(batch, Column::TotalCost)?;
        let amounts = PARTS.map(|part| self.amounts(batch, part));
        let [drug, consumable, service, days] = amounts;
        let mut drug = drug?;
        self.take_out(first..first + keys.len(), [&mut costs, &mut drug]);
        let amounts = [drug, consumable?, service?, days?];
        for (row, key) in keys.iter().enumerate() {
            let Some(group) = self.groups.get(usize::from(key.group)) else {
                continue;
            };
            let cost = costs.as_ref().and_then(|costs| costs[row]);
            if !group.kept.zip(cost).is_some_and(|(k, c)| k.contains(c)) {
                continue;
            }
            let years = group.totals.counts().len();
            let totals = parts
                .entry((key.group, key.level))
                .or_insert_with(|| std::array::from_fn(|_| YearTotals::new(years)));
            for (total, amounts) in totals.iter_mut().zip(&amounts) {
                if let Some(amount) = amounts.as_ref().and_then(|all| all[row]) {
                    let counted = total.count(usize::from(key.year), amount);
                    counted.map_err(|e| too_large(&e))?;
                }
            }
        }
        Ok(())
    }

    /// Takes negotiated drugs out of what drugs and all of a case cost, but never more than there is.
    fn take_out(&self, rows: Range<usize>, costs: [&mut Option<Vec<Option<i64>>>; 2]) {
        let begins = self.drugs.partition_point(|(place, _)| *place < rows.start);
        let ends = self.drugs.partition_point(|(place, _)| *place < rows.end);
        for costs in costs.into_iter().flatten() {
            for (place, fen) in &self.drugs[begins..ends] {
                let cost = &mut costs[place - rows.start];
                *cost = cost.map(|cost| cost.saturating_sub(*fen).max(0));
            }
        }
    }

    /// A column as fen, or as days; `None` where the file lacks it.
    fn amounts(
        &self,
        batch: &RecordBatch,
        column: Column,
    ) -> Result<Option<Vec<Option<i64>>>, Error> {
        let Some(position) = self.file.position_among(column, &COLUMNS) else {
            return Ok(None);
        };
        let array = batch.column(position);
        if column == Column::StayDays {
            let days = cast(array, &DataType::Int64).map_err(|e| self.file.broken(&e))?;
            let days = days.as_primitive::<Int64Type>();
            return Ok(Some(
                days.iter().map(|day| day.filter(|d| *d >= 0)).collect(),
            ));
        }
        let fen = |cell: MoneyCell| match cell {
            MoneyCell::Fen(fen) => Some(fen),
            MoneyCell::Missing | MoneyCell::Unusable => None,
        };
        let cells = money(self.file, array)?;
        Ok(Some(cells.into_iter().map(fen).collect()))
    }
}
