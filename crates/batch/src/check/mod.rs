//! `drgdip check`: the rules of 清单质控 over files of claims.
//!
//! One pass asks every claim by itself; what needs other claims (ids that repeat, stays of one
//! person, costs a day) is strewn over temporary files meanwhile and asked afterwards, part by
//! part. Nothing here changes a claim or an outcome.

mod asked;
mod codes;
mod columns;
mod extremes;
mod later;
mod lifts;
mod people;
mod plans;
pub(crate) mod report;
mod rows;
mod stage;
mod tally;

use crate::apart::keep_apart;
use crate::duplicates::IdBook;
use crate::group::{thread_pool, with_fingerprints};
use crate::in_force::PlanChoice;
use crate::manifest::{Manifest, OutputFile};
use crate::output::{MANIFEST, StagedFolder, sha256};
use crate::read::{ClaimFiles, Column, ColumnNeeds, QuarantineCounts, ReadOptions};
use crate::run::Run;
use crate::table::CHUNK_ROWS;
use crate::{Error, Progress};
use asked::AskedOfFile;
use drgdip_claims::{FindingSeverity, Rule};
use drgdip_tables::{ClaimChecks, FileSet};
use extremes::CostBook;
use later::Later;
use people::PersonBook;
use rows::RuleTable;
use serde_json::{Map, Value, json};
use stage::{CheckStage, Chunk};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tally::Tally;

/// By what claims are checked.
#[derive(Clone, Copy)]
pub struct CheckRules<'a> {
    /// The rules with their levels and limits.
    pub checks: &'a ClaimChecks,
    /// The files that the checks were read from.
    pub check_files: &'a FileSet,
    /// By what claims are grouped: each is asked by its plan. Without one, rules about known codes
    /// and about groups are not run.
    pub plan: Option<PlanChoice<'a>>,
}

/// What `check` is asked to do.
pub struct CheckJob<'a> {
    /// Claim files, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// By what they are checked.
    pub rules: CheckRules<'a>,
    /// The folder to write.
    pub out: &'a Path,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// A rule that was not asked of a file, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotAsked {
    /// The rule.
    pub rule: Rule,
    /// The file as outputs write it down.
    pub file: String,
    /// The columns that it lacks, or what else is missing.
    pub reason: String,
}

/// What `check` found.
#[derive(Clone, Debug, Default)]
pub struct CheckSummary {
    /// How many claims there were.
    pub rows: u64,
    /// What was left out because it cannot be read.
    pub quarantined: QuarantineCounts,
    /// How many of them have a finding that rejects.
    pub rejected: u64,
    /// How many others have a finding that warns.
    pub warned: u64,
    /// How often each rule found something, with its level.
    pub rules: BTreeMap<Rule, (FindingSeverity, u64)>,
    /// The rules that were not asked of a file.
    pub not_asked: Vec<NotAsked>,
}

impl CheckSummary {
    /// How many findings there are of at least this level; what cannot be read counts at every one.
    #[must_use]
    pub fn at_least(&self, level: FindingSeverity) -> u64 {
        let counted = self.rules.values().filter(|(of, _)| *of >= level);
        let left = self.quarantined.files + self.quarantined.row_groups;
        counted.map(|(_, count)| count).sum::<u64>() + left
    }
}

/// Checks every claim and writes a folder of findings and summaries.
///
/// # Errors
/// Unusable inputs and outputs, and an interruption; nothing is published then.
pub fn check(job: &CheckJob<'_>, progress: &dyn Progress) -> Result<CheckSummary, Error> {
    keep_apart(job.out, job.claims, &[])?;
    let folder = StagedFolder::new(job.out)?;
    let summary = check_into(job, folder.path(), progress)?;
    folder.publish()?;
    Ok(summary)
}

/// All columns that some rule looks at.
pub(crate) fn needs() -> ColumnNeeds {
    let required = vec![Column::CaseId];
    let unused = [
        Column::CaseId,
        Column::NewTechItems,
        Column::NegotiatedDrugs,
        Column::TcmDisease,
        Column::TcmSyndrome,
        Column::TcmCost,
        Column::TreatmentType,
        Column::HospitalLevel,
        Column::InsuredRegion,
        Column::ReadmissionPlanned,
    ];
    let all = Column::ALL.iter().copied();
    ColumnNeeds {
        required,
        optional: all.filter(|column| !unused.contains(column)).collect(),
    }
}

fn check_into(
    job: &CheckJob<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<CheckSummary, Error> {
    let mut needs = needs();
    needs
        .required
        .extend(job.rules.plan.into_iter().flat_map(PlanChoice::chosen_by));
    let mut files = ClaimFiles::open(job.claims, &needs, job.read, Some(folder))?;
    let pool = thread_pool(job.threads)?;
    files.leave_out_damaged((&pool, false), progress)?;
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };
    let findings = (folder, "findings.parquet");
    let (passed, fingerprints) = with_fingerprints(&run, || pass(&run, job.rules, findings))?;
    let mut summary = CheckSummary {
        rows: files.rows,
        quarantined: files.quarantine(),
        not_asked: passed.not_asked,
        ..CheckSummary::default()
    };
    let mut outputs = vec![passed.output];
    outputs.extend(report::write(
        folder,
        job.rules,
        &passed.tally,
        &mut summary,
    )?);
    let mut manifest = Manifest::new("check");
    manifest.set("checks", job.rules.described());
    describe(&mut manifest, job, &summary);
    manifest.inputs(&files, &fingerprints);
    manifest.outputs(&outputs);
    manifest.write(&folder.join(MANIFEST))?;
    Ok(summary)
}

/// What a pass over all claims leaves.
pub(crate) struct Passed {
    tally: Tally,
    /// The rules that were not asked of a file, sorted.
    pub(crate) not_asked: Vec<NotAsked>,
    /// The table of findings.
    pub(crate) output: OutputFile,
}

impl Passed {
    /// Whether a row has a finding that rejects.
    pub(crate) fn rejects(&self, row: u64) -> bool {
        self.tally.rejects(row)
    }
}

/// Asks every rule of every claim and writes what is found as a table of this name.
pub(crate) fn pass(
    run: &Run<'_>,
    rules: CheckRules<'_>,
    (folder, name): (&Path, &str),
) -> Result<Passed, Error> {
    let files = run.files;
    let all = files.files.iter();
    let asked: Vec<AskedOfFile> = all.map(|file| AskedOfFile::new(rules, file)).collect();
    let tally = Tally::new(files.rows);
    let stage = CheckStage {
        rules,
        asked: &asked,
        ids: IdBook::new(folder, run.files.rows)?,
        people: PersonBook::new(folder)?,
        costs: CostBook::new(folder)?,
        tally: &tally,
        reversed: Mutex::default(),
    };
    let mut table = RuleTable::create(&folder.join(name), rules.checks)?;
    run.progress.stage("check claims", Some(files.rows));
    run.stage(&stage, |chunk: Chunk| table.append(files, &chunk))?;
    run.progress.stage("check across claims", None);
    let reversed = std::mem::take(&mut *stage.reversed.lock().expect("no worker panicked"));
    let later = Later {
        rules,
        reversed,
        files,
        asked: &asked,
        tally: &tally,
        progress: run.progress,
    };
    run.pool.install(|| later.all(&stage, &mut table))?;
    drop(stage);
    let (fingerprint, rows) = table.finish()?;
    let mut not_asked: Vec<NotAsked> = asked.into_iter().flat_map(|one| one.not_asked).collect();
    not_asked.sort();
    Ok(Passed {
        not_asked,
        output: OutputFile::new(name, rows, fingerprint),
        tally,
    })
}

impl CheckRules<'_> {
    /// The checks as a manifest names them.
    pub(crate) fn described(&self) -> Value {
        let hashed = |(path, bytes)| (self.check_files.name_of(path), json!(sha256(bytes)));
        let files: Map<String, Value> = self.check_files.iter().map(hashed).collect();
        let level = |rule: &Rule| (rule.code().to_owned(), json!(self.checks.level_word(*rule)));
        let levels: Map<String, Value> = Rule::ALL.iter().map(level).collect();
        let policy = &self.checks.policy;
        json!({ "id": self.checks.id, "policy": policy, "files": files, "levels": levels })
    }
}

fn describe(manifest: &mut Manifest, job: &CheckJob<'_>, summary: &CheckSummary) {
    if let Some(plan) = job.rules.plan {
        manifest.plan(plan);
    }
    let clean = summary.rows - summary.rejected - summary.warned;
    manifest.set("rows", json!(summary.rows));
    manifest.set(
        "outcomes",
        json!({ "rejected": summary.rejected, "warned": summary.warned, "clean": clean }),
    );
    let counts = summary.rules.iter();
    let counts: Map<String, Value> = counts
        .map(|(rule, (_, count))| (rule.code().to_owned(), json!(count)))
        .collect();
    manifest.set("findings", Value::Object(counts));
}
