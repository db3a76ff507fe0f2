//! From a claim with its codes as text to a case with its codes looked up, one at a time.

use crate::case::{Case, CaseCode, CodeFaults, CodeSlot, Numbers, TextSlot};
use crate::grouper::Grouper;
use crate::resolve::ResolvedClaim;
use drgdip_claims::{Claim, Sex};
use drgdip_tables::GroupingPlan;

/// A claim whose codes have been looked up, for grouping single claims.
///
/// Batches look a code up once per distinct value of a column and build [`Case`] themselves.
#[derive(Clone, Debug)]
pub struct LookedUpClaim {
    sex: Option<Sex>,
    numbers: Numbers,
    discharge_way: TextSlot,
    department: TextSlot,
    principal: CodeSlot,
    other_diagnoses: Vec<CaseCode>,
    main_procedure: CodeSlot,
    other_procedures: Vec<CaseCode>,
    new_tech: bool,
    faults: CodeFaults,
}

impl LookedUpClaim {
    /// Resolves the codes of a claim by the plan, and looks them up there and its texts in the
    /// compiled plan.
    ///
    /// # Panics
    /// As [`crate::Resolver::new`].
    #[must_use]
    pub fn new(claim: &Claim, plan: &GroupingPlan, grouper: &Grouper) -> Self {
        let resolved = ResolvedClaim::new(claim, plan);
        let claim = &*resolved.claim;
        let look_up = |code: &String| CaseCode::look_up_in(plan, code);
        Self {
            sex: claim.sex,
            numbers: Numbers {
                age_years: claim.age_years.map(saturated),
                age_days: claim.age_days.map(saturated),
                birth_weight_g: claim.birth_weight_g.map(saturated),
                stay_days: claim.stay_days.map(saturated),
                icu_hours: claim.icu_hours.map(saturated),
                ventilator_hours: claim.ventilator_hours.map(saturated),
            },
            discharge_way: grouper.discharge_way(claim.discharge_way.as_deref()),
            department: grouper.department(claim.department.as_deref()),
            principal: claim.principal_diagnosis.as_ref().map(look_up),
            other_diagnoses: claim.other_diagnoses.iter().map(look_up).collect(),
            main_procedure: claim.main_procedure.as_ref().map(look_up),
            other_procedures: claim.other_procedures.iter().map(look_up).collect(),
            new_tech: claim.new_tech,
            faults: resolved.faults,
        }
    }

    /// The case to hand to [`Grouper::group`].
    #[must_use]
    pub fn case(&self) -> Case<'_> {
        Case {
            sex: self.sex,
            numbers: self.numbers,
            discharge_way: self.discharge_way,
            department: self.department,
            principal: self.principal,
            other_diagnoses: &self.other_diagnoses,
            main_procedure: self.main_procedure,
            other_procedures: &self.other_procedures,
            new_tech: self.new_tech,
            faults: self.faults,
        }
    }
}

/// A number in the width of [`Numbers`]; what does not fit becomes the nearest that does.
///
/// No rule compares with numbers near the ends of 32 bits, so no comparison changes by this.
fn saturated(number: i64) -> i32 {
    let nearest = number.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    i32::try_from(nearest).expect("clamped to 32 bits")
}
