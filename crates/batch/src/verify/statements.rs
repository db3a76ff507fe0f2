//! What must hold of the statements of hospitals.

use super::Verification;
use super::checks::decimal;
use super::files::{RunFiles, is_inside};
use super::sums::{Batch, MONEY_SCALE, SettledSums, Sum, Table, amount, value};
use crate::{Error, Progress};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const STATEMENTS: &str = "statements.parquet";
const INDEX: &str = "statement_files.parquet";
/// The part of a statement whose lines are the cases by class and group.
const CASES: &str = "cases";
/// Quantities have six places, points four.
const QUANTITY_SCALE: i8 = 6;
const PER_POINT: i128 = 100;

type Key = (String, String);

/// The case lines of each statement are the hospital's cases, and each file is the one that was
/// written.
pub(super) fn check(
    files: &RunFiles,
    sums: &SettledSums,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    if files.has(STATEMENTS) {
        lines(files, sums, result, progress)?;
    }
    if files.has(INDEX) {
        each_file(files, result, progress)?;
    }
    Ok(())
}

fn lines(
    files: &RunFiles,
    sums: &SettledSums,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let columns = [
        "pool",
        "hospital_id",
        "section",
        "cases",
        "quantity",
        "amount",
    ];
    let table = Table::open(files.path(STATEMENTS), &columns)?;
    let mut stated: BTreeMap<Key, Sum> = BTreeMap::new();
    table.for_each(progress, |batch| add(&batch, &mut stated))?;
    let mut expected: BTreeMap<Key, Sum> = BTreeMap::new();
    for (pool, hospitals) in &sums.cases {
        for (hospital, sum) in hospitals {
            expected.insert((pool.clone(), hospital.clone()), *sum);
        }
    }
    let keys: BTreeSet<&Key> = stated.keys().chain(expected.keys()).collect();
    for key in keys {
        let of = |all: &BTreeMap<Key, Sum>| all.get(key).copied().unwrap_or_default();
        let (has, should) = (of(&stated), of(&expected));
        if has != should {
            let said = |sum: Sum| {
                let (points, yuan) = (decimal(sum.points, 4), decimal(sum.payment, 2));
                format!("{} cases, {points} points, {yuan} yuan", sum.cases)
            };
            let problem = format!(
                "the lines add up to {}; it has {}.",
                said(has),
                said(should)
            );
            let place = format!("{STATEMENTS}, pool {}, hospital {}", key.0, key.1);
            result.mismatch("statement", place, problem);
        }
    }
    Ok(())
}

fn add(batch: &Batch<'_>, stated: &mut BTreeMap<Key, Sum>) -> Result<(), Error> {
    let (pool, hospital) = (batch.text("pool")?, batch.text("hospital_id")?);
    let section = batch.text("section")?;
    let cases = batch.integer("cases")?;
    let quantities = batch.decimal("quantity", QUANTITY_SCALE)?;
    let amounts = batch.decimal("amount", MONEY_SCALE)?;
    for row in (0..batch.rows()).filter(|row| value(&section, *row) == CASES) {
        let key = (
            value(&pool, row).to_owned(),
            value(&hospital, row).to_owned(),
        );
        stated.entry(key).or_default().add(Sum {
            cases: i128::from(cases.value(row)),
            points: amount(&quantities, row).unwrap_or(0) / PER_POINT,
            payment: amount(&amounts, row).unwrap_or(0),
        });
    }
    Ok(())
}

/// Each file that the index names is there with the hash that it states.
fn each_file(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let table = Table::open(files.path(INDEX), &["file", "sha256"])?;
    table.for_each(progress, |batch| {
        let (names, hashes) = (batch.text("file")?, batch.text("sha256")?);
        for row in 0..batch.rows() {
            let (name, stated) = (value(&names, row), value(&hashes, row));
            if !is_inside(name) {
                let problem = "the file is not in the folder of the run.".to_owned();
                result.mismatch("sha256", name, problem);
                continue;
            }
            let path = files.path(name);
            let bytes = std::fs::read(&path).map_err(|e| Error::file(&path, "read it", &e))?;
            let digest = Sha256::digest(&bytes);
            let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            if hash != stated {
                let problem = format!("the sha256 is {hash}; the index states {stated}.");
                result.mismatch("sha256", name, problem);
            }
        }
        Ok(())
    })
}
