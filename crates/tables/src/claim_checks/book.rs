//! What codes say, by the longest beginning that a table states.

use crate::code_set::CodeKind;
use drgdip_claims::Sex;
use drgdip_claims::check::CodeTraits;
use std::collections::HashMap;

/// One thing that codes with a beginning say, by the beginning.
pub(super) type Table<T> = HashMap<String, T>;

/// What the codes of claims say about the patient.
#[derive(Clone, Debug, Default)]
pub struct CodeBook {
    pub(super) diagnosis_sex: Table<Option<Sex>>,
    pub(super) procedure_sex: Table<Option<Sex>>,
    pub(super) ages: Table<(Option<i64>, Option<i64>)>,
    pub(super) newborn: Table<i64>,
    pub(super) death: Table<()>,
    pub(super) companions: Table<String>,
    pub(super) ventilation: Table<(i64, i64)>,
}

impl CodeBook {
    /// What a code says.
    #[must_use]
    pub fn traits(&self, kind: CodeKind, code: &str) -> CodeTraits {
        match kind {
            CodeKind::Diagnosis => self.diagnosis(code),
            CodeKind::Procedure => CodeTraits {
                sex: longest(&self.procedure_sex, code).copied().flatten(),
                ventilator_hours: longest(&self.ventilation, code).copied(),
                ..CodeTraits::default()
            },
        }
    }

    fn diagnosis(&self, code: &str) -> CodeTraits {
        let (at_least_years, below_years) = longest(&self.ages, code).copied().unwrap_or_default();
        CodeTraits {
            sex: longest(&self.diagnosis_sex, code).copied().flatten(),
            at_least_years,
            below_years,
            newborn_below_days: longest(&self.newborn, code).copied(),
            means_death: longest(&self.death, code).is_some(),
            companion: longest(&self.companions, code).cloned(),
            ..CodeTraits::default()
        }
    }
}

/// What a table says of the longest beginning of a code that it has.
fn longest<'t, T>(table: &'t Table<T>, code: &str) -> Option<&'t T> {
    let ends = code.char_indices().map(|(at, _)| at).skip(1);
    let ends = ends.chain([code.len()]);
    let mut found = None;
    for end in ends {
        found = table.get(&code[..end]).or(found);
    }
    found
}
