//! `drgdip supervise`: supervision indices of hospitals, and the assessments that follow.
//!
//! One pass groups the claims of a year and keeps what the indices look at; `drgdip-calibrate`
//! then counts. Assessments are written in the form of the settlement input of that name, so that
//! the clearing of a year can take them.

mod gather;

use crate::apart::keep_apart;
use crate::flat::{csv_file, four_places};
use crate::group::{gathered, thread_pool};
use crate::grouped::PreparedPlan;
use crate::manifest::{Manifest, OutputFile};
use crate::output::{MANIFEST, StagedFolder};
use crate::read::{ClaimFiles, Column, ColumnNeeds, ReadOptions};
use crate::run::Run;
use crate::settle::setting::day_number;
use crate::settle::units::PastDrugs;
use crate::settle::verdicts;
use crate::table::CHUNK_ROWS;
use crate::{Error, Progress};
use drgdip_calibrate::supervise::{HospitalIndices, supervise as indices_of};
use drgdip_tables::Policy;
use drgdip_tables::policy::{SUPERVISION_INDICES, SuperviseTerms};
use gather::{Gather, Gathered};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What `supervise` is asked to do.
pub struct SuperviseJob<'a> {
    /// Claim files of a year, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// By what to group.
    pub plan: &'a PreparedPlan,
    /// The policy that says how.
    pub policy: &'a Policy,
    /// Each file of the policy with its sha256.
    pub policy_files: &'a [(String, String)],
    /// What the policy says on a day of the year whose discharges are counted.
    pub terms: &'a SuperviseTerms,
    /// The folder to write.
    pub out: &'a Path,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// What `supervise` did.
#[derive(Clone, Debug)]
pub struct SuperviseSummary {
    /// How many claims there were.
    pub rows: u64,
    /// Those that were counted.
    pub cases: u64,
    /// The indices of each hospital, by its id.
    pub hospitals: BTreeMap<String, HospitalIndices>,
}

/// Finds the indices of all hospitals of some claims, and writes them into a folder, which appears
/// whole or not at all.
///
/// # Errors
/// Claims that cannot be read or lack a column, an output that cannot be written, and an
/// interruption; nothing is published then.
pub fn supervise(
    job: &SuperviseJob<'_>,
    progress: &dyn Progress,
) -> Result<SuperviseSummary, Error> {
    keep_apart(job.out, job.claims, &[])?;
    let folder = StagedFolder::new(job.out)?;
    let path = folder.path();
    let drugs = PastDrugs::of_each_day(job.policy);
    let needs = needs(job, drugs.as_ref());
    let files = ClaimFiles::open(job.claims, &needs, job.read, Some(path))?;
    files.tell(progress);
    let pool = thread_pool(job.threads)?;
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };
    progress.stage("check keys", Some(files.rows));
    let verdicts = verdicts::find(&run, path)?;
    progress.stage("read claims", Some(files.rows));
    let hospitals = Mutex::default();
    let stage = Gather {
        job,
        verdicts: &verdicts,
        drugs: drugs.as_ref(),
        hospitals: &hospitals,
        year: day_number(job.terms.date.first_of_year())
            ..=day_number(job.terms.date.last_of_year()),
    };
    let (Gathered(cases), fingerprints) = gathered(&run, &stage, Gathered::default())?;
    let hospitals = hospitals.into_inner().expect("no worker panicked");
    let summary = count(job, (files.rows, cases), hospitals.names)?;
    let outputs = [
        write_indices(path, &summary)?,
        write_assessments(path, &summary)?,
    ];
    let mut manifest = Manifest::new("supervise");
    manifest.plan(job.plan.into());
    manifest.inputs(&files, &fingerprints);
    manifest.policy(&job.terms.policy, job.terms.date, job.policy_files);
    manifest.set("rows", json!(summary.rows));
    let left_out = summary.rows.saturating_sub(summary.cases);
    manifest.set(
        "outcomes",
        json!({ "counted/case": summary.cases, "left_out/unusable": left_out }),
    );
    manifest.outputs(&outputs);
    manifest.write(&path.join(MANIFEST))?;
    folder.publish()?;
    Ok(summary)
}

fn needs(job: &SuperviseJob<'_>, drugs: Option<&PastDrugs<'_>>) -> ColumnNeeds {
    let mut needs = crate::group::grouping_columns();
    needs.required.extend([
        Column::HospitalId,
        Column::PersonId,
        Column::AdmissionDate,
        Column::DischargeDate,
        Column::TotalCost,
        Column::StayDays,
        Column::DischargeWay,
    ]);
    needs
        .optional
        .extend([Column::ReadmissionPlanned, Column::Reverses]);
    needs
        .optional
        .extend(crate::PlanChoice::from(job.plan).columns());
    let required = needs.required.clone();
    needs.optional.retain(|column| !required.contains(column));
    if let Some(drugs) = drugs {
        needs.also(drugs.columns());
    }
    needs
}

fn count(
    job: &SuperviseJob<'_>,
    (rows, cases): (u64, Vec<drgdip_calibrate::supervise::SupervisedCase>),
    names: Vec<String>,
) -> Result<SuperviseSummary, Error> {
    let weights = job.plan.plan.weights_by_group();
    let weights: Vec<Option<i64>> = (job.plan.grouper.groups().iter())
        .map(|group| {
            weights
                .get(group.group.as_str())
                .map(|row| row.ten_thousandths)
        })
        .collect();
    let counted = cases.len() as u64;
    let wrong = |e: drgdip_calibrate::Error| Error::input("claims", e);
    let found = indices_of(cases, &weights, job.terms).map_err(wrong)?;
    let named = found
        .into_iter()
        .map(|one| (names[one.hospital as usize].clone(), one));
    Ok(SuperviseSummary {
        rows,
        cases: counted,
        hospitals: named.collect(),
    })
}

/// One row a hospital and index.
fn write_indices(folder: &Path, summary: &SuperviseSummary) -> Result<OutputFile, Error> {
    let heading = [
        "hospital_id",
        "cases",
        "index",
        "observed",
        "expected",
        "value",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for (id, found) in &summary.hospitals {
        for (name, value) in SUPERVISION_INDICES.iter().zip(&found.values) {
            rows.push([
                id.clone(),
                found.cases.to_string(),
                (*name).to_owned(),
                value.observed.to_string(),
                value.expected.shown(4),
                four_places(value.index),
            ]);
        }
    }
    csv_file(folder, "indices.csv", &rows)
}

/// The coefficients as the settlement input `assessments`.
fn write_assessments(folder: &Path, summary: &SuperviseSummary) -> Result<OutputFile, Error> {
    let heading = [
        "hospital_id",
        "coefficient",
        "score",
        "overspend_approved",
        "reason",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    rows.extend(summary.hospitals.iter().map(|(id, found)| {
        [
            id.clone(),
            four_places(found.coefficient),
            String::new(),
            String::new(),
            reason(found),
        ]
    }));
    csv_file(folder, "assessments.csv", &rows)
}

/// The indices above 1.
fn reason(found: &HospitalIndices) -> String {
    let high = SUPERVISION_INDICES.iter().zip(&found.values);
    let high = high.filter(|(_, value)| value.index > 10_000);
    let high: Vec<String> = high
        .map(|(name, value)| format!("{name} {}", four_places(value.index)))
        .collect();
    high.join("; ")
}
