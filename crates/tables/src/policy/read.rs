//! From the TOML of a policy to its parameters.

use super::keys::{self, Key, Kind, Numeric};
use super::numbers::{number, share};
use super::parameter::{Entry, Parameter, Value};
use super::problem::PolicyProblem;
use super::source::{Fields, Item, Source};
use super::sources::Sources;
use super::terms::{Bound, HighBand};
use crate::error::Error;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// The keys at the top of the file that are not parameters.
const HEADER: [&str; 5] = ["id", "title", "from", "until", "note"];
const WEIGHT_WORDS: [(&str, fn(rust_decimal::Decimal) -> Bound); 2] = [
    ("weight_at_least", Bound::AtLeast),
    ("weight_more_than", Bound::MoreThan),
];

/// Reads every parameter of a file, in the order of the registry.
pub(super) fn parameters(
    source: Source<'_>,
    table: &DeTable<'_>,
    sources: &Sources,
) -> Result<Vec<Parameter>, Error> {
    let mut found = Vec::new();
    flatten(table, "", &mut found);
    // The first fault in the file is the one to report.
    found.sort_by_key(|(_, item)| item.span().start);
    let mut read = BTreeMap::new();
    for (name, item) in found {
        if HEADER.contains(&name.as_str()) {
            continue;
        }
        let Some(key) = keys::find(&name) else {
            return Err(source.error(&item.span(), &name, PolicyProblem::UnknownKey));
        };
        let reader = Reader {
            source,
            key,
            sources,
        };
        read.insert(key.name, reader.entries(item)?);
    }
    let parameter = |key: &Key| {
        let entries = read.remove(key.name)?;
        Some(Parameter {
            key: key.name,
            entries,
        })
    };
    Ok(keys::KEYS.iter().filter_map(parameter).collect())
}

/// Every value that is not a table, with its dotted key.
fn flatten<'a, 't>(table: &'a DeTable<'t>, prefix: &str, found: &mut Vec<(String, &'a Item<'t>)>) {
    for (name, item) in table {
        let name = format!("{prefix}{}", name.get_ref());
        match item.get_ref() {
            DeValue::Table(inner) => flatten(inner, &format!("{name}."), found),
            _ => found.push((name, item)),
        }
    }
}

/// Reads the entries of one parameter.
struct Reader<'a, 't> {
    source: Source<'t>,
    key: &'static Key,
    sources: &'a Sources,
}

impl<'t> Reader<'_, 't> {
    fn entries(&self, item: &Item<'t>) -> Result<Vec<Entry>, Error> {
        let tables = tables_of(item).ok_or_else(|| {
            let key = self.key.name.to_owned();
            self.source.error(
                &item.span(),
                self.key.name,
                PolicyProblem::NotEntries { key },
            )
        })?;
        let mut entries = Vec::new();
        for (span, table) in tables {
            entries.push(self.entry(&self.source.fields(table, span, self.key.name))?);
        }
        entries.sort_by_key(|entry: &Entry| (entry.from, entry.line));
        Ok(entries)
    }

    fn entry(&self, fields: &Fields<'_, 't>) -> Result<Entry, Error> {
        self.check_fields(fields)?;
        let (from, until) = fields.range()?;
        Ok(Entry {
            from,
            until,
            value: self.value(fields)?,
            unit: self.unit(fields)?,
            source: self.source_key(fields)?,
            line: self.source.line(&fields.span),
        })
    }

    fn check_fields(&self, fields: &Fields<'_, 't>) -> Result<(), Error> {
        let mut known = vec!["from", "until", "source", "note"];
        if self.numeric().is_some() && !matches!(self.key.kind, Kind::Treatment(..)) {
            known.push("unit");
        }
        match self.key.kind {
            Kind::Bound(words, _) => {
                known.extend(words);
                let mut names = fields.table.keys();
                let Some(name) = names.find(|name| !known.contains(&name.get_ref().as_ref()))
                else {
                    return Ok(());
                };
                let word = name.get_ref().to_string();
                let allowed = words.join(", ");
                let problem = PolicyProblem::ComparisonUnknown { word, allowed };
                return Err(fields.wrong_at(&name.span(), problem));
            }
            Kind::Bands(_) => known.push("bands"),
            Kind::Treatment(..) => known.extend(["value", "discount"]),
            Kind::Levels(_) => known.push("values"),
            Kind::Names => known.push("names"),
            _ => known.push("value"),
        }
        fields.check_known(&known)
    }

    fn numeric(&self) -> Option<Numeric> {
        match self.key.kind {
            Kind::Text | Kind::Word(_) | Kind::Names => None,
            Kind::Number(numeric)
            | Kind::NumberOrNone(numeric)
            | Kind::Share(numeric)
            | Kind::Bound(_, numeric)
            | Kind::Bands(numeric)
            | Kind::Treatment(_, numeric)
            | Kind::Levels(numeric) => Some(numeric),
        }
    }

    /// The unit, which must be spelled out so that nobody can mistake fen for yuan.
    fn unit(&self, fields: &Fields<'_, 't>) -> Result<Option<&'static str>, Error> {
        let Some(numeric) = self.numeric() else {
            return Ok(None);
        };
        let expected = numeric.unit;
        if matches!(self.key.kind, Kind::Treatment(..)) {
            return Ok(fields.get("discount").map(|_| expected));
        }
        match fields.optional_text("unit")? {
            Some(unit) if unit == expected => Ok(Some(expected)),
            Some(unit) => {
                let found = unit.to_owned();
                Err(fields.wrong(PolicyProblem::UnitDiffers { found, expected }))
            }
            None => Err(fields.wrong(PolicyProblem::UnitMissing { expected })),
        }
    }

    fn source_key(&self, fields: &Fields<'_, 't>) -> Result<String, Error> {
        let sources = self.sources.file.clone();
        let Some(key) = fields
            .optional_text("source")?
            .filter(|key| !key.is_empty())
        else {
            return Err(fields.wrong(PolicyProblem::SourceMissing { sources }));
        };
        let source_key = key.to_owned();
        if self.sources.find(key).is_none() {
            return Err(fields.wrong(PolicyProblem::SourceUnknown {
                source_key,
                sources,
            }));
        }
        Ok(source_key)
    }

    fn value(&self, fields: &Fields<'_, 't>) -> Result<Value, Error> {
        match self.key.kind {
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
                    .map_err(|problem| fields.wrong(problem))
            }
            Kind::Bound(words, numeric) => Ok(Value::Bound(bound(fields, words, numeric)?)),
            Kind::Bands(numeric) => Ok(Value::Bands(bands(fields, numeric)?)),
            Kind::Treatment(words, numeric) => treatment(fields, words, numeric),
            Kind::Levels(numeric) => levels(fields, numeric),
            Kind::Names => names(fields),
        }
    }
}

/// The tables of an array, with their places; `None` when it is anything else.
fn tables_of<'a, 't>(item: &'a Item<'t>) -> Option<Vec<(std::ops::Range<usize>, &'a DeTable<'t>)>> {
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
    Err(fields.wrong(PolicyProblem::WordUnknown {
        word: word.to_owned(),
        allowed,
    }))
}

fn number_in(
    fields: &Fields<'_, '_>,
    field: &str,
    numeric: Numeric,
) -> Result<rust_decimal::Decimal, Error> {
    let text = fields.text(field)?;
    number(text, numeric).map_err(|problem| match fields.get(field) {
        Some(item) => fields.wrong_at(&item.span(), problem),
        None => fields.wrong(problem),
    })
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
    Ok(match *word {
        "less_than" => Bound::LessThan(value),
        "at_most" => Bound::AtMost(value),
        "at_least" => Bound::AtLeast(value),
        _ => Bound::MoreThan(value),
    })
}

const HIGH_WORDS: [&str; 2] = ["more_than", "at_least"];

fn bands(fields: &Fields<'_, '_>, numeric: Numeric) -> Result<Vec<HighBand>, Error> {
    let tables = fields.get("bands").and_then(tables_of).unwrap_or_default();
    if tables.is_empty() {
        let field = "bands".to_owned();
        return Err(fields.wrong(PolicyProblem::FieldMissing { field }));
    }
    let mut bands: Vec<HighBand> = Vec::new();
    for (span, table) in tables {
        let inner = fields.source.fields(table, span, fields.key);
        let band = band(&inner, numeric)?;
        let text = band.weight.value().to_string();
        match bands.last() {
            None if !band.weight.value().is_zero() => {
                return Err(inner.wrong(PolicyProblem::BandsBeginLate { text }));
            }
            Some(last) if last.weight.value() >= band.weight.value() => {
                return Err(inner.wrong(PolicyProblem::BandsNotAscending { text }));
            }
            _ => bands.push(band),
        }
    }
    Ok(bands)
}

fn band(fields: &Fields<'_, '_>, numeric: Numeric) -> Result<HighBand, Error> {
    let known = [
        "weight_at_least",
        "weight_more_than",
        "more_than",
        "at_least",
    ];
    if let Some(name) = fields
        .table
        .keys()
        .find(|name| !known.contains(&name.get_ref().as_ref()))
    {
        let (word, allowed) = (name.get_ref().to_string(), known.join(", "));
        let problem = PolicyProblem::ComparisonUnknown { word, allowed };
        return Err(fields.wrong_at(&name.span(), problem));
    }
    let mut weights = WEIGHT_WORDS
        .iter()
        .filter(|(word, _)| fields.get(word).is_some());
    let (Some((word, make)), None) = (weights.next(), weights.next()) else {
        let allowed = WEIGHT_WORDS.map(|(word, _)| word).join(", ");
        return Err(fields.wrong(PolicyProblem::NotOneComparison { allowed }));
    };
    let any = Numeric {
        range: keys::Range::NotNegative,
        places: 4,
        ..numeric
    };
    Ok(HighBand {
        weight: make(number_in(fields, word, any)?),
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
        return Err(fields.wrong(PolicyProblem::DiscountUnused { word }));
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
