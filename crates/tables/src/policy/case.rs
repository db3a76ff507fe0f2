//! The parameters of single cases that a policy may leave out, and how they are resolved.

use super::keys::{
    COEFFICIENT_BY_LEVEL, COEFFICIENT_FROM, COEFFICIENT_USE_WORDS, COEFFICIENT_USES, DISCOUNT,
    HIGH_ADDED_SHARE, HIGH_RULE, HIGH_THRESHOLDS, Key, Kind, LOW_COEFFICIENT, LOW_RULE, Numeric,
    OF_REFERENCE, RATIO, Range, numeric, when_asked, words,
};
use super::parameter::{Band, Measure, Value};
use super::problem::PolicyProblem;
use super::resolve::Resolver;
use super::stated::{
    AtCostTerms, BedDayTerms, ControlTerms, LateUploadTerms, LinkTerms, ReviewTerms, ReviewValue,
    SameCase, ShortStayRule, ShortStayTerms, SplitScope, SplitStayTerms, StayTerms, UnstableTerms,
};
use super::terms::{
    Bound, CoefficientSource, CoefficientUse, HighBand, HighRule, LowRule, Reference,
    SubtypeMeasure,
};
use crate::error::Error;
use rust_decimal::Decimal;

pub(super) const PRESET_VALUE: &str = "points.preset_value";
const LEVEL_SHARE: &str = "coefficient.level_share";
const WITHOUT_MEAN: &str = "coefficient.without_mean";
pub(super) const SAME_PRICE_GROUPS: &str = "coefficient.same_price_groups";
const REFERENCE: &str = "case.reference";
const SUBTYPES: &str = "case.subtypes";
const PRIMARY_CARE_COEFFICIENT: &str = "coefficient.primary_care_groups";
const FALLBACK: &str = "case.fallback";
const LOW_EXEMPT: &str = "case.low.exempt_discharge_ways";
pub(super) const HIGH_LIMIT: &str = "case.high.limit";
const HIGH_COEFFICIENT: &str = "case.high.coefficient";
const CONTROL_SHARE: &str = "case.high.control_share";
const CONTROL_BASE: &str = "case.high.control_base";
const UNSTABLE: &str = "case.unstable.treatment";
const UNSTABLE_CASES: &str = "case.unstable.cases";
const UNSTABLE_CV: &str = "case.unstable.variation";
const UNSTABLE_GROUPS: &str = "case.unstable.groups";
pub(super) const DAY_COST: &str = "case.bed_day.day_cost";
const LONG_STAY: &str = "case.bed_day.long_stay";
const TRANSFER_WAYS: &str = "case.transfer.discharge_ways";
const SHORT_LIMIT: &str = "case.short_stay.limit";
const SHORT_RULE: &str = "case.short_stay.rule";
const UPLOAD_LIMIT: &str = "case.late_upload.limit";
const UPLOAD_FACTOR: &str = "case.late_upload.factor";
const SPLIT_WINDOW: &str = "case.split_stay.window";
const SPLIT_SCOPE: &str = "case.split_stay.scope";
const SPLIT_SAME: &str = "case.split_stay.same";
const SPLIT_FACTOR: &str = "case.split_stay.factor";
const SPLIT_EXEMPT_GROUPS: &str = "case.split_stay.exempt_groups";
const SPLIT_EXEMPT_DIAGNOSES: &str = "case.split_stay.exempt_diagnoses";
const REVIEW_CAP: &str = "case.review.cap";
const REVIEW_GATE: &str = "case.review.gate";
const REVIEW_VALUE: &str = "case.review.value";
const AT_COST: &str = "case.at_cost";
/// What `case.at_cost` can name, and the rule that must be stated with it.
const AT_COST_WORDS: [(&str, &str, &str); 3] = [
    ("low", LOW_RULE, "BY_ACTUAL"),
    ("high", HIGH_RULE, "BY_ITEM_TOP"),
    ("review", REVIEW_VALUE, "preset"),
];

const REFERENCES: [(&str, Reference); 4] = [
    ("group", Reference::Group),
    ("group_and_coefficient", Reference::GroupAndCoefficient),
    ("mean_cost", Reference::MeanCost),
    (
        "mean_cost_and_coefficient",
        Reference::MeanCostAndCoefficient,
    ),
];
const SUBTYPE_MEASURES: [(&str, Option<SubtypeMeasure>); 3] = [
    ("none", None),
    ("group", Some(SubtypeMeasure::Group)),
    ("subtype", Some(SubtypeMeasure::Subtype)),
];
const PRIMARY_CARE: [(&str, bool); 2] = [("one", true), ("as_others", false)];
static SUBTYPE_WORDS: [&str; 3] = words(&SUBTYPE_MEASURES);
static PRIMARY_CARE_WORDS: [&str; 2] = words(&PRIMARY_CARE);
const BASES: [(&str, bool); 2] = [("ordinary_discharges", false), ("all_discharges", true)];
const SHORT_RULES: [(&str, ShortStayRule); 2] = [
    ("low", ShortStayRule::Low),
    ("by_cost", ShortStayRule::ByCost),
];
const SCOPES: [(&str, SplitScope); 3] = [
    ("hospital", SplitScope::Hospital),
    ("alliance", SplitScope::Alliance),
    ("any", SplitScope::Any),
];
const SAMES: [(&str, SameCase); 3] = [
    ("group", SameCase::Group),
    ("adrg", SameCase::Adrg),
    ("diagnosis_category", SameCase::Category),
];
static REFERENCE_WORDS: [&str; 4] = words(&REFERENCES);
static BASE_WORDS: [&str; 2] = words(&BASES);
static SHORT_RULE_WORDS: [&str; 2] = words(&SHORT_RULES);
static SCOPE_WORDS: [&str; 3] = words(&SCOPES);
static SAME_WORDS: [&str; 3] = words(&SAMES);

const UP_TO: &[&str] = &["less_than", "at_most"];
const FROM: &[&str] = &["more_than", "at_least"];
const DAYS: Numeric = numeric("days", Range::NotNegative, 0);
const OF_DISCHARGES: Numeric = numeric("share of discharges", Range::ZeroToOne, 6);
const CASES: Numeric = numeric("cases", Range::NotNegative, 0);
const VARIATION: Numeric = numeric("coefficient of variation", Range::NotNegative, 6);
const POINT_VALUE: Numeric = numeric("yuan per point", Range::Positive, 6);
const PER_DAY: Numeric = numeric("yuan per day", Range::Positive, 2);

static KEYS: [Key; 34] = [
    when_asked(PRESET_VALUE, Kind::Number(POINT_VALUE)),
    when_asked(LEVEL_SHARE, Kind::Number(DISCOUNT)),
    when_asked(WITHOUT_MEAN, Kind::Number(RATIO)),
    when_asked(SAME_PRICE_GROUPS, Kind::Names),
    when_asked(PRIMARY_CARE_COEFFICIENT, Kind::Word(&PRIMARY_CARE_WORDS)),
    when_asked(REFERENCE, Kind::Word(&REFERENCE_WORDS)),
    when_asked(SUBTYPES, Kind::Word(&SUBTYPE_WORDS)),
    when_asked(
        FALLBACK,
        Kind::Treatment(&["as_group", "by_cost"], DISCOUNT),
    ),
    when_asked(LOW_EXEMPT, Kind::Names),
    when_asked(HIGH_LIMIT, Kind::Bound(FROM, OF_REFERENCE)),
    when_asked(HIGH_COEFFICIENT, Kind::Word(&COEFFICIENT_USE_WORDS)),
    when_asked(CONTROL_SHARE, Kind::Number(OF_DISCHARGES)),
    when_asked(CONTROL_BASE, Kind::Word(&BASE_WORDS)),
    when_asked(UNSTABLE, Kind::Treatment(&["by_cost", "unpaid"], DISCOUNT)),
    when_asked(UNSTABLE_CASES, Kind::Bound(UP_TO, CASES)),
    when_asked(UNSTABLE_CV, Kind::Bound(FROM, VARIATION)),
    when_asked(UNSTABLE_GROUPS, Kind::Names),
    when_asked(DAY_COST, Kind::Number(PER_DAY)),
    when_asked(LONG_STAY, Kind::Bound(FROM, DAYS)),
    when_asked(TRANSFER_WAYS, Kind::Names),
    when_asked(SHORT_LIMIT, Kind::Bound(UP_TO, DAYS)),
    when_asked(SHORT_RULE, Kind::Word(&SHORT_RULE_WORDS)),
    when_asked(UPLOAD_LIMIT, Kind::Bound(FROM, DAYS)),
    when_asked(UPLOAD_FACTOR, Kind::Number(DISCOUNT)),
    when_asked(SPLIT_WINDOW, Kind::Bound(UP_TO, DAYS)),
    when_asked(SPLIT_SCOPE, Kind::Word(&SCOPE_WORDS)),
    when_asked(SPLIT_SAME, Kind::Word(&SAME_WORDS)),
    when_asked(SPLIT_FACTOR, Kind::Number(DISCOUNT)),
    when_asked(SPLIT_EXEMPT_GROUPS, Kind::Names),
    when_asked(SPLIT_EXEMPT_DIAGNOSES, Kind::Names),
    when_asked(REVIEW_CAP, Kind::Number(OF_DISCHARGES)),
    when_asked(REVIEW_GATE, Kind::Bound(FROM, OF_REFERENCE)),
    when_asked(REVIEW_VALUE, Kind::Word(&["preset", "floating"])),
    when_asked(AT_COST, Kind::Names),
];

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

pub(super) fn reference(resolver: &Resolver<'_>) -> Reference {
    optional_choice(resolver, REFERENCE, &REFERENCES).unwrap_or(Reference::Group)
}

/// By what subtypes are measured; a policy that says nothing pays them against their own costs.
pub(super) fn subtypes(resolver: &Resolver<'_>) -> Option<SubtypeMeasure> {
    optional_choice(resolver, SUBTYPES, &SUBTYPE_MEASURES).unwrap_or(Some(SubtypeMeasure::Subtype))
}

/// The discount of groups of the fallback layer, where they are paid by cost.
pub(super) fn fallback_discount(resolver: &Resolver<'_>) -> Option<Decimal> {
    match resolver.optional(FALLBACK)? {
        Value::Treatment(_, discount) => *discount,
        other => unreachable!("{other} was read as a treatment"),
    }
}

/// Whether groups of primary care have the coefficient 1, as they have where nothing is said.
pub(super) fn primary_care_price(resolver: &Resolver<'_>) -> bool {
    optional_choice(resolver, PRIMARY_CARE_COEFFICIENT, &PRIMARY_CARE).unwrap_or(true)
}

pub(super) fn low_rule(resolver: &Resolver<'_>) -> Result<LowRule, Error> {
    match resolver.word(LOW_RULE)? {
        "POINTS_NO_K" => Ok(LowRule::PointsNoK),
        "BY_ACTUAL" => Ok(LowRule::ByActual {
            preset_value: resolver.number(PRESET_VALUE)?,
        }),
        _ => {
            let used = resolver.choice(LOW_COEFFICIENT, &COEFFICIENT_USES)?;
            Ok(LowRule::Ratio(used))
        }
    }
}

pub(super) fn high_rule(resolver: &Resolver<'_>) -> Result<HighRule, Error> {
    match resolver.word(HIGH_RULE)? {
        "DEDUCT" => Ok(HighRule::Deduct),
        "CAP" => Ok(HighRule::Cap),
        "NORMAL" => Ok(HighRule::Normal),
        "BY_ITEM_TOP" => {
            // Without a proportion this rule would pay every high case by item.
            resolver.number(CONTROL_SHARE)?;
            Ok(HighRule::ByItemTop {
                preset_value: resolver.number(PRESET_VALUE)?,
            })
        }
        _ => {
            let coefficient = optional_choice(resolver, HIGH_COEFFICIENT, &COEFFICIENT_USES);
            Ok(HighRule::LinearAdd {
                alpha: resolver.number(HIGH_ADDED_SHARE)?,
                coefficient: coefficient.unwrap_or(CoefficientUse::Without),
            })
        }
    }
}

/// The bands by weight; bands of base points, which are weights times the scale, are turned.
pub(super) fn high_bands(resolver: &Resolver<'_>, scale: u32) -> Result<Vec<HighBand>, Error> {
    let bands = match resolver.value(HIGH_THRESHOLDS)? {
        Value::Bands(bands) => bands,
        other => unreachable!("{other} was read as bands"),
    };
    let by_weight = |band: &Band| HighBand {
        weight: match band.measure {
            Measure::Weight => band.lower,
            Measure::BasePoints => weight_of_points(band.lower, scale),
        },
        threshold: band.threshold,
    };
    Ok(bands.iter().map(by_weight).collect())
}

/// The bound of weights, which have four places, that a bound of base points is.
fn weight_of_points(bound: Bound, scale: u32) -> Bound {
    let scale = i128::from(scale);
    let mut points = bound.value();
    points.rescale(WEIGHT_PLACES);
    let floor = Decimal::from_i128_with_scale(points.mantissa() / scale, WEIGHT_PLACES);
    match bound {
        Bound::AtLeast(_) if points.mantissa() % scale == 0 => Bound::AtLeast(floor),
        // No weight lies between the bound and its floor, so what is above one is above both.
        _ => Bound::MoreThan(floor),
    }
}

/// How many places weights have.
const WEIGHT_PLACES: u32 = 4;

pub(super) fn coefficient(resolver: &Resolver<'_>) -> Result<CoefficientSource, Error> {
    let levels = || match resolver.value(COEFFICIENT_BY_LEVEL)? {
        Value::Levels(levels) => Ok(levels.clone()),
        other => unreachable!("{other} was read as numbers by level"),
    };
    Ok(match resolver.word(COEFFICIENT_FROM)? {
        "hospitals_input" => CoefficientSource::HospitalsInput,
        "level" => CoefficientSource::Level(levels()?),
        "blend" => CoefficientSource::Blend {
            levels: levels()?,
            level_share: resolver.number(LEVEL_SHARE)?,
        },
        _ => CoefficientSource::GroupMeans {
            level_share: resolver.number(LEVEL_SHARE)?,
            without_mean: resolver.number(WITHOUT_MEAN)?,
        },
    })
}

pub(super) fn stays(resolver: &Resolver<'_>) -> Result<StayTerms, Error> {
    let long_stay = resolver.optional_bound(LONG_STAY);
    let has_days = long_stay.is_some() || resolver.optional(DAY_COST).is_some();
    let bed_day = has_days.then(|| -> Result<BedDayTerms, Error> {
        Ok(BedDayTerms {
            day_cost_fen: super::resolve::fen(resolver.number(DAY_COST)?),
            long_stay,
        })
    });
    let short_stay = resolver.optional_bound(SHORT_LIMIT).map(|limit| {
        let rule = resolver.choice(SHORT_RULE, &SHORT_RULES)?;
        Ok::<_, Error>(ShortStayTerms { limit, rule })
    });
    let late_upload = resolver.optional_bound(UPLOAD_LIMIT).map(|limit| {
        let factor = resolver.number(UPLOAD_FACTOR)?;
        Ok::<_, Error>(LateUploadTerms { limit, factor })
    });
    Ok(StayTerms {
        bed_day: bed_day.transpose()?,
        transfer_ways: resolver.optional_names(TRANSFER_WAYS),
        low_exempt_ways: resolver.optional_names(LOW_EXEMPT),
        short_stay: short_stay.transpose()?,
        late_upload: late_upload.transpose()?,
    })
}

pub(super) fn unstable(resolver: &Resolver<'_>) -> Result<Option<UnstableTerms>, Error> {
    let cases = resolver.optional_bound(UNSTABLE_CASES);
    let variation = resolver.optional_bound(UNSTABLE_CV);
    let groups = resolver.optional_names(UNSTABLE_GROUPS);
    if cases.is_none() && variation.is_none() && groups.is_empty() {
        return Ok(None);
    }
    let treatment = resolver.treatment(UNSTABLE)?;
    Ok(Some(UnstableTerms {
        cases,
        variation,
        groups,
        treatment,
    }))
}

pub(super) fn links(resolver: &Resolver<'_>) -> Result<LinkTerms, Error> {
    let control = optional_number(resolver, CONTROL_SHARE).map(|share| ControlTerms {
        share,
        counts_new_technology: optional_choice(resolver, CONTROL_BASE, &BASES).unwrap_or(false),
    });
    let split_stays = resolver.optional_bound(SPLIT_WINDOW);
    let review = optional_number(resolver, REVIEW_CAP);
    Ok(LinkTerms {
        control,
        split_stays: split_stays
            .map(|window| split_stay(resolver, window))
            .transpose()?,
        review: review.map(|cap| review_terms(resolver, cap)).transpose()?,
        at_cost: at_cost(resolver)?,
    })
}

/// Which cases are paid money; each needs the rule that gives points by amount, since that is what
/// they earn where they are not paid at cost.
fn at_cost(resolver: &Resolver<'_>) -> Result<Option<AtCostTerms>, Error> {
    let named = resolver.optional_names(AT_COST);
    if named.is_empty() {
        return Ok(None);
    }
    for word in named.keys() {
        let known = AT_COST_WORDS.iter().find(|(known, ..)| known == word);
        let Some((_, key, rule)) = known else {
            let problem = PolicyProblem::WordUnknown {
                word: word.clone(),
                allowed: AT_COST_WORDS.map(|(word, ..)| word).join(", "),
            };
            return Err(resolver.wrong(AT_COST, problem));
        };
        if resolver.word(key)? != *rule {
            let problem = PolicyProblem::WordUnknown {
                word: resolver.word(key)?.to_owned(),
                allowed: format!("{rule}, since case.at_cost names {word}"),
            };
            return Err(resolver.wrong(key, problem));
        }
    }
    Ok(Some(AtCostTerms {
        low: named.contains_key("low"),
        high: named.contains_key("high"),
        review: named.contains_key("review"),
        preset_value: resolver.number(PRESET_VALUE)?,
    }))
}

fn split_stay(resolver: &Resolver<'_>, window: Bound) -> Result<SplitStayTerms, Error> {
    Ok(SplitStayTerms {
        window,
        scope: resolver.choice(SPLIT_SCOPE, &SCOPES)?,
        same: resolver.choice(SPLIT_SAME, &SAMES)?,
        factor: resolver.number(SPLIT_FACTOR)?,
        exempt_groups: resolver.optional_names(SPLIT_EXEMPT_GROUPS),
        exempt_diagnoses: resolver.optional_names(SPLIT_EXEMPT_DIAGNOSES),
    })
}

fn review_terms(resolver: &Resolver<'_>, cap: Decimal) -> Result<ReviewTerms, Error> {
    let value = match resolver.word(REVIEW_VALUE)? {
        "preset" => ReviewValue::Preset(resolver.number(PRESET_VALUE)?),
        _ => ReviewValue::Floating,
    };
    let gate = resolver.optional_bound(REVIEW_GATE);
    Ok(ReviewTerms { cap, gate, value })
}

fn optional_number(resolver: &Resolver<'_>, key: &'static str) -> Option<Decimal> {
    match resolver.optional(key)? {
        Value::Number(number) => Some(*number),
        other => unreachable!("{other} was read as a number"),
    }
}

fn optional_choice<T: Copy>(
    resolver: &Resolver<'_>,
    key: &'static str,
    choices: &[(&'static str, T)],
) -> Option<T> {
    match resolver.optional(key)? {
        Value::Word(word) => super::keys::choice(choices, word),
        other => unreachable!("{other} was read as a word"),
    }
}
