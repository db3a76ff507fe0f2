//! What cannot be read stops a run before anything is written, or is left out and counted.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema, UInt64Type};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Class, Error, GroupJob, GroupSummary, QuarantineCounts, ReadOptions, SettleJob, SettleSummary,
    Silent, group, settle,
};
use drgdip_tests::{Month, clean_month, example_policy, month_job, national};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const KEEP_GOING: ReadOptions = ReadOptions {
    allow_float_money: false,
    money_in_fen: false,
    keep_going: true,
};

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// Writes claims in row groups of 100 rows.
fn write(path: &Path, batch: &RecordBatch) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(100))
        .build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Overwrites the pages of a column in one row group.
fn damage(path: &Path, row_group: usize, column: &str) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let metadata = reader.metadata().row_group(row_group);
    let chunk = metadata
        .columns()
        .iter()
        .find(|c| c.column_path().string() == column);
    let (start, length) = chunk.unwrap().byte_range();
    let mut bytes = fs::read(path).unwrap();
    let range = usize::try_from(start).unwrap()..usize::try_from(start + length).unwrap();
    bytes[range].fill(0xFF);
    fs::write(path, bytes).unwrap();
}

/// A month of 2,000 clean claims in four files, of which some are spoiled.
struct Bench {
    folder: tempfile::TempDir,
    month: Month,
    files: Vec<PathBuf>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let month = clean_month(folder.path(), 2_000);
        let claims = read(&month.claims[0]);
        let files: Vec<PathBuf> = ["a", "b", "c", "d"]
            .iter()
            .map(|name| folder.path().join(format!("part-{name}.parquet")))
            .collect();
        for (number, path) in files.iter().enumerate() {
            write(path, &claims.slice(number * 500, 500));
        }
        Self {
            folder,
            month,
            files,
        }
    }

    /// One file truncated, one with its age as text, one with two damaged row groups.
    fn spoiled() -> Self {
        let bench = Self::new();
        let whole = fs::read(&bench.files[0]).unwrap();
        fs::write(&bench.files[0], &whole[..whole.len() / 2]).unwrap();
        let claims = read(&bench.files[1]);
        write(&bench.files[1], &with_text_age(&claims));
        damage(&bench.files[2], 1, "principal_diagnosis");
        damage(&bench.files[2], 3, "sex");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settle(
        &self,
        claims: &[PathBuf],
        out: &str,
        read: ReadOptions,
    ) -> Result<SettleSummary, Error> {
        let policy = example_policy();
        let inputs = Inputs::read(Some(&self.month.inputs), &policy.standing)?;
        let out = self.path(out);
        let job = SettleJob {
            read,
            ..month_job(claims, &policy, &inputs, &out)
        };
        settle(&job, &Silent)
    }

    fn group(&self, out: &str, read: ReadOptions) -> Result<GroupSummary, Error> {
        let out = self.path(out);
        group(
            &GroupJob {
                claims: &self.files,
                plan: national().into(),
                out: &out,
                keep: false,
                read,
                threads: Some(2),
                row_group_rows: None,
            },
            &Silent,
        )
    }
}

fn with_text_age(batch: &RecordBatch) -> RecordBatch {
    let index = batch.schema().index_of("age_years").unwrap();
    let mut fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    fields[index] = Field::new("age_years", DataType::Utf8, true);
    let mut columns = batch.columns().to_vec();
    columns[index] = Arc::new(StringArray::from(vec!["六十"; batch.num_rows()]));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// File, row, code and value of the findings about what was left out.
fn left_out(findings: &Path) -> Vec<(String, u64, String, String)> {
    let batch = read(findings);
    let text = |name: &str| {
        let column = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
        column.as_string::<i32>().clone()
    };
    let (file, code, value) = (text("file"), text("code"), text("value"));
    let rows = batch["row"].as_primitive::<UInt64Type>();
    (0..batch.num_rows())
        .filter(|at| {
            code.value(*at).ends_with("_unreadable") && code.value(*at) != "cell_unreadable"
        })
        .map(|at| {
            let name = Path::new(file.value(at))
                .file_name()
                .unwrap()
                .to_string_lossy();
            let texts = (name.into_owned(), code.value(at), value.value(at));
            (
                texts.0,
                rows.value(at),
                texts.1.to_owned(),
                texts.2.to_owned(),
            )
        })
        .collect()
}

#[test]
fn what_cannot_be_read_stops_a_run_before_anything_is_written() {
    let bench = Bench::spoiled();
    let stop = ReadOptions::default();
    for error in [
        bench.settle(&bench.files, "settled", stop).unwrap_err(),
        bench
            .settle(&bench.files[2..], "settled", stop)
            .unwrap_err(),
        bench.group("grouped.parquet", stop).unwrap_err(),
    ] {
        assert_eq!(error.class(), Class::Input);
        assert!(error.place().contains("part-"), "{error}");
    }
    assert!(!bench.path("settled").exists());
    assert!(!bench.path("grouped.parquet").exists());
}

#[test]
fn the_rest_is_settled_and_what_was_left_out_is_counted() {
    let bench = Bench::spoiled();
    let summary = bench.settle(&bench.files, "settled", KEEP_GOING).unwrap();
    let counts = QuarantineCounts {
        files: 2,
        row_groups: 2,
        rows: 700,
    };
    assert_eq!(summary.quarantined, counts);
    assert_eq!(summary.rows, 800);
    assert_eq!(summary.classes.values().sum::<u64>(), 800);
    let found = left_out(&bench.path("settled/findings.parquet"));
    let places: Vec<_> = found
        .iter()
        .map(|(file, row, code, _)| (file.as_str(), *row, code.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("part-a.parquet", 0, "file_unreadable"),
            ("part-b.parquet", 1, "file_unreadable"),
            ("part-c.parquet", 101, "row_group_unreadable"),
            ("part-c.parquet", 301, "row_group_unreadable"),
        ]
    );
    assert!(
        found[1]
            .3
            .starts_with("rows 1 to 500: column age_years is Utf8"),
        "{}",
        found[1].3
    );
    assert!(
        found[2].3.starts_with("rows 101 to 200: "),
        "{}",
        found[2].3
    );
    let manifest = fs::read_to_string(bench.path("settled/manifest.json")).unwrap();
    assert!(manifest.contains("\"rows_quarantined\": 700"));
    let verified = verify(&bench.path("settled"), &Silent).unwrap();
    assert_eq!(verified.mismatches, []);
}

#[test]
fn what_is_left_is_settled_as_if_it_had_been_all() {
    let bench = Bench::spoiled();
    bench.settle(&bench.files, "settled", KEEP_GOING).unwrap();
    let whole = Bench::new();
    let claims = read(&whole.files[2]);
    let kept = [0, 200, 400].map(|from| claims.slice(from, 100));
    write(
        &whole.files[2],
        &concat_batches(&claims.schema(), &kept).unwrap(),
    );
    whole
        .settle(&whole.files[2..], "settled", ReadOptions::default())
        .unwrap();
    for table in ["cases.parquet", "hospitals.parquet", "pools.parquet"] {
        let table = format!("settled/{table}");
        let (ours, theirs) = (bench.path(&table), whole.path(&table));
        assert_eq!(
            fs::read(ours).unwrap(),
            fs::read(theirs).unwrap(),
            "{table}"
        );
    }
}

#[test]
fn rows_after_a_gap_keep_their_numbers_in_the_file() {
    let bench = Bench::new();
    let claims = read(&bench.files[2]);
    let index = claims.schema().index_of("sex").unwrap();
    let sex = cast(claims.column(index), &DataType::Utf8).unwrap();
    let sex = sex.as_string::<i32>().iter().enumerate();
    let sex = sex.map(|(row, sex)| if row == 450 { None } else { sex });
    let mut columns = claims.columns().to_vec();
    let sex: StringArray = sex.collect();
    columns[index] = cast(&sex, claims.column(index).data_type()).unwrap();
    write(
        &bench.files[2],
        &RecordBatch::try_new(claims.schema(), columns).unwrap(),
    );
    damage(&bench.files[2], 1, "principal_diagnosis");
    let summary = bench.group("grouped.parquet", KEEP_GOING).unwrap();
    assert_eq!((summary.rows, summary.quarantined.rows), (1_900, 100));
    let findings = read(&bench.path("grouped.findings.parquet"));
    let codes = cast(&findings["code"], &DataType::Utf8).unwrap();
    let codes = codes.as_string::<i32>();
    let at = (0..codes.len())
        .find(|at| codes.value(*at) == "sex_missing")
        .unwrap();
    assert_eq!(findings["row"].as_primitive::<UInt64Type>().value(at), 451);
}

#[test]
fn claims_of_which_nothing_can_be_read_stop_a_run_all_the_same() {
    let bench = Bench::new();
    for row_group in 0..5 {
        damage(&bench.files[0], row_group, "sex");
    }
    let damaged = &bench.files[..1];
    let error = bench.settle(damaged, "settled", KEEP_GOING).unwrap_err();
    assert_eq!(error.class(), Class::Input);
    fs::write(&bench.files[0], "").unwrap();
    let error = bench.settle(damaged, "settled", KEEP_GOING).unwrap_err();
    assert_eq!(error.class(), Class::Input);
    assert!(!bench.path("settled").exists());
}
