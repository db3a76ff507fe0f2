//! What a policy says about point values (点值): parameters and resolution.

use super::keys::{self, Key, Kind, Numeric, Range, always, numeric, when_asked};
use super::parameter::Value;
use super::problem::PolicyProblem;
use super::resolve::Resolver;
use super::terms::{Bound, PatientSide};
use super::value::{
    BaselineIncrement, BaselineMonths, Calibration, Elastic, IncrementRule, NegativePayments,
    PaidValue, ResidualRule, TiltTerms, UniformMode, ValueFamily, ValueModel, ValueTerms,
};
use crate::error::Error;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const FAMILIES: [(&str, ValueFamily); 3] = [
    ("A", ValueFamily::A),
    ("B", ValueFamily::B),
    ("C", ValueFamily::C),
];
pub(super) const PATIENT_SIDES: [(&str, PatientSide); 2] = [
    ("patient_and_other_funds", PatientSide::PatientAndOtherFunds),
    ("total_less_fund", PatientSide::TotalLessFund),
];
const RESIDUAL_RULES: [(&str, ResidualRule); 3] = [
    ("RESERVE", ResidualRule::Reserve),
    ("PRO_RATA_BASE", ResidualRule::ProRataBase),
    ("PRO_RATA_POINTS", ResidualRule::ProRataPoints),
];
const PAYS: [(&str, PaidValue); 2] = [
    ("exact", PaidValue::Exact),
    ("published", PaidValue::Published),
];
const NEGATIVES: [(&str, NegativePayments); 2] = [
    ("carry", NegativePayments::Carry),
    (
        "floor_and_redistribute",
        NegativePayments::FloorAndRedistribute,
    ),
];
const MONTHS_OF_BASELINES: [(&str, BaselineMonths); 2] = [
    ("alone", BaselineMonths::Alone),
    ("year_to_date", BaselineMonths::YearToDate),
];
static MONTHS_WORDS: [&str; 2] = keys::words(&MONTHS_OF_BASELINES);
static FAMILY_WORDS: [&str; 3] = keys::words(&FAMILIES);
static PATIENT_SIDE_WORDS: [&str; 2] = keys::words(&PATIENT_SIDES);
static RESIDUAL_WORDS: [&str; 3] = keys::words(&RESIDUAL_RULES);
static PAYS_WORDS: [&str; 2] = keys::words(&PAYS);
static NEGATIVE_WORDS: [&str; 2] = keys::words(&NEGATIVES);

const RATIO: Numeric = numeric("ratio", Range::NotNegative, 6);

const FAMILY: &str = "value.family";
pub(super) const PATIENT_SIDE: &str = "value.patient_side";
const MODEL: &str = "value.model";
const MONEY_ROUNDING: &str = "value.money_rounding";
const PUBLISHED_PLACES: &str = "value.published_places";
const PAID_VALUE: &str = "value.pays";
const NEGATIVE: &str = "value.negative";
const INITIAL: &str = "value.initial";
const MODE: &str = "value.mode";
const FIXED_PART: &str = "value.elastic.fixed_part";
const ELASTIC_CAP: &str = "value.elastic.floating_cap";
const ELASTIC_RESIDUAL: &str = "value.elastic.residual_rule";
const CALIBRATION: &str = "value.baseline_increment.calibration";
const FIXED_FACTOR: &str = "value.baseline_increment.fixed_value_factor";
pub(super) const BUDGET_SHARE: &str = "value.baseline_increment.budget_share";
const BASELINE_SHARE: &str = "value.baseline_increment.baseline_share";
const SEASON_SHARE: &str = "value.baseline_increment.season_share";
const MONTHS: &str = "value.baseline_increment.months";
const INCREMENT: &str = "value.baseline_increment.increment";
const SUBPOOLS: &str = "value.baseline_increment.subpools";
const TILT_PRIMARY: &str = "value.baseline_increment.tilt.primary_care";
const TILT_LEVEL: &str = "value.baseline_increment.tilt.by_level";
const FLOOR: &str = "value.baseline_increment.floor";
const FLOATING_CAP: &str = "value.baseline_increment.floating_cap";
const RESIDUAL_RULE: &str = "value.baseline_increment.residual_rule";
const COMPLEX_FROM: &str = "measure.complexity.weight";

static KEYS: [Key; 26] = [
    always(FAMILY, Kind::Word(&FAMILY_WORDS)),
    always(PATIENT_SIDE, Kind::Word(&PATIENT_SIDE_WORDS)),
    always(MODEL, Kind::Word(&["uniform", "baseline_increment"])),
    when_asked(MODE, Kind::Word(&["floating", "fixed", "elastic"])),
    when_asked(
        INITIAL,
        Kind::Levels(numeric("yuan per point", Range::NotNegative, 10)),
    ),
    when_asked(FIXED_PART, Kind::Text),
    when_asked(ELASTIC_CAP, Kind::NumberOrNone(RATIO)),
    when_asked(ELASTIC_RESIDUAL, Kind::Word(&RESIDUAL_WORDS)),
    always(MONEY_ROUNDING, Kind::Word(&keys::ROUNDING_WORDS)),
    always(
        PUBLISHED_PLACES,
        Kind::Number(numeric("decimals", Range::Decimals, 0)),
    ),
    when_asked(PAID_VALUE, Kind::Word(&PAYS_WORDS)),
    when_asked(NEGATIVE, Kind::Word(&NEGATIVE_WORDS)),
    when_asked(CALIBRATION, Kind::Word(&["prior_value", "budget_share"])),
    when_asked(FIXED_FACTOR, Kind::Number(RATIO)),
    when_asked(
        BUDGET_SHARE,
        Kind::Number(numeric("share of budget", Range::ZeroToOne, 6)),
    ),
    when_asked(BASELINE_SHARE, Kind::Number(RATIO)),
    when_asked(
        SEASON_SHARE,
        Kind::Share(numeric("share of prior points", Range::NotNegative, 6)),
    ),
    when_asked(MONTHS, Kind::Word(&MONTHS_WORDS)),
    when_asked(INCREMENT, Kind::Word(&["by_points", "tilted", "subpools"])),
    when_asked(
        SUBPOOLS,
        Kind::Levels(numeric("share of increment money", Range::ZeroToOne, 6)),
    ),
    when_asked(TILT_PRIMARY, Kind::Number(RATIO)),
    when_asked(TILT_LEVEL, Kind::Levels(RATIO)),
    when_asked(FLOOR, Kind::NumberOrNone(RATIO)),
    when_asked(FLOATING_CAP, Kind::NumberOrNone(RATIO)),
    when_asked(RESIDUAL_RULE, Kind::Word(&RESIDUAL_WORDS)),
    when_asked(
        COMPLEX_FROM,
        Kind::Bound(
            &["at_least", "more_than"],
            numeric("weight", Range::NotNegative, 4),
        ),
    ),
];

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

/// How a pool's budget is paid out.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<ValueTerms, Error> {
    let optional = |key, choices| resolver.optional_choice(key, choices);
    Ok(ValueTerms {
        family: resolver.choice(FAMILY, &FAMILIES)?,
        model: model(resolver)?,
        pays: optional(PAID_VALUE, &PAYS).unwrap_or(PaidValue::Exact),
        negative: resolver
            .optional_choice(NEGATIVE, &NEGATIVES)
            .unwrap_or(NegativePayments::Carry),
        money_rounding: resolver.choice(MONEY_ROUNDING, &keys::ROUNDINGS)?,
        points_rounding: resolver.choice(keys::POINTS_ROUNDING, &keys::ROUNDINGS)?,
        published_places: resolver.whole(PUBLISHED_PLACES)?,
    })
}

/// The initial values by pool, insurance or `all`; empty where the policy states none.
pub(super) fn initial(resolver: &Resolver<'_>) -> BTreeMap<String, Decimal> {
    resolver.optional_levels(INITIAL)
}

/// The tilts that the policy itself states.
pub(super) fn tilts(resolver: &Resolver<'_>) -> TiltTerms {
    TiltTerms {
        primary_care: resolver.optional_number(TILT_PRIMARY),
        by_level: resolver.optional_levels(TILT_LEVEL),
    }
}

/// From which weight on a case is complex, where a measure asks for it.
pub(super) fn complex_from(resolver: &Resolver<'_>) -> Option<Bound> {
    match resolver.optional(COMPLEX_FROM)? {
        Value::Bound(bound) => Some(*bound),
        other => unreachable!("{other} was read as a comparison"),
    }
}

fn model(resolver: &Resolver<'_>) -> Result<ValueModel, Error> {
    if resolver.word(MODEL)? == "uniform" {
        return uniform(resolver).map(ValueModel::Uniform);
    }
    Ok(ValueModel::BaselineIncrement(BaselineIncrement {
        calibration: calibration(resolver)?,
        baseline_share: resolver.number(BASELINE_SHARE)?,
        season_share: match resolver.value(SEASON_SHARE)? {
            Value::Share(share) => *share,
            other => unreachable!("{other} was read as a share"),
        },
        months: resolver
            .optional_choice(MONTHS, &MONTHS_OF_BASELINES)
            .unwrap_or(BaselineMonths::Alone),
        increment: increment(resolver)?,
        floor: resolver.optional_number(FLOOR),
        floating_cap: number_or_none(resolver, FLOATING_CAP)?,
        residual_rule: resolver.choice(RESIDUAL_RULE, &RESIDUAL_RULES)?,
    }))
}

fn uniform(resolver: &Resolver<'_>) -> Result<UniformMode, Error> {
    let mode = resolver.optional(MODE).map(ToString::to_string);
    match mode.as_deref() {
        None | Some("floating") => return Ok(UniformMode::Floating),
        _ => resolver.value(INITIAL)?,
    };
    if mode.as_deref() == Some("fixed") {
        return Ok(UniformMode::Fixed);
    }
    let fixed_part = resolver.word(FIXED_PART)?.to_owned();
    require_measure(resolver, &fixed_part)?;
    Ok(UniformMode::Elastic(Elastic {
        fixed_part,
        floating_cap: number_or_none(resolver, ELASTIC_CAP)?,
        residual_rule: resolver.choice(ELASTIC_RESIDUAL, &RESIDUAL_RULES)?,
    }))
}

fn calibration(resolver: &Resolver<'_>) -> Result<Calibration, Error> {
    match resolver.optional(CALIBRATION).map(ToString::to_string) {
        Some(word) if word == "budget_share" => Ok(Calibration::BudgetShare {
            share: resolver.number(BUDGET_SHARE)?,
        }),
        _ => Ok(Calibration::PriorValue {
            factor: resolver.number(FIXED_FACTOR)?,
        }),
    }
}

fn increment(resolver: &Resolver<'_>) -> Result<IncrementRule, Error> {
    match resolver.optional(INCREMENT).map(ToString::to_string) {
        Some(word) if word == "tilted" => Ok(IncrementRule::Tilted),
        Some(word) if word == "subpools" => {
            let shares = shares_of_one(resolver, SUBPOOLS)?;
            for name in shares.keys() {
                require_measure(resolver, name)?;
            }
            Ok(IncrementRule::Subpools(shares))
        }
        _ => Ok(IncrementRule::ByPoints),
    }
}

/// Named shares that must be 1 together.
pub(super) fn shares_of_one(
    resolver: &Resolver<'_>,
    key: &'static str,
) -> Result<BTreeMap<String, Decimal>, Error> {
    resolver.value(key)?;
    let shares = resolver.optional_levels(key);
    let sum = shares
        .values()
        .try_fold(Decimal::ZERO, |sum, share| sum.checked_add(*share));
    match sum {
        Some(sum) if sum == Decimal::ONE => Ok(shares),
        sum => {
            let sum = sum.unwrap_or(Decimal::MAX).normalize().to_string();
            Err(resolver.wrong(key, PolicyProblem::SharesDoNotAddUp { sum }))
        }
    }
}

/// The measure of complex cases needs to know from which weight on a case is complex.
fn require_measure(resolver: &Resolver<'_>, name: &str) -> Result<(), Error> {
    if name.split('+').any(|part| part == "complexity") {
        resolver.value(COMPLEX_FROM)?;
    }
    Ok(())
}

fn number_or_none(resolver: &Resolver<'_>, key: &'static str) -> Result<Option<Decimal>, Error> {
    Ok(match resolver.value(key)? {
        Value::Number(number) => Some(*number),
        _ => None,
    })
}
