//! Claims of any content, grouped two ways.

use super::files::files;
use drgdip_claims::{Claim, Sex};
use drgdip_grouper::trace::trace;
use drgdip_grouper::{Grouper, LookedUpClaim};
use drgdip_tables::{GroupingPlan, LoadedPlan, load_plan};
use std::sync::OnceLock;

/// A plan that uses every predicate and setting.
const EVERYTHING: &[u8] = include_bytes!("everything.txt");
/// Bundled plans with ambiguous groups, retries, stay and intensive-care bands.
const BUNDLED: [&str; 3] = ["chs-drg-1.1", "330000-zhejiang-2022", "440600-foshan-2022"];

struct Compiled {
    plan: GroupingPlan,
    grouper: Grouper,
}

fn plans() -> &'static [Compiled] {
    static PLANS: OnceLock<Vec<Compiled>> = OnceLock::new();
    PLANS.get_or_init(|| {
        let own = LoadedPlan::of(files(EVERYTHING)).expect("a plan");
        let bundled = BUNDLED.map(|id| load_plan(id).expect("a bundled plan"));
        let plans = std::iter::once(own).chain(bundled).map(|loaded| Compiled {
            grouper: Grouper::new(&loaded.plan),
            plan: loaded.plan,
        });
        plans.collect()
    })
}

/// Any claim: the compiled plan and the plain walk say the same of it.
///
/// One fact a line, such as `principal I21.0`; `#7` is the seventh code of the plan, so that the
/// fuzzer meets codes that mean something. `plan 2` chooses the plan.
pub fn claims(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let facts = || text.lines().filter_map(|line| line.split_once(' '));
    let chosen = facts().find(|(key, _)| *key == "plan");
    let chosen: usize = chosen
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let plans = plans();
    let Compiled { plan, grouper } = &plans[chosen % plans.len()];
    let mut claim = Claim::default();
    for fact in facts() {
        take(&mut claim, fact, plan);
    }
    check(&claim, plan, grouper)
}

fn take(claim: &mut Claim, (key, value): (&str, &str), plan: &GroupingPlan) {
    let number = || value.parse().ok();
    let text = || Some(value.to_owned());
    match key {
        "sex" => claim.sex = value.parse().ok().and_then(Sex::from_code),
        "age_years" => claim.age_years = number(),
        "age_days" => claim.age_days = number(),
        "birth_weight_g" => claim.birth_weight_g = number(),
        "stay_days" => claim.stay_days = number(),
        "icu_hours" => claim.icu_hours = number(),
        "ventilator_hours" => claim.ventilator_hours = number(),
        "discharge_way" => claim.discharge_way = text(),
        "department" => claim.department = text(),
        "principal" => claim.principal_diagnosis = Some(code(value, plan)),
        "other" => claim.other_diagnoses.push(code(value, plan)),
        "main_op" => claim.main_procedure = Some(code(value, plan)),
        "other_op" => claim.other_procedures.push(code(value, plan)),
        "new_tech" => claim.new_tech = value == "true",
        _ => {}
    }
}

/// A code as written, or one of the plan by its number.
fn code(value: &str, plan: &GroupingPlan) -> String {
    let number = value
        .strip_prefix('#')
        .and_then(|number| number.parse().ok());
    let Some(number) = number else {
        return value.to_owned();
    };
    let number: usize = number;
    let codes = plan
        .lists
        .iter()
        .map(|list| list.codes.len())
        .sum::<usize>();
    let mut left = number % codes.max(1);
    for list in &plan.lists {
        match list.codes.get(left) {
            Some((code, _)) => return plan.codes.text(*code).to_owned(),
            None => left -= list.codes.len(),
        }
    }
    String::new()
}

/// Whether the claim has a group.
fn check(claim: &Claim, plan: &GroupingPlan, grouper: &Grouper) -> bool {
    let looked_up = LookedUpClaim::new(claim, plan, grouper);
    let grouping = grouper.group(&looked_up.case());
    let traced = trace(plan, claim);
    assert_eq!(grouping.outcome.kind(), traced.outcome, "{claim:?}");
    assert_eq!(grouping.severity, traced.severity, "{claim:?}");
    let group = grouping
        .outcome
        .group()
        .map(|group| &*grouper.info(group).group);
    let landed = traced.landing.as_ref().map(|landing| landing.group());
    assert_eq!(group, landed, "{claim:?}");
    group.is_some()
}
