//! What must hold where a year is cleared, or a month prepaid.

use super::checks::decimal;
use super::files::RunFiles;
use super::sums::{Batch, MONEY_SCALE, Table, amount, value};
use super::{Verification, VerifiedClearing};
use crate::{Error, Progress};
use std::collections::{BTreeMap, BTreeSet};

const CLEARING: &str = "clearing.parquet";
const LEDGER: &str = "ledger.parquet";
const ADJUSTMENTS: &str = "adjustments.parquet";
const PREPAYMENTS: &str = "prepayments.parquet";

/// Amounts in fen by pool and hospital.
type Amounts = BTreeMap<(String, String), i128>;

/// Checks the tables that a run has of these.
pub(super) fn check(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    if files.has(CLEARING) {
        clearing(files, result, progress)?;
        funds(files, result, progress)?;
    }
    if files.has(PREPAYMENTS) {
        prepayments(files, result, progress)?;
    }
    Ok(())
}

/// due = payment + adjustments, clearing = due − prepaid − advanced, and each of them is what
/// the table that it comes from adds up to.
fn clearing(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let column = |name| sums(files, CLEARING, name, progress);
    let [payment, adjustments, due] = [column("payment")?, column("adjustments")?, column("due")?];
    let [prepaid, advanced] = [column("prepaid")?, column("advanced")?];
    let clearing = column("clearing")?;
    let sources = [
        (
            "payment",
            &payment,
            sums(files, "hospitals.parquet", "payment", progress)?,
        ),
        (
            "adjustments",
            &adjustments,
            sums(files, ADJUSTMENTS, "amount", progress)?,
        ),
        (
            "prepaid",
            &prepaid,
            sums(files, LEDGER, "prepaid", progress)?,
        ),
    ];
    for (name, stated, source) in &sources {
        let keys: BTreeSet<_> = stated.keys().chain(source.keys()).collect();
        for key in keys {
            let (states, adds_up) = (of(stated, key), of(source, key));
            if states != adds_up {
                let (states, adds_up) = (decimal(states, 2), decimal(adds_up, 2));
                let problem = format!("the {name} adds up to {adds_up}; the row states {states}.");
                result.mismatch("clearing", place(CLEARING, key), problem);
            }
        }
    }
    for key in due.keys() {
        let sum = of(&payment, key) + of(&adjustments, key);
        if sum != of(&due, key) {
            let problem = format!("payment and adjustments are {}.", decimal(sum, 2));
            result.mismatch("due", place(CLEARING, key), problem);
        }
        let rest = of(&due, key) - of(&prepaid, key) - of(&advanced, key);
        if rest != of(&clearing, key) {
            let problem = format!("what is left of the amount due is {}.", decimal(rest, 2));
            result.mismatch("clearing", place(CLEARING, key), problem);
        }
    }
    let pools: BTreeSet<&String> = due.keys().map(|(pool, _)| pool).collect();
    for pool in pools {
        let mine = || due.keys().filter(|(of, _)| of == pool);
        let sum = |all: &Amounts| decimal(mine().map(|key| of(all, key)).sum(), 2);
        result.cleared.push(VerifiedClearing {
            pool: pool.clone(),
            hospitals: mine().count() as u64,
            due: sum(&due),
            prepaid: sum(&prepaid),
            advanced: sum(&advanced),
            clearing: sum(&clearing),
        });
    }
    Ok(())
}

/// The kinds of adjustments that a part of the reserve pays, with the column of that part.
const FUNDED: [(&str, &str); 2] = [
    ("overspend_share", "risk_fund"),
    ("primary_care_growth", "primary_care_growth"),
];

/// No pool gives more than it has set aside for it.
fn funds(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    for (kind, fund) in FUNDED {
        let mut given: BTreeMap<String, i128> = BTreeMap::new();
        let columns = ["pool", "kind", "amount"];
        let table = Table::open(files.path(ADJUSTMENTS), &columns)?;
        table.for_each(progress, |batch| {
            let (pool, kinds) = (batch.text("pool")?, batch.text("kind")?);
            let amounts = batch.decimal("amount", MONEY_SCALE)?;
            for row in (0..batch.rows()).filter(|row| value(&kinds, *row) == kind) {
                let sum = given.entry(value(&pool, row).to_owned()).or_default();
                *sum += amount(&amounts, row).unwrap_or(0);
            }
            Ok(())
        })?;
        let table = Table::open(files.path("pools.parquet"), &["pool", fund])?;
        table.for_each(progress, |batch| {
            let pool = batch.text("pool")?;
            let has = batch.decimal(fund, MONEY_SCALE)?;
            for row in 0..batch.rows() {
                let name = value(&pool, row);
                let (given, has) = (
                    given.get(name).copied().unwrap_or(0),
                    amount(&has, row).unwrap_or(0),
                );
                if given > has {
                    let (given, has) = (decimal(given, 2), decimal(has, 2));
                    let problem = format!("{kind} gives {given} of a fund of {has}.");
                    result.mismatch("fund", format!("pools.parquet, pool {name}"), problem);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Nobody is prepaid less than nothing, and nobody is prepaid and owes at once.
fn prepayments(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let prepaid = sums(files, PREPAYMENTS, "prepaid", progress)?;
    let debt = sums(files, PREPAYMENTS, "debt", progress)?;
    for (key, prepaid) in &prepaid {
        let debt = of(&debt, key);
        if *prepaid < 0 || debt < 0 || (*prepaid > 0 && debt > 0) {
            let (prepaid, debt) = (decimal(*prepaid, 2), decimal(debt, 2));
            let problem = format!("the hospital is prepaid {prepaid} and owes {debt}.");
            result.mismatch("prepaid", place(PREPAYMENTS, key), problem);
        }
    }
    Ok(())
}

fn of(amounts: &Amounts, key: &(String, String)) -> i128 {
    amounts.get(key).copied().unwrap_or(0)
}

fn place(file: &str, (pool, hospital): &(String, String)) -> String {
    format!("{file}, pool {pool}, hospital {hospital}")
}

fn sums(
    files: &RunFiles,
    file: &str,
    column: &str,
    progress: &dyn Progress,
) -> Result<Amounts, Error> {
    let table = Table::open(files.path(file), &["pool", "hospital_id", column])?;
    let mut sums = Amounts::new();
    table.for_each(progress, |batch| add(&batch, column, &mut sums))?;
    Ok(sums)
}

fn add(batch: &Batch<'_>, column: &str, sums: &mut Amounts) -> Result<(), Error> {
    let (pool, hospital) = (batch.text("pool")?, batch.text("hospital_id")?);
    let amounts = batch.decimal(column, MONEY_SCALE)?;
    for row in 0..batch.rows() {
        let key = (
            value(&pool, row).to_owned(),
            value(&hospital, row).to_owned(),
        );
        *sums.entry(key).or_default() += amount(&amounts, row).unwrap_or(0);
    }
    Ok(())
}
