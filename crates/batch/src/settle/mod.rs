//! `drgdip settle`: a month of claims grouped, turned into points, and paid.
//!
//! Two passes over the cases with a barrier between them: a point has a value only when every
//! case of its pool has its points. The first pass writes all columns but the payment as encoded
//! pages into a temporary file; the second one only adds the payment.

mod barrier;
pub(crate) mod basis;
mod batch;
pub(crate) mod carried;
mod cases;
mod closing;
mod closing_tables;
pub(crate) mod columns;
mod conduct;
mod day_rules;
mod describe;
mod desk;
mod earn;
mod first_pass;
mod job;
mod journal;
mod late;
mod ledger;
mod links;
mod means;
mod measures;
mod needs;
mod payments;
pub(crate) mod people;
mod period;
mod point_file;
mod pooling;
mod pools;
mod pricing;
mod prior;
pub(crate) mod reports;
mod second_pass;
pub(crate) mod setting;
mod sorted;
pub(crate) mod statements;
mod stay_book;
mod stays;
mod subtypes;
mod tallies;
mod totals;
mod tree;
pub(crate) mod units;
pub(crate) mod verdicts;
mod warnings;
mod year_to_date;

pub use closing::{ClearedHospital, HospitalAdjustment, PrepaidHospital};
pub use job::{LedgerUse, PoolReport, SettleJob, SettleSpan, SettleSummary};
pub use people::UnitShare;
pub use period::Period;
pub use totals::CaseMix;
pub use units::{UnitExample, UnitTotal, UnitTotals};

use crate::apart::keep_apart;
use crate::group::{thread_pool, with_fingerprints};
use crate::inputs::Origin;
use crate::manifest::{Manifest, OutputFile};
use crate::output::{MANIFEST, StagedFolder};
use crate::read::ClaimFiles;
use crate::run::Run;
use crate::table::CHUNK_ROWS;
use crate::{Error, Progress};
use barrier::{LedgerUpdate, at_barrier};
use closing::Closing;
use describe::describe;
use first_pass::first_pass;
use journal::Journal;
use needs::{needs, period_with_inputs};
use prior::priors;
use second_pass::{Paid, hospital_names, second_pass};
use serde_json::{Value, json};
use setting::Setting;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Settles a month into a folder, which appears whole or not at all.
///
/// # Errors
/// Unusable claims, inputs, policy or output folder, totals that do not reconcile, and an
/// interruption; nothing is published then.
pub fn settle(job: &SettleJob<'_>, progress: &dyn Progress) -> Result<SettleSummary, Error> {
    keep_apart(job.out, job.claims, &read_beside_claims(job))?;
    let folder = StagedFolder::new(job.out)?;
    let (summary, update) = settle_into(job, folder.path(), progress)?;
    folder.publish()?;
    if let Some(ledger) = job.ledger {
        // Only what is published is in the ledger; a run that is killed in between is run again.
        let month = update.entry(job, &summary.period);
        let is_said = job.span == SettleSpan::Month || !month.carried.is_empty();
        if is_said || Journal::open(ledger.folder)?.of(month.period).is_some() {
            Journal::append(ledger.folder, &month, ledger.correction)?;
        }
    }
    Ok(summary)
}

/// The months of a year that is cleared for which the ledger says nothing, where the policy prepays
/// months: nothing is taken off for them.
fn months_without_entry(setting: &Setting<'_>, closing: &Closing) -> Vec<String> {
    if !setting.period.is_year() || setting.terms.prepay.is_none() {
        return Vec::new();
    }
    let months = (1..=12).map(|month| format!("{}-{month:02}", setting.period.text));
    let has_entry = |month: &String| closing.ledger.contains_key(month);
    months.filter(|month| !has_entry(month)).collect()
}

/// What a settlement reads beside its claims, as far as it stands in files.
fn read_beside_claims<'j>(job: &SettleJob<'j>) -> Vec<&'j Path> {
    let inputs = job
        .inputs
        .files
        .iter()
        .filter_map(|file| match &file.origin {
            Origin::File(path) => Some(path.as_path()),
            Origin::Standing(_) => None,
        });
    let earlier = job.prior_claims.iter().map(PathBuf::as_path);
    let ledger = job.ledger.map(|ledger| ledger.folder);
    inputs.chain(earlier).chain(ledger).collect()
}

/// The ledger of a job, whole; an empty one where the job has none.
fn open_journal(job: &SettleJob<'_>, setting: &Setting<'_>) -> Result<Journal, Error> {
    let Some(ledger) = job.ledger else {
        return Ok(Journal::default());
    };
    if job.span == SettleSpan::Month && setting.terms.prepay.is_none() {
        let problem = "the policy says nothing about prepayments, so a ledger has no use.";
        let hint = "Add prepay.share and prepay.value to the policy, or leave --ledger out.";
        return Err(
            Error::input(format!("policy {}", setting.terms.policy), problem).with_hint(hint),
        );
    }
    Journal::open(ledger.folder)
}

/// Settles into a folder that is published by the caller; the update is for the ledger.
pub(crate) fn settle_into(
    job: &SettleJob<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(SettleSummary, LedgerUpdate), Error> {
    let mut setting = Setting::new(job.plan, job.policy, job.inputs, period_with_inputs(job)?)?;
    let journal = open_journal(job, &setting)?;
    if !job.inputs.reviews.is_empty() && !setting.has_reviews() {
        let count = job.inputs.reviews.len();
        let policy = &setting.terms.policy;
        progress.note(&format!(
            "the input reviews has {count} rows, which policy {policy} has no rule for \
             (case.review.cap)."
        ));
    }
    let pool = thread_pool(job.threads)?;
    let files = open_claims((job, &setting), (folder, &pool), progress)?;
    let priors = priors(&setting, job, &pool, progress)?;
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };

    progress.stage("check keys", Some(files.rows));
    setting.verdicts = verdicts::checked(&run, job, folder)?;
    progress.stage("group and award points", Some(files.rows));
    let mut pass = first_pass(&run, &setting, folder)?;

    progress.stage("pay", Some(files.rows));
    let found = at_barrier(job, (&mut setting, &journal), &mut pass, priors.years)?;
    // The hashes of the claims are taken by threads that have nothing else to do.
    let (paid, fingerprints) = with_fingerprints(&run, || {
        second_pass((&run, job, folder), &setting, &found, pass)
    })?;
    let Paid {
        unit_totals,
        record,
        mut outputs,
    } = paid;
    let (fingerprint, rows, findings) = record.findings.finish()?;
    outputs.push(OutputFile::new("findings.parquet", rows, fingerprint));

    let months_without_entry = months_without_entry(&setting, &found.closing);
    let summary = SettleSummary {
        period: setting.period.text.clone(),
        rows: files.rows,
        quarantined: files.quarantine(),
        outcomes: record.outcomes,
        classes: record.classes,
        findings,
        hospitals: hospital_names(&setting),
        pools: found.pools,
        units: found.people.shares,
        unit_totals,
        adjustments: found.closing.adjustments,
        prepaid: found.closing.prepaid,
        cleared: found.closing.cleared,
        months_without_entry,
        policy_warnings: found.closing.warnings,
        checks_not_asked: setting.verdicts.not_asked(),
    };
    let mut manifest = Manifest::new("settle");
    manifest.plan(job.plan);
    manifest.inputs(&files, &fingerprints);
    describe(&mut manifest, job, &setting, &summary);
    let history = (&journal, priors.claims);
    name_history(&mut manifest, job, history, &summary.period);
    manifest.outputs(&outputs);
    manifest.write(&folder.join(MANIFEST))?;
    Ok((summary, found.update))
}

/// The claims, without what cannot be read where the run is to go on without it.
fn open_claims(
    (job, setting): (&SettleJob<'_>, &Setting<'_>),
    (folder, pool): (&Path, &rayon::ThreadPool),
    progress: &dyn Progress,
) -> Result<ClaimFiles, Error> {
    let mut needs = needs(setting);
    if job.checks.is_some() {
        needs.also(crate::check::needs());
    }
    let mut files = ClaimFiles::open(job.claims, &needs, job.read, Some(folder))?;
    files.leave_out_damaged((pool, false), progress)?;
    Ok(files)
}

/// Names last year's claims and the entries of the ledger that the run was made with.
fn name_history(
    manifest: &mut Manifest,
    job: &SettleJob<'_>,
    (journal, prior_claims): (&Journal, Option<Value>),
    period: &str,
) {
    if let Some(claims) = prior_claims {
        manifest.set("prior_claims", claims);
    }
    if job.ledger.is_some() {
        let entries: BTreeMap<_, _> = journal.named_before(period).into_iter().collect();
        manifest.set("ledger", json!(entries));
    }
}
