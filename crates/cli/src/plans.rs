//! Plans and policies by name or path.

use crate::args::{GlobalArgs, TableArgs};
use crate::fail::Failure;
use crate::progress::Reporter;
use drgdip_batch::inputs::Inputs;
use drgdip_batch::{
    Class, Error, Period, PlanChoice, PlansByUnit, PlansInForce, PlansRequest, PreparedPlan,
    PreparedPolicy, ReadOptions,
};
use drgdip_tables::library::is_region;
use drgdip_tables::policy::PolicyAt;
use drgdip_tables::{LoadedPlan, PlanLibrary, load_plan};
use jiff::civil::Date;
use serde::Deserialize;
use std::path::PathBuf;

/// The bundled policy and month that `demo` and `synth` take unless told otherwise.
#[derive(Debug, Deserialize)]
pub(crate) struct Example {
    /// The id of the policy.
    pub(crate) policy: String,
    /// The month, `YYYY-MM`.
    pub(crate) period: String,
    /// The plan that claims are made from, where it is not the one that they are paid by.
    pub(crate) claims_plan: Option<String>,
}

/// The bundled examples, one for each way of grouping.
#[derive(Debug, Deserialize)]
struct Examples {
    drg: Example,
    dip: Example,
}

fn examples() -> Examples {
    let text = include_str!("../data/example.json");
    serde_json::from_str(text).expect("the bundled examples are well-formed")
}

/// The bundled example.
pub(crate) fn example() -> Example {
    examples().drg
}

/// The bundled example that pays by DIP.
pub(crate) fn dip_example() -> Example {
    examples().dip
}

/// The word that asks for the plan in force, in place of the name of a plan.
const AUTO: &str = "auto";

/// What claims are grouped by: one plan, or for each claim the plan in force.
pub(crate) enum Chosen {
    One(Box<PreparedPlan>),
    InForce(PlansInForce),
    ByUnit(PlansByUnit),
}

impl Chosen {
    pub(crate) fn choice(&self) -> PlanChoice<'_> {
        match self {
            Self::One(plan) => PlanChoice::One(plan),
            Self::InForce(plans) => PlanChoice::InForce(plans),
            Self::ByUnit(plans) => PlanChoice::ByUnit(plans),
        }
    }
}

/// Prepares the plan that was asked for, or with `auto` the plans in force for the claims.
pub(crate) fn choose(
    plan: &str,
    tables: &TableArgs,
    (claims, read): (&[PathBuf], ReadOptions),
    (global, progress): (&GlobalArgs, &Reporter),
) -> Result<Chosen, Failure> {
    if plan != AUTO {
        return Ok(Chosen::One(Box::new(prepare_with(plan, tables)?)));
    }
    let request = PlansRequest {
        claims,
        library: &library(tables)?,
        grey_list: tables.grey_list.as_deref(),
        read,
        threads: global.threads(),
    };
    let plans = PlansInForce::choose(&request, progress)?;
    Ok(Chosen::InForce(plans))
}

/// The plan that a policy names, or those of its payment units.
pub(crate) fn of_policy(
    terms: &PolicyAt,
    inputs: &Inputs,
    tables: &TableArgs,
) -> Result<Chosen, Failure> {
    if terms.unit_plans.is_empty() {
        return Ok(Chosen::One(Box::new(prepare_with(&terms.plan, tables)?)));
    }
    let plans = PlansByUnit::load(terms, inputs, |id| prepare_with(id, tables))?;
    Ok(Chosen::ByUnit(
        plans.expect("units have plans of their own"),
    ))
}

/// The plan that was asked for, or with `auto` the one in force for one case.
pub(crate) fn choose_for_case(
    plan: &str,
    tables: &TableArgs,
    (region, discharged): (Option<&str>, Option<Date>),
) -> Result<PreparedPlan, Failure> {
    if plan != AUTO {
        return Ok(prepare_with(plan, tables)?);
    }
    let library = library(tables)?;
    library.require_dates()?;
    let (Some(region), Some(day)) = (region.filter(|region| is_region(region)), discharged) else {
        return Err(Failure::usage(
            "the case has no region of six digits or no date of discharge, so no plan can be \
             chosen.",
            "State both, for a case by its facts with --region and --discharged, or name a plan.",
        ));
    };
    let found = library.in_force(region, day).map_err(|problem| {
        let place = library.file().name_of("COVERAGE.toml");
        let problem = format!("{problem} for region {region} at {day}.");
        let hint = "State in COVERAGE.toml which one plan applies there, or name a plan.";
        Error::new(Class::Table, place, problem, hint)
    })?;
    Ok(with_grey_list(library.load(&found.id)?, tables)?)
}

/// The first day of a year on which a policy holds.
pub(crate) fn first_day_in(policy: &PreparedPolicy, year: i16) -> Result<Date, Failure> {
    let first = Date::new(year, 1, 1).map_err(|_| {
        let problem = format!("{year} is not a year of the calendar.");
        Failure::usage(problem, "Write the year that history is counted for.")
    })?;
    let begins = policy.policy.first_day();
    Ok(if begins.year() == year { begins } else { first })
}

fn library(tables: &TableArgs) -> Result<PlanLibrary, Error> {
    Ok(match &tables.tables {
        Some(folder) => PlanLibrary::folder(folder)?,
        None => PlanLibrary::bundled()?,
    })
}

/// Loads a plan by its name, from the folder of plans where one is given, and compiles it.
pub(crate) fn prepare_with(plan: &str, tables: &TableArgs) -> Result<PreparedPlan, Error> {
    let loaded = match &tables.tables {
        Some(_) => library(tables)?.load(plan)?,
        None => load_plan(plan)?,
    };
    with_grey_list(loaded, tables)
}

fn with_grey_list(loaded: LoadedPlan, tables: &TableArgs) -> Result<PreparedPlan, Error> {
    let loaded = match &tables.grey_list {
        Some(list) => loaded.with_grey_list(list)?,
        None => loaded,
    };
    PreparedPlan::of(loaded)
}

/// Loads a plan and compiles it.
pub(crate) fn prepare(name_or_path: &str) -> Result<PreparedPlan, Failure> {
    Ok(PreparedPlan::of(load(name_or_path)?)?)
}

/// Loads a plan with its code tables, to trace single cases by it.
pub(crate) fn load_to_trace(name_or_path: &str) -> Result<LoadedPlan, Failure> {
    Ok(load(name_or_path)?.with_code_tables()?)
}

/// Loads a plan: the id of a bundled one or the path of a folder.
pub(crate) fn load(name_or_path: &str) -> Result<LoadedPlan, Failure> {
    Ok(load_plan(name_or_path)?)
}

/// A policy and the plan that it groups by in a month, or the plan asked for instead.
pub(crate) fn prepare_policy(
    policy: &str,
    plan: Option<&str>,
    period: &str,
) -> Result<(PreparedPolicy, PreparedPlan), Failure> {
    let policy = PreparedPolicy::load(policy)?;
    let plan = match plan {
        Some(plan) => prepare(plan)?,
        None => prepare(&terms(&policy, last_day(period)?)?.plan)?,
    };
    Ok((policy, plan))
}

/// What a policy says on a day.
pub(crate) fn terms(policy: &PreparedPolicy, day: Date) -> Result<PolicyAt, Failure> {
    Ok(policy.policy.at(day)?)
}

/// The last day of a month `YYYY-MM`.
pub(crate) fn last_day(period: &str) -> Result<Date, Failure> {
    Ok(Period::parse(period)?.last)
}
