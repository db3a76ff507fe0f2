//! The same claims under other names, in other types and other pieces give the same groups.

use arrow::array::{Array, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema};
use drgdip_batch::{GroupJob, GroupSummary, ReadOptions, Silent, group};
use drgdip_tests::{clean_month, national};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn write(path: &Path, batch: &RecordBatch, codec: Compression) {
    let properties = WriterProperties::builder().set_compression(codec).build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// The bytes of the grouped output of these claims.
fn grouped(claims: &[PathBuf], folder: &Path) -> (Vec<u8>, GroupSummary) {
    let out = folder.join("grouped.parquet");
    let job = GroupJob {
        claims,
        plan: national().into(),
        out: &out,
        keep: false,
        read: ReadOptions::default(),
        threads: Some(2),
        row_group_rows: None,
    };
    let summary = group(&job, &Silent).unwrap();
    (fs::read(out).unwrap(), summary)
}

fn with_columns(
    batch: &RecordBatch,
    change: impl Fn(&Field) -> Option<(String, DataType)>,
) -> RecordBatch {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        if let Some((name, data_type)) = change(field) {
            columns.push(match data_type {
                DataType::Null => new_null_array(&data_type, batch.num_rows()),
                _ => cast(column, &data_type).unwrap(),
            });
            fields.push(Field::new(name, data_type, true));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn list_of(data_type: DataType, is_large: bool) -> DataType {
    let item = Arc::new(Field::new("item", data_type, true));
    if is_large {
        DataType::LargeList(item)
    } else {
        DataType::List(item)
    }
}

#[test]
fn text_and_list_types_of_other_engines_mean_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 3_000);
    let claims = read(&month.claims[0]);
    let (base, _) = grouped(&month.claims, folder.path());
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let variants = [
        (DataType::LargeUtf8, list_of(DataType::LargeUtf8, true)),
        (DataType::Utf8View, list_of(DataType::Utf8View, false)),
        (coded, list_of(DataType::Utf8, false)),
    ];
    for (text, list) in variants {
        let other = with_columns(&claims, |field| {
            let data_type = match field.data_type() {
                DataType::Utf8 => text.clone(),
                DataType::List(_) => list.clone(),
                other => other.clone(),
            };
            Some((field.name().clone(), data_type))
        });
        let path = folder.path().join("other.parquet");
        write(&path, &other, Compression::SNAPPY);
        assert!(grouped(&[path], folder.path()).0 == base, "{text} differs");
    }
}

#[test]
fn codecs_and_column_order_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 2_000);
    let claims = read(&month.claims[0]);
    let (base, _) = grouped(&month.claims, folder.path());
    let backwards: Vec<usize> = (0..claims.num_columns()).rev().collect();
    let claims = claims.project(&backwards).unwrap();
    let path = folder.path().join("other.parquet");
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
    ];
    for codec in codecs {
        write(&path, &claims, codec);
        assert!(
            grouped(std::slice::from_ref(&path), folder.path()).0 == base,
            "{codec} differs"
        );
    }
}

#[test]
fn national_names_are_understood_and_an_infant_age_alone_means_year_zero() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 3_000);
    let claims = read(&month.claims[0]);
    let infants = claims.column_by_name("age_days").unwrap();
    let infants = (infants.len() - infants.null_count()) as u64;
    assert!(infants > 0);
    let named = with_columns(&claims, |field| {
        let name = match field.name().as_str() {
            "case_id" => "setl_id",
            "sex" => "gend",
            "age_days" => "nwb_age",
            "age_years" => return None,
            name => name,
        };
        Some((name.to_owned(), field.data_type().clone()))
    });
    let path = folder.path().join("national.parquet");
    write(&path, &named, Compression::SNAPPY);
    let (_, summary) = grouped(&[path], folder.path());
    let missing = summary
        .findings
        .iter()
        .find(|(finding, _)| finding.code() == "age_missing");
    assert_eq!(missing.map(|(_, count)| count), Some(3_000 - infants));
    let manifest = fs::read_to_string(folder.path().join("grouped.manifest.json")).unwrap();
    assert!(manifest.contains("\"setl_id\": \"case_id\""), "{manifest}");
}

#[test]
fn folders_and_globs_mean_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let claims = folder.path().join("claims");
    let month = drgdip_tests::month(&claims, 3_000, 4, 3);
    let (base, _) = grouped(&month.claims, folder.path());
    assert!(grouped(std::slice::from_ref(&claims), folder.path()).0 == base);
    assert!(grouped(&[claims.join("claims-*.parquet")], folder.path()).0 == base);
    // A file that is named twice is read once.
    let twice = [claims.clone(), month.claims[1].clone()];
    assert!(grouped(&twice, folder.path()).0 == base);
}

#[test]
fn lists_with_absent_items_and_absent_lists_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 1_000);
    let claims = read(&month.claims[0]);
    let (base, _) = grouped(&month.claims, folder.path());
    // Every list gets an absent item at its end, and every empty list becomes an absent one.
    let index = claims.schema().index_of("other_diagnoses").unwrap();
    let lists = claims.column(index).as_list::<i32>();
    let mut builder = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
    for row in 0..lists.len() {
        let items = cast(&lists.value(row), &DataType::Utf8).unwrap();
        let items: &StringArray = items.as_string();
        if items.is_empty() {
            builder.append(false);
            continue;
        }
        items
            .iter()
            .for_each(|item| builder.values().append_option(item));
        builder.values().append_null();
        builder.append(true);
    }
    let lists = builder.finish();
    let mut fields: Vec<_> = claims
        .schema()
        .fields()
        .iter()
        .map(|f| f.as_ref().clone())
        .collect();
    fields[index] = Field::new("other_diagnoses", lists.data_type().clone(), true);
    let mut columns = claims.columns().to_vec();
    columns[index] = Arc::new(lists);
    let other = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let path = folder.path().join("absent.parquet");
    write(&path, &other, Compression::SNAPPY);
    assert!(grouped(&[path], folder.path()).0 == base);
}

/// A column of these claims in other types, and the outcome of grouping them all the same.
fn same_with(changes: &[(&str, DataType)]) {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 1_000);
    let claims = read(&month.claims[0]);
    let (base, _) = grouped(&month.claims, folder.path());
    let other = with_columns(&claims, |field| {
        let change = changes.iter().find(|(name, _)| name == field.name());
        let data_type = change.map_or(field.data_type(), |(_, data_type)| data_type);
        Some((field.name().clone(), data_type.clone()))
    });
    let path = folder.path().join("other.parquet");
    write(&path, &other, Compression::SNAPPY);
    assert!(grouped(&[path], folder.path()).0 == base, "{changes:?}");
}

#[test]
fn bytes_that_are_text_mean_the_same() {
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Binary));
    same_with(&[
        ("case_id", DataType::Binary),
        ("principal_diagnosis", DataType::Binary),
        ("main_procedure", DataType::LargeBinary),
        ("other_diagnoses", list_of(DataType::Binary, false)),
        ("other_procedures", list_of(DataType::LargeBinary, true)),
    ]);
    same_with(&[
        ("principal_diagnosis", coded),
        ("case_id", DataType::BinaryView),
    ]);
}

#[test]
fn a_column_of_no_type_has_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 1_000);
    let claims = read(&month.claims[0]);
    let emptied = [
        "department",
        "discharge_way",
        "other_diagnoses",
        "main_procedure",
        "other_procedures",
        "stay_days",
        "new_tech",
    ];
    let without = with_columns(&claims, |field| {
        let stays = !emptied.contains(&field.name().as_str());
        stays.then(|| (field.name().clone(), field.data_type().clone()))
    });
    let path = folder.path().join("without.parquet");
    write(&path, &without, Compression::SNAPPY);
    let (base, _) = grouped(&[path], folder.path());
    for list in [DataType::Null, list_of(DataType::Null, false)] {
        let mut fields = without.schema().fields().to_vec();
        let mut columns = without.columns().to_vec();
        for name in emptied {
            let of_list = name.starts_with("other_");
            let data_type = if of_list { &list } else { &DataType::Null };
            fields.push(Arc::new(Field::new(name, data_type.clone(), true)));
            columns.push(new_null_array(data_type, without.num_rows()));
        }
        let untyped = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let path = folder.path().join("untyped.parquet");
        write(&path, &untyped, Compression::SNAPPY);
        assert!(grouped(&[path], folder.path()).0 == base, "{list}");
    }
    // A required column without a type is one without a value: each row has the finding.
    let untyped = with_columns(&claims, |field| {
        let data_type = match field.name().as_str() {
            "principal_diagnosis" | "sex" | "case_id" => DataType::Null,
            _ => field.data_type().clone(),
        };
        Some((field.name().clone(), data_type))
    });
    let path = folder.path().join("untyped.parquet");
    write(&path, &untyped, Compression::SNAPPY);
    let (_, summary) = grouped(&[path], folder.path());
    for code in ["case_id_missing", "sex_missing", "principal_missing"] {
        let found = summary.findings.iter().find(|(f, _)| f.code() == code);
        assert_eq!(found.map(|(_, count)| count), Some(1_000), "{code}");
    }
}

#[test]
fn an_infant_age_alone_means_year_zero_under_its_plain_name_too() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 3_000);
    let claims = read(&month.claims[0]);
    let groups = |days: &str| {
        let named = with_columns(&claims, |field| {
            let name = match field.name().as_str() {
                "age_days" => days,
                "age_years" => return None,
                name => name,
            };
            Some((name.to_owned(), field.data_type().clone()))
        });
        let path = folder.path().join("infants.parquet");
        write(&path, &named, Compression::SNAPPY);
        let (bytes, _) = grouped(&[path], folder.path());
        let manifest = fs::read_to_string(folder.path().join("grouped.manifest.json")).unwrap();
        assert!(manifest.contains("\"age_years\": \"0 where age_days is stated\""));
        bytes
    };
    assert!(groups("age_days") == groups("nwb_age"));
    let (_, _) = grouped(&month.claims, folder.path());
    let manifest = fs::read_to_string(folder.path().join("grouped.manifest.json")).unwrap();
    assert!(!manifest.contains("age_years"), "{manifest}");
}

/// What `group --keep` makes of these files, or why it does not.
fn kept(claims: &[PathBuf], folder: &Path) -> Result<(RecordBatch, GroupSummary), String> {
    let out = folder.join("kept.parquet");
    let job = GroupJob {
        claims,
        plan: national().into(),
        out: &out,
        keep: true,
        read: ReadOptions::default(),
        threads: Some(2),
        row_group_rows: None,
    };
    let summary = group(&job, &Silent).map_err(|error| error.to_string())?;
    Ok((read(&out), summary))
}

#[test]
fn files_with_different_columns_are_kept_together() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 1_000);
    let claims = read(&month.claims[0]);
    let path = |name: &str| folder.path().join(name);
    write(&path("a.parquet"), &claims, Compression::SNAPPY);
    // Another file lacks a column, has other names and types, and a column of its own.
    let other = with_columns(&claims, |field| {
        let (name, data_type) = match field.name().as_str() {
            "department" => return None,
            "case_id" => ("setl_id", DataType::Utf8),
            "discharge_way" => ("dscg_way", DataType::Utf8),
            "hospital_id" => ("hospital_id", DataType::LargeUtf8),
            "stay_days" => ("stay_days", DataType::Int64),
            "person_id" => ("note", DataType::Utf8),
            "region" => ("plan", DataType::Utf8),
            name => (name, field.data_type().clone()),
        };
        Some((name.to_owned(), data_type))
    });
    write(&path("b.parquet"), &other, Compression::SNAPPY);
    let (rows, summary) = kept(&[path("a.parquet"), path("b.parquet")], folder.path()).unwrap();
    assert_eq!(rows.num_rows(), 2_000);
    assert_eq!(summary.not_kept, ["plan"]);
    let text = |name: &str| {
        let column = cast(rows.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
        column.as_string::<i32>().clone()
    };
    for (name, there) in [
        ("department", 0..1_000),
        ("person_id", 0..1_000),
        ("note", 1_000..2_000),
        ("region", 0..1_000),
    ] {
        let column = text(name);
        let valid = (0..2_000).filter(|row| column.is_valid(*row));
        assert!(valid.eq(there), "{name}");
    }
    for name in ["case_id", "hospital_id", "discharge_way", "stay_days"] {
        let column = text(name);
        assert_eq!(column.slice(0, 1_000), column.slice(1_000, 1_000), "{name}");
    }
    assert!(rows.column_by_name("setl_id").is_none());
    // A column of two kinds has no common type.
    let odd = with_columns(&claims, |field| {
        let data_type = match field.name().as_str() {
            "total_cost" => DataType::Utf8,
            _ => field.data_type().clone(),
        };
        Some((field.name().clone(), data_type))
    });
    write(&path("c.parquet"), &odd, Compression::SNAPPY);
    let refused = kept(&[path("a.parquet"), path("c.parquet")], folder.path());
    let problem = refused.expect_err("it is refused");
    assert!(
        problem.contains("c.parquet: column total_cost is Utf8 here and Decimal128(16, 2)"),
        "{problem}"
    );
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let month = clean_month(folder.path(), 10);
    let claims = read(&month.claims[0]);
    let twice = with_columns(&claims, |field| {
        let name = match field.name().as_str() {
            "department" => "sex",
            name => name,
        };
        Some((name.to_owned(), field.data_type().clone()))
    });
    let path = folder.path().join("twice.parquet");
    write(&path, &twice, Compression::SNAPPY);
    let job = GroupJob {
        claims: &[path],
        plan: national().into(),
        out: &folder.path().join("grouped.parquet"),
        keep: false,
        read: ReadOptions::default(),
        threads: Some(1),
        row_group_rows: None,
    };
    let problem = group(&job, &Silent).unwrap_err();
    assert_eq!(problem.problem(), "two columns are called sex.");
}
