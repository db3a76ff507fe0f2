//! The auxiliary directory (辅助目录): kinds of subtypes, their levels, and what they multiply.
//!
//! A kind, such as the comorbidity index or intensive care, has levels in an order; a case has the
//! first level that takes it. A group has a subtype where its history triggered one, and then a
//! coefficient for it; of several the highest counts.
//!
//! Source: 国家医疗保障按病种分值(DIP)付费 3.0 版技术规范 (consultation draft), auxiliary directory.

use super::codes::intern_below;
use super::groups::{Groups, stated_rule};
use super::load::Reading;
use super::problem::DipProblem;
use crate::error::Error;
use crate::load::PlanProblem;
use crate::load::finish::ten_thousandths;
use crate::load::rows::{Change, Row};
use crate::plan::{RowRef, StatedRule};
use crate::rule::{Comparison, ListId};
use std::collections::HashMap;

/// The parameters of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// What a long stay is, in days; texts differ in whether the days themselves count.
    pub long_stay: (Comparison, i64),
    /// How often the cost holds the payment standard at least, in ten-thousandths.
    pub high_cost_multiple: i64,
    /// What share of the cost one sort of fee has at least, in ten-thousandths.
    pub high_cost_share: i64,
}

impl Default for Parameters {
    /// Three days or more, three times the standard, half of the cost.
    fn default() -> Self {
        Self {
            long_stay: (Comparison::AtLeast, 3),
            high_cost_multiple: 30_000,
            high_cost_share: 5_000,
        }
    }
}

/// The fee that makes a case one of high cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HighFee {
    /// Treatment without surgery.
    Treatment,
    /// Drugs.
    Drug,
}

/// A kind of subtypes (辅助分型类别).
#[derive(Clone, Debug)]
pub struct Kind {
    /// Such as `cci`.
    pub name: String,
    /// The Chinese title.
    pub title: String,
    /// Which cases have a level of it; `None` for all.
    pub applies: Option<StatedRule>,
    /// The levels in the order in which they are tried.
    pub levels: Vec<Level>,
}

/// A level of a kind; all that it states must hold.
#[derive(Clone, Debug)]
pub struct Level {
    /// Its place among the levels of the kind.
    pub order: u32,
    /// Such as `severe`.
    pub name: String,
    /// The Chinese title.
    pub title: String,
    /// What the case must be.
    pub condition: Option<StatedRule>,
    /// Some other diagnosis is in this list and of another category (类目) than the principal one.
    pub other_category_in: Option<ListId>,
    /// From and up to which index of comorbidity, both included.
    pub cci: Option<(u32, u32)>,
    /// Whether the stay must be a long one.
    pub needs_long_stay: bool,
    /// The fee by which the cost must be a high one.
    pub high_fee: Option<HighFee>,
    /// The row.
    pub row: RowRef,
}

/// A code that counts for the comorbidity index (合并症指数).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CciRow {
    /// The class of comorbidity.
    pub class: String,
    /// Its weight.
    pub weight: u32,
    /// What the diagnosis begins with.
    pub begins: String,
    /// The row.
    pub row: RowRef,
}

/// A subtype that a group has, with what triggered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtype {
    /// The index of the group.
    pub group: u16,
    /// The index of the kind.
    pub kind: u16,
    /// The index of the level in its kind.
    pub level: u16,
    /// What the points are multiplied by, in ten-thousandths: the mean cost of the subtype by that
    /// of the group.
    pub coefficient: i64,
    /// How many cases of last year were of it, where stated.
    pub cases: Option<u32>,
    /// The coefficient of variation of the group before, in ten-thousandths, where stated.
    pub cv: Option<i64>,
    /// The same within the subtypes.
    pub cv_within: Option<i64>,
    /// The row.
    pub row: RowRef,
}

/// The auxiliary directory of a catalogue.
#[derive(Clone, Debug, Default)]
pub struct Auxiliary {
    /// Its parameters.
    pub parameters: Parameters,
    /// The kinds in the order of their rows.
    pub kinds: Vec<Kind>,
    /// The codes of the comorbidity index, sorted by what they begin with.
    pub cci: Vec<CciRow>,
    /// The subtypes, sorted by group, kind and level.
    pub subtypes: Vec<Subtype>,
}

impl Auxiliary {
    /// The subtypes of a group.
    #[must_use]
    pub fn of_group(&self, group: u16) -> &[Subtype] {
        let from = self.subtypes.partition_point(|row| row.group < group);
        let until = self.subtypes.partition_point(|row| row.group <= group);
        &self.subtypes[from..until]
    }

    pub(super) fn read(
        reading: &mut Reading<'_>,
        parameters: Parameters,
        groups: &Groups<'_>,
    ) -> Result<Self, Error> {
        let mut read = Self {
            parameters,
            kinds: read_kinds(reading)?,
            cci: read_cci(reading)?,
            subtypes: Vec::new(),
        };
        read.read_levels(reading)?;
        read.read_subtypes(reading, groups)?;
        Ok(read)
    }

    fn read_levels(&mut self, reading: &mut Reading<'_>) -> Result<(), Error> {
        let Some(table) = reading.tables.find("auxiliary-levels.csv")? else {
            return Ok(());
        };
        let (codes, lists) = (&mut reading.codes, &reading.list_ids);
        let kinds = &mut self.kinds;
        let mut others = Vec::new();
        table.each_row(&LEVELS, Change::Add, |row| {
            let name = row.required(0)?;
            let Some(kind) = kinds.iter_mut().find(|kind| kind.name == name) else {
                return Err(no_such(row, 0, ("kind", "auxiliary-kinds.csv")));
            };
            let level = level(row, lists)?;
            let other = kind
                .levels
                .iter()
                .find(|other| other.order == level.order || other.name == level.name);
            if let Some(other) = other {
                let code = format!("{name}.{}", level.name);
                let first = row.place_of_line(other.row.line);
                return Err(row.error(2, DipProblem::StatedTwice { code, first }));
            }
            others.extend(level.other_category_in);
            kind.levels.push(level);
            Ok(())
        })?;
        for kind in kinds {
            kind.levels.sort_by_key(|level| level.order);
        }
        // The categories of these codes are compared, so they must be known.
        for list in others {
            for text in reading.lists[list.0 as usize].clone() {
                if let Some(category) = text.get(..CATEGORY_BYTES) {
                    intern_below(codes, category);
                }
            }
        }
        Ok(())
    }

    fn read_subtypes(&mut self, reading: &Reading<'_>, groups: &Groups<'_>) -> Result<(), Error> {
        let Some(table) = reading.tables.find("auxiliary.csv")? else {
            return Ok(());
        };
        let kinds = &self.kinds;
        let mut subtypes = Vec::new();
        table.each_row(&SUBTYPES, Change::Add, |row| {
            subtypes.push(subtype(row, kinds, groups)?);
            Ok(())
        })?;
        let key = |row: &Subtype| (row.group, row.kind, row.level);
        subtypes.sort_by_key(|row| (key(row), row.row));
        for pair in subtypes.windows(2) {
            if key(&pair[0]) == key(&pair[1]) {
                let code = groups.groups[usize::from(pair[0].group)].code.clone();
                return Err(reading.stated_twice(code, (pair[1].row, "group"), pair[0].row));
            }
        }
        self.subtypes = subtypes;
        Ok(())
    }
}

/// How many bytes the category (类目) of a diagnosis has.
pub const CATEGORY_BYTES: usize = 3;

const KINDS: [&str; 3] = ["kind", "title", "applies"];
const CCI: [&str; 3] = ["class", "weight", "code"];
const LEVELS: [&str; 10] = [
    "kind",
    "order",
    "level",
    "title",
    "condition",
    "other_category_in",
    "cci_from",
    "cci_to",
    "long_stay",
    "high_fee",
];
const SUBTYPES: [&str; 7] = [
    "group",
    "kind",
    "level",
    "coefficient",
    "cases",
    "cv",
    "cv_within",
];

fn read_kinds(reading: &Reading<'_>) -> Result<Vec<Kind>, Error> {
    let mut kinds: Vec<(Kind, RowRef)> = Vec::new();
    if let Some(table) = reading.tables.find("auxiliary-kinds.csv")? {
        table.each_row(&KINDS, Change::Add, |row| {
            let kind = Kind {
                name: row.required(0)?.to_owned(),
                title: row.required(1)?.to_owned(),
                applies: rule(row, 2, &reading.list_ids)?,
                levels: Vec::new(),
            };
            if let Some((_, first)) = kinds.iter().find(|(other, _)| other.name == kind.name) {
                let (code, first) = (kind.name, row.place_of_line(first.line));
                return Err(row.error(0, DipProblem::StatedTwice { code, first }));
            }
            kinds.push((kind, row.at));
            Ok(())
        })?;
    }
    Ok(kinds.into_iter().map(|(kind, _)| kind).collect())
}

fn read_cci(reading: &mut Reading<'_>) -> Result<Vec<CciRow>, Error> {
    let mut rows: Vec<CciRow> = Vec::new();
    let codes = &mut reading.codes;
    if let Some(table) = reading.tables.find("cci.csv")? {
        table.each_row(&CCI, Change::Add, |row| {
            let begins = row.required(2)?.to_owned();
            intern_below(codes, &begins);
            rows.push(CciRow {
                class: row.required(0)?.to_owned(),
                weight: number(row, 1)?,
                begins,
                row: row.at,
            });
            Ok(())
        })?;
    }
    rows.sort_by(|a, b| (&a.begins, a.row).cmp(&(&b.begins, b.row)));
    reading.refuse_repeats(&rows, |row| (&row.begins, row.row, "code"))?;
    Ok(rows)
}

fn number<const N: usize>(row: &Row<'_, N>, column: usize) -> Result<u32, Error> {
    let text = row.required(column)?;
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits).ok_or_else(|| {
        let text = text.to_owned();
        row.error(column, PlanProblem::BadNumber { text })
    })
}

fn rule<const N: usize>(
    row: &Row<'_, N>,
    column: usize,
    lists: &HashMap<String, ListId>,
) -> Result<Option<StatedRule>, Error> {
    match row.cells[column] {
        "" => Ok(None),
        text => stated_rule(text, row.at, lists)
            .map(Some)
            .map_err(|problem| row.error(column, problem)),
    }
}

fn no_such<const N: usize>(
    row: &Row<'_, N>,
    column: usize,
    (what, file): (&'static str, &'static str),
) -> Error {
    let name = row.cells[column].to_owned();
    row.error(column, DipProblem::NoSuchSubtype { what, name, file })
}

fn level(row: &Row<'_, 10>, lists: &HashMap<String, ListId>) -> Result<Level, Error> {
    let other_category_in = match row.cells[5] {
        "" => None,
        name => Some(*lists.get(name).ok_or_else(|| {
            let list = name.to_owned();
            row.error(5, DipProblem::NoSuchList { list })
        })?),
    };
    let cci = match (row.cells[6], row.cells[7]) {
        ("", "") => None,
        ("", _) => Some((0, number(row, 7)?)),
        (_, "") => Some((number(row, 6)?, u32::MAX)),
        _ => Some((number(row, 6)?, number(row, 7)?)),
    };
    let bad = |column: usize, allowed| {
        let word = row.cells[column].to_owned();
        row.error(column, PlanProblem::BadWord { word, allowed })
    };
    Ok(Level {
        order: number(row, 1)?,
        name: row.required(2)?.to_owned(),
        title: row.required(3)?.to_owned(),
        condition: rule(row, 4, lists)?,
        other_category_in,
        cci,
        needs_long_stay: match row.cells[8] {
            "" => false,
            "yes" => true,
            _ => return Err(bad(8, "yes or nothing")),
        },
        high_fee: match row.cells[9] {
            "" => None,
            "treatment" => Some(HighFee::Treatment),
            "drug" => Some(HighFee::Drug),
            _ => return Err(bad(9, "treatment or drug, or nothing")),
        },
        row: row.at,
    })
}

fn subtype(row: &Row<'_, 7>, kinds: &[Kind], groups: &Groups<'_>) -> Result<Subtype, Error> {
    let code = row.required(0)?.to_owned();
    let Some(group) = groups.index.get(&code) else {
        return Err(row.error(0, DipProblem::NoSuchGroup { code }));
    };
    if groups.groups[usize::from(*group)].is_tcm {
        return Err(row.error(0, DipProblem::SubtypeOfTcm { code }));
    }
    let named = row.required(1)?;
    let kind = (0..).zip(kinds).find(|(_, kind)| kind.name == named);
    let Some((kind_index, kind)) = kind else {
        return Err(no_such(row, 1, ("kind", "auxiliary-kinds.csv")));
    };
    let named = row.required(2)?;
    let level = (0..)
        .zip(&kind.levels)
        .find(|(_, level)| level.name == named);
    let Some((level_index, _)) = level else {
        return Err(no_such(row, 2, ("level", "auxiliary-levels.csv")));
    };
    let decimal = |column: usize| {
        ten_thousandths(row.cells[column]).ok_or_else(|| {
            let (text, places) = (row.cells[column].to_owned(), 4);
            row.error(column, DipProblem::BadDecimal { text, places })
        })
    };
    let stated = |column: usize| match row.cells[column] {
        "" => Ok(None),
        _ => decimal(column).map(Some),
    };
    row.required(3)?;
    Ok(Subtype {
        group: *group,
        kind: kind_index,
        level: level_index,
        coefficient: decimal(3)?,
        cases: match row.cells[4] {
            "" => None,
            _ => Some(number(row, 4)?),
        },
        cv: stated(5)?,
        cv_within: stated(6)?,
        row: row.at,
    })
}
