//! `drgdip convert`: tables of texts as Parquet that the other commands read.

use assert_cmd::Command;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use std::fs;
use std::path::Path;

fn drgdip(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let run = Command::cargo_bin("drgdip")
        .unwrap()
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        run.status.code().unwrap(),
        text(run.stdout),
        text(run.stderr),
    )
}

fn outcomes(folder: &Path, claims: &str) -> serde_json::Value {
    let args = [
        "group",
        claims,
        "--plan",
        "chs-drg-1.1",
        "-o",
        "out.parquet",
        "--json",
        "-q",
    ];
    let (code, out, err) = drgdip(folder, &args);
    assert_eq!(code, 0, "{err}");
    serde_json::from_str::<serde_json::Value>(&out).unwrap()["outcomes"].clone()
}

/// Two claims, one of them with an age that is none.
const ROWS: [[&str; 6]; 3] = [
    [
        "case_id",
        "gend",
        "age",
        "principal_diagnosis",
        "dscg_time",
        "total_cost",
    ],
    [
        "病例1",
        "1",
        "63",
        "I50.000",
        "2026-10-05 08:30",
        "12,345.678",
    ],
    ["病例2", "2", "六十", "K35.800", "2026-10-06", "8000"],
];

#[test]
fn a_csv_file_in_gb18030_is_converted_and_grouped() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = ROWS.map(|row| format!("{}\n", row.join(";"))).concat();
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    fs::write(folder.path().join("c.csv"), bytes).unwrap();
    let args = ["convert", "c.csv", "--separator", ";", "-o", "c.parquet"];
    let (code, out, err) = drgdip(folder.path(), &args);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    for part in [
        "gb18030",
        "gend → sex",
        "rounded_to_fen",
        "cell_unreadable",
        "wrote 2 claims",
    ] {
        assert!(err.contains(part), "{part} is not in\n{err}");
    }
    let (code, _, _) = drgdip(
        folder.path(),
        &[&args[..], &["--fail-on", "reject"]].concat(),
    );
    assert_eq!(code, 1);
    let outcomes = outcomes(folder.path(), "c.parquet");
    assert_eq!(outcomes["grouped/group_rule"], 1);
    assert_eq!(outcomes.as_object().unwrap().len(), 2, "{outcomes}");
}

#[test]
fn a_sheet_gives_the_same_claims_as_its_csv_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("说明").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("清单").unwrap();
    for (row, cells) in (0..).zip(&ROWS) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    let moment = ExcelDateTime::from_ymd(2026, 10, 5)
        .unwrap()
        .and_hms(8, 30, 0)
        .unwrap();
    let form = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    sheet
        .write_datetime_with_format(1, 4, &moment, &form)
        .unwrap();
    sheet.write_number(1, 2, 63).unwrap();
    workbook.save(folder.path().join("c.xlsx")).unwrap();
    let text: String = ROWS
        .map(|row| row.map(|c| format!("\"{c}\"")).join(",") + "\n")
        .concat();
    fs::write(
        folder.path().join("c.csv"),
        text.replace("08:30", "08:30:00"),
    )
    .unwrap();

    for (from, to) in [("c.xlsx", "x.parquet"), ("c.csv", "y.parquet")] {
        let mut args = vec!["convert", from, "-o", to, "-q"];
        if from == "c.xlsx" {
            args.extend(["--sheet", "清单"]);
        }
        let (code, _, err) = drgdip(folder.path(), &args);
        assert_eq!(code, 0, "{err}");
    }
    let read = |name| fs::read(folder.path().join(name)).unwrap();
    assert!(read("x.parquet") == read("y.parquet"), "the claims differ");
}

#[test]
fn what_is_no_table_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |name: &str, bytes: &[u8], part: &str| {
        fs::write(folder.path().join(name), bytes).unwrap();
        let (code, _, err) = drgdip(folder.path(), &["convert", name, "-o", "o.parquet"]);
        assert_eq!(code, 3, "{err}");
        assert!(err.contains(part), "{part} is not in\n{err}");
    };
    refuse("a.csv", b"", "the table is empty");
    refuse("b.csv", b"case_id\n\xff\xff\xff\n", "neither UTF-8");
    refuse("c.csv", b"x,y\n1,2\n", "no header is a column");
    refuse(
        "d.xlsx",
        b"case_id\n",
        "cannot be read as an Excel workbook",
    );
    let rows = "case_id,sex,age,note\nA1,1,60,x\nA2,1,60,\"x\n";
    refuse("e.csv", rows.as_bytes(), "begins in line 3 is never closed");
    let rows = format!("{rows}A3,1,60,x\nA4,1,60,x\"\n");
    refuse(
        "f.csv",
        rows.as_bytes(),
        "begins in line 3 holds whole rows",
    );
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 6, "{left:?}");
}

#[test]
fn a_formula_without_a_result_is_a_finding_and_not_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0..).zip(&ROWS) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    let broken = rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!");
    sheet.write_formula(1, 5, broken.clone()).unwrap();
    sheet.write_formula(2, 3, broken).unwrap();
    workbook.save(folder.path().join("c.xlsx")).unwrap();
    let args = ["convert", "c.xlsx", "-o", "c.parquet", "--json", "-q"];
    let (code, out, err) = drgdip(folder.path(), &args);
    assert_eq!(code, 0, "{err}");
    let said: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(said["rows"], 2);
    // Two formulas and the age in words.
    assert_eq!(said["findings"]["cell_unreadable"], 3, "{said}");
}
