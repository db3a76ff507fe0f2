//! One small plan for every oddity.

use super::{check, subjects_by_code};
use crate::error::{Warning, WarningLevel};
use crate::files::FileSet;
use crate::plan::GroupingPlan;
use std::borrow::Cow;

const SETTINGS: &str = r#"id = "p"
title = "P"

[settings]
no_group_fallback = "adrg"
retry_with_each_other_procedure = false
newborn_days = 28

[checks]
sex_missing = "invalid"
age_missing = "invalid"
age_0_without_days = "invalid"
newborn_without_weight = "none"
principal_missing = "none"
"#;

/// Diagnoses I1 to I4 and H1, procedures 1.1 to 1.4 and 9.9.
const LISTS: &[(&str, &str)] = &[
    ("all.dx", "I1 I2 I3 I4"),
    ("wide.dx", "I1 I2 I3"),
    ("low.dx", "I1 I2"),
    ("same.dx", "I1 I2"),
    ("high.dx", "I3 I4"),
    ("eye.dx", "H1"),
    ("wide.op", "1.1 1.2 1.3"),
    ("low.op", "1.1 1.2"),
    ("third.op", "1.3"),
    ("far.op", "9.9"),
    ("valid.op", "1.1 1.2 1.3 1.4"),
];

const SEVERITY: &str = "code,level,exclusion_table\nI1,cc,\nI2,mcc,\n";

/// A plan of MDCs with their gates, and rows `ADRG rule` with groups `group rule` below them.
#[derive(Clone, Default)]
struct Tables {
    mdcs: String,
    adrgs: String,
    drgs: String,
    more: Vec<(&'static str, String)>,
    rows: usize,
}

impl Tables {
    fn mdc(mut self, code: &str, gate: &str) -> Self {
        self.rows += 1;
        self.mdcs += &format!("{},{code},n,\"{gate}\"\n", self.rows);
        self
    }

    fn adrg(mut self, (mdc, code, kind): (&str, &str, &str), rule: &str, fallback: &str) -> Self {
        self.rows += 1;
        let order = self.rows;
        self.adrgs += &format!("{mdc},{order},{code},n,{kind},\"{rule}\",{fallback}\n");
        self
    }

    fn drg(mut self, adrg: &str, code: &str, rule: &str) -> Self {
        self.rows += 1;
        self.drgs += &format!("{adrg},{},{code},n,\"{rule}\"\n", self.rows);
        self
    }

    fn file(mut self, path: &'static str, text: &str) -> Self {
        self.more.push((path, text.to_owned()));
        self
    }

    fn check(&self) -> Vec<Warning> {
        let mut lists = "list,code\n".to_owned();
        for (list, codes) in LISTS {
            codes
                .split(' ')
                .for_each(|code| lists += &format!("{list},{code}\n"));
        }
        let texts = [
            ("plan.toml", SETTINGS.to_owned()),
            ("mdc.csv", format!("order,mdc,name,gate\n{}", self.mdcs)),
            (
                "adrg.csv",
                format!("mdc,order,adrg,name,kind,rule,fallback\n{}", self.adrgs),
            ),
            (
                "drg.csv",
                format!("adrg,order,drg,name,rule\n{}", self.drgs),
            ),
            ("lists/all.csv", lists),
            ("severity.csv", SEVERITY.to_owned()),
            ("exclusions.csv", "exclusion_table,principal\n".to_owned()),
        ];
        let texts = texts.into_iter().chain(self.more.iter().cloned());
        let files = texts.map(|(path, text)| (path.to_owned(), Cow::Owned(text.into_bytes())));
        let files = FileSet::in_memory("p", files);
        let loaded = GroupingPlan::load(&files, &|_| Ok(None));
        let (plan, _) = loaded.unwrap_or_else(|error| panic!("{error}"));
        check(&plan)
    }
}

/// A plan of one MDC with one ADRG and these groups, without a fallback that takes the rest.
fn groups(rules: &[&str]) -> Tables {
    let mut tables = Tables::default().mdc("MDCB", "principal in all.dx").adrg(
        ("MDCB", "BR1", "medical"),
        "true",
        "",
    );
    for (number, rule) in rules.iter().enumerate() {
        tables = tables.drg("BR1", &format!("BR1{}", number + 1), rule);
    }
    tables
}

/// The rows that are out of reach, as `code: reason`.
fn unreachable(tables: &Tables) -> Vec<String> {
    let all = tables.check().into_iter();
    let found = all.filter(|warning| warning.code.starts_with("unreachable"));
    found
        .map(|warning| {
            let (_, reason) = warning.message.split_once(", because ").unwrap();
            format!("{}: {reason}", warning.subjects.concat())
        })
        .collect()
}

/// Checks which of some groups, numbered from 1, are out of reach.
#[track_caller]
fn check_groups(rules: &[&str], out_of_reach: &[&str]) {
    let found = unreachable(&groups(rules));
    let codes: Vec<&str> = found.iter().map(|line| &line[..4]).collect();
    assert_eq!(codes, out_of_reach, "{found:?}");
}

#[test]
fn a_group_behind_a_wider_one_is_out_of_reach() {
    check_groups(&["true", "mcc"], &["BR12"]);
    check_groups(&["mcc or cc", "cc and age_years > 5"], &["BR12"]);
    check_groups(&["mcc", "mcc or cc", "true"], &[]);
    check_groups(&["mcc", "not mcc", "cc"], &["BR13"]);
    check_groups(&["principal in wide.dx", "principal in low.dx"], &["BR12"]);
    check_groups(&["principal in low.dx", "principal in wide.dx"], &[]);
    check_groups(&["any_dx in same.dx", "principal in low.dx"], &["BR12"]);
    check_groups(&["any_dx in same.dx", "other_dx in low.dx"], &["BR12"]);
    check_groups(&["principal in same.dx", "any_dx in low.dx"], &[]);
    check_groups(&["any_op in wide.op", "main_op in low.op"], &["BR12"]);
    check_groups(&["any_op in wide.op", "no_op", "main_op in far.op"], &[]);
    check_groups(&["not no_op", "other_op in low.op"], &["BR12"]);
    check_groups(&["no_op", "not any_op in low.op"], &[]);
}

#[test]
fn numbers_words_and_regions_are_understood() {
    check_groups(&["stay_days >= 5", "stay_days > 4"], &["BR12"]);
    check_groups(&["stay_days >= 5", "not stay_days < 5"], &[]);
    check_groups(&["age_years < 5", "age_years >= 5", "true"], &["BR13"]);
    check_groups(&["stay_days < 5", "stay_days >= 5", "true"], &[]);
    check_groups(
        &["age_days <= 28", "age_years = 0 and age_days < 10"],
        &["BR12"],
    );
    check_groups(
        &["age_days <= 28", "age_days > 28", "age_years = 0"],
        &["BR13"],
    );
    check_groups(&["stay_days > 3 and stay_days < 4"], &["BR11"]);
    check_groups(&["sex = male", "sex = female", "mcc"], &["BR13"]);
    check_groups(&["discharge in (2, 5)", "discharge = 5"], &["BR12"]);
    check_groups(&["department = X", "department = Y"], &[]);
    let regions = |least| format!("body_regions(low.dx, high.dx) >= {least}");
    check_groups(&[&regions(1), &regions(2)], &["BR12"]);
    check_groups(&[&regions(2), &regions(1)], &[]);
}

#[test]
fn beginnings_of_codes_are_understood() {
    #[track_caller]
    fn check(rules: &[&str], out_of_reach: &[&str]) {
        let lists = "list,code\nshort,1\nlong,1.1\nlong,1.2\nelsewhere,7\n";
        let found = unreachable(&groups(rules).file("lists/more.csv", lists));
        let codes: Vec<&str> = found.iter().map(|line| &line[..4]).collect();
        assert_eq!(codes, out_of_reach, "{found:?}");
    }
    check(&["main_op starts short", "main_op starts long"], &["BR12"]);
    check(&["main_op starts long", "main_op starts short"], &[]);
    check(&["main_op starts short", "main_op in wide.op"], &["BR12"]);
    check(&["main_op in wide.op", "main_op starts long"], &[]);
    check(&["main_op starts long and main_op in third.op"], &["BR11"]);
    check(
        &[
            "not main_op starts long",
            "main_op in low.op",
            "main_op starts long",
        ],
        &[],
    );
    // A code that the plan never mentions can begin so, but it does not enter the MDC.
    check(&["main_op starts elsewhere", "true"], &[]);
    check(&["principal starts elsewhere", "true"], &["BR11"]);
}

#[test]
fn a_level_that_no_diagnosis_has_is_never_there() {
    let one_cc = "code,level,exclusion_table\nI1,cc,\n";
    let tables = groups(&["mcc", "cc"]).file("severity.csv", one_cc);
    assert_eq!(unreachable(&tables), ["BR11: its rule is never true."]);
}

#[test]
fn the_rules_that_shadow_are_named_and_only_they() {
    let rules = [
        "age_years > 60",
        "principal in low.dx",
        "mcc",
        "principal in high.dx",
        "cc",
    ];
    assert_eq!(
        unreachable(&groups(&rules)),
        [
            "BR15: `BR12` (line 3: principal in low.dx) and `BR14` (line 5: principal in \
             high.dx) before it together take every such case."
        ]
    );
}

#[test]
fn an_adrg_that_lets_cases_go_shadows_nothing() {
    let tables = |fallback, group| {
        Tables::default()
            .mdc("MDCB", "principal in all.dx")
            .adrg(("MDCB", "BR1", "medical"), "principal in wide.dx", fallback)
            .drg("BR1", "BR11", group)
            .adrg(("MDCB", "BR2", "medical"), "principal in low.dx", "")
            .drg("BR2", "BR29", "true")
    };
    let shadow = "BR2: `BR1` (line 2: principal in wide.dx) before it takes every such case.";
    assert_eq!(unreachable(&tables("continue", "sex = male")), [""; 0]);
    assert_eq!(unreachable(&tables("continue", "true")), [shadow]);
    assert_eq!(unreachable(&tables("adrg", "sex = male")), [shadow]);
    let all = unreachable(&tables("continue", "false"));
    assert_eq!(all, ["BR11: its rule is never true."]);
}

#[test]
fn rules_that_exclude_each_other_are_named_with_the_gate() {
    let tables = Tables::default()
        .mdc("MDCA", "main_op in valid.op")
        .adrg(("MDCA", "AG1", "surgical"), "main_op in far.op", "")
        .drg("AG1", "AG19", "true")
        .adrg(("MDCA", "AG2", "surgical"), "main_op in wide.op", "")
        .drg("AG2", "AG21", "main_op in far.op")
        .drg("AG2", "AG29", "true");
    assert_eq!(
        unreachable(&tables),
        [
            "AG1: these rules never hold together: `AG1` (line 2: main_op in far.op) and `MDCA` \
             (p/mdc.csv, line 2: main_op in valid.op).",
            "AG21: these rules never hold together: `AG21` (line 3: main_op in far.op) and `AG2` \
             (p/adrg.csv, line 3: main_op in wide.op).",
        ]
    );
}

#[test]
fn a_mdc_is_shadowed_by_one_that_takes_everything() {
    let tables = |rule| {
        Tables::default()
            .mdc("MDCS", "true")
            .mdc("MDCT", "principal in low.dx")
            .adrg(("MDCS", "SR1", "medical"), rule, "")
            .drg("SR1", "SR19", "true")
            .adrg(("MDCT", "TR1", "medical"), "true", "")
            .drg("TR1", "TR19", "true")
    };
    assert_eq!(
        unreachable(&tables("principal in wide.dx")),
        ["MDCT: `MDCS` (line 2: true) before it takes every such case."]
    );
    assert_eq!(unreachable(&tables("principal in high.dx")), [""; 0]);
}

#[test]
fn cases_that_the_checks_call_invalid_reach_nothing() {
    assert_eq!(
        unreachable(&groups(&["not age_years >= 0 and not age_years < 0"])),
        ["BR11: the plan's checks call every such case invalid."]
    );
}

/// The messages with a code, with the subjects in front.
fn notes(tables: &Tables, code: &str) -> Vec<String> {
    let all = tables.check().into_iter();
    let found = all.filter(|warning| warning.code == code);
    found
        .map(|warning| {
            assert_eq!(warning.level, WarningLevel::Note, "{warning}");
            format!("{} | {}", warning.subjects.join(" "), warning.message)
        })
        .collect()
}

#[test]
fn a_catch_all_is_told_once_with_all_that_stand_behind_it() {
    assert_eq!(
        notes(
            &groups(&["cc", "true", "mcc", "sex = male"]),
            "catch_all_shadows"
        ),
        [
            "BR13 BR14 | `BR12` takes every case that comes to it, so nothing is left for what \
             stands behind it: `BR13` and `BR14`."
        ]
    );
}

#[test]
fn codes_that_the_gate_keeps_out_are_counted_by_adrg() {
    let tables = Tables::default()
        .mdc("MDCB", "principal in low.dx")
        .adrg(("MDCB", "BR1", "medical"), "principal in wide.dx", "")
        .adrg(("MDCB", "BR2", "medical"), "other_dx in eye.dx", "");
    assert_eq!(
        notes(&tables, "code_outside_gate"),
        [
            "I3 | 1 entries of lists for the principal diagnosis cannot be used, because what \
             stands above the rule lets no such case in: `BR1` 1."
        ]
    );
    assert_eq!(
        notes(&tables, "diagnosis_without_mdc"),
        ["H1 I3 | 2 diagnoses of the rules stand in the list of no MDC gate: H1 I3."]
    );
}

#[test]
fn adrgs_of_one_kind_that_want_the_same_codes_are_told_by_mdc() {
    let tables = Tables::default()
        .mdc("MDCB", "principal in all.dx")
        .adrg(("MDCB", "BB1", "surgical"), "main_op in wide.op", "")
        .adrg(("MDCB", "BB2", "surgical"), "main_op in low.op and mcc", "")
        .adrg(
            ("MDCB", "BB3", "surgical"),
            "main_op in third.op and sex = male",
            "",
        )
        .adrg(
            ("MDCB", "BR1", "medical"),
            "principal in low.dx and age_years > 6",
            "",
        )
        .adrg(
            ("MDCB", "BR2", "medical"),
            "principal in low.dx and age_years < 6",
            "",
        );
    assert_eq!(
        notes(&tables, "order_decides"),
        [
            "BB1 BB2 BB1 BB3 | In `MDCB` the order decides between 2 pairs of ADRGs that want \
             the same codes, such as `BB1` before `BB2` (2: 1.1 1.2), `BB1` before `BB3` (1: \
             1.3)."
        ]
    );
}

#[test]
fn exclusion_tables_and_weights_are_looked_at() {
    let tables = groups(&["mcc", "true"])
        .file(
            "severity.csv",
            "code,level,exclusion_table\nI1,mcc,1\nI2,cc,2\nI3,cc,2\n",
        )
        .file("exclusions.csv", "exclusion_table,principal\n1,I1\n3,I4\n")
        .file("weights.csv", "drg,weight,origin,source\nBR11,1,x,y\n");
    let told: Vec<String> = tables
        .check()
        .into_iter()
        .filter(|warning| warning.code.ends_with("_table"))
        .map(|warning| warning.to_string())
        .collect();
    assert_eq!(
        told,
        [
            "p/exclusions.csv, line 3, exclusion_table: No row of severity.csv names the \
             exclusion table `3`. [unused_exclusion_table]",
            "p/severity.csv, line 3, exclusion_table: The exclusion table `2` has no principal \
             diagnosis, so nothing switches off the 2 diagnoses that it is for: I2 I3. \
             [empty_exclusion_table]",
        ]
    );
    assert_eq!(
        notes(&tables, "missing_weight"),
        ["BR12 | 1 of 2 groups have no weight: `BR12`."]
    );
}

#[test]
fn coverage_lists_the_subjects_of_warnings_by_code() {
    let warnings = groups(&["true", "mcc", "cc"]).check();
    let by_code = subjects_by_code(&warnings);
    assert_eq!(by_code["unreachable_group"], ["BR12", "BR13"]);
    assert!(by_code["unused_list"].contains(&"far.op".to_owned()));
    assert!(!by_code.contains_key("catch_all_shadows"));
}
