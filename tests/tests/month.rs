//! Whole months: settled, added up again, and settled alike however they are run.

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchReader, StringArray, UInt32Array};
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Decimal128Type};
use drgdip_batch::verify::verify;
use drgdip_batch::{GroupJob, ReadOptions, Silent, group};
use drgdip_tests::{clean_month, contents, month, national, settle_month};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[test]
fn a_generated_month_of_any_seed_adds_up_to_the_fen() {
    for seed in [1, 7, 20_261_101] {
        let folder = tempfile::tempdir().unwrap();
        let made = month(folder.path(), 20_000, seed, 1);
        let out = folder.path().join("settled");
        let summary = settle_month(&made.claims, &made.inputs, &out, 2).unwrap();
        assert_eq!(summary.rows, 20_000);
        assert_eq!(summary.outcomes.total(), 20_000);
        assert_eq!(summary.classes.values().sum::<u64>(), 20_000);
        for pool in &summary.pools {
            let settled = &pool.settlement;
            assert!(settled.paid.fen() > 0, "pool {} pays nothing", pool.id);
            let back = settled.paid.plus(settled.residual).unwrap();
            assert_eq!(back, settled.distributable);
        }
        let verified = verify(&out, &Silent).unwrap();
        assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
        assert_eq!(verified.pools.len(), 6);
    }
}

#[test]
fn i11_threads_and_the_order_of_files_do_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 30_000, 3, 5);
    let mut shuffled = made.claims.clone();
    shuffled.rotate_left(2);
    shuffled.swap(0, 3);
    let runs = [
        (&made.claims, 1),
        (&made.claims, 2),
        (&shuffled, 2),
        (&shuffled, 7),
    ];
    let mut results = Vec::new();
    for (number, (claims, threads)) in runs.into_iter().enumerate() {
        let out = folder.path().join(format!("settled-{number}"));
        settle_month(claims, &made.inputs, &out, threads).unwrap();
        results.push(contents(&out));
    }
    for other in &results[1..] {
        assert_eq!(
            results[0].keys().collect::<Vec<_>>(),
            other.keys().collect::<Vec<_>>()
        );
        for (name, bytes) in &results[0] {
            assert!(*bytes == other[name], "{name} differs");
        }
    }
}

#[test]
fn how_the_input_is_cut_does_not_show_in_what_is_paid() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    let whole = (month(&whole, 30_000, 5, 1), whole.join("settled"));
    let parts = (month(&parts, 30_000, 5, 7), parts.join("settled"));
    for (made, out) in [&whole, &parts] {
        settle_month(&made.claims, &made.inputs, out, 2).unwrap();
    }
    let (whole, parts) = (contents(&whole.1), contents(&parts.1));
    for name in [
        "cases.parquet",
        "hospitals.parquet",
        "pools.parquet",
        "groups.parquet",
    ] {
        assert!(whole[name] == parts[name], "{name} differs");
    }
}

#[test]
fn grouping_writes_the_same_bytes_for_any_threads_and_says_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 30_000, 9, 3);
    let run = |name: &str, claims: &[PathBuf], threads, keep| {
        let out = folder.path().join(name).join("grouped.parquet");
        let job = GroupJob {
            claims,
            plan: national().into(),
            out: &out,
            keep,
            read: ReadOptions::default(),
            threads: Some(threads),
            row_group_rows: Some(4_096),
        };
        let summary = group(&job, &Silent).unwrap();
        assert_eq!(summary.outcomes.total(), 30_000);
        (contents(out.parent().unwrap()), summary)
    };
    let mut reversed = made.claims.clone();
    reversed.reverse();
    let (one, summary) = run("one", &made.claims, 1, false);
    let (two, _) = run("two", &reversed, 2, false);
    assert_eq!(one.len(), 3);
    assert!(one == two, "the outputs differ");
    assert!(
        summary.findings.iter().count() >= 6,
        "{:?}",
        summary.findings
    );
    let (kept, _) = run("kept", &made.claims, 2, true);
    assert!(kept["grouped.parquet"].len() > one["grouped.parquet"].len() * 2);
}

/// What became of each claim of a grouped file: status, ADRG and group by `case_id`.
fn outcomes(claims: PathBuf, out: &Path) -> BTreeMap<String, [String; 3]> {
    let job = GroupJob {
        claims: &[claims],
        plan: national().into(),
        out,
        keep: false,
        read: ReadOptions::default(),
        threads: Some(2),
        row_group_rows: None,
    };
    group(&job, &Silent).unwrap();
    let grouped = read(out);
    let column = |name: &str| {
        let column = cast(grouped.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
        column.as_string::<i32>().clone()
    };
    let ids = column("case_id");
    let facts = ["status", "adrg", "group"].map(column);
    let rows = 0..grouped.num_rows();
    rows.map(|row| {
        let fact = |column: &StringArray| match column.is_null(row) {
            true => String::new(),
            false => column.value(row).to_owned(),
        };
        (ids.value(row).to_owned(), facts.each_ref().map(fact))
    })
    .collect()
}

fn read(path: &Path) -> RecordBatch {
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let reader = reader.build().unwrap();
    let schema = reader.schema();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

#[test]
fn i4_i5_a_claim_has_one_outcome_which_neither_its_place_nor_its_cost_changes() {
    let folder = tempfile::tempdir().unwrap();
    let made = clean_month(folder.path(), 20_000);
    let claims = read(&made.claims[0]);
    let rows = u32::try_from(claims.num_rows()).unwrap();
    let backwards = UInt32Array::from_iter_values((0..rows).rev());
    let mut columns: Vec<_> = claims
        .columns()
        .iter()
        .map(|column| take(column, &backwards, None).unwrap())
        .collect();
    let cost = claims.schema().index_of("total_cost").unwrap();
    let dearer = columns[cost].as_primitive::<Decimal128Type>();
    let dearer = dearer.unary::<_, Decimal128Type>(|fen| fen * 7 + 1);
    columns[cost] = Arc::new(dearer.with_data_type(claims.column(cost).data_type().clone()));
    let changed = RecordBatch::try_new(claims.schema(), columns).unwrap();
    let path = folder.path().join("changed.parquet");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), claims.schema(), None).unwrap();
    writer.write(&changed).unwrap();
    writer.close().unwrap();

    let before = outcomes(made.claims[0].clone(), &folder.path().join("a.parquet"));
    let after = outcomes(path, &folder.path().join("b.parquet"));
    assert_eq!(before.len(), claims.num_rows());
    assert!(before == after, "an outcome depends on place or cost");
    for (id, [status, _, group]) in &before {
        let has_group = ["grouped", "ambiguous"].contains(&status.as_str());
        let is_known = has_group || ["ungrouped", "excluded", "invalid"].contains(&status.as_str());
        assert!(is_known, "{id} is {status}");
        assert_eq!(
            has_group,
            !group.is_empty(),
            "{id} is {status} with “{group}”"
        );
    }
}
