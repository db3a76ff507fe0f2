//! What the bundled tables cover: `COVERAGE.toml` beside the plans.

use crate::bundled;
use crate::error::{Error, Place, line_of};
use crate::files::FileSet;
use crate::load::{PlanProblem, utf8};
use crate::plan::Counts;
use jiff::civil::Date;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

pub(crate) const FILE: &str = "COVERAGE.toml";

/// What a plan covers, without loading it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The id, such as `chs-drg-1.1`.
    pub id: String,
    /// The title for people.
    pub title: String,
    /// `national`, or the six digits of the region.
    pub region: String,
    /// The first discharge date that it applies to; `None` where it is not known.
    pub from: Option<Date>,
    /// The last discharge date that it applies to; `None` while it applies or is not known.
    pub until: Option<Date>,
    /// How much it holds; a folder of one's own need not say.
    #[serde(default)]
    pub counts: Counts,
    /// What its tables are known to be warned of: the groups, ADRGs or lists, by the code of the
    /// warning, as [`crate::check::subjects_by_code`] gives them.
    #[serde(default)]
    pub warnings: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    plan: Vec<Coverage>,
}

/// What each bundled plan covers, in the order of `COVERAGE.toml`.
///
/// # Errors
/// When the file is not what it should be.
pub fn bundled_coverage() -> Result<Vec<Coverage>, Error> {
    read(&bundled_file())
}

/// The bundled file, without a label of its own.
pub(crate) fn bundled_file() -> FileSet {
    let text = bundled::plan_text(FILE).unwrap_or_default();
    let file = (FILE.to_owned(), Cow::Borrowed(text.as_bytes()));
    FileSet::in_memory("grouper-tables", [file])
}

/// Reads `COVERAGE.toml`.
pub(crate) fn read(files: &FileSet) -> Result<Vec<Coverage>, Error> {
    let place = Place {
        file: files.name_of(FILE),
        ..Place::default()
    };
    let text = utf8(files.get(FILE).unwrap_or_default(), &place.file)?;
    let written: Written = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        let message = error.message().to_owned();
        PlanProblem::Toml { message }.at(Place { line, ..place })
    })?;
    Ok(written.plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, subjects_by_code};
    use crate::files::FileSet;
    use crate::load::load_plan;

    #[test]
    fn every_bundled_plan_is_covered_and_is_what_the_coverage_says() {
        let coverage = bundled_coverage().expect("a good file");
        let ids: Vec<_> = coverage.iter().map(|plan| plan.id.as_str()).collect();
        assert_eq!(ids, FileSet::bundled_plans());
        for stated in &coverage {
            let loaded = load_plan(&stated.id).unwrap_or_else(|error| panic!("{error}"));
            let mut warnings = loaded.warnings;
            warnings.extend(check(&loaded.plan));
            let found = Coverage {
                id: loaded.plan.id.clone(),
                title: loaded.plan.title.clone(),
                counts: loaded.plan.counts(),
                warnings: subjects_by_code(&warnings),
                ..stated.clone()
            };
            assert_eq!(&found, stated);
        }
    }

    #[test]
    fn the_national_plan_is_whole() {
        let plan = load_plan("chs-drg-1.1")
            .unwrap_or_else(|error| panic!("{error}"))
            .plan;
        let counts = Counts {
            mdcs: 26,
            adrgs: 376,
            ambiguous_groups: 0,
            drgs: 628,
            weights: 628,
        };
        assert_eq!(plan.counts(), counts);
        assert_eq!(
            (plan.severity.len(), plan.exclusions.len()),
            (4_678 + 16_568, 28_302)
        );
        let weights = plan.weights_by_group();
        let unweighted = plan
            .drgs()
            .find(|(_, _, drg)| !weights.contains_key(drg.code.as_str()));
        assert_eq!(unweighted.map(|(_, _, drg)| &drg.code), None);
    }

    #[test]
    fn every_source_that_a_plan_or_weight_names_is_in_the_list_of_sources() {
        let text = bundled::plan_text("SOURCES.toml").expect("the list of sources");
        let sources: toml::Table = toml::from_str(text).expect("good TOML");
        for id in FileSet::bundled_plans() {
            let files = FileSet::bundled_plan(id).expect("a bundled plan");
            let manifest = files.get("plan.toml").expect("its manifest");
            let text = std::str::from_utf8(manifest).expect("UTF-8");
            let manifest: toml::Table = toml::from_str(text).expect("good TOML");
            let named = manifest["sources"].as_array().expect("its sources");
            let named = named
                .iter()
                .filter_map(|key| key.as_str().map(str::to_owned));
            let weights = files.get("weights.csv").unwrap_or_default();
            let rows = csv::Reader::from_reader(weights).into_records();
            // A row of an overlay that removes a weight or keeps its source names none.
            let source = |row: csv::StringRecord| row.iter().next_back().map(str::to_owned);
            let of_weights = rows
                .filter_map(|row| source(row.expect("a row")))
                .filter(|source| !source.is_empty());
            for key in named.chain(of_weights) {
                assert!(
                    sources.contains_key(&key),
                    "{id} names the unknown source `{key}`"
                );
            }
        }
    }
}
