//! Which cases land elsewhere, as text or JSON.

use super::section;
use crate::commands::group::outcomes_json;
use crate::layout::{Align, Layout, grouped_digits};
use drgdip_batch::{Landing, Migration, Move, OutcomeCounts};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The totals, the statuses and the moves.
pub(super) fn text(migration: &Migration, is_full: bool) -> String {
    let moved = migration.cases - migration.unchanged;
    let [cases, same, moved] = [migration.cases, migration.unchanged, moved].map(digits);
    let mut text = format!(
        "\n病例 Cases {cases} · 不变 unchanged {same} · 变动 moved {moved}\n\n{}",
        statuses(migration)
    );
    let rows = migration.moves.iter().map(|cases| {
        vec![
            digits(cases.cases),
            place(&cases.before),
            place(&cases.after),
            cases.examples.join(" "),
        ]
    });
    text += &section(
        "病例变动 Moves",
        &[
            ("病例 Cases", Align::Right),
            ("原 Before", Align::Left),
            ("新 After", Align::Left),
            ("示例 Examples", Align::Left),
        ],
        rows.collect(),
        is_full,
    );
    text
}

fn digits(number: u64) -> String {
    grouped_digits(&number.to_string())
}

/// A group with its MDC where the group does not show it, or the status of a case without one.
fn place(landing: &Landing) -> String {
    match (&landing.group, &landing.mdc) {
        (Some(group), Some(mdc)) => format!("{group} ({mdc})"),
        _ => landing.status.to_owned(),
    }
}

/// How many cases have each status by each plan.
fn statuses(migration: &Migration) -> String {
    let mut table = Layout::new(&[
        ("结果 Status", Align::Left),
        ("原 Before", Align::Right),
        ("新 After", Align::Right),
    ]);
    let of = |outcomes: &OutcomeCounts| -> BTreeSet<&'static str> {
        outcomes.iter().map(|(status, _, _)| status).collect()
    };
    for status in &of(&migration.before) | &of(&migration.after) {
        table.row([
            status.to_owned(),
            digits(migration.before.of_status(status)),
            digits(migration.after.of_status(status)),
        ]);
    }
    table.render()
}

/// Everything, for programs.
pub(super) fn json(migration: &Migration) -> Value {
    let moves: Vec<Value> = migration.moves.iter().map(move_json).collect();
    json!({
        "cases": migration.cases,
        "unchanged": migration.unchanged,
        "moved": migration.cases - migration.unchanged,
        "before": outcomes_json(&migration.before),
        "after": outcomes_json(&migration.after),
        "moves": moves,
    })
}

fn move_json(cases: &Move) -> Value {
    json!({
        "before": landing_json(&cases.before),
        "after": landing_json(&cases.after),
        "cases": cases.cases,
        "examples": cases.examples,
    })
}

fn landing_json(landing: &Landing) -> Value {
    json!({
        "status": landing.status,
        "mdc": landing.mdc,
        "adrg": landing.adrg,
        "group": landing.group,
    })
}
