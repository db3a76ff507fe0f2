//! What must hold of the totals of payment units.

use super::Verification;
use super::checks::decimal;
use super::files::RunFiles;
use super::parts::by_pool;
use super::sums::MONEY_SCALE;
use crate::settle::units::reports::LINES;
use crate::settle::units::totals::TOTALS;
use crate::{Error, Progress};

/// The units of every pool add up to its points, its payment, and what its lines pay.
pub(super) fn check(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    if !files.has(TOTALS) {
        return Ok(());
    }
    let sums = |table: &str, column: &str, scale| by_pool(files, (table, column, scale), progress);
    let pairs = [
        (("points", 4), ("pools.parquet", "points")),
        (("payment", MONEY_SCALE), ("pools.parquet", "paid")),
        (("on_line", MONEY_SCALE), (LINES, "amount")),
    ];
    for ((own, scale), (table, column)) in pairs {
        let mut units = sums(TOTALS, own, scale)?;
        for (pool, stated) in sums(table, column, scale)? {
            let found = units.remove(&pool).unwrap_or_default();
            if found != stated {
                let places = scale.unsigned_abs().into();
                let (found, stated) = (decimal(found, places), decimal(stated, places));
                let problem = format!("the units have {own} {found}, {table} has {stated}.");
                result.mismatch("unit_totals", format!("{TOTALS}, pool {pool}"), problem);
            }
        }
        for (pool, found) in units.into_iter().filter(|(_, found)| *found != 0) {
            let found = decimal(found, scale.unsigned_abs().into());
            let problem = format!("the units have {own} {found}, {table} has nothing.");
            result.mismatch("unit_totals", format!("{TOTALS}, pool {pool}"), problem);
        }
    }
    Ok(())
}
