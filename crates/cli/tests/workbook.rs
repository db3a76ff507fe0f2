//! A workbook of a scheme becomes a plan that groups as its rows say.

use assert_cmd::Command;
use rust_xlsxwriter::Workbook;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The cells of a sheet, row by row, parted by `|`.
type Sheets = BTreeMap<&'static str, &'static str>;

/// A small scheme: transplants before all MDCs, newborns and injuries by gate, then the brain.
fn scheme() -> Sheets {
    BTreeMap::from([
        (
            "MDC信息",
            "mdc_code|mdc_name\nMDCA|先期分组\nMDCP|新生儿\nMDCZ|多发创伤\nMDCB|神经系统\nMDCX|其他",
        ),
        (
            "ADRG信息",
            "ADRG编码|ADRG名称\nAA1|心脏移植\nPR1|呼吸窘迫\nPS1|足月\nZZ1|创伤\nBB1|开颅\nBQY|歧义\nBR1|出血",
        ),
        (
            "DRG信息",
            "序号|DRG名称|DRG编码|权重\n1|心脏移植|AA19|20.5\n2|开颅伴|BB11|5\n3|开颅|BB15|3.5\n4|出血|BR13|",
        ),
        (
            "MDC诊断表",
            "mdc_code|classification|diagnosis_code|诊断名称\nMDCB|B00|I61.000|脑出血\n\
             MDCB|B00|I62.000|其他\nMDCP|P00|P22.000|呼吸窘迫\nMDCP|P00|P07.000|早产\nMDCZ|Z01|S06.000|头\nMDCZ|Z02|S27.000|胸\n\
             MDCB|B00|S06.000|头",
        ),
        (
            "ADRG诊断表",
            "分类|诊断编码\nBR1| I61.000 \nPR1|P22.000\nBB1|I62.000",
        ),
        (
            "ADRG手术表",
            "手术编码|分类\n37.5100|AA1\n1.24|BB1\n99.9900|XX1\n02.0100|BB1",
        ),
        ("MCC", "diagnosis_code|excluded_table\nJ96.000|1"),
        ("CC", "诊断编码|排除表\nI10.000|2\nE11.900|2"),
        ("排除诊断表", "表名|诊断编码\n1|I62.000\n2|P22.000"),
        (
            "DRG分组规则",
            "mdc_code|adrg_code|drg_code|mdc_rule|adrg_rule|drg_rule|op|mcc|cc\n\
             MDCA|AA1|AA19|True|is_op2(case, 'AA1')||1|-1|-1\n\
             MDCA|MDC|MDCP|is_pd1(case,'P00') and case.newborn_age_month < 1|True|True|-1|-1|-1\n\
             MDCA|MDC|MDCZ|multi_wound(case)|True|True|-1|-1|-1\n\
             MDCP|PR1|PR19||is_pd2(case,\"PR1\")|True|-1|-1|-1\n\
             MDCP|PS1|PS11||case.newborn_birth_weight>=2500|(True)|-1|-1|-1\n\
             MDCZ|ZZ1|ZZ11||True|case.gender == 1|-1|-1|-1\n\
             MDCZ|ZZ1|ZZ15||True|True|-1|-1|-1\n\
             MDCB|BB1|BB11|is_pd1(case,'B00')|is_op2(case,'BB1') and \
             not is_pd2(case,'BB1')|True|1|1|0\n\
             MDCB|BB1|BB13|is_pd1(case,'B00')|is_op2(case,'BB1') and \
             not is_pd2(case,'BB1')|True|1|0|1\n\
             MDCB|BB1|BB15|is_pd1(case,'B00')|is_op2(case,'BB1') and \
             not is_pd2(case,'BB1')|True|1|0|0\n\
             MDCB|BQY|BQY|is_pd1(case,'B00')|True||1|-1|-1\n\
             MDCB|BR1|BR13|is_pd1(case,'B00')|principal in BR1.dx|0 <= case.age < 18|0|1|0\n\
             MDCB|BR1|BR13|is_pd1(case,'B00')|principal in BR1.dx|0 <= case.age < 18|0|0|1\n\
             MDCB|BR1|BR15|is_pd1(case,'B00')|principal in BR1.dx||0|0|0",
        ),
    ])
}

fn write(path: &Path, sheets: &Sheets) {
    let mut workbook = Workbook::new();
    for (name, text) in sheets {
        let sheet = workbook.add_worksheet();
        sheet.set_name(*name).unwrap();
        for (row, line) in (0..).zip(text.lines()) {
            for (column, cell) in (0..).zip(line.split('|')) {
                // Bureaus type numbers, and Excel keeps them as numbers.
                match cell.parse::<f64>() {
                    Ok(number) if number.to_string() == cell => {
                        sheet.write_number(row, column, number).unwrap()
                    }
                    _ => sheet.write_string(row, column, cell).unwrap(),
                };
            }
        }
    }
    workbook.save(path).unwrap();
}

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn drgdip(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::cargo_bin("drgdip").unwrap();
    let output = command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Case, sex, years, days, grams, principal diagnosis, other diagnoses, main and other procedure.
const CASES: &str = "\
transplant,1,50,,,I61.000,,37.5100,
valid_first,1,50,,,I61.000,,1.24,37.5100
not_valid,1,50,,,I61.000,,00.0000,37.5100
distress,2,0,3,3000,P22.000,,,
term,2,0,3,3000,P07.000,,,
month_old,2,0,30,3000,P07.000,,,
wounds,1,50,,,S06.000,S27.000,,
wounds_woman,2,50,,,S06.000,S27.000,,
one_wound,1,50,,,S06.000,,,
mcc,1,50,,,I61.000,J96.000;I10.000,02.0100,
cc,1,50,,,I61.000,I10.000,02.0100,
neither,1,50,,,I61.000,,02.0100,
ambiguous,1,50,,,I62.000,J96.000,02.0100,
child_cc,1,10,,,I61.000,E11.900,,
adult_cc,1,40,,,I61.000,E11.900,,
adult,1,40,,,I61.000,,,
";

const GROUPS: &str = "\
transplant AA19
valid_first AA19
not_valid BR15
distress PR19
term PS11
month_old -
wounds ZZ11
wounds_woman ZZ15
one_wound -
mcc BB11
cc BB13
neither BB15
ambiguous BQY
child_cc BR13
adult_cc -
adult BR15
";

/// The group of each case by a plan.
fn groups(folder: &Path, plan: &str) -> String {
    let mut text = String::new();
    for line in CASES.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let mut arguments = vec!["explain", "--json", "--plan", plan];
        let options = [
            "--sex",
            "--age",
            "--age-days",
            "--birth-weight",
            "--principal",
            "--other",
            "--op",
            "--op",
        ];
        for (option, value) in options.iter().zip(&cells[1..]) {
            for value in value.split(';').filter(|value| !value.is_empty()) {
                arguments.extend([*option, value]);
            }
        }
        let run = drgdip(folder, &arguments);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let explained: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let group = explained["cases"][0]["grouping"]["group"]
            .as_str()
            .unwrap_or("-");
        text += &format!("{} {group}\n", cells[0]);
    }
    text
}

#[test]
fn a_workbook_groups_as_its_rows_say_whole_and_as_an_overlay() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(&here.join("分组.xlsx"), &scheme());
    let run = drgdip(here, &["tables", "import", "分组.xlsx", "-o", "whole"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for note in [
        "no_group_fallback = continue",
        "The sheet MDC信息 names what has no rule, and it is left out: MDCX.",
        "whole: 4 MDC, 6 ADRG, 1 歧义组 ambiguous, 10 组 groups, 3 权重 weights",
    ] {
        assert!(run.stdout.contains(note), "{note}: {}", run.stdout);
    }
    assert_eq!(groups(here, "./whole"), GROUPS);

    let mut changed = scheme();
    changed.insert(
        "设置",
        "键|值\ntitle|第二版\ncheck.sex_missing|invalid\nnewborn_days|28",
    );
    let cells = changed["ADRG诊断表"];
    let cells: &str = Box::leak(format!("{cells}\nBR1|I62.000").into_boxed_str());
    changed.insert("ADRG诊断表", cells);
    write(&here.join("second.xlsx"), &changed);
    let import = [
        "tables",
        "import",
        "second.xlsx",
        "-o",
        "over",
        "--base",
        "whole",
        "--json",
    ];
    let run = drgdip(here, &import);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let imported: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&imported["rows"], &imported["rows_written_out"]),
        (&1.into(), &50.into())
    );
    assert_eq!(groups(here, "./over"), GROUPS);
    let manifest = fs::read_to_string(here.join("over/plan.toml")).unwrap();
    assert!(manifest.contains("title = \"第二版\""), "{manifest}");
    assert!(manifest.contains("sex_missing = \"invalid\""), "{manifest}");
    let case = [
        "explain",
        "--plan",
        "./over",
        "--principal",
        "I62.000",
        "--sex",
        "1",
        "--json",
    ];
    assert!(drgdip(here, &case).stdout.contains("BR15"));
}

/// Imports a workbook with one sheet as given, and looks for the message.
#[track_caller]
fn check_error(sheet: (&'static str, &str, &str), message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (name, old, new) = sheet;
    let mut sheets = scheme();
    let text = sheets.get_mut(name).unwrap();
    assert!(text.contains(old), "{old}");
    *text = Box::leak(text.replacen(old, new, 1).into_boxed_str());
    write(&folder.path().join("w.xlsx"), &sheets);
    let run = drgdip(folder.path(), &["tables", "import", "w.xlsx", "-o", "p"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(run.stderr.contains(message), "{}", run.stderr);
    assert!(!folder.path().join("p").exists());
}

#[test]
fn a_fault_is_told_with_sheet_row_and_column() {
    check_error(
        ("DRG分组规则", "is_op2(case, 'AA1')", "is_op3(case, 'AA1')"),
        "the rule `is_op3(case, 'AA1')` cannot be used, character 1: `is_op3` is not a predicate \
         of the rule language\n  where: w.xlsx, sheet DRG分组规则, row 2, column adrg_rule",
    );
    check_error(
        ("ADRG诊断表", "PR1|P22.000", "PR1|"),
        "the value is missing\n  where: w.xlsx, sheet ADRG诊断表, row 3, column 诊断编码",
    );
    check_error(
        ("CC", "排除表", "Table"),
        "where: w.xlsx, sheet CC, row 1, column excluded_table",
    );
}

#[test]
fn what_is_no_workbook_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("w.xlsx"), "no workbook").unwrap();
    fs::write(here.join("w.txt"), "").unwrap();
    let run = drgdip(here, &["tables", "import", "w.xlsx", "-o", "p"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(
        run.stderr.contains("cannot be read as an Excel workbook"),
        "{}",
        run.stderr
    );
    let run = drgdip(here, &["tables", "import", "w.txt", "-o", "p"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    let huge = fs::File::create(here.join("huge.xlsx")).unwrap();
    huge.set_len((64 << 20) + 1).unwrap();
    let run = drgdip(here, &["tables", "import", "huge.xlsx", "-o", "p"]);
    assert!(
        run.stderr.contains("at most 67108864 are read"),
        "{}",
        run.stderr
    );
    // A cell may claim to stand anywhere; those far to the right are not looked at.
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("MDC信息").unwrap();
    sheet.write_string(1_048_575, 0, "MDCA").unwrap();
    sheet.write_string(0, 16_383, "far").unwrap();
    workbook.save(here.join("far.xlsx")).unwrap();
    let run = drgdip(here, &["tables", "import", "far.xlsx", "-o", "p"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(
        run.stderr.contains("more than 1000000 rows"),
        "{}",
        run.stderr
    );
}
