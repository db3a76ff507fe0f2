//! Plans and policies by name or path.

use crate::fail::Failure;
use drgdip_batch::{PreparedPlan, PreparedPolicy};
use drgdip_tables::policy::PolicyAt;
use drgdip_tables::{LoadedPlan, load_plan};
use jiff::civil::Date;
use serde::Deserialize;

/// The bundled policy and month that `demo` and `synth` take unless told otherwise.
#[derive(Debug, Deserialize)]
pub(crate) struct Example {
    /// The id of the policy.
    pub(crate) policy: String,
    /// The month, `YYYY-MM`.
    pub(crate) period: String,
}

/// The bundled example.
pub(crate) fn example() -> Example {
    let text = include_str!("../data/example.json");
    serde_json::from_str(text).expect("the bundled example is well-formed")
}

/// Loads a plan and compiles it.
pub(crate) fn prepare(name_or_path: &str) -> Result<PreparedPlan, Failure> {
    Ok(PreparedPlan::of(load(name_or_path)?))
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

/// The last day of a year `YYYY`.
pub(crate) fn last_day_of_year(period: &str) -> Result<Date, Failure> {
    let first: Option<Date> = format!("{period}-01-01").parse().ok();
    let is_year = period.len() == 4;
    first
        .filter(|_| is_year)
        .map(Date::last_of_year)
        .ok_or_else(|| {
            let problem = format!("{period:?} is not a year.");
            Failure::usage(problem, "With --annual, write it as YYYY.")
        })
}

/// The last day of a month `YYYY-MM`.
pub(crate) fn last_day(period: &str) -> Result<Date, Failure> {
    let first: Option<Date> = format!("{period}-01").parse().ok();
    let is_month = period.len() == 7;
    first
        .filter(|_| is_month)
        .map(Date::last_of_month)
        .ok_or_else(|| {
            let problem = format!("{period:?} is not a month.");
            Failure::usage(problem, "Write it as YYYY-MM.")
        })
}
