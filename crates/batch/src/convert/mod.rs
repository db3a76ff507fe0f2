//! `drgdip convert`: a table of texts (CSV, or the rows of a workbook) as Parquet claims.
//!
//! Every cell that has to be changed to mean something is counted by column and kind of change.
//! A cell that means nothing is left empty and becomes a finding, so no row is lost.

mod cells;
mod columns;
mod csv_rows;
mod encoding;

pub use cells::Conversion;

use crate::apart::keep_apart;
use crate::findings::{FindingCounts, FindingRow, FindingTable};
use crate::output::StagedFiles;
use crate::read::Column;
use crate::table::{self, CHUNK_ROWS, TableEncoder, TableWriter};
use crate::{Error, Progress};
use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use columns::TableColumn;
use csv_rows::CsvRows;
use drgdip_claims::Finding;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The most columns of a table.
const MAX_COLUMNS: usize = 4096;

/// The rows of a table, from its header on.
pub trait TextRows {
    /// Puts the next row's cells into `cells`; gives the number of the row in its sheet, from 1, or
    /// nothing at the end.
    ///
    /// # Errors
    /// The source cannot be read any further.
    fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>, Error>;
}

/// Where the rows come from.
pub enum ConvertSource<'a> {
    /// A CSV file with this separator.
    Csv(&'a Path, u8),
    /// Rows that somebody else reads, with the name of their file and sheet.
    Rows(String, &'a mut dyn TextRows),
}

/// What `convert` is asked to do.
pub struct ConvertJob<'a> {
    /// The table.
    pub source: ConvertSource<'a>,
    /// The Parquet file to write; its findings are written beside it.
    pub out: &'a Path,
}

/// What `convert` did.
#[derive(Clone, Debug, Default)]
pub struct ConvertSummary {
    /// The encoding of a CSV file.
    pub encoding: Option<&'static str>,
    /// How many claims were written.
    pub rows: u64,
    /// Headers that stand for a column of the contract under another name.
    pub renamed: Vec<(String, &'static str)>,
    /// Headers that the contract does not know; they are kept as text.
    pub unknown: Vec<String>,
    /// By column and kind of change: how many cells, and the first of them.
    pub conversions: BTreeMap<(String, Conversion), (u64, String)>,
    /// What was found.
    pub findings: FindingCounts,
    /// Where the findings stand.
    pub findings_path: PathBuf,
}

/// Turns a table of texts into a Parquet file of claims.
///
/// # Errors
/// A file that cannot be read, a text that is neither UTF-8 nor GB18030, a quotation mark that is not
/// closed or closed only rows later, a header that is empty or names a column twice, an output that cannot be written, an interruption; nothing is published
/// then.
pub fn convert(job: ConvertJob<'_>, progress: &dyn Progress) -> Result<ConvertSummary, Error> {
    match job.source {
        ConvertSource::Rows(label, rows) => Conversions::run(&label, rows, job.out, progress),
        ConvertSource::Csv(path, separator) => {
            let encoding = encoding::detect(path)?;
            let mut rows = CsvRows::open(path, encoding, separator)?;
            let label = path.display().to_string();
            let summary = Conversions::run(&label, &mut rows, job.out, progress)?;
            Ok(ConvertSummary {
                encoding: Some(encoding.name()),
                ..summary
            })
        }
    }
}

/// A table while it is converted.
struct Conversions {
    columns: Vec<TableColumn>,
    /// Which of the columns is the case_id.
    case_id: Option<usize>,
    /// How many columns without a name stood behind the last one, and must be empty.
    unnamed: usize,
    findings: Vec<FindingRow>,
    /// By column and kind of change: how many cells, and the first of them.
    changes: BTreeMap<(usize, Conversion), (u64, String)>,
    summary: ConvertSummary,
}

impl Conversions {
    fn run(
        label: &str,
        rows: &mut dyn TextRows,
        out: &Path,
        progress: &dyn Progress,
    ) -> Result<ConvertSummary, Error> {
        let findings_path = crate::group::beside(out, "findings.parquet");
        for out in [out, &findings_path] {
            keep_apart(out, &[], &[Path::new(label)])?;
        }
        let mut staged = StagedFiles::default();
        let staged_findings = staged.stage(&findings_path)?;
        let staged_claims = staged.stage(out)?;
        let mut cells = Vec::new();
        let mut table = match rows.next_row(&mut cells)? {
            Some(_) => Self::new(label, &cells)?,
            None => return Err(no_header(label)),
        };
        let schema = Schema::new(
            table
                .columns
                .iter()
                .map(TableColumn::field)
                .collect::<Vec<_>>(),
        );
        let (mut writer, encoder) = table::create(&staged_claims, schema, &[])?;
        let mut findings = FindingTable::create(&staged_findings)?;
        let place = |row| (label, row);
        progress.stage("convert", None);
        let mut row_groups = 0;
        let mut in_group = 0;
        while let Some(number) = rows.next_row(&mut cells)? {
            table.take(number, &cells);
            in_group += 1;
            if in_group == CHUNK_ROWS {
                table.write(&mut writer, &encoder, row_groups)?;
                findings.append_at(&place, &std::mem::take(&mut table.findings))?;
                progress.advance(in_group);
                (row_groups, in_group) = (row_groups + 1, 0);
            }
            progress.look()?;
        }
        if in_group > 0 {
            table.write(&mut writer, &encoder, row_groups)?;
        }
        findings.append_at(&place, &table.findings)?;
        progress.advance(in_group);
        writer.finish()?;
        let (_, _, counts) = findings.finish()?;
        staged.publish()?;
        let changes = std::mem::take(&mut table.changes);
        let named = |(at, change): (usize, _)| (table.columns[at].name().to_owned(), change);
        Ok(ConvertSummary {
            findings: counts,
            findings_path,
            conversions: changes
                .into_iter()
                .map(|(key, n)| (named(key), n))
                .collect(),
            ..table.summary
        })
    }

    fn new(label: &str, header: &[String]) -> Result<Self, Error> {
        let place = format!("{label}, row 1");
        if header.len() > MAX_COLUMNS {
            let problem = format!(
                "the table has {} columns; at most {MAX_COLUMNS} are read.",
                header.len()
            );
            return Err(Error::input(place, problem));
        }
        // Spreadsheets often write empty columns behind the last one.
        let named = header.iter().rposition(|name| !name.trim().is_empty());
        let (header, unnamed) = header.split_at(named.map_or(header.len(), |last| last + 1));
        let columns: Vec<TableColumn> = header
            .iter()
            .map(|name| TableColumn::new(name.trim()))
            .collect();
        let mut names = BTreeSet::new();
        for (number, column) in columns.iter().enumerate() {
            let name = column.name();
            if name.is_empty() {
                let problem = format!("column {} has no name.", number + 1);
                return Err(Error::input(place, problem).with_hint("Give every column a header."));
            }
            if !names.insert(name.to_owned()) {
                let problem = format!(
                    "two columns mean {name}; the second is “{}”.",
                    column.header
                );
                return Err(Error::input(place, problem).with_hint("Leave one of them out."));
            }
        }
        if columns.iter().all(|column| column.known.is_none()) {
            let problem = "no header is a column of the claims contract.";
            return Err(Error::input(place, problem).with_hint(
                "Check the separator (--separator) and that the first row holds the headers.",
            ));
        }
        Ok(Self {
            case_id: columns.iter().position(|c| c.known == Some(Column::CaseId)),
            summary: summary_of(&columns),
            unnamed: unnamed.len(),
            columns,
            findings: Vec::new(),
            changes: BTreeMap::new(),
        })
    }

    fn take(&mut self, row: u64, cells: &[String]) {
        let case_id = self
            .case_id
            .and_then(|at| cells.get(at))
            .map(|id| id.trim().to_owned());
        if !self.fits(cells) {
            let beyond = cells.get(self.columns.len()..).unwrap_or_default();
            let (has, wanted) = (cells.len(), self.columns.len());
            let value = format!("{has} / {wanted} {}", beyond.join(";"));
            let finding = Finding::RowFieldsDiffer;
            self.findings
                .push(FindingRow::new(row, finding, case_id.clone(), value));
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            let cell = cells.get(at).map_or("", String::as_str);
            match column.push(cell) {
                Ok(said) => {
                    for conversion in said.into_iter().flatten() {
                        let entry = self.changes.entry((at, conversion));
                        entry.or_insert_with(|| (0, cell.to_owned())).0 += 1;
                    }
                }
                Err(cells::Unreadable) => {
                    let name = column.known.map_or("", Column::name);
                    let finding = Finding::CellUnreadable;
                    let found = FindingRow::new(row, finding, case_id.clone(), cell.to_owned());
                    self.findings.push(found.in_column(name));
                }
            }
        }
        self.summary.rows += 1;
    }

    /// Whether a row has a cell for each column, and nothing in columns without a name.
    fn fits(&self, cells: &[String]) -> bool {
        match cells.get(self.columns.len()..) {
            None => false,
            Some(beyond) => {
                beyond.len() <= self.unnamed && beyond.iter().all(|cell| cell.trim().is_empty())
            }
        }
    }

    fn write(
        &mut self,
        writer: &mut TableWriter,
        encoder: &TableEncoder,
        row_group: usize,
    ) -> Result<(), Error> {
        let columns: Vec<Vec<ArrayRef>> = self
            .columns
            .iter_mut()
            .map(|column| vec![column.finish()])
            .collect();
        writer.append(encoder.encode(row_group, 0, &columns)?)
    }
}

fn summary_of(columns: &[TableColumn]) -> ConvertSummary {
    let mut summary = ConvertSummary::default();
    for column in columns {
        match column.known {
            None => summary.unknown.push(column.header.clone()),
            Some(known) if known.name() != column.header => {
                summary.renamed.push((column.header.clone(), known.name()));
            }
            Some(_) => {}
        }
    }
    summary
}

fn no_header(label: &str) -> Error {
    Error::input(
        label,
        "the table is empty; its first row must hold the headers.",
    )
    .with_hint("Deliver the file again; nothing was written.")
}

#[cfg(test)]
mod tests;
