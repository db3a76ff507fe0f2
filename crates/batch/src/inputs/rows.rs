//! The rows of each input table as typed values.

use super::cells::Row;
use super::table::TextTable;
use crate::Error;
use drgdip_claims::Yuan;
use jiff::civil::Date;
use std::collections::HashMap;
use std::fmt;

/// Which scheme (险种) insures a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Insurance {
    /// 职工基本医疗保险, national code 310.
    Employee,
    /// 城乡居民基本医疗保险, national code 390.
    Resident,
}

impl Insurance {
    /// Reads the word or the national code.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "employee" | "310" => Some(Self::Employee),
            "resident" | "390" => Some(Self::Resident),
            _ => None,
        }
    }

    /// The word, as written in outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Resident => "resident",
        }
    }
}

impl fmt::Display for Insurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A contracted hospital (定点医疗机构), from one date to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hospital {
    /// Its key.
    pub hospital_id: String,
    /// Its name for people.
    pub name: String,
    /// Its level, in the words that the policy uses.
    pub level: String,
    /// The pooling area that it stands in.
    pub region: Option<String>,
    /// The alliance of hospitals (医联体) that it belongs to.
    pub alliance: Option<String>,
    /// Its payment unit; `None` is by policy.
    pub unit: Option<String>,
    /// Whether it is a primary-care institution (基层医疗机构).
    pub is_primary_care: bool,
    /// Its own coefficient in ten-thousandths; `None` is by policy.
    pub coefficient: Option<i64>,
    /// What its increment points count, in ten-thousandths; `None` is 1.
    pub tilt: Option<i64>,
    /// The first day on which the row holds; `None` is from ever.
    pub from: Option<Date>,
    /// The last day on which the row holds; `None` is without end.
    pub until: Option<Date>,
}

impl Hospital {
    /// Whether the row holds on this day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        !self.starts_after(other) && !other.starts_after(self)
    }

    /// Whether the row begins only when the other has ended.
    fn starts_after(&self, other: &Self) -> bool {
        self.from
            .zip(other.until)
            .is_some_and(|(from, until)| from > until)
    }
}

/// A budget (总额预算) of one pool and period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The pooling area, six digits.
    pub region: String,
    /// The scheme.
    pub insurance: Insurance,
    /// The payment unit; `None` is the policy's own.
    pub unit: Option<String>,
    /// The period, `YYYY-MM` or `YYYY`.
    pub period: String,
    /// How much, in yuan.
    pub amount: Yuan,
    /// The line it is for; `None` is what points are paid from.
    pub line: Option<String>,
}

/// What a hospital had in a pool a year ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prior {
    /// The pool.
    pub pool: String,
    /// The hospital.
    pub hospital_id: String,
    /// Its settled points in ten-thousandths.
    pub points: i64,
    /// The point value in ten-thousandths of a yuan.
    pub value: Option<i64>,
}

/// The largest coefficient that can be meant: 100, in ten-thousandths.
const MOST_COEFFICIENT: i64 = 1_000_000;

/// Reads the hospitals; two rows of one hospital may not hold on the same day.
pub(super) fn hospitals(table: &TextTable) -> Result<Vec<Hospital>, Error> {
    let mut hospitals: Vec<Hospital> = Vec::new();
    let mut rows_of: HashMap<String, Vec<usize>> = HashMap::new();
    for row in Row::all(table) {
        let hospital = hospital(row)?;
        let earlier = rows_of.entry(hospital.hospital_id.clone()).or_default();
        if let Some(index) = earlier.iter().find(|i| hospitals[**i].overlaps(&hospital)) {
            let first = table.row_name(table.rows[*index].number);
            let problem = format!(
                "the hospital {} is already stated in {first} for some of the same days.",
                hospital.hospital_id
            );
            let hint = "Keep one row, or give the rows dates that do not overlap.";
            return Err(row.wrong("hospital_id", problem).with_hint(hint));
        }
        earlier.push(hospitals.len());
        hospitals.push(hospital);
    }
    Ok(hospitals)
}

fn hospital(row: Row<'_>) -> Result<Hospital, Error> {
    let hospital_id = row.required("hospital_id")?;
    let hospital = Hospital {
        name: row.text("name").unwrap_or_else(|| hospital_id.clone()),
        hospital_id,
        level: row.required("level")?,
        region: row.text("region"),
        alliance: row.text("alliance"),
        unit: row.text("unit"),
        is_primary_care: row.flag("primary_care")?,
        coefficient: row.ten_thousandths("coefficient")?,
        tilt: row.ten_thousandths("tilt")?,
        from: row.date("from")?,
        until: row.date("until")?,
    };
    if let (Some(from), Some(until)) = (hospital.from, hospital.until)
        && from > until
    {
        let problem = format!("the row ends on {until}, before it begins on {from}.");
        return Err(row.wrong("until", problem));
    }
    if let Some(coefficient) = hospital.coefficient
        && !(1..=MOST_COEFFICIENT).contains(&coefficient)
    {
        let problem = "the coefficient is not above 0 and at most 100.";
        return Err(row.wrong("coefficient", problem));
    }
    Ok(hospital)
}

/// Reads the budgets; no two rows state the same pool, period and line.
pub(super) fn budgets(table: &TextTable) -> Result<Vec<Budget>, Error> {
    let mut budgets: Vec<Budget> = Vec::new();
    let mut keys = Keys::new(table);
    for row in Row::all(table) {
        let budget = budget(row)?;
        let or_empty = |part: &Option<String>| part.clone().unwrap_or_default();
        keys.add(
            row,
            "period",
            vec![
                budget.region.clone(),
                budget.insurance.to_string(),
                or_empty(&budget.unit),
                budget.period.clone(),
                or_empty(&budget.line),
            ],
        )?;
        budgets.push(budget);
    }
    Ok(budgets)
}

fn budget(row: Row<'_>) -> Result<Budget, Error> {
    Ok(Budget {
        region: row.required("region")?,
        insurance: row.insurance("insurance")?,
        unit: row.text("unit"),
        period: row.period("period")?,
        amount: row.yuan("amount")?,
        line: row.text("line"),
    })
}

/// Reads the prior points; no two rows state the same pool and hospital.
pub(super) fn prior(table: &TextTable) -> Result<Vec<Prior>, Error> {
    let mut prior = Vec::new();
    let mut keys = Keys::new(table);
    for row in Row::all(table) {
        let points = row.ten_thousandths("points")?;
        let line = Prior {
            pool: row.required("pool")?,
            hospital_id: row.required("hospital_id")?,
            points: points.ok_or_else(|| row.wrong("points", "the value is missing."))?,
            value: row.ten_thousandths("value")?,
        };
        let key = vec![line.pool.clone(), line.hospital_id.clone()];
        keys.add(row, "hospital_id", key)?;
        prior.push(line);
    }
    Ok(prior)
}

/// The keys seen so far, with the row that states each.
pub(super) struct Keys<'a> {
    table: &'a TextTable,
    seen: HashMap<Vec<String>, u64>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(table: &'a TextTable) -> Self {
        let seen = HashMap::new();
        Self { table, seen }
    }

    pub(super) fn add(
        &mut self,
        row: Row<'_>,
        column: &str,
        key: Vec<String>,
    ) -> Result<(), Error> {
        let stated: Vec<&str> = key.iter().map(String::as_str).collect();
        let stated = stated.join(" / ");
        if let Some(first) = self.seen.insert(key, row.row.number) {
            let first = self.table.row_name(first);
            let problem = format!("{stated} is already stated in {first}.");
            return Err(row
                .wrong(column, problem)
                .with_hint("Keep one of the rows."));
        }
        Ok(())
    }
}
