//! Statements of hospitals, added up again from the files alone and compared with the tables.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Decimal128Type};
use drgdip_batch::Silent;
use drgdip_batch::verify::verify;
use drgdip_tests::{month, settle_month};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

fn table(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// A column as text; an absent value is empty.
fn texts(table: &RecordBatch, column: &str) -> Vec<String> {
    let column = cast(table.column_by_name(column).unwrap(), &DataType::Utf8).unwrap();
    let column = column.as_string::<i32>();
    let text = |row| match column.is_valid(row) {
        true => column.value(row).to_owned(),
        false => String::new(),
    };
    (0..column.len()).map(text).collect()
}

/// A decimal column in units of its last place; an absent value is zero.
fn numbers(table: &RecordBatch, column: &str) -> Vec<i128> {
    let column = table.column_by_name(column).unwrap();
    let column = column.as_primitive::<Decimal128Type>();
    let number = |row| match column.is_valid(row) {
        true => column.value(row),
        false => 0,
    };
    (0..column.len()).map(number).collect()
}

type Key = (String, String);

fn keys(table: &RecordBatch) -> Vec<Key> {
    let (pools, hospitals) = (texts(table, "pool"), texts(table, "hospital_id"));
    pools.into_iter().zip(hospitals).collect()
}

/// Fen of decimal text, without any code of the product.
fn fen(text: &str) -> i128 {
    let digits = text.replace('.', "");
    assert_eq!(text.len() - text.find('.').unwrap(), 3, "{text}");
    digits.parse().unwrap()
}

#[test]
fn statements_add_up_to_the_payments_to_the_fen() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 8_000, 11, 1);
    let out = folder.path().join("settled");
    settle_month(&made.claims, &made.inputs, &out, 2).unwrap();
    let verified = verify(&out, &Silent).unwrap();
    assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);

    let hospitals = table(&out.join("hospitals.parquet"));
    let mut expected = BTreeMap::new();
    let (payments, points) = (
        numbers(&hospitals, "payment"),
        numbers(&hospitals, "points"),
    );
    let counts = texts(&hospitals, "cases");
    for (row, key) in keys(&hospitals).into_iter().enumerate() {
        let cases: u64 = counts[row].parse().unwrap();
        expected.insert(key, (payments[row], points[row], cases));
    }
    assert!(expected.len() >= 39, "{} hospitals", expected.len());

    let lines = table(&out.join("statements.parquet"));
    let (sections, amounts) = (texts(&lines, "section"), numbers(&lines, "amount"));
    let (quantities, counts) = (numbers(&lines, "quantity"), texts(&lines, "cases"));
    for section in ["cases", "classes"] {
        let mut found: BTreeMap<Key, (i128, i128, u64)> = BTreeMap::new();
        for (row, key) in keys(&lines).into_iter().enumerate() {
            let sum = found.entry(key).or_default();
            if sections[row] == section {
                sum.0 += amounts[row];
                sum.1 += quantities[row] / 100;
                sum.2 += counts[row].parse::<u64>().unwrap();
            }
        }
        assert_eq!(found, expected, "{section}");
    }

    let index = table(&out.join("statement_files.parquet"));
    let files = texts(&index, "file");
    for (row, key) in keys(&index).into_iter().enumerate() {
        let text = fs::read_to_string(out.join(&files[row])).unwrap();
        let text = text.strip_prefix('\u{feff}').unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let heading = reader.headers().unwrap().clone();
        assert_eq!(&heading[9], "金额 amount");
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let sum = |section: &str| -> i128 {
            let mine = records
                .iter()
                .filter(|r| r[1].ends_with(section) && !r[9].is_empty());
            mine.map(|record| fen(&record[9])).sum()
        };
        assert_eq!(sum(" cases"), expected[&key].0, "{}", files[row]);
        let total = |item: &str| {
            let mut mine = records.iter().filter(|r| r[2].contains(item));
            fen(&mine.next_back().unwrap()[9])
        };
        assert_eq!(total("payment of the fund"), expected[&key].0);
        assert_eq!(
            total("应得合计 gross") + total("less patient side"),
            expected[&key].0
        );
    }
    assert_eq!(files.len(), expected.len());

    let changed = out.join(&files[0]);
    let text = fs::read_to_string(&changed).unwrap();
    fs::write(&changed, text.replacen("gross", "Gross", 1)).unwrap();
    let verified = verify(&out, &Silent).unwrap();
    assert_eq!(verified.mismatches.len(), 1, "{:?}", verified.mismatches);
    assert_eq!(verified.mismatches[0].place, files[0]);
}
