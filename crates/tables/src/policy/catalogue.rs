//! What a policy says about growing a DIP catalogue (地方病种库) out of history.

use super::Policy;
use super::auxiliary::{self, AuxiliaryTerms};
use super::keys::{Key, Kind, Numeric, Range, numeric, when_asked};
use super::parameter::Value;
use super::resolve::Resolver;
use super::terms::Bound;
use super::weigh::WeighTerms;
use crate::dip::TreatmentClass;
use crate::error::Error;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// How a catalogue comes out of claims history.
///
/// Source: `policies/catalogue.md`; the single values are sourced in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueTerms {
    /// How groups are trimmed and weighed.
    pub weigh: WeighTerms,
    /// The tie-break profile of the plan that is written.
    pub tie_break: String,
    /// What an interventional procedure counts as.
    pub interventional_as: TreatmentClass,
    /// The longest stay in days that is used; `None` is no limit.
    pub max_stay_days: Option<u32>,
    /// From how many cases on a diagnosis with its treatment is a core group.
    pub threshold: Threshold,
    /// By which share of the mean of diagnosis and main procedure a related one must raise it.
    pub related_increase: Decimal,
    /// How many related procedures a group may ask for together.
    pub related_most: u32,
    /// How far apart the means of groups may lie that are proposed to be one.
    pub merge_difference: Decimal,
    /// How far the coefficient of variation may rise when groups become one.
    pub merge_cv_rise: Decimal,
    /// From how many cases on a comprehensive group (综合病种) stands.
    pub comprehensive_cases: u64,
    /// Up to which coefficient of variation it stands; `None` is no limit.
    pub comprehensive_cv: Option<Decimal>,
    /// From which share of primary institutions on a group is one of primary care (基层病种).
    pub primary_share: Decimal,
    /// Up to which coefficient of variation it is one.
    pub primary_cv: Bound,
    /// When groups have subtypes; `None` leaves the catalogue without any.
    pub auxiliary: Option<AuxiliaryTerms>,
}

/// How the threshold (临界值) of core groups is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// So many cases.
    Fixed(u64),
    /// The cases of the smallest group that is needed to cover this share of the cases.
    Coverage(Decimal),
}

const CASES: Kind = Kind::Number(numeric("cases", Range::Positive, 0));
const OF_CASES: Kind = Kind::Number(numeric("share of cases", Range::ZeroToOne, 6));
const OF_MEAN: Kind = Kind::Number(numeric("share of mean cost", Range::NotNegative, 6));
const CV: Numeric = numeric("SD / mean", Range::Positive, 6);
static CLASS_WORDS: [&str; 2] = ["surgery", "therapeutic"];
static THRESHOLD_WORDS: [&str; 2] = ["fixed", "coverage"];

const TIE_BREAK: &str = "catalogue.tie_break";
const INTERVENTIONAL: &str = "catalogue.interventional_as";
const MAX_STAY: &str = "catalogue.max_stay";
const THRESHOLD: &str = "catalogue.threshold.mode";
const THRESHOLD_CASES: &str = "catalogue.threshold.cases";
const THRESHOLD_COVERAGE: &str = "catalogue.threshold.coverage";
const RELATED_INCREASE: &str = "catalogue.related.min_increase";
const RELATED_MOST: &str = "catalogue.related.most";
const MERGE_DIFFERENCE: &str = "catalogue.merge.max_difference";
const MERGE_CV: &str = "catalogue.merge.max_cv_rise";
const COMPREHENSIVE_CASES: &str = "catalogue.comprehensive.min_cases";
const COMPREHENSIVE_CV: &str = "catalogue.comprehensive.max_cv";
const PRIMARY_SHARE: &str = "catalogue.primary_care.min_share";
const PRIMARY_CV: &str = "catalogue.primary_care.cv";

static KEYS: [Key; 14] = [
    when_asked(TIE_BREAK, Kind::Text),
    when_asked(INTERVENTIONAL, Kind::Word(&CLASS_WORDS)),
    when_asked(
        MAX_STAY,
        Kind::NumberOrNone(numeric("days", Range::Positive, 0)),
    ),
    when_asked(THRESHOLD, Kind::Word(&THRESHOLD_WORDS)),
    when_asked(THRESHOLD_CASES, CASES),
    when_asked(THRESHOLD_COVERAGE, OF_CASES),
    when_asked(RELATED_INCREASE, OF_MEAN),
    when_asked(
        RELATED_MOST,
        Kind::Number(numeric("procedures", Range::Positive, 0)),
    ),
    when_asked(MERGE_DIFFERENCE, OF_MEAN),
    when_asked(
        MERGE_CV,
        Kind::Number(numeric("SD / mean", Range::NotNegative, 4)),
    ),
    when_asked(COMPREHENSIVE_CASES, CASES),
    when_asked(COMPREHENSIVE_CV, Kind::NumberOrNone(CV)),
    when_asked(PRIMARY_SHARE, OF_CASES),
    when_asked(PRIMARY_CV, Kind::Bound(&["at_most", "less_than"], CV)),
];

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(auxiliary::keys())
}

/// Whether the policy says anything about catalogues on this day.
pub(super) fn is_stated(policy: &Policy, date: Date) -> bool {
    keys().any(|key| policy.entry(key.name, date).is_some())
}

/// Resolves the section at a date; it stands on the section of weighing.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<CatalogueTerms, Error> {
    let whole = |key| resolver.whole(key).map(u64::from);
    Ok(CatalogueTerms {
        weigh: super::weigh::resolve(resolver)?,
        tie_break: resolver.word(TIE_BREAK)?.to_owned(),
        interventional_as: match resolver.word(INTERVENTIONAL)? {
            "therapeutic" => TreatmentClass::Therapeutic,
            _ => TreatmentClass::Surgery,
        },
        max_stay_days: match resolver.value(MAX_STAY)? {
            Value::Number(_) => Some(resolver.whole(MAX_STAY)?),
            _ => None,
        },
        threshold: match resolver.word(THRESHOLD)? {
            "coverage" => Threshold::Coverage(resolver.number(THRESHOLD_COVERAGE)?),
            _ => Threshold::Fixed(whole(THRESHOLD_CASES)?),
        },
        related_increase: resolver.number(RELATED_INCREASE)?,
        related_most: resolver.whole(RELATED_MOST)?,
        merge_difference: resolver.number(MERGE_DIFFERENCE)?,
        merge_cv_rise: resolver.number(MERGE_CV)?,
        comprehensive_cases: whole(COMPREHENSIVE_CASES)?,
        comprehensive_cv: match resolver.value(COMPREHENSIVE_CV)? {
            Value::Number(number) => Some(*number),
            _ => None,
        },
        primary_share: resolver.number(PRIMARY_SHARE)?,
        primary_cv: match resolver.value(PRIMARY_CV)? {
            Value::Bound(bound) => *bound,
            other => unreachable!("{other} was read as a comparison"),
        },
        auxiliary: auxiliary::resolve(resolver)?,
    })
}
