//! Payment policies (支付政策): dated, sourced values, read from TOML and resolved at a date.
//!
//! A policy is one TOML file. Every parameter is a list of dated entries, each with its source;
//! numbers are in quotes and have a unit. The sources stand in `SOURCES.toml`, in the folder of
//! tables that has the policy's name.

mod auxiliary;
mod case;
mod catalogue;
mod checks;
mod clearing;
mod dates;
mod keys;
mod new_technology;
mod numbers;
mod parameter;
mod pools;
mod problem;
mod read;
mod resolve;
mod source;
mod sources;
mod stated;
mod supervise;
mod terms;
mod units;
mod value;
mod value_keys;
mod values;
mod warnings;
mod weigh;

pub use auxiliary::AuxiliaryTerms;
pub use catalogue::{CatalogueTerms, Threshold};
pub use checks::CheckTerms;
pub use clearing::{
    Assessment, ClearingTerms, HospitalBands, MarginTerms, PrepaidValue, PrepayTerms, RegionBands,
};
pub use new_technology::{
    AddOnTerms, CarveOutTerms, RaisedWeight, Technology, TechnologyKind, TechnologyMatch,
    TechnologyPay, TechnologyProblem, TechnologyRegistry, Validity,
};
pub use pools::{GrowthTerms, OutOfArea, PoolTerms, Schemes, UnitLedger};
pub use problem::PolicyProblem;
pub use sources::SourceRow;
pub use stated::{
    AtCostTerms, BedDayTerms, ControlTerms, LateUploadTerms, LinkTerms, ReviewTerms, ReviewValue,
    SameCase, ShortStayRule, ShortStayTerms, SplitScope, SplitStayTerms, StayTerms, UnstableTerms,
};
pub use supervise::{SUPERVISION_INDICES, SuperviseTerms};
pub use terms::*;
pub use units::*;
pub use value::{
    BaselineIncrement, BaselineMonths, Calibration, Elastic, IncrementRule, NegativePayments,
    PaidValue, ResidualRule, Share, TiltTerms, UniformMode, VOLUME, ValueFamily, ValueModel,
    ValueTerms, advised_fixed_share,
};
pub use warnings::PolicyWarning;
pub use weigh::{
    ChangesBorneBy, Instead, TotalWeight, Trim, TrimMethod, WeighTerms, WeightMethod, YearMean,
};

use crate::error::{Error, Place};
use crate::files::FileSet;
use dates::Span;
use jiff::civil::Date;
use parameter::{Entry, Parameter};
use source::Source;
use sources::Sources;
use std::collections::BTreeSet;

/// A payment policy: every parameter with its dated values.
#[derive(Clone, Debug)]
pub struct Policy {
    id: String,
    title: String,
    file: String,
    span: Span,
    parameters: Vec<Parameter>,
    sources: Sources,
    text: String,
    sources_text: String,
    companions: Vec<(String, Vec<u8>)>,
    technologies: TechnologyRegistry,
    unit_tables: Vec<units::Table>,
}

/// One value of a policy at a date, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The dotted key, such as `points.scale`.
    pub key: &'static str,
    /// The value in words.
    pub value: String,
    /// Its unit, where it is a number.
    pub unit: Option<&'static str>,
    /// The first day on which it holds.
    pub from: Date,
    /// The last day; none is open.
    pub until: Option<Date>,
    /// Where it comes from.
    pub source: SourceRow,
    /// What whoever wrote the policy says about it.
    pub note: Option<String>,
    /// What messages call the file that states it.
    pub file: String,
    /// The line in that file.
    pub line: u64,
}

impl Policy {
    /// Reads and checks a policy: its one TOML file and the `SOURCES.toml` in its folder.
    ///
    /// # Errors
    /// At the first fault, with file, line and key: see [`PolicyProblem`].
    pub fn load(files: &FileSet) -> Result<Self, Error> {
        let path = only_policy_file(files)?;
        let stem = path.trim_end_matches(".toml");
        let sources_path = format!("{stem}/SOURCES.toml");
        let sources = Sources::load(files, &sources_path)?;
        let sources_text = Source::text_of(files, &sources_path)?.to_owned();
        let name = files.name_of(path);
        let source = Source {
            name: &name,
            text: Source::text_of(files, path)?,
        };
        let table = source.parse()?;
        let header = source.fields(table.get_ref(), 0..0, "");
        let (from, until) = header.range()?;
        let mut parameters = read::parameters(source, table.get_ref(), &sources)?;
        let unit_tables = units::load(files, stem, &sources, &mut parameters)?;
        let policy = Self {
            id: header.text("id")?.to_owned(),
            title: header.text("title")?.to_owned(),
            span: Span { from, until },
            parameters,
            unit_tables,
            file: name.clone(),
            technologies: TechnologyRegistry::load(files, stem, &sources)?,
            sources,
            text: source.text.to_owned(),
            sources_text,
            companions: companions(files, stem),
        };
        policy.check_dates()?;
        policy.check_every_change()?;
        Ok(policy)
    }

    /// Such as the name of its file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The title for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What messages call its file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The text of its TOML file, byte by byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of its `SOURCES.toml`, byte by byte.
    #[must_use]
    pub fn sources_text(&self) -> &str {
        &self.sources_text
    }

    /// The other files that it was read from, byte by byte: those of payment units and the registry
    /// of new technologies, by their paths in the folder of the policy.
    #[must_use]
    pub fn companions(&self) -> &[(String, Vec<u8>)] {
        &self.companions
    }

    /// The sources of its values, in the order of their file.
    #[must_use]
    pub fn sources(&self) -> &[SourceRow] {
        &self.sources.rows
    }

    /// The registry of new technologies; an empty one where the policy has none.
    #[must_use]
    pub const fn new_technologies(&self) -> &TechnologyRegistry {
        &self.technologies
    }

    /// Every value at a date.
    ///
    /// # Errors
    /// When the policy does not hold on that date.
    pub fn at(&self, date: Date) -> Result<PolicyAt, Error> {
        self.check_holds(date)?;
        let resolver = resolve::Resolver { policy: self, date };
        resolver.all()
    }

    /// How base points come out of claims history, at a date.
    ///
    /// # Errors
    /// When the policy does not hold on that date, or says nothing about weighing then.
    pub fn weigh_at(&self, date: Date) -> Result<WeighTerms, Error> {
        self.check_holds(date)?;
        weigh::resolve(&resolve::Resolver { policy: self, date })
    }

    /// How a DIP catalogue comes out of claims history, at a date.
    ///
    /// # Errors
    /// When the policy does not hold on that date, or says nothing about catalogues then.
    pub fn catalogue_at(&self, date: Date) -> Result<CatalogueTerms, Error> {
        self.check_holds(date)?;
        catalogue::resolve(&resolve::Resolver { policy: self, date })
    }

    /// How hospitals are supervised, at a date.
    ///
    /// # Errors
    /// When the policy does not hold on that date, or says nothing about supervision then.
    pub fn supervise_at(&self, date: Date) -> Result<SuperviseTerms, Error> {
        self.check_holds(date)?;
        supervise::resolve(&resolve::Resolver { policy: self, date })
    }

    /// The first day on which the policy holds.
    #[must_use]
    pub const fn first_day(&self) -> Date {
        self.span.from
    }

    /// Every value at a date as a list for people, in the order in which a case meets them.
    ///
    /// # Errors
    /// As for [`Policy::at`].
    pub fn describe(&self, date: Date) -> Result<Vec<Described>, Error> {
        self.check_holds(date)?;
        let describe = |parameter: &Parameter| {
            let entry = self.entry(parameter.key, date)?;
            Some(Described {
                key: parameter.key,
                value: entry.value.to_string(),
                unit: entry.unit,
                from: entry.from,
                until: entry.until,
                source: self.sources.find(&entry.source)?.clone(),
                note: entry.note.clone(),
                file: parameter.file.clone(),
                line: entry.line,
            })
        };
        let mut values: Vec<Described> = self.parameters.iter().filter_map(describe).collect();
        values.extend(units::describe(&self.unit_tables, date, &self.sources));
        Ok(values)
    }

    fn entry(&self, key: &str, date: Date) -> Option<&Entry> {
        let parameter = self.parameters.iter().find(|p| p.key == key)?;
        parameter.entries.iter().find(|entry| entry.holds_on(date))
    }

    /// What messages call the file that states a parameter, or would.
    fn file_of(&self, key: &str) -> &str {
        let parameter = self.parameters.iter().find(|p| p.key == key);
        parameter.map_or(&self.file, |parameter| &parameter.file)
    }

    fn check_holds(&self, date: Date) -> Result<(), Error> {
        if self.span.contains(date) {
            return Ok(());
        }
        let range = self.span.in_words();
        Err(self.wrong(None, "", PolicyProblem::OutsideDates { date, range }))
    }

    fn check_dates(&self) -> Result<(), Error> {
        for parameter in &self.parameters {
            if let Some((line, problem)) = dates::check(parameter, self.span) {
                return Err(self.wrong(Some(line), parameter.key, problem));
            }
        }
        Ok(())
    }

    /// Resolves the policy on each day on which something changes, so that `at` cannot fail
    /// later for want of a parameter.
    fn check_every_change(&self) -> Result<(), Error> {
        for day in self.changes() {
            self.at(day)?;
            if weigh::is_stated(self, day) {
                self.weigh_at(day)?;
            }
            if supervise::is_stated(self, day) {
                self.supervise_at(day)?;
            }
            if catalogue::is_stated(self, day) {
                self.catalogue_at(day)?;
            }
        }
        Ok(())
    }

    /// The days on which something begins or ends, the first day of the policy among them.
    #[must_use]
    pub fn changes(&self) -> BTreeSet<Date> {
        let mut days = BTreeSet::from([self.span.from]);
        for entry in self.parameters.iter().flat_map(|p| &p.entries) {
            days.insert(entry.from);
            days.extend(entry.until.and_then(|until| until.tomorrow().ok()));
        }
        days.extend(units::changes(&self.unit_tables));
        days.retain(|day| self.span.contains(*day));
        days
    }

    fn wrong(&self, line: Option<u64>, key: &str, problem: PolicyProblem) -> Error {
        let field = (!key.is_empty()).then(|| key.to_owned());
        let place = Place {
            file: self.file_of(key).to_owned(),
            line,
            field,
        };
        Error {
            place,
            problem: problem.into(),
        }
    }
}

/// The TOML file beside the folder of tables.
fn only_policy_file(files: &FileSet) -> Result<&str, Error> {
    let is_policy = |path: &&str| !path.contains('/') && path.ends_with(".toml");
    let found: Vec<&str> = files.paths().filter(is_policy).collect();
    match found[..] {
        [path] => Ok(path),
        _ => Err(Error {
            place: Place {
                file: files.label().to_owned(),
                line: None,
                field: None,
            },
            problem: PolicyProblem::NotOneFile { found: found.len() }.into(),
        }),
    }
}

/// The files of payment units and the registry, which are read with the policy file.
fn companions(files: &FileSet, stem: &str) -> Vec<(String, Vec<u8>)> {
    let inside = format!("{stem}/");
    let named = files.iter().filter_map(|(path, bytes)| {
        let name = path.strip_prefix(&inside)?;
        let is_read = name.starts_with("units/") || name == new_technology::FILE;
        is_read.then(|| (name.to_owned(), bytes.to_vec()))
    });
    named.collect()
}

#[cfg(test)]
mod tests;
