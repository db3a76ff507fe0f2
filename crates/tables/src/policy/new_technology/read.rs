//! From the TOML of a registry to its entries.

use super::{
    ADD_ON_POINTS, AddOnTerms, CARVE_OUT, CONTROL_EXEMPT, CarveOutTerms, FILE, MODES, OWN_GROUP,
    RAISED_WEIGHT, RaisedWeight, Technology, TechnologyKind, TechnologyPay, TechnologyProblem,
    TechnologyRegistry,
};
use crate::error::Error;
use crate::files::FileSet;
use crate::policy::keys::{Numeric, Range, numeric};
use crate::policy::numbers::number;
use crate::policy::problem::PolicyProblem;
use crate::policy::source::{Fields, Item, Source};
use crate::policy::sources::{SourceRow, Sources};
use crate::policy::values::tables_of;
use rust_decimal::Decimal;
use std::collections::HashMap;
use toml::de::DeValue;

/// The only key of the file.
const KEY: &str = "technology";

const ADD_ON_SHARE: (&str, Numeric) = ("add_on_share", numeric("share", Range::ZeroToOne, 6));
const POINT_VALUE: (&str, Numeric) = (
    "point_value",
    numeric("yuan per point", Range::Positive, 10),
);
const COST: (&str, Numeric) = (
    "cost_more_than",
    numeric("multiple of mean cost", Range::Positive, 6),
);
const SHARE: (&str, Numeric) = (
    "share_more_than",
    numeric("share of cost", Range::ZeroToOne, 6),
);
const WEIGHT: (&str, Numeric) = ("weight", numeric("weight", Range::Positive, 4));
const FACTOR: (&str, Numeric) = ("weight_factor", numeric("ratio", Range::Positive, 6));

/// By mode, its parameters.
const PARAMETERS: [(&str, (&str, Numeric)); 6] = [
    (ADD_ON_POINTS, ADD_ON_SHARE),
    (ADD_ON_POINTS, POINT_VALUE),
    (CARVE_OUT, COST),
    (CARVE_OUT, SHARE),
    (RAISED_WEIGHT, WEIGHT),
    (RAISED_WEIGHT, FACTOR),
];

const FIELDS: [&str; 12] = [
    "id",
    "kind",
    "name",
    "codes",
    "procedures",
    "approved",
    "listed",
    "from",
    "until",
    "modes",
    "source",
    "note",
];

impl TechnologyRegistry {
    /// Reads the registry in the folder of a policy's tables; an empty one where there is none.
    ///
    /// # Errors
    /// At the first fault, with file, line and key.
    pub(in crate::policy) fn load(
        files: &FileSet,
        folder: &str,
        sources: &Sources,
    ) -> Result<Self, Error> {
        let path = format!("{folder}/{FILE}");
        if files.get(&path).is_none() {
            return Ok(Self::default());
        }
        let name = files.name_of(&path);
        let source = Source {
            name: &name,
            text: Source::text_of(files, &path)?,
        };
        let technologies = technologies(source, sources)?;
        let registry = Self {
            by_item: positions(&technologies, |technology| &technology.items),
            by_procedure: positions(&technologies, |technology| &technology.procedures),
            file: name.clone(),
            technologies,
        };
        registry.check_overlaps(source)?;
        Ok(registry)
    }

    /// Two entries with an id or a code in common must not hold on the same day.
    fn check_overlaps(&self, source: Source<'_>) -> Result<(), Error> {
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        for (position, technology) in self.technologies.iter().enumerate() {
            by_id
                .entry(technology.id.clone())
                .or_default()
                .push(position);
        }
        by_date(&mut by_id, &self.technologies);
        let mut faults = Vec::new();
        for (id, positions) in &by_id {
            faults.extend(
                self.overlap(positions)
                    .map(|(later, earlier)| (later, id_overlaps(later, earlier, id))),
            );
        }
        for (code, positions) in self.by_item.iter().chain(&self.by_procedure) {
            faults.extend(
                self.overlap(positions)
                    .map(|(later, earlier)| (later, code_overlaps(later, earlier, code))),
            );
        }
        // The first fault in the file is the one to report, and the smallest of its codes.
        let first = faults
            .into_iter()
            .min_by_key(|(technology, problem)| (technology.line, problem.to_string()));
        first.map_or(Ok(()), |(technology, problem)| {
            Err(source.error_in_line(technology.line, KEY, problem.into()))
        })
    }

    /// The first two neighbours of these entries that hold on the same day, the later one first.
    fn overlap(&self, positions: &[usize]) -> Option<(&Technology, &Technology)> {
        let entries = positions
            .iter()
            .map(|position| &self.technologies[*position]);
        let pairs = entries.clone().zip(entries.skip(1));
        let overlaps = |(earlier, later): &(&Technology, &Technology)| {
            earlier.until.is_none_or(|until| later.from <= until)
        };
        let mut found = pairs.filter(overlaps);
        found.next().map(|(earlier, later)| (later, earlier))
    }
}

fn id_overlaps(later: &Technology, earlier: &Technology, id: &str) -> TechnologyProblem {
    TechnologyProblem::IdOverlaps {
        from: later.from,
        other_line: earlier.line,
        id: id.to_owned(),
    }
}

fn code_overlaps(later: &Technology, earlier: &Technology, code: &str) -> TechnologyProblem {
    TechnologyProblem::CodeOverlaps {
        from: later.from,
        other_line: earlier.line,
        code: code.to_owned(),
    }
}

/// By code, the entries that name it, by date.
fn positions(
    technologies: &[Technology],
    codes: impl Fn(&Technology) -> &[String],
) -> HashMap<String, Vec<usize>> {
    let mut positions: HashMap<String, Vec<usize>> = HashMap::new();
    for (position, technology) in technologies.iter().enumerate() {
        for code in codes(technology) {
            positions.entry(code.clone()).or_default().push(position);
        }
    }
    by_date(&mut positions, technologies);
    positions
}

fn by_date(positions: &mut HashMap<String, Vec<usize>>, technologies: &[Technology]) {
    for positions in positions.values_mut() {
        positions.sort_by_key(|position| {
            let technology = &technologies[*position];
            (technology.from, technology.line)
        });
    }
}

fn technologies(source: Source<'_>, sources: &Sources) -> Result<Vec<Technology>, Error> {
    let table = source.parse()?;
    let mut found = Vec::new();
    for (name, item) in table.get_ref() {
        let key = name.get_ref().as_ref();
        let tables = tables_of(item).filter(|_| key == KEY).ok_or_else(|| {
            source.error(&name.span(), key, TechnologyProblem::NotTechnologies.into())
        })?;
        for (span, table) in tables {
            let fields = source.fields(table, span, KEY);
            found.push(Entry { fields, sources }.read()?);
        }
    }
    Ok(found)
}

/// One entry that is being read.
struct Entry<'a, 't> {
    fields: Fields<'a, 't>,
    sources: &'a Sources,
}

impl Entry<'_, '_> {
    fn read(&self) -> Result<Technology, Error> {
        self.check_fields()?;
        let fields = &self.fields;
        let (from, until) = fields.range()?;
        let modes = self.modes()?;
        let technology = Technology {
            id: fields.text("id")?.to_owned(),
            kind: self.kind()?,
            name: fields.text("name")?.to_owned(),
            items: self.codes("codes")?,
            procedures: self.codes("procedures")?,
            approved: fields.optional_date("approved")?,
            listed: fields.optional_date("listed")?,
            from,
            until,
            pay: self.pay(&modes)?,
            is_control_exempt: modes.contains(&CONTROL_EXEMPT),
            source: self.source()?,
            note: fields.optional_text("note")?.map(str::to_owned),
            line: fields.source.line(&fields.span),
        };
        match technology.items.is_empty() && technology.procedures.is_empty() {
            true => Err(fields.wrong(TechnologyProblem::NoCode.into())),
            false => Ok(technology),
        }
    }

    fn check_fields(&self) -> Result<(), Error> {
        let parameters = PARAMETERS.iter().map(|(_, (field, _))| *field);
        let known: Vec<&str> = FIELDS.into_iter().chain(parameters).collect();
        let mut names = self.fields.table.keys();
        match names.find(|name| !known.contains(&name.get_ref().as_ref())) {
            None => Ok(()),
            Some(name) => {
                let problem = TechnologyProblem::UnknownField {
                    field: name.get_ref().to_string(),
                    known: known.join(", "),
                };
                Err(self.fields.wrong_at(&name.span(), problem.into()))
            }
        }
    }

    fn kind(&self) -> Result<TechnologyKind, Error> {
        let word = self.fields.text("kind")?;
        let mut kinds = TechnologyKind::ALL.into_iter();
        kinds.find(|kind| kind.word() == word).ok_or_else(|| {
            let allowed = TechnologyKind::ALL.map(TechnologyKind::word).join(", ");
            let word = word.to_owned();
            let problem = PolicyProblem::WordUnknown { word, allowed };
            self.fields.wrong_in("kind", problem)
        })
    }

    /// The texts of a list that may be absent, each with its place.
    fn texts(&self, field: &'static str) -> Result<Vec<(&str, &Item<'_>)>, Error> {
        let Some(item) = self.fields.get(field) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(items) = item.get_ref() else {
            let problem = TechnologyProblem::NotTexts { field };
            return Err(self.fields.wrong_at(&item.span(), problem.into()));
        };
        let text = |item| Ok((self.fields.text_of(field, item)?, item));
        items.iter().map(text).collect()
    }

    fn codes(&self, field: &'static str) -> Result<Vec<String>, Error> {
        let mut codes: Vec<String> = Vec::new();
        for (code, item) in self.texts(field)? {
            if code.is_empty() {
                let problem = TechnologyProblem::NotTexts { field };
                return Err(self.fields.wrong_at(&item.span(), problem.into()));
            }
            if codes.iter().any(|known| known == code) {
                let code = code.to_owned();
                let problem = TechnologyProblem::CodeTwice { code, field };
                return Err(self.fields.wrong_at(&item.span(), problem.into()));
            }
            codes.push(code.to_owned());
        }
        Ok(codes)
    }

    fn modes(&self) -> Result<Vec<&'static str>, Error> {
        let mut modes: Vec<&'static str> = Vec::new();
        for (word, item) in self.texts("modes")? {
            let wrong = |problem| self.fields.wrong_at(&item.span(), problem);
            let Some(mode) = MODES.into_iter().find(|mode| *mode == word) else {
                let (word, allowed) = (word.to_owned(), MODES.join(", "));
                return Err(wrong(PolicyProblem::WordUnknown { word, allowed }));
            };
            if modes.contains(&mode) {
                return Err(wrong(TechnologyProblem::ModeTwice { mode }.into()));
            }
            let paying = modes.iter().find(|other| **other != CONTROL_EXEMPT);
            if let Some(one) = paying.filter(|_| mode != CONTROL_EXEMPT) {
                let problem = TechnologyProblem::TwoPayments { one, other: mode };
                return Err(wrong(problem.into()));
            }
            modes.push(mode);
        }
        if modes.is_empty() {
            let allowed = MODES.join(", ");
            let problem = TechnologyProblem::NoMode { allowed };
            return Err(self.fields.wrong_in("modes", problem.into()));
        }
        Ok(modes)
    }

    fn pay(&self, modes: &[&'static str]) -> Result<Option<TechnologyPay>, Error> {
        for (mode, (field, _)) in PARAMETERS {
            if self.fields.get(field).is_some() && !modes.contains(&mode) {
                let problem = TechnologyProblem::ParameterUnused { field, mode };
                return Err(self.fields.wrong_in(field, problem.into()));
            }
        }
        let mode = modes.iter().find(|mode| **mode != CONTROL_EXEMPT);
        Ok(match mode.copied() {
            Some(ADD_ON_POINTS) => Some(TechnologyPay::AddOnPoints(self.add_on()?)),
            Some(CARVE_OUT) => Some(TechnologyPay::CarveOut(CarveOutTerms {
                cost_more_than: self.needed(CARVE_OUT, COST)?,
                share_more_than: self.needed(CARVE_OUT, SHARE)?,
            })),
            Some(RAISED_WEIGHT) => Some(TechnologyPay::RaisedWeight(self.raised_weight()?)),
            Some(OWN_GROUP) => Some(TechnologyPay::OwnGroup),
            _ => None,
        })
    }

    fn add_on(&self) -> Result<AddOnTerms, Error> {
        let share = self.needed(ADD_ON_POINTS, ADD_ON_SHARE)?;
        if share.is_zero() {
            let problem = PolicyProblem::OutOfRange {
                text: share.to_string(),
                range: "above 0 and at most 1".to_owned(),
            };
            return Err(self.fields.wrong_in(ADD_ON_SHARE.0, problem));
        }
        let point_value = self.number(POINT_VALUE)?;
        Ok(AddOnTerms { share, point_value })
    }

    fn raised_weight(&self) -> Result<RaisedWeight, Error> {
        match (self.number(WEIGHT)?, self.number(FACTOR)?) {
            (Some(weight), None) => Ok(RaisedWeight::Weight(weight)),
            (None, Some(factor)) => Ok(RaisedWeight::Factor(factor)),
            (Some(_), Some(_)) => {
                let problem = TechnologyProblem::WeightAndFactor;
                Err(self.fields.wrong_in(FACTOR.0, problem.into()))
            }
            (None, None) => Err(self.missing(RAISED_WEIGHT, "weight or weight_factor")),
        }
    }

    fn needed(
        &self,
        mode: &'static str,
        parameter: (&'static str, Numeric),
    ) -> Result<Decimal, Error> {
        let number = self.number(parameter)?;
        number.ok_or_else(|| self.missing(mode, parameter.0))
    }

    fn missing(&self, mode: &'static str, field: &'static str) -> Error {
        let problem = TechnologyProblem::ParameterMissing { mode, field };
        self.fields.wrong(problem.into())
    }

    fn number(&self, (field, numeric): (&str, Numeric)) -> Result<Option<Decimal>, Error> {
        let text = self.fields.optional_text(field)?;
        let read = text.map(|text| number(text, numeric)).transpose();
        read.map_err(|problem| self.fields.wrong_in(field, problem))
    }

    fn source(&self) -> Result<SourceRow, Error> {
        let sources = self.sources.file.clone();
        let key = self.fields.optional_text("source")?;
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Err(self.fields.wrong(PolicyProblem::SourceMissing { sources }));
        };
        self.sources.find(key).cloned().ok_or_else(|| {
            let source_key = key.to_owned();
            let problem = PolicyProblem::SourceUnknown {
                source_key,
                sources,
            };
            self.fields.wrong_in("source", problem)
        })
    }
}
