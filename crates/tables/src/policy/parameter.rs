//! A parameter with its dated entries.

use super::terms::Bound;
use super::value::Share;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt;

/// All entries of one parameter, by date.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) key: &'static str,
    /// What messages call the file that states it.
    pub(super) file: String,
    pub(super) entries: Vec<Entry>,
}

/// One dated value of a parameter.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) from: Date,
    /// The last day; none is open.
    pub(super) until: Option<Date>,
    pub(super) value: Value,
    pub(super) unit: Option<&'static str>,
    /// A key of the table of sources.
    pub(super) source: String,
    /// What whoever wrote the policy says about it.
    pub(super) note: Option<String>,
    pub(super) line: u64,
}

impl Entry {
    pub(super) fn holds_on(&self, date: Date) -> bool {
        self.from <= date && self.until.is_none_or(|until| date <= until)
    }
}

/// A value as the policy states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A word or a name.
    Word(String),
    /// A number.
    Number(Decimal),
    /// The word `none` where a number could stand.
    NoNumber,
    /// A share.
    Share(Share),
    /// A comparison with a number.
    Bound(Bound),
    /// Bands of weights or base points, each with a comparison.
    Bands(Vec<Band>),
    /// A word, and the discount that goes with `by_cost`.
    Treatment(String, Option<Decimal>),
    /// A number for each level.
    Levels(BTreeMap<String, Decimal>),
    /// A title for each code.
    Names(BTreeMap<String, String>),
    /// Whole numbers in proportion to each other.
    Parts(Vec<u32>),
}

/// A band as the policy states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Band {
    pub(super) measure: Measure,
    /// From where on it holds, up to the next band.
    pub(super) lower: Bound,
    pub(super) threshold: Bound,
}

/// What bands are bands of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Weight,
    BasePoints,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Number(number) => write!(f, "{number}"),
            Self::NoNumber => f.write_str("none"),
            Self::Share(share) => write!(f, "{}/{}", share.numerator, share.denominator),
            Self::Bound(bound) => write!(f, "{} {}", bound.word(), bound.value()),
            Self::Bands(bands) => list(f, bands.iter().map(show_band)),
            Self::Treatment(word, None) => f.write_str(word),
            Self::Treatment(word, Some(discount)) => write!(f, "{word}, discount {discount}"),
            Self::Levels(levels) => list(f, levels.iter().map(|(k, v)| format!("{k}: {v}"))),
            Self::Parts(parts) => {
                let parts: Vec<String> = parts.iter().map(u32::to_string).collect();
                f.write_str(&parts.join(":"))
            }
            Self::Names(names) => list(f, names.iter().map(|(k, v)| format!("{k}: {v}"))),
        }
    }
}

fn show_band(band: &Band) -> String {
    let measure = match band.measure {
        Measure::Weight => "weight",
        Measure::BasePoints => "base points",
    };
    let (lower, threshold) = (band.lower, band.threshold);
    format!(
        "{measure} {} {}: {} {}",
        lower.word(),
        lower.value(),
        threshold.word(),
        threshold.value()
    )
}

fn list(f: &mut fmt::Formatter<'_>, parts: impl Iterator<Item = String>) -> fmt::Result {
    f.write_str(&parts.collect::<Vec<_>>().join("; "))
}
