//! `drgdip catalogue`: history grown into a DIP plan, with a report and proposals for people.
//!
//! One pass over the claims keeps 16 bytes for each usable case and the distinct ways of treatment;
//! `drgdip-calibrate` then decides. Cases and treatments are sorted before that, so that neither
//! the order of the files nor the number of threads can show.

mod base;
mod book;
mod decisions;
mod gather;
mod report;
mod subtypes;
mod tables;

use crate::apart::keep_apart;
use crate::group::{gathered, thread_pool};
use crate::inputs::Inputs;
use crate::manifest::{Manifest, OutputFile};
use crate::output::{Fingerprint, MANIFEST, StagedFolder};
use crate::read::{ClaimFiles, Column, ColumnNeeds, ReadOptions};
use crate::run::Run;
use crate::settle::units::PastDrugs;
use crate::settle::verdicts::{self, Verdicts};
use crate::table::CHUNK_ROWS;
use crate::weigh::setting::{hospitals, years};
use crate::{Error, Progress};
use base::Base;
use book::{Book, Sorted};
use decisions::Decided;
use drgdip_calibrate::Watch;
use drgdip_calibrate::catalogue::{Catalogue, CatalogueHistory, grow};
use drgdip_tables::policy::CatalogueTerms;
use drgdip_tables::{FileSet, LoadedPlan, Policy};
pub use gather::CatalogueLeftOut;
use gather::{Gather, Gathered, UNKNOWN_HOSPITAL};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use subtypes::LastYear;
pub use subtypes::Subtypes;

/// What `catalogue` is asked to do.
pub struct CatalogueJob<'a> {
    /// Claim files of several years, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// The policy that says how.
    pub policy: &'a Policy,
    /// Each file of the policy with its sha256.
    pub policy_files: &'a [(String, String)],
    /// What the policy says at the date of the catalogue.
    pub terms: &'a CatalogueTerms,
    /// The year that the catalogue is for; history is the years before it.
    pub year: i16,
    /// The id of the plan that is written.
    pub id: &'a str,
    /// The hospitals with their levels. Other tables are not used.
    pub inputs: &'a Inputs,
    /// The catalogue before: its weights, and its tables that hold no groups.
    pub previous: Option<&'a LoadedPlan>,
    /// Proposals that people decided.
    pub decisions: Option<&'a Path>,
    /// The folder to write.
    pub out: &'a Path,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// What `catalogue` did.
#[derive(Clone, Debug)]
pub struct CatalogueSummary {
    /// How many claims there were.
    pub rows: u64,
    /// Those that have no principal diagnosis.
    pub invalid: u64,
    /// Those whose principal diagnosis excludes them.
    pub excluded: u64,
    /// Which claims could not be used, by reason.
    pub left_out: CatalogueLeftOut,
    /// The history years, oldest first.
    pub years: Vec<i16>,
    /// The words of the levels of hospitals.
    pub levels: Vec<String>,
    /// The codes of the catalogue's rows, by number.
    pub codes: Vec<String>,
    /// The catalogue with the counts of every step.
    pub catalogue: Catalogue,
    /// The subtypes of the auxiliary directory, where the policy says when there are some.
    pub subtypes: Option<Subtypes>,
}

impl CatalogueSummary {
    /// The counts and totals as JSON, as they stand in the report.
    #[must_use]
    pub fn json(&self) -> Value {
        report::json(self)
    }
}

/// Grows a catalogue into a plan folder, which appears whole or not at all.
///
/// # Errors
/// Unusable claims, tables, policy, decisions or output folder, a history that gives no catalogue,
/// and an interruption; nothing is published then.
pub fn catalogue(
    job: &CatalogueJob<'_>,
    progress: &dyn Progress,
) -> Result<CatalogueSummary, Error> {
    keep_apart(job.out, job.claims, &[])?;
    let folder = StagedFolder::new(job.out)?;
    let summary = grow_into(job, folder.path(), progress)?;
    folder.publish()?;
    Ok(summary)
}

fn needs(drugs: Option<&PastDrugs<'_>>) -> ColumnNeeds {
    use Column::*;
    let mut needs = ColumnNeeds {
        required: vec![CaseId, PrincipalDiagnosis, DischargeDate, TotalCost],
        optional: vec![
            MainProcedure,
            OtherProcedures,
            HospitalId,
            StayDays,
            Reverses,
        ],
    };
    if let Some(drugs) = drugs {
        needs.also(drugs.columns());
    }
    needs
}

fn grow_into(
    job: &CatalogueJob<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<CatalogueSummary, Error> {
    let decided = Decided::read(job.decisions)?;
    let base = Base::new(job)?;
    let drugs = PastDrugs::known_on(job.policy, job.terms.weigh.date)?;
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
    run.progress.stage("check keys", Some(run.files.rows));
    let verdicts = verdicts::find(&run, folder)?;
    let counted = (&verdicts, drugs);
    let (mut summary, fingerprints) = summary(job, (&run, counted), &base, &decided)?;
    let mut outputs = tables::write_plan(folder, job, &base, &summary)?;
    if let Some(terms) = &job.terms.auxiliary {
        let (_, starts) = years(job.year, job.terms.weigh.years.len())?;
        let last = LastYear {
            job,
            terms,
            verdicts: &verdicts,
            drugs,
            days: (starts[starts.len() - 2], starts[starts.len() - 1]),
        };
        let (subtypes, output) = last.add(folder, &run, &summary)?;
        summary.subtypes = Some(subtypes);
        outputs.push(output);
    }
    outputs.extend(tables::write_reports(folder, &summary)?);
    check(folder)?;
    let record = Record {
        job,
        decided: &decided,
        files: &files,
        fingerprints: &fingerprints,
    };
    record.write(folder, &summary, &outputs)?;
    Ok(summary)
}

/// What decides whether and with which cost a claim counts.
type Counted<'c> = (&'c Verdicts, Option<&'c PastDrugs<'c>>);

fn summary(
    job: &CatalogueJob<'_>,
    (run, counted): (&Run<'_>, Counted<'_>),
    base: &Base,
    decided: &Decided,
) -> Result<(CatalogueSummary, Vec<Fingerprint>), Error> {
    let (years, starts) = years(job.year, job.terms.weigh.years.len())?;
    let level_names: BTreeSet<&str> = job
        .inputs
        .hospitals
        .iter()
        .map(|row| row.level.as_str())
        .collect();
    let level_names: Vec<String> = level_names.into_iter().map(str::to_owned).collect();
    let (numbers, levels) = hospitals(&job.inputs.hospitals, &level_names);
    if numbers.len() >= usize::from(UNKNOWN_HOSPITAL) {
        let problem = format!("there are {} hospitals.", numbers.len());
        return Err(Error::input("hospitals", problem)
            .with_hint("A catalogue is grown from at most 65,535 hospitals at once."));
    }
    let mut primary = vec![false; levels.len()];
    for row in &job.inputs.hospitals {
        primary[numbers[&row.hospital_id] as usize] = row.is_primary_care;
    }
    let (gathered, sorted, fingerprints) = gather(job, (run, counted), base, (&starts, &numbers))?;
    let Gathered {
        mut cases,
        unusable,
        left_out,
        invalid,
        excluded,
    } = gathered;
    run.progress.stage("catalogue", None);
    let claims = sorted.renumber(&mut cases, &unusable);
    drop(unusable);
    let history = CatalogueHistory {
        codes: &sorted.codes,
        practices: &sorted.practices,
        claims: &claims,
        cases,
        levels: &levels,
        primary: &primary,
        prior: prior(job),
    };
    let is_stopped = || run.progress.is_interrupted();
    let watch = Watch::new(&is_stopped);
    let grown = match grow(history, job.terms, &decided.decisions, watch) {
        Err(drgdip_calibrate::Error::NoCases) => return Err(no_case(run.files.rows, &left_out)),
        Err(drgdip_calibrate::Error::Interrupted) => return Err(Error::interrupted()),
        found => found.map_err(|error| decided.cannot(&error))?,
    };
    let summary = CatalogueSummary {
        rows: run.files.rows,
        invalid,
        excluded,
        left_out,
        years,
        levels: level_names,
        codes: sorted.codes,
        catalogue: grown,
        subtypes: None,
    };
    Ok((summary, fingerprints))
}

fn gather(
    job: &CatalogueJob<'_>,
    (run, (verdicts, drugs)): (&Run<'_>, Counted<'_>),
    base: &Base,
    (starts, hospitals): (&[i32], &HashMap<String, u32>),
) -> Result<(Gathered, Sorted, Vec<Fingerprint>), Error> {
    run.progress.stage("read history", Some(run.files.rows));
    let book = Book::default();
    let stage = Gather {
        base,
        book: &book,
        verdicts,
        drugs,
        starts,
        hospitals,
        max_stay_days: job.terms.max_stay_days,
    };
    let mut all = Gathered::default();
    all.cases
        .reserve_exact(usize::try_from(run.files.rows).expect("the cases fit into memory"));
    let (all, fingerprints) = gathered(run, &stage, all)?;
    Ok((all, book.sorted(), fingerprints))
}

/// The weights of the previous catalogue by group.
fn prior(job: &CatalogueJob<'_>) -> HashMap<String, i64> {
    let weights = job.previous.map(|previous| &previous.plan.weights);
    let weights = weights.into_iter().flatten();
    weights
        .map(|weight| (weight.group.clone(), weight.ten_thousandths))
        .collect()
}

/// Says why no case can be used, so that nobody has to look for a report that is not there.
fn no_case(rows: u64, left_out: &CatalogueLeftOut) -> Error {
    let reasons = left_out
        .iter()
        .map(|(code, _, count)| format!("{count} {code}"));
    let reasons = reasons.collect::<Vec<_>>().join(", ");
    let problem = format!(
        "none of the {rows} claims came into a group: {reasons}; the others are fewer than the \
         threshold."
    );
    Error::input("history", problem)
        .with_hint("History is the years before --year, as many as weigh.years states.")
}

/// Loads what was written, so that no catalogue is published that cannot be used.
fn check(folder: &Path) -> Result<(), Error> {
    LoadedPlan::of(FileSet::folder(folder)?)?;
    Ok(())
}

/// What the manifest of a run says.
struct Record<'r> {
    job: &'r CatalogueJob<'r>,
    decided: &'r Decided,
    files: &'r ClaimFiles,
    fingerprints: &'r [Fingerprint],
}

impl Record<'_> {
    fn write(
        &self,
        folder: &Path,
        summary: &CatalogueSummary,
        outputs: &[OutputFile],
    ) -> Result<(), Error> {
        let mut manifest = Manifest::new("catalogue");
        manifest.inputs(self.files, self.fingerprints);
        let policy = &self.job.terms.weigh;
        manifest.policy(&policy.policy, policy.date, self.job.policy_files);
        manifest.tables(self.job.inputs, &self.decided.file);
        if let Some(previous) = self.job.previous {
            manifest.set("previous", json!(previous.plan.id));
        }
        manifest.set("year", json!(self.job.year));
        manifest.set("rows", json!(summary.rows));
        let claims = summary.catalogue.claims;
        manifest.set(
            "outcomes",
            json!({
                "grouped/core": claims.core,
                "grouped/comprehensive": claims.comprehensive,
                "ungrouped/no_group": claims.ungrouped,
                "excluded/excluded_principal": summary.excluded,
                "invalid/principal_missing": summary.invalid,
            }),
        );
        manifest.set("catalogue", summary.json());
        manifest.outputs(outputs);
        manifest.write(&folder.join(MANIFEST))
    }
}
