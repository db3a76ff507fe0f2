//! What the rows of hospitals and pools are made of, and what the manifest states of money and
//! findings.

use super::Verification;
use super::checks::{compare_counts, decimal};
use super::files::RunFiles;
use super::sums::{Batch, MONEY_SCALE, POINT_SCALE, Table, amount, value};
use crate::{Error, Progress};
use std::collections::BTreeMap;

const HOSPITALS: &str = "hospitals.parquet";
const POOLS: &str = "pools.parquet";
const FINDINGS: &str = "findings.parquet";

/// A column, its scale, and the columns that it is the sum of; the last so many are taken off.
type Parts = (&'static str, i8, &'static [&'static str], usize);

/// What the columns of a hospital are made of.
const OF_HOSPITAL: [Parts; 3] = [
    (
        "points",
        POINT_SCALE,
        &["baseline_points", "increment_points"],
        0,
    ),
    (
        "gross",
        MONEY_SCALE,
        &[
            "baseline_amount",
            "increment_amount",
            "floor_amount",
            "shared_amount",
            "redistributed",
        ],
        0,
    ),
    (
        "payment",
        MONEY_SCALE,
        &["gross", "at_cost", "patient_side"],
        1,
    ),
];

/// The columns of a pool that are the sums of those of its hospitals.
const OF_POOL: [(&str, i8); 3] = [
    ("baseline_points", POINT_SCALE),
    ("increment_points", POINT_SCALE),
    ("at_cost", MONEY_SCALE),
];

/// What the manifest states of all pools together, each by its column.
const MONEY: [&str; 5] = ["budget", "reserve", "distributable", "paid", "residual"];

pub(super) fn check(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    hospitals(files, result, progress)?;
    for (column, scale) in OF_POOL {
        let of_hospitals = by_pool(files, (HOSPITALS, column, scale), progress)?;
        for (pool, stated) in by_pool(files, (POOLS, column, scale), progress)? {
            let sum = of_hospitals.get(&pool).copied().unwrap_or_default();
            if sum != stated {
                let (sum, stated) = (shown(sum, scale), shown(stated, scale));
                let problem =
                    format!("its hospitals have {column} {sum}; the row states {stated}.");
                result.mismatch("pool_parts", format!("{POOLS}, pool {pool}"), problem);
            }
        }
    }
    money(files, result, progress)?;
    let mut found = BTreeMap::new();
    let table = Table::open(files.path(FINDINGS), &["code"])?;
    table.for_each(progress, |batch| {
        let codes = batch.text("code")?;
        for row in 0..batch.rows() {
            *found.entry(value(&codes, row).to_owned()).or_default() += 1;
        }
        Ok(())
    })?;
    compare_counts(&found, &files.findings, FINDINGS, result);
    Ok(())
}

/// Each amount of a hospital is the sum of its parts.
fn hospitals(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    for (whole, scale, parts, taken_off) in OF_HOSPITAL {
        let columns = ["pool", "hospital_id", whole];
        let columns: Vec<&str> = columns.into_iter().chain(parts.iter().copied()).collect();
        let table = Table::open(files.path(HOSPITALS), &columns)?;
        table.for_each(progress, |batch| {
            let sums = sums_of(&batch, (scale, parts, taken_off))?;
            let stated = batch.decimal(whole, scale)?;
            let (pools, ids) = (batch.text("pool")?, batch.text("hospital_id")?);
            for (row, sum) in sums.into_iter().enumerate() {
                let stated = amount(&stated, row).unwrap_or(0);
                if sum != stated {
                    let (pool, id) = (value(&pools, row), value(&ids, row));
                    let (sum, stated) = (shown(sum, scale), shown(stated, scale));
                    let problem =
                        format!("the parts of {whole} add up to {sum}; the row states {stated}.");
                    let place = format!("{HOSPITALS}, pool {pool}, hospital {id}");
                    result.mismatch("hospital_parts", place, problem);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn sums_of(
    batch: &Batch<'_>,
    (scale, parts, taken_off): (i8, &[&str], usize),
) -> Result<Vec<i128>, Error> {
    let mut sums = vec![0; batch.rows()];
    for (number, part) in parts.iter().enumerate() {
        let sign = if number + taken_off < parts.len() {
            1
        } else {
            -1
        };
        let amounts = batch.decimal(part, scale)?;
        for (row, sum) in sums.iter_mut().enumerate() {
            *sum += sign * amount(&amounts, row).unwrap_or(0);
        }
    }
    Ok(sums)
}

/// The manifest states what all pools have together.
fn money(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    for column in MONEY {
        let pools = by_pool(files, (POOLS, column, MONEY_SCALE), progress)?;
        let sum = shown(pools.values().sum(), MONEY_SCALE);
        let stated = files.money.get(column).map_or("nothing", String::as_str);
        if sum != stated {
            let problem = format!("the pools have {sum}; the manifest states {stated}.");
            result.mismatch("money", format!("manifest, money {column}"), problem);
        }
    }
    Ok(())
}

fn shown(amount: i128, scale: i8) -> String {
    decimal(amount, scale.unsigned_abs().into())
}

/// The sums of a column by pool, in units of its last place.
pub(super) fn by_pool(
    files: &RunFiles,
    (table, column, scale): (&str, &str, i8),
    progress: &dyn Progress,
) -> Result<BTreeMap<String, i128>, Error> {
    let mut sums = BTreeMap::new();
    let table = Table::open(files.path(table), &["pool", column])?;
    table.for_each(progress, |batch| {
        let pools = batch.text("pool")?;
        let amounts = batch.decimal(column, scale)?;
        for row in 0..batch.rows() {
            let sum: &mut i128 = sums.entry(value(&pools, row).to_owned()).or_default();
            *sum += amount(&amounts, row).unwrap_or(0);
        }
        Ok(())
    })?;
    Ok(sums)
}
