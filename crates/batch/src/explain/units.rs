//! What a hospital, its teams and its alliance are paid from lines of their own.

use super::hospital::{get, keys, plain};
use super::run::SettledRun;
use super::{Explanation, Part, Step};
use crate::find::TextRow;
use crate::settle::people::UNITS;
use crate::{Error, Progress};

/// The units of people that a hospital has part in; `None` where it has none.
pub(super) fn of_hospital(
    run: &SettledRun,
    hospital: &str,
    progress: &dyn Progress,
) -> Result<Option<Explanation>, Error> {
    if !run.has(UNITS) {
        return Ok(None);
    }
    let mut rows = run.rows(UNITS, ("hospital_id", hospital), progress)?;
    let mut stated = run.inputs.hospitals.iter().rev();
    let row = stated.find(|row| row.hospital_id == hospital);
    if let Some(alliance) = row.and_then(|row| row.alliance.as_deref()) {
        let all = run.rows(UNITS, ("party_id", alliance), progress)?;
        rows.extend(
            all.into_iter()
                .filter(|row| get(row, "party") == "alliance"),
        );
    }
    let parts = parts(&rows);
    if parts.is_empty() {
        return Ok(None);
    }
    let steps = parts.iter().flat_map(|part| &part.steps);
    Ok(Some(Explanation {
        title: format!(
            "医院 Hospital {hospital} · 单列支付单元 lines of their own · {}",
            run.period.text
        ),
        parameters: run.parameters(steps, run.period.last)?,
        parts,
        differences: Vec::new(),
    }))
}

/// One part for each line and party, in the order of the rows.
fn parts(rows: &[TextRow]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for row in rows {
        let title = format!(
            "{} · {} {}",
            title(get(row, "line")),
            party(get(row, "party")),
            get(row, "party_id")
        );
        let step = step(row);
        match parts.iter_mut().find(|part| part.title == title) {
            Some(part) => part.steps.push(step),
            None => parts.push(Part {
                title,
                steps: vec![step],
            }),
        }
    }
    parts
}

fn title(line: &str) -> &str {
    match line {
        "capitation" => "紧密型医联体按人头 capitation",
        "family_doctor" => "家庭医生签约服务费 family doctors",
        "chronic_packages" => "慢病服务包 chronic packages",
        "home_beds" => "家庭病床 home beds",
        other => other,
    }
}

fn party(kind: &str) -> &str {
    match kind {
        "alliance" => "医联体 alliance",
        "team" => "团队 team",
        _ => "医院 hospital",
    }
}

fn step(row: &TextRow) -> Step {
    let value = match get(row, "amount") {
        "" => plain(get(row, "quantity")),
        amount => amount.to_owned(),
    };
    let mut step = Step::new(get(row, "item"), value).by(get(row, "arithmetic"));
    step.keys = keys(get(row, "parameters"));
    step
}
