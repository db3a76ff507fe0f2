//! `drgdip explain`.

mod money;
mod settled;

use crate::args::{ExplainArgs, FactArgs, GlobalArgs};
use crate::fail::{Done, Failure};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::{PreparedPlan, find_claims};
use drgdip_claims::{Claim, Sex};
use drgdip_grouper::trace::{Language, Trace, trace_with_cost};
use jiff::civil::Date;
use serde_json::{Value, json};

/// One case, explained.
struct Explained {
    /// Where the case comes from.
    head: String,
    /// The id of the plan that it is grouped by.
    plan: String,
    chinese: Vec<String>,
    english: Vec<String>,
    grouping: Value,
    money: Option<money::Road>,
}

pub(crate) fn run(
    args: &ExplainArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let settled = settled::explain(args, progress)?;
    let Some(plan_name) = &args.plan else {
        progress.finish();
        let found = settled.unwrap_or_default();
        return settled::print(&found, global).map(|()| settled::done(&found));
    };
    let mut explained = Vec::new();
    for case in claims(args, progress)? {
        let facts = (case.region.as_deref(), case.discharged);
        let plan = plans::choose_for_case(plan_name, &args.tables, facts)?;
        let trace = trace_with_cost(&plan.plan, &case.claim, case.cost_fen);
        explained.push(Explained {
            head: case.head,
            plan: plan.plan.id.clone(),
            chinese: trace.lines(Language::Chinese),
            english: trace.lines(Language::English),
            grouping: grouping_json(&trace),
            money: money_road(args, (&plan, &trace, &case.claim))?,
        });
    }
    progress.finish();
    if global.json {
        let cases: Vec<Value> = explained.iter().map(as_json).collect();
        let plan = explained.first().map(|case| &case.plan);
        let mut whole = json!({ "plan": plan, "cases": cases });
        if let Some(found) = &settled {
            whole["settled"] = found.iter().map(settled::json).collect();
        }
        out::print_json(&whole)?;
    } else {
        let mut texts: Vec<String> = explained.iter().map(plain).collect();
        texts.extend(settled.iter().flatten().map(settled::plain));
        out::print(&texts.join("\n"))?;
    }
    Ok(settled.map_or(Done::Clean, |found| settled::done(&found)))
}

/// A case to explain.
struct ToExplain {
    /// Where it comes from.
    head: String,
    claim: Claim,
    region: Option<String>,
    discharged: Option<Date>,
    /// The total cost, which tie-breaks of some DIP plans look at.
    cost_fen: Option<i64>,
}

/// The cases to explain.
fn claims(args: &ExplainArgs, progress: &Reporter) -> Result<Vec<ToExplain>, Failure> {
    let Some(case_id) = &args.case_id else {
        let facts = &args.facts;
        return Ok(vec![ToExplain {
            head: String::new(),
            claim: stated(facts)?,
            region: facts.region.clone(),
            discharged: facts.discharged.as_deref().map(date).transpose()?,
            cost_fen: args.money.cost.as_deref().map(money::fen).transpose()?,
        }]);
    };
    if args.claims.is_empty() {
        return Err(Failure::usage(
            "no claim file is named.",
            "Name the files that hold the case, or leave --plan out with --settled.",
        ));
    }
    let found = find_claims(&args.claims, case_id, progress)?;
    if found.is_empty() {
        let problem = format!("no claim has the case_id {case_id}.");
        let error = drgdip_batch::Error::input("claims", problem);
        return Err(error.with_hint("Check the key and the files.").into());
    }
    let head = |found: &drgdip_batch::FoundClaim| {
        format!(
            "病例 Case {case_id} · {}, row {}\n",
            found.file.display(),
            found.row
        )
    };
    Ok(found
        .into_iter()
        .map(|found| ToExplain {
            head: head(&found),
            claim: found.claim,
            region: found.region,
            discharged: found.discharge_date,
            cost_fen: found.total_cost_fen,
        })
        .collect())
}

fn date(text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| {
        let problem = format!("{text:?} is no date.");
        Failure::usage(problem, "Write it as YYYY-MM-DD.")
    })
}

/// The case that the facts on the command line state.
fn stated(facts: &FactArgs) -> Result<Claim, Failure> {
    let Some(principal) = &facts.principal else {
        return Err(Failure::usage(
            "no case is named.",
            "Name one with --case-id ID CLAIMS, or state its facts with --principal.",
        ));
    };
    let mut procedures = facts.op.iter().cloned();
    let infant = facts.age_days.map(|_| 0);
    Ok(Claim {
        case_id: String::new(),
        sex: facts.sex.as_deref().map(sex).transpose()?.flatten(),
        age_years: facts.age.or(infant),
        age_days: facts.age_days,
        birth_weight_g: facts.birth_weight,
        stay_days: facts.stay,
        icu_hours: facts.icu_hours,
        ventilator_hours: facts.ventilator_hours,
        discharge_way: facts.discharge_way.clone(),
        department: facts.department.clone(),
        principal_diagnosis: Some(principal.clone()),
        other_diagnoses: facts.other.clone(),
        main_procedure: procedures.next(),
        other_procedures: procedures.collect(),
        new_tech: facts.new_tech,
    })
}

/// The sex by its word or code; a code that is neither 1 nor 2 counts as absent.
fn sex(text: &str) -> Result<Option<Sex>, Failure> {
    match text {
        "male" | "男" => Ok(Some(Sex::Male)),
        "female" | "女" => Ok(Some(Sex::Female)),
        code => code.parse().map(Sex::from_code).map_err(|_| {
            let problem = format!("{code:?} is no sex.");
            Failure::usage(problem, "Write male, female, or the code 1, 2 or 9.")
        }),
    }
}

fn money_road(
    args: &ExplainArgs,
    of: (&PreparedPlan, &Trace<'_>, &Claim),
) -> Result<Option<money::Road>, Failure> {
    match &args.money.policy {
        Some(policy) => money::by_policy(policy, &args.money, of).map(Some),
        None => Ok(None),
    }
}

fn plain(case: &Explained) -> String {
    let mut text = case.head.clone();
    text += &format!(
        "{}\n\n{}\n",
        case.chinese.join("\n"),
        case.english.join("\n")
    );
    if let Some(road) = &case.money {
        text += &format!("\n{}", road.plain());
    }
    text
}

fn grouping_json(trace: &Trace<'_>) -> Value {
    let landing = trace.landing.as_ref();
    let chosen = trace.catalogue.as_ref().and_then(|walk| walk.chosen);
    let has_severity = trace.plan.dip.is_none();
    json!({
        "status": trace.outcome.status(),
        "reason": trace.outcome.reason(),
        "severity": has_severity.then(|| trace.severity.code()),
        "layer": chosen.map(|chosen| chosen.group.layer.word()),
        "mdc": landing.map(|landing| &landing.mdc.code),
        "adrg": landing.map(|landing| &landing.adrg.code),
        "group": trace.group(),
    })
}

fn as_json(case: &Explained) -> Value {
    json!({
        "plan": case.plan,
        "grouping": case.grouping,
        "chinese": case.chinese,
        "english": case.english,
        "money": case.money.as_ref().map(money::Road::json),
    })
}
