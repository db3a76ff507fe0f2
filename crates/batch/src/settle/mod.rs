//! `drgdip settle`: a month of claims grouped, turned into points, and paid.
//!
//! Two passes over the cases with a barrier between them: a point has a value only when every
//! case of its pool has its points. The first pass writes all columns but the payment as encoded
//! pages into a temporary file; the second one only adds the payment.

mod batch;
mod cases;
pub(crate) mod columns;
mod desk;
mod earn;
mod late;
mod ledger;
mod links;
mod means;
mod pools;
mod pricing;
mod prior;
mod reports;
pub(crate) mod setting;
mod stay_book;
mod stays;
mod totals;
mod verdicts;

use crate::findings::{FindingCounts, FindingRow, FindingTable};
use crate::group::{thread_pool, with_fingerprints};
use crate::grouped::OutcomeCounts;
use crate::in_force::PlanChoice;
use crate::inputs::{InputTable, Inputs};
use crate::manifest::{Manifest, OutputFile};
use crate::output::{MANIFEST, StagedFolder};
use crate::read::{ClaimFiles, Column, ColumnNeeds, ReadOptions};
use crate::run::{Run, Stage};
use crate::spill::SpillFactory;
use crate::table::{self, CHUNK_ROWS, Chunks, TableEncoder, TableWriter};
use crate::{Error, Progress};
use arrow::datatypes::Schema;
use cases::{CaseWorker, SettledRows, Sums};
use columns::{CaseNames, class_code};
use drgdip_claims::Yuan;
use drgdip_points::pool::PoolSettlement;
use drgdip_tables::Policy;
use drgdip_tables::policy::{PatientSide, PolicyAt, ValueFamily};
use late::{Late, append_late};
use ledger::Ledger;
use links::{Adjustments, Links};
use pools::{pay, settle_pools};
use prior::priors;
use serde_json::json;
use setting::{Period, Setting};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What `settle` is asked to do.
pub struct SettleJob<'a> {
    /// Claim files, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// By what to group: usually the plan that the policy names.
    pub plan: PlanChoice<'a>,
    /// The policy to pay by.
    pub policy: &'a Policy,
    /// Each file of the policy with its sha256.
    pub policy_files: &'a [(String, String)],
    /// Hospitals, budgets and prior points.
    pub inputs: &'a Inputs,
    /// The month `YYYY-MM`; `None` is the only one that the budgets state.
    pub period: Option<&'a str>,
    /// The folder to write.
    pub out: &'a Path,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// The settlement of one pool.
#[derive(Clone, Debug)]
pub struct PoolReport {
    /// Region, insurance and unit in one key.
    pub id: String,
    /// The pooling area.
    pub region: String,
    /// The scheme.
    pub insurance: String,
    /// Budget, points, values, payments.
    pub settlement: PoolSettlement,
}

/// What `settle` did.
#[derive(Clone, Debug)]
pub struct SettleSummary {
    /// The month that was settled.
    pub period: String,
    /// How many claims there were.
    pub rows: u64,
    /// What became of them in grouping.
    pub outcomes: OutcomeCounts,
    /// How many cases are of each class.
    pub classes: BTreeMap<&'static str, u64>,
    /// What was found about them.
    pub findings: FindingCounts,
    /// The pools in order of region and insurance.
    pub pools: Vec<PoolReport>,
    /// Name and level of each hospital.
    pub hospitals: BTreeMap<String, (String, String)>,
}

/// Settles a month into a folder, which appears whole or not at all.
///
/// # Errors
/// Unusable claims, inputs, policy or output folder, totals that do not reconcile, and an
/// interruption; nothing is published then.
pub fn settle(job: &SettleJob<'_>, progress: &dyn Progress) -> Result<SettleSummary, Error> {
    let folder = StagedFolder::new(job.out)?;
    let summary = settle_into(job, folder.path(), progress)?;
    folder.publish()?;
    Ok(summary)
}

fn needs(terms: &PolicyAt) -> ColumnNeeds {
    use Column::*;
    let mut needs = crate::group::grouping_columns();
    needs
        .required
        .extend([HospitalId, Region, Insurance, DischargeDate, TotalCost]);
    needs.optional.push(Reverses);
    let parts = [FundPaid, OtherFundsPaid, PatientPaid];
    let stated: &[Column] = match (terms.value.family, terms.patient_side) {
        (ValueFamily::A, _) => &[],
        (_, PatientSide::PatientAndOtherFunds) => &[OtherFundsPaid, PatientPaid],
        (_, PatientSide::TotalLessFund) => &[FundPaid],
    };
    needs.required.extend(stated);
    let (required, optional) = stays::needed_columns(terms);
    needs.optional.retain(|column| !required.contains(column));
    needs.required.extend(required);
    needs.optional.extend(optional);
    needs
        .optional
        .extend(parts.into_iter().filter(|part| !stated.contains(part)));
    needs
}

/// Settles into a folder that is published by the caller.
pub(crate) fn settle_into(
    job: &SettleJob<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<SettleSummary, Error> {
    require_inputs(job)?;
    let period = Period::choose(job.period, &job.inputs.budgets)?;
    let mut setting = Setting::new(job.plan, job.policy, job.inputs, period)?;
    let priors = priors(&setting, job.inputs)?;
    let needs = needs(&setting.terms);
    let files = ClaimFiles::open(job.claims, &needs, job.read, Some(folder))?;
    let pool = thread_pool(job.threads)?;
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };

    progress.stage("check keys", Some(files.rows));
    setting.verdicts = verdicts::find(&run)?;
    progress.stage("group and award points", Some(files.rows));
    let (mut writer, encoder) = create_cases(folder)?;
    let ledger = Ledger::new(folder)?;
    let links = Links::new(&setting, folder)?;
    let sums = Mutex::new(Sums::default());
    let names = CaseNames::new(&setting);
    let stage = CaseStage {
        setting: &setting,
        names,
        encoder,
        ledger: &ledger,
        links: &links,
        sums: &sums,
    };
    let mut record = Record::new(folder)?;
    let fingerprints = with_fingerprints(&run, || {
        run.stage(&stage, |encoded| record.keep(&files, encoded))
    })?;
    let mut sums = std::mem::take(&mut *sums.lock().expect("no worker panicked"));
    let adjusted = links.settle(&setting)?;
    sums.exchange(&adjusted)?;

    progress.stage("pay", Some(files.rows));
    let pools = settle_pools(&setting, &sums, priors)?;
    let payments = pool.install(|| pay(&setting, (&ledger, &adjusted), &pools, files.rows))?;
    let late = Late {
        points: record.points,
        adjusted,
        payments,
    };
    append_late(&mut writer, &stage, (record.chunks, &late), progress)?;
    let mut outputs = vec![OutputFile::new(
        "cases.parquet",
        files.rows,
        writer.finish()?,
    )];
    outputs.extend(write_reports(folder, &setting, &pools, &sums)?);
    let (fingerprint, rows, findings) = record.findings.finish()?;
    outputs.push(OutputFile::new("findings.parquet", rows, fingerprint));

    let summary = SettleSummary {
        period: setting.period.text.clone(),
        rows: files.rows,
        outcomes: record.outcomes,
        classes: record.classes,
        findings,
        hospitals: hospital_names(&setting),
        pools,
    };
    let mut manifest = Manifest::new("settle");
    manifest.plan(job.plan);
    manifest.inputs(&files, &fingerprints);
    describe(&mut manifest, job, &setting, &summary);
    manifest.outputs(&outputs);
    manifest.write(&folder.join(MANIFEST))?;
    Ok(summary)
}

/// Names all tables that are missing, as far as can be told before the period is known.
fn require_inputs(job: &SettleJob<'_>) -> Result<(), Error> {
    let mut needed = vec![InputTable::Hospitals, InputTable::Budgets];
    if let Some(text) = job.period {
        let terms = job.policy.at(Period::parse(text)?.last)?;
        needed.extend(prior::needs_prior(&terms).then_some(InputTable::Prior));
        needed.extend(means::is_needed(&terms).then_some(InputTable::Groups));
        needed.extend(terms.links.review.map(|_| InputTable::Reviews));
    }
    job.inputs.require(&needed)
}

fn create_cases(folder: &Path) -> Result<(TableWriter, TableEncoder), Error> {
    let schema = Schema::new(columns::case_fields());
    let path = folder.join("cases.parquet");
    let (writer, encoder) = table::create(&path, schema, columns::UNIQUE)?;
    let pages =
        SpillFactory::new(folder).map_err(|e| Error::file(folder, "write temporary files", &e))?;
    Ok((writer, encoder.with_page_store(Arc::new(pages))))
}

/// The first pass as a stage of a run.
struct CaseStage<'s> {
    setting: &'s Setting<'s>,
    names: CaseNames,
    encoder: TableEncoder,
    ledger: &'s Ledger,
    links: &'s Links,
    sums: &'s Mutex<Sums>,
}

/// A chunk of the first pass.
struct Encoded {
    chunks: Chunks,
    outcomes: OutcomeCounts,
    classes: BTreeMap<&'static str, u64>,
    /// The points where other cases may still change them; empty where they are encoded.
    points: Vec<i64>,
    findings: Vec<FindingRow>,
}

impl Stage for CaseStage<'_> {
    type Worker<'s>
        = CaseWorker<'s>
    where
        Self: 's;
    type Rows = SettledRows;
    type Encoded = Encoded;

    fn worker(&self) -> CaseWorker<'_> {
        CaseWorker::new(self.setting, (self.ledger, self.links), self.sums)
    }

    fn join(&self, earlier: &mut SettledRows, mut later: SettledRows) {
        earlier.grouped.append(later.grouped);
        earlier.hospitals.append(&mut later.hospitals);
        earlier.cases.append(&mut later.cases);
    }

    fn encode(&self, chunk: usize, rows: SettledRows) -> Result<Encoded, Error> {
        let mut columns = columns::case_columns(&rows, &self.names);
        let points = rows.cases.iter().map(|case| case.points.ten_thousandths());
        let mut points: Vec<i64> = points.collect();
        if !self.is_linked() {
            let unchanged = Adjustments::new();
            columns.extend(columns::link_columns(&points, 0, &unchanged, &self.names));
            points.clear();
        }
        let mut outcomes = OutcomeCounts::default();
        rows.grouped.count(&mut outcomes);
        let mut classes = BTreeMap::new();
        for case in &rows.cases {
            *classes.entry(class_code(case.class)).or_default() += 1;
        }
        let chunks = self.encoder.encode(chunk, 0, &columns)?;
        Ok(Encoded {
            chunks,
            outcomes,
            classes,
            points,
            findings: rows.grouped.findings,
        })
    }
}

/// What the first pass leaves for the second.
struct Record {
    chunks: Vec<Chunks>,
    outcomes: OutcomeCounts,
    classes: BTreeMap<&'static str, u64>,
    /// The points of all rows, where other cases may still change them.
    points: Vec<i64>,
    findings: FindingTable,
}

impl Record {
    fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self {
            chunks: Vec::new(),
            outcomes: OutcomeCounts::default(),
            classes: BTreeMap::new(),
            points: Vec::new(),
            findings: FindingTable::create(&folder.join("findings.parquet"))?,
        })
    }

    fn keep(&mut self, files: &ClaimFiles, encoded: Encoded) -> Result<(), Error> {
        self.chunks.push(encoded.chunks);
        self.outcomes.add(&encoded.outcomes);
        self.points.extend(encoded.points);
        for (class, count) in encoded.classes {
            *self.classes.entry(class).or_default() += count;
        }
        self.findings.append(files, &encoded.findings)
    }
}

impl CaseStage<'_> {
    /// Whether other cases may change the points of a case.
    fn is_linked(&self) -> bool {
        links::is_linked(&self.setting.terms.links)
    }
}

fn write_reports(
    folder: &Path,
    setting: &Setting<'_>,
    pools: &[PoolReport],
    sums: &Sums,
) -> Result<Vec<OutputFile>, Error> {
    let names = hospital_names(setting);
    let name_of = |id: &str| {
        names
            .get(id)
            .cloned()
            .unwrap_or_else(|| (id.to_owned(), String::new()))
    };
    Ok(vec![
        reports::hospitals(folder, pools, name_of)?,
        reports::pools(folder, pools, setting.terms.value.published_places)?,
        reports::groups(folder, setting.plan, &sums.groups)?,
        reports::lines(folder)?,
        reports::adjustments(folder)?,
    ])
}

fn hospital_names(setting: &Setting<'_>) -> BTreeMap<String, (String, String)> {
    let last = setting.hospitals.iter().filter_map(|rows| rows.last());
    last.map(|row| {
        (
            row.hospital_id.clone(),
            (row.name.clone(), row.level.clone()),
        )
    })
    .collect()
}

/// What the manifest of a settlement says beside plan, claims and outputs.
fn describe(
    manifest: &mut Manifest,
    job: &SettleJob<'_>,
    setting: &Setting<'_>,
    summary: &SettleSummary,
) {
    let files: BTreeMap<&str, &str> = job
        .policy_files
        .iter()
        .map(|(name, hash)| (name.as_str(), hash.as_str()))
        .collect();
    manifest.set(
        "policy",
        json!({ "id": setting.terms.policy, "files": files }),
    );
    let inputs = job
        .inputs
        .files
        .iter()
        .map(|file| json!({ "file": file.path, "rows": file.rows, "sha256": file.sha256 }));
    manifest.set("settlement_inputs", inputs.collect());
    manifest.set("period", json!(summary.period));
    manifest.counts(summary.rows, &summary.outcomes, &summary.findings);
    manifest.set("case_classes", json!(summary.classes));
    let total = |amount: fn(&PoolSettlement) -> Yuan| {
        let fen: i128 = summary
            .pools
            .iter()
            .map(|pool| i128::from(amount(&pool.settlement).fen()))
            .sum();
        Yuan::try_from_fen(fen).map_or_else(|_| format!("{fen} fen"), |yuan| yuan.to_string())
    };
    manifest.set(
        "money",
        json!({
            "budget": total(|s| s.budget),
            "reserve": total(|s| s.reserve),
            "distributable": total(|s| s.distributable),
            "paid": total(|s| s.paid),
            "residual": total(|s| s.residual),
        }),
    );
}
