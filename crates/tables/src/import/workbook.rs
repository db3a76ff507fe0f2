//! The workbook that bureaus keep, as facts.
//!
//! In: the sheets of a workbook as rows of texts; whoever reads the file, this crate does not. Out:
//! the same [`Facts`] as a folder gives. `grouper-tables/README.md` says which sheets and columns a
//! workbook has.
//!
//! Each row of the sheet DRG分组规则 takes a case when its `mdc_rule`, `adrg_rule`, `drg_rule`, `op`,
//! `mcc` and `cc` all hold, and the rows are tried in their order.

mod expression;
mod groups;
mod levels;
mod lists;
mod rows;
mod settings;
mod severity;
mod sheet;
#[cfg(test)]
mod tests;
mod words;

use super::facts::Facts;
use super::table::{FactTable, Numbering};
use crate::error::Error;
use crate::rule::Rule;
use lists::Lists;
use sheet::{Column, Sheets};
use std::collections::HashMap;

/// A workbook as texts.
#[derive(Clone, Debug, Default)]
pub struct Workbook {
    /// What messages call it, such as its path.
    pub label: String,
    /// Its sheets; those that are not in [`SHEETS`] are not looked at.
    pub sheets: Vec<Sheet>,
}

/// A sheet of a workbook.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// The name on its tab.
    pub name: String,
    /// Its rows in their order; empty ones may be left out.
    pub rows: Vec<SheetRow>,
}

/// A row of a sheet.
#[derive(Clone, Debug, Default)]
pub struct SheetRow {
    /// The number beside it, from 1.
    pub number: u64,
    /// The cells from the first column on; a missing one is empty. A number is written without
    /// `.0`.
    pub cells: Vec<String>,
}

/// The sheets that are read; only the last may be missing.
pub const SHEETS: [&str; 11] = [
    words::MDC,
    words::ADRG,
    words::DRG,
    words::MDC_DX,
    words::ADRG_DX,
    words::ADRG_OP,
    words::MCC,
    words::CC,
    words::EXCLUSIONS,
    words::RULES,
    words::SETTINGS,
];

impl Facts {
    /// Reads the sheets of a workbook.
    ///
    /// # Errors
    /// A sheet or column that is missing, an empty cell where one must be filled, a rule that
    /// cannot be translated, a code stated twice: each with its sheet, row and column.
    pub fn workbook(workbook: &Workbook) -> Result<Self, Error> {
        let sheets = Sheets { workbook };
        let names = Names::read(&sheets)?;
        let lists = Lists::read(&sheets)?;
        let rows = rows::read(&sheets, &lists)?;
        let mut remarks = Vec::new();
        let settings = settings::read(&sheets, &mut remarks)?;
        let (severity, exclusions) = severity::read(&sheets)?;
        let tables = groups::tables(&rows, &names, &lists)?;
        names.remark(&tables, &mut remarks);
        remark_open_gates(&rows, &mut remarks);
        let facts = Self {
            label: workbook.label.clone(),
            settings,
            mdcs: tables.mdcs,
            adrgs: tables.adrgs,
            drgs: tables.drgs,
            lists: lists.into_table(&sheets),
            severity,
            exclusions,
            weights: names.weights,
            remarks,
        };
        facts.check_settings()?;
        Ok(facts)
    }
}

/// What the three sheets of names say.
struct Names {
    mdcs: HashMap<String, String>,
    /// Name and stated kind by ADRG.
    adrgs: HashMap<String, [String; 2]>,
    drgs: HashMap<String, String>,
    /// The codes of the three sheets in their order, for what is named and never used.
    stated: [Vec<String>; 3],
    weights: Option<FactTable<2>>,
}

impl Names {
    fn read(sheets: &Sheets<'_>) -> Result<Self, Error> {
        let mdcs = sheets.table(words::MDC, &[words::MDC_CODE, words::MDC_NAME])?;
        let adrgs = sheets.table(
            words::ADRG,
            &[words::ADRG_CODE, words::ADRG_NAME, words::KIND],
        )?;
        let drgs = sheets.table(
            words::DRG,
            &[words::DRG_CODE, words::DRG_NAME, words::WEIGHT],
        )?;
        let weights = weights(&drgs);
        let code = |cells: &[String]| cells[0].clone();
        let stated = [
            mdcs.rows.iter().map(|row| code(&row.cells)).collect(),
            adrgs.rows.iter().map(|row| code(&row.cells)).collect(),
            drgs.rows.iter().map(|row| code(&row.cells)).collect(),
        ];
        Ok(Self {
            mdcs: mdcs.rows.into_iter().map(|row| row.cells.into()).collect(),
            adrgs: adrgs
                .rows
                .into_iter()
                .map(|row| {
                    let [code, name, kind] = row.cells;
                    (code, [name, kind])
                })
                .collect(),
            drgs: drgs
                .rows
                .into_iter()
                .map(|row| {
                    let [code, name, _] = row.cells;
                    (code, name)
                })
                .collect(),
            stated,
            weights,
        })
    }

    /// Says what has a name and no rule, and what has a rule and no name.
    fn remark(&self, tables: &groups::Tables, remarks: &mut Vec<String>) {
        let ruled: [Vec<&str>; 3] = [
            tables.mdcs.rows.iter().map(|row| &*row.cells[1]).collect(),
            tables.adrgs.rows.iter().map(|row| &*row.cells[2]).collect(),
            tables.drgs.rows.iter().map(|row| &*row.cells[2]).collect(),
        ];
        let sheets = [words::MDC, words::ADRG, words::DRG];
        for ((sheet, stated), ruled) in sheets.into_iter().zip(&self.stated).zip(ruled) {
            let ruled: Vec<&str> = once(ruled.into_iter());
            let stated: Vec<&str> = once(stated.iter().map(String::as_str));
            let unruled = difference(&stated, &ruled);
            if !unruled.is_empty() {
                remarks.push(format!(
                    "The sheet {sheet} names what has no rule, and it is left out: {unruled}."
                ));
            }
            let unnamed = difference(&ruled, &stated);
            if !unnamed.is_empty() {
                remarks.push(format!(
                    "The sheet {sheet} has no row for what has a rule, and its name is empty: \
                     {unnamed}."
                ));
            }
        }
    }
}

/// Says which MDCs let every case in, because nothing says which.
fn remark_open_gates(rows: &rows::RuleRows, remarks: &mut Vec<String>) {
    let open = rows.mdcs.iter().filter(|mdc| mdc.gate == Rule::True);
    let open: Vec<&str> = open.map(|mdc| mdc.mdc.as_str()).collect();
    if !open.is_empty() {
        remarks.push(format!(
            "Neither a rule nor the sheet {} says which cases enter these MDCs, so all do: {}.",
            words::MDC_DX,
            open.join(", ")
        ));
    }
}

/// The texts in their order, each once.
fn once<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = std::collections::HashSet::new();
    texts.filter(|text| seen.insert(*text)).collect()
}

/// What only the first has, as one text.
fn difference(left: &[&str], right: &[&str]) -> String {
    let right: std::collections::HashSet<_> = right.iter().collect();
    let only: Vec<&str> = left
        .iter()
        .copied()
        .filter(|t| !right.contains(t))
        .collect();
    only.join(", ")
}

/// The weights of the groups, where the sheet has a column for them.
fn weights(drgs: &FactTable<3>) -> Option<FactTable<2>> {
    let rows: Vec<_> = drgs
        .rows
        .iter()
        .filter(|row| !row.cells[2].is_empty())
        .map(|row| super::table::FactRow {
            line: row.line,
            cells: [row.cells[0].clone(), row.cells[2].clone()],
        })
        .collect();
    (!rows.is_empty()).then(|| FactTable {
        name: drgs.name.clone(),
        numbering: Numbering::Rows,
        columns: [drgs.columns[0].clone(), drgs.columns[2].clone()],
        rows,
    })
}
