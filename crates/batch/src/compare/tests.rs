use super::*;
use crate::Silent;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::path::Path;
use std::sync::Arc;

type Line<'a> = [Option<&'a str>; 6];

/// Writes key, status, mdc, adrg, group and stratum; `prefix` stands before the group columns.
fn write(path: &Path, prefix: &str, lines: &[Line<'_>]) {
    let names = ["status", "mdc", "adrg", "group"].map(|name| format!("{prefix}{name}"));
    let [status, mdc, adrg, group] = &names;
    let names = ["case_id", status, mdc, adrg, group, "stratum"];
    let column = |index: usize| {
        let cells: StringArray = lines.iter().map(|line| line[index]).collect();
        Arc::new(cells) as ArrayRef
    };
    let columns = names
        .iter()
        .enumerate()
        .map(|(index, name)| (*name, column(index), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn grouped<'a>(key: &'a str, group: &'a str) -> Line<'a> {
    let adrg = &group[..3];
    let mdc = &group[..1];
    [
        Some(key),
        Some("grouped"),
        Some(mdc),
        Some(adrg),
        Some(group),
        Some("random"),
    ]
}

fn ungrouped(key: &str) -> Line<'_> {
    [Some(key), Some("ungrouped"), None, None, None, Some("edge")]
}

fn run(ours: &[Line<'_>], reference: &[Line<'_>]) -> Comparison {
    let folder = tempfile::tempdir().unwrap();
    let job = CompareJob {
        ours: folder.path().join("ours.parquet"),
        reference: folder.path().join("reference.parquet"),
        key: "case_id".to_owned(),
    };
    write(&job.ours, "", ours);
    write(&job.reference, "expected_", reference);
    compare(&job, &Silent).unwrap()
}

#[test]
fn equal_answers_in_another_order_are_equal() {
    let a = grouped("a", "BB11");
    let b = ungrouped("b");
    let result = run(&[a, b], &[b, a]);
    assert!(result.is_equal());
    assert_eq!(
        result.overall,
        Agreement {
            cases: 2,
            fields: [2; 4],
            all: 2
        }
    );
    assert_eq!(result.by_mdc.keys().collect::<Vec<_>>(), ["", "B"]);
    assert_eq!(result.by_adrg.keys().collect::<Vec<_>>(), ["", "BB1"]);
    assert_eq!(result.by_stratum["edge"].all, 1);
}

#[test]
fn differences_are_counted_by_field_and_named_by_key() {
    let ours = [
        grouped("c", "BB11"),
        grouped("a", "BB11"),
        grouped("b", "BC19"),
    ];
    let reference = [
        grouped("a", "BB13"),
        grouped("b", "BC19"),
        grouped("c", "BB13"),
    ];
    let result = run(&ours, &reference);
    assert!(!result.is_equal());
    assert_eq!(
        result.overall,
        Agreement {
            cases: 3,
            fields: [3, 3, 3, 1],
            all: 1
        }
    );
    let by_adrg = [("BB1", 0), ("BC1", 1)];
    let agreeing = result.by_adrg.iter();
    let agreeing = agreeing.map(|(adrg, agreement)| (adrg.as_str(), agreement.all));
    assert_eq!(agreeing.collect::<Vec<_>>(), by_adrg);
    let [confusion] = &result.confusions[..] else {
        panic!("one pair of answers")
    };
    assert_eq!(confusion.ours.to_string(), "BB11");
    assert_eq!(confusion.reference.to_string(), "BB13");
    assert_eq!(confusion.examples, ["a", "c"]);
    assert_eq!(result.differences[1].ours_row, 0);
    assert_eq!(result.differences[1].reference_row, 2);
}

#[test]
fn missing_and_repeated_keys_are_differences() {
    let [a, b, c] = ["a", "b", "c"].map(|key| grouped(key, "BB11"));
    let nameless: Line<'_> = [None; 6];
    let result = run(&[a, a, b], &[a, c, c, nameless]);
    assert_eq!(result.overall.all, 1);
    assert!(!result.is_equal());
    assert_eq!(
        result.unmatched,
        Unmatched {
            missing_in_ours: vec!["c".to_owned(), "c".to_owned()],
            missing_in_reference: vec!["b".to_owned()],
            repeated_in_ours: vec!["a".to_owned()],
            repeated_in_reference: vec![],
            rows_without_key: 1,
        }
    );
    assert_eq!(result.unmatched.count(), 5);
}

#[test]
fn a_file_without_the_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ours.parquet");
    write(&path, "", &[grouped("a", "BB11")]);
    let job = CompareJob {
        ours: path.clone(),
        reference: path,
        key: "id".to_owned(),
    };
    let error = compare(&job, &Silent).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert_eq!(
        error.problem(),
        "the key column id is missing; the file has case_id, status, mdc, adrg, group, stratum."
    );
    assert_eq!(error.hint(), "Name another column with --key.");
}

const PLAN_TOML: &str = r#"
id = "mini"
title = "A plan of one group"
sources = ["model"]
[settings]
no_group_fallback = "adrg"
retry_with_each_other_procedure = false
newborn_days = 28
[checks]
sex_missing = "invalid"
age_missing = "invalid"
age_0_without_days = "invalid"
newborn_without_weight = "invalid"
principal_missing = "none"
"#;

/// A plan of one category that takes a case by its procedure or not at all.
fn plan() -> drgdip_tables::GroupingPlan {
    let files = [
        ("mdc.csv", "order,mdc,name,gate\n10,MDCF,,true\n"),
        (
            "adrg.csv",
            "mdc,order,adrg,name,kind,rule,fallback\nMDCF,10,FM1,,procedure,main_op in FM1.op,\n",
        ),
        ("drg.csv", "adrg,order,drg,name,rule\nFM1,10,FM19,,true\n"),
        ("lists/F.csv", "list,code\nFM1.op,36.0601\n"),
        ("severity.csv", "code,level,exclusion_table\n"),
        ("exclusions.csv", "exclusion_table,principal\n"),
        ("plan.toml", PLAN_TOML),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().into()));
    let files = drgdip_tables::FileSet::in_memory("mini", files);
    drgdip_tables::GroupingPlan::load(&files, &|_| Ok(None))
        .unwrap()
        .0
}

#[test]
fn a_difference_is_led_back_to_the_rule_where_the_answers_part() {
    let folder = tempfile::tempdir().unwrap();
    let job = CompareJob {
        ours: folder.path().join("ours.parquet"),
        reference: folder.path().join("reference.parquet"),
        key: "case_id".to_owned(),
    };
    write(&job.ours, "", &[grouped("a", "FM19"), ungrouped("b")]);
    let text = |cells: [&str; 2]| Arc::new(StringArray::from(cells.to_vec())) as ArrayRef;
    let columns = [
        ("case_id", text(["a", "b"])),
        ("sex", text(["1", "1"])),
        (
            "age_years",
            Arc::new(arrow::array::Int32Array::from(vec![64, 64])) as ArrayRef,
        ),
        ("principal_diagnosis", text(["I50.900", "I50.900"])),
        ("main_procedure", text(["36.0601", "00.0000"])),
        ("expected_group", text(["FM19", "FM19"])),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(&job.reference).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let mut result = compare(&job, &Silent).unwrap();
    assert_eq!(result.fields, [Field::Group]);
    let plan = plan();
    let plans = Plans {
        ours: &plan,
        reference: None,
    };
    explain_differences(&mut result, &job, &plans, &Silent).unwrap();
    let [case] = &result.differences[..] else {
        panic!("one case differs")
    };
    assert_eq!(case.key, "b");
    assert_eq!(result.confusions[0].parting, case.parting);
    let parting = case.parting.as_ref().unwrap();
    assert_eq!(
        parting.english,
        "FM1 (mini/adrg.csv, line 2) does not match: the main procedure does not stand in FM1.op; \
         its rule is main_op in FM1.op."
    );
}
