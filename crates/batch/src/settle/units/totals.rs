//! What every payment unit of cases comes to in every pool.

use super::book::is_paid_otherwise;
use super::{CARVED_OUT, EFFECT, LineReport, NEW_TECHNOLOGY, UnitSums};
use crate::Error;
use crate::manifest::OutputFile;
use crate::settle::cases::SettledClass;
use crate::settle::columns::{MONEY, POINTS, decimals};
use crate::settle::links::Adjustments;
use crate::settle::reports::{amounts, texts, write as write_table};
use crate::settle::setting::Setting;
use crate::settle::tallies::TallyBook;
use arrow::array::{ArrayRef, UInt64Array};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use drgdip_tables::policy::Line;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What every unit of cases comes to in every pool.
pub(crate) const TOTALS: &str = "unit_totals.parquet";

/// Cases that their group pays, whatever their class is.
const BY_GROUP: &str = "by_group";

/// What a payment unit of cases comes to in a pool.
///
/// The points and payments of all units of a pool add up to the pool's; what new technologies add
/// to the points of a case is among the points of the unit that pays its stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitTotal {
    /// The pool.
    pub pool: String,
    /// The unit, by its code; `by_group` is what groups pay.
    pub unit: &'static str,
    /// How many cases have part in it.
    pub cases: u64,
    /// The points of the stays that it pays.
    pub points: Points,
    /// What it adds to points that stand at other units.
    pub extra_points: Points,
    /// What these points are paid.
    pub payment: Yuan,
    /// What its line pays.
    pub on_line: Yuan,
}

/// The units in the order of outputs.
const UNITS: [&str; 9] = [
    BY_GROUP,
    "bed_day",
    "day_surgery",
    "single_disease",
    "item",
    "tcm",
    "home_bed",
    NEW_TECHNOLOGY,
    super::NEGOTIATED,
];

const fn of_class(class: SettledClass) -> &'static str {
    match class {
        SettledClass::BedDay => "bed_day",
        SettledClass::DaySurgery => "day_surgery",
        SettledClass::SingleDisease => "single_disease",
        SettledClass::Item => "item",
        SettledClass::Tcm => "tcm",
        SettledClass::HomeBed => "home_bed",
        _ => BY_GROUP,
    }
}

const fn of_line(line: Line) -> &'static str {
    match line {
        Line::TcmTail => "tcm",
        other => other.code(),
    }
}

/// Totals by pool and place among [`UNITS`].
struct Book<'b> {
    setting: &'b Setting<'b>,
    totals: BTreeMap<(u16, usize), UnitTotal>,
}

impl Book<'_> {
    fn of(&mut self, pool: u16, unit: &'static str) -> &mut UnitTotal {
        let place = UNITS.iter().position(|known| *known == unit);
        let total = self.totals.entry((pool, place.unwrap_or(UNITS.len())));
        total.or_insert_with(|| UnitTotal {
            pool: self.setting.pools.all[usize::from(pool)].id.clone(),
            unit,
            ..UnitTotal::default()
        })
    }

    fn stays(&mut self, tallies: &TallyBook) -> Result<(), Error> {
        for (pool, class, (cases, points, payment)) in tallies.by_class() {
            let total = self.of(pool, of_class(class));
            total.cases += cases;
            total.points = total.points.plus(points).map_err(wrong)?;
            total.payment = total.payment.plus(payment).map_err(wrong)?;
        }
        Ok(())
    }

    fn technologies(&mut self, sums: &UnitSums, adjusted: &Adjustments) -> Result<(), Error> {
        let added = sums.notes.iter().filter(|note| note.decision == EFFECT);
        for note in added {
            if is_paid_otherwise((note.row, Line::NewTechnology), adjusted) {
                continue;
            }
            let extra = note.points.unwrap_or(Points::ZERO);
            let total = self.of(note.account.pool, NEW_TECHNOLOGY);
            total.cases += 1;
            total.extra_points = total.extra_points.plus(extra).map_err(wrong)?;
        }
        Ok(())
    }

    fn lines(&mut self, lines: &[LineReport]) -> Result<(), Error> {
        for report in lines {
            let line = report.settled.line;
            let paid = Yuan::total(report.settled.paid.iter().copied()).map_err(wrong)?;
            let total = self.of(report.pool, of_line(line));
            if line == Line::NegotiatedDrugs {
                total.cases += report.entries.len() as u64;
            }
            total.on_line = total.on_line.plus(paid).map_err(wrong)?;
        }
        Ok(())
    }
}

fn wrong(error: impl std::fmt::Display) -> Error {
    Error::input(TOTALS, error)
}

/// What the units of cases come to, and cases to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitTotals {
    /// By pool, each pool's units in the order of outputs.
    pub by_pool: Vec<UnitTotal>,
    /// A case of every unit and decision.
    pub examples: Vec<UnitExample>,
}

impl UnitTotals {
    /// Adds up the units of a settlement; nothing where the policy has no unit beside groups.
    ///
    /// # Errors
    /// Sums that do not fit.
    pub(in crate::settle) fn new(
        setting: &Setting<'_>,
        (tallies, adjusted): (&TallyBook, &Adjustments),
        (sums, lines): (&UnitSums, &[LineReport]),
    ) -> Result<Self, Error> {
        if setting.unit_use.is_none() {
            return Ok(Self::default());
        }
        let mut book = Book {
            setting,
            totals: BTreeMap::new(),
        };
        book.stays(tallies)?;
        book.technologies(sums, adjusted)?;
        book.lines(lines)?;
        Ok(Self {
            by_pool: book.totals.into_values().collect(),
            examples: examples(sums),
        })
    }
}

/// A case in which a unit did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitExample {
    /// The unit, by its code.
    pub unit: &'static str,
    /// What was decided, as `unit_cases.parquet` has it.
    pub decision: &'static str,
    /// The case with the smallest id.
    pub case_id: String,
}

/// The decisions by which a unit changes what a case is paid.
const ACTING: [&str; 8] = [
    "by_unit",
    "by_care",
    "switched",
    "by_efficacy",
    "raised_weight",
    "add_on_points",
    CARVED_OUT,
    "on_line",
];

/// One case of every unit and decision, in the order of outputs.
fn examples(sums: &UnitSums) -> Vec<UnitExample> {
    let mut found: BTreeMap<(Option<usize>, Option<usize>), UnitExample> = BTreeMap::new();
    for note in &sums.notes {
        let decision = ACTING.iter().position(|known| *known == note.decision);
        let unit = UNITS.iter().position(|known| *known == note.unit);
        let (Some(_), Some(_)) = (decision, unit) else {
            continue;
        };
        let example = found
            .entry((unit, decision))
            .or_insert_with(|| UnitExample {
                unit: note.unit,
                decision: note.decision,
                case_id: note.case_id.clone(),
            });
        if note.case_id < example.case_id {
            example.case_id.clone_from(&note.case_id);
        }
    }
    found.into_values().collect()
}

/// Writes `unit_totals.parquet`.
pub(in crate::settle) fn write(folder: &Path, totals: &[UnitTotal]) -> Result<OutputFile, Error> {
    let points = |of: fn(&UnitTotal) -> Points| {
        let found = totals.iter().map(|t| Some(of(t).ten_thousandths()));
        decimals(found, &POINTS).remove(0)
    };
    let cases = totals.iter().map(|total| total.cases);
    let lines = totals.iter().map(|total| Some(total.on_line.fen()));
    let columns = vec![
        ("pool", texts(totals.iter().map(|t| t.pool.as_str()))),
        ("unit", texts(totals.iter().map(|t| t.unit))),
        (
            "cases",
            Arc::new(UInt64Array::from_iter_values(cases)) as ArrayRef,
        ),
        ("points", points(|total| total.points)),
        ("extra_points", points(|total| total.extra_points)),
        ("payment", amounts(totals.iter().map(|t| t.payment))),
        ("on_line", decimals(lines, &MONEY).remove(0)),
    ];
    write_table(folder, TOTALS, columns)
}
