//! `drgdip demo`.

use super::group::{findings_table, outcomes_table};
use super::settle::{counts, report, units};
use crate::args::{DemoArgs, GlobalArgs};
use crate::fail::{Done, Failure};
use crate::layout::grouped_digits;
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::{DEMO_CLAIMS, DEMO_INPUTS, DemoJob, DemoSummary};
use drgdip_tables::GroupingPlan;

/// How many hospitals of each pool the table shows.
const MOST_HOSPITALS: usize = 6;

pub(crate) fn run(
    args: &DemoArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let example = match args.dip {
        true => plans::dip_example(),
        false => plans::example(),
    };
    let made_from = example.claims_plan.as_deref();
    let made_from = made_from.map(plans::prepare).transpose()?;
    let (policy, plan) = plans::prepare_policy(&example.policy, None, &example.period)?;
    let job = DemoJob {
        cases: args.cases,
        seed: args.seed,
        plan: &plan,
        claims_plan: made_from.as_ref(),
        policy: &policy,
        period: &example.period,
        out: &args.output,
        threads: global.threads(),
    };
    let summary = drgdip_batch::demo(&job, progress)?;
    progress.finish();
    if global.json {
        out::print_json(&report::json("demo", &args.output, &summary.settled))?;
    } else {
        out::print(&plain(args, (&example.policy, &plan.plan), &summary))?;
    }
    progress.summary(&counts("demo", &args.output, &summary.settled));
    Ok(Done::Clean)
}

fn plain(args: &DemoArgs, (policy, plan): (&str, &GroupingPlan), summary: &DemoSummary) -> String {
    let settled = &summary.settled;
    let groups = match &plan.dip {
        Some(catalogue) => catalogue.groups.len(),
        None => summary.synth.groups,
    };
    let sections = [
        format!(
            "结算期 Period {} · {} 条清单 claims · {} 个病组 groups · 政策 policy {policy}\n",
            settled.period,
            grouped_digits(&settled.rows.to_string()),
            groups,
        ),
        outcomes_table(&settled.outcomes),
        report::pools_table(settled),
        report::hospitals_table(settled, MOST_HOSPITALS),
    ];
    let findings = findings_table(&settled.findings);
    let units = units::tables(settled);
    format!(
        "{}{units}\n{findings}\n{}",
        sections.join("\n"),
        where_to_go(args, (policy, &plan.id), summary)
    )
}

/// Where the files are, and what to try next.
fn where_to_go(args: &DemoArgs, (policy, plan): (&str, &str), summary: &DemoSummary) -> String {
    let case = summary.example_case.as_deref().unwrap_or_default();
    let text = include_str!("../../help/demo-next.txt")
        .replace("{dir}", &args.output.display().to_string())
        .replace("{case}", case)
        .replace("{policy}", policy)
        .replace("{plan}", plan)
        .replace("{claims}", DEMO_CLAIMS)
        .replace("{inputs}", DEMO_INPUTS);
    let is_there = |line: &&str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        !name.ends_with(".parquet") || args.output.join(name).exists()
    };
    let lines: Vec<&str> = text.lines().filter(is_there).collect();
    let units = units::explain_commands(&summary.settled, &args.output.display().to_string());
    format!("{}\n{units}", lines.join("\n"))
}
