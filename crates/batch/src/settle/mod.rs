//! `drgdip settle`: a month of claims grouped, turned into points, and paid.
//!
//! Two passes over the cases with a barrier between them: a point has a value only when every
//! case of its pool has its points. The first pass writes all columns but the payment as encoded
//! pages into a temporary file; the second one only adds the payment.

mod batch;
mod cases;
mod closing;
mod closing_tables;
pub(crate) mod columns;
mod conduct;
mod desk;
mod journal;
mod ledger;
mod measures;
mod needs;
mod period;
mod pooling;
mod pools;
mod pricing;
mod prior;
pub(crate) mod reports;
pub(crate) mod setting;
mod totals;
mod tree;
pub(crate) mod verdicts;

pub use closing::{ClearedHospital, HospitalAdjustment, PrepaidHospital};

use crate::findings::{FindingCounts, FindingRow, FindingTable};
use crate::group::{thread_pool, with_fingerprints};
use crate::grouped::{OutcomeCounts, PreparedPlan};
use crate::inputs::Inputs;
use crate::manifest::{Manifest, OutputFile};
use crate::output::{MANIFEST, StagedFolder};
use crate::read::{ClaimFiles, ReadOptions};
use crate::run::{Run, Stage};
use crate::spill::SpillFactory;
use crate::table::{self, CHUNK_ROWS, Chunks, TableEncoder, TableWriter};
use crate::{Error, Progress};
use arrow::datatypes::Schema;
use cases::{CaseWorker, SettledRows, Sums};
use closing::Closing;
use closing_tables::write_all as write_closing;
use columns::{CaseNames, class_code};
use drgdip_claims::Yuan;
use drgdip_points::pool::PoolSettlement;
use drgdip_tables::Policy;
use journal::{Journal, LedgerRow, Month};
use ledger::Ledger;
use needs::{needs, require_inputs};
use pools::{pay, settle_pools};
use prior::priors;
use serde_json::json;
use setting::{Period, Setting};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// What `settle` is asked to do.
pub struct SettleJob<'a> {
    /// Claim files, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// The plan to group by: the one that the policy names.
    pub plan: &'a PreparedPlan,
    /// The policy to pay by.
    pub policy: &'a Policy,
    /// Each file of the policy with its sha256.
    pub policy_files: &'a [(String, String)],
    /// Hospitals, budgets and prior points.
    pub inputs: &'a Inputs,
    /// The month `YYYY-MM`, or the year `YYYY`; `None` is the only one that the budgets state.
    pub period: Option<&'a str>,
    /// Whether a month is settled or a year cleared.
    pub span: SettleSpan,
    /// Where prepayments are kept.
    pub ledger: Option<LedgerUse<'a>>,
    /// Last year's claims, to count prior points from; none takes them from the inputs.
    pub prior_claims: &'a [PathBuf],
    /// The folder to write.
    pub out: &'a Path,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// Whether a month is settled or a year cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SettleSpan {
    /// A month.
    #[default]
    Month,
    /// A year, with its clearing.
    Year,
}

/// The ledger folder of a settlement.
#[derive(Clone, Copy, Debug)]
pub struct LedgerUse<'a> {
    /// Where it is.
    pub folder: &'a Path,
    /// Why an entry that differs from the one of the same month is added; `None` refuses it.
    pub correction: Option<&'a str>,
}

impl SettleJob<'_> {
    fn parse_period(&self, text: &str) -> Result<Period, Error> {
        match self.span {
            SettleSpan::Month => Period::parse(text),
            SettleSpan::Year => Period::parse_year(text),
        }
    }
}

/// The settlement of one pool.
#[derive(Clone, Debug)]
pub struct PoolReport {
    /// Region, insurance and unit in one key.
    pub id: String,
    /// The pooling area.
    pub region: String,
    /// The scheme, or `all` where the schemes share the pool.
    pub insurance: String,
    /// The payment unit.
    pub unit: String,
    /// What of the reserve is kept for overspending (风险金).
    pub risk_fund: Yuan,
    /// What of the reserve is shared by what hospitals do for primary care.
    pub growth: Yuan,
    /// What the fund paid by item for each hospital's cases, as the claims state it.
    pub itemised: BTreeMap<String, Yuan>,
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
    /// What hospitals get more or less than their payment.
    pub adjustments: Vec<HospitalAdjustment>,
    /// What hospitals are prepaid for a month, where the policy has prepayments.
    pub prepaid: Vec<PrepaidHospital>,
    /// What hospitals get for a year, where one is cleared.
    pub cleared: Vec<ClearedHospital>,
    /// The months of the year that the ledger has, where one is cleared with a ledger.
    pub ledger_months: Vec<String>,
}

/// Settles a month into a folder, which appears whole or not at all.
///
/// # Errors
/// Unusable claims, inputs, policy or output folder, totals that do not reconcile, and an
/// interruption; nothing is published then.
pub fn settle(job: &SettleJob<'_>, progress: &dyn Progress) -> Result<SettleSummary, Error> {
    let folder = StagedFolder::new(job.out)?;
    let (summary, rows) = settle_into(job, folder.path(), progress)?;
    folder.publish()?;
    if let (Some(ledger), SettleSpan::Month) = (job.ledger, job.span) {
        // Only what is published is in the ledger; a run that is killed in between is run again.
        let month = Month {
            period: &summary.period,
            policy: job.policy.id(),
            rows,
        };
        Journal::append(ledger.folder, &month, ledger.correction)?;
    }
    Ok(summary)
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

/// Settles into a folder that is published by the caller; the rows are for the ledger.
pub(crate) fn settle_into(
    job: &SettleJob<'_>,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(SettleSummary, Vec<LedgerRow>), Error> {
    require_inputs(job)?;
    let is_annual = job.span == SettleSpan::Year;
    let period = Period::choose(job.period, &job.inputs.budgets, is_annual)?;
    let mut setting = Setting::new(job.plan, job.policy, job.inputs, period)?;
    let journal = open_journal(job, &setting)?;
    let needs = needs(&setting);
    let files = ClaimFiles::open(job.claims, &needs, job.read, Some(folder))?;
    let pool = thread_pool(job.threads)?;
    let priors = priors(&setting, job, &pool, progress)?;
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
    let sums = Mutex::new(Sums::default());
    let names = CaseNames::new(&setting);
    let stage = CaseStage {
        setting: &setting,
        names,
        encoder,
        ledger: &ledger,
        sums: &sums,
    };
    let mut record = Record::new(folder)?;
    let fingerprints = with_fingerprints(&run, || {
        run.stage(&stage, |encoded| record.keep(&files, encoded))
    })?;
    let sums = std::mem::take(&mut *sums.lock().expect("no worker panicked"));

    progress.stage("pay", Some(files.rows));
    let pools = settle_pools(&setting, job.inputs, &sums, priors.years)?;
    let closing = Closing::new(job, &setting, &pools, &journal)?;
    let ledger_rows = closing.ledger_rows();
    if let (Some(used), SettleSpan::Month) = (job.ledger, job.span) {
        let month = Month {
            period: &setting.period.text,
            policy: job.policy.id(),
            rows: ledger_rows.clone(),
        };
        journal.check(&month, used.correction)?;
    }
    let payments = pool.install(|| pay(&setting, &ledger, &pools, files.rows))?;
    append_payments(
        &mut writer,
        &stage.encoder,
        record.chunks,
        &payments,
        progress,
    )?;
    let mut outputs = vec![OutputFile::new(
        "cases.parquet",
        files.rows,
        writer.finish()?,
    )];
    outputs.extend(write_reports(folder, &setting, &pools, &sums)?);
    outputs.extend(write_closing(folder, &closing, is_annual)?);
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
        adjustments: closing.adjustments,
        prepaid: closing.prepaid,
        cleared: closing.cleared,
        ledger_months: closing.ledger.into_keys().collect(),
    };
    let mut manifest = Manifest::new("settle");
    manifest.plan(job.plan);
    manifest.inputs(&files, &fingerprints);
    describe(&mut manifest, job, &setting, &summary);
    if let Some(claims) = priors.claims {
        manifest.set("prior_claims", claims);
    }
    if job.ledger.is_some() {
        let entries = journal.named_before(&summary.period);
        let entries: BTreeMap<String, String> = entries.into_iter().collect();
        manifest.set("ledger", json!(entries));
    }
    manifest.outputs(&outputs);
    manifest.write(&folder.join(MANIFEST))?;
    Ok((summary, ledger_rows))
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
    sums: &'s Mutex<Sums>,
}

/// A chunk of the first pass.
struct Encoded {
    chunks: Chunks,
    outcomes: OutcomeCounts,
    classes: BTreeMap<&'static str, u64>,
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
        CaseWorker::new(self.setting, self.ledger, self.sums)
    }

    fn join(&self, earlier: &mut SettledRows, mut later: SettledRows) {
        earlier.grouped.append(later.grouped);
        earlier.hospitals.append(&mut later.hospitals);
        earlier.cases.append(&mut later.cases);
    }

    fn encode(&self, chunk: usize, rows: SettledRows) -> Result<Encoded, Error> {
        let columns = columns::case_columns(&rows, &self.names);
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
            findings: rows.grouped.findings,
        })
    }
}

/// What the first pass leaves for the second.
struct Record {
    chunks: Vec<Chunks>,
    outcomes: OutcomeCounts,
    classes: BTreeMap<&'static str, u64>,
    findings: FindingTable,
}

impl Record {
    fn new(folder: &Path) -> Result<Self, Error> {
        Ok(Self {
            chunks: Vec::new(),
            outcomes: OutcomeCounts::default(),
            classes: BTreeMap::new(),
            findings: FindingTable::create(&folder.join("findings.parquet"))?,
        })
    }

    fn keep(&mut self, files: &ClaimFiles, encoded: Encoded) -> Result<(), Error> {
        self.chunks.push(encoded.chunks);
        self.outcomes.add(&encoded.outcomes);
        for (class, count) in encoded.classes {
            *self.classes.entry(class).or_default() += count;
        }
        self.findings.append(files, &encoded.findings)
    }
}

/// Writes the row groups of the first pass with the payments.
fn append_payments(
    writer: &mut TableWriter,
    encoder: &TableEncoder,
    chunks: Vec<Chunks>,
    payments: &[AtomicI64],
    progress: &dyn Progress,
) -> Result<(), Error> {
    let rows = usize::try_from(CHUNK_ROWS).expect("a row group fits into memory");
    for ((number, encoded), paid) in chunks.into_iter().enumerate().zip(payments.chunks(rows)) {
        if progress.is_interrupted() {
            return Err(Error::interrupted());
        }
        let values = paid
            .iter()
            .map(|payment| Some(payment.load(Ordering::Relaxed)));
        let column = columns::decimals(values, &columns::MONEY);
        let payment = encoder.encode(number, encoded.len(), &[column])?;
        writer.append(encoded.into_iter().chain(payment))?;
        progress.advance(paid.len() as u64);
    }
    Ok(())
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
        reports::subpools(folder, pools)?,
        reports::budget_lines(folder, &setting.pools.all)?,
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
