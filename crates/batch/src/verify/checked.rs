//! A run of `check`: its findings are counted again, and held against the manifest and summaries.

use super::Verification;
use super::checks::compare_counts;
use super::files::RunFiles;
use super::sums::{Batch, Table, value};
use crate::{Error, Progress};
use std::collections::BTreeMap;

const FINDINGS: &str = "findings.parquet";

/// What the rows of the findings add up to.
#[derive(Default)]
struct Found {
    by_code: BTreeMap<String, u64>,
    /// By file, the rows with a finding that rejects, and with one that warns.
    rejected: BTreeMap<String, Vec<i64>>,
    warned: BTreeMap<String, Vec<i64>>,
}

/// Counts findings by rule, rows by their worst finding, and the columns of the summaries.
pub(super) fn check(
    files: &RunFiles,
    result: &mut Verification,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let columns = ["file", "row", "code", "severity"];
    let table = Table::open(files.path(FINDINGS), &columns)?;
    progress.stage("verify: findings", None);
    let mut found = Found::default();
    table.for_each(progress, |batch| found.add(&batch))?;
    compare_counts(&found.by_code, &files.findings, FINDINGS, result);
    let outcomes = found.outcomes(files.rows);
    compare_counts(&outcomes, &files.outcomes, "manifest, outcomes", result);

    let all: u64 = files.findings.values().sum();
    for (file, column, stated) in [
        ("summary.csv", "findings", all),
        ("rules.csv", "findings", all),
        ("hospitals.csv", "claims", files.rows),
        ("hospitals.csv", "rejected", outcomes["rejected"]),
        ("hospitals.csv", "warned", outcomes["warned"]),
        ("hospitals.csv", "clean", outcomes["clean"]),
    ] {
        let sum = column_sum(files, (file, column))?;
        if sum != stated {
            let problem = format!("column {column} adds up to {sum}, not to {stated}.");
            result.mismatch("summary", file, problem);
        }
    }
    Ok(())
}

impl Found {
    fn add(&mut self, batch: &Batch<'_>) -> Result<(), Error> {
        let (file, code) = (batch.text("file")?, batch.text("code")?);
        let (severity, numbers) = (batch.text("severity")?, batch.integer("row")?);
        for row in 0..batch.rows() {
            *self
                .by_code
                .entry(value(&code, row).to_owned())
                .or_default() += 1;
            let rows = match value(&severity, row) {
                "reject" => &mut self.rejected,
                "warn" => &mut self.warned,
                _ => continue,
            };
            let of_file = rows.entry(value(&file, row).to_owned()).or_default();
            of_file.push(numbers.value(row));
        }
        Ok(())
    }

    /// How many of so many rows are rejected, warned of, and neither.
    fn outcomes(&mut self, rows: u64) -> BTreeMap<String, u64> {
        let (mut rejected, mut warned) = (0, 0);
        for rows in self.rejected.values_mut() {
            rows.sort_unstable();
            rows.dedup();
            rejected += rows.len() as u64;
        }
        for (file, rows) in &mut self.warned {
            rows.sort_unstable();
            rows.dedup();
            let worse = self.rejected.get(file).map_or(&[][..], Vec::as_slice);
            let only = rows.iter().filter(|row| worse.binary_search(row).is_err());
            warned += only.count() as u64;
        }
        let clean = rows.saturating_sub(rejected + warned);
        let counts = [("rejected", rejected), ("warned", warned), ("clean", clean)];
        counts.map(|(name, count)| (name.to_owned(), count)).into()
    }
}

/// What a column of whole numbers adds up to.
fn column_sum(files: &RunFiles, (file, column): (&str, &str)) -> Result<u64, Error> {
    let path = files.path(file);
    let wrong = |problem: String| Error::input(path.display(), problem);
    let mut table = csv::Reader::from_path(&path).map_err(|e| wrong(e.to_string()))?;
    let headers = table.headers().map_err(|e| wrong(e.to_string()))?;
    let at = headers.iter().position(|name| name == column);
    let at = at.ok_or_else(|| wrong(format!("the column {column} is missing.")))?;
    let mut sum = 0;
    for row in table.records() {
        let row = row.map_err(|e| wrong(e.to_string()))?;
        let cell = row.get(at).unwrap_or_default();
        let number: u64 = cell
            .parse()
            .map_err(|_| wrong(format!("{cell:?} in column {column} is no count.")))?;
        sum += number;
    }
    Ok(sum)
}
