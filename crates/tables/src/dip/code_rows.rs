//! Tables of single codes: excluded diagnoses, rules for procedures, attribute classes.

use super::ProcedureClass;
use super::codes::intern_below;
use super::load::Reading;
use super::problem::DipProblem;
use crate::error::Error;
use crate::load::PlanProblem;
use crate::load::rows::{Change, Row};
use crate::plan::RowRef;
use crate::rule::ListId;

/// The words of attribute classes, for messages.
pub(super) const CLASSES: &str = "conservative, diagnostic, therapeutic, interventional or surgery";

/// A diagnosis that excludes a case when it is the principal one (排除诊断).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcludedRow {
    /// The whole code.
    pub code: String,
    /// The row.
    pub row: RowRef,
}

/// What a procedure cannot be (排除手术操作).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcedureRule {
    /// 按保守治疗入组: it counts as no procedure at all.
    Conservative,
    /// 不可作为主要手术操作: it may be related, but not the main one.
    NotMain,
    /// 限范围可作主要手术操作: the main one only where the principal diagnosis is in this list.
    MainInScope(ListId),
}

impl ProcedureRule {
    /// As written in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conservative => "conservative",
            Self::NotMain => "not_main",
            Self::MainInScope(_) => "main_in_scope",
        }
    }
}

/// The rule for one procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcedureRuleRow {
    /// The whole code.
    pub code: String,
    /// What it cannot be.
    pub rule: ProcedureRule,
    /// The row.
    pub row: RowRef,
}

/// The attribute class (操作属性) of all procedures that begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRow {
    /// What the procedures begin with.
    pub begins: String,
    /// Their class, unless a longer row says otherwise.
    pub class: ProcedureClass,
    /// The row.
    pub row: RowRef,
}

const EXCLUDED: [&str; 2] = ["code", "name"];
const RULES: [&str; 4] = ["code", "name", "rule", "scope"];
const CLASS: [&str; 2] = ["code", "class"];

pub(super) fn read_excluded(reading: &mut Reading<'_>) -> Result<Vec<ExcludedRow>, Error> {
    let mut rows: Vec<ExcludedRow> = Vec::new();
    let codes = &mut reading.codes;
    if let Some(table) = reading.tables.find("excluded-diagnoses.csv")? {
        table.each_row(&EXCLUDED, Change::Add, |row| {
            let code = row.required(0)?.to_owned();
            codes.intern(&code);
            rows.push(ExcludedRow { code, row: row.at });
            Ok(())
        })?;
    }
    rows.sort_by(|a, b| (&a.code, a.row).cmp(&(&b.code, b.row)));
    reading.refuse_repeats(&rows, |row| (&row.code, row.row, "code"))?;
    Ok(rows)
}

pub(super) fn read_procedure_rules(
    reading: &mut Reading<'_>,
) -> Result<Vec<ProcedureRuleRow>, Error> {
    let mut rows: Vec<ProcedureRuleRow> = Vec::new();
    let (codes, lists) = (&mut reading.codes, &reading.list_ids);
    if let Some(table) = reading.tables.find("procedure-rules.csv")? {
        table.each_row(&RULES, Change::Add, |row| {
            let code = row.required(0)?.to_owned();
            let list = |name: &str| lists.get(name).copied();
            let rule = procedure_rule(row, &list)?;
            codes.intern(&code);
            let row = row.at;
            rows.push(ProcedureRuleRow { code, rule, row });
            Ok(())
        })?;
    }
    rows.sort_by(|a, b| (&a.code, a.row).cmp(&(&b.code, b.row)));
    reading.refuse_repeats(&rows, |row| (&row.code, row.row, "code"))?;
    Ok(rows)
}

fn procedure_rule(
    row: &Row<'_, 4>,
    list: &dyn Fn(&str) -> Option<ListId>,
) -> Result<ProcedureRule, Error> {
    match (row.required(2)?, row.cells[3]) {
        ("conservative", "") => Ok(ProcedureRule::Conservative),
        ("not_main", "") => Ok(ProcedureRule::NotMain),
        ("conservative" | "not_main", _) | ("main_in_scope", "") => {
            Err(row.error(3, DipProblem::ScopeMisplaced))
        }
        ("main_in_scope", name) => match list(name) {
            Some(list) => Ok(ProcedureRule::MainInScope(list)),
            None => {
                let list = name.to_owned();
                Err(row.error(3, DipProblem::NoSuchList { list }))
            }
        },
        (word, _) => {
            let (word, allowed) = (word.to_owned(), "conservative, not_main or main_in_scope");
            Err(row.error(2, PlanProblem::BadWord { word, allowed }))
        }
    }
}

pub(super) fn read_classes(reading: &mut Reading<'_>) -> Result<Vec<ClassRow>, Error> {
    let mut rows: Vec<ClassRow> = Vec::new();
    let codes = &mut reading.codes;
    if let Some(table) = reading.tables.find("procedure-classes.csv")? {
        table.each_row(&CLASS, Change::Add, |row| {
            let begins = row.required(0)?.to_owned();
            let word = row.required(1)?;
            let class = ProcedureClass::of(word).ok_or_else(|| {
                let (word, allowed) = (word.to_owned(), CLASSES);
                row.error(1, PlanProblem::BadWord { word, allowed })
            })?;
            intern_below(codes, &begins);
            let row = row.at;
            rows.push(ClassRow { begins, class, row });
            Ok(())
        })?;
    }
    rows.sort_by(|a, b| (&a.begins, a.row).cmp(&(&b.begins, b.row)));
    reading.refuse_repeats(&rows, |row| (&row.begins, row.row, "code"))?;
    Ok(rows)
}
