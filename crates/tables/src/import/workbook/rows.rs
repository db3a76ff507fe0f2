//! The rows of the sheet DRG分组规则.

use super::super::table::{FactRow, FactTable};
use super::expression::translate;
use super::levels::Levels;
use super::lists::Lists;
use super::sheet::Sheets;
use super::words;
use crate::error::Error;
use crate::load::PlanProblem;
use crate::rule::Rule;
use std::collections::HashMap;

const MDC: usize = 0;
const ADRG: usize = 1;
const DRG: usize = 2;
const MDC_RULE: usize = 3;
const ADRG_RULE: usize = 4;
const DRG_RULE: usize = 5;
const OP: usize = 6;
const HAS_MCC: usize = 7;
const HAS_CC: usize = 8;

/// What stands in the column of the ADRG where a row states only which cases enter a MDC, which
/// the column of the group then names.
const GATE: &str = "MDC";

/// A row that takes cases.
pub(super) struct RuleRow {
    pub(super) line: u64,
    pub(super) mdc: String,
    pub(super) adrg: String,
    pub(super) drg: String,
    /// `op` and `adrg_rule`.
    pub(super) rule: Rule,
    pub(super) drg_rule: Rule,
    pub(super) levels: Levels,
}

/// A MDC in the order in which it is tried.
pub(super) struct MdcRow {
    pub(super) line: u64,
    pub(super) mdc: String,
    pub(super) gate: Rule,
}

/// The sheet, understood.
pub(super) struct RuleRows {
    pub(super) table: FactTable<9>,
    pub(super) mdcs: Vec<MdcRow>,
    pub(super) rows: Vec<RuleRow>,
}

/// Reads the sheet; `lists` has the lists that the rules name.
pub(super) fn read(sheets: &Sheets<'_>, lists: &Lists) -> Result<RuleRows, Error> {
    let columns = [
        words::MDC_CODE,
        words::ADRG_CODE,
        words::DRG_CODE,
        words::MDC_RULE,
        words::ADRG_RULE,
        words::DRG_RULE,
        words::OP,
        words::HAS_MCC,
        words::HAS_CC,
    ];
    let table = sheets.table(words::RULES, &columns)?;
    let read = Reader {
        table: &table,
        lists,
    };
    let mdcs = read.mdcs()?;
    let rows = table.rows.iter().filter(|row| !is_gate(row));
    let rows = rows.map(|row| read.row(row)).collect::<Result<_, _>>()?;
    Ok(RuleRows { table, mdcs, rows })
}

fn is_gate(row: &FactRow<9>) -> bool {
    row.cells[ADRG].eq_ignore_ascii_case(GATE)
}

struct Reader<'a> {
    table: &'a FactTable<9>,
    lists: &'a Lists,
}

/// Where the rule of a MDC is stated.
struct Stated<'a> {
    mdc: &'a str,
    line: u64,
    /// The row that states nothing else.
    gate: Option<&'a FactRow<9>>,
    /// The first row of the MDC that has a rule for it.
    own: Option<&'a FactRow<9>>,
    /// The first that has another one.
    other: Option<&'a FactRow<9>>,
}

impl<'a> Reader<'a> {
    /// The MDCs in the order in which the rows name them first.
    fn mdcs(&self) -> Result<Vec<MdcRow>, Error> {
        let mut all: Vec<Stated<'a>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for row in &self.table.rows {
            let column = if is_gate(row) { DRG } else { MDC };
            let mdc = self.table.filled(row, column)?;
            let place = *places.entry(mdc).or_insert(all.len());
            if place == all.len() {
                all.push(Stated::new(mdc, row.line));
            }
            let stated = &mut all[place];
            if !is_gate(row) {
                stated.take(row);
            } else if let Some(first) = stated.gate.replace(row) {
                return Err(self.stated_twice(mdc, (first, row)));
            }
        }
        all.iter().map(|stated| self.mdc(stated)).collect()
    }

    fn mdc(&self, stated: &Stated<'_>) -> Result<MdcRow, Error> {
        if let (None, Some(first), Some(other)) = (stated.gate, stated.own, stated.other) {
            return Err(self.stated_twice(stated.mdc, (first, other)));
        }
        let rule = match stated.gate.or(stated.own) {
            Some(row) => self.rule((row, MDC_RULE), stated.mdc)?,
            None => Rule::True,
        };
        // A constant says nothing, so the diagnoses of the MDC decide.
        let by_diagnoses = (rule == Rule::True).then(|| self.lists.gate(stated.mdc));
        Ok(MdcRow {
            line: stated.line,
            mdc: stated.mdc.to_owned(),
            gate: by_diagnoses.flatten().unwrap_or(rule),
        })
    }

    fn stated_twice(&self, mdc: &str, (first, row): (&FactRow<9>, &FactRow<9>)) -> Error {
        let problem = PlanProblem::Duplicate {
            what: "the rule of the MDC",
            code: mdc.to_owned(),
            first: self.table.place(first.line, Some(MDC_RULE)),
        };
        self.table.error(row.line, MDC_RULE, problem)
    }

    fn row(&self, row: &FactRow<9>) -> Result<RuleRow, Error> {
        let [mdc, adrg, drg] =
            [MDC, ADRG, DRG].map(|column| self.table.filled(row, column).map(str::to_owned));
        let (mdc, adrg, drg) = (mdc?, adrg?, drg?);
        self.table.filled(row, ADRG_RULE)?;
        let adrg_rule = self.rule((row, ADRG_RULE), &mdc)?;
        let operation = match self.flag(row, OP)? {
            Some(true) => self.lists.has_operation(),
            Some(false) => Rule::Not(Box::new(self.lists.has_operation())),
            None => Rule::True,
        };
        let levels = Levels::of(self.flag(row, HAS_MCC)?, self.flag(row, HAS_CC)?);
        if levels.is_empty() {
            return Err(self.table.error(row.line, HAS_CC, PlanProblem::MccAndCc));
        }
        Ok(RuleRow {
            line: row.line,
            rule: all([operation, adrg_rule]),
            drg_rule: self.rule((row, DRG_RULE), &mdc)?,
            levels,
            mdc,
            adrg,
            drg,
        })
    }

    /// The rule of a cell; an empty one asks nothing.
    fn rule(&self, (row, column): (&FactRow<9>, usize), mdc: &str) -> Result<Rule, Error> {
        let text = row.cells[column].as_str();
        if text.is_empty() {
            return Ok(Rule::True);
        }
        translate(text, mdc, self.lists).map_err(|error| {
            let rule = text.to_owned();
            let problem = PlanProblem::BadRule { rule, error };
            self.table.error(row.line, column, problem)
        })
    }

    /// What a column asks for; `None` for either.
    fn flag(&self, row: &FactRow<9>, column: usize) -> Result<Option<bool>, Error> {
        match self.table.filled(row, column)? {
            "1" => Ok(Some(true)),
            "0" => Ok(Some(false)),
            "-1" => Ok(None),
            word => {
                let word = word.to_owned();
                let allowed = "1, 0 or -1";
                let problem = PlanProblem::BadWord { word, allowed };
                Err(self.table.error(row.line, column, problem))
            }
        }
    }
}

impl<'a> Stated<'a> {
    const fn new(mdc: &'a str, line: u64) -> Self {
        Self {
            mdc,
            line,
            gate: None,
            own: None,
            other: None,
        }
    }

    /// Takes the rule that a row of the MDC has for it.
    fn take(&mut self, row: &'a FactRow<9>) {
        let rule = row.cells[MDC_RULE].as_str();
        if rule.is_empty() {
            return;
        }
        let own = *self.own.get_or_insert(row);
        if self.other.is_none() && own.cells[MDC_RULE] != rule {
            self.other = Some(row);
        }
    }
}

/// A rule that is true when all are, without needless parts.
pub(super) fn all(rules: impl IntoIterator<Item = Rule>) -> Rule {
    let mut parts = Vec::new();
    for rule in rules {
        match rule {
            Rule::True => {}
            Rule::All(inner) => parts.extend(inner),
            other => parts.push(other),
        }
    }
    match parts.len() {
        0 => Rule::True,
        1 => parts.swap_remove(0),
        _ => Rule::All(parts),
    }
}
