//! What must hold of the money that a clearing holds over the year's end.

use super::Verification;
use super::checks::decimal;
use super::files::RunFiles;
use super::sums::{MONEY_SCALE, Table, amount, value};
use crate::settle::carried::{BROUGHT_FORWARD, CLAWED_BACK, HELD, HELD_CASES, OWN, RELEASED};
use crate::{Error, Progress};
use std::collections::BTreeMap;

/// Fen by pool, hospital and kind of adjustment.
type Sums = BTreeMap<(String, String, String), i128>;

/// What is decided goes to the hospital or to the pool, to the fen, and adjustments of hospitals
/// are what is held, released and taken back.
pub(super) fn check(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    if !files.has(HELD_CASES) {
        return Ok(());
    }
    let mut cases = Sums::new();
    let mut to_pools: BTreeMap<String, i128> = BTreeMap::new();
    let columns = [
        "case_id",
        "pool",
        "hospital_id",
        "origin",
        "state",
        "held",
        "to_hospital",
        "to_pool",
        "clawed_back",
    ];
    let table = Table::open(files.path(HELD_CASES), &columns)?;
    table.for_each(progress, |batch| {
        let (ids, pools) = (batch.text("case_id")?, batch.text("pool")?);
        let (hospitals, origins) = (batch.text("hospital_id")?, batch.text("origin")?);
        let states = batch.text("state")?;
        let money = |name| batch.decimal(name, MONEY_SCALE);
        let (held, paid) = (money("held")?, money("to_hospital")?);
        let (back, clawed) = (money("to_pool")?, money("clawed_back")?);
        for row in 0..batch.rows() {
            let of = |column| amount(column, row).unwrap_or(0);
            let is_decided = value(&states, row) == "decided";
            let divided = of(&paid) + of(&back);
            let expected = if is_decided { of(&held) } else { 0 };
            if divided != expected {
                let problem = format!(
                    "{} yuan of {} are divided.",
                    decimal(divided, 2),
                    decimal(of(&held), 2)
                );
                let place = format!("{HELD_CASES}, case {}", value(&ids, row));
                result.mismatch("tcm_held", place, problem);
            }
            let is_own = value(&origins, row) == OWN;
            let mut add = |kind: &str, fen: i128| {
                let (pool, hospital) = (value(&pools, row), value(&hospitals, row));
                let key = (pool.to_owned(), hospital.to_owned(), kind.to_owned());
                *cases.entry(key).or_default() += fen;
            };
            if is_own {
                add(HELD, -of(&held));
            } else {
                let pool = value(&pools, row).to_owned();
                *to_pools.entry(pool).or_default() += of(&back) + of(&clawed);
            }
            add(RELEASED, of(&paid));
            add(CLAWED_BACK, -of(&clawed));
        }
        Ok(())
    })?;
    adjustments(files, cases, result, progress)?;
    brought_forward(files, &to_pools, result, progress)
}

fn adjustments(
    files: &RunFiles,
    mut cases: Sums,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let columns = ["pool", "hospital_id", "kind", "amount"];
    let table = Table::open(files.path("adjustments.parquet"), &columns)?;
    table.for_each(progress, |batch| {
        let (pools, hospitals) = (batch.text("pool")?, batch.text("hospital_id")?);
        let kinds = batch.text("kind")?;
        let amounts = batch.decimal("amount", MONEY_SCALE)?;
        for row in 0..batch.rows() {
            let kind = value(&kinds, row);
            if [HELD, RELEASED, CLAWED_BACK].contains(&kind) {
                let (pool, hospital) = (value(&pools, row), value(&hospitals, row));
                let key = (pool.to_owned(), hospital.to_owned(), kind.to_owned());
                *cases.entry(key).or_default() -= amount(&amounts, row).unwrap_or(0);
            }
        }
        Ok(())
    })?;
    for ((pool, hospital, kind), fen) in cases.into_iter().filter(|(_, fen)| *fen != 0) {
        let problem = format!(
            "the adjustment differs by {} from its cases.",
            decimal(fen, 2)
        );
        let place = format!("adjustments.parquet, {pool} {hospital} {kind}");
        result.mismatch("tcm_held", place, problem);
    }
    Ok(())
}

/// A pool gets back at least what cases of earlier years leave to it now.
fn brought_forward(
    files: &RunFiles,
    to_pools: &BTreeMap<String, i128>,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let mut stated: BTreeMap<String, i128> = BTreeMap::new();
    if files.has(BROUGHT_FORWARD) {
        let table = Table::open(files.path(BROUGHT_FORWARD), &["pool", "amount"])?;
        table.for_each(progress, |batch| {
            let pools = batch.text("pool")?;
            let amounts = batch.decimal("amount", MONEY_SCALE)?;
            for row in 0..batch.rows() {
                let sum = stated.entry(value(&pools, row).to_owned()).or_default();
                *sum += amount(&amounts, row).unwrap_or(0);
            }
            Ok(())
        })?;
    }
    for (pool, fen) in to_pools {
        let stated = stated.get(pool).copied().unwrap_or(0);
        if stated < *fen {
            let (fen, stated) = (decimal(*fen, 2), decimal(stated, 2));
            let problem = format!("its cases leave {fen} yuan to it, it gets {stated}.");
            result.mismatch(
                "tcm_held",
                format!("{BROUGHT_FORWARD}, pool {pool}"),
                problem,
            );
        }
    }
    Ok(())
}
