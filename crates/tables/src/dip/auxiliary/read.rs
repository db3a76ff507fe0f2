//! Reads the tables of the auxiliary directory.

use super::{Auxiliary, CATEGORY_BYTES, CciRow, HighFee, Kind, Level, Parameters, Subtype};
use crate::dip::codes::intern_below;
use crate::dip::groups::{Groups, stated_rule};
use crate::dip::load::Reading;
use crate::dip::problem::DipProblem;
use crate::error::Error;
use crate::load::PlanProblem;
use crate::load::finish::ten_thousandths;
use crate::load::rows::{Change, Row};
use crate::plan::{RowRef, StatedRule};
use crate::rule::ListId;
use std::collections::HashMap;

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

impl Auxiliary {
    pub(in crate::dip) fn read(
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
