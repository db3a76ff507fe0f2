//! `drgdip demo`: a generated month, settled, in one folder.

mod people;

use crate::check::CheckRules;
use crate::find::first_value;
use crate::grouped::PreparedPlan;
use crate::inputs::Inputs;
use crate::output::StagedFolder;
use crate::policy::PreparedPolicy;
use crate::read::ReadOptions;
use crate::settle::setting::Period;
use crate::settle::{SettleJob, SettleSpan, SettleSummary, settle_into};
use crate::synth::{SynthJob, SynthPractice, SynthSummary, synth_practised};
use crate::{Error, Progress};
use std::path::Path;

/// What `demo` is asked to do.
pub struct DemoJob<'a> {
    /// How many claims to make.
    pub cases: u64,
    /// Equal seeds make equal claims.
    pub seed: u64,
    /// The plan that the policy names.
    pub plan: &'a PreparedPlan,
    /// The plan whose groups the claims reach, where they are not made from `plan`: a DIP
    /// catalogue is grown from claims and makes none.
    pub claims_plan: Option<&'a PreparedPlan>,
    /// The policy to pay by.
    pub policy: &'a PreparedPolicy,
    /// The month `YYYY-MM` that is made and settled.
    pub period: &'a str,
    /// The folder to write: a settled run with its claims and inputs in it.
    pub out: &'a Path,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// What `demo` did.
#[derive(Clone, Debug)]
pub struct DemoSummary {
    /// The claims that were made.
    pub synth: SynthSummary,
    /// How they were settled.
    pub settled: SettleSummary,
    /// A case to look at; `None` when there is none.
    pub example_case: Option<String>,
}

/// The claims of the demo, inside its folder.
pub const DEMO_CLAIMS: &str = "claims.parquet";
/// The settlement inputs of the demo, inside its folder.
pub const DEMO_INPUTS: &str = "inputs";

/// Makes a month and settles it into a folder, which appears whole or not at all.
///
/// # Errors
/// As for `synth` and `settle`; nothing is published then.
pub fn demo(job: &DemoJob<'_>, progress: &dyn Progress) -> Result<DemoSummary, Error> {
    let folder = StagedFolder::new(job.out)?;
    let claims = [folder.path().join(DEMO_CLAIMS)];
    let inputs_folder = folder.path().join(DEMO_INPUTS);
    let made = SynthJob {
        cases: job.cases,
        seed: job.seed,
        plan: job.claims_plan.unwrap_or(job.plan),
        policy: job.policy,
        period: job.period,
        bad_rows_per_ten_thousand: None,
        out: &claims[0],
        files: 1,
        inputs: &inputs_folder,
        units: true,
        threads: job.threads,
    };
    let practice = match job.claims_plan {
        Some(_) => SynthPractice::Usual,
        None => SynthPractice::Varied,
    };
    let synth = synth_practised(&made, practice, progress)?;
    people::add(&inputs_folder, job.policy, job.period)?;
    let inputs = read_inside(&inputs_folder, folder.path(), job.policy)?;
    let day = Period::parse(job.period)?.last;
    let checks = job.policy.checks_at(day)?;
    let settled = SettleJob {
        claims: &claims,
        plan: job.plan.into(),
        policy: &job.policy.policy,
        policy_files: &job.policy.files,
        inputs: &inputs,
        period: Some(job.period),
        span: SettleSpan::Month,
        ledger: None,
        prior_claims: &[],
        checks: checks.as_ref().map(|(checks, check_files)| CheckRules {
            checks,
            check_files,
            plan: Some(job.plan.into()),
        }),
        out: job.out,
        read: ReadOptions::default(),
        threads: job.threads,
    };
    let (settled, _) = settle_into(&settled, folder.path(), progress)?;
    let example_case = first_value(&folder.path().join("cases.parquet"), "case_id")?;
    folder.publish()?;
    Ok(DemoSummary {
        synth,
        settled,
        example_case,
    })
}

/// Reads the inputs and names them by their place in the folder that will be published.
fn read_inside(inputs: &Path, root: &Path, policy: &PreparedPolicy) -> Result<Inputs, Error> {
    let mut inputs = Inputs::read(Some(inputs), &policy.standing)?;
    for file in &mut inputs.files {
        if let Ok(inside) = Path::new(&file.path).strip_prefix(root) {
            file.path = inside.display().to_string();
        }
    }
    Ok(inputs)
}
