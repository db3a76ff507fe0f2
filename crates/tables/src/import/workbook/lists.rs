//! The classifications of a workbook as code lists.

use super::super::table::{FactRow, FactTable, LIST, Numbering};
use super::sheet::Sheets;
use super::words;
use crate::error::Error;
use crate::load::PlanProblem;
use crate::rule::{ListId, Predicate, Rule, RuleProblem, Scope, is_name};
use std::collections::{BTreeSet, HashMap};

/// The list of the procedures that `op` asks for; rules may name it.
const VALID_MAIN_OP: &str = "valid_main_op";

/// The sheets whose classifications are lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    MdcDiagnoses,
    AdrgDiagnoses,
    AdrgProcedures,
}

impl Source {
    const fn sheet(self) -> &'static str {
        match self {
            Self::MdcDiagnoses => words::MDC_DX,
            Self::AdrgDiagnoses => words::ADRG_DX,
            Self::AdrgProcedures => words::ADRG_OP,
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::MdcDiagnoses => "principal",
            Self::AdrgDiagnoses => "dx",
            Self::AdrgProcedures => "op",
        }
    }
}

/// All lists of a workbook, by name.
#[derive(Default)]
pub(super) struct Lists {
    names: Vec<String>,
    ids: HashMap<String, ListId>,
    rows: Vec<FactRow<2>>,
    /// The lists of the classifications of a MDC.
    by_mdc: HashMap<String, BTreeSet<ListId>>,
}

impl Lists {
    pub(super) fn read(sheets: &Sheets<'_>) -> Result<Self, Error> {
        let mut lists = Self::default();
        let columns = [words::CLASSIFICATION, words::DIAGNOSIS, words::LIST_MDC];
        let table = sheets.table(words::MDC_DX, &columns)?;
        for row in &table.rows {
            let list = lists.add(&table, row, Source::MdcDiagnoses)?;
            let mdc = row.cells[2].as_str();
            if mdc.is_empty() {
                continue;
            }
            check_name(&table, (row, 2))?;
            lists.by_mdc.entry(mdc.to_owned()).or_default().insert(list);
            lists.push((gate_name(mdc), &row.cells[1]), row.line);
        }
        let columns = [words::CLASSIFICATION, words::DIAGNOSIS];
        let table = sheets.table(words::ADRG_DX, &columns)?;
        for row in &table.rows {
            lists.add(&table, row, Source::AdrgDiagnoses)?;
        }
        let columns = [words::CLASSIFICATION, words::OPERATION];
        let table = sheets.table(words::ADRG_OP, &columns)?;
        let states_valid = (table.rows.iter()).any(|row| row.cells[0] == VALID_MAIN_OP);
        for row in &table.rows {
            let is_valid = row.cells[0] == VALID_MAIN_OP;
            if !is_valid {
                lists.add(&table, row, Source::AdrgProcedures)?;
            }
            if is_valid || !states_valid {
                let code = table.filled(row, 1)?;
                lists.push((VALID_MAIN_OP.to_owned(), code), row.line);
            }
        }
        Ok(lists)
    }

    /// Takes a row: its classification, then its code.
    fn add<const N: usize>(
        &mut self,
        table: &FactTable<N>,
        row: &FactRow<N>,
        source: Source,
    ) -> Result<ListId, Error> {
        let classification = table.filled(row, 0)?;
        check_name(table, (row, 0))?;
        let code = table.filled(row, 1)?;
        let name = format!("{classification}.{}", source.ending());
        Ok(self.push((name, code), row.line))
    }

    fn push(&mut self, (name, code): (String, &str), line: u64) -> ListId {
        let next = ListId(u32::try_from(self.names.len()).expect("fewer lists than rows"));
        let id = *self.ids.entry(name.clone()).or_insert_with(|| {
            self.names.push(name.clone());
            next
        });
        let cells = [name, code.to_owned()];
        self.rows.push(FactRow { line, cells });
        id
    }

    pub(super) fn find(&self, name: &str) -> Option<ListId> {
        self.ids.get(name).copied()
    }

    /// The list of a classification.
    pub(super) fn of(&self, source: Source, classification: &str) -> Result<ListId, RuleProblem> {
        let name = format!("{classification}.{}", source.ending());
        self.find(&name)
            .ok_or_else(|| RuleProblem::NoClassification {
                sheet: source.sheet(),
                classification: classification.to_owned(),
            })
    }

    /// The case has a valid main procedure.
    pub(super) fn has_operation(&self) -> Rule {
        let list = self.find(VALID_MAIN_OP);
        list.map_or(Rule::False, |list| {
            Rule::Is(Predicate::In(Scope::MainOp, list))
        })
    }

    /// The principal diagnosis stands under the MDC; `None` for a MDC without diagnoses.
    pub(super) fn gate(&self, mdc: &str) -> Option<Rule> {
        let list = self.find(&gate_name(mdc))?;
        Some(Rule::Is(Predicate::In(Scope::Principal, list)))
    }

    /// Multiple significant trauma: the principal diagnosis is of the MDC, and the diagnoses are
    /// of at least two of its classifications.
    pub(super) fn multi_wound(&self, mdc: &str) -> Option<Rule> {
        let regions: Vec<ListId> = self.by_mdc.get(mdc)?.iter().copied().collect();
        let is_enough = regions.len() >= 2;
        let several = Rule::Is(Predicate::BodyRegions(regions, 2));
        is_enough.then_some(Rule::All(vec![self.gate(mdc)?, several]))
    }

    /// The rule as the facts write it.
    pub(super) fn show(&self, rule: &Rule) -> String {
        rule.show(|list| &self.names[list.0 as usize]).to_string()
    }

    pub(super) fn into_table(self, sheets: &Sheets<'_>) -> FactTable<2> {
        FactTable {
            name: sheets.workbook.label.clone(),
            numbering: Numbering::Rows,
            columns: LIST.map(Into::into),
            rows: self.rows,
        }
    }
}

fn gate_name(mdc: &str) -> String {
    format!("{mdc}.gate")
}

/// Refuses what could not stand in a rule.
fn check_name<const N: usize>(
    table: &FactTable<N>,
    (row, column): (&FactRow<N>, usize),
) -> Result<(), Error> {
    let text = row.cells[column].as_str();
    if is_name(text) {
        return Ok(());
    }
    let text = text.to_owned();
    Err(table.error(row.line, column, PlanProblem::BadClassification { text }))
}
