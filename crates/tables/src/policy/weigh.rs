//! What a policy says about base points from history (测算权重): parameters, terms, resolution.

use super::Policy;
use super::keys::{self, Key, Kind, Range, numeric, when_asked};
use super::parameter::Value;
use super::problem::PolicyProblem;
use super::resolve::Resolver;
use super::terms::Bound;
use crate::error::Error;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// How weights and base points come out of claims history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeighTerms {
    /// The policy's id.
    pub policy: String,
    /// The date that was asked for.
    pub date: Date,
    /// The grouping plan that history is grouped by.
    pub plan: String,
    /// Points for a weight of 1.
    pub scale: u32,
    /// What each year counts, oldest first; none is zero.
    pub years: Vec<u32>,
    /// How the years of a group come together.
    pub year_mean: YearMean,
    /// What a mean cost is compared with.
    pub method: WeightMethod,
    /// Which cases of a group are left out.
    pub trim: Trim,
    /// What is left out besides, once, where the costs still spread too far (中间区段法).
    pub retrim: Option<Trim>,
    /// From how many cases on a group can be stable.
    pub min_cases: u64,
    /// Up to which coefficient of variation a group is stable.
    pub stable_cv: Bound,
    /// The weight of a group with too few cases.
    pub small_groups: Instead,
    /// The weight of a group whose costs spread too far.
    pub unstable_groups: Instead,
    /// λ: the weight is λ × new + (1 − λ) × prior; `None` is the new weight alone.
    pub smoothing: Option<Decimal>,
    /// The largest fall as a share of the prior weight; `None` is no limit.
    pub max_decrease: Option<Decimal>,
    /// The largest rise as a share of the prior weight; `None` is no limit.
    pub max_increase: Option<Decimal>,
    /// Whether prior weights that came in are balanced by a factor on all weights.
    pub total: TotalWeight,
    /// Which weights give way to manual changes.
    pub changes: ChangesBorneBy,
}

/// How the years of a group come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YearMean {
    /// One mean of all cases, each counting what its year counts.
    Pooled,
    /// The mean of the yearly means; a year without cases is left out and the others count for it.
    Yearly,
}

/// What a mean cost is compared with to become a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightMethod {
    /// 平均费用法: the mean cost of all cases.
    Average,
    /// 基准病组法: the mean cost of one group.
    Benchmark(String),
    /// 定额法: an amount of fen that one point stands for.
    Quota(i64),
}

/// Which cases of a group are left out before its mean is taken (裁剪).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// Where the fences stand.
    pub method: TrimMethod,
    /// The largest share of a group's cases that is left out.
    pub max_share: Decimal,
    /// Groups with fewer cases are left whole.
    pub min_cases: u64,
}

/// Where the fences of trimming stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimMethod {
    /// Nowhere.
    None,
    /// At two percentiles.
    Percentile {
        /// The share of cases below the lower fence.
        lower: Decimal,
        /// The share of cases up to the upper fence.
        upper: Decimal,
    },
    /// At two multiples of the group's mean cost.
    Multiple {
        /// Cases below it are left out.
        below: Decimal,
        /// Cases above it are left out.
        above: Decimal,
    },
    /// So many standard deviations of ln C from its mean.
    LognormalSd(Decimal),
    /// So many interquartile ranges outside the quartiles.
    Iqr(Decimal),
}

/// The weight of a group that cannot stand on its own cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instead {
    /// Its own all the same.
    Own,
    /// None: its cases are paid as the policy pays cases without a weight.
    Without,
    /// The one that it had.
    Prior,
    /// That of all cases of its ADRG together.
    AdrgMean,
}

/// Whether the total weight is held when prior weights come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TotalWeight {
    /// One factor on all weights holds it.
    Kept,
    /// It goes where it goes, and the report says how far.
    Open,
}

/// Which weights give way to manual changes, so that the total stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangesBorneBy {
    /// All but the changed ones, which stay as stated.
    Others,
    /// All, the changed ones too.
    All,
}

const YEAR_MEANS: [(&str, YearMean); 2] =
    [("pooled", YearMean::Pooled), ("yearly", YearMean::Yearly)];
const INSTEADS: [(&str, Instead); 4] = [
    ("own", Instead::Own),
    ("without", Instead::Without),
    ("prior", Instead::Prior),
    ("adrg_mean", Instead::AdrgMean),
];
const TOTALS: [(&str, TotalWeight); 2] = [("kept", TotalWeight::Kept), ("open", TotalWeight::Open)];
const CHANGES: [(&str, ChangesBorneBy); 2] = [
    ("others", ChangesBorneBy::Others),
    ("all", ChangesBorneBy::All),
];
static YEAR_MEAN_WORDS: [&str; 2] = keys::words(&YEAR_MEANS);
static INSTEAD_WORDS: [&str; 4] = keys::words(&INSTEADS);
static TOTAL_WORDS: [&str; 2] = keys::words(&TOTALS);
static CHANGES_WORDS: [&str; 2] = keys::words(&CHANGES);
static TRIM_WORDS: [&str; 5] = ["percentile", "multiple", "lognormal_sd", "iqr", "none"];

const CASES: Kind = Kind::Number(numeric("cases", Range::NotNegative, 0));
const SHARE_OF_CASES: Kind = Kind::Number(numeric("share of cases", Range::ZeroToOne, 6));
const OF_MEAN: Kind = Kind::Number(numeric("multiple of mean cost", Range::Positive, 6));
const DEVIATIONS: Kind = Kind::Number(numeric("standard deviations", Range::Positive, 6));
const RANGES: Kind = Kind::Number(numeric("interquartile ranges", Range::NotNegative, 6));
const OF_PRIOR: Kind = Kind::NumberOrNone(numeric("share of prior weight", Range::ZeroToOne, 6));
const RISE: Kind = Kind::NumberOrNone(numeric("share of prior weight", Range::NotNegative, 6));

/// The keys of one trimming.
struct TrimKeys {
    method: &'static str,
    lower: &'static str,
    upper: &'static str,
    below: &'static str,
    above: &'static str,
    sd: &'static str,
    iqr: &'static str,
    max_share: &'static str,
    min_cases: &'static str,
}

const TRIM: TrimKeys = TrimKeys {
    method: "weigh.trim.method",
    lower: "weigh.trim.lower_percentile",
    upper: "weigh.trim.upper_percentile",
    below: "weigh.trim.below",
    above: "weigh.trim.above",
    sd: "weigh.trim.deviations",
    iqr: "weigh.trim.ranges",
    max_share: "weigh.trim.max_share",
    min_cases: "weigh.trim.min_cases",
};
const RETRIM: TrimKeys = TrimKeys {
    method: "weigh.retrim.method",
    lower: "weigh.retrim.lower_percentile",
    upper: "weigh.retrim.upper_percentile",
    below: "weigh.retrim.below",
    above: "weigh.retrim.above",
    sd: "weigh.retrim.deviations",
    iqr: "weigh.retrim.ranges",
    max_share: "weigh.retrim.max_share",
    min_cases: "weigh.retrim.min_cases",
};

const fn trim_keys(keys: &TrimKeys) -> [Key; 9] {
    [
        when_asked(keys.method, Kind::Word(&TRIM_WORDS)),
        when_asked(keys.lower, SHARE_OF_CASES),
        when_asked(keys.upper, SHARE_OF_CASES),
        when_asked(keys.below, OF_MEAN),
        when_asked(keys.above, OF_MEAN),
        when_asked(keys.sd, DEVIATIONS),
        when_asked(keys.iqr, RANGES),
        when_asked(keys.max_share, SHARE_OF_CASES),
        when_asked(keys.min_cases, CASES),
    ]
}

const YEARS: &str = "weigh.years";
const YEAR_MEAN: &str = "weigh.year_mean";
const METHOD: &str = "weigh.method";
const BENCHMARK: &str = "weigh.benchmark";
const QUOTA: &str = "weigh.quota";
const STABLE_CASES: &str = "weigh.stable.min_cases";
const STABLE_CV: &str = "weigh.stable.cv";
const SMALL: &str = "weigh.small_groups";
const UNSTABLE: &str = "weigh.unstable_groups";
const SMOOTHING: &str = "weigh.smoothing";
const MAX_DECREASE: &str = "weigh.max_decrease";
const MAX_INCREASE: &str = "weigh.max_increase";
const TOTAL: &str = "weigh.total";
const CHANGES_BY: &str = "weigh.changes";

static OWN_KEYS: [Key; 14] = [
    when_asked(
        YEARS,
        Kind::Parts(numeric("parts, oldest year first", Range::Positive, 0)),
    ),
    when_asked(YEAR_MEAN, Kind::Word(&YEAR_MEAN_WORDS)),
    when_asked(METHOD, Kind::Word(&["average", "benchmark", "quota"])),
    when_asked(BENCHMARK, Kind::Text),
    when_asked(
        QUOTA,
        Kind::Number(numeric("yuan per point", Range::Positive, 2)),
    ),
    when_asked(STABLE_CASES, CASES),
    when_asked(
        STABLE_CV,
        Kind::Bound(
            &["at_most", "less_than"],
            numeric("SD / mean", Range::Positive, 6),
        ),
    ),
    when_asked(SMALL, Kind::Word(&INSTEAD_WORDS)),
    when_asked(UNSTABLE, Kind::Word(&INSTEAD_WORDS)),
    when_asked(
        SMOOTHING,
        Kind::NumberOrNone(numeric("share of new weight", Range::ZeroToOne, 6)),
    ),
    when_asked(MAX_DECREASE, OF_PRIOR),
    when_asked(MAX_INCREASE, RISE),
    when_asked(TOTAL, Kind::Word(&TOTAL_WORDS)),
    when_asked(CHANGES_BY, Kind::Word(&CHANGES_WORDS)),
];
static TRIM_KEYS: [Key; 9] = trim_keys(&TRIM);
static RETRIM_KEYS: [Key; 9] = trim_keys(&RETRIM);

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    OWN_KEYS.iter().chain(&TRIM_KEYS).chain(&RETRIM_KEYS)
}

/// Whether the policy says anything about weighing on this day.
pub(super) fn is_stated(policy: &Policy, date: Date) -> bool {
    keys().any(|key| policy.entry(key.name, date).is_some())
}

/// Resolves the section at a date.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<WeighTerms, Error> {
    Ok(WeighTerms {
        policy: resolver.policy.id().to_owned(),
        date: resolver.date,
        plan: resolver.word(keys::PLAN)?.to_owned(),
        scale: resolver.whole(keys::SCALE)?,
        years: match resolver.value(YEARS)? {
            Value::Parts(parts) => parts.clone(),
            other => unreachable!("{other} was read as parts"),
        },
        year_mean: resolver.choice(YEAR_MEAN, &YEAR_MEANS)?,
        method: method(resolver)?,
        trim: trim(resolver, &TRIM)?,
        retrim: Some(trim(resolver, &RETRIM)?).filter(|trim| trim.method != TrimMethod::None),
        min_cases: cases(resolver, STABLE_CASES)?,
        stable_cv: match resolver.value(STABLE_CV)? {
            Value::Bound(bound) => *bound,
            other => unreachable!("{other} was read as a comparison"),
        },
        small_groups: resolver.choice(SMALL, &INSTEADS)?,
        unstable_groups: resolver.choice(UNSTABLE, &INSTEADS)?,
        smoothing: number_or_none(resolver, SMOOTHING)?,
        max_decrease: number_or_none(resolver, MAX_DECREASE)?,
        max_increase: number_or_none(resolver, MAX_INCREASE)?,
        total: resolver.choice(TOTAL, &TOTALS)?,
        changes: resolver.choice(CHANGES_BY, &CHANGES)?,
    })
}

fn method(resolver: &Resolver<'_>) -> Result<WeightMethod, Error> {
    Ok(match resolver.word(METHOD)? {
        "benchmark" => WeightMethod::Benchmark(resolver.word(BENCHMARK)?.to_owned()),
        "quota" => WeightMethod::Quota(super::resolve::fen(resolver.number(QUOTA)?)),
        _ => WeightMethod::Average,
    })
}

fn trim(resolver: &Resolver<'_>, keys: &TrimKeys) -> Result<Trim, Error> {
    let number = |key| resolver.number(key);
    let method = match resolver.word(keys.method)? {
        "percentile" => {
            let (lower, upper) = (number(keys.lower)?, number(keys.upper)?);
            check_fences(resolver, keys.lower, (lower, upper))?;
            TrimMethod::Percentile { lower, upper }
        }
        "multiple" => {
            let (below, above) = (number(keys.below)?, number(keys.above)?);
            check_fences(resolver, keys.below, (below, above))?;
            TrimMethod::Multiple { below, above }
        }
        "lognormal_sd" => TrimMethod::LognormalSd(number(keys.sd)?),
        "iqr" => TrimMethod::Iqr(number(keys.iqr)?),
        _ => {
            return Ok(Trim {
                method: TrimMethod::None,
                max_share: Decimal::ZERO,
                min_cases: 0,
            });
        }
    };
    Ok(Trim {
        method,
        max_share: number(keys.max_share)?,
        min_cases: cases(resolver, keys.min_cases)?,
    })
}

/// Fences that cross would leave no case.
fn check_fences(
    resolver: &Resolver<'_>,
    key: &'static str,
    (lower, upper): (Decimal, Decimal),
) -> Result<(), Error> {
    if lower < upper {
        return Ok(());
    }
    let problem = PolicyProblem::FencesCross {
        lower: lower.to_string(),
        upper: upper.to_string(),
    };
    Err(resolver.wrong(key, problem))
}

fn cases(resolver: &Resolver<'_>, key: &'static str) -> Result<u64, Error> {
    resolver.whole(key).map(u64::from)
}

fn number_or_none(resolver: &Resolver<'_>, key: &'static str) -> Result<Option<Decimal>, Error> {
    Ok(match resolver.value(key)? {
        Value::Number(number) => Some(*number),
        _ => None,
    })
}
