//! `drgdip weigh`: history grouped by this year's plan, turned into weights and base points.
//!
//! One pass groups the claims and keeps 16 bytes for each usable case. `drgdip-calibrate` then
//! decides; since what it leaves out is decided by costs alone, a second pass over a few money
//! columns is enough for the cost structure of the cases that are used.

mod families;
mod gather;
mod parts;
mod report;
pub(crate) mod setting;
pub(crate) mod tables;

use crate::apart::keep_apart;
use crate::group::{gathered, grouping_columns, thread_pool};
use crate::grouped::PreparedPlan;
use crate::inputs::{Inputs, StatedGroup, stated_means, stated_weights};
use crate::manifest::{Manifest, OutputFile};
use crate::output::{Fingerprint, MANIFEST, StagedFolder};
use crate::read::{ClaimFiles, Column, ColumnNeeds, ReadOptions};
use crate::run::Run;
use crate::settle::units::PastDrugs;
use crate::settle::verdicts;
use crate::sort::sort_watched;
use crate::table::CHUNK_ROWS;
use crate::{Error, FindingCounts, OutcomeCounts, Progress};
use drgdip_calibrate::{Calibration, Case, History, Watch, calibrate};
use drgdip_tables::Policy;
use drgdip_tables::policy::WeighTerms;
pub use gather::LeftOut;
use gather::{Gather, Gathered};
use serde_json::{Value, json};
use setting::Setting;
use std::path::{Path, PathBuf};
pub(crate) use tables::yuan;

/// What `weigh` is asked to do.
pub struct WeighJob<'a> {
    /// Claim files of several years, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// The plan that history is grouped by.
    pub plan: &'a PreparedPlan,
    /// The policy that says how.
    pub policy: &'a Policy,
    /// Each file of the policy with its sha256.
    pub policy_files: &'a [(String, String)],
    /// What the policy says at the date of the weights.
    pub terms: &'a WeighTerms,
    /// The year that the weights are for; history is the years before it.
    pub year: i16,
    /// The hospitals with their levels; none is no means by level. Other tables are not used.
    pub inputs: &'a Inputs,
    /// A table of weights that people decided.
    pub changes: Option<&'a Path>,
    /// A table of given mean costs, for the quota method.
    pub quotas: Option<&'a Path>,
    /// The folder to write.
    pub out: &'a Path,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// What `weigh` did.
#[derive(Clone, Debug)]
pub struct WeighSummary {
    /// The history years, oldest first, each with its used cases.
    pub years: Vec<(i16, u64)>,
    /// How many claims there were.
    pub rows: u64,
    /// What grouping made of them.
    pub outcomes: OutcomeCounts,
    /// Which of them could not be used, by reason.
    pub left_out: LeftOut,
    /// Weights, base points, and the counts of every step.
    pub calibration: Calibration,
}

impl WeighSummary {
    /// The counts and totals as JSON, as they stand in the manifest.
    #[must_use]
    pub fn json(&self) -> Value {
        report::json(self)
    }
}

/// Weighs history into a folder, which appears whole or not at all.
///
/// # Errors
/// Unusable claims, tables, policy or output folder, a history that cannot be weighed, and an
/// interruption; nothing is published then.
pub fn weigh(job: &WeighJob<'_>, progress: &dyn Progress) -> Result<WeighSummary, Error> {
    keep_apart(job.out, job.claims, &[])?;
    let folder = StagedFolder::new(job.out)?;
    let summary = weigh_into(job, folder.path(), progress)?;
    folder.publish()?;
    Ok(summary)
}

fn needs(drugs: Option<&PastDrugs<'_>>) -> ColumnNeeds {
    let mut needs = grouping_columns();
    needs
        .required
        .extend([Column::DischargeDate, Column::TotalCost]);
    needs
        .optional
        .extend([Column::HospitalId, Column::Reverses]);
    needs.optional.extend(parts::MONEY_PARTS);
    if let Some(drugs) = drugs {
        needs.also(drugs.columns());
    }
    needs
}

fn weigh_into(
    job: &WeighJob<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<WeighSummary, Error> {
    let stated = Stated::read(job)?;
    let setting = Setting::new(job, &stated)?;
    let drugs = PastDrugs::known_on(job.policy, job.terms.date)?;
    let drugs = drugs.as_ref();
    let files = ClaimFiles::open(job.claims, &needs(drugs), job.read, Some(folder))?;
    files.tell(progress);
    let pool = thread_pool(job.threads)?;
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };
    let (gathered, fingerprints) = gather(&run, (&setting, drugs), folder)?;
    let Gathered {
        mut cases,
        keys,
        drugs,
        outcomes,
        left_out,
    } = gathered;
    progress.stage("weigh", None);
    // The order in which calibration wants them; sorting what is sorted costs it next to nothing.
    let by_cost = |case: &Case| (case.group, case.cost_fen);
    pool.install(|| sort_watched(&mut cases, &by_cost, progress))?;
    let history = History {
        groups: &setting.groups,
        cases,
        levels: &setting.levels,
        families: &setting.families,
        changes: &setting.changes,
    };
    let is_stopped = || progress.is_interrupted();
    let calibration = match calibrate(history, job.terms, Watch::new(&is_stopped)) {
        Err(drgdip_calibrate::Error::Interrupted) => return Err(Error::interrupted()),
        Err(drgdip_calibrate::Error::NoCases) => return Err(no_case(files.rows, &left_out)),
        found => found.map_err(|e| cannot_weigh(&e))?,
    };
    if !keys.is_empty() {
        progress.stage("cost structure", Some(files.rows));
    }
    let parts = parts::read(&run, &calibration.groups, (&keys, &drugs))?;

    let summary = WeighSummary {
        years: years(&setting, &calibration),
        rows: files.rows,
        outcomes,
        left_out,
        calibration,
    };
    let outputs = vec![
        tables::weights(folder, &setting, &summary)?,
        tables::groups(folder, &setting, (&summary, &parts), job.terms)?,
        tables::calibration(folder, &setting, &summary)?,
        report::write(folder, job, &setting, &summary)?,
    ];
    let record = Record {
        job,
        stated: &stated,
        files: &files,
        fingerprints: &fingerprints,
    };
    record.write(folder, &summary, &outputs)?;
    Ok(summary)
}

fn gather(
    run: &Run<'_>,
    (setting, drugs): (&Setting<'_>, Option<&PastDrugs<'_>>),
    folder: &Path,
) -> Result<(Gathered, Vec<Fingerprint>), Error> {
    run.progress.stage("check keys", Some(run.files.rows));
    let verdicts = verdicts::find(run, folder)?;
    run.progress.stage("group", Some(run.files.rows));
    let stage = Gather::new(setting, (&verdicts, drugs), parts::are_stated(run.files));
    let all = Gathered::for_rows(run.files.rows, stage.keeps_keys());
    gathered(run, &stage, all)
}

/// Says why no case can be used, so that nobody has to look for a report that is not there.
fn no_case(rows: u64, left_out: &LeftOut) -> Error {
    let reasons = left_out
        .iter()
        .map(|(code, _, _, count)| format!("{count} {code}"));
    let reasons = reasons.collect::<Vec<_>>().join(", ");
    let problem = format!("none of the {rows} claims can be used: {reasons}.");
    Error::input("history", problem)
        .with_hint("History is the years before --year, as many as weigh.years states.")
}

fn cannot_weigh(error: &drgdip_calibrate::Error) -> Error {
    let problem = format!("the history cannot be weighed: {error}.");
    Error::input("history", problem)
}

/// The used cases of each history year.
fn years(setting: &Setting<'_>, calibration: &Calibration) -> Vec<(i16, u64)> {
    let of_year = |year: usize| {
        let counts = calibration.groups.iter().map(|g| g.totals.counts()[year]);
        counts.sum()
    };
    let named = setting.years.iter().enumerate();
    named
        .map(|(number, year)| (*year, of_year(number)))
        .collect()
}

/// What people stated for single groups.
#[derive(Default)]
struct Stated {
    weights: Vec<StatedGroup>,
    means: Vec<StatedGroup>,
    /// Path, sha256 and rows of each file.
    files: Vec<(String, String, u64)>,
}

impl Stated {
    fn read(job: &WeighJob<'_>) -> Result<Self, Error> {
        let mut stated = Self::default();
        if let Some(path) = job.changes {
            let (rows, file) = stated_weights(path)?;
            stated.weights = rows;
            stated.files.push(file);
        }
        if let Some(path) = job.quotas {
            let (rows, file) = stated_means(path)?;
            stated.means = rows;
            stated.files.push(file);
        }
        Ok(stated)
    }
}

/// What the manifest of a run of `weigh` says.
struct Record<'r> {
    job: &'r WeighJob<'r>,
    stated: &'r Stated,
    files: &'r ClaimFiles,
    fingerprints: &'r [Fingerprint],
}

impl Record<'_> {
    fn write(
        &self,
        folder: &Path,
        summary: &WeighSummary,
        outputs: &[OutputFile],
    ) -> Result<(), Error> {
        let mut manifest = Manifest::new("weigh");
        manifest.plan(self.job.plan.into());
        manifest.inputs(self.files, self.fingerprints);
        manifest.counts(summary.rows, &summary.outcomes, &FindingCounts::default());
        let terms = self.job.terms;
        manifest.policy(&terms.policy, terms.date, self.job.policy_files);
        manifest.tables(self.job.inputs, &self.stated.files);
        manifest.set("year", json!(self.job.year));
        manifest.set("weigh", report::json(summary));
        manifest.outputs(outputs);
        manifest.write(&folder.join(MANIFEST))
    }
}
