//! Plans with what they cover, and which of them is in force for a region on a day.

use crate::coverage::{self, Coverage};
use crate::error::{Error, Place};
use crate::files::FileSet;
use crate::load::{LoadedPlan, PlanProblem, is_id, load_plan};
use jiff::civil::Date;
use std::fmt;
use std::path::{Path, PathBuf};

/// What COVERAGE.toml calls a plan for the whole country.
const NATIONAL: &str = "national";

/// A folder of plans with a `COVERAGE.toml` that says where and when they apply.
#[derive(Clone, Debug)]
pub struct PlanLibrary {
    /// `None` for the bundled plans.
    folder: Option<PathBuf>,
    coverage: Vec<Coverage>,
    file: FileSet,
}

/// Why a region and day have no plan of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInForce {
    /// No plan is in force.
    None,
    /// These plans are, and none is nearer to the region than the others.
    Several(Vec<String>),
}

impl fmt::Display for NotInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no plan is in force"),
            Self::Several(plans) => write!(f, "{} are in force", plans.join(" and ")),
        }
    }
}

impl PlanLibrary {
    /// The bundled plans.
    ///
    /// # Errors
    /// When the bundled file is not what it should be.
    pub fn bundled() -> Result<Self, Error> {
        Self::new(None, coverage::bundled_file())
    }

    /// The plans of a folder: its `COVERAGE.toml`, and one folder for each plan by its id.
    ///
    /// # Errors
    /// When the file is not there or is not what it should be.
    pub fn folder(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(coverage::FILE);
        if !path.is_file() {
            return Err(PlanProblem::NoCoverage.at(Place {
                file: path.display().to_string(),
                ..Place::default()
            }));
        }
        let file = FileSet::single_file(&path)?;
        Self::new(Some(folder.to_owned()), file)
    }

    fn new(folder: Option<PathBuf>, file: FileSet) -> Result<Self, Error> {
        let library = Self {
            coverage: coverage::read(&file)?,
            folder,
            file,
        };
        for (index, plan) in library.coverage.iter().enumerate() {
            let is_repeated = library.coverage[..index]
                .iter()
                .any(|other| other.id == plan.id);
            if let Some((field, problem)) = fault(plan, is_repeated) {
                let field = Some(format!("{field} of plan {}", plan.id));
                return Err(problem.at(Place {
                    file: library.file.name_of(coverage::FILE),
                    line: None,
                    field,
                }));
            }
        }
        Ok(library)
    }

    /// What the plans cover, in the order of the file.
    #[must_use]
    pub fn coverage(&self) -> &[Coverage] {
        &self.coverage
    }

    /// `COVERAGE.toml`.
    #[must_use]
    pub const fn file(&self) -> &FileSet {
        &self.file
    }

    /// The ids of the plans, for messages.
    fn known(&self) -> String {
        let ids: Vec<&str> = self.coverage.iter().map(|plan| plan.id.as_str()).collect();
        ids.join(", ")
    }

    /// Checks that some plan says from when it applies; the others can only be named.
    ///
    /// # Errors
    /// When none does.
    pub fn require_dates(&self) -> Result<(), Error> {
        if self.coverage.iter().any(|plan| plan.from.is_some()) {
            return Ok(());
        }
        let known = self.known();
        Err(PlanProblem::NoPlanHasDates { known }.at(Place {
            file: self.file.name_of(coverage::FILE),
            ..Place::default()
        }))
    }

    /// Loads a plan of the library by its id.
    ///
    /// # Errors
    /// When there is no such plan or its tables cannot be used.
    pub fn load(&self, id: &str) -> Result<LoadedPlan, Error> {
        match &self.folder {
            None => load_plan(id),
            Some(folder) => {
                let path = Path::new(".").join(folder).join(id);
                if path.is_dir() {
                    return load_plan(&path.to_string_lossy());
                }
                let known = self.known();
                Err(PlanProblem::NotInLibrary { known }.at(Place {
                    file: folder.join(id).display().to_string(),
                    ..Place::default()
                }))
            }
        }
    }

    /// The plan in force on a day for a region of six digits.
    ///
    /// Of the plans that apply on the day, the one for the narrowest region that holds this one
    /// is taken: the county itself, its city (`XXXX00`), its province (`XX0000`), the country.
    /// Plans that do not say from when they apply are left out.
    ///
    /// # Errors
    /// When there is no such plan, or more than one.
    pub fn in_force(&self, region: &str, day: Date) -> Result<&Coverage, NotInForce> {
        let applies = |plan: &&Coverage| {
            plan.from.is_some_and(|from| from <= day) && plan.until.is_none_or(|until| day <= until)
        };
        let near = |plan| nearness(plan, region).map(|nearness| (nearness, plan));
        let found: Vec<_> = self
            .coverage
            .iter()
            .filter(applies)
            .filter_map(near)
            .collect();
        let nearest = found.iter().map(|(nearness, _)| *nearness).max();
        let mut plans = found
            .into_iter()
            .filter(|(nearness, _)| Some(*nearness) == nearest)
            .map(|(_, plan)| plan);
        match (plans.next(), plans.next()) {
            (None, _) => Err(NotInForce::None),
            (Some(only), None) => Ok(only),
            (Some(one), Some(other)) => {
                let all = [one, other].into_iter().chain(plans);
                Err(NotInForce::Several(
                    all.map(|plan| plan.id.clone()).collect(),
                ))
            }
        }
    }
}

/// Whether a text is a region as claims state it: six digits.
#[must_use]
pub fn is_region(text: &str) -> bool {
    text.len() == REGION_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

const REGION_DIGITS: usize = 6;

/// How many digits of the region a plan is for: none for a national one, and `None` where the
/// region lies elsewhere.
fn nearness(plan: &Coverage, region: &str) -> Option<usize> {
    if plan.region == NATIONAL {
        return Some(0);
    }
    let digits = [2, 4].into_iter().find(|digits| {
        let rest = plan.region.get(*digits..).unwrap_or_default();
        rest.bytes().all(|byte| byte == b'0')
    });
    let digits = digits.unwrap_or(REGION_DIGITS);
    (plan.region.get(..digits)? == region.get(..digits)?).then_some(digits)
}

fn fault(plan: &Coverage, is_repeated: bool) -> Option<(&'static str, PlanProblem)> {
    if !is_id(&plan.id) || is_repeated {
        let id = plan.id.clone();
        return Some(match is_repeated {
            true => ("id", PlanProblem::CoveredTwice),
            false => ("id", PlanProblem::BadId { id }),
        });
    }
    if plan.region != NATIONAL && !is_region(&plan.region) {
        let region = plan.region.clone();
        return Some(("region", PlanProblem::BadRegion { region }));
    }
    let (from, until) = (plan.from?, plan.until?);
    (until < from).then_some(("until", PlanProblem::EndsBeforeItBegins { from, until }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    const COVERAGE: &str = r#"
[[plan]]
id = "country"
title = "C"
region = "national"
from = "2020-01-01"

[[plan]]
id = "province"
title = "P"
region = "330000"
from = "2021-01-01"
until = "2022-12-31"

[[plan]]
id = "city"
title = "Y"
region = "330100"
from = "2021-07-01"
until = "2021-12-31"

[[plan]]
id = "city-too"
title = "Y"
region = "330100"
from = "2021-12-31"
until = "2022-01-31"

[[plan]]
id = "county"
title = "D"
region = "330106"
from = "2021-08-01"
until = "2021-08-31"

[[plan]]
id = "undated"
title = "U"
region = "330100"
until = "2030-01-01"
"#;

    fn library(text: &str) -> Result<PlanLibrary, String> {
        let file = (
            coverage::FILE.to_owned(),
            Cow::Owned(text.as_bytes().to_vec()),
        );
        let files = FileSet::in_memory("t", [file]);
        PlanLibrary::new(None, files).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(region: &str, day: &str, expected: Result<&str, &str>) {
        let library = library(COVERAGE).expect("a library");
        let found = library.in_force(region, day.parse().expect("a day"));
        let found = found.map(|plan| plan.id.clone());
        let found = found.map_err(|problem| problem.to_string());
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found, expected, "{region} {day}");
    }

    #[test]
    fn the_nearest_region_that_has_a_plan_on_the_day_gives_it() {
        check("330106", "2019-12-31", Err("no plan is in force"));
        check("330106", "2020-01-01", Ok("country"));
        check("330106", "2021-01-01", Ok("province"));
        check("330106", "2021-07-01", Ok("city"));
        check("330106", "2021-08-01", Ok("county"));
        check("330106", "2021-08-31", Ok("county"));
        check("330106", "2021-09-01", Ok("city"));
        check("330100", "2021-08-15", Ok("city"));
        check("330199", "2021-08-15", Ok("city"));
        check("330200", "2021-08-15", Ok("province"));
        check("340100", "2021-08-15", Ok("country"));
        check(
            "330106",
            "2021-12-31",
            Err("city and city-too are in force"),
        );
        check("330106", "2022-02-01", Ok("province"));
        check("330106", "2023-01-01", Ok("country"));
    }

    #[track_caller]
    fn check_error((old, new): (&str, &str), message: &str) {
        assert!(COVERAGE.contains(old));
        let error = library(&COVERAGE.replacen(old, new, 1)).map(|_| ());
        assert_eq!(error, Err(message.to_owned()));
    }

    #[test]
    fn a_coverage_that_cannot_be_used_is_refused() {
        check_error(
            ("\"330106\"", "\"3301\""),
            "t/COVERAGE.toml, region of plan county: `3301` is not a region; write national or \
             six digits",
        );
        check_error(
            ("\"county\"", "\"../x\""),
            "t/COVERAGE.toml, id of plan ../x: `../x` is not the id of a plan; an id has letters, \
             digits, `-`, `_` and `.`, and begins with a letter or digit",
        );
        check_error(
            ("\"county\"", "\"city\""),
            "t/COVERAGE.toml, id of plan city: the plan is stated twice; keep one of them",
        );
        check_error(
            ("until = \"2021-08-31\"", "until = \"2021-07-31\""),
            "t/COVERAGE.toml, until of plan county: the plan would end on 2021-07-31, before it \
             begins on 2021-08-01",
        );
    }

    #[test]
    fn bundled_plans_without_dates_can_only_be_named() {
        let library = PlanLibrary::bundled().expect("the bundled plans");
        let known = FileSet::bundled_plans().join(", ");
        let error = library.require_dates().expect_err("no dates");
        assert_eq!(
            error.to_string(),
            format!(
                "grouper-tables/COVERAGE.toml: no plan says from which discharge date it applies, \
                 so none can be chosen by date; name one of {known}, or give a folder of plans \
                 whose COVERAGE.toml states `from` with --tables"
            )
        );
        let day = "2024-07-01".parse().expect("a day");
        assert_eq!(library.in_force("310000", day), Err(NotInForce::None));
    }
}
