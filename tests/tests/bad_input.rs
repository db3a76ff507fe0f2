//! Bad claims are findings and never stop a run; bad files and inputs stop it before anything is
//! written, with the file, the column or the key, and what to do.

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Float64Array, Int8Array, RecordBatch,
    StringArray,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Schema};
use drgdip_batch::{Class, Error, GroupJob, Progress, ReadOptions, SettleSummary, Silent, group};
use drgdip_tests::{Month, clean_month, national, settle_month, settle_with};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clean month of 2,000 claims that a test damages.
struct Bench {
    folder: tempfile::TempDir,
    month: Month,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let month = clean_month(folder.path(), 2_000);
        Self { folder, month }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn claims(&self) -> RecordBatch {
        read(&self.month.claims[0])
    }

    /// Settles these claims; what is there afterwards must be all or nothing.
    fn settle(&self, claims: &RecordBatch) -> Result<SettleSummary, Error> {
        let path = self.path("damaged.parquet");
        write(&path, claims);
        self.settle_file(&path)
    }

    fn settle_file(&self, path: &Path) -> Result<SettleSummary, Error> {
        let out = self.path("settled");
        let result = settle_month(&[path.to_owned()], &self.month.inputs, &out, 2);
        assert_eq!(result.is_ok(), out.join("manifest.json").exists());
        assert_eq!(result.is_ok(), out.exists(), "nothing partial is left");
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(!name.contains("drgdip-part"), "{name} is left behind");
        }
        result
    }

    /// Settles claims with findings, and checks that no row is lost.
    fn count(&self, claims: &RecordBatch, code: &str) -> (u64, u64) {
        let summary = self.settle(claims).unwrap();
        let rows = claims.num_rows() as u64;
        assert_eq!(summary.rows, rows);
        assert_eq!(summary.classes.values().sum::<u64>(), rows);
        let unpaid = summary.classes.get("unpaid").copied().unwrap_or(0);
        let found = summary.findings.iter().find(|(f, _)| f.code() == code);
        (found.map_or(0, |(_, count)| count), unpaid)
    }
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn write(path: &Path, batch: &RecordBatch) {
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn replaced(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let index = batch.schema().index_of(name).unwrap();
    let mut fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    fields[index] = Field::new(name, array.data_type().clone(), true);
    let mut columns = batch.columns().to_vec();
    columns[index] = array;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn without(batch: &RecordBatch, name: &str) -> RecordBatch {
    let keep: Vec<usize> = (0..batch.num_columns())
        .filter(|i| batch.schema().field(*i).name() != name)
        .collect();
    batch.project(&keep).unwrap()
}

fn text(
    batch: &RecordBatch,
    name: &str,
    change: impl Fn(usize, &mut Option<String>),
) -> RecordBatch {
    let column = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    let mut texts: Vec<Option<String>> = column
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(str::to_owned))
        .collect();
    for (row, text) in texts.iter_mut().enumerate() {
        change(row, text);
    }
    replaced(batch, name, Arc::new(StringArray::from(texts)))
}

fn money(
    batch: &RecordBatch,
    name: &str,
    change: impl Fn(usize, Option<i128>) -> Option<i128>,
) -> RecordBatch {
    let column = batch
        .column_by_name(name)
        .unwrap()
        .as_primitive::<Decimal128Type>();
    let amounts = column
        .iter()
        .enumerate()
        .map(|(row, amount)| change(row, amount));
    let amounts: Decimal128Array = amounts.collect();
    let amounts = amounts.with_data_type(DataType::Decimal128(16, 2));
    replaced(batch, name, Arc::new(amounts))
}

#[track_caller]
fn refused(result: Result<SettleSummary, Error>, class: Class, parts: &[&str]) {
    let error = result.expect_err("the run stops");
    assert_eq!(error.class(), class);
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn a_missing_column_is_named_with_its_file() {
    let bench = Bench::new();
    let claims = without(&without(&bench.claims(), "hospital_id"), "total_cost");
    let parts = [
        "damaged.parquet",
        "lacks hospital_id (or fixmedins_code), total_cost",
    ];
    refused(bench.settle(&claims), Class::Input, &parts);
}

#[test]
fn money_columns_that_the_policy_uses_must_be_there() {
    let bench = Bench::new();
    let claims = without(&bench.claims(), "patient_paid");
    refused(bench.settle(&claims), Class::Input, &["lacks patient_paid"]);
}

#[test]
fn a_column_of_another_type_is_named_with_what_it_must_be() {
    let bench = Bench::new();
    let ages = Arc::new(Float64Array::from(vec![1.5; 2_000]));
    let claims = replaced(&bench.claims(), "age_years", ages);
    let parts = ["column age_years is Float64, but it must be a whole number"];
    refused(bench.settle(&claims), Class::Input, &parts);
}

#[test]
fn floating_money_is_refused_unless_it_is_asked_for() {
    let bench = Bench::new();
    let exact = bench.claims();
    let paid = bench.settle(&exact).unwrap();
    let mut floating = exact.clone();
    for name in [
        "total_cost",
        "fund_paid",
        "other_funds_paid",
        "patient_paid",
    ] {
        let amounts = cast(exact.column_by_name(name).unwrap(), &DataType::Float64).unwrap();
        floating = replaced(&floating, name, amounts);
    }
    fs::remove_dir_all(bench.path("settled")).unwrap();
    let parts = [
        "total_cost holds Float64, not exact money",
        "--allow-float-money",
    ];
    refused(bench.settle(&floating), Class::Input, &parts);
    let read = ReadOptions {
        allow_float_money: true,
        ..ReadOptions::default()
    };
    let out = bench.path("settled");
    let claims = [bench.path("damaged.parquet")];
    let asked = settle_with(&claims, &bench.month.inputs, &out, (1, read, &Silent)).unwrap();
    for (a, b) in paid.pools.iter().zip(&asked.pools) {
        assert_eq!(a.settlement, b.settlement);
    }
}

#[test]
fn an_empty_file_and_a_file_of_another_format_are_refused() {
    let bench = Bench::new();
    let path = bench.path("claims-of-today.parquet");
    fs::write(&path, b"").unwrap();
    let parts = ["claims-of-today.parquet", "the file is empty"];
    refused(bench.settle_file(&path), Class::Input, &parts);
    fs::write(&path, "case_id,sex\n1,2\n").unwrap();
    refused(
        bench.settle_file(&path),
        Class::Input,
        &["this is no Parquet file but text", "drgdip convert"],
    );
    refused(
        bench.settle_file(&bench.path("nowhere.parquet")),
        Class::Input,
        &["no such file"],
    );
}

#[test]
fn a_truncated_file_is_refused() {
    let bench = Bench::new();
    let whole = fs::read(&bench.month.claims[0]).unwrap();
    let path = bench.path("half.parquet");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    refused(
        bench.settle_file(&path),
        Class::Input,
        &["half.parquet", "deliver it again"],
    );
}

#[test]
fn damaged_pages_behind_a_good_footer_are_refused() {
    let bench = Bench::new();
    let mut bytes = fs::read(&bench.month.claims[0]).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle..middle + 4_096].fill(0xAA);
    let path = bench.path("damaged-pages.parquet");
    fs::write(&path, &bytes).unwrap();
    let result = bench.settle_file(&path);
    refused(
        result,
        Class::Input,
        &["damaged-pages.parquet", "cannot be decoded"],
    );
}

#[test]
fn a_file_without_rows_settles_to_nothing_but_residuals() {
    let bench = Bench::new();
    let summary = bench.settle(&bench.claims().slice(0, 0)).unwrap();
    assert_eq!(summary.rows, 0);
    for pool in &summary.pools {
        assert_eq!(pool.settlement.residual, pool.settlement.distributable);
        assert_eq!(pool.settlement.residual_reason.code(), "no_points");
    }
}

#[test]
fn codes_outside_the_plan_are_findings() {
    let bench = Bench::new();
    let claims = text(&bench.claims(), "principal_diagnosis", |row, code| {
        if row < 30 {
            *code = Some("no such code".to_owned());
        }
    });
    assert_eq!(bench.count(&claims, "principal_not_in_plan").0, 30);
}

#[test]
fn cases_without_sex_or_age_are_invalid_and_not_paid() {
    let bench = Bench::new();
    let clean = bench.count(&bench.claims(), "sex_missing");
    assert_eq!(clean, (0, 0));
    let sexes = bench.claims().column_by_name("sex").unwrap().clone();
    let sexes = sexes.as_primitive::<arrow::datatypes::Int8Type>();
    let changed = sexes.iter().enumerate().map(|(row, sex)| match row {
        0..20 => None,
        20..30 => Some(9),
        _ => sex,
    });
    let changed: Int8Array = changed.collect();
    let claims = replaced(&bench.claims(), "sex", Arc::new(changed));
    assert_eq!(bench.count(&claims, "sex_missing"), (30, 30));
    let ages = arrow::array::Int16Array::new_null(2_000);
    let claims = replaced(&bench.claims(), "age_years", Arc::new(ages));
    assert_eq!(bench.count(&claims, "age_missing"), (2_000, 2_000));
}

#[test]
fn newborns_without_a_weight_are_invalid() {
    let bench = Bench::new();
    let weights = arrow::array::Int32Array::new_null(2_000);
    let claims = replaced(&bench.claims(), "birth_weight_g", Arc::new(weights));
    let (found, unpaid) = bench.count(&claims, "birth_weight_missing");
    assert!(found > 0);
    assert_eq!(found, unpaid);
}

#[test]
fn a_negative_cost_that_reverses_nothing_is_not_paid() {
    let bench = Bench::new();
    let claims = money(&bench.claims(), "total_cost", |row, cost| {
        if row < 5 { Some(-100) } else { cost }
    });
    assert_eq!(bench.count(&claims, "cost_negative"), (5, 5));
    let claims = money(&bench.claims(), "total_cost", |row, cost| {
        cost.filter(|_| row >= 7)
    });
    assert_eq!(bench.count(&claims, "cost_missing"), (7, 7));
}

#[test]
fn a_reversal_and_the_case_it_cancels_are_both_left_out() {
    let bench = Bench::new();
    let claims = bench.claims();
    let ids = claims
        .column_by_name("case_id")
        .unwrap()
        .as_string::<i32>()
        .clone();
    let costs = claims.column_by_name("total_cost").unwrap().clone();
    let costs = costs.as_primitive::<Decimal128Type>().clone();
    // Row 1 cancels row 0; row 3 names row 2 with another amount; row 5 names no case at all.
    let claims = money(&claims, "total_cost", |row, cost| match row {
        1 => Some(-costs.value(0)),
        3 => Some(-costs.value(2) - 1),
        5 => Some(-1),
        _ => cost,
    });
    let claims = text(&claims, "reverses", |row, id| match row {
        1 => *id = Some(ids.value(0).to_owned()),
        3 => *id = Some(ids.value(2).to_owned()),
        5 => *id = Some("nobody".to_owned()),
        _ => {}
    });
    let summary = bench.settle(&claims).unwrap();
    let count = |code| {
        summary
            .findings
            .iter()
            .find(|(f, _)| f.code() == code)
            .map(|(_, n)| n)
    };
    assert_eq!(count("reversal"), Some(1));
    assert_eq!(count("reversed"), Some(1));
    assert_eq!(count("reversal_unmatched"), Some(2));
    assert_eq!(summary.classes["unpaid"], 4);
}

#[test]
fn a_repeated_case_id_counts_once() {
    let bench = Bench::new();
    let claims = bench.claims();
    let first = claims
        .column_by_name("case_id")
        .unwrap()
        .as_string::<i32>()
        .value(0)
        .to_owned();
    let claims = text(&claims, "case_id", |row, id| {
        if row % 500 == 499 {
            *id = Some(first.clone());
        }
    });
    assert_eq!(bench.count(&claims, "duplicate_case"), (4, 4));
    let claims = text(&claims, "case_id", |row, id| {
        if row == 10 {
            *id = None;
        }
    });
    assert_eq!(bench.count(&claims, "case_id_missing"), (1, 5));
}

#[test]
fn a_discharge_after_the_period_is_not_paid_and_a_late_entry_is() {
    let bench = Bench::new();
    let claims = bench.claims();
    let days = claims
        .column_by_name("discharge_date")
        .unwrap()
        .as_primitive::<Date32Type>()
        .clone();
    let moved = days.iter().enumerate().map(|(row, day)| match row {
        0..3 => day.map(|day| day + 40),
        3..9 => day.map(|day| day - 40),
        9 => None,
        _ => day,
    });
    let moved: Date32Array = moved.collect();
    let claims = replaced(&claims, "discharge_date", Arc::new(moved));
    assert_eq!(bench.count(&claims, "discharge_after_period"), (3, 4));
    assert_eq!(bench.count(&claims, "discharge_before_period"), (6, 4));
    assert_eq!(bench.count(&claims, "discharge_missing"), (1, 4));
}

#[test]
fn places_that_the_policy_does_not_know_are_findings() {
    let bench = Bench::new();
    let changed = |name: &'static str, value: Option<&str>| {
        let value = value.map(str::to_owned);
        text(&bench.claims(), name, move |row, cell| {
            if row < 6 {
                cell.clone_from(&value);
            }
        })
    };
    assert_eq!(
        bench.count(&changed("region", Some("000001")), "region_not_settled"),
        (6, 6)
    );
    assert_eq!(
        bench.count(&changed("region", None), "region_missing"),
        (6, 6)
    );
    assert_eq!(
        bench.count(&changed("insurance", Some("x")), "insurance_unknown"),
        (6, 6)
    );
    assert_eq!(
        bench.count(&changed("hospital_id", Some("x")), "hospital_unknown"),
        (6, 6)
    );
    assert_eq!(
        bench.count(&changed("hospital_id", None), "hospital_missing"),
        (6, 6)
    );
    let claims = money(&bench.claims(), "patient_paid", |row, paid| {
        paid.filter(|_| row >= 6)
    });
    assert_eq!(bench.count(&claims, "payment_parts_missing"), (6, 6));
    let claims = money(&bench.claims(), "fund_paid", |row, paid| {
        paid.map(|fen| if row < 6 { fen + 1 } else { fen })
    });
    assert_eq!(bench.count(&claims, "payment_parts_differ"), (6, 0));
}

#[test]
fn a_pool_without_a_budget_stops_the_run_and_is_named() {
    let bench = Bench::new();
    let path = bench.month.inputs.join("budgets.csv");
    let budgets = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = budgets.lines().collect();
    lines.remove(1);
    fs::write(&path, lines.join("\n")).unwrap();
    refused(
        bench.settle(&bench.claims()),
        Class::Input,
        &["have no budget for 2026-10"],
    );
}

#[test]
fn a_pool_without_points_keeps_its_whole_budget() {
    let bench = Bench::new();
    let claims = text(&bench.claims(), "insurance", |_, code| {
        *code = Some("310".to_owned())
    });
    let summary = bench.settle(&claims).unwrap();
    let empty: Vec<_> = summary
        .pools
        .iter()
        .filter(|pool| pool.insurance == "resident")
        .collect();
    assert_eq!(empty.len(), 3);
    for pool in empty {
        assert_eq!(pool.settlement.residual_reason.code(), "no_points");
        assert_eq!(pool.settlement.residual, pool.settlement.distributable);
    }
}

#[test]
fn missing_inputs_are_named_together() {
    let bench = Bench::new();
    for name in ["budgets.csv", "prior.csv"] {
        fs::remove_file(bench.month.inputs.join(name)).unwrap();
    }
    refused(
        bench.settle(&bench.claims()),
        Class::Input,
        &["budgets.csv", "prior.csv", "--inputs"],
    );
}

#[test]
fn a_folder_that_is_no_run_of_ours_is_left_alone() {
    let bench = Bench::new();
    let out = bench.path("precious");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.txt"), "ten years").unwrap();
    let result = settle_month(&bench.month.claims, &bench.month.inputs, &out, 2);
    refused(result, Class::Usage, &["precious", "not empty"]);
    assert_eq!(
        fs::read_to_string(out.join("thesis.txt")).unwrap(),
        "ten years"
    );
}

/// Asks to stop after some rows.
struct Impatient(AtomicU64);

impl Progress for Impatient {
    fn stage(&self, _name: &str, _rows: Option<u64>) {}
    fn advance(&self, rows: u64) {
        self.0.fetch_add(rows, Ordering::Relaxed);
    }
    fn note(&self, _text: &str) {}
    fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 2_500
    }
}

#[test]
fn an_interrupted_run_publishes_nothing_and_keeps_the_last_result() {
    let bench = Bench::new();
    let out = bench.path("settled");
    let claims = &bench.month.claims;
    settle_month(claims, &bench.month.inputs, &out, 2).unwrap();
    let before = drgdip_tests::contents(&out);
    let impatient = Impatient(AtomicU64::new(0));
    let options = (1, ReadOptions::default(), &impatient as &dyn Progress);
    let result = settle_with(claims, &bench.month.inputs, &out, options);
    refused(result, Class::Interrupted, &["nothing was published"]);
    assert!(before == drgdip_tests::contents(&out));
}

#[test]
fn grouping_leaves_no_partial_output() {
    let bench = Bench::new();
    let mut bytes = fs::read(&bench.month.claims[0]).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle..middle + 4_096].fill(0xAA);
    let path = bench.path("damaged.parquet");
    fs::write(&path, &bytes).unwrap();
    let out = bench.path("out/grouped.parquet");
    let job = GroupJob {
        claims: &[path],
        plan: national().into(),
        out: &out,
        keep: true,
        read: ReadOptions::default(),
        threads: Some(2),
        row_group_rows: None,
    };
    let error = group(&job, &Silent).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert_eq!(fs::read_dir(bench.path("out")).unwrap().count(), 0);
}
