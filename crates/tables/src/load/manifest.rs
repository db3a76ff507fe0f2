//! Reads `plan.toml`.

use super::code_settings::CodesPart;
use super::problem::PlanProblem;
use super::rows::utf8;
use crate::error::{Error, Place, Problem, line_of};
use crate::files::FileSet;
use crate::plan::{Checks, CodeSettings, NoGroupFallback, Settings};
use serde::Deserialize;
use toml::Spanned;

/// The file that every plan has.
pub(crate) const FILE: &str = "plan.toml";

/// What `plan.toml` of one layer says.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) base: Option<String>,
    base_line: Option<u64>,
    settings: SettingsPart,
    checks: ChecksPart,
    codes: CodesPart,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Spanned<String>,
    title: String,
    base: Option<Spanned<String>>,
    /// Keys of the texts in SOURCES.toml; read by people and by the test of the bundled plans.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "stated so that the key is known and has the right type"
    )]
    sources: Vec<String>,
    /// Where an imported plan comes from; read by people.
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "stated so that the key is known and has the right type"
    )]
    origin: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    settings: SettingsPart,
    #[serde(default)]
    checks: ChecksPart,
    #[serde(default)]
    codes: CodesPart,
}

/// The settings that a layer states.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsPart {
    no_group_fallback: Option<Fallback>,
    retry_with_each_other_procedure: Option<bool>,
    newborn_days: Option<u16>,
    /// Whether an overlay takes the weights of its base; another region's weights are none.
    inherit_weights: Option<bool>,
}

/// The checks that a layer states.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChecksPart {
    sex_missing: Option<Check>,
    age_missing: Option<Check>,
    age_0_without_days: Option<Check>,
    newborn_without_weight: Option<Check>,
    principal_missing: Option<Check>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fallback {
    Adrg,
    Continue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Check {
    Invalid,
    None,
}

impl Manifest {
    /// Reads the manifest of a layer.
    pub(super) fn read(files: &FileSet) -> Result<Self, Error> {
        let name = files.name_of(FILE);
        let (text, written): (_, Written) = read_toml(files, FILE)?;
        check_id(&written.id, &name, (text, "id"))?;
        if let Some(base) = &written.base {
            check_id(base, &name, (text, "base"))?;
        }
        let base_line = written
            .base
            .as_ref()
            .map(|base| line_of(text, base.span().start));
        Ok(Self {
            id: written.id.into_inner(),
            title: written.title,
            base: written.base.map(Spanned::into_inner),
            base_line,
            settings: written.settings,
            checks: written.checks,
            codes: written.codes,
        })
    }

    /// Whether the weights of the base hold in this layer too.
    pub(super) fn inherits_weights(&self) -> bool {
        self.settings.inherit_weights.unwrap_or(true)
    }

    /// Where the base is named.
    pub(super) fn place_of_base(&self, files: &FileSet) -> Place {
        let field = Some("base".to_owned());
        Place {
            file: files.name_of(FILE),
            line: self.base_line,
            field,
        }
    }

    /// The settings of a plan that stands on `base`, which is `None` for a national plan.
    pub(super) fn settings(&self, base: Option<&Settings>, name: &str) -> Result<Settings, Error> {
        let missing = |field: &str| {
            let field = Some(field.to_owned());
            PlanProblem::MissingSetting.at(Place {
                file: name.to_owned(),
                line: None,
                field,
            })
        };
        let given = &self.settings;
        let fallback = given.no_group_fallback.map(|fallback| match fallback {
            Fallback::Adrg => NoGroupFallback::Adrg,
            Fallback::Continue => NoGroupFallback::Continue,
        });
        let retry = given.retry_with_each_other_procedure;
        let days = given.newborn_days.map(i64::from);
        Ok(Settings {
            no_group_fallback: fallback
                .or(base.map(|base| base.no_group_fallback))
                .ok_or_else(|| missing("settings.no_group_fallback"))?,
            retry_with_each_other_procedure: retry
                .or(base.map(|base| base.retry_with_each_other_procedure))
                .ok_or_else(|| missing("settings.retry_with_each_other_procedure"))?,
            newborn_days: days
                .or(base.map(|base| base.newborn_days))
                .ok_or_else(|| missing("settings.newborn_days"))?,
            checks: self.checks(base.map(|base| base.checks), &missing)?,
            codes: match base {
                Some(base) => self.codes.over(&base.codes, name)?,
                None => self.codes.over(&CodeSettings::default(), name)?,
            },
        })
    }

    fn checks(
        &self,
        base: Option<Checks>,
        missing: &dyn Fn(&str) -> Error,
    ) -> Result<Checks, Error> {
        let given = &self.checks;
        let one = |own: Option<Check>, below: Option<bool>, field: &str| {
            own.map(|check| check == Check::Invalid)
                .or(below)
                .ok_or_else(|| missing(&format!("checks.{field}")))
        };
        Ok(Checks {
            sex_missing: one(
                given.sex_missing,
                base.map(|b| b.sex_missing),
                "sex_missing",
            )?,
            age_missing: one(
                given.age_missing,
                base.map(|b| b.age_missing),
                "age_missing",
            )?,
            age_0_without_days: one(
                given.age_0_without_days,
                base.map(|b| b.age_0_without_days),
                "age_0_without_days",
            )?,
            newborn_without_weight: one(
                given.newborn_without_weight,
                base.map(|b| b.newborn_without_weight),
                "newborn_without_weight",
            )?,
            principal_missing: one(
                given.principal_missing,
                base.map(|b| b.principal_missing),
                "principal_missing",
            )?,
        })
    }
}

/// Reads a TOML file of a plan; what is wrong with it is told with its line and key.
pub(crate) fn read_toml<'f, T: serde::de::DeserializeOwned>(
    files: &'f FileSet,
    path: &str,
) -> Result<(&'f str, T), Error> {
    let name = files.name_of(path);
    let Some(bytes) = files.get(path) else {
        let place = Place {
            file: name,
            ..Place::default()
        };
        return Err(Error {
            place,
            problem: Problem::FileMissing,
        });
    };
    let text = utf8(bytes, &name)?;
    let written = toml::from_str(text).map_err(|error| {
        let span = error.span();
        let (line, field) = span.map_or((None, None), |span| where_in(text, span.start));
        let message = error.message().to_owned();
        PlanProblem::Toml { message }.at(Place {
            file: name.clone(),
            line,
            field,
        })
    })?;
    Ok((text, written))
}

pub(crate) fn check_id(
    id: &Spanned<String>,
    name: &str,
    (text, key): (&str, &str),
) -> Result<(), Error> {
    let written = id.get_ref();
    if is_id(written) {
        return Ok(());
    }
    let line = Some(line_of(text, id.span().start));
    let place = Place {
        file: name.to_owned(),
        line,
        field: Some(key.to_owned()),
    };
    Err(PlanProblem::BadId {
        id: written.clone(),
    }
    .at(place))
}

/// Whether a text is an id and never a path.
pub(crate) fn is_id(text: &str) -> bool {
    let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    begins_well && text.chars().all(is_good)
}

/// The line of a byte and, when there is one, the key that stands on that line.
fn where_in(text: &str, byte: usize) -> (Option<u64>, Option<String>) {
    let line = line_of(text, byte);
    let index = usize::try_from(line - 1).unwrap_or(usize::MAX);
    let key = text
        .lines()
        .nth(index)
        .and_then(|line| line.split_once('='));
    (Some(line), key.map(|(key, _)| key.trim().to_owned()))
}
