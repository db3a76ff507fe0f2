//! `drgdip check`.

use super::group::{quarantine_json, quarantine_line};
use super::judge_counts;
use crate::args::{CheckClaimsArgs, GlobalArgs};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::progress::{Reporter, RunCounts};
use crate::{out, plans};
use drgdip_batch::{CheckJob, CheckRules, CheckSummary, NotAsked};
use drgdip_tables::ClaimChecks;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

pub(crate) fn run(
    args: &CheckClaimsArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let (checks, check_files) = ClaimChecks::load(&args.checks)?;
    let claims = (&args.claims[..], args.read.options());
    let with = (global, progress);
    let plan = args.plan.as_deref();
    let plan = plan.map(|plan| plans::choose(plan, &args.tables, claims, with));
    let plan = plan.transpose()?;
    let job = CheckJob {
        claims: &args.claims,
        rules: CheckRules {
            checks: &checks,
            check_files: &check_files,
            plan: plan.as_ref().map(plans::Chosen::choice),
        },
        out: &args.output,
        read: args.read.options(),
        threads: global.threads(),
    };
    let summary = drgdip_batch::check(&job, progress)?;
    progress.finish();
    if global.json {
        out::print_json(&as_json(args, &summary))?;
    } else {
        progress.report(&report(args, &summary), &args.output);
    }
    progress.summary(&RunCounts {
        command: "check",
        output: &args.output,
        rows_in: summary.rows + summary.quarantined.rows,
        grouped: None,
        rejected: summary.rejected,
        quarantined: summary.quarantined.rows,
    });
    let at_least = |level| summary.at_least(level);
    Ok(judge_counts(at_least, args.read.fail_on))
}

fn report(args: &CheckClaimsArgs, summary: &CheckSummary) -> String {
    let mut text = quarantine_line(summary.quarantined);
    text.push_str(&rules_table(summary));
    let digits = |count: u64| grouped_digits(&count.to_string());
    // A String takes every write.
    let _ = writeln!(
        text,
        "\n{} 份清单 claims: {} 退回 rejected, {} 提示 warned, {} 无问题 clean",
        digits(summary.rows),
        digits(summary.rejected),
        digits(summary.warned),
        digits(summary.rows - summary.rejected - summary.warned),
    );
    text.push_str(&not_asked_line(&summary.not_asked, "not_asked.csv"));
    let _ = write!(text, "已写入 wrote {}", args.output.display());
    text
}

/// Which rules were not asked of every file, and which table says why; empty where all were.
pub(crate) fn not_asked_line(not_asked: &[NotAsked], table: &str) -> String {
    let mut rules: Vec<&str> = not_asked.iter().map(|left| left.rule.code()).collect();
    rules.dedup();
    match rules.is_empty() {
        true => String::new(),
        false => {
            let rules = rules.join(", ");
            format!("未检查 not asked of every file ({table}): {rules}\n")
        }
    }
}

pub(crate) fn not_asked_json(not_asked: &[NotAsked]) -> Vec<Value> {
    let one = |left: &NotAsked| json!({ "code": left.rule.code(), "file": left.file, "reason": left.reason });
    not_asked.iter().map(one).collect()
}

fn rules_table(summary: &CheckSummary) -> String {
    let mut table = Layout::new(&[
        ("规则 Rule", Align::Left),
        ("级别 Level", Align::Left),
        ("次数 Count", Align::Right),
        ("说明 Meaning", Align::Left),
    ]);
    for (rule, (level, count)) in &summary.rules {
        table.row([
            rule.code().to_owned(),
            level.to_string(),
            grouped_digits(&count.to_string()),
            rule.chinese().to_owned(),
        ]);
    }
    match summary.rules.is_empty() {
        true => String::new(),
        false => table.render(),
    }
}

fn as_json(args: &CheckClaimsArgs, summary: &CheckSummary) -> Value {
    let rules: Map<String, Value> = summary
        .rules
        .iter()
        .map(|(rule, (level, count))| {
            let entry = json!({ "level": level.to_string(), "count": count });
            (rule.code().to_owned(), entry)
        })
        .collect();
    json!({
        "command": "check",
        "output": args.output.display().to_string(),
        "rows": summary.rows,
        "quarantined": quarantine_json(summary.quarantined),
        "rejected": summary.rejected,
        "warned": summary.warned,
        "rules": rules,
        "not_asked": not_asked_json(&summary.not_asked),
    })
}
