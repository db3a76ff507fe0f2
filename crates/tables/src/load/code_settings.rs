//! The section `[codes]` of `plan.toml`.

use super::manifest::is_id;
use super::problem::PlanProblem;
use crate::error::{Error, Place};
use crate::plan::{CodeSettings, Repairs};
use serde::Deserialize;

/// What switches off what the base of an overlay names.
const NONE: &str = "none";
/// The table of codes that cannot be the principal diagnosis.
pub(crate) const GREY: &str = "grey.csv";

/// The code settings that a layer states.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodesPart {
    set: Option<String>,
    unknown: Option<Unknown>,
    repair: Option<Vec<Repair>>,
    crosswalk: Option<String>,
    grey: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unknown {
    Ignore,
    Invalid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Repair {
    LetterCase,
    FullWidth,
    Spaces,
}

impl CodesPart {
    /// The settings of a plan whose base has `below`, read from the file `name`.
    pub(crate) fn over(&self, below: &CodeSettings, name: &str) -> Result<CodeSettings, Error> {
        let wrong = |field: &str, problem: PlanProblem| {
            problem.at(Place {
                file: name.to_owned(),
                line: None,
                field: Some(field.to_owned()),
            })
        };
        let id = |own: &Option<String>, below: &Option<String>, field| match own.as_deref() {
            None => Ok(below.clone()),
            Some(NONE) => Ok(None),
            Some(id) if is_id(id) => Ok(Some(id.to_owned())),
            Some(id) => Err(wrong(
                field,
                PlanProblem::BadCodeSetId { id: id.to_owned() },
            )),
        };
        let has_grey_list = match self.grey.as_deref() {
            None => below.has_grey_list,
            Some(NONE) => false,
            Some(GREY) => true,
            Some(word) => {
                let (word, allowed) = (word.to_owned(), "grey.csv or none");
                return Err(wrong("codes.grey", PlanProblem::BadWord { word, allowed }));
            }
        };
        let unknown = self.unknown.map(|unknown| unknown == Unknown::Invalid);
        let settings = CodeSettings {
            set: id(&self.set, &below.set, "codes.set")?,
            unknown_is_invalid: unknown.unwrap_or(below.unknown_is_invalid),
            repairs: self.repair.as_deref().map_or(below.repairs, repairs),
            crosswalk: id(&self.crosswalk, &below.crosswalk, "codes.crosswalk")?,
            has_grey_list,
        };
        match &settings {
            CodeSettings { set: Some(_), .. } => Ok(settings),
            CodeSettings {
                unknown_is_invalid: true,
                ..
            } => Err(wrong("codes.unknown", PlanProblem::SettingNeedsCodeSet)),
            CodeSettings {
                crosswalk: Some(_), ..
            } => Err(wrong("codes.crosswalk", PlanProblem::SettingNeedsCodeSet)),
            CodeSettings { .. } => Ok(settings),
        }
    }
}

fn repairs(stated: &[Repair]) -> Repairs {
    Repairs {
        letter_case: stated.contains(&Repair::LetterCase),
        full_width: stated.contains(&Repair::FullWidth),
        spaces: stated.contains(&Repair::Spaces),
    }
}
