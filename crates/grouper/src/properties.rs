//! Properties of the grouper on generated plans and claims.

use crate::reference::{Answer, Reference};
use crate::testing::{Plan, group, no_checks};
use crate::trace::{Expected, Language, Trace, divergence, first_difference, trace};
use crate::{Grouper, Severity};
use drgdip_claims::{Claim, Sex};
use drgdip_tables::GroupingPlan;
use drgdip_tables::check::check;
use drgdip_tables::code_set::{CodeSet, CodeTables, Crosswalk};
use drgdip_tables::diff::diff;
use drgdip_tables::plan::{
    AdrgKind, Checks, CodeSettings, CodeTable, GreyRow, Level, NoGroupFallback, Repairs, RowRef,
};
use drgdip_tables::rule::{Comparison, ListId, NumberField, Predicate, Rule, Scope};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::sync::Arc;

/// The codes of generated plans, sorted; claims also have codes that no plan mentions.
const DIAGNOSES: [&str; 10] = ["D", "D0", "D1", "D12", "D2", "D3", "D4", "D5", "D6", "D7"];
const PROCEDURES: [&str; 8] = ["P", "P0", "P1", "P12", "P2", "P3", "P4", "P5"];
/// The codes of claims. Some begin with a code of the plan, or with several.
const CLAIM_DIAGNOSES: [&str; 23] = [
    "D0", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "?", "D1", "D2", "d0", "Ｄ３", " D 4", "D8",
    "C0", "c1", "ｃ2 ", "d7x", "D12", "D123", "D1诊", "D",
];
const CLAIM_PROCEDURES: [&str; 15] = [
    "P0", "P1", "P2", "P3", "P4", "P5", "?", "p1", "Ｐ0", "P 2", "P6", "Q0", "P12", "P124", "P1x",
];
/// The valid codes beside those that plans mention; two of them differ only in letter case.
const VALID_DIAGNOSES: [&str; 10] = ["D0", "D1", "D2", "D3", "D4", "D5", "D6", "D8", "D7x", "D7X"];
const VALID_PROCEDURES: [&str; 6] = ["P0", "P1", "P2", "P3", "P4", "P6"];
/// Of the clinical codes, `D8` is a valid code too.
const DIAGNOSIS_CROSSWALK: [(&str, &str); 4] =
    [("C0", "D0"), ("C1", "D8"), ("C2", "D2"), ("D8", "D1")];
const PROCEDURE_CROSSWALK: [(&str, &str); 1] = [("Q0", "P3")];
const TABLES: [&str; 3] = ["t0", "t1", "t2"];
const DIAGNOSIS_LISTS: u32 = 6;
const PROCEDURE_LISTS: u32 = 5;

fn list() -> impl Strategy<Value = ListId> {
    (0..DIAGNOSIS_LISTS + PROCEDURE_LISTS).prop_map(ListId)
}

fn diagnosis_list() -> impl Strategy<Value = ListId> {
    (0..DIAGNOSIS_LISTS).prop_map(ListId)
}

fn procedure_list() -> impl Strategy<Value = ListId> {
    (0..PROCEDURE_LISTS).prop_map(|list| ListId(DIAGNOSIS_LISTS + list))
}

fn number() -> impl Strategy<Value = Predicate> {
    use Comparison::{AtLeast, AtMost, Equal, LessThan, MoreThan};
    use NumberField::{AgeDays, AgeYears, BirthWeightG, IcuHours, StayDays, VentilatorHours};
    let fields = vec![
        AgeYears,
        AgeDays,
        BirthWeightG,
        StayDays,
        IcuHours,
        VentilatorHours,
    ];
    let comparisons = vec![AtLeast, AtMost, MoreThan, LessThan, Equal];
    (select(fields), select(comparisons), 0i64..4)
        .prop_map(|(field, comparison, limit)| Predicate::Number(field, comparison, limit))
}

fn predicate() -> impl Strategy<Value = Predicate> {
    let dx_scopes = vec![Scope::Principal, Scope::AnyDx, Scope::OtherDx];
    let op_scopes = vec![Scope::MainOp, Scope::AnyOp, Scope::OtherOp];
    let dx = (select(dx_scopes), diagnosis_list());
    let op = (select(op_scopes), procedure_list());
    prop_oneof![
        6 => dx.prop_map(|(scope, list)| Predicate::In(scope, list)),
        6 => op.prop_map(|(scope, list)| Predicate::In(scope, list)),
        1 => (select(vec![Scope::MainOp, Scope::AnyDx]), list())
            .prop_map(|(scope, list)| Predicate::In(scope, list)),
        2 => list().prop_map(Predicate::PrincipalStarts),
        2 => list().prop_map(Predicate::MainOpStarts),
        1 => Just(Predicate::NoOp),
        2 => Just(Predicate::Mcc),
        2 => Just(Predicate::Cc),
        1 => Just(Predicate::NewTech),
        3 => number(),
        1 => select(vec![Sex::Male, Sex::Female]).prop_map(Predicate::SexIs),
        1 => subsequence(vec!["1".to_owned(), "2".to_owned(), "5".to_owned()], 0..=2)
            .prop_map(Predicate::DischargeIn),
        1 => select(vec!["ICU".to_owned(), "A01".to_owned()]).prop_map(Predicate::DepartmentIs),
        1 => (vec(diagnosis_list(), 1..4), 0u32..4)
            .prop_map(|(lists, at_least)| Predicate::BodyRegions(lists, at_least)),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let leaf = prop_oneof![
        1 => Just(Rule::True),
        1 => Just(Rule::False),
        12 => predicate().prop_map(Rule::Is),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|rule| Rule::Not(Box::new(rule))),
            vec(inner.clone(), 0..4).prop_map(Rule::All),
            vec(inner, 0..4).prop_map(Rule::Any),
        ]
    })
}

type AdrgSpec = (AdrgKind, Rule, NoGroupFallback, Vec<(u8, Rule)>);
type MdcSpec = (Rule, Vec<AdrgSpec>);
type SeveritySpec = (&'static str, Level, Option<&'static str>);

fn adrg() -> impl Strategy<Value = AdrgSpec> {
    use AdrgKind::{Ambiguous, Medical, Procedural, Surgical};
    let kinds = select(vec![Surgical, Procedural, Medical, Ambiguous]);
    let fallback = select(vec![NoGroupFallback::Adrg, NoGroupFallback::Continue]);
    (kinds, rule(), fallback, vec((0u8..3, rule()), 0..4))
}

fn severity() -> impl Strategy<Value = Vec<SeveritySpec>> {
    let code = select(DIAGNOSES.to_vec());
    let level = select(vec![Level::Mcc, Level::Cc]);
    vec((code, level, option::of(select(TABLES.to_vec()))), 0..8)
}

fn exclusions() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    vec((select(TABLES.to_vec()), select(DIAGNOSES.to_vec())), 0..8)
}

fn checks() -> impl Strategy<Value = Checks> {
    let check = || prop::bool::weighted(0.2);
    (check(), check(), check(), check(), check()).prop_map(|(sex, age, days, weight, principal)| {
        Checks {
            sex_missing: sex,
            age_missing: age,
            age_0_without_days: days,
            newborn_without_weight: weight,
            principal_missing: principal,
        }
    })
}

fn code_settings() -> impl Strategy<Value = CodeSettings> {
    let repair = || prop::bool::weighted(0.5);
    let repairs = (repair(), repair(), repair());
    let named = (
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.3),
        any::<bool>(),
    );
    (repairs, named).prop_map(|(repairs, (set, unknown, crosswalk))| CodeSettings {
        set: set.then(|| "set".to_owned()),
        unknown_is_invalid: set && unknown,
        repairs: Repairs {
            letter_case: repairs.0,
            full_width: repairs.1,
            spaces: repairs.2,
        },
        crosswalk: (set && crosswalk).then(|| "crosswalk".to_owned()),
        has_grey_list: false,
    })
}

/// The tables that the code settings of a plan name, as if they had been read.
fn code_tables(plan: &GroupingPlan) -> CodeTables {
    let settings = &plan.settings.codes;
    let table = |codes: &[&str]| {
        let mut table = CodeTable::default();
        codes.iter().for_each(|code| {
            table.intern(code);
        });
        table
    };
    let entries = |entries: &[(&str, &str)]| {
        let owned = entries
            .iter()
            .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()));
        owned.collect()
    };
    let set = settings.set.as_ref().map(|id| CodeSet {
        id: id.clone(),
        diagnoses: table(&VALID_DIAGNOSES),
        procedures: table(&VALID_PROCEDURES),
    });
    let crosswalk = settings.crosswalk.as_ref().map(|id| Crosswalk {
        id: id.clone(),
        diagnoses: entries(&DIAGNOSIS_CROSSWALK),
        procedures: entries(&PROCEDURE_CROSSWALK),
    });
    CodeTables::new(plan, set, crosswalk)
}

prop_compose! {
    fn plan()(
        lists in (
            vec(subsequence(DIAGNOSES.to_vec(), 0..=5), DIAGNOSIS_LISTS as usize),
            vec(subsequence(PROCEDURES.to_vec(), 0..=4), PROCEDURE_LISTS as usize),
        ),
        mdcs in vec((rule(), vec(adrg(), 0..5)), 0..5),
        severity in severity(),
        exclusions in exclusions(),
        checks in checks(),
        codes in code_settings(),
        grey in subsequence(DIAGNOSES.to_vec(), 0..=2),
        retry in any::<bool>(),
    ) -> GroupingPlan {
        let mut plan = Plan::empty();
        for (number, codes) in lists.0.iter().chain(&lists.1).enumerate() {
            plan.list(&format!("L{number}"), codes);
        }
        add_mdcs(&mut plan, mdcs);
        for (code, level, table) in severity {
            plan.severity(code, level, table);
        }
        for (table, principal) in exclusions {
            plan.exclusion(table, principal);
        }
        plan.0.settings.checks = checks;
        plan.0.settings.newborn_days = 2;
        plan.0.settings.retry_with_each_other_procedure = retry;
        plan.0.settings.codes = codes;
        let row = |code: &&str| GreyRow { code: (*code).to_owned(), row: RowRef::default() };
        plan.0.grey = grey.iter().map(row).collect();
        plan.0.code_tables = Some(Arc::new(code_tables(&plan.0)));
        plan.0
    }
}

fn add_mdcs(plan: &mut Plan, mdcs: Vec<MdcSpec>) {
    for (m, (gate, adrgs)) in mdcs.into_iter().enumerate() {
        plan.mdc(&format!("M{m}"), gate);
        for (a, (kind, rule, fallback, groups)) in adrgs.into_iter().enumerate() {
            plan.adrg(&format!("A{m}{a}"), kind, rule).fallback = fallback;
            for (g, rule) in groups {
                plan.drg(&format!("G{m}{a}{g}"), rule);
            }
        }
    }
}

/// Gives each group a code of its own.
fn number_groups(plan: &mut GroupingPlan) {
    let adrgs = plan.mdcs.iter_mut().flat_map(|mdc| &mut mdc.adrgs);
    for (number, drg) in adrgs.flat_map(|adrg| &mut adrg.drgs).enumerate() {
        drg.code = format!("G{number}");
    }
}

fn diagnoses() -> impl Strategy<Value = Vec<String>> {
    vec(
        select(CLAIM_DIAGNOSES.to_vec()).prop_map(str::to_owned),
        0..5,
    )
}

fn procedures() -> impl Strategy<Value = Vec<String>> {
    vec(
        select(CLAIM_PROCEDURES.to_vec()).prop_map(str::to_owned),
        0..4,
    )
}

prop_compose! {
    fn claim()(
        sex in option::of(select(vec![Sex::Male, Sex::Female])),
        ages in (option::of(0i64..4), option::of(0i64..4), option::of(0i64..4)),
        hours in (option::of(0i64..4), option::of(0i64..4), option::of(0i64..4)),
        way in option::of(select(vec!["1", "2", "5", "9"])),
        department in option::of(select(vec!["ICU", "A01", "?"])),
        principal in option::weighted(0.9, select(CLAIM_DIAGNOSES.to_vec())),
        main in option::weighted(0.7, select(CLAIM_PROCEDURES.to_vec())),
        others in (diagnoses(), procedures()),
        new_tech in any::<bool>(),
    ) -> Claim {
        Claim {
            case_id: "1".to_owned(),
            sex,
            age_years: ages.0,
            age_days: ages.1,
            birth_weight_g: ages.2,
            stay_days: hours.0,
            icu_hours: hours.1,
            ventilator_hours: hours.2,
            discharge_way: way.map(str::to_owned),
            department: department.map(str::to_owned),
            principal_diagnosis: principal.map(str::to_owned),
            other_diagnoses: others.0,
            main_procedure: main.map(str::to_owned),
            other_procedures: others.1,
            new_tech,
        }
    }
}

/// The compiled grouper's answer in the words of the reference.
pub(crate) fn answer(grouper: &Grouper, plan: &GroupingPlan, claim: &Claim) -> Answer {
    let grouping = group(grouper, plan, claim);
    let info = grouping.outcome.group().map(|index| grouper.info(index));
    Answer {
        status: grouping.outcome.status(),
        reason: grouping.outcome.reason(),
        codes: info.map(|info| (info.mdc.clone(), info.adrg.clone(), info.group.clone())),
        severity: grouping.severity.code(),
    }
}

/// The trace's answer in the words of the reference.
pub(crate) fn traced(plan: &GroupingPlan, claim: &Claim) -> Answer {
    let trace = trace(plan, claim);
    let codes = trace.landing.map(|landing| {
        let codes = (&landing.mdc.code, &landing.adrg.code);
        (codes.0.clone(), codes.1.clone(), landing.group().to_owned())
    });
    Answer {
        status: trace.outcome.status(),
        reason: trace.outcome.reason(),
        codes,
        severity: trace.severity.code(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_fast_grouper_equals_the_plain_one(plan in plan(), claims in vec(claim(), 40)) {
        let grouper = Grouper::new(&plan);
        let reference = Reference::new(&plan);
        for claim in &claims {
            let expected = reference.group(claim);
            prop_assert_eq!(&answer(&grouper, &plan, claim), &expected, "{:?}", claim);
            prop_assert_eq!(traced(&plan, claim), expected, "{:?}", claim);
        }
    }

    #[test]
    fn no_case_reaches_what_the_check_calls_unreachable(
        mut plan in plan(),
        claims in vec(claim(), 40),
    ) {
        number_groups(&mut plan);
        let unreachable: Vec<String> = check(&plan)
            .into_iter()
            .filter(|warning| warning.code.starts_with("unreachable"))
            .flat_map(|warning| warning.subjects)
            .collect();
        for claim in &claims {
            if let Some(landing) = trace(&plan, claim).landing {
                let codes = [&landing.mdc.code, &landing.adrg.code, landing.group()];
                let reached = codes.map(str::to_owned);
                prop_assert!(!unreachable.iter().any(|code| reached.contains(code)), "{:?}", claim);
            }
        }
    }

    #[test]
    fn a_plan_never_differs_from_itself_and_can_be_compared_with_any_other(
        mut one in plan(),
        mut other in plan(),
    ) {
        number_groups(&mut one);
        number_groups(&mut other);
        prop_assert!(diff(&one, &one).is_empty());
        let (there, back) = (diff(&one, &other), diff(&other, &one));
        prop_assert_eq!(there.rules.len(), back.rules.len());
        prop_assert_eq!(there.severity.added, back.severity.removed);
        prop_assert_eq!(there.moves.len(), back.moves.len());
    }

    #[test]
    fn a_trace_can_always_be_told_and_compared(one in plan(), other in plan(), claim in claim()) {
        let (a, b) = (trace(&one, &claim), trace(&other, &claim));
        for language in [Language::English, Language::Chinese] {
            prop_assert!(a.lines(language).len() >= 3);
        }
        prop_assert_eq!(divergence(&a, &a), None);
        let expected = |trace: &Trace<'_>| trace.landing.map(|landing| {
            (landing.mdc.code.clone(), landing.adrg.code.clone(), landing.group().to_owned())
        });
        let (ours, theirs) = (expected(&a), expected(&b));
        let as_expected = |codes: &Option<(String, String, String)>| {
            let codes = codes.as_ref();
            first_difference(&a, &Expected {
                mdc: codes.map(|codes| codes.0.as_str()),
                adrg: codes.map(|codes| codes.1.as_str()),
                group: codes.map(|codes| codes.2.as_str()),
            })
        };
        prop_assert_eq!(as_expected(&ours), None);
        prop_assert_eq!(as_expected(&theirs).is_none(), ours == theirs);
    }

    #[test]
    fn the_order_of_other_codes_changes_nothing(
        plan in plan(),
        (claim, diagnoses, procedures) in claim().prop_flat_map(|claim| {
            let diagnoses = Just(claim.other_diagnoses.clone()).prop_shuffle();
            let procedures = Just(claim.other_procedures.clone()).prop_shuffle();
            (Just(claim), diagnoses, procedures)
        }),
    ) {
        let mut plan = plan;
        plan.settings.retry_with_each_other_procedure = false;
        let grouper = Grouper::new(&plan);
        let shuffled = Claim {
            other_diagnoses: diagnoses,
            other_procedures: procedures,
            ..claim.clone()
        };
        prop_assert_eq!(group(&grouper, &plan, &claim), group(&grouper, &plan, &shuffled));
    }

    #[test]
    fn one_more_diagnosis_never_lowers_severity(
        plan in plan(),
        claim in claim(),
        code in select(CLAIM_DIAGNOSES.to_vec()),
        level in select(vec![Level::Mcc, Level::Cc]),
    ) {
        let mut plan = Plan(plan);
        plan.0.settings.checks = no_checks();
        plan.0.settings.codes = CodeSettings::default();
        plan.0.code_tables = None;
        let more = |claim: &Claim, code: &str| {
            let mut claim = claim.clone();
            claim.other_diagnoses.push(code.to_owned());
            claim
        };
        let before = plan.group(&claim).severity;
        prop_assert!(plan.group(&more(&claim, code)).severity >= before);

        plan.severity("never excluded", level, None);
        let least = if level == Level::Mcc { Severity::Mcc } else { Severity::Cc };
        let raised = plan.group(&more(&claim, "never excluded")).severity;
        prop_assert_eq!(raised, before.max(least));
    }
}
