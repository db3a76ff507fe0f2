//! Whole conversions of small tables.

use super::*;
use crate::Silent;
use arrow::array::RecordBatchReader;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};

struct Converted {
    summary: ConvertSummary,
    claims: RecordBatch,
    findings: RecordBatch,
}

fn read(path: &Path) -> RecordBatch {
    let file = File::open(path).unwrap();
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    match reader.next() {
        Some(batch) => batch.unwrap(),
        None => RecordBatch::new_empty(reader.schema()),
    }
}

fn csv(bytes: &[u8]) -> Result<Converted, Error> {
    let folder = tempfile::tempdir().unwrap();
    let (from, out) = (folder.path().join("c.csv"), folder.path().join("c.parquet"));
    fs::write(&from, bytes).unwrap();
    let source = ConvertSource::Csv(&from, b',');
    let summary = convert(ConvertJob { source, out: &out }, &Silent)?;
    Ok(Converted {
        claims: read(&out),
        findings: read(&summary.findings_path),
        summary,
    })
}

#[test]
fn a_table_in_gb18030_becomes_typed_claims() {
    let text = "setl_id,nwb_age,age_years,dscg_time,other_diagnoses,total_cost,new_tech_items,\
                ventilator_hours,new_tech,备注\n\
                A1,,63.0,2026/10/05 08:30,I10.x00; E11.900,\"1,234.565\",X1:10.5;X2:3,1/13/24,是,急诊\n\
                A2,12,0,2026-10-06,,88,,,否,\n";
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    let done = csv(&bytes).unwrap();
    assert_eq!(done.summary.encoding, Some("gb18030"));
    assert_eq!(done.summary.rows, 2);
    let renamed: Vec<_> = done.summary.renamed.iter().map(|(_, name)| *name).collect();
    assert_eq!(renamed, ["case_id", "age_days", "discharge_date"]);
    assert_eq!(done.summary.unknown, ["备注"]);
    assert_eq!(done.findings.num_rows(), 0);

    let column = |name: &str| done.claims.column_by_name(name).unwrap();
    let ints = |name| column(name).as_primitive::<Int64Type>().clone();
    assert_eq!(ints("age_years").value(0), 63);
    assert_eq!(ints("ventilator_hours").value(0), 37);
    assert_eq!(
        column("discharge_date")
            .as_primitive::<Date32Type>()
            .value(0),
        20_731
    );
    let costs = column("total_cost").as_primitive::<Decimal128Type>();
    assert_eq!((costs.value(0), costs.value(1)), (123_457, 8_800));
    let others = column("other_diagnoses").as_list::<i32>().value(0);
    assert_eq!(others.as_string::<i32>().value(1), "E11.900");
    let items = column("new_tech_items").as_list::<i32>().value(0);
    let items = items.as_struct();
    assert_eq!(items.column(0).as_string::<i32>().value(1), "X2");
    assert_eq!(
        items.column(1).as_primitive::<Decimal128Type>().value(0),
        1_050
    );
    assert_eq!(column("备注").as_string::<i32>().value(0), "急诊");
    let said: Vec<_> = done
        .summary
        .conversions
        .iter()
        .map(|((column, conversion), (count, _))| (column.as_str(), conversion.code(), *count))
        .collect();
    assert_eq!(
        said,
        [
            ("discharge_date", "date_form", 1),
            ("new_tech", "flag_word", 2),
            ("total_cost", "rounded_to_fen", 1),
            ("ventilator_hours", "days_hours_minutes", 1),
        ]
    );
}

#[test]
fn what_cannot_be_read_is_a_finding_and_its_row_stays() {
    let text = "case_id,sex,age_years,total_cost\n\
                A1,1,sixty,12\n\
                A2,2,60\n\
                A3,2,60,1,x,y\n";
    let done = csv(text.as_bytes()).unwrap();
    assert_eq!(done.claims.num_rows(), 3);
    let texts = |name| -> Vec<String> {
        let column = done.findings.column_by_name(name).unwrap();
        let values = column.as_string::<i32>().iter();
        values
            .map(|value| value.unwrap_or_default().to_owned())
            .collect()
    };
    let codes = ["cell_unreadable", "row_fields_differ", "row_fields_differ"];
    assert_eq!(texts("code"), codes);
    assert_eq!(texts("case_id"), ["A1", "A2", "A3"]);
    assert_eq!(texts("column"), ["age_years", "", ""]);
    assert_eq!(texts("value"), ["sixty", "3 / 4 ", "6 / 4 x;y"]);
    let rows = done.findings.column_by_name("row").unwrap();
    let rows = rows.as_primitive::<arrow::datatypes::UInt64Type>();
    assert_eq!(rows.values(), &[2, 3, 4]);
}

#[test]
fn a_table_without_usable_headers_is_an_error_and_writes_nothing() {
    let problem = |text: &str| match csv(text.as_bytes()) {
        Ok(_) => panic!("{text} was converted"),
        Err(error) => format!("{} {}", error.place(), error.problem()),
    };
    assert!(problem("").contains("the table is empty"));
    assert!(problem("a;b\n").contains("no header is a column"));
    assert!(problem("case_id,,sex\n").contains("row 1 column 2 has no name"));
    assert!(problem(",\n").contains("row 1 column 1 has no name"));
    let twice = problem("case_id,sex,setl_id\n");
    assert!(twice.contains("two columns mean case_id"), "{twice}");
}

#[test]
fn empty_columns_behind_the_last_one_are_no_columns() {
    let done = csv(b"case_id,sex, ,\nA1,1,,\nA2,2,\nA3,2\nA4,1,x,\nA5,1,,,\n").unwrap();
    assert_eq!(done.claims.num_columns(), 2);
    assert_eq!(done.claims.num_rows(), 5);
    let ids = done.findings.column_by_name("case_id").unwrap();
    let ids: Vec<_> = ids.as_string::<i32>().iter().flatten().collect();
    assert_eq!(ids, ["A4", "A5"]);
}

#[test]
fn a_formula_without_a_result_is_a_finding_in_every_column() {
    let text = "case_id,sex,principal_diagnosis,other_diagnoses,age,note\n\
                A1,1,#N/A,#REF!,#DIV/0!,#N/A\n";
    let done = csv(text.as_bytes()).unwrap();
    let columns = done.findings.column_by_name("column").unwrap();
    let columns: Vec<_> = columns.as_string::<i32>().iter().flatten().collect();
    let expected = ["principal_diagnosis", "other_diagnoses", "age_years"];
    assert_eq!(columns, expected);
    for name in expected {
        assert!(
            done.claims.column_by_name(name).unwrap().is_null(0),
            "{name}"
        );
    }
    let note = done.claims.column_by_name("note").unwrap();
    assert_eq!(note.as_string::<i32>().value(0), "#N/A");
}

#[test]
fn what_is_no_text_at_all_is_named_for_what_it_is() {
    for (bytes, what) in [
        (&b"PAR1....PAR1"[..], "a Parquet file"),
        (b"PK\x03\x04....", "a workbook or a zip archive"),
        (b"\xD0\xCF\x11\xE0....", "an old Excel workbook (.xls)"),
        (b"\x1F\x8B\x08...", "a gzip archive"),
    ] {
        let error = csv(bytes).err().expect("it is refused");
        assert_eq!(error.problem(), format!("this is no text but {what}."));
        assert!(!error.hint().is_empty());
    }
}
