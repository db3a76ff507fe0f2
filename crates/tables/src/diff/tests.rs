//! Small plans that differ in one thing.

use super::{PlanDiff, RowKind, diff};
use crate::files::FileSet;
use crate::plan::GroupingPlan;
use std::borrow::Cow;
use std::collections::BTreeMap;

const PLAN: &str = r#"id = "p"
title = "P"

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

const FILES: &[(&str, &str)] = &[
    ("plan.toml", PLAN),
    (
        "mdc.csv",
        "order,mdc,name,gate\n\
         10,MDCB,神经,principal in MDCB.principal\n\
         20,MDCC,眼,principal in MDCC.principal\n",
    ),
    (
        "adrg.csv",
        "mdc,order,adrg,name,kind,rule,fallback\n\
         MDCB,10,BB1,开颅,surgical,main_op in BB1.op and age_days > 28,\n\
         MDCB,20,BC1,引流,surgical,main_op in BC1.op,\n\
         MDCB,30,BR1,出血,medical,true,\n\
         MDCC,10,CB1,玻璃体,surgical,main_op in CB1.op,\n",
    ),
    (
        "drg.csv",
        "adrg,order,drg,name,rule\n\
         BB1,10,BB11,开颅一,mcc\n\
         BB1,20,BB15,开颅五,true\n\
         BC1,10,BC19,引流九,true\n\
         BR1,10,BR19,出血九,true\n\
         CB1,10,CB19,玻璃体九,true\n",
    ),
    (
        "lists/all.csv",
        "list,code\n\
         BB1.op,01.2\n\
         BB1.op,01.3\n\
         BC1.op,02.1\n\
         CB1.op,14.7\n\
         MDCB.principal,I61\n\
         MDCB.principal,I62\n\
         MDCC.principal,H33\n",
    ),
    (
        "severity.csv",
        "code,level,exclusion_table\nI10,cc,\nI61,mcc,1\nI62,mcc,1\nJ96,cc,2\n",
    ),
    (
        "exclusions.csv",
        "exclusion_table,principal\n1,I61\n1,I62\n2,J96\n",
    ),
    (
        "weights.csv",
        "drg,weight,origin,source\nBB11,2.5,x,y\nBR19,1,x,y\n",
    ),
];

/// The plan with texts replaced in its files, one replacement after the other.
fn plan(edits: &[(&str, &str, &str)]) -> GroupingPlan {
    let mut files: BTreeMap<&str, String> = FILES
        .iter()
        .map(|(path, text)| (*path, (*text).to_owned()))
        .collect();
    for (path, old, new) in edits {
        let text = files.get_mut(path).expect("a file of the plan");
        assert!(text.contains(old), "{path} has no `{old}`");
        *text = text.replace(old, new);
    }
    let files = files
        .into_iter()
        .map(|(path, text)| (path.to_owned(), Cow::Owned(text.into_bytes())));
    let set = FileSet::in_memory("p", files);
    let loaded = GroupingPlan::load(&set, &|_| Ok(None));
    loaded.unwrap_or_else(|error| panic!("{error}")).0
}

/// What the edits change.
fn changed(edits: &[(&str, &str, &str)]) -> PlanDiff {
    diff(&plan(&[]), &plan(edits))
}

/// What differs, as the fields that are not empty.
#[track_caller]
fn check_fields(difference: &PlanDiff, fields: &[&str]) {
    let value = serde_json::to_value(difference).expect("plain data");
    let is_filled = |value: &serde_json::Value| match value {
        serde_json::Value::Array(items) => !items.is_empty(),
        serde_json::Value::Object(parts) => parts
            .values()
            .any(|part| part.as_array().is_some_and(|items| !items.is_empty())),
        _ => false,
    };
    let all = value.as_object().expect("fields").iter();
    let mut filled: Vec<&str> = all
        .filter(|(_, value)| is_filled(value))
        .map(|(field, _)| field.as_str())
        .collect();
    filled.sort_unstable();
    assert_eq!(filled, fields);
    assert_eq!(difference.is_empty(), fields.is_empty());
}

#[test]
fn plans_that_mean_the_same_do_not_differ() {
    check_fields(&changed(&[]), &[]);
    let renamed_lists = [
        ("lists/all.csv", "BB1.op", "Skull.op"),
        ("adrg.csv", "BB1.op", "Skull.op"),
    ];
    check_fields(&changed(&renamed_lists), &[]);
    let other_words = [(
        "adrg.csv",
        "main_op in BB1.op and age_days > 28",
        "age_days >= 29 and (main_op in BB1.op and true)",
    )];
    check_fields(&changed(&other_words), &[]);
    let other_numbers = [
        ("severity.csv", "mcc,1", "mcc,77"),
        ("exclusions.csv", "1,I6", "77,I6"),
    ];
    check_fields(&changed(&other_numbers), &[]);
    let other_steps = [("mdc.csv", "20,MDCC", "700,MDCC")];
    check_fields(&changed(&other_steps), &[]);
}

#[test]
fn settings_are_told_by_their_key() {
    let difference = changed(&[
        ("plan.toml", "newborn_days = 28", "newborn_days = 30"),
        ("plan.toml", "\"adrg\"", "\"continue\""),
        (
            "plan.toml",
            "sex_missing = \"invalid\"",
            "sex_missing = \"none\"",
        ),
    ]);
    // That every ADRG now falls back otherwise is the setting and nothing else.
    check_fields(&difference, &["settings"]);
    let told: Vec<_> = difference
        .settings
        .iter()
        .map(|change| (change.key, change.before.as_str(), change.after.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("settings.no_group_fallback", "adrg", "continue"),
            ("settings.newborn_days", "28", "30"),
            ("checks.sex_missing", "invalid", "none"),
        ]
    );
}

#[test]
fn rows_come_go_move_and_change_their_names() {
    let difference = changed(&[
        (
            "adrg.csv",
            "MDCB,20,BC1,引流,surgical",
            "MDCC,20,BC1,外引流,medical",
        ),
        ("drg.csv", "BR19,出血九", "BR19,出 血九"),
        (
            "adrg.csv",
            "CB1,玻璃体,surgical,main_op in CB1.op,",
            "CB1,玻璃体,surgical,main_op in CB1.op,continue",
        ),
    ]);
    check_fields(&difference, &["adrgs", "groups"]);
    let moved: Vec<_> = difference
        .adrgs
        .moved
        .iter()
        .map(|row| {
            (
                row.code.as_str(),
                row.what,
                row.before.as_str(),
                row.after.as_str(),
            )
        })
        .collect();
    assert_eq!(
        moved,
        [
            ("CB1", "fallback", "adrg", "continue"),
            ("BC1", "parent", "MDCB", "MDCC"),
            ("BC1", "kind", "surgical", "medical"),
        ]
    );
    let [renamed] = &difference.adrgs.renamed[..] else {
        panic!("one ADRG has another name")
    };
    assert_eq!(
        (renamed.after.as_str(), renamed.only_form),
        ("外引流", false)
    );
    assert!(difference.groups.renamed[0].only_form);
    assert!(difference.adrgs.reordered.is_empty());
}

#[test]
fn beginnings_of_codes_are_compared_by_their_lists() {
    let starts = ("adrg.csv", "main_op in BB1.op", "main_op starts BB1.op");
    let other = ("lists/all.csv", "BB1.op,01.2", "BB1.op,01.4");
    check_fields(&changed(&[starts]), &["rules"]);
    check_fields(&diff(&plan(&[starts]), &plan(&[starts])), &[]);
    let difference = diff(&plan(&[starts]), &plan(&[starts, other]));
    check_fields(&difference, &["lists"]);
    let [list] = &difference.lists[..] else {
        panic!("one list")
    };
    assert_eq!(list.scopes, ["main_op starts"]);
    assert_eq!(
        (&list.added[..], &list.removed[..]),
        (&["01.4".to_owned()][..], &["01.2".to_owned()][..],)
    );
}

#[test]
fn the_fewest_rows_explain_another_order() {
    let difference = changed(&[("adrg.csv", "MDCB,30,BR1", "MDCB,5,BR1")]);
    check_fields(&difference, &["adrgs"]);
    let [reordered] = &difference.adrgs.reordered[..] else {
        panic!("one ADRG is tried earlier")
    };
    assert_eq!(reordered.code, "BR1");
    assert_eq!(
        (reordered.before.as_deref(), reordered.after.as_deref()),
        (Some("BC1"), None)
    );
}

#[test]
fn an_adrg_that_is_split_otherwise_shows_both_ways() {
    let difference = changed(&[
        (
            "drg.csv",
            "BR1,10,BR19,出血九,true",
            "BR1,10,BR11,出血一,mcc\nBR1,20,BR15,出血五,true",
        ),
        ("weights.csv", "BR19", "BR15"),
    ]);
    check_fields(&difference, &["groups", "splits", "weights"]);
    let [split] = &difference.splits[..] else {
        panic!("one ADRG")
    };
    let codes = |groups: &[super::SplitGroup]| {
        let codes = groups
            .iter()
            .map(|group| format!("{} {}", group.group, group.rule));
        codes.collect::<Vec<_>>()
    };
    assert_eq!(split.adrg, "BR1");
    assert_eq!(codes(&split.before), ["BR19 true"]);
    assert_eq!(codes(&split.after), ["BR11 mcc", "BR15 true"]);
    let gone: Vec<&str> = difference
        .groups
        .removed
        .iter()
        .map(|row| row.code.as_str())
        .collect();
    assert_eq!(gone, ["BR19"]);
    assert_eq!(difference.weights.added[0].group, "BR15");
    assert_eq!(difference.weights.removed[0].group, "BR19");
}

#[test]
fn another_rule_is_told_with_the_codes_it_gains_and_loses() {
    let difference = changed(&[(
        "adrg.csv",
        "main_op in BC1.op",
        "any_op in CB1.op and not main_op in BB1.op",
    )]);
    let [rule] = &difference.rules[..] else {
        panic!("one rule")
    };
    assert_eq!(
        (rule.row.kind, rule.row.code.as_str()),
        (RowKind::Adrg, "BC1")
    );
    assert_eq!(rule.before, "main_op in BC1.op");
    // What a rule keeps out is not what it wants.
    assert_eq!(
        (&rule.added[..], &rule.removed[..]),
        (&["14.7".to_owned()][..], &["02.1".to_owned()][..])
    );
}

#[test]
fn codes_that_change_their_list_are_told_as_moved() {
    let difference = changed(&[("lists/all.csv", "BB1.op,01.3", "BC1.op,01.3")]);
    check_fields(&difference, &["lists", "moves"]);
    let told: Vec<_> = difference
        .lists
        .iter()
        .map(|list| {
            (
                list.lists.concat(),
                list.added.concat(),
                list.removed.concat(),
            )
        })
        .collect();
    let owned = |texts: [&str; 3]| {
        let [list, added, removed] = texts.map(str::to_owned);
        (list, added, removed)
    };
    assert_eq!(
        told,
        [owned(["BB1.op", "", "01.3"]), owned(["BC1.op", "01.3", ""])]
    );
    let [moved] = &difference.moves[..] else {
        panic!("one move")
    };
    assert_eq!(moved.kind, RowKind::Adrg);
    assert_eq!(
        (moved.from.concat(), moved.to.concat()),
        ("BB1".to_owned(), "BC1".to_owned())
    );
    assert_eq!(moved.codes, ["01.3"]);
}

#[test]
fn a_list_of_many_rules_is_told_once() {
    let shared = ("adrg.csv", "main_op in CB1.op", "main_op in BC1.op");
    let before = plan(&[shared]);
    let after = plan(&[
        shared,
        ("lists/all.csv", "BC1.op,02.1", "BC1.op,02.1\nBC1.op,02.2"),
    ]);
    let difference = diff(&before, &after);
    let [list] = &difference.lists[..] else {
        panic!("one list: {:?}", difference.lists)
    };
    let rows: Vec<&str> = list.rows.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(rows, ["BC1", "CB1"]);
    assert_eq!(list.added, ["02.2"]);
    assert_eq!(list.scopes, ["main_op"]);
}

#[test]
fn severity_and_exclusions_are_compared_by_content() {
    let difference = changed(&[
        ("severity.csv", "I10,cc,", "I11,cc,"),
        ("severity.csv", "J96,cc,2", "J96,mcc,2"),
        ("exclusions.csv", "1,I62", "1,I63"),
    ]);
    check_fields(&difference, &["severity"]);
    let severity = &difference.severity;
    assert_eq!(severity.added[0].code, "I11");
    assert_eq!(severity.removed[0].code, "I10");
    let [level] = &severity.levels[..] else {
        panic!("one level")
    };
    assert_eq!(
        (level.code.as_str(), level.before, level.after),
        ("J96", "cc", "mcc")
    );
    let [exclusion] = &severity.exclusions[..] else {
        panic!("both diagnoses changed alike")
    };
    assert_eq!(exclusion.codes, ["I61", "I62"]);
    assert_eq!(
        (exclusion.added.concat(), exclusion.removed.concat()),
        ("I63".to_owned(), "I62".to_owned())
    );
}

#[test]
fn weights_are_told_in_ten_thousandths() {
    let difference = changed(&[("weights.csv", "BB11,2.5", "BB11,2.0001")]);
    check_fields(&difference, &["weights"]);
    let [weight] = &difference.weights.changed[..] else {
        panic!("one weight")
    };
    assert_eq!((weight.before, weight.after), (25_000, 20_001));
}

#[test]
fn the_transcription_differs_from_the_print_in_what_its_list_of_differences_says() {
    let [print, transcription] = ["chs-drg-1.1", "chs-drg-1.1-opendrg"].map(|id| {
        let loaded = crate::load_plan(id).unwrap_or_else(|error| panic!("{error}"));
        loaded.plan
    });
    let difference = diff(&print, &transcription);
    check_fields(
        &difference,
        &["adrgs", "groups", "lists", "rules", "settings", "severity"],
    );
    let lists: Vec<String> = difference
        .lists
        .iter()
        .map(|list| {
            format!(
                "{}: {} {}",
                list.lists[0],
                list.added.len(),
                list.removed.len()
            )
        })
        .collect();
    assert_eq!(
        lists,
        [
            "MDCD.principal: 2 0",
            "FM1.op: 1 0",
            "FM3.op: 2 0",
            "LL1.op: 1 0"
        ]
    );
    assert_eq!(difference.groups.renamed.len(), 8);
    assert!(difference.groups.renamed.iter().all(|row| row.only_form));
    assert_eq!(difference.rules[0].row.code, "PV1");
    assert_eq!(difference.rules[0].removed.len(), 448);
    assert_eq!(difference.severity.exclusions[0].codes, ["J68.200"]);
    assert_eq!(difference.adrgs.reordered.len(), 1);
}
