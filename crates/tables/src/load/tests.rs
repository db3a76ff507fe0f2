//! One small bad plan for every fault, with its exact message, and what overlays do.

use crate::check::check;
use crate::error::{Error, WarningLevel};
use crate::files::FileSet;
use crate::load::load_plan;
use crate::plan::{GroupingPlan, Level, NoGroupFallback};
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;

type Files = BTreeMap<String, Cow<'static, [u8]>>;

const PLAN: &str = r#"id = "small"
title = "A small plan"

[settings]
no_group_fallback = "adrg"
retry_with_each_other_procedure = false
newborn_days = 28

[checks]
sex_missing = "invalid"
age_missing = "invalid"
age_0_without_days = "none"
newborn_without_weight = "none"
principal_missing = "none"
"#;
const MDC: &str = "\
order,mdc,name,gate
10,MDCB,神经,principal in MDCB.principal
20,MDCC,眼,principal in MDCC.principal
";
const ADRG: &str = "\
mdc,order,adrg,name,kind,rule,fallback
MDCB,10,BB1,开颅,surgical,main_op in BB1.op,
MDCB,20,BR1,出血,medical,true,continue
MDCC,10,CB1,玻璃体,surgical,main_op in CB1.op and not mcc,
";
const DRG: &str = "\
adrg,order,drg,name,rule
BB1,10,BB11,开颅一,mcc
BB1,20,BB15,开颅五,true
BR1,10,BR19,出血九,true
CB1,10,CB19,玻璃体九,true
";
const LISTS: &str = "\
list,code
BB1.op,01.2
BB1.op,01.3
CB1.op,14.7
MDCB.principal,I61
MDCB.principal,I62
MDCC.principal,H33
";
const SEVERITY: &str = "\
code,level,exclusion_table
I10,cc,
I61,mcc,1
J96,cc,2
J96,mcc,2
";
const EXCLUSIONS: &str = "\
exclusion_table,principal
1,I61
1,I62
2,J96
";
const WEIGHTS: &str = "\
drg,weight,origin,source
BB11,2.5,published,here
BR19,0.1234,published,here
";
const OVERLAY: &str = "id = \"top\"\ntitle = \"Top\"\nbase = \"small\"\n";

fn base() -> Files {
    files(&[
        ("plan.toml", PLAN),
        ("mdc.csv", MDC),
        ("adrg.csv", ADRG),
        ("drg.csv", DRG),
        ("lists/all.csv", LISTS),
        ("severity.csv", SEVERITY),
        ("exclusions.csv", EXCLUSIONS),
        ("weights.csv", WEIGHTS),
    ])
}

fn files(texts: &[(&str, &str)]) -> Files {
    let owned = |text: &str| Cow::Owned(text.as_bytes().to_vec());
    texts
        .iter()
        .map(|(path, text)| ((*path).to_owned(), owned(text)))
        .collect()
}

fn find_small(id: &str) -> Result<Option<FileSet>, Error> {
    Ok((id == "small").then(|| FileSet::in_memory("small", base())))
}

/// Loads and checks a plan and gives it with all warnings as text, or the error as text.
fn load(files: Files) -> Result<(GroupingPlan, Vec<String>), String> {
    let set = FileSet::in_memory("p", files);
    let (plan, mut warnings) =
        GroupingPlan::load(&set, &find_small).map_err(|error| error.to_string())?;
    warnings.extend(check(&plan));
    warnings.retain(|warning| warning.level == WarningLevel::Warning);
    warnings.sort();
    Ok((plan, warnings.iter().map(ToString::to_string).collect()))
}

/// Loads an overlay on the small plan.
fn overlay(texts: &[(&str, &str)]) -> Result<(GroupingPlan, Vec<String>), String> {
    let mut all = files(&[("plan.toml", OVERLAY)]);
    all.extend(files(texts));
    load(all)
}

/// The small plan with one text replaced in one file.
fn edited(path: &str, old: &str, new: &str) -> Files {
    let mut all = base();
    let text = std::str::from_utf8(&all[path]).expect("UTF-8").to_owned();
    assert!(text.contains(old), "{path} has no `{old}`");
    all.insert(
        path.to_owned(),
        Cow::Owned(text.replacen(old, new, 1).into_bytes()),
    );
    all
}

#[track_caller]
fn check_error(path: &str, (old, new): (&str, &str), message: &str) {
    assert_eq!(
        load(edited(path, old, new))
            .map(|_| ())
            .expect_err("a fault"),
        message
    );
}

#[track_caller]
fn check_warning(path: &str, (old, new): (&str, &str), warnings: &[&str]) {
    assert_eq!(load(edited(path, old, new)).expect("a plan").1, warnings);
}

#[track_caller]
fn check_overlay_error(path: &str, text: &str, message: &str) {
    assert_eq!(
        overlay(&[(path, text)]).map(|_| ()).expect_err("a fault"),
        message
    );
}

#[track_caller]
fn check_groups(plan: &GroupingPlan, expected: &str) {
    let groups: Vec<_> = plan.drgs().map(|(_, _, drg)| drg.code.as_str()).collect();
    assert_eq!(groups.join(" "), expected);
}

fn codes_of(plan: &GroupingPlan, list: &str) -> Vec<String> {
    let mut lists = plan.lists.iter();
    let list = lists.find(|known| known.name == list).expect("the list");
    let mut codes: Vec<_> = list
        .codes
        .iter()
        .map(|(id, _)| plan.codes.text(*id).to_owned())
        .collect();
    codes.sort();
    codes
}

#[test]
fn a_small_plan_is_loaded_without_warnings() {
    let (plan, warnings) = load(base()).expect("a plan");
    assert_eq!(warnings, Vec::<String>::new());
    check_groups(&plan, "BB11 BB15 BR19 CB19");
    let counts = plan.counts();
    assert_eq!(
        (counts.mdcs, counts.adrgs, counts.drgs, counts.weights),
        (2, 3, 4, 2)
    );
    let (mdc, adrg) = plan.find_adrg("BR1").expect("the ADRG");
    assert_eq!(
        (mdc.code.as_str(), adrg.fallback),
        ("MDCB", NoGroupFallback::Continue)
    );
    assert_eq!(plan.place(adrg.rule.row).to_string(), "p/adrg.csv, line 3");
    assert_eq!(plan.weights_by_group()["BR19"].ten_thousandths, 1234);
    assert_eq!(plan.weights_by_group()["BB11"].ten_thousandths, 25_000);
    assert_eq!(plan.severity.len(), 4);
    assert!(plan.settings.checks.sex_missing && !plan.settings.checks.principal_missing);
    assert!(plan.find_mdc("MDCC").is_some() && plan.find_drg("CB19").is_some());
    assert!(plan.find_mdc("MDCX").is_none());
}

#[test]
fn rows_are_counted_with_line_ends_of_any_kind_and_blank_lines() {
    for text in [
        MDC.replace('\n', "\r\n"),
        MDC.replace("\n20", "\n\n\n20"),
        format!("\u{feff}{MDC}"),
    ] {
        let expected = if text.contains("\n\n") { 5 } else { 3 };
        let mut all = base();
        all.insert("mdc.csv".to_owned(), Cow::Owned(text.into_bytes()));
        let (plan, _) = load(all).expect("a plan");
        assert_eq!(plan.mdcs[1].gate.row.line, expected);
    }
}

#[test]
fn a_quoted_field_may_hold_commas_and_line_ends() {
    let name = "\"出血,\n一\"";
    let (plan, _) = load(edited("adrg.csv", "开颅", name)).expect("a plan");
    assert_eq!(plan.find_adrg("BB1").expect("the ADRG").1.name, "出血,\n一");
    assert_eq!(plan.find_adrg("BR1").expect("the ADRG").1.rule.row.line, 4);
}

#[test]
fn a_missing_or_unknown_file_is_an_error() {
    let without = |path: &str| {
        let mut all = base();
        all.remove(path);
        load(all).map(|_| ()).expect_err("a fault")
    };
    for path in [
        "plan.toml",
        "mdc.csv",
        "adrg.csv",
        "drg.csv",
        "severity.csv",
        "exclusions.csv",
    ] {
        assert_eq!(without(path), format!("p/{path}: the file is missing"));
    }
    let mut all = base();
    all.remove("weights.csv");
    assert!(load(all.clone()).expect("a plan").0.weights.is_empty());
    all.insert("weigths.csv".to_owned(), Cow::Borrowed(b""));
    assert_eq!(
        load(all).map(|_| ()).expect_err("a fault"),
        "p/weigths.csv: no file of this name belongs to a plan; its files are plan.toml, mdc.csv, \
         adrg.csv, drg.csv, severity.csv, exclusions.csv, weights.csv, grey.csv and lists/*.csv"
    );
}

#[test]
fn columns_are_checked_by_name() {
    check_error(
        "mdc.csv",
        ("gate", "gat"),
        "p/mdc.csv, line 1, gat: the table has no such column; its columns are order, mdc, name, \
         gate",
    );
    check_error(
        "mdc.csv",
        ("order,mdc,name,gate", "order,mdc,gate"),
        "p/mdc.csv, line 1, name: the column is missing; the columns are order, mdc, name, gate",
    );
    check_error(
        "mdc.csv",
        ("order,mdc,name", "order,mdc,mdc"),
        "p/mdc.csv, line 1, mdc: the column is there twice; remove one of them",
    );
    check_error(
        "severity.csv",
        (SEVERITY, ""),
        "p/severity.csv, line 1, code: the column is missing; the columns are code, level, \
         exclusion_table",
    );
    check_error(
        "mdc.csv",
        ("神经,", "神经,疾病,"),
        "p/mdc.csv, line 2: the row has 5 fields, but the header has 4; quote fields with commas",
    );
    let (plan, _) = load(edited(
        "lists/all.csv",
        LISTS,
        "code,list\nI61,MDCB.principal\nH33,MDCC.principal\n01.2,BB1.op\n14.7,CB1.op\n",
    ))
    .expect("columns in another order");
    assert_eq!(codes_of(&plan, "MDCB.principal"), ["I61"]);
}

#[test]
fn rules_are_checked() {
    check_error(
        "drg.csv",
        ("mcc", "mmc"),
        "p/drg.csv, line 2, rule: the rule `mmc` cannot be used, character 1: `mmc` is not a \
         predicate of the rule language",
    );
    check_error(
        "adrg.csv",
        ("CB1.op and", "CB9.op and"),
        "p/adrg.csv, line 4, rule: the rule `main_op in CB9.op and not mcc` cannot be used, \
         character 12: the plan has no list `CB9.op`",
    );
    check_error(
        "mdc.csv",
        ("principal in MDCB.principal", "principal of MDCB.principal"),
        "p/mdc.csv, line 2, gate: the rule `principal of MDCB.principal` cannot be used, \
         character 11: `in` or `starts` is expected here, but there is `of`",
    );
    check_error(
        "drg.csv",
        (",mcc", ","),
        "p/drg.csv, line 2, rule: the value is missing",
    );
}

#[test]
fn numbers_and_words_are_checked() {
    for number in ["1.5", "-1", "+1", "ten", "4294967296"] {
        let message = format!(
            "p/mdc.csv, line 2, order: `{number}` is not a whole number from 0 to 4294967295"
        );
        check_error("mdc.csv", ("10,", &format!("{number},")), &message);
    }
    check_error(
        "mdc.csv",
        ("10,", ","),
        "p/mdc.csv, line 2, order: the value is missing",
    );
    for weight in [
        "-0.5",
        "1.23456",
        "1,5",
        ".5",
        "1.",
        "1e3",
        "9223372036854775807",
    ] {
        let message = format!(
            "p/weights.csv, line 2, weight: `{weight}` is not a weight; write a decimal number \
             that \
             is not negative, with at most four decimals, such as 1.2345"
        );
        check_error("weights.csv", ("2.5", &format!("\"{weight}\"")), &message);
    }
    check_error(
        "adrg.csv",
        ("surgical", "surgery"),
        "p/adrg.csv, line 2, kind: `surgery` is not known here; write surgical, procedure, \
         medical or \
         ambiguous",
    );
    check_error(
        "adrg.csv",
        ("continue", "stop"),
        "p/adrg.csv, line 3, fallback: `stop` is not known here; write adrg or continue, or \
         nothing",
    );
    check_error(
        "severity.csv",
        ("I10,cc", "I10,CC"),
        "p/severity.csv, line 2, level: `CC` is not known here; write mcc or cc",
    );
    check_error(
        "lists/all.csv",
        ("01.2", ""),
        "p/lists/all.csv, line 2, code: the value is missing",
    );
}

#[test]
fn what_is_stated_twice_is_checked() {
    check_error(
        "mdc.csv",
        ("20,MDCC", "20,MDCB"),
        "p/mdc.csv, line 3, mdc: the MDC `MDCB` is already stated in p/mdc.csv, line 2; keep one \
         of \
         them",
    );
    check_error(
        "adrg.csv",
        ("MDCB,20", "MDCB,10"),
        "p/adrg.csv, line 3, order: `BR1` has the same order as `BB1` in p/adrg.csv, line 2; \
         which is \
         tried first is not clear",
    );
    check_error(
        "exclusions.csv",
        ("2,J96", "2,I61"),
        "p/exclusions.csv, line 4: the exclusion table of `I61` is already stated in \
         p/exclusions.csv, line 2; keep one of them",
    );
    check_error(
        "severity.csv",
        ("J96,mcc,2", "J96,cc,1"),
        "p/severity.csv, line 5: the severity of `J96` is already stated in p/severity.csv, line \
         4; \
         keep one of them",
    );
}

#[test]
fn what_belongs_to_nothing_is_an_error() {
    check_error(
        "adrg.csv",
        ("MDCC,10", "MDCX,10"),
        "p/adrg.csv, line 4, mdc: the plan has no MDC `MDCX`",
    );
    check_error(
        "drg.csv",
        ("CB1,10", "CX1,10"),
        "p/drg.csv, line 5, adrg: the plan has no ADRG `CX1`",
    );
    check_error(
        "weights.csv",
        ("BR19", "XX19"),
        "p/weights.csv, line 3, drg: the plan has no group `XX19`",
    );
}

#[test]
fn the_manifest_is_checked() {
    check_error(
        "plan.toml",
        ("newborn_days = 28", "newborn_day = 28"),
        "p/plan.toml, line 7, newborn_day: unknown field `newborn_day`, expected one of \
         `no_group_fallback`, `retry_with_each_other_procedure`, `newborn_days`, \
         `inherit_weights`",
    );
    check_error(
        "plan.toml",
        ("newborn_days = 28\n", ""),
        "p/plan.toml, settings.newborn_days: the setting is missing; a plan without base states \
         every \
         setting",
    );
    check_error(
        "plan.toml",
        ("sex_missing = \"invalid\"\n", ""),
        "p/plan.toml, checks.sex_missing: the setting is missing; a plan without base states every \
         setting",
    );
    check_error(
        "plan.toml",
        ("\"adrg\"", "\"stop\""),
        "p/plan.toml, line 5, no_group_fallback: unknown variant `stop`, expected `adrg` or \
         `continue`",
    );
    check_error(
        "plan.toml",
        ("id = \"small\"", "id = \"../small\""),
        "p/plan.toml, line 1, id: `../small` is not the id of a plan; an id has letters, digits, \
         `-`, \
         `_` and `.`, and begins with a letter or digit",
    );
}

#[test]
fn text_in_another_encoding_is_refused_with_its_line() {
    let mut all = base();
    let mut bytes = b"order,mdc,name,gate\n10,MDCB,".to_vec();
    bytes.extend([0xc9, 0xf1, 0xbe, 0xad]);
    all.insert("mdc.csv".to_owned(), Cow::Owned(bytes));
    let message = "p/mdc.csv, line 2: the file is not UTF-8; save it as UTF-8";
    assert_eq!(load(all).map(|_| ()).expect_err("a fault"), message);
}

#[test]
fn a_base_is_found_by_its_id_and_never_by_a_path() {
    let with_base = |base: &str| {
        let text = format!("id = \"top\"\ntitle = \"Top\"\nbase = \"{base}\"\n");
        load(files(&[("plan.toml", &text)])).map(|_| ())
    };
    assert_eq!(with_base("small"), Ok(()));
    assert_eq!(
        with_base("../small").expect_err("a fault"),
        "p/plan.toml, line 3, base: `../small` is not the id of a plan; an id has letters, digits, \
         `-`, `_` and `.`, and begins with a letter or digit"
    );
    let known = FileSet::bundled_plans().join(", ");
    assert_eq!(
        with_base("nowhere").expect_err("a fault"),
        format!(
            "p/plan.toml, line 3, base: the base `nowhere` is neither a folder beside this plan \
             nor \
             one of the bundled plans: {known}"
        )
    );
    assert_eq!(
        with_base("top").expect_err("a fault"),
        "p/plan.toml, line 3, base: the plan would stand on itself: top → top"
    );
}

#[test]
fn a_plan_is_loaded_by_name_or_from_a_folder_with_its_base_beside_it() {
    let root = tempfile::tempdir().expect("a folder");
    let write = |plan: &str, files: Files| {
        for (path, bytes) in files {
            let file = root.path().join(plan).join(path);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, bytes).expect("a file");
        }
    };
    write("top", files(&[("plan.toml", OVERLAY)]));
    let folder = root.path().join("top").display().to_string();
    let known = FileSet::bundled_plans().join(", ");
    assert_eq!(
        load_plan(&folder)
            .map(|_| ())
            .expect_err("no base")
            .to_string(),
        format!(
            "{folder}/plan.toml, line 3, base: the base `small` is neither a folder beside this \
             plan \
             nor one of the bundled plans: {known}"
        )
    );
    write("small", base());
    let loaded = load_plan(&folder).expect("a plan");
    check_groups(&loaded.plan, "BB11 BB15 BR19 CB19");
    let labels: Vec<_> = loaded.layers.iter().map(FileSet::label).collect();
    assert_eq!(labels.len(), 2);
    assert!(
        labels[0] == folder && labels[1].ends_with("small"),
        "{labels:?}"
    );
    write("small", edited("plan.toml", "small", "tiny"));
    assert_eq!(
        load_plan(&folder)
            .map(|_| ())
            .expect_err("another id")
            .to_string(),
        format!(
            "{folder}/plan.toml, line 3, base: the folder of the base `small` holds the plan \
             `tiny`; \
             rename one of them"
        )
    );
    assert_eq!(
        load_plan("chs-drg-9")
            .map(|_| ())
            .expect_err("no plan")
            .to_string(),
        format!(
            "chs-drg-9: there is no such plan; give the path of a plan folder or one of the \
             bundled \
             plans: {known}"
        )
    );
    assert_eq!(
        load_plan("./nowhere")
            .map(|_| ())
            .expect_err("no folder")
            .to_string(),
        format!(
            "./nowhere: there is no such plan; give the path of a plan folder or one of the bundled \
             plans: {known}"
        )
    );
}

#[test]
fn overlays_stand_on_overlays_up_to_a_limit() {
    let layer = |id: usize| {
        let text = format!("id = \"l{id}\"\ntitle = \"L\"\nbase = \"l{}\"\n", id + 1);
        FileSet::in_memory(&format!("l{id}"), files(&[("plan.toml", &text)]))
    };
    let find = |last: usize| {
        move |id: &str| -> Result<Option<FileSet>, Error> {
            let number: usize = id[1..].parse().expect("a number");
            let text = PLAN.replace("small", id);
            let mut bottom = base();
            bottom.insert("plan.toml".to_owned(), Cow::Owned(text.into_bytes()));
            let is_last = number == last;
            Ok(Some(if is_last {
                FileSet::in_memory(id, bottom)
            } else {
                layer(number)
            }))
        }
    };
    let (plan, _) = GroupingPlan::load(&layer(0), &find(7)).expect("a plan");
    assert_eq!((plan.id.as_str(), plan.base.as_deref()), ("l0", Some("l1")));
    let error = GroupingPlan::load(&layer(0), &find(8)).expect_err("too many");
    assert_eq!(
        error.to_string(),
        "l7/plan.toml, line 3, base: more than 8 plans stand on one another; state the \
         differences in \
         fewer overlays"
    );
}

#[test]
fn an_overlay_changes_single_cells_and_keeps_the_rest() {
    let texts = [
        (
            "adrg.csv",
            "change,mdc,order,adrg,name,kind,rule,fallback\nreplace,,5,BR1,,,,-\n",
        ),
        (
            "drg.csv",
            "change,adrg,order,drg,name,rule\nreplace,,,BB11,,mcc or cc\n",
        ),
        (
            "weights.csv",
            "change,drg,weight,origin,source\nreplace,BB11,3,,\nadd,CB19,1,own,here\n",
        ),
    ];
    let (plan, warnings) = overlay(&texts).expect("a plan");
    check_groups(&plan, "BR19 BB11 BB15 CB19");
    let (_, adrg) = plan.find_adrg("BR1").expect("the ADRG");
    assert_eq!(
        (adrg.name.as_str(), adrg.fallback),
        ("出血", NoGroupFallback::Adrg)
    );
    assert_eq!(
        plan.place(adrg.rule.row).to_string(),
        "small/adrg.csv, line 3"
    );
    let (_, _, drg) = plan.find_drg("BB11").expect("the group");
    assert_eq!(
        (drg.name.as_str(), drg.rule.text.as_str()),
        ("开颅一", "mcc or cc")
    );
    assert_eq!(plan.place(drg.rule.row).to_string(), "p/drg.csv, line 2");
    assert_eq!(
        (
            plan.weights.len(),
            plan.weights_by_group()["BB11"].ten_thousandths
        ),
        (3, 30_000)
    );
    let shadow = "small/adrg.csv, line 2, rule: No case can enter `BB1`, because `BR1` (line 3: \
                  true) before it takes every such case. [unreachable_adrg]";
    assert_eq!(warnings, [shadow]);
}

#[test]
fn what_stands_below_something_removed_goes_with_it() {
    let texts = [
        ("mdc.csv", "change,order,mdc,name,gate\nremove,,MDCC,,\n"),
        (
            "adrg.csv",
            "change,mdc,order,adrg,name,kind,rule,fallback\nremove,,,BR1,,,,\n",
        ),
        (
            "lists/c.csv",
            "change,list,code\nremove,CB1.op,\nremove,MDCC.principal,\n",
        ),
    ];
    let (plan, warnings) = overlay(&texts).expect("a plan");
    check_groups(&plan, "BB11 BB15");
    assert_eq!(plan.weights.len(), 1);
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn a_group_can_be_split_again() {
    let texts = [
        (
            "drg.csv",
            "change,adrg,order,drg,name,rule\nremove,,,BR19,,\nadd,BR1,10,BR11,一,mcc\n\
             add,BR1,20,BR15,五,true\n",
        ),
        (
            "adrg.csv",
            "change,mdc,order,adrg,name,kind,rule,fallback\nadd,MDCC,90,CQY,歧义,ambiguous,any_op \
             in BB1.op,\n",
        ),
    ];
    let (plan, _) = overlay(&texts).expect("a plan");
    check_groups(&plan, "BB11 BB15 BR11 BR15 CB19");
    assert_eq!(plan.counts().ambiguous_groups, 1);
    // The weight of the removed group is gone, and nothing was invented for the new ones.
    assert_eq!(plan.weights.len(), 1);
}

#[test]
fn an_overlay_changes_lists_severity_exclusions_and_settings() {
    let mut all = files(&[
        (
            "plan.toml",
            &format!("{OVERLAY}[settings]\nnewborn_days = 30\n[checks]\nsex_missing = \"none\"\n"),
        ),
        (
            "lists/x.csv",
            "change,list,code\nadd,BB1.op,01.9\nremove,BB1.op,01.2\nremove,CB1.op,\n\
             add,CB1.op,99.9\nadd,New.op,1\n",
        ),
        (
            "severity.csv",
            "change,code,level,exclusion_table\nreplace,I10,mcc,7\nreplace,I61,,-\n\
             remove,J96,cc,\nadd,K35,cc,2\n",
        ),
        (
            "exclusions.csv",
            "change,exclusion_table,principal\nreplace,2,I61\nremove,,I62\nadd,7,I10\n",
        ),
    ]);
    let (plan, warnings) = load(all.clone()).expect("a plan");
    assert_eq!(codes_of(&plan, "BB1.op"), ["01.3", "01.9"]);
    assert_eq!(codes_of(&plan, "CB1.op"), ["99.9"]);
    assert_eq!(
        warnings,
        ["p/lists/x.csv, line 6: No rule names the list `New.op`. [unused_list]"]
    );
    let severity: Vec<_> = plan
        .severity
        .iter()
        .map(|row| {
            (
                plan.codes.text(row.code),
                row.level,
                row.exclusion_table.as_deref(),
            )
        })
        .collect();
    let expected = [
        ("I10", Level::Mcc, Some("7")),
        ("I61", Level::Mcc, None),
        ("J96", Level::Mcc, Some("2")),
        ("K35", Level::Cc, Some("2")),
    ];
    assert_eq!(severity, expected);
    let mut exclusions: Vec<_> = plan
        .exclusions
        .iter()
        .map(|row| (plan.codes.text(row.principal), &*row.exclusion_table))
        .collect();
    exclusions.sort_unstable();
    assert_eq!(exclusions, [("I10", "7"), ("I61", "2"), ("J96", "2")]);
    assert_eq!(
        (plan.settings.newborn_days, plan.settings.checks.sex_missing),
        (30, false)
    );
    assert!(plan.settings.checks.age_missing);
    all.remove("lists/x.csv");
    assert!(load(all).is_ok());
}

#[test]
fn an_overlay_says_only_what_its_base_allows() {
    check_overlay_error(
        "mdc.csv",
        "change,order,mdc,name,gate\nadd,30,MDCB,x,true\n",
        "p/mdc.csv, line 2, mdc: the MDC `MDCB` cannot be added, because the base \
         has it; leave it out or use replace",
    );
    for change in ["remove", "replace"] {
        check_overlay_error(
            "drg.csv",
            &format!("change,adrg,order,drg,name,rule\n{change},,,XX11,,\n"),
            "p/drg.csv, line 2, drg: the group `XX11` cannot be changed or removed, because the \
             base \
             does not have it",
        );
    }
    check_overlay_error(
        "drg.csv",
        "change,adrg,order,drg,name,rule\nremove,,,BB11,,mcc\n",
        "p/drg.csv, line 2, rule: a row that removes something states only drg; leave this field \
         empty",
    );
    check_overlay_error(
        "drg.csv",
        "change,adrg,order,drg,name,rule\ndelete,,,BB11,,\n",
        "p/drg.csv, line 2, change: `delete` is not known here; write add, remove or replace",
    );
    check_overlay_error(
        "drg.csv",
        "adrg,order,drg,name,rule\n",
        "p/drg.csv, line 1, change: the column is missing; the columns are change, adrg, order, \
         drg, \
         name, rule",
    );
    check_overlay_error(
        "drg.csv",
        "change,adrg,order,drg,name,rule\nreplace,,,BB11,,cc\nreplace,,,BB11,x,\n",
        "p/drg.csv, line 3, drg: the group `BB11` is already stated in p/drg.csv, line 2; keep \
         one of \
         them",
    );
    check_overlay_error(
        "mdc.csv",
        "change,order,mdc,name,gate\nreplace,10,MDCC,,\n",
        "p/mdc.csv, line 2, order: `MDCC` has the same order as `MDCB` in small/mdc.csv, line 2; \
         which \
         is tried first is not clear",
    );
}

#[test]
fn an_overlay_touches_only_codes_that_are_there() {
    let lists = |row: &str| format!("change,list,code\n{row}\n");
    check_overlay_error(
        "lists/x.csv",
        &lists("add,BB1.op,01.2"),
        "p/lists/x.csv, line 2, code: the code `01.2 of BB1.op` cannot be added, because the base \
         has it; leave it out or use replace",
    );
    check_overlay_error(
        "lists/x.csv",
        &lists("remove,BB1.op,77"),
        "p/lists/x.csv, line 2, code: the code `77 of BB1.op` cannot be changed or removed, \
         because \
         the base does not have it",
    );
    check_overlay_error(
        "lists/x.csv",
        &lists("remove,XX1.op,"),
        "p/lists/x.csv, line 2, list: the list `XX1.op` cannot be changed or removed, because the \
         base \
         does not have it",
    );
    check_overlay_error(
        "lists/x.csv",
        &lists("replace,BB1.op,01.2"),
        "p/lists/x.csv, line 2, list: a row of a list has nothing to replace; remove the one code \
         and \
         add the other",
    );
    check_overlay_error(
        "lists/x.csv",
        &lists("remove,CB1.op,"),
        "small/adrg.csv, line 4, rule: the rule `main_op in CB1.op and not mcc` cannot be used, \
         character 12: the plan has no list `CB1.op`",
    );
    let severity = |row: &str| format!("change,code,level,exclusion_table\n{row}\n");
    check_overlay_error(
        "severity.csv",
        &severity("replace,J96,mcc,1"),
        "p/severity.csv, line 2, code: `J96` has both levels in the base; remove one row and add \
         another",
    );
    check_overlay_error(
        "severity.csv",
        &severity("remove,I10,mcc,"),
        "p/severity.csv, line 2, code: the severity of `I10` cannot be changed or removed, \
         because the \
         base does not have it",
    );
    check_overlay_error(
        "severity.csv",
        &severity("add,I10,cc,"),
        "p/severity.csv, line 2: the severity of `I10` cannot be added, because the base \
         has it; leave it out or use replace",
    );
    check_overlay_error(
        "exclusions.csv",
        "change,exclusion_table,principal\nreplace,1,X99\n",
        "p/exclusions.csv, line 2, principal: the exclusion table of `X99` cannot be changed or \
         removed, because the base does not have it",
    );
}

#[test]
fn oddities_of_published_tables_are_warnings() {
    check_warning(
        "drg.csv",
        ("BB1,10,BB11,开颅一,mcc", "BB1,30,BB11,开颅一,mcc"),
        &[
            "p/drg.csv, line 2, rule: No case can reach the group `BB11`, because `BB15` \
             (line 3: true) before it takes every such case. [unreachable_group]",
        ],
    );
    check_warning(
        "drg.csv",
        ("开颅一,mcc", "开颅一,false"),
        &[
            "p/drg.csv, line 2, rule: No case can reach the group `BB11`, because its rule is \
             never true. \
           [unreachable_group]",
        ],
    );
    check_warning(
        "adrg.csv",
        ("main_op in BB1.op", "main_op in BB1.op and false"),
        &[
            "p/adrg.csv, line 2, rule: No case can enter `BB1`, because its rule is never true. \
             [unreachable_adrg]",
        ],
    );
    check_warning(
        "mdc.csv",
        ("principal in MDCC.principal", "false"),
        &[
            "p/lists/all.csv, line 7: No rule names the list `MDCC.principal`. [unused_list]",
            "p/mdc.csv, line 3, gate: No case can enter `MDCC`, because its gate is never true. \
             [unreachable_mdc]",
        ],
    );
    check_warning(
        "adrg.csv",
        ("出血", ""),
        &["p/adrg.csv, line 3, name: The ADRG `BR1` has no name. [missing_name]"],
    );
    check_warning(
        "lists/all.csv",
        ("01.3", "01.2"),
        &[
            "p/lists/all.csv, line 3: The row says the same as p/lists/all.csv, line 2; remove \
             one of \
           them. [duplicate_row]",
        ],
    );
    check_warning(
        "severity.csv",
        ("J96,mcc,2", "J96,cc,2"),
        &[
            "p/severity.csv, line 5: The row says the same as p/severity.csv, line 4; remove one \
             of \
           them. [duplicate_row]",
        ],
    );
}

proptest! {
    #[test]
    fn no_file_makes_the_loader_panic(
        path in proptest::sample::select(vec![
            "plan.toml", "mdc.csv", "adrg.csv", "drg.csv", "lists/all.csv", "severity.csv",
            "exclusions.csv", "weights.csv",
        ]),
        cut in any::<prop::sample::Index>(),
        noise in proptest::collection::vec(any::<u8>(), 0..20),
        is_overlay in any::<bool>(),
    ) {
        let mut all = base();
        let mut bytes = all[path].to_vec();
        let at = cut.index(bytes.len());
        let end = (at + noise.len() / 2).min(bytes.len());
        bytes.splice(at..end, noise);
        all.insert(path.to_owned(), Cow::Owned(bytes));
        if is_overlay && path != "plan.toml" {
            all.insert("plan.toml".to_owned(), Cow::Borrowed(OVERLAY.as_bytes()));
        }
        let _ = load(all);
    }
}

/// A table of so many rows below its header.
fn many(header: &str, rows: std::ops::RangeInclusive<u32>, row: impl Fn(u32) -> String) -> String {
    let rows = rows.map(|number| row(number) + "\n");
    std::iter::once(format!("{header}\n")).chain(rows).collect()
}

/// The small plan without weights, with other tables in the place of some.
fn with_tables(tables: &[(&str, String)]) -> Result<(), String> {
    let mut all = base();
    all.remove("weights.csv");
    for (path, text) in tables {
        all.insert((*path).to_owned(), Cow::Owned(text.clone().into_bytes()));
    }
    let set = FileSet::in_memory("p", all);
    let loaded = GroupingPlan::load(&set, &find_small);
    loaded.map(|_| ()).map_err(|error| error.to_string())
}

fn refused(place: &str, what: &str) -> Result<(), String> {
    Err(format!(
        "p/{place}: the plan has more than 65533 {what}; make a plan for each part of the cases"
    ))
}

#[test]
fn more_groups_than_can_be_numbered_are_refused_at_the_row_that_goes_beyond() {
    let groups = |most| {
        let row = |n: u32| format!("BB1,{n},BB{n},组,mcc");
        many("adrg,order,drg,name,rule", 1..=most, row)
    };
    // BB1 and CB1 can stand for themselves, so there is room for two groups less.
    assert_eq!(with_tables(&[("drg.csv", groups(65_531))]), Ok(()));
    let refused = refused("drg.csv, line 65533", "groups");
    assert_eq!(with_tables(&[("drg.csv", groups(65_532))]), refused);
}

#[test]
fn more_mdcs_than_can_be_numbered_are_refused() {
    let mdcs = |more| {
        let more = many("", 1..=more, |n| format!("{},M{n},类,true", n + 100));
        format!("{}{}", MDC, &more[1..])
    };
    assert_eq!(with_tables(&[("mdc.csv", mdcs(65_531))]), Ok(()));
    let refused = refused("mdc.csv, line 65535", "MDCs");
    assert_eq!(with_tables(&[("mdc.csv", mdcs(65_532))]), refused);
}

#[test]
fn more_of_severity_than_can_be_numbered_is_refused() {
    let header = "code,level,exclusion_table";
    let alike = |most| many(header, 1..=most, |n| format!("D{n},cc,1"));
    assert_eq!(with_tables(&[("severity.csv", alike(65_533))]), Ok(()));
    let diagnoses = refused("severity.csv, line 65535", "diagnoses that raise severity");
    assert_eq!(with_tables(&[("severity.csv", alike(65_534))]), diagnoses);
    // Each diagnosis has a row of either level, and each row a table of its own.
    let apart = many(header, 1..=65_534, |n| {
        let level = if n % 2 == 0 { "mcc" } else { "cc" };
        format!("D{},{level},T{n}", n / 2)
    });
    let tables = refused("severity.csv, line 65535", "exclusion tables");
    assert_eq!(with_tables(&[("severity.csv", apart)]), tables);
}

#[test]
fn more_classes_of_codes_than_can_be_numbered_are_refused() {
    // Each code stands in two lists of 363, and no two codes in the same two.
    let pairs = |most: usize| {
        let pairs = (0..363).flat_map(|one| (0..one).map(move |other| (one, other)));
        let rows = pairs
            .take(most)
            .map(|(one, other)| format!("L{one},X{one}-{other}\nL{other},X{one}-{other}\n"));
        LISTS.to_owned() + &rows.collect::<String>()
    };
    let lists = |most| [("lists/all.csv", pairs(most))];
    assert_eq!(with_tables(&lists(65_000)), Ok(()));
    let error = with_tables(&lists(65_600)).expect_err("too many classes");
    let refused = "the plan has more than 65533 classes of codes in the same lists; make a plan \
                   for each part of the cases";
    assert!(
        error.starts_with("p/lists/all.csv, line 13") && error.ends_with(refused),
        "{error}"
    );
}
