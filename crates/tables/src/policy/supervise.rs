//! What a policy says about the supervision indices (违规行为监管辅助目录) and their effect on payment.

use super::Policy;
use super::keys::{self, Key, Kind, Numeric, Range, numeric, when_asked};
use super::parameter::Value;
use super::resolve::Resolver;
use super::terms::Bound;
use crate::error::Error;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How hospitals are supervised.
///
/// Source: `policies/dip.md`, Supervision indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuperviseTerms {
    /// The policy's id.
    pub policy: String,
    /// The date that was asked for.
    pub date: Date,
    /// The plan by which claims are grouped.
    pub plan: String,
    /// The findings that make a record faulty, by code.
    pub faults: BTreeMap<String, String>,
    /// Within how many days the next stay for the same group is a readmission.
    pub readmission_window: Bound,
    /// Up to which share of its group a cost and a stay are low.
    pub low_percentile: Decimal,
    /// Which weights are low.
    pub low_weight: Bound,
    /// Beyond which share of its group a stay is too long.
    pub long_percentile: Decimal,
    /// Which mortality makes a group one of low risk.
    pub low_risk: Bound,
    /// The discharge ways that mean death, by code.
    pub death_ways: BTreeMap<String, String>,
    /// λ: what an index above 1 takes off the coefficient, by index.
    pub effects: BTreeMap<String, Decimal>,
    /// Below which the coefficient does not fall.
    pub min_coefficient: Decimal,
}

/// The indices that effects can name.
pub const SUPERVISION_INDICES: [&str; 5] = [
    "record_quality",
    "readmission",
    "low_standard",
    "over_long",
    "death_risk",
];

const FAULTS: &str = "supervise.record_quality.findings";
const WINDOW: &str = "supervise.readmission.window";
const LOW_PERCENTILE: &str = "supervise.low_standard.percentile";
const LOW_WEIGHT: &str = "supervise.low_standard.weight";
const LONG_PERCENTILE: &str = "supervise.over_long.percentile";
const LOW_RISK: &str = "supervise.death_risk.mortality";
const DEATH_WAYS: &str = "supervise.death_risk.discharge_ways";
const EFFECTS: &str = "supervise.effects";
const LEAST: &str = "supervise.min_coefficient";

const UP_TO: &[&str] = &["less_than", "at_most"];
const OF_CASES: Numeric = numeric("share of cases", Range::ZeroToOne, 6);

static KEYS: [Key; 9] = [
    when_asked(FAULTS, Kind::Names),
    when_asked(
        WINDOW,
        Kind::Bound(UP_TO, numeric("days", Range::NotNegative, 0)),
    ),
    when_asked(LOW_PERCENTILE, Kind::Number(OF_CASES)),
    when_asked(
        LOW_WEIGHT,
        Kind::Bound(UP_TO, numeric("weight", Range::NotNegative, 4)),
    ),
    when_asked(LONG_PERCENTILE, Kind::Number(OF_CASES)),
    when_asked(LOW_RISK, Kind::Bound(UP_TO, OF_CASES)),
    when_asked(DEATH_WAYS, Kind::Names),
    when_asked(EFFECTS, Kind::Levels(keys::RATIO)),
    when_asked(LEAST, Kind::Number(keys::DISCOUNT)),
];

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

/// Whether the policy says anything about supervision on this day.
pub(super) fn is_stated(policy: &Policy, date: Date) -> bool {
    keys().any(|key| policy.entry(key.name, date).is_some())
}

/// Resolves the section at a date.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<SuperviseTerms, Error> {
    resolver.value(EFFECTS)?;
    let effects = resolver.optional_levels(EFFECTS);
    let unknown = effects
        .keys()
        .find(|name| !SUPERVISION_INDICES.contains(&name.as_str()));
    if let Some(word) = unknown {
        let problem = super::problem::PolicyProblem::WordUnknown {
            word: word.clone(),
            allowed: SUPERVISION_INDICES.join(", "),
        };
        return Err(resolver.wrong(EFFECTS, problem));
    }
    let bound = |key| match resolver.value(key)? {
        Value::Bound(bound) => Ok::<_, Error>(*bound),
        other => unreachable!("{other} was read as a comparison"),
    };
    Ok(SuperviseTerms {
        policy: resolver.policy.id().to_owned(),
        date: resolver.date,
        plan: resolver.word(keys::PLAN)?.to_owned(),
        faults: resolver.names(FAULTS)?,
        readmission_window: bound(WINDOW)?,
        low_percentile: resolver.number(LOW_PERCENTILE)?,
        low_weight: bound(LOW_WEIGHT)?,
        long_percentile: resolver.number(LONG_PERCENTILE)?,
        low_risk: bound(LOW_RISK)?,
        death_ways: resolver.names(DEATH_WAYS)?,
        effects,
        min_coefficient: resolver.number(LEAST)?,
    })
}
