//! A month as it comes at night: many files in many forms, some unreadable, with faults at known
//! places. It settles, every fault is found where it was planted, and every clean row is paid.
//!
//! `DRGDIP_DIRTY_CASES` and `DRGDIP_DIRTY_FILES` make it larger, such as 10,000,000 and 200.

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, RecordBatch, StringArray,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Schema, TimeUnit, UInt64Type};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{QuarantineCounts, ReadOptions, SettleJob, SettleSummary, Silent, settle};
use drgdip_tests::{Month, clean_files, example_policy, month_job};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn number(name: &str, usual: u64) -> u64 {
    let stated = std::env::var(name).ok();
    stated.map_or(usual, |text| text.parse().expect("a whole number"))
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// The batch with a column replaced, under a name of its own where one is given.
fn with(batch: &RecordBatch, (from, to): (&str, &str), array: ArrayRef) -> RecordBatch {
    let index = batch.schema().index_of(from).unwrap();
    let mut fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    fields[index] = Field::new(to, array.data_type().clone(), true);
    let mut columns = batch.columns().to_vec();
    columns[index] = array;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = cast(&batch[name], &DataType::Utf8).unwrap();
    column
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(str::to_owned))
        .collect()
}

/// The batch with the text of one row changed.
fn set_text(batch: &RecordBatch, name: &str, (row, value): (usize, Option<&str>)) -> RecordBatch {
    let mut all = texts(batch, name);
    all[row] = value.map(str::to_owned);
    let array = cast(&StringArray::from(all), batch[name].data_type()).unwrap();
    with(batch, (name, name), array)
}

/// The batch with every amount of one row changed.
fn set_money(
    batch: &RecordBatch,
    row: usize,
    change: impl Fn(i128) -> Option<i128>,
) -> RecordBatch {
    let names = [
        "total_cost",
        "fund_paid",
        "other_funds_paid",
        "patient_paid",
    ];
    let mut batch = batch.clone();
    for name in names {
        let column = batch[name].as_primitive::<Decimal128Type>();
        let amounts = column.iter().enumerate();
        let amounts = amounts.map(|(at, fen)| {
            if at == row {
                fen.and_then(&change)
            } else {
                fen
            }
        });
        let amounts: Decimal128Array = amounts.collect();
        let amounts = amounts.with_precision_and_scale(16, 2).unwrap();
        batch = with(&batch, (name, name), Arc::new(amounts));
    }
    batch
}

/// The batch with the discharge of one row moved by some days.
fn set_discharge(
    batch: &RecordBatch,
    row: usize,
    change: impl Fn(i32) -> Option<i32>,
) -> RecordBatch {
    let days = batch["discharge_date"]
        .as_primitive::<Date32Type>()
        .iter()
        .enumerate();
    let days = days.map(|(at, day)| {
        if at == row {
            day.and_then(&change)
        } else {
            day
        }
    });
    with(
        batch,
        ("discharge_date", "discharge_date"),
        Arc::new(days.collect::<Date32Array>()),
    )
}

/// A kind of fault: the finding that names it, and whether it keeps the row from being paid.
type Fault = (&'static str, bool);

const FAULTS: [Fault; 17] = [
    ("sex_missing", true),
    ("age_missing", true),
    ("principal_missing", false),
    ("principal_not_in_plan", false),
    ("cost_missing", true),
    ("cost_negative", true),
    ("payment_parts_differ", false),
    ("region_missing", true),
    ("region_not_settled", true),
    ("insurance_unknown", true),
    ("hospital_missing", true),
    ("hospital_unknown", true),
    ("discharge_missing", true),
    ("discharge_after_period", true),
    ("discharge_before_period", false),
    ("case_id_missing", true),
    ("duplicate_case", true),
];

/// Plants a fault; `first` is the id of the first row of the month.
fn plant(batch: &RecordBatch, row: usize, fault: &str, first: &str) -> RecordBatch {
    let text = |name: &str, value| set_text(batch, name, (row, value));
    match fault {
        "sex_missing" => text("sex", None),
        "age_missing" => text("age_years", None),
        "principal_missing" => text("principal_diagnosis", None),
        "principal_not_in_plan" => text("principal_diagnosis", Some("无此编码")),
        "cost_missing" => set_money(batch, row, |_| None),
        "cost_negative" => set_money(batch, row, |fen| Some(-fen)),
        "payment_parts_differ" => {
            let total = batch["total_cost"].as_primitive::<Decimal128Type>();
            let amounts = total.iter().enumerate();
            let amounts = amounts.map(|(at, fen)| fen.map(|fen| fen + i128::from(at == row)));
            let amounts: Decimal128Array = amounts.collect();
            let amounts = amounts.with_precision_and_scale(16, 2).unwrap();
            with(batch, ("total_cost", "total_cost"), Arc::new(amounts))
        }
        "region_missing" => text("region", None),
        "region_not_settled" => text("region", Some("000001")),
        "insurance_unknown" => text("insurance", Some("x")),
        "hospital_missing" => text("hospital_id", None),
        "hospital_unknown" => text("hospital_id", Some("=H")),
        "discharge_missing" => set_discharge(batch, row, |_| None),
        "discharge_after_period" => set_discharge(batch, row, |day| Some(day + 62)),
        "discharge_before_period" => set_discharge(batch, row, |day| Some(day - 40)),
        "case_id_missing" => text("case_id", None),
        "duplicate_case" => text("case_id", Some(first)),
        other => unreachable!("{other} is no fault"),
    }
}

/// The same claims in another form that engines and bureaus deliver.
fn in_form(batch: &RecordBatch, form: usize) -> RecordBatch {
    let retyped = |names: &[&str], to: &DataType| {
        names.iter().fold(batch.clone(), |batch, name| {
            let array = cast(&batch[*name], to).unwrap();
            with(&batch, (name, name), array)
        })
    };
    match form {
        1 => {
            let reversed: Vec<usize> = (0..batch.num_columns()).rev().collect();
            batch.project(&reversed).unwrap()
        }
        2 => [
            ("case_id", "setl_id"),
            ("sex", "gend"),
            ("age_years", "age"),
            ("hospital_id", "fixmedins_code"),
            ("discharge_date", "dscg_time"),
        ]
        .iter()
        .fold(batch.clone(), |batch, (from, to)| {
            let array = batch[*from].clone();
            with(&batch, (from, to), array)
        }),
        3 => retyped(
            &["case_id", "hospital_id", "region", "main_procedure"],
            &DataType::LargeUtf8,
        ),
        4 => retyped(
            &["principal_diagnosis", "insurance", "department"],
            &DataType::Utf8View,
        ),
        5 => retyped(
            &["total_cost", "fund_paid", "patient_paid"],
            &DataType::Decimal128(20, 4),
        ),
        6 => retyped(
            &["discharge_date", "admission_date"],
            &DataType::Timestamp(TimeUnit::Millisecond, None),
        ),
        7 => retyped(&["sex", "age_years", "stay_days"], &DataType::Int64),
        _ => batch.clone(),
    }
}

fn write(path: &Path, batch: &RecordBatch, form: usize) {
    let codec = match form {
        1 => Compression::SNAPPY,
        3 => Compression::LZ4_RAW,
        4 => Compression::UNCOMPRESSED,
        _ => Compression::ZSTD(ZstdLevel::default()),
    };
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_max_row_group_row_count(Some(batch.num_rows().div_ceil(3)))
        .build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// A month with what was planted in it.
struct DirtyMonth {
    folder: tempfile::TempDir,
    month: Month,
    /// File name, row from 1, and the finding that is due there.
    planted: BTreeSet<(String, u64, &'static str)>,
    /// The places of the rows that are not paid.
    unpaid: BTreeSet<(String, u64)>,
    quarantined: QuarantineCounts,
    rows: u64,
}

impl DirtyMonth {
    fn new(cases: u64, files: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let month = clean_files(folder.path(), cases, files);
        let mut dirty = Self {
            folder,
            month,
            planted: BTreeSet::new(),
            unpaid: BTreeSet::new(),
            quarantined: QuarantineCounts::default(),
            rows: cases,
        };
        let paths = dirty.month.claims.clone();
        let first = texts(&read(&paths[0]), "case_id")[0].clone().unwrap();
        let spoiled = paths.len() - 4;
        for (number, path) in paths.iter().enumerate() {
            if number >= spoiled {
                dirty.spoil(path, number - spoiled);
            } else {
                dirty.soil(path, number, &first);
            }
        }
        dirty
    }

    /// Plants faults in the rows of a file and writes it in a form of its own.
    fn soil(&mut self, path: &Path, number: usize, first: &str) {
        let mut batch = read(path);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let faults = FAULTS.iter().enumerate();
        for (place, (fault, unpaid)) in faults.filter(|(place, _)| place % 4 == number % 4) {
            // Row 0 of the month is what the repeated rows repeat.
            let row = 1 + place * 5 % (batch.num_rows() - 1);
            batch = plant(&batch, row, fault, first);
            let row = row as u64 + 1;
            self.planted.insert((name.clone(), row, fault));
            if *unpaid {
                self.unpaid.insert((name.clone(), row));
            }
        }
        let form = number % 8;
        write(path, &in_form(&batch, form), form);
    }

    /// Makes a file, or a part of it, unreadable.
    fn spoil(&mut self, path: &Path, way: usize) {
        let batch = read(path);
        let rows = batch.num_rows() as u64;
        match way {
            0 => {
                let bytes = fs::read(path).unwrap();
                fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
                self.quarantined.files += 1;
                // Nobody knows how many rows a truncated file had.
                self.rows -= rows;
            }
            1 => {
                let texts = StringArray::from(vec!["六十岁"; batch.num_rows()]);
                write(
                    path,
                    &with(&batch, ("age_years", "age_years"), Arc::new(texts)),
                    0,
                );
                self.quarantined.files += 1;
                self.quarantined.rows += rows;
            }
            2 => {
                // GBK text that was given the name of a Parquet file.
                fs::write(path, b"\xC4\xEA\xC1\xE4,\xD0\xD4\xB1\xF0\n63,1\n").unwrap();
                self.quarantined.files += 1;
                self.rows -= rows;
            }
            _ => {
                write(path, &batch, 0);
                self.quarantined.rows += damage(path);
                self.quarantined.row_groups += 1;
            }
        }
    }

    fn settle(&self, out: &str) -> SettleSummary {
        let policy = example_policy();
        let inputs = Inputs::read(Some(&self.month.inputs), &policy.standing).unwrap();
        let out = self.folder.path().join(out);
        let read = ReadOptions {
            allow_float_money: false,
            money_in_fen: false,
            keep_going: true,
        };
        let job = SettleJob {
            read,
            ..month_job(&self.month.claims, &policy, &inputs, &out)
        };
        settle(&job, &Silent).unwrap()
    }

    /// File name, row and code of every finding about a row.
    fn found(&self, out: &str) -> BTreeMap<(String, u64), BTreeSet<String>> {
        let batch = read(&self.folder.path().join(out).join("findings.parquet"));
        let rows = batch["row"].as_primitive::<UInt64Type>();
        let mut found: BTreeMap<(String, u64), BTreeSet<String>> = BTreeMap::new();
        let files = texts(&batch, "file").into_iter().zip(rows.values());
        for ((file, row), code) in files.zip(texts(&batch, "code")) {
            let file = PathBuf::from(file.unwrap());
            let file = file.file_name().unwrap().to_string_lossy().into_owned();
            found.entry((file, *row)).or_default().insert(code.unwrap());
        }
        found
    }
}

/// Spoils the pages of the second row group; says how many rows it has.
fn damage(path: &Path) -> u64 {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let metadata = reader.metadata().row_group(1);
    let (start, length) = metadata.column(5).byte_range();
    let mut bytes = fs::read(path).unwrap();
    let range = usize::try_from(start).unwrap()..usize::try_from(start + length).unwrap();
    bytes[range].fill(0xFF);
    fs::write(path, bytes).unwrap();
    u64::try_from(metadata.num_rows()).unwrap()
}

#[test]
fn every_fault_is_found_where_it_was_planted_and_every_clean_row_is_paid() {
    let cases = number("DRGDIP_DIRTY_CASES", 4_000);
    let dirty = DirtyMonth::new(cases, number("DRGDIP_DIRTY_FILES", 20));
    let summary = dirty.settle("settled");

    assert_eq!(summary.quarantined, dirty.quarantined);
    assert_eq!(summary.rows + summary.quarantined.rows, dirty.rows);
    let outcomes: u64 = summary.outcomes.iter().map(|(_, _, count)| count).sum();
    assert_eq!(outcomes, summary.rows);
    assert_eq!(summary.classes.values().sum::<u64>(), summary.rows);

    let found = dirty.found("settled");
    for (file, row, code) in &dirty.planted {
        let here = found.get(&(file.clone(), *row));
        assert!(
            here.is_some_and(|codes| codes.contains(*code)),
            "{file} {row} {code}: {here:?}"
        );
    }
    // Nothing of what was planted is found in a clean row.
    for (place, codes) in &found {
        let is_here = |(file, row, _): &(String, u64, &str)| (file, row) == (&place.0, &place.1);
        let fault = codes
            .iter()
            .find(|code| FAULTS.iter().any(|(fault, _)| fault == code));
        assert!(
            fault.is_none() || dirty.planted.iter().any(is_here),
            "{place:?} {fault:?}"
        );
    }
    assert_eq!(
        summary.classes.get("unpaid"),
        Some(&(dirty.unpaid.len() as u64))
    );
    let verified = verify(&dirty.folder.path().join("settled"), &Silent).unwrap();
    assert_eq!(verified.mismatches, []);
}

#[test]
fn a_dirty_month_settles_to_the_same_bytes_again() {
    let dirty = DirtyMonth::new(2_000, 10);
    dirty.settle("one");
    dirty.settle("two");
    let [one, two] =
        ["one", "two"].map(|out| drgdip_tests::contents(&dirty.folder.path().join(out)));
    assert_eq!(one, two);
}
