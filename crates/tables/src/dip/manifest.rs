//! Reads `plan.toml` of a DIP plan.

use super::problem::DipProblem;
use super::{Choose, ClassOf, DipOptions, Layer, ProcedureClass, ProcedureMatch, Step};
use super::{TreatmentClass, auxiliary::Parameters};
use crate::error::{Error, Place};
use crate::files::FileSet;
use crate::load::code_settings::CodesPart;
use crate::load::finish::ten_thousandths;
use crate::load::manifest::{Check, FILE, check_id, read_toml};
use crate::plan::{Checks, CodeSettings, NoGroupFallback, Settings};
use crate::rule::Comparison;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// What `plan.toml` says.
pub(super) struct Manifest {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) tie_break: String,
    pub(super) settings: Settings,
    pub(super) options: DipOptions,
    pub(super) steps: Vec<Step>,
    pub(super) auxiliary: Parameters,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// Whether a folder holds a DIP plan.
pub(super) fn is_dip(files: &FileSet) -> Result<bool, Error> {
    let (_, kind): (_, Kind) = read_toml(files, FILE)?;
    Ok(kind.kind.as_deref() == Some("dip"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Spanned<String>,
    title: String,
    #[expect(dead_code, reason = "read before, to know what kind of plan this is")]
    kind: String,
    base: Option<Spanned<String>>,
    #[serde(default)]
    #[expect(dead_code, reason = "keys of SOURCES.toml; read by people")]
    sources: Vec<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "where the catalogue comes from; read by people")]
    origin: BTreeMap<String, String>,
    tie_break: String,
    settings: SettingsPart,
    steps: Vec<StepPart>,
    checks: ChecksPart,
    #[serde(default)]
    codes: CodesPart,
    auxiliary: Option<AuxiliaryPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsPart {
    interventional_as: String,
    unlisted_procedure: String,
    class_of: ClassOf,
    procedure_match: ProcedureMatch,
    base_matches_extensions: bool,
    promote_next_procedure: bool,
    #[serde(default)]
    cost_in_grouping: bool,
    newborn_days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepPart {
    layers: Vec<String>,
    choose: Choose,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecksPart {
    sex_missing: Check,
    age_missing: Check,
    age_0_without_days: Check,
    newborn_without_weight: Check,
    principal_missing: Check,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuxiliaryPart {
    long_stay: String,
    high_cost_multiple: String,
    high_cost_share: String,
}

impl Manifest {
    pub(super) fn read(files: &FileSet) -> Result<Self, Error> {
        let (text, written): (_, Written) = read_toml(files, FILE)?;
        let name = files.name_of(FILE);
        check_id(&written.id, &name, (text, "id"))?;
        let at = |field: &str| Place {
            file: name.clone(),
            line: None,
            field: Some(field.to_owned()),
        };
        if written.base.is_some() {
            return Err(DipProblem::HasBase.at(at("base")));
        }
        let steps = written.steps.iter().map(|step| step.read(&at));
        let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
        check_layers(&steps, &at)?;
        let auxiliary = written.auxiliary.map(|part| part.read(&at)).transpose()?;
        let codes = written.codes.over(&CodeSettings::default(), &name)?;
        Ok(Self {
            id: written.id.into_inner(),
            title: written.title,
            tie_break: written.tie_break,
            options: written.settings.read(&at)?,
            settings: Settings {
                // Of these two a DIP plan makes no use.
                no_group_fallback: NoGroupFallback::Continue,
                retry_with_each_other_procedure: false,
                checks: written.checks.read(),
                newborn_days: written.settings.newborn_days.into(),
                codes,
            },
            steps,
            auxiliary: auxiliary.unwrap_or_default(),
        })
    }
}

fn bad_word(word: &str, allowed: &'static str, place: Place) -> Error {
    let word = word.to_owned();
    crate::load::PlanProblem::BadWord { word, allowed }.at(place)
}

/// Every layer stands in at most one step.
fn check_layers(steps: &[Step], at: &dyn Fn(&str) -> Place) -> Result<(), Error> {
    for layer in Layer::ALL {
        let stated = steps.iter().flat_map(|step| &step.layers);
        let steps = stated.filter(|other| **other == layer).count();
        if steps > 1 {
            let layer = layer.word();
            return Err(DipProblem::LayerInSteps { layer, steps }.at(at("steps.layers")));
        }
    }
    Ok(())
}

impl StepPart {
    fn read(&self, at: &dyn Fn(&str) -> Place) -> Result<Step, Error> {
        let allowed = "pre_grouped, merged, auxiliary, basic, comprehensive or fallback";
        let read = |word: &String| {
            Layer::of(word).ok_or_else(|| bad_word(word, allowed, at("steps.layers")))
        };
        Ok(Step {
            layers: self.layers.iter().map(read).collect::<Result<_, _>>()?,
            choose: self.choose,
        })
    }
}

impl SettingsPart {
    fn read(&self, at: &dyn Fn(&str) -> Place) -> Result<DipOptions, Error> {
        let interventional_as = match TreatmentClass::of(&self.interventional_as) {
            Some(class @ (TreatmentClass::Surgery | TreatmentClass::Therapeutic)) => class,
            _ => {
                let place = at("settings.interventional_as");
                let allowed = "surgery or therapeutic";
                return Err(bad_word(&self.interventional_as, allowed, place));
            }
        };
        let unlisted = ProcedureClass::of(&self.unlisted_procedure).ok_or_else(|| {
            let place = at("settings.unlisted_procedure");
            bad_word(&self.unlisted_procedure, super::code_rows::CLASSES, place)
        })?;
        Ok(DipOptions {
            interventional_as,
            unlisted_procedure: unlisted,
            class_of: self.class_of,
            procedure_match: self.procedure_match,
            base_matches_extensions: self.base_matches_extensions,
            promote_next_procedure: self.promote_next_procedure,
            cost_in_grouping: self.cost_in_grouping,
        })
    }
}

impl ChecksPart {
    fn read(&self) -> Checks {
        Checks {
            sex_missing: self.sex_missing == Check::Invalid,
            age_missing: self.age_missing == Check::Invalid,
            age_0_without_days: self.age_0_without_days == Check::Invalid,
            newborn_without_weight: self.newborn_without_weight == Check::Invalid,
            principal_missing: self.principal_missing == Check::Invalid,
        }
    }
}

impl AuxiliaryPart {
    fn read(&self, at: &dyn Fn(&str) -> Place) -> Result<Parameters, Error> {
        let decimal = |text: &str, field| {
            ten_thousandths(text).ok_or_else(|| {
                let (text, places) = (text.to_owned(), 4);
                DipProblem::BadDecimal { text, places }.at(at(field))
            })
        };
        let stay = || {
            bad_word(
                &self.long_stay,
                "such as `>= 3` or `> 3`",
                at("auxiliary.long_stay"),
            )
        };
        let (sign, days) = self.long_stay.split_once(' ').ok_or_else(stay)?;
        let comparison = match sign {
            ">=" => Comparison::AtLeast,
            ">" => Comparison::MoreThan,
            _ => return Err(stay()),
        };
        Ok(Parameters {
            long_stay: (comparison, days.parse::<u16>().map_err(|_| stay())?.into()),
            high_cost_multiple: decimal(&self.high_cost_multiple, "auxiliary.high_cost_multiple")?,
            high_cost_share: decimal(&self.high_cost_share, "auxiliary.high_cost_share")?,
        })
    }
}
