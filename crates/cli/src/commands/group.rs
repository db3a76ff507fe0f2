//! `drgdip group`.

use super::{findings_json, judge};
use crate::args::{GlobalArgs, GroupArgs};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::progress::{Reporter, RunCounts};
use crate::{out, plans};
use drgdip_batch::{FindingCounts, GroupJob, GroupSummary, OutcomeCounts, QuarantineCounts};
use serde_json::json;
use std::fmt::Write as _;

pub(crate) fn run(
    args: &GroupArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let plan = plans::choose(
        &args.plan,
        &args.tables,
        (&args.claims, args.read.options()),
        (global, progress),
    )?;
    let job = GroupJob {
        claims: &args.claims,
        plan: plan.choice(),
        out: &args.output,
        keep: args.keep,
        read: args.read.options(),
        threads: global.threads(),
        row_group_rows: args.row_group_rows,
    };
    let summary = drgdip_batch::group(&job, progress)?;
    progress.finish();
    if global.json {
        out::print_json(&as_json(args, &summary))?;
    } else {
        let text = format!("{}wrote {}", report(&summary), args.output.display());
        progress.report(&text, &args.output);
    }
    let grouped = grouped(&summary.outcomes);
    progress.summary(&RunCounts {
        command: "group",
        output: &args.output,
        rows_in: summary.rows + summary.quarantined.rows,
        grouped: Some(grouped),
        rejected: summary.rows - grouped,
        quarantined: summary.quarantined.rows,
    });
    Ok(judge(&summary.findings, args.read.fail_on))
}

/// How many claims have a group.
pub(crate) fn grouped(outcomes: &OutcomeCounts) -> u64 {
    let grouped = outcomes
        .iter()
        .filter(|(status, _, _)| *status == "grouped");
    grouped.map(|(_, _, count)| count).sum()
}

fn report(summary: &GroupSummary) -> String {
    let mut text = quarantine_line(summary.quarantined);
    text.push_str(&outcomes_table(&summary.outcomes));
    text.push_str(&findings_table(&summary.findings));
    for name in &summary.not_kept {
        let _ = writeln!(
            text,
            "列 column {name}: 未保留,输出已有同名列 not kept, the output has its own"
        );
    }
    text
}

/// What was left out because it cannot be read; empty where nothing was.
pub(crate) fn quarantine_line(left: QuarantineCounts) -> String {
    if left == QuarantineCounts::default() {
        return String::new();
    }
    format!(
        "已隔离 left out: {} 个文件 files, {} 个行组 row groups, {} 行 rows (findings.parquet)\n",
        grouped_digits(&left.files.to_string()),
        grouped_digits(&left.row_groups.to_string()),
        grouped_digits(&left.rows.to_string()),
    )
}

/// The same as JSON.
pub(crate) fn quarantine_json(left: QuarantineCounts) -> serde_json::Value {
    json!({ "files": left.files, "row_groups": left.row_groups, "rows": left.rows })
}

/// What became of the claims, as a table.
pub(crate) fn outcomes_table(outcomes: &OutcomeCounts) -> String {
    let mut table = Layout::new(&[
        ("结果 Outcome", Align::Left),
        ("原因 Reason", Align::Left),
        ("病例 Cases", Align::Right),
    ]);
    for (status, reason, count) in outcomes.iter() {
        table.row([
            status.to_owned(),
            reason.to_owned(),
            grouped_digits(&count.to_string()),
        ]);
    }
    table.render()
}

/// What was found about the claims, as a table; empty when nothing was.
pub(crate) fn findings_table(findings: &FindingCounts) -> String {
    let mut table = Layout::new(&[
        ("发现 Finding", Align::Left),
        ("级别 Level", Align::Left),
        ("次数 Count", Align::Right),
        ("说明 Meaning", Align::Left),
    ]);
    let mut is_empty = true;
    for (finding, count) in findings.iter().filter(|(_, count)| *count > 0) {
        is_empty = false;
        table.row([
            finding.code().to_owned(),
            finding.severity().to_string(),
            grouped_digits(&count.to_string()),
            finding.chinese().to_owned(),
        ]);
    }
    if is_empty {
        String::new()
    } else {
        format!("\n{}", table.render())
    }
}

fn as_json(args: &GroupArgs, summary: &GroupSummary) -> serde_json::Value {
    json!({
        "command": "group",
        "output": args.output.display().to_string(),
        "rows": summary.rows,
        "quarantined": quarantine_json(summary.quarantined),
        "outcomes": outcomes_json(&summary.outcomes),
        "findings": findings_json(&summary.findings),
        "columns_not_kept": summary.not_kept,
    })
}

/// The outcomes of a run as a JSON object by `status/reason`.
pub(crate) fn outcomes_json(outcomes: &OutcomeCounts) -> serde_json::Value {
    let entry = |(status, reason, count)| (format!("{status}/{reason}"), json!(count));
    serde_json::Value::Object(outcomes.iter().map(entry).collect())
}
