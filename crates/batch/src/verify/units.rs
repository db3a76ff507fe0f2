//! What must hold where units of people are paid from lines of their own.

use super::Verification;
use super::checks::decimal;
use super::files::RunFiles;
use super::sums::{Batch, MONEY_SCALE, Table, amount, value};
use crate::settle::people::UNITS;
use crate::{Error, Progress};
use std::collections::BTreeMap;

/// What a line, or one party of it, adds up to: fen by role.
type ByRole = BTreeMap<String, i128>;

/// The rows of a line.
#[derive(Default)]
struct Line {
    /// What the rows of the line itself state.
    stated: ByRole,
    /// What those of each party state.
    parties: BTreeMap<String, ByRole>,
}

/// Adds every line up: budget and supplement are paid or left, what is asked is paid, owed or cut,
/// for the line as for each party, and the parties are the line.
pub(super) fn check(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    if !files.has(UNITS) {
        return Ok(());
    }
    let columns = ["region", "line", "party", "party_id", "role", "amount"];
    let mut lines: BTreeMap<(String, String), Line> = BTreeMap::new();
    let table = Table::open(files.path(UNITS), &columns)?;
    table.for_each(progress, |batch| add(&batch, &mut lines))?;
    for ((region, name), line) in &lines {
        let place = format!("{UNITS}, region {region}, line {name}");
        check_line(line, &place, result);
    }
    Ok(())
}

fn add(batch: &Batch<'_>, lines: &mut BTreeMap<(String, String), Line>) -> Result<(), Error> {
    let (region, name) = (batch.text("region")?, batch.text("line")?);
    let (party, id) = (batch.text("party")?, batch.text("party_id")?);
    let roles = batch.text("role")?;
    let amounts = batch.decimal("amount", MONEY_SCALE)?;
    for row in 0..batch.rows() {
        let key = (value(&region, row).to_owned(), value(&name, row).to_owned());
        let line = lines.entry(key).or_default();
        let sums = match value(&party, row) {
            "line" => &mut line.stated,
            _ => line.parties.entry(value(&id, row).to_owned()).or_default(),
        };
        let sum = sums.entry(value(&roles, row).to_owned()).or_default();
        *sum += amount(&amounts, row).unwrap_or(0);
    }
    Ok(())
}

fn of(sums: &ByRole, role: &str) -> i128 {
    sums.get(role).copied().unwrap_or(0)
}

fn check_line(line: &Line, place: &str, result: &mut Verification) {
    let mut compare = |place: &str, what: &str, one: i128, other: i128| {
        if one != other {
            let (one, other) = (decimal(one, 2), decimal(other, 2));
            result.mismatch("unit", place, format!("{what}: {one} and {other}."));
        }
    };
    let stated = |role| of(&line.stated, role);
    let has = stated("budget") + stated("brought_forward") + stated("supplement");
    let paid = stated("paid") + stated("paid_owed");
    let used = paid + stated("carried_forward") + stated("returned");
    compare(place, "what the line has is not what it gives", has, used);
    for role in ["asked", "paid", "owed_before", "paid_owed", "owed", "cut"] {
        let parties = line.parties.values().map(|sums| of(sums, role)).sum();
        let what = format!("the parties do not add up to what is {role}");
        compare(place, &what, parties, stated(role));
    }
    for (id, sums) in &line.parties {
        let paid = of(sums, "paid") + of(sums, "paid_owed");
        let settled = paid + of(sums, "owed") + of(sums, "cut");
        let asked = of(sums, "asked") + of(sums, "owed_before");
        let place = format!("{place}, {id}");
        let what = "what is asked is not paid, owed or cut";
        compare(&place, what, asked, settled);
    }
}
