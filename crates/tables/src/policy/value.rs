//! What a policy says about point values (点值): parameters, terms, resolution.

use super::keys::{self, Key, Kind, Numeric, Range, always, numeric, when_asked};
use super::parameter::Value;
use super::problem::PolicyProblem;
use super::resolve::Resolver;
use super::terms::{Bound, PatientSide, Rounding};
use crate::error::Error;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How points become money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueFamily {
    /// Fund points: `v = T / P`, a hospital gets `P_h × v`.
    A,
    /// Fund share: `v = T / Σ P_h × rho_h`, a hospital gets `P_h × v × rho_h`.
    B,
    /// Cost points: `v = (T + ΣU) / P`, a hospital gets `P_h × v − U_h`.
    C,
}

/// How the budget of a pool becomes point values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueModel {
    /// One value for all points, or for all that a policy does not hold fixed.
    Uniform(UniformMode),
    /// A fixed value for last year's volume and a floating one for what is above it (基准+增量).
    BaselineIncrement(BaselineIncrement),
}

/// Whether a value follows the budget (费率模式).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UniformMode {
    /// 浮动: the budget over the points.
    Floating,
    /// 固定: the initial value; what the budget has more or less is a residual.
    Fixed,
    /// 弹性: some points at the initial value, all others at a floating one.
    Elastic(Elastic),
}

/// The elastic value, forms 2 and 3 of the DIP 3.0 draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elastic {
    /// The measure whose points earn the initial value.
    pub fixed_part: String,
    /// c: the floating value is at most c times the initial one; `None` is no limit.
    pub floating_cap: Option<Decimal>,
    /// What becomes of money that the floating value leaves over.
    pub residual_rule: ResidualRule,
}

/// The parameters of baseline + increment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineIncrement {
    /// Where the fixed value comes from.
    pub calibration: Calibration,
    /// η: the baseline is η times last year's points.
    pub baseline_share: Decimal,
    /// The share of last year's points that belongs to the period.
    pub season_share: Share,
    /// How the money above the baselines is shared.
    pub increment: IncrementRule,
    /// κ: a hospital below its baseline earns at least κ times what the baseline would.
    pub floor: Option<Decimal>,
    /// c: the money for increment points is at most c times what the fixed value would pay for
    /// them; `None` is no limit.
    pub floating_cap: Option<Decimal>,
    /// What becomes of money that the floating value leaves over.
    pub residual_rule: ResidualRule,
}

impl BaselineIncrement {
    /// Form 1 (M1) with λ times last year's value for η of last year's points, uncapped.
    #[must_use]
    pub const fn plain(fixed_value_factor: Decimal, baseline_share: Decimal) -> Self {
        Self {
            calibration: Calibration::PriorValue {
                factor: fixed_value_factor,
            },
            baseline_share,
            season_share: Share {
                numerator: 1,
                denominator: 1,
            },
            increment: IncrementRule::ByPoints,
            floor: None,
            floating_cap: None,
            residual_rule: ResidualRule::Reserve,
        }
    }
}

/// Where the fixed value of baseline + increment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Calibration {
    /// Cal-1: λ times last year's value.
    PriorValue {
        /// λ.
        factor: Decimal,
    },
    /// Cal-2: a share θ of the budget over all baseline points.
    BudgetShare {
        /// θ.
        share: Decimal,
    },
}

/// How the money above the baselines is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncrementRule {
    /// M1: by increment points.
    ByPoints,
    /// M2: by increment points times the tilt of the hospital.
    Tilted,
    /// M3: cut by these shares, each shared by the points of its measure.
    Subpools(BTreeMap<String, Decimal>),
}

/// The measure that is the increment points themselves.
pub const VOLUME: &str = "volume";

/// What a hospital's increment points count beside what stands in tables of tilts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TiltTerms {
    /// For primary-care institutions.
    pub primary_care: Option<Decimal>,
    /// By level of hospital.
    pub by_level: BTreeMap<String, Decimal>,
}

/// A part of a whole, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Share {
    /// At least 0.
    pub numerator: i64,
    /// At least 1.
    pub denominator: i64,
}

/// What becomes of money that the floating value leaves over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResidualRule {
    /// It stays in the reserve.
    Reserve,
    /// It is shared by what the baseline points earn.
    ProRataBase,
    /// It is shared by all points.
    ProRataPoints,
}

/// Which point value pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaidValue {
    /// The exact fraction; the published value is for people.
    Exact,
    /// The published value, so that every hospital can recompute its payment.
    Published,
}

/// What becomes of a payment below zero, where the patient side is more than the points earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NegativePayments {
    /// It is the hospital's debt.
    Carry,
    /// It is raised to zero, and the others bear it in proportion to what they are paid.
    FloorAndRedistribute,
}

/// How a pool's budget is paid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueTerms {
    /// How points become money.
    pub family: ValueFamily,
    /// How the budget becomes point values.
    pub model: ValueModel,
    /// Which value pays.
    pub pays: PaidValue,
    /// What becomes of a payment below zero.
    pub negative: NegativePayments,
    /// How an amount of money comes to the fen.
    pub money_rounding: Rounding,
    /// How baseline points come to four places.
    pub points_rounding: Rounding,
    /// With how many decimals a point value is published.
    pub published_places: u32,
}

impl ValueTerms {
    /// Exact values, halves away from zero, four published places, debts carried.
    #[must_use]
    pub const fn new(family: ValueFamily, model: ValueModel) -> Self {
        Self {
            family,
            model,
            pays: PaidValue::Exact,
            negative: NegativePayments::Carry,
            money_rounding: Rounding::HalfAwayFromZero,
            points_rounding: Rounding::HalfAwayFromZero,
            published_places: 4,
        }
    }
}

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
const BUDGET_SHARE: &str = "value.baseline_increment.budget_share";
const BASELINE_SHARE: &str = "value.baseline_increment.baseline_share";
const SEASON_SHARE: &str = "value.baseline_increment.season_share";
const INCREMENT: &str = "value.baseline_increment.increment";
const SUBPOOLS: &str = "value.baseline_increment.subpools";
const TILT_PRIMARY: &str = "value.baseline_increment.tilt.primary_care";
const TILT_LEVEL: &str = "value.baseline_increment.tilt.by_level";
const FLOOR: &str = "value.baseline_increment.floor";
const FLOATING_CAP: &str = "value.baseline_increment.floating_cap";
const RESIDUAL_RULE: &str = "value.baseline_increment.residual_rule";
const COMPLEX_FROM: &str = "measure.complexity.weight";

static KEYS: [Key; 25] = [
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
