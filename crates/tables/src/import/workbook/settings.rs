//! What a workbook says about the plan as a whole, and what is taken where it says nothing.

use super::super::table::{FactRow, FactTable, Numbering};
use super::sheet::Sheets;
use super::words;
use crate::error::Error;

/// What is taken for a setting that the workbook does not state.
///
/// The rows of the sheet DRG分组规则 are tried one after the other and each takes a case by itself,
/// so a case that no row of an ADRG takes goes on to the next. Nothing says that a case is to be
/// refused or tried again.
const DEFAULTS: [(&str, &str); 8] = [
    ("no_group_fallback", "continue"),
    ("retry_with_each_other_procedure", "false"),
    ("newborn_days", "28"),
    ("check.sex_missing", "none"),
    ("check.age_missing", "none"),
    ("check.age_0_without_days", "none"),
    ("check.newborn_without_weight", "none"),
    ("check.principal_missing", "none"),
];

/// The settings as in `plan.tsv`.
pub(super) fn read(sheets: &Sheets<'_>, remarks: &mut Vec<String>) -> Result<FactTable<2>, Error> {
    let mut table = if sheets.has(words::SETTINGS) {
        sheets.table(words::SETTINGS, &[words::KEY, words::VALUE])?
    } else {
        FactTable {
            name: sheets.name_of(words::SETTINGS),
            numbering: Numbering::Rows,
            columns: ["key", "value"].map(Into::into),
            rows: Vec::new(),
        }
    };
    let mut taken = Vec::new();
    for (key, value) in DEFAULTS {
        if state(&mut table, (key, value)) {
            taken.push(format!("{key} = {value}"));
        }
    }
    if !taken.is_empty() {
        remarks.push(format!(
            "The workbook does not state these settings in the sheet {}, so they are taken as {}.",
            words::SETTINGS,
            taken.join(", ")
        ));
    }
    let stem = stem(&sheets.workbook.label).to_owned();
    state(&mut table, ("id", &stem));
    Ok(table)
}

/// States a setting unless it is stated already.
fn state(table: &mut FactTable<2>, (key, value): (&str, &str)) -> bool {
    let is_new = table.rows.iter().all(|row| row.cells[0] != key);
    if is_new {
        let cells = [key, value].map(str::to_owned);
        table.rows.push(FactRow { line: 0, cells });
    }
    is_new
}

/// The name of a file without folder and ending.
fn stem(label: &str) -> &str {
    let name = label.rsplit(['/', '\\']).next().unwrap_or(label);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
