//! The hand-written example: one claim for each thing that the text of the matching order says.

use crate::dip::auxiliary::CaseMoney;
use crate::lookup::LookedUpClaim;
use crate::testing::claim;
use crate::trace::{Decision, Language, trace, trace_with_cost};
use crate::{Grouper, Outcome};
use drgdip_claims::Claim;
use drgdip_tables::dip::tie_break::Test;
use drgdip_tables::{FileSet, GroupingPlan, LoadedPlan};
use std::borrow::Cow;
use std::path::Path;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/dip-tiny");

fn tiny() -> GroupingPlan {
    edited(&[])
}

/// The example with some texts of its `plan.toml` replaced.
fn edited(changes: &[(&str, &str)]) -> GroupingPlan {
    let files = FileSet::folder(Path::new(TINY)).expect("the example");
    let files = files.iter().map(|(path, bytes)| {
        let mut text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        if path == "plan.toml" {
            for (old, new) in changes {
                assert!(text.contains(old), "plan.toml has no {old}");
                text = text.replacen(old, new, 1);
            }
        }
        (path.to_owned(), Cow::Owned(text.into_bytes()))
    });
    LoadedPlan::of(FileSet::in_memory("tiny", files))
        .expect("a plan")
        .plan
}

fn adult(principal: &str, others: &[&str], procedures: &[&str]) -> Claim {
    Claim {
        age_years: Some(50),
        ..claim(principal, others, procedures)
    }
}

fn answer(plan: &GroupingPlan, claim: &Claim) -> String {
    let grouper = Grouper::new(plan);
    let looked_up = LookedUpClaim::new(claim, plan, &grouper);
    let outcome = grouper.group(&looked_up.case()).outcome;
    let traced = trace(plan, claim);
    let group = outcome
        .group()
        .map(|group| grouper.info(group).group.as_str());
    assert_eq!((traced.outcome, traced.group()), (outcome.kind(), group));
    group.unwrap_or(outcome.reason()).to_owned()
}

#[track_caller]
fn check(principal: &str, others: &[&str], procedures: &[&str], expected: &str) {
    let claim = adult(principal, others, procedures);
    assert_eq!(answer(&tiny(), &claim), expected);
}

#[test]
fn the_layers_are_tried_in_their_order() {
    check("R52.900", &[], &["50.5100"], "excluded_principal");
    check("R52.901", &[], &["50.5100"], "XQ01");
    check("I25.103", &[], &["36.0600", "39.6500x001"], "XQ02");
    check("J18.900", &[], &["96.7201"], "XQ04");
    check("J18.900", &[], &["96.7201", "39.9500x007"], "XQ03");
    check("K80.100", &[], &["51.2300", "51.5100"], "BX001");
    check("K80.100", &[], &["51.2300"], "BX002");
    check("K80.500", &[], &["51.2200"], "BX002");
    check("Z51.100", &["C34.100x001"], &["99.2500"], "FZ01");
    check("Z51.100", &["C50.900"], &["99.2500"], "no_treatment");
    check("A15.000", &["U82.000"], &[], "FZ02");
    check("I25.103", &[], &["36.1000"], "ZH001");
    check("I20.000", &[], &["36.0600"], "KB001");
    check("M99.000", &[], &[], "no_key");
    check("K80.100", &[], &[], "no_treatment");
}

#[test]
fn a_row_with_more_related_procedures_is_taken() {
    check("I25.103", &[], &["36.0600x004"], "JC001");
    check("I25.103", &[], &["36.0600", "00.2400"], "JC002");
    check("I25.103", &[], &["36.0600", "00.5900", "00.2400"], "JC003");
    // Related procedures are those beside the main one.
    check("I25.103", &[], &["00.2400", "36.0600"], "ZH001");
}

#[test]
fn procedures_that_cannot_lead_make_room_or_leave_the_case_conservative() {
    check("I25.103", &[], &["38.9300"], "JC005");
    check("I25.103", &[], &["39.9500"], "JC005");
    check("I25.103", &[], &["39.9500", "36.0600"], "JC001");
    check("I25.103", &[], &["88.5600"], "JC004");
    let none = edited(&[(
        "promote_next_procedure = true",
        "promote_next_procedure = false",
    )]);
    let claim = adult("I25.103", &[], &["39.9500", "36.0600"]);
    assert_eq!(answer(&none, &claim), "JC005");
}

#[test]
fn an_entry_takes_its_extensions_and_not_the_other_way() {
    check("J18.900", &[], &["33.2400x001"], "JC007");
    check("J18.900", &[], &["33.2400"], "no_treatment");
    let lenient = edited(&[(
        "base_matches_extensions = false",
        "base_matches_extensions = true",
    )]);
    assert_eq!(
        answer(&lenient, &adult("J18.900", &[], &["33.2400"])),
        "JC007"
    );
    check("J18.900", &[], &["33.2400x0011"], "no_treatment");
    let exact = edited(&[("\"extension\"", "\"exact\"")]);
    assert_eq!(
        answer(&exact, &adult("I25.103", &[], &["36.0600x004"])),
        "ZH001"
    );
    let prefix = edited(&[("\"extension\"", "\"prefix\"")]);
    assert_eq!(
        answer(&prefix, &adult("J18.900", &[], &["33.2400x0011"])),
        "JC007"
    );
}

#[test]
fn what_an_intervention_counts_as_is_a_setting() {
    let therapeutic = edited(&[("\"surgery\"", "\"therapeutic\"")]);
    let claim = adult("I25.500", &[], &["36.0601"]);
    assert_eq!(answer(&tiny(), &claim), "ZH001");
    assert_eq!(answer(&therapeutic, &claim), "ZH002");
}

#[test]
fn light_newborns_are_grouped_first_whatever_they_have() {
    let newborn = |grams| Claim {
        age_years: Some(0),
        age_days: Some(28),
        birth_weight_g: Some(grams),
        ..claim("J18.900", &["P07.000"], &[])
    };
    assert_eq!(answer(&tiny(), &newborn(999)), "XQ05");
    assert_eq!(answer(&tiny(), &newborn(1000)), "JC006");
}

#[test]
fn the_checks_of_the_plan_come_first() {
    let plan = tiny();
    let ageless = Claim {
        age_years: None,
        ..claim("J18.900", &[], &[])
    };
    assert_eq!(answer(&plan, &ageless), "age_missing");
    let without = Claim {
        principal_diagnosis: None,
        ..adult("", &[], &[])
    };
    assert_eq!(answer(&plan, &without), "principal_missing");
}

#[test]
fn the_cost_decides_only_where_the_plan_says_so() {
    // Both rows name one procedure of the case, and nothing is joined.
    let claim = adult("I25.103", &[], &["36.0600", "88.5500"]);
    let decided = |cost_in_grouping: &str, cost| {
        let setting = format!("cost_in_grouping = {cost_in_grouping}");
        let changes = [
            ("national-3.0", "hubei"),
            ("cost_in_grouping = false", setting.as_str()),
        ];
        let plan = edited(&changes);
        let grouper = Grouper::new(&plan);
        let looked_up = LookedUpClaim::new(&claim, &plan, &grouper);
        let outcome = grouper
            .group_with_cost(&looked_up.case(), Some(cost))
            .outcome;
        let traced = trace_with_cost(&plan, &claim, Some(cost));
        let last = traced.catalogue.as_ref().and_then(|walk| walk.steps.last());
        let decision = last.expect("a step").decision;
        let group = outcome
            .group()
            .map(|group| grouper.info(group).group.clone());
        assert_eq!(traced.group().map(str::to_owned), group);
        (group.expect("a group"), decision)
    };
    let by = |test| Decision::Test(test);
    assert_eq!(
        decided("false", 800_000),
        ("JC001".to_owned(), by(Test::ClassOrder))
    );
    assert_eq!(
        decided("true", 800_000),
        ("JC004".to_owned(), by(Test::NearestMeanCost))
    );
    assert_eq!(
        decided("true", 3_000_000),
        ("JC001".to_owned(), by(Test::NearestMeanCost))
    );
}

#[test]
fn a_surgery_that_is_left_over_sends_the_case_to_the_comprehensive_group() {
    let claim = adult("I25.103", &[], &["36.0600", "36.1000"]);
    assert_eq!(answer(&tiny(), &claim), "JC001");
    assert_eq!(
        answer(&edited(&[("national-3.0", "yichang")]), &claim),
        "ZH001"
    );
}

/// The subtype of a case, as kind and level, by its coefficient.
fn subtype(plan: &GroupingPlan, claim: &Claim, money: &CaseMoney) -> Option<(String, i64)> {
    let grouper = Grouper::new(plan);
    let looked_up = LookedUpClaim::new(claim, plan, &grouper);
    let Outcome::Grouped(group) = grouper.group(&looked_up.case()).outcome else {
        panic!("a group");
    };
    let found = grouper.subtype(&looked_up.case(), group, money)?;
    let dip = plan.dip.as_ref().expect("a catalogue");
    let kind = &dip.auxiliary.kinds[usize::from(found.kind)];
    let level = &kind.levels[usize::from(found.level)];
    Some((format!("{}.{}", kind.name, level.name), found.coefficient))
}

fn is(name: &str, coefficient: i64) -> Option<(String, i64)> {
    Some((name.to_owned(), coefficient))
}

#[test]
fn of_several_subtypes_the_highest_coefficient_counts() {
    let (plan, money) = (tiny(), CaseMoney::default());
    let old = Claim {
        age_years: Some(65),
        ..adult("J18.900", &["A41.900"], &[])
    };
    assert_eq!(subtype(&plan, &old, &money), is("age.elderly", 11_000));
    let stays = |days| Claim {
        stay_days: Some(days),
        ..old.clone()
    };
    assert_eq!(
        subtype(&plan, &stays(3), &money),
        is("non_tumour.severe", 18_000)
    );
    assert_eq!(subtype(&plan, &stays(2), &money), is("age.elderly", 11_000));
    let longer = edited(&[("\">= 3\"", "\"> 3\"")]);
    assert_eq!(
        subtype(&longer, &stays(3), &money),
        is("age.elderly", 11_000)
    );
    assert_eq!(
        subtype(&longer, &stays(4), &money),
        is("non_tumour.severe", 18_000)
    );
    // Death comes before the severe level, and the group has no subtype for it.
    let died = Claim {
        discharge_way: Some("5".to_owned()),
        age_years: Some(64),
        ..stays(9)
    };
    assert_eq!(subtype(&plan, &died, &money), None);
}

#[test]
fn the_comorbidity_index_counts_each_class_of_the_other_diagnoses_once() {
    let (plan, money) = (tiny(), CaseMoney::default());
    let of = |principal: &str, others: &[&str]| {
        subtype(&plan, &adult(principal, others, &["36.0600"]), &money)
    };
    let severe = is("cci.severe", 13_000);
    assert_eq!(of("I25.103", &["I50.900", "E11.900", "J44.900"]), severe);
    assert_eq!(of("I25.103", &["I50.900", "E11.900", "E10.900"]), None);
    assert_eq!(of("I25.103", &["I50.900", "N18.000"]), severe);
    assert_eq!(of("I25.103", &["C34.100", "C50.900"]), None);
    assert_eq!(of("I25.103", &["C78.000"]), None);
    let grouper = Grouper::new(&plan);
    let claim = adult("I25.103", &["C78.000"], &["36.0600"]);
    let looked_up = LookedUpClaim::new(&claim, &plan, &grouper);
    let levels = grouper.subtype_levels(&looked_up.case(), &money);
    assert_eq!(levels, [Some(0), None, Some(3), None, None]);
}

#[test]
fn hours_in_intensive_care_are_bands() {
    let plan = tiny();
    for (hours, expected) in [
        (47, None),
        (48, is("icu.short", 16_000)),
        (191, is("icu.short", 16_000)),
        (192, None),
    ] {
        let claim = Claim {
            icu_hours: Some(hours),
            ..adult("I25.103", &[], &["36.0600"])
        };
        assert_eq!(
            subtype(&plan, &claim, &CaseMoney::default()),
            expected,
            "{hours}"
        );
    }
}

#[test]
fn a_high_cost_comes_before_a_metastasis_of_another_category() {
    // A principal diagnosis of the tumour itself, so that the kind applies.
    let plan = edited(&[]);
    let grouper = Grouper::new(&plan);
    let level = |others: &[&str], days, money: CaseMoney| {
        let claim = Claim {
            stay_days: Some(days),
            ..adult("C34.100", others, &[])
        };
        let looked_up = LookedUpClaim::new(&claim, &plan, &grouper);
        let level = grouper.subtype_levels(&looked_up.case(), &money)[1];
        let dip = plan.dip.as_ref().expect("a catalogue");
        let name = |level| {
            dip.auxiliary.kinds[1].levels[usize::from(level)]
                .name
                .clone()
        };
        level.map(name).unwrap_or_default()
    };
    let none = CaseMoney::default();
    assert_eq!(level(&["C78.000"], 3, none), "metastasis");
    assert_eq!(level(&["C78.000"], 2, none), "other");
    assert_eq!(level(&["C34.900"], 9, none), "other");
    let costs = |cost, treatment, drug| CaseMoney {
        cost: Some(cost),
        standard: Some(1_000_000),
        treatment: Some(treatment),
        drug: Some(drug),
    };
    assert_eq!(
        level(&["C78.000"], 3, costs(3_000_000, 1_500_000, 0)),
        "high_treatment"
    );
    assert_eq!(
        level(&["C78.000"], 3, costs(3_000_000, 1_499_999, 1_500_000)),
        "high_drug"
    );
    assert_eq!(
        level(&["C78.000"], 3, costs(2_999_999, 2_000_000, 0)),
        "metastasis"
    );
}

#[test]
fn the_trace_says_layer_candidates_tie_break_and_what_is_left() {
    let plan = tiny();
    let claim = adult(
        "I25.103",
        &[],
        &["36.0600x004", "00.2400", "99.9900", "38.9300"],
    );
    let lines = trace(&plan, &claim).lines(Language::English);
    assert_eq!(
        lines[2..],
        [
            "Procedure 36.0600x004: surgery, the main one",
            "Procedure 00.2400: diagnostic",
            "Procedure 99.9900: therapeutic",
            "Procedure 38.9300: conservative, counts as none (tiny/procedure-rules.csv, line 2)",
            "Treatment: surgery",
            "Layer pre_grouped: no row takes the case",
            "Layer merged: no row takes the case",
            "Layer auxiliary: no row takes the case",
            "Layer basic: 2 rows take the case",
            "  JC001 冠心病支架植入 (tiny/groups.csv, line 11)",
            "  JC002 冠心病支架植入伴血管内超声 (tiny/groups.csv, line 12)",
            "  taken: JC002, by the tie-break most_related (the most related procedures)",
            "  matched procedures: 36.0600x004 00.2400",
            "  unmatched procedures: 99.9900",
            "Outcome: JC002 冠心病支架植入伴血管内超声 — grouped by a group row [group_rule] \
             (tiny/groups.csv, line 12)",
        ]
    );
    let chinese = trace(&plan, &claim).lines(Language::Chinese);
    assert!(
        chinese.contains(&"  取 JC002：按择优规则 most_related（匹配的相关手术最多）".to_owned())
    );
}
