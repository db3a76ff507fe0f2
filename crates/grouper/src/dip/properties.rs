//! The compiled DIP grouper, the trace and the plain second grouper on generated catalogues.

use super::reference::{Answer, Reference};
use crate::Grouper;
use crate::lookup::LookedUpClaim;
use crate::trace::trace_with_cost;
use drgdip_claims::{Claim, Sex};
use drgdip_tables::dip::tie_break;
use drgdip_tables::{FileSet, GroupingPlan, LoadedPlan};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::borrow::Cow;
use std::fmt::Write;

const KEYS: [&str; 8] = [
    "A00",
    "A00.1",
    "A00.12",
    "A00.100",
    "B10",
    "B10.2",
    "A00.1|B10",
    "B10.2|A00",
];
const ENTRIES: [&str; 7] = [
    "10.10",
    "10.10x001",
    "20.20",
    "20.20x002",
    "30.30",
    "40.4",
    "40.40",
];
const CLAIM_DIAGNOSES: [&str; 11] = [
    "A00", "A00.1", "A00.100", "A00.123", "A00.9", "B10", "B10.200", "B10.x00", "C20.1", "C30", "?",
];
const CLAIM_PROCEDURES: [&str; 10] = [
    "10.10",
    "10.10x001",
    "10.10x003",
    "20.20",
    "20.20x002",
    "30.30",
    "30.30x001",
    "40.40",
    "40.41",
    "50.50",
];
const LAYERS: [&str; 6] = [
    "pre_grouped",
    "merged",
    "auxiliary",
    "basic",
    "comprehensive",
    "fallback",
];
const CLASSES: [&str; 4] = ["conservative", "diagnostic", "therapeutic", "surgery"];
const CONDITIONS: [&str; 8] = [
    "",
    "",
    "",
    "",
    "age_days < 29",
    "any_dx in D and not main_op in P",
    "sex = male or stay_days >= 3",
    "other_op in P",
];

/// Alternatives joined by `|`, their codes by `+`.
fn expression() -> impl Strategy<Value = String> {
    let alternative = vec(select(ENTRIES.to_vec()), 1..3).prop_map(|codes| codes.join("+"));
    vec(alternative, 1..3).prop_map(|alternatives| alternatives.join("|"))
}

/// A row without its group, as text.
fn row() -> impl Strategy<Value = String> {
    let layer = select(vec![
        "pre_grouped",
        "merged",
        "auxiliary",
        "basic",
        "basic",
        "basic",
        "comprehensive",
        "fallback",
    ]);
    let cells = (
        select(KEYS.to_vec()),
        option::weighted(0.8, expression()),
        option::weighted(0.3, expression()),
        option::weighted(0.3, select(CLASSES.to_vec())),
        select(CONDITIONS.to_vec()),
        (any::<bool>(), any::<bool>(), select(CLASSES.to_vec())),
    );
    (layer, cells).prop_map(
        |(layer, (key, procedures, related, class, condition, flags))| {
            let (is_any, is_primary_care, needed) = flags;
            let is_open = matches!(layer, "pre_grouped" | "fallback");
            let key = if is_open && is_any { "" } else { key };
            let any = || if is_any { "*" } else { "" }.to_owned();
            let (procedures, related, class) = match (layer, procedures) {
                ("comprehensive", _) => ("*".to_owned(), String::new(), needed),
                (_, Some(procedures)) => (
                    procedures,
                    related.unwrap_or_default(),
                    class.unwrap_or_default(),
                ),
                (_, None) => (any(), String::new(), class.unwrap_or_default()),
            };
            let primary_care = if is_primary_care { "yes" } else { "" };
            format!("{layer},{key},{procedures},{related},{class},{condition},{primary_care},")
        },
    )
}

/// The settings of a plan and its steps.
fn manifest() -> impl Strategy<Value = String> {
    let profiles = tie_break::bundled().expect("the bundled tie-breaks");
    let ids: Vec<String> = profiles.into_iter().map(|profile| profile.id).collect();
    let steps = (
        any::<bool>(),
        subsequence(LAYERS.to_vec(), 3..=6),
        vec(any::<bool>(), 6),
    );
    let settings = (
        select(vec!["surgery", "therapeutic"]),
        select(vec!["conservative", "diagnostic", "surgery"]),
        select(vec!["largest", "main"]),
        select(vec!["exact", "extension", "prefix"]),
        (any::<bool>(), any::<bool>(), any::<bool>()),
    );
    (select(ids), steps, settings).prop_map(|(id, (are_pooled, layers, first), settings)| {
        let (intervention, unlisted, class_of, matching, flags) = settings;
        let (base, promote, cost) = flags;
        let mut text = format!(
            "id = \"t\"\ntitle = \"T\"\nkind = \"dip\"\ntie_break = \"{id}\"\n[settings]\n\
             interventional_as = \"{intervention}\"\nunlisted_procedure = \"{unlisted}\"\n\
             class_of = \"{class_of}\"\nprocedure_match = \"{matching}\"\n\
             base_matches_extensions = {base}\npromote_next_procedure = {promote}\n\
             cost_in_grouping = {cost}\nnewborn_days = 28\n[checks]\nsex_missing = \"none\"\n\
             age_missing = \"none\"\nage_0_without_days = \"none\"\n\
             newborn_without_weight = \"none\"\nprincipal_missing = \"none\"\n"
        );
        let is_in = |layer: &&&str| matches!(**layer, "basic" | "comprehensive");
        let pooled: Vec<&str> = match are_pooled {
            true => layers.iter().filter(is_in).copied().collect(),
            false => Vec::new(),
        };
        for (layer, is_first) in layers.iter().zip(first) {
            let layers = match pooled.first() {
                Some(one) if one == layer => pooled.join("\", \""),
                Some(_) if pooled.contains(layer) => continue,
                _ => (*layer).to_owned(),
            };
            let choose = if is_first { "first" } else { "tie_break" };
            write!(
                text,
                "[[steps]]\nlayers = [\"{layers}\"]\nchoose = \"{choose}\"\n"
            )
            .expect("a text grows");
        }
        text
    })
}

prop_compose! {
    fn plan()(
        manifest in manifest(),
        rows in vec((row(), option::of(0u32..4), option::of(0u32..4)), 0..24),
        excluded in subsequence(CLAIM_DIAGNOSES.to_vec(), 0..=2),
        rules in vec(select(vec!["conservative,", "not_main,", "main_in_scope,D"]), 10),
        ruled in subsequence(CLAIM_PROCEDURES.to_vec(), 0..=3),
        classes in vec(select(vec!["diagnostic", "therapeutic", "interventional", "surgery"]), 6),
        lists in (subsequence(KEYS[..6].to_vec(), 1..=3), subsequence(ENTRIES.to_vec(), 1..=3)),
    ) -> GroupingPlan {
        let mut groups = "group,name,layer,key,procedures,related,class,condition,primary_care,tcm\n"
            .to_owned();
        let mut weights = "group,weight,mean_cost,origin,source\n".to_owned();
        for (number, (row, weight, mean)) in rows.iter().enumerate() {
            writeln!(groups, "G{number},N,{row}").expect("a text grows");
            if let Some(weight) = weight {
                let mean = mean.map_or(String::new(), |mean| mean.to_string());
                writeln!(weights, "G{number},{weight},{mean},,").expect("a text grows");
            }
        }
        let table = |head: &str, rows: Vec<String>| format!("{head}\n{}", rows.concat());
        let lines = |list: &str, codes: &[&str]| -> Vec<String> {
            codes.iter().map(|code| format!("{list},{code}\n")).collect()
        };
        let begins = ["1", "10.10x", "2", "30.30", "40.4", "40.40"];
        let classes = begins.iter().zip(classes).map(|(code, class)| format!("{code},{class}\n"));
        let ruled = ruled.iter().zip(rules).map(|(code, rule)| format!("{code},N,{rule}\n"));
        let excluded = excluded.iter().map(|code| format!("{code},N\n"));
        let mut listed = lines("D", &lists.0);
        listed.extend(lines("P", &lists.1));
        let files = [
            ("plan.toml", manifest),
            ("groups.csv", groups),
            ("weights.csv", weights),
            ("procedure-classes.csv", table("code,class", classes.collect())),
            ("procedure-rules.csv", table("code,name,rule,scope", ruled.collect())),
            ("excluded-diagnoses.csv", table("code,name", excluded.collect())),
            ("lists/all.csv", table("list,code", listed)),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), Cow::Owned(text.into_bytes())));
        LoadedPlan::of(FileSet::in_memory("t", files)).expect("a plan").plan
    }
}

fn codes(of: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    vec(select(of.to_vec()).prop_map(str::to_owned), 0..most)
}

prop_compose! {
    fn claim()(
        sex in option::of(select(vec![Sex::Male, Sex::Female])),
        numbers in (option::of(27i64..31), option::of(1i64..5)),
        principal in option::weighted(0.95, select(CLAIM_DIAGNOSES.to_vec())),
        main in option::weighted(0.8, select(CLAIM_PROCEDURES.to_vec())),
        diagnoses in codes(&CLAIM_DIAGNOSES, 3),
        procedures in codes(&CLAIM_PROCEDURES, 4),
        cost in option::of(0i64..500),
    ) -> (Claim, Option<i64>) {
        let claim = Claim {
            case_id: "1".to_owned(),
            sex,
            age_years: Some(1),
            age_days: numbers.0,
            birth_weight_g: None,
            stay_days: numbers.1,
            icu_hours: None,
            ventilator_hours: None,
            discharge_way: None,
            department: None,
            principal_diagnosis: principal.map(str::to_owned),
            other_diagnoses: diagnoses,
            main_procedure: main.map(str::to_owned),
            other_procedures: procedures,
            new_tech: false,
        };
        (claim, cost)
    }
}

fn fast(grouper: &Grouper, plan: &GroupingPlan, (claim, cost): &(Claim, Option<i64>)) -> Answer {
    let looked_up = LookedUpClaim::new(claim, plan, grouper);
    let grouping = grouper.group_with_cost(&looked_up.case(), *cost);
    let group = grouping
        .outcome
        .group()
        .map(|group| grouper.info(group).group.clone());
    (grouping.outcome.reason(), group)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_fast_grouper_the_trace_and_the_plain_one_agree(
        plan in plan(),
        claims in vec(claim(), 40),
    ) {
        let grouper = Grouper::new(&plan);
        let catalogue = plan.dip.as_deref().expect("a catalogue");
        for case in &claims {
            let (claim, cost) = case;
            let reference = Reference { plan: &plan, catalogue, claim, cost: *cost };
            let expected = reference.group();
            prop_assert_eq!(&fast(&grouper, &plan, case), &expected, "{:?} {:?}", claim, catalogue);
            let trace = trace_with_cost(&plan, claim, *cost);
            let traced = (trace.outcome.reason(), trace.group().map(str::to_owned));
            prop_assert_eq!(&traced, &expected, "{:?} {:?}", claim, catalogue);
        }
    }

    #[test]
    fn the_order_of_other_codes_and_the_cost_decide_nothing_unless_the_plan_says_so(
        plan in plan(),
        case in claim(),
    ) {
        let grouper = Grouper::new(&plan);
        let options = &plan.dip.as_deref().expect("a catalogue").options;
        let expected = fast(&grouper, &plan, &case);
        let mut changed = case.clone();
        changed.0.other_diagnoses.reverse();
        if !options.cost_in_grouping {
            changed.1 = Some(9_999_999);
        }
        // A promoted procedure is the first of the others that may be the main one.
        if !options.promote_next_procedure {
            changed.0.other_procedures.reverse();
        }
        prop_assert_eq!(fast(&grouper, &plan, &changed), expected);
    }
}
