//! The tables of lines and units.

use super::{LineEntry, LineReport, UnitNote};
use crate::Error;
use crate::manifest::OutputFile;
use crate::settle::columns::{MONEY, POINTS, RATIO, decimals};
use crate::settle::reports::{amounts, texts, write};
use crate::settle::setting::Setting;
use arrow::array::{ArrayRef, UInt64Array};
use drgdip_claims::Yuan;
use std::path::Path;
use std::sync::Arc;

/// What each case is paid from lines.
pub(crate) const LINES: &str = "lines.parquet";
/// How each line was settled against its budget.
pub(crate) const SETTLED: &str = "line_budgets.parquet";
/// What lines owed to cases of the year before.
pub(crate) const DEBTS: &str = "line_debts.parquet";
/// What units found and decided about single cases.
pub(crate) const NOTES: &str = "unit_cases.parquet";

/// Writes `lines.parquet`: what is paid beside points.
pub(in crate::settle) fn lines(
    folder: &Path,
    setting: &Setting<'_>,
    reports: &[LineReport],
) -> Result<OutputFile, Error> {
    let rows = reports.iter().flat_map(|report| {
        let paid = report.entries.iter().zip(&report.settled.paid);
        paid.map(|(entry, paid)| (entry, *paid))
    });
    let rows: Vec<(&LineEntry, Yuan)> = rows.collect();
    let rows = || rows.iter().copied();
    let pool = |place: u16| setting.pools.all[usize::from(place)].id.as_str();
    let hospital = |place: u32| setting.hospitals[place as usize][0].hospital_id.as_str();
    let columns = vec![
        ("case_id", texts(rows().map(|(e, _)| e.case_id.as_str()))),
        ("line", texts(rows().map(|(e, _)| e.line.code()))),
        ("amount", amounts(rows().map(|(_, paid)| paid))),
        ("asked", amounts(rows().map(|(e, _)| e.asked))),
        ("pool", texts(rows().map(|(e, _)| pool(e.account.pool)))),
        (
            "hospital_id",
            texts(rows().map(|(e, _)| hospital(e.account.hospital))),
        ),
    ];
    write(folder, LINES, columns)
}

/// Writes `line_budgets.parquet`: budget, supplement, what was asked, paid, owed, cut and left.
pub(in crate::settle) fn line_budgets(
    folder: &Path,
    setting: &Setting<'_>,
    reports: &[LineReport],
) -> Result<OutputFile, Error> {
    let sum = |amounts: &mut dyn Iterator<Item = Yuan>| {
        Yuan::total(amounts).map_err(|e| Error::input(SETTLED, e))
    };
    let column = |of: &dyn Fn(&LineReport) -> Result<Yuan, Error>| -> Result<ArrayRef, Error> {
        let found: Vec<Yuan> = reports.iter().map(of).collect::<Result<_, _>>()?;
        Ok(amounts(found.into_iter()))
    };
    let pools = reports
        .iter()
        .map(|report| setting.pools.all[usize::from(report.pool)].id.as_str());
    let cases: UInt64Array = reports
        .iter()
        .map(|report| Some(report.entries.len() as u64))
        .collect();
    let columns = vec![
        ("pool", texts(pools)),
        ("line", texts(reports.iter().map(|r| r.settled.line.code()))),
        ("cases", Arc::new(cases) as ArrayRef),
        ("budget", column(&|r| Ok(r.budget))?),
        ("supplement", column(&|r| Ok(r.settled.supplement))?),
        (
            "asked",
            column(&|r| sum(&mut r.entries.iter().map(|e| e.asked)))?,
        ),
        (
            "paid",
            column(&|r| sum(&mut r.settled.paid.iter().copied()))?,
        ),
        ("brought_forward", column(&|r| Ok(r.brought_forward))?),
        (
            "owed_before",
            column(&|r| sum(&mut r.owed.iter().map(|claim| claim.amount)))?,
        ),
        (
            "paid_owed",
            column(&|r| sum(&mut r.settled.paid_owed.iter().copied()))?,
        ),
        (
            "owed",
            column(&|r| sum(&mut r.settled.still_owed.iter().map(|c| c.amount)))?,
        ),
        ("cut", column(&|r| Ok(r.settled.cut))?),
        (
            "carried_forward",
            column(&|r| Ok(r.settled.carried_forward))?,
        ),
        ("returned", column(&|r| Ok(r.settled.returned))?),
    ];
    write(folder, SETTLED, columns)
}

/// Writes `line_debts.parquet`: what lines owed to cases of the year before, and pay of it now.
pub(in crate::settle) fn line_debts(
    folder: &Path,
    setting: &Setting<'_>,
    reports: &[LineReport],
) -> Result<OutputFile, Error> {
    let of = |report: &'_ LineReport| {
        let pool = setting.pools.all[usize::from(report.pool)].id.clone();
        let paid = report.settled.paid_owed.clone();
        let line = report.settled.line.code();
        let pairs = report.owed.clone().into_iter().zip(paid);
        pairs
            .map(move |(claim, paid)| (pool.clone(), line, claim, paid))
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = reports.iter().flat_map(of).collect();
    let columns = vec![
        ("case_id", texts(rows.iter().map(|row| row.2.key.as_str()))),
        ("line", texts(rows.iter().map(|row| row.1))),
        ("pool", texts(rows.iter().map(|row| row.0.as_str()))),
        ("owed", amounts(rows.iter().map(|row| row.2.amount))),
        ("paid", amounts(rows.iter().map(|row| row.3))),
    ];
    write(folder, DEBTS, columns)
}

/// Writes `unit_cases.parquet`, in the order of `case_id`.
pub(in crate::settle) fn notes(
    folder: &Path,
    setting: &Setting<'_>,
    mut notes: Vec<UnitNote>,
) -> Result<OutputFile, Error> {
    // What is noted of one case keeps its order.
    notes.sort_by(|a, b| a.case_id.cmp(&b.case_id).then(a.row.cmp(&b.row)));
    let text = |of: &dyn Fn(&UnitNote) -> String| -> ArrayRef {
        let found: Vec<String> = notes.iter().map(of).collect();
        texts(found.iter().map(String::as_str))
    };
    let money = |of: fn(&UnitNote) -> Option<Yuan>| {
        let found = notes.iter().map(|note| of(note).map(Yuan::fen));
        decimals(found, &MONEY).remove(0)
    };
    let points = notes.iter().map(|n| n.points.map(|p| p.ten_thousandths()));
    let points = decimals(points, &POINTS).remove(0);
    let weights = notes.iter().map(|n| n.weight.map(|w| w.ten_thousandths()));
    let weights = decimals(weights, &POINTS).remove(0);
    let coefficients = notes.iter().map(|n| n.coefficient.map(|k| k.millionths()));
    let coefficients = decimals(coefficients, &RATIO).remove(0);
    let pool = |note: &UnitNote| {
        let pool = &setting.pools.all[usize::from(note.account.pool)];
        pool.id.clone()
    };
    let hospital = |note: &UnitNote| {
        let rows = &setting.hospitals[note.account.hospital as usize];
        rows[0].hospital_id.clone()
    };
    let columns = vec![
        ("case_id", text(&|n| n.case_id.clone())),
        ("pool", text(&pool)),
        ("hospital_id", text(&hospital)),
        ("unit", text(&|n| n.unit.to_owned())),
        ("key", text(&|n| n.key.clone())),
        ("code", text(&|n| n.code.clone())),
        ("decision", text(&|n| n.decision.to_owned())),
        ("cost", money(|n| n.cost)),
        ("points", points),
        ("weight", weights),
        ("coefficient", coefficients),
        (
            "line",
            text(&|n| {
                n.line
                    .map_or("", drgdip_tables::policy::Line::code)
                    .to_owned()
            }),
        ),
        ("amount", money(|n| n.amount)),
        ("how", text(&|n| n.how.clone())),
    ];
    write(folder, NOTES, columns)
}
