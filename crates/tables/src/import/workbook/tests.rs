//! Sheets in, facts out, and what is refused with which place.

use super::super::{ImportOptions, import};
use super::*;

/// A small workbook: each sheet with its rows, cells parted by `|`.
const SMALL: [(&str, &str); 10] = [
    ("MDC信息", "MDC名称|MDC编码\n神经|MDCB\n创伤|MDCZ"),
    (
        "ADRG信息",
        "adrg_code|adrg_name\nBB1|开颅\nBR1|出血\nZZ1|创伤",
    ),
    (
        "DRG信息",
        "drg_code|drg_name\nBB11|一\nBB15|五\nBR19|九\nZZ19|创伤",
    ),
    (
        "MDC诊断表",
        "mdc_code|classification|diagnosis_code\nMDCB|B00|I61\nMDCZ|Z01|S06\nMDCZ|Z02|S27",
    ),
    ("ADRG诊断表", "classification|diagnosis_code\nBR1|I61"),
    ("ADRG手术表", "classification|operation_code\nBB1|01.2"),
    ("MCC", "diagnosis_code|excluded_table\nJ96|1"),
    ("CC", "diagnosis_code|excluded_table\nI10|"),
    ("排除诊断表", "table_name|diagnosis_code\n1|I61"),
    (
        "DRG分组规则",
        "mdc_code|adrg_code|drg_code|mdc_rule|adrg_rule|drg_rule|op|mcc|cc\n\
         MDCA|MDC|MDCZ|multi_wound(case)||||||\n\
         MDCZ|ZZ1|ZZ19||True||-1|-1|-1\n\
         MDCB|BB1|BB11|True|is_op2(case,'BB1')||1|1|0\n\
         MDCB|BB1|BB15|True|is_op2(case,'BB1')||1|0|-1\n\
         MDCB|BR1|BR19|True|is_pd2(case,'BR1')||0|-1|-1",
    ),
];

fn workbook(edit: impl Fn(&str, &str) -> String) -> Workbook {
    let sheet = |(name, text): (&str, &str)| Sheet {
        name: name.to_owned(),
        rows: (1..)
            .zip(edit(name, text).lines())
            .map(|(number, line)| SheetRow {
                number,
                cells: line.split('|').map(str::to_owned).collect(),
            })
            .collect(),
    };
    Workbook {
        label: "a/w.xlsx".to_owned(),
        sheets: SMALL.into_iter().map(sheet).collect(),
    }
}

fn small() -> Workbook {
    workbook(|_, text| text.to_owned())
}

/// The workbook with one passage of one sheet replaced.
fn changed(sheet: &str, old: &str, new: &str) -> Workbook {
    workbook(|name, text| {
        if name == sheet {
            assert!(text.contains(old), "{old}");
            return text.replacen(old, new, 1);
        }
        text.to_owned()
    })
}

/// The rules of the ADRGs and of the groups.
fn rules(workbook: &Workbook) -> Vec<String> {
    let facts = Facts::workbook(workbook).expect("good facts");
    let adrgs = facts.adrgs.rows.iter().map(|row| row.cells[5].clone());
    let drgs = facts.drgs.rows.iter().map(|row| row.cells[4].clone());
    adrgs.chain(drgs).collect()
}

#[track_caller]
fn check_error((sheet, old, new): (&str, &str, &str), message: &str) {
    let facts = Facts::workbook(&changed(sheet, old, new));
    let options = ImportOptions {
        id: "new".to_owned(),
        title: None,
        sources: Vec::new(),
        base: None,
    };
    let error = facts.and_then(|facts| import(&facts, &options)).map(|_| ());
    assert_eq!(error.expect_err("a fault").to_string(), message);
}

#[test]
fn a_workbook_is_the_facts_of_its_rows() {
    let facts = Facts::workbook(&small()).expect("good facts");
    let mdcs: Vec<_> = facts
        .mdcs
        .rows
        .iter()
        .map(|row| row.cells.join("|"))
        .collect();
    assert_eq!(
        mdcs,
        [
            "1|MDCZ|创伤|principal in MDCZ.gate and body_regions(Z01.principal, Z02.principal) >= 2",
            "2|MDCB|神经|principal in MDCB.gate",
        ]
    );
    let adrgs: Vec<_> = facts
        .adrgs
        .rows
        .iter()
        .map(|row| row.cells.join("|"))
        .collect();
    assert_eq!(
        adrgs,
        [
            "MDCZ|1|ZZ1|创伤|medical|true|",
            "MDCB|1|BB1|开颅|surgical|main_op in valid_main_op and any_op in BB1.op|",
            "MDCB|2|BR1|出血|medical|not main_op in valid_main_op and principal in BR1.dx|",
        ]
    );
    let drgs: Vec<_> = facts
        .drgs
        .rows
        .iter()
        .map(|row| row.cells.join("|"))
        .collect();
    assert_eq!(
        drgs,
        [
            "ZZ1|1|ZZ19|创伤|true",
            "BB1|1|BB11|一|mcc",
            "BB1|2|BB15|五|true",
            "BR1|1|BR19|九|true"
        ]
    );
    let severity: Vec<_> = facts
        .severity
        .rows
        .iter()
        .map(|row| row.cells.join("|"))
        .collect();
    assert_eq!(severity, ["J96|mcc|1", "I10|cc|"]);
    assert_eq!(
        (facts.id(), facts.title()),
        ("w".to_owned(), "w".to_owned())
    );
    assert_eq!(
        facts.notes(),
        [
            "The workbook does not state these settings in the sheet 设置, so they are taken as \
          no_group_fallback = continue, retry_with_each_other_procedure = false, newborn_days = \
          28, check.sex_missing = none, check.age_missing = none, check.age_0_without_days = \
          none, check.newborn_without_weight = none, check.principal_missing = none."
        ]
    );
}

/// Neighbouring rows of a group are one, and what earlier rows took need not be kept out again.
#[test]
fn the_columns_of_severity_become_the_shortest_rules() {
    let of = |rows: &str| {
        let old = "MDCB|BB1|BB11|True|is_op2(case,'BB1')||1|1|0\n\
                   MDCB|BB1|BB15|True|is_op2(case,'BB1')||1|0|-1\n";
        let new: String = rows
            .split(' ')
            .map(|row| {
                let (drg, flags) = row.split_once('|').expect("a group and flags");
                format!("MDCB|BB1|{drg}|True|is_op2(case,'BB1')||{flags}\n")
            })
            .collect();
        let rules = rules(&changed("DRG分组规则", old, &new));
        rules[4..rules.len() - 1].join("; ")
    };
    assert_eq!(
        of("BB11|1|1|0 BB13|1|0|1 BB15|1|0|0"),
        "mcc; mcc or cc; true"
    );
    assert_eq!(of("BB13|1|1|0 BB13|1|0|1 BB15|1|0|0"), "mcc or cc; true");
    assert_eq!(of("BB15|1|0|0 BB11|1|1|-1"), "not (mcc or cc); mcc");
    assert_eq!(of("BB13|1|-1|1 BB15|1|-1|0"), "cc and not mcc; true");
    assert_eq!(of("BB11|1|1|0 BB15|1|0|0"), "mcc; not (mcc or cc)");
    // Rows that ask for other procedures share nothing.
    assert_eq!(
        of("BB11|1|1|0 BB15|0|0|-1"),
        "main_op in valid_main_op and any_op in BB1.op and mcc; \
         not main_op in valid_main_op and any_op in BB1.op and not mcc"
    );
}

#[track_caller]
fn check_rule(condition: &str, rule: &str) {
    let workbook = changed("DRG分组规则", "is_pd2(case,'BR1')", condition);
    let rules = rules(&workbook);
    let found = rules[2].strip_prefix("not main_op in valid_main_op");
    let found = found.map(|rule| rule.strip_prefix(" and ").unwrap_or("true"));
    assert_eq!(found, Some(rule), "{condition}");
}

#[test]
fn conditions_are_read_as_they_stand() {
    check_rule(
        "is_sd1(case, \"B00\") or is_sd2(case, ‘BR1’)",
        "(other_dx in B00.principal or other_dx in BR1.dx)",
    );
    check_rule(
        "not (is_mo2(case,'BB1') or is_so2(case,'BB1')==1)",
        "not (main_op in BB1.op or other_op in BB1.op)",
    );
    check_rule("is_pd1(case,'B00')==0", "not principal in B00.principal");
    check_rule(
        "case.gender == 1 and case.gender != '2'",
        "sex = male and not sex = female",
    );
    check_rule("0 <= case.age < 18", "age_years >= 0 and age_years < 18");
    check_rule("18 > case.age", "age_years < 18");
    check_rule("case.newborn_age_month < 1", "age_days < 30");
    check_rule("case.newborn_age_month <= 0.95", "age_days <= 28");
    check_rule("case.newborn_age_month >= 0.95", "age_days >= 29");
    check_rule("case.newborn_birth_weight == -1", "not birth_weight_g >= 0");
    check_rule("case.in_hospital_day != -1 and True", "stay_days >= 0");
    check_rule("case.in_hospital_day > 60", "stay_days > 60");
    check_rule("case.mcc == 1 or case.cc", "(mcc or cc and not mcc)");
    check_rule("case.have_operation == 0", "not main_op in valid_main_op");
    check_rule("True", "true");
    check_rule(
        "principal in BR1.dx and age_days < 5",
        "principal in BR1.dx and age_days < 5",
    );
}

#[track_caller]
fn check_bad_rule(condition: &str, message: &str) {
    let text = format!(
        "a/w.xlsx, sheet DRG分组规则, row 6, column adrg_rule: the rule `{condition}` cannot be \
         used, {message}"
    );
    check_error(("DRG分组规则", "is_pd2(case,'BR1')", condition), &text);
}

#[test]
fn what_cannot_be_translated_is_told_with_its_text() {
    check_bad_rule(
        "is_pd2(case,'BR9')",
        "character 13: the sheet ADRG诊断表 has no classification `BR9`",
    );
    check_bad_rule(
        "len(case.ops) > 0",
        "character 1: `len` is not a predicate of the rule language",
    );
    check_bad_rule(
        "case.cost > 5",
        "character 6: `cost` is not a predicate of the rule language",
    );
    check_bad_rule(
        "case.age",
        "character 1: a condition is expected here, but there is a value without a comparison",
    );
    check_bad_rule(
        "case.age < 0.5",
        "character 10: a number of the case compared with a number is expected here, but there is \
         `<`",
    );
    check_bad_rule(
        "(case.age > 5",
        "character 14: `and`, `or` or `)` is expected here, but there is the end of the rule",
    );
    check_bad_rule(
        "case.age > 5 & case.mcc",
        "character 14: `and`, `or` or the end is expected here, but there is `&`",
    );
    check_bad_rule(
        "multi_wound(case)",
        "character 1: multi_wound needs two or more classifications of MDCB in the sheet \
         MDC诊断表, one for each body region",
    );
    check_bad_rule(
        "principal in BR2.dx",
        "character 14: the plan has no list `BR2.dx`",
    );
    let deep = format!("{}case.mcc{}", "(".repeat(70), ")".repeat(70));
    check_bad_rule(
        &deep,
        "character 65: parentheses and `not` are nested more than 64 deep",
    );
}

#[test]
fn faults_of_the_sheets_are_told_with_sheet_row_and_column() {
    let at = |place: &str, problem: &str| format!("a/w.xlsx, sheet {place}: {problem}");
    check_error(
        ("MCC", "excluded_table", "other"),
        &at(
            "MCC, row 1, column excluded_table",
            "the column is missing; the columns are diagnosis_code, excluded_table",
        ),
    );
    check_error(
        ("MCC", "excluded_table", "排除表|excluded_table"),
        &at(
            "MCC, row 1, column excluded_table",
            "the column is there twice; remove one of them",
        ),
    );
    check_error(
        ("MCC", "J96|1", "J96|1\nJ96|2"),
        &at(
            "MCC, row 3, column excluded_table",
            "the severity of `J96` is already stated in a/w.xlsx, sheet MCC, row 2, column \
             excluded_table; keep one of them",
        ),
    );
    check_error(
        ("排除诊断表", "1|I61", "1|I61\n2|I61"),
        &at(
            "排除诊断表, row 3, column table_name",
            "the exclusion table of `I61` is already stated in a/w.xlsx, sheet 排除诊断表, row 2, \
             column table_name; keep one of them",
        ),
    );
    check_error(
        ("ADRG诊断表", "BR1|I61", "B R1|I61"),
        &at(
            "ADRG诊断表, row 2, column classification",
            "`B R1` cannot name a list; a classification has letters, digits, `_`, `.`, `-`, `+`, \
             `*` and `/` only",
        ),
    );
    check_error(
        ("DRG分组规则", "||1|1|0", "||1|1|1"),
        &at(
            "DRG分组规则, row 4, column cc",
            "mcc and cc cannot both be 1, because cc counts only without mcc; write cc as 0 or -1",
        ),
    );
    check_error(
        ("DRG分组规则", "||1|1|0", "||yes|1|0"),
        &at(
            "DRG分组规则, row 4, column op",
            "`yes` is not known here; write 1, 0 or -1",
        ),
    );
    check_error(
        ("DRG分组规则", "MDCB|BB1|BB15", "MDCB|B1B|BB15"),
        &at(
            "DRG分组规则, row 5, column adrg_code",
            "the code `B1B` does not tell the kind of the ADRG; add a column kind to the sheet \
             ADRG信息 with surgical, procedure, medical or ambiguous",
        ),
    );
}

#[test]
fn rows_that_cannot_be_put_together_are_refused() {
    let at = |place: &str, problem: &str| format!("a/w.xlsx, sheet {place}: {problem}");
    check_error(
        (
            "DRG分组规则",
            "MDCB|BR1|BR19|True|is_pd2(case,'BR1')||0|-1|-1",
            "MDCZ|ZZ2|ZZ29||True||-1|-1|-1",
        ),
        &at(
            "DRG分组规则, row 6, column mdc_code",
            "the rows of MDC `MDCZ` begin in row 3 and go on here; rows are tried in their order, \
             so put the rows of one MDC together",
        ),
    );
    check_error(
        ("DRG分组规则", "MDCB|BR1|BR19", "MDCB|BR1|BB11"),
        &at(
            "DRG分组规则, row 6, column drg_code",
            "the group `BB11` is already stated in a/w.xlsx, sheet DRG分组规则, row 4, column \
             drg_code; keep one of them",
        ),
    );
    check_error(
        (
            "DRG分组规则",
            "MDCB|BR1|BR19|True",
            "MDCB|BR1|BR19|is_pd1(case,'Z01')",
        ),
        &at(
            "DRG分组规则, row 6, column mdc_rule",
            "the rule of the MDC `MDCB` is already stated in a/w.xlsx, sheet DRG分组规则, row 4, \
             column mdc_rule; keep one of them",
        ),
    );
}

#[test]
fn settings_kinds_and_weights_are_taken_from_their_columns() {
    let mut workbook = workbook(|name, text| match name {
        "DRG信息" => text
            .replace("drg_name", "drg_name|权重")
            .replace("BB11|一", "BB11|一|2.5"),
        "ADRG信息" => text
            .replace("adrg_name", "adrg_name|类型")
            .replace("开颅", "开颅|内科"),
        _ => text.to_owned(),
    });
    workbook.sheets.push(Sheet {
        name: " 设置 ".to_owned(),
        rows: [
            ["键", "值"],
            ["no_group_fallback", "adrg"],
            ["title", "方案"],
        ]
        .into_iter()
        .zip(1..)
        .map(|(cells, number)| SheetRow {
            number,
            cells: cells.map(str::to_owned).to_vec(),
        })
        .collect(),
    });
    let facts = Facts::workbook(&workbook).expect("good facts");
    assert_eq!(facts.value("no_group_fallback"), Some("adrg"));
    assert_eq!(facts.title(), "方案");
    assert_eq!(facts.adrgs.rows[1].cells[4], "medical");
    let weights = facts.weights.expect("weights");
    assert_eq!(weights.rows[0].cells, ["BB11", "2.5"]);
    let key = &mut workbook.sheets.last_mut().expect("the sheet").rows[1].cells;
    key[1] = "maybe".to_owned();
    assert_eq!(
        Facts::workbook(&workbook).expect_err("a fault").to_string(),
        "a/w.xlsx, sheet 设置, row 2, column 值: `maybe` is not known here; write adrg or continue"
    );
    workbook.sheets.remove(0);
    assert!(
        Facts::workbook(&workbook)
            .expect_err("a fault")
            .to_string()
            .starts_with(
                "a/w.xlsx, sheet MDC信息: the sheet is missing; the sheets of a workbook are"
            )
    );
}

#[test]
fn what_has_a_rule_and_no_name_is_told_and_the_other_way_round() {
    let workbook = changed("DRG信息", "BR19|九", "BR29|九");
    let facts = Facts::workbook(&workbook).expect("good facts");
    assert_eq!(
        facts.notes()[1..],
        [
            "The sheet DRG信息 names what has no rule, and it is left out: BR29.",
            "The sheet DRG信息 has no row for what has a rule, and its name is empty: BR19.",
        ]
    );
}
