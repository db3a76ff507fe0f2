//! Claims that nobody would send by mistake: they cost no more than others and break nothing.

use arrow::array::{
    ArrayRef, AsArray, BinaryArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    ListArray, ListBuilder, RecordBatch, StringArray, StringBuilder, StructArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{Date32Type, Decimal128Type, Field, Schema};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    CheckJob, CheckRules, CheckSummary, Class, GroupJob, GroupSummary, ReadOptions, SettleJob,
    Silent, check, group, settle,
};
use drgdip_claims::Rule;
use drgdip_tables::ClaimChecks;
use drgdip_tests::{
    Month, clean_month, example_policy, month_job, national, settle_month, settle_with,
};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// The batch with a column replaced or added.
fn with(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let mut fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    let mut columns = batch.columns().to_vec();
    let field = Field::new(name, array.data_type().clone(), true);
    match batch.schema().index_of(name) {
        Ok(index) => (fields[index], columns[index]) = (field, array),
        Err(_) => {
            fields.push(field);
            columns.push(array);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn texts(rows: usize, text: impl Fn(usize) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..rows).map(text)))
}

struct Bench {
    folder: tempfile::TempDir,
    month: Month,
}

impl Bench {
    fn new(cases: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let month = clean_month(folder.path(), cases);
        Self { folder, month }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn claims(&self) -> RecordBatch {
        read(&self.month.claims[0])
    }

    fn written(&self, claims: &RecordBatch) -> [PathBuf; 1] {
        let path = self.path("hostile.parquet");
        write(&path, claims);
        [path]
    }

    fn group(&self, claims: &RecordBatch) -> GroupSummary {
        let claims = self.written(claims);
        let job = GroupJob {
            claims: &claims,
            plan: national().into(),
            out: &self.path("grouped.parquet"),
            keep: false,
            read: ReadOptions::default(),
            threads: Some(2),
            row_group_rows: None,
        };
        group(&job, &Silent).unwrap()
    }

    fn check(&self, claims: &RecordBatch, read: ReadOptions) -> CheckSummary {
        let (checks, check_files) = ClaimChecks::load("basic").unwrap();
        let claims = self.written(claims);
        let job = CheckJob {
            claims: &claims,
            rules: CheckRules {
                checks: &checks,
                check_files: &check_files,
                plan: Some(national().into()),
            },
            out: &self.path("checked"),
            read,
            threads: Some(2),
        };
        check(&job, &Silent).unwrap()
    }
}

fn total(summary: &GroupSummary) -> u64 {
    summary.outcomes.iter().map(|(_, _, count)| count).sum()
}

#[test]
fn a_claim_with_five_thousand_diagnoses_is_a_claim() {
    let bench = Bench::new(200);
    let claims = bench.claims();
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..claims.num_rows() {
        let many = if row == 7 { 5_000 } else { 1 };
        (0..many).for_each(|number| lists.values().append_value(format!("O80.{number}")));
        lists.append(true);
    }
    let claims = with(&claims, "other_diagnoses", Arc::new(lists.finish()));
    assert_eq!(total(&bench.group(&claims)), 200);
    assert_eq!(bench.check(&claims, ReadOptions::default()).rows, 200);
}

#[test]
fn every_claim_can_have_codes_of_its_own() {
    let bench = Bench::new(20_000);
    let claims = bench.claims();
    let rows = claims.num_rows();
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..rows {
        (0..5).for_each(|number| lists.values().append_value(format!("X{row}.{number}")));
        lists.append(true);
    }
    let claims = with(&claims, "other_diagnoses", Arc::new(lists.finish()));
    let claims = with(
        &claims,
        "main_procedure",
        texts(rows, |row| format!("P{row}")),
    );
    assert_eq!(total(&bench.group(&claims)), 20_000);
    let summary = bench.check(&claims, ReadOptions::default());
    assert!(summary.rules[&Rule::DiagnosisNotInCodeSet].1 >= 100_000);
    assert!(summary.rules[&Rule::ProcedureNotInCodeSet].1 >= 20_000);
}

#[test]
fn fifty_thousand_hospitals_are_settled_and_so_is_one_with_all_claims() {
    let bench = Bench::new(4_000);
    let claims = bench.claims();
    let rows = claims.num_rows();
    let hospitals = fs::read_to_string(bench.month.inputs.join("hospitals.csv")).unwrap();
    let (heading, first) = hospitals.split_once('\n').unwrap();
    let row = first.lines().next().unwrap();
    let known = row.split(',').next().unwrap();
    let many: String = (0..50_000)
        .map(|number| format!("{}\n", row.replacen(known, &format!("N{number:05}"), 1)))
        .collect();
    fs::write(
        bench.month.inputs.join("hospitals.csv"),
        format!("{heading}\n{first}{many}"),
    )
    .unwrap();
    for (name, hospital) in [("many", None), ("one", Some("N00000"))] {
        let id = |row: usize| match hospital {
            Some(one) => one.to_owned(),
            None => format!("N{:05}", row * 12),
        };
        let claims = bench.written(&with(&claims, "hospital_id", texts(rows, id)));
        let out = bench.path(name);
        let summary = settle_month(&claims, &bench.month.inputs, &out, 2).unwrap();
        assert_eq!(summary.classes.values().sum::<u64>(), 4_000);
        assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
    }
}

#[test]
fn no_text_of_a_claim_is_a_formula_in_a_csv_file() {
    let bench = Bench::new(300);
    let claims = bench.claims();
    let rows = claims.num_rows();
    let signs = [
        "=1+1", "+1-1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "a\u{7}b",
    ];
    let hostile = |row: usize| format!("{}H{}", signs[row % signs.len()], row % 7);
    let claims = with(&claims, "hospital_id", texts(rows, hostile));
    bench.check(&claims, ReadOptions::default());
    let mut names = 0;
    for file in ["hospitals.csv", "summary.csv"] {
        let mut table = csv::Reader::from_path(bench.path("checked").join(file)).unwrap();
        for row in table.records() {
            let row = row.unwrap();
            let name = row.get(0).unwrap();
            assert!(!name.starts_with(['=', '+', '-', '@']), "{name}");
            assert!(!name.contains(|c: char| c.is_control()), "{name:?}");
            names += 1;
        }
    }
    assert!(names >= 7);
}

#[test]
fn amounts_that_are_no_numbers_are_findings_where_floats_are_allowed() {
    let bench = Bench::new(500);
    let claims = bench.claims();
    let index = claims.schema().index_of("total_cost").unwrap();
    let exact = claims.column(index).as_primitive::<Decimal128Type>();
    let float = |row: usize| match row {
        3 => f64::NAN,
        5 => f64::INFINITY,
        8 => -f64::INFINITY,
        13 => 1e300,
        _ => {
            let fen: f64 = exact.value(row).to_string().parse().unwrap();
            fen / 100.0
        }
    };
    let floats: Float64Array = (0..claims.num_rows()).map(float).collect();
    let claims = with(&claims, "total_cost", Arc::new(floats));
    let read = ReadOptions {
        allow_float_money: true,
        ..ReadOptions::default()
    };
    let summary = bench.check(&claims, read);
    assert_eq!(summary.rules[&Rule::AmountUnusable].1, 4);
    let policy = example_policy();
    let inputs = Inputs::read(Some(&bench.month.inputs), &policy.standing).unwrap();
    let path = bench.written(&claims);
    let out = bench.path("settled");
    let job = SettleJob {
        read,
        ..month_job(&path, &policy, &inputs, &out)
    };
    let settled = settle(&job, &Silent).unwrap();
    let unusable = settled
        .findings
        .iter()
        .find(|(found, _)| found.code() == "cost_unusable");
    assert_eq!(unusable.map(|(_, count)| count), Some(4));
    assert_eq!(settled.classes["unpaid"], 4);
}

#[test]
fn foreign_files_are_named_for_what_they_are() {
    let bench = Bench::new(10);
    for (head, what) in [
        (&b"PARE1234PARE"[..], "an encrypted one"),
        (b"PK\x03\x04....", "a workbook or a zip archive"),
        (b"\x1F\x8B\x08...", "a gzip archive"),
        (b"case_id;sex\n1;1\n", "text"),
        (b"Obj\x01....", "an Avro file"),
    ] {
        let path = bench.path("claims-x.parquet");
        fs::write(&path, head).unwrap();
        let out = bench.path("out");
        let error = settle_month(&[path], &bench.month.inputs, &out, 1).unwrap_err();
        assert_eq!(error.class(), Class::Input);
        let problem = format!("this is no Parquet file but {what}.");
        assert_eq!(error.problem(), problem);
        assert!(!error.hint().is_empty() && !out.exists());
    }
}

#[test]
fn numbers_at_the_edge_of_their_types_are_findings() {
    let bench = Bench::new(100);
    let claims = bench.claims();
    let index = claims.schema().index_of("total_cost").unwrap();
    let exact = claims.column(index).as_primitive::<Decimal128Type>();
    let most = 10_i128.pow(38) - 1;
    let amounts = (0..100).map(|row| match row {
        1 => most,
        2 => -most,
        row => exact.value(row),
    });
    let amounts = arrow::array::Decimal128Array::from_iter_values(amounts);
    let amounts = amounts.with_precision_and_scale(38, 2).unwrap();
    let claims = with(&claims, "total_cost", Arc::new(amounts));
    let ages = arrow::array::Int64Array::from_iter_values((0..100).map(|row| match row {
        3 => i64::MAX,
        4 => i64::MIN,
        _ => 40,
    }));
    let claims = with(&claims, "age_years", Arc::new(ages));
    let summary = bench.check(&claims, ReadOptions::default());
    assert_eq!(summary.rules[&Rule::AmountUnusable].1, 2);
    assert!(summary.rules[&Rule::AgeImplausible].1 >= 2);
    assert_eq!(total(&bench.group(&claims)), 100);
    let claims = bench.written(&claims);
    let out = bench.path("settled");
    let settled = settle_month(&claims, &bench.month.inputs, &out, 2).unwrap();
    assert_eq!(settled.classes.values().sum::<u64>(), 100);
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_column() {
    let bench = Bench::new(400);
    let claims = bench.claims();
    for name in ["principal_diagnosis", "main_procedure", "case_id"] {
        let bytes = (0..claims.num_rows()).map(|row| match row {
            7 => b"\xc4\xd0".to_vec(),
            row => format!("A{row}").into_bytes(),
        });
        let bytes = BinaryArray::from_iter_values(bytes);
        let path = bench.written(&with(&claims, name, Arc::new(bytes)));
        for keep_going in [false, true] {
            let job = GroupJob {
                claims: &path,
                plan: national().into(),
                out: &bench.path("grouped.parquet"),
                keep: keep_going,
                read: ReadOptions {
                    keep_going,
                    ..ReadOptions::default()
                },
                threads: Some(2),
                row_group_rows: None,
            };
            let error = group(&job, &Silent).unwrap_err();
            assert_eq!(error.class(), Class::Input, "{name}");
            let said = error.to_string();
            let part = format!("column {name} holds bytes that are no text");
            assert!(
                said.contains(&part) && said.contains("hostile.parquet"),
                "{said}"
            );
        }
    }
}

#[test]
fn days_beyond_the_calendar_are_findings() {
    let bench = Bench::new(100);
    let claims = bench.claims();
    let index = claims.schema().index_of("discharge_date").unwrap();
    let days = claims.column(index).as_primitive::<Date32Type>().clone();
    let absurd = [-8_000_000, 8_000_000, i32::MIN, i32::MAX];
    let day = |row: usize| absurd.get(row).copied().unwrap_or_else(|| days.value(row));
    let days = Date32Array::from_iter_values((0..100).map(day));
    let claims = with(&claims, "discharge_date", Arc::new(days));
    let claims = bench.written(&claims);
    let out = bench.path("settled");
    let settled = settle_month(&claims, &bench.month.inputs, &out, 2).unwrap();
    assert_eq!(settled.classes["unpaid"], 4);
    assert_eq!(settled.classes.values().sum::<u64>(), 100);
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
}

#[test]
fn amounts_that_the_contract_has_no_room_for_are_findings() {
    let bench = Bench::new(100);
    let claims = bench.claims();
    let index = claims.schema().index_of("total_cost").unwrap();
    let exact = claims.column(index).as_primitive::<Decimal128Type>();
    let most = 10_i128.pow(16) - 1;
    let absurd = [
        most + 1,
        -most - 1,
        i128::from(i64::MAX),
        i128::from(i64::MIN),
        most,
    ];
    let fen = |row: usize| absurd.get(row).copied().unwrap_or_else(|| exact.value(row));
    let amounts = Decimal128Array::from_iter_values((0..100).map(fen));
    let amounts = amounts.with_precision_and_scale(38, 2).unwrap();
    let claims = with(&claims, "total_cost", Arc::new(amounts));
    let summary = bench.check(&claims, ReadOptions::default());
    assert_eq!(summary.rules[&Rule::AmountUnusable].1, 4);
    let claims = bench.written(&claims);
    let out = bench.path("settled");
    let settled = settle_month(&claims, &bench.month.inputs, &out, 2).unwrap();
    let unusable = settled
        .findings
        .iter()
        .find(|(found, _)| found.code() == "cost_unusable");
    assert_eq!(unusable.map(|(_, count)| count), Some(4));
    // The largest amount that there is room for is settled, and so is everything that it becomes.
    let cases = read(&out.join("cases.parquet"));
    let cost = cases.column_by_name("total_cost").unwrap();
    assert_eq!(cost.as_primitive::<Decimal128Type>().value(4), most);
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
}

#[test]
fn whole_numbers_are_fen_where_the_user_says_so() {
    let bench = Bench::new(300);
    let claims = bench.claims();
    let out = bench.path("exact");
    let exact = settle_month(&bench.month.claims, &bench.month.inputs, &out, 2).unwrap();
    let mut whole = claims.clone();
    for name in [
        "total_cost",
        "fund_paid",
        "other_funds_paid",
        "patient_paid",
    ] {
        let column = claims.column_by_name(name).unwrap();
        let fen = column.as_primitive::<Decimal128Type>().iter();
        let fen: Int64Array = fen
            .map(|fen| fen.map(|fen| i64::try_from(fen).unwrap()))
            .collect();
        whole = with(&whole, name, Arc::new(fen));
    }
    let path = bench.written(&whole);
    let out = bench.path("settled");
    let error = settle_month(&path, &bench.month.inputs, &out, 2).unwrap_err();
    assert!(error.hint().contains("--money-in-fen"), "{error}");
    let read = ReadOptions {
        money_in_fen: true,
        ..ReadOptions::default()
    };
    let asked = settle_with(&path, &bench.month.inputs, &out, (2, read, &Silent)).unwrap();
    assert_eq!(exact.pools.len(), asked.pools.len());
    for (a, b) in exact.pools.iter().zip(&asked.pools) {
        assert_eq!(a.settlement, b.settlement);
    }
}

#[test]
fn a_timestamp_counts_by_the_day_of_its_own_clock() {
    let bench = Bench::new(200);
    let claims = bench.claims();
    let index = claims.schema().index_of("discharge_date").unwrap();
    let days = claims.column(index).as_primitive::<Date32Type>().clone();
    let settled = |hours: i64, zone: Option<&str>| {
        let instant = |row| (i64::from(days.value(row)) * 24 + hours) * 3_600_000_000;
        let times = TimestampMicrosecondArray::from_iter_values((0..200).map(instant));
        let times = times.with_timezone_opt(zone);
        let claims = bench.written(&with(&claims, "discharge_date", Arc::new(times)));
        let out = bench.path("settled");
        let settled = settle_month(&claims, &bench.month.inputs, &out, 2);
        settled.map(|_| fs::read(out.join("cases.parquet")).unwrap())
    };
    let exact = settled(0, None).unwrap();
    for zone in [
        None,
        Some("UTC"),
        Some("Z"),
        Some("Etc/UTC"),
        Some("+00:00"),
    ] {
        assert!(settled(23, zone).unwrap() == exact, "{zone:?}");
    }
    // 16 hours after midnight in UTC is the next day in China, and 8 hours before it this one.
    assert!(settled(-8, Some("+08:00")).unwrap() == exact);
    assert!(settled(16, Some("+08:00")).unwrap() != exact);
    let error = settled(0, Some("Asia/Shanghai")).unwrap_err();
    assert!(
        error.problem().contains("the time zone Asia/Shanghai"),
        "{error}"
    );
    assert!(error.hint().contains("+08:00"), "{error}");
}

#[test]
fn a_code_of_millions_of_characters_is_a_code() {
    let bench = Bench::new(50);
    let claims = bench.claims();
    let rows = claims.num_rows();
    let long = |row: usize| match row {
        3 => "I21.001".repeat(1 << 19),
        row => format!("I{row}"),
    };
    let claims = with(&claims, "principal_diagnosis", texts(rows, long));
    let claims = with(&claims, "main_procedure", texts(rows, long));
    assert_eq!(total(&bench.group(&claims)), 50);
}

#[test]
fn a_claim_with_very_many_drugs_is_a_claim() {
    let bench = Bench::new(50);
    let claims = bench.claims();
    let many = 150_000;
    let codes = texts(many, |row| format!("D{}", row % (many - 1)));
    let costs = Decimal128Array::from_iter_values(vec![1; many]);
    let costs: ArrayRef = Arc::new(costs.with_precision_and_scale(16, 2).unwrap());
    let part = |name: &str, of: &ArrayRef| Arc::new(Field::new(name, of.data_type().clone(), true));
    let fields = vec![part("code", &codes), part("cost", &costs)];
    let items: ArrayRef = Arc::new(StructArray::new(fields.into(), vec![codes, costs], None));
    let lengths = (0..claims.num_rows()).map(|row| if row == 3 { many } else { 0 });
    let item = Arc::new(Field::new("item", items.data_type().clone(), true));
    let lists = ListArray::new(item, OffsetBuffer::from_lengths(lengths), items, None);
    let claims = with(&claims, "negotiated_drugs", Arc::new(lists.clone()));
    let claims = with(&claims, "new_tech_items", Arc::new(lists));
    let claims = bench.written(&claims);
    let out = bench.path("settled");
    let settled = settle_month(&claims, &bench.month.inputs, &out, 2).unwrap();
    assert_eq!(settled.classes.values().sum::<u64>(), 50);
}
