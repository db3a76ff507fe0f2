//! What rules can ask of one case, with everything looked up that most rules ask for.

use crate::case::{Case, CaseCode, CodeSlot};
use crate::lists::Membership;
use crate::severity::Found;
use drgdip_tables::rule::NumberField;

/// One case during one walk through the plan.
///
/// The procedures stand beside the case because a retry replaces them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) case: &'a Case<'a>,
    pub(crate) membership: &'a Membership,
    pub(crate) severity: Found,
    pub(crate) principal_class: u16,
    pub(crate) main: CodeSlot,
    pub(crate) main_class: u16,
    pub(crate) other_procedures: &'a [CaseCode],
}

impl<'a> Facts<'a> {
    /// The facts of a case as it is, but for its severity.
    pub(crate) fn new(case: &'a Case<'a>, membership: &'a Membership) -> Self {
        Self {
            case,
            membership,
            severity: Found::default(),
            principal_class: membership.class_of_slot(case.principal),
            main: case.main_procedure,
            main_class: membership.class_of_slot(case.main_procedure),
            other_procedures: case.other_procedures,
        }
    }

    /// The same case with one procedure as its main and only one.
    pub(crate) fn with_only_procedure(self, code: CaseCode) -> Self {
        Self {
            main: Some(code),
            main_class: self.membership.class(code),
            other_procedures: &[],
            ..self
        }
    }

    pub(crate) fn principal_in(&self, list: u32) -> bool {
        self.membership.members(self.principal_class).has(list)
    }

    pub(crate) fn other_dx_in(&self, list: u32) -> bool {
        let others = self.case.other_diagnoses;
        others
            .iter()
            .any(|code| self.membership.contains(list, *code))
    }

    pub(crate) fn any_dx_in(&self, list: u32) -> bool {
        self.principal_in(list) || self.other_dx_in(list)
    }

    pub(crate) fn main_in(&self, list: u32) -> bool {
        self.membership.members(self.main_class).has(list)
    }

    pub(crate) fn other_op_in(&self, list: u32) -> bool {
        self.other_procedures
            .iter()
            .any(|code| self.membership.contains(list, *code))
    }

    pub(crate) fn has_no_procedure(&self) -> bool {
        self.main.is_none() && self.other_procedures.is_empty()
    }

    pub(crate) fn number(&self, field: NumberField) -> Option<i32> {
        let numbers = &self.case.numbers;
        match field {
            NumberField::AgeYears => numbers.age_years,
            NumberField::AgeDays => numbers.age_days,
            NumberField::BirthWeightG => numbers.birth_weight_g,
            NumberField::StayDays => numbers.stay_days,
            NumberField::IcuHours => numbers.icu_hours,
            NumberField::VentilatorHours => numbers.ventilator_hours,
        }
    }
}
