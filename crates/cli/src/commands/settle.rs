//! `drgdip settle`.

pub(crate) mod report;

use super::judge;
use crate::args::{GlobalArgs, SettleArgs};
use crate::fail::{Done, Failure};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::{PreparedPlan, PreparedPolicy, Progress, ReadOptions, SettleJob};
use std::collections::BTreeSet;

pub(crate) fn run(
    args: &SettleArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let policy = PreparedPolicy::load(&args.policy)?;
    let inputs = Inputs::read(args.inputs.as_deref(), &policy.standing)?;
    if !inputs.unused.is_empty() {
        let names = inputs.unused.join(", ");
        progress.note(&format!(
            "note: no table is read from {names} of the inputs folder"
        ));
    }
    let plan = plan(args, &policy, &inputs)?;
    let job = SettleJob {
        claims: &args.claims,
        plan: &plan,
        policy: &policy.policy,
        policy_files: &policy.files,
        inputs: &inputs,
        period: args.period.as_deref(),
        out: &args.output,
        read: ReadOptions {
            allow_float_money: args.read.allow_float_money,
        },
        threads: global.threads(),
    };
    let summary = drgdip_batch::settle(&job, progress)?;
    progress.finish();
    if global.json {
        out::print_json(&report::json("settle", &args.output, &summary))?;
    } else {
        let text = report::plain(&summary);
        progress.note(&format!("{text}\n已写入 wrote {}", args.output.display()));
    }
    Ok(judge(&summary.findings, args.read.fail_on))
}

/// The plan asked for, or the one that the policy names on the last day of the month.
fn plan(
    args: &SettleArgs,
    policy: &PreparedPolicy,
    inputs: &Inputs,
) -> Result<PreparedPlan, Failure> {
    if let Some(plan) = &args.plan {
        return plans::prepare(plan);
    }
    let stated: BTreeSet<&str> = inputs
        .budgets
        .iter()
        .map(|row| row.period.as_str())
        .collect();
    let only = stated.first().filter(|_| stated.len() == 1).copied();
    let period = args.period.as_deref().or(only).ok_or_else(|| {
        let stated: Vec<&str> = stated.into_iter().collect();
        let problem = match stated[..] {
            [] => "no budget states which month is settled.".to_owned(),
            _ => format!("the budgets state {}.", stated.join(", ")),
        };
        Failure::usage(problem, "Name the month with --period YYYY-MM.")
    })?;
    plans::prepare(&plans::terms(policy, plans::last_day(period)?)?.plan)
}
