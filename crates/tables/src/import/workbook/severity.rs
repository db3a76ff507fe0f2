//! The sheets MCC, CC and 排除诊断表.

use super::super::table::{FactRow, FactTable, Numbering};
use super::sheet::Sheets;
use super::words;
use crate::error::{Error, Place};
use crate::load::PlanProblem;
use std::collections::HashMap;

/// The diagnoses that raise severity, and the principal diagnoses that exclude them.
pub(super) fn read(sheets: &Sheets<'_>) -> Result<(FactTable<3>, FactTable<2>), Error> {
    let mut severity = FactTable {
        name: sheets.workbook.label.clone(),
        numbering: Numbering::Rows,
        columns: super::super::table::SEVERITY.map(Into::into),
        rows: Vec::new(),
    };
    for (sheet, level) in [(words::MCC, "mcc"), (words::CC, "cc")] {
        let table = sheets.table(sheet, &[words::DIAGNOSIS, words::EXCLUDED_TABLE])?;
        for row in once(&table, "the severity of")? {
            let [code, excluded] = row.cells.clone();
            let cells = [code, level.to_owned(), excluded];
            let line = row.line;
            severity.rows.push(FactRow { line, cells });
        }
    }
    let table = sheets.table(words::EXCLUSIONS, &[words::DIAGNOSIS, words::TABLE_NAME])?;
    for row in &table.rows {
        table.filled(row, 1)?;
    }
    let rows = once(&table, "the exclusion table of")?
        .into_iter()
        .map(|row| {
            let [code, table] = row.cells.clone();
            let (line, cells) = (row.line, [table, code]);
            FactRow { line, cells }
        })
        .collect();
    let [code, name] = table.columns.clone();
    let exclusions = FactTable {
        name: table.name.clone(),
        numbering: Numbering::Rows,
        columns: [name, code],
        rows,
    };
    Ok((severity, exclusions))
}

/// The rows with each code once; a code with two values is refused, because it can have only one.
fn once<'t>(table: &'t FactTable<2>, what: &'static str) -> Result<Vec<&'t FactRow<2>>, Error> {
    let mut first: HashMap<&str, &FactRow<2>> = HashMap::new();
    let mut rows = Vec::new();
    for row in &table.rows {
        let code = table.filled(row, 0)?;
        let Some(other) = first.get(code) else {
            first.insert(code, row);
            rows.push(row);
            continue;
        };
        if other.cells[1] != row.cells[1] {
            let first: Place = table.place(other.line, Some(1));
            let code = code.to_owned();
            let problem = PlanProblem::Duplicate { what, code, first };
            return Err(table.error(row.line, 1, problem));
        }
    }
    Ok(rows)
}
