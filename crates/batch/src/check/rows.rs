//! The findings of the checks as a table.

use crate::Error;
use crate::output::Fingerprint;
use crate::read::ClaimFiles;
use crate::table::{self, Chunks, TableEncoder, TableWriter};
use arrow::array::{ArrayRef, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use drgdip_claims::Rule;
use drgdip_tables::ClaimChecks;
use std::path::Path;
use std::sync::Arc;

/// One finding about one row of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleRow {
    /// The number of the row among all rows of the run.
    pub(super) row: u64,
    pub(super) rule: Rule,
    pub(super) column: &'static str,
    pub(super) value: String,
    pub(super) case_id: Option<String>,
    pub(super) hospital: Option<String>,
}

/// The findings while they are written.
pub(super) struct RuleTable<'c> {
    checks: &'c ClaimChecks,
    writer: TableWriter,
    encoder: TableEncoder,
    rows: u64,
    row_groups: usize,
}

impl<'c> RuleTable<'c> {
    pub(super) fn create(path: &Path, checks: &'c ClaimChecks) -> Result<Self, Error> {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let schema = Schema::new(vec![
            text("file"),
            Field::new("row", DataType::UInt64, false),
            text("case_id"),
            text("hospital_id"),
            text("rule"),
            text("code"),
            text("severity"),
            text("column"),
            text("value"),
            text("message_zh"),
            text("message_en"),
            text("hint"),
        ]);
        let (writer, encoder) = table::create(path, schema, &[])?;
        Ok(Self {
            checks,
            writer,
            encoder,
            rows: 0,
            row_groups: 0,
        })
    }

    /// Writes findings.
    pub(super) fn append(&mut self, files: &ClaimFiles, rows: &[RuleRow]) -> Result<(), Error> {
        let group_rows = usize::try_from(table::CHUNK_ROWS).expect("a row group fits into memory");
        for part in rows.chunks(group_rows) {
            let chunks = self.encode(files, part)?;
            self.writer.append(chunks)?;
            self.row_groups += 1;
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    fn encode(&self, files: &ClaimFiles, rows: &[RuleRow]) -> Result<Chunks, Error> {
        let texts = |text: &dyn Fn(&RuleRow) -> Option<String>| -> Vec<ArrayRef> {
            vec![Arc::new(rows.iter().map(text).collect::<StringArray>())]
        };
        let said = |text: fn(Rule) -> &'static str| -> Vec<ArrayRef> {
            let texts = rows.iter().map(|row| Some(text(row.rule)));
            vec![Arc::new(texts.collect::<StringArray>())]
        };
        let numbers = rows.iter().map(|row| files.place(row.row).1);
        let level = |row: &RuleRow| Some(self.checks.level(row.rule)?.to_string());
        let columns = [
            texts(&|row| Some(files.place(row.row).0.label.clone())),
            vec![Arc::new(UInt64Array::from_iter_values(numbers)) as ArrayRef],
            texts(&|row| row.case_id.clone()),
            texts(&|row| row.hospital.clone()),
            texts(&|row| Some(row.rule.number())),
            said(Rule::code),
            texts(&level),
            texts(&|row| Some(row.column.to_owned())),
            texts(&|row| Some(row.value.clone())),
            said(Rule::chinese),
            said(Rule::english),
            said(Rule::hint),
        ];
        self.encoder.encode(self.row_groups, 0, &columns)
    }

    /// Ends the table.
    pub(super) fn finish(self) -> Result<(Fingerprint, u64), Error> {
        let rows = self.rows;
        Ok((self.writer.finish()?, rows))
    }
}
