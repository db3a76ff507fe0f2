//! What was found of technologies, as CSV, Parquet and JSON.

use super::{CandidateRow, CandidatesSummary};
use crate::Error;
use crate::flat::{csv_file, four_places};
use crate::manifest::OutputFile;
use crate::settle::reports;
use crate::weigh::yuan;
use drgdip_calibrate::Exact;
use drgdip_calibrate::candidates::Side;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The columns of both tables; all cells are texts, numbers with all their decimals.
const COLUMNS: [&str; 29] = [
    "technology",
    "name",
    "group",
    "group_name",
    "cases",
    "hospitals",
    "mean_cost",
    "cv",
    "group_cases",
    "group_mean_cost",
    "group_cv",
    "rest_cases",
    "rest_mean_cost",
    "rest_cv",
    "ratio_to_group",
    "ratio_to_rest",
    "riv",
    "z_squared",
    "group_weight",
    "new_weight",
    "rest_weight",
    "group_loses_cases",
    "group_loses_weight",
    "weight_difference",
    "verdict",
    "not_reached",
    "new_group",
    "recommended",
    "relative_weights",
];

/// Writes `candidates.csv` and `candidates.parquet`.
pub(super) fn write(folder: &Path, summary: &CandidatesSummary) -> Result<Vec<OutputFile>, Error> {
    let rows: Vec<[String; 29]> = summary.candidates.iter().map(cells).collect();
    let mut with_heading = vec![COLUMNS.map(str::to_owned)];
    with_heading.extend(rows.iter().cloned());
    let column = |(number, name): (usize, &&'static str)| {
        let cells = rows.iter().map(|row| row[number].as_str());
        (*name, reports::texts(cells))
    };
    let columns = COLUMNS.iter().enumerate().map(column).collect();
    Ok(vec![
        csv_file(folder, "candidates.csv", &with_heading)?,
        reports::write(folder, "candidates.parquet", columns)?,
    ])
}

fn cells(row: &CandidateRow) -> [String; 29] {
    let split = &row.split;
    let exact = |number: &Option<Exact>| number.as_ref().map(|n| n.shown(6)).unwrap_or_default();
    let weight = |side: &Side| side.weight.map(four_places).unwrap_or_default();
    let z = split.test.as_ref().and_then(|test| test.z_squared());
    let lost = split.parent.weight.zip(split.rest.weight);
    let missed = split.verdict.iter().filter(|(_, is_reached)| !is_reached);
    let missed: Vec<&str> = missed.map(|(criterion, _)| criterion.code()).collect();
    let verdict = split.verdict.iter().map(|(criterion, is_reached)| {
        let word = if *is_reached { "yes" } else { "no" };
        format!("{} {word}", criterion.code())
    });
    [
        row.technology.clone(),
        row.name.clone(),
        row.group.clone(),
        row.group_name.clone(),
        split.new.spread.cases().to_string(),
        split.new.hospitals.to_string(),
        mean(&split.new),
        cv(&split.new),
        split.parent.spread.cases().to_string(),
        mean(&split.parent),
        cv(&split.parent),
        split.rest.spread.cases().to_string(),
        mean(&split.rest),
        cv(&split.rest),
        exact(&split.ratio_to_parent),
        exact(&split.ratio_to_rest),
        exact(&split.riv),
        exact(&z),
        weight(&split.parent),
        weight(&split.new),
        weight(&split.rest),
        split.new.spread.cases().to_string(),
        lost.map(|(before, after)| four_places(before - after))
            .unwrap_or_default(),
        four_places(split.weight_difference),
        verdict.collect::<Vec<_>>().join("; "),
        missed.join("; "),
        row.new_group.clone().unwrap_or_default(),
        yes(split.is_recommended()),
        yes(row.weight.is_none()),
    ]
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn mean(side: &Side) -> String {
    side.mean.as_ref().map(yuan).unwrap_or_default()
}

fn cv(side: &Side) -> String {
    let cv = side.spread.cv_ten_thousandths();
    cv.map(four_places).unwrap_or_default()
}

/// Everything as JSON; numbers with decimals are texts.
pub(super) fn json(summary: &CandidatesSummary) -> Value {
    let row = |row: &CandidateRow| -> Value {
        let cells = COLUMNS.iter().zip(cells(row));
        let cells = cells.map(|(name, cell)| ((*name).to_owned(), json!(cell)));
        Value::Object(cells.collect::<Map<String, Value>>())
    };
    json!({
        "rows": summary.rows,
        "usable": summary.usable,
        "candidates": summary.candidates.iter().map(row).collect::<Vec<Value>>(),
        "unseen": summary.unseen,
        "notes": summary.notes,
    })
}
