use super::*;
use arrow::array::{ArrayRef, Decimal128Array, Float64Array, RecordBatch, StringArray};
use drgdip_claims::Yuan;
use jiff::civil::date;
use parquet::arrow::ArrowWriter;
use std::sync::Arc;

/// The tables that every settlement may need.
const MAIN: [InputTable; 3] = [
    InputTable::Hospitals,
    InputTable::Budgets,
    InputTable::Prior,
];
const HOSPITALS: &str = "\
hospital_id,name,level,region,coefficient,primary_care,from,until
H1,第一医院,3,330100,1.05,0,2020-01-01,2026-06-30
H1,第一医院,2,330100,,否,2026-07-01,
H2,,1,,0.9,1,,
";
const BUDGETS: &str = "\
region,insurance,unit,period,amount,line
330100,310,drg,2026-10,1000000.50,
330100,resident,drg,2026-10,20,
";
const PRIOR: &str = "pool,hospital_id,points,value\nA,H1,6200,90\nA,H2,0.5,\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[test]
fn tables_are_read_with_their_types() {
    let files = [
        ("hospitals.csv", HOSPITALS),
        ("budgets.csv", BUDGETS),
        ("prior.csv", PRIOR),
    ];
    let inputs = Inputs::read(Some(folder(&files).path()), &[]).unwrap();
    assert_eq!(inputs.hospitals.len(), 3);
    assert_eq!(inputs.hospitals[0].coefficient, Some(10500));
    assert!(inputs.hospitals[0].holds_on(date(2026, 6, 30)));
    assert!(!inputs.hospitals[0].holds_on(date(2026, 7, 1)));
    assert_eq!(inputs.hospitals[2].name, "H2");
    assert!(inputs.hospitals[2].is_primary_care);
    assert_eq!(inputs.budgets[0].insurance, Insurance::Employee);
    assert_eq!(inputs.budgets[0].amount, Yuan::from_fen(100_000_050));
    assert_eq!(inputs.prior[0].value, Some(900_000));
    assert_eq!(inputs.prior[1].points, 5_000);
    assert_eq!(inputs.files.len(), 3);
    assert!(inputs.missing(&MAIN).is_empty());
}

#[test]
fn absent_tables_come_from_the_standing_ones_or_are_named() {
    let standing = [StandingFile {
        name: "hospitals.csv".to_owned(),
        label: "policy/hospitals.csv".to_owned(),
        bytes: HOSPITALS.as_bytes().to_vec(),
    }];
    let files = [("budgets.csv", BUDGETS), ("notes.txt", "hello")];
    let inputs = Inputs::read(Some(folder(&files).path()), &standing).unwrap();
    assert_eq!(inputs.files[0].path, "policy/hospitals.csv");
    assert_eq!(inputs.missing(&MAIN), [InputTable::Prior]);
    assert_eq!(inputs.unused, ["notes.txt"]);
    assert_eq!(
        InputTable::Prior.to_string(),
        "prior.csv (columns pool, hospital_id, points)"
    );
}

#[test]
fn parquet_tables_are_read_like_csv() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("region", Arc::new(StringArray::from(vec!["330100"]))),
        ("insurance", Arc::new(StringArray::from(vec!["employee"]))),
        ("period", Arc::new(StringArray::from(vec!["2026"]))),
        ("amount", Arc::new(money(vec![12_345]))),
    ];
    let folder = folder(&[]);
    write(&folder.path().join("budgets.parquet"), columns);
    let inputs = Inputs::read(Some(folder.path()), &[]).unwrap();
    assert_eq!(inputs.budgets[0].amount, Yuan::from_fen(12_345));
}

#[test]
fn floating_point_amounts_are_refused() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("region", Arc::new(StringArray::from(vec!["330100"]))),
        ("insurance", Arc::new(StringArray::from(vec!["employee"]))),
        ("period", Arc::new(StringArray::from(vec!["2026"]))),
        ("amount", Arc::new(Float64Array::from(vec![0.1]))),
    ];
    let folder = folder(&[]);
    write(&folder.path().join("budgets.parquet"), columns);
    let error = Inputs::read(Some(folder.path()), &[]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("column amount: Float64 cannot hold exact amounts."),
        "{text}"
    );
    assert_eq!(error.exit_code(), 3);
}

#[track_caller]
fn check(name: &str, content: &str, message: &str) {
    let folder = folder(&[(name, content)]);
    let error = Inputs::read(Some(folder.path()), &[]).unwrap_err();
    let path = format!("{}/", folder.path().display());
    assert_eq!(error.to_string().replace(&path, ""), message);
    assert_eq!(error.exit_code(), 3);
}

#[test]
fn a_bad_cell_is_named_with_file_line_and_column() {
    let budget = |row: &str| format!("region,insurance,period,amount\n{row}\n");
    check(
        "budgets.csv",
        &budget("330100,employee,2026-10,1.234"),
        "budgets.csv, line 2, amount: \"1.234\" is not an amount of yuan with at most two \
         decimals.",
    );
    check(
        "budgets.csv",
        &budget("330100,employee,2026-10,-1"),
        "budgets.csv, line 2, amount: -1.00 yuan is not an amount that can be meant here.",
    );
    check(
        "budgets.csv",
        &budget("330100,soldier,2026-10,1"),
        "budgets.csv, line 2, insurance: \"soldier\" is not one of employee, resident, 310, 390.",
    );
    check(
        "budgets.csv",
        &budget("330100,employee,2026-13,1"),
        "budgets.csv, line 2, period: \"2026-13\" is not a month (YYYY-MM) or a year (YYYY).",
    );
    check(
        "hospitals.csv",
        "hospital_id,level,from\nH1,3,2026-02-30\n",
        "hospitals.csv, line 2, from: \"2026-02-30\" is not a date in the form YYYY-MM-DD.",
    );
    check(
        "prior.csv",
        "pool,hospital_id,points\nA,H1,1.00001\n",
        "prior.csv, line 2, points: \"1.00001\" is not a number of 0 or more with at most four \
         decimals.",
    );
}

#[test]
fn repeated_keys_are_refused_with_both_lines() {
    check(
        "hospitals.csv",
        "hospital_id,level,from,until\nH1,3,,2026-01-31\nH1,2,2026-01-31,\n",
        "hospitals.csv, line 3, hospital_id: the hospital H1 is already stated in line 2 for some \
         of the same days. Keep one row, or give the rows dates that do not overlap.",
    );
    check(
        "prior.csv",
        "pool,hospital_id,points\nA,H1,1\nA,H1,2\n",
        "prior.csv, line 3, hospital_id: A / H1 is already stated in line 2. Keep one of the rows.",
    );
}

#[test]
fn headings_that_are_not_known_are_refused() {
    check(
        "prior.csv",
        "pool,hospital_id,pionts\nA,H1,1\n",
        "prior.csv: the column points is missing. Add it; the table has pool, hospital_id, points, \
         value (optional).",
    );
    check(
        "prior.csv",
        "pool,hospital_id,points,note\nA,H1,1,x\n",
        "prior.csv: no such column is known: \"note\". Take it out or rename it; the table has \
         pool, hospital_id, points, value (optional).",
    );
    check(
        "prior.csv",
        "pool,hospital_id,points\nA,H1\n",
        "prior.csv, line 2: the row has 2 cells, the heading has 3. Look for a missing or unquoted \
         comma.",
    );
}

#[test]
fn a_table_in_two_forms_is_refused() {
    let folder = folder(&[("prior.csv", PRIOR), ("prior.parquet", "")]);
    let error = Inputs::read(Some(folder.path()), &[]).unwrap_err();
    assert!(
        error.to_string().contains("only one of them can be meant"),
        "{error}"
    );
}

fn money(fen: Vec<i128>) -> Decimal128Array {
    Decimal128Array::from(fen)
        .with_precision_and_scale(16, 2)
        .unwrap()
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Every table with one row, as the page on inputs shows it.
#[test]
fn the_examples_of_the_page_on_inputs_are_read() {
    let page = include_str!("../../../../policies/inputs.md");
    let mut found = Vec::new();
    for table in InputTable::ALL {
        let name = format!("{}.csv", table.stem());
        let start = format!("```csv {name}\n");
        let (_, rest) = page
            .split_once(&start)
            .unwrap_or_else(|| panic!("no {name}"));
        let (example, _) = rest.split_once("```").unwrap();
        let heading: Vec<&str> = example.lines().next().unwrap().split(',').collect();
        for column in table.columns() {
            assert!(
                heading.contains(&column.name),
                "{name} lacks {}",
                column.name
            );
        }
        found.push((name, example));
    }
    let files: Vec<(&str, &str)> = found.iter().map(|(n, e)| (n.as_str(), *e)).collect();
    let inputs = Inputs::read(Some(folder(&files).path()), &[]).unwrap();
    assert!(inputs.missing(&InputTable::ALL).is_empty());
    assert!(inputs.files.iter().all(|file| file.rows > 0));
}

#[track_caller]
fn check_sheet(name: &str, content: &str, expected: &str) {
    let folder = folder(&[(name, content)]);
    let error = Inputs::read(Some(folder.path()), &[]).unwrap_err();
    let place = error.place().to_owned();
    let place = place.rsplit('/').next().unwrap_or_default();
    assert_eq!(format!("{place}: {}", error.problem()), expected);
}

#[test]
fn a_cell_that_is_no_such_value_is_named() {
    check_sheet(
        "audits.csv",
        "hospital_id,amount\nH1,-1\n",
        "audits.csv, line 2, amount: -1.00 yuan is not an amount that can be meant here.",
    );
    check_sheet(
        "members.csv",
        "alliance,age_band,persons\nL1,60-69,1.5\n",
        "members.csv, line 2, persons: \"1.5\" is not a whole number.",
    );
    check_sheet(
        "reviews.csv",
        "case_id,decision\nC1,maybe\n",
        "reviews.csv, line 2, decision: \"maybe\" is not one of approved, refused.",
    );
    check_sheet(
        "tilts.csv",
        "hospital_id,tilt,factor\nH1,care,1\nH1,care,2\n",
        "tilts.csv, line 3, tilt: H1 / care is already stated in line 2.",
    );
    check_sheet(
        "drivers.csv",
        "pool,hospital_id,driver,amount\nP,H1,visits,\n",
        "drivers.csv, line 2, amount: the value is missing.",
    );
}

#[test]
fn groups_and_reviews_are_read_with_their_types() {
    let files = [
        (
            "groups.csv",
            "group,level,hospital_id,mean_cost,stay_days,cases,cv\n\
             G1,,,5400.50,8.5,120,0.61\nG1,3,,6000,,,\nG1,,H1,,,,\n",
        ),
        (
            "reviews.csv",
            "case_id,decision,amount\na,approved,19000\nb,approved,\nc,refused,\n",
        ),
    ];
    let inputs = Inputs::read(Some(folder(&files).path()), &[]).unwrap();
    assert_eq!(inputs.groups[0].mean_cost, Some(Yuan::from_fen(540_050)));
    assert_eq!(inputs.groups[0].stay_days, Some(85_000));
    assert_eq!(
        (inputs.groups[0].cases, inputs.groups[0].variation),
        (Some(120), Some(6_100))
    );
    assert_eq!(inputs.groups[1].level.as_deref(), Some("3"));
    assert_eq!(inputs.groups[2].mean_cost, None);
    let approved: Vec<_> = inputs
        .reviews
        .iter()
        .map(|r| (r.is_approved, r.amount))
        .collect();
    let amount = Some(Yuan::from_fen(1_900_000));
    assert_eq!(approved, [(true, amount), (true, None), (false, None)]);
}

#[test]
fn a_bad_cell_of_groups_and_reviews_is_named() {
    let refused = |name: &str, text: &str| {
        let folder = folder(&[(name, text)]);
        Inputs::read(Some(folder.path()), &[])
            .unwrap_err()
            .problem()
            .to_owned()
    };
    assert_eq!(
        refused("groups.csv", "group,cases\nG1,4.5\n"),
        "\"4.5\" is not a whole number."
    );
    assert_eq!(
        refused("reviews.csv", "case_id,decision\na,perhaps\n"),
        "\"perhaps\" is not one of approved, refused."
    );
    assert!(refused("groups.csv", "group,level\nG1,3\nG1,3\n").contains("already stated"));
}
