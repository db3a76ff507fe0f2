//! `drgdip group`: claims in, one row with its group out for each.

mod kept;

use crate::apart::keep_apart;
use crate::duplicates::{AT_A_TIME, IdBook, IdPage, ids};
use crate::findings::{FindingCounts, FindingRow, FindingTable};
use crate::grouped::{GroupNames, GroupedRows, GroupingWorker, OutcomeCounts, grouped_fields};
use crate::in_force::PlanChoice;
use crate::manifest::{Manifest, OutputFile};
use crate::output::{Fingerprint, StagedFiles, fingerprint, parent};
use crate::read::{ClaimFile, ClaimFiles, Column, ColumnNeeds, QuarantineCounts, ReadOptions};
use crate::run::{Run, Stage, Worker};
use crate::table::{self, CHUNK_ROWS, Chunks, TableEncoder};
use crate::{Error, Progress};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use drgdip_claims::Finding;
use kept::KeptColumns;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What `group` is asked to do.
pub struct GroupJob<'a> {
    /// Claim files, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// By what to group.
    pub plan: PlanChoice<'a>,
    /// The Parquet file to write; findings and manifest are written beside it.
    pub out: &'a Path,
    /// Whether the input columns are written too.
    pub keep: bool,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
    /// How many rows an output row group has; `None` is the usual number.
    pub row_group_rows: Option<u64>,
}

/// What `group` did.
#[derive(Clone, Debug)]
pub struct GroupSummary {
    /// How many claims there were.
    pub rows: u64,
    /// What was left out because it cannot be read.
    pub quarantined: QuarantineCounts,
    /// What became of them.
    pub outcomes: OutcomeCounts,
    /// What was found about them.
    pub findings: FindingCounts,
    /// Input columns that were not kept because the output has its own of that name.
    pub not_kept: Vec<String>,
}

pub(crate) fn grouping_columns() -> ColumnNeeds {
    use Column::*;
    ColumnNeeds {
        required: vec![CaseId, Sex, AgeYears, PrincipalDiagnosis],
        optional: vec![
            AgeDays,
            BirthWeight,
            DischargeWay,
            StayDays,
            IcuHours,
            VentilatorHours,
            Department,
            OtherDiagnoses,
            MainProcedure,
            OtherProcedures,
            NewTech,
        ],
    }
}

pub(crate) fn thread_pool(threads: Option<usize>) -> Result<rayon::ThreadPool, Error> {
    let mut builder = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = threads {
        builder = builder.num_threads(threads);
    }
    builder.build().map_err(|e| {
        Error::usage(
            format!("cannot start the threads: {e}."),
            "Ask for fewer --threads.",
        )
    })
}

/// The path beside `out` that ends in `.suffix` in place of `.parquet`.
pub(crate) fn beside(out: &Path, suffix: &str) -> PathBuf {
    let stem = out
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    out.with_file_name(format!("{stem}.{suffix}"))
}

/// Groups every claim and writes one row for each, in input order.
///
/// # Errors
/// Unusable inputs and outputs, and an interruption; nothing is published then.
pub fn group(job: &GroupJob<'_>, progress: &dyn Progress) -> Result<GroupSummary, Error> {
    let mut needs = grouping_columns();
    needs.required.extend(job.plan.columns());
    for out in [
        job.out.to_owned(),
        beside(job.out, "findings.parquet"),
        beside(job.out, "manifest.json"),
    ] {
        keep_apart(&out, job.claims, &[])?;
    }
    let mut files = ClaimFiles::open(job.claims, &needs, job.read, None)?;
    let pool = thread_pool(job.threads)?;
    files.leave_out_damaged((&pool, job.keep), progress)?;
    let mut staged = StagedFiles::default();
    let findings_path = staged.stage(&beside(job.out, "findings.parquet"))?;
    let out_path = staged.stage(job.out)?;
    let manifest_path = staged.stage(&beside(job.out, "manifest.json"))?;

    let kept = KeptColumns::new(&files, job.keep)?;
    let mut fields = grouped_fields();
    fields.extend(kept.fields.iter().cloned());
    let (mut writer, encoder) = table::create(&out_path, Schema::new(fields), &["case_id"])?;
    let mut findings = FindingTable::create(&findings_path)?;
    findings.append_quarantined(&files.quarantined)?;
    let stage = Grouping {
        plan: job.plan,
        names: GroupNames::new(job.plan),
        encoder,
        kept,
        ids: IdBook::new(parent(job.out), files.rows)?,
    };
    let mut outcomes = OutcomeCounts::default();
    progress.stage("group", Some(files.rows));
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: job.row_group_rows.unwrap_or(CHUNK_ROWS),
        progress,
    };
    let ((), fingerprints) = with_fingerprints(&run, || {
        run.stage(&stage, |encoded: Encoded| {
            outcomes.add(&encoded.counts);
            findings.append(&files, &encoded.findings)?;
            writer.append(encoded.chunks)
        })
    })?;
    pool.install(|| append_duplicates(&mut findings, &stage.ids, &files))?;

    let result = OutputFile::new(&file_name(job.out), files.rows, writer.finish()?);
    let (fingerprint, rows, found) = findings.finish()?;
    let name = file_name(&beside(job.out, "findings.parquet"));
    let mut manifest = Manifest::new("group");
    manifest.plan(job.plan);
    manifest.inputs(&files, &fingerprints);
    manifest.counts(files.rows, &outcomes, &found);
    manifest.outputs(&[result, OutputFile::new(&name, rows, fingerprint)]);
    manifest.write(&manifest_path)?;
    staged.publish_run()?;
    Ok(GroupSummary {
        rows: files.rows,
        quarantined: files.quarantine(),
        outcomes,
        findings: found,
        not_kept: stage.kept.not_kept,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Takes the fingerprints of all claim files while `work` goes on.
pub(crate) fn with_fingerprints<T>(
    run: &Run<'_>,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<(T, Vec<Fingerprint>), Error> {
    let found: Vec<Mutex<Option<Result<Fingerprint, Error>>>> =
        run.files.files.iter().map(|_| Mutex::new(None)).collect();
    let worked = run.pool.in_place_scope(|scope| {
        for (file, slot) in run.files.files.iter().zip(&found) {
            scope.spawn(|_| {
                let result = fingerprint(&file.path, &|| run.progress.is_interrupted());
                *slot.lock().expect("no worker panicked") = Some(result);
            });
        }
        work()
    });
    let worked = worked?;
    let taken = |slot: Mutex<Option<_>>| slot.into_inner().expect("no worker panicked");
    let fingerprints = found
        .into_iter()
        .map(|slot| taken(slot).expect("every file was fingerprinted"))
        .collect::<Result<_, _>>()?;
    Ok((worked, fingerprints))
}

/// Joins what a stage makes of all rows to `all`, while the fingerprints are taken.
pub(crate) fn gathered<R: Send, S: Stage<Rows = R, Encoded = R>>(
    run: &Run<'_>,
    stage: &S,
    mut all: R,
) -> Result<(R, Vec<Fingerprint>), Error> {
    let ((), fingerprints) = with_fingerprints(run, || {
        run.stage(stage, |chunk| {
            stage.join(&mut all, chunk);
            Ok(())
        })
    })?;
    Ok((all, fingerprints))
}

/// Appends a finding for every row that repeats the id of an earlier one.
fn append_duplicates(
    findings: &mut FindingTable,
    book: &IdBook,
    files: &ClaimFiles,
) -> Result<(), Error> {
    for rows in book.duplicates(files)?.some_at_a_time(AT_A_TIME) {
        let named = rows.iter().zip(ids(files, &rows)?);
        let found = named.map(|(row, id)| {
            let id = id.expect("a repeated id is one");
            FindingRow::new(*row, Finding::DuplicateCase, Some(id.clone()), id)
        });
        findings.append(files, &found.collect::<Vec<_>>())?;
    }
    Ok(())
}

struct Grouping<'p> {
    plan: PlanChoice<'p>,
    names: GroupNames,
    encoder: TableEncoder,
    kept: KeptColumns,
    ids: IdBook,
}

#[derive(Default)]
struct Rows {
    grouped: GroupedRows,
    kept: Vec<Vec<ArrayRef>>,
}

struct Encoded {
    chunks: Chunks,
    counts: OutcomeCounts,
    findings: Vec<FindingRow>,
}

impl Stage for Grouping<'_> {
    type Worker<'s>
        = GroupWorker<'s>
    where
        Self: 's;
    type Rows = Rows;
    type Encoded = Encoded;

    fn worker(&self) -> GroupWorker<'_> {
        GroupWorker {
            stage: self,
            grouping: GroupingWorker::new(self.plan),
            ids: self.ids.page(),
            kept: Vec::new(),
        }
    }

    fn reads_everything(&self) -> bool {
        !self.kept.fields.is_empty()
    }

    fn join(&self, earlier: &mut Rows, later: Rows) {
        earlier.grouped.append(later.grouped);
        for (column, mut more) in earlier.kept.iter_mut().zip(later.kept) {
            column.append(&mut more);
        }
    }

    fn encode(&self, chunk: usize, rows: Rows) -> Result<Encoded, Error> {
        let mut columns = rows.grouped.columns(&self.names);
        columns.extend(rows.kept);
        let mut counts = OutcomeCounts::default();
        rows.grouped.count(&mut counts);
        Ok(Encoded {
            chunks: self.encoder.encode(chunk, 0, &columns)?,
            counts,
            findings: rows.grouped.findings,
        })
    }
}

struct GroupWorker<'s> {
    stage: &'s Grouping<'s>,
    grouping: GroupingWorker<'s>,
    ids: IdPage<'s>,
    /// The kept columns of the batch.
    kept: Vec<ArrayRef>,
}

impl Worker for GroupWorker<'_> {
    type Rows = Rows;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        let everything = self.stage.reads_everything();
        self.grouping
            .load(file, &batch, |column| file.position(column, everything))?;
        if everything {
            self.kept = self.stage.kept.of(file, &batch)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Rows>,
    ) -> Result<(), Error> {
        let rows = rows.get_or_insert_default();
        let ids = self.grouping.case_ids().slice(span.start, span.len());
        self.ids.add(first_row, &ids)?;
        rows.kept.resize(self.kept.len(), Vec::new());
        for (column, array) in rows.kept.iter_mut().zip(&self.kept) {
            column.push(array.slice(span.start, span.len()));
        }
        self.grouping
            .take(span, first_row, &mut rows.grouped, |_, _, _| {});
        Ok(())
    }
    fn finish(&mut self) -> Result<(), Error> {
        self.ids.finish()
    }
}
