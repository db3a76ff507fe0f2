//! The rows of DRG分组规则 as MDCs, ADRGs and groups.

use super::super::table::{ADRG, DRG, FactRow, FactTable, MDC, Numbering};
use super::Names;
use super::levels::Levels;
use super::lists::Lists;
use super::rows::{RuleRow, RuleRows, all};
use crate::error::Error;
use crate::load::PlanProblem;
use crate::rule::Rule;
use std::collections::HashMap;

const MDC_COLUMN: usize = 0;
const ADRG_COLUMN: usize = 1;
const DRG_COLUMN: usize = 2;

/// The tables of the facts that come from the sheet.
pub(super) struct Tables {
    pub(super) mdcs: FactTable<4>,
    pub(super) adrgs: FactTable<7>,
    pub(super) drgs: FactTable<5>,
}

/// Puts the rows of each ADRG together; `lists` writes the rules.
pub(super) fn tables(rows: &RuleRows, names: &Names, lists: &Lists) -> Result<Tables, Error> {
    check_together(rows)?;
    let mut tables = Tables {
        mdcs: table(rows, MDC),
        adrgs: table(rows, ADRG),
        drgs: table(rows, DRG),
    };
    for (order, mdc) in (1..).zip(&rows.mdcs) {
        let name = names.mdcs.get(&mdc.mdc).cloned().unwrap_or_default();
        let order = u64::to_string(&order);
        let cells = [order, mdc.mdc.clone(), name, lists.show(&mdc.gate)];
        let line = mdc.line;
        tables.mdcs.rows.push(FactRow { line, cells });
    }
    let mut orders: HashMap<&str, u64> = HashMap::new();
    for adrg_rows in rows.rows.chunk_by(|a, b| a.adrg == b.adrg) {
        let first = &adrg_rows[0];
        let order = orders.entry(&first.mdc).or_default();
        *order += 1;
        let kind = kind(rows, first, names)?;
        let [name, _] = names.adrgs.get(&first.adrg).cloned().unwrap_or_default();
        let rule = lists.show(&rule_of(adrg_rows));
        let (mdc, adrg) = (first.mdc.clone(), first.adrg.clone());
        let order = order.to_string();
        let cells = [mdc, order, adrg, name, kind, rule, String::new()];
        let line = first.line;
        tables.adrgs.rows.push(FactRow { line, cells });
        for (order, (row, rule)) in (1_u64..).zip(group_rules(adrg_rows)) {
            let name = names.drgs.get(&row.drg).cloned().unwrap_or_default();
            let (adrg, drg) = (row.adrg.clone(), row.drg.clone());
            let cells = [adrg, order.to_string(), drg, name, lists.show(&rule)];
            let line = row.line;
            tables.drgs.rows.push(FactRow { line, cells });
        }
    }
    Ok(tables)
}

fn table<const N: usize>(rows: &RuleRows, columns: [&'static str; N]) -> FactTable<N> {
    FactTable {
        name: rows.table.name.clone(),
        numbering: Numbering::Rows,
        columns: columns.map(Into::into),
        rows: Vec::new(),
    }
}

/// Refuses rows of a MDC or ADRG with others between them, and a group of two ADRGs.
fn check_together(rows: &RuleRows) -> Result<(), Error> {
    let mut mdcs = Together::new("MDC", MDC_COLUMN);
    let mut adrgs = Together::new("ADRG", ADRG_COLUMN);
    let mut adrg_of: HashMap<&str, &RuleRow> = HashMap::new();
    for row in &rows.rows {
        mdcs.take(&row.mdc, (row, rows))?;
        adrgs.take(&row.adrg, (row, rows))?;
        let first = *adrg_of.entry(&row.drg).or_insert(row);
        if first.adrg != row.adrg {
            let problem = PlanProblem::Duplicate {
                what: "the group",
                code: row.drg.clone(),
                first: rows.table.place(first.line, Some(DRG_COLUMN)),
            };
            return Err(rows.table.error(row.line, DRG_COLUMN, problem));
        }
    }
    Ok(())
}

/// Looks whether the rows of one code stand together.
struct Together<'a> {
    what: &'static str,
    column: usize,
    first: HashMap<&'a str, u64>,
    last: &'a str,
}

impl<'a> Together<'a> {
    fn new(what: &'static str, column: usize) -> Self {
        Self {
            what,
            column,
            first: HashMap::new(),
            last: "",
        }
    }

    fn take(&mut self, code: &'a str, (row, rows): (&RuleRow, &RuleRows)) -> Result<(), Error> {
        if code == self.last {
            return Ok(());
        }
        self.last = code;
        let Some(first) = self.first.insert(code, row.line) else {
            return Ok(());
        };
        let (what, code) = (self.what, code.to_owned());
        let problem = PlanProblem::RowsApart { what, code, first };
        Err(rows.table.error(row.line, self.column, problem))
    }
}

/// Whether all rows ask the same before they ask for the group.
fn is_one_rule(rows: &[RuleRow]) -> bool {
    rows.iter().all(|row| row.rule == rows[0].rule)
}

/// What the cases of all groups have in common; where the rows differ, any of their rules.
fn rule_of(rows: &[RuleRow]) -> Rule {
    let mut rules: Vec<Rule> = Vec::new();
    for row in rows {
        if !rules.contains(&row.rule) {
            rules.push(row.rule.clone());
        }
    }
    match rules.len() {
        1 => rules.swap_remove(0),
        _ => Rule::Any(rules),
    }
}

/// The rule of each group; neighbouring rows that differ only in severity are one.
fn group_rules(rows: &[RuleRow]) -> Vec<(&RuleRow, Rule)> {
    let is_one_rule = is_one_rule(rows);
    let mut taken = Levels::NO_LEVEL;
    let is_same =
        |a: &RuleRow, b: &RuleRow| (&a.drg, &a.rule, &a.drg_rule) == (&b.drg, &b.rule, &b.drg_rule);
    let groups = rows.chunk_by(is_same).map(|rows| {
        let first = &rows[0];
        let levels = rows.iter().map(|row| row.levels);
        let levels = levels.fold(Levels::NO_LEVEL, Levels::and);
        let severity = levels.rule(taken);
        if is_one_rule && first.drg_rule == Rule::True {
            taken = taken.and(levels);
        }
        let own = if is_one_rule {
            Rule::True
        } else {
            first.rule.clone()
        };
        (first, all([own, first.drg_rule.clone(), severity]))
    });
    groups.collect()
}

/// The kind of an ADRG: as its sheet says, or else as its code says.
fn kind(rows: &RuleRows, row: &RuleRow, names: &Names) -> Result<String, Error> {
    let stated = names.adrgs.get(&row.adrg).map(|[_, kind]| kind.as_str());
    let stated = stated.filter(|kind| !kind.is_empty());
    let kind = match stated {
        Some(kind) => kind_of_word(kind),
        None => kind_of_code(&row.adrg),
    };
    kind.map(str::to_owned).ok_or_else(|| {
        let code = row.adrg.clone();
        let problem = match stated {
            Some(word) => PlanProblem::BadWord {
                word: word.to_owned(),
                allowed: "surgical (外科), procedure (非手术操作), medical (内科) or ambiguous (歧义)",
            },
            None => PlanProblem::KindUnknown { code },
        };
        rows.table.error(row.line, ADRG_COLUMN, problem)
    })
}

fn kind_of_word(word: &str) -> Option<&'static str> {
    let kinds = [
        ("surgical", ["surgical", "外科", "外科组", "手术"]),
        (
            "procedure",
            ["procedure", "非手术操作", "非手术操作组", "操作"],
        ),
        ("medical", ["medical", "内科", "内科组", "内科诊断组"]),
        ("ambiguous", ["ambiguous", "歧义", "歧义组", "歧义病案"]),
    ];
    let found = kinds.iter().find(|(_, words)| words.contains(&word));
    found.map(|(kind, _)| *kind)
}

/// The kind that the code of an ADRG tells.
///
/// In the national code scheme (CHS-DRG) the second character of the code is its kind: `A` to `J`
/// surgical, `K` to `Q` procedure, `R` to `Z` medical; `QY` after the letter of the MDC is the
/// ambiguous group (歧义组).
fn kind_of_code(code: &str) -> Option<&'static str> {
    let mut characters = code.chars();
    characters.next()?;
    if characters.as_str() == "QY" {
        return Some("ambiguous");
    }
    match characters.next()? {
        'A'..='J' => Some("surgical"),
        'K'..='Q' => Some("procedure"),
        'R'..='Z' => Some("medical"),
        _ => None,
    }
}
