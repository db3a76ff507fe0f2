//! The value of one entry, in the form that its parameter has.

use super::keys::{self, Kind, Numeric};
use super::numbers::{number, parts, share};
use super::parameter::{Band, Measure, Value};
use super::problem::PolicyProblem;
use super::source::{Fields, Item};
use super::terms::Bound;
use crate::error::Error;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// The value of an entry, in the form of its parameter.
pub(super) fn value(kind: Kind, fields: &Fields<'_, '_>) -> Result<Value, Error> {
    match kind {
        Kind::Text => Ok(Value::Word(fields.text("value")?.to_owned())),
        Kind::Word(words) => Ok(Value::Word(word(fields, words)?)),
        Kind::Number(numeric) => Ok(Value::Number(number_in(fields, "value", numeric)?)),
        Kind::NumberOrNone(_) if fields.optional_text("value")? == Some("none") => {
            Ok(Value::NoNumber)
        }
        Kind::NumberOrNone(numeric) => Ok(Value::Number(number_in(fields, "value", numeric)?)),
        Kind::Share(numeric) => {
            let read = share(fields.text("value")?, numeric);
            read.map(Value::Share)
                .map_err(|problem| fields.wrong_in("value", problem))
        }
        Kind::Bound(words, numeric) => Ok(Value::Bound(bound(fields, words, numeric)?)),
        Kind::Bands(numeric) => Ok(Value::Bands(bands(fields, numeric)?)),
        Kind::Treatment(words, numeric) => treatment(fields, words, numeric),
        Kind::Levels(numeric) => levels(fields, numeric),
        Kind::Names => names(fields),
        Kind::Parts(_) => {
            let read = parts(fields.text("value")?);
            read.map(Value::Parts)
                .map_err(|problem| fields.wrong_in("value", problem))
        }
    }
}

/// The tables of an array, with their places; `None` when it is anything else.
pub(super) fn tables_of<'a, 't>(
    item: &'a Item<'t>,
) -> Option<Vec<(Range<usize>, &'a DeTable<'t>)>> {
    let DeValue::Array(items) = item.get_ref() else {
        return None;
    };
    let table = |item: &'a Item<'t>| match item.get_ref() {
        DeValue::Table(table) => Some((item.span(), table)),
        _ => None,
    };
    items.iter().map(table).collect()
}

fn word(fields: &Fields<'_, '_>, words: &[&str]) -> Result<String, Error> {
    let word = fields.text("value")?;
    if words.contains(&word) {
        return Ok(word.to_owned());
    }
    let allowed = words.join(", ");
    let word = word.to_owned();
    Err(fields.wrong_in("value", PolicyProblem::WordUnknown { word, allowed }))
}

fn number_in(fields: &Fields<'_, '_>, field: &str, numeric: Numeric) -> Result<Decimal, Error> {
    let text = fields.text(field)?;
    number(text, numeric).map_err(|problem| fields.wrong_in(field, problem))
}

/// The one comparison of an entry or band.
fn bound(
    fields: &Fields<'_, '_>,
    words: &'static [&'static str],
    numeric: Numeric,
) -> Result<Bound, Error> {
    let mut present = words.iter().filter(|word| fields.get(word).is_some());
    let (Some(word), None) = (present.next(), present.next()) else {
        let allowed = words.join(", ");
        return Err(fields.wrong(PolicyProblem::NotOneComparison { allowed }));
    };
    let value = number_in(fields, word, numeric)?;
    let comparison = word.trim_start_matches("weight_");
    Ok(match comparison.trim_start_matches("points_") {
        "less_than" => Bound::LessThan(value),
        "at_most" => Bound::AtMost(value),
        "at_least" => Bound::AtLeast(value),
        _ => Bound::MoreThan(value),
    })
}

const WEIGHT_WORDS: [&str; 2] = ["weight_at_least", "weight_more_than"];
const POINTS_WORDS: [&str; 2] = ["points_at_least", "points_more_than"];
const HIGH_WORDS: [&str; 2] = ["more_than", "at_least"];

fn bands(fields: &Fields<'_, '_>, numeric: Numeric) -> Result<Vec<Band>, Error> {
    let tables = fields.get("bands").and_then(tables_of).unwrap_or_default();
    if tables.is_empty() {
        let field = "bands".to_owned();
        return Err(fields.wrong(PolicyProblem::FieldMissing { field }));
    }
    let mut bands: Vec<Band> = Vec::new();
    for (span, table) in tables {
        let inner = fields.source.fields(table, span, fields.key);
        let band = band(&inner, numeric)?;
        let text = band.lower.value().to_string();
        match bands.last() {
            None if !band.lower.value().is_zero() => {
                return Err(inner.wrong(PolicyProblem::BandsBeginLate { text }));
            }
            Some(last) if last.measure != band.measure => {
                return Err(inner.wrong(PolicyProblem::BandsMixed { text }));
            }
            Some(last) if last.lower.value() >= band.lower.value() => {
                return Err(inner.wrong(PolicyProblem::BandsNotAscending { text }));
            }
            _ => bands.push(band),
        }
    }
    Ok(bands)
}

fn band(fields: &Fields<'_, '_>, numeric: Numeric) -> Result<Band, Error> {
    let known = [&WEIGHT_WORDS[..], &POINTS_WORDS, &HIGH_WORDS].concat();
    if let Some(name) = fields
        .table
        .keys()
        .find(|name| !known.contains(&name.get_ref().as_ref()))
    {
        let (word, allowed) = (name.get_ref().to_string(), known.join(", "));
        let problem = PolicyProblem::ComparisonUnknown { word, allowed };
        return Err(fields.wrong_at(&name.span(), problem));
    }
    let any = Numeric {
        range: keys::Range::NotNegative,
        places: 4,
        ..numeric
    };
    let is_by_points = POINTS_WORDS.iter().any(|word| fields.get(word).is_some());
    let (measure, words) = if is_by_points {
        (Measure::BasePoints, &POINTS_WORDS)
    } else {
        (Measure::Weight, &WEIGHT_WORDS)
    };
    if is_by_points && WEIGHT_WORDS.iter().any(|word| fields.get(word).is_some()) {
        let allowed = words.join(", ");
        return Err(fields.wrong(PolicyProblem::NotOneComparison { allowed }));
    }
    Ok(Band {
        measure,
        lower: bound(fields, words, any)?,
        threshold: bound(fields, &HIGH_WORDS, numeric)?,
    })
}

fn treatment(fields: &Fields<'_, '_>, words: &[&str], numeric: Numeric) -> Result<Value, Error> {
    let word = word(fields, words)?;
    if word == "by_cost" {
        let discount = number_in(fields, "discount", numeric)?;
        return Ok(Value::Treatment(word, Some(discount)));
    }
    if fields.get("discount").is_some() {
        return Err(fields.wrong_in("discount", PolicyProblem::DiscountUnused { word }));
    }
    Ok(Value::Treatment(word, None))
}

/// A table of an entry, such as `values = { "3" = "1.05" }`, asked for its fields.
fn inner_table<'a, 't>(fields: &Fields<'a, 't>, field: &str) -> Result<Fields<'a, 't>, Error> {
    match fields.get(field).map(|item| (item.span(), item.get_ref())) {
        Some((span, DeValue::Table(table))) if !table.is_empty() => {
            Ok(fields.source.fields(table, span, fields.key))
        }
        _ => Err(fields.wrong(PolicyProblem::FieldMissing {
            field: field.to_owned(),
        })),
    }
}

fn levels(fields: &Fields<'_, '_>, numeric: Numeric) -> Result<Value, Error> {
    let inner = inner_table(fields, "values")?;
    let mut levels = BTreeMap::new();
    for level in inner.table.keys() {
        let level = level.get_ref().to_string();
        let value = number_in(&inner, &level, numeric)?;
        levels.insert(level, value);
    }
    Ok(Value::Levels(levels))
}

fn names(fields: &Fields<'_, '_>) -> Result<Value, Error> {
    let inner = inner_table(fields, "names")?;
    let mut names = BTreeMap::new();
    for code in inner.table.keys() {
        let code = code.get_ref().to_string();
        let title = inner.text(&code)?.to_owned();
        names.insert(code, title);
    }
    Ok(Value::Names(names))
}
