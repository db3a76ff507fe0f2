//! Single cases out of large files: the claim of a case, the rows of an output that bear a key.

use crate::group::grouping_columns;
use crate::read::{ClaimFile, ClaimFiles, Column, ColumnNeeds, ReadOptions, dates, money, texts};
use crate::settle::setting::date_of;
use crate::{Error, Progress};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use drgdip_claims::{Claim, Sex};
use jiff::civil::Date;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A claim and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundClaim {
    /// The file.
    pub file: PathBuf,
    /// The row in it, from 1.
    pub row: u64,
    /// The facts that grouping takes.
    pub claim: Claim,
    /// The pooling area, where the claim states it.
    pub region: Option<String>,
    /// The date of discharge, where the claim states it.
    pub discharge_date: Option<Date>,
    /// The total cost in fen, where the claim states it; tie-breaks of some DIP plans look at it.
    pub total_cost_fen: Option<i64>,
    /// The cost of drugs in fen, where the claim states it; subtypes of some catalogues look at it.
    pub drug_cost_fen: Option<i64>,
}

/// Finds every claim with this `case_id`, in file and row order.
///
/// # Errors
/// Files that cannot be read or have no `case_id`, and an interruption.
pub fn find_claims(
    inputs: &[PathBuf],
    case_id: &str,
    progress: &dyn Progress,
) -> Result<Vec<FoundClaim>, Error> {
    let mut needs = grouping_columns();
    needs.optional.extend([
        Column::Region,
        Column::DischargeDate,
        Column::TotalCost,
        Column::DrugCost,
    ]);
    // Here the cost only explains, so a column of floating-point numbers is good enough, and whole
    // numbers can only have been let in as fen.
    let read = ReadOptions {
        allow_float_money: true,
        money_in_fen: true,
        keep_going: false,
    };
    let files = ClaimFiles::open(inputs, &needs, read, None)?;
    progress.stage("find the case", Some(files.rows));
    let rows = rows_of_case(&files, case_id, progress)?;
    let columns: Vec<Column> = needs.required.into_iter().chain(needs.optional).collect();
    let mut found = Vec::new();
    files.visit_rows(&rows, &columns, |file, batch, row, offset| {
        let one = OneRow {
            file,
            columns: &columns,
            batch: &batch.slice(offset, 1),
        };
        found.push(FoundClaim {
            file: file.path.clone(),
            row: row - file.first_row + 1,
            claim: one.claim()?,
            region: one.text(Column::Region)?,
            discharge_date: one.date(Column::DischargeDate)?,
            total_cost_fen: one.fen(Column::TotalCost)?,
            drug_cost_fen: one.fen(Column::DrugCost)?,
        });
        Ok(())
    })?;
    Ok(found)
}

pub(crate) fn rows_of_case(
    files: &ClaimFiles,
    case_id: &str,
    progress: &dyn Progress,
) -> Result<Vec<u64>, Error> {
    let mut rows = Vec::new();
    for unit in &files.units {
        let file = &files.files[unit.file];
        let mut reader = file.read_columns(unit, &[Column::CaseId])?;
        let mut first = unit.first_row;
        while let Some(batch) = file.next_batch(&mut reader)? {
            progress.look()?;
            let keys = as_text(batch.column(0)).map_err(|error| file.broken(&error))?;
            let offsets = keys
                .iter()
                .zip(first..)
                .filter(|(key, _)| *key == Some(case_id));
            rows.extend(offsets.map(|(_, row)| row));
            first += batch.num_rows() as u64;
            progress.advance(batch.num_rows() as u64);
        }
    }
    Ok(rows)
}

/// Opens a file for its claim columns, whichever it has; `None` when it has no diagnoses.
pub(crate) fn open_claims(path: &Path) -> Option<ClaimFiles> {
    let needs = grouping_columns();
    let optional = needs.required.into_iter().chain(needs.optional).collect();
    let needs = ColumnNeeds {
        required: vec![Column::PrincipalDiagnosis],
        optional,
    };
    ClaimFiles::open(&[path.to_owned()], &needs, ReadOptions::default(), None).ok()
}

/// Hands on the claims in some rows, which are given in ascending order.
pub(crate) fn for_each_claim(
    files: &ClaimFiles,
    rows: &[u64],
    mut take: impl FnMut(&ClaimFile, u64, Claim),
) -> Result<(), Error> {
    let needs = grouping_columns();
    let columns: Vec<Column> = needs.required.into_iter().chain(needs.optional).collect();
    files.visit_rows(rows, &columns, |file, batch, row, offset| {
        let one = OneRow {
            file,
            columns: &columns,
            batch: &batch.slice(offset, 1),
        };
        take(file, row, one.claim()?);
        Ok(())
    })
}

/// One row of a claim file.
struct OneRow<'r> {
    file: &'r ClaimFile,
    columns: &'r [Column],
    batch: &'r RecordBatch,
}

impl OneRow<'_> {
    fn claim(&self) -> Result<Claim, Error> {
        let age_days = self.int(Column::AgeDays)?;
        let age_years = match age_days {
            Some(_) if self.file.layout.infant_age_alone => Some(0),
            _ => self.int(Column::AgeYears)?,
        };
        let sex = self.text(Column::Sex)?.and_then(|code| code.parse().ok());
        Ok(Claim {
            case_id: self.text(Column::CaseId)?.unwrap_or_default(),
            sex: sex.and_then(Sex::from_code),
            age_years,
            age_days,
            birth_weight_g: self.int(Column::BirthWeight)?,
            stay_days: self.int(Column::StayDays)?,
            icu_hours: self.int(Column::IcuHours)?,
            ventilator_hours: self.int(Column::VentilatorHours)?,
            discharge_way: self.text(Column::DischargeWay)?,
            department: self.text(Column::Department)?,
            principal_diagnosis: self.text(Column::PrincipalDiagnosis)?,
            other_diagnoses: self.list(Column::OtherDiagnoses)?,
            main_procedure: self.text(Column::MainProcedure)?,
            other_procedures: self.list(Column::OtherProcedures)?,
            new_tech: self.flag(Column::NewTech),
        })
    }

    fn array(&self, column: Column) -> Option<&ArrayRef> {
        let position = self.file.position_among(column, self.columns)?;
        Some(self.batch.column(position)).filter(|array| array.is_valid(0))
    }

    fn text(&self, column: Column) -> Result<Option<String>, Error> {
        let Some(array) = self.array(column) else {
            return Ok(None);
        };
        let coded = texts(self.file, array)?;
        let text = as_text(&(std::sync::Arc::new(coded) as ArrayRef));
        let text = text.map_err(|error| self.file.broken(&error))?;
        Ok(text.is_valid(0).then(|| text.value(0).to_owned()))
    }

    fn int(&self, column: Column) -> Result<Option<i64>, Error> {
        let Some(array) = self.array(column) else {
            return Ok(None);
        };
        let wide = cast(array, &DataType::Int64).map_err(|error| self.file.broken(&error))?;
        let wide = wide.as_primitive::<Int64Type>();
        Ok(wide.is_valid(0).then(|| wide.value(0)))
    }

    fn date(&self, column: Column) -> Result<Option<Date>, Error> {
        let Some(array) = self.array(column) else {
            return Ok(None);
        };
        let days = dates(self.file, array)?;
        Ok(days.is_valid(0).then(|| date_of(days.value(0))).flatten())
    }

    fn fen(&self, column: Column) -> Result<Option<i64>, Error> {
        let Some(array) = self.array(column) else {
            return Ok(None);
        };
        let cells = money(self.file, array)?;
        Ok(cells.first().and_then(|cell| cell.fen()))
    }

    fn flag(&self, column: Column) -> bool {
        self.array(column)
            .is_some_and(|array| array.as_boolean().value(0))
    }

    fn list(&self, column: Column) -> Result<Vec<String>, Error> {
        let Some(array) = self.array(column) else {
            return Ok(Vec::new());
        };
        let items = match array.data_type() {
            DataType::LargeList(_) => array.as_list::<i64>().value(0),
            _ => array.as_list::<i32>().value(0),
        };
        let items = as_text(&items).map_err(|error| self.file.broken(&error))?;
        Ok(items.iter().flatten().map(str::to_owned).collect())
    }
}

/// A row of an output, its flat columns as text; an absent value is left out.
pub type TextRow = BTreeMap<String, String>;

/// Finds the rows of a Parquet file whose column has this value, in row order.
///
/// # Errors
/// A file that cannot be read or lacks the column, and an interruption.
pub fn find_rows(
    path: &Path,
    column: &str,
    value: &str,
    progress: &dyn Progress,
) -> Result<Vec<TextRow>, Error> {
    let rows = matching_rows(path, column, value, progress)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let reader = builder(path)?.with_row_selection(only(&rows)).build();
    let mut found = Vec::new();
    for batch in reader.map_err(|error| broken(path, &error))? {
        let batch = batch.map_err(|error| broken(path, &error))?;
        for row in 0..batch.num_rows() {
            found.push(text_row(path, &batch.slice(row, 1))?);
        }
    }
    Ok(found)
}

/// The first value of a column that is there, within the first rows of the file.
pub(crate) fn first_value(path: &Path, column: &str) -> Result<Option<String>, Error> {
    let builder = builder(path)?;
    let Some((root, _)) = builder.schema().column_with_name(column) else {
        return Ok(None);
    };
    let mask = ProjectionMask::roots(builder.parquet_schema(), [root]);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(1 << 10)
        .build();
    let batch = reader
        .map_err(|error| broken(path, &error))?
        .next()
        .transpose();
    let Some(batch) = batch.map_err(|error| broken(path, &error))? else {
        return Ok(None);
    };
    let texts = as_text(batch.column(0)).map_err(|error| broken(path, &error))?;
    Ok(texts.iter().flatten().next().map(str::to_owned))
}

fn matching_rows(
    path: &Path,
    column: &str,
    value: &str,
    progress: &dyn Progress,
) -> Result<Vec<usize>, Error> {
    let builder = builder(path)?;
    let root = builder
        .schema()
        .column_with_name(column)
        .map(|(index, _)| index);
    let missing = || Error::input(path.display(), format!("the column {column} is missing."));
    let mask = ProjectionMask::roots(builder.parquet_schema(), [root.ok_or_else(missing)?]);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(1 << 14)
        .build();
    let (mut rows, mut first) = (Vec::new(), 0);
    for batch in reader.map_err(|error| broken(path, &error))? {
        let batch = batch.map_err(|error| broken(path, &error))?;
        progress.look()?;
        let texts = as_text(batch.column(0)).map_err(|error| broken(path, &error))?;
        let here = texts
            .iter()
            .zip(first..)
            .filter(|(text, _)| *text == Some(value));
        rows.extend(here.map(|(_, row)| row));
        first += batch.num_rows();
    }
    Ok(rows)
}

fn only(rows: &[usize]) -> RowSelection {
    let mut selectors = Vec::new();
    let mut next = 0;
    for row in rows {
        selectors.push(RowSelector::skip(row - next));
        selectors.push(RowSelector::select(1));
        next = row + 1;
    }
    RowSelection::from(selectors)
}

fn text_row(path: &Path, row: &RecordBatch) -> Result<TextRow, Error> {
    let mut texts = TextRow::new();
    for (field, column) in row.schema().fields().iter().zip(row.columns()) {
        if field.data_type().is_nested() && !matches!(field.data_type(), DataType::Dictionary(..)) {
            continue;
        }
        let text = as_text(column).map_err(|error| broken(path, &error))?;
        if text.is_valid(0) {
            texts.insert(field.name().clone(), text.value(0).to_owned());
        }
    }
    Ok(texts)
}

/// Opens a Parquet file of any kind.
pub(crate) fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, Error> {
    let file = File::open(path).map_err(|error| Error::file(path, "open it", &error))?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| broken(path, &error))
}

/// The error for a file that is no Parquet, or that breaks off.
pub(crate) fn broken(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::input(
        path.display(),
        format!("this is not a readable Parquet file: {error}."),
    )
}

fn as_text(column: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    let text = cast(column, &DataType::Utf8)?;
    Ok(StringArray::from(text.to_data()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;
    use arrow::array::{Decimal128Array, Int32Array, ListArray};
    use arrow::datatypes::Int32Type;
    use parquet::arrow::ArrowWriter;
    use std::sync::Arc;

    fn claims() -> RecordBatch {
        let cost = Decimal128Array::from(vec![100, 200, 300]);
        let ages = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
            Some(vec![Some(1)]),
            None,
            Some(vec![]),
        ]);
        let others = {
            let mut builder = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
            builder.append_value([Some("E11"), Some("I10")]);
            builder.append_null();
            builder.append_value([Some("J18")]);
            builder.finish()
        };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("case_id", Arc::new(StringArray::from(vec!["a", "b", "a"]))),
            ("gend", Arc::new(StringArray::from(vec!["1", "9", "2"]))),
            (
                "age_years",
                Arc::new(Int32Array::from(vec![Some(64), None, Some(3)])),
            ),
            (
                "principal_diagnosis",
                Arc::new(StringArray::from(vec![Some("I21"), None, None])),
            ),
            ("other_diagnoses", Arc::new(others)),
            (
                "total_cost",
                Arc::new(cost.with_precision_and_scale(16, 2).unwrap()),
            ),
            ("nested", Arc::new(ages)),
        ];
        let columns = columns
            .into_iter()
            .map(|(name, column)| (name, column, true));
        RecordBatch::try_from_iter_with_nullable(columns).unwrap()
    }

    fn write() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claims.parquet");
        let batch = claims();
        let file = File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        (folder, path)
    }

    #[test]
    fn every_claim_of_a_case_is_found_with_its_facts() {
        let (_folder, path) = write();
        let found = find_claims(std::slice::from_ref(&path), "a", &Silent).unwrap();
        let rows: Vec<u64> = found.iter().map(|found| found.row).collect();
        assert_eq!(rows, [1, 3]);
        let claim = &found[0].claim;
        assert_eq!(claim.sex, Some(Sex::Male));
        assert_eq!(claim.age_years, Some(64));
        assert_eq!(claim.principal_diagnosis.as_deref(), Some("I21"));
        assert_eq!(claim.other_diagnoses, ["E11", "I10"]);
        assert_eq!(found[1].claim.other_diagnoses, ["J18"]);
        assert_eq!(found[1].claim.principal_diagnosis, None);
        assert!(find_claims(&[path], "z", &Silent).unwrap().is_empty());
    }

    #[test]
    fn rows_are_found_by_a_key_as_text() {
        let (_folder, path) = write();
        let found = find_rows(&path, "case_id", "b", &Silent).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["total_cost"], "2.00");
        assert_eq!(found[0]["gend"], "9");
        assert!(!found[0].contains_key("age_years"));
        let error = find_rows(&path, "pool", "P", &Silent).unwrap_err();
        assert_eq!(error.problem(), "the column pool is missing.");
    }
}
