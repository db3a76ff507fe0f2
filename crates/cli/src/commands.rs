//! What each command does.

mod catalogue;
mod check;
mod compare;
mod convert;
mod demo;
mod explain;
mod group;
mod newtech;
mod policy;
mod settle;
mod supervise;
mod synth;
mod tables;
mod verify;
mod weigh;

use crate::args::{Args, Command, FailOn};
use crate::fail::{Done, Failure};
use crate::progress::Reporter;
use drgdip_batch::FindingCounts;
use drgdip_claims::FindingSeverity;

/// Runs the command that was asked for.
pub(crate) fn run(args: &Args, progress: &Reporter) -> Result<Done, Failure> {
    let global = &args.global;
    match &args.command {
        Command::Group(group) => group::run(group, global, progress),
        Command::Check(check) => check::run(check, global, progress),
        Command::Convert(convert) => convert::run(convert, global, progress),
        Command::Compare(compare) => compare::run(compare, global, progress),
        Command::Verify(verify) => verify::run(verify, global, progress),
        Command::Tables { command } => tables::run(command, global, progress),
        Command::Policy { command } => policy::run(command, global),
        Command::Demo(demo) => demo::run(demo, global, progress),
        Command::Explain(explain) => explain::run(explain, global, progress),
        Command::Settle(settle) => settle::run(settle, global, progress),
        Command::Weigh(weigh) => weigh::run(weigh, global, progress),
        Command::Newtech { command } => newtech::run(command, global, progress),
        Command::Catalogue(catalogue) => catalogue::run(catalogue, global, progress),
        Command::Supervise(supervise) => supervise::run(supervise, global, progress),
        Command::Synth(synth) => synth::run(synth, global, progress),
    }
}

/// Whether the findings reach the level at which the user wants a failing exit code.
fn judge(findings: &FindingCounts, level: FailOn) -> Done {
    judge_counts(|least| findings.at_least(least), level)
}

/// The same, where `at_least` says how many findings there are of at least some severity.
fn judge_counts(at_least: impl FnOnce(FindingSeverity) -> u64, level: FailOn) -> Done {
    let count = match level {
        FailOn::None => 0,
        FailOn::Warn => at_least(FindingSeverity::Warn),
        FailOn::Reject => at_least(FindingSeverity::Reject),
    };
    if count == 0 {
        Done::Clean
    } else {
        Done::WithDifferences
    }
}

/// The findings of a run as a JSON object by code.
fn findings_json(findings: &FindingCounts) -> serde_json::Value {
    let entries = findings
        .iter()
        .map(|(finding, count)| (finding.code(), count));
    entries
        .collect::<std::collections::BTreeMap<_, _>>()
        .into_iter()
        .collect()
}
