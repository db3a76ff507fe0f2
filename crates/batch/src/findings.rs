//! The findings of a run as a table.

use crate::Error;
use crate::output::Fingerprint;
use crate::read::{ClaimFiles, Quarantined};
use crate::table::{self, Chunks, TableEncoder, TableWriter};
use arrow::array::{ArrayRef, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use drgdip_claims::{Finding, FindingSeverity};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// One finding about one row of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FindingRow {
    /// The number of the row among all rows of the run.
    pub(crate) row: u64,
    pub(crate) finding: Finding,
    pub(crate) case_id: Option<String>,
    /// The claim column that it is about.
    pub(crate) column: &'static str,
    /// What stands there; empty where nothing does. Of a code that was changed, what it was and
    /// what it became, with an arrow between.
    pub(crate) value: String,
}

impl FindingRow {
    /// A finding about the column that it is always about.
    pub(crate) const fn new(
        row: u64,
        finding: Finding,
        case_id: Option<String>,
        value: String,
    ) -> Self {
        Self {
            row,
            finding,
            case_id,
            column: finding.column(),
            value,
        }
    }

    /// The same finding about one of the columns that it can be about.
    pub(crate) fn in_column(self, column: &'static str) -> Self {
        Self { column, ..self }
    }
}

/// How often each finding came up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingCounts(BTreeMap<Finding, u64>);

impl FindingCounts {
    pub(crate) fn add(&mut self, rows: &[FindingRow]) {
        for row in rows {
            *self.0.entry(row.finding).or_default() += 1;
        }
    }

    /// Each finding with how often it came up, in order of precedence.
    pub fn iter(&self) -> impl Iterator<Item = (Finding, u64)> {
        self.0.iter().map(|(finding, count)| (*finding, *count))
    }

    /// How many findings there are of at least this severity.
    #[must_use]
    pub fn at_least(&self, severity: FindingSeverity) -> u64 {
        self.iter()
            .filter(|(f, _)| f.severity() >= severity)
            .map(|(_, count)| count)
            .sum()
    }
}

/// The findings table of a run while it is written.
pub(crate) struct FindingTable {
    writer: TableWriter,
    encoder: TableEncoder,
    pub(crate) counts: FindingCounts,
    pub(crate) rows: u64,
    row_groups: usize,
}

impl FindingTable {
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let schema = Schema::new(vec![
            text("file"),
            Field::new("row", DataType::UInt64, false),
            text("case_id"),
            text("column"),
            text("value"),
            text("code"),
            text("severity"),
            text("message_zh"),
            text("message_en"),
            text("hint"),
        ]);
        let (writer, encoder) = table::create(path, schema, &[])?;
        Ok(Self {
            writer,
            encoder,
            counts: FindingCounts::default(),
            rows: 0,
            row_groups: 0,
        })
    }

    /// Writes findings; they come in row order and, in a row, in order of precedence.
    pub(crate) fn append(
        &mut self,
        files: &ClaimFiles,
        findings: &[FindingRow],
    ) -> Result<(), Error> {
        let place = |row| {
            let (file, row) = files.place(row);
            (file.label.as_str(), row)
        };
        self.append_at(&place, findings)
    }

    /// Writes what was left out because it cannot be read: its file, first row, rows and reason.
    pub(crate) fn append_quarantined(&mut self, left: &[Quarantined]) -> Result<(), Error> {
        let finding = |left: &Quarantined| match left.row_group {
            None => Finding::FileUnreadable,
            Some(_) => Finding::RowGroupUnreadable,
        };
        let rows = (0..).zip(left);
        let rows: Vec<FindingRow> = rows
            .map(|(row, left)| FindingRow::new(row, finding(left), None, left.value()))
            .collect();
        let place = |row: u64| {
            let left = &left[usize::try_from(row).expect("it is one of them")];
            (left.file.as_str(), left.first_row)
        };
        self.append_at(&place, &rows)
    }

    /// The same, where `place` says the file of a row and its number there.
    pub(crate) fn append_at<'f>(
        &mut self,
        place: &dyn Fn(u64) -> (&'f str, u64),
        findings: &[FindingRow],
    ) -> Result<(), Error> {
        let group_rows = usize::try_from(table::CHUNK_ROWS).expect("a row group fits into memory");
        for part in findings.chunks(group_rows) {
            let chunks = self.encode(place, part)?;
            self.writer.append(chunks)?;
            self.row_groups += 1;
        }
        self.counts.add(findings);
        self.rows += findings.len() as u64;
        Ok(())
    }

    fn encode<'f>(
        &self,
        place: &dyn Fn(u64) -> (&'f str, u64),
        findings: &[FindingRow],
    ) -> Result<Chunks, Error> {
        let place = |row: &FindingRow| place(row.row);
        let texts = |text: &dyn Fn(&FindingRow) -> Option<String>| -> Vec<ArrayRef> {
            vec![Arc::new(findings.iter().map(text).collect::<StringArray>())]
        };
        let said = |text: fn(Finding) -> &'static str| -> Vec<ArrayRef> {
            let texts = findings.iter().map(|row| Some(text(row.finding)));
            vec![Arc::new(texts.collect::<StringArray>())]
        };
        let rows = findings.iter().map(|row| place(row).1);
        let columns = [
            texts(&|row| Some(place(row).0.to_owned())),
            vec![Arc::new(UInt64Array::from_iter_values(rows)) as ArrayRef],
            texts(&|row| row.case_id.clone()),
            texts(&|row| Some(row.column.to_owned())),
            texts(&|row| Some(row.value.clone())),
            said(Finding::code),
            texts(&|row| Some(row.finding.severity().to_string())),
            said(Finding::chinese),
            said(Finding::english),
            said(Finding::hint),
        ];
        self.encoder.encode(self.row_groups, 0, &columns)
    }

    /// Ends the table.
    pub(crate) fn finish(self) -> Result<(Fingerprint, u64, FindingCounts), Error> {
        let (rows, counts) = (self.rows, self.counts);
        Ok((self.writer.finish()?, rows, counts))
    }
}
