//! `drgdip compare`.

mod report;

use crate::args::{CompareArgs, GlobalArgs};
use crate::fail::{Done, Failure};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::compare::{CompareJob, Comparison, Plans, compare, explain_differences};
use drgdip_tables::{FileSet, GroupingPlan};

pub(crate) fn run(
    args: &CompareArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let job = CompareJob {
        ours: args.ours.clone(),
        reference: args.reference.clone(),
        key: args.key.clone(),
    };
    let mut result = compare(&job, progress)?;
    explain(args, &job, &mut result, progress)?;
    progress.finish();
    match (global.json, args.md) {
        (true, _) => out::print_json(&report::json(&result))?,
        (_, true) => out::print(&report::markdown(&result))?,
        _ => out::print(&report::plain(&result))?,
    }
    Ok(if result.is_equal() {
        Done::Clean
    } else {
        Done::WithDifferences
    })
}

/// Leads each difference back to a rule, where it is known by which plan our side was made.
fn explain(
    args: &CompareArgs,
    job: &CompareJob,
    result: &mut Comparison,
    progress: &Reporter,
) -> Result<(), Failure> {
    if result.differences.is_empty() {
        return Ok(());
    }
    let Some(ours) = our_plan(args, result)? else {
        return Ok(());
    };
    let reference = args
        .reference_plan
        .as_deref()
        .map(plans::load_to_trace)
        .transpose()?;
    let plans = Plans {
        ours: &ours,
        reference: reference.as_ref().map(|loaded| &loaded.plan),
    };
    Ok(explain_differences(result, job, &plans, progress)?)
}

/// The plan asked for, or the bundled one that our side names.
fn our_plan(args: &CompareArgs, result: &Comparison) -> Result<Option<GroupingPlan>, Failure> {
    let named = match &result.plans[..] {
        [only] => FileSet::bundled_plan(only).map(|_| only.as_str()),
        _ => None,
    };
    let name = args.plan.as_deref().or(named);
    Ok(name
        .map(plans::load_to_trace)
        .transpose()?
        .map(|loaded| loaded.plan))
}
