//! Tables by which people state a value for single groups: new weights, given mean costs.

use super::cells::Row;
use super::columns::{Column, optional, required};
use super::sheet::Cells;
use super::table::TextTable;
use crate::Error;
use std::collections::HashSet;
use std::path::Path;

/// A value that a table states for a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedGroup {
    /// The code of the group.
    pub group: String,
    /// The weight in ten-thousandths, or the mean cost in fen; above zero.
    pub value: i64,
    /// File and line, for messages.
    pub place: String,
}

/// A file of stated values as a manifest names it: path, sha256, rows.
type StatedFile = (String, String, u64);

const WEIGHT_COLUMNS: &[Column] = &[
    required("group", Cells::Text),
    required("weight", Cells::Number),
    optional("reason", Cells::Text),
];
const MEAN_COLUMNS: &[Column] = &[
    required("group", Cells::Text),
    required("mean_cost", Cells::Yuan),
    optional("reason", Cells::Text),
];

/// Reads new weights (人工调整): columns group, weight with at most four decimals, and a reason.
///
/// # Errors
/// As for every input table, a weight that is not above zero, and a group that stands twice.
pub fn stated_weights(path: &Path) -> Result<(Vec<StatedGroup>, StatedFile), Error> {
    read(path, WEIGHT_COLUMNS, |row| {
        let missing = || row.wrong("weight", "the value is missing.");
        row.ten_thousandths("weight")?.ok_or_else(missing)
    })
}

/// Reads given mean costs (定额): columns group, mean_cost in yuan, and a reason.
///
/// # Errors
/// As for every input table, a cost that is not above zero, and a group that stands twice.
pub fn stated_means(path: &Path) -> Result<(Vec<StatedGroup>, StatedFile), Error> {
    read(path, MEAN_COLUMNS, |row| Ok(row.yuan("mean_cost")?.fen()))
}

fn read(
    path: &Path,
    columns: &'static [Column],
    value: impl Fn(Row<'_>) -> Result<i64, Error>,
) -> Result<(Vec<StatedGroup>, StatedFile), Error> {
    let table = TextTable::open(path, columns)?;
    let mut seen = HashSet::new();
    let mut stated = Vec::with_capacity(table.rows.len());
    for row in Row::all(&table) {
        let group = row.required("group")?;
        let value = value(row)?;
        if value <= 0 {
            return Err(row.wrong(columns[1].name, "the value must be above 0."));
        }
        if !seen.insert(group.clone()) {
            let problem = format!("the group {group} stands twice; keep one row.");
            return Err(row.wrong("group", problem));
        }
        let place = table.place(row.row.number, "group");
        stated.push(StatedGroup {
            group,
            value,
            place,
        });
    }
    let rows = table.rows.len() as u64;
    Ok((stated, (table.label.clone(), table.sha256.clone(), rows)))
}
