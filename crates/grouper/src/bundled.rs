//! The bundled plans: the fast grouper, the plain one and the trace agree on their own lists.

use crate::Grouper;
use crate::properties::{answer, traced};
use crate::reference::Reference;
use drgdip_claims::{Claim, Sex};
use drgdip_tables::plan::CodeId;
use drgdip_tables::rule::{ListId, Predicate, Rule, Scope};
use drgdip_tables::{GroupingPlan, LoadedPlan, load_plan};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::HashSet;

/// The lists that an ADRG asks for; its gate's too where its own rule leaves one sort out.
struct Lists {
    diagnoses: Vec<ListId>,
    procedures: Vec<ListId>,
}

/// Where the codes of a claim are drawn from.
struct Source {
    plan: GroupingPlan,
    adrgs: Vec<Lists>,
    severity: Vec<CodeId>,
    exclusions: Vec<CodeId>,
}

impl Source {
    fn new(plan: GroupingPlan) -> Self {
        let adrgs = plan
            .adrgs()
            .map(|(mdc, adrg)| {
                let mut lists = Lists {
                    diagnoses: Vec::new(),
                    procedures: Vec::new(),
                };
                collect(&adrg.rule.rule, &mut lists);
                if lists.diagnoses.is_empty() || lists.procedures.is_empty() {
                    collect(&mdc.gate.rule, &mut lists);
                }
                lists
            })
            .collect();
        Self {
            adrgs,
            severity: plan.severity.iter().map(|row| row.code).collect(),
            exclusions: plan.exclusions.iter().map(|row| row.principal).collect(),
            plan,
        }
    }

    /// A code of one of the lists; an unknown one when there is no list.
    fn code(&self, lists: &[ListId], draw: Draw) -> String {
        if lists.is_empty() {
            return "?".to_owned();
        }
        let list = self.plan.list(*draw.0.get(lists));
        if list.codes.is_empty() {
            return "?".to_owned();
        }
        self.plan.codes.text(draw.1.get(&list.codes).0).to_owned()
    }

    /// A claim that is near to what some ADRG asks for.
    fn claim(&self, seed: &Seed) -> Claim {
        let of = |draw: Index| draw.get(&self.adrgs);
        let own = of(seed.adrg);
        let other_dx = |(kind, draw): &(u8, Draw)| match kind {
            0 => self.code(&own.diagnoses, *draw),
            1 => self.code(&of(draw.0).diagnoses, *draw),
            _ => self.plan.codes.text(*draw.1.get(&self.severity)).to_owned(),
        };
        let procedure = |(kind, draw): &(u8, Draw)| match kind {
            0 | 1 => self.code(&own.procedures, *draw),
            _ => self.code(&of(draw.0).procedures, *draw),
        };
        let principal = match seed.principal {
            (0, draw) => self
                .plan
                .codes
                .text(*draw.1.get(&self.exclusions))
                .to_owned(),
            (_, draw) => self.code(&own.diagnoses, draw),
        };
        let mut procedures: Vec<_> = seed.procedures.iter().map(procedure).collect();
        let main = (!procedures.is_empty()).then(|| procedures.remove(0));
        Claim {
            case_id: "1".to_owned(),
            sex: seed.sex,
            age_years: seed.numbers.0,
            age_days: seed.numbers.1,
            birth_weight_g: seed.numbers.2,
            stay_days: seed.numbers.3,
            principal_diagnosis: Some(principal),
            other_diagnoses: seed.diagnoses.iter().map(other_dx).collect(),
            main_procedure: main,
            other_procedures: procedures,
            discharge_way: seed.has_died.then(|| "5".to_owned()),
            new_tech: seed.new_tech,
            ..Claim::default()
        }
    }
}

/// The lists that a rule names, by what they are compared with.
fn collect(rule: &Rule, lists: &mut Lists) {
    match rule {
        Rule::True | Rule::False => {}
        Rule::Not(inner) => collect(inner, lists),
        Rule::All(parts) | Rule::Any(parts) => {
            parts.iter().for_each(|part| collect(part, lists));
        }
        Rule::Is(Predicate::In(Scope::Principal | Scope::AnyDx | Scope::OtherDx, list)) => {
            lists.diagnoses.push(*list);
        }
        Rule::Is(Predicate::In(_, list)) => lists.procedures.push(*list),
        Rule::Is(Predicate::BodyRegions(regions, _)) => lists.diagnoses.extend(regions),
        Rule::Is(_) => {}
    }
}

/// A list, and a code of it.
type Draw = (Index, Index);

/// What a claim is drawn from, before the plan is known.
#[derive(Clone, Debug)]
struct Seed {
    adrg: Index,
    principal: (u8, Draw),
    diagnoses: Vec<(u8, Draw)>,
    procedures: Vec<(u8, Draw)>,
    sex: Option<Sex>,
    numbers: (Option<i64>, Option<i64>, Option<i64>, Option<i64>),
    has_died: bool,
    new_tech: bool,
}

fn seed() -> impl Strategy<Value = Seed> {
    let draw = || any::<Draw>();
    let sexes = vec![
        None,
        Some(Sex::Male),
        Some(Sex::Female),
        Some(Sex::Male),
        Some(Sex::Female),
    ];
    let numbers = (
        prop_oneof![
            Just(None),
            Just(Some(0)),
            Just(Some(0)),
            (1i64..90).prop_map(Some)
        ],
        prop_oneof![Just(None), (0i64..40).prop_map(Some)],
        prop_oneof![Just(None), (0i64..3000).prop_map(Some)],
        prop_oneof![Just(None), (0i64..70).prop_map(Some)],
    );
    (
        any::<Index>(),
        (0u8..8, draw()),
        proptest::collection::vec((0u8..4, draw()), 0..8),
        proptest::collection::vec((0u8..3, draw()), 0..5),
        proptest::sample::select(sexes),
        numbers,
        prop::bool::weighted(0.1),
        any::<bool>(),
    )
        .prop_map(
            |(adrg, principal, diagnoses, procedures, sex, numbers, has_died, new_tech)| Seed {
                adrg,
                principal,
                diagnoses,
                procedures,
                sex,
                numbers,
                has_died,
                new_tech,
            },
        )
}

/// Compares the three groupers on claims near to the plan's own lists.
fn check(name: &str) {
    let loaded = load_plan(name).and_then(LoadedPlan::with_code_tables);
    let plan = loaded.expect("a bundled plan loads").plan;
    let source = Source::new(plan.clone());
    let (grouper, reference) = (Grouper::new(&plan), Reference::new(&plan));
    let reached = std::cell::RefCell::new(HashSet::new());
    let config = ProptestConfig::with_cases(4000);
    proptest!(config, |(seed in seed())| {
        let claim = source.claim(&seed);
        let expected = reference.group(&claim);
        prop_assert_eq!(&answer(&grouper, &plan, &claim), &expected, "{:?}", &claim);
        prop_assert_eq!(&traced(&plan, &claim), &expected, "{:?}", &claim);
        reached.borrow_mut().insert(expected.codes);
    });
    // The comparison is worth little if most claims end in the same few places.
    let reached = reached.borrow().len();
    assert!(reached >= 300, "{reached} groups reached");
}

#[test]
fn the_groupers_agree_on_the_national_plan() {
    check("chs-drg-1.1");
}

#[test]
fn the_groupers_agree_on_the_transcribed_plan() {
    check("chs-drg-1.1-opendrg");
}

#[test]
fn the_groupers_agree_on_a_plan_that_asks_for_beginnings_of_codes() {
    check("310000-shanghai-2.0");
}
