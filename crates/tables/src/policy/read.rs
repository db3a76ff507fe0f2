//! From the TOML of a policy to its parameters.

use super::checks;
use super::keys::{self, Key, Kind, Numeric};
use super::parameter::{Entry, Parameter};
use super::problem::PolicyProblem;
use super::source::{Fields, Item, Source};
use super::sources::Sources;
use super::values::{tables_of, value};
use crate::error::Error;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// The keys at the top of the file that are not parameters.
const HEADER: [&str; 5] = ["id", "title", "from", "until", "note"];
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
            let problem = checks::unknown_rule(&name).unwrap_or(PolicyProblem::UnknownKey);
            return Err(source.error(&item.span(), &name, problem));
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
            file: source.name.to_owned(),
            entries,
        })
    };
    Ok(keys::all().filter_map(parameter).collect())
}

/// Where a parameter stands in the registry.
pub(super) fn position(name: &str) -> Option<usize> {
    keys::all().position(|key| key.name == name)
}

/// Every value that is not a table, with its dotted key.
fn flatten<'a, 't>(table: &'a DeTable<'t>, prefix: &str, found: &mut Vec<(String, &'a Item<'t>)>) {
    for (name, item) in table {
        let name = format!("{prefix}{}", name.get_ref());
        match item.get_ref() {
            // A parameter written as one table is found out when its entries are read.
            DeValue::Table(inner) if keys::find(&name).is_none() => {
                flatten(inner, &format!("{name}."), found)
            }
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
            value: value(self.key.kind, fields)?,
            unit: self.unit(fields)?,
            source: self.source_key(fields)?,
            note: fields.optional_text("note")?.map(str::to_owned),
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
            | Kind::Parts(numeric)
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
                Err(fields.wrong_in("unit", PolicyProblem::UnitDiffers { found, expected }))
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
            let problem = PolicyProblem::SourceUnknown {
                source_key,
                sources,
            };
            return Err(fields.wrong_in("source", problem));
        }
        Ok(source_key)
    }
}
