//! One small bad catalogue for every fault, with its exact message.

use super::{Layer, TreatmentClass, tie_break};
use crate::error::Problem;
use crate::files::FileSet;
use crate::load::LoadedPlan;
use crate::plan::GroupingPlan;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

/// The hand-written example that the tests of other crates load too.
const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/dip-tiny");

type Files = BTreeMap<String, Cow<'static, [u8]>>;

fn tiny() -> Files {
    let files = FileSet::folder(Path::new(TINY)).expect("the example");
    files
        .iter()
        .map(|(path, bytes)| (path.to_owned(), Cow::Owned(bytes.to_vec())))
        .collect()
}

fn load(files: Files) -> Result<LoadedPlan, crate::Error> {
    LoadedPlan::of(FileSet::in_memory("t", files))
}

fn edited(path: &str, old: &str, new: &str) -> Files {
    let mut files = tiny();
    let text = files
        .get(path)
        .map_or("", |bytes| std::str::from_utf8(bytes).expect("UTF-8"));
    assert!(text.contains(old), "{path} has no {old}");
    let text = text.replacen(old, new, 1);
    files.insert(path.to_owned(), Cow::Owned(text.into_bytes()));
    files
}

#[track_caller]
fn check_error(path: &str, (old, new): (&str, &str), message: &str) {
    let error = load(edited(path, old, new)).expect_err("an error");
    assert_eq!(error.to_string(), message);
}

#[track_caller]
fn check_warning((old, new): (&str, &str), expected: &str) {
    let loaded = load(edited("groups.csv", old, new)).expect("a plan");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, [expected]);
}

fn texts_of(plan: &GroupingPlan, list: &str) -> Vec<String> {
    let mut lists = plan.lists.iter();
    let list = lists.find(|known| known.name == list).expect("the list");
    let codes = list.codes.iter();
    let mut texts: Vec<_> = codes
        .map(|(id, _)| plan.codes.text(*id).to_owned())
        .collect();
    texts.sort();
    texts
}

#[test]
fn the_example_is_loaded_without_warnings() {
    let loaded = load(tiny()).expect("the example");
    assert_eq!(loaded.warnings, []);
    let dip = loaded.plan.dip.as_ref().expect("a catalogue");
    assert_eq!(
        (dip.groups.len(), dip.rows.len(), dip.steps.len()),
        (23, 23, 6)
    );
    let class = |code: &str| {
        let group = dip.groups.iter().find(|group| group.code == code);
        group.expect("the group").class
    };
    assert_eq!(class("JC001"), Some(TreatmentClass::Surgery));
    assert_eq!(class("JC004"), Some(TreatmentClass::Diagnostic));
    assert_eq!(class("JC005"), Some(TreatmentClass::Conservative));
    assert_eq!(class("XQ05"), None);
    let stent = &dip.groups[usize::from(dip.rows[9].group)];
    assert_eq!(
        (stent.layer, stent.mean_cost_fen),
        (Layer::Basic, Some(3_000_000))
    );
    assert_eq!(dip.auxiliary.of_group(dip.rows[9].group).len(), 2);
    // The tables that the example leaves out are the shared ones.
    assert_eq!(dip.tie_break.title, "国家 3.0 版：相关手术匹配最多者优先");
    let shared: Vec<&str> = loaded.layers[1].paths().collect();
    assert_eq!(shared, ["cci.csv", "tie-breaks.toml"]);
}

#[test]
fn a_code_is_known_by_the_longest_beginning_that_the_plan_names() {
    let plan = load(tiny()).expect("the example").plan;
    let text = |code: &str| {
        plan.find_code(code)
            .map(|id| plan.codes.text(id).to_owned())
    };
    for (code, known) in [
        ("I25.103", Some("I25.1-")),
        ("I25.800", Some("I25-")),
        ("I25", Some("I25")),
        ("I10", Some("I-")),
        ("R52.900", Some("R52.900")),
        ("R52.901", None),
        ("36.0600", Some("36.0600")),
        ("36.0600x004", Some("36.0600x-")),
        ("36.0601", Some("36.06-")),
        ("33.2400x0011", Some("33.24-")),
        ("", None),
        ("Y", None),
    ] {
        assert_eq!(text(code).as_deref(), known, "{code}");
    }
    assert_eq!(
        texts_of(&plan, "coronary"),
        ["I20", "I20-", "I25", "I25-", "I25.1-", "I25.2-", "I25.5-"]
    );
}

#[test]
fn the_longest_row_decides_the_class_of_a_procedure() {
    let plan = load(tiny()).expect("the example").plan;
    let dip = plan.dip.expect("a catalogue");
    let class = |code| dip.procedure_class(code).map(super::ProcedureClass::word);
    assert_eq!(class("36.0600x004"), Some("interventional"));
    assert_eq!(class("36.1000"), Some("surgery"));
    assert_eq!(class("10.1000"), None);
}

#[test]
fn files_are_checked() {
    let mut files = tiny();
    files.insert("mdc.csv".to_owned(), Cow::Borrowed(b"x"));
    let error = load(files).expect_err("an error").to_string();
    assert!(error.starts_with("t/mdc.csv: no file of this name belongs to a DIP plan; its"));
    let mut files = tiny();
    files.remove("groups.csv");
    let error = load(files).expect_err("an error");
    assert_eq!(error.problem, Problem::FileMissing);
    assert_eq!(error.to_string(), "t/groups.csv: the file is missing");
}

#[test]
fn the_manifest_is_checked() {
    let file = "plan.toml";
    check_error(
        file,
        ("title =", "base = \"x\"\ntitle ="),
        "t/plan.toml, base: a DIP plan stands on no other; state the whole catalogue and leave \
         `base` out",
    );
    check_error(
        file,
        ("[\"merged\"]", "[\"merge\"]"),
        "t/plan.toml, steps.layers: `merge` is not known here; write pre_grouped, merged, \
         auxiliary, basic, comprehensive or fallback",
    );
    check_error(
        file,
        ("[\"merged\"]", "[\"merged\", \"basic\"]"),
        "t/plan.toml, steps.layers: the layer basic stands in 2 steps; it must stand in one",
    );
    check_error(
        file,
        ("national-3.0", "nowhere"),
        "t/plan.toml, tie_break: there is no tie-break `nowhere`; there are national-3.0, hubei, \
         yichang, xiangyang, jingzhou, jining, taian",
    );
    check_error(
        file,
        (
            "interventional_as = \"surgery\"",
            "interventional_as = \"diagnostic\"",
        ),
        "t/plan.toml, settings.interventional_as: `diagnostic` is not known here; write surgery \
         or therapeutic",
    );
    check_error(
        file,
        (
            "unlisted_procedure = \"conservative\"",
            "unlisted_procedure = \"none\"",
        ),
        "t/plan.toml, settings.unlisted_procedure: `none` is not known here; write conservative, \
         diagnostic, therapeutic, interventional or surgery",
    );
    for stay in ["3", "< 3", ">= three", ">=3"] {
        check_error(
            file,
            ("\">= 3\"", &format!("\"{stay}\"")),
            &format!(
                "t/plan.toml, auxiliary.long_stay: `{stay}` is not known here; write such as \
                 `>= 3` or `> 3`"
            ),
        );
    }
    check_error(
        file,
        ("high_cost_share = \"0.5\"", "high_cost_share = \"half\""),
        "t/plan.toml, auxiliary.high_cost_share: `half` is not such a number; write a decimal \
         number that is not negative, with at most 4 decimals",
    );
}

#[track_caller]
fn check_cell(old: &str, new: &str, message: &str) {
    let message = format!("t/groups.csv, line {message}");
    check_error("groups.csv", (old, new), &message);
}

#[test]
fn the_cells_of_groups_are_checked() {
    check_cell(
        "支架植入,basic",
        "支架植入,core",
        "11, layer: `core` is not known here; write pre_grouped, merged, auxiliary, basic, \
         comprehensive or fallback",
    );
    check_cell(
        "basic,I25.1,",
        "basic,,",
        "11, key: the key is missing; only rows of the layers \
         pre_grouped and fallback may take any principal diagnosis",
    );
    for key in ["I2", "i25", "I25||I26", "I25|I25", "I 25"] {
        let bad = key.split('|').find(|part| *part != "I25").unwrap_or("I25");
        check_cell(
            "basic,I25.1,",
            &format!("basic,{key},"),
            &format!(
                "11, key: `{bad}` is no key; a key is what a diagnosis begins with, a category of \
                 three characters or more, several are joined by `|`"
            ),
        );
    }
}

#[test]
fn what_a_row_asks_of_procedures_is_checked() {
    check_cell(
        "36.0600,,",
        "36.0600|,,",
        "11, procedures: a `|` has no code on one side; write codes \
         joined by `|` for or, `+` for and",
    );
    check_cell(
        "00.2400,,",
        "00.2400+,,",
        "12, related: a `+` has no code on one side; write codes \
         joined by `|` for or, `+` for and",
    );
    check_cell(
        "J18.9,,,",
        "J18.9,,36.0600,",
        "16, related: related procedures need procedures; state \
         them or leave this field empty",
    );
    check_cell(
        "I25,*,,surgery",
        "I25,36.0600,,surgery",
        "19, procedures: a row of the layer \
         comprehensive goes by its class; write `*` for its procedures and state its class",
    );
    check_cell(
        "I25,*,,surgery",
        "I25,*,,",
        "19, class: a row of the layer comprehensive goes by its \
         class; write `*` for its procedures and state its class",
    );
    check_cell(
        "I25,*,,surgery",
        "I25,*,,operation",
        "19, class: `operation` is not known here; write \
         conservative, diagnostic, therapeutic or surgery, or nothing",
    );
}

#[test]
fn flags_conditions_and_repeated_groups_are_checked() {
    check_cell(
        "99.9200,,therapeutic,,,yes",
        "99.9200,,therapeutic,,,1",
        "18, tcm: `1` is not known \
         here; write yes or nothing",
    );
    check_cell(
        "any_op in ecmo",
        "any_op in ecm",
        "3, condition: the rule `any_op in ecm` cannot be \
         used, character 11: the plan has no list `ecm`",
    );
    check_cell(
        "any_op in ecmo",
        "mcc",
        "3, condition: a DIP plan has no severity; leave mcc and cc out \
         of the condition",
    );
    check_cell(
        "JC002,冠心病支架植入伴血管内超声",
        "JC001,冠心病支架",
        "12, group: the group `JC001` is \
         described otherwise by t/groups.csv, line 11; its rows must agree in this",
    );
}

#[test]
fn weights_belong_to_groups() {
    let check = |old: &str, new: &str, message: &str| {
        check_error(
            "weights.csv",
            (old, new),
            &format!("t/weights.csv, line {message}"),
        );
    };
    check(
        "JC001",
        "JC999",
        "6, group: the catalogue has no group `JC999`",
    );
    check(
        "JC002",
        "JC001",
        "7, group: `JC001` is stated before by t/weights.csv, line 6; keep one \
         of them",
    );
    check(
        "3.0000,",
        "-3,",
        "6, weight: `-3` is not such a number; write a decimal number that is \
         not negative, with at most 4 decimals",
    );
    check(
        "30000.00",
        "30000.001",
        "6, mean_cost: `30000.001` is not such a number; write a \
         decimal number that is not negative, with at most 2 decimals",
    );
}

#[test]
fn tables_of_codes_are_checked() {
    check_error(
        "excluded-diagnoses.csv",
        ("R52.900,疼痛\n", "R52.900,疼痛\nR52.900,痛\n"),
        "t/excluded-diagnoses.csv, line 3, code: `R52.900` is stated before by \
         t/excluded-diagnoses.csv, line 2; keep one of them",
    );
    let rules = "procedure-rules.csv";
    for new in ["main_in_scope,\n", "not_main,coronary\n"] {
        check_error(
            rules,
            ("main_in_scope,coronary\n", new),
            "t/procedure-rules.csv, line 4, scope: a scope is a list of principal diagnoses; \
             main_in_scope needs one, other rules none",
        );
    }
    check_error(
        rules,
        ("coronary", "heart"),
        "t/procedure-rules.csv, line 4, scope: the plan has no list `heart`",
    );
    check_error(
        rules,
        ("not_main", "no_main"),
        "t/procedure-rules.csv, line 3, rule: `no_main` is not known here; write conservative, \
         not_main or main_in_scope",
    );
    check_error(
        "procedure-classes.csv",
        ("36.06,interventional", "36.06,stent"),
        "t/procedure-classes.csv, line 6, class: `stent` is not known here; write conservative, \
         diagnostic, therapeutic, interventional or surgery",
    );
}

#[test]
fn the_auxiliary_directory_is_checked() {
    check_error(
        "auxiliary-kinds.csv",
        ("age,", "cci,"),
        "t/auxiliary-kinds.csv, line 5, kind: `cci` is stated before by t/auxiliary-kinds.csv, \
         line 2; keep one of them",
    );
    let levels = "auxiliary-levels.csv";
    check_error(
        levels,
        ("age,10", "ages,10"),
        "t/auxiliary-levels.csv, line 2, kind: the auxiliary directory has no kind `ages`; state \
         it in auxiliary-kinds.csv",
    );
    check_error(
        levels,
        ("cci,20", "cci,10"),
        "t/auxiliary-levels.csv, line 4, level: `cci.severe` is stated before by \
         t/auxiliary-levels.csv, line 3; keep one of them",
    );
    check_error(
        levels,
        ("3,4,", "three,4,"),
        "t/auxiliary-levels.csv, line 4, cci_from: `three` is not a whole number from 0 to \
         4294967295",
    );
    check_error(
        levels,
        (",malignant,", ",benign,"),
        "t/auxiliary-levels.csv, line 15, other_category_in: the plan has no list `benign`",
    );
    check_error(
        levels,
        (",treatment\n", ",surgery\n"),
        "t/auxiliary-levels.csv, line 13, high_fee: `surgery` is not known here; write treatment \
         or drug, or nothing",
    );
    let rows = "auxiliary.csv";
    check_error(
        rows,
        ("FZ01,", "FZ09,"),
        "t/auxiliary.csv, line 2, group: the catalogue has no group `FZ09`",
    );
    check_error(
        rows,
        ("FZ01,", "JC008,"),
        "t/auxiliary.csv, line 2, group: the group `JC008` is one of Chinese medicine, which has \
         no auxiliary subtypes",
    );
    check_error(
        rows,
        ("metastasis", "spread"),
        "t/auxiliary.csv, line 2, level: the auxiliary directory has no level `spread`; state it \
         in auxiliary-levels.csv",
    );
    check_error(
        rows,
        ("JC001,icu,short", "JC001,cci,severe"),
        "t/auxiliary.csv, line 4, group: `JC001` is stated before by t/auxiliary.csv, line 3; keep \
         one of them",
    );
    check_error(
        rows,
        ("1.3000", ""),
        "t/auxiliary.csv, line 3, coefficient: the value is missing",
    );
}

#[test]
fn what_is_odd_is_told() {
    check_warning(
        (
            "JC005,冠心病保守治疗,basic,I25.1,,,,,yes,",
            "JC005,冠心病保守治疗,basic,I25.1,36.0600,,,,yes,",
        ),
        "t/groups.csv, line 15: The group JC005 asks for the same as JC001 (t/groups.csv, line \
         11), which is taken where nothing else decides. [equal_rows]",
    );
    let files = edited("plan.toml", "layers = [\"fallback\"]", "layers = []");
    let loaded = load(files).expect("a plan");
    assert_eq!(
        loaded.warnings[0].to_string(),
        "t/groups.csv, line 24: The layer fallback stands in no step of plan.toml, so no case \
         reaches its 1 groups. [layer_without_step]"
    );
    let loaded = load(edited(
        "weights.csv",
        "JC001,3.0000,30000.00,example,\n",
        "",
    ));
    let loaded = loaded.expect("a plan");
    assert_eq!(
        loaded.warnings[0].to_string(),
        "t/weights.csv: 1 groups have no weight. [missing_weight]"
    );
}

#[test]
fn the_bundled_tie_breaks_are_each_named_once() {
    let all = tie_break::bundled().expect("the bundled tie-breaks");
    let by_cost = all
        .iter()
        .filter(|profile| profile.by.contains(&tie_break::Test::NearestMeanCost));
    assert_eq!((all.len(), by_cost.count()), (7, 5));
    let own = "[[profile]]\nid = \"a\"\ntitle = \"A\"\nsource = \"s\"\ncandidates = \"main\"\n\
               require_class = false\nunmatched_surgery_to_comprehensive = false\nby = []\n";
    let mut files = tiny();
    let twice = format!("{own}{own}");
    files.insert("tie-breaks.toml".to_owned(), Cow::Owned(twice.into_bytes()));
    assert_eq!(
        load(files).expect_err("an error").to_string(),
        "t/tie-breaks.toml, profile.id: the tie-break `a` is stated twice; keep one of them"
    );
    let mut files = edited("plan.toml", "national-3.0", "a");
    let odd = own.replace(
        "by = []",
        "by = [\"class_order\"]\nclass_order = [\"core.cutting\"]",
    );
    files.insert("tie-breaks.toml".to_owned(), Cow::Owned(odd.into_bytes()));
    let error = load(files).expect_err("an error").to_string();
    assert!(
        error.contains("`core.cutting` is no sort of groups; write core,"),
        "{error}"
    );
}
