//! The tables of a month's prepayments and of a year's clearing.

use super::closing::{ClearedHospital, Closing, PrepaidHospital};
use super::journal::ByHospital;
use super::reports::{amounts, points, texts, write};
use crate::Error;
use crate::manifest::OutputFile;
use arrow::array::UInt64Array;
use drgdip_claims::Yuan;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Writes what a closing has.
pub(super) fn write_all(
    folder: &Path,
    closing: &Closing,
    is_year: bool,
) -> Result<Vec<OutputFile>, Error> {
    let mut outputs = vec![adjustments(folder, closing)?];
    if is_year {
        outputs.push(cleared(folder, &closing.cleared)?);
        outputs.push(ledger(folder, &closing.ledger)?);
    } else if !closing.prepaid.is_empty() {
        outputs.push(prepaid(folder, &closing.prepaid)?);
    }
    Ok(outputs)
}

/// Writes `adjustments.parquet`: deductions and shares of hospitals, outside `payment`.
fn adjustments(folder: &Path, closing: &Closing) -> Result<OutputFile, Error> {
    let rows = || closing.adjustments.iter();
    write(
        folder,
        "adjustments.parquet",
        vec![
            ("pool", texts(rows().map(|row| row.pool.as_str()))),
            (
                "hospital_id",
                texts(rows().map(|row| row.hospital_id.as_str())),
            ),
            ("kind", texts(rows().map(|row| row.kind))),
            ("amount", amounts(rows().map(|row| row.amount))),
            ("reason", texts(rows().map(|row| row.reason.as_str()))),
        ],
    )
}

fn prepaid(folder: &Path, rows: &[PrepaidHospital]) -> Result<OutputFile, Error> {
    let money = |amount: fn(&PrepaidHospital) -> Yuan| amounts(rows.iter().map(amount));
    let cases = UInt64Array::from_iter_values(rows.iter().map(|row| row.cases));
    write(
        folder,
        "prepayments.parquet",
        vec![
            ("pool", texts(rows.iter().map(|row| row.pool.as_str()))),
            (
                "hospital_id",
                texts(rows.iter().map(|row| row.hospital_id.as_str())),
            ),
            ("cases", Arc::new(cases)),
            ("points", points(rows.iter().map(|row| row.points))),
            ("earned", money(|row| row.earned)),
            ("audit", money(|row| row.audit)),
            ("debt_before", money(|row| row.debt_before)),
            ("prepaid", money(|row| row.prepaid)),
            ("debt", money(|row| row.debt)),
        ],
    )
}

fn cleared(folder: &Path, rows: &[ClearedHospital]) -> Result<OutputFile, Error> {
    let money = |amount: fn(&ClearedHospital) -> Yuan| amounts(rows.iter().map(amount));
    write(
        folder,
        "clearing.parquet",
        vec![
            ("pool", texts(rows.iter().map(|row| row.pool.as_str()))),
            (
                "hospital_id",
                texts(rows.iter().map(|row| row.hospital_id.as_str())),
            ),
            ("payment", money(|row| row.payment)),
            ("adjustments", money(|row| row.adjustments)),
            ("due", money(|row| row.due)),
            ("prepaid", money(|row| row.prepaid)),
            ("advanced", money(|row| row.advanced)),
            ("clearing", money(|row| row.clearing)),
        ],
    )
}

/// Writes `ledger.parquet`: what the ledger says was prepaid, so that it can be added up again.
fn ledger(folder: &Path, months: &BTreeMap<String, ByHospital>) -> Result<OutputFile, Error> {
    let rows: Vec<(&str, &(String, String), Yuan)> = months
        .iter()
        .flat_map(|(month, rows)| {
            rows.iter()
                .map(move |(key, yuan)| (month.as_str(), key, *yuan))
        })
        .collect();
    write(
        folder,
        "ledger.parquet",
        vec![
            ("period", texts(rows.iter().map(|(period, _, _)| *period))),
            ("pool", texts(rows.iter().map(|(_, key, _)| key.0.as_str()))),
            (
                "hospital_id",
                texts(rows.iter().map(|(_, key, _)| key.1.as_str())),
            ),
            ("prepaid", amounts(rows.iter().map(|(_, _, yuan)| *yuan))),
        ],
    )
}
