//! Every parameter that a policy can have: its key, its form, its unit and its choices.

use super::terms::{CoefficientUse, DateSelector, LateEntries, Rounding};
use super::{case, catalogue, checks, clearing, pools, supervise, units, value_keys, weigh};

/// The form of a parameter's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// `value` is free text.
    Text,
    /// `value` is one of these words.
    Word(&'static [&'static str]),
    /// `value` is a number.
    Number(Numeric),
    /// `value` is a number, or the word `none`.
    NumberOrNone(Numeric),
    /// `value` is a decimal or a fraction.
    Share(Numeric),
    /// One of these comparisons stands for the value.
    Bound(&'static [&'static str], Numeric),
    /// `bands` is a list of weight bands with a comparison each.
    Bands(Numeric),
    /// `value` is one of these words; `by_cost` goes with a `discount`.
    Treatment(&'static [&'static str], Numeric),
    /// `values` gives a number for each level of hospital.
    Levels(Numeric),
    /// `names` gives a title for each code.
    Names,
    /// `value` is a list of whole numbers with colons between them, such as `1:2:7`.
    Parts(Numeric),
}

/// What numbers make sense for a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numeric {
    pub(super) unit: &'static str,
    pub(super) range: Range,
    pub(super) places: u32,
}

/// Which numbers make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// Zero or more.
    NotNegative,
    /// More than zero.
    Positive,
    /// From zero to one.
    ZeroToOne,
    /// A whole number from one to a million.
    Scale,
    /// A whole number from two to ten.
    Decimals,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) need: Need,
}

/// When a parameter must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// On every day of the policy.
    Always,
    /// Only where another parameter asks for it.
    WhenAsked,
}

pub(super) const RATIO: Numeric = numeric("ratio", Range::NotNegative, 6);
pub(super) const OF_REFERENCE: Numeric = numeric("multiple of reference cost", Range::Positive, 6);

pub(super) const fn numeric(unit: &'static str, range: Range, places: u32) -> Numeric {
    Numeric {
        unit,
        range,
        places,
    }
}

pub(super) const fn always(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        need: Need::Always,
    }
}

pub(super) const fn when_asked(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        need: Need::WhenAsked,
    }
}

/// The words of a list of choices.
pub(super) const fn words<T: Copy, const N: usize>(
    choices: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut words = [""; N];
    let mut index = 0;
    while index < N {
        words[index] = choices[index].0;
        index += 1;
    }
    words
}

pub(super) const ROUNDINGS: [(&str, Rounding); 2] = [
    ("half_away_from_zero", Rounding::HalfAwayFromZero),
    ("down", Rounding::Down),
];
pub(super) const SELECTORS: [(&str, DateSelector); 2] = [
    ("discharge", DateSelector::Discharge),
    ("settlement", DateSelector::Settlement),
];
pub(super) const COEFFICIENT_USES: [(&str, CoefficientUse); 2] = [
    ("with", CoefficientUse::With),
    ("without", CoefficientUse::Without),
];
pub(super) const LATE: [(&str, LateEntries); 2] =
    [("pay", LateEntries::Pay), ("unpaid", LateEntries::Unpaid)];

pub(super) static ROUNDING_WORDS: [&str; 2] = words(&ROUNDINGS);
static SELECTOR_WORDS: [&str; 2] = words(&SELECTORS);
pub(super) static COEFFICIENT_USE_WORDS: [&str; 2] = words(&COEFFICIENT_USES);
static LATE_WORDS: [&str; 2] = words(&LATE);

pub(super) const PLAN: &str = "grouping.plan";
pub(super) const SELECTED_BY: &str = "dates.selected_by";
pub(super) const SCALE: &str = "points.scale";
pub(super) const MEAN_COST: &str = "points.mean_cost";
pub(super) const POINTS_ROUNDING: &str = "points.rounding";
pub(super) const COEFFICIENT_FROM: &str = "coefficient.from";
pub(super) const COEFFICIENT_BY_LEVEL: &str = "coefficient.by_level";
pub(super) const LOW_THRESHOLD: &str = "case.low.threshold";
pub(super) const LOW_RULE: &str = "case.low.rule";
pub(super) const LOW_COEFFICIENT: &str = "case.low.coefficient";
pub(super) const HIGH_THRESHOLDS: &str = "case.high.thresholds";
pub(super) const HIGH_RULE: &str = "case.high.rule";
pub(super) const HIGH_ADDED_SHARE: &str = "case.high.added_share";
pub(super) const WITHOUT_WEIGHT: &str = "case.without_weight";
pub(super) const UNGROUPED: &str = "case.ungrouped";
pub(super) const AMBIGUOUS: &str = "case.ambiguous";
pub(super) const LATE_ENTRIES: &str = "case.late";
pub(super) const INSURANCES: &str = "pool.insurances";
pub(super) const REGIONS: &str = "pool.regions";
pub(super) const RESERVE_SHARE: &str = "pool.reserve_share";

/// The parameters of settlement, in the order in which a case meets them.
static KEYS: [Key; 20] = [
    always(PLAN, Kind::Text),
    always(SELECTED_BY, Kind::Word(&SELECTOR_WORDS)),
    always(
        SCALE,
        Kind::Number(numeric("points per weight", Range::Scale, 0)),
    ),
    always(MEAN_COST, Kind::Number(numeric("yuan", Range::Positive, 2))),
    always(POINTS_ROUNDING, Kind::Word(&ROUNDING_WORDS)),
    always(
        COEFFICIENT_FROM,
        Kind::Word(&["hospitals_input", "level", "blend", "group_means"]),
    ),
    when_asked(COEFFICIENT_BY_LEVEL, Kind::Levels(RATIO)),
    always(
        LOW_THRESHOLD,
        Kind::Bound(&["less_than", "at_most"], OF_REFERENCE),
    ),
    always(LOW_RULE, Kind::Word(&["POINTS_NO_K", "RATIO", "BY_ACTUAL"])),
    when_asked(LOW_COEFFICIENT, Kind::Word(&COEFFICIENT_USE_WORDS)),
    always(HIGH_THRESHOLDS, Kind::Bands(OF_REFERENCE)),
    always(
        HIGH_RULE,
        Kind::Word(&["LINEAR_ADD", "DEDUCT", "CAP", "BY_ITEM_TOP", "NORMAL"]),
    ),
    when_asked(HIGH_ADDED_SHARE, Kind::Number(RATIO)),
    always(
        WITHOUT_WEIGHT,
        Kind::Treatment(&["by_cost", "unpaid", "error"], DISCOUNT),
    ),
    always(UNGROUPED, Kind::Treatment(&["by_cost", "unpaid"], DISCOUNT)),
    always(AMBIGUOUS, Kind::Treatment(&["by_cost", "unpaid"], DISCOUNT)),
    always(LATE_ENTRIES, Kind::Word(&LATE_WORDS)),
    always(INSURANCES, Kind::Names),
    always(REGIONS, Kind::Names),
    always(
        RESERVE_SHARE,
        Kind::Number(numeric("share of budget", Range::ZeroToOne, 6)),
    ),
];

pub(super) const DISCOUNT: Numeric = numeric("ratio", Range::ZeroToOne, 6);

/// All parameters, those of settlement first.
pub(super) fn all() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
        .chain(checks::keys())
        .chain(case::keys())
        .chain(pools::keys())
        .chain(value_keys::keys())
        .chain(clearing::keys())
        .chain(units::keys())
        .chain(weigh::keys())
        .chain(catalogue::keys())
        .chain(supervise::keys())
}

/// The parameter with this key.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    all().find(|key| key.name == name)
}

/// The meaning of a word among a list of choices.
pub(super) fn choice<T: Copy>(choices: &[(&'static str, T)], word: &str) -> Option<T> {
    choices
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, meaning)| *meaning)
}
