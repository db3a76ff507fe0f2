//! Adds the columns of a run's outputs up, row by row, in 128-bit integers.

use super::OutcomeTally;
use super::files::RunFiles;
use crate::find::{broken, builder};
use crate::{Error, Progress};
use arrow::array::{Array, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use parquet::arrow::ProjectionMask;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What cases or hospitals add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) cases: i128,
    /// In ten-thousandths.
    pub(super) points: i128,
    /// In fen.
    pub(super) payment: i128,
}

impl Sum {
    pub(super) fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.points += other.points;
        self.payment += other.payment;
    }
}

/// Sums by pool and hospital.
pub(super) type ByHospital = BTreeMap<String, BTreeMap<String, Sum>>;

/// A row of `pools.parquet`; amounts in fen, points in ten-thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PoolRow {
    pub(super) pool: String,
    pub(super) budget: Option<i128>,
    pub(super) reserve: Option<i128>,
    pub(super) distributable: Option<i128>,
    pub(super) points: Option<i128>,
    pub(super) paid: Option<i128>,
    pub(super) residual: Option<i128>,
    pub(super) residual_reason: String,
}

/// How many rows have each outcome.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) outcomes: OutcomeTally,
}

/// All that a settled run adds up to.
#[derive(Debug, Default)]
pub(super) struct SettledSums {
    pub(super) counts: Counts,
    pub(super) cases: ByHospital,
    /// What cases without a pool add up to, which must be nothing.
    pub(super) outside: Sum,
    /// What cases of a pool that are not paid add up to, which must be nothing but their number.
    pub(super) unpaid: Sum,
    /// How many cases have each class.
    pub(super) classes: BTreeMap<String, u64>,
    pub(super) hospitals: ByHospital,
    /// Rows of hospitals that repeat a pool and hospital.
    pub(super) repeated_hospitals: Vec<String>,
    pub(super) pools: Vec<PoolRow>,
}

/// Counts the rows and outcomes of a `group` run.
pub(super) fn grouped(files: &RunFiles, progress: &dyn Progress) -> Result<Counts, Error> {
    let table = Table::open(files.cases(), &["status", "reason"])?;
    let mut counts = Counts::default();
    progress.stage("verify: rows", Some(table.rows));
    table.for_each(progress, |batch| count_outcomes(&batch, &mut counts))?;
    Ok(counts)
}

/// Adds a settled run up.
pub(super) fn settled(files: &RunFiles, progress: &dyn Progress) -> Result<SettledSums, Error> {
    let mut sums = SettledSums::default();
    let columns = [
        "status",
        "reason",
        "pool",
        "hospital_id",
        "case_class",
        "points",
        "payment",
    ];
    let cases = Table::open(files.cases(), &columns)?;
    progress.stage("verify: cases", Some(cases.rows));
    cases.for_each(progress, |batch| {
        count_outcomes(&batch, &mut sums.counts)?;
        add_cases(&batch, &mut sums)
    })?;
    let columns = ["pool", "hospital_id", "cases", "points", "payment"];
    let hospitals = Table::open(files.path("hospitals.parquet"), &columns)?;
    hospitals.for_each(progress, |batch| add_hospitals(&batch, &mut sums))?;
    let pools = Table::open(files.path("pools.parquet"), &POOL_COLUMNS)?;
    pools.for_each(progress, |batch| add_pools(&batch, &mut sums.pools))?;
    Ok(sums)
}

fn count_outcomes(batch: &Batch<'_>, counts: &mut Counts) -> Result<(), Error> {
    let (status, reason) = (batch.text("status")?, batch.text("reason")?);
    for row in 0..batch.rows() {
        let outcome = format!("{}/{}", value(&status, row), value(&reason, row));
        *counts.outcomes.entry(outcome).or_default() += 1;
    }
    counts.rows += batch.rows() as u64;
    Ok(())
}

fn add_cases(batch: &Batch<'_>, sums: &mut SettledSums) -> Result<(), Error> {
    let (pool, hospital) = (batch.text("pool")?, batch.text("hospital_id")?);
    let class = batch.text("case_class")?;
    let points = batch.decimal("points", POINT_SCALE)?;
    let payment = batch.decimal("payment", MONEY_SCALE)?;
    for row in 0..batch.rows() {
        let case = Sum {
            cases: 1,
            points: amount(&points, row).unwrap_or(0),
            payment: amount(&payment, row).unwrap_or(0),
        };
        let class = value(&class, row);
        count(&mut sums.classes, class);
        match value(&pool, row) {
            "" => sums.outside.add(case),
            _ if class == UNPAID => sums.unpaid.add(case),
            pool => entry(&mut sums.cases, pool, value(&hospital, row)).add(case),
        }
    }
    Ok(())
}

/// Counts one more under a name, which is copied only when it is new.
fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

/// The class of a case that the policy does not pay.
const UNPAID: &str = "unpaid";

fn add_hospitals(batch: &Batch<'_>, sums: &mut SettledSums) -> Result<(), Error> {
    let (pool, hospital) = (batch.text("pool")?, batch.text("hospital_id")?);
    let cases = batch.integer("cases")?;
    let points = batch.decimal("points", POINT_SCALE)?;
    let payment = batch.decimal("payment", MONEY_SCALE)?;
    for row in 0..batch.rows() {
        let (pool, hospital) = (value(&pool, row), value(&hospital, row));
        let stated = Sum {
            cases: cases
                .is_valid(row)
                .then(|| cases.value(row))
                .map_or(0, i128::from),
            points: amount(&points, row).unwrap_or(0),
            payment: amount(&payment, row).unwrap_or(0),
        };
        let is_known = sums
            .hospitals
            .get(pool)
            .is_some_and(|all| all.contains_key(hospital));
        if is_known {
            sums.repeated_hospitals
                .push(format!("pool {pool}, hospital {hospital}"));
        }
        entry(&mut sums.hospitals, pool, hospital).add(stated);
    }
    Ok(())
}

const POOL_COLUMNS: [&str; 8] = [
    "pool",
    "budget",
    "reserve",
    "distributable",
    "points",
    "paid",
    "residual",
    "residual_reason",
];

fn add_pools(batch: &Batch<'_>, pools: &mut Vec<PoolRow>) -> Result<(), Error> {
    let (pool, reason) = (batch.text("pool")?, batch.text("residual_reason")?);
    let points = batch.decimal("points", POINT_SCALE)?;
    let money = |column| batch.decimal(column, MONEY_SCALE);
    let (budget, reserve) = (money("budget")?, money("reserve")?);
    let (distributable, paid) = (money("distributable")?, money("paid")?);
    let residual = money("residual")?;
    for row in 0..batch.rows() {
        pools.push(PoolRow {
            pool: value(&pool, row).to_owned(),
            budget: amount(&budget, row),
            reserve: amount(&reserve, row),
            distributable: amount(&distributable, row),
            points: amount(&points, row),
            paid: amount(&paid, row),
            residual: amount(&residual, row),
            residual_reason: value(&reason, row).to_owned(),
        });
    }
    Ok(())
}

/// The sum of a pool and hospital; a key is copied only when it is new.
fn entry<'s>(sums: &'s mut ByHospital, pool: &str, hospital: &str) -> &'s mut Sum {
    if !sums.contains_key(pool) {
        sums.insert(pool.to_owned(), BTreeMap::new());
    }
    let hospitals = sums.get_mut(pool).expect("the pool was just inserted");
    if !hospitals.contains_key(hospital) {
        hospitals.insert(hospital.to_owned(), Sum::default());
    }
    hospitals
        .get_mut(hospital)
        .expect("the hospital was just inserted")
}

pub(super) const POINT_SCALE: i8 = 4;
pub(super) const MONEY_SCALE: i8 = 2;

/// Some columns of a Parquet file.
pub(super) struct Table {
    path: PathBuf,
    rows: u64,
    roots: Vec<usize>,
}

impl Table {
    pub(super) fn open(path: PathBuf, columns: &[&str]) -> Result<Self, Error> {
        let builder = builder(&path)?;
        let index = |name: &&str| {
            let found = builder
                .schema()
                .column_with_name(name)
                .map(|(index, _)| index);
            let problem = || format!("the column {name} is missing.");
            found.ok_or_else(|| Error::input(path.display(), problem()))
        };
        let roots = columns.iter().map(index).collect::<Result<_, _>>()?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        Ok(Self { path, rows, roots })
    }

    pub(super) fn for_each(
        &self,
        progress: &dyn Progress,
        mut take: impl FnMut(Batch<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let builder = builder(&self.path)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), self.roots.iter().copied());
        let reader = builder
            .with_projection(mask)
            .with_batch_size(1 << 14)
            .build();
        for batch in reader.map_err(|error| broken(&self.path, &error))? {
            let batch = batch.map_err(|error| broken(&self.path, &error))?;
            progress.look()?;
            progress.advance(batch.num_rows() as u64);
            take(Batch {
                path: &self.path,
                batch,
            })?;
        }
        Ok(())
    }
}

/// A batch of some columns of a file.
pub(super) struct Batch<'t> {
    path: &'t Path,
    batch: RecordBatch,
}

impl Batch<'_> {
    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn cast(&self, name: &str, to: &DataType) -> Result<arrow::array::ArrayRef, Error> {
        let column = self
            .batch
            .column_by_name(name)
            .expect("the column was looked up");
        cast(column, to).map_err(|error| broken(self.path, &error))
    }

    pub(super) fn text(&self, name: &str) -> Result<StringArray, Error> {
        Ok(self.cast(name, &DataType::Utf8)?.as_string::<i32>().clone())
    }

    pub(super) fn integer(&self, name: &str) -> Result<Int64Array, Error> {
        Ok(self
            .cast(name, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .clone())
    }

    /// A decimal column with exactly this many decimals, so that nothing is rounded here.
    pub(super) fn decimal(&self, name: &str, scale: i8) -> Result<Decimal128Array, Error> {
        let column = self
            .batch
            .column_by_name(name)
            .expect("the column was looked up");
        match column.data_type() {
            DataType::Decimal128(_, stored) if *stored == scale => {
                Ok(column.as_primitive::<Decimal128Type>().clone())
            }
            other => {
                let place = format!("{}, column {name}", self.path.display());
                let problem = format!("the type is {other}, not a decimal with {scale} places.");
                Err(Error::input(place, problem))
            }
        }
    }
}

pub(super) fn value(column: &StringArray, row: usize) -> &str {
    if column.is_valid(row) {
        column.value(row)
    } else {
        ""
    }
}

pub(super) fn amount(column: &Decimal128Array, row: usize) -> Option<i128> {
    column.is_valid(row).then(|| column.value(row))
}
