//! The files of a catalogue: the plan, and how it was grown.

use super::base::Base;
use super::{CatalogueJob, CatalogueSummary};
use crate::Error;
use crate::flat::{csv_file, file, four_places};
use crate::manifest::OutputFile;
use crate::weigh::yuan;
use drgdip_calibrate::catalogue::{CatalogueGroup, GroupLayer, GroupRow};
use drgdip_claims::Yuan;
use drgdip_tables::dip::GROUP_COLUMNS;
use drgdip_tables::dip::TreatmentClass;
use std::path::Path;

/// Writes the plan without its subtypes.
pub(super) fn write_plan(
    folder: &Path,
    job: &CatalogueJob<'_>,
    base: &Base,
    summary: &CatalogueSummary,
) -> Result<Vec<OutputFile>, Error> {
    for inner in ["build", "lists"] {
        let is_needed = inner == "build" || base.files.keys().any(|path| path.starts_with(inner));
        if is_needed {
            let path = folder.join(inner);
            std::fs::create_dir_all(&path).map_err(|e| Error::file(&path, "create it", &e))?;
        }
    }
    let mut outputs = Vec::new();
    for (path, bytes) in &base.files {
        outputs.push(file(folder, path, bytes)?);
    }
    outputs.push(groups(folder, summary)?);
    outputs.push(weights(folder, job, summary)?);
    Ok(outputs)
}

/// Writes how it was grown.
pub(super) fn write_reports(
    folder: &Path,
    summary: &CatalogueSummary,
) -> Result<Vec<OutputFile>, Error> {
    let mut outputs = Vec::new();
    let json = serde_json::to_string_pretty(&summary.json()).expect("a JSON value is written");
    outputs.push(file(folder, "report.json", format!("{json}\n").as_bytes())?);
    outputs.push(steps(folder, summary)?);
    outputs.push(measures(folder, summary)?);
    outputs.push(coefficients(folder, summary)?);
    outputs.push(proposals(folder, summary)?);
    Ok(outputs)
}

const fn layer(group: &CatalogueGroup) -> &'static str {
    match group.layer {
        GroupLayer::Merged => "merged",
        GroupLayer::Basic => "basic",
        GroupLayer::Comprehensive => "comprehensive",
    }
}

/// Codes with a sign between them.
fn joined(summary: &CatalogueSummary, codes: &[u32], sign: &str) -> String {
    let texts = codes
        .iter()
        .map(|code| summary.codes[*code as usize].as_str());
    texts.collect::<Vec<_>>().join(sign)
}

/// A name by the codes: diagnosis and treatment.
fn name(summary: &CatalogueSummary, group: &CatalogueGroup) -> String {
    if let Some(name) = &group.name {
        return name.clone();
    }
    let row = &group.rows[0];
    let keys = joined(summary, &row.keys, "、");
    if let Some(class) = group.class {
        return format!("{keys} 综合 {}", class.chinese());
    }
    if row.procedures.is_empty() {
        return format!("{keys} {}", TreatmentClass::Conservative.chinese());
    }
    let procedures = joined(summary, &row.procedures, "、");
    match row.related.is_empty() {
        true => format!("{keys} 行 {procedures}"),
        false => format!(
            "{keys} 行 {procedures} 伴 {}",
            joined(summary, &row.related, "、")
        ),
    }
}

fn groups(folder: &Path, summary: &CatalogueSummary) -> Result<OutputFile, Error> {
    let mut rows = vec![GROUP_COLUMNS.map(str::to_owned)];
    for group in &summary.catalogue.groups {
        let row = |row: &GroupRow| {
            let procedures = match group.layer {
                GroupLayer::Comprehensive => "*".to_owned(),
                _ => joined(summary, &row.procedures, "|"),
            };
            let flag = if group.is_primary_care { "yes" } else { "" };
            [
                group.code.clone(),
                name(summary, group),
                layer(group).to_owned(),
                joined(summary, &row.keys, "|"),
                procedures,
                joined(summary, &row.related, "+"),
                group.class.map_or("", TreatmentClass::word).to_owned(),
                String::new(),
                flag.to_owned(),
                String::new(),
            ]
        };
        rows.extend(group.rows.iter().map(row));
    }
    csv_file(folder, "groups.csv", &rows)
}

fn weights(
    folder: &Path,
    job: &CatalogueJob<'_>,
    summary: &CatalogueSummary,
) -> Result<OutputFile, Error> {
    let columns = ["group", "weight", "mean_cost", "origin", "source"];
    let mut rows = vec![columns.map(str::to_owned)];
    let stated = summary.catalogue.calibration.groups.iter();
    for (group, stated) in summary.catalogue.groups.iter().zip(stated) {
        let (Some(weight), Some(origin)) = (stated.weight, stated.origin) else {
            continue;
        };
        let mean = stated.mean_fen.as_ref().map(yuan).unwrap_or_default();
        let source = format!("{}-history", job.id);
        let code = group.code.clone();
        rows.push([
            code,
            four_places(weight),
            mean,
            origin.code().to_owned(),
            source,
        ]);
    }
    csv_file(folder, "weights.csv", &rows)
}

fn steps(folder: &Path, summary: &CatalogueSummary) -> Result<OutputFile, Error> {
    let mut rows = vec![["step", "name", "in", "out", "reason", "groups"].map(str::to_owned)];
    let mut left = summary.rows;
    for (code, _, count) in summary.left_out.iter() {
        let after = left - count;
        let counts = [left, after].map(|count| count.to_string());
        let [before, after_text] = counts;
        let step = ["S1", "usable"].map(str::to_owned);
        let [step, name] = step;
        rows.push([
            step,
            name,
            before,
            after_text,
            code.to_owned(),
            String::new(),
        ]);
        left = after;
    }
    for step in &summary.catalogue.steps {
        rows.push([
            step.step.to_owned(),
            step.name.to_owned(),
            step.cases_in.to_string(),
            step.cases_out.to_string(),
            step.reason.to_owned(),
            step.groups.to_string(),
        ]);
    }
    csv_file(folder, "build/steps.csv", &rows)
}

fn measures(folder: &Path, summary: &CatalogueSummary) -> Result<OutputFile, Error> {
    let heading = [
        "group",
        "name",
        "layer",
        "cases",
        "trimmed",
        "used",
        "lowest_cost",
        "highest_cost",
        "mean_cost",
        "cv",
        "stability",
        "calculated",
        "weight",
        "origin",
        "reasons",
        "primary_care",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    let stated = summary.catalogue.calibration.groups.iter();
    for (group, stated) in summary.catalogue.groups.iter().zip(stated) {
        let cost = |fen: Option<i64>| fen.map(|fen| Yuan::from_fen(fen).to_string());
        let places = |value: Option<i64>| value.map(four_places).unwrap_or_default();
        let reasons: Vec<&str> = stated.reasons.iter().map(|reason| reason.code()).collect();
        let calculated = stated.calculated.as_ref().map(|weight| weight.shown(8));
        rows.push([
            group.code.clone(),
            name(summary, group),
            layer(group).to_owned(),
            stated.counts.given.to_string(),
            stated.counts.left_out().to_string(),
            stated.counts.used.to_string(),
            cost(stated.kept.map(|kept| kept.lowest_fen)).unwrap_or_default(),
            cost(stated.kept.map(|kept| kept.highest_fen)).unwrap_or_default(),
            stated.mean_fen.as_ref().map(yuan).unwrap_or_default(),
            places(stated.cv),
            stated.stability.code().to_owned(),
            calculated.unwrap_or_default(),
            places(stated.weight),
            stated.origin.map_or("", |origin| origin.code()).to_owned(),
            reasons.join(";"),
            if group.is_primary_care { "yes" } else { "" }.to_owned(),
        ]);
    }
    csv_file(folder, "build/groups.csv", &rows)
}

fn coefficients(folder: &Path, summary: &CatalogueSummary) -> Result<OutputFile, Error> {
    let heading = [
        "level",
        "cases",
        "actual",
        "expected",
        "by_class",
        "neutral",
        "coefficient",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for level in &summary.catalogue.levels {
        rows.push([
            summary.levels[usize::from(level.level)].clone(),
            level.cases.to_string(),
            yuan(&drgdip_calibrate::Exact::whole(level.actual_fen)),
            yuan(&level.expected_fen),
            four_places(level.by_class),
            four_places(level.neutral),
            four_places(level.coefficient),
        ]);
    }
    csv_file(folder, "build/coefficients.csv", &rows)
}

fn proposals(folder: &Path, summary: &CatalogueSummary) -> Result<OutputFile, Error> {
    let heading = [
        "kind",
        "groups",
        "value",
        "cases",
        "mean_cost",
        "cv",
        "evidence",
        "decision",
        "reason",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for proposal in &summary.catalogue.proposals {
        let evidence = &proposal.evidence;
        rows.push([
            proposal.kind.word().to_owned(),
            proposal.groups.join(";"),
            proposal.value.clone(),
            evidence.cases.to_string(),
            evidence.mean_fen.as_ref().map(yuan).unwrap_or_default(),
            evidence.cv.map(four_places).unwrap_or_default(),
            evidence.note.to_owned(),
            String::new(),
            String::new(),
        ]);
    }
    csv_file(folder, "build/proposals.csv", &rows)
}
