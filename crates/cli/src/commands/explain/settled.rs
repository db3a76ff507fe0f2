//! A case or a hospital of a settled folder, for people and for programs.

use crate::args::{ExplainArgs, GlobalArgs};
use crate::fail::{Done, Failure};
use crate::out;
use crate::progress::Reporter;
use drgdip_batch::explain::{Explanation, Parameter, Part, Step, explain_case, explain_hospital};
use serde_json::{Value, json};
use std::fmt::Write;

/// What the settled folder says; `None` where none is named.
pub(super) fn explain(
    args: &ExplainArgs,
    progress: &Reporter,
) -> Result<Option<Vec<Explanation>>, Failure> {
    let money = &args.money;
    let Some(folder) = &money.settled else {
        return Ok(None);
    };
    let found = match (&money.hospital, &args.case_id) {
        (Some(hospital), _) => {
            explain_hospital(folder, (hospital, money.pool.as_deref()), progress)?
        }
        (None, Some(case_id)) => explain_case(folder, case_id, &args.claims, progress)?,
        (None, None) => {
            return Err(Failure::usage(
                "nothing of the settled run is named.",
                "Name a case with --case-id, or a hospital with --hospital.",
            ));
        }
    };
    Ok(Some(found))
}

/// Clean, unless something computed again differs from what stands in the folder.
pub(super) fn done(found: &[Explanation]) -> Done {
    match found.iter().all(|one| one.differences.is_empty()) {
        true => Done::Clean,
        false => Done::WithDifferences,
    }
}

pub(super) fn print(found: &[Explanation], global: &GlobalArgs) -> Result<(), Failure> {
    if global.json {
        let list: Vec<Value> = found.iter().map(json).collect();
        out::print_json(&json!({ "settled": list }))?;
    } else {
        let texts: Vec<String> = found.iter().map(plain).collect();
        out::print(&texts.join("\n"))?;
    }
    Ok(())
}

/// A step on one line, its arithmetic and its keys on lines below.
pub(super) fn plain(one: &Explanation) -> String {
    let mut text = format!("{}\n", one.title);
    for part in &one.parts {
        text += &format!("\n{}\n", part.title);
        part.steps.iter().for_each(|step| add_step(&mut text, step));
    }
    if !one.parameters.is_empty() {
        text += "\n参数 parameters\n";
        one.parameters
            .iter()
            .for_each(|said| add_parameter(&mut text, said));
    }
    if !one.differences.is_empty() {
        text += "\n不符 differences\n";
        for difference in &one.differences {
            text += &format!("  {difference}\n");
        }
    }
    text
}

fn add_step(text: &mut String, step: &Step) {
    let mut line = format!("  {}", step.item);
    if !step.value.is_empty() {
        line += &format!(": {}", step.value);
    }
    if !step.arithmetic.is_empty() {
        line += &format!("\n      ← {}", step.arithmetic);
    }
    if !step.keys.is_empty() {
        line += &format!("\n      [{}]", step.keys.join(", "));
    }
    writeln!(text, "{line}").expect("a String takes every write");
}

fn add_parameter(text: &mut String, parameter: &Parameter) {
    let said = &parameter.said;
    let unit = said.unit.map_or(String::new(), |unit| format!(" [{unit}]"));
    let until = said
        .until
        .map_or(String::new(), |until| format!(" until {until}"));
    let source = &said.source;
    let note = said
        .note
        .as_ref()
        .map_or(String::new(), |note| format!("\n      {note}"));
    let line = format!(
        "  {} = {}{unit}\n      from {}{until} · {} ({}) {} · {} line {}{note}",
        said.key,
        said.value,
        said.from,
        source.tag,
        source.reliability,
        source.title,
        said.file,
        said.line
    );
    writeln!(text, "{line}").expect("a String takes every write");
}

pub(super) fn json(one: &Explanation) -> Value {
    let step = |step: &Step| {
        json!({
            "item": step.item,
            "value": step.value,
            "arithmetic": step.arithmetic,
            "keys": step.keys,
        })
    };
    let part = |part: &Part| {
        let steps: Vec<Value> = part.steps.iter().map(step).collect();
        json!({ "title": part.title, "steps": steps })
    };
    let parameter = |parameter: &Parameter| {
        let said = &parameter.said;
        json!({
            "key": said.key,
            "value": said.value,
            "unit": said.unit,
            "from": said.from.to_string(),
            "until": said.until.map(|until| until.to_string()),
            "at": parameter.at.to_string(),
            "source": said.source.key,
            "tag": said.source.tag,
            "reliability": said.source.reliability,
            "title": said.source.title,
            "note": said.note,
            "line": said.line,
        })
    };
    json!({
        "title": one.title,
        "parts": one.parts.iter().map(part).collect::<Vec<_>>(),
        "parameters": one.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "differences": one.differences,
    })
}
