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
pub use totals::CaseMix;
pub use units::{UnitExample, UnitTotal, UnitTotals};

use crate::findings::{FindingRow, FindingTable};
use crate::group::{thread_pool, with_fingerprints};
use crate::grouped::OutcomeCounts;
use crate::manifest::{Manifest, OutputFile};
use crate::output::{MANIFEST, StagedFolder};
use crate::read::ClaimFiles;
use crate::run::{Run, Stage};
use crate::spill::Spill;
use crate::table::{self, CHUNK_ROWS, Chunks, TableEncoder, TableWriter};
use crate::{Error, Progress};
use arrow::datatypes::Schema;
use barrier::{LedgerUpdate, Settled, at_barrier};
use cases::{CaseWorker, SettledRows, Sums};
use closing_tables::write_all as write_closing;
use columns::CaseNames;
use describe::describe;
use journal::Journal;
use late::{Late, append_late};
use ledger::Ledger;
use links::{Adjustments, LinkNote, Links};
use needs::{needs, period_with_inputs};
use payments::Payments;
use point_file::PointFile;
use pools::pay;
use prior::priors;
use serde_json::{Value, json};
use setting::Setting;
use statements::Statements;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use tallies::TallyBook;

/// Settles a month into a folder, which appears whole or not at all.
///
/// # Errors
/// Unusable claims, inputs, policy or output folder, totals that do not reconcile, and an
/// interruption; nothing is published then.
pub fn settle(job: &SettleJob<'_>, progress: &dyn Progress) -> Result<SettleSummary, Error> {
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
        ledger_months: found.closing.ledger.into_keys().collect(),
        policy_warnings: found.closing.warnings,
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

/// The tables beside the cases: hospitals, pools, lines and whatever units and closing add.
fn write_tables(
    folder: &Path,
    setting: &Setting<'_>,
    (found, totals): (&Settled, &UnitTotals),
    sums: &mut Sums,
) -> Result<Vec<OutputFile>, Error> {
    let mut outputs = write_reports(folder, setting, &found.pools, sums)?;
    outputs.extend(setting.verdicts.outputs());
    let lines = (&found.lines[..], totals);
    outputs.extend(units::write(folder, setting, lines, &mut sums.units)?);
    let is_year = setting.period.is_year();
    outputs.extend(write_closing(folder, &found.closing, is_year)?);
    let with = (setting.policy, setting);
    outputs.extend(people::write(folder, &found.people, with)?);
    outputs.extend(found.holdings.write(folder)?);
    Ok(outputs)
}

/// What the first pass leaves.
struct FirstPass {
    writer: TableWriter,
    encoder: TableEncoder,
    names: CaseNames,
    ledger: Ledger,
    sums: Sums,
    /// What other cases change in the points of a case.
    adjusted: Adjustments,
    /// Why, for every case that took part.
    notes: Vec<LinkNote>,
    record: Record,
}

/// Groups, classifies and awards points.
fn first_pass(run: &Run<'_>, setting: &Setting<'_>, folder: &Path) -> Result<FirstPass, Error> {
    let (writer, encoder) = create_cases(folder)?;
    let ledger = Ledger::new(folder)?;
    let links = Links::new(setting, folder)?;
    let sums = Mutex::new(Sums::default());
    let stage = CaseStage {
        setting,
        names: CaseNames::new(setting),
        encoder,
        ledger: &ledger,
        links: &links,
        sums: &sums,
    };
    let mut record = Record::new(folder, stage.is_linked())?;
    record.findings.append_quarantined(&run.files.quarantined)?;
    run.stage(&stage, |encoded| record.keep(run.files, encoded))?;
    let CaseStage { encoder, names, .. } = stage;
    let mut sums = sums.into_inner().expect("no worker panicked");
    let adjusted = links.settle(setting)?;
    sums.exchange(&adjusted)?;
    Ok(FirstPass {
        writer,
        encoder,
        names,
        sums,
        adjusted,
        notes: links.notes(),
        ledger,
        record,
    })
}

/// What the second pass leaves.
struct Paid {
    unit_totals: UnitTotals,
    record: Record,
    outputs: Vec<OutputFile>,
}

/// Pays every case and writes everything but the findings.
fn second_pass(
    (run, job, folder): (&Run<'_>, &SettleJob<'_>, &Path),
    setting: &Setting<'_>,
    found: &Settled,
    pass: FirstPass,
) -> Result<Paid, Error> {
    let FirstPass {
        mut writer,
        mut sums,
        mut record,
        ..
    } = pass;
    let late = Late {
        points: record.points.take(),
        adjusted: &pass.adjusted,
        payments: Payments::new(folder, run.files.rows)?,
    };
    let tallies = TallyBook::new(folder, setting.means.count())?;
    let ledger = (&pass.ledger, late.adjusted, &tallies);
    let into = (&late.payments, run.progress);
    run.pool
        .install(|| pay(setting, ledger, &found.pools, into))?;
    let unit_totals = UnitTotals::new(
        setting,
        (&tallies, late.adjusted),
        (&sums.units, &found.lines),
    )?;
    let tables = write_tables(folder, setting, (found, &unit_totals), &mut sums)?;
    let chunks = std::mem::take(&mut record.chunks);
    let encoding = (&pass.encoder, &pass.names);
    let of = (&found.pools[..], &found.closing, &tallies);
    let statements = Statements::new((job, setting), of, &found.lines);
    // One thread writes the cases most of the time, so others have time for the statements.
    let (appended, accounts) = run.pool.join(
        || append_late(run, &mut writer, encoding, (chunks, &late)),
        || write_accounts(folder, &statements, pass.notes),
    );
    appended?;
    let mut outputs = vec![of_cases(run.files.rows, writer)?];
    outputs.extend(tables);
    outputs.extend(accounts?);
    Ok(Paid {
        unit_totals,
        record,
        outputs,
    })
}

fn of_cases(rows: u64, writer: TableWriter) -> Result<OutputFile, Error> {
    Ok(OutputFile::new("cases.parquet", rows, writer.finish()?))
}

fn create_cases(folder: &Path) -> Result<(TableWriter, TableEncoder), Error> {
    let schema = Schema::new(columns::case_fields());
    let path = folder.join("cases.parquet");
    let (writer, encoder) = table::create(&path, schema, columns::UNIQUE)?;
    let spill = Spill::new(folder).map_err(|e| Error::file(folder, "write temporary files", &e))?;
    Ok((writer, encoder.with_spill(spill)))
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
        CaseWorker::new(self.setting, (Some(self.ledger), self.links), self.sums)
    }

    fn join(&self, earlier: &mut SettledRows, mut later: SettledRows) {
        earlier.grouped.append(later.grouped);
        earlier.hospitals.append(&mut later.hospitals);
        earlier.cases.append(&mut later.cases);
    }

    fn encode(&self, chunk: usize, mut rows: SettledRows) -> Result<Encoded, Error> {
        let mut outcomes = OutcomeCounts::default();
        rows.grouped.count(&mut outcomes);
        let mut classes = BTreeMap::new();
        rows.cases
            .iter()
            .for_each(|cases| cases.count(&mut classes));
        let findings = std::mem::take(&mut rows.grouped.findings);
        let (mut columns, mut points) = columns::case_columns(rows, &self.names);
        if !self.is_linked() {
            let unchanged = Adjustments::new();
            let own = std::mem::take(&mut points);
            columns.extend(columns::link_columns(own, 0, &unchanged, &self.names));
        }
        let chunks = self.encoder.encode(chunk, 0, &columns)?;
        Ok(Encoded {
            chunks,
            outcomes,
            classes,
            points,
            findings,
        })
    }
}

/// What the first pass leaves for the second.
struct Record {
    chunks: Vec<Chunks>,
    outcomes: OutcomeCounts,
    classes: BTreeMap<&'static str, u64>,
    /// The points of all rows, where other cases may still change them.
    points: Option<PointFile>,
    findings: FindingTable,
}

impl Record {
    fn new(folder: &Path, is_linked: bool) -> Result<Self, Error> {
        Ok(Self {
            chunks: Vec::new(),
            outcomes: OutcomeCounts::default(),
            classes: BTreeMap::new(),
            points: is_linked.then(|| PointFile::new(folder)).transpose()?,
            findings: FindingTable::create(&folder.join("findings.parquet"))?,
        })
    }

    fn keep(&mut self, files: &ClaimFiles, encoded: Encoded) -> Result<(), Error> {
        self.chunks.push(encoded.chunks);
        self.outcomes.add(&encoded.outcomes);
        if let Some(points) = &self.points {
            points.append(&encoded.points)?;
        }
        for (class, count) in encoded.classes {
            *self.classes.entry(class).or_default() += count;
        }
        self.findings.append(files, &encoded.findings)
    }
}

impl CaseStage<'_> {
    /// Whether other cases may change the points of a case.
    fn is_linked(&self) -> bool {
        links::is_linked(self.setting)
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
        reports::subpools(folder, pools)?,
        reports::budget_lines(folder, &setting.pools.all)?,
    ])
}

/// Statements, what links cases, and copies of what the run was made by.
fn write_accounts(
    folder: &Path,
    statements: &Statements<'_>,
    notes: Vec<LinkNote>,
) -> Result<Vec<OutputFile>, Error> {
    let mut outputs = statements.write(folder)?;
    if links::is_linked(statements.setting) {
        outputs.push(links::note::write(folder, statements.setting, notes)?);
    }
    outputs.extend(basis::write(folder, statements.job)?);
    Ok(outputs)
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
