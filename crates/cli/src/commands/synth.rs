//! `drgdip synth`.

use crate::args::{GlobalArgs, SynthArgs};
use crate::fail::{Done, Failure};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::{Progress, SynthJob, SynthPractice, SynthSummary};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(crate) fn run(
    args: &SynthArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let example = plans::example();
    let period = args.period.as_ref().unwrap_or(&example.period);
    let policy = args.policy.as_ref().unwrap_or(&example.policy);
    let (policy, plan) = plans::prepare_policy(policy, args.plan.as_deref(), period)?;
    let inputs = args.inputs.clone().unwrap_or_else(|| beside(&args.output));
    let job = SynthJob {
        cases: args.cases,
        seed: args.seed,
        plan: &plan,
        policy: &policy,
        period,
        bad_rows_per_ten_thousand: None,
        out: &args.output,
        files: u64::from(args.files),
        inputs: &inputs,
        units: args.units,
        threads: global.threads(),
    };
    let practice = match args.usual_practice {
        true => SynthPractice::Usual,
        false => SynthPractice::Varied,
    };
    let summary = match args.years {
        Some((first, last)) => drgdip_batch::synth_history(&job, first..=last, progress)?,
        None => drgdip_batch::synth_practised(&job, practice, progress)?,
    };
    progress.finish();
    if global.json {
        out::print_json(&as_json(args, &summary))?;
    } else {
        let (files, groups) = (summary.claims.len(), summary.groups);
        let claims = summary
            .claims
            .first()
            .map(|path| path.display().to_string());
        progress.note(&format!(
            "wrote {} claims for {groups} groups into {files} file(s), {} …{}",
            args.cases * args.years.map_or(1, |_| files as u64),
            claims.unwrap_or_default(),
            match args.years {
                Some(_) => String::new(),
                None => format!(", and inputs into {}", inputs.display()),
            },
        ));
    }
    Ok(Done::Clean)
}

/// The folder for the inputs unless told otherwise: beside the claims, named after them.
fn beside(claims: &Path) -> PathBuf {
    let stem = claims.file_stem().unwrap_or_default().to_string_lossy();
    claims.with_file_name(format!("{stem}-inputs"))
}

fn as_json(args: &SynthArgs, summary: &SynthSummary) -> serde_json::Value {
    let texts = |paths: &[PathBuf]| -> Vec<String> {
        paths
            .iter()
            .map(|path| path.display().to_string())
            .collect()
    };
    json!({
        "command": "synth",
        "cases": args.cases,
        "seed": args.seed,
        "claims": texts(&summary.claims),
        "inputs": texts(&summary.inputs),
        "groups": summary.groups,
        "unreachable": summary.unreachable,
    })
}
