//! What a policy says about pools (基金池): which there are, and what is set aside of each.

use super::keys::{Key, Kind, Range, numeric, when_asked, words};
use super::parameter::Value;
use super::resolve::Resolver;
use super::value_keys::shares_of_one;
use crate::error::Error;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Which pools there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolTerms {
    /// Whether the schemes of a region share one pool.
    pub schemes: Schemes,
    /// The payment units that are settled, by code, with their titles.
    pub units: BTreeMap<String, String>,
    /// Whether units have pools of their own or one ledger.
    pub ledger: UnitLedger,
    /// Which share of a budget that names no unit each unit has; empty where budgets name them.
    pub unit_shares: BTreeMap<String, Decimal>,
    /// Where cases of people insured elsewhere belong.
    pub out_of_area: OutOfArea,
    /// The share of a pool's budget that is kept for overspending (风险金); `None` is no fund.
    pub risk_share: Option<Decimal>,
}

/// Whether the schemes of a region share one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Schemes {
    /// Each scheme has its own budget and point value.
    Separate,
    /// The budgets of all schemes are one, with one point value.
    Merged,
}

/// Whether payment units have pools of their own (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnitLedger {
    /// Each unit has its own pool and point value.
    ByUnit,
    /// All units of a region and scheme share one pool: points of every unit are worth the same
    /// (统一点数口径).
    Unified,
}

/// Where cases of people insured in another pooling area belong (异地就医).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutOfArea {
    /// To the pool of the area, like all others.
    Merged,
    /// To a pool of their own.
    Own,
    /// To none; they are reported.
    Unpaid,
}

/// What of a budget goes to primary care by what it does for it (基层倾斜).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrowthTerms {
    /// The share of a pool's budget that is set aside.
    pub share: Decimal,
    /// What each driver counts; 1 together.
    pub drivers: BTreeMap<String, Decimal>,
}

const SCHEMES: [(&str, Schemes); 2] =
    [("separate", Schemes::Separate), ("merged", Schemes::Merged)];
const OUT_OF_AREA: [(&str, OutOfArea); 3] = [
    ("merged", OutOfArea::Merged),
    ("own", OutOfArea::Own),
    ("unpaid", OutOfArea::Unpaid),
];
const LEDGERS: [(&str, UnitLedger); 2] = [
    ("by_unit", UnitLedger::ByUnit),
    ("unified", UnitLedger::Unified),
];
static LEDGER_WORDS: [&str; 2] = words(&LEDGERS);
static SCHEME_WORDS: [&str; 2] = words(&SCHEMES);
static OUT_OF_AREA_WORDS: [&str; 3] = words(&OUT_OF_AREA);

const SCHEMES_KEY: &str = "pool.schemes";
const UNITS: &str = "pool.units";
pub(super) const UNIT_PLANS: &str = "grouping.unit_plans";
const LEDGER: &str = "pool.ledger";
const UNIT_SHARES: &str = "pool.unit_shares";
const OUT_OF_AREA_KEY: &str = "pool.out_of_area";
const RISK_SHARE: &str = "pool.risk_share";
const GROWTH_SHARE: &str = "pool.primary_care_growth.share";
const GROWTH_DRIVERS: &str = "pool.primary_care_growth.drivers";

static KEYS: [Key; 9] = [
    when_asked(UNIT_PLANS, Kind::Names),
    when_asked(SCHEMES_KEY, Kind::Word(&SCHEME_WORDS)),
    when_asked(UNITS, Kind::Names),
    when_asked(LEDGER, Kind::Word(&LEDGER_WORDS)),
    when_asked(
        UNIT_SHARES,
        Kind::Levels(numeric("share of budget", Range::ZeroToOne, 6)),
    ),
    when_asked(OUT_OF_AREA_KEY, Kind::Word(&OUT_OF_AREA_WORDS)),
    when_asked(
        RISK_SHARE,
        Kind::Number(numeric("share of budget", Range::ZeroToOne, 6)),
    ),
    when_asked(
        GROWTH_SHARE,
        Kind::Number(numeric("share of budget", Range::ZeroToOne, 6)),
    ),
    when_asked(
        GROWTH_DRIVERS,
        Kind::Levels(numeric("share of growth", Range::ZeroToOne, 6)),
    ),
];

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

/// Which pools there are; what a policy leaves out is the simplest choice.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<PoolTerms, Error> {
    let unit_shares = resolver.optional(UNIT_SHARES);
    let unit_shares = unit_shares.map(|_| shares_of_one(resolver, UNIT_SHARES));
    Ok(PoolTerms {
        ledger: resolver
            .optional_choice(LEDGER, &LEDGERS)
            .unwrap_or(UnitLedger::ByUnit),
        unit_shares: unit_shares.transpose()?.unwrap_or_default(),
        schemes: resolver
            .optional_choice(SCHEMES_KEY, &SCHEMES)
            .unwrap_or(Schemes::Separate),
        units: match resolver.optional(UNITS) {
            Some(Value::Names(names)) => names.clone(),
            _ => BTreeMap::new(),
        },
        out_of_area: resolver
            .optional_choice(OUT_OF_AREA_KEY, &OUT_OF_AREA)
            .unwrap_or(OutOfArea::Merged),
        risk_share: resolver.optional_number(RISK_SHARE),
    })
}

/// The growth for primary care, where the policy sets a share aside.
pub(super) fn growth(resolver: &Resolver<'_>) -> Result<Option<GrowthTerms>, Error> {
    let Some(share) = resolver.optional_number(GROWTH_SHARE) else {
        return Ok(None);
    };
    let drivers = shares_of_one(resolver, GROWTH_DRIVERS)?;
    Ok(Some(GrowthTerms { share, drivers }))
}
