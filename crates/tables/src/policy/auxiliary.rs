//! What a policy says about the auxiliary directory (辅助目录) of a catalogue that is grown.

use super::keys::{Key, Kind, Numeric, RATIO, Range, numeric, when_asked};
use super::parameter::Value;
use super::resolve::Resolver;
use super::terms::Bound;
use crate::error::Error;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// When a level of a kind of subtypes becomes a subtype of a group.
///
/// Source: `policies/catalogue.md`, step 9.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuxiliaryTerms {
    /// How many cases of the last year the group has at least.
    pub min_cases: u64,
    /// How many of them are of the level at least.
    pub min_subtype_cases: u64,
    /// How much the costs of the group vary at least.
    pub min_cv: Bound,
    /// By which share that falls at least within the levels.
    pub min_cv_reduction: Decimal,
    /// By kind, a factor on all of these gates; one where nothing is said.
    pub relaxed: BTreeMap<String, Decimal>,
    /// What a long stay is, where the plan shall say so.
    pub long_stay: Option<Bound>,
    /// How often the cost holds the payment standard at least.
    pub high_cost_multiple: Option<Decimal>,
    /// What share of the cost one sort of fee has at least.
    pub high_cost_share: Option<Decimal>,
}

impl AuxiliaryTerms {
    /// The factor on the gates of a kind.
    #[must_use]
    pub fn relaxed(&self, kind: &str) -> Decimal {
        self.relaxed.get(kind).copied().unwrap_or(Decimal::ONE)
    }
}

const CASES: Kind = Kind::Number(numeric("cases", Range::Positive, 0));
const CV: Numeric = numeric("SD / mean", Range::Positive, 6);
const FROM: &[&str] = &["at_least", "more_than"];

const MIN_CASES: &str = "catalogue.auxiliary.min_cases";
const MIN_SUBTYPE: &str = "catalogue.auxiliary.min_subtype_cases";
const MIN_CV: &str = "catalogue.auxiliary.cv";
const REDUCTION: &str = "catalogue.auxiliary.min_cv_reduction";
const RELAXED: &str = "catalogue.auxiliary.relaxed";
const LONG_STAY: &str = "catalogue.auxiliary.long_stay";
const HIGH_MULTIPLE: &str = "catalogue.auxiliary.high_cost_multiple";
const HIGH_SHARE: &str = "catalogue.auxiliary.high_cost_share";

static KEYS: [Key; 8] = [
    when_asked(MIN_CASES, CASES),
    when_asked(MIN_SUBTYPE, CASES),
    when_asked(MIN_CV, Kind::Bound(FROM, CV)),
    when_asked(
        REDUCTION,
        Kind::Number(numeric("share of CV", Range::ZeroToOne, 6)),
    ),
    when_asked(RELAXED, Kind::Levels(RATIO)),
    when_asked(
        LONG_STAY,
        Kind::Bound(FROM, numeric("days", Range::NotNegative, 0)),
    ),
    when_asked(
        HIGH_MULTIPLE,
        Kind::Number(numeric("multiple of payment standard", Range::Positive, 4)),
    ),
    when_asked(
        HIGH_SHARE,
        Kind::Number(numeric("share of cost", Range::ZeroToOne, 4)),
    ),
];

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

/// Resolves the section at a date; `None` where the policy says nothing about subtypes.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<Option<AuxiliaryTerms>, Error> {
    if !keys().any(|key| resolver.optional(key.name).is_some()) {
        return Ok(None);
    }
    let min_cv = match resolver.value(MIN_CV)? {
        Value::Bound(bound) => *bound,
        other => unreachable!("{other} was read as a comparison"),
    };
    Ok(Some(AuxiliaryTerms {
        min_cases: resolver.whole(MIN_CASES)?.into(),
        min_subtype_cases: resolver.whole(MIN_SUBTYPE)?.into(),
        min_cv,
        min_cv_reduction: resolver.number(REDUCTION)?,
        relaxed: resolver.optional_levels(RELAXED),
        long_stay: resolver.optional_bound(LONG_STAY),
        high_cost_multiple: resolver.optional_number(HIGH_MULTIPLE),
        high_cost_share: resolver.optional_number(HIGH_SHARE),
    }))
}
