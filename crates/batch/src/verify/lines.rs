//! What must hold of the lines beside points.

use super::Verification;
use super::checks::decimal;
use super::files::RunFiles;
use super::sums::{Batch, MONEY_SCALE, Table, amount, value};
use crate::settle::units::reports::{LINES, SETTLED};
use crate::{Error, Progress};
use std::collections::{BTreeMap, BTreeSet};

/// A pool and one of its lines.
type Key = (String, String);

/// What the cases on a line add up to, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    cases: i128,
    asked: i128,
    paid: i128,
}

/// No case is on a line twice or is paid more than it asks, and every line adds up to its budget.
pub(super) fn check(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    if !files.has(SETTLED) {
        return Ok(());
    }
    let mut cases: BTreeMap<Key, Sum> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let columns = ["case_id", "line", "amount", "asked", "pool"];
    let table = Table::open(files.path(LINES), &columns)?;
    table.for_each(progress, |batch| {
        let (ids, lines) = (batch.text("case_id")?, batch.text("line")?);
        let pools = batch.text("pool")?;
        let (paid, asked) = (money(&batch, "amount")?, money(&batch, "asked")?);
        for row in 0..batch.rows() {
            let (id, line) = (value(&ids, row), value(&lines, row));
            let place = || format!("{LINES}, case {id}, line {line}");
            if !seen.insert((id.to_owned(), line.to_owned())) {
                result.mismatch("line_twice", place(), "it is paid twice.".to_owned());
            }
            if paid[row] > asked[row] || paid[row] < 0 {
                let (paid, asked) = (decimal(paid[row], 2), decimal(asked[row], 2));
                let problem = format!("it is paid {paid} yuan and asks {asked}.");
                result.mismatch("line_amount", place(), problem);
            }
            let key = (value(&pools, row).to_owned(), line.to_owned());
            let sum = cases.entry(key).or_default();
            sum.cases += 1;
            sum.asked += asked[row];
            sum.paid += paid[row];
        }
        Ok(())
    })?;
    budgets(files, cases, result, progress)
}

fn money(batch: &Batch<'_>, column: &str) -> Result<Vec<i128>, Error> {
    let column = batch.decimal(column, MONEY_SCALE)?;
    Ok((0..batch.rows())
        .map(|row| amount(&column, row).unwrap_or(0))
        .collect())
}

/// budget + supplement = paid + carried forward + returned, and asked = paid + owed + cut.
fn budgets(
    files: &RunFiles,
    mut cases: BTreeMap<Key, Sum>,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let amounts = [
        "budget",
        "brought_forward",
        "supplement",
        "owed_before",
        "asked",
        "paid",
        "paid_owed",
        "owed",
        "cut",
        "carried_forward",
        "returned",
    ];
    let mut columns = vec!["pool", "line", "cases"];
    columns.extend(amounts);
    let table = Table::open(files.path(SETTLED), &columns)?;
    table.for_each(progress, |batch| {
        let (pools, lines) = (batch.text("pool")?, batch.text("line")?);
        let counts = batch.integer("cases")?;
        let columns = amounts.map(|name| money(&batch, name));
        let [
            budget,
            brought,
            supplement,
            before,
            asked,
            paid,
            paid_owed,
            owed,
            cut,
            forward,
            returned,
        ] = columns;
        let (budget, brought, supplement) = (budget?, brought?, supplement?);
        let (before, asked) = (before?, asked?);
        let (paid, paid_owed) = (paid?, paid_owed?);
        let (owed, cut, forward, returned) = (owed?, cut?, forward?, returned?);
        for row in 0..batch.rows() {
            let (pool, line) = (value(&pools, row), value(&lines, row));
            let place = || format!("{SETTLED}, pool {pool}, line {line}");
            let stated = Sum {
                cases: i128::from(counts.value(row)),
                asked: asked[row],
                paid: paid[row],
            };
            let key = (pool.to_owned(), line.to_owned());
            if cases.remove(&key).unwrap_or_default() != stated {
                let problem = "it is not what its cases add up to.".to_owned();
                result.mismatch("line_cases", place(), problem);
            }
            let money = budget[row] + brought[row] + supplement[row];
            if money != paid[row] + paid_owed[row] + forward[row] + returned[row] {
                let problem = "budget and supplement are not paid, left and returned.".to_owned();
                result.mismatch("line_budget", place(), problem);
            }
            let all = before[row] + asked[row];
            if all != paid[row] + paid_owed[row] + owed[row] + cut[row] {
                let problem = "what is asked is not paid, owed and cut.".to_owned();
                result.mismatch("line_asked", place(), problem);
            }
        }
        Ok(())
    })?;
    for (pool, line) in cases.into_keys() {
        let problem = format!("cases are on the line {line} of the pool {pool}, which is missing.");
        result.mismatch("line_cases", SETTLED, problem);
    }
    Ok(())
}
