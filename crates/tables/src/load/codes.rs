//! Severity and exclusions while a plan is being read: large tables of codes, kept by code id.

use super::cells::Layer;
use super::problem::PlanProblem;
use super::rows::{Change, Row, TableFile};
use crate::error::Error;
use crate::plan::{CodeId, CodeTable, ExclusionRow, Level, RowRef, SeverityRow};
use std::collections::HashSet;
use std::sync::Arc;

/// What an overlay writes to say that a diagnosis has no exclusion table any more.
const NO_TABLE: &str = "-";

/// The names of the exclusion tables, each kept once.
#[derive(Default)]
pub(super) struct TableNames {
    names: HashSet<Arc<str>>,
    latest: Option<Arc<str>>,
}

impl TableNames {
    fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(latest) = self.latest.as_ref().filter(|latest| &***latest == name) {
            return Arc::clone(latest);
        }
        let kept = self.names.get(name).cloned().unwrap_or_else(|| {
            let new: Arc<str> = name.into();
            self.names.insert(Arc::clone(&new));
            new
        });
        self.latest = Some(Arc::clone(&kept));
        kept
    }
}

/// What a layer's rows are read with.
pub(super) struct Shared<'a> {
    pub(super) codes: &'a mut CodeTable,
    pub(super) tables: &'a mut TableNames,
}

/// Facts by code; code ids are dense.
struct ByCode<T> {
    facts: Vec<Option<T>>,
}

impl<T> Default for ByCode<T> {
    fn default() -> Self {
        Self { facts: Vec::new() }
    }
}

impl<T> ByCode<T> {
    fn slot(&mut self, code: CodeId) -> &mut Option<T> {
        let index = code.0 as usize;
        if self.facts.len() <= index {
            self.facts.resize_with(index + 1, || None);
        }
        &mut self.facts[index]
    }

    fn iter(self) -> impl Iterator<Item = (CodeId, T)> {
        let ids = (0..=u32::MAX).map(CodeId);
        ids.zip(self.facts)
            .filter_map(|(id, fact)| fact.map(|fact| (id, fact)))
    }
}

#[derive(Clone, Debug, PartialEq)]
struct SeverityFact {
    table: Option<Arc<str>>,
    row: RowRef,
}

/// The diagnoses that raise severity; a code can have a row of either level.
#[derive(Default)]
pub(super) struct SeverityTable {
    mcc: ByCode<SeverityFact>,
    cc: ByCode<SeverityFact>,
}

const SEVERITY: [&str; 3] = ["code", "level", "exclusion_table"];
const CODE: usize = 0;
const LEVEL: usize = 1;
const EXCLUSION_TABLE: usize = 2;

impl SeverityTable {
    pub(super) fn apply(
        &mut self,
        file: &TableFile<'_>,
        shared: &mut Shared<'_>,
        layer: &mut Layer<'_>,
    ) -> Result<(), Error> {
        file.each_row(&SEVERITY, Change::Remove, |row| self.remove(row, shared))?;
        file.each_row(&SEVERITY, Change::Replace, |row| {
            self.replace(row, shared, layer)
        })?;
        file.each_row(&SEVERITY, Change::Add, |row| self.add(row, shared, layer))
    }

    pub(super) fn finish(self, codes: &CodeTable) -> Vec<SeverityRow> {
        let of = |level, facts: ByCode<SeverityFact>| {
            facts.iter().map(move |(code, fact)| {
                let SeverityFact {
                    table: exclusion_table,
                    row,
                } = fact;
                SeverityRow {
                    code,
                    level,
                    exclusion_table,
                    row,
                }
            })
        };
        let mut rows: Vec<_> = of(Level::Mcc, self.mcc)
            .chain(of(Level::Cc, self.cc))
            .collect();
        // Tables are written in the order of their codes, which makes the second sort cheap.
        rows.sort_unstable_by_key(|row| row.row);
        rows.sort_by_key(|row| (codes.text(row.code), row.level));
        rows
    }

    fn of_level(&mut self, level: Level) -> &mut ByCode<SeverityFact> {
        match level {
            Level::Mcc => &mut self.mcc,
            Level::Cc => &mut self.cc,
        }
    }

    fn remove(&mut self, row: &Row<'_, 3>, shared: &mut Shared<'_>) -> Result<(), Error> {
        let code = row.required(CODE)?;
        let level = read_level(row)?;
        row.only(&[CODE, LEVEL], "code and level")?;
        let id = shared.codes.find(code);
        let removed = id.and_then(|id| self.of_level(level).slot(id).take());
        removed.map(|_| ()).ok_or_else(|| not_there(row, code))
    }

    /// Changes the one row of a code: its level, its exclusion table or both.
    fn replace(
        &mut self,
        row: &Row<'_, 3>,
        shared: &mut Shared<'_>,
        layer: &Layer<'_>,
    ) -> Result<(), Error> {
        let code = row.required(CODE)?;
        let id = shared
            .codes
            .find(code)
            .ok_or_else(|| not_there(row, code))?;
        let (old, level) = match (self.mcc.slot(id).take(), self.cc.slot(id).take()) {
            (Some(old), None) => (old, Level::Mcc),
            (None, Some(old)) => (old, Level::Cc),
            (None, None) => return Err(not_there(row, code)),
            (Some(_), Some(_)) => {
                return Err(row.error(
                    CODE,
                    PlanProblem::TwoLevels {
                        code: code.to_owned(),
                    },
                ));
            }
        };
        check_once(row, (code, "the severity of"), old.row, layer)?;
        let level = if row.cells[LEVEL].is_empty() {
            level
        } else {
            read_level(row)?
        };
        let table = match row.cells[EXCLUSION_TABLE] {
            "" => old.table,
            NO_TABLE => None,
            name => Some(shared.tables.get(name)),
        };
        *self.of_level(level).slot(id) = Some(SeverityFact { table, row: row.at });
        Ok(())
    }

    fn add(
        &mut self,
        row: &Row<'_, 3>,
        shared: &mut Shared<'_>,
        layer: &mut Layer<'_>,
    ) -> Result<(), Error> {
        let code = row.required(CODE)?;
        let level = read_level(row)?;
        let name = row.cells[EXCLUSION_TABLE];
        let table = (!name.is_empty()).then(|| shared.tables.get(name));
        let slot = self.of_level(level).slot(shared.codes.intern(code));
        let Some(old) = slot else {
            *slot = Some(SeverityFact { table, row: row.at });
            return Ok(());
        };
        let is_same = old.table == table;
        repeated(row, (code, "the severity of"), (old.row, is_same), layer)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct ExclusionFact {
    table: Arc<str>,
    row: RowRef,
}

/// The principal diagnoses that switch off an exclusion table; each stands under at most one.
#[derive(Default)]
pub(super) struct ExclusionTables {
    facts: ByCode<ExclusionFact>,
}

const EXCLUSIONS: [&str; 2] = ["exclusion_table", "principal"];
const TABLE: usize = 0;
const PRINCIPAL: usize = 1;

impl ExclusionTables {
    pub(super) fn apply(
        &mut self,
        file: &TableFile<'_>,
        shared: &mut Shared<'_>,
        layer: &mut Layer<'_>,
    ) -> Result<(), Error> {
        file.each_row(&EXCLUSIONS, Change::Remove, |row| self.remove(row, shared))?;
        file.each_row(&EXCLUSIONS, Change::Replace, |row| {
            self.replace(row, shared, layer)
        })?;
        file.each_row(&EXCLUSIONS, Change::Add, |row| self.add(row, shared, layer))
    }

    pub(super) fn finish(self) -> Vec<ExclusionRow> {
        let facts = self.facts.iter();
        let mut rows: Vec<_> = facts
            .map(
                |(
                    principal,
                    ExclusionFact {
                        table: exclusion_table,
                        row,
                    },
                )| ExclusionRow {
                    exclusion_table,
                    principal,
                    row,
                },
            )
            .collect();
        rows.sort_unstable_by_key(|row| row.row);
        rows
    }

    fn remove(&mut self, row: &Row<'_, 2>, shared: &mut Shared<'_>) -> Result<(), Error> {
        let code = row.required(PRINCIPAL)?;
        row.only(&[PRINCIPAL], "principal")?;
        let id = shared.codes.find(code);
        let removed = id.and_then(|id| self.facts.slot(id).take());
        removed
            .map(|_| ())
            .ok_or_else(|| excluding_not_there(row, code))
    }

    fn replace(
        &mut self,
        row: &Row<'_, 2>,
        shared: &mut Shared<'_>,
        layer: &Layer<'_>,
    ) -> Result<(), Error> {
        let code = row.required(PRINCIPAL)?;
        let table = shared.tables.get(row.required(TABLE)?);
        let id = shared
            .codes
            .find(code)
            .ok_or_else(|| excluding_not_there(row, code))?;
        let Some(old) = self.facts.slot(id) else {
            return Err(excluding_not_there(row, code));
        };
        check_once(row, (code, EXCLUDES), old.row, layer)?;
        *old = ExclusionFact { table, row: row.at };
        Ok(())
    }

    fn add(
        &mut self,
        row: &Row<'_, 2>,
        shared: &mut Shared<'_>,
        layer: &mut Layer<'_>,
    ) -> Result<(), Error> {
        let code = row.required(PRINCIPAL)?;
        let table = shared.tables.get(row.required(TABLE)?);
        let slot = self.facts.slot(shared.codes.intern(code));
        let Some(old) = slot else {
            *slot = Some(ExclusionFact { table, row: row.at });
            return Ok(());
        };
        let is_same = old.table == table;
        repeated(row, (code, EXCLUDES), (old.row, is_same), layer)
    }
}

const EXCLUDES: &str = "the exclusion table of";

fn read_level(row: &Row<'_, 3>) -> Result<Level, Error> {
    match row.required(LEVEL)? {
        "mcc" => Ok(Level::Mcc),
        "cc" => Ok(Level::Cc),
        word => {
            let problem = PlanProblem::BadWord {
                word: word.to_owned(),
                allowed: "mcc or cc",
            };
            Err(row.error(LEVEL, problem))
        }
    }
}

fn not_there(row: &Row<'_, 3>, code: &str) -> Error {
    let what = "the severity of";
    row.error(
        CODE,
        PlanProblem::NotThere {
            what,
            code: code.to_owned(),
        },
    )
}

fn excluding_not_there(row: &Row<'_, 2>, code: &str) -> Error {
    row.error(
        PRINCIPAL,
        PlanProblem::NotThere {
            what: EXCLUDES,
            code: code.to_owned(),
        },
    )
}

/// Refuses a second change of the same code in one layer.
fn check_once<const N: usize>(
    row: &Row<'_, N>,
    (code, what): (&str, &'static str),
    old: RowRef,
    layer: &Layer<'_>,
) -> Result<(), Error> {
    if old.file < layer.first_file {
        return Ok(());
    }
    let problem = PlanProblem::Duplicate {
        what,
        code: code.to_owned(),
        first: layer.place(old),
    };
    Err(row.error_of_row(problem))
}

/// What an added row is when the code is there already: a fault, or the same row again.
fn repeated<const N: usize>(
    row: &Row<'_, N>,
    (code, what): (&str, &'static str),
    (old, is_same): (RowRef, bool),
    layer: &mut Layer<'_>,
) -> Result<(), Error> {
    if old.file < layer.first_file {
        let problem = PlanProblem::AlreadyThere {
            what,
            code: code.to_owned(),
        };
        return Err(row.error_of_row(problem));
    }
    if is_same {
        layer.warn_of_repeat(row.at, old);
        return Ok(());
    }
    check_once(row, (code, what), old, layer)
}
