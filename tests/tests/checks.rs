//! `check`: every rule finds what is planted for it, at its place, and nothing else.

use arrow::array::{
    ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, ListBuilder, RecordBatch,
    StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use drgdip_batch::explain::explain_case;
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    CheckJob, CheckRules, CheckSummary, Class, PlanChoice, PreparedPlan, ReadOptions, SettleJob,
    Silent, check, settle,
};
use drgdip_claims::{FindingSeverity, Rule};
use drgdip_tables::{ClaimChecks, FileSet};
use drgdip_tests::{contents, example_policy, month, month_job, national, table_rows};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One claim as a test writes it.
#[derive(Clone)]
struct Row {
    id: String,
    person: String,
    hospital: String,
    sex: &'static str,
    age: i64,
    age_days: Option<i64>,
    admitted: i32,
    discharged: i32,
    stay: i64,
    way: &'static str,
    principal: Option<&'static str>,
    others: Vec<&'static str>,
    main: Option<&'static str>,
    procedures: Vec<&'static str>,
    hours: Option<i64>,
    /// Total, drugs, consumables, services, fund, other funds, patient; in fen.
    money: [Option<i128>; 7],
    uploaded: i32,
    department: Option<&'static str>,
    condition: &'static str,
    unit: &'static str,
    reverses: Option<&'static str>,
}

/// A claim in which nothing is found.
fn clean(number: usize) -> Row {
    Row {
        id: format!("C{number:05}"),
        person: format!("P{number:05}"),
        hospital: format!("H{}", number % 3),
        sex: "1",
        age: 50,
        age_days: None,
        admitted: 20_000,
        discharged: 20_005,
        stay: 5,
        way: "1",
        principal: Some("I21.001"),
        others: vec!["I10.x00"],
        main: None,
        procedures: vec![],
        hours: None,
        money: [1_000_000, 400_000, 100_000, 400_000, 700_000, 0, 300_000].map(Some),
        uploaded: 20_010,
        department: Some("03"),
        condition: "1",
        unit: "",
        reverses: None,
    }
}

fn amounts(rows: &[Row], column: usize) -> ArrayRef {
    let values = rows.iter().map(|row| row.money[column]);
    let array = values.collect::<Decimal128Array>();
    Arc::new(array.with_precision_and_scale(16, 2).unwrap())
}

fn texts<'r>(values: impl Iterator<Item = Option<&'r str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn lists<'r>(rows: &'r [Row], of: impl Fn(&'r Row) -> &'r [&'static str]) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        of(row)
            .iter()
            .for_each(|text| builder.values().append_value(text));
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn batch(rows: &[Row]) -> RecordBatch {
    let ints = |of: fn(&Row) -> Option<i64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Int64Array>())
    };
    let dates = |of: fn(&Row) -> i32| -> ArrayRef {
        Arc::new(Date32Array::from_iter_values(rows.iter().map(of)))
    };
    let conditions: Vec<[&'static str; 1]> = rows.iter().map(|row| [row.condition]).collect();
    let mut condition_lists = ListBuilder::new(StringBuilder::new());
    for condition in &conditions {
        condition_lists.values().append_value(condition[0]);
        condition_lists.append(true);
    }
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "case_id",
            texts(rows.iter().map(|row| Some(row.id.as_str()))),
        ),
        (
            "person_id",
            texts(rows.iter().map(|row| Some(row.person.as_str()))),
        ),
        (
            "hospital_id",
            texts(rows.iter().map(|row| Some(row.hospital.as_str()))),
        ),
        ("region", texts(rows.iter().map(|_| Some("990100")))),
        ("insurance", texts(rows.iter().map(|_| Some("employee")))),
        ("sex", texts(rows.iter().map(|row| Some(row.sex)))),
        ("age_years", ints(|row| Some(row.age))),
        ("age_days", ints(|row| row.age_days)),
        ("birth_weight_g", ints(|_| None)),
        ("admission_date", dates(|row| row.admitted)),
        ("discharge_date", dates(|row| row.discharged)),
        ("uploaded_at", dates(|row| row.uploaded)),
        ("stay_days", ints(|row| Some(row.stay))),
        ("ventilator_hours", ints(|row| row.hours)),
        ("discharge_way", texts(rows.iter().map(|row| Some(row.way)))),
        ("department", texts(rows.iter().map(|row| row.department))),
        (
            "principal_diagnosis",
            texts(rows.iter().map(|row| row.principal)),
        ),
        ("other_diagnoses", lists(rows, |row| &row.others)),
        ("main_procedure", texts(rows.iter().map(|row| row.main))),
        ("other_procedures", lists(rows, |row| &row.procedures)),
        ("admission_conditions", Arc::new(condition_lists.finish())),
        ("payment_unit", texts(rows.iter().map(|row| Some(row.unit)))),
        ("reverses", texts(rows.iter().map(|row| row.reverses))),
        ("total_cost", amounts(rows, 0)),
        ("drug_cost", amounts(rows, 1)),
        ("consumable_cost", amounts(rows, 2)),
        ("service_cost", amounts(rows, 3)),
        ("fund_paid", amounts(rows, 4)),
        ("other_funds_paid", amounts(rows, 5)),
        ("patient_paid", amounts(rows, 6)),
    ];
    let field =
        |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().map(field).collect::<Vec<_>>());
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}

fn write(path: &Path, batch: &RecordBatch, row_group_rows: usize) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(row_group_rows))
        .build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

struct Bench {
    folder: tempfile::TempDir,
    checks: ClaimChecks,
    files: FileSet,
}

impl Bench {
    fn new() -> Self {
        let (checks, files) = ClaimChecks::load("basic").unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            checks,
            files,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn rules<'a>(&'a self, plan: Option<&'a PreparedPlan>) -> CheckRules<'a> {
        CheckRules {
            checks: &self.checks,
            check_files: &self.files,
            plan: plan.map(PlanChoice::from),
        }
    }

    fn job<'a>(&'a self, claims: &'a [PathBuf], out: &'a Path) -> CheckJob<'a> {
        CheckJob {
            claims,
            rules: self.rules(None),
            out,
            read: ReadOptions::default(),
            threads: Some(2),
        }
    }

    fn check(&self, rows: &[Row]) -> CheckSummary {
        self.check_with(rows, self.rules(None))
    }

    fn check_with(&self, rows: &[Row], rules: CheckRules<'_>) -> CheckSummary {
        let claims = [self.path("claims.parquet")];
        write(&claims[0], &batch(rows), 1_000);
        let out = self.path("checked");
        let job = CheckJob {
            rules,
            ..self.job(&claims, &out)
        };
        check(&job, &Silent).unwrap()
    }

    /// Row, code, column and value of every finding.
    fn findings(&self) -> Vec<(u64, String, String, String)> {
        let file = File::open(self.path("checked/findings.parquet")).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let mut found = Vec::new();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let rows = batch["row"].as_primitive::<UInt64Type>().clone();
            let text = |name: &str, at: usize| {
                let column = batch.column_by_name(name).unwrap();
                let column = arrow::compute::cast(column, &DataType::Utf8).unwrap();
                column.as_string::<i32>().value(at).to_owned()
            };
            for at in 0..batch.num_rows() {
                let texts = ["code", "column", "value"].map(|name| text(name, at));
                let [code, column, value] = texts;
                found.push((rows.value(at), code, column, value));
            }
        }
        found.sort();
        found
    }
}

/// What a rule is expected to find: the row from 1, the rule, the column and the value.
type Planted = (u64, Rule, &'static str, &'static str);

/// Plants one fault for each rule among clean claims.
#[expect(
    clippy::too_many_lines,
    reason = "a flat list of faults with what finds them"
)]
fn planted() -> (Vec<Row>, Vec<Planted>) {
    use Rule::*;
    let mut rows: Vec<Row> = (0..100).map(clean).collect();
    let mut expected: Vec<Planted> = Vec::new();
    let mut plant =
        |row: usize, change: &dyn Fn(&mut Row), found: &[(Rule, &'static str, &'static str)]| {
            change(&mut rows[row]);
            let row = row as u64 + 1;
            expected.extend(
                found
                    .iter()
                    .map(|(rule, column, value)| (row, *rule, *column, *value)),
            );
        };
    plant(
        1,
        &|row| row.department = None,
        &[(MandatoryMissing, "department", "")],
    );
    plant(
        2,
        &|row| row.principal = None,
        &[(PrincipalMissing, "principal_diagnosis", "")],
    );
    plant(
        3,
        &|row| row.principal = Some("I21.001;I10.x00"),
        &[(PrincipalNotOne, "principal_diagnosis", "I21.001;I10.x00")],
    );
    plant(
        4,
        &|row| row.procedures = vec!["36.0601"],
        &[(MainProcedureMissing, "main_procedure", "36.0601")],
    );
    plant(
        5,
        &|row| (row.age, row.age_days) = (0, Some(28)),
        &[(NewbornWeightMissing, "birth_weight_g", "")],
    );
    plant(
        6,
        &|row| row.money[1..4].fill(None),
        &[(CostItemsMissing, "total_cost", "")],
    );
    plant(
        7,
        &|row| row.way = "8",
        &[(DischargeWayUnknown, "discharge_way", "8")],
    );
    plant(
        8,
        &|row| row.id = "C00000".to_owned(),
        &[(CaseRepeated, "case_id", "C00000")],
    );
    plant(
        9,
        &|row| row.admitted = 20_006,
        &[(DischargeBeforeAdmission, "discharge_date", "-1")],
    );
    plant(
        10,
        &|row| row.stay = 4,
        &[(StayDaysDiffer, "stay_days", "4")],
    );
    plant(
        11,
        &|row| row.age = 121,
        &[(AgeImplausible, "age_years", "121")],
    );
    plant(
        12,
        &|row| row.hours = Some(145),
        &[(IntensiveCareExceedsStay, "ventilator_hours", "145")],
    );
    plant(
        13,
        &|row| row.uploaded = 20_036,
        &[(UploadedLate, "uploaded_at", "31")],
    );
    plant(
        14,
        &|row| row.others = vec!["I10.x00", "I10.x00"],
        &[(CodeRepeated, "other_diagnoses", "I10.x00")],
    );
    plant(
        15,
        &|row| row.principal = Some("N80.000"),
        &[(SexConflict, "sex", "N80.000")],
    );
    plant(
        16,
        &|row| (row.sex, row.age, row.others) = ("2", 70, vec!["O26.900"]),
        &[(AgeConflict, "age_years", "O26.900 70")],
    );
    plant(
        17,
        &|row| row.principal = Some("P22.000"),
        &[(NewbornConflict, "age_years", "P22.000 50")],
    );
    plant(
        18,
        &|row| (row.sex, row.age, row.principal) = ("2", 30, Some("O80.000")),
        &[(OutcomeMissing, "other_diagnoses", "O80.000")],
    );
    plant(
        19,
        &|row| row.principal = Some("R96.000"),
        &[(DeathConflict, "discharge_way", "R96.000")],
    );
    plant(
        20,
        &|row| (row.main, row.hours) = (Some("96.7200"), Some(95)),
        &[(VentilatorConflict, "ventilator_hours", "96.7200 95")],
    );
    plant(
        21,
        &|row| row.condition = "4",
        &[(PrincipalAcquired, "admission_conditions", "4")],
    );
    plant(
        22,
        &|row| row.money[3] = Some(500_002),
        &[(PartsExceedTotal, "total_cost", "10000.00")],
    );
    plant(
        23,
        &|row| row.money[6] = Some(300_002),
        &[(PayersDiffer, "total_cost", "10000.00")],
    );
    plant(
        24,
        &|row| row.money[3] = Some(-1),
        &[(AmountNegative, "service_cost", "-0.01")],
    );
    plant(
        25,
        &|row| row.money[1..4].copy_from_slice(&[Some(950_001), Some(1), Some(1)]),
        &[(DrugShareHigh, "drug_cost", "9500.01")],
    );
    plant(
        26,
        &|row| row.person = "P00027".to_owned(),
        &[(StaysOverlap, "person_id", "C00027")],
    );
    plant(27, &|_| {}, &[(StaysOverlap, "person_id", "C00026")]);
    plant(
        28,
        &|row| {
            row.person = "P00031".to_owned();
            (row.admitted, row.discharged, row.uploaded) = (20_015, 20_020, 20_025);
        },
        &[(Readmitted, "admission_date", "C00031")],
    );
    plant(
        29,
        &|row| {
            (row.discharged, row.stay) = (20_002, 2);
            row.money = [49_999, 10_000, 10_000, 10_000, 49_999, 0, 0].map(Some);
        },
        &[(LowStandard, "stay_days", "2")],
    );
    plant(
        30,
        &|row| row.unit = "day_surgery",
        &[(DaySurgeryLong, "stay_days", "5")],
    );
    plant(
        33,
        &|row| {
            row.reverses = Some("C00099");
            row.principal = None;
            row.money = row.money.map(|amount| amount.map(|fen| -fen));
        },
        &[],
    );
    // A case that was cancelled and uploaded again does not overlap with itself.
    rows[34].person = rows[35].person.clone();
    rows[36].reverses = Some("C00034");
    rows[36].money = rows[36].money.map(|amount| amount.map(|fen| -fen));
    // The readmission of row 29 follows the stay of row 32 in the hospital of both.
    rows[28].hospital = rows[31].hospital.clone();
    (rows, expected)
}

#[test]
fn every_rule_finds_what_is_planted_for_it_and_nothing_else() {
    let bench = Bench::new();
    let (rows, expected) = planted();
    let summary = bench.check(&rows);
    let own = |(row, rule, column, value): &Planted| {
        let texts = [rule.code(), column, value].map(str::to_owned);
        let [code, column, value] = texts;
        (*row, code, column, value)
    };
    let mut expected_rows: Vec<_> = expected.iter().map(own).collect();
    expected_rows.sort();
    assert_eq!(bench.findings(), expected_rows);

    let mut counts: BTreeMap<Rule, u64> = BTreeMap::new();
    let mut by_row: BTreeMap<u64, FindingSeverity> = BTreeMap::new();
    for (row, rule, ..) in &expected {
        *counts.entry(*rule).or_default() += 1;
        let worst = by_row.entry(*row).or_insert(rule.usual());
        *worst = (*worst).max(rule.usual());
    }
    let counted = summary
        .rules
        .iter()
        .map(|(rule, (_, count))| (*rule, *count));
    assert_eq!(counted.collect::<BTreeMap<_, _>>(), counts);
    let of = |level| by_row.values().filter(|worst| **worst == level).count() as u64;
    assert_eq!(summary.rows, 100);
    assert_eq!(summary.rejected, of(FindingSeverity::Reject));
    assert_eq!(summary.warned, of(FindingSeverity::Warn));
    let of_plan = ["q20", "q21", "q22", "q23", "q25", "q53"];
    for left in &summary.not_asked {
        assert_eq!(left.reason, "no --plan is named");
        assert!(
            of_plan
                .iter()
                .any(|number| left.rule.code().starts_with(number))
        );
    }
    assert_eq!(summary.not_asked.len(), of_plan.len());
}

#[test]
fn summaries_add_up_by_hospital() {
    let bench = Bench::new();
    let (rows, expected) = planted();
    bench.check(&rows);
    let read = |name: &str| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_path(bench.path(name)).unwrap();
        let rows = reader
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect());
        rows.collect()
    };
    let sum = |rows: &[Vec<String>], column: usize| -> u64 {
        rows.iter()
            .map(|row| row[column].parse::<u64>().unwrap())
            .sum()
    };
    let hospitals = read("checked/hospitals.csv");
    assert_eq!(sum(&hospitals, 1), 100);
    assert_eq!(
        sum(&hospitals, 2) + sum(&hospitals, 3) + sum(&hospitals, 4),
        100
    );
    assert_eq!(sum(&read("checked/summary.csv"), 4), expected.len() as u64);
    let rules = read("checked/rules.csv");
    assert_eq!(rules.len(), Rule::ALL.len());
    assert_eq!(sum(&rules, 3), expected.len() as u64);
}

#[test]
fn a_summary_that_says_something_else_than_the_findings_is_a_mismatch() {
    let bench = Bench::new();
    let (rows, _) = planted();
    bench.check(&rows);
    let out = bench.path("checked");
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
    let path = out.join("hospitals.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text.replacen("H0,34,", "H0,35,", 1);
    assert_ne!(text, changed);
    std::fs::write(&path, changed).unwrap();
    let mismatches = verify(&out, &Silent).unwrap().mismatches;
    let found: Vec<_> = mismatches.iter().map(|found| found.check).collect();
    assert_eq!(found, ["sha256", "summary"]);
}

#[test]
fn equal_claims_give_equal_bytes_on_any_number_of_threads() {
    let bench = Bench::new();
    let made = month(bench.folder.path(), 6_000, 3, 4);
    let mut runs = Vec::new();
    for (name, threads) in [("one", 1), ("four", 4)] {
        let out = bench.path(name);
        let job = CheckJob {
            rules: bench.rules(Some(national())),
            threads: Some(threads),
            ..bench.job(&made.claims, &out)
        };
        let summary = check(&job, &Silent).unwrap();
        assert_eq!(summary.rows, 6_000);
        runs.push(contents(&out));
    }
    assert_eq!(runs[0], runs[1]);
}

#[test]
fn a_rule_whose_column_is_missing_is_said_once_a_file() {
    let bench = Bench::new();
    let all = batch(&(0..50).map(clean).collect::<Vec<_>>());
    let keep: Vec<usize> = (0..all.num_columns())
        .filter(|at| {
            !["person_id", "department"].contains(&all.schema().field(*at).name().as_str())
        })
        .collect();
    let claims = [bench.path("a.parquet"), bench.path("b.parquet")];
    write(&claims[0], &all, 10);
    write(&claims[1], &all.project(&keep).unwrap(), 10);
    let summary = check(&bench.job(&claims, &bench.path("checked")), &Silent).unwrap();
    let left: Vec<_> = summary
        .not_asked
        .iter()
        .filter(|left| left.reason != "no --plan is named")
        .map(|left| {
            (
                left.rule,
                left.file.ends_with("b.parquet"),
                left.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(
        left,
        [
            (Rule::MandatoryMissing, true, "the file lacks department"),
            (Rule::StaysOverlap, true, "the file lacks person_id"),
            (Rule::Readmitted, true, "the file lacks person_id"),
        ]
    );
}

#[test]
fn the_lowest_and_highest_costs_a_day_are_named() {
    let bench = Bench::new();
    let rows: Vec<Row> = (0..2_000)
        .map(|number| {
            let mut row = clean(number);
            let total = match number {
                7 | 8 => 60_000,
                1_999 => 99_000_000,
                1_998 => 98_000_000,
                _ => 1_000_000,
            };
            row.money = [Some(total), Some(1), None, None, None, None, None];
            row
        })
        .collect();
    let summary = bench.check(&rows);
    // A thousandth of 2,000 claims is two at either end.
    assert_eq!(summary.rules[&Rule::CostADayExtreme].1, 4);
    let found: Vec<_> = bench
        .findings()
        .into_iter()
        .map(|(row, _, _, value)| (row, value))
        .collect();
    let named = |row: u64, value: &str| (row, value.to_owned());
    assert_eq!(
        found,
        [
            named(8, "120.00"),
            named(9, "120.00"),
            named(1_999, "196000.00"),
            named(2_000, "198000.00"),
        ]
    );
}

#[test]
fn one_diagnosis_that_lifts_a_case_from_no_severity_to_the_highest_is_named() {
    let bench = Bench::new();
    let with = |number: usize, others: &[&'static str]| Row {
        principal: Some("I63.900"),
        others: others.to_vec(),
        ..clean(number)
    };
    // R57 and J96 are MCC, J98.101 is a CC, E11.900 neither.
    let rows = [
        with(0, &["E11.900", "R57.000"]),
        with(1, &["R57.000", "J96.900"]),
        with(2, &["R57.000", "J98.101"]),
        with(3, &["J98.101"]),
        Row {
            reverses: Some("C00099"),
            ..with(4, &["R57.000"])
        },
    ];
    let upcoded = |bench: &Bench| -> Vec<_> {
        bench.check_with(&rows, bench.rules(Some(national())));
        let found = bench.findings().into_iter();
        let found = found.filter(|(_, code, ..)| code == Rule::Upcoding.code());
        found.map(|(row, _, _, value)| (row, value)).collect()
    };
    let first = (1, "R57.000 BR25 → BR21".to_owned());
    assert_eq!(upcoded(&bench), std::slice::from_ref(&first));

    // The limit is data: with one level a CC counts too.
    let mut checks = ClaimChecks::load("basic").unwrap().0;
    checks.limits.upcoding_levels = 1;
    let one = Bench { checks, ..bench };
    let more = [
        first,
        (3, "R57.000 BR23 → BR21".to_owned()),
        (4, "J98.101 BR25 → BR23".to_owned()),
    ];
    assert_eq!(upcoded(&one), more);
}

#[test]
fn one_person_with_all_claims_is_looked_through_once() {
    let bench = Bench::new();
    let rows: Vec<Row> = (0..3_000)
        .map(|number| Row {
            person: "P".to_owned(),
            ..clean(number)
        })
        .collect();
    let summary = bench.check(&rows);
    assert_eq!(summary.rejected, 3_000);
}

#[test]
fn a_foreign_file_stops_the_run_before_anything_is_written() {
    let bench = Bench::new();
    let claims = [bench.path("claims.parquet")];
    std::fs::write(&claims[0], "case_id,sex\n1,1\n").unwrap();
    let out = bench.path("checked");
    let error = check(&bench.job(&claims, &out), &Silent).unwrap_err();
    assert_eq!(error.class(), Class::Input);
    assert!(!out.exists());
}

#[test]
fn a_settlement_pays_no_claim_that_the_checks_reject_where_it_is_asked() {
    let bench = Bench::new();
    let made = month(bench.folder.path(), 3_000, 5, 2);
    let policy = example_policy();
    let inputs = Inputs::read(Some(&made.inputs), &policy.standing).unwrap();
    let settled = |name: &str, rules| {
        let out = bench.path(name);
        let job = SettleJob {
            checks: rules,
            ..month_job(&made.claims, &policy, &inputs, &out)
        };
        let summary = settle(&job, &Silent).unwrap();
        assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
        summary
    };
    let plain = settled("plain", None);
    let asked = settled("asked", Some(bench.rules(Some(national()))));
    assert!(!bench.path("plain/checks.parquet").exists());

    let out = bench.path("checked");
    let job = CheckJob {
        rules: bench.rules(Some(national())),
        ..bench.job(&made.claims, &out)
    };
    let alone = check(&job, &Silent).unwrap();
    let [of_settle, of_check] = ["asked/checks.parquet", "checked/findings.parquet"];
    let rows = |name: &str| {
        let file = File::open(bench.path(name)).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        reader.metadata().file_metadata().num_rows()
    };
    assert_eq!(rows(of_settle), rows(of_check));

    // Every claim that is rejected is unpaid; some of them were so for another reason already.
    assert!(alone.rejected > 0);
    let unpaid = |summary: &drgdip_batch::SettleSummary| summary.classes["unpaid"];
    let rejected = asked
        .findings
        .iter()
        .find(|(found, _)| found.code() == "check_rejected");
    let rejected = rejected.map_or(0, |(_, count)| count);
    assert!(rejected > 0 && rejected <= alone.rejected);
    assert!(unpaid(&asked) > unpaid(&plain));
    assert!(unpaid(&asked) <= unpaid(&plain) + rejected);
    assert_eq!(asked.classes.values().sum::<u64>(), 3_000);
    // Grouping is not touched.
    assert_eq!(asked.outcomes, plain.outcomes);
    explains_why_it_was_rejected(&bench.path("asked"));
}

/// The first case that the checks kept from being paid names each rule that rejects it.
fn explains_why_it_was_rejected(settled: &Path) {
    let found = table_rows(
        &settled.join("findings.parquet"),
        ["code", "case_id", "row"],
    );
    let [_, case_id, row] = found
        .iter()
        .find(|[code, ..]| code == "check_rejected")
        .unwrap();
    let of_checks = table_rows(
        &settled.join("checks.parquet"),
        ["case_id", "row", "severity", "code", "hint"],
    );
    let is_it = |of: &&[String; 5]| of[0] == *case_id && of[1] == *row && of[2] == "reject";
    let rules: Vec<&[String; 5]> = of_checks.iter().filter(is_it).collect();
    assert!(!rules.is_empty());
    let explained = explain_case(settled, case_id, &[], &Silent).unwrap();
    let steps = explained
        .iter()
        .flat_map(|one| &one.parts)
        .flat_map(|part| &part.steps);
    let steps: Vec<_> = steps
        .filter(|step| step.item.contains("rule that rejects"))
        .collect();
    for [_, _, _, code, hint] in rules {
        let step = steps.iter().find(|step| step.value == *code).unwrap();
        assert!(step.arithmetic.ends_with(hint), "{}", step.arithmetic);
        // The checks were asked for beside the policy, which has no key for them.
        assert!(step.keys.is_empty());
    }
}
