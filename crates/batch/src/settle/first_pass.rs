//! The first pass of a settlement: groups every case, awards its points, and writes all columns
//! but those that are known only when a point has its value.

use super::cases::{CaseWorker, SettledRows, Sums};
use super::columns::{self, CaseNames};
use super::ledger::Ledger;
use super::links::{self, Adjustments, LinkNote, Links};
use super::point_file::PointFile;
use super::setting::Setting;
use crate::Error;
use crate::findings::{FindingRow, FindingTable};
use crate::grouped::OutcomeCounts;
use crate::read::ClaimFiles;
use crate::run::{Run, Stage};
use crate::spill::Spill;
use crate::table::{self, Chunks, TableEncoder, TableWriter};
use arrow::datatypes::Schema;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// What the first pass leaves.
pub(super) struct FirstPass {
    pub(super) writer: TableWriter,
    pub(super) encoder: TableEncoder,
    pub(super) names: CaseNames,
    pub(super) ledger: Ledger,
    pub(super) sums: Sums,
    /// What other cases change in the points of a case.
    pub(super) adjusted: Adjustments,
    /// Why, for every case that took part.
    pub(super) notes: Vec<LinkNote>,
    pub(super) record: Record,
}

/// Groups, classifies and awards points.
pub(super) fn first_pass(
    run: &Run<'_>,
    setting: &Setting<'_>,
    folder: &Path,
) -> Result<FirstPass, Error> {
    let (writer, encoder) = create_cases(folder)?;
    let ledger = Ledger::new(folder)?;
    let links = Links::new(setting, folder)?;
    let sums = Mutex::new(Sums::default());
    let stage = CaseStage {
        setting,
        files: run.files,
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
    files: &'s ClaimFiles,
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
        let books = (Some(self.ledger), self.links);
        CaseWorker::new(self.setting, books, (self.files, self.sums))
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

impl CaseStage<'_> {
    /// Whether other cases may change the points of a case.
    fn is_linked(&self) -> bool {
        links::is_linked(self.setting)
    }
}

/// What the first pass leaves for the second.
pub(super) struct Record {
    pub(super) chunks: Vec<Chunks>,
    pub(super) outcomes: OutcomeCounts,
    pub(super) classes: BTreeMap<&'static str, u64>,
    /// The points of all rows, where other cases may still change them.
    pub(super) points: Option<PointFile>,
    pub(super) findings: FindingTable,
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
