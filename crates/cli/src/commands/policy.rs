//! `drgdip policy`.

mod technologies;

use crate::args::{GlobalArgs, PolicyCheckArgs, PolicyCommand, PolicyShowArgs};
use crate::fail::{Done, Failure};
use crate::out;
use drgdip_batch::PreparedPolicy;
use drgdip_tables::Policy;
use drgdip_tables::policy::{Described, PolicyWarning};
use jiff::civil::Date;
use serde_json::{Value, json};

pub(crate) fn run(command: &PolicyCommand, global: &GlobalArgs) -> Result<Done, Failure> {
    match command {
        PolicyCommand::Check(args) => check(args, global)?,
        PolicyCommand::Show(args) => show(args, global)?,
    }
    Ok(Done::Clean)
}

/// Checks every policy; the first that cannot be used is what the command fails with.
fn check(args: &PolicyCheckArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut checked = Vec::new();
    let mut failure: Option<Failure> = None;
    for name in &args.policies {
        match PreparedPolicy::load(name) {
            Ok(prepared) => checked.push(prepared.policy),
            Err(error) => match &failure {
                None => failure = Some(error.into()),
                Some(_) => Failure::from(error).report(),
            },
        }
    }
    if global.json {
        let policies: Vec<Value> = checked.iter().map(check_json).collect();
        out::print_json(&json!({ "policies": policies }))?;
    } else {
        let texts: Vec<String> = checked.iter().map(check_text).collect();
        out::print(&texts.join("\n"))?;
    }
    failure.map_or(Ok(()), Err)
}

fn check_text(policy: &Policy) -> String {
    let warnings = policy.warnings();
    let mut text = format!(
        "{} · {}\n可用 usable · {} 处提醒 warnings: steps and shares\n",
        policy.id(),
        policy.title(),
        warnings.len()
    );
    for warning in &warnings {
        text += &format!("  {}, {warning}\n", policy.file());
    }
    let technologies = policy.new_technologies().technologies().len();
    if technologies > 0 {
        text +=
            &format!("新技术登记 {technologies} 条 entries in the registry of new technologies\n");
    }
    text
}

fn check_json(policy: &Policy) -> Value {
    let warnings: Vec<Value> = policy.warnings().iter().map(warning_json).collect();
    json!({
        "policy": policy.id(),
        "title": policy.title(),
        "warnings": warnings,
        "new_technologies": policy.new_technologies().technologies().len(),
    })
}

fn warning_json(warning: &PolicyWarning) -> Value {
    json!({
        "key": warning.key,
        "line": warning.line,
        "from": warning.from.to_string(),
        "step": warning.step.normalize().to_string(),
        "message": warning.message,
    })
}

fn show(args: &PolicyShowArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let policy = PreparedPolicy::load(&args.policy)?.policy;
    let day = match &args.at {
        Some(text) => date(text)?,
        None => *policy.changes().last().expect("a policy has a first day"),
    };
    let values = policy.describe(day)?;
    if global.json {
        let rows: Vec<Value> = values.iter().map(value_json).collect();
        let head = json!({
            "policy": policy.id(),
            "title": policy.title(),
            "at": day.to_string(),
            "values": rows,
            "new_technologies": technologies::json(policy.new_technologies(), day),
        });
        out::print_json(&head)?;
    } else {
        let mut text = format!(
            "{} · {}\n{day} 有效 in force\n",
            policy.id(),
            policy.title()
        );
        for value in &values {
            text += &value_text(value, policy.file());
        }
        text += &technologies::text(policy.new_technologies(), day);
        out::print(&text)?;
    }
    Ok(())
}

/// A value on one line, and on the next when it holds, who says so and where; `file` is the
/// policy's own, which need not be named.
fn value_text(value: &Described, file: &str) -> String {
    let other_file = if value.file == file {
        String::new()
    } else {
        format!("{}, ", value.file)
    };
    let unit = value
        .unit
        .map_or(String::new(), |unit| format!(" [{unit}]"));
    let until = value
        .until
        .map_or(String::new(), |until| format!(" until {until}"));
    let note = value
        .note
        .as_ref()
        .map_or(String::new(), |note| format!(" · {note}"));
    format!(
        "\n{} = {}{unit}\n  from {}{until} · {} ({}) · {other_file}line {}{note}\n",
        value.key, value.value, value.from, value.source.tag, value.source.reliability, value.line
    )
}

fn value_json(value: &Described) -> Value {
    json!({
        "key": value.key,
        "value": value.value,
        "unit": value.unit,
        "from": value.from.to_string(),
        "until": value.until.map(|until| until.to_string()),
        "source": value.source.key,
        "tag": value.source.tag,
        "reliability": value.source.reliability,
        "title": value.source.title,
        "note": value.note,
        "file": value.file,
        "line": value.line,
    })
}

fn date(text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(
            format!("{text:?} is not a date."),
            "Write the day as YYYY-MM-DD.",
        )
    })
}
