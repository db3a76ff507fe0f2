//! `drgdip settle`.

pub(crate) mod report;
pub(crate) mod units;

use super::group::grouped;
use super::judge;
use crate::args::{GlobalArgs, SettleArgs};
use crate::fail::{Done, Failure};
use crate::progress::{Reporter, RunCounts};
use crate::{out, plans};
use drgdip_batch::inputs::{InputTable, Inputs};
use drgdip_batch::{
    CheckRules, LedgerUse, Period, PreparedPolicy, Progress, SettleJob, SettleSpan, SettleSummary,
};
use drgdip_tables::{ClaimChecks, FileSet};
use jiff::civil::Date;
use std::path::{Path, PathBuf};

pub(crate) fn run(
    args: &SettleArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let policy = PreparedPolicy::load(&args.policy)?;
    let folder = args.inputs.clone().or_else(|| beside(&args.claims));
    if let (None, Some(folder)) = (&args.inputs, &folder) {
        progress.note(&format!(
            "note: the inputs are taken from {}",
            folder.display()
        ));
    }
    let inputs = Inputs::read(folder.as_deref(), &policy.standing)?;
    if !inputs.unused.is_empty() {
        let names = inputs.unused.join(", ");
        progress.note(&format!(
            "note: no table is read from {names} of the inputs folder"
        ));
    }
    if args.period.is_none() && inputs.rows(InputTable::BudgetTree).is_empty() {
        // Without a period the budgets say which month it is, so what is missing is said first.
        inputs.require(&[InputTable::Hospitals, InputTable::Budgets])?;
    }
    let plan = match &args.plan {
        Some(name) => {
            let claims = (&args.claims[..], args.read.options());
            plans::choose(name, &args.tables, claims, (global, progress))?
        }
        None => {
            let terms = plans::terms(&policy, last_day(args, &inputs)?)?;
            plans::of_policy(&terms, &inputs, &args.tables)?
        }
    };
    let checks = checks(args, &policy, &inputs)?;
    let job = SettleJob {
        claims: &args.claims,
        plan: plan.choice(),
        policy: &policy.policy,
        policy_files: &policy.files,
        inputs: &inputs,
        period: args.period.as_deref(),
        span: if args.annual {
            SettleSpan::Year
        } else {
            SettleSpan::Month
        },
        ledger: args.ledger.as_deref().map(|folder| LedgerUse {
            folder,
            correction: args.correct.as_deref(),
        }),
        prior_claims: &args.prior_claims,
        checks: checks.as_ref().map(|(checks, check_files)| CheckRules {
            checks,
            check_files,
            plan: Some(plan.choice()),
        }),
        out: &args.output,
        read: args.read.options(),
        threads: global.threads(),
    };
    let summary = drgdip_batch::settle(&job, progress)?;
    progress.finish();
    if global.json {
        out::print_json(&report::json("settle", &args.output, &summary))?;
    } else {
        let text = report::plain(&summary);
        let text = format!("{text}\n已写入 wrote {}", args.output.display());
        progress.report(&text, &args.output);
    }
    progress.summary(&counts("settle", &args.output, &summary));
    Ok(judge(&summary.findings, args.read.fail_on))
}

/// What became of the claims of a settlement.
pub(crate) fn counts<'a>(
    command: &'static str,
    output: &'a Path,
    summary: &SettleSummary,
) -> RunCounts<'a> {
    RunCounts {
        command,
        output,
        rows_in: summary.rows + summary.quarantined.rows,
        grouped: Some(grouped(&summary.outcomes)),
        rejected: summary.classes.get("unpaid").copied().unwrap_or(0),
        quarantined: summary.quarantined.rows,
    }
}

/// The folder that `synth` writes beside a claims file: its name with `-inputs` for `.parquet`.
fn beside(claims: &[PathBuf]) -> Option<PathBuf> {
    let [only] = claims else { return None };
    let mut name = only.file_stem()?.to_os_string();
    name.push("-inputs");
    let folder = only.with_file_name(name);
    folder.is_dir().then_some(folder)
}

/// The checks that were asked for, or else those that the policy names on the last day.
fn checks(
    args: &SettleArgs,
    policy: &PreparedPolicy,
    inputs: &Inputs,
) -> Result<Option<(ClaimChecks, FileSet)>, Failure> {
    match &args.checks {
        Some(name) => Ok(Some(ClaimChecks::load(name)?)),
        None if policy.policy.names_checks() => Ok(policy.checks_at(last_day(args, inputs)?)?),
        None => Ok(None),
    }
}

/// The last day of the month or year.
fn last_day(args: &SettleArgs, inputs: &Inputs) -> Result<Date, Failure> {
    let period = Period::choose(args.period.as_deref(), &inputs.budgets, args.annual)?;
    Ok(period.last)
}
